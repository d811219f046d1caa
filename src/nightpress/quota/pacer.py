"""What the pipeline calls before and after every HTTP attempt: waits for quota, within budget.

Waiting is the only thing done here; who may go when is the ledger's  and the pace's.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.clock import Clock
from nightpress.errors import Answer, DaySpent, Deferred
from nightpress.quota.budget import Held, Spending
from nightpress.quota.ledger import Quota, Reservation, Snapshot
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Pace
from nightpress.quota.rules import Closed, Wait
from nightpress.storage import private

SLICE = 60.0
"""Longest sleep in seconds before the ledger is asked again: another process may have given
something back, and the clock may have been set."""
PEEK = 1.0
"""Seconds until the budget is asked again, when calls in flight may give back some of it."""
TURN = 0.2
"""Seconds until a call that waits for others in flight looks again."""
IN_FLIGHT = "in-flight"
"""The folder beside the quota ledger whose locks are the places of calls in flight."""
GOES_ON = "the next run goes on from {}; `nightpress tonight` waits for it"
TOKENS_OUT = 8_192
"""Output tokens that the budget sets aside for a call when its caller does not say."""
REFUSALS = frozenset({"minute_quota", "day_quota", "capacity", "no_quota"})

Tell = Callable[[str], None]


def _silent(text: str) -> None:
    """For callers that have nobody to tell."""


class Pacer(Struct):
    """limits: a model's configured limits; draw: a random number, 0 <= it < 1; stop: when it is
    set, no wait goes on and nothing is reserved; tell: what the user should read (a limit that
    was learned, a model that closed); waiting: (model, seconds, why), before each sleep; heard:
    the limits that a model's last reply stated."""

    quota: Quota
    clock: Clock
    draw: Callable[[], float]
    limits: Callable[[str], Limits]
    pace: Pace = field(default_factory=Pace)
    spending: Spending | None = None
    stop: threading.Event | None = None
    tell: Tell = _silent
    waiting: Callable[[str, float, str], None] | None = None
    heard: dict[str, Mapping[str, int]] = field(default_factory=dict)

    def reserve(
        self,
        model: str,
        tokens_in: int,
        purpose: str = "",
        tokens_out: int = TOKENS_OUT,
        lane: str = "interactive",
        share: float = 1.0,
    ) -> Reservation:
        """The right to one HTTP attempt, after as long a wait as it takes.

        tokens_in: estimate; tokens_out: the most that may come back (the budget sets it aside);
        purpose: `slug` (analysis) or `slug/name`; lane, share: how it is made, and the part of the
        price that it costs so. Raises DaySpent when the model's day is,
        Deferred when the budget is spent, the wait would pass the run's `until`, or the run was
        stopped; BackendError for a limit of 0 or a request larger than a minute's tokens.
        """
        while True:
            if self.stop is not None and self.stop.is_set():
                raise Deferred("the run was stopped before this call was made")
            answer = self.attempt(model, tokens_in, purpose, tokens_out, share)
            if isinstance(answer, Reservation):
                return replace(answer, lane=lane, share=share)
            if self.waiting is not None:
                self.waiting(model, answer.seconds, answer.why)
            self.clock.sleep(min(answer.seconds, SLICE), self.stop)

    def attempt(
        self,
        model: str,
        tokens_in: int,
        purpose: str = "",
        tokens_out: int = TOKENS_OUT,
        share: float = 1.0,
    ) -> Reservation | Wait:
        """One try without waiting; raises like `reserve`."""
        held = self._hold(model, tokens_in, tokens_out, share)
        if held is None and self.spending is not None:
            return Wait(PEEK, "the budget's rest is set aside for calls in flight")
        try:
            answer = self.quota.take(
                model, self.limits(model), tokens_in, purpose, self.pace, self.draw()
            )
            if isinstance(answer, Closed):
                hint = GOES_ON.format(self.quota.day_of(model).midnight)
                raise DaySpent(f"{model}: {answer.why}", answer.until, hint)
            if isinstance(answer, Wait):
                self._in_time(answer)
        except BaseException:
            self._release(held)
            raise
        if isinstance(answer, Wait):
            self._release(held)
            return answer
        return replace(answer, held=held, tokens_out=tokens_out)

    def confirm(self, reservation: Reservation) -> Reservation:
        """Called right before the request is sent, if it may have been held for long: a
        reservation older than the tolerated skew is exchanged for a new one, which may wait."""
        if self.clock.time() - (reservation.here or reservation.at) <= self.pace.skew:
            return reservation
        self.refund(reservation)
        held = reservation
        return self.reserve(
            held.model, held.estimate, held.purpose, held.tokens_out, held.lane, held.share
        )

    def enter(self, reservation: Reservation) -> tuple[Reservation, int | None]:
        """Right before the request is sent: the reservation, and a place among the calls that may
        be in flight at once, to be closed (os.close) when this one has ended; None: nothing bounds
        them. Raises like `reserve`."""
        model = reservation.model
        if (most := self.limits(model).concurrency) is None:
            return reservation, None
        folder = self.quota.store.path.with_name(IN_FLIGHT)
        while (place := place_in_flight(folder, self.quota.account, model, most)) is None:
            if self.stop is not None and self.stop.is_set():
                raise Deferred("the run was stopped before this call was made")
            self._in_time(Wait(TURN, f"{most} calls are in flight, as many as its limits allow"))
            self.clock.sleep(TURN, self.stop)
        try:
            return self.confirm(reservation), place
        except BaseException:
            os.close(place)
            raise

    def settle(
        self, reservation: Reservation, tokens_in: int, tokens_out: int, tokens_cached: int = 0
    ) -> None:
        """A reply came: what it really used is booked, and it is evidence for the pace. (What comes
        from the provider's cache counts as any input, but for its price.)"""
        if self.quota.settle(reservation, self.pace, tokens_in, tokens_out):
            self._spend(reservation, tokens_in, tokens_out, tokens_cached)

    def told(self, model: str, stated: Mapping[str, int]) -> None:
        """A reply states the model's limits: where they are smaller than ours, they are learned."""
        if stated and self.heard.get(model) != stated:
            self.heard[model] = stated
            for text in self.quota.told(model, self.limits(model), stated):
                self.tell(text)

    def refund(self, reservation: Reservation) -> None:
        """The request certainly never left."""
        if self.quota.refund(reservation):
            self._release(_held(reservation))

    def refused(self, reservation: Reservation, answer: Answer) -> None:
        """An answer that is no reply: a refusal slows down or closes its model; whatever never
        left is given back; anything else counts as a call (a 200 is evidence, too)."""
        if not answer.left:
            self.refund(reservation)
            return
        if answer.kind in REFUSALS:
            limits = self.limits(reservation.model)
            notices = self.quota.refused(reservation, limits, self.pace, answer, self.draw())
            ended = notices is not None
            for text in notices or ():
                self.tell(text)
        else:
            clean = answer.http_status == 200
            ended = self.quota.settle(
                reservation, self.pace, answer.tokens_in, answer.tokens_out, clean=clean
            )
        if ended:
            self._spend(reservation, answer.tokens_in, answer.tokens_out)

    def snapshot(self, model: str) -> Snapshot:
        """What is left in the minute and the day, when it resets, the pace and its evidence."""
        return self.quota.snapshot(model, self.limits(model), self.pace)

    def close(self) -> None:
        self.quota.close()

    def _in_time(self, wait: Wait) -> None:
        until = self.spending.budget.until if self.spending is not None else None
        if until is not None and self.clock.time() + wait.seconds > until:
            raise Deferred(f"until: the next call would begin after it ({wait.why})")

    def _hold(self, model: str, tokens_in: int, tokens_out: int, share: float) -> Held | None:
        if self.spending is None:
            return None
        return self.spending.hold(model, tokens_in, tokens_out, self.clock.time(), share)

    def _release(self, held: Held | None) -> None:
        if self.spending is not None and held is not None:
            self.spending.release(held)

    def _spend(
        self, reservation: Reservation, tokens_in: int, tokens_out: int, tokens_cached: int = 0
    ) -> None:
        held = _held(reservation)
        if self.spending is not None and held is not None:
            self.spending.settle(held, tokens_in, tokens_out, tokens_cached)


def _held(reservation: Reservation) -> Held | None:
    return reservation.held if isinstance(reservation.held, Held) else None


def place_in_flight(folder: Path, account: str, model: str, most: int) -> int | None:
    """A place among `most` calls of a model, over all runs of a user on this machine; held until it
    is closed (os.close). None: all are taken.

    Each call holds the lock of one of so many files. The kernel releases it at death, so a run that
    was killed holds no place.
    """
    private.folder(folder)
    whose = fingerprint.digest(account, model)[:16]
    for number in range(most):
        path = folder / f"{whose}-{number}"
        private.file(path)
        place = private.opened(path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(place)
        except BaseException:
            os.close(place)
            raise
        else:
            return place
    return None
