"""What one run may use at most: calls, tokens, dollars, time, enhancements; set aside before a
call is made, so that calls in flight together cannot overrun it.

No I/O; the time is an argument. One `Spending` per run, safe for threads.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct, field

from nightpress.backends import FREE, Declaration, Price
from nightpress.errors import Bounded, UsageError

MILLION = 1_000_000
AGAIN = "the rest is deferred: the next run goes on with it"


def price(
    declared: Declaration,
    model: str,
    configured: Mapping[str, Mapping[str, float | None]],
    today: date,
) -> Price | None:
    """The model's price: what the project says, else nothing where its backend never costs
    anything, else the published one; None: unknown."""
    own = configured.get(model)
    if own is None:
        return FREE if declared.free else declared.model(model).price(today)
    tokens_in, tokens_out = own.get("in"), own.get("out")
    if tokens_in is None or tokens_out is None:
        return None
    return Price(float(tokens_in), float(tokens_out), own.get("cached"))


def reduced(price: Price | None, share: float) -> Price | None:
    """The price by a lane that costs this part of it."""
    if price is None or share == 1.0:
        return price
    cached = None if price.cached is None else price.cached * share
    return Price(price.tokens_in * share, price.tokens_out * share, cached)


def cost(
    price: Price | None, tokens_in: int, tokens_out: int, tokens_cached: int = 0
) -> float | None:
    """US dollars; None where the price is unknown. tokens_cached: of tokens_in."""
    if price is None:
        return None
    cached = min(tokens_cached, tokens_in)  # as somebody else counts them
    off = 0.0 if price.cached is None else cached * (price.tokens_in - price.cached)
    return (tokens_in * price.tokens_in - off + tokens_out * price.tokens_out) / MILLION


def next_time(text: str, now: datetime) -> datetime:
    """The next moment at which a clock where the user is shows `text` (HH:MM), after `now`.

    now: naive local time; so is the result (`.timestamp()` knows the zone and its changes).
    """
    hour, minute = (int(part) for part in text.split(":"))
    today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


class Budget(Struct, frozen=True):
    """None: no bound. max_cost: US dollars; until: epoch seconds; limit: enhancements."""

    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    until: float | None = None
    limit: int | None = None


def read(options: Mapping[str, Any], defaults: Mapping[str, Any], now: datetime) -> Budget:
    """The run's budget: its options, else the `budget:` section; now: naive local time."""
    values = {**defaults, **options}
    until = values.get("until")
    return Budget(
        values.get("max_calls"),
        values.get("max_tokens"),
        values.get("max_cost"),
        next_time(until, now).timestamp() if until else None,
        values.get("limit"),
    )


class Held(Struct, frozen=True):
    """What was set aside for one call."""

    tokens: int
    cost: float
    price: Price | None


class Used(Struct):
    """calls, tokens and US dollars; cost: None once a call had no known price."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = 0.0


class Spending(Struct):
    """A budget and what was spent and set aside of it. prices: model -> Price, FREE on a free
    tier, None where unknown."""

    budget: Budget
    prices: Callable[[str], Price | None]
    used: Used = field(default_factory=Used)
    _tokens_held: int = 0
    _cost_held: float = 0.0
    _in_flight: int = 0
    _jobs: set[str] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, job: str, beside: Iterable[str] = ()) -> None:
        """One more enhancement, and those that are published with it or not at all; Deferred when
        the run has had its number of them."""
        with self._guard:
            limit = self.budget.limit
            if job not in self._jobs and limit is not None and len(self._jobs) >= limit:
                raise Bounded(f"limit={limit}: this run's enhancements are done", hint=AGAIN)
            self._jobs.update((job, *beside))

    def check_time(self, now: float) -> None:
        """Deferred when no new work may begin at `now` (epoch seconds)."""
        if self.budget.until is not None and now >= self.budget.until:
            raise Bounded("until: the run's time is over", hint=AGAIN)

    def hold(
        self, model: str, tokens_in: int, tokens_out: int, now: float, share: float = 1.0
    ) -> Held | None:
        """Set aside one call with its tokens at most; Deferred when that is over the budget; None
        when calls in flight may yet give back enough of what was set aside for them. share: the
        part of the price that it costs.
        UsageError when a cost is bounded and the model has no known price."""
        self.check_time(now)
        price = reduced(self.prices(model), share)
        dollars = cost(price, tokens_in, tokens_out)
        if dollars is None and self.budget.max_cost is not None:
            raise UsageError(
                f"max_cost can't be kept: no price is known for {model}",
                f"say it in manifests/_defaults.yaml: prices: {{{model}: {{in: ..., out: ...}}}}",
            )
        with self._guard:
            if not self._fits(tokens_in + tokens_out, dollars or 0.0):
                return None
            self._in_flight += 1
            self._tokens_held += tokens_in + tokens_out
            self._cost_held += dollars or 0.0
        return Held(tokens_in + tokens_out, dollars or 0.0, price)

    def _fits(self, tokens: int, dollars: float) -> bool:
        """Beside what is in flight; Deferred where it would not fit without that either."""
        budget, used = self.budget, self.used
        calls = used.calls + self._in_flight
        if budget.max_calls is not None and calls >= budget.max_calls:
            raise Bounded(f"max_calls={budget.max_calls}: the calls are spent", hint=AGAIN)
        room = math.inf if budget.max_tokens is None else budget.max_tokens
        room -= used.tokens_in + used.tokens_out + tokens
        if room < 0:
            raise Bounded(f"max_tokens={budget.max_tokens}: the tokens are spent", hint=AGAIN)
        purse = math.inf if budget.max_cost is None else budget.max_cost + 1e-9
        purse -= (used.cost or 0.0) + dollars
        if purse < 0:
            raise Bounded(f"max_cost={budget.max_cost:.2f}: the money is spent", hint=AGAIN)
        return self._tokens_held <= room and self._cost_held <= purse

    def settle(self, held: Held, tokens_in: int, tokens_out: int, tokens_cached: int = 0) -> None:
        """The call was made: what it really used takes the place of what was set aside."""
        with self._guard:
            self._free(held)
            self.used.calls += 1
            self.used.tokens_in += tokens_in
            self.used.tokens_out += tokens_out
            dollars = cost(held.price, tokens_in, tokens_out, tokens_cached)
            if dollars is None or self.used.cost is None:
                self.used.cost = None
            else:
                self.used.cost += dollars

    def release(self, held: Held) -> None:
        """The call was never made."""
        with self._guard:
            self._free(held)

    def _free(self, held: Held) -> None:
        self._in_flight -= 1
        self._tokens_held -= held.tokens
        self._cost_held -= held.cost
