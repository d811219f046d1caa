"""`nightpress check`: what stands on disk, judged; published by us or not, in a project or alone.

Makes no call and, where nothing of ours is there yet, writes nothing there: in a fresh clone the
caches live in a temporary folder, and verdicts are remembered in the user's own (`remembered`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from nightpress import backends, checks
from nightpress import project as contract
from nightpress.checks import Market, Skill, baseline, source_findings, trigger
from nightpress.clock import RealClock
from nightpress.errors import UnsafePath, UsageError
from nightpress.model import Anatomy, Finding
from nightpress.plan import as_a_whole, judge, remembered, source, staleness
from nightpress.plan.asked import Asked
from nightpress.plan.gather import Gatherer
from nightpress.plan.remembered import Memory, World
from nightpress.plan.state import PluginState, TargetState
from nightpress.plugin import sources
from nightpress.project import Project
from nightpress.storage import Index
from nightpress.storage import tree as reading
from nightpress.text import suggestion

CAP = 1024 * 1024
"""Bytes of a document; a larger one is a finding, and is not read."""
MARKER = ".claude-plugin/plugin.json"
MAY_BE_ELSEWHERE = ("command-exists", "agent-exists", "skill-exists")
"""Gates that warn outside a project, where the marketplace's other plugins are not known."""
SKILL_FILES = 2000
"""Entries of a skill's folder that are looked at: a SKILL.md may lie in somebody's home."""

Meter = Callable[[int, int], None]


class Judged(Struct, frozen=True):
    """One document. path: as the user would type it; score: None where it could not be read;
    stale: the reasons for which its project would make it again; place: its path in the
    repository, by which a forge and a baseline know it wherever the command was typed;
    counted_from: what the score was counted from; skill: what is listed of it, and what its users
    ask for, where it is a skill."""

    path: str
    size: int
    score: int | None
    findings: tuple[Finding, ...]
    stale: tuple[str, ...] = ()
    place: str = ""
    counted_from: str = ""
    skill: Skill | None = None


class Known(Struct, frozen=True):
    """What is remembered of a plugin, or of one document alone. judged: by the path in the project
    (or plugin); folder: the plugin's; ours: is any of its documents of our making."""

    judged: list[tuple[str, Judged]]
    folder: str = "."
    ours: bool = False


def check(
    paths: Sequence[str], here: Path, environ: Mapping[str, str], meter: Meter
) -> list[Judged]:
    """Every document below the paths (none: of the project that we are in, else of this folder).

    Raises UsageError for a path that is not there.
    """
    requested = [Asked.of(path, here) for path in paths or (".",)]
    documents: dict[Path, Judged] = {}
    with closing(Memory(Known)) as memory:
        for root in dict.fromkeys(one.project for one in requested if one.project is not None):
            wanted = [one for one in requested if one.project == root]
            with _opened(root, environ) as project:
                for judged, path in _declared(project, wanted, meter, memory):
                    documents.setdefault(path, judged)  # what is judged as a document is so once
        for one in requested:
            for path in one.documents():
                if path not in documents:
                    documents[path] = _remembered(memory, path, one.shown(path))
            if one.project is None and one.top.is_dir():
                for judged, path in _sources(one, memory):
                    documents.setdefault(path, judged)
    return [replace(documents[path], place=_place(path, here)) for path in sorted(documents)]


def _place(path: Path, here: Path) -> str:
    """The path in its repository, else in its project, else from the working folder."""
    for mark in (".git", "manifests/_defaults.yaml"):
        root = next((p for p in path.parents if (p / mark).exists()), None)
        if root is not None:
            return path.relative_to(root).as_posix()
    return path.relative_to(here).as_posix() if here in path.parents else path.as_posix()


# --- in a project ---


@contextmanager
def _opened(root: Path, environ: Mapping[str, str]) -> Iterator[Project]:
    """The project, to be read. A missing key is no matter here: nobody is asked anything. Where
    there is no state, or none that can be opened (SQLite must write for that), it is a clone."""
    options: dict[str, Any] = {}
    values = contract.load_defaults(root)[0].values
    declared = backends.BACKENDS.get(values.get("backend") or "auto")
    if declared is not None and declared.kind == "model":
        options = {"paid": True}
        _, access = backends.way(declared.name, values)
        environ = {**dict.fromkeys(access.keys, "none"), **environ}
    project = Project(root, options, environ, RealClock())
    if os.access(project.state, os.W_OK):
        yield project
        return
    with tempfile.TemporaryDirectory(prefix="nightpress-check-") as folder:
        project.state, project.ledger_path = Path(folder), Path(folder) / "ledger.db"
        project.__dict__["index"] = Index(Path(folder) / "index.db", root)
        yield project
        project.index.close()


