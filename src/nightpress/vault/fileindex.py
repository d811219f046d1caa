"""What is known of the files that were backed up before: a cache, by stat.

stat is a hint (git's racy-git): an entry counts only if size, mode, mtime, ctime and inode are the
same and the file had not changed just before it was read. Deleting it costs time only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from nightpress.storage import RACY_NS, Store

_SCHEMA = """
CREATE TABLE files (
  path TEXT PRIMARY KEY,
  stamp TEXT NOT NULL,
  size INTEGER NOT NULL,
  hash TEXT NOT NULL,
  chunks TEXT NOT NULL,
  secret TEXT NOT NULL
) WITHOUT ROWID;
"""


class FileRecord(Struct, frozen=True):
    """A file as it was read. chunks: its objects; secret: the kind of one that it holds, or ""."""

    stamp: str
    size: int
    hash: str
    chunks: tuple[str, ...]
    secret: str = ""


class FileIndex:
    """path (as JSON text, so that odd bytes are kept) -> FileRecord, in memory and on disk."""

    def __init__(self, state: Path | None) -> None:
        self._store = Store(state / "vault-index.db", (_SCHEMA,), durable=False) if state else None
        self._fresh: dict[str, FileRecord] = {}
        self._known: dict[str, FileRecord] = {}
        if self._store is not None:
            for row in self._store.connection().execute("SELECT * FROM files"):
                self._known[row["path"]] = FileRecord(
                    row["stamp"], row["size"], row["hash"],
                    tuple(json.loads(row["chunks"])) if row["chunks"] else (row["hash"],),
                    row["secret"],
                )  # fmt: skip

    def get(self, path: str, stamp: str) -> FileRecord | None:
        record = self._known.get(json.dumps(path))
        return record if record is not None and record.stamp == stamp else None

    def put(self, path: str, record: FileRecord, changed_ns: int, now_ns: int) -> None:
        """Remember; changed_ns: the file's latest mtime or ctime, now_ns: before it was read."""
        if now_ns - changed_ns > RACY_NS:
            self._known[json.dumps(path)] = self._fresh[json.dumps(path)] = record

    def drop(self, path: str) -> None:
        self._known.pop(json.dumps(path), None)

    def save(self) -> None:
        if self._store is None or not self._fresh:
            return
        with self._store.write() as db:
            db.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (path, k.stamp, k.size, k.hash,
                     "" if k.chunks == (k.hash,) else json.dumps(k.chunks), k.secret)
                    for path, k in self._fresh.items()
                ],
            )  # fmt: skip
        self._fresh.clear()

    def close(self) -> None:
        if self._store is not None:
            self._store.close()


@contextmanager
def opened(state: Path | None) -> Iterator[FileIndex]:
    """The index, saved and closed at the end whatever happens: what was read was read."""
    index = FileIndex(state)
    try:
        yield index
    finally:
        index.save()
        index.close()
