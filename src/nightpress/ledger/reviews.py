"""The ledger's table of drafts that wait for a person; a migration, and what is asked of it.

Floor 2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

REVIEWS = """
-- Drafts that passed their checks and wait for a person (publish: review), and what became of them.
CREATE TABLE reviews (
  id INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  enhancement_id INTEGER NOT NULL,
  made TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'applied', 'rejected', 'superseded')),
  draft BLOB NOT NULL,
  draft_sha256 TEXT NOT NULL,
  before_sha256 TEXT,
  model_answered TEXT NOT NULL,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  score_before INTEGER,
  score_after INTEGER NOT NULL,
  findings TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  files TEXT NOT NULL,
  because TEXT,
  decided TEXT,
  CHECK (state <> 'rejected' OR because IS NOT NULL),
  CHECK (state = 'waiting' OR decided IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX reviews_waiting ON reviews (job) WHERE state = 'waiting';
"""

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