def _declared(
    project: Project, wanted: Sequence[Asked], meter: Meter, memory: Memory[Known]
) -> Iterator[tuple[Judged, Path]]:
    """The documents that the manifests declare, as far as they stand and were asked for."""
    world, names = remembered.world(project), project.slugs()
    gatherer: Gatherer | None = None
    folders: set[str] = set()
    stand = False
    for number, slug in enumerate(names):
        meter(number, len(names))
        unit = f"{project.root}\0{slug}"
        known = memory.recall(unit, partial(_turns_on, world, slug)) if world else None
        if known is None:
            gatherer = gatherer or Gatherer(project)
            plugin = gatherer.gather(slug)
            known = Known(list(_of_plugin(project, plugin, wanted)), **_kind(plugin))
            if world and _first(wanted, plugin.root) and _first(wanted, project.manifests):
                what, newest = world.of(slug, known.folder, ours=known.ours)
                memory.keep(unit, what, known, newest)
        folders.add(known.folder)
        for place, judged in known.judged:
            path = project.root / place
            stand = stand or judged.score is not None
            if (one := _first(wanted, path)) is not None:
                yield replace(judged, path=one.shown(path)), path
    meter(len(names), len(names))
    yield from _whole(project, wanted, folders, documents=stand)


def _whole(
    project: Project, wanted: Sequence[Asked], folders: set[str], *, documents: bool
) -> Iterator[tuple[Judged, Path]]:
    """What there is to say of the whole, by the file that it is said of, as far as it was asked
    for."""
    if not _first(wanted, project.manifests):
        return
    by_file: dict[str, list[Finding]] = {}
    for file, finding in as_a_whole.findings(project, folders, documents=documents):
        by_file.setdefault(file, []).append(finding)
    for file, found in by_file.items():
        if one := _first(wanted, project.root / file):
            path = project.root / file
            yield Judged(one.shown(path), 0, None, tuple(found)), path


def _turns_on(world: World, slug: str, known: Known) -> str:
    return world.of(slug, known.folder, ours=known.ours)[0]


def _kind(plugin: PluginState) -> dict[str, Any]:
    """What the plugin's verdicts turn on: its folder, and other documents where any is ours."""
    ours = any(
        staleness.is_ours(state.inputs.standing, state.inputs.publication)
        for state in plugin.states.values()
    )
    return {"folder": plugin.manifest.path if plugin.manifest else ".", "ours": ours}


def _of_plugin(
    project: Project, plugin: PluginState, wanted: Sequence[Asked]
) -> Iterator[tuple[str, Judged]]:
    """(path in the project, what is said of it), as far as it was asked for."""
    for problem in plugin.problems:
        if problem.severity == "error" and _first(wanted, project.root / problem.file):
            yield problem.file, _unusable(problem)
    for state in plugin.states.values():
        if _first(wanted, project.root / state.target_path):
            stale = _stale(state)
            if stale is not None:
                yield state.target_path, _judged(project, plugin, state, stale)
    for file, found in source.findings(source.of(project, plugin)).items():
        path = plugin.root / file
        if _first(wanted, path):
            yield path.relative_to(project.root).as_posix(), Judged("", 0, None, found)


def _first(wanted: Sequence[Asked], path: Path) -> Asked | None:
    return next((one for one in wanted if one.holds(path)), None)


def _stale(state: TargetState) -> tuple[str, ...] | None:
    """Why it would be made again; None: there is nothing to judge and nothing to make."""
    if state.decision.action == "make":
        return tuple(reason.text for reason in state.decision.reasons)
    return () if state.inputs.standing.sha256 is not None else None


