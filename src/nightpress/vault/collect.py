"""What travels: what git tracks or would add; without git everything minus the ignore patterns.

Links are recorded and never followed; what stays out is recorded with its reason. Each file
belongs to the innermost plugin that holds it, else to the project.
"""

from __future__ import annotations

import os
import stat
import subprocess
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from nightpress.errors import UnsafePath
from nightpress.lazy import pattern
from nightpress.plugin import is_secret
from nightpress.storage import git
from nightpress.storage import tree as reading
from nightpress.text import safe
from nightpress.vault.source import Plugin, Source, is_open
from nightpress.vault.trees import Node

Kind = Literal["plugin", "project", "ledger"]

CAPS = reading.Caps(files=500_000, depth=100)
_PART_ENTRIES = 32
_MOST_PARTS = 64
_ALWAYS = (".git", ".hg", ".svn", ".nightpress")
_MADE_AGAIN = (
    ".venv/", "node_modules/", "__pycache__/", ".mypy_cache/", ".pytest_cache/", ".ruff_cache/",
)  # fmt: skip
"""Untracked folders that stay out though no .gitignore says so: any tool makes them again."""


class Part(Struct, frozen=True):
    """One part of a snapshot, before anything is read. path: relative to the project; files: to
    be read; nodes: folders, links and what stays out."""

    kind: Kind
    plugin: Plugin
    files: tuple[reading.Entry, ...]
    nodes: tuple[Node, ...]


class _Known(Struct, frozen=True):
    """What each walk asks of the whole project, which may have 100,000 plugins. ignored: by git;
    None without it."""

    ignored: frozenset[str] | None
    plugins: frozenset[str]
    kept: frozenset[str]
    patterns: reading.Ignore

    @classmethod
    def of(cls, source: Source, ignored: frozenset[str] | None) -> _Known:
        plugins = frozenset(plugin.path for plugin in source.plugins)
        kept = reading.with_parents(source.keep)
        return cls(ignored, plugins, kept, reading.Ignore(source.ignore))

    def within(self, base: str) -> reading.Ignore:
        """What is passed over in a folder of the project."""
        return (_Patterns if self.ignored is None else _Travels)(base, self)


class _Travels(reading.Ignore):
    """Passes over what git ignores, and the plugins inside of the folder that is walked."""

    def __init__(self, base: str, known: _Known) -> None:
        super().__init__(_ALWAYS, defaults=False)
        self._base = "" if base == "." else f"{base}/"
        self._ignored = known.ignored or frozenset()
        self._own, self._plugins = base, known.plugins
        self._kept = known.kept

    def holds(self, name: str, path: str) -> bool:
        whole = self._base + path
        if whole in self._plugins and whole != self._own:
            return True
        return whole not in self._kept and self._stays(name, path, whole)

    def _stays(self, name: str, path: str, whole: str) -> bool:
        above = whole
        while above not in self._ignored:
            above = above.rpartition("/")[0]
            if above not in self._kept:  # it is walked at all only for the sake of what is kept
                return super().holds(name, path)
        return True


class _Patterns(_Travels):
    """Without git: the ignore patterns, too."""

    def __init__(self, base: str, known: _Known) -> None:
        super().__init__(base, known)
        self._ignore = known.patterns

    def _stays(self, name: str, path: str, whole: str) -> bool:
        return self._ignore.holds(name, path) or super()._stays(name, path, whole)


def collect(source: Source) -> tuple[list[Part], list[str]]:
    """The parts of the project (but for the ledger), and notices on what was passed over."""
    notices: list[str] = []
    known = _Known.of(source, _git_ignored(source.root, notices))
    parts: list[Part] = []
    for plugin in source.plugins:
        try:
            if plugin.path != ".":
                reading.parts_of(plugin.path)
            root = _folder(source.root, plugin.path)
        except (OSError, UnsafePath) as error:
            notices.append(f"plugin {safe(plugin.slug)} was not backed up: {safe(str(error))}")
            continue
        tree = reading.walk(root, known.within(plugin.path), CAPS)
        parts.append(_part("plugin", plugin, tree, source))
    taken = replace(source, plugins=tuple(part.plugin for part in parts))
    parts += _project(taken, _Known.of(taken, known.ignored), parts)
    return parts, notices


def _folder(root: Path, path: str) -> Path:
    """The folder, if no link is on the way to it."""
    os.close(reading.open_folder(root, [] if path == "." else reading.parts_of(path)))
    return root / path


