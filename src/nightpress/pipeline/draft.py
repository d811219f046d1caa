"""Both phases for one plugin: the analysis, cached, and the draft, judged and repaired.

Joins sources, prompts, backend and checks. Nothing here touches the plugin's folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from nightpress import checks, fingerprint
from nightpress import project as contract
from nightpress.backends import finish
from nightpress.checks import baseline
from nightpress.errors import Answer, BackendError, TooLittle
from nightpress.model import Anatomy, Finding, Generator, Material, Reply, Request, Window
from nightpress.pipeline import outgoing, review
from nightpress.pipeline.ask import Caller, request_key
from nightpress.pipeline.attempts import Attempt, Draft
from nightpress.pipeline.run import Run
from nightpress.plan import (
    PluginState,
    TargetState,
    followed,
    history,
    judge,
    near_duplicates,
    size,
    staleness,
)
from nightpress.plugin import sources
from nightpress.project import Project, Writer
from nightpress.project import prompt as prompting

ANALYSIS_TRIES = 3
"""How often an analysis is asked for, until one keeps its schema."""
REPAIRS = 2
"""How often a draft's sections are repaired, at most."""
DESCRIPTION = "description-"
"""What the checks of a description are called after."""
DESCRIPTION_TOKENS = 2_048
"""Output tokens of the call that asks for a description alone."""


# --- phase 1 ---


def analyse(run: Run, caller: Caller, plugin: PluginState) -> dict[str, Any]:
    """The plugin's analysis, cached by everything that it was asked with.

    Raises BackendError when there is none to be had: `malformed` when no reply kept the schema.
    """
    project = run.project
    state = next(iter(plugin.states.values()))
    question = analysis_request(project, plugin)
    key = request_key(question, state.writer)
    cached = project.ledger.analysis(key) if project.has_ledger else None
    if cached is not None:
        return cached
    if state.writer.kind == "model":  # a wrong template is met before anything is paid for
        for kind in {s.enhancement.generator for s in plugin.states.values()}:
            prompting.check(project.generator(kind))
        tell_secrets(run, plugin, base_files(plugin))
    afresh = any(s.inputs.forced or s.inputs.asked for s in plugin.states.values()) or any(
        name.partition("/")[0] == plugin.slug for name in project.named
    )
    problems: list[str] = []
    for tries in range(ANALYSIS_TRIES):
        asked = replace(question, prompt=_saying(question.prompt, tries, problems))
        asked_key = request_key(asked, state.writer)
        reply = None
        if project.has_ledger and not afresh:  # what it was told before costs no second call
            reply = project.ledger.useless_reply(asked_key)
        if reply is None:
            reservation = None
            if caller.known(asked, state.writer) is None:
                reservation = caller.reserve(asked, state.writer)
            reply = caller.ask(asked, state.writer, reservation=reservation)
        analysis, problems = contract.check_analysis(
            finish.unwrap(reply.text),
            project.schema("analysis"),
            ours=state.writer.kind == "offline",
        )
        run.begin()
        if analysis is not None:
            if state.writer.kind == "model":
                analysis = outgoing.analysis(analysis)
            project.ledger.keep_analysis(
                key, plugin.slug, state.writer.backend, reply.model, analysis
            )
            return analysis
        project.ledger.spend_reply(asked_key)
        if state.writer.kind == "offline":
            break
    again = "" if state.writer.kind == "offline" else f" (doit enhance:{plugin.slug} asks again)"
    message = f"no analysis kept its schema{again}: {'; '.join(problems[:3])}"
    raise BackendError(Answer("malformed", message))


def _saying(prompt: str, tries: int, problems: Sequence[str]) -> str:
    """A question is never asked unchanged a second time: it says what was wrong with the reply."""
    if not tries:
        return prompt
    return prompting.once_more(prompt, tries, [checks.redact(problem)[0] for problem in problems])


def cached_analysis(project: Project, plugin: PluginState) -> dict[str, Any] | None:
    """The analysis in the cache (the analyse task is up to date then), or None."""
    if not plugin.states or not project.has_ledger:
        return None
    return known_analysis(project, plugin, analysis_request(project, plugin))


def known_analysis(
    project: Project, plugin: PluginState, question: Request
) -> dict[str, Any] | None:
    """The cached analysis that answers this very question, or None."""
    if not project.has_ledger:
        return None
    writer = next(iter(plugin.states.values())).writer
    return project.ledger.analysis(request_key(question, writer))


def analysis_request(project: Project, plugin: PluginState) -> Request:
    """The question of phase 1, the same for every enhancement of the plugin."""
    generator = project.generator("analysis")
    state = next(iter(plugin.states.values()))
    material = Material(
        anatomy=_anatomy(plugin, base_files(plugin), clean=state.writer.kind == "model"),
        analysis=None,
        standing="",
        generator=generator,
        target="",
        window=Window(),
    )
    system, prompt = _question(state.writer, generator, material)
    schema = json.loads(project.schema("analysis"))
    return Request(
        "analysis", plugin.slug, state.writer.model, system, prompt, generator.max_output_tokens,
        material, schema,
    )  # fmt: skip


