"""One writing run at a time: a flock on `.nightpress/run.lock`, released by the kernel at death.

The file says who holds it; the lock itself is the kernel's, so a stale file locks nobody.
"""

import errno
import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from nightpress.errors import BusyError, NightpressError
from nightpress.storage import private
from nightpress.text import safe


class ProjectLock(NamedTuple):
    """The held lock."""

    file: int

    def release(self) -> None:
        os.ftruncate(self.file, 0)
        os.close(self.file)


NAME = "run.lock"
"""Its file, in the folder of the project's state."""


def acquire(state: Path, command: str) -> ProjectLock:
    """Take the lock, or raise BusyError with the holder's pid and since when."""
    private.state(state)
    try:
        file = os.open(state / NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EISDIR, errno.EACCES, errno.ENXIO):
            raise
        what = f"{state.name}/{NAME} is no file that we can write ({error.strerror})"
        raise NightpressError(what, "remove it, or look at its permissions") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = holder(os.pread(file, 4096, 0))
        os.close(file)
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        raise BusyError(
            f"another run is busy: {owner}", "wait for it, or stop it with Ctrl-C (or kill) first"
        ) from error
    since = datetime.now(UTC).isoformat(timespec="seconds")
    text = json.dumps({"pid": os.getpid(), "since": since, "command": command})
    try:
        os.ftruncate(file, 0)
        os.pwrite(file, text.encode("utf-8", "replace"), 0)
    except OSError:  # a full disk: whoever tries again must not find it taken
        os.close(file)
        raise
    return ProjectLock(file)


def alive(state: Path) -> int | None:
    """The process id of the run that holds the lock, without touching it; None for none."""
    try:
        pid = int(json.loads((state / NAME).read_bytes())["pid"])
        os.kill(pid, 0)
    except PermissionError:
        return pid
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return pid


def holder(data: bytes) -> str:
    """Who holds the lock, in words, from the file's content."""
    try:
        fields = json.loads(data)
        return safe(f"pid {fields['pid']}, since {fields['since']} ({fields['command']})")
    except (ValueError, KeyError, TypeError):
        return "by a process that has not said which"
