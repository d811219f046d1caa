"""A night in virtual time: a discrete-event simulation around the real quota ledger and pacer.

The far end is stood in for: a server that counts arrivals exactly as the local Gemini server does
(the same class), and draws its latencies from the distribution of real calls. Coroutines yield the
seconds that they wait; nothing really sleeps, so 24 days take a second.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
import threading
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.gemini_server import quota as referee

from nightpress.backends import BACKENDS
from nightpress.backends.retry import Policy, delay
from nightpress.errors import Answer, Deferred
from nightpress.quota import Limits, Pace, Pacer, Quota, Reservation

MODEL = "gemini-3.5-flash-lite"
PROJECT = "night"
PACIFIC = BACKENDS["gemini"].day
MEDIAN, P95, MOST = 5.2, 8.4, 14.4  # s: 157 real successes
SIGMA = math.log(P95 / MEDIAN) / 1.645
OVERHEAD = 6_000  # bytes of instructions and analysis around a plugin's own text
INPUT_BYTES = 60_000  # the generators' cap on a plugin's own text
FAULTS: Sequence[Answer] = (
    Answer("transient", "500", 500),
    Answer("transient", "502", 502),
    Answer("transient", "503", 503),
    Answer("transient", "504", 504),
    Answer("transient", "408", 408),
    Answer("transient", "disconnected in the middle"),
    Answer("transient", "no answer within 180 s"),
    Answer("transient", "connection refused", left=False),
    Answer("malformed", "an empty body", 200),
    Answer("malformed", "no JSON", 200),
    Answer("truncated", "cut off at the token limit", 200),
    Answer("capacity", "429 Resource exhausted", 429),
    Answer("minute_quota", "429 per minute", 429, 20.0),
    Answer("blocked", "stopped for safety", 200),
)
"""Every kind that passes, and one that does not: a blocked prompt is asked once. What ends a day or
a run (429 per day, limit 0, 400, 401, 403, 404) is met by tests."""
DEADLINE = 180.0  # s: how long a call hangs that is never answered
Waiting = Generator[float, None, None]


class VirtualClock:
    """Stands at the time of the event that is being handled."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        raise RuntimeError(f"nothing may sleep in virtual time ({seconds} s, {stop})")

    def run(self, coroutines: Sequence[Waiting]) -> None:
        """All of them, event by event, until none waits any more."""
        order = itertools.count()
        queue = [(self.now, next(order), coroutine) for coroutine in coroutines]
        while queue:
            self.now, _, coroutine = heapq.heappop(queue)
            for seconds in itertools.islice(coroutine, 1):
                heapq.heappush(queue, (self.now + max(0.0, seconds), next(order), coroutine))


@dataclass(slots=True)
class Server:
    """Counts what arrives; refuses what is over a limit, in the provider's words."""

    limits: Limits
    clock: VirtualClock
    calls: int = 0
    tokens: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    quota: referee.Quota = field(init=False)

    def __post_init__(self) -> None:
        own = referee.Limits(self.limits.rpm, self.limits.tpm, self.limits.rpd)
        self.quota = referee.Quota({MODEL: own})

    def arrive(self, tokens: int) -> Answer | None:
        """None: let in."""
        self.calls += 1
        broken, wait = self.quota.take(PROJECT, MODEL, tokens, self.clock.now)
        if not broken:
            self.tokens += tokens
            return None
        kind = next(iter(broken))
        self.refusals[kind] += 1
        name = "day_quota" if "rpd" in broken else "minute_quota"
        limit = broken.get("rpd", broken[kind])
        quota = "rpd" if "rpd" in broken else kind
        return Answer(name, "429", 429, wait, limit, quota)


