"""What the ledger adds up to, for the report; a `day` bounds what a long history costs.

Each query goes by an index.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from nightpress.errors import PARKS
from nightpress.ledger.ledger import Ledger
from nightpress.model import PARKED
from nightpress.storage import Row

_ENDED = f"iif(error_class IN {PARKS}, '{PARKED}', status)"
"""How an attempt ended (see ENDINGS)."""


class CallDay(Struct, frozen=True):
    """Calls of one day."""

    day: str
    calls: int
    replies: int
    tokens_in: int
    tokens_out: int


class RecordedRun(Struct, frozen=True):
    """A row of `runs`; summary: as the run wrote it at its end, {} if it did not."""

    run_id: str
    started: str
    finished: str | None
    backend: str
    model: str
    exit_code: int | None
    summary: Mapping[str, Any]


class RecordedBackup(Struct, frozen=True):
    """What is asked of a row of `backups`."""

    timestamp: str
    ok: bool
    off_site: bool
    said: str


def attempts(ledger: Ledger) -> dict[str, int]:
    """All attempts there ever were, by how they ended; those that were pruned, too."""
    query = (
        f"SELECT ended, sum(n) AS n FROM (SELECT {_ENDED} AS ended, count(*) AS n"  # noqa: S608
        " FROM enhancements GROUP BY ended"
        " UNION ALL SELECT status, attempts FROM pruned_enhancements) GROUP BY ended"
    )
    return {row["ended"]: row["n"] for row in ledger.rows(query)}


def latest(ledger: Ledger) -> dict[str, str]:
    """Document -> how its latest attempt ended."""
    rows = ledger.rows(f"SELECT job, {_ENDED} AS ended FROM latest")  # noqa: S608
    return {row["job"]: row["ended"] for row in rows}


def attempts_by_day(ledger: Ledger, day: str) -> dict[str, dict[str, int]]:
    """day -> ending -> attempts, of the days on which something was attempted, oldest first."""
    query = (
        f"SELECT substr(timestamp, 1, 10) AS day, {_ENDED} AS ended, count(*) AS n"  # noqa: S608
        " FROM enhancements WHERE timestamp >= ? GROUP BY 1, 2 ORDER BY 1"
    )
    days: dict[str, dict[str, int]] = {}
    for row in ledger.rows(query, (day,)):
        days.setdefault(row["day"], {})[row["ended"]] = row["n"]
    return days


def spans(ledger: Ledger, day: str) -> dict[str, list[float]]:
    """Seconds of every reply by phase, of whole attempts, and of waiting for quota."""
    query = (
        "SELECT phase, seconds FROM calls WHERE outcome = 'reply' AND timestamp >= ?1"
        " UNION ALL SELECT 'whole attempt', processing_time_seconds FROM enhancements"
        " WHERE timestamp >= ?1 AND status IN ('published', 'refused', 'failed')"
        " UNION ALL SELECT 'waiting for quota', waited_seconds FROM enhancements"
        " WHERE timestamp >= ?1 AND waited_seconds > 0"
    )
    phases: dict[str, list[float]] = {}
    for row in ledger.rows(query, (day,)):
        phases.setdefault(row["phase"], []).append(float(row["seconds"]))
    return phases


def calls_by_day(ledger: Ledger, day: str) -> list[CallDay]:
    query = (
        "SELECT substr(timestamp, 1, 10) AS day, count(*) AS calls,"
        " sum(outcome = 'reply') AS replies, sum(tokens_in) AS tokens_in,"
        " sum(tokens_out) AS tokens_out FROM calls WHERE timestamp >= ? GROUP BY 1 ORDER BY 1"
    )
    return [CallDay(*row) for row in ledger.rows(query, (day,))]


def runs(ledger: Ledger, most: int) -> list[RecordedRun]:
    """The last runs, newest first."""
    query = (
        "SELECT run_id, started, finished, backend, model, exit_code, summary FROM runs"
        " ORDER BY rowid DESC LIMIT ?"
    )
    return [_run(row) for row in ledger.rows(query, (most,))]


def _run(row: Row) -> RecordedRun:
    return RecordedRun(
        row["run_id"], row["started"], row["finished"], row["backend"], row["model"],
        row["exit_code"], json.loads(row["summary"] or "{}"),
    )  # fmt: skip


def last_writer(ledger: Ledger) -> RecordedRun | None:
    """The last run that tried to make something: its writer is the project's; else the last one."""
    query = (
        "SELECT run_id, started, finished, backend, model, exit_code, summary FROM runs"
        " ORDER BY EXISTS (SELECT 1 FROM enhancements WHERE enhancements.run_id = runs.run_id"
        " AND status NOT IN ('adopted', 'kept', 'interrupted')) DESC, rowid DESC LIMIT 1"
    )
    return next((_run(row) for row in ledger.rows(query)), None)


def jobs_attempted(ledger: Ledger) -> frozenset[str]:
    """Enhancements of which a document was tried to be made at least once."""
    query = (
        "SELECT job FROM enhancements WHERE status IN ('published','refused','failed')"
        " UNION SELECT job FROM reviews"
    )
    return frozenset(row["job"] for row in ledger.rows(query))


def good_backups(ledger: Ledger) -> int:
    (row,) = ledger.rows("SELECT count(*) FROM backups WHERE kind = 'backup' AND ok = 1")
    return int(row[0])


def last_backup(ledger: Ledger, kind: str, *, good: bool = False) -> RecordedBackup | None:
    """The last journey of that kind; good: that went well."""
    query = (
        "SELECT timestamp, ok, off_site, said FROM backups WHERE kind = ? AND ok >= ?"
        " ORDER BY id DESC LIMIT 1"
    )
    for at, ok, off_site, said in ledger.rows(query, (kind, int(good))):
        return RecordedBackup(at, bool(ok), bool(off_site), said)
    return None
