"""Every row of the second table of docs/answers.md, on real HTTP: what OpenAI's protocol and
Anthropic's answer, as providers and servers word it, and what their backends make of it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nightpress.backends import make
from nightpress.errors import BackendError

from . import samples

DOCS = Path(__file__).parents[2] / "docs" / "answers.md"


class Row(NamedTuple):
    """schema: the question asks for JSON; after: the header Retry-After."""

    kind: str
    status: int
    body: Any
    after: str = ""
    schema: bool = False


def error(message: str, code: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "code": code}}


def chosen(finish: str, text: str | None = "# Doc", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, **more}
    return {"choices": [{"message": message, "finish_reason": finish}]}


OPENAI = {
    "requests a minute": Row(
        "minute_quota", 429, error("on requests per min (RPM): Limit 3, Used 3."), "20"
    ),
    "tokens a minute": Row(
        "minute_quota", 429, error("on tokens per minute (TPM): Limit 6000, Used 5"), "12"
    ),
    "free a minute": Row(
        "minute_quota", 429, error("Rate limit exceeded: free-models-per-min.")
    ),
    "a day that moves on": Row(
        "minute_quota", 429,
        error("on requests per day (RPD): Limit 200. Please try again in 7m12s."),
    ),
    "requests a day": Row(
        "day_quota", 429, error("on requests per day (RPD): Limit 200. Please try again in 3h2m.")
    ),
    "tokens a day": Row(
        "day_quota", 429, error("on tokens per day (TPD): Limit 100000, Used 99000.")
    ),
    "free a day": Row(
        "day_quota", 429, error("Rate limit exceeded: free-models-per-day. Add credits")
    ),
    "an hour and more": Row("day_quota", 429, error("Slow down."), "7200"),
    "no credits": Row("no_quota", 402, error("Insufficient credits", "402")),
    "spent": Row(
        "no_quota", 429, error("You exceeded your current quota", "insufficient_quota")
    ),
    "upstream": Row("capacity", 429, error("temporarily rate-limited upstream")),
    "a 429 without words": Row("capacity", 429, ""),
    "larger than a minute": Row(
        "too_large", 413, error("Request too large on tokens per minute (TPM): Limit 6000")
    ),
    "larger than a minute, as OpenAI says it": Row(
        "too_large", 429, error("Request too large for gpt on tokens per min (TPM): Limit 30000")
    ),
    "a context": Row(
        "too_large", 400, error("This model's maximum is 8192 tokens", "context_length_exceeded")
    ),
    "llama.cpp": Row("too_large", 400, error("exceeds the available context size", "400")),
    "no choice": Row("malformed", 200, {"choices": []}),
    "no text": Row("malformed", 200, chosen("stop", "")),
    "another end": Row("malformed", 200, chosen("tool_calls")),
    "no schema": Row(
        "malformed", 400, error("response_format of type json_schema is not supported"),
        schema=True,
    ),
    "cut off": Row("truncated", 200, chosen("length")),
    "filtered": Row("blocked", 200, chosen("content_filter")),
    "declined": Row("blocked", 200, chosen("stop", None, refusal="I can't help with that.")),
    "moderated, 400": Row("blocked", 400, error("Rejected by our content_policy")),
    "moderated, 403": Row("blocked", 403, error("Your input was flagged by moderation", "403")),
    "an error in a 200": Row("capacity", 200, {"error": {"code": 429, "message": "busy"}}),
}  # fmt: skip


def refused(message: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


def said(reason: str, text: str = "# Doc") -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [{"type": "text", "text": text}],
            "stop_reason": reason, "usage": {"input_tokens": 9, "output_tokens": 9}}  # fmt: skip


RATE = "would exceed the rate limit of 50 {} per {}"
ANTHROPIC = {
    "requests a minute": Row("minute_quota", 429, refused(RATE.format("requests", "minute"))),
    "a wait": Row("minute_quota", 429, refused("Slow down."), "7"),
    "requests a day": Row("day_quota", 429, refused(RATE.format("requests", "day"))),
    "402": Row("no_quota", 402, refused("Payment required")),
    "billing": Row("no_quota", 400, refused("See your plan.", "billing_error")),
    "no credits": Row(
        "no_quota", 400, refused("Your credit balance is too low to access the API")
    ),
    "no tier": Row("no_quota", 429, refused("rate limit of 0 input tokens per minute")),
    "529": Row("capacity", 529, refused("Overloaded")),
    "overloaded": Row("capacity", 500, refused("Overloaded", "overloaded_error")),
    "too many bytes": Row("too_large", 413, refused("Request exceeds the maximum size")),
    "too long": Row(
        "too_large", 400, refused("prompt is too long: 250000 tokens > 200000 maximum")
    ),
    "too long together": Row("too_large", 200, said("model_context_window_exceeded")),
    "no text": Row("malformed", 200, said("end_turn", "")),
    "another end": Row("malformed", 200, said("pause_turn")),
    "no schema": Row(
        "malformed", 400, refused("output_config.format: json_schema is not supported"),
        schema=True,
    ),
    "cut off": Row("truncated", 200, said("max_tokens")),
    "declined": Row("blocked", 200, said("refusal")),
}  # fmt: skip
ALIKE = {
    "401": ("unauthorised", 401), "403": ("unauthorised", 403), "404": ("not_found", 404),
    "408": ("transient", 408), "500": ("transient", 500), "502": ("transient", 502),
    "503": ("transient", 503), "504": ("transient", 504), "501": ("bad_request", 501),
    "422": ("bad_request", 422), "400": ("bad_request", 400),
}  # fmt: skip
"""What is alike for all: the sentence below the table."""
BOTH = {
    api: rows | {name: Row(kind, status, words("no")) for name, (kind, status) in ALIKE.items()}
    for api, rows, words in (("openai", OPENAI, error), ("anthropic", ANTHROPIC, refused))
}


@contextmanager
def answering(row: Row) -> Iterator[str]:
    """The address of a server that has this one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            data = (json.dumps(row.body) if row.body else "").encode()
            self.send_response(row.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if row.after:
                self.send_header("Retry-After", row.after)
            self.end_headers()
            self.wfile.write(data)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_address[1]}"
    http.shutdown()
    http.server_close()


