"""A document judged in its plugin: the checks of its generator, with what they need to know.

Joins the plugin's files and the pure checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from nightpress import checks, fingerprint
from nightpress import project as contract
from nightpress.checks import baseline, document, evidence, trigger
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component, Enhancement, Finding, SourceFile
from nightpress.plan import history, near_duplicates, size, staleness
from nightpress.plan.state import PluginState, TargetState
from nightpress.plugin import sources
from nightpress.project import Project, own_checks


class Document(Struct, frozen=True):
    """What is judged as the document of an enhancement of a plugin, and how.

    paths: the plugin's files that count as source; standing: the file that it would replace;
    planned: targets of the plugin's other enhancements, which may be linked to; forced: the user
    accepts losses against the standing file; ours: False for a file that people keep, which is
    not held to our house rules, nor compared with the marketplace's other documents (what one
    person wrote does not become wrong because another copied it); witnessed: the document that
    ours was made from speaks for it; by_model: a model's draft, which may not say what documents
    of ours say in other plugins (what is extracted says what its plugin does); beside: it is put
    beside the marketplace's other skills; goes: files that are removed with its publication.
    """

    plugin: PluginState
    enhancement: Enhancement
    paths: tuple[str, ...]
    text: str
    standing: str | None = None
    finish: str = "stop"
    planned: frozenset[str] = frozenset()
    forced: bool = False
    ours: bool = True
    witnessed: bool = True
    by_model: bool = False
    beside: bool = False
    goes: frozenset[str] = frozenset()


def judge(
    project: Project,
    plugin: PluginState,
    enhancement: Enhancement,
    paths: Iterable[str],
    text: str,
    *,
    planned: Iterable[str] = (),
    **more: Any,
) -> checks.Verdict:
    """The verdict on `text` as this enhancement's document; more: as `Document` has it. Raises
    UsageError for a check of the project's own that cannot be loaded."""
    planned = frozenset(planned)
    one = Document(plugin, enhancement, tuple(sorted(paths)), text, planned=planned, **more)
    context = _context(project, one)
    return checks.complete(checks.begin(text, context), _beside(project, one, context))


def standing(plugin: PluginState, state: TargetState) -> str | None:
    """The file at the target, whose author's keys and lines are none of a draft's faults."""
    digest = state.inputs.standing.sha256
    return sources.standing_text(plugin.root, state.enhancement.target, digest) or None


def drafted(
    plugin: PluginState, state: TargetState, text: str, finish: str
) -> tuple[Document, Document | None]:
    """A draft, and what stands there, whose score is the one that `check` and the plan have."""
    paths, before = tuple(sorted(state.counted)), standing(plugin, state)
    planned = frozenset(other.enhancement.target for other in plugin.states.values())
    made = Document(
        plugin, state.enhancement, paths, text, before, finish, planned,
        forced=state.inputs.forced, by_model=state.writer.kind == "model", beside=True,
        goes=plugin.left_over,
    )  # fmt: skip
    if before is None:
        return made, None
    ours = staleness.is_ours(state.inputs.standing, state.inputs.publication)
    return made, Document(plugin, state.enhancement, paths, before, planned=planned, ours=ours)


def begun(
    project: Project, made: Document, before: Document | None
) -> tuple[checks.Begun, checks.Begun | None]:
    """What the plugin alone tells of the two."""
    first = checks.begin(made.text, _context(project, made))
    if before is None:
        return first, None
    return first, checks.begin(before.text, _context(project, before))


def complete(project: Project, one: Document, begun: checks.Begun) -> checks.Verdict:
    """The verdict, with what turns on the marketplace's other documents."""
    context = _bare(project, one)
    if not begun.left <= _OF_NEIGHBOURS:
        context = _whole(project, one, context)
    return checks.complete(begun, _beside(project, one, context))


_OF_NEIGHBOURS = frozenset({"paragraph-shared", "description-beats"})
"""Gates that ask nothing of the plugin."""


