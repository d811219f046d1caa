"""Reading the files that travel: streamed, never through a link, and looked through for secrets.

The ledger travels as a consistent copy, made while it is in use: a copy of its file alone would
miss what is in its WAL, or tear; SQLite's backup API does neither.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from nightpress.checks import baseline, secrets
from nightpress.errors import NightpressError, UnsafePath
from nightpress.ledger import lockfile
from nightpress.storage import Entry, sqlite, tree
from nightpress.storage import stamp as stamps
from nightpress.text import safe
from nightpress.vault import objects, trees
from nightpress.vault.fileindex import FileIndex, FileRecord
from nightpress.vault.trees import Node

SCANNED = 8 * 1024 * 1024
"""Bytes at the head of a text file that are looked through for secrets."""

LEDGER = "\0ledger"
"""The ledger's entry in the index of files; no file has this path."""

_OVERLAP = 4_096
_TRIES = 3

Take = Callable[[str, bytes], None]


def node(root: Path, base: str, entry: Entry, index: FileIndex, take: Take, open_: bool) -> Node:
    """The file as a tree's entry; what was not known is read, and each of its objects goes to
    `take`. base: the part's folder; open_: detected secrets may travel."""
    key = f"{base}/{entry.path}"
    open_ = open_ or entry.path == lockfile.NAME  # names and digests, all of them ours
    record = index.get(key, entry.stamp)
    if record is None or (record.secret and open_):
        try:
            record = _read(root, key, index, take, open_)
        except (OSError, UnsafePath) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            return Node("x", entry.path, text=f"cannot be read: {why}", grave=True)
    if record.secret and not open_:
        return Node("x", entry.path, text=f"it seems to contain a secret: {record.secret}")
    mode = stat.S_IMODE(entry.mode)
    return trees.file(entry.path, mode, record.size, record.hash, record.chunks)


def _read(root: Path, key: str, index: FileIndex, take: Take, open_: bool) -> FileRecord:
    for _ in range(_TRIES):
        before = time.time_ns()
        record, changed_ns, steady = _read_once(root, key, take, open_)
        if steady:
            index.put(key, record, changed_ns, before)
            break
    return record  # of a file that is written to all the time: one state, not remembered


def _read_once(root: Path, key: str, take: Take, open_: bool) -> tuple[FileRecord, int, bool]:
    file = open_file(root, key.removeprefix("./"))
    try:
        before = os.fstat(file)
        pieces = pieces_of(file, objects.CHUNK)
        head = list(islice(pieces, SCANNED // objects.CHUNK))
        secret = _secret(head)
        travels = not secret or open_
        size, total, chunks = _taken(chain(head, pieces) if travels else (), take)
        after = os.fstat(file)
    finally:
        os.close(file)
    stamp = stamps.of(after)
    record = FileRecord(stamp, size, total, chunks, secret)
    changed = stamps.changed_ns(after)
    return record, changed, stamp == stamps.of(before)


def _taken(pieces: Iterable[bytes], take: Take) -> tuple[int, str, tuple[str, ...]]:
    """Each piece goes to `take`; (bytes, sha256, the objects) of the whole."""
    total, size, chunks = hashlib.sha256(), 0, []
    for piece in pieces:
        total.update(piece)
        size += len(piece)
        chunks.append(objects.name(piece))
        take(chunks[-1], piece)
    return size, total.hexdigest(), tuple(chunks)


def open_file(root: Path, path: str) -> int:
    """A descriptor of the regular file, reached without following a link."""
    *folders, name = tree.parts_of(path)
    folder = tree.open_folder(root, folders)
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.open(name, flags, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise UnsafePath(f"{safe(path)}: only regular files are read")
    return file


def pieces_of(file: int, most: int) -> Iterator[bytes]:
    """The file's bytes, each piece but the last exactly `most` long."""
    while True:
        piece = os.read(file, most)
        while 0 < len(piece) < most and (more := os.read(file, most - len(piece))):
            piece += more
        if not piece:
            return
        yield piece


def _secret(head: list[bytes]) -> str:
    """The kind of the first secret in a text; "" for none, and for what is no text."""
    if not head or b"\0" in head[0][:8_192]:
        return ""
    tail = b""
    for piece in head:
        text = baseline.without_marks((tail + piece).decode("utf-8", "replace"))
        for _start, _end, kind in secrets.find(text):
            return kind
        tail = piece[-_OVERLAP:]
    return ""


def ledger_node(
    path: Path, state: Path | None, index: FileIndex, take: Take, ledger_state: str = ""
) -> Node:
    """The ledger as a tree's entry; copied and read only if it moved. state: where the copy may
    lie for that long; ledger_state: as its owner knows it, else its files' stamps say. A ledger
    that cannot be copied is left out and makes the snapshot partial."""
    try:
        now_ns = time.time_ns()
        stamp, changed_ns = (ledger_state, 0) if ledger_state else _ledger_stamp(path)
        record = index.get(LEDGER, stamp)
        if record is None:
            record = FileRecord(stamp, *_read_ledger(path, state, take))
            if ledger_state or _ledger_stamp(path)[0] == stamp:
                index.put(LEDGER, record, changed_ns, now_ns)
        mode = stat.S_IMODE(path.stat().st_mode)
    except (NightpressError, sqlite.Error, OSError) as error:
        return Node("x", path.name, text=f"cannot be copied: {error}", grave=True)
    return trees.file(path.name, mode, record.size, record.hash, record.chunks)


def _read_ledger(path: Path, state: Path | None, take: Take) -> tuple[int, str, tuple[str, ...]]:
    with tempfile.TemporaryDirectory(prefix=".vault-", dir=state) as folder:
        copy = Path(folder) / "ledger.db"
        sqlite.copy(path, copy)
        file = os.open(copy, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _taken(pieces_of(file, objects.PAGES), take)
        finally:
            os.close(file)


def _ledger_stamp(path: Path) -> tuple[str, int]:
    """(the state of the database's two files, their latest change in ns)."""
    states, changed = [], 0
    for name in (path, path.with_name(f"{path.name}-wal")):
        if name.exists():
            s = name.stat()
            states.append(stamps.of(s))
            changed = max(changed, stamps.changed_ns(s))
    return "; ".join(states), changed
