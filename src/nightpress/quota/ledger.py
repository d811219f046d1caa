"""Counts calls: one atomic reservation over a minute's requests and tokens and a day's requests.

Nothing here waits. The times of reservation are read inside the transaction, so that they never
run backwards, whoever reserves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from msgspec import Struct

from nightpress.backends import UTC, Day
from nightpress.clock import Clock
from nightpress.errors import Answer, QuotaKind
from nightpress.quota import learn, rules, takeover
from nightpress.quota import limits as quota_limits
from nightpress.quota import pace as pacing
from nightpress.quota import snapshot as showing
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Evidence, Pace
from nightpress.quota.rules import Closed, Wait
from nightpress.quota.snapshot import Snapshot
from nightpress.quota.tables import MIGRATIONS
from nightpress.quota.takeover import NOTHING, Earlier
from nightpress.storage import Database, Fields, Store

__all__ = ["Closed", "Quota", "Reservation", "Snapshot", "Wait"]


class Reservation(Struct, frozen=True):
    """The right to make one HTTP attempt. at: epoch seconds of the ledger; tokens: reserved input
    tokens; estimate: what the caller said they would be; limits: those that it was made under;
    here: `at` by this machine's clock, or a little before; tokens_out: the most that may come back;
    held: what the budget set aside for it; lane, share: how it is made, and the part of the price
    that it costs so; common: is it in a ledger of several machines."""

    id: int
    model: str
    purpose: str
    at: float
    tokens: int
    estimate: int
    limits: str
    here: float = 0.0
    tokens_out: int = 0
    held: object = None
    lane: str = "interactive"
    share: float = 1.0
    common: bool = False


Question = tuple[str, tuple[object, ...]]
"""A statement that reads, and its arguments."""


class _Ending(NamedTuple):
    """A reservation that is just being ended, in an open transaction."""

    db: Database
    lane: Fields
    day: str
    now: float


class Written(Protocol):
    """Where the ledger's tables are."""

    def write(self) -> AbstractContextManager[Database]: ...

    def close(self) -> None: ...


