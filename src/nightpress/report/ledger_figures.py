"""What the ledger and the quota ledger add up to, over the report's days.

Each query goes by an index; `since` bounds what a long history costs.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from nightpress.ledger.ledger import Ledger
from nightpress.pipeline import pacing
from nightpress.project.project import Project
from nightpress.report import advice
from nightpress.report.figures import (  # fmt: skip
    OUTCOMES,
    Backups,
    CallDay,
    Cause,
    Day,
    GateRow,
    ModelRow,
    Phase,
    QuotaState,
    RunRow,
)
from nightpress.report.provenance import dollars

RUNS = 10
"""Runs that are listed."""

MINUTE = 60.0


def attempts(ledger: Ledger) -> dict[str, int]:
    """All attempts there ever were, by status; those that were pruned, too."""
    query = (
        "SELECT status, sum(n) AS n FROM ("
        " SELECT status, count(*) AS n FROM enhancements GROUP BY status"
        " UNION ALL SELECT status, attempts FROM pruned_enhancements) GROUP BY status"
    )
    return {row["status"]: row["n"] for row in ledger.rows(query)}


def rate(counts: Mapping[str, int]) -> float | None:
    """Published of attempted, in percent."""
    tried = sum(counts.get(status, 0) for status in ("published", "refused", "failed"))
    return round(100 * counts.get("published", 0) / tried, 1) if tried else None


def days(ledger: Ledger, since: str) -> list[Day]:
    """The days on which something was attempted, oldest first."""
    query = (
        "SELECT substr(timestamp, 1, 10) AS day, status, count(*) AS n FROM enhancements"
        " WHERE timestamp >= ? GROUP BY 1, 2 ORDER BY 1"
    )
    found: dict[str, dict[str, int]] = {}
    for row in ledger.rows(query, (since,)):
        found.setdefault(row["day"], {})[row["status"]] = row["n"]
    return [
        Day(day, {status: held[status] for status in OUTCOMES if status in held})
        for day, held in found.items()
    ]


def phases(ledger: Ledger, since: str) -> list[Phase]:
    """Seconds of each phase, of replies and of whole attempts."""
    spans: dict[str, list[float]] = {}
    query = (
        "SELECT phase, seconds FROM calls WHERE outcome = 'reply' AND timestamp >= ?1"
        " UNION ALL SELECT 'whole attempt', processing_time_seconds FROM enhancements"
        " WHERE timestamp >= ?1 AND status IN ('published', 'refused', 'failed')"
        " UNION ALL SELECT 'waiting for quota', waited_seconds FROM enhancements"
        " WHERE timestamp >= ?1 AND waited_seconds > 0"
    )
    for row in ledger.rows(query, (since,)):
        spans.setdefault(row["phase"], []).append(float(row["seconds"]))
    return [_phase(name, spans[name]) for name in sorted(spans, key=_flow)]


_FLOW = ("waiting for quota", "analysis", "generation", "repair", "whole attempt")


def _flow(phase: str) -> tuple[int, str]:
    return (_FLOW.index(phase) if phase in _FLOW else len(_FLOW), phase)


def _phase(name: str, seconds: list[float]) -> Phase:
    ranked = sorted(seconds)
    n = len(ranked)
    return Phase(name, n, ranked[(n + 1) // 2 - 1], ranked[(95 * n + 99) // 100 - 1], ranked[-1])


def call_days(ledger: Ledger, since: str) -> list[CallDay]:
    query = (
        "SELECT substr(timestamp, 1, 10) AS day, count(*) AS calls,"
        " sum(outcome = 'reply') AS replies, sum(tokens_in) AS tokens_in,"
        " sum(tokens_out) AS tokens_out FROM calls WHERE timestamp >= ? GROUP BY 1 ORDER BY 1"
    )
    return [CallDay(**dict(row)) for row in ledger.rows(query, (since,))]


def models(ledger: Ledger, since: str) -> list[ModelRow]:
    """Pairs of model asked and model that answered, the most frequent first."""
    query = (
        "SELECT model_requested AS asked, coalesce(model_answered, '') AS answered,"
        " tokens_in, tokens_out, cost FROM calls WHERE timestamp >= ?"
    )
    found: dict[tuple[str, str], list[Any]] = {}
    for row in ledger.rows(query, (since,)):
        found.setdefault((row["asked"], row["answered"]), []).append(row)
    pairs = [
        ModelRow(
            asked, answered, len(calls), sum(c["tokens_in"] for c in calls),
            sum(c["tokens_out"] for c in calls), dollars(calls),
        )
        for (asked, answered), calls in found.items()
    ]  # fmt: skip
    return sorted(pairs, key=lambda pair: -pair.calls)


def runs(ledger: Ledger) -> list[RunRow]:
    """The last runs, newest first."""
    found = []
    for row in ledger.rows("SELECT * FROM runs ORDER BY rowid DESC LIMIT ?", (RUNS,)):
        summary: dict[str, Any] = json.loads(row["summary"] or "{}")
        found.append(
            RunRow(
                row["run_id"], row["started"], row["finished"] or "", row["backend"],
                row["model"], row["exit_code"], _between(row["started"], row["finished"]),
                {status: summary[status] for status in OUTCOMES if summary.get(status)},
                int(summary.get("calls") or 0),
            )
        )  # fmt: skip
    return found


def _between(started: str, finished: str | None) -> float | None:
    if not finished:
        return None
    spent = datetime.fromisoformat(finished) - datetime.fromisoformat(started)
    return round(spent.total_seconds(), 1)


def gates(latest: Iterable[Any]) -> list[GateRow]:
    """How often each gate spoke in the latest attempts, the loudest first."""
    found: Counter[tuple[str, str]] = Counter()
    for row in latest:
        for finding in json.loads(row["findings"]):
            found[str(finding.get("check")), str(finding.get("severity"))] += 1
    names = {gate for gate, _ in found}
    rows = [
        GateRow(gate, found[gate, "error"], found[gate, "warning"], found[gate, "info"])
        for gate in names
    ]
    return sorted(rows, key=lambda g: (-g.errors, -g.warnings, -g.infos, g.gate))


def causes(latest: Iterable[Any]) -> list[Cause]:
    """Latest attempts that ended badly, by cause, with what to do."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for row in latest:
        if row["status"] in ("failed", "refused", "deferred", "insufficient", "kept"):
            groups.setdefault((row["status"], _cause(row)), []).append(row)
    found = [
        Cause(
            cause, status, len(rows), advice.todo(status, cause, _hint(rows)), rows[-1]["job"],
            rows[-1]["error_message"] or "",
        )
        for (status, cause), rows in groups.items()
    ]  # fmt: skip
    return sorted(found, key=lambda c: (OUTCOMES.index(c.status), -c.count, c.cause))


