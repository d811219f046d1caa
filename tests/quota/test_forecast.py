"""Forecasts: against the simulated run itself, over midnights, and in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from nightpress.backends import FREE as NOTHING
from nightpress.backends import Price
from nightpress.errors import Deferred
from nightpress.quota import Pacer
from nightpress.quota import forecast as foretelling
from nightpress.quota.forecast import Situation, Work, forecast
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Evidence, Fixed, Pace
from tests.quota.clocks import PACIFIC, FakeClock

LITE = "gemini-3.5-flash-lite"
FREE = Limits(15, 250_000, 500)
EVENING = datetime(2026, 11, 23, 20, 0, tzinfo=PACIFIC.tzinfo).timestamp()
HERE = Situation(EVENING, FREE, Pace(), Evidence(), price=NOTHING, day=PACIFIC)


def of(calls: int, at: Situation = HERE, tokens: int = 6_000) -> foretelling.Forecast:
    return forecast(Work((calls, calls), (tokens, tokens)), at)


@pytest.mark.parametrize(
    ("limits", "pace", "tokens"),
    [
        (FREE, Pace(), 6_000),
        (FREE, Pace(), 30_000),
        (Limits(5, 250_000, 20), Pace(), 6_000),
        (FREE, Pace(profile="fixed", fixed=Fixed(rest_every=0)), 6_000),
    ],
    ids=["requests", "tokens", "days", "classic"],
)
def test_the_forecast_is_what_then_happens(
    pacer: Callable[..., Pacer], clock: FakeClock, limits: Limits, pace: Pace, tokens: int
) -> None:
    clock.now = EVENING
    paced = pacer(limits, pace)
    for number in range(110):
        purpose = f"p{number // 2}/skill" if number % 2 else f"p{number // 2}"
        try:
            held = paced.reserve(LITE, tokens, purpose)
        except Deferred as deferred:
            assert deferred.until is not None
            clock.now = deferred.until
            held = paced.reserve(LITE, tokens, purpose)
        if pace.profile == "fixed":
            clock.now += 5.2
        paced.settle(held, tokens, 100)
    found = of(110, replace(HERE, limits=limits, pace=pace), tokens)
    assert found.done_at[0] - EVENING == pytest.approx(clock.now - EVENING, rel=0.03)
    assert found.days[0] == (6 if limits.rpd == 20 else 1)


def test_the_exact_number_of_days() -> None:
    small = replace(HERE, limits=Limits(5, 250_000, 20))
    assert of(472, small).days == (24, 24)
    assert of(472, replace(small, used_today=20)).days == (24, 24)
    assert of(480, replace(small, used_today=1)).days == (25, 25)
    assert of(20, small).days == (1, 1)


def test_the_rest_is_carried_over() -> None:
    small = replace(HERE, limits=Limits(5, 250_000, 20), used_today=5)
    found = of(100, small)
    assert found.tonight == (15, 15)
    assert found.carried_over == (85, 85)
    assert found.goes_on_at == datetime(2026, 11, 24, tzinfo=PACIFIC.tzinfo).timestamp()
    assert of(100, replace(HERE, max_calls=30)).carried_over == (70, 70)
    assert 50 < of(472, replace(HERE, until=EVENING + 600)).tonight[0] < 150


def test_a_closed_model_goes_on_at_midnight() -> None:
    midnight = datetime(2026, 11, 24, tzinfo=PACIFIC.tzinfo).timestamp()
    found = of(10, replace(HERE, closed_until=midnight))
    assert (found.tonight, found.goes_on_at) == ((0, 0), midnight)
    assert found.done_at[0] > midnight


def test_few_workers_are_slower_than_the_quota() -> None:
    one = replace(HERE, limits=Limits(1000), workers=1, evidence=Evidence(45))
    assert of(100, one).done_at[0] - EVENING == pytest.approx(520, rel=0.01)


def test_a_million_calls_are_foretold_at_once() -> None:
    found = of(1_000_000, replace(HERE, limits=Limits(1000, None, None), workers=100))
    assert found.done_at[0] - EVENING == pytest.approx(61_200, rel=0.02)
    assert found.carried_over == (0, 0)


def test_our_own_latencies_take_the_place_of_others() -> None:
    assert foretelling.measured([1.0] * 19) == foretelling.FIELD
    assert foretelling.measured([float(n) for n in range(1, 101)]) == foretelling.Latency(51, 96)


def test_words() -> None:
    now = datetime(2026, 11, 23, 2, 40, tzinfo=UTC).timestamp()
    at = replace(HERE, now=now)
    found = forecast(Work((122, 150), (7_000, 8_000)), at)
    said = foretelling.sentence(found, LITE, at, free=True, zone=UTC)
    assert said == (
        "122-150 calls, ~0.9-1.2 M input tokens, gemini-3.5-flash-lite at 15/250k/500:"
        " done at 02:49-02:50; 0 carried over; $0 (free tier)"
    )
    paid = replace(at, price=Price(0.3, 2.5))
    found = forecast(Work((122, 150), (7_000, 8_000)), paid)
    assert foretelling.money(found.cost, free=False) == "$1.17-2.61"
    assert "unknown" in foretelling.money(None, free=False)
    assert foretelling.money((0.0, 0.0), free=False) == "$0"
    small = replace(at, limits=Limits(5, 250_000, 20))
    said = foretelling.sentence(of(472, small), LITE, small, free=True, zone=UTC)
    assert "done on 2026-12-15, in 24 days; 452 carried over" in said
    assert foretelling.sentence(of(0), LITE, HERE, free=True) == "no calls; $0 (free tier)"


def test_a_days_tokens_end_a_day() -> None:
    at = replace(HERE, limits=Limits(30, None, None, tpd=60_000))
    assert of(25, at, tokens=6_000).days[0] == 3
