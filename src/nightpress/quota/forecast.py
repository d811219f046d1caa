"""When it will be done, in how many nights, and what it will cost: arithmetic, no promise.

Pure; times are epoch seconds. Call by call with the pace's own functions, so that a
forecast and a run cannot disagree about limits, ramp or the provider's midnight.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from datetime import datetime, tzinfo

from msgspec import Struct

from nightpress.backends import UTC, Day, Price
from nightpress.quota import pace as pacing
from nightpress.quota.budget import cost
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Evidence, Pace

EXACT = 20_000
"""Calls that are followed one by one; what is beyond is extrapolated from the rate until there."""


class Latency(Struct, frozen=True):
    """Seconds of a call: typical, and slow (the 95th percentile)."""

    median: float = 5.2
    p95: float = 8.4


FIELD = Latency()
"""Of 157 real calls; the ledger's own history takes its place."""
ENOUGH = 20
"""Calls from which on our own latencies are better than others'."""


def measured(seconds: Sequence[float], usual: Latency = FIELD) -> Latency:
    """The latency of calls that were made (the ledger's, replies only); usual: until there are
    enough of them."""
    if len(seconds) < ENOUGH:
        return usual
    ordered = sorted(seconds)
    return Latency(ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)])


class Work(Struct, frozen=True):
    """What is to be done. calls: likely and at most (repairs and retries included); tokens_in and
    tokens_out: per call, likely and at most."""

    calls: tuple[int, int]
    tokens_in: tuple[int, int]
    tokens_out: tuple[int, int] = (3_000, 6_000)


class Situation(Struct, frozen=True):
    """What it is done with, and where things stand. used_today: requests of the provider's day;
    workers: calls in flight at most; until: no new call of tonight after it; price: None unknown;
    cached: share of the input tokens that came from the provider's cache of late; max_calls: that
    this run's budget allows; closed_until: the provider refuses until then (0: it
    is open).
    """

    now: float
    limits: Limits
    pace: Pace
    evidence: Evidence
    used_today: int = 0
    workers: int = 8
    latency: Latency = FIELD
    until: float | None = None
    max_calls: int | None = None
    closed_until: float = 0.0
    price: Price | None = None
    day: Day = UTC
    cached: float = 0.0


class Forecast(Struct, frozen=True):
    """Pairs are (likely, at worst). calls and tokens in all; done_at: the end of the last call,
    if it goes on over every reset; days: the provider's days that it takes; runs: as many runs of
    this budget; tonight: calls made before `until`, the budget or the day's quota ends this run;
    cost: None where unknown."""

    calls: tuple[int, int]
    tokens_in: tuple[int, int]
    tokens_out: tuple[int, int]
    done_at: tuple[float, float]
    days: tuple[int, int]
    tonight: tuple[int, int]
    goes_on_at: float | None
    cost: tuple[float, float] | None
    runs: tuple[int, int] = (1, 1)

    @property
    def nights(self) -> tuple[int, int]:
        """Nights that it takes, with one run each."""
        return max(self.days[0], self.runs[0]), max(self.days[1], self.runs[1])

    @property
    def carried_over(self) -> tuple[int, int]:
        """Calls that are left for later runs."""
        return self.calls[0] - self.tonight[0], self.calls[1] - self.tonight[1]


def forecast(work: Work, at: Situation) -> Forecast:
    """The likely course and the worst one of `work`."""
    likely = _follow(work.calls[0], work.tokens_in[0], at, at.latency.median)
    worst = _follow(work.calls[1], work.tokens_in[1], at, at.latency.p95)
    tokens_in = (work.calls[0] * work.tokens_in[0], work.calls[1] * work.tokens_in[1])
    tokens_out = (work.calls[0] * work.tokens_out[0], work.calls[1] * work.tokens_out[1])
    low = cost(at.price, tokens_in[0], tokens_out[0], int(at.cached * tokens_in[0]))
    high = cost(at.price, tokens_in[1], tokens_out[1])
    return Forecast(
        work.calls,
        tokens_in,
        tokens_out,
        (likely.done_at, worst.done_at),
        (likely.days, worst.days),
        (likely.tonight, worst.tonight),
        likely.goes_on_at,
        None if low is None or high is None else (low, high),
        (_runs(work.calls[0], at.max_calls), _runs(work.calls[1], at.max_calls)),
    )