def _hint(rows: Iterable[Any]) -> str:
    """What the gate itself advises most often; "" if it does not."""
    said = Counter(
        str(f["hint"])
        for row in rows
        for f in json.loads(row["findings"])
        if f.get("severity") == "error" and f.get("check") == _cause(row) and f.get("hint")
    )
    return said.most_common(1)[0][0] if said else ""


def _cause(row: Any) -> str:
    if row["status"] == "refused":
        errors = [f for f in json.loads(row["findings"]) if f.get("severity") == "error"]
        return str(errors[0].get("check")) if errors else "refused"
    if row["status"] == "insufficient":
        return "too little source"
    if row["status"] == "kept" and row["error_class"] == "NightpressError":
        return "edited by hand"
    return str(row["error_class"] or row["status"])


def quota(project: Project, ledger: Ledger, asked: Sequence[str], since: str) -> list[QuotaState]:
    """The quota of the model that would be asked, and of every one that was."""
    writer = project.writer()
    names = [writer.model] if writer.kind == "model" else []
    names += [name for name in asked if name not in names]
    if not names:
        return []
    book, found = pacing.quota_of(project), []
    try:
        for name in names:
            limits = pacing.limits_of(project, name)
            held = book.snapshot(name, limits, pacing.pace_of(project))
            resets = datetime.fromtimestamp(held.resets_at, UTC).isoformat(timespec="minutes")
            found.append(
                QuotaState(
                    name, held.limits.rpm, held.limits.tpm, held.limits.rpd, held.calls_today,
                    held.left_in_day, resets, *_busiest(ledger, name, since),
                )
            )  # fmt: skip
    finally:
        book.close()
    return found


def _busiest(ledger: Ledger, model: str, since: str) -> tuple[int, int]:
    """The most calls, and the most input tokens, that left within any minute (60 s)."""
    query = (
        "SELECT (julianday(timestamp) - 2440587.5) * 86400 - seconds AS began, tokens_in AS tokens"
        " FROM calls WHERE timestamp >= ? AND model_requested = ? ORDER BY 1"
    )
    open_: deque[tuple[float, int]] = deque()
    calls = tokens = held = 0
    for row in ledger.rows(query, (since, model)):
        open_.append((row["began"], row["tokens"]))
        held += row["tokens"]
        while open_[0][0] <= row["began"] - MINUTE:
            held -= open_.popleft()[1]
        calls, tokens = max(calls, len(open_)), max(tokens, held)
    return calls, tokens


def backups(ledger: Ledger) -> Backups:
    """What is on record of off-site copies and of rehearsed recoveries: the last good copy, whether
    the last try was one, and the last drill."""
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
