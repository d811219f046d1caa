"""Phase 2 for one document: its question, and the draft, judged and repaired.

Joins sources, prompts, backend and checks. Nothing here touches the plugin's folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from nightpress import checks, fingerprint
from nightpress import project as contract
from nightpress.backends import finish
from nightpress.checks import baseline
from nightpress.errors import InBatch, NightpressError, TooLittle
from nightpress.model import Finding, Material, Reply, Request
from nightpress.pipeline import analysis as phase1
from nightpress.pipeline import outgoing, review
from nightpress.pipeline.ask import Caller, request_key
from nightpress.pipeline.attempts import Attempt, Draft
from nightpress.pipeline.run import Run
from nightpress.plan import (
    PluginState,
    TargetState,
    away,
    bundle,
    followed,
    history,
    in_part,
    judge,
    near_duplicates,
    scope,
    size,
    staleness,
)
from nightpress.plugin import sources
from nightpress.project import Project, foregone
from nightpress.project import prompt as prompting

REPAIRS = 2
"""How often a draft's sections are repaired, at most."""
DESCRIPTION = "description-"
"""What the checks of a description are called after."""


def request(
    project: Project,
    plugin: PluginState,
    state: TargetState,
    analysis: Mapping[str, Any],
    *,
    clean: bool | None = None,
    skills: bool = True,
) -> Request:
    """The question of phase 2 for one enhancement; clean: without the plugin's secrets (None: if
    a model is asked); skills: with those whose documents are ours by now."""
    generator = project.generator(state.enhancement.generator)
    clean = state.writer.kind == "model" if clean is None else clean
    material = _material(project, plugin, state, analysis, clean=clean, skills=skills)
    system, prompt, layout = phase1.wording(state.writer, generator, material)
    job = f"{plugin.slug}/{state.enhancement.name}"
    if because := review.hint(project, job):
        prompt = prompting.minding(prompt, checks.redact(because)[0])
    if stale := state.decision.sections:
        changed = in_part.told(project, plugin, state.enhancement, state.inputs)
        current = outgoing.clean(material.current)
        prompt = prompting.in_part(prompt, current, stale, outgoing.clean(changed))
    return Request(
        "generation", job, state.writer.model, system, prompt, generator.max_output_tokens,
        material, layout=layout,
    )  # fmt: skip


def _material(
    project: Project,
    plugin: PluginState,
    state: TargetState,
    analysis: Mapping[str, Any],
    *,
    clean: bool,
    skills: bool,
) -> Material:
    """What the question is made from."""
    standing = history.input_text(project, plugin, state.enhancement, state.inputs)
    known = state.inputs.publication
    whole = phase1.anatomy(plugin, state.counted, clean=clean)
    if skills:
        cleans = outgoing.clean if clean else str
        whole = judge.with_skills(project, plugin, whole, state.enhancement.target, cleans)
    return Material(
        anatomy=scope.of(project, plugin, state.enhancement, state.inputs, whole),
        analysis=analysis,
        standing=outgoing.clean(standing) if clean else standing,
        generator=project.generator(state.enhancement.generator),
        target=state.enhancement.target,
        window=size.of(project, plugin, state.enhancement, state.counted).window,
        links=links(plugin, state),
        profile=state.enhancement.profile,
        references=bundle.linked(plugin.states, state.enhancement.name),
        siblings=plugin.siblings(state.enhancement),
        current=sources.standing_text(
            plugin.root, state.enhancement.target, state.inputs.standing.sha256
        ),
        ours=staleness.is_ours(state.inputs.standing, known) and not (known and known.persons),
        house=contract.house(project.defaults.values),
        spares=staleness.spares(state.inputs),
        afresh=state.enhancement.starts_afresh
        or history.is_ours_alone(project, plugin, state.enhancement, state.inputs),
        extends=staleness.extends(state.inputs),
        held=phase1.held(plugin),
    )


def under_way(
    run: Run,
    caller: Caller,
    state: TargetState,
    plugin: PluginState,
    analysis: Mapping[str, Any] | NightpressError | None,
) -> InBatch | None:
    """What a document waits for, where its question or that of its plugin's analysis was sent by
    an earlier run; analysis: what this run has of it."""
    if isinstance(analysis, InBatch):
        return None if analysis.is_new else analysis
    job = f"{plugin.slug}/{state.enhancement.name}"
    if isinstance(analysis, NightpressError) or not caller.box.waits(job):
        return None
    known = phase1.of_document(run.project, plugin, state, analysis)
    if known is None or isinstance(known, NightpressError):
        return None
    question = request(run.project, plugin, state, known)
    return caller.box.under_way(job, request_key(question, state.writer))


