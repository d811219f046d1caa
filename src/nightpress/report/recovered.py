"""What is on record of off-site copies and of rehearsed recoveries: the table `backups`."""

from __future__ import annotations

from typing import Any

from nightpress.ledger.ledger import Ledger
from nightpress.report.figures import Backups


def backups(ledger: Ledger) -> Backups:
    """The last good copy, whether the last try was one, and the last drill."""
    tried, good = _last(ledger, "backup"), _last(ledger, "backup", "AND ok = 1")
    drill = _last(ledger, "drill")
    (counted,) = ledger.rows("SELECT count(*) AS n FROM backups WHERE kind = 'backup' AND ok = 1")
    return Backups(
        last_backup=good["timestamp"] if good else "",
        last_backup_said=good["said"] if good else "",
        last_drill=drill["timestamp"] if drill else "",
        last_drill_said=drill["said"] if drill else "",
        drill_ok=bool(drill["ok"]) if drill else None,
        count=counted["n"],
        off_site=bool(good["off_site"]) if good else None,
        failed_since=tried["said"] if tried and not tried["ok"] else "",
    )


def _last(ledger: Ledger, kind: str, condition: str = "") -> Any:
    # the condition is our own word
    query = f"SELECT * FROM backups WHERE kind = ? {condition} ORDER BY id DESC LIMIT 1"  # noqa: S608
    return next(iter(ledger.rows(query, (kind,))), None)