@dataclass(slots=True)
class Night:
    """One run over all plugins. sizes: bytes per plugin; workers: calls in flight at most; faults:
    the share of calls that go wrong (met: how often each way); blocked: questions that nothing
    could answer, failed: others that were not; believed: the limits that the client is told, where
    they are not the server's. sent: requests that left, as the client counts them; booked: as the
    quota ledger does; last: the last latency."""

    sizes: Sequence[int]
    limits: Limits
    pace: Pace
    path: Path
    start: float
    workers: int = 8
    seed: int = 1
    faults: float = 0.0
    ledgers: int = 1
    believed: Limits | None = None
    clock: VirtualClock = field(init=False)
    server: Server = field(init=False)
    rng: random.Random = field(init=False)
    sent: int = 0
    booked: int = 0
    failed: int = 0
    blocked: int = 0
    met: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0
    last: float = 0.0
    seconds: float = 0.0
    slept: float = 0.0

    def __post_init__(self) -> None:
        self.clock = VirtualClock(self.start)
        self.server = Server(self.limits, self.clock)
        self.rng = random.Random(self.seed)

    def run(self) -> None:
        """The whole night (or as many as it takes)."""
        before = self.reserved()
        work = deque(enumerate(self.sizes))
        pacers = [self._pacer() for _ in range(self.ledgers)]
        turns = itertools.cycle(pacers)
        self.clock.run([self._worker(next(turns), work) for _ in range(self.workers)])
        for pacer in pacers:
            pacer.close()
        self.seconds = self.clock.now - self.start
        self.booked = self.reserved() - before

    def reserved(self) -> int:
        """Calls that the quota ledger has counted, over all days."""
        quota = Quota(self.path, self.clock, PROJECT, day_of=lambda _: PACIFIC, durable=False)
        (count,) = (
            quota.store.connection().execute("SELECT coalesce(sum(used), 0) FROM days").fetchone()
        )
        quota.close()
        return int(count)

    def _pacer(self) -> Pacer:
        quota = Quota(self.path, self.clock, PROJECT, day_of=lambda _: PACIFIC, durable=False)
        told = self.believed or self.limits
        return Pacer(quota, self.clock, self.rng.random, lambda _: told, self.pace)

    def _worker(self, pacer: Pacer, work: deque[tuple[int, int]]) -> Waiting:
        while work:
            number, size = work.popleft()
            answered = yield from self._question(pacer, size, f"plugin-{number}")
            if answered:
                yield from self._question(pacer, size, f"plugin-{number}/skill")

    def _question(self, pacer: Pacer, size: int, purpose: str) -> Generator[float, None, bool]:
        """One question and its retries, as backends.retrying asks them; was it answered?"""
        text = OVERHEAD + min(size, INPUT_BYTES)
        estimate, real = int(text / 3.5) + 1, int(text / 3.5 * self.rng.uniform(0.85, 1.08))
        met: Counter[str] = Counter()
        for attempt in itertools.count(1):
            held: list[Reservation] = []
            yield from self._reserve(pacer, estimate, purpose, held)
            answer: list[Answer | None] = []
            yield from self._call(real, answer)
            if answer[0] is None:
                pacer.settle(held[0], real, 3_000)
                return True
            pacer.refused(held[0], answer[0])
            met[answer[0].kind] += 1
            wait = delay(Policy(), answer[0], attempt, self.rng.random(), met[answer[0].kind])
            if answer[0].kind == "day_quota":
                wait = 0.0  # deferred: the next reservation waits for the next day
            if wait is None:
                self.blocked += answer[0].kind == "blocked"
                self.failed += answer[0].kind != "blocked"
                return False
            yield wait
        raise AssertionError("a question ends")

    def _reserve(
        self, pacer: Pacer, estimate: int, purpose: str, held: list[Reservation]
    ) -> Waiting:
        while True:
            try:
                found = pacer.attempt(MODEL, estimate, purpose)
            except Deferred as deferred:  # `nightpress tonight` sleeps over the reset
                assert deferred.until is not None
                self.slept += (wait := deferred.until - self.clock.now)
                yield wait
                continue
            if isinstance(found, Reservation):
                held.append(found)
                return
            yield found.seconds

    def _call(self, tokens: int, answer: list[Answer | None]) -> Waiting:
        """A little later it arrives, and after its latency it is answered."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        fault = self.rng.choice(FAULTS) if self.rng.random() < self.faults else None
        # mostly a warm connection; now and then a new one, with DNS and TLS
        if fault is not None:
            self.met[fault.message] += 1
        late = self.rng.uniform(0.01, 0.15) if self.rng.random() < 0.9 else self.rng.uniform(0, 1)
        latency = max(late, min(MOST, self.rng.lognormvariate(math.log(MEDIAN), SIGMA)))
        if fault is not None and "180 s" in fault.message:
            latency = DEADLINE
        if fault is not None and not fault.left:
            yield late
            answer.append(fault)
        else:
            self.sent += 1
            yield late
            refusal = self.server.arrive(tokens)
            # a refusal comes at once
            yield 0.1 if refusal is not None else latency - late
            answer.append(refusal or fault)
        self.last = latency
        self.in_flight -= 1


def sizes_generated(count: int = 236, seed: int = 1) -> list[int]:
    """Sizes of plugins in bytes, drawn from the quantiles of a real marketplace."""
    shares = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
    sizes = (619, 4_406, 5_390, 7_683, 23_855, 39_986, 462_744)
    rng = random.Random(seed)

    def quantile(share: float) -> int:
        upper = next(i for i in range(1, len(shares)) if share <= shares[i])
        low, high = math.log(sizes[upper - 1]), math.log(sizes[upper])
        part = (share - shares[upper - 1]) / (shares[upper] - shares[upper - 1])
        return round(math.exp(low + (high - low) * part))

    return [quantile(rng.random()) for _ in range(count)]


def minute_bound(calls: int, tokens: int, limits: Limits) -> float:
    """Seconds that the minute's limits force upon so many calls, whoever makes them."""
    by_calls = 60.0 * (math.ceil(calls / limits.rpm) - 1) if limits.rpm else 0.0
    by_tokens = 60.0 * (math.ceil(tokens / limits.tpm) - 1) if limits.tpm else 0.0
    return max(by_calls, by_tokens, 0.0)


def midnights(start: float) -> Iterator[float]:
    """Every midnight Pacific after `start`, as the referee counts them."""
    while True:
        start = referee.next_pacific_midnight(start)
        yield start
