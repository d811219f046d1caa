"""A draft becomes a published file: steps 5 to 9 of the update protocol, and the lock file.

The order is the promise: the snapshot holds the old bytes, the ledger says `prepared`
with the new hash, the file is swapped in one atomic step and read back; only then `published`.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from nightpress import fingerprint
from nightpress.errors import MachineTrouble, PublishConflict, Unrecorded, UnsafePath
from nightpress.ledger import lockfile
from nightpress.plan import agreement, content
from nightpress.plugin import sources
from nightpress.project import Project
from nightpress.storage import atomic, tree


def standing_hash(root: Path, target: str) -> str | None:
    """sha256 of the file at the target; None if there is none; UnsafePath if it is no file."""
    try:
        return fingerprint.sha256(tree.read(root, target, sources.STANDING_CAP))
    except FileNotFoundError:
        return None


def named_by(
    root: Path, target: str, sha256: str | None, files: Mapping[str, str]
) -> dict[str, str]:
    """Short digests, for the lock file, of what an adopted document speaks of: its plugin's
    commands and agents, and the files that it names; files: path -> sha256."""
    try:
        text = sources.standing_text(root, target, sha256)
    except (OSError, UnsafePath):
        text = ""
    named = [
        path for path in sorted(files) if path in text and not path.startswith(content.FOLDERS)
    ]
    return content.spoken_of(files, (*content.FOLDERS, *named[:_NAMED]))


_NAMED = 40
"""Files that a document names of which the lock file has digests, at most."""


class LockBook(Struct):
    """The lock file while a run writes it: written whole and atomically, at most twice a second
    and at the end; the ledger is the truth in between, and mends it after a crash."""

    project: Project
    _data: bytes = b""
    _changes: dict[str, str | None] = field(default_factory=dict)
    _sha256: str = ""
    _written: float = 0.0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def record(self, entry: lockfile.Entry) -> None:
        with self._guard:
            self._changes[entry.job] = lockfile.line(entry)
            if self.project.clock.monotonic() - self._written >= _EVERY:
                with suppress(OSError):  # the changes are kept: flush() tries again, and tells
                    self._write()

    def drop(self, job: str) -> None:
        with self._guard:
            self._changes[job] = None

    def flush(self) -> None:
        with self._guard:
            if self._changes:
                self._write()

    def _write(self) -> None:
        if not self._data:
            lock = self.project.lock()
            self._data, self._sha256 = lock.data, lock.sha256
        data = lockfile.spliced(self._data, self._changes)
        if data == self._data:
            self._changes = {}
            return
        atomic.write(self.project.lock_path, data)
        self._written = self.project.clock.monotonic()
        before, self._sha256 = self._sha256, fingerprint.sha256(data)
        slugs = {job.partition("/")[0] for job in self._changes}
        self._data, self._changes = data, {}
        with suppress(MachineTrouble):  # the index is a cache: the next run reads every line
            agreement.written(self.project.index, before, self._sha256, slugs)


_EVERY = 0.5


class Publishing(Struct, frozen=True):
    """One file of a publication. expected: sha256 of the bytes that it replaces, None where there
    is no file; row, token: of its attempt; columns: what its row holds once it is prepared."""

    root: Path
    target: str
    data: bytes
    expected: str | None
    row: int
    token: str
    columns: dict[str, Any]


def publish(project: Project, files: Sequence[Publishing]) -> frozenset[int]:
    """Put every file at its target, or none of them, each in place of exactly the bytes expected;
    the rows of those that somebody saved right after.

    Raises PublishConflict if something else stands at one of them by now (it stays), UnsafePath for
    a target that is no plain file, OSError if the disk refuses; the targets are then as they were
    and nothing of ours is left. Raises Unrecorded if the disk refuses when new files stand: then
    the rows are left open.
    """
    for file in files:
        if standing_hash(file.root, file.target) != file.expected:
            raise PublishConflict(f"{file.target} was changed while its document was being made")
    before = {file.row: _standing(file) for file in files} if len(files) > 1 else {}
    staged: list[atomic.Staged] = []
    there: list[Publishing] = []
    try:
        for file in files:
            staged.append(atomic.stage(file.root, file.target, file.data, file.token))
        for file in files:
            sha256, size = fingerprint.sha256(file.data), len(file.data)
            project.ledger.prepare(
                file.row, content_sha256=sha256, bytes_after=size, **file.columns
            )
        for file, new in zip(files, staged, strict=True):
            atomic.swap(new, file.expected)
            there.append(file)
    except BaseException:
        _undo(there, before)
        for new in reversed(staged):
            atomic.discard(new)
        raise
    return frozenset(
        file.row for file, new in zip(files, staged, strict=True) if not _finished(file, new)
    )


def _finished(file: Publishing, new: atomic.Staged) -> bool:
    """Remove the temporary file; does the new one stand?"""
    try:
        atomic.finish(new)
        return standing_hash(file.root, file.target) == new.sha256
    except OSError as error:  # too late to fail: the row stays open, and the next run settles it
        message = f"{file.target} was published, but then: {error.strerror or error}"
        raise Unrecorded(message, "check the disk, then run doit again") from error


def _standing(file: Publishing) -> bytes | None:
    if file.expected is None:
        return None
    return tree.read(file.root, file.target, sources.STANDING_CAP)


def _undo(there: Sequence[Publishing], before: Mapping[int, bytes | None]) -> None:
    """Give the targets of a bundle that did not come to be what stood there; a file that somebody
    saved meanwhile stays."""
    for file in reversed(there):
        ours = fingerprint.sha256(file.data)
        try:
            atomic.sweep(file.root, file.target, file.token)
            with suppress(PublishConflict):
                put_back(file.root, file.target, before[file.row], ours, file.token)
        except OSError as error:
            message = f"{file.target} was published without its bundle: {error.strerror or error}"
            raise Unrecorded(message, "check the disk, then run doit again") from error


def put_back(
    root: Path, target: str, before: bytes | None, expected: str | None, token: str = ""
) -> None:
    """Give a target what stood there before us (None: nothing), where the bytes expected stand."""
    token = token or secrets.token_hex(8)
    if before is None:
        if standing_hash(root, target) != expected:
            raise PublishConflict(f"{target} was changed meanwhile")
        (root / target).unlink()
        atomic.sweep(root, target, token)
        return
    staged = atomic.stage(root, target, before, token)
    try:
        atomic.swap(staged, expected)
    except BaseException:
        atomic.discard(staged)
        raise
    atomic.finish(staged)
