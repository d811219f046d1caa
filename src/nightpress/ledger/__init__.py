"""What is on record: the audit database `.nightpress/ledger.db`, and `nightpress.lock`.

The ledger has every attempt, call, run, review and backup, chained by hash; SQL over its tables is
here alone, and what it gives are typed rows. `attempts`, `calls`, `reviews` and `totals` read for
the other wings; `lockfile` is what a clone knows without a ledger. Stands on storage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress.lazy import attach

if TYPE_CHECKING:
    from nightpress.ledger.ledger import Ledger, last_run
    from nightpress.ledger.reviews import Review
    from nightpress.ledger.rows import (
        Call,
        Drafted,
        NewAttempt,
        RecordedAttempt,
        RecordedCall,
        dollars,
    )

__all__ = [
    "Call",
    "Drafted",
    "Ledger",
    "NewAttempt",
    "RecordedAttempt",
    "RecordedCall",
    "Review",
    "dollars",
    "last_run",
]

__getattr__ = attach(
    __name__,
    {
        "ledger": ("Ledger", "last_run"),
        "reviews": ("Review",),
        "rows": ("Call", "Drafted", "NewAttempt", "RecordedAttempt", "RecordedCall", "dollars"),
    },
)
