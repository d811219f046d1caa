"""Time, as a thing that is handed in: what waits or asks the time takes a Clock.

Floor 2.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """time(): epoch seconds; monotonic(): for durations; sleep(): ends early when `stop` is set."""

    def time(self) -> float: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None: ...


class RealClock:
    """The machine's clock."""

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        if stop is None:
            time.sleep(seconds)
        else:
            stop.wait(seconds)