def links(plugin: PluginState, state: TargetState) -> tuple[str, ...]:
    """Targets of the needed enhancements that stand there by now, relative to the plugin."""
    own = set(state.enhancement.references.values())
    targets = [plugin.states[name].enhancement.target for name in state.needs]
    targets = [target for target in targets if target not in own]
    return tuple(t for t in targets if (plugin.root / t).is_file())


def unfit(project: Project, plugin: PluginState, own: bool) -> Mapping[str, NightpressError]:
    """job -> why nothing can be sent for a document that a model is to write: a template that this
    plugin cannot fill in, what looks like a secret in it. Of the documents that want this analysis;
    before it is asked for. (What no draft can mend the plan has parked.)"""
    found: dict[str, NightpressError] = {}
    for name, state in plugin.states.items():
        is_made = state.decision.action == "make" and scope.is_own(state) == own
        if not is_made or state.writer.kind != "model":
            continue
        try:
            outgoing.check(request(project, plugin, state, foregone.STANDS_IN))
        except NightpressError as error:
            found[f"{plugin.slug}/{name}"] = error
    return found


def _common(
    project: Project, plugin: PluginState, state: TargetState, question: Request
) -> list[Finding]:
    """Errors that every draft would have: they are in the frontmatter, of which a model writes
    nothing but, in the analysis, the description."""
    if project.generator(state.enhancement.generator).frontmatter == "none":
        return []
    text = finish.finished(question.material, "# Title\n\nText.\n")
    with near_duplicates.of(project).turn:
        verdict = judge.judge(
            project, plugin, state.enhancement, state.counted, text,
            standing=judge.standing(plugin, state),
        )  # fmt: skip
    own = (*foregone.FIELDS, DESCRIPTION, "secret")
    return [f for f in verdict.errors if f.check.startswith(own)]


def mended_foregone(
    run: Run, caller: Caller, attempt: Attempt
) -> tuple[list[Finding], dict[str, Any] | None]:
    """The errors that no draft can mend, and, where it was the description alone, the analysis with
    another one, of which the attempt's question is made anew."""
    plugin, state, question = attempt.plugin, attempt.state, attempt.request
    if question is None:
        return [], None
    errors = _common(run.project, plugin, state, question)
    if not errors or any(not f.check.startswith(DESCRIPTION) for f in errors):
        return errors, None
    mended = phase1.describe(run, caller, attempt, question.material, errors)
    attempt.request = request(run.project, plugin, state, mended)
    stays(run.project, attempt)
    return _common(run.project, plugin, state, attempt.request), mended


def draft(run: Run, caller: Caller, attempt: Attempt, question: Request) -> Draft:
    """Ask, compose, judge; with errors, have its sections repaired, and keep the best draft.

    Raises TooLittle where the writer says that the plugin does not hold enough, and it counts so.
    """
    if attempt.draft is not None:
        return attempt.draft
    writer = attempt.state.writer
    reply = caller.ask(question, writer, reservation=attempt.reservation, row=attempt.row)
    if (missing := _missing(question, reply)) is not None:
        raise TooLittle(missing)
    text = _in_part(attempt.state, question, reply) if attempt.state.decision.sections else None
    best = _judged(run, attempt.plugin, attempt.state, question, reply, text)
    if writer.kind == "offline":
        if any(finding.check == "secret" for finding in _errors(best)):
            return _without_secrets(run, caller, attempt, question)
        return best
    tokens_in, tokens_out = best.tokens_in, best.tokens_out
    # a reply that was cut off had the largest budget by then: no repair would have more
    is_cut = reply.finish == "length" and not finish.circles(reply.text)
    for _ in range(0 if is_cut else REPAIRS):
        if not _errors(best):
            break
        repaired = _repaired(run, caller, attempt, question, best)
        tokens_in, tokens_out = tokens_in + repaired.tokens_in, tokens_out + repaired.tokens_out
        if _rank(repaired) >= _rank(best):
            break  # the same question again would get no better answer
        best = repaired
    spent = [tokens_in, tokens_out]
    if attempt.state.enhancement.verifies and not _errors(best):

        def ask(again: Request) -> Reply:
            kept = caller.reserve(again, writer) if caller.known(again, writer) is None else None
            reply = caller.ask(again, writer, reservation=kept, row=attempt.row)
            spent[0] += reply.tokens_in
            spent[1] += reply.tokens_out
            return reply

        best = verified(run, attempt.plugin, attempt.state, question, best, ask)
    return replace(best, tokens_in=spent[0], tokens_out=spent[1])