def _beside(project: Project, one: Document, context: checks.Context) -> checks.Context:
    """The context, with the marketplace's other documents."""
    if not one.ours:
        return context
    folder = one.plugin.manifest.path if one.plugin.manifest else ""
    around = near_duplicates.of(project)
    job = f"{one.plugin.slug}/{one.enhancement.name}"
    return replace(
        context,
        neighbours=around.beside(one.text, folder, ours=one.by_model),
        rivals=partial(_beaten, project, job) if one.beside else None,
    )


def _context(project: Project, one: Document) -> checks.Context:
    """All but what every plugin's documents change."""
    return _whole(project, one, _bare(project, one))


def _bare(project: Project, one: Document) -> checks.Context:
    """What is known of the document without its plugin's files."""
    plugin, enhancement = one.plugin, one.enhancement
    generator = project.generator(enhancement.generator)
    settings = own_checks.merged(generator, enhancement)
    standing = one.standing
    return checks.Context(
        settings=settings,
        target=enhancement.target,
        frontmatter=generator.frontmatter,
        window=size.of(project, plugin, enhancement, one.paths).window,
        standing=standing,
        persons=_persons(project, plugin, enhancement) if standing is not None else "",
        finish=one.finish,
        allow_live_syntax=bool(enhancement.settings.get("allow_live_syntax", False)),
        forced=one.forced or enhancement.starts_afresh,
        outline=tuple(generator.settings.get("outline", ())),
        ours=one.ours,
        custom=own_checks.gates(generator, settings, project.root),
        profile=enhancement.profile,
        format=str(generator.settings.get("format", "markdown")),
    )


def _whole(project: Project, one: Document, context: checks.Context) -> checks.Context:
    plugin, enhancement = one.plugin, one.enhancement
    generator = project.generator(enhancement.generator)
    witnessed = one.ours and one.witnessed
    return replace(
        context,
        anatomy=with_skills(project, plugin, anatomy_of(plugin, one.paths), enhancement.target),
        plugin_paths=_paths(one),
        marketplace_plugins=known_plugins(project),
        elsewhere=lambda kind, name: name in components(project).get(kind, ()),
        witness=_witness(project, plugin, enhancement, one.text) if witnessed else "",
        instructions=instructions(generator.system, generator.prompt),
        bundle=bundled(plugin, enhancement),
    )


def _paths(one: Document) -> frozenset[str]:
    """The files that there will be beside it: those of the plugin, and those that are made with it,
    but not those that go."""
    return frozenset(one.plugin.files).difference(one.goes) | one.planned


def bundled(plugin: PluginState, enhancement: Enhancement) -> Mapping[str, str]:
    """path -> text of the other files of the document's bundle: drafts where they are made, else
    as they stand."""
    skill = next((t for t in plugin.targets.values() if t.enhancement.references), None)
    own = dict(skill.enhancement.references) if skill is not None else {}
    if skill is None or enhancement.target not in (skill.enhancement.target, *own.values()):
        return {}
    texts = {}
    for one in plugin.targets.values():
        target = one.enhancement.target
        if target == enhancement.target or target not in own.values():
            continue
        texts[target] = plugin.drafts.get(target) or sources.standing_text(
            plugin.root, target, one.standing.sha256
        )
    return texts


def _beaten(project: Project, job: str, own: checks.Skill) -> Iterable[trigger.Beaten]:
    from nightpress.plan import triggers

    return triggers.rivals(project).beaten(replace(own, id=job))


def _persons(project: Project, plugin: PluginState, enhancement: Enhancement) -> str:
    """What a person wrote or edited of what stands at the target: of ours that goes back to a
    person's file, that."""
    state = plugin.states.get(enhancement.name)
    if state is None or state.inputs.standing.sha256 is None:
        return ""
    known = state.inputs.publication
    if not staleness.is_ours(state.inputs.standing, known) or (known and known.is_merged):
        sha256 = state.inputs.standing.sha256
        return sources.standing_text(plugin.root, enhancement.target, sha256)
    if known is None or not known.extends:
        return ""
    return history.input_text(project, plugin, enhancement, state.inputs)


