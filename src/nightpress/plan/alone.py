"""What `nightpress check` was given, and the documents there that no manifest declares: judged by
what holds for any document.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from nightpress import checks
from nightpress.checks import Market, Skill, source_findings, trigger
from nightpress.errors import UnsafePath, UsageError
from nightpress.model import Anatomy, Finding
from nightpress.plan import remembered, source
from nightpress.plan.remembered import Memory
from nightpress.plugin import kind_of, sources
from nightpress.project import peek
from nightpress.storage import tree as reading
from nightpress.text import suggestion

CAP = 1024 * 1024
"""Bytes of a document; a larger one is a finding, and is not read."""
MARKER = ".claude-plugin/plugin.json"
MAY_BE_ELSEWHERE = ("command-exists", "agent-exists", "skill-exists")
"""Gates that warn outside a project, where the marketplace's other plugins are not known."""
SKILL_FILES = 2000
"""Entries of a skill's folder that are looked at: a SKILL.md may lie in somebody's home."""


class Judged(Struct, frozen=True):
    """One document. path: as the user would type it; score: None where it could not be read;
    stale: the reasons for which its project would make it again; unmade: those for a first
    document, or a draft beside a person's; place: its path in the repository, by which
    a forge and a baseline know it wherever the command was typed;
    accepted: errors that nightpress.lock has as accepted, which are no findings; counted_from: what
    the score was counted from; skill: what is listed of it, and what its users
    ask for, where it is a skill; source: no verdict, but what the plugin's own file needs."""

    path: str
    size: int
    score: int | None
    findings: tuple[Finding, ...]
    stale: tuple[str, ...] = ()
    unmade: tuple[str, ...] = ()
    place: str = ""
    counted_from: str = ""
    skill: Skill | None = None
    accepted: tuple[Finding, ...] = ()
    source: bool = False


class Known(Struct, frozen=True):
    """What is remembered of a plugin, or of one document alone. judged: by the path in the project
    (or plugin); folder: the plugin's; ours: is any of its documents of our making."""

    judged: list[tuple[str, Judged]]
    folder: str = "."
    ours: bool = False


def _plugins(here: Path) -> dict[str, Path]:
    """The folders of the plugins, by their manifests' names, of the project around a folder."""
    roots = (here, *here.parents)
    root = next((one for one in roots if (one / "manifests" / "_defaults.yaml").is_file()), here)
    found = {path.stem: peek(path) or {} for path in root.glob("manifests/[!_]*.yaml")}
    return {slug: root / str(has["plugin"]) for slug, has in found.items() if "plugin" in has}


class Asked(Struct, frozen=True):
    """A path that was given, as it was typed. top: its absolute path, links of the way to it
    resolved; project: the folder of the project that it lies in."""

    typed: str
    top: Path
    project: Path | None

    @classmethod
    def of(cls, typed: str, here: Path) -> Asked:
        path = here / typed
        if not path.exists():
            plugins = _plugins(here)
            path = plugins.get(typed.rstrip("/"), path)
        if not path.exists():
            near = suggestion(typed, plugins, lead="; ")
            raise UsageError(
                f"{typed}: there is no such file, folder or plugin{near}",
                "name a document, a plugin's folder, or nothing: the whole project",
            )
        top = path.resolve()
        parents = [top, *top.parents]
        project = next((p for p in parents if (p / "manifests" / "_defaults.yaml").is_file()), None)
        return cls(typed, top, project)

    def holds(self, path: Path) -> bool:
        return path == self.top or self.top in path.parents

    def shown(self, path: Path) -> str:
        if path == self.top:
            return self.typed
        inner = path.relative_to(self.top).as_posix()
        return inner if self.typed in ("", ".") else f"{self.typed.rstrip('/')}/{inner}"

    def documents(self) -> Iterator[Path]:
        """The file that was named, if it is Markdown, or every SKILL.md below the folder that
        was."""
        if not self.top.is_dir():
            if self.top.suffix.lower() in (".md", ".markdown", ".mdx"):
                yield self.top
            return
        for entry in reading.walk(self.top, reading.Ignore()).files:
            if entry.kind == "file" and kind_of(entry.path) == "skill":
                yield self.top / entry.path


def judged(memory: Memory[Known], path: Path, shown: str) -> Judged:
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
    ((_, one),) = known.judged
    return replace(one, path=shown, skill=one.skill and replace(one.skill, id=shown))


def _alone(path: Path, shown: str) -> Judged:
    """A document that no manifest declares: by what holds for any document, in its plugin if it
    lies in one, else in its skill's folder."""
    base = _base(path)
    text, unreadable = text_of(base, path.relative_to(base).as_posix())
    if unreadable is not None:
        return Judged(shown, path.stat().st_size, None, (unreadable,))
    target = path.relative_to(base).as_posix()
    if (base / MARKER).is_file():
        context = replace(
            checks.alone(target, _files(base)),
            anatomy=anatomy_of(base), elsewhere=_elsewhere,
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


def of_sources(one: Asked, memory: Memory[Known]) -> Iterator[tuple[Judged, Path]]:
    """The source findings of the plugins at or below a folder that is no project."""
    walked = reading.walk(one.top, reading.Ignore()).files
    roots = {one.top / e.path.removesuffix(MARKER) for e in walked if e.path.endswith(MARKER)}
    for root in sorted(roots):
        stats = memory.stats_of(root, 20_000)
        now = remembered.digest([remembered.code(), *(stats.told() if stats else ())])
        known = memory.recall(f"sources {root}", partial(_as, now)) if stats else None
        if known is None:
            found = source_findings.find(
                anatomy_of(root), _files(root), Market(elsewhere=_elsewhere)
            )
            told = source.findings(found).items()
            known = Known([(file, Judged("", 0, None, findings)) for file, findings in told])
            if stats:
                memory.keep(f"sources {root}", now, known, stats.newest())
        for file, said in known.judged:
            yield replace(said, path=one.shown(root / file)), root / file


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
def anatomy_of(base: Path) -> Anatomy:
    """The anatomy of a plugin by its files alone."""
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


def text_of(root: Path, path: str) -> tuple[str, Finding | None]:
    """The document's text, or why it cannot be judged."""
    try:
        data = reading.read(root, path, CAP)
    except (UnsafePath, OSError) as error:
        message = error.message if isinstance(error, UnsafePath) else str(error.strerror)
        return "", Finding("readable", "error", f"cannot be judged: {message}")
    return data.decode("utf-8", "surrogateescape"), None
