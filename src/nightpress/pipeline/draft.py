"""Both phases for one plugin: the analysis, cached, and the draft, judged and repaired once.

Floor 3: joins sources, prompts, backend and checks. Nothing here touches the plugin's folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from nightpress import checks, fingerprint
from nightpress import project as contract
from nightpress.backends import finish
from nightpress.errors import Answer, BackendError
from nightpress.ledger.rows import Drafted, findings_json
from nightpress.model import Finding, Fingerprint, Generator, Material, Reply, Request, Window
from nightpress.pipeline import review
from nightpress.pipeline.ask import Caller, request_key
from nightpress.pipeline.run import Run
from nightpress.plan import judge, near_duplicates, originals, staleness
from nightpress.plan.state import PluginState, TargetState
from nightpress.plugin import sources
from nightpress.project import prompt as prompting
from nightpress.project.project import Project
from nightpress.project.writer import Writer
from nightpress.storage import atomic

ANALYSIS_TRIES = 3
"""How often an analysis is asked for, until one keeps its schema."""


class Draft(Struct, frozen=True):
    """A judged document. counted and fingerprint: of exactly the bytes that were sent."""

    text: str
    model: str
    findings: tuple[Finding, ...]
    score: int
    score_before: int | None
    tokens_in: int
    tokens_out: int
    counted: Mapping[str, str]
    fingerprint: Fingerprint

    def recorded(self) -> Drafted:
        """What goes into the ledger of it."""
        return Drafted(
            self.model, self.tokens_in, self.tokens_out, self.score_before, self.score,
            self.findings, self.fingerprint,
        )  # fmt: skip


# --- phase 1 ---


def analyse(run: Run, caller: Caller, found: PluginState) -> dict[str, Any]:
    """The plugin's analysis, cached by everything that it was asked with.

    Raises BackendError when there is none to be had: `malformed` when no reply kept the schema.
    """
    project = run.project
    state = next(iter(found.states.values()))
    question = analysis_request(project, found)
    key = request_key(question, state.writer)
    cached = project.ledger.analysis(key) if project.has_ledger else None
    if cached is not None:
        return cached
    if state.writer.kind == "model":  # a wrong template is met before anything is paid for
        for made in {s.enhancement.generator for s in found.states.values()}:
            prompting.check(project.generator(made))
    problems: Sequence[str] = ()
    for _ in range(ANALYSIS_TRIES):
        reservation = None
        if caller.known(question, state.writer) is None:
            reservation = caller.reserve(question, state.writer)
        reply = caller.ask(question, state.writer, reservation=reservation)
        analysis, problems = contract.check_analysis(
            finish.unwrap(reply.text),
            project.schema("analysis"),
            ours=state.writer.kind == "offline",
        )
        run.begin()
        if analysis is not None:
            project.ledger.keep_analysis(
                key, found.slug, state.writer.backend, reply.model, analysis
            )
            return analysis
        project.ledger.spend_reply(key)
        if state.writer.kind == "offline":
            break
    said = "; ".join(problems[:3])
    raise BackendError(Answer("malformed", f"no analysis kept its schema: {said}"))


def cached_analysis(project: Project, found: PluginState) -> dict[str, Any] | None:
    """The analysis in the cache (the analyse task is up to date then), or None."""
    if not found.states or not project.has_ledger:
        return None
    return known_analysis(project, found, analysis_request(project, found))


def known_analysis(
    project: Project, found: PluginState, question: Request
) -> dict[str, Any] | None:
    """The cached analysis that answers this very question, or None."""
    if not project.has_ledger:
        return None
    writer = next(iter(found.states.values())).writer
    return project.ledger.analysis(request_key(question, writer))


def analysis_request(project: Project, found: PluginState) -> Request:
    """The question of phase 1, the same for every enhancement of the plugin."""
    generator = project.generator("analysis")
    state = next(iter(found.states.values()))
    read = sources.read(found.root, base_files(found))
    material = Material(
        anatomy=sources.anatomy_of(found.root, read, found.told),
        analysis=None,
        standing="",
        generator=generator,
        target="",
        window=Window(),
    )
    system, prompt = _question(state.writer, generator, material)
    schema = json.loads(project.schema("analysis"))
    return Request(
        "analysis", found.slug, state.writer.model, system, prompt, generator.max_output_tokens,
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


def base_files(found: PluginState) -> list[str]:
    """The plugin's files less every target that is, or will be, of our making."""
    ours = {
        state.enhancement.target
        for state in found.states.values()
        if state.decision.action in ("make", "parked")
        or staleness.is_ours(state.inputs.standing, state.inputs.publication)
    }
    return [path for path in found.files if path not in ours]


