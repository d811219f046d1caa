"""What goes into the ledger's rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from nightpress.storage.sqlite import Row


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


class Call(Struct, frozen=True):
    """One HTTP attempt, as it goes into `calls`. cost: US dollars; None: no price is known."""

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


def accepted(row: Row | Mapping[str, Any]) -> tuple[str, ...]:
    """The marks in the column `accepted` of an attempt."""
    return tuple(json.loads(row["accepted"] or "[]"))


def accepting(marks: Sequence[str]) -> str | None:
    """The column `accepted` for these marks."""
    return json.dumps(list(marks)) if marks else None
