"""Properties: whatever the order and lateness of arrivals, the server never counts over a limit."""

from __future__ import annotations

import heapq
import random
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from nightpress.errors import Deferred
from nightpress.quota import Pacer, Quota, Wait
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Pace
from tests.gemini_server import quota as referee
from tests.quota.clocks import NOON, PACIFIC, FakeClock, pacific

MODEL = "some-model"
NEAR_MIDNIGHT = datetime(2026, 10, 31, 23, 59, 30, tzinfo=PACIFIC.tzinfo).timestamp()
SKEW = 1.0

calls = st.lists(
    st.tuples(
        st.floats(0, 30),  # seconds after the call before it
        st.integers(1, 400),  # tokens estimated
        st.floats(0.3, 0.9),  # of them real
        st.floats(0, SKEW),  # seconds from reservation to arrival
        st.sampled_from(["reply", "late reply", "error", "never left", "killed"]),
    ),
    min_size=1,
    max_size=60,
)
limits = st.builds(
    Limits,
    st.one_of(st.none(), st.integers(1, 6)),
    st.one_of(st.none(), st.integers(400, 1500)),
    st.one_of(st.none(), st.integers(1, 20)),
)
paces = st.sampled_from([Pace(), Pace(profile="unpaced"), Pace(margin=1.0), Pace(start=0.9)])


def arrivals(
    folder: str, given: Sequence[tuple[float, int, float, float, str]], limit: Limits, pace: Pace,
    start: float, processes: int,
) -> list[tuple[float, int]]:  # fmt: skip
    """(time, real tokens) of all that reached the server; every caller waits for its turn, and
    settles its calls as they end."""
    clock, rng = FakeClock(start), random.Random(1)
    pacers = [
        Pacer(
            Quota(Path(folder, "q.db"), clock, day_of=pacific, durable=False),
            clock,
            rng.random,
            lambda _: limit,
        )
        for _ in range(processes)
    ]
    for pacer in pacers:
        pacer.pace = pace
    seen: list[tuple[float, int]] = []
    ends: list[tuple[float, int, object]] = []
    for number, (gap, tokens, share, late, fate) in enumerate(given):
        pacer = pacers[number % processes]
        clock.now += gap
        while ends and ends[0][0] <= clock.now:
            heapq.heappop(ends)[2]()  # type: ignore[operator]
        for _ in range(1000):
            try:
                held = pacer.attempt(MODEL, tokens, "p/skill")
            except Deferred as deferred:
                assert deferred.until is not None
                clock.now = deferred.until
                continue
            if not isinstance(held, Wait):
                break
            clock.now += held.seconds
        assert not isinstance(held, Wait), "it waits for ever"
        real = max(1, int(tokens * share))
        if fate == "never left":
            pacer.refund(held)
            continue
        seen.append((clock.now + late, real))
        if fate == "killed":
            continue
        after = {"reply": 5.0, "late reply": 200.0, "error": late}[fate]
        settle = lambda p=pacer, h=held, t=real: p.settle(h, t, 10)  # noqa: E731
        heapq.heappush(ends, (clock.now + after, number, settle))
    for pacer in pacers:
        pacer.close()
    return sorted(seen)


@settings(max_examples=120, deadline=None)
@given(calls, limits, paces, st.sampled_from([NOON, NEAR_MIDNIGHT]), st.integers(1, 3))
def test_no_arrival_is_ever_over_a_limit(
    given: list[tuple[float, int, float, float, str]],
    limit: Limits,
    pace: Pace,
    start: float,
    processes: int,
) -> None:
    server = referee.Quota({MODEL: referee.Limits(limit.rpm, limit.tpm, limit.rpd)})
    with tempfile.TemporaryDirectory() as folder:
        for at, tokens in arrivals(folder, given, limit, pace, start, processes):
            assert server.take("project", MODEL, tokens, at)[0] == {}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 20), st.integers(1, 5), st.floats(0, 100))
def test_no_capacity_is_lost(rpm: int, minutes: int, offset: float) -> None:
    """Callers that always want get all that an exact minute holds."""
    clock = FakeClock(NOON + offset)
    with tempfile.TemporaryDirectory() as folder:
        quota = Quota(Path(folder, "q.db"), clock, day_of=pacific, durable=False)
        pacer = Pacer(quota, clock, lambda: 0.5, lambda _: Limits(rpm),
                      Pace(profile="unpaced", skew=0.0))  # fmt: skip
        begun, granted = clock.now, 0
        while clock.now < begun + 60 * minutes - 0.5:
            found = pacer.attempt(MODEL, 1)
            if isinstance(found, Wait):
                clock.now += found.seconds
            else:
                granted += 1
        quota.close()
    assert granted == rpm * minutes
