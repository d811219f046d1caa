"""Limits by the hour, and of a day's tokens, which few providers have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nightpress.errors import BackendError, DaySpent
from nightpress.quota import Pacer, Reservation, Wait
from nightpress.quota.limits import Limits
from tests.quota.clocks import NOON, PACIFIC, FakeClock

MODEL = "llama-3.3-70b-versatile"
Make = Callable[..., Pacer]


def taken(pacer: Pacer, tokens: int = 100) -> Reservation:
    found = pacer.attempt(MODEL, tokens)
    assert isinstance(found, Reservation), found
    return found


def waits(pacer: Pacer, tokens: int = 100) -> Wait:
    found = pacer.attempt(MODEL, tokens)
    assert isinstance(found, Wait), found
    return found


def test_an_hour_holds_exactly_its_requests(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(Limits(rph=3))
    for minute in (0, 10, 20):
        clock.now = NOON + 60 * minute
        taken(paced)
    found = waits(paced)
    assert found.why == "the hour's requests are spent"
    assert found.seconds == pytest.approx(40 * 60 + 5, abs=0.01)
    clock.now = NOON + 3_606
    taken(paced)
    waits(paced)


def test_an_hour_holds_exactly_its_tokens(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(Limits(tph=1_000))
    paced.settle(taken(paced, 500), 700, 10)
    clock.now += 600
    found = waits(paced, 300)
    assert found.why == "the hour's tokens are spent"
    assert found.seconds == pytest.approx(3_005, abs=0.01)


def test_a_day_holds_its_tokens_in_and_out_and_those_in_flight(
    pacer: Make, clock: FakeClock
) -> None:
    paced = pacer(Limits(tpd=10_000))
    paced.settle(taken(paced, 3_000), 3_000, 4_000)
    in_flight = taken(paced, 2_000)
    with pytest.raises(DaySpent, match="the day's 10,000 tokens are spent") as caught:
        paced.attempt(MODEL, 1_500)
    assert caught.value.until == PACIFIC.ends(NOON)
    paced.settle(in_flight, 500, 500)
    taken(paced, 1_500)
    clock.now = PACIFIC.ends(NOON) + 10
    taken(paced, 5_000)


@pytest.mark.parametrize(
    ("limits", "span"), [(Limits(tph=99), "an hour"), (Limits(tpd=99), "a day")]
)
def test_what_no_waiting_helps_is_refused(pacer: Make, limits: Limits, span: str) -> None:
    with pytest.raises(BackendError, match=f"{span} allows 99") as caught:
        pacer(limits).attempt(MODEL, 100)
    assert caught.value.answer.kind == "too_large" and not caught.value.answer.left


def test_limits_say_what_they_are(pacer: Make) -> None:
    assert str(Limits(15, 250_000, 500)) == "15/250k/500", "as older ledgers have them"
    assert str(Limits(30, 12_000, 1_000, tpd=100_000)) == "30/12k/1000 tpd=100k"
    with pytest.raises(BackendError, match="the limit is 0 requests an hour"):
        pacer(Limits(rph=0)).attempt(MODEL, 1)
