"""What each answer of Gemini means: the one place in the code (its table: docs/answers.md).

Pure functions of status and body (or of an exception's class and text). Bodies are Google's
JSON envelope where there is one; a proxy's HTML and lone messages are understood as far as they go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from nightpress.errors import Answer, QuotaKind
from nightpress.lazy import pattern

STOPPED = frozenset(
    {
        "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
        "MODEL_ARMOR", "ESCALATION",
    }
)  # fmt: skip
RECITED = "RECITATION"
"""The reply was too near to something in print; the next one often is not."""
CUT = frozenset({"MAX_TOKENS", "CONTINUATION"})
KEYLIKE = pattern(
    r"AIza[\w-]{10,}|ya29\.[\w.-]+|(?i:(?<=key=)|(?<=bearer ))[^\s&'\"]+|AQ\.[\w-]{20,}"
)
CONTROL = pattern(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
SPAN = pattern(r"retry in ((?:[\d.]+\s*(?:ms|s|m|h)?)+)", re.IGNORECASE)
PART = pattern(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)?", re.IGNORECASE)
HOUR = 3_600.0
TOO_LONG = pattern(
    r"token count.*(?:exceeds|only supports)|payload size exceeds|prompt is too long",
    re.IGNORECASE,
)
MONEY = pattern(r"prepay|\bspend", re.IGNORECASE)
ZERO = pattern(r"\blimit: 0(?![\d.])")
STATED = pattern(r"\blimit: (\d+)")


HINTS = {
    "minute_quota": "the pace was too fast for this project; it slows down by itself",
    "day_quota": "this model is closed until midnight Pacific; the rest goes on then",
    "no_quota": "this model has no free tier for your project: choose another `model`, or enable "
    "billing and set `paid: true`",
    "money": "what was paid for is used up, or a spending cap is reached: see the provider's "
    "billing page; then run again",
    "capacity": "the provider is short of capacity; it is tried again later",
    "not_found": "check `model` in manifests/_defaults.yaml: it is misspelt, retired, or not "
    "offered in this region",
    "place": "Google offers no free Gemini API where this machine is: enable billing for the key's "
    "project and set `paid: true`, or take Vertex AI",
    "billing": "enable billing for the key's project, then wait a few minutes",
    "disabled": "enable the API for the key's project at the address above, then wait some minutes",
    "bad_request": "the request or the configuration is wrong; nothing was generated",
    "unauthorised": "check GOOGLE_API_KEY or GEMINI_API_KEY (for Vertex AI: `gcloud auth "
    "application-default login`, and the project's rights)",
    "untrusted": "a proxy or a virus scanner that reads along shows a certificate of its own: "
    "name its CA file (PEM) by SSL_CERT_FILE; if it has expired, look at this machine's clock",
    "unreached": "is the network there, and `base_url` right?",
    "proxy": "check HTTPS_PROXY or ALL_PROXY, and the name and password in it",
    "too_large": "lower `input_bytes` in the generator, or exclude large files of this plugin",
    "blocked": "the provider's filter stopped it; the standing file is untouched",
}
"""What to do about an answer that is no reply: one sentence for the user."""


class Outcome(Struct, frozen=True):
    """A 200 answer, judged. answer: None for a reply; "truncated" comes with the text so far."""

    text: str
    model: str
    tokens_in: int
    tokens_out: int
    answer: Answer | None


def clean(text: str, most: int = 300) -> str:
    """One line without anything that looks like a key, without control characters, bounded."""
    text = " ".join(CONTROL.sub(" ", KEYLIKE.sub("[redacted]", _whole(text))).split())
    return text if len(text) <= most else text[: most - 3] + "..."


# --- a 200 --------------------------------------------------------------------------------------


def of_body(body: str) -> Outcome:
    """Judge a 200 answer by finish reason, prompt feedback and text, in that order of trust."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        if body.lstrip()[:1] == "<":  # of a hotel's network, or of another service at that address
            message = f"a web page came in place of a reply: {_page(body)}"
            return Outcome(
                "", "", 0, 0, Answer("transient", message, hint=HINTS["unreached"], left=False)
            )
        message = "the reply's body is no JSON" if body.strip() else "the reply's body is empty"
        return Outcome("", "", 0, 0, Answer("malformed", message, 200, broken=True))
    if not isinstance(value, dict):
        return Outcome(
            "", "", 0, 0, Answer("malformed", "the reply's body is no object", 200, broken=True)
        )
    if _mapping(value.get("error")):  # an error that came too late for the status line
        code = value["error"].get("code")
        return Outcome("", "", 0, 0, of_error(code if isinstance(code, int) else 500, value))
    usage = _mapping(value.get("usageMetadata"))
    tokens_in = _count(usage.get("promptTokenCount"))
    tokens_out = _count(usage.get("candidatesTokenCount")) + _count(usage.get("thoughtsTokenCount"))
    model = str(value.get("modelVersion") or "").removeprefix("models/")
    text, kind, message = _judge(value)
    answer = None
    if kind:
        answer = Answer(kind, message, 200, hint=HINTS.get(kind, ""), tokens_in=tokens_in,
                        tokens_out=tokens_out, model=model,
                        by_chance=kind == "blocked" and RECITED in message)  # fmt: skip
    return Outcome(_whole(text), _whole(model), tokens_in, tokens_out, answer)