# --- phase 2 ---


def request(
    project: Project, found: PluginState, state: TargetState, analysis: Mapping[str, Any]
) -> Request:
    """The question of phase 2 for one enhancement."""
    generator = project.generator(state.enhancement.generator)
    read = sources.read(found.root, state.counted)
    material = Material(
        anatomy=sources.anatomy_of(found.root, read, found.told),
        analysis=analysis,
        standing=originals.input_text(project, found, state.enhancement, state.inputs),
        generator=generator,
        target=state.enhancement.target,
        window=state.enhancement.size,
        links=links(found, state),
        siblings=found.siblings(state.enhancement),
    )
    system, prompt = _question(state.writer, generator, material)
    job = f"{found.slug}/{state.enhancement.name}"
    if because := review.hint(project, job):
        prompt = prompting.minding(prompt, checks.redact(because)[0])
    return Request(
        "generation", job, state.writer.model, system, prompt, generator.max_output_tokens,
        material,
    )  # fmt: skip


def links(found: PluginState, state: TargetState) -> tuple[str, ...]:
    """Targets of the needed enhancements that stand there by now, relative to the plugin."""
    targets = [found.states[name].enhancement.target for name in state.needs]
    return tuple(t for t in targets if (found.root / t).is_file())


def draft(
    run: Run,
    caller: Caller,
    found: PluginState,
    state: TargetState,
    question: Request,
    *,
    reservation: Any,
    row: int,
) -> Draft:
    """Ask, compose, judge; with errors, ask once more with the findings and the draft."""
    project = run.project
    reply = caller.ask(question, state.writer, reservation=reservation, row=row)
    document = _judged(project, found, state, question, reply)
    errors = [f for f in document.findings if f.severity == "error"]
    if not errors or state.writer.kind == "offline":
        return document
    repair = _repair(question, document.text, errors)
    reservation = None
    if caller.known(repair, state.writer) is None:
        reservation = caller.reserve(repair, state.writer)
    second = caller.ask(repair, state.writer, reservation=reservation, row=row)
    mended = _judged(project, found, state, repair, second)
    tokens = (mended.tokens_in + document.tokens_in, mended.tokens_out + document.tokens_out)
    return replace(mended, tokens_in=tokens[0], tokens_out=tokens[1])


def _judged(
    project: Project, found: PluginState, state: TargetState, question: Request, reply: Reply
) -> Draft:
    text = finish.finished(question.material, reply.text)
    standing = (
        sources.standing_text(found.root, state.enhancement.target, state.inputs.standing.sha256)
        or None
    )
    planned = [other.enhancement.target for other in found.states.values()]
    around = near_duplicates.of(project)
    with around.turn:
        verdict = judge.judge(
            project, found, state.enhancement, state.counted, text,
            standing=standing, finish=reply.finish, planned=planned, forced=state.inputs.forced,
        )  # fmt: skip
        if not verdict.errors:
            around.add(found.slug, state.target_path, verdict.text.encode("utf-8", "replace"))
    before = None
    if standing is not None:  # by the very rules that the draft is judged by
        before = judge.judge(
            project, found, state.enhancement, state.counted, standing, planned=planned
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
    """The one repair call: the same question, the draft, and what is wrong with it."""
    prompt = prompting.repair(question.prompt, text, errors)
    return replace(question, phase="repair", prompt=prompt)


# --- what is kept ---


def keep_draft(project: Project, job: str, held: Draft) -> str:
    """Keep a refused draft and its findings for the user; the path, relative to the project."""
    folder = project.state / "drafts" / job.partition("/")[0]
    folder.mkdir(parents=True, exist_ok=True)
    name = job.partition("/")[2]
    atomic.write(folder / f"{name}.md", held.text.encode("utf-8", "replace"))
    atomic.write(folder / f"{name}.findings.json", findings_json(held.findings).encode())
    return (folder / f"{name}.md").relative_to(project.root).as_posix()
