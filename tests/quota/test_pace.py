"""The pace: from careful to proven and back, and the classic one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from nightpress.errors import Answer, Deferred
from nightpress.quota import Pacer, Reservation
from nightpress.quota import pace as pacing
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Evidence, Fixed, Pace
from tests.quota.clocks import NOON, FakeClock

MODEL = "m"
FREE = Limits(15, 250_000, 500)
REFUSAL = Answer("minute_quota", "429", 429, 20.0, 15, "rpm")
Make = Callable[..., Pacer]


def run(pacer: Pacer, clock: FakeClock, calls: int) -> list[float]:
    """The times of so many clean calls, one after the other."""
    times = []
    for _ in range(calls):
        held = pacer.reserve(MODEL, 100, "p/skill")
        times.append(clock.now)
        pacer.settle(held, 100, 10)
    return times


def test_the_first_calls_stand_apart_at_half_the_quota(pacer: Make, clock: FakeClock) -> None:
    times = run(pacer(FREE, Pace()), clock, 3)
    for before, after in pairwise(times):
        assert 6 < after - before <= 8  # 8 s is half of 15 a minute; jitter takes some of it


def test_evidence_speeds_up_to_the_margin_and_no_further(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(FREE, Pace())
    run(paced, clock, 45)
    assert paced.snapshot(MODEL).share == pytest.approx(0.98)
    assert paced.snapshot(MODEL).evidence == Evidence(45, 0)
    times = run(paced, clock, 151)
    assert (times[150] - times[0]) / 10 == pytest.approx(60 / 0.98, abs=0.5)


def test_one_refusal_slows_down_and_clean_calls_speed_up_again(
    pacer: Make, clock: FakeClock
) -> None:
    said: list[str] = []
    paced = pacer(FREE, Pace(), tell=said.append)
    run(paced, clock, 45)
    held = paced.reserve(MODEL, 100, "p/skill")
    paced.refused(held, REFUSAL)
    assert said == ["m: refused; the pace goes down to 66% of the quota"]
    assert paced.snapshot(MODEL).share == pytest.approx(0.66)
    refused_at = clock.now
    paced.settle(paced.reserve(MODEL, 100, "p/skill"), 100, 10)
    assert clock.now - refused_at >= 20  # what was stated
    run(paced, clock, 29)
    assert paced.snapshot(MODEL).share == pytest.approx(0.98)


def test_a_burst_of_refusals_slows_down_once(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(FREE, Pace())
    run(paced, clock, 45)
    held = []
    for _ in range(3):
        held.append(paced.reserve(MODEL, 100, "p/skill"))
    for reservation in held:
        paced.refused(reservation, REFUSAL)
    assert paced.snapshot(MODEL).evidence == Evidence(15, 1)
    assert paced.snapshot(MODEL).refused_today == 3


def test_evidence_is_the_ledgers_not_the_runs(pacer: Make, clock: FakeClock) -> None:
    run(pacer(FREE, Pace()), clock, 30)
    assert pacer(FREE, Pace()).snapshot(MODEL).evidence.clean == 30


def test_an_error_is_no_evidence_and_a_judged_reply_is(pacer: Make) -> None:
    paced = pacer(FREE, Pace())
    paced.refused(paced.reserve(MODEL, 1), Answer("transient", "503", 503))
    assert paced.snapshot(MODEL).evidence == Evidence(0, 0)
    paced.refused(paced.reserve(MODEL, 1), Answer("blocked", "blocked", 200, tokens_in=3))
    assert paced.snapshot(MODEL).evidence == Evidence(1, 0)


def test_refusals_widen_the_tolerated_skew_and_are_forgiven() -> None:
    pace, evidence = Pace(), Evidence(45, 0)
    for _ in range(3):
        evidence = pacing.after_refusal(pace, evidence)
    evidence = Evidence(45, evidence.refusals)
    assert pacing.window(pace, evidence) == pytest.approx(62.5)
    for _ in range(3 * pacing.FORGIVE * pace.proof):
        evidence = pacing.after_clean(pace, evidence)
    assert evidence.refusals == 0
    assert pacing.window(pace, evidence) == pytest.approx(60 / 0.98)


def test_want_of_capacity_pauses_longer_each_time() -> None:
    pauses = [pacing.hold(Evidence(0, n), None, 0.0) for n in range(1, 8)]
    assert pauses == [5, 10, 20, 40, 80, 120, 120]
    assert pacing.hold(Evidence(0, 1), 0.2, 0.0) == 1.0
    assert pacing.hold(Evidence(0, 1), 30.0, 0.5) == pytest.approx(31.5)  # jitter goes on top


def test_the_classic_pace(pacer: Make, clock: FakeClock) -> None:
    """Seconds from the end of a call to the next: 90-120 before an analysis, 45-60 before a
    generation, and 30-60 more after every second plugin (here)."""
    pace = Pace(profile="fixed", fixed=Fixed(rest_every=2))
    paced = pacer(FREE, pace)
    gaps = []
    for number in range(4):
        for purpose in (f"p{number}", f"p{number}/skill"):
            before = clock.now
            held = paced.reserve(MODEL, 100, purpose)
            gaps.append(round(clock.now - before))
            clock.now += 6  # the call takes its time
            paced.settle(held, 100, 10)
    assert gaps == [0, 53, 105, 53, 150, 53, 105, 53]


def test_unpaced_takes_the_limit_at_once(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(FREE, Pace(profile="unpaced"))
    for _ in range(15):
        assert isinstance(paced.attempt(MODEL, 1), Reservation)
    assert clock.now == NOON


def test_a_stopped_run_waits_no_more(pacer: Make, clock: FakeClock) -> None:
    stop = threading.Event()
    paced = pacer(Limits(1), Pace(), stop=stop)
    paced.reserve(MODEL, 1)
    paced.waiting = lambda *_: stop.set()  # Ctrl-C, just as it begins to wait
    with pytest.raises(Deferred, match="stopped"):
        paced.reserve(MODEL, 1)
    assert clock.now == NOON
    assert paced.snapshot(MODEL).calls_today == 1


def test_a_reservation_that_was_held_too_long_is_exchanged(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(Limits(2), Pace(profile="unpaced"))
    held = paced.reserve(MODEL, 1)
    assert paced.confirm(held) is held
    clock.now += 30
    later = paced.confirm(held)
    assert (later.at, later.id > held.id) == (clock.now, True)
    assert paced.snapshot(MODEL).calls_today == 1


def test_settings_are_read() -> None:
    pace = pacing.read(
        {"profile": "fixed", "margin": 0.9, "analysis_seconds": 10, "rest_every": None,
         "rest_seconds": [5, 7], "generation_jitter_seconds": 0}
    )  # fmt: skip
    assert pace == Pace("fixed", 0.9, 0.5, fixed=Fixed(10, 30, 45, 0, 10, (5, 7)))
    assert pacing.read({"margin": 0.3}).start == 0.3
    assert pacing.read(None) == Pace()
