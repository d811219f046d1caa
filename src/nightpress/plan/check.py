"""`nightpress check`: what stands on disk, judged; published by us or not, in a project or alone.

Makes no call and, where nothing of ours is there yet, writes nothing there: in a fresh clone the
caches live in a temporary folder, and verdicts are remembered in the user's own (`remembered`).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from nightpress import backends
from nightpress import project as contract
from nightpress.checks import REGISTRY, baseline, trigger
from nightpress.clock import RealClock
from nightpress.errors import UsageError
from nightpress.ledger import lockfile
from nightpress.model import Anatomy, Finding
from nightpress.plan import alone, history, judge, remembered, source, staleness
from nightpress.plan.alone import Asked, Judged, Known
from nightpress.plan.gather import Gatherer
from nightpress.plan.newcomers import newcomers
from nightpress.plan.remembered import Memory, World
from nightpress.plan.state import PluginState, TargetState
from nightpress.plugin import anatomy, sources
from nightpress.project import Project, discover, paths, peek
from nightpress.storage import Index, Snapshots, git, tree
from nightpress.text import suggestion

Meter = Callable[[int, int], None]


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
                known = documents.get(path)
                if known is None or (known.source and path.name.lower() == "skill.md"):
                    judged = alone.judged(memory, path, one.shown(path))
                    documents[path] = _with_needs(judged, known)
            if one.project is None and one.top.is_dir():
                for judged, path in alone.of_sources(one, memory):
                    documents.setdefault(path, judged)
    if not documents and all(one.project is None for one in requested):
        where = ", ".join(one.typed for one in requested)
        raise UsageError(
            f"there is nothing to check in {here if where == '.' else where}",
            "go into a project, or name it: a document, a plugin's folder",
        )
    return [replace(documents[path], place=_place(path, here)) for path in sorted(documents)]


def _with_needs(judged: Judged, source: Judged | None) -> Judged:
    """The verdict, and what the file needs as its plugin's on lines of which that says nothing."""
    lines = {finding.line for finding in judged.findings}
    more = (finding for finding in source.findings if finding.line not in lines) if source else ()
    return replace(judged, findings=(*judged.findings, *more))


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
    for file, finding in _findings(project, folders, documents=documents):
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
        made = state.inputs.standing.sha256 is not None
        gone = () if made else tuple(_gone(plugin, state))
        if (made or gone or _due(state)) and _first(wanted, project.root / state.target_path):
            judged = _judged(project, plugin, state) if made else Judged("", 0, None, gone)
            due = {} if gone else _due(state)
            yield state.target_path, replace(judged, **due)
    for file, found in source.findings(source.of(project, plugin)).items():
        path = plugin.root / file
        if _first(wanted, path):
            shown = path.relative_to(project.root).as_posix()
            yield shown, Judged("", 0, None, found, source=True)


def _first(wanted: Sequence[Asked], path: Path) -> Asked | None:
    return next((one for one in wanted if one.holds(path)), None)


def _gone(plugin: PluginState, state: TargetState) -> Iterator[Finding]:
    """That a document on record is gone, whatever the next build makes of that. (What this checkout
    leaves out is not.)"""
    known, target = state.inputs.publication, state.enhancement.target
    if known is None or any(f"{target}/".startswith(f"{away}/") for away in plugin.absent):
        return
    name = state.enhancement.name
    mend = f"git restore, or nightpress restore --plugin {plugin.slug}, brings it back"
    hint = f"{mend}; if it is to go, remove {name} from manifests/{plugin.slug}.yaml"
    yield Finding("gone", "error", f"{known.status} and on record, but the file is gone", hint=hint)


def _due(state: TargetState) -> dict[str, tuple[str, ...]]:
    """Why it would be made, as fields of Judged; {}: it would not. Only what we published can be
    stale, and it is so wherever it is checked out: that a draft waits or was refused, which the
    ledger alone knows, makes it no truer. A first document, and a draft beside a person's file, may
    have been turned down: that a clone does not know."""
    known, standing = state.inputs.publication, state.inputs.standing
    ours = staleness.is_ours(standing, known)
    decision = state.decision
    if ours and decision.action in ("parked", "insufficient"):
        inputs = replace(state.inputs, last=None, undone=None)
        decision = staleness.decide(inputs)
    if decision.action != "make":
        return {}
    gone = known is not None and standing.sha256 is None
    if gone or ours:
        return {"stale": tuple(reason.text for reason in state.decision.reasons)}
    reasons = (r.text for r in decision.reasons if r.code != "never")
    return {"unmade": tuple(reasons) or ("nightpress build makes it",)}


