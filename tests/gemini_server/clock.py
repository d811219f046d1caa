"""Clocks: what the server and an in-process client share, so that a night takes seconds.

A clock has `time()` (epoch seconds) and `sleep(seconds)`; both speak of the clock's own seconds.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    def time(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class FastClock:
    """Real time, `speed` times as fast, starting at `origin` (epoch seconds; default: now).

    `monotonic_origin` is the machine's monotonic clock at `origin`: with it, origin and speed (all
    three at the server's `/clock`) another process on this machine builds the very same clock.
    """

    def __init__(
        self,
        speed: float = 1.0,
        origin: float | None = None,
        monotonic_origin: float | None = None,
    ) -> None:
        self.speed = speed
        self.monotonic_origin = time.monotonic() if monotonic_origin is None else monotonic_origin
        self.origin = time.time() if origin is None else origin

    def time(self) -> float:
        return self.origin + (time.monotonic() - self.monotonic_origin) * self.speed

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds / self.speed)


class ManualClock:
    """A clock that stands still until someone sleeps on it or advances it.

    `sleep` moves it at once: for one client thread, a night takes no time at all.
    """

    speed = 0.0
    monotonic_origin = 0.0

    def __init__(self, origin: float = 1_795_000_000.0) -> None:
        self.origin = origin
        self._now = origin
        self._lock = threading.Lock()

    def time(self) -> float:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
