"""Folders and files for this user alone: what nightpress keeps of a project holds its texts."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600
OTHERS = 0o077


def folder(path: Path) -> None:
    """Make the folder, and those above it that are missing."""
    missing = []
    while not os.path.lexists(path):
        missing.append(path)
        path = path.parent
    for one in reversed(missing):
        with suppress(FileExistsError):
            one.mkdir(FOLDER)
    if not missing and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "there is a file where a folder must be", str(path))


def state(path: Path) -> None:
    """The folder of a project's state; one that others may look into (of an earlier version) is
    closed to them."""
    folder(path)
    with suppress(OSError):  # another user's: then it is theirs to close
        mode = path.stat().st_mode
        if mode & OTHERS and path.name.startswith("."):
            path.chmod(mode & 0o7700)


def file(path: Path) -> None:
    """Make the file, empty, if it is missing: before SQLite does, which lets others read it. One
    that is there is not opened: closing it would drop the locks that SQLite has on it in this
    process, and another program could take its log away beneath us."""
    with suppress(OSError):  # whoever opens it next says what is wrong
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE))


_NO_FILE = (errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP)
"""What the kernel says of a socket, and of a device that nobody drives."""


def opened(path: str | Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file, for `open(path, opener=opened)` too: a FIFO would hang
    whoever opens it. OSError (EINVAL) for what is none."""
    try:
        file = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(file).st_mode):
            return file
        os.close(file)
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise
    raise OSError(errno.EINVAL, "not a regular file", str(path))


def contents(path: Path) -> bytes:
    """The bytes of a regular file."""
    with open(path, "rb", opener=opened) as source:
        return source.read()


KEPT = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP",
        "TMP", "TERM", "COLUMNS", "LINES", "NO_COLOR", "DISPLAY", "WAYLAND_DISPLAY",
        "DBUS_SESSION_BUS_ADDRESS", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
        "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH",
    }
)  # fmt: skip
"""What a program that we start gets to know of our environment, with LC_* and XDG_*."""


def environment(environ: Mapping[str, str], more: Iterable[str] = ()) -> dict[str, str]:
    """The environment of a program that we start: no key, no token. more: names that the user
    wants it to have, too."""
    wanted = KEPT | set(more)
    return {
        name: value
        for name, value in environ.items()
        if name in wanted or name.startswith(("LC_", "XDG_"))
    }
