"""A small client of libSQL's HTTP protocol (Hrana 3, pipeline): for Turso and any `sqld`.

One request is one round trip with a deadline; what may pass is tried again with backoff, so
whatever is sent must be safe to send twice. The token goes into one header and nowhere else, and is
refused over plain http except to this machine. Why not Turso's own client: it binds large integers
as floats, and never times out. Specification: libsql's docs/HRANA_3_SPEC.md.
"""

from __future__ import annotations

import base64
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from nightpress.errors import UsageError
from nightpress.loopback import is_loopback
from nightpress.storage.refusals import (
    NO_TOKEN,
    ONLINE,
    URL,
    Denied,
    HranaError,
    Unreachable,
    of_result,
    of_status,
)  # fmt: skip
from nightpress.text import safe

Value = None | int | float | str | bytes
Rows = list[tuple[Any, ...]]
Statement = tuple[str, Sequence[Value]]

MAX_ANSWER = 32 * 1024 * 1024
"""Bytes of one answer at most; libSQL itself stops at 10 MB per statement."""

MOST_STORED = 4_000
"""Characters of a statement that libSQL stores for a request; it forgets longer ones silently."""


class Patience(Struct, frozen=True):
    """attempts: requests per question; base, most: seconds of the exponential backoff; connect,
    silence: seconds without a connection, or without a byte; deadline: of one whole answer."""

    attempts: int = 6
    base: float = 0.25
    most: float = 8.0
    connect: float = 10.0
    silence: float = 30.0
    deadline: float = 120.0


class Hrana:
    """One database over HTTP. sent, received: bytes of the requests' and the answers' bodies.

    url: libsql://, https:// or (for this machine) http://; token: may be empty. draw, sleep and
    now are for tests. Raises UsageError for a URL or token that must not be used.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        patience: Patience | None = None,
        *,
        draw: Callable[[], float] = random.random,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        import httpx2  # 0.1 s, and only for who has a remote vault

        self.url, self.host = endpoint(url, token)
        self.patience = patience or Patience()
        self.sent = 0
        self.received = 0
        self._token = _checked(token)
        self._draw, self._sleep, self._now = draw, sleep, now
        p = self.patience
        timeout = httpx2.Timeout(p.silence, connect=p.connect)
        # compressed answers come in pieces of 100 bytes: 20 times slower than what they save
        headers = {"accept-encoding": "identity"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        # a proxy of the environment would read the token where there is no TLS
        self._client = httpx2.Client(
            timeout=timeout, headers=headers, follow_redirects=False,
            trust_env=not self.url.startswith("http:"),
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"Hrana({self.host!r})"

    def query(self, statements: Sequence[Statement]) -> list[Rows]:
        """The rows of each statement, one after the other; stops at the first that fails."""
        steps: list[dict[str, Any]] = [{"stmt": s} for s in self._statements(statements)]
        for number, step in enumerate(steps[1:]):
            step["condition"] = {"type": "ok", "step": number}
        return self._batch(statements, steps)

    def atomic(self, statements: Sequence[Statement]) -> None:
        """All or nothing, in one request. (A pipeline of BEGIN ... COMMIT would go on after an
        error and commit the rest.)"""
        steps: list[dict[str, Any]] = [{"stmt": {"sql": "BEGIN IMMEDIATE"}}]
        for number, statement in enumerate(self._statements(statements)):
            steps.append({"stmt": statement, "condition": {"type": "ok", "step": number}})
        last = len(steps) - 1
        commit = {"stmt": {"sql": "COMMIT"}, "condition": {"type": "ok", "step": last}}
        failed = {"type": "not", "cond": {"type": "ok", "step": last + 1}}
        steps += [commit, {"stmt": {"sql": "ROLLBACK"}, "condition": failed}]
        self._batch(statements, steps, ends=last + 1)

    def once(self, requests: Sequence[Mapping[str, Any]], baton: str | None = None) -> Any:
        """One pipeline of requests, sent once; what it answers, and the baton of its stream."""
        body = json.dumps({"baton": baton, "requests": requests}, separators=(",", ":"))
        return self._post(body.encode("ascii"))

    def close(self) -> None:
        self._client.close()

    # --- inside ---

    def _statements(self, statements: Sequence[Statement]) -> list[dict[str, Any]]:
        """The statements as Hrana wants them; a text that comes twice is sent once."""
        ids = _repeated(statements)
        return [
            {
                "sql_id" if text in ids else "sql": ids.get(text, text),
                "args": [encode(value) for value in args],
            }
            for text, args in statements
        ]

    def _batch(
        self, statements: Sequence[Statement], steps: list[dict[str, Any]], ends: int | None = None
    ) -> list[Rows]:
        requests = [
            {"type": "store_sql", "sql_id": number, "sql": text}
            for text, number in _repeated(statements).items()
        ]
        batch = {"type": "batch", "batch": {"steps": steps}}
        body = json.dumps(
            {"requests": [*requests, batch, {"type": "close"}]}, separators=(",", ":")
        ).encode("ascii")
        return self._asked(body, len(requests), len(steps) - 1 if ends is None else ends)

    def _asked(self, body: bytes, position: int, ends: int) -> list[Rows]:
        """Send until it is answered, or will not be."""
        p = self.patience
        for attempt in range(1, p.attempts + 1):
            try:
                return _rows(self._post(body), position, ends, self.host)
            except HranaError as error:
                if not error.passing or attempt == p.attempts:
                    raise
                step = min(p.most, p.base * 2.0 ** (attempt - 1))
                self._sleep(max(error.wait, step * (0.5 + self._draw() / 2)))
        raise AssertionError("unreachable")

    def _post(self, body: bytes) -> Any:
        import httpx2

        ends = self._now() + self.patience.deadline
        headers = {"content-type": "application/json"}
        self.sent += len(body)
        try:
            with self._client.stream("POST", self.url, content=body, headers=headers) as answer:
                text = self._read(answer, ends)
                status, wait = answer.status_code, _seconds(answer.headers)
        except httpx2.TimeoutException as error:
            raise Unreachable(
                f"{self.host} does not answer ({type(error).__name__})", ONLINE, passing=True
            ) from error
        except httpx2.HTTPError as error:
            why = self._clean(str(error))
            raise Unreachable(
                f"{self.host} cannot be reached: {why}",
                ONLINE,
                passing="CERTIFICATE" not in why,
            ) from error
        if status == 401 and not self._token:
            raise Denied(f"{self.host} needs a token", NO_TOKEN)
        if status != 200:
            raise of_status(status, self._clean(text.decode("utf-8", "replace")), self.host, wait)
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise HranaError(f"{self.host} sent something that is not Hrana", URL) from error

    def _read(self, answer: Any, ends: float) -> bytes:
        pieces, size = [], 0
        for piece in answer.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            self.received += len(piece)
            if size > MAX_ANSWER:
                raise HranaError(f"{self.host} sends more than {MAX_ANSWER:,} bytes")
            if self._now() > ends:
                raise Unreachable(
                    f"{self.host} takes longer than {self.patience.deadline:.0f} s to answer",
                    ONLINE,
                    passing=True,
                )
        return b"".join(pieces)

    def _clean(self, text: str) -> str:
        """Text of the other side for a message: short, harmless, and without the token."""
        if self._token:
            text = text.replace(self._token, "[token]")
        return safe(" ".join(text.split())[:300])


def endpoint(url: str, token: str = "") -> tuple[str, str]:
    """(the address that requests go to, the host for messages). Raises UsageError."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        host.encode("idna")
        if parts.port == 0 or re.search(r"\s", host):
            raise ValueError(host)
    except ValueError as error:  # UnicodeError is one
        raise UsageError(f"{safe(url[:100])!r} is not the URL of a libSQL database", URL) from error
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            "the URL of a libSQL database contains more than an address",
            "a token belongs in the environment, not in the URL",
        )
    if parts.scheme not in ("libsql", "https", "http") or not host:
        raise UsageError(f"{safe(url[:100])!r} is not the URL of a libSQL database", URL)
    if parts.scheme == "http" and token and not is_loopback(host):
        raise UsageError(
            f"the token is not sent to {safe(host)} over plain http", "use https:// or libsql://"
        )
    scheme = "http" if parts.scheme == "http" else "https"
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/v3/pipeline", safe(parts.netloc)