def _runs(calls: int, each: int | None) -> int:
    """Runs of at most `each` calls; without a bound, or with none allowed at all, one."""
    return -(-calls // each) if each else 1


class _Course(Struct):
    """One way that it may go; tonight ends at the first reset, `until`, or the budget."""

    done_at: float
    days: int
    tonight: int
    goes_on_at: float | None


def _per_day(limits: Limits, tokens: int) -> int | None:
    """Calls that a day holds: by its requests, and by its tokens (the input's, at the least)."""
    bounds = [] if limits.rpd is None else [limits.rpd]
    if limits.tpd is not None and tokens:
        bounds.append(max(1, limits.tpd // tokens))
    return min(bounds, default=None)


def _follow(calls: int, tokens: int, at: Situation, latency: float) -> _Course:
    limits, pace, evidence = at.limits, at.pace, at.evidence
    now, used = at.now, at.used_today
    tokens = min(tokens, limits.tpm) if limits.tpm else tokens
    daily = _per_day(limits, tokens)
    course = _Course(now, 0, 0, None)
    days: set[str] = set()
    recent: deque[float] = deque(maxlen=_per_window(limits, tokens))
    busy: deque[float] = deque(maxlen=1 if pace.profile == "fixed" else max(1, at.workers))
    over = not calls
    if at.closed_until > now:
        now, used, over, course.goes_on_at = at.closed_until, 0, True, at.closed_until
    today, ends = at.day.of(now), at.day.ends(now)
    last = -math.inf
    for number in range(min(calls, EXACT)):
        now = max(now, _next(number, at, evidence, recent, busy, last))
        if now >= ends:
            today, ends, used = at.day.of(now), at.day.ends(now), 0
        if daily is not None and used >= daily:
            over, now = True, ends
            course.goes_on_at = course.goes_on_at or now
            today, ends, used = at.day.of(now), at.day.ends(now), 0
        over = over or _ended(at, number, now)
        used += 1
        days.add(today)
        course.tonight += not over
        recent.append(now)
        busy.append(now + latency)
        last = now + latency if pace.profile == "fixed" else now
        course.done_at = now + latency
        evidence = pacing.after_clean(pace, evidence)
    course.days = len(days)
    if calls > EXACT:
        _extrapolate(course, calls, at, over)
    return course


def _next(
    number: int,
    at: Situation,
    evidence: Evidence,
    recent: Sequence[float],
    busy: Sequence[float],
    last: float,
) -> float:
    """The earliest moment for call `number`: the pace, the minute's quota, a free worker."""
    span = pacing.window(at.pace, evidence)
    phase: pacing.Phase = "generation" if number % 2 else "analysis"
    every = at.pace.fixed.rest_every * 2
    resting = at.pace.profile == "fixed" and every > 0 and number > 0 and number % every == 0
    apart = pacing.spacing(at.pace, evidence, at.limits.rpm, phase, 0.5, resting)
    moments = [last + apart]
    if isinstance(recent, deque) and len(recent) == recent.maxlen:
        moments.append(recent[0] + span)
    if isinstance(busy, deque) and len(busy) == busy.maxlen:
        moments.append(busy[0])
    return max(moments)


def _per_window(limits: Limits, tokens: int) -> int | None:
    """Calls that one minute's quota holds; None: any number."""
    bounds = [limits.rpm] if limits.rpm else []
    if limits.tpm and tokens:
        bounds.append(max(1, limits.tpm // tokens))
    return min(bounds) if bounds else None


def _ended(at: Situation, number: int, now: float) -> bool:
    """Is this run over before call `number` at `now`?"""
    late = at.until is not None and now >= at.until
    return late or (at.max_calls is not None and number >= at.max_calls)


def _extrapolate(course: _Course, calls: int, at: Situation, over: bool) -> None:
    seconds = max(course.done_at - at.now, 1e-9)
    factor = calls / EXACT
    course.done_at = at.now + seconds * factor
    course.days = max(course.days, math.ceil(course.days * factor))
    if not over:
        bounds = [calls] if at.max_calls is None else [calls, at.max_calls]
        if at.until is not None:
            bounds.append(int(EXACT * (at.until - at.now) / seconds))
        course.tonight = min(bounds)


# --- in words ------------------------------------------------------------------------------------


def money(cost: tuple[float, float] | None, *, free: bool) -> str:
    """`$0 (free tier)`, `$0` of what never costs anything, `$0.31-0.62`, or that no price is
    known."""
    if free:
        return "$0 (free tier)"
    if cost is None:
        return "cost unknown (no price is configured)"
    if cost == (0, 0):
        return "$0"
    low, high = (f"{amount:.2f}" for amount in cost)
    return f"${low}" if low == high else f"${low}-{high}"


def when(done_at: tuple[float, float], now: float, zone: tzinfo | None = None) -> str:
    """`at 03:10`, `at 03:10-03:40`, or `on 2026-12-16` in the user's time (None: the machine's)."""
    first, last = (datetime.fromtimestamp(moment, zone) for moment in done_at)
    if first.timestamp() - now > 86_400:
        days = f"{first:%Y-%m-%d}"
        return f"on {days}" if first.date() == last.date() else f"on {days} to {last:%Y-%m-%d}"
    clock = f"{first:%H:%M}"
    if first.date() == last.date():
        return f"at {clock}" if clock == f"{last:%H:%M}" else f"at {clock}-{last:%H:%M}"
    return f"at {clock} ({last:%Y-%m-%d %H:%M} at the latest)"


def sentence(
    course: Forecast, model: str, at: Situation, *, free: bool, zone: tzinfo | None = None
) -> str:
    """`122 calls, ~0.9 M input tokens, MODEL at 15/250k/500: done at 03:10; 0 carried over;
    $0 (free tier)`."""
    if not course.calls[1]:
        return f"no calls; {money((0.0, 0.0), free=free)}"
    calls = span(*course.calls)
    left = span(*course.carried_over)
    end = when(course.done_at, at.now, zone)
    if course.days[1] > 1:
        end += f", in {span(*course.days)} days"
    if course.nights[1] > course.days[1]:
        end = f"in {span(*course.nights)} nights with this budget"
    return (
        f"{calls} calls, ~{_tokens(course.tokens_in)} input tokens, {model} at {at.limits}:"
        f" done {end}; {left} carried over; {money(course.cost, free=free)}"
    )


def span(low: int, high: int) -> str:
    """`7`, or `5-7`."""
    return str(low) if low == high else f"{low}-{high}"


def _tokens(pair: tuple[int, int]) -> str:
    low, high = pair
    unit, divisor = (" M", 1e6) if high >= 100_000 else ("k", 1e3)
    texts = [f"{amount / divisor:.1f}" for amount in (low, high)]
    return (texts[0] if texts[0] == texts[1] else f"{texts[0]}-{texts[1]}") + unit
