"""Says on stderr how far a journey to or from the vault has come: bytes, share, time left.

Floor 4. In a terminal one line that is written over; elsewhere a line every few seconds.
"""

from __future__ import annotations

import sys
import time
from threading import Event
from typing import TYPE_CHECKING

from nightpress.errors import NightpressError
from nightpress.text import safe

if TYPE_CHECKING:
    from nightpress.vault.source import Progress

OFTEN = {True: 0.2, False: 10.0}
"""Seconds between two lines of progress: in a terminal (written over), and elsewhere."""


class Journey:
    """Shows on stderr how far it has come, and with what is left in bytes and time.

    stop: once it is set, the journey ends with a NightpressError at its next step."""

    def __init__(self, *, quiet: bool = False, stop: Event | None = None) -> None:
        self._quiet = quiet
        self._stop = stop
        self._last = time.monotonic()
        self._said = False

    def __call__(self, progress: Progress) -> None:
        if self._stop is not None and self._stop.is_set():
            raise NightpressError("interrupted", "run it again: what has travelled is kept")
        terminal = sys.stderr.isatty()
        if self._quiet or time.monotonic() - self._last < OFTEN[terminal]:
            return
        self._last, self._said = time.monotonic(), True
        line = safe(progress.line())
        sys.stderr.write(f"\r\033[K{line}" if terminal else f"{line}\n")
        sys.stderr.flush()

    def end(self) -> None:
        if self._said and sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
