"""Says on stderr that the plugins are being read, where that takes longer than a moment.

Floor 4. In a terminal one line that is written over; elsewhere a plain line now and then.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

MOMENT = 1.5
"""Seconds of silence before something is said."""
OFTEN, SELDOM = 0.2, 20.0
"""Seconds between two updates of the line, and between two plain lines."""
TELLING = 0.02
"""Share of the plugins from which on the time that is left can be told."""


class Looking:
    """Called with (plugins read, plugins to read) as it goes on."""

    def __init__(
        self,
        stream: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
        *,
        quiet: bool = False,
    ) -> None:
        self._stream = stream or sys.stderr
        self._now = now
        self._quiet = quiet
        self._began: float | None = None
        self._last = 0.0
        self._said = False

    def __call__(self, done: int, total: int) -> None:
        if self._quiet:
            return
        terminal = self._stream.isatty()
        if done == total:
            if self._said and terminal:
                self._write("\r\033[K")
            return
        now = self._now()
        if self._began is None:
            self._began = now
        pause = OFTEN if terminal else SELDOM
        if now - self._began < MOMENT or (self._said and now - self._last < pause):
            return
        self._said, self._last = True, now
        text = f"reading {total:,} plugins: {done:,} done"
        if done > TELLING * total:
            text += f", about {(now - self._began) / done * (total - done):,.0f} s left"
        self._write(f"\r\033[K{text}" if terminal else f"{text}\n")

    def _write(self, text: str) -> None:
        with suppress(OSError):  # nobody is there to see it
            self._stream.write(text)
            self._stream.flush()
