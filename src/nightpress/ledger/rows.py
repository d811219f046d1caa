"""The ledger's rows as values: what goes into them, and what is read from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from nightpress.errors import PARKS
from nightpress.model import PARKED, Finding, Fingerprint, Reply, Status
from nightpress.storage import Connection, Row


class NewAttempt(Struct, frozen=True):
    """What is known when an attempt at an enhancement begins; see `enhancements` for the units."""

    job: str
    plugin_name: str
    plugin_path: str
    enhancement_type: str
    target_path: str
    backend: str
    model_requested: str
    reasons: Sequence[str]
    fingerprint: Mapping[str, str]
    bytes_before: int | None = None
    before_sha256: str | None = None
    snapshot_id: str | None = None
    token: str | None = None


class Drafted(Struct, frozen=True):
    """What a draft leaves on record, however its attempt ends."""

    model: str
    tokens_in: int
    tokens_out: int
    score_before: int | None
    score: int
    findings: Sequence[Finding]
    fingerprint: Fingerprint
    counted_from: str = ""

    def columns(self) -> dict[str, Any]:
        """The columns that hold it, in `enhancements` and in `reviews`."""
        return {
            "model_answered": self.model, "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "score_before": self.score_before, "score_after": self.score,
            "counted_from": self.counted_from or None,
            "findings": findings_json(self.findings),
            "fingerprint": json.dumps(asdict(self.fingerprint), sort_keys=True),
        }  # fmt: skip


class Call(Struct, frozen=True):
    """One HTTP attempt, as it goes into `calls`. cost: US dollars; None: no price is known. lane:
    None is `interactive`; tier: what the provider said of the price, in its own word;
    tokens_cached: of tokens_in, those that it had in its cache."""

    job: str
    phase: str
    attempt: int
    backend: str
    model_requested: str
    outcome: str
    prompt_sha256: str
    seconds: float
    http_status: int | None = None
    model_answered: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    error_message: str | None = None
    enhancement_id: int | None = None
    cost: float | None = None
    lane: str | None = None
    tier: str | None = None
    tokens_cached: int | None = None


class Evidence(Struct, frozen=True):
    """What one section of a published document rests on. first, last: its lines there; share: how
    much of its text rests on something; places: `FILE:LINE-LINE` of the plugin."""

    title: str
    first: int
    last: int
    share: float
    places: tuple[str, ...]


class RecordedAttempt(Struct, frozen=True, kw_only=True):
    """A row of `enhancements`, the JSON in it read; see there for the units."""

    id: int
    timestamp: str
    plugin_name: str
    plugin_path: str
    enhancement_type: str
    status: Status
    processing_time_seconds: float | None
    waited_seconds: float
    run_id: str
    job: str
    target_path: str
    backend: str
    model_requested: str
    model_answered: str | None
    reasons: tuple[str, ...]
    tokens_in: int
    tokens_out: int
    bytes_before: int | None
    bytes_after: int | None
    before_sha256: str | None
    content_sha256: str | None
    verified: str | None
    error_class: str | None
    error_message: str | None
    fingerprint: Mapping[str, str]
    snapshot_id: str | None
    token: str | None
    findings: tuple[Finding, ...]
    score_before: int | None
    score_after: int | None
    accepted: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    counted_from: str | None

    @property
    def slug(self) -> str:
        return self.job.partition("/")[0]

    @property
    def word(self) -> str:
        """How it ended (see ENDINGS)."""
        return PARKED if self.error_class in PARKS else self.status

    @property
    def target(self) -> str:
        """The target, relative to the plugin's folder."""
        return self.target_path[len(self.plugin_path) + 1 :]


def recorded_attempt(row: Row) -> RecordedAttempt:
    """From a row with all columns of `enhancements`."""
    columns: dict[str, Any] = dict(row)
    columns["status"] = Status(columns["status"])
    columns["reasons"] = tuple(json.loads(columns["reasons"]))
    columns["fingerprint"] = json.loads(columns["fingerprint"])
    columns["findings"] = findings_of(columns["findings"])
    columns["accepted"] = tuple(json.loads(columns["accepted"] or "[]"))
    columns["evidence"] = tuple(
        Evidence(title, first, last, share, tuple(places))
        for title, first, last, share, places in json.loads(columns["evidence"] or "[]")
    )
    return RecordedAttempt(**columns)


class RecordedCall(Struct, frozen=True):
    """What is asked of a row of `calls`."""

    timestamp: str
    phase: str
    outcome: str
    prompt_sha256: str
    model_requested: str
    model_answered: str | None
    tokens_in: int
    tokens_out: int
    seconds: float
    cost: float | None


CALL_COLUMNS = ", ".join(RecordedCall.__struct_fields__)


def dollars(calls: Iterable[RecordedCall]) -> float | None:
    """What calls cost together; None as soon as one that used tokens has no known price."""
    total = 0.0
    for call in calls:
        if call.cost is None and call.tokens_in + call.tokens_out:
            return None
        total += call.cost or 0.0
    return total


def findings_json(findings: Iterable[Finding]) -> str:
    return json.dumps([asdict(finding) for finding in findings], ensure_ascii=False)


def findings_of(text: str) -> tuple[Finding, ...]:
    return tuple(Finding(**finding) for finding in json.loads(text))


def keep_reply(
    db: Connection,
    request_sha256: str,
    whose: tuple[str, str],
    reply: Reply,
    now: str,
    origin: str | None = None,
) -> None:
    """A new row of `replies`; whose: phase and job; now: ISO time; origin: see there."""
    phase, job = whose
    columns = {
        "request_sha256": request_sha256, "stored": now, "phase": phase, "job": job,
        "text": reply.text, "model_answered": reply.model, "finish": reply.finish,
        "tokens_in": reply.tokens_in, "tokens_out": reply.tokens_out, "origin": origin,
    }  # fmt: skip
    insert(db, "replies", columns)


def insert(db: Connection, table: str, columns: Mapping[str, Any]) -> int:
    """A new row; its id."""
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    # table and column names are our own words, never data
    query = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
    row = db.execute(query, tuple(columns.values())).lastrowid
    if row is None:
        raise RuntimeError(f"no id for a new row of {table}")
    return row
