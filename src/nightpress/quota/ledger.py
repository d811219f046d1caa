"""Counts calls: one atomic reservation over a minute's requests and tokens and a day's requests.

Nothing here waits. The times of reservation are read inside the transaction, so that they never
run backwards, whoever reserves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from nightpress.backends import UTC, Day
from nightpress.clock import Clock
from nightpress.errors import Answer
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
from nightpress.storage import Connection, Row, Store

__all__ = ["Closed", "Quota", "Reservation", "Snapshot", "Wait"]


class Reservation(Struct, frozen=True):
    """The right to make one HTTP attempt. at: epoch seconds; tokens: reserved input tokens;
    estimate: what the caller said they would be; limits: those that it was made under;
    tokens_out: the most that may come back; held: what the budget set aside for it; lane, share:
    how it is made, and the part of the price that it costs so."""

    id: int
    model: str
    purpose: str
    at: float
    tokens: int
    estimate: int
    limits: str
    tokens_out: int = 0
    held: object = None
    lane: str = "interactive"
    share: float = 1.0


class _Ending(NamedTuple):
    """A reservation that is just being ended, in an open transaction."""

    db: Connection
    lane: Row
    day: str


class Quota:
    """The quota ledger of one provider's account, where a model's day is `day_of` it. Safe for
    threads; processes share the file. earlier: what counted before this file did; it is taken over
    before the first reservation."""

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
        self.clock = clock
        self.account = account
        self.day_of = day_of
        self.earlier = earlier
        self._guard = threading.Lock()  # threads of one process queue here, not in SQLite's polling

    def take(
        self, model: str, limits: Limits, estimate: int, purpose: str, pace: Pace, draw: float
    ) -> Reservation | Wait | Closed:
        """Reserve one request of about `estimate` input tokens, or say when to ask again.

        draw: 0 <= draw < 1, the jitter of the call after this one. Raises BackendError for what
        no waiting helps: a limit of 0, a request larger than a minute's tokens.
        """
        with self._guard, self.store.write() as db:
            now = self.clock.time()
            lane, day = self._lane(db, model, limits, now), self.day_of(model)
            allowed = quota_limits.lowered(limits, learn.known(db, lane["id"], limits, now))
            tokens = rules.tokens(model, allowed, estimate, lane["ratio"])
            no = rules.day(db, lane, allowed, tokens, now, day) or rules.minute(
                db, lane, allowed, tokens, purpose, pace, now
            )
            if no is not None:
                return no
            number = rules.insert(db, lane, now, tokens, purpose, pace, draw, day.of(now))
            rules.prune(db, lane["id"], now)
        return Reservation(number, model, purpose, now, tokens, estimate, str(limits))

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
            db, lane, day = ending
            now = self.clock.time()
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
        with self._guard, self.store.write() as db:
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
            db, lane, day = ending
            db.execute(
                "UPDATE days SET refused=refused+1 WHERE lane=? AND day=?", (lane["id"], day)
            )
            notices = learn.limit(db, lane, limits, answer, self.clock.time())
            if answer.kind == "day_quota":
                notices += learn.close(
                    db, lane, reservation.at, self.clock.time(), self.day_of(reservation.model)
                )
            else:
                notices += learn.slow(
                    db, lane, reservation.at, pace, answer, self.clock.time(), draw
                )
            return notices

    def snapshot(self, model: str, limits: Limits, pace: Pace) -> Snapshot:
        """How things stand, for display and forecasts; creates and changes nothing."""
        now, day = self.clock.time(), self.day_of(model)
        with takeover.reading(self.store.path, self.account, self.earlier, now) as db:
            return showing.snapshot(db, self.account, model, limits, pace, now, day)

    def open(self) -> tuple[str, ...]:
        """Make the ledger, and take over what counted before it; what the user should read."""
        return takeover.into(self.store, self.account, self.earlier, self.clock.time())

    def close(self) -> None:
        self.store.close()

    @contextmanager
    def _ending(self, reservation: Reservation, state: str) -> Iterator[_Ending | None]:
        """One transaction that ends an open reservation; None where it is not open any more."""
        with self._guard, self.store.write() as db:
            row = db.execute(
                "UPDATE reservations SET state=? WHERE id=? AND state='open' RETURNING lane, day",
                (state, reservation.id),
            ).fetchone()
            if row is None:
                yield None
                return
            lane = db.execute(
                f"{_LANE} WHERE id=? AND limits=?",
                (row["lane"], reservation.limits),
            ).fetchone()
            yield _Ending(db, lane, row["day"])

    def _lane(self, db: Connection, model: str, limits: Limits, now: float) -> Row:
        """The lane's row. What was learned and proved under other limits than those that are
        configured now does not count."""
        key = (self.account, model, str(limits))
        find = f"{_LANE} WHERE project=? AND model=? AND limits=?"
        row: Row | None = db.execute(find, key).fetchone()
        if row is None:
            db.execute("INSERT OR IGNORE INTO lanes (project, model) VALUES (?,?)", key[:2])
            db.execute(
                "INSERT INTO proved (lane, limits) SELECT id, ?3 FROM lanes"
                " WHERE project=?1 AND model=?2",
                key,
            )
            row = db.execute(find, key).fetchone()
        if rules.clock_went_back(db, row, now, self.day_of(model)):
            row = db.execute(find, key).fetchone()
        assert row is not None  # noqa: S101 (it was made above)
        return row


_LANE = "SELECT * FROM lanes JOIN proved ON proved.lane = lanes.id"
