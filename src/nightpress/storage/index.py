"""The index: which plugins have not moved since they were found to need nothing, and the
sha256 of every file that was read before.

A cache: deleting it changes nothing but time. stat is a hint (git's racy-git): an entry is trusted
only if size, mtime, ctime, inode and mode are the same *and* the file was not modified within the
clock's granularity of being looked at.
"""

import hashlib
import os
import threading
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from nightpress.storage.sqlite import Connection, Store

HASH_CAP = 64 * 1024 * 1024
"""Bytes; a larger file counts by its size alone."""

LOCK = "lock_in_order"
"""meta: sha256 of the lock file, every line of which is good and in order, that the settled plugins
agree with."""
UNORDERED = "unordered "
"""Before that sha256: a file that has to be read line by line again."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE settled (
  slug TEXT PRIMARY KEY,
  names BLOB NOT NULL,
  signature BLOB NOT NULL,
  lock_digest TEXT NOT NULL,
  counts TEXT NOT NULL,
  items TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE files (path BLOB PRIMARY KEY, stamp BLOB NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE appraisals (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_SKETCHED = """
ALTER TABLE settled ADD COLUMN sketchbook TEXT NOT NULL DEFAULT '';
CREATE INDEX settled_sketchbook ON settled (sketchbook);
"""
_SKETCHES = """
DROP INDEX settled_sketchbook;
CREATE TABLE sketches (
  target TEXT PRIMARY KEY, sha256 TEXT NOT NULL, bins BLOB NOT NULL, bands BLOB NOT NULL
) WITHOUT ROWID;
"""

_HELD = "DELETE FROM files;"
"""Digests are of content by now, with those of the bytes where they are others."""
_UNMARKED = "DELETE FROM files;"
"""A byte order mark is no content by now."""


AT_ONCE = 2_000
"""Rows that are written together, while many are found out."""


class UpToDate(NamedTuple):
    """A plugin without work. names: every path that was looked at, relative to the project;
    counts: its decisions, counted, as text; items: its enhancements as JSON."""

    slug: str
    names: tuple[bytes, ...]
    signature: bytes
    lock_digest: str
    counts: str
    items: str


class Sketches(NamedTuple):
    """What a document's paragraphs are compared by. target: relative to the project; sha256: of the
    document; bins, bands: 64-bit numbers of the machine; stamp: of the file that said this when it
    was hashed, b"" where no file did."""

    target: str
    sha256: str
    bins: bytes
    bands: bytes
    stamp: bytes = b""


class Index:
    """The open index of one project; root: the project's folder."""

    def __init__(self, path: Path, root: Path) -> None:
        self.root = os.fsencode(root)
        self._store = Store(path, (_SCHEMA, _SKETCHED, _SKETCHES, _HELD, _UNMARKED), durable=False)
        self._still: dict[str, bytes] | None = None
        self._gathers = False
        self._files: dict[bytes, tuple[bytes, str]] = {}
        self._appraisals: dict[str, str] = {}
        self._guard = threading.Lock()
        self._folders: dict[str, bytes] = {}

    def meta(self, key: str) -> str:
        row = self._db().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row["value"]) if row else ""

    def set_meta(self, key: str, value: str) -> None:
        with self._store.write() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # --- plugins without work ---

    def unmoved(self) -> Iterator[tuple[str, str, str]]:
        """(slug, lock_digest, counts) of each settled plugin of which no file moved."""
        self._still = still = {}
        cursor = self._db().cursor()
        cursor.row_factory = None  # plain tuples: there may be tens of thousands
        cursor.execute("SELECT slug, names, signature, lock_digest, counts FROM settled")
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            lstat = partial(os.lstat, dir_fd=folder)
            for slug, names, signature, lock_digest, counts in cursor:
                looked_at = names.split(b"\0")
                if _sign(lstat, looked_at) == signature:
                    still[slug] = signature
                    self._folders[slug] = looked_at[1]  # after the manifest
                    yield slug, lock_digest, counts
        finally:
            os.close(folder)

    def still(self, key: Callable[[], str]) -> Mapping[str, bytes]:
        """slug -> signature of the settled plugins of which no file had moved when this process
        looked; key: of the project, as it is now."""
        if self._still is None and self.meta("key") == key():
            for _ in self.unmoved():
                pass
        return self._still or {}

    def folder(self, slug: str) -> str | None:
        """The folder of a plugin that has not moved, relative to the project."""
        folder = self._folders.get(slug)
        return None if folder is None else os.fsdecode(folder)

    def items(self, slug: str) -> str:
        row = self._db().execute("SELECT items FROM settled WHERE slug = ?", (slug,)).fetchone()
        return str(row["items"]) if row else "[]"

    def all_items(self) -> Iterator[tuple[str, str]]:
        """(slug, items) of every settled plugin."""
        cursor = self._db().cursor()
        cursor.row_factory = None
        yield from cursor.execute("SELECT slug, items FROM settled")

    def remember_up_to_date(self, plugins: Iterable[UpToDate]) -> None:
        with self._store.write() as db:
            db.executemany(
                "INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?, ?, ?, '')",
                [
                    (s.slug, b"\0".join(s.names), s.signature, s.lock_digest, s.counts, s.items)
                    for s in plugins
                ],
            )

    def invalidate(self, slugs: Collection[str]) -> None:
        for slug in slugs:
            (self._still or {}).pop(slug, None)
        with self._store.write() as db:
            db.executemany("DELETE FROM settled WHERE slug = ?", [(slug,) for slug in slugs])

    def invalidate_all(self, key: str) -> None:
        """Start over under another key: an ingredient of everything has changed."""
        self._still = {}
        with self._store.write() as db:
            db.execute("DELETE FROM settled")
            db.execute("INSERT OR REPLACE INTO meta VALUES ('key', ?)", (key,))

    # --- hashes of files ---

    def hashes(self, folder: bytes) -> dict[bytes, tuple[bytes, str]]:
        """path -> (stamp, sha256) of the files below a folder that were hashed before."""
        query = "SELECT path, stamp, sha256 FROM files WHERE path > ? AND path < ?"
        rows = self._db().execute(query, (folder + b"/", folder + b"0"))  # what follows a slash
        return {path: (stamp, sha256) for path, stamp, sha256 in rows}

    def remember(self, hashes: Mapping[bytes, tuple[bytes, str]]) -> None:
        with self._guard:
            self._files.update(hashes)
        self._write()

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """What is kept meanwhile is written many rows at a time: one transaction for each takes as
        long as ten of them. Whatever is asked of the index is told of those, too."""
        self._gathers = True
        try:
            yield
        finally:
            self._gathers = False
            self._write()

    def _write(self) -> None:
        with self._guard:
            count = len(self._files) + len(self._appraisals)
            if not count or (self._gathers and count < AT_ONCE):
                return
            files = [(name, *held) for name, held in self._files.items()]
            with self._store.write() as db:
                db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", files)
                appraisals = self._appraisals.items()
                db.executemany("INSERT OR REPLACE INTO appraisals VALUES (?, ?)", appraisals)
            self._files, self._appraisals = {}, {}

    # --- documents, by their paragraphs ---

    def sketches(self) -> Iterator[Sketches]:
        cursor = self._db().cursor()
        cursor.row_factory = None
        cursor.execute(
            "SELECT target, s.sha256, bins, bands, coalesce(stamp, x'') FROM sketches s"
            " LEFT JOIN files f ON f.path = CAST(target AS BLOB)"
            " AND s.sha256 IN (f.sha256, substr(f.sha256, 66, 64))"  # that of the bytes
        )
        for row in cursor:
            yield Sketches(*row)

    def keep_sketches(self, rows: Collection[Sketches], gone: Iterable[str] = ()) -> None:
        """Sketches of these documents, in place of what was kept of them; gone: targets."""
        if not rows and not gone:
            return
        with self._store.write() as db:
            db.executemany("DELETE FROM sketches WHERE target = ?", [(name,) for name in gone])
            db.executemany(
                "INSERT OR REPLACE INTO sketches VALUES (?, ?, ?, ?)",
                [(row.target, row.sha256, row.bins, row.bands) for row in rows],
            )

    # --- what was found out about a text, by everything that it was found out from ---

    def appraisal(self, key: str) -> str | None:
        if (held := self._appraisals.get(key)) is not None:
            return held
        row = self._db().execute("SELECT value FROM appraisals WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row["value"])

    def keep_appraisal(self, key: str, value: str) -> None:
        self.keep_appraisals({key: value})

    def keep_appraisals(self, found: Mapping[str, str]) -> None:
        with self._guard:
            self._appraisals.update(found)
        self._write()

    def close(self) -> None:
        self._store.close()

    def _db(self) -> Connection:
        return self._store.connection()


def sign(root: bytes, names: Sequence[bytes]) -> bytes:
    """One signature over the stamps of all names (files, folders, links); b"" if one is gone.

    A folder's mtime tells of entries that were added or removed: so the folders are among the
    names, and nothing needs listing.
    """
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return _sign(partial(os.lstat, dir_fd=folder), names)
    finally:
        os.close(folder)


_numbers = attrgetter("st_mode", "st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")


def _sign(lstat: Callable[[bytes], os.stat_result], names: Sequence[bytes]) -> bytes:
    """No loop of our own: there may be hundreds of thousands of names."""
    try:
        numbers = array("q", chain.from_iterable(map(_numbers, map(lstat, names))))
    except (OSError, OverflowError):
        return b""
    return hashlib.blake2b(numbers.tobytes(), digest_size=16).digest()


def newest(root: bytes, names: Sequence[bytes]) -> int:
    """The latest mtime or ctime among the names, in ns; 2**62 if one is gone."""
    latest = 0
    try:
        for name in names:
            s = os.lstat(root + b"/" + name)
            latest = max(latest, s.st_mtime_ns, s.st_ctime_ns)
    except OSError:
        return 2**62
    return latest
