"""Phase 1 for one plugin: its analysis, asked for once, and cached by everything that it was asked
with. Nothing here touches the plugin's folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from nightpress import checks, fingerprint
from nightpress import project as contract
from nightpress.backends import finish
from nightpress.errors import Answer, BackendError, NightpressError
from nightpress.model import Anatomy, Finding, Generator, Layout, Material, Reply, Request, Window
from nightpress.pipeline import outgoing
from nightpress.pipeline.ask import Caller, request_key
from nightpress.pipeline.attempts import Attempt
from nightpress.pipeline.run import Run
from nightpress.plan import PluginState, TargetState, in_part, scope, staleness
from nightpress.plugin import sources, topic
from nightpress.project import Project, Writer
from nightpress.project import prompt as prompting

TRIES = 3
"""How often an analysis is asked for, until one keeps its schema."""
DESCRIPTION_TOKENS = 2_048
"""Output tokens of the call that asks for a description alone."""


def kinds(plugin: PluginState) -> list[bool]:
    """Which analyses its documents to be made want: of its facts alone (those that are made from
    what their skills have), of all of it. One that is partly stale keeps the one it has."""
    making = [s for s in plugin.states.values() if s.decision.action == "make"]
    wanting = [s for s in making if not s.decision.sections]
    return sorted({scope.is_own(s) for s in (wanting if making else plugin.states.values())})


def wanting(plugin: PluginState, own: bool) -> frozenset[str]:
    """The jobs that want this analysis."""
    return frozenset(
        f"{plugin.slug}/{name}"
        for name, state in plugin.states.items()
        if state.decision.action == "make"
        and scope.is_own(state) == own
        and not state.decision.sections
    )


def analyse(run: Run, caller: Caller, plugin: PluginState, *, own: bool = False) -> dict[str, Any]:
    """The plugin's analysis, cached by everything that it was asked with; own: of its facts alone.

    Raises BackendError when there is none to be had: `malformed` when no reply kept the schema.
    """
    project = run.project
    state = next(iter(plugin.states.values()))
    question = question_of(project, plugin, own=own)
    key = request_key(question, state.writer)
    cached = project.ledger.analysis(key) if project.has_ledger else None
    if cached is not None:
        return cached
    if state.writer.kind == "model":  # a wrong template is met before anything is paid for
        for kind in {s.enhancement.generator for s in plugin.states.values()}:
            prompting.check(project.generator(kind))
        tell_secrets(run, plugin, base_files(plugin))
    problems: list[str] = []
    for tries in range(TRIES):
        asked = replace(question, prompt=_saying(question.prompt, tries, problems))
        reply = _reply(run, caller, plugin, asked, state.writer)
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
        project.ledger.spend_reply(request_key(asked, state.writer))
        if state.writer.kind == "offline":
            break
    again = "" if state.writer.kind == "offline" else f" (doit enhance:{plugin.slug} asks again)"
    message = f"no analysis matched its schema{again}: {'; '.join(problems[:3])}"
    raise BackendError(Answer("malformed", message))


def _reply(
    run: Run, caller: Caller, plugin: PluginState, question: Request, writer: Writer
) -> Reply:
    """The reply; what was told before costs no second call, unless it is asked for afresh."""
    project = run.project
    afresh = any(s.inputs.forced or s.inputs.asked for s in plugin.states.values()) or any(
        name.partition("/")[0] == plugin.slug for name in project.named
    )
    if project.has_ledger and not afresh:
        told = project.ledger.useless_reply(request_key(question, writer))
        if told is not None:
            return told
    if afresh:
        caller.afresh.add(plugin.slug)
    reservation = None
    if caller.known(question, writer) is None:
        reservation = caller.reserve(question, writer)
    return caller.ask(question, writer, reservation=reservation)


def _saying(prompt: str, tries: int, problems: Sequence[str]) -> str:
    """A question is never asked unchanged a second time: it says what was wrong with the reply."""
    if not tries:
        return prompt
    return prompting.once_more(prompt, tries, [checks.redact(problem)[0] for problem in problems])


def cached(project: Project, plugin: PluginState, *, own: bool = False) -> dict[str, Any] | None:
    """The analysis in the cache, or None."""
    if not plugin.states or not project.has_ledger:
        return None
    return known(project, plugin, question_of(project, plugin, own=own))


def of_document(
    project: Project,
    plugin: PluginState,
    state: TargetState,
    found: Mapping[str, Any] | NightpressError | None,
) -> Mapping[str, Any] | NightpressError | None:
    """The analysis that a document is asked for with: the one it was made with, where it is asked
    for in part; else what this run has found, or the cache has."""
    if state.decision.sections:
        return in_part.analysis(project, plugin, state.enhancement, state.inputs)
    return found or cached(project, plugin, own=scope.is_own(state))


def is_cached(project: Project, plugin: PluginState) -> bool:
    """Is every analysis that is wanted in the cache (the analyse task is up to date then)?"""
    return all(cached(project, plugin, own=own) is not None for own in kinds(plugin))


def known(project: Project, plugin: PluginState, question: Request) -> dict[str, Any] | None:
    """The cached analysis that answers this very question, or None."""
    if not project.has_ledger:
        return None
    writer = next(iter(plugin.states.values())).writer
    return project.ledger.analysis(request_key(question, writer))


def question_of(project: Project, plugin: PluginState, *, own: bool = False) -> Request:
    """The question of phase 1, the same for every enhancement of the plugin that is made from all
    of it; own: for every one that is made from what its skill has."""
    generator = project.generator("analysis")
    state = next(iter(plugin.states.values()))
    material = Material(
        anatomy=_base(plugin, own, clean=state.writer.kind == "model"),
        analysis=None,
        standing="",
        generator=generator,
        target="",
        window=Window(),
        held=held(plugin),
    )
    system, prompt, layout = wording(state.writer, generator, material)
    schema = json.loads(project.schema("analysis"))
    return Request(
        "analysis", plugin.slug, state.writer.model, system, prompt, generator.max_output_tokens,
        material, schema, layout=layout,
    )  # fmt: skip


def held(plugin: PluginState) -> str:
    """The digest of all that its folder holds."""
    return fingerprint.content({path: sha256 for path, (_, sha256) in plugin.files.items()})


def _base(plugin: PluginState, own: bool, *, clean: bool) -> Anatomy:
    paths = base_files(plugin)
    if not own:
        return anatomy(plugin, paths, clean=clean)
    return topic.shared(anatomy(plugin, scope.shared(plugin, paths), clean=clean))


def base_files(plugin: PluginState) -> list[str]:
    """The plugin's files less every target that is, or will be, of our making."""
    ours = {
        state.enhancement.target
        for state in plugin.states.values()
        if staleness.replaces(state.decision)
        or staleness.is_ours(state.inputs.standing, state.inputs.publication)
    }
    return [path for path in plugin.files if path not in ours]


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
        raise BackendError(
            Answer("malformed", f"no description was returned: {'; '.join(problems[:3])}")
        )
    mended = {**analysis, **outgoing.analysis(answer)}
    asked = question_of(project, attempt.plugin, own=scope.is_own(attempt.state))
    key = request_key(asked, writer)
    project.ledger.keep_analysis(key, attempt.item.slug, writer.backend, reply.model, mended)
    return mended


def anatomy(plugin: PluginState, paths: Iterable[str], *, clean: bool) -> Anatomy:
    read = sources.read(plugin.root, paths, plugin.secret_names)
    if clean:
        return outgoing.anatomy(plugin, read)
    return sources.anatomy_of(plugin.root, read, plugin.told)


def wording(
    writer: Writer, generator: Generator, material: Material
) -> tuple[str, str, Layout | None]:
    """System and prompt, and how that is laid out. The offline backend reads the material itself:
    for it they only say what it is asked with, and cost no template engine and no search for
    secrets."""
    if writer.kind == "offline":
        plugin = material.anatomy
        files = {file.path: file.sha256 for file in plugin.files}
        told = fingerprint.canonical([plugin.name, plugin.description, files])
        return generator.digest, told, None
    made = prompting.rendered(generator, material, checks.redact)
    return made.system, made.prompt, made.layout


def tell_secrets(run: Run, plugin: PluginState, paths: Iterable[str]) -> None:
    """Tell, once a run, what of the plugin is not sent to a model."""
    for place in outgoing.places(plugin, sources.read(plugin.root, paths, plugin.secret_names)):
        run.notice_once(place)
