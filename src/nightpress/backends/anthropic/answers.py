"""What each answer of Anthropic's Messages API means (its table: docs/answers.md).

Pure functions of status, headers and body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from nightpress.backends import answers
from nightpress.backends.answers import HINTS, Outcome, clean, count, mapping, number
from nightpress.errors import Answer, QuotaKind
from nightpress.lazy import pattern

__all__ = ["of_body", "of_error", "of_headers"]

TOO_LONG = pattern(
    r"prompt is too long|context (?:window|limit)|exceeds? .*context|too many tokens", re.IGNORECASE
)
MONEY = pattern(r"credit balance|billing|usage limits?\b.*regain|spend", re.IGNORECASE)
RATE = pattern(
    r"rate limit of ([\d,]+) (input tokens|output tokens|requests|tokens) per (minute|hour|day)",
    re.IGNORECASE,
)
ENDED = frozenset({"end_turn", "stop_sequence"})


def of_body(body: str) -> Outcome:
    """Judge a 200 answer by its error, stop reason and text, in that order of trust."""
    value = answers.object_of(body)
    if isinstance(value, Answer):
        return Outcome("", "", 0, 0, value)
    if mapping(value.get("error")):
        return Outcome("", "", 0, 0, of_error(500, value, {}))
    usage = mapping(value.get("usage"))
    tokens_in = sum(
        count(usage.get(name))
        for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    )
    tokens_out = count(usage.get("output_tokens"))
    model, cached = str(value.get("model") or ""), usage.get("cache_read_input_tokens")
    return answers.outcome(_judge(value), model, tokens_in, tokens_out, cached=cached)


def _judge(value: Mapping[str, object]) -> tuple[str, str, str]:
    """(text, kind of answer or "", what to say of it)."""
    content = value.get("content")
    if not isinstance(content, list):
        return "", "malformed", "the reply contains no content"
    blocks = [mapping(block) for block in content]
    text = "".join(
        str(block["text"])
        for block in blocks
        if block.get("type") == "text" and isinstance(block.get("text"), str)
    )
    reason = str(value.get("stop_reason") or "")
    if reason == "refusal":
        why = clean(str(mapping(value.get("stop_details")).get("explanation") or ""), 120)
        return "", "blocked", f"the model declined{f': {why}' if why else ''}"
    if reason == "max_tokens":
        return text, "truncated", f"the reply was cut off at the token limit ({len(text)} chars)"
    if reason == "model_context_window_exceeded":
        return "", "too_large", "prompt and reply are larger than the model's context window"
    if reason not in ENDED:
        return (
            "",
            "malformed",
            f"the reply did not finish ({clean(reason, 60) or 'no reason'})",
        )
    if not text.strip():
        return "", "malformed", "the reply contains no text"
    return text, "", ""


def of_error(status: int, body: object, headers: Mapping[str, str]) -> Answer:
    """What an answer with an error status means. body: the parsed JSON, or text."""
    error = answers.error_of(body)
    type_, message = str(error.get("type") or ""), str(error.get("message") or "")
    wait = number(headers.get("retry-after", ""))
    said = f"{status} {clean(message)}" if message else f"{status} without a message"
    if status == 402 or type_ == "billing_error" or MONEY.search(message):
        return Answer("no_quota", said, status, hint=HINTS["money"])
    if status == 429:
        return _limited(said, message, wait)
    if status == 529 or type_ == "overloaded_error":
        return Answer("capacity", said, status, wait, hint=HINTS["capacity"])
    kind = answers.of_status(status)
    if kind == "bad_request" and TOO_LONG.search(message):
        kind = "too_large"
    wait = wait if kind == "transient" else None
    return Answer(kind, said, status, wait, hint=HINTS.get(kind, ""))


def of_headers(headers: Mapping[str, str]) -> dict[str, int]:
    """The limits of a minute that a reply's headers state."""
    stated = {
        kind: number(headers.get(f"anthropic-ratelimit-{what}-limit", ""))
        for kind, what in (("rpm", "requests"), ("tpm", "input-tokens"))
    }
    return {kind: int(limit) for kind, limit in stated.items() if limit}


def _limited(said: str, message: str, wait: float | None) -> Answer:
    """A 429: which quota, which limit, how long."""
    found = RATE.search(message)
    limit = int(found[1].replace(",", "")) if found else None
    quota: QuotaKind | None = None
    if found:
        quota = {
            ("requests", "minute"): "rpm", ("input tokens", "minute"): "tpm",
            ("tokens", "minute"): "tpm", ("requests", "day"): "rpd",
        }.get((found[2].lower(), found[3].lower()))  # type: ignore[assignment]  # fmt: skip
    if limit == 0:
        return Answer("no_quota", said, 429, limit=0, hint=HINTS["no_quota"])
    if found and found[3].lower() == "day" and (wait is None or wait > answers.ROLLING):
        return Answer("day_quota", said, 429, None, limit, quota, HINTS["day_quota"])
    if found or wait is not None:
        return Answer("minute_quota", said, 429, wait, limit, quota, HINTS["minute_quota"])
    return Answer("capacity", said, 429, wait, hint=HINTS["capacity"])
