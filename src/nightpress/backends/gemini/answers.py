"""What each answer of Gemini means: the one place in the code (its table: docs/answers.md).

Pure functions of status and body (or of an exception's class and text). Bodies are Google's
JSON envelope where there is one; a proxy's HTML and lone messages are understood as far as they go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from nightpress.backends import answers
from nightpress.backends.answers import (
    HOUR,
    Outcome,
    clean,
    count,
    mapping,
    number,
    rerouted,
)
from nightpress.errors import Answer, QuotaKind
from nightpress.lazy import pattern

__all__ = ["of_body", "of_error", "of_exception", "of_model", "rerouted", "shed"]

STOPPED = frozenset(
    {
        "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
        "MODEL_ARMOR", "ESCALATION",
    }
)  # fmt: skip
RECITED = "RECITATION"
"""The reply was too near to something in print; the next one often is not."""
CUT = frozenset({"MAX_TOKENS", "CONTINUATION"})
TOO_LONG = pattern(
    r"token count.*(?:exceeds|only supports)|payload size exceeds|prompt is too long",
    re.IGNORECASE,
)
MONEY = pattern(r"prepay|\bspend", re.IGNORECASE)
ZERO = pattern(r"\blimit: 0(?![\d.])")
STATED = pattern(r"\blimit: (\d+)")


HINTS = {
    **answers.HINTS,
    "minute_quota": "the pace was too fast for this project; it slows down by itself",
    "day_quota": "this model is closed until midnight Pacific; the rest goes on then",
    "no_quota": "this model has no free tier for your project: choose another `model`, or enable "
    "billing and set `paid: true`",
    "not_found": "check `model` in manifests/_defaults.yaml: it is misspelt, retired, or not "
    "offered in this region",
    "nowhere": "is `base_url` right? What answers there is not Gemini's API",
    "shed": "the flex lane is full; it is tried again at growing intervals",
    "place": "Google offers no free Gemini API where this machine is: enable billing for the key's "
    "project and set `paid: true`, or use Vertex AI",
    "billing": "enable billing for the key's project, then wait a few minutes",
    "disabled": "enable the API for the key's project at the address above, and wait a little",
    "unauthorised": "check GOOGLE_API_KEY or GEMINI_API_KEY (for Vertex AI: `gcloud auth "
    "application-default login`, and the project's rights)",
}
"""What to do about an answer that is no reply: one sentence for the user."""
_WHOLE_PROJECT = (HINTS["place"], HINTS["billing"], HINTS["disabled"])


# --- a 200 --------------------------------------------------------------------------------------


def of_body(body: str) -> Outcome:
    """Judge a 200 answer by finish reason, prompt feedback and text, in that order of trust."""
    value = answers.object_of(body)
    if isinstance(value, Answer):
        return Outcome("", "", 0, 0, value)
    if mapping(value.get("error")):  # an error that came too late for the status line
        code = value["error"].get("code")
        return Outcome("", "", 0, 0, of_error(code if isinstance(code, int) else 500, value))
    usage = mapping(value.get("usageMetadata"))
    tokens_in = count(usage.get("promptTokenCount"))
    tokens_out = count(usage.get("candidatesTokenCount")) + count(usage.get("thoughtsTokenCount"))
    model = str(value.get("modelVersion") or "").removeprefix("models/")
    judged = _judge(value)
    by_chance = judged[1] == "blocked" and RECITED in judged[2]
    return answers.outcome(
        judged, model, tokens_in, tokens_out, HINTS,
        cached=usage.get("cachedContentTokenCount"), by_chance=by_chance,
    )  # fmt: skip


def _judge(value: Mapping[str, object]) -> tuple[str, str, str]:
    """(text, kind of answer or "", what to say of it)."""
    reason = mapping(value.get("promptFeedback")).get("blockReason")
    if reason and reason != "BLOCKED_REASON_UNSPECIFIED":
        return "", "blocked", f"the prompt was blocked ({clean(str(reason), 60)})"
    candidates = value.get("candidates")
    if not isinstance(candidates, list) or not candidates:
        return "", "malformed", "the reply contains no candidate"
    first = mapping(candidates[0])
    text = "".join(_texts(first))
    finish = str(first.get("finishReason") or "")
    if finish in CUT:
        return text, "truncated", f"the reply was cut off at the token limit ({len(text)} chars)"
    if finish in STOPPED or finish.startswith("IMAGE_"):
        return "", "blocked", f"the reply was stopped ({finish})"
    if finish != "STOP":
        ending = clean(finish, 60) or "no finish reason"
        return "", "malformed", f"the reply did not finish ({ending})"
    if not text.strip():
        return "", "malformed", "the reply contains no text"
    return text, "", ""


def _texts(candidate: Mapping[str, object]) -> Iterator[str]:
    """The text parts that are no thoughts."""
    parts = mapping(candidate.get("content")).get("parts")
    for part in parts if isinstance(parts, list) else []:
        one = mapping(part)
        text = one.get("text")
        if isinstance(text, str) and not one.get("thought"):
            yield text


# --- an error -----------------------------------------------------------------------------------


def of_error(status: int, body: object, retry_after: str = "") -> Answer:
    """What an answer with an error status means. body: the parsed JSON, or text."""
    error = answers.error_of(body)
    message, details = answers.plain(str(error.get("message") or "")), error.get("details")
    typed = [mapping(d) for d in details] if isinstance(details, list) else []
    if status == 429:
        return _refused(message, typed, retry_after)
    kind = _kind(status, message, typed)
    wait = _wait(message, typed, retry_after) if kind == "transient" else None
    text = f"{status} {clean(message)}" if message else f"{status} without a message"
    return Answer(kind, text, status, wait, hint=_hint(kind, message, typed))


def shed(answer: Answer) -> Answer:
    """What a refusal means where the cheap lane was asked: want of room there is none of the
    model's own."""
    if answer.kind == "capacity" or (answer.kind == "transient" and answer.http_status == 503):
        return answer._replace(kind="shed", hint=HINTS["shed"])
    return answer


