"""What the ledger and the quota ledger add up to, over the report's days.

Each query goes by an index; `since` bounds what a long history costs.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from nightpress.errors import AwaitsReview
from nightpress.ledger import Ledger, RecordedAttempt, RecordedCall, calls, dollars, totals
from nightpress.model import ATTEMPTED, ENDINGS, Status
from nightpress.pipeline import pacing
from nightpress.project import Project
from nightpress.report import advice
from nightpress.report.figures import (  # fmt: skip
    Backups,
    Cause,
    Day,
    GateRow,
    ModelRow,
    Phase,
    QuotaState,
    RunRow,
)

RUNS = 10
"""Runs that are listed."""

MINUTE = 60.0


def rate(counts: Mapping[str, int]) -> float | None:
    """Published of attempted, in percent."""
    tried = sum(counts.get(status, 0) for status in ATTEMPTED)
    return round(100 * counts.get(Status.PUBLISHED, 0) / tried, 1) if tried else None


def days(ledger: Ledger, since: str) -> list[Day]:
    """The days on which something was attempted, oldest first."""
    return [
        Day(day, {word: counts[word] for word in ENDINGS if word in counts})
        for day, counts in totals.attempts_by_day(ledger, since).items()
    ]


def phases(ledger: Ledger, since: str) -> list[Phase]:
    """Seconds of each phase, of replies and of whole attempts."""
    spans = totals.spans(ledger, since)
    return [_phase(name, spans[name]) for name in sorted(spans, key=_flow)]


_FLOW = ("waiting for quota", "analysis", "generation", "repair", "whole attempt")


def _flow(phase: str) -> tuple[int, str]:
    return (_FLOW.index(phase) if phase in _FLOW else len(_FLOW), phase)


def _phase(name: str, seconds: list[float]) -> Phase:
    ranked = sorted(seconds)
    n = len(ranked)
    return Phase(name, n, ranked[(n + 1) // 2 - 1], ranked[(95 * n + 99) // 100 - 1], ranked[-1])


def models(ledger: Ledger, since: str) -> list[ModelRow]:
    """Pairs of model asked and model that answered, the most frequent first."""
    groups: dict[tuple[str, str], list[RecordedCall]] = {}
    for call in calls.since(ledger, since):
        groups.setdefault((call.model_requested, call.model_answered or ""), []).append(call)
    pairs = [
        ModelRow(
            asked, answered, len(own), sum(call.tokens_in for call in own),
            sum(call.tokens_out for call in own), dollars(own),
        )
        for (asked, answered), own in groups.items()
    ]  # fmt: skip
    return sorted(pairs, key=lambda pair: -pair.calls)


def runs(ledger: Ledger) -> list[RunRow]:
    """The last runs, newest first."""
    return [
        RunRow(
            run.run_id, run.started, run.finished or "", run.backend, run.model, run.exit_code,
            _between(run.started, run.finished),
            {word: run.summary[word] for word in ENDINGS if run.summary.get(word)},
            int(run.summary.get("calls") or 0),
            tuple(run.summary.get("workers") or ()),
        )
        for run in totals.runs(ledger, RUNS)
    ]  # fmt: skip


def _between(started: str, finished: str | None) -> float | None:
    if not finished:
        return None
    spent = datetime.fromisoformat(finished) - datetime.fromisoformat(started)
    return round(spent.total_seconds(), 1)


def gates(latest: Iterable[RecordedAttempt]) -> list[GateRow]:
    """How often each gate spoke in the latest attempts, the loudest first."""
    counts = Counter(
        (finding.check, finding.severity) for row in latest for finding in row.findings
    )
    rows = [
        GateRow(gate, counts[gate, "error"], counts[gate, "warning"], counts[gate, "info"])
        for gate in {gate for gate, _ in counts}
    ]
    return sorted(rows, key=lambda g: (-g.errors, -g.warnings, -g.infos, g.gate))


def causes(latest: Iterable[RecordedAttempt], waiting: Collection[str] = ()) -> list[Cause]:
    """Latest attempts that ended badly, by cause, with what to do; waiting: the documents of which
    a draft does. Of one that was turned down there is nothing to do."""
    groups: dict[tuple[str, str], list[RecordedAttempt]] = {}
    for row in latest:
        decided = row.error_class == AwaitsReview.__name__ and row.job not in waiting
        if row.status in _BAD and not decided:
            groups.setdefault((row.word, _cause(row)), []).append(row)
    causes = [
        Cause(
            cause, word, len(rows),
            advice.todo(word, cause, _hint(rows), rows[-1].backend or ""),
            rows[-1].job, rows[-1].error_message or "",
        )
        for (word, cause), rows in groups.items()
    ]  # fmt: skip
    return sorted(causes, key=lambda c: (ENDINGS.index(c.status), -c.count, c.cause))


_BAD = (
    Status.FAILED, Status.REFUSED, Status.DEFERRED, Status.INSUFFICIENT, Status.HOLLOW, Status.KEPT,
)  # fmt: skip


def _hint(rows: Iterable[RecordedAttempt]) -> str:
    """What the gate itself advises most often; "" if it does not."""
    hints = Counter(
        finding.hint
        for row in rows
        for finding in row.findings
        if finding.severity == "error" and finding.check == _cause(row) and finding.hint
    )
    return hints.most_common(1)[0][0] if hints else ""


def _cause(row: RecordedAttempt) -> str:
    if row.status == Status.REFUSED:
        return next((f.check for f in row.findings if f.severity == "error"), "refused")
    if row.status == Status.INSUFFICIENT:
        return "insufficient source"
    if row.status == Status.HOLLOW:
        return "hollow plugin"
    if row.status == Status.KEPT and row.error_class == "NightpressError":
        edited = (row.error_message or "").startswith("edited")
        return "edited by hand" if edited else "a person's file"
    return row.error_class or row.status


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
    minute: deque[calls.Departure] = deque()
    most_calls = most_tokens = tokens = 0
    for call in calls.departures(ledger, model, since):
        minute.append(call)
        tokens += call.tokens
        while minute[0].at <= call.at - MINUTE:
            tokens -= minute.popleft().tokens
        most_calls, most_tokens = max(most_calls, len(minute)), max(most_tokens, tokens)
    return most_calls, most_tokens


def backups(ledger: Ledger) -> Backups:
    """What is on record of off-site copies and of rehearsed recoveries: the last good copy, whether
    the last try was one, and the last drill."""
    tried = totals.last_backup(ledger, "backup")
    good = totals.last_backup(ledger, "backup", good=True)
    drill = totals.last_backup(ledger, "drill")
    return Backups(
        last_backup=good.timestamp if good else "",
        last_backup_said=good.said if good else "",
        last_drill=drill.timestamp if drill else "",
        last_drill_said=drill.said if drill else "",
        drill_ok=drill.ok if drill else None,
        count=totals.good_backups(ledger),
        off_site=good.off_site if good else None,
        failed_since=tried.said if tried and not tried.ok else "",
    )
