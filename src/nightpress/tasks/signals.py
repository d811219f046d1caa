"""Before doit makes any task: a second run is told so at once, and Ctrl-C ends with a word.

Reading a large marketplace for the first time takes a while. A run that is going to write takes the
project's lock before that; whoever comes second waits for nothing (exit status 75).
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING

from nightpress.errors import EXIT_INTERRUPTED, BusyError, NightpressError
from nightpress.progress import leave
from nightpress.tasks import command_line
from nightpress.text import fitted, safe

if TYPE_CHECKING:
    from nightpress.tasks.session import Session

__all__ = ["end_with_reader", "enter", "under_way"]


def enter(session: Session) -> None:
    """Take the lock, if the command line plainly asks for work; mind signals from now on."""
    asked = session.invocation
    if asked is None or threading.current_thread() is not threading.main_thread():
        return
    is_run = asked.command == "run"
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _interrupt if is_run else _stop)
    if asked.command in command_line.SHOWING:
        end_with_reader()
    if not command_line.writes(asked):
        return
    import atexit

    from nightpress.storage import run_lock

    try:
        session.lock = run_lock.acquire(session.state, command_line.text())
    except BusyError as error:
        sys.stderr.write(fitted(safe(f"ERROR: {error}", newlines=True), sys.stderr) + "\n")
        raise SystemExit(error.exit_code) from None
    except (NightpressError, OSError):
        return  # the reporter meets it again, and says what it means
    atexit.register(_release, session)


def end_with_reader() -> None:
    """`doit list | head`: end as every program does, instead of with doit's traceback."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def under_way(session: Session) -> None:
    """A task begins that is no run: Ctrl-C ends it with a word. What it wrote is whole."""
    main = threading.current_thread() is threading.main_thread()
    if session.invocation is not None and main:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is _interrupt:
                signal.signal(number, _stop)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    sys.stderr.write("interrupted: nothing was begun\n")
    raise SystemExit(EXIT_INTERRUPTED)


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.stderr.write("interrupted: run it again\n")
    leave(EXIT_INTERRUPTED)
    raise SystemExit(EXIT_INTERRUPTED)


def _release(session: Session) -> None:
    """doit refused the command line, say: the file names nobody any longer."""
    if session.lock is not None:
        with suppress(OSError):
            session.lock.release()
        session.lock = None
