"""What each answer of the OpenAI protocol means, as OpenAI, OpenRouter, Groq and local servers
speak it (its table: docs/answers.md). Pure functions of status, headers and body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from nightpress.backends import answers
from nightpress.backends.answers import HINTS, HOUR, Outcome, clean, count, mapping, number
from nightpress.errors import Answer, QuotaKind
from nightpress.lazy import pattern

__all__ = ["of_body", "of_error", "of_headers"]

TOO_LONG = pattern(
    r"context[ _](?:length|size|window)|maximum context|too many tokens|prompt is too long"
    r"|request too large|reduce the length|max_total_tokens",
    re.IGNORECASE,
)
MONEY = pattern(
    r"insufficient_quota|insufficient credit|credit balance|billing|payment required|spend",
    re.IGNORECASE,
)
FILTERED = pattern(r"content.?(?:policy|filter|management)|moderation|flagged", re.IGNORECASE)
OF_WHAT = pattern(r"\b(requests?|tokens?) per (min(?:ute)?|hour|day)|\b([RT]P[MHD])\b", re.I)
DAILY = pattern(r"per[ -]day|daily", re.IGNORECASE)
MINUTELY = pattern(r"per[ -]min", re.IGNORECASE)
STATED = pattern(r"\blimit:? (\d[\d,]*)", re.IGNORECASE)
THOUGHT = pattern(r"\A\s*<think>.*?</think>\s*", re.DOTALL)


def of_body(body: str) -> Outcome:
    """Judge a 200 answer by its error, finish reason, refusal and text, in that order of trust."""
    value = answers.object_of(body)
    if isinstance(value, Answer):
        return Outcome("", "", 0, 0, value)
    if error := mapping(value.get("error")):  # an error that came too late for the status line
        code = error.get("code")
        status = code if isinstance(code, int) and code >= 400 else 500
        return Outcome("", "", 0, 0, of_error(status, value, {}))
    usage = mapping(value.get("usage"))
    tokens_in, tokens_out = (count(usage.get(f"{n}_tokens")) for n in ("prompt", "completion"))
    model = str(value.get("model") or "")
    cached = mapping(usage.get("prompt_tokens_details")).get("cached_tokens")
    return answers.outcome(_judge(value), model, tokens_in, tokens_out, cached=cached)


def _judge(value: Mapping[str, object]) -> tuple[str, str, str]:
    """(text, kind of answer or "", what to say of it)."""
    choices = value.get("choices")
    if not isinstance(choices, list) or not choices:
        return "", "malformed", "the reply contains no choice"
    first = mapping(choices[0])
    message = mapping(first.get("message"))
    text = THOUGHT.sub("", _text(message.get("content")))
    finish = str(first.get("finish_reason") or "")
    if message.get("refusal"):
        return "", "blocked", f"the model declined: {clean(str(message['refusal']), 120)}"
    if finish == "content_filter":
        return "", "blocked", "the reply was stopped (content_filter)"
    if finish == "length":
        return text, "truncated", f"the reply was cut off at the token limit ({len(text)} chars)"
    if finish not in ("stop", "eos", "eos_token"):
        ending = clean(finish, 60) or "no finish reason"
        return "", "malformed", f"the reply did not finish ({ending})"
    if not text.strip():
        return "", "malformed", "the reply contains no text"
    return text, "", ""


def _text(content: object) -> str:
    """The text of a message: a string, or the parts that are text."""
    if isinstance(content, str):
        return content
    parts = [mapping(part) for part in content] if isinstance(content, list) else []
    return "".join(str(part["text"]) for part in parts if isinstance(part.get("text"), str))


def of_error(status: int, body: object, headers: Mapping[str, str], address: str = "") -> Answer:
    """What an answer with an error status means. body: the parsed JSON, or text."""
    error = answers.error_of(body)
    code = str(error.get("code") or error.get("type") or "")
    message = str(error.get("message") or error.get("detail") or "")
    whole_text = f"{code} {message}"
    if status == 429 and not TOO_LONG.search(whole_text):
        return _limited(whole_text, message, headers)
    kind = answers.of_status(status)
    if kind in ("bad_request", "unauthorised", "transient"):
        if TOO_LONG.search(whole_text):
            kind = "too_large"
        elif kind != "transient" and status != 401 and FILTERED.search(whole_text):
            kind = "blocked"
    elif status == 429:
        kind = "too_large"
    hint = HINTS["money" if status == 402 else kind] if kind in HINTS else ""
    if kind == "not_found" and not message:
        hint = f"is {address} its base URL, with `/v1` at its end?" if address else hint
    wait = number(headers.get("retry-after", "")) if kind == "transient" else None
    said = f"{status} {clean(message)}" if message else f"{status} without a message"
    return Answer(kind, said, status, wait, hint=hint)


def _limited(whole_text: str, message: str, headers: Mapping[str, str]) -> Answer:
    """A 429: which quota, which limit, how long."""
    said = f"429 {clean(message) or 'too many requests'}"
    if MONEY.search(whole_text):
        return Answer("no_quota", said, 429, hint=HINTS["money"])
    stated = STATED.search(message)
    limit = int(stated[1].replace(",", "")) if stated else None
    if limit == 0:
        return Answer("no_quota", said, 429, limit=0, hint=HINTS["no_quota"])
    wait = number(headers.get("retry-after", ""))
    if wait is None:
        wait = answers.span(message)
    quota = _quota(message)
    if DAILY.search(message) and (wait is None or wait > answers.ROLLING):
        return Answer("day_quota", said, 429, None, limit, quota, HINTS["day_quota"])
    if quota or DAILY.search(message) or MINUTELY.search(message):
        return Answer("minute_quota", said, 429, wait, limit, quota, HINTS["minute_quota"])
    if wait is not None and wait > HOUR:
        return Answer("day_quota", said, 429, None, limit, quota, HINTS["day_quota"])
    return Answer("capacity", said, 429, wait, hint=HINTS["capacity"])


def of_headers(headers: Mapping[str, str]) -> dict[str, int]:
    """The limits that a reply's headers state, where they tell a minute's from a day's: what was
    used of one is back after that part of its time."""
    found = {}
    for what in ("requests", "tokens"):
        limit, left = (
            number(headers.get(f"x-ratelimit-{which}-{what}", ""))
            for which in ("limit", "remaining")
        )
        back = answers.span(f"try again in {headers.get(f'x-ratelimit-reset-{what}', '')}")
        if not limit or left is None or not back or left >= limit:
            continue
        window = back * limit / (limit - left)
        for letter, (least, most) in WINDOWS.items():
            if least <= window <= most and (kind := f"{what[0]}p{letter}") != "tpd":
                found[kind] = int(limit)
    return found


WINDOWS = {"m": (30.0, 120.0), "d": (43_200.0, 172_800.0)}
"""Seconds that may be a minute, or a day: what headers say is rounded."""


def _quota(message: str) -> QuotaKind | None:
    """Which limit a refusal speaks of; None when it is none that is counted."""
    found = OF_WHAT.search(message)
    if found is None:
        return None
    name = (found[3] or f"{found[1][0]}p{found[2][0]}").lower()
    return {"rpm": "rpm", "tpm": "tpm", "rpd": "rpd"}.get(name)  # type: ignore[return-value]
