"""Before doit makes any task: a second run is told so at once, and Ctrl-C ends with a word.

Floor 4. Reading a large marketplace for the first time takes a while. A run that is going to write
takes the project's lock before that; whoever comes second waits for nothing (exit status 75).
"""

from __future__ import annotations

import atexit
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

from nightpress.errors import EXIT_INTERRUPTED, BusyError, NightpressError
from nightpress.storage import run_lock
from nightpress.tasks import command_line
from nightpress.tasks.session import Session


def enter(now: Session) -> None:
    """Take the lock, if the command line plainly asks for work; mind signals from now on."""
    if now.asked is None or threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _leave)
    if now.asked.command in command_line.SHOWING:
        # `doit list | head`: end as every program does, instead of with doit's traceback
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if not command_line.writes(now.asked):
        return
    try:
        now.lock = run_lock.acquire(now.project.state, now.run.command)
    except BusyError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(error.exit_code) from None
    except (NightpressError, OSError):
        return  # the reporter meets it again, and says what it means
    atexit.register(_release, now)


def open_door(now: Session) -> None:
    """Nothing of ours is waiting any longer: signals do what they do to every program."""
    if now.asked is not None and threading.current_thread() is threading.main_thread():
        for number, usual in (
            (signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)
        ):  # fmt: skip
            if signal.getsignal(number) is _leave:
                signal.signal(number, usual)


def _leave(_number: int, _frame: Any) -> None:
    sys.stderr.write("interrupted: nothing was begun\n")
    raise SystemExit(EXIT_INTERRUPTED)


def _release(now: Session) -> None:
    """doit refused the command line, say: the file names nobody any longer."""
    if now.lock is not None:
        with suppress(OSError):
            now.lock.release()
        now.lock = None
