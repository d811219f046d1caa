"""What is on record of off-site copies and of rehearsed recoveries: the ledger's table `backups`.

Rows are taken by what they call themselves: a time, a kind (a drill is one that says so), whether
all was well, and a sentence. A ledger without that table knows of none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nightpress.figures import Backups
from nightpress.ledger import Ledger

_TIME = ("finished", "timestamp", "at", "taken", "started")
_KIND = ("kind", "action", "what")
_WELL = ("ok", "passed", "status", "outcome")
_SAID = ("said", "summary", "line", "text", "message", "snapshot")
LOOKED_AT = 500
"""Newest rows that are looked at for the last one of each kind."""


def backups(ledger: Ledger) -> Backups:
    """The last copy and the last drill."""
    exists = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'backups'"
    if not list(ledger.rows(exists)):
        return Backups()
    (counted,) = ledger.rows("SELECT count(*) AS n FROM backups")
    query = "SELECT * FROM backups ORDER BY rowid DESC LIMIT ?"
    rows = [dict(row) for row in ledger.rows(query, (LOOKED_AT,))]
    drills = [row for row in rows if "drill" in str(_first(row, _KIND) or "").lower()]
    copies = [row for row in rows if row not in drills]
    return Backups(
        last_backup=str(_first(copies[0], _TIME) or "") if copies else "",
        last_backup_said=str(_first(copies[0], _SAID) or "") if copies else "",
        last_drill=str(_first(drills[0], _TIME) or "") if drills else "",
        last_drill_said=str(_first(drills[0], _SAID) or "") if drills else "",
        drill_ok=_well(drills[0]) if drills else None,
        count=int(counted["n"]),
    )


def _first(row: dict[str, Any], names: Sequence[str]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _well(row: dict[str, Any]) -> bool:
    """A number that is not 0, or a word that is one of success."""
    said = _first(row, _WELL)
    return said in ("ok", "passed", "done", "success") if isinstance(said, str) else bool(said)