def _in_part(state: TargetState, question: Request, reply: Reply) -> str | None:
    """The document with the sections that were asked for; None: the reply is the whole of it."""
    current = question.material.current
    if prompting.is_unchanged(reply.text):
        return current
    return finish.revised(question.material, current, reply.text, state.decision.sections)


def verified(
    run: Run,
    plugin: PluginState,
    state: TargetState,
    question: Request,
    best: Draft,
    ask: Callable[[Request], Reply],
) -> Draft:
    """The draft after one question about its sections of which little rests on the plugin: each is
    said anew from the plugin's lines, or struck. What is still weak then is struck without asking.
    A draft that the checks would refuse for it stays as it was."""
    project = run.project
    weak = judge.weak(project, plugin, state, best.text)
    if not weak:
        return best
    prompt = prompting.verify(question.prompt, outgoing.clean(best.text), weak)
    asked = replace(question, phase="repair", prompt=prompt)
    reply = ask(asked)
    material = question.material
    answered = finish.revised(material, best.text, reply.text) or best.text
    for text in dict.fromkeys((answered, best.text)):
        left = judge.weak(project, plugin, state, text)
        strikes = "\n\n".join(f"{text.splitlines()[s.first - 1]}\n\nREMOVE" for s in left)
        text = (finish.revised(material, text, strikes) or text) if left else text
        judged = _judged(run, plugin, state, asked, reply, text)
        if not _errors(judged) and not judge.weak(project, plugin, state, judged.text):
            return judged
    return best


def _errors(draft: Draft) -> list[Finding]:
    return [finding for finding in draft.findings if finding.severity == "error"]


def _rank(draft: Draft) -> tuple[bool, int, int]:
    """The better a draft, the lower: is it the whole of a document, how many errors it has, and
    what its score lacks."""
    errors = _errors(draft)
    partial = prompting.is_broken(errors) or any(f.check == "size-window" for f in errors)
    return partial, len(errors), -draft.score


def _missing(question: Request, reply: Reply) -> tuple[str, ...] | None:
    """What the plugin lacks, where the writer says so instead of a document. It is not believed of
    a plugin that fills its window by our own count."""
    return finish.too_little(reply.text) if question.material.window.is_lowered else None


def _repaired(run: Run, caller: Caller, attempt: Attempt, question: Request, best: Draft) -> Draft:
    """The draft with the sections that a call for its findings changes."""
    writer = attempt.state.writer
    repair = _repair(question, best.text, _errors(best))
    reservation = caller.reserve(repair, writer) if caller.known(repair, writer) is None else None
    reply = caller.ask(repair, writer, reservation=reservation, row=attempt.row)
    whole = prompting.is_broken(_errors(best))
    text = None if whole else finish.revised(question.material, best.text, reply.text)
    return _judged(run, attempt.plugin, attempt.state, repair, reply, text)


def stays(project: Project, attempt: Attempt) -> bool:
    """Does the text that stands answer the attempt's very question? Then that is its draft, and no
    writer is asked, unless a person wants another text (one may wait), or the checks do: what
    changed since (the analysis contract, say) is nothing that its writer would be told."""
    plugin, state, question = attempt.plugin, attempt.state, attempt.request
    inputs, last = state.inputs, state.inputs.last
    wanted = inputs.forced or inputs.asked or inputs.named or (last is not None and last.waits)
    anew = wanted or state.decision.sections or state.writer.kind != "model"
    if question is None or anew or not staleness.is_ours(inputs.standing, inputs.publication):
        return False
    made_of, now = question.material, question.material.current
    before_skills = request(project, plugin, state, made_of.analysis or {}, skills=False)
    keys = {request_key(one, state.writer) for one in (question, before_skills)}
    if not any(history.answers(project, attempt.item.id, key, now) for key in keys):
        return False
    if _head(finish.finished(made_of, "# Title\n\nText.\n")) != _head(now):
        return False  # the analysis describes it otherwise, of which its question says nothing
    made = rendered(project, plugin, state)
    if state.enhancement.verifies and judge.weak(project, plugin, state, made.text):
        return False
    if not _errors(made):
        attempt.draft, attempt.why = made, f"{attempt.why}: {SAME}"
    return attempt.draft is not None


SAME = "its question is the one that its text answers, the text stays"


def _head(text: str) -> list[object]:
    fields = finish.fields_of(text)
    return [fields.get(name) for name in ("name", "description")]