def _judged(
    project: Project, plugin: PluginState, state: TargetState, stale: tuple[str, ...]
) -> Judged:
    shown, size = "", state.inputs.standing.size
    if state.inputs.standing.sha256 is None:
        return Judged(shown, 0, None, (), stale)
    text, unreadable = _text(plugin.root, state.enhancement.target)
    if unreadable is not None:
        return Judged(shown, size, None, (unreadable,), stale)
    if plugin.absent:  # what it speaks of may be in there
        path, command = next(iter(plugin.absent.items()))
        away = Finding("unfetched", "warning", f"not judged: {path} is not here", hint=command)
        return Judged(shown, size, None, (away,), stale)
    verdict = judge.judge(
        project, plugin, state.enhancement, state.counted, text,
        planned=[other.enhancement.target for other in plugin.states.values()],
        ours=staleness.is_ours(state.inputs.standing, state.inputs.publication), beside=True,
    )  # fmt: skip
    accepted = state.inputs.publication.accepted if state.inputs.publication else ()
    new = baseline.new(verdict.findings, accepted)
    name = f"{plugin.slug}/{state.enhancement.name}"
    new += tuple(_of_persons(name, state))
    anatomy = judge.anatomy_of(plugin, tuple(sorted(state.counted)))
    return Judged(
        shown, size, verdict.score, new, stale,
        counted_from=verdict.counted_from, skill=trigger.skill_of(name, text, anatomy),
    )  # fmt: skip


def _of_persons(name: str, state: TargetState) -> Iterator[Finding]:
    """What a reader of the marketplace would not see: that a document of ours was edited, and that
    the source of an edited or adopted one has moved on."""
    reasons = {reason.code: reason.text for reason in state.decision.reasons}
    if "edited" in reasons:
        hint = (
            f"nightpress adopt {name.partition('/')[0]} keeps it as it is,"
            f" nightpress build {name} --force replaces it"
        )
        yield Finding("edited", "warning", reasons["edited"], hint=hint)
    if "moved" in reasons:
        hint = f"nightpress build {name} makes a new draft"
        if "edited" in reasons:
            hint = f"nightpress forget {name}, then nightpress build: a new draft beside your edit"
        yield Finding("moved", "warning", reasons["moved"], hint=hint)


def _unusable(problem: Any) -> Judged:
    message = f"{problem.path}: {problem.message}" if problem.path else problem.message
    finding = Finding("manifest", "error", message, problem.line, problem.column, problem.hint)
    return Judged("", 0, None, (finding,))


# --- alone ---


def _remembered(memory: Memory[Known], path: Path, shown: str) -> Judged:
    """The verdict on a document that no manifest declares."""
    base = _base(path)
    whole = (base / MARKER).is_file()
    stats = memory.stats_of(base if whole else path.parent, 20_000 if whole else SKILL_FILES)
    if stats is None:
        return _alone(path, shown)
    now = remembered.digest([remembered.code(), str(path), *stats.told()])
    known = memory.recall(str(path), partial(_as, now))
    if known is None:
        known = Known([("", _alone(path, shown))])
        memory.keep(str(path), now, known, stats.newest())
    ((_, judged),) = known.judged
    return replace(judged, path=shown, skill=judged.skill and replace(judged.skill, id=shown))


def _alone(path: Path, shown: str) -> Judged:
    """A document that no manifest declares: by what holds for any document, in its plugin if it
    lies in one, else in its skill's folder."""
    base = _base(path)
    text, unreadable = _text(base, path.relative_to(base).as_posix())
    if unreadable is not None:
        return Judged(shown, path.stat().st_size, None, (unreadable,))
    target = path.relative_to(base).as_posix()
    if (base / MARKER).is_file():
        context = replace(
            checks.alone(target, _files(base)),
            anatomy=_anatomy(base), elsewhere=_elsewhere,
            settings={name: {"severity": "warning"} for name in MAY_BE_ELSEWHERE},
        )  # fmt: skip
    else:
        context = checks.alone(target, _of_skill(path) if base != path.parent else None)
    verdict = checks.judge(text, context)
    return Judged(
        shown, path.stat().st_size, verdict.score, verdict.findings,
        counted_from=verdict.counted_from, skill=trigger.skill_of(shown, text, context.anatomy),
    )  # fmt: skip


def _as(now: str, _known: Known) -> str:
    return now