def _witness(project: Project, plugin: PluginState, enhancement: Enhancement, text: str) -> str:
    """The document that `text` was made from. None is its own witness, but one of ours that stands
    in a clone, where a person's text that it was made from is not: there it is taken at its word,
    as it passed its gates where that was known."""
    state = plugin.states.get(enhancement.name)
    if state is None:
        return ""
    before = history.input_text(project, plugin, enhancement, state.inputs)
    if before and before != text:
        return before
    known = state.inputs.publication
    if known is None or not staleness.is_ours(state.inputs.standing, known):
        return ""
    if not (known.witness or known.accepted) or fingerprint.sha256(text.encode()) != known.sha256:
        return ""
    return history.persons_text(project, known.witness) or text


def witness(project: Project, plugin: PluginState, state: TargetState, text: str) -> str:
    """sha256 of the person's text that a draft was made from, for the lock file; "" of none."""
    standing, known = state.inputs.standing, state.inputs.publication
    if not _witness(project, plugin, state.enhancement, text):
        return ""
    if not staleness.is_ours(standing, known):
        return standing.sha256 or ""
    if known is not None and known.witness:
        return known.witness
    first = history.first(project, plugin, state.enhancement)
    return first.sha256 or "" if first is not None else ""


def unwitnessed(
    project: Project, plugin: PluginState, state: TargetState, text: str
) -> tuple[str, ...]:
    """The marks of `spared`, for the lock file."""
    return baseline.marks(spared(project, plugin, state, text))


def spared(
    project: Project, plugin: PluginState, state: TargetState, text: str
) -> tuple[Finding, ...]:
    """The errors that a good draft is spared only because of the document it was made from. A
    clone knows nothing of that one, so the lock file has them as accepted."""
    if not _witness(project, plugin, state.enhancement, text):
        return ()
    planned = [other.enhancement.target for other in plugin.states.values()]
    verdict = judge(
        project, plugin, state.enhancement, state.counted, text, planned=planned, witnessed=False
    )
    return tuple(verdict.errors)


def accepted(project: Project, plugin: PluginState, state: TargetState) -> tuple[Finding, ...]:
    """The findings of what stands there that the lock file has as accepted: `check` is silent of
    them."""
    inputs, known = state.inputs, state.inputs.publication
    if known is None or not known.accepted or inputs.standing.sha256 != known.sha256:
        return ()
    verdict = judge(
        project, plugin, state.enhancement, state.counted, standing(plugin, state) or "",
        planned=[other.enhancement.target for other in plugin.states.values()],
        ours=staleness.is_ours(inputs.standing, known), witnessed=False,
    )  # fmt: skip
    return tuple(set_apart(verdict.findings, known.accepted))


def set_apart(findings: Iterable[Finding], marks: Collection[str]) -> Iterator[Finding]:
    """Those of the findings that the marks of a lock file's line name."""
    listed = tuple(findings)
    new = {id(one) for one in baseline.new(listed, marks)}
    return (one for one in listed if id(one) not in new)


def held_by(
    project: Project, plugin: PluginState, state: TargetState, text: str, *, witnessed: bool = True
) -> evidence.Sources:
    """What a text may rest on, as this enhancement's document; witnessed: on the document that it
    was made from, too."""
    anatomy = anatomy_of(plugin, tuple(sorted(state.counted)))
    witness = _witness(project, plugin, state.enhancement, text) if witnessed else ""
    return evidence.of_plugin(anatomy, state.enhancement.target, witness)


def quoted_by(
    project: Project, plugin: PluginState, state: TargetState, text: str
) -> Mapping[str, str]:
    """path -> text of what `held_by` looks things up in: at the target that is what stood there
    before."""
    files = anatomy_of(plugin, tuple(sorted(state.counted))).files
    witness = _witness(project, plugin, state.enhancement, text)
    return {file.path: file.text for file in files} | {state.enhancement.target: witness}


