"""May one more call go now? The day first, then the pace, then the exact sliding minute.

Each function works in the reservation's own transaction. Times are epoch seconds.
"""

from __future__ import annotations

import math

from msgspec import Struct

from nightpress.backends import Day
from nightpress.errors import Answer, BackendError
from nightpress.quota import pace as pacing
from nightpress.quota.limits import KINDS, NAMES, Limits
from nightpress.quota.pace import Evidence, Pace
from nightpress.storage import Connection, Row

MIDNIGHT_GUARD = 5.0
"""Seconds on each side of the provider's midnight without a reservation: nobody can say in which
day a request arrives that is reserved there, and a clock may be off by a little."""
KEEP = 3_700.0
"""Seconds for which a reservation is kept: longer than the longest deadline of a call."""
PRUNE = 64
"""Old reservations that a new one sweeps away, so that none has to pay for all of them."""
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
    for kind in KINDS:
        if getattr(limits, kind) == 0:
            message = f"{model}: the limit is 0 {NAMES[kind]}"
            hint = "choose another `model`, or correct `limits` in manifests/_defaults.yaml"
            raise BackendError(Answer("no_quota", message, hint=hint, left=False))
    reserved = math.ceil(estimate * ratio)
    if limits.tpm is None or reserved <= limits.tpm:
        return reserved
    if estimate > limits.tpm:
        message = f"{model}: about {estimate} input tokens, and a minute allows {limits.tpm}"
        hint = "lower `input_bytes` in the generator, or exclude large files of this plugin"
        raise BackendError(Answer("too_large", message, hint=hint, left=False))
    return limits.tpm


def day(
    db: Connection, lane: Row, limits: Limits, now: float, provider: Day
) -> Wait | Closed | None:
    """Closed until the day ends when its requests are spent, or the provider said so."""
    if lane["closed_until"] > now:
        return Closed(lane["closed_until"], "the provider says that the day's quota is spent")
    if limits.rpd is None:
        return None
    ends = provider.ends(now)
    used = used_on(db, lane["id"], provider.of(now))
    if used >= limits.rpd:
        return Closed(ends, f"the day's {limits.rpd} requests are spent")
    opens = provider.began(now) + MIDNIGHT_GUARD
    if now < opens:
        return Wait(opens - now + TICK, "the provider's day has just begun")
    if now >= ends - MIDNIGHT_GUARD:
        return Wait(ends + MIDNIGHT_GUARD - now + TICK, "the provider's day is about to end")
    return None


def minute(
    db: Connection,
    lane: Row,
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
        (_requests(db, lane["id"], limits, now, span), "the minute's requests are spent"),
        (_tokens(db, lane["id"], limits, tokens, now, span), "the minute's tokens are spent"),
    ]
    seconds, why = max(waits)
    return Wait(seconds + TICK, why) if seconds > 0 else None


def _requests(db: Connection, lane: int, limits: Limits, now: float, span: float) -> float:
    """Seconds until fewer than `rpm` requests lie in the last `span` seconds."""
    if limits.rpm is None:
        return 0.0
    row = db.execute(
        "SELECT at FROM reservations WHERE lane=? AND at>? ORDER BY at DESC LIMIT 1 OFFSET ?",
        (lane, now - span, limits.rpm - 1),
    ).fetchone()
    return 0.0 if row is None else float(row["at"] + span - now)


def _tokens(
    db: Connection, lane: int, limits: Limits, tokens: int, now: float, span: float
) -> float:
    """Seconds until `wanted` tokens fit into `span` seconds with those that are there."""
    if limits.tpm is None:
        return 0.0
    scope = (lane, now - span)
    (spent,) = db.execute(
        "SELECT coalesce(sum(tokens), 0) FROM reservations WHERE lane=? AND at>?", scope
    ).fetchone()
    excess, wait = spent + tokens - limits.tpm, 0.0
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
    db: Connection,
    lane: Row,
    now: float,
    tokens: int,
    purpose: str,
    pace: Pace,
    draw: float,
    day: str,
) -> int:
    """The reservation's row, its day's count, and what the next spacing needs; its number."""
    plugins, _ = _plugins(lane, purpose, pace)
    cursor = db.execute(
        "INSERT INTO reservations (lane, at, day, tokens, purpose) VALUES (?,?,?,?,?)",
        (lane["id"], now, day, tokens, purpose),
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
    assert cursor.lastrowid is not None  # noqa: S101 (an INSERT has just been made)
    return cursor.lastrowid


def prune(db: Connection, lane: int, now: float) -> None:
    """Forget a few reservations that no window and no settlement needs any more."""
    db.execute(
        "DELETE FROM reservations WHERE id IN"
        " (SELECT id FROM reservations WHERE lane=? AND at<? ORDER BY at LIMIT ?)",
        (lane, now - KEEP, PRUNE),
    )


def clock_went_back(db: Connection, lane: Row, now: float, day: Day) -> bool:
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


def used_on(db: Connection, lane: int, date: str) -> int:
    """Requests reserved on one day of the provider."""
    row = db.execute("SELECT used FROM days WHERE lane=? AND day=?", (lane, date)).fetchone()
    return 0 if row is None else int(row["used"])


def _plugin(purpose: str) -> str:
    return purpose.partition("/")[0]


def _plugins(lane: Row, purpose: str, pace: Pace) -> tuple[int, bool]:
    """(plugins since the last rest, this one's included; is a rest due before it?)."""
    if _plugin(purpose) == lane["plugin"]:
        return lane["plugins"], False
    due = pace.profile == "fixed" and 0 < pace.fixed.rest_every <= lane["plugins"]
    return (1 if due else lane["plugins"] + 1), due
