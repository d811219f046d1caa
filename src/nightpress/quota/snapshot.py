"""How things stand with one model's quota: for `doit plan`, the progress display and forecasts."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from nightpress.backends import Day
from nightpress.errors import QuotaKind
from nightpress.quota import learn
from nightpress.quota import pace as pacing
from nightpress.quota.limits import Limits, lowered
from nightpress.quota.pace import Evidence, Pace
from nightpress.storage import Database, Fields


class Snapshot(Struct, frozen=True):
    """One model's quota now. limits: those in force, learned ones included; left_*: None where
    unlimited; resets_at: when the provider's day ends; closed_until: 0, or until when the provider
    closed it (epoch seconds); share: of the minute's quota that the pace uses; calls_today and
    refused_today: of this provider's day."""

    model: str
    limits: Limits
    learned: Mapping[QuotaKind, int] = field(default_factory=dict)
    left_in_minute: int | None = None
    left_in_day: int | None = None
    resets_at: float = 0.0
    closed_until: float = 0.0
    share: float = 1.0
    evidence: Evidence = field(default_factory=Evidence)
    ratio: float = 1.1
    calls_today: int = 0
    refused_today: int = 0


def snapshot(
    db: Database | None,
    account: str,
    model: str,
    limits: Limits,
    pace: Pace,
    now: float,
    day: Day,
) -> Snapshot:
    """Read without writing; db: None for a ledger that has no tables yet."""
    unused = Snapshot(model, limits, {}, limits.rpm, limits.rpd, day.ends(now),
                      share=pacing.fraction(pace, Evidence()))  # fmt: skip
    if db is None:
        return unused
    lane = db.execute(
        "SELECT * FROM lanes LEFT JOIN proved ON proved.lane = id AND limits=?"
        " WHERE project=? AND model=?",
        (str(limits), account, model),
    ).fetchone()
    return unused if lane is None else _used(db, lane, model, limits, pace, now, day)


def _used(
    db: Database, lane: Fields, model: str, limits: Limits, pace: Pace, now: float, day: Day
) -> Snapshot:
    evidence = Evidence(lane["clean"] or 0, lane["refusals"] or 0)
    learned = learn.known(db, lane["id"], limits, now)
    since = now - pacing.window(pace, evidence)
    (requests,) = db.execute(
        "SELECT count(*) FROM reservations WHERE lane=? AND at>?",
        (lane["id"], since),
    ).fetchone()
    row = db.execute(
        "SELECT used, refused FROM days WHERE lane=? AND day=?", (lane["id"], day.of(now))
    ).fetchone()
    used, refused = (row["used"], row["refused"]) if row else (0, 0)
    allowed = lowered(limits, learned)
    closed = lane["closed_until"] if lane["closed_until"] > now else 0.0
    return Snapshot(
        model,
        allowed,
        learned,
        _left(allowed.rpm, requests),
        0 if closed else _left(allowed.rpd, used),
        day.ends(now),
        closed,
        pacing.fraction(pace, evidence),
        evidence,
        lane["ratio"],
        used,
        refused,
    )


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)