class Book:
    """The reservations of one provider's account, where a model's day is `day_of` it, whatever
    database they are in. Safe for threads, and for whoever else writes there."""

    def __init__(
        self, store: Written, clock: Clock, account: str, day_of: Callable[[str], Day]
    ) -> None:
        self.where = store
        self.clock = clock
        self.account = account
        self.day_of = day_of
        self._guard = threading.Lock()  # threads of one process queue here, not in SQLite's polling

    def take(
        self, model: str, limits: Limits, estimate: int, purpose: str, pace: Pace, draw: float
    ) -> Reservation | Wait | Closed:
        """Reserve one request of about `estimate` input tokens, or say when to ask again.

        draw: 0 <= draw < 1, the jitter of the call after this one. Raises BackendError for what
        no waiting helps: a limit of 0, a request larger than a minute's tokens.
        """
        here = self.clock.time()
        with self._guard, self._write((_FIND, (self.account, model, str(limits)))) as db:
            now = self._now(db)
            lane, day = self._lane(db, model, limits, now), self.day_of(model)
            self._ahead(db, lane, limits, pace, now)
            learned = learn.known(db, lane["id"], limits, now)
            self._knows(model, learned)
            allowed = quota_limits.lowered(limits, learned)
            tokens = rules.tokens(model, allowed, estimate, lane["ratio"])
            no = rules.day(db, lane, allowed, tokens, now, day) or rules.minute(
                db, lane, allowed, tokens, purpose, pace, now
            )
            if no is not None:
                return no
            number = self._number()
            row = rules.insert(db, lane, now, tokens, purpose, pace, draw, day.of(now), number)
            rules.prune(db, lane["id"], now)
        number = number or row.lastrowid or 0
        return Reservation(number, model, purpose, now, tokens, estimate, str(limits), here)

    def settle(
        self,
        reservation: Reservation,
        pace: Pace,
        tokens_in: int,
        tokens_out: int,
        *,
        clean: bool = True,
    ) -> bool:
        """The call was answered: its real tokens count from now on (0: unknown, the estimate
        stays). clean: the answer is evidence that the pace is safe. False: it was ended before.

        A call that failed counts from now on as if it had arrived just now: that is the latest it
        can have, and nobody knows better (a connection may have hung before it was sent).
        """
        with self._ending(reservation, "settled") as ending:
            if ending is None:
                return False
            db, lane, day, now = ending
            db.execute(
                "UPDATE reservations SET tokens=?, at=max(at, ?) WHERE id=?",
                (tokens_in or reservation.tokens, reservation.at if clean else now, reservation.id),
            )
            db.execute(
                "UPDATE days SET tokens_in=tokens_in+?, tokens_out=tokens_out+?"
                " WHERE lane=? AND day=?",
                (tokens_in, tokens_out, lane["id"], day),
            )
            evidence = Evidence(lane["clean"], lane["refusals"])
            if clean:
                evidence = pacing.after_clean(pace, evidence)
            ratio = learn.ratio(lane["ratio"], tokens_in, reservation.estimate)
            # the fixed pace counts from the end of a call, the others from its start
            last = now if pace.profile == "fixed" else lane["last_at"]
            learn.prove(db, lane, evidence)
            db.execute(
                "UPDATE lanes SET ratio=?, last_at=max(last_at, ?) WHERE id=?",
                (ratio, last, lane["id"]),
            )
            return True

    def refund(self, reservation: Reservation) -> bool:
        """Give it back: the request certainly never left. False: it was ended before, and stays."""
        with self._guard, self._write() as db:
            row = db.execute(
                "DELETE FROM reservations WHERE id=? AND state='open' RETURNING lane, day",
                (reservation.id,),
            ).fetchone()
            if row is not None:
                db.execute(
                    "UPDATE days SET used=used-1 WHERE lane=? AND day=?", (row["lane"], row["day"])
                )
            return row is not None

    def refused(
        self, reservation: Reservation, limits: Limits, pace: Pace, answer: Answer, draw: float
    ) -> tuple[str, ...] | None:
        """A refusal for quota: the request counts, the lane slows down or closes, a smaller limit
        is learned. Returns what the user should be told; None: it was ended before."""
        with self._ending(reservation, "refused") as ending:
            if ending is None:
                return None
            db, lane, day, now = ending
            db.execute(
                "UPDATE days SET refused=refused+1 WHERE lane=? AND day=?", (lane["id"], day)
            )
            notices = learn.limit(db, lane, limits, answer.quota, answer.limit, now)
            if answer.kind == "day_quota":
                notices += learn.close(
                    db, lane, reservation.at, now, self.day_of(reservation.model)
                )
            else:
                notices += learn.slow(db, lane, reservation.at, pace, answer, now, draw)
            return notices

    def told(self, model: str, limits: Limits, stated: Mapping[str, int]) -> tuple[str, ...]:
        """A reply states limits: smaller ones are learned. Returns what the user should be told."""
        with self._guard, self._write() as db:
            now = self._now(db)
            lane = self._lane(db, model, limits, now)
            each = (learn.limit(db, lane, limits, *one, now) for one in stated.items())
            return tuple(text for told in each for text in told)

    def close(self) -> None:
        self.where.close()

    def _write(self, *_ahead: Question) -> AbstractContextManager[Database]:
        """One transaction, with questions that it will begin with."""
        return self.where.write()

    def _now(self, _db: Database) -> float:
        """Epoch seconds, by the clock that the reservations are counted by."""
        return self.clock.time()

    def _number(self) -> int | None:
        """Of the next reservation; None: the database numbers them."""
        return None

    def _ahead(self, db: Database, lane: Fields, limits: Limits, pace: Pace, now: float) -> None:
        """Called before the rules ask about the lane."""

    def _knows(self, model: str, learned: Mapping[QuotaKind, int]) -> None:
        """Called with the limits that refusals of the model stated."""

    @contextmanager
    def _ending(self, reservation: Reservation, state: str) -> Iterator[_Ending | None]:
        """One transaction that ends an open reservation; None where it is not open any more."""
        standing, its_lane = (
            (_OPEN, (reservation.id,)),
            (_ITS, (reservation.id, reservation.limits)),
        )
        with self._guard, self._write(standing, its_lane) as db:
            now = self._now(db)
            row, lane = db.execute(*standing).fetchone(), db.execute(*its_lane).fetchone()
            if row is None:
                yield None
                return
            db.execute("UPDATE reservations SET state=? WHERE id=?", (state, reservation.id))
            yield _Ending(db, lane, row["day"], now)

    def _lane(self, db: Database, model: str, limits: Limits, now: float) -> Fields:
        """The lane's row. What was learned and proved under other limits than those that are
        configured now does not count."""
        key = (self.account, model, str(limits))
        row: Fields | None = db.execute(_FIND, key).fetchone()
        if row is None:
            db.execute("INSERT OR IGNORE INTO lanes (project, model) VALUES (?,?)", key[:2])
            db.execute(
                "INSERT INTO proved (lane, limits) SELECT id, ?3 FROM lanes"
                " WHERE project=?1 AND model=?2",
                key,
            )
            row = db.execute(_FIND, key).fetchone()
        if rules.clock_went_back(db, row, now, self.day_of(model)):
            row = db.execute(_FIND, key).fetchone()
        assert row is not None  # noqa: S101 (it was made above)
        return row


_LANE = "SELECT * FROM lanes JOIN proved ON proved.lane = lanes.id"
_FIND = f"{_LANE} WHERE project=? AND model=? AND limits=?"
_ITS = (
    "SELECT * FROM lanes JOIN proved ON proved.lane = lanes.id"
    " WHERE id=(SELECT lane FROM reservations WHERE id=?) AND limits=?"
)
_OPEN = "SELECT lane, day FROM reservations WHERE id=? AND state='open'"


class Quota(Book):
    """The quota ledger in one file. Processes share it. earlier: what counted before this file
    did; it is taken over before the first reservation."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        account: str = "default",
        day_of: Callable[[str], Day] = lambda _: UTC,
        *,
        earlier: Earlier = NOTHING,
        durable: bool = True,
    ) -> None:
        self.store = Store(path, MIGRATIONS, durable=durable)
        super().__init__(self.store, clock, account, day_of)
        self.earlier = earlier

    def snapshot(self, model: str, limits: Limits, pace: Pace) -> Snapshot:
        """How things stand, for display and forecasts; creates and changes nothing."""
        now, day = self.clock.time(), self.day_of(model)
        with takeover.reading(self.store.path, self.account, self.earlier, now) as db:
            return showing.snapshot(db, self.account, model, limits, pace, now, day)

    def open(self) -> tuple[str, ...]:
        """Make the ledger, and take over what counted before it; what the user should read."""
        return takeover.into(self.store, self.account, self.earlier, self.clock.time())
