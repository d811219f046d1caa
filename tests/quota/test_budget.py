"""What a run may use at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from nightpress.backends import FREE, Price
from nightpress.backends.gemini import GEMINI
from nightpress.errors import Answer, Deferred, UsageError
from nightpress.quota import Pacer, Wait
from nightpress.quota import budget as money
from nightpress.quota.budget import Budget, Spending
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Pace
from tests.quota.clocks import NOON, FakeClock

MODEL = "gemini-3.5-flash-lite"
Make = Callable[..., Pacer]


def spending(price: Price | None = FREE, **bounds: float) -> Spending:
    return Spending(Budget(**bounds), lambda _: price)  # type: ignore[arg-type]


def test_calls_in_flight_count(pacer: Make) -> None:
    paced = pacer(Limits(), spending=spending(max_calls=2))
    one = paced.reserve(MODEL, 10)
    paced.reserve(MODEL, 10)
    with pytest.raises(Deferred, match="max_calls=2"):
        paced.reserve(MODEL, 10)
    paced.refund(one)
    paced.settle(paced.reserve(MODEL, 10), 10, 10)
    with pytest.raises(Deferred):
        paced.reserve(MODEL, 10)


def test_retries_and_refusals_are_calls(pacer: Make) -> None:
    paced = pacer(Limits(), spending=spending(max_calls=1))
    paced.refused(paced.reserve(MODEL, 10), Answer("transient", "never left", left=False))
    paced.refused(paced.reserve(MODEL, 10), Answer("transient", "503", 503))
    with pytest.raises(Deferred):
        paced.reserve(MODEL, 10)


def test_tokens_are_set_aside_then_settled(pacer: Make) -> None:
    bounded = spending(max_tokens=10_000)
    paced = pacer(Limits(), spending=bounded)
    held = paced.reserve(MODEL, 1_000, tokens_out=8_000)
    waits = paced.attempt(MODEL, 1_000, tokens_out=8_000)  # what is in flight may leave enough
    assert isinstance(waits, Wait)
    assert "in flight" in waits.why
    with pytest.raises(Deferred, match="max_tokens"):
        paced.reserve(MODEL, 1_000, tokens_out=9_001)  # and for this it never will
    paced.settle(held, 900, 100)
    paced.settle(held, 900, 100)  # a second time is ignored
    assert (bounded.used.calls, bounded.used.tokens_in) == (1, 900)
    assert paced.snapshot(MODEL).evidence.clean == 1
    paced.settle(paced.reserve(MODEL, 1_000, tokens_out=8_000), 900, 7_000)
    with pytest.raises(Deferred, match="max_tokens"):
        paced.attempt(MODEL, 1_000, tokens_out=200)


def test_the_cost_is_never_more(pacer: Make) -> None:
    bounded = spending(Price(1.0, 10.0), max_cost=0.5)
    paced = pacer(Limits(), spending=bounded)
    calls = 0
    with pytest.raises(Deferred, match=r"max_cost=0\.50"):
        while True:
            paced.settle(paced.reserve(MODEL, 10_000, tokens_out=10_000), 10_000, 5_000)
            calls += 1
    assert calls == 7  # of 0.06 each, with room for one of 0.11 at most
    assert bounded.used.cost == pytest.approx(0.42)


def test_what_is_in_flight_costs_too(pacer: Make) -> None:
    paced = pacer(Limits(), spending=spending(Price(1.0, 10.0), max_cost=0.2))
    held = paced.reserve(MODEL, 10_000, tokens_out=10_000)
    assert isinstance(paced.attempt(MODEL, 10_000, tokens_out=10_000), Wait)
    paced.settle(held, 10_000, 9_900)
    with pytest.raises(Deferred, match="max_cost"):
        paced.reserve(MODEL, 10_000, tokens_out=10_000)


def test_an_exchanged_reservation_sets_aside_as_much(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(Limits(), spending=spending(max_tokens=10_000))
    held = paced.reserve(MODEL, 1_000, tokens_out=100)
    clock.now += 30
    assert paced.confirm(held).tokens_out == 100
    paced.reserve(MODEL, 800, tokens_out=8_000)  # there is room for it


def test_without_a_price_there_is_no_cost(pacer: Make) -> None:
    with pytest.raises(UsageError, match="no price is known"):
        pacer(Limits(), spending=spending(None, max_cost=1.0)).reserve(MODEL, 1)
    unknown = spending(None)
    paced = pacer(Limits(), spending=unknown)
    paced.settle(paced.reserve(MODEL, 1), 70, 7)
    assert (unknown.used.tokens_in, unknown.used.tokens_out, unknown.used.cost) == (70, 7, None)


def test_no_new_work_after_until(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(Limits(1), Pace(profile="unpaced"), spending=spending(until=NOON + 50))
    paced.reserve(MODEL, 1)
    with pytest.raises(Deferred, match="until"):
        paced.reserve(MODEL, 1)  # the wait alone would pass it
    assert clock.now == NOON
    clock.now = NOON + 50
    with pytest.raises(Deferred, match="until"):
        pacer(Limits(), spending=spending(until=NOON + 50)).reserve(MODEL, 1)


def test_a_deferred_call_leaves_the_budget_as_it_was(pacer: Make) -> None:
    bounded = spending(max_calls=2)
    paced = pacer(Limits(rpd=1), spending=bounded)
    paced.settle(paced.reserve(MODEL, 1), 1, 1)
    for _ in range(3):
        with pytest.raises(Deferred, match="day's 1 requests"):
            paced.reserve(MODEL, 1)
    assert bounded.used.calls == 1


def test_enhancements_are_limited() -> None:
    bounded = spending(limit=2)
    for job in ("a/skill", "b/skill", "a/skill"):
        bounded.admit(job)
    with pytest.raises(Deferred, match="limit=2"):
        bounded.admit("c/skill")


def test_a_bundle_is_one_of_the_limit_and_counts_for_all_that_it_has() -> None:
    bundle = [f"b/references.{n}" for n in range(4)]
    bounded = spending(limit=2)
    bounded.admit("a/skill")
    for job in ("b/references.0", *bundle, "b/skill"):
        bounded.admit(job, [*bundle, "b/skill"])
    with pytest.raises(Deferred, match="limit=2"):
        bounded.admit("c/skill")


def test_prices() -> None:
    november, january = date(2026, 11, 23), date(2027, 1, 1)
    for day in (november, date(2026, 12, 31)):
        assert money.price(GEMINI, "gemini-3.8-flash", {}, day) == Price(0.75, 3.75, 0.075)
    assert money.price(GEMINI, "gemini-3.8-flash", {}, january) == Price(1.50, 7.50, 0.15)
    assert money.price(GEMINI, "other", {}, november) is None
    assert money.price(GEMINI, "other", {"other": {"in": 1, "out": 2}}, november) == Price(1, 2)
    assert money.price(GEMINI, MODEL, {MODEL: {"in": 1, "out": None}}, november) is None
    assert money.cost(Price(0.3, 2.5), 1_000_000, 100_000) == pytest.approx(0.55)
    assert money.cost(Price(0.3, 2.5), 1_000_000, 0, 500_000) == pytest.approx(0.3)
    cached = money.price(GEMINI, "other", {"other": {"in": 1, "out": 2, "cached": 0.2}}, november)
    assert money.cost(cached, 1_000_000, 0, 500_000) == pytest.approx(0.6)
    assert money.cost(cached, 1_000_000, 0, 9_000_000) == pytest.approx(0.2)
    assert money.cost(money.reduced(cached, 0.5), 1_000_000, 0, 500_000) == pytest.approx(0.3)


def test_options_go_before_the_defaults() -> None:
    now = datetime(2026, 11, 23, 22, 0)
    found = money.read({"max_calls": 5, "until": "06:00"}, {"max_calls": 9, "limit": 3}, now)
    assert found == Budget(5, None, None, datetime(2026, 11, 24, 6, 0).timestamp(), 3)
    assert money.next_time("23:30", now) == datetime(2026, 11, 23, 23, 30)
