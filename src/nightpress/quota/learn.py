"""What answers teach: smaller limits, a slower pace, tokens per estimate, and that a day is over.

Each function works in the settlement's own transaction. Times are epoch seconds.
"""

from __future__ import annotations

from nightpress.backends import Day
from nightpress.errors import Answer, QuotaKind
from nightpress.quota import pace as pacing
from nightpress.quota.limits import NAMES, Limits, lowered
from nightpress.quota.pace import Evidence, Pace
from nightpress.storage import Database, Fields

FORGET = 0.02
"""How fast an unusually large ratio of real to estimated tokens fades, per call."""
RATIOS = (0.5, 4.0)
HOLDS_FOR = 30 * 86_400.0
"""Seconds for which a learned limit holds; then it is tried whether it still does."""


def known(db: Database, lane: int, limits: Limits, now: float) -> dict[QuotaKind, int]:
    """The limits that refusals of this lane stated while `limits` were configured."""
    rows = db.execute(*stated(lane, limits, now))
    return {row["kind"]: row["value"] for row in rows}


def stated(lane: int, limits: Limits, now: float) -> tuple[str, tuple[object, ...]]:
    """The question that `known` asks."""
    question = "SELECT kind, value FROM learned WHERE lane=? AND limits=? AND at>?"
    return question, (lane, str(limits), now - HOLDS_FOR)


def prove(db: Database, lane: Fields, evidence: Evidence) -> None:
    """What the lane has shown of late, under the limits that it was asked with."""
    db.execute(
        "UPDATE proved SET clean=?, refusals=? WHERE lane=? AND limits=?",
        (evidence.clean, evidence.refusals, lane["id"], lane["limits"]),
    )


def ratio(before: float, tokens_in: int, estimate: int) -> float:
    """Real tokens per estimated one: the largest of late, so that reservations are seldom short."""
    if tokens_in <= 0 or estimate <= 0:
        return before
    measured = min(max(tokens_in / estimate, RATIOS[0]), RATIOS[1])
    return max(measured, before + FORGET * (measured - before))


def limit(
    db: Database, lane: Fields, limits: Limits, kind: str | None, number: int | None, now: float
) -> tuple[str, ...]:
    """Take over the limit that an answer states: where it is smaller than ours, or where it
    corrects what an earlier one stated (never above what the project allows itself)."""
    if kind is None or not number:
        return ()
    learned = known(db, lane["id"], limits, now)
    ours = getattr(lowered(limits, learned), kind)
    if number == ours or (ours is not None and number > ours and kind not in learned):
        return ()
    db.execute(
        "INSERT INTO learned (lane, limits, kind, value, at) VALUES (?,?,?,?,?)"
        " ON CONFLICT (lane, limits, kind) DO UPDATE SET value=excluded.value, at=excluded.at",
        (lane["id"], str(limits), kind, number, now),
    )
    before = "any number" if ours is None else str(ours)
    return (
        f"{lane['model']}: the provider allows {number} {NAMES[kind]}, not {before};"
        " that holds for 30 days",
    )


SKEW = 300.0
"""Seconds after the provider's midnight in which a spent day may be that of yesterday."""


def close(db: Database, lane: Fields, reserved_at: float, now: float, day: Day) -> tuple[str, ...]:
    """The day's quota is spent: closed until the midnight after the request was reserved (its
    answer may arrive after that, and must not close the new day). Right after midnight it is the
    day before that is spent, by the provider's clock: then it is only a pause."""
    if (began := day.began(reserved_at)) + SKEW > reserved_at:
        until = began + SKEW
        if until > max(now, lane["hold_until"]):
            db.execute("UPDATE lanes SET hold_until=? WHERE id=?", (until, lane["id"]))
            what = "refused right after midnight, so a clock may be off"
            return (f"{lane['model']}: {what}; tried again in {until - now:.0f} s",)
        return ()
    until = day.ends(reserved_at)
    if until <= now or lane["closed_until"] >= until:
        return ()
    db.execute("UPDATE lanes SET closed_until=? WHERE id=?", (until, lane["id"]))
    return (f"{lane['model']}: the day's quota is spent; closed until {day.midnight}",)


def slow(
    db: Database,
    lane: Fields,
    reserved_at: float,
    pace: Pace,
    answer: Answer,
    now: float,
    draw: float,
) -> tuple[str, ...]:
    """Pause the lane, and slow it down; a burst of calls that were refused together slows it once
    (those reserved before the last slow-down were not made at the new pace)."""
    evidence = Evidence(lane["clean"], lane["refusals"])
    fresh = reserved_at > lane["slowed_at"]
    if fresh:
        evidence = pacing.after_refusal(pace, evidence)
    until = max(lane["hold_until"], now + pacing.hold(evidence, answer.wait, draw))
    prove(db, lane, evidence)
    slowed_at = now if fresh else lane["slowed_at"]
    db.execute(
        "UPDATE lanes SET hold_until=?, slowed_at=? WHERE id=?", (until, slowed_at, lane["id"])
    )
    if not fresh or pace.profile != "adaptive":
        return ()
    share = pacing.fraction(pace, evidence)
    return (f"{lane['model']}: refused; the pace goes down to {share:.0%} of the quota",)
