"""Room on the disk for what is about to arrive, so that a full disk loses nothing of it.

A slot is a file whose blocks are there before anything is asked for; what comes is written into
them, with its length and digest before it. Empty slots are used again, and removed at the end;
`kept` finds what a run could not carry further.

Preallocated blocks can be written on a full disk on ext4, XFS and tmpfs; a file system that writes
every block anew (btrfs, ZFS) promises less.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from nightpress.storage import atomic, private

HEAD = 8 + 32
"""Bytes before the content: its length, and its SHA-256 (of length and content)."""


class Slot:
    """One place for at most `size` bytes."""

    def __init__(self, path: Path, file: int, size: int) -> None:
        self.path, self.file, self.size = path, file, size

    def keep(self, data: bytes) -> None:
        """Write it durably."""
        os.lseek(self.file, 0, os.SEEK_SET)
        atomic.write_all(self.file, _head(data) + data)
        os.fsync(self.file)

    def clear(self) -> None:
        """What it holds is somewhere else by now."""
        os.pwrite(self.file, bytes(HEAD), 0)


class Room:
    """The slots of one run, in a folder of their own. Safe for threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._empty: list[Slot] = []
        self._guard = threading.Lock()

    def take(self, size: int) -> Slot:
        """A slot for so many bytes; OSError where the disk has no room for it."""
        with self._guard:
            for slot in self._empty:
                if slot.size >= size:
                    self._empty.remove(slot)
                    return slot
        path = self.folder / secrets.token_hex(8)
        private.folder(self.folder)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, private.FILE)
        try:
            os.posix_fallocate(file, 0, size + HEAD)
            os.fsync(file)
            atomic.sync_folder(self.folder)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        return Slot(path, file, size)

    def give_back(self, slot: Slot) -> None:
        """It is empty again."""
        with self._guard:
            self._empty.append(slot)

    def close(self) -> None:
        """Give the empty slots' room back to the disk; those that hold something stay."""
        with self._guard:
            for slot in self._empty:
                os.close(slot.file)
                with suppress(OSError):
                    slot.path.unlink()
            self._empty.clear()
        with suppress(OSError):  # not empty, or not there
            self.folder.rmdir()


def kept(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """What earlier runs kept, each with its file; slots without anything whole are removed."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        with suppress(OSError):
            data = b"" if path.suffix else private.contents(path)
            size = int.from_bytes(data[:8], "big")
            content = data[HEAD : HEAD + size]
            if 0 < size == len(content) and data[:HEAD] == _head(content):
                yield path, content
            elif not path.suffix:  # (set aside)
                path.unlink()


def _head(data: bytes) -> bytes:
    size = len(data).to_bytes(8, "big")
    return size + hashlib.sha256(size + data).digest()
