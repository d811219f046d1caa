"""Reading what others wrote: untrusted trees, walked and read without following anything.

No link is followed, no special file is opened, no path leaves its root; sizes, counts and depth are
capped before anything is read. Rules: the reliability notes ("Untrusted plugins"); `open()` on a
FIFO hangs, `resolve()` is fooled by links.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from nightpress.errors import UnsafePath
from nightpress.storage import stamp
from nightpress.text import safe

Kind = Literal["file", "link", "dir", "special", "outside"]
"""special: a FIFO, socket or device; outside: a hard link to a file that has a name out of here."""

DEFAULT_IGNORE = (
    ".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", ".nightpress", ".DS_Store",
    "*.bak", "*.orig", "*~", "*.swp", "*.pyc", "backup", "backups", "*-backups", "*_backups",
    "*.backup", "*.backup[-._][0-9]*", "*[-._]backup[-._][0-9]*", "*.bak[-._][0-9]*",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".*.nightpress-*",
)  # fmt: skip

COMPONENTS = ("skills", "commands", "agents")
"""Folders whose entries are called what their author likes."""


class Caps(Struct, frozen=True):
    """files: entries of one tree at most; depth: folders below the root at most."""

    files: int = 200_000
    depth: int = 40


class Entry(Struct, frozen=True):
    """One entry of a tree; path: POSIX, relative to the root (surrogate escapes for odd bytes)."""

    path: str
    kind: Kind
    size: int
    mode: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    links: int = 1
    link_target: str | None = None

    @property
    def stamp(self) -> str:
        return stamp.text(self.mode, self.size, self.mtime_ns, self.ctime_ns, self.inode)

    @property
    def changed_ns(self) -> int:
        return max(self.mtime_ns, self.ctime_ns)


class Notice(Struct, frozen=True):
    """Something in a tree that was not read, and what we did about it."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{safe(self.path)}: {self.what}"


class Tree(Struct, frozen=True):
    """A walked tree: its entries sorted by path, and what was passed over; cut: there are more
    entries than the caps allow, so this is no whole one."""

    files: tuple[Entry, ...]
    notices: tuple[Notice, ...] = ()
    cut: bool = False


class Ignore:
    """Patterns as in .gitignore, in short: a name (any depth) or a path, `*` and `?` allowed.

    keep: paths that are never passed over, nor a folder on the way to one; without: paths that
    are, as they are called. The default patterns
    do not hold for what lies directly in a folder of components: a skill may be called "backup".
    """

    def __init__(
        self,
        patterns: Sequence[str] = (),
        *,
        defaults: bool = True,
        keep: Iterable[str] = (),
        without: Container[str] = (),
    ) -> None:
        cleaned = [p.strip("/") for p in patterns if p.strip("/")]
        self._default = _matcher(DEFAULT_IGNORE if defaults else ())
        self._names = _matcher(tuple(p for p in cleaned if "/" not in p))
        self._paths = _matcher(tuple(p for p in cleaned if "/" in p))
        self._keep = with_parents(keep)
        self._without = without

    def holds(self, name: str, path: str) -> bool:
        """Is the entry of this name, at this path, to be passed over?"""
        if path in self._keep:
            return False
        if path in self._without or self._names(name) or self._paths(path):
            return True
        return self._default(name) and not _is_component(name, path)


def with_parents(paths: Iterable[str]) -> frozenset[str]:
    """The paths, and every folder on the way to one."""
    every = set()
    for path in paths:
        while path and path not in every:
            every.add(path)
            path = path.rpartition("/")[0]
    return frozenset(every)


def _is_component(name: str, path: str) -> bool:
    folder = path.rpartition("/")[0].rpartition("/")[2]
    return folder in COMPONENTS and name in ("backup", "backups")


class _Matcher:
    def __init__(self, patterns: tuple[str, ...]) -> None:
        import fnmatch
        import re

        self._plain = frozenset(p for p in patterns if not set(p) & set("*?["))
        wild = [fnmatch.translate(p) for p in patterns if p not in self._plain]
        self._wild = re.compile("|".join(wild)) if wild else None

    def __call__(self, text: str) -> bool:
        if text in self._plain:
            return True
        return self._wild is not None and self._wild.match(text) is not None


@lru_cache(maxsize=64)
def _matcher(patterns: tuple[str, ...]) -> _Matcher:
    return _Matcher(patterns)


_NOTHING = Ignore()