def weak(
    project: Project, plugin: PluginState, state: TargetState, text: str
) -> tuple[evidence.Section, ...]:
    """The headed sections of a text of which little rests on the plugin."""
    held, target = held_by(project, plugin, state, text), state.enhancement.target
    found = evidence.sections(document.parse(text), held, target)
    return tuple(one for one in found if one.title and evidence.is_weak(one))


def evidence_of(project: Project, plugin: PluginState, state: TargetState, text: str) -> str:
    """What the text rests on, section by section, as the ledger keeps it."""
    held, target = held_by(project, plugin, state, text), state.enhancement.target
    return evidence.recorded(evidence.sections(document.parse(text), held, target))


def anatomy_of(plugin: PluginState, paths: tuple[str, ...]) -> Anatomy:
    """The anatomy by these files, as they were when the plugin was gathered."""
    held = {path: plugin.files.get(path, (0, ""))[1] for path in paths}
    read = sources.read(plugin.root, held, plugin.secret_names)
    return sources.anatomy_of(plugin.root, read, plugin.told)


def with_skills(
    project: Project,
    plugin: PluginState,
    anatomy: Anatomy,
    target: str = "",
    clean: Callable[[str], str] = str,
) -> Anatomy:
    """The anatomy with the plugin's skills at whose place a document of ours stands: by name and
    description, and of one that we extended with what its author wrote. Our own text is no source.
    Not for a skill (`target`), which is none of its own. clean: takes secrets out of a text."""
    if target.endswith("/SKILL.md"):
        return anatomy
    known = {component.path for component in anatomy.components}
    more: list[Component] = []
    for one in plugin.targets.values():
        path, publication = one.enhancement.target, one.publication
        if path in known or not path.endswith("/SKILL.md") or one.standing.sha256 is None:
            continue
        extends = publication.persons if publication is not None else ""
        persons = history.persons_text(project, extends) if extends else None
        text = sources.standing_text(plugin.root, path, one.standing.sha256)
        read = sources.Sources((SourceFile(path, clean(persons or text), 0),))
        [skill] = sources.anatomy_of(plugin.root, read, plugin.told).of("skill")
        more.append(skill if persons else replace(skill, body=""))
    if not more:
        return anatomy
    both = sorted((*anatomy.components, *more), key=lambda one: one.path)
    return replace(anatomy, components=tuple(both))


@lru_cache(maxsize=16)
def instructions(system: str, prompt: str) -> str:
    """The prompt's own words: its templates without tags, and so without plugin content."""
    return _TAGS.sub("\n", f"{system}\n{prompt}")


_TAGS = pattern(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.S)


@lru_cache(maxsize=1)
def components(project: Project) -> dict[str, frozenset[str]]:
    """kind -> names of the commands (skills are called like them), agents and skills of all
    plugins of the marketplace, bare and as `plugin:name`. Only looked up when a document names one
    that its own plugin does not have."""
    project.others()
    kinds: dict[str, set[str]] = {"command": set(), "agent": set(), "skill": set()}
    for path in project.manifests.glob("[!_]*.yaml"):
        manifest = contract.load_manifest(path, project.defaults)[0]
        if manifest is None:
            continue
        root = project.root / manifest.path
        skills = {file.parent.name for file in root.glob("skills/*/SKILL.md")}
        commands = {file.stem for file in root.glob("commands/*.md")}
        agents = {file.stem for file in root.glob("agents/*.md")}
        for kind, names in (("command", commands | skills), ("agent", agents), ("skill", skills)):
            kinds[kind] |= {name.lower() for name in names}
            kinds[kind] |= {f"{path.stem}:{name}".lower() for name in names}
    return {kind: frozenset(names) for kind, names in kinds.items()}


@lru_cache(maxsize=1)
def known_plugins(project: Project) -> frozenset[str]:
    """Slugs of the marketplace's plugins."""
    return frozenset(project.slugs())


@lru_cache(maxsize=1)
def market_digest(project: Project) -> str:
    """Digest of what a plugin may name that others have: slugs, and names of their components."""
    known = components(project).items()
    names = (f"{kind} {name}" for kind, names in known for name in sorted(names))
    return fingerprint.digest("market", *sorted(known_plugins(project)), *names)