def _whole(text: str) -> str:
    """Half a character (an escaped surrogate alone), which nothing could store, is the sign for a
    character that was lost."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _page(body: str) -> str:
    """What a web page says of itself."""
    title = re.search(r"(?is)<title[^>]*>(.*?)</title>", body[:20_000])
    return (
        clean(title[1] if title else re.sub(r"<[^>]*>", " ", body[:2_000]), 80) or "without words"
    )


def _judge(value: Mapping[str, object]) -> tuple[str, str, str]:
    """(text, kind of answer or "", what to say of it)."""
    reason = _mapping(value.get("promptFeedback")).get("blockReason")
    if reason and reason != "BLOCKED_REASON_UNSPECIFIED":
        return "", "blocked", f"the prompt was blocked ({clean(str(reason), 60)})"
    candidates = value.get("candidates")
    if not isinstance(candidates, list) or not candidates:
        return "", "malformed", "the reply holds no candidate"
    first = _mapping(candidates[0])
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
        return "", "malformed", "the reply holds no text"
    return text, "", ""


def _texts(candidate: Mapping[str, object]) -> Iterator[str]:
    """The text parts that are no thoughts."""
    parts = _mapping(candidate.get("content")).get("parts")
    for part in parts if isinstance(parts, list) else []:
        one = _mapping(part)
        text = one.get("text")
        if isinstance(text, str) and not one.get("thought"):
            yield text


def rerouted(request_model: str, reply_model: str) -> bool:
    """Did another model answer? `gemini-x-001` is a version of `gemini-x`, not another model."""
    request_model, reply_model = (name.rsplit("/", 1)[-1] for name in (request_model, reply_model))
    tail = reply_model.removeprefix(request_model)
    return (
        bool(reply_model)
        and reply_model != request_model
        and not (
            reply_model.startswith(request_model)
            and re.fullmatch(r"-(?:\d{3}|(?:preview|exp)?-?[\d-]+)", tail)
        )
    )


# --- an error -----------------------------------------------------------------------------------


def of_error(status: int, body: object, retry_after: str = "") -> Answer:
    """What an answer with an error status means. body: the parsed JSON, or text."""
    error = _error(body)
    message, details = str(error.get("message") or ""), error.get("details")
    typed = [_mapping(d) for d in details] if isinstance(details, list) else []
    if status == 429:
        return _refused(message, typed, retry_after)
    kind = _kind(status, message, typed)
    wait = _wait(message, typed, retry_after) if kind == "transient" else None
    text = f"{status} {clean(message)}" if message else f"{status} without a message"
    return Answer(kind, text, status, wait, hint=_hint(kind, message, typed))


NEVER_LEFT = frozenset(
    {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol",
     "LocalProtocolError", "InvalidURL", "DefaultCredentialsError", "RefreshError"}
)  # fmt: skip


DISTRUST = pattern(r"CERTIFICATE_VERIFY_FAILED\]?[^:]*: ([^(]+)")


def of_exception(name: str, text: str) -> Answer:
    """What an exception of the transport means; name: that of its class."""
    message = f"{name}: {clean(text)}" if text else name
    left = name not in NEVER_LEFT
    if distrust := DISTRUST.search(text):
        message = f"the server's certificate is not trusted ({clean(distrust[1])})"
        return Answer("untrusted", message, hint=HINTS["untrusted"], left=False)
    if name == "ProxyError" and text[:1] == "4":
        message = f"the proxy refuses: {clean(text)}"
        return Answer("bad_request", message, hint=HINTS["proxy"], left=False)
    if name == "ConnectError":
        return Answer("transient", message, hint=HINTS["unreached"], left=False)
    if name in ("DefaultCredentialsError", "RefreshError"):
        return Answer("unauthorised", message, hint=HINTS["unauthorised"], left=left)
    if name in ("UnsupportedProtocol", "LocalProtocolError", "InvalidURL"):
        hint = "check the base URL and the key for stray characters"
        return Answer("bad_request", message, hint=hint, left=left)
    if name == "JSONDecodeError":
        return Answer("malformed", message)
    return Answer("transient", message, left=left)


def _kind(status: int, message: str, details: list[Mapping[str, object]]) -> str:
    reasons = {str(d.get("reason")) for d in details}
    low = message.lower()
    if status in (401, 403) or "API_KEY_INVALID" in reasons or ("api key" in low and status == 400):
        return "unauthorised"
    if status == 413 or (status == 400 and TOO_LONG.search(message)):
        return "too_large"
    if status == 404:
        return "not_found"
    if status in (408, 409, 425, 499) or (status >= 500 and status != 501):
        return "transient"
    return "bad_request"


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
    violations = [_mapping(v) for d in details for v in _list(d.get("violations"))]
    violations += [_older(_mapping(d.get("metadata"))) for d in details if "metadata" in d]
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
    value = _number(str(violation.get("quotaValue", "")))
    if value is not None:
        return int(value)
    numbers = STATED.findall(message)
    stated = _number(numbers[0]) if len(numbers) == 1 else None
    return None if stated is None else int(stated)


def _wait(message: str, details: list[Mapping[str, object]], retry_after: str) -> float | None:
    """Seconds that the server stated: RetryInfo, else the message, else the Retry-After header."""
    for detail in details:
        delay = re.fullmatch(r"([\d.]+)s", str(detail.get("retryDelay", "")))
        if delay and (seconds := _number(delay[1])) is not None:
            return seconds
    span = SPAN.search(message)
    if span:  # 250ms, 1.5s, 18h3m12.5s
        scale = {"ms": 0.001, "m": 60.0, "h": HOUR}
        parts = PART.findall(span[1])
        return sum((_number(n) or 0.0) * scale.get(unit.lower(), 1.0) for n, unit in parts)
    return _number(retry_after)


def _error(body: object) -> Mapping[str, object]:
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if isinstance(body, str):
        try:
            return _error(json.loads(body))
        except (ValueError, RecursionError):
            return {"message": re.sub(r"<[^>]*>", " ", body)}
    whole = _mapping(body)
    return _mapping(whole.get("error")) or whole


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


MOST = 10**12
"""What is larger is no count and no time that anybody meant."""


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 < value < MOST else 0


def _number(text: str) -> float | None:
    """A number of ASCII digits, as servers write them; None for anything else."""
    found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})\s*", text, re.ASCII)
    return float(found[1]) if found else None
