"""How fast and how much: limits, the pacer before every call, budgets, the forecast.

May import: backends, checks, plugin, ledger, storage, fingerprint, text, lazy, clock, loopback,
model, errors, voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress import lazy

if TYPE_CHECKING:
    from nightpress.quota.budget import Spending
    from nightpress.quota.ledger import Closed, Quota, Reservation, Snapshot, Wait
    from nightpress.quota.limits import Limits
    from nightpress.quota.pace import Fixed, Pace
    from nightpress.quota.pacer import Pacer
    from nightpress.quota.shared import Share, SharedQuota
    from nightpress.quota.takeover import Earlier
else:
    __getattr__ = lazy.attach(
        __name__,
        {
            "budget": ["Spending"],
            "ledger": ["Closed", "Quota", "Reservation", "Snapshot", "Wait"],
            "limits": ["Limits"],
            "pace": ["Fixed", "Pace"],
            "pacer": ["Pacer"],
            "shared": ["Share", "SharedQuota"],
            "takeover": ["Earlier"],
        },
    )

__all__ = [
    "Closed",
    "Earlier",
    "Fixed",
    "Limits",
    "Pace",
    "Pacer",
    "Quota",
    "Reservation",
    "Share",
    "SharedQuota",
    "Snapshot",
    "Spending",
    "Wait",
    "budget",
    "forecast",
    "learn",
    "limits",
    "pace",
    "place",
    "rules",
    "snapshot",
]
