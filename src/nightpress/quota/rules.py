"""May one more call go now? The day first, then the pace, then the exact sliding minute.

Each function works in the reservation's own transaction. Times are epoch seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec import Struct

from nightpress.backends import Day
from nightpress.errors import Answer, BackendError
from nightpress.quota import pace as pacing
from nightpress.quota.limits import HOUR, NAMES, Limits
from nightpress.quota.pace import Evidence, Pace
from nightpress.storage import Database, Fields, Rows

MIDNIGHT_GUARD = 5.0
"""Seconds on each side of the provider's midnight without a reservation: nobody can say in which
day a request arrives that is reserved there, and a clock may be off by a little."""
KEEP = 3_700.0
"""Seconds for which a reservation is kept: longer than the longest deadline of a call."""
PRUNE = 64
"""Old reservations that a new one sweeps away, so that none has to pay for all of them."""
AN_HOUR_LATE = 5.0
"""Seconds that a request may arrive after its reservation, as an hour's window counts it."""
TICK = 0.001
"""Seconds added to every wait, so that rounding never wakes a waiter just too early."""


class Wait(Struct, frozen=True):
    """Not now: ask again in `seconds`."""

    seconds: float
    why: str


class Closed(Struct, frozen=True):
    """Not today: it goes on at `until` (epoch seconds)."""

    until: float
    why: str


def tokens(model: str, limits: Limits, estimate: int, ratio: float) -> int:
    """Input tokens to reserve for an estimate: as many more as this model has shown to count."""
    for kind, name in NAMES.items():
        if getattr(limits, kind) == 0:
            message = f"{model}: the limit is 0 {name}"
            hint = "choose another `model`, or correct `limits` in manifests/_defaults.yaml"
            raise BackendError(Answer("no_quota", message, hint=hint, left=False))
    reserved = math.ceil(estimate * ratio)
    bounds = {"a minute": limits.tpm, "an hour": limits.tph, "a day": limits.tpd}
    for span, most in bounds.items():
        if most is not None and estimate > most:
            message = f"{model}: about {estimate} input tokens, and {span} allows {most}"
            hint = "lower `input_bytes` in the generator, or exclude large files of this plugin"
            raise BackendError(Answer("too_large", message, hint=hint, left=False))
    return min([reserved, *(most for most in bounds.values() if most is not None)])


def day(
    db: Database, lane: Fields, limits: Limits, tokens: int, now: float, provider: Day
) -> Wait | Closed | None:
    """Closed until the day ends when its requests or tokens are spent, or the provider said so."""
    if lane["closed_until"] > now:
        return Closed(lane["closed_until"], "the provider says that the day's quota is spent")
    if limits.rpd is None and limits.tpd is None:
        return None
    ends, today = provider.ends(now), provider.of(now)
    if limits.rpd is not None and used_on(db, lane["id"], today) >= limits.rpd:
        return Closed(ends, f"the day's {limits.rpd} requests are spent")
    if limits.tpd is not None and _tokens_on(db, lane["id"], today) + tokens > limits.tpd:
        return Closed(ends, f"the day's {limits.tpd:,} tokens are spent")
    opens = provider.began(now) + MIDNIGHT_GUARD
    if now < opens:
        return Wait(opens - now + TICK, "the provider's day has just begun")
    if now >= ends - MIDNIGHT_GUARD:
        return Wait(ends + MIDNIGHT_GUARD - now + TICK, "the provider's day is about to end")
    return None


def minute(
    db: Database,
    lane: Fields,
    limits: Limits,
    tokens: int,
    purpose: str,
    pace: Pace,
    now: float,
) -> Wait | None:
    """The longest of the waits that a pause, the pace, the requests and the tokens ask for."""
    evidence = Evidence(lane["clean"], lane["refusals"])
    span = pacing.window(pace, evidence)
    _, resting = _plugins(lane, purpose, pace)
    phase: pacing.Phase = "generation" if "/" in purpose else "analysis"
    apart = pacing.spacing(pace, evidence, limits.rpm, phase, lane["draw"], resting)
    waits = [
        (lane["hold_until"] - now, "the provider asked for a pause"),
        (lane["last_at"] + apart - now, "the pace"),
        (_requests(db, lane["id"], limits.rpm, now, span), "the minute's requests are spent"),
        (_tokens(db, lane["id"], limits.tpm, tokens, now, span), "the minute's tokens are spent"),
    ]
    if limits.rph is not None or limits.tph is not None:
        hour = HOUR + AN_HOUR_LATE
        waits += [
            (_requests(db, lane["id"], limits.rph, now, hour), "the hour's requests are spent"),
            (_tokens(db, lane["id"], limits.tph, tokens, now, hour), "the hour's tokens are spent"),
        ]
    seconds, why = max(waits)
    return Wait(seconds + TICK, why) if seconds > 0 else None


def _requests(db: Database, lane: int, most: int | None, now: float, span: float) -> float:
    """Seconds until fewer than `most` requests lie in the last `span` seconds."""
    if most is None:
        return 0.0
    row = db.execute(_NTH, (lane, now - span, most - 1)).fetchone()
    return 0.0 if row is None else float(row["at"] + span - now)


