"""Time, as a thing that is handed in: what waits or asks the time takes a Clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Protocol

from nightpress.errors import UsageError

VARIABLE = "NIGHTPRESS_CLOCK"
"""`SPEED,ORIGIN,MONOTONIC_ORIGIN`: the clock of a local test server, as its /clock tells it."""


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


class FastClock:
    """Real time, `speed` times as fast: `origin` (epoch seconds) was when the machine's monotonic
    clock stood at `monotonic_origin`. Two processes on one machine share it by these numbers."""

    def __init__(self, speed: float, origin: float, monotonic_origin: float) -> None:
        self.speed = speed
        self.origin = origin
        self.monotonic_origin = monotonic_origin

    def time(self) -> float:
        return self.origin + (time.monotonic() - self.monotonic_origin) * self.speed

    def monotonic(self) -> float:
        return time.monotonic() * self.speed

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        RealClock().sleep(max(0.0, seconds) / self.speed, stop)


def of(environ: Mapping[str, str]) -> Clock:
    """The machine's clock, or the one that NIGHTPRESS_CLOCK names, for rehearsals against a
    server on this machine; UsageError where its text says no clock."""
    setting = environ.get(VARIABLE, "")
    if not setting:
        return RealClock()
    try:
        speed, origin, monotonic_origin = (float(part) for part in setting.split(","))
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 10_000:
        raise UsageError(f"{VARIABLE}={setting!r} is not a clock", "SPEED,ORIGIN,MONOTONIC_ORIGIN")
    return FastClock(speed, origin, monotonic_origin)


def ago(seconds: float) -> str:
    """An age in one unit."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "just now"
