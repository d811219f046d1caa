"""What will surely keep a file from being written, as far as the disk says so beforehand.

The disk is asked, nothing is tried: permissions, attributes (`chattr +i`), read-only mounts, mount
points, names that are too long. What it does not say is met when the file is written.
"""

from __future__ import annotations

import errno
import os
import posixpath
import shlex
import stat
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

__all__ = ["Obstacle", "of"]

_FLAGS = {0x10: ("immutable", "i"), 0x20: ("append-only", "a")}
"""Of statx(2): STATX_ATTR_IMMUTABLE, STATX_ATTR_APPEND."""
LONGEST = 255
"""Bytes of one name, where the disk does not say."""


class Obstacle(Struct, frozen=True):
    """path: where, relative to the root; what: in words, of it; mend: the command that helps, with
    {} for the path, and {to} for `to`, another path."""

    path: str
    what: str
    mend: str = ""
    to: str = ""

    def hint(self, prefix: str = "") -> str:
        """The command; prefix: what goes before the path."""
        command = self.mend.replace("{to}", shlex.quote(f"{prefix}{self.to}"))
        return command.replace("{}", shlex.quote(self.where(prefix)))

    def where(self, prefix: str = "") -> str:
        """The path behind a prefix; the root itself is the prefix alone."""
        return (prefix if self.path == "." else f"{prefix}{self.path}").rstrip("/") or "."


def of(root: Path, target: str) -> Obstacle | None:
    """What keeps a file from being put at `target` (relative to root), or replaced there."""
    if not root.is_dir():
        return None
    *folders, name = target.split("/")
    walked, at = root, "."
    for part in folders:
        if not (walked / part).is_dir():
            break
        walked, at = walked / part, posixpath.normpath(f"{at}/{part}")
    for part in (*folders, name):
        if len(os.fsencode(part)) > _longest(walked):
            return Obstacle(f"{part[:40]}...", "has a name too long for this disk")
    if found := _folder(walked, at):
        return found
    return _file(walked, root / target, target)


def of_project(root: Path) -> Obstacle | None:
    """What keeps a run from writing down what it made, in the project's folder `root`."""
    for own in ("nightpress.lock", ".nightpress/ledger.db", ".nightpress/snapshots/objects/0/0"):
        *folders, _ = parts = own.split("/")
        for count in range(1, len(parts) + 1):
            path, shown = root.joinpath(*parts[:count]), "/".join(parts[:count])
            if os.path.lexists(path) and path.is_dir() != (count <= len(folders)):
                what = "a folder, no file" if path.is_dir() else "a file, no folder"
                return Obstacle(shown, f"is {what}", "mv {} elsewhere")
        if found := of(root, own):
            return found
    return None


def _folder(path: Path, at: str) -> Obstacle | None:
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return Obstacle(at, "is on a read-only disk", f"mount -o remount,rw {path}")
    if flag := _flag(path):
        return Obstacle(at, f"is a folder that is {flag[0]}", f"chattr -{flag[1]} {{}}")
    if not os.access(path, os.W_OK | os.X_OK):
        return Obstacle(at, "is a folder that cannot be written", "chmod u+wx {}")
    return None


def _file(folder: Path, path: Path, target: str) -> Obstacle | None:
    try:
        found = path.lstat()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        return Obstacle(target, f"cannot be looked at ({error.strerror})", "ls -l {}")
    if not found.st_mode & stat.S_IWUSR:
        return Obstacle(target, "is read-only", "chmod u+w {}")
    if stat.S_ISREG(found.st_mode) and (flag := _flag(path)):
        return Obstacle(target, f"is {flag[0]}", f"chattr -{flag[1]} {{}}")
    if os.fsencode(path.resolve()) in _mounts():
        return Obstacle(target, "is a mount point", "umount {}")
    above = folder.lstat()
    if above.st_mode & stat.S_ISVTX and os.geteuid() not in (0, found.st_uid, above.st_uid):
        return Obstacle(target, "is another user's, in a folder where only they may replace it")
    return None


def _flag(path: Path) -> tuple[str, str] | None:
    """The attribute that forbids it, in words and as a letter; None where there is none, or no way
    to ask. The file is not opened: closing the ledger would drop the locks that SQLite has on it in
    this process, and another program that reads it could take its log away beneath us."""
    import ctypes

    found = ctypes.create_string_buffer(256)
    try:
        failed = ctypes.CDLL(None).statx(-100, os.fsencode(path), 0x100, 0, found)
    except (AttributeError, OSError, TypeError):  # no Linux
        return None
    attributes = 0 if failed else int.from_bytes(found.raw[8:16], sys.byteorder)
    return next((said for bit, said in _FLAGS.items() if attributes & bit), None)


def _longest(folder: Path) -> int:
    with suppress(OSError, ValueError):
        return os.pathconf(folder, "PC_NAME_MAX")
    return LONGEST


@lru_cache(maxsize=1)
def _mounts() -> frozenset[bytes]:
    """Where something is mounted, as Linux says it."""
    try:
        rows = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return frozenset()
    places = (row.split(b" ")[4] for row in rows if row.count(b" ") > 4)
    return frozenset(place.replace(b"\\040", b" ") for place in places)