def _sources(one: Asked, memory: Memory[Known]) -> Iterator[tuple[Judged, Path]]:
    """The source findings of the plugins at or below a folder that is no project."""
    walked = reading.walk(one.top, reading.Ignore()).files
    roots = {one.top / e.path.removesuffix(MARKER) for e in walked if e.path.endswith(MARKER)}
    for root in sorted(roots):
        stats = memory.stats_of(root, 20_000)
        now = remembered.digest([remembered.code(), *(stats.told() if stats else ())])
        known = memory.recall(f"sources {root}", partial(_as, now)) if stats else None
        if known is None:
            found = source_findings.find(_anatomy(root), _files(root), Market(elsewhere=_elsewhere))
            told = source.findings(found).items()
            known = Known([(file, Judged("", 0, None, findings)) for file, findings in told])
            if stats:
                memory.keep(f"sources {root}", now, known, stats.newest())
        for file, judged in known.judged:
            yield replace(judged, path=one.shown(root / file)), root / file


def _base(path: Path) -> Path:
    plugin = next((p for p in path.parents if (p / MARKER).is_file()), None)
    if plugin is not None:
        return plugin
    return path.parent.parent if path.name.lower() == "skill.md" else path.parent


@lru_cache(maxsize=4)
def _files(base: Path) -> frozenset[str]:
    """Paths of what lies in a plugin."""
    return frozenset(entry.path for entry in reading.walk(base, reading.Ignore()).files)


@lru_cache(maxsize=4)
def _anatomy(base: Path) -> Anatomy:
    return sources.anatomy_of(base, sources.read(base, _files(base)))


def _elsewhere(_kind: str, name: str) -> bool:
    """A name that says which other plugin it is of passes: that one is not known here."""
    return ":" in name


def _of_skill(path: Path) -> frozenset[str] | None:
    """Paths of what lies in a skill's folder, from its parent. None: too much to look at; or the
    document alone, taken out of its skill, whose files are not known then."""
    ignore = reading.Ignore((".git", "node_modules"), defaults=False)
    tree = reading.walk(path.parent, ignore, reading.Caps(SKILL_FILES))
    files = [entry.path for entry in tree.files]
    if files == [path.name] or any(not notice.path for notice in tree.notices):
        return None
    return frozenset(f"{path.parent.name}/{file}" for file in files)


def _text(root: Path, path: str) -> tuple[str, Finding | None]:
    try:
        data = reading.read(root, path, CAP)
    except (UnsafePath, OSError) as error:
        message = error.message if isinstance(error, UnsafePath) else str(error.strerror)
        return "", Finding("readable", "error", f"cannot be judged: {message}")
    return data.decode("utf-8", "surrogateescape"), None


# --- one plugin ---


def plugin_anatomy(named: str, folder: Path, environ: Mapping[str, str]) -> Anatomy:
    """The anatomy of a plugin by its manifest's name, or by its folder; without the documents that
    nightpress published there. Raises UsageError where there is none."""
    root: Path | None = None
    if (place := Path(named)).is_dir():
        root = place.resolve()
        inside = next((p for p in root.parents if (p / "manifests/_defaults.yaml").is_file()), None)
        if inside is None:
            return _anatomy(root)
    else:
        inside = contract.located(str(folder))
    with _opened(inside, environ) as project:
        slug = _slug(project, named, root)
        if slug is None:
            if root is not None:
                return _anatomy(root)
            hint = suggestion(named, project.slugs(), "{}") or "nightpress init makes manifests"
            raise UsageError(f"{named}: there is no manifest and no folder of that name", hint)
        plugin = Gatherer(project).gather(slug)
        if plugin.manifest is None:
            raise UsageError(f"{slug}: its manifest cannot be used", "nightpress check says why")
        ours = {
            state.enhancement.target
            for state in plugin.states.values()
            if staleness.is_ours(state.inputs.standing, state.inputs.publication)
        }
        return judge.anatomy_of(plugin, tuple(sorted(plugin.files.keys() - ours)))


def _slug(project: Project, named: str, root: Path | None) -> str | None:
    """The manifest of that name, or of the plugin in that folder."""
    if root is None:
        return named if named in project.slugs() else None
    for slug in project.slugs():
        values = contract.peek(project.manifests / f"{slug}.yaml")
        path = values.get("plugin") if values is not None else None
        if isinstance(path, str) and (project.root / path).resolve() == root:
            return slug
    return None


def counts(judged: Sequence[Judged]) -> dict[str, Any]:
    """Documents, findings by severity, stale ones."""
    severities = [finding.severity for one in judged for finding in one.findings]
    return {
        "documents": sum(one.score is not None for one in judged),
        "errors": severities.count("error"),
        "warnings": severities.count("warning"),
        "stale": sum(bool(one.stale) for one in judged),
    }
