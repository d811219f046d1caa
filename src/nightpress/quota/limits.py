"""Which limits hold for a model: what the project says, what its backend declares, what refusals
stated. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import asdict, replace

from nightpress.backends import KINDS, UNLIMITED, Limits
from nightpress.errors import QuotaKind

__all__ = [
    "KINDS", "MINUTE", "NAMES", "UNLIMITED", "Limits", "lowered", "of",
]  # fmt: skip

MINUTE, HOUR = 60.0, 3_600.0
NAMES: Mapping[str, str] = {
    "rpm": "requests a minute",
    "tpm": "input tokens a minute",
    "rpd": "requests a day",
    "rph": "requests an hour",
    "tph": "input tokens an hour",
    "tpd": "tokens a day",
    "concurrency": "calls at once",
}


def of(
    declared: Limits,
    model: str,
    configured: Mapping[str, Mapping[str, int | None]] | None = None,
) -> Limits:
    """The limits of a model. What the project says of the model goes first, then what it says of
    "*", then what is declared; a key that is absent is looked for in the next place, null
    is unlimited.
    """
    own = configured or {}
    return Limits(**{**asdict(declared), **own.get("*", {}), **own.get(model, {})})


def lowered(limits: Limits, learned: Mapping[QuotaKind, int]) -> Limits:
    """`limits`, with each one that was learned in the place of a larger (or unlimited) one."""
    smaller: dict[str, int] = {
        kind: value
        for kind, value in learned.items()
        if (own := getattr(limits, kind)) is None or value < own
    }
    return replace(limits, **smaller) if smaller else limits