def _checked(token: str) -> str:
    stripped = token.strip()
    if not re.fullmatch(r"[!-~]*", stripped):
        raise UsageError(
            "the token contains characters that a token cannot have", "set TURSO_AUTH_TOKEN again"
        )
    return stripped


def _repeated(statements: Sequence[Statement]) -> dict[str, int]:
    counts = Counter(text for text, _ in statements)
    return {
        text: number
        for number, text in enumerate(counts)
        if counts[text] > 1 and len(text) <= MOST_STORED
    }


def encode(value: Value) -> dict[str, Any]:
    if value is None:
        return {"type": "null"}
    if isinstance(value, bytes):
        return {"type": "blob", "base64": base64.b64encode(value).decode("ascii").rstrip("=")}
    if isinstance(value, str):
        return {"type": "text", "value": value}
    if isinstance(value, int):  # as text: JSON numbers lose the 54th bit
        return {"type": "integer", "value": str(value)}
    return {"type": "float", "value": value}


def decode(value: Mapping[str, Any]) -> Value:
    kind = value["type"]
    if kind == "null":
        return None
    if kind == "blob":
        text = value["base64"]
        return base64.b64decode(text + "=" * (-len(text) % 4))
    if kind == "integer":
        return int(value["value"])
    return float(value["value"]) if kind == "float" else str(value["value"])


NO_HRANA = (
    KeyError, TypeError, IndexError, ValueError, AttributeError, RecursionError, OverflowError,
)  # fmt: skip


def results(answer: Any, position: int, ends: int, host: str) -> list[Any]:
    """The results of a batch's steps as they came; the first error of any step is raised, and so
    is one where the step `ends` was not carried out."""
    try:
        for result in answer["results"]:
            if result["type"] == "error":
                raise of_result(result["error"], host)
        batch = answer["results"][position]["response"]["result"]
        for error in batch["step_errors"]:
            if error is not None:
                raise of_result(error, host)
        found: list[Any] = batch["step_results"]
        if found[ends] is None:
            raise HranaError(f"{host} did not carry it out and does not say why", passing=True)
        return found
    except NO_HRANA as error:
        raise HranaError(f"{host} sent something that is not Hrana", URL) from error


def _rows(answer: Any, position: int, ends: int, host: str) -> list[Rows]:
    """The rows of every step."""
    try:
        return [
            [tuple(decode(value) for value in row) for row in result["rows"]]
            for result in results(answer, position, ends, host)
            if result is not None
        ]
    except NO_HRANA as error:
        raise HranaError(f"{host} sent something that is not Hrana", URL) from error


def _seconds(headers: Any) -> float:
    """`Retry-After` in seconds, at most a minute."""
    try:
        return max(0.0, min(60.0, float(headers.get("retry-after", "0"))))
    except ValueError:
        return 0.0
