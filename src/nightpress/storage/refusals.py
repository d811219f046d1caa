"""What a libSQL database refuses, as errors that say what to do.

The codes are libSQL's (`SQLITE_*`, BLOCKED, RESPONSE_TOO_LARGE) and its HTTP statuses; a refused
token has no code, only 401 and 403.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nightpress.errors import EXIT_USAGE, NightpressError
from nightpress.text import safe


class HranaError(NightpressError):
    """The database does not do it. code: its own, or ""; passing: may the same request work
    later; wait: seconds that it asked for."""

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        code: str = "",
        passing: bool = False,
        wait: float = 0.0,
    ) -> None:
        super().__init__(message, hint)
        self.code = code
        self.passing = passing
        self.wait = wait


class Unreachable(HranaError):
    """No answer: no network, no such host, or too slow."""

    exit_code = EXIT_USAGE


class Denied(HranaError):
    """The token is missing, wrong or expired."""


class ReadOnly(HranaError):
    """The token may read only."""


class Blocked(HranaError):
    """The plan's quota is used up, or the database is full."""


class Archived(HranaError):
    """The database sleeps and must be woken by hand."""


class AnswerTooLarge(HranaError):
    """The answer is larger than the server lets through: ask for less."""


class Constraint(HranaError):
    """A constraint or trigger of the schema refused a write."""


class NoTable(HranaError):
    """The statement names a table that is not there."""


ONLINE = "is this machine online, and is the URL right? (turso db show NAME --url)"
NO_TOKEN = "set TURSO_AUTH_TOKEN: turso db tokens create NAME (a restore: --read-only)"  # noqa: S105
URL = "the URL is that of `turso db show NAME --url`"

_PASSING = frozenset(
    "SQLITE_BUSY SQLITE_LOCKED SQLITE_BUSY_SNAPSHOT TRANSACTION_TIMEOUT TRANSACTION_BUSY"
    " STREAM_EXPIRED HRANA_WEBSOCKET_ERROR SERVER_ERROR".split()
)
_TOKEN = "make another: turso db tokens create NAME, and set TURSO_AUTH_TOKEN"  # noqa: S105


def of_status(status: int, body: str, host: str, wait: float = 0.0) -> HranaError:
    """What an answer other than 200 means; body: already harmless."""
    if _is_archived(body):
        return _archived(host)
    if status == 401:
        if re.search(r"expired", body, re.I):
            return Denied(f"the token for {host} has expired", _TOKEN)
        return Denied(f"{host} does not accept the token", _TOKEN)
    if "BLOCKED" in body:
        return _blocked(host, body)
    if status == 403:
        if re.search(r"write", body, re.I):
            return ReadOnly(
                f"the token for {host} is read-only",
                "writing needs a token that may write: turso db tokens create NAME",
            )
        return Denied(f"{host} does not allow it: {body}", _TOKEN)
    if status == 404:
        return HranaError(
            f"{host} has no such database", "see: turso db list, and turso db show NAME --url"
        )
    if status == 413:
        return AnswerTooLarge(f"{host} finds the request too large")
    passing = status in (408, 425, 429) or (status >= 500 and status != 501)
    return HranaError(f"{host} answers HTTP {status}: {body}", passing=passing, wait=wait)


def of_result(error: Mapping[str, Any], host: str) -> HranaError:
    """What an error inside of an answer means."""
    code = safe(str(error.get("code") or ""))[:80]
    message = safe(str(error.get("message") or ""))[:300]
    if code == "RESPONSE_TOO_LARGE":
        return AnswerTooLarge(f"{host}: the answer is too large", code=code)
    if code == "BLOCKED" or "BLOCKED" in message:
        return _blocked(host, message)
    if _is_archived(message):
        return _archived(host)
    if code.startswith("SQLITE_CONSTRAINT"):
        return Constraint(f"{host}: {message}", code=code)
    if "no such table" in message:
        return NoTable(f"{host}: {message}", code=code)
    if code == "SQLITE_FULL":
        return Blocked(
            f"the database {host} is full: {message}",
            "of a vault, forget old snapshots (doit forget-backups), or choose a larger plan",
            code=code,
        )
    if code in ("SQLITE_READONLY", "SQLITE_AUTH"):
        return ReadOnly(f"{host}: {message}", "writing needs a token that may write", code=code)
    return HranaError(f"{host}: {message} ({code})", code=code, passing=code in _PASSING)


def _blocked(host: str, reason: str) -> HranaError:
    return Blocked(
        f"{host} blocks it, because the plan's quota is used up: {reason}",
        "see: turso plan show; reading may still work, and the quota returns with the month",
        code="BLOCKED",
    )


def _is_archived(text: str) -> bool:
    return re.search(r"\barchived\b|\bunarchive\b", text, re.I) is not None


def _archived(host: str) -> HranaError:
    return Archived(
        f"the database {host} is archived (free ones are, after 10 days without use)",
        "wake it: turso group unarchive GROUP (its group: turso db show NAME)",
        code="ARCHIVED",
    )
