"""Clocks that tests set: time passes when someone sleeps, or when the test says so."""

from __future__ import annotations

import threading

from nightpress.backends import BACKENDS, Day

PACIFIC = BACKENDS["gemini"].day
"""A provider's day that is not UTC's, and changes its length twice a year."""

NOON = 1_795_032_000.0
"""2026-11-18 12:00 Pacific (20:00 UTC)."""


def pacific(_model: str) -> Day:
    return PACIFIC


class FakeClock:
    """Stands still until it is slept on or moved; keeps what was slept."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        self.slept.append(seconds)
        if stop is None or not stop.is_set():
            self.now += seconds