def _judged(project: Project, plugin: PluginState, state: TargetState) -> Judged:
    shown, size = "", state.inputs.standing.size
    text, unreadable = alone.text_of(plugin.root, state.enhancement.target)
    if unreadable is not None:
        return Judged(shown, size, None, (unreadable,))
    if plugin.absent:  # what it speaks of may be in there
        path, command = next(iter(plugin.absent.items()))
        away = Finding("unfetched", "warning", f"not judged: {path} is not here", hint=command)
        return Judged(shown, size, None, (away,))
    verdict = judge.judge(
        project, plugin, state.enhancement, state.counted, text,
        planned=[other.enhancement.target for other in plugin.states.values()],
        ours=staleness.is_ours(state.inputs.standing, state.inputs.publication), beside=True,
    )  # fmt: skip
    accepted = state.inputs.publication.accepted if state.inputs.publication else ()
    name = f"{plugin.slug}/{state.enhancement.name}"
    new = tuple(_spared(one, name, state) for one in baseline.new(verdict.findings, accepted))
    new += tuple(_of_persons(project, plugin, name, state))
    anatomy = judge.anatomy_of(plugin, tuple(sorted(state.counted)))
    return Judged(
        shown, size, verdict.score, new,
        counted_from=verdict.counted_from, accepted=judge.accepted(project, plugin, state),
        skill=trigger.skill_of(name, text, anatomy),
    )  # fmt: skip


def _spared(finding: Finding, name: str, state: TargetState) -> Finding:
    """How long a person's own text is, is the person's; not so of ours that was cut. What else is
    wrong with it they may live with."""
    ours = staleness.is_ours(state.inputs.standing, state.inputs.publication)
    if ours or finding.severity != "error" or staleness.is_edited_by_hand(state.inputs):
        return finding
    if finding.check == "size-window":
        hint = "a person's file stays as long as it is; `standing: review` proposes a draft"
        return replace(finding, severity="warning", hint=hint)
    if finding.check not in REGISTRY or REGISTRY[finding.check].family == "safety":
        return finding
    accepts = f"nightpress adopt {name} accepts it"
    return replace(finding, hint=f"{finding.hint}; or {accepts}" if finding.hint else accepts)


def _of_persons(
    project: Project, plugin: PluginState, name: str, state: TargetState
) -> Iterator[Finding]:
    """What a reader of the marketplace would not see: that a document of ours was edited, and that
    the source of an edited or adopted one has moved on."""
    reasons = {reason.code: reason.text for reason in state.decision.reasons}
    if edited := staleness.is_edited_by_hand(state.inputs):
        hint = f"nightpress adopt {name} keeps it, nightpress build {name} --force replaces it"
        if said := _damage(project, plugin, state):
            hint = f"git restore, or nightpress build {name} --force, brings it back"
        found = Finding("edited", "warning", staleness.EDITED, hint=hint)
        yield replace(found, severity="error", message=said) if said else found
    if "moved" in reasons:
        hint = f"nightpress build {name} makes a new draft"
        if edited:
            hint = f"nightpress forget {name}, then nightpress build: a new draft beside your edit"
        yield Finding("moved", "warning", reasons["moved"], hint=hint)


def _damage(project: Project, plugin: PluginState, state: TargetState) -> str:
    """What has become of a document of ours, where no person did that."""
    known, target = state.inputs.publication, state.enhancement.target
    kept = Snapshots(project.state / "snapshots").kept(known.sha256) if known else None
    now = tree.read(plugin.root, target, sources.STANDING_CAP)
    if not history.is_damaged(now, kept):
        return ""
    of = f" of the {len(kept):,}" if kept else ""
    return f"damaged, it seems: {len(now):,}{of} bytes that we published are left of it"


def _unusable(problem: Any) -> Judged:
    message = f"{problem.path}: {problem.message}" if problem.path else problem.message
    finding = Finding("manifest", "error", message, problem.line, problem.column, problem.hint)
    return Judged("", 0, None, (finding,))


# --- the project as a whole ---


def _findings(
    project: Project, folders: Collection[str], *, documents: bool
) -> Iterator[tuple[str, Finding]]:
    """What is to be said of the project as a whole: its marketplace.json, the plugins that nobody
    has declared, and nightpress.lock; each with its path in the project. folders: of the plugins
    that have a manifest, relative to the project; documents: does any stand?"""
    marketplace = paths.clean(str(project.defaults.values.get("marketplace", ".")))
    for problem in discover.listing_problems(project.root, marketplace):
        yield (
            problem.file,
            Finding(
                "marketplace", "error", problem.message, problem.line, problem.column, problem.hint
            ),
        )
    new = newcomers(project, frozenset(folders))
    listing = next((path for path in new.watched if (project.root / path).is_file()), "")
    unusable = _named(project) if new.folders else frozenset()  # theirs is told of by itself
    for folder in new.folders:
        if folder in unusable:
            continue
        own = next((p for p in _own(folder) if (project.root / p).is_file()), listing)
        said = f"the plugin {folder} has no manifest: none of its documents is made or kept true"
        yield own, Finding("undeclared", "warning", said, 1, hint="nightpress manifests writes it")
    yield from _orphaned(project)
    if documents and (said := _lock_lacks(project)):
        hint = (
            "git restore nightpress.lock where it was deleted, else nightpress build writes it;"
            " git add and commit it"
        )
        yield lockfile.NAME, Finding("lock", "warning", said, 1, hint=hint)


