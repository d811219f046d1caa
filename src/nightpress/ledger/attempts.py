"""What the ledger remembers of attempts, read for plan, recovery, prune, `why` and report."""

from __future__ import annotations

from collections.abc import Sequence

from nightpress.ledger.ledger import Ledger
from nightpress.ledger.rows import RecordedAttempt, recorded_attempt
from nightpress.model import Status


def at_target(ledger: Ledger, target_path: str) -> list[RecordedAttempt]:
    """Every attempt at this target (relative to the project), the latest first."""
    query = "SELECT * FROM enhancements WHERE target_path = ? ORDER BY id DESC"
    return _rows(ledger, query, target_path)


def of_job(ledger: Ledger, job: str, most: int) -> list[RecordedAttempt]:
    """The job's last attempts, the latest first."""
    query = "SELECT * FROM enhancements WHERE job = ? ORDER BY id DESC LIMIT ?"
    return _rows(ledger, query, job, most)


def count(ledger: Ledger, job: str) -> int:
    (row,) = ledger.rows("SELECT count(*) FROM enhancements WHERE job = ?", (job,))
    return int(row[0])


def latest(ledger: Ledger) -> list[RecordedAttempt]:
    """The latest attempt at each enhancement (the view `latest`)."""
    return _rows(ledger, "SELECT * FROM latest")


def latest_scores(ledger: Ledger) -> dict[str, int]:
    """job -> score of its latest attempt, of those that have one."""
    query = "SELECT job, score_after FROM latest WHERE score_after IS NOT NULL"
    return {row["job"]: row["score_after"] for row in ledger.rows(query)}


def first_standing(ledger: Ledger, job: str) -> RecordedAttempt | None:
    """The first attempt of the job that was published or adopted."""
    return _first(
        ledger,
        "SELECT * FROM enhancements WHERE job = ? AND status IN ('published', 'adopted')"
        " ORDER BY id LIMIT 1",
        job,
    )


def first_publication(ledger: Ledger, job: str, target_path: str) -> RecordedAttempt | None:
    """The job's first publication at this target: its snapshot has what stood there before us."""
    return _first(
        ledger,
        "SELECT * FROM enhancements WHERE job = ? AND target_path = ? AND status = 'published'"
        " ORDER BY id LIMIT 1",
        job, target_path,
    )  # fmt: skip


def published(ledger: Ledger, job: str, target_path: str, sha256: str) -> RecordedAttempt | None:
    """The job's latest publication of these very bytes at this target; None if there is none."""
    query = (
        "SELECT * FROM enhancements WHERE job = ? AND target_path = ? AND content_sha256 = ?"
        " AND status = 'published' ORDER BY id DESC LIMIT 1"
    )
    return next(iter(_rows(ledger, query, job, target_path, sha256)), None)


def bytes_before(ledger: Ledger, job: str, target_path: str) -> frozenset[str]:
    """sha256 of what is known to have stood at this target before a publication of the job, our own
    earlier publications included."""
    query = (
        "SELECT before_sha256, content_sha256 FROM enhancements"
        " WHERE job = ? AND target_path = ? AND status = 'published'"
    )
    rows = ledger.rows(query, (job, target_path))
    return frozenset(sha256 for row in rows for sha256 in row if sha256 is not None)


def extends(ledger: Ledger, job: str, target_path: str, replaced: str) -> str:
    """sha256 of the person's file that what we published there last goes back to, ours having
    been made beside it or from it; "" where there was none, or it was replaced (`replaced`: how a
    reason for that begins). What somebody made of a text of ours is none."""
    query = (
        "SELECT * FROM enhancements WHERE job = ? AND target_path = ?"
        " AND status IN ('published', 'adopted') ORDER BY id"
    )
    persons, first, ours = "", None, False
    for row in _rows(ledger, query, job, target_path):
        if row.status == Status.ADOPTED:
            ours = False
            continue
        first = first or row
        if row.before_sha256 is None or any(r.startswith(replaced) for r in row.reasons):
            persons = ""
        elif not ours or row.before_sha256 == first.before_sha256:
            persons = row.before_sha256
        ours = True
    return persons


def answers(ledger: Ledger, job: str, request_sha256: str) -> list[str]:
    """sha256 of the job's documents that answer this very question of phase 2 (published, or held
    for a person), the latest first."""
    query = (
        "SELECT coalesce(content_sha256, draft_sha256) AS sha256 FROM replies"
        " JOIN enhancements ON enhancements.id = spent_on"
        " LEFT JOIN reviews ON reviews.enhancement_id = enhancements.id"
        " WHERE request_sha256 = ? AND replies.job = ? AND phase = 'generation'"
        " AND sha256 IS NOT NULL ORDER BY replies.id DESC LIMIT 5"
    )
    return [row["sha256"] for row in ledger.rows(query, (request_sha256, job))]


def last_publication(ledger: Ledger, job: str) -> RecordedAttempt | None:
    return _first(
        ledger,
        "SELECT * FROM enhancements WHERE job = ? AND status = 'published'"
        " ORDER BY id DESC LIMIT 1",
        job,
    )


def standing_since(ledger: Ledger, row: int) -> list[RecordedAttempt]:
    """Each job's latest `published` or `adopted` attempt among those after this row, by job."""
    return _rows(
        ledger,
        "SELECT * FROM enhancements WHERE id IN (SELECT max(id) FROM enhancements"
        " WHERE id > ? AND status IN ('published', 'adopted') GROUP BY job) ORDER BY job",
        row,
    )


def standing_of_attached(ledger: Ledger, number: int) -> list[RecordedAttempt]:
    """Each job's latest `published` or `adopted` attempt of an attached ledger, by job."""
    return _rows(
        ledger,
        "SELECT * FROM enhancements WHERE id IN (SELECT max(id) FROM enhancements"
        " JOIN attached_chain ON kind = 'enhancement' AND row_id = id WHERE attached = ?"
        " AND status IN ('published', 'adopted') GROUP BY job) ORDER BY job",
        number,
    )


def standing_of(ledger: Ledger, slug: str) -> list[RecordedAttempt]:
    """The latest `published` or `adopted` attempt at each target of the plugin, newest first."""
    return _rows(
        ledger,
        "SELECT * FROM enhancements WHERE id IN (SELECT max(id) FROM enhancements"
        " WHERE job > ? AND job < ? AND status IN ('published', 'adopted')"
        " GROUP BY target_path) ORDER BY id DESC",
        f"{slug}/", f"{slug}0",
    )  # fmt: skip


def cited_snapshots(ledger: Ledger) -> set[str]:
    """Ids of the snapshots that a published or open attempt refers to."""
    query = (
        "SELECT DISTINCT snapshot_id AS id FROM enhancements WHERE snapshot_id IS NOT NULL"
        " AND status IN ('published', 'started', 'prepared')"
    )
    return {row["id"] for row in ledger.rows(query)}


def _rows(ledger: Ledger, query: str, *arguments: str | int) -> list[RecordedAttempt]:
    return [recorded_attempt(row) for row in ledger.rows(query, arguments)]


def _first(ledger: Ledger, query: str, *arguments: str | int) -> RecordedAttempt | None:
    rows: Sequence[RecordedAttempt] = _rows(ledger, query, *arguments)
    return rows[0] if rows else None