def of_model(status: int, body: str) -> Answer | None:
    """What the answer to a question for a model itself says of every call to it; None: nothing, or
    nothing for sure."""
    value = answers.object_of(body)
    if status < 400:
        return value if isinstance(value, Answer) and value.kind == "transient" else None
    answer = of_error(status, {} if isinstance(value, Answer) else value)
    is_away = answer.kind == "transient" and status in (502, 503, 504)
    wrong = answer.kind in ("unauthorised", "not_found") or answer.hint in _WHOLE_PROJECT
    return answer if is_away or (wrong and is_worded(value)) else None


def is_worded(value: object) -> bool:
    """Is it an error as Google words them?"""
    return isinstance(value, Mapping) and bool(mapping(value.get("error")).get("message"))


def of_exception(name: str, text: str) -> Answer:
    """What an exception of the transport, or of Google's credentials, means."""
    answer = answers.of_exception(name, text)
    if name in ("DefaultCredentialsError", "RefreshError"):
        return answer._replace(kind="unauthorised", hint=HINTS["unauthorised"])
    return answer


def _kind(status: int, message: str, details: list[Mapping[str, object]]) -> str:
    reasons = {str(d.get("reason")) for d in details}
    low = message.lower()
    if "API_KEY_INVALID" in reasons or ("api key" in low and status == 400):
        return "unauthorised"
    if status == 400 and TOO_LONG.search(message):
        return "too_large"
    return answers.of_status(status)


