"""What a run prints, written by a thread of its own, so that no reader can hold the run up.

A pipe that nobody reads, a terminal that was stopped with Ctrl-S, one that is gone, a full
disk: the run goes on, and its end is on record before anybody waits for a reader.
"""

from __future__ import annotations

import atexit
import os
import queue
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO


def stand_in() -> None:
    """Give a process that was started without them (`>&-`) streams that lead nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115


def leave(status: int) -> None:
    """End the process here, without taking the interpreter apart object by object, which is a sixth
    of a run that has nothing to do. Exit functions run. Under a debugger or profiler: nothing."""
    if sys.gettrace() or sys.getprofile():
        return
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


class Outlet:
    """A stream to write to that never waits and never raises.

    Outlets that share one `lane` are written in the order in which they were told.
    """

    def __init__(self, stream: TextIO, lane: Lane) -> None:
        self._stream: TextIO | None = stream
        self._lane = lane
        self.encoding = stream.encoding or "utf-8"

    def write(self, text: str) -> int:
        self._lane.put(self, text)
        return len(text)

    def flush(self) -> None:
        """Every text is written at once, by the lane's thread."""

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def behind(self) -> bool:
        """Is there text that its reader has not taken yet?"""
        return self._lane.waiting > 0

    def deliver(self, text: str) -> None:
        """Write, now; the lane's thread alone calls this."""
        stream = self._stream
        if stream is None:
            return
        try:
            try:
                stream.write(text)
            except UnicodeEncodeError:
                stream.write(text.encode(self.encoding, "replace").decode(self.encoding))
            stream.flush()
        except (OSError, ValueError):
            self._stream = None
            _divert(stream)


def _divert(stream: TextIO) -> None:
    """Send what the stream still holds nowhere: Python's own flush at the end would fail, too,
    and change the exit status."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class Lane:
    """The queue and the thread behind outlets; the thread begins with the first text."""

    def __init__(self) -> None:
        self._texts: queue.SimpleQueue[tuple[Outlet, str] | None] = queue.SimpleQueue()
        self._guard = threading.RLock()  # a signal's handler prints, too
        self._thread: threading.Thread | None = None
        self.waiting = 0

    def outlets(self, streams: Iterable[TextIO]) -> list[Outlet]:
        return [Outlet(stream, self) for stream in streams]

    def put(self, outlet: Outlet, text: str) -> None:
        with self._guard:
            self.waiting += 1
            self._texts.put((outlet, text))
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, daemon=True)
                self._thread.start()

    def _write(self) -> None:
        while (found := self._texts.get()) is not None:
            outlet, text = found
            outlet.deliver(text)
            with self._guard:
                self.waiting -= 1

    def close(self) -> None:
        """Wait until all is read; what is put later begins anew."""
        with self._guard:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._texts.put(None)
        if thread is not None:
            thread.join()