def _project(source: Source, known: _Known, plugins: Sequence[Part]) -> list[Part]:
    """The project's own files, but for those that travel with a plugin; many of them in several
    parts, since a change costs the list of its part."""
    own: dict[str, reading.Entry] = {}
    notices = [] if known.ignored is None else _not_checked_out(source.root)
    for path in source.files:
        for entry in _below(source, path, known, notices):
            own[entry.path] = entry
    for part in plugins:
        if part.plugin.path == ".":
            for path in [*(e.path for e in part.files), *(n.path for n in part.nodes)]:
                own.pop(path, None)
    count = 1
    while count < _MOST_PARTS and count * _PART_ENTRIES < len(own):
        count *= 2
    groups: list[list[reading.Entry]] = [[] for _ in range(count)]
    for path in sorted(own):
        groups[zlib.crc32(os.fsencode(path)) % count].append(own[path])
    parts = []
    for number, group in enumerate(groups):
        slug = f"project-{number:02}" if number else "project"
        tree = reading.Tree(tuple(group), () if number else tuple(notices))
        parts.append(_part("project", Plugin(slug, source.root.name, "."), tree, source))
    return parts


def _below(
    source: Source, path: str, known: _Known, notices: list[reading.Notice]
) -> Iterator[reading.Entry]:
    """The entry at `path`, the folders on the way to it, and what it holds."""
    above, _, name = path.rpartition("/")
    holder = source.root / above
    ignore = known.within(above or ".")
    if ignore.holds(name, name) or not os.path.lexists(holder / name):
        return
    for depth in range(1, path.count("/") + 1):
        way = "/".join(path.split("/")[:depth])
        folder = reading.entry(source.root / way, way)
        if folder.kind != "dir":
            notices.append(reading.Notice(path, "behind a link: not backed up"))
            return
        yield folder
    own = reading.entry(holder / name, path)
    yield replace(own, kind="outside") if own.kind == "file" and own.links > 1 else own
    if own.kind != "dir":
        return
    tree = reading.walk(holder / name, known.within(path), CAPS)
    notices += [reading.Notice(f"{path}/{n.path}", n.what) for n in tree.notices]
    for e in tree.files:
        yield replace(e, path=f"{path}/{e.path}")


def _part(kind: Kind, plugin: Plugin, tree: reading.Tree, source: Source) -> Part:
    files: list[reading.Entry] = []
    nodes: list[Node] = []
    if plugin.path != ".":
        nodes.append(Node("d", ".", stat.S_IMODE(os.lstat(source.root / plugin.path).st_mode)))
    for e in tree.files:
        if e.kind == "dir":
            nodes.append(Node("d", e.path, stat.S_IMODE(e.mode)))
        elif e.kind == "link":
            nodes.append(Node("l", e.path, text=e.link_target or ""))
        elif e.kind == "special":
            nodes.append(Node("x", e.path, text="not a regular file", grave=False))
        elif e.size > source.max_file_bytes:
            why = f"{e.size:,} bytes is more than {source.max_file_bytes:,}"
            nodes.append(Node("x", e.path, text=why, grave=True))
        elif e.kind == "outside":
            nodes.append(Node("x", e.path, text="a hard link that leads out", grave=True))
        elif (
            is_secret(e.path, source.secret_names)
            and not (kind == "project" and _DECLARES.fullmatch(e.path))
            and not is_open(source, _below_root(plugin.path, e.path))
        ):
            nodes.append(Node("x", e.path, text="its name says that it holds secrets"))
        else:
            files.append(e)
    paths = {node.path for node in nodes if node.kind == "x"}
    for notice in tree.notices:
        if notice.path not in paths:
            nodes.append(Node("x", notice.path or ".", text=notice.what, grave=True))
    return Part(kind, plugin, tuple(files), tuple(nodes))


_DECLARES = pattern(r"manifests/[^/]+\.ya?ml")
"""A manifest: it is called after its plugin, `secret-scanner` or whatever."""


def _below_root(base: str, path: str) -> str:
    return path if base == "." else f"{base}/{path}"


def _git_ignored(root: Path, notices: list[str]) -> frozenset[str] | None:
    """What git ignores below root (a folder stands for all it holds); None: git does not say."""
    if not git.is_repository(root):
        return None
    try:
        return git.ignored(root, *(f"--exclude={name}" for name in _MADE_AGAIN))
    except subprocess.CalledProcessError as error:
        why = error.stderr.decode("utf-8", "replace").strip().splitlines()
        notices.append(f"git cannot say what it ignores ({safe(why[0]) if why else 'failed'}):"
                       " the ignore patterns decide")  # fmt: skip
        return None
    except (OSError, subprocess.TimeoutExpired) as error:
        notices.append(f"git cannot be asked ({type(error).__name__}): the ignore patterns decide")
        return None


def _not_checked_out(root: Path) -> list[reading.Notice]:
    """What git tracks and a sparse checkout keeps off this disk."""
    try:
        question = ("config", "--get", "--default=false", "--type=bool", "core.sparseCheckout")
        if git.run(root, *question) != b"true\n":
            return []
        rows = git.run(root, "ls-files", "-z", "-t").split(b"\0")
    except (OSError, subprocess.SubprocessError):
        return []
    return [
        reading.Notice(os.fsdecode(row[2:]), "git tracks it, a sparse checkout leaves it out")
        for row in rows
        if row.startswith(b"S ")
    ]
