"""What is on record: the audit database `.nightpress/ledger.db`, and `nightpress.lock`.

The ledger has every attempt, call, run, review and backup, chained by hash; SQL over its tables
is here alone, and what it gives are typed rows. `attempts`, `calls`, `reviews` and `totals` read
for the other wings; `lockfile` is what a clone knows without a ledger.

May import: storage, fingerprint, text, lazy, clock, loopback, model, errors, voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress import lazy

if TYPE_CHECKING:
    from nightpress.ledger.chain import Mark
    from nightpress.ledger.ledger import Ledger, last_run
    from nightpress.ledger.prune import Pruned
    from nightpress.ledger.reviews import Review
    from nightpress.ledger.rows import (
        Call,
        Drafted,
        NewAttempt,
        RecordedAttempt,
        RecordedCall,
        dollars,
        findings_json,
    )
    from nightpress.ledger.totals import CallDay
else:
    __getattr__ = lazy.attach(
        __name__,
        {
            "chain": ["Mark"],
            "ledger": ["Ledger", "last_run"],
            "prune": ["Pruned"],
            "reviews": ["Review"],
            "rows": [
                "Call",
                "Drafted",
                "NewAttempt",
                "RecordedAttempt",
                "RecordedCall",
                "dollars",
                "findings_json",
            ],
            "totals": ["CallDay"],
        },
    )

__all__ = [
    "Call",
    "CallDay",
    "Drafted",
    "Ledger",
    "Mark",
    "NewAttempt",
    "Pruned",
    "RecordedAttempt",
    "RecordedCall",
    "Review",
    "attempts",
    "audit",
    "batches",
    "calls",
    "chain",
    "dollars",
    "findings_json",
    "last_run",
    "ledger",
    "lockfile",
    "migrations",
    "prune",
    "questions",
    "reviews",
    "totals",
]
