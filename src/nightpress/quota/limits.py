"""A provider's limits per model, and its day, which ends at midnight Pacific.

Floor 1: pure. Source: the limits that free-tier keys were really given (docs/quota.md); published
ones are not trustworthy, so they are configuration, and lowered when a refusal states less.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta, tzinfo
from functools import cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import asdict, replace

MINUTE = 60.0
Kind = Literal["rpm", "tpm", "rpd"]
KINDS: tuple[Kind, ...] = ("rpm", "tpm", "rpd")
NAMES: Mapping[Kind, str] = {
    "rpm": "requests a minute",
    "tpm": "input tokens a minute",
    "rpd": "requests a day",
}


@cache
def pacific() -> tzinfo:
    """Loaded when a day is first asked for: a run without quota has none."""
    from zoneinfo import ZoneInfo

    return ZoneInfo("America/Los_Angeles")


class Limits(Struct, frozen=True):
    """What one project may ask of one model: requests a minute, input tokens a minute, requests a
    day; None is unlimited."""

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None

    def __str__(self) -> str:
        """`15/250k/500`; `-` is unlimited."""
        return "/".join(_short(getattr(self, kind)) for kind in KINDS)


UNLIMITED = Limits()

DEFAULTS: Mapping[str, Limits] = {
    "gemini-3.5-flash-lite": Limits(15, 250_000, 500),
    "gemini-3.8-flash": Limits(5, 250_000, 20),
    # of 3.1-flash-lite only the tokens were seen; the rest is the smallest that others were given
    "gemini-3.1-flash-lite": Limits(5, 250_000, 20),
    "*": Limits(5, 250_000, 20),
}
"""Free tier, 2026-11."""


def of(model: str, configured: Mapping[str, Mapping[str, int | None]] | None = None) -> Limits:
    """The limits of a model. What the project says of the model goes first, then what it says of
    "*", then our defaults; a key that is absent is looked for in the next place, null is unlimited.
    """
    said = configured or {}
    known = asdict(DEFAULTS.get(model, DEFAULTS["*"]))
    return Limits(**{**known, **said.get("*", {}), **said.get(model, {})})


def lowered(limits: Limits, learned: Mapping[Kind, int]) -> Limits:
    """`limits`, with each one that was learned in the place of a larger (or unlimited) one."""
    smaller: dict[str, int] = {
        kind: value
        for kind, value in learned.items()
        if (own := getattr(limits, kind)) is None or value < own
    }
    return replace(limits, **smaller) if smaller else limits


def stated_by(quota_id: str) -> Kind | None:
    """Which limit a refusal's `quotaId` speaks of; None when it does not say."""
    if "PerDay" in quota_id:
        # a day's token limit is no limit that we count
        return "rpd" if "Request" in quota_id else None
    if "PerMinute" in quota_id:
        return "tpm" if "Token" in quota_id else "rpm" if "Request" in quota_id else None
    return None


def day_of(now: float) -> str:
    """The provider's day (ISO date) of an epoch second."""
    return datetime.fromtimestamp(now, pacific()).date().isoformat()


def day_ends(now: float) -> float:
    """Epoch seconds of the next midnight Pacific; a day has 23, 24 or 25 hours."""
    tomorrow = datetime.fromtimestamp(now, pacific()).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), pacific()).timestamp()


def day_began(now: float) -> float:
    """Epoch seconds of the midnight Pacific that `now`'s day began with."""
    today = datetime.fromtimestamp(now, pacific()).date()
    return datetime.combine(today, time(), pacific()).timestamp()


def _short(value: int | None) -> str:
    if value is None:
        return "-"
    return f"{value // 1000}k" if value >= 10_000 and value % 1000 == 0 else str(value)
