"""The quota ledger under load: real processes on one file, and what a reservation costs."""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.gemini_server.clock import FastClock

from benchmarks._night_world import PACIFIC
from nightpress.clock import RealClock
from nightpress.quota import Limits, Pace, Quota, Reservation

MODEL = "gemini-3.5-flash-lite"
HARD = Pace(profile="unpaced", skew=0.0)
"""Only the limits, over exactly 60 s: what 4 processes could waste is theirs alone."""


class SharedClock:
    """The local server's fast clock, as the client's clock."""

    def __init__(self, speed: float, origin: float, monotonic_origin: float) -> None:
        self._fast = FastClock(speed, origin, monotonic_origin)

    def time(self) -> float:
        return self._fast.time()

    def monotonic(self) -> float:
        return self._fast.time()

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        if stop is None:
            self._fast.sleep(seconds)
        else:
            stop.wait(seconds / self._fast.speed)


def grab(path: str, clock: tuple[float, float, float], limits: Limits, until: float) -> None:
    """One process: takes whatever it gets until then."""
    own = SharedClock(*clock)
    quota = Quota(Path(path), own, day_of=lambda _: PACIFIC)
    while (now := own.time()) < until:
        found = quota.take(MODEL, limits, 100, "", HARD, 0.0)
        if not isinstance(found, Reservation):
            seconds = getattr(found, "seconds", 60.0)
            own.sleep(max(0.0, min(seconds, until - now)))
    quota.close()


def processes(
    number: int = 4, rpm: int = 60, minutes: int = 5, speed: float = 60
) -> dict[str, Any]:
    """`number` processes that take all they can, for `minutes` on a clock `speed` times as fast."""
    limits = Limits(rpm=rpm)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quota.db"
        context = multiprocessing.get_context("spawn")
        # the processes start before the clock's minute does: starting is not what is measured
        origin, lead = time.time(), 3.0
        clock = (speed, origin, time.monotonic() + lead)
        until = origin + 60.0 * minutes
        started = [
            context.Process(target=grab, args=(str(path), clock, limits, until))
            for _ in range(number)
        ]
        for process in started:
            process.start()
        for process in started:
            process.join()
        quota = Quota(path, SharedClock(*clock), day_of=lambda _: PACIFIC)
        rows = quota.store.connection().execute(
            "SELECT at FROM reservations WHERE at>=? AND at<? ORDER BY at", (origin, until)
        )
        times = [row["at"] for row in rows]
        quota.close()
    capacity = rpm * minutes
    return {
        "processes": number,
        "capacity": capacity,
        "granted": len(times),
        "wasted_percent": round(100 * (1 - len(times) / capacity), 2),
        "rpm": rpm,
        "most_in_any_minute": most_in_a_minute(times),
        "exit_codes": [process.exitcode for process in started],
    }


def most_in_a_minute(times: Sequence[float]) -> int:
    """The most reservations that any 60 s hold."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - 60.0:
            first += 1
        most = max(most, last - first + 1)
    return most


def cost(history: int = 1_000_000, calls: int = 300) -> dict[str, Any]:
    """Milliseconds of a reservation and of its settlement, durable (fsync), in a new ledger, and
    in one with that many reservations and days of history."""
    with tempfile.TemporaryDirectory() as folder:
        new = _timed(Path(folder) / "new.db", calls)
        path = Path(folder) / "old.db"
        _fill(path, history)
        old = _timed(path, calls)
    return {"history_rows": history, "new_ledger": new, "with_history": old}


def _timed(path: Path, calls: int) -> dict[str, float]:
    quota, limits, pace = (
        Quota(path, RealClock(), day_of=lambda _: PACIFIC),
        Limits(1_000_000, 10**12, 10**9),
        Pace(),
    )
    fast = Pace(profile="unpaced")
    reserving, settling = [], []
    for _ in range(calls):
        started = time.perf_counter()
        held = quota.take(MODEL, limits, 1000, "x/skill", fast, 0.5)
        reserving.append(time.perf_counter() - started)
        assert isinstance(held, Reservation), held
        started = time.perf_counter()
        quota.settle(held, pace, 900, 3000)
        settling.append(time.perf_counter() - started)
    quota.close()
    return {
        "reserve_ms": round(1000 * statistics.median(reserving), 3),
        "reserve_p95_ms": round(1000 * statistics.quantiles(reserving, n=20)[-1], 3),
        "settle_ms": round(1000 * statistics.median(settling), 3),
    }


def _fill(path: Path, rows: int) -> None:
    """History: `rows` settled reservations that nothing has swept away yet."""
    quota = Quota(path, RealClock(), day_of=lambda _: PACIFIC, durable=False)
    quota.take(MODEL, Limits(1_000_000, 10**12, 10**9), 1, "", HARD, 0.0)
    old = time.time() - 86_400 * 365
    with quota.store.write() as db:
        db.executemany(
            "INSERT INTO reservations (lane, at, day, tokens, purpose, state)"
            " VALUES (1, ?, '2025-11-23', 1000, 'x', 'settled')",
            ((old + 30 * number / 1.0e3,) for number in range(rows)),
        )
    quota.close()
