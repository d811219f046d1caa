"""rename(2) that refuses to replace, or exchanges two names: renameat2 of Linux 3.15, by ctypes.

Floor 2, under `atomic`. Python has no binding for it. A plain rename loses a user's save that
slips in between our look and our rename; an exchange lets us look at what came out.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import lru_cache

NOREPLACE, EXCHANGE = 1, 2


class NoExchange(Exception):
    """The system or the file system (NFS, macOS) cannot exchange two names."""


def rename(folder: int, old: str, new: str, flag: int) -> None:
    """Rename within the folder of that descriptor, with NOREPLACE or EXCHANGE.

    Raises OSError as rename(2) does (FileExistsError for NOREPLACE), NoExchange.
    """
    function = _renameat2()
    if function is None:
        _without(folder, old, new, flag)
        return
    if function(folder, os.fsencode(old), folder, os.fsencode(new), flag) == 0:
        return
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        _without(folder, old, new, flag)
        return
    raise OSError(code, os.strerror(code), old, None, new)


def _without(folder: int, old: str, new: str, flag: int) -> None:
    if flag == EXCHANGE:
        raise NoExchange
    # link(2) refuses to replace, as NOREPLACE does
    os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    os.unlink(old, dir_fd=folder)


@lru_cache(maxsize=1)
def _renameat2() -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
