"""Verdicts of `nightpress check`, remembered until something moves that they turned on.

A document's verdict turns on the files of its plugin, and in a project on a few things more: what
everything depends on, which components there are, and of documents of ours on the others'. All of
that is told by stats (as the index does), so a second look costs a walk. Kept in the user's own
folder, since a check writes nothing beside the documents; a cache, whose loss costs time.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from nightpress.errors import LedgerError, MachineTrouble
from nightpress.project import Project, version
from nightpress.storage import RACY_NS, Store

MOST = 1_000_000
"""Entries of a tree beyond which nothing is remembered of it."""
DAYS = 30
"""Days after which a verdict that nobody asked for is forgotten."""
_APART = frozenset({".git", ".nightpress", "node_modules", "__pycache__"})
_COMPONENT = re.compile(r"(?:^|/)(?:commands/[^/]+\.md|agents/[^/]+\.md|skills/[^/]+/SKILL\.md)$")
_SCHEMA = """
CREATE TABLE verdicts (
  unit TEXT PRIMARY KEY, turned_on TEXT NOT NULL, verdicts BLOB NOT NULL, day INTEGER NOT NULL
) WITHOUT ROWID;
"""

Kind = TypeVar("Kind")


class Memory(Generic[Kind]):
    """The verdicts that are remembered, of one unit each (a plugin, a file)."""

    def __init__(self, kind: type[Kind]) -> None:
        import platformdirs

        folder = platformdirs.user_state_path("nightpress", appauthor=False)
        self._store = Store(folder / "check.db", (_SCHEMA,), durable=False)
        self._decoder = msgspec.json.Decoder(kind)
        self._began = time.time_ns()
        self._new: dict[str, tuple[str, bytes]] = {}
        self._stats: dict[tuple[Path, int], Stats | None] = {}

    def stats_of(self, root: Path, most: int) -> Stats | None:
        """`stats_of`, looked at once."""
        if (root, most) not in self._stats:
            self._stats[root, most] = stats_of(root, most)
        return self._stats[root, most]

    def recall(self, unit: str, turns_on: Callable[[Kind], str]) -> Kind | None:
        """What is remembered of it, if what it turned on is as `turns_on` says that it is now."""
        query = "SELECT turned_on, verdicts FROM verdicts WHERE unit = ?"
        try:
            row = self._store.connection().execute(query, (unit,)).fetchone()
            known = None if row is None else self._decoder.decode(row["verdicts"])
        except (LedgerError, MachineTrouble, OSError, msgspec.DecodeError):
            return None
        return known if known is not None and turns_on(known) == row["turned_on"] else None

    def keep(self, unit: str, turned_on: str, verdicts: Kind, newest: int) -> None:
        """newest: when something that they turned on was changed last (ns): what is young may
        change again without a trace."""
        if newest <= self._began - RACY_NS:
            with suppress(UnicodeEncodeError):  # of a file name that is none
                self._new[unit] = turned_on, msgspec.json.encode(verdicts)

    def close(self) -> None:
        """Write what is new, where it can be written."""
        today = self._began // 86_400_000_000_000
        try:
            if self._new:
                with self._store.write() as db:
                    db.executemany(
                        "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?)",
                        [(unit, on, data, today) for unit, (on, data) in self._new.items()],
                    )
                    db.execute("DELETE FROM verdicts WHERE day < ?", (today - DAYS,))
            self._store.close()
        except (LedgerError, MachineTrouble, OSError):
            return  # it is judged again


class Stats(Struct, frozen=True):
    """The stats of a tree's entries: size, mtime, ctime, inode and mode; both in the order of the
    paths."""

    paths: list[str]
    values: list[tuple[int, ...]]

    def below(self, folder: str) -> Stats:
        """Those of one folder; of "." all."""
        if folder in ("", "."):
            return self
        first, end = (bisect_left(self.paths, f"{folder}{mark}") for mark in "/0")
        return Stats(self.paths[first:end], self.values[first:end])

    def only(self, wanted: Callable[[str], bool]) -> Stats:
        pairs = [pair for pair in zip(self.paths, self.values, strict=True) if wanted(pair[0])]
        return Stats([path for path, _ in pairs], [value for _, value in pairs])

    def told(self) -> Iterator[str]:
        return (f"{path} {one}" for path, one in zip(self.paths, self.values, strict=True))

    def newest(self) -> int:
        """When something there was changed last (ns); 0: there is nothing."""
        return max((max(one[1:3], default=0) for one in self.values), default=0)


class World(Struct, frozen=True):
    """What the verdicts in a project turn on beside the plugin's own files. stats: of all its
    files; base: of what all turn on; documents: of what those of ours turn on, too; newest: of
    what is in base (ns)."""

    stats: Stats
    base: str
    documents: str
    newest: int

    def of(self, slug: str, folder: str, *, ours: bool) -> tuple[str, int]:
        """(what the verdicts of this plugin turn on, when something of it was changed last)."""
        own = self.stats.below(folder)
        what = digest([self.base, self.documents if ours else "", slug, folder, *own.told()])
        return what, max(self.newest, own.newest())


def world(project: Project) -> World | None:
    """The project as it stands; None: too large to be remembered."""
    stats = stats_of(project.root)
    if stats is None:
        return None
    lock = project.lock()
    homes = [path.removesuffix(_MARKER) for path in stats.paths if path.endswith(f"/{_MARKER}")]
    inside = {path for home in homes for path in stats.below(home.rstrip("/")).paths}
    rest = stats.only(lambda path: path not in inside and path != _LOCK)
    components = filter(_COMPONENT.search, stats.paths)
    targets = {entry.target for entry in lock.values()}
    texts = stats.only(lambda path: path in targets or path.endswith("SKILL.md"))
    base = digest([
        code(), project.key(), lock.sha256,
        project.ledger.state() if project.has_ledger else "", *rest.told(), "", *components,
    ])  # fmt: skip
    return World(stats, base, digest(texts.told()), rest.newest())


_MARKER = ".claude-plugin/plugin.json"
_LOCK = "nightpress.lock"


def stats_of(root: Path, most: int = MOST) -> Stats | None:
    """Every entry below `root`, links not followed; None: more than `most`."""
    found: dict[str, tuple[int, ...]] = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    if entry.name in _APART:
                        continue
                    path = f"{folder}{entry.name}"
                    s = entry.stat(follow_symlinks=False)
                    found[path] = (s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino, s.st_mode)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{path}/")
        except OSError:
            found[f"{folder}/"] = (0,)  # it is judged as what cannot be read
        if len(found) > most:
            return None
    paths = sorted(found)
    return Stats(paths, [found[path] for path in paths])


def digest(texts: Iterable[str]) -> str:
    total = hashlib.sha256()
    for text in texts:
        total.update(text.encode("utf-8", "surrogateescape") + b"\0")
    return total.hexdigest()


@lru_cache(maxsize=1)
def code() -> str:
    """Of the gates, and of all that they rest on: an upgrade judges anew."""
    import nightpress

    package = Path(nightpress.__file__).parent
    return digest([version(), *((stats_of(package) or Stats([], [])).told())])
