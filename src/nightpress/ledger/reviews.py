"""Drafts that wait for a person (publish: review), and what became of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

HINT = "SELECT state, because FROM reviews WHERE job = ? ORDER BY id DESC LIMIT 1"
WAITING = "SELECT * FROM reviews WHERE state = 'waiting' ORDER BY job"
PASSED = "UPDATE reviews SET state = 'superseded', decided = ? WHERE job = ? AND state = 'waiting'"
SETTLED = (
    "UPDATE reviews SET decided = :now, state = CASE"
    " WHEN draft_sha256 = (SELECT content_sha256 FROM enhancements WHERE id = :row) THEN 'applied'"
    " ELSE 'superseded' END"
    " WHERE state = 'waiting' AND job = (SELECT job FROM enhancements WHERE id = :row)"
)
DECIDED = "UPDATE reviews SET state = ?, because = ?, decided = ? WHERE id = ?"


class Review(Struct, frozen=True):
    """A draft that waits. before_sha256: of the file that stood when it was made, None if there
    was none; findings and fingerprint: as in `enhancements`; files: path -> sha256 of what it was
    made from."""

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
    findings: Sequence[Mapping[str, Any]]
    fingerprint: Mapping[str, str]
    files: Mapping[str, str]


def review(row: Mapping[str, Any]) -> Review:
    """From a row of the table."""
    return Review(
        row["id"], row["job"], row["made"], row["draft"], row["draft_sha256"],
        row["before_sha256"], row["model_answered"], row["tokens_in"], row["tokens_out"],
        row["score_before"], row["score_after"], json.loads(row["findings"]),
        json.loads(row["fingerprint"]), json.loads(row["files"]),
    )  # fmt: skip