def _orphaned(project: Project) -> Iterator[tuple[str, Finding]]:
    """Of which plugins nightpress.lock has documents, while neither these nor a manifest are here.
    (A sparse checkout may leave out either.)"""
    slugs = frozenset(project.slugs())
    if not slugs or git.is_sparse(project.root):
        return
    lost: Counter[str] = Counter()
    for entry in project.lock().values():
        slug = entry.job.partition("/")[0]
        lost[slug] += slug not in slugs and not os.path.lexists(project.root / entry.target)
    for slug, count in sorted((+lost).items()):
        some = "1 document" if count == 1 else f"{count:,} documents"
        said = f"{slug}: {some} on record, and neither manifests/{slug}.yaml nor they are here"
        hint = "git restore brings a plugin back; nightpress build takes its lines out"
        yield lockfile.NAME, Finding("gone", "warning", said, 1, hint=hint)


def _named(project: Project) -> frozenset[str]:
    """The folders of plugins that manifests name, whatever else is wrong with these."""
    peeked = (peek(project.manifests / f"{slug}.yaml") or {} for slug in project.slugs())
    named = (values.get("plugin") for values in peeked)
    return frozenset(paths.clean(folder) for folder in named if isinstance(folder, str))


def _own(folder: str) -> tuple[str, str]:
    return f"{folder}/.claude-plugin/plugin.json", f"{folder}/README.md"


def _lock_lacks(project: Project) -> str:
    """What is wrong with how nightpress.lock is kept; "" if nothing is."""
    if not project.lock_path.exists():
        return (
            "nightpress.lock is not here: whether a document is ours, stale or edited by hand"
            " cannot be told"
        )
    if not git.is_repository(project.root):
        return ""
    try:
        known = git.run(project.root, "--literal-pathspecs", "ls-files", "--", lockfile.NAME)
    except (OSError, subprocess.SubprocessError):
        return ""  # git does not say
    if known:
        return ""
    return "git does not track nightpress.lock: a clone, and CI, cannot tell what is ours or stale"


# --- one plugin ---


def plugin_anatomy(named: str, folder: Path, environ: Mapping[str, str]) -> Anatomy:
    """The anatomy of a plugin by its manifest's name, or by a path in its folder; the documents
    that nightpress published there are its skills. Raises UsageError where there is none."""
    root: Path | None = None
    if (place := Path(named)).exists():
        root = place.resolve()
        inside = next(
            (p for p in (root, *root.parents) if (p / "manifests/_defaults.yaml").is_file()), None
        )
        if inside is None:
            return alone.anatomy_of(root if root.is_dir() else root.parent)
    else:
        inside = contract.located(str(folder))
    with _opened(inside, environ) as project:
        slug = _slug(project, named, root)
        if slug is None:
            if root is not None and root.is_dir():
                return alone.anatomy_of(root)
            near = suggestion(named, project.slugs(), lead="; ")
            told = f"there is no plugin, and no folder, {named!r}{near}"
            raise UsageError(told, "manifests/ has a file for each plugin")
        plugin = Gatherer(project).gather(slug)
        if plugin.manifest is None:
            raise UsageError(f"{slug}: its manifest cannot be used", "nightpress check says why")
        ours = {
            state.enhancement.target
            for state in plugin.states.values()
            if staleness.is_ours(state.inputs.standing, state.inputs.publication)
        }
        found = judge.anatomy_of(plugin, tuple(sorted(plugin.files.keys() - ours)))
        return judge.with_skills(project, plugin, found)


def _slug(project: Project, named: str, root: Path | None) -> str | None:
    """The manifest of that name, or of the plugin in whose folder root is."""
    if root is None:
        return named if named in project.slugs() else None
    folders = {}
    for slug in project.slugs():
        values = contract.peek(project.manifests / f"{slug}.yaml")
        path = values.get("plugin") if values is not None else None
        if isinstance(path, str):
            folders[(project.root / path).resolve()] = slug
    for up in (root, *root.parents):
        if up in folders or (up / anatomy.PLUGIN_JSON[0]).is_file():
            return folders.get(up)
    return None


def counts(judged: Sequence[Judged]) -> dict[str, Any]:
    """Documents, findings by severity, stale ones, and those that were never made."""
    severities = [finding.severity for one in judged for finding in one.findings]
    return {
        "documents": sum(one.score is not None for one in judged),
        "errors": severities.count("error"),
        "warnings": severities.count("warning"),
        "stale": sum(bool(one.stale) for one in judged),
        "unmade": sum(bool(one.unmade) for one in judged),
    }
