"""The ledger as a file of a snapshot: a consistent copy while it is in use.

A copy of the file alone would miss what is in its WAL, or tear; SQLite's backup API does neither.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nightpress.errors import NightpressError
from nightpress.storage import sqlite
from nightpress.vault import objects, read_files, trees
from nightpress.vault.fileindex import FileIndex, Known
from nightpress.vault.trees import Node

KEY = "\0ledger"
"""Its entry in the index; no file has this path."""


def node(
    path: Path,
    state: Path | None,
    index: FileIndex,
    take: Callable[[str, bytes], None],
    said: str = "",
) -> Node:
    """The ledger as a tree's entry; copied and read only if it moved. state: where the copy may
    lie for that long; said: its state as its owner knows it, else its files' stamps say. A ledger
    that cannot be copied is left out and makes the snapshot partial."""
    try:
        stamp, changed_ns, now_ns = (said, 0, time.time_ns()) if said else _stamp(path)
        known = index.get(KEY, stamp)
        if known is None:
            known = _read(path, state, stamp, take)
            if said or _stamp(path)[0] == stamp:
                index.put(KEY, known, changed_ns, now_ns)
        mode = stat.S_IMODE(path.stat().st_mode)
    except (NightpressError, sqlite.Error, OSError) as error:
        return Node("x", path.name, text=f"cannot be copied: {error}", grave=True)
    return trees.file(path.name, mode, known.size, known.hash, known.chunks)


def _read(path: Path, state: Path | None, stamp: str, take: Callable[[str, bytes], None]) -> Known:
    with tempfile.TemporaryDirectory(prefix=".vault-", dir=state) as folder:
        copy = Path(folder) / "ledger.db"
        sqlite.copy(path, copy)
        total, size, chunks = hashlib.sha256(), 0, []
        file = os.open(copy, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for piece in read_files.pieces_of(file, objects.PAGES):
                total.update(piece)
                size += len(piece)
                chunks.append(objects.name(piece))
                take(chunks[-1], piece)
        finally:
            os.close(file)
    return Known(stamp, size, total.hexdigest(), tuple(chunks))


def _stamp(path: Path) -> tuple[str, int, int]:
    """(the state of the database's two files, their latest change in ns, now in ns)."""
    now = time.time_ns()
    stamps, changed = [], 0
    for name in (path, path.with_name(f"{path.name}-wal")):
        if name.exists():
            s = name.stat()
            stamps.append(f"{s.st_size} {s.st_mtime_ns} {s.st_ctime_ns} {s.st_ino}")
            changed = max(changed, s.st_mtime_ns, s.st_ctime_ns)
    return "; ".join(stamps), changed, now