def _tokens(
    db: Database, lane: int, most: int | None, tokens: int, now: float, span: float
) -> float:
    """Seconds until `tokens` more are at most `most` with those of the last `span` seconds."""
    if most is None:
        return 0.0
    scope = (lane, now - span)
    (spent,) = db.execute(_SPENT, scope).fetchone()
    excess, wait = spent + tokens - most, 0.0
    if excess <= 0:
        return wait
    for row in db.execute(
        "SELECT at, tokens FROM reservations WHERE lane=? AND at>? ORDER BY at", scope
    ):
        excess -= row["tokens"]
        wait = row["at"] + span - now
        if excess <= 0:
            break
    return wait


def insert(
    db: Database,
    lane: Fields,
    now: float,
    tokens: int,
    purpose: str,
    pace: Pace,
    draw: float,
    day: str,
    number: int | None,
) -> Rows:
    """The reservation's row, its day's count, and what the next spacing needs. number: the
    reservation's; None: the next one."""
    plugins, _ = _plugins(lane, purpose, pace)
    row = db.execute(
        "INSERT INTO reservations (id, lane, at, day, tokens, purpose) VALUES (?,?,?,?,?,?)",
        (number, lane["id"], now, day, tokens, purpose),
    )
    db.execute(
        "INSERT INTO days (lane, day, used) VALUES (?,?,1)"
        " ON CONFLICT (lane, day) DO UPDATE SET used=used+1",
        (lane["id"], day),
    )
    db.execute(
        "UPDATE lanes SET last_at=?, draw=?, plugin=?, plugins=? WHERE id=?",
        (now, draw, _plugin(purpose), plugins, lane["id"]),
    )
    return row


def prune(db: Database, lane: int, now: float) -> None:
    """Forget a few reservations that no window and no settlement needs any more."""
    db.execute(
        "DELETE FROM reservations WHERE id IN"
        " (SELECT id FROM reservations WHERE lane=? AND at<? ORDER BY at LIMIT ?)",
        (lane, now - KEEP, PRUNE),
    )


def clock_went_back(db: Database, lane: Fields, now: float, day: Day) -> bool:
    """If the clock was set back, what lies in the future counts as of now: never too few, and no
    wait longer than a window."""
    if lane["last_at"] <= now:
        return False
    db.execute("UPDATE reservations SET at=? WHERE lane=? AND at>?", (now, lane["id"], now))
    db.execute(
        "UPDATE lanes SET last_at=?, slowed_at=min(slowed_at, ?), hold_until=min(hold_until, ?),"
        " closed_until=min(closed_until, ?) WHERE id=?",
        (now, now, now + 1.1 * pacing.LONGEST_HOLD, day.ends(now), lane["id"]),
    )
    return True


def used_on(db: Database, lane: int, date: str) -> int:
    """Requests reserved on one day of the provider."""
    row = db.execute(_USED, (lane, date)).fetchone()
    return 0 if row is None else int(row["used"])


def _tokens_on(db: Database, lane: int, date: str) -> int:
    """Tokens of one day, in and out: those that were settled, and those reserved for calls that
    are not."""
    row = db.execute(_DAY_SPENT, (lane, date)).fetchone()
    return int(row[0])


_NTH = "SELECT at FROM reservations WHERE lane=? AND at>? ORDER BY at DESC LIMIT 1 OFFSET ?"
_SPENT = "SELECT coalesce(sum(tokens), 0) FROM reservations WHERE lane=? AND at>?"
_USED = "SELECT used FROM days WHERE lane=?1 AND day=?2"
_DAY_SPENT = (
    "SELECT coalesce((SELECT tokens_in + tokens_out FROM days WHERE lane=?1 AND day=?2), 0)"
    " + coalesce((SELECT sum(tokens) FROM reservations"
    " WHERE lane=?1 AND day=?2 AND state='open'), 0)"
)


_BOTH = f"SELECT coalesce(({_USED}), 0), ({_DAY_SPENT})"


def day_spent(lane: int, date: str) -> tuple[str, tuple[object, ...]]:
    """The question for the requests and the tokens of one day."""
    return _BOTH, (lane, date)


def questions(
    lane: Fields, limits: Limits, pace: Pace, now: float, date: str
) -> Iterator[tuple[str, tuple[object, ...]]]:
    """What the rules are about to ask of the database, for one that is far away."""
    number, span = lane["id"], pacing.window(pace, Evidence(lane["clean"], lane["refusals"]))
    if limits.rpd is not None:
        yield _USED, (number, date)
    if limits.tpd is not None:
        yield _DAY_SPENT, (number, date)
    hour = HOUR + AN_HOUR_LATE
    for most, seconds in ((limits.rpm, span), (limits.rph, hour)):
        if most is not None:
            yield _NTH, (number, now - seconds, most - 1)
    for most, seconds in ((limits.tpm, span), (limits.tph, hour)):
        if most is not None:
            yield _SPENT, (number, now - seconds)


def _plugin(purpose: str) -> str:
    return purpose.partition("/")[0]


def _plugins(lane: Fields, purpose: str, pace: Pace) -> tuple[int, bool]:
    """(plugins since the last rest, this one's included; is a rest due before it?)."""
    if _plugin(purpose) == lane["plugin"]:
        return lane["plugins"], False
    due = pace.profile == "fixed" and 0 < pace.fixed.rest_every <= lane["plugins"]
    return (1 if due else lane["plugins"] + 1), due