@pytest.mark.parametrize(("api", "name"), [(api, name) for api in BOTH for name in BOTH[api]])
def test_each_row_through_its_backend(api: str, name: str) -> None:
    row = BOTH[api][name]
    with answering(row) as url:
        backend = make(api, {"base_url": url + ("/v1" if api == "openai" else "")}, {})
        question = samples.request("analysis" if row.schema else "generation")
        if row.kind == "truncated":
            assert backend.ask(question).finish == "length"
        else:
            with pytest.raises(BackendError) as caught:
                backend.ask(question)
            answer = caught.value.answer
            assert answer.kind == row.kind
            assert row.status == 200 or answer.http_status == row.status
            if caught.value.fatal:
                assert answer.hint, "a run that ends says what to do"
        backend.close()


def documented() -> dict[str, tuple[str, str]]:
    """kind -> what arrives, by the table: (openai, anthropic)."""
    table = DOCS.read_text("utf-8").partition("| kind | `openai`")[2].partition("\n\n")[0]
    rows = re.findall(r"(?m)^\| `(\w+)` \| (.*) \| (.*) \|$", table)
    return {kind: (openai, anthropic) for kind, openai, anthropic in rows}


def test_the_table_says_what_these_rows_show() -> None:
    """Every status and every word of a protocol that a cell names is in a row of that kind; every
    kind that a row has is told of."""
    table = documented()
    for at, rows in enumerate((OPENAI, ANTHROPIC)):
        assert {row.kind for row in rows.values()} == set(table)
        for kind, cells in table.items():
            shown = [f"{r.status} {json.dumps(r.body)}" for r in rows.values() if r.kind == kind]
            for word in _words(cells[at]):
                assert any(word in one for one in shown), f"no row of {kind} shows {word!r}"
    assert _alike().items() <= {status: kind for kind, status in ALIKE.values()}.items()


def _words(cell: str) -> list[str]:
    but = ("`stop`",)  # named as what it is not
    return [
        word.strip('`"')
        for word in re.findall(r"`[^`]+`|\b\d{3}\b|\b[RT]PD\b", cell)
        if word not in but
    ]


def _alike() -> Mapping[int, str]:
    (told,) = re.findall(r"(?m)^401 and 403 are .*$", DOCS.read_text("utf-8"))
    pairs = re.findall(r"([^`]*)`(\w+)`", told)
    return {int(status): kind for part, kind in pairs for status in re.findall(r"\d{3}", part)}
