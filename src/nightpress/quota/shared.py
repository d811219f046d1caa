"""One quota for many: reservations in a libSQL database that several machines share.

The rules are the ledger's own, the time is the server's, and one reservation is one transaction.
While the server does not answer, nothing is reserved for as long as what was reserved there may
still be in somebody's minute; then a part of the limits is used alone, counted in this user's own
file, and reported to the shared ledger when it answers again.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

from msgspec import Struct
from msgspec.structs import asdict, replace

from nightpress.backends import Day
from nightpress.clock import Clock, RealClock
from nightpress.errors import Answer, Deferred, QuotaKind, UsageError
from nightpress.quota import learn, rules, takeover
from nightpress.quota import snapshot as showing
from nightpress.quota.ledger import Book, Question, Quota, Reservation, Snapshot
from nightpress.quota.limits import Limits, lowered
from nightpress.quota.pace import Pace
from nightpress.quota.rules import Closed, Wait
from nightpress.quota.tables import MIGRATIONS
from nightpress.storage import (
    Database,
    Denied,
    Fields,
    Hrana,
    HranaError,
    Patience,
    SharedStore,
    Transaction,
    libsql,
)  # fmt: skip

TOKEN = "NIGHTPRESS_QUOTA_TOKEN"  # noqa: S105  a variable's name
ALONE = 0.2
APART = 75.0
"""Seconds without the server after which nothing that was reserved there is in a minute any more,
whatever the skew; and, once it answers again, for which others may not have reported theirs."""
PROBE = 10.0
"""Seconds after which a server that did not answer is asked again."""
GIVE_UP = 900.0
"""Seconds without the server, and with nothing that may be used alone, after which calls are left
to the next run."""
FRESH = 10.0
"""Seconds for which what was read for display is shown again."""
QUICK = Patience(attempts=1, connect=4.0, silence=8.0, deadline=10.0)


_Ended = TypeVar("_Ended")


class Share(Struct, frozen=True):
    """The section `quota:` of the defaults. account: whose limits these are, for several in one
    database; alone: the part of them that is used without the server."""

    url: str
    token: str = ""
    account: str = ""
    alone: float = ALONE


class _Away(HranaError):
    """The server did not answer a moment ago, and was not asked again."""


class _Seen(NamedTuple):
    """What the shared ledger said last of a model. used, tokens: of the day `date`."""

    learned: Mapping[QuotaKind, int]
    date: str
    used: int
    tokens: int


class _Remote(Book):
    """The reservations in the shared database. Raises HranaError."""

    def __init__(
        self, store: SharedStore, clock: Clock, account: str, day_of: Callable[[str], Day]
    ) -> None:
        super().__init__(store, clock, account, day_of)
        self.store = store
        self.offset = 0.0
        self.away = False
        self.seen: dict[str, _Seen] = {}

    def touch(self, reservation: Reservation) -> Reservation:
        """Let a reservation that took long to get count from now: later is always safe."""
        here = self.clock.time()
        with self._guard, self.store.write() as db:
            now = self._now(db)
            db.execute(
                "UPDATE reservations SET at=? WHERE id=? AND state='open'", (now, reservation.id)
            )
        return replace(reservation, at=now, here=here)

    def snapshot(self, model: str, limits: Limits, pace: Pace) -> Snapshot:
        with self._guard, self.store.read() as db:
            now = self.clock.time() if db is None else self._now(db)
            day = self.day_of(model)
            return showing.snapshot(db, self.account, model, limits, pace, now, day)

    def _write(self, *ahead: Question) -> AbstractContextManager[Database]:
        if self.away:  # it was found out while this thread waited for its turn
            raise _Away(f"{self.store.client.host} does not answer")
        return self.store.write(*ahead)

    def _now(self, db: Database) -> float:
        """The server's time; in a rehearsal the rehearsal's."""
        if not isinstance(self.clock, RealClock):
            return self.clock.time()
        (now,) = db.execute(libsql.NOW).fetchone()
        self.offset = now - self.clock.time()
        return float(now)

    def _number(self) -> int | None:
        return secrets.randbits(62) | 1

    def _ahead(self, db: Database, lane: Fields, limits: Limits, pace: Pace, now: float) -> None:
        """What was stated last time is most likely still so; else the rules ask once more."""
        model, date = lane["model"], self.day_of(lane["model"]).of(now)
        guess = lowered(limits, self.seen[model].learned) if model in self.seen else limits
        stated, day = learn.stated(lane["id"], limits, now), rules.day_spent(lane["id"], date)
        cast(Transaction, db).ahead(stated, *rules.questions(lane, guess, pace, now, date), day)
        used, tokens = db.execute(*day).fetchone()
        learned = self.seen[model].learned if model in self.seen else {}
        self.seen[model] = _Seen(learned, date, used + 1, tokens)

    def _knows(self, model: str, learned: Mapping[QuotaKind, int]) -> None:
        self.seen[model] = self.seen[model]._replace(learned=learned)


class SharedQuota(Quota):
    """The quota of one account for many machines. path: this user's own file, where calls that are
    made alone are counted; tell: what the user should read."""

    def __init__(
        self,
        share: Share,
        path: Path,
        clock: Clock,
        backend: str,
        day_of: Callable[[str], Day],
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._client = Hrana(share.url, share.token, QUICK)
        name = f"{backend}:{share.account}"
        super().__init__(path, clock, f"alone:{self._client.host}:{name}", day_of)
        self.share = share
        self.tell = tell
        self._remote = _Remote(SharedStore(self._client, MIGRATIONS), clock, name, day_of)
        self._since: float | None = None  # without the server, by the monotonic clock
        self._why, self._told = "", 0
        self._asked = -math.inf
        self._apart_until = -math.inf
        self._owed: list[Callable[[], object]] = []
        self._shown: dict[tuple[str, str], tuple[float, Snapshot]] = {}

    # --- what the pacer calls

    def take(
        self, model: str, limits: Limits, estimate: int, purpose: str, pace: Pace, draw: float
    ) -> Reservation | Wait | Closed:
        began = self.clock.monotonic()
        try:
            self._back()
            if began < self._apart_until:
                return Wait(self._apart_until - began, "others may not have reported theirs yet")
            found = self._remote.take(model, limits, estimate, purpose, pace, draw)
            if isinstance(found, Reservation):
                if self.clock.monotonic() - began > pace.skew / 2:
                    found = self._remote.touch(found)
                found = replace(found, common=True)
        except HranaError as error:
            self._lost(error)
            return self._without(model, limits, estimate, purpose, pace, draw)
        return found

    def settle(
        self,
        reservation: Reservation,
        pace: Pace,
        tokens_in: int,
        tokens_out: int,
        *,
        clean: bool = True,
    ) -> bool:
        if not reservation.common:
            # one that was reported since then stays counted as it was reserved
            super().settle(reservation, pace, tokens_in, tokens_out, clean=clean)
            return True
        return self._now_or_later(
            lambda: self._remote.settle(reservation, pace, tokens_in, tokens_out, clean=clean), True
        )

    def refund(self, reservation: Reservation) -> bool:
        if not reservation.common:
            super().refund(reservation)
            return True
        return self._now_or_later(lambda: self._remote.refund(reservation), True)

    def refused(
        self, reservation: Reservation, limits: Limits, pace: Pace, answer: Answer, draw: float
    ) -> tuple[str, ...] | None:
        if not reservation.common:
            return super().refused(reservation, limits, pace, answer, draw) or ()
        nothing: tuple[str, ...] | None = ()
        return self._now_or_later(
            lambda: self._remote.refused(reservation, limits, pace, answer, draw), nothing
        )

    def told(self, model: str, limits: Limits, stated: Mapping[str, int]) -> tuple[str, ...]:
        nothing: tuple[str, ...] = ()
        return self._now_or_later(lambda: self._remote.told(model, limits, stated), nothing)

    def snapshot(self, model: str, limits: Limits, pace: Pace) -> Snapshot:
        """Of the shared ledger; while it does not answer, as it was last seen."""
        key, now = (model, str(limits)), self.clock.monotonic()
        if key in self._shown and now - self._shown[key][0] < FRESH:
            return self._shown[key][1]
        found = self._shown[key][1] if key in self._shown else None
        if self._since is None:
            try:
                found = self._remote.snapshot(model, limits, pace)
            except HranaError as error:
                self._lost(error)
        if found is None:
            found = super().snapshot(model, limits, pace)
        self._shown[key] = now, found
        return found

    def open(self) -> tuple[str, ...]:
        told = super().open()
        try:
            self._back()
        except Denied as error:
            raise UsageError(error.message, _TOKEN) from error
        except HranaError as error:
            self._lost(error)
        return told

    def close(self) -> None:
        with suppress(HranaError):
            if self._owed:
                self._back()
        super().close()
        self._remote.close()

    # --- with and without the server

    def _now_or_later(self, end: Callable[[], _Ended], otherwise: _Ended) -> _Ended:
        """End a reservation; while the server does not answer, when it does again."""
        if self._since is None:
            try:
                return end()
            except HranaError as error:
                self._lost(error)
        self._owed.append(end)
        return otherwise

    def _back(self) -> None:
        """The server is there, as far as we know: bring what it does not know yet."""
        with self._guard:
            if self._since is None and self._remote.store.ready and not self._owed:
                return
            now = self.clock.monotonic()
            if self._since is not None and now - self._asked < self._probe(now):
                raise _Away(f"{self._client.host} does not answer")
            self._asked = now
            self._remote.away = False
            self._remote.store.open()
            calls, last = self._report()
            while self._owed:
                self._owed[0]()
                self._owed.pop(0)
            apart = last + APART + PROBE - self._time()
            if apart > 0:
                self._apart_until = self.clock.monotonic() + apart
            if calls:
                self.tell(_BACK.format(self._client.host, calls))
            self._since = None

    def _probe(self, now: float) -> float:
        """Seconds until the server is asked again: soon at first."""
        return min(PROBE, max(1.0, (now - (self._since or now)) / 4))

    def _lost(self, error: HranaError) -> None:
        if isinstance(error, _Away):
            return
        with self._guard:
            self._remote.away, self._remote.store.ready = True, False
            self._asked = self.clock.monotonic()
            if self._since is None:
                self._since, self._why, self._told = self._asked, error.message, 0

    def _without(
        self, model: str, limits: Limits, estimate: int, purpose: str, pace: Pace, draw: float
    ) -> Reservation | Wait | Closed:
        """A part of the limits, when enough time has passed."""
        gone = self.clock.monotonic() - (self._since or 0.0)
        self._say(gone)
        if gone < APART:
            wait = min(self._probe(self.clock.monotonic()), APART - gone)
            return Wait(wait, f"{self._client.host} does not answer")
        part = self._part(model, limits)
        if part is not None:
            found = super().take(model, part, estimate, purpose, pace, draw)
            if not isinstance(found, Closed):
                return found
        if gone > GIVE_UP:
            raise Deferred(
                f"the shared quota at {self._client.host} does not answer, and what may be used"
                " without it is used up",
                hint="the next run goes on; quota.alone says how much may be used without it",
            )
        return Wait(PROBE, f"{self._client.host} does not answer; nothing more is used alone")

    def _say(self, gone: float) -> None:
        """A pause that lasts is told, and that calls go on alone."""
        stage = 2 if gone >= APART else int(gone >= PROBE)
        with self._guard:
            if stage > self._told:
                self._told = stage
                part = f"{self.share.alone:.0%} of the limits" if self.share.alone else "nothing"
                self.tell((_LOST if stage == 1 else _ALONE).format(self._why, part))

    def _part(self, model: str, limits: Limits) -> Limits | None:
        """Of the limits, for one that is alone; of a day's, of what was left when we last knew.
        None: that is nothing."""
        seen = self._remote.seen.get(model)
        known = asdict(limits if seen is None else lowered(limits, seen.learned))
        today = self.day_of(model).of(self._time())
        if seen is not None and seen.date == today:
            for kind, used in (("rpd", seen.used), ("tpd", seen.tokens)):
                known[kind] = known[kind] and max(0, known[kind] - used)
        part = {
            kind: value and math.floor(value * self.share.alone) for kind, value in known.items()
        }
        part["concurrency"] = limits.concurrency  # of a machine each, not of all together
        none = any(part[kind] == 0 and value for kind, value in asdict(limits).items())
        return None if none else Limits(**part)

    def _time(self) -> float:
        """The server's, as far as it is known here: a day of calls that are made alone is its."""
        return self.clock.time() + self._remote.offset

    def _now(self, _db: Database) -> float:
        return self._time()

    def _report(self) -> tuple[int, float]:
        """Bring what was used alone into the shared ledger, once; how many calls, and when the last
        of them was reserved. A lane is set apart first, so that a crash in between adds nothing
        twice (`takeover` knows it by its digest)."""
        with self.store.write() as db:
            mine = "lane IN (SELECT id FROM lanes WHERE project=?)"
            db.execute(
                f"UPDATE reservations SET state='settled' WHERE state='open' AND {mine}",  # noqa: S608
                (self.account,),
            )
            db.execute(
                "UPDATE lanes SET project=? WHERE project=? AND id IN (SELECT lane FROM days)",
                (f"owed:{secrets.token_hex(8)}:{self.account}", self.account),
            )
            owed = db.execute(
                "SELECT id, project, last_at, (SELECT sum(used) FROM days WHERE lane=id) AS used"
                " FROM lanes WHERE project LIKE 'owed:%' AND substr(project, 23)=?",
                (self.account,),
            ).fetchall()
        if not owed:
            return 0, -math.inf
        names = tuple({lane["project"] for lane in owed})
        with self._remote.store.write() as shared:
            takeover.merge(
                shared, self.store.connection(), names, self._remote.account, self._time()
            )
        with self.store.write() as db:
            for lane in owed:
                for table in _TABLES:
                    db.execute(f"DELETE FROM {table} WHERE lane=?", (lane["id"],))  # noqa: S608
                db.execute("DELETE FROM lanes WHERE id=?", (lane["id"],))
        return sum(lane["used"] for lane in owed), max(lane["last_at"] for lane in owed)


_TABLES = ("reservations", "days", "proved", "learned")
_TOKEN = f"set {TOKEN} to a token of that database that may write (turso db tokens create NAME)"
_LOST = "{}: calls wait for the shared quota, a little over a minute"
_ALONE = "{}: until it answers, {} is used alone"
_BACK = "{} answers again: {} calls that were made alone are reported; calls go on in a minute"