def walk(root: Path, ignore: Ignore | None = None, caps: Caps | None = None) -> Tree:
    """Every entry below `root`, folders included; links are entries, never followed.

    Raises UnsafePath if root itself is a link or no folder.
    """
    caps = caps or Caps()
    if not stat.S_ISDIR(os.lstat(root).st_mode):
        raise UnsafePath(f"{safe(str(root))} is not a folder", "links to folders are not followed")
    entries: list[Entry] = []
    notices: list[Notice] = []
    cut = False
    for entry in _below(str(root), "", ignore or _NOTHING, caps, 0, notices):
        if len(entries) >= caps.files:
            notices.append(Notice("", f"more than {caps.files} entries: the rest is skipped"))
            cut = True
            break
        entries.append(entry)
    entries.sort(key=lambda e: e.path)
    return Tree(tuple(_without_outside(entries, notices)), tuple(notices), cut)


def _without_outside(entries: list[Entry], notices: list[Notice]) -> list[Entry]:
    """The entries; files that have more names than stand in the tree are of kind `outside`."""
    names = Counter(e.inode for e in entries if e.kind == "file" and e.links > 1)
    if not names:
        return entries
    inside = []
    for entry in entries:
        if entry.kind == "file" and entry.links > 1 and names[entry.inode] < entry.links:
            notices.append(Notice(entry.path, "a hard link that leads out: never read"))
            entry = replace(entry, kind="outside")
        inside.append(entry)
    return inside


def _below(
    root: str, prefix: str, ignore: Ignore, caps: Caps, depth: int, notices: list[Notice]
) -> Iterator[Entry]:
    if depth > caps.depth:
        notices.append(Notice(prefix, f"deeper than {caps.depth} folders: skipped"))
        return
    try:
        with os.scandir(f"{root}/{prefix}" if prefix else root) as folder:
            children = list(folder)
    except OSError as error:
        notices.append(Notice(prefix, f"cannot be listed ({error.strerror}): skipped"))
        return
    for child in children:
        path = f"{prefix}/{child.name}" if prefix else child.name
        if ignore.holds(child.name, path):
            continue
        try:
            one = entry(child.path, path)
        except FileNotFoundError:
            continue
        if one.kind == "special":
            notices.append(
                Notice(path, "not a regular file (FIFO, socket or device): never opened")
            )
        yield one
        if one.kind == "dir":
            yield from _below(root, path, ignore, caps, depth + 1, notices)


def entry(place: str | Path, path: str) -> Entry:
    """What stands at `place`, by itself; path: what it is called in its tree."""
    s = os.lstat(place)
    target = os.readlink(place) if stat.S_ISLNK(s.st_mode) else None
    return Entry(
        path, _kind(s.st_mode), s.st_size, s.st_mode, s.st_mtime_ns, s.st_ctime_ns, s.st_ino,
        s.st_nlink, target,
    )  # fmt: skip


def _kind(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISLNK(mode):
        return "link"
    return "dir" if stat.S_ISDIR(mode) else "special"


def parts_of(path: str) -> list[str]:
    """The components of a relative path; UnsafePath for absolute ones, `..`, `.` and NUL."""
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts) or "\0" in path:
        raise UnsafePath(f"{safe(path)!r} is not a plain relative path")
    return parts


def open_folder(root: Path, parts: Sequence[str]) -> int:
    """A descriptor of the folder, opened component by component, following no link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            inner = os.open(part, flags, dir_fd=current)
            os.close(current)
            current = inner
    except OSError as error:
        os.close(current)
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            where = safe("/".join(parts))
            raise UnsafePath(f"{where}: a link or a file is in the way") from error
        raise
    return current


def read(root: Path, path: str, cap: int, *, hard_links: bool = True) -> bytes:
    """The bytes of a regular file below root, at most `cap` of them (more: UnsafePath).

    hard_links=False refuses a file that has other names. Raises FileNotFoundError, UnsafePath.
    """
    *folders, name = parts_of(path)
    folder = open_folder(root, folders)
    try:
        return _read_in(folder, name, path, cap, hard_links)
    finally:
        os.close(folder)


def _read_in(folder: int, name: str, path: str, cap: int, hard_links: bool) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.open(name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise UnsafePath(f"{safe(path)}: a link or a special file is not read") from error
        raise
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise UnsafePath(f"{safe(path)}: only regular files are read")
        if status.st_nlink > 1 and not hard_links:
            raise UnsafePath(f"{safe(path)}: a hard link may lead out of the plugin")
        if status.st_size > cap:
            raise UnsafePath(f"{safe(path)}: {status.st_size:,} bytes is more than {cap:,}")
        return _read_all(file, cap)
    finally:
        os.close(file)


def _read_all(file: int, cap: int) -> bytes:
    pieces = []
    left = cap + 1
    while left > 0 and (piece := os.read(file, min(left, 1 << 20))):
        pieces.append(piece)
        left -= len(piece)
    data = b"".join(pieces)
    return data[:cap]