def _question(writer: Writer, generator: Generator, material: Material) -> tuple[str, str]:
    """System and prompt. The offline backend reads the material itself: for it they only say what
    it is asked with, and cost no template engine and no search for secrets."""
    if writer.kind == "offline":
        plugin = material.anatomy
        files = {file.path: file.sha256 for file in plugin.files}
        return generator.digest, fingerprint.canonical([plugin.name, plugin.description, files])
    return prompting.render(generator, material, checks.redact)


def base_files(plugin: PluginState) -> list[str]:
    """The plugin's files less every target that is, or will be, of our making."""
    ours = {
        state.enhancement.target
        for state in plugin.states.values()
        if staleness.replaces(state.decision)
        or staleness.is_ours(state.inputs.standing, state.inputs.publication)
    }
    return [path for path in plugin.files if path not in ours]


# --- phase 2 ---


def request(
    project: Project,
    plugin: PluginState,
    state: TargetState,
    analysis: Mapping[str, Any],
    *,
    clean: bool | None = None,
) -> Request:
    """The question of phase 2 for one enhancement; clean: without the plugin's secrets (None: if
    a model is asked)."""
    generator = project.generator(state.enhancement.generator)
    clean = state.writer.kind == "model" if clean is None else clean
    standing = history.input_text(project, plugin, state.enhancement, state.inputs)
    known = state.inputs.publication
    material = Material(
        anatomy=_anatomy(plugin, state.counted, clean=clean),
        analysis=analysis,
        standing=outgoing.clean(standing) if clean else standing,
        generator=generator,
        target=state.enhancement.target,
        window=size.of(project, plugin, state.enhancement, state.counted).window,
        links=links(plugin, state),
        siblings=plugin.siblings(state.enhancement),
        current=sources.standing_text(
            plugin.root, state.enhancement.target, state.inputs.standing.sha256
        ),
        ours=staleness.is_ours(state.inputs.standing, known) and not (known and known.extends),
        house=contract.house(project.defaults.values),
        spares=staleness.spares(state.inputs),
        afresh=state.enhancement.starts_afresh,
    )
    system, prompt = _question(state.writer, generator, material)
    job = f"{plugin.slug}/{state.enhancement.name}"
    if because := review.hint(project, job):
        prompt = prompting.minding(prompt, checks.redact(because)[0])
    return Request(
        "generation", job, state.writer.model, system, prompt, generator.max_output_tokens,
        material,
    )  # fmt: skip


def _anatomy(plugin: PluginState, paths: Iterable[str], *, clean: bool) -> Anatomy:
    read = sources.read(plugin.root, paths, plugin.secret_names)
    if clean:
        return outgoing.anatomy(plugin, read)
    return sources.anatomy_of(plugin.root, read, plugin.told)


def tell_secrets(run: Run, plugin: PluginState, paths: Iterable[str]) -> None:
    """Tell, once a run, what of the plugin is not sent to a model."""
    for place in outgoing.places(plugin, sources.read(plugin.root, paths, plugin.secret_names)):
        run.notice_once(place)


def links(plugin: PluginState, state: TargetState) -> tuple[str, ...]:
    """Targets of the needed enhancements that stand there by now, relative to the plugin."""
    targets = [plugin.states[name].enhancement.target for name in state.needs]
    return tuple(t for t in targets if (plugin.root / t).is_file())


def foregone(project: Project, attempt: Attempt) -> list[Finding]:
    """Errors that every draft would have: they are in the frontmatter, of which a model writes
    nothing but, in the analysis, the description."""
    question, state = attempt.request, attempt.state
    if question is None or project.generator(state.enhancement.generator).frontmatter == "none":
        return []
    text = finish.finished(question.material, "# Title\n\nText.\n")
    with near_duplicates.of(project).turn:
        verdict = judge.judge(
            project, attempt.plugin, state.enhancement, state.counted, text,
            standing=_standing(attempt.plugin, state),
        )  # fmt: skip
    foregone = ("frontmatter-", "name-", DESCRIPTION, "secret")
    return [f for f in verdict.errors if f.check.startswith(foregone)]


def describe(
    run: Run, caller: Caller, attempt: Attempt, material: Material, findings: Sequence[Finding]
) -> dict[str, Any]:
    """The analysis with another description, asked for by a small call and kept in the cache."""
    project, writer, analysis = run.project, attempt.state.writer, material.analysis or {}
    whole = json.loads(project.schema("analysis"))
    schema = {
        "type": "object", "additionalProperties": False, "required": ["description"],
        "properties": {"description": whole["properties"]["description"]},
    }  # fmt: skip
    question = Request(
        "analysis", attempt.item.id, writer.model, project.generator("analysis").system,
        outgoing.clean(prompting.description(analysis, findings)), DESCRIPTION_TOKENS,
        material,
        schema,
    )  # fmt: skip
    reservation = None
    if caller.known(question, writer) is None:
        reservation = caller.reserve(question, writer)
    reply = caller.ask(question, writer, reservation=reservation, row=attempt.row)
    answer, problems = contract.check_analysis(finish.unwrap(reply.text), json.dumps(schema))
    if answer is None:
        raise BackendError(Answer("malformed", f"no description came: {'; '.join(problems[:3])}"))
    mended = {**analysis, **outgoing.analysis(answer)}
    key = request_key(analysis_request(project, attempt.plugin), writer)
    project.ledger.keep_analysis(key, attempt.item.slug, writer.backend, reply.model, mended)
    return mended


