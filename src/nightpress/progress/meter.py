"""One line on stderr that says how far something has come that takes longer than a moment.

In a terminal it is written over; elsewhere a plain line comes now and then.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from nightpress.errors import NightpressError
from nightpress.text import safe
from nightpress.voice import is_dry

if TYPE_CHECKING:
    from threading import Event

    from nightpress.vault.source import Progress

__all__ = ["Meter"]

MOMENT = 1.5
"""Seconds of silence before something is said."""
OFTEN, SELDOM = 0.2, 20.0
"""Seconds between two updates of the line, and between two plain lines."""
ENOUGH = 0.02
"""Share of the plugins from which on the time that is left can be told."""


class Meter:
    """stop: once it is set, the transfer that is measured ends with a NightpressError."""

    def __init__(
        self,
        stream: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
        *,
        quiet: bool = False,
        stop: Event | None = None,
    ) -> None:
        self._stream = stream or sys.stderr
        self._now = now
        self._quiet = quiet or is_dry()
        self._stop = stop
        self._began: float | None = None
        self._last = 0.0
        self._shown = False

    def plugins(self, read: int, total: int) -> None:
        """So many of the plugins have been read."""
        if read == total:
            self.end()
        elif not self._quiet and self._is_time():
            text = f"reading {total:,} plugins: {read:,} done"
            if read > ENOUGH * total:
                left = (self._last - (self._began or 0.0)) / read * (total - read)
                text += f", about {left:,.0f} s left"
            self._show(text)

    def transfer(self, progress: Progress) -> None:
        """So many bytes have gone to the vault, or come from it."""
        if self._stop is not None and self._stop.is_set():
            raise NightpressError("interrupted", "run it again: what was transferred is kept")
        if not self._quiet and self._is_time():
            self._show(progress.line())

    def end(self) -> None:
        """Take the line out of a terminal again."""
        if self._shown and self._stream.isatty():
            self._write("\r\033[K")
        self._shown = False

    def _is_time(self) -> bool:
        now = self._now()
        if self._began is None:
            self._began = now
        pause = OFTEN if self._stream.isatty() else SELDOM
        if now - self._began < MOMENT or (self._shown and now - self._last < pause):
            return False
        self._last, self._shown = now, True
        return True

    def _show(self, text: str) -> None:
        line = safe(text)
        self._write(f"\r\033[K{line}" if self._stream.isatty() else f"{line}\n")

    def _write(self, text: str) -> None:
        with suppress(OSError):  # nobody is there to see it
            self._stream.write(text)
            self._stream.flush()
