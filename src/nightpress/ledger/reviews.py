"""Drafts that wait for a person (publish: review), and what became of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from nightpress.ledger.ledger import Ledger
from nightpress.ledger.rows import Drafted, findings_of, insert
from nightpress.model import Finding, Fingerprint
from nightpress.storage import Row


class Review(Struct, frozen=True):
    """A draft that waits. before_sha256: of the file that stood when it was made, None if there
    was none; files: path -> sha256 of what it was made from."""

    id: int
    job: str
    made: str
    draft: bytes
    draft_sha256: str
    before_sha256: str | None
    model: str
    tokens_in: int
    tokens_out: int
    score_before: int | None
    score_after: int
    findings: Sequence[Finding]
    fingerprint: Fingerprint
    files: Mapping[str, str]
    counted_from: str | None = None

    @property
    def slug(self) -> str:
        return self.job.partition("/")[0]


def hold(
    ledger: Ledger,
    row: int,
    job: str,
    text: bytes,
    draft: Drafted,
    before_sha256: str | None,
    files: Mapping[str, str],
) -> None:
    """Keep a draft until somebody decides; an earlier one of the job is superseded. row: of its
    attempt; before_sha256, files: as in `Review`."""
    columns = {
        "job": job, "enhancement_id": row, "made": ledger.now_text(), "state": "waiting",
        "draft": text, "draft_sha256": hashlib.sha256(text).hexdigest(),
        "before_sha256": before_sha256, "files": json.dumps(dict(files), sort_keys=True),
        **draft.columns(),
    }  # fmt: skip
    with ledger.store.write() as db:
        db.execute(
            "UPDATE reviews SET state = 'superseded', decided = ?"
            " WHERE job = ? AND state = 'waiting'",
            (columns["made"], job),
        )
        insert(db, "reviews", columns)


def waiting(ledger: Ledger) -> list[Review]:
    """The drafts that wait, by job."""
    query = "SELECT * FROM reviews WHERE state = 'waiting' ORDER BY job"
    return [_review(row) for row in ledger.rows(query)]


def waiting_jobs(ledger: Ledger) -> list[str]:
    """The documents of which a draft waits, without reading the drafts."""
    query = "SELECT job FROM reviews WHERE state = 'waiting' ORDER BY job"
    return [row["job"] for row in ledger.rows(query)]


class Verdict(Struct, frozen=True):
    """What became of a job's latest draft: waiting, applied, rejected or superseded; at: when."""

    state: str
    because: str
    at: str


def decision(ledger: Ledger, job: str) -> Verdict | None:
    """What became of the job's latest draft; None where none was ever held."""
    query = "SELECT state, because, decided FROM reviews WHERE job = ? ORDER BY id DESC LIMIT 1"
    rows = [
        Verdict(state, because or "", at or "") for state, because, at in ledger.rows(query, (job,))
    ]
    return rows[0] if rows else None


def rejected_because(ledger: Ledger, job: str) -> str:
    """Why a person turned the job's latest draft down; "" if nobody did."""
    query = "SELECT state, because FROM reviews WHERE job = ? ORDER BY id DESC LIMIT 1"
    for state, because in ledger.rows(query, (job,)):
        return str(because) if state == "rejected" else ""
    return ""


def turned_down(ledger: Ledger, job: str, sha256: str) -> str | None:
    """Why a person turned these very bytes down for the job; None if nobody did."""
    query = (
        "SELECT because FROM reviews WHERE job = ? AND draft_sha256 = ? AND state = 'rejected'"
        " ORDER BY id DESC LIMIT 1"
    )
    rows = list(ledger.rows(query, (job, sha256)))
    return str(rows[0]["because"]) if rows else None


def applied(ledger: Ledger, job: str) -> bytes | None:
    """The job's latest draft that was applied, as it was made; None where it was pruned."""
    query = "SELECT draft FROM reviews WHERE job = ? AND state = 'applied' ORDER BY id DESC LIMIT 1"
    return next((bytes(row["draft"]) for row in ledger.rows(query, (job,))), None)


def decide(
    ledger: Ledger, review: Review, state: Literal["applied", "rejected"], because: str = ""
) -> None:
    with ledger.store.write() as db:
        db.execute(
            "UPDATE reviews SET state = ?, because = ?, decided = ? WHERE id = ?",
            (state, because or None, ledger.now_text(), review.id),
        )


def _review(row: Row) -> Review:
    return Review(
        row["id"], row["job"], row["made"], row["draft"], row["draft_sha256"],
        row["before_sha256"], row["model_answered"], row["tokens_in"], row["tokens_out"],
        row["score_before"], row["score_after"], findings_of(row["findings"]),
        Fingerprint(**json.loads(row["fingerprint"])), json.loads(row["files"]),
        row["counted_from"],
    )  # fmt: skip
