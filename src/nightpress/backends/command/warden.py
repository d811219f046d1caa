"""Runs a program, and sees that nothing of it stays: run as a program of its own, with the words
LEASE FOLDER PROGRAM ARGUMENT...

LEASE is a pipe's reading end, which ends when whoever asked is gone, however it went; FOLDER is
removed then. Whatever the program has started, in whatever session, becomes this process's child
(Linux), and is killed with it. The status is the program's own. Imports no module of nightpress.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_SUBREAPER = 36
"""prctl's PR_SET_CHILD_SUBREAPER: who loses its parent is ours."""
_LOOK = 0.02
"""Seconds between two looks at the program, at first; ten times as many later."""


def main(words: Sequence[str]) -> int:
    """The program's exit status; the signal that ended it ends this process, too."""
    lease, folder, *program = words
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    child = subprocess.Popen(program, start_new_session=True)  # noqa: S603 - the user's own words
    is_gone, wait = False, _LOOK
    while child.poll() is None and not told and not is_gone:
        is_gone = bool(select.select([int(lease)], [], [], wait)[0])
        wait = min(wait * 1.2, 10 * _LOOK)
    _end(child)
    if is_gone:
        shutil.rmtree(folder, ignore_errors=True)
    if told or is_gone or child.returncode < 0:
        number = signal.SIGKILL if told or is_gone else -child.returncode
        signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else None
        os.kill(os.getpid(), number)
    return child.returncode


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the program's group, and all that is below this process, until nothing is."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for _ in range(100):
        below = _below(os.getpid())
        for pid in below:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not below:
            return
        time.sleep(_LOOK)


def _below(pid: int) -> list[int]:
    """The processes below one, by /proc; none where there is no such thing."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = path.read_text(errors="replace").rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[1])
    found, level = list[int](), [pid]
    while level:
        level = [one for one, parent in parents.items() if parent in level]
        found += level
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
