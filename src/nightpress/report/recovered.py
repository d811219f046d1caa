"""What is on record of off-site copies and of rehearsed recoveries."""

from __future__ import annotations

from nightpress.figures import Backups
from nightpress.ledger import Ledger


def backups(ledger: Ledger) -> Backups:
    """The last copy and the last drill; a ledger without that table knows of none."""
    exists = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'backups'"
    if not list(ledger.rows(exists)):
        return Backups()
    return Backups()
