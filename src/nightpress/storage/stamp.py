"""A file's stamp: what of its stat must be the same for it to count as unmoved.

stat is a hint (git's racy-git): a stamp is to be trusted only if the file had not changed within
the clock's granularity of being looked at.
"""

from __future__ import annotations

import os

__all__ = ["RACY_NS", "changed_ns", "of", "text"]

RACY_NS = 100_000_000
"""A file that changed less than 0.1 s before it was looked at may change again unseen."""


def text(mode: int, size: int, mtime_ns: int, ctime_ns: int, inode: int) -> str:
    return f"{mode} {size} {mtime_ns} {ctime_ns} {inode}"


def of(s: os.stat_result) -> str:
    return text(s.st_mode, s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino)


def changed_ns(s: os.stat_result) -> int:
    """When the file, or its name or mode, changed last."""
    return max(s.st_mtime_ns, s.st_ctime_ns)