def _hint(kind: str, message: str, details: Sequence[Mapping[str, object]]) -> str:
    """What to do: the answer's own reason says it better than its status."""
    reasons, low = {str(d.get("reason")) for d in details}, message.lower()
    if kind in ("bad_request", "unauthorised"):
        if "location is not supported" in low or "not available in your country" in low:
            return HINTS["place"]
        if "BILLING_DISABLED" in reasons or "enable billing" in low:
            return HINTS["billing"]
        if "SERVICE_DISABLED" in reasons:
            return HINTS["disabled"]
    return HINTS.get(kind, "")


def _refused(message: str, details: list[Mapping[str, object]], retry_after: str) -> Answer:
    """A 429: which quota, which limit, how long."""
    violations = [mapping(v) for d in details for v in _list(d.get("violations"))]
    violations += [_older(mapping(d.get("metadata"))) for d in details if "metadata" in d]
    zero = [v for v in violations if str(v.get("quotaValue", "")) == "0"]
    if MONEY.search(message):
        return _quota("no_quota", message, violations, None)._replace(hint=HINTS["money"])
    if zero or ZERO.search(message):
        return _quota("no_quota", message, zero or violations, None)
    daily = [v for v in violations if "PerDay" in str(v.get("quotaId"))]
    if daily or re.search(r"per[ _]day", message, re.IGNORECASE):
        return _quota("day_quota", message, daily or violations, None)
    wait = _wait(message, details, retry_after)
    minutely = [v for v in violations if "PerMinute" in str(v.get("quotaId"))]
    if minutely or re.search(r"per[ _]minute", message, re.IGNORECASE):
        return _quota("minute_quota", message, minutely or violations, wait)
    if wait is not None and wait > HOUR:  # no minute's quota and no crowd takes that long
        return _quota("day_quota", message, violations, None)
    if any(v.get("quotaId") for v in violations) and wait is not None:
        return _quota("minute_quota", message, violations, wait)
    return _quota("capacity", message, violations, wait)


def _older(metadata: Mapping[str, object]) -> Mapping[str, object]:
    """A violation, where an ErrorInfo names the quota (as older answers do, and Vertex AI's)."""
    return {
        "quotaId": metadata.get("quota_limit", ""),
        "quotaValue": metadata.get("quota_limit_value", ""),
    }


def _quota(
    kind: str, message: str, violations: list[Mapping[str, object]], wait: float | None
) -> Answer:
    named = next((v for v in violations if v.get("quotaId")), {})
    limit = _limit(named, message)
    if kind == "no_quota" and limit is None and ZERO.search(message):
        limit = 0
    # Google's first line says to look at the plan; the violation says what happened.
    lines = [line for line in message.splitlines() if "Quota exceeded" in line]
    text = clean(lines[0].lstrip("* ") if lines else message) or "quota exceeded"
    quota = _limited(str(named.get("quotaId", "")))
    return Answer(kind, f"429 {text}", 429, wait, limit, quota, HINTS[kind])


def _limited(quota_id: str) -> QuotaKind | None:
    """Which limit a `quotaId` speaks of; None when it is none that is counted."""
    if "PerDay" in quota_id:  # a day's token limit is none
        return "rpd" if "Request" in quota_id else None
    if "PerMinute" in quota_id:
        return "tpm" if "Token" in quota_id else "rpm" if "Request" in quota_id else None
    return None


def _limit(violation: Mapping[str, object], message: str) -> int | None:
    value = number(str(violation.get("quotaValue", "")))
    if value is not None:
        return int(value)
    numbers = STATED.findall(message)
    stated = number(numbers[0]) if len(numbers) == 1 else None
    return None if stated is None else int(stated)


def _wait(message: str, details: list[Mapping[str, object]], retry_after: str) -> float | None:
    """Seconds that the server stated: RetryInfo, else the message, else the Retry-After header."""
    for detail in details:
        delay = re.fullmatch(r"([\d.]+)s", str(detail.get("retryDelay", "")))
        if delay and (seconds := number(delay[1])) is not None:
            return seconds
    stated = answers.span(message)
    return number(retry_after) if stated is None else stated


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
