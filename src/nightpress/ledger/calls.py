"""What the ledger remembers of calls, read for forecast, `why` and report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from msgspec import Struct

from nightpress import fingerprint
from nightpress.ledger import chain
from nightpress.ledger.ledger import Ledger
from nightpress.ledger.rows import CALL_COLUMNS, RecordedAttempt, RecordedCall, insert

RECENT = 500
"""Replies that tell how calls go of late."""


class Departure(Struct, frozen=True):
    """When a call left (epoch seconds), and with how many input tokens."""

    at: float
    tokens: int


def of_attempt(ledger: Ledger, row: int) -> list[RecordedCall]:
    return _rows(ledger, "enhancement_id = ? ORDER BY id", row)


def origin_of(ledger: Ledger, row: int) -> str:
    """Who paid for the reply that an attempt ended with, and where it was found, if no call of this
    ledger brought it."""
    query = (
        "SELECT origin FROM replies WHERE spent_on = ? AND origin IS NOT NULL"
        " ORDER BY phase = 'generation' DESC, id DESC LIMIT 1"
    )
    return next((str(found["origin"]) for found in ledger.rows(query, (row,))), "")


def analysis_of(ledger: Ledger, row: RecordedAttempt) -> RecordedCall | None:
    """The call whose reply was the plugin's analysis when the row was made; None: no call was
    (the offline backend analyses itself), or it was pruned."""
    if row.backend == "offline":
        return None
    condition = (
        "job = ? AND phase = 'analysis' AND outcome = 'reply' AND timestamp <= ?"
        " ORDER BY id DESC LIMIT 1"
    )
    rows = _rows(ledger, condition, row.slug, row.timestamp)
    return rows[0] if rows else None


def since(ledger: Ledger, day: str) -> list[RecordedCall]:
    """Every call since that day (ISO date)."""
    return _rows(ledger, "timestamp >= ? ORDER BY id", day)


def departures(ledger: Ledger, model: str, day: str) -> Iterator[Departure]:
    """The calls of a model since that day, in the order in which they left."""
    query = (
        "SELECT (julianday(timestamp) - 2440587.5) * 86400 - seconds AS began, tokens_in AS tokens"
        " FROM calls WHERE timestamp >= ? AND model_requested = ? AND lane IS NOT 'batch'"
        " ORDER BY 1"
    )
    for row in ledger.rows(query, (day, model)):
        yield Departure(row["began"], row["tokens"])


class LastReply(Struct, frozen=True):
    """A reply that a document was last made from. request_sha256: the question's digest; writer:
    who was asked (`BACKEND:MODEL`)."""

    request_sha256: str
    job: str
    phase: str
    writer: str
    text: str
    model_answered: str
    finish: str
    tokens_in: int
    tokens_out: int


def last_replies(ledger: Ledger, but: Sequence[str] = ()) -> list[LastReply]:
    """Of each job's last attempt that asked a model: the last reply to each of its questions, and
    the last analysis of each plugin; in the order in which they were given. but: backends whose
    calls do not count."""
    query = (
        "WITH last AS (SELECT job, max(enhancement_id) AS document, max(id) AS id FROM calls"
        " WHERE outcome = 'reply' AND backend NOT IN (SELECT value FROM json_each(?))"
        " GROUP BY job),"
        " asked AS (SELECT calls.* FROM calls JOIN last ON calls.job = last.job"
        " JOIN calls AS latest ON latest.id = last.id WHERE calls.outcome = 'reply'"
        " AND (calls.enhancement_id = document"
        " OR document IS NULL AND calls.run_id = latest.run_id))"
        " SELECT request_sha256, replies.job, replies.phase, backend, asked.model_requested, text,"
        " replies.model_answered, finish, replies.tokens_in, replies.tokens_out, max(replies.id)"
        " FROM replies JOIN asked ON prompt_sha256 = request_sha256"
        " GROUP BY request_sha256 ORDER BY 11"
    )
    return [
        LastReply(
            row["request_sha256"], row["job"], row["phase"],
            fingerprint.writer(row["backend"], row["model_requested"]), row["text"],
            row["model_answered"], row["finish"], row["tokens_in"], row["tokens_out"],
        )
        for row in ledger.rows(query, (json.dumps(list(but)),))
    ]  # fmt: skip


def take_over(ledger: Ledger, other: Ledger, run_id: str) -> None:
    """Put the calls of another ledger on record here, as those of that run, with the replies and
    analyses that they brought: those have led to nothing here yet, and are not paid for again. The
    attempts that they were made for stay there."""
    with ledger.store.write() as db:
        for row in map(dict, other.rows("SELECT * FROM calls ORDER BY id")):
            del row["id"]
            own = {"run_id": run_id, "enhancement_id": None}
            chain.link(db, "call", insert(db, "calls", row | own))
        for row in map(dict, other.rows("SELECT * FROM replies ORDER BY id")):
            del row["id"]
            useless = row["spent_on"] == 0
            insert(db, "replies", row | {"spent_on": 0 if useless else None})
        known = {row["request_sha256"] for row in db.execute("SELECT request_sha256 FROM analyses")}
        for row in map(dict, other.rows("SELECT * FROM analyses")):
            if row["request_sha256"] not in known:
                insert(db, "analyses", row)


def recent_seconds(ledger: Ledger, lane: str = "interactive") -> list[float]:
    """How long the last replies of a lane took, the latest first."""
    query = (
        "SELECT seconds FROM calls WHERE outcome = 'reply' AND coalesce(lane, 'interactive') = ?"
        " ORDER BY id DESC LIMIT ?"
    )
    return [float(row["seconds"]) for row in ledger.rows(query, (lane, RECENT))]


def recent_cached(ledger: Ledger) -> float:
    """The share of input tokens that came from a cache, of the last replies."""
    query = (
        "SELECT total(tokens_cached) / max(1, total(tokens_in)) AS share FROM (SELECT tokens_in,"
        " tokens_cached FROM calls WHERE outcome = 'reply' ORDER BY id DESC LIMIT ?)"
    )
    (row,) = ledger.rows(query, (RECENT,))
    return float(row["share"])


def recent_phases(ledger: Ledger) -> tuple[int, int]:
    """(drafts, repairs) among the last replies."""
    query = (
        "SELECT coalesce(sum(phase = 'generation'), 0) AS drafts,"
        " coalesce(sum(phase = 'repair'), 0) AS repairs"
        " FROM (SELECT phase FROM calls WHERE outcome = 'reply' ORDER BY id DESC LIMIT ?)"
    )
    (row,) = ledger.rows(query, (RECENT,))
    return row["drafts"], row["repairs"]


def _rows(ledger: Ledger, condition: str, *arguments: str | int) -> list[RecordedCall]:
    # columns and condition are our own words
    query = f"SELECT {CALL_COLUMNS} FROM calls WHERE {condition}"  # noqa: S608
    return [RecordedCall(*row) for row in ledger.rows(query, arguments)]