def rendered(project: Project, plugin: PluginState, state: TargetState) -> Draft:
    """The document as it stands, with the fields that follow plugin.json as they are now, and with
    what it was made from, unless that changed and the text stays (`plan/sections`, `stays`). Judged
    beside what stands: what that is reproached with already, the fields are not to blame for."""
    known, target = state.inputs.publication, state.enhancement.target
    assert known is not None  # noqa: S101 (else there is nothing to render)
    before = sources.standing_text(plugin.root, target, state.inputs.standing.sha256)
    followed_text, _ = followed.behind(
        before, followed.fields(project, plugin.root, plugin.told), known.own or ()
    )
    text = followed_text or before  # nothing of it is behind
    planned = [other.enhancement.target for other in plugin.states.values()]
    was, verdict = (
        judge.judge(project, plugin, state.enhancement, state.counted, one, planned=planned)
        for one in (before, text)
    )
    standing = (*known.accepted, *baseline.marks(was.findings))
    decision = state.decision
    untouched = decision.action == "make" or decision.reasons[0].code == staleness.UNTOUCHED
    return Draft(
        text=text,
        model=state.writer.model,
        findings=baseline.new(verdict.findings, standing),
        score=verdict.score,
        score_before=was.score,
        tokens_in=0,
        tokens_out=0,
        counted=state.counted if untouched else known.files or state.counted,
        fingerprint=state.inputs.fingerprint,
    )


def _without_secrets(run: Run, caller: Caller, attempt: Attempt, question: Request) -> Draft:
    """The document once more, of sources without what looks like a secret."""
    state, analysis = attempt.state, question.material.analysis or {}
    phase1.tell_secrets(run, attempt.plugin, state.counted)
    question = request(run.project, attempt.plugin, state, analysis, clean=True)
    reply = caller.ask(question, state.writer, row=attempt.row)
    return _judged(run, attempt.plugin, state, question, reply)


def _judged(
    run: Run,
    plugin: PluginState,
    state: TargetState,
    question: Request,
    reply: Reply,
    text: str | None = None,
) -> Draft:
    """The reply, judged. text: the document, where the reply is not the whole of it."""
    project = run.project
    text = finish.finished(question.material, reply.text) if text is None else text
    ending = reply.finish
    if ending == "length" and finish.circles(reply.text):
        ending = "circle"
    made, before = judge.drafted(plugin, state, text, ending)
    begun, begun_before = _begun(run, plugin, state, text, ending)
    around = near_duplicates.of(project)
    with around.turn:
        verdict = judge.complete(project, made, begun)
        if not verdict.errors:
            around.add(state.target_path, verdict.text.encode("utf-8", "replace"))
    score_before = None
    if before is not None and begun_before is not None:
        score_before = judge.complete(project, before, begun_before).score
    counted = _counted(state, question)
    telling = state.inputs.fingerprint.telling if counted == state.counted else ""
    untold = in_part.untold(project, plugin, state, verdict.text)
    return Draft(
        text=verdict.text,
        model=reply.model,
        findings=(*verdict.findings, *untold),
        score=verdict.score,
        counted_from=verdict.counted_from,
        score_before=score_before,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        counted=counted,
        fingerprint=replace(
            state.inputs.fingerprint, content=fingerprint.content(counted), telling=telling
        ),
    )


def _begun(
    run: Run, plugin: PluginState, state: TargetState, text: str, ending: str
) -> tuple[checks.Begun, checks.Begun | None]:
    """What the plugin alone tells of a draft and of what stands there: a worker, if there is one,
    finds it out."""
    still = replace(plugin, drafts=dict(plugin.drafts))
    if (found := run.worked(away.begun, still, state, text, ending)) is not None:
        return found
    return judge.begun(run.project, *judge.drafted(plugin, state, text, ending))


def evidence(run: Run, plugin: PluginState, state: TargetState, text: str) -> str:
    """What a draft rests on, as the ledger keeps it."""
    found = run.worked(away.evidence, plugin, state, text)
    return found or judge.evidence_of(run.project, plugin, state, text)


def _counted(state: TargetState, question: Request) -> dict[str, str]:
    """path -> sha256 of the content, with the hashes of what was really sent."""
    sent = {file.path: file.sha256 for file in question.material.anatomy.files if file.sha256}
    return {path: sent.get(path, sha256) for path, sha256 in state.counted.items()}


def _repair(question: Request, text: str, errors: Sequence[Finding]) -> Request:
    """A repair: the same question, the draft, and what is wrong with it."""
    told = [replace(f, message=outgoing.clean(f.message)) for f in errors]
    window = question.material.window
    prompt = prompting.repair(question.prompt, outgoing.clean(text), told, window)
    return replace(question, phase="repair", prompt=prompt)
