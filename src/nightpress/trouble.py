"""What an error of the operating system means for the run: the machine's trouble, or one plugin's.

Floor 1: pure. Source: errno(3); a full disk stops everything, a folder without permission stops
one plugin.
"""

from __future__ import annotations

import errno

from nightpress.errors import MachineTrouble, NightpressError

_FREE = "make room, then run doit again: it goes on where it stopped, and nothing is paid twice"
_MACHINE = {
    errno.ENOSPC: ("the disk is full", _FREE),
    errno.EDQUOT: ("the disk quota is used up", _FREE),
    errno.EROFS: ("the file system is read-only", "mount it for writing, then run doit again"),
    errno.EIO: ("the disk reports an input/output error", "look after the disk, then try again"),
    errno.EMFILE: ("too many open files", "raise the limit (ulimit -n), or lower concurrency"),
    errno.ENFILE: ("too many open files on this machine", "close some programs, then try again"),
}


def of(error: BaseException) -> MachineTrouble | None:
    """The machine's trouble behind an error; None if it is no such thing."""
    if isinstance(error, MachineTrouble):
        return error
    known = _MACHINE.get(error.errno or 0) if isinstance(error, OSError) else None
    return MachineTrouble(*known) if known else None


def known(error: BaseException) -> NightpressError | None:
    """What the user is told of an error, with the file's name; None: it is a bug."""
    if isinstance(error, NightpressError) or not isinstance(error, OSError):
        return error if isinstance(error, NightpressError) else None
    where = f"{error.filename}: " if isinstance(error.filename, str) else ""
    if machine := of(error):
        return MachineTrouble(f"{where}{machine.message}", machine.hint)
    if error.errno in (errno.EACCES, errno.EPERM):
        return NightpressError(f"{where}{error.strerror}", "look at its permissions")
    return None
