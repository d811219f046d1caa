"""One writing run at a time: a flock on `.nightpress/run.lock`, released by the kernel at death.

The file says who holds it; the lock itself is the kernel's, so a stale file locks nobody.
"""

import errno
import fcntl
import json
import os
import time
from contextlib import suppress
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
        with suppress(OSError):  # what a file says that nobody has locked is of no account
            os.ftruncate(self.file, 0)
        os.close(self.file)


NAME = "run.lock"
"""Its file, in the folder of the project's state."""


def acquire(state: Path, command: str) -> ProjectLock:
    """Take the lock, or raise BusyError with the holder's pid and since when."""
    private.state(state)
    private.file(state / NAME)
    try:
        file = private.opened(state / NAME, os.O_RDWR | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise
        what = f"{state.name}/{NAME} is no file that can be written ({error.strerror})"
        raise NightpressError(what, "remove it") from error
    try:
        if not _locked(file):
            owner = holder(os.pread(file, 4096, 0))
            hint = "wait for it, or stop it with Ctrl-C (or kill) first"
            raise BusyError(f"another run is busy: {owner}", hint)
    except BaseException:
        os.close(file)
        raise
    since = datetime.now(UTC).isoformat(timespec="seconds")
    text = json.dumps({"pid": os.getpid(), "since": since, "command": command})
    try:
        os.ftruncate(file, 0)
        os.pwrite(file, text.encode("utf-8", "replace"), 0)
    except OSError:  # a full disk: whoever tries again must not find it taken
        os.close(file)
        raise
    return ProjectLock(file)


_NO_FILE = (errno.ENOENT, errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.EINVAL)
GLANCE = 0.02
"""Seconds after which a lock is tried again: somebody may just be looking whether it is taken."""


def _locked(file: int) -> bool:
    for wait in (GLANCE, GLANCE, 0.0):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            time.sleep(wait)
        else:
            return True
    return False


def taken(state: Path) -> bytes | None:
    """What the file says where a run holds the lock, without touching it; None where none does."""
    try:
        file = private.opened(state / NAME, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.pread(file, 4096, 0)
    finally:
        os.close(file)
    return None


def alive(state: Path) -> int | None:
    """The process id of the run that holds the lock; None for none, or one that does not say."""
    try:
        return int(json.loads(taken(state) or b"")["pid"])
    except (ValueError, KeyError, TypeError):
        return None


def holder(data: bytes) -> str:
    """Who holds the lock, in words, from the file's content."""
    try:
        fields = json.loads(data)
        return safe(f"pid {fields['pid']}, since {fields['since']} ({fields['command']})")
    except (ValueError, KeyError, TypeError):
        return "by a process that has not said which"