def draft(run: Run, caller: Caller, attempt: Attempt, question: Request) -> Draft:
    """Ask, compose, judge; with errors, have its sections repaired, and keep the best draft.

    Raises TooLittle where the writer says that the plugin does not hold enough, and it counts so.
    """
    writer = attempt.state.writer
    reply = caller.ask(question, writer, reservation=attempt.reservation, row=attempt.row)
    if (missing := _missing(question, reply)) is not None:
        raise TooLittle(missing)
    best = _judged(run.project, attempt.plugin, attempt.state, question, reply)
    if writer.kind == "offline":
        if any(finding.check == "secret" for finding in _errors(best)):
            return _without_secrets(run, caller, attempt, question)
        return best
    tokens_in, tokens_out = best.tokens_in, best.tokens_out
    for _ in range(REPAIRS):
        if not _errors(best):
            break
        repaired = _repaired(run, caller, attempt, question, best)
        tokens_in, tokens_out = tokens_in + repaired.tokens_in, tokens_out + repaired.tokens_out
        if _rank(repaired) >= _rank(best):
            break  # the same question again would get no better answer
        best = repaired
    return replace(best, tokens_in=tokens_in, tokens_out=tokens_out)


def _errors(draft: Draft) -> list[Finding]:
    return [finding for finding in draft.findings if finding.severity == "error"]


def _rank(draft: Draft) -> tuple[int, int]:
    """The better a draft, the lower: its errors, then what its score lacks."""
    return len(_errors(draft)), -draft.score


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
    text = finish.revised(question.material, best.text, reply.text)
    return _judged(run.project, attempt.plugin, attempt.state, repair, reply, text)


def rendered(project: Project, plugin: PluginState, state: TargetState) -> Draft:
    """The document as it stands, with the fields that follow plugin.json as they are now. Judged
    beside what stands: what that is reproached with already, the fields are not to blame for."""
    known, target = state.inputs.publication, state.enhancement.target
    assert known is not None  # noqa: S101 (else there is nothing to render)
    before = sources.standing_text(plugin.root, target, state.inputs.standing.sha256)
    text, _ = followed.behind(before, followed.fields(project, plugin.root), known.own or ())
    planned = [other.enhancement.target for other in plugin.states.values()]
    was, verdict = (
        judge.judge(project, plugin, state.enhancement, state.counted, one, planned=planned)
        for one in (before, text)
    )
    standing = (*known.accepted, *baseline.marks(was.findings))
    return Draft(
        text=text,
        model=state.writer.model,
        findings=baseline.new(verdict.findings, standing),
        score=verdict.score,
        score_before=was.score,
        tokens_in=0,
        tokens_out=0,
        counted=known.files or state.counted,
        fingerprint=known.fingerprint,
    )


def _without_secrets(run: Run, caller: Caller, attempt: Attempt, question: Request) -> Draft:
    """The document once more, of sources without what looks like a secret."""
    state, analysis = attempt.state, question.material.analysis or {}
    tell_secrets(run, attempt.plugin, state.counted)
    question = request(run.project, attempt.plugin, state, analysis, clean=True)
    reply = caller.ask(question, state.writer, row=attempt.row)
    return _judged(run.project, attempt.plugin, state, question, reply)


def _standing(plugin: PluginState, state: TargetState) -> str | None:
    """The file at the target, whose author's keys and lines are none of a draft's faults."""
    digest = state.inputs.standing.sha256
    return sources.standing_text(plugin.root, state.enhancement.target, digest) or None


def _judged(
    project: Project,
    plugin: PluginState,
    state: TargetState,
    question: Request,
    reply: Reply,
    text: str | None = None,
) -> Draft:
    """The reply, judged. text: the document, where the reply is not the whole of it."""
    text = finish.finished(question.material, reply.text) if text is None else text
    ending = reply.finish
    if ending == "length" and finish.circles(reply.text):
        ending = "circle"
    standing = _standing(plugin, state)
    planned = [other.enhancement.target for other in plugin.states.values()]
    around = near_duplicates.of(project)
    with around.turn:
        verdict = judge.judge(
            project, plugin, state.enhancement, state.counted, text,
            standing=standing, finish=ending, planned=planned, forced=state.inputs.forced,
        )  # fmt: skip
        if not verdict.errors:
            around.add(state.target_path, verdict.text.encode("utf-8", "replace"))
    before = None
    if standing is not None:  # by the very rules that the draft is judged by
        before = judge.judge(
            project, plugin, state.enhancement, state.counted, standing, planned=planned
        ).score
    counted = _counted(state, question)
    return Draft(
        text=verdict.text,
        model=reply.model,
        findings=verdict.findings,
        score=verdict.score,
        score_before=before,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        counted=counted,
        fingerprint=replace(state.inputs.fingerprint, content=fingerprint.content(counted)),
    )


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
