"""How fast calls may follow one another: starts careful, speeds up on evidence, slows on refusal.

Pure; randomness is an argument (`draw`, 0 <= draw < 1). The limits themselves are kept by
the quota ledger, whatever the pace; the pace says over how many seconds a minute's quota is spread
(`window`) and how far apart two calls stand (`spacing`). It never touches the day's quota.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from nightpress.quota.limits import MINUTE

Phase = Literal["analysis", "generation"]
SLACK = 0.5  # s: how much the tolerated skew grows with each refusal ...
MOST_REFUSALS = 8  # ... up to this many
FORGIVE = 10  # times `proof` clean calls take one refusal off the record
HOLD = 5.0  # s: first pause of a lane after a refusal that states no wait ...
LONGEST_STEP = 120.0  # ... and the longest
LONGEST_HOLD = 600.0  # s: no pause is longer, whatever a refusal states


class Fixed(Struct, frozen=True):
    """The classic pace: seconds before an analysis and a generation, each with a random part on
    top, and after every `rest_every` plugins (0: never) a rest between two bounds."""

    analysis: float = 90.0
    analysis_jitter: float = 30.0
    generation: float = 45.0
    generation_jitter: float = 15.0
    rest_every: int = 10
    rest: tuple[float, float] = (30.0, 60.0)


class Pace(Struct, frozen=True):
    """profile: adaptive, fixed or unpaced; margin: the share of the minute's quota that is used
    when there is evidence; start: the share without any; proof: clean calls from start to margin;
    jitter: the random share of a spacing; skew: seconds that a request may take from its
    reservation to its arrival without the server ever counting more than the limit."""

    profile: Literal["adaptive", "fixed", "unpaced"] = "adaptive"
    margin: float = 0.98
    start: float = 0.5
    proof: int = 45
    jitter: float = 0.2
    skew: float = 1.0
    fixed: Fixed = field(default_factory=Fixed)


class Evidence(Struct, frozen=True):
    """What the quota ledger remembers of a model: clean calls in a row (a refusal takes two thirds
    of them away), and refusals that are not forgiven yet."""

    clean: int = 0
    refusals: int = 0


def read(settings: Mapping[str, Any] | None) -> Pace:
    """The `pace:` section of `_defaults.yaml`, already checked; null and absent are defaults."""
    values = {key: value for key, value in (settings or {}).items() if value is not None}
    own, classic = Pace(), Fixed()
    rest = values.get("rest_seconds", classic.rest)
    return Pace(
        profile=values.get("profile", own.profile),
        margin=float(values.get("margin", own.margin)),
        start=min(own.start, float(values.get("margin", own.margin))),
        fixed=Fixed(
            float(values.get("analysis_seconds", classic.analysis)),
            float(values.get("analysis_jitter_seconds", classic.analysis_jitter)),
            float(values.get("generation_seconds", classic.generation)),
            float(values.get("generation_jitter_seconds", classic.generation_jitter)),
            int(values.get("rest_every", classic.rest_every)),
            (float(min(rest)), float(max(rest))),
        ),
    )


def confidence(pace: Pace, evidence: Evidence) -> float:
    """0 without evidence, 1 with as many clean calls as the pace wants for proof."""
    if pace.profile != "adaptive" or pace.proof <= 0:
        return 1.0
    return min(1.0, evidence.clean / pace.proof)


def fraction(pace: Pace, evidence: Evidence) -> float:
    """The share of the minute's quota that is used now: from `start` to `margin`."""
    if pace.profile == "unpaced":
        return 1.0
    return pace.start + (pace.margin - pace.start) * confidence(pace, evidence)


def window(pace: Pace, evidence: Evidence) -> float:
    """Seconds over which one minute's quota is spread.

    Why the skew: a request reserved at r arrives in [r, r + skew]; whoever counts arrivals over any
    60 s sees only reservations of 60 s + skew, so no limit is broken if that span holds no more
    than the limit. Each refusal makes us tolerate more. A margin of 0.98 is 61.2 s: enough for 1 s.
    """
    skew = pace.skew + SLACK * min(evidence.refusals, MOST_REFUSALS)
    return max(MINUTE / fraction(pace, evidence), MINUTE + skew)


def spacing(
    pace: Pace, evidence: Evidence, rpm: int | None, phase: Phase, draw: float, resting: bool
) -> float:
    """Seconds from the call before (adaptive: its start; fixed: its end) to this one.

    Adaptive: even spacing minus jitter without evidence; with all of it half of that, so that what
    idle moments lost is caught up while `window` still holds. resting: fixed, a rest is due.
    """
    if pace.profile == "fixed":
        fixed = pace.fixed
        first = phase == "analysis"
        base = fixed.analysis if first else fixed.generation
        random_part = fixed.analysis_jitter if first else fixed.generation_jitter
        low, high = fixed.rest if resting else (0.0, 0.0)
        return base + random_part * draw + low + (high - low) * draw
    if pace.profile == "unpaced" or not rpm:
        return 0.0
    even = window(pace, evidence) / rpm
    return even * (1.0 - 0.5 * confidence(pace, evidence)) * (1.0 - pace.jitter * draw)


def after_clean(pace: Pace, evidence: Evidence) -> Evidence:
    """One more call that the server let in."""
    clean = evidence.clean + 1
    if evidence.refusals and clean >= FORGIVE * pace.proof:
        return Evidence(pace.proof, evidence.refusals - 1)
    return Evidence(clean, evidence.refusals)


def after_refusal(pace: Pace, evidence: Evidence) -> Evidence:
    """A refusal for the minute's quota (or for want of capacity): slower, and more tolerant."""
    return Evidence(min(evidence.clean, pace.proof) // 3, evidence.refusals + 1)


def hold(evidence: Evidence, delay: float | None, draw: float) -> float:
    """Seconds for which nobody asks this model after a refusal: what was stated, at least 1 s and
    at most `LONGEST_HOLD`, else growing with the refusals on record; jitter on top."""
    if delay is None:
        steps = min(max(evidence.refusals - 1, 0), MOST_REFUSALS)
        delay = min(HOLD * 2**steps, LONGEST_STEP)
    wait = min(max(delay, 1.0), LONGEST_HOLD)
    return wait * (1.0 + 0.1 * draw)
