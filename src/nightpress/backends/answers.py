"""What answers of any service over HTTP have in common; each backend's own table is beside it.

Pure functions of a body, of a status, or of an exception's class and text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from nightpress.errors import Answer
from nightpress.lazy import pattern

KEYLIKE = pattern(
    r"AIza[\w-]{10,}|ya29\.[\w.-]+|(?i:(?<=key=)|(?<=bearer ))[^\s&'\"]+|AQ\.[\w-]{20,}"
    r"|\bsk-[\w*-]{6,}|\bgsk_\w{6,}"
)
CONTROL = pattern(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
SPAN = pattern(r"(?:retry|try again) in ((?:[\d.]+\s*(?:ms|s|m|h)?)+)", re.IGNORECASE)
PART = pattern(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)?", re.IGNORECASE)
HOUR = 3_600.0
ROLLING = 600.0
"""A day's limit that says to come back within so many seconds is a window that moves on."""
SCHEMA = pattern(
    r"response_format|json_schema|output_config|structured|grammar|\bschema\b", re.IGNORECASE
)
MOST = 10**12
"""What is larger is no count and no time that anybody meant."""

HINTS = {
    "minute_quota": "the pace was too fast for this account; it slows down by itself",
    "day_quota": "this model is closed until the provider's midnight; the rest goes on then",
    "no_quota": "this model has no free tier for your account: choose another `model`, or enable "
    "billing and set `paid: true`",
    "money": "what was paid for is used up, or a spending cap is reached: see the provider's "
    "billing page; then run again",
    "capacity": "the provider is at capacity; nightpress tries again later",
    "not_found": "check `model` and `base_url` in manifests/_defaults.yaml: the model is misspelt, "
    "retired, or not offered there",
    "bad_request": "the request or the configuration is wrong; nothing was generated",
    "unauthorised": "check the key, and its rights",
    "untrusted": "a proxy or virus scanner in between presents its own certificate: "
    "name its CA file (PEM) by SSL_CERT_FILE; if it has expired, look at this machine's clock",
    "unreached": "is the network up, and is `base_url` right?",
    "no_proxy": "is the proxy there that HTTPS_PROXY or ALL_PROXY names? If there is none, unset "
    "it, or name the host in NO_PROXY",
    "proxy": "check HTTPS_PROXY or ALL_PROXY, and the name and password in it",
    "too_large": "lower `input_bytes` in the generator, or exclude large files of this plugin",
    "blocked": "the provider's filter stopped it; the existing file is untouched",
}
"""What to do about an answer that is no reply: one sentence for the user."""


class Outcome(Struct, frozen=True):
    """A 200 answer, judged. answer: None for a reply; "truncated" comes with the text so far;
    tokens_cached: of tokens_in, those that the provider had in its cache."""

    text: str
    model: str
    tokens_in: int
    tokens_out: int
    answer: Answer | None
    tokens_cached: int = 0


def outcome(
    judged: tuple[str, str, str],
    model: str,
    tokens_in: int,
    tokens_out: int,
    hints: Mapping[str, str] = HINTS,
    *,
    cached: object = 0,
    by_chance: bool = False,
) -> Outcome:
    """A 200 answer. judged: text, kind of answer ("" for a reply), what to say of it; cached: input
    tokens from the provider's cache, as it says."""
    text, kind, message = judged
    model, answer = whole(model), None
    if kind:
        answer = Answer(
            kind,
            message,
            200,
            hint=hints.get(kind, ""),
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            model=model,
            by_chance=by_chance,
        )
    return Outcome(whole(text), model, tokens_in, tokens_out, answer, min(count(cached), tokens_in))


def clean(text: str, most: int = 300) -> str:
    """One line without anything that looks like a key, without control characters, bounded."""
    text = " ".join(CONTROL.sub(" ", KEYLIKE.sub("[redacted]", whole(text))).split())
    return text if len(text) <= most else text[: most - 3] + "..."


def whole(text: str) -> str:
    """Half a character (an escaped surrogate alone), which nothing could store, is the sign for a
    character that was lost."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def object_of(body: str) -> dict[str, Any] | Answer:
    """The JSON object that a 200's body is, or what a body that is none means."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        if body.lstrip()[:1] == "<":  # of a hotel's network, or of another service at that address
            message = f"a web page came in place of a reply: {_page(body)}"
            return Answer("transient", message, hint=HINTS["unreached"], left=False)
        message = "the reply's body is not JSON" if body.strip() else "the reply's body is empty"
        return Answer("malformed", message, 200, broken=True)
    if not isinstance(value, dict):
        return Answer("malformed", "the reply's body is not an object", 200, broken=True)
    return value


def plain(message: str) -> str:
    """The message; of a web page in its place, what that says of itself."""
    return _page(message) if message.lstrip()[:1] == "<" else message


def _page(body: str) -> str:
    """What a web page says of itself."""
    title = re.search(r"(?is)<title[^>]*>(.*?)</title>", body[:20_000])
    return (
        clean(title[1] if title else re.sub(r"<[^>]*>", " ", body[:2_000]), 80) or "without words"
    )


def of_status(status: int) -> str:
    """The kind of an error whose status alone is known."""
    if status in (401, 403):
        return "unauthorised"
    if status == 413:
        return "too_large"
    if status == 404:
        return "not_found"
    if status == 402:
        return "no_quota"
    if status == 429:
        return "capacity"
    if status in (408, 409, 425, 499) or (status >= 500 and status != 501):
        return "transient"
    return "bad_request"


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
    if name in ("UnsupportedProtocol", "LocalProtocolError", "InvalidURL"):
        hint = "check the base URL and the key for stray characters"
        return Answer("bad_request", message, hint=hint, left=left)
    if name == "JSONDecodeError":
        return Answer("malformed", message)
    return Answer("transient", message, left=left)


def rerouted(request_model: str, reply_model: str) -> bool:
    """Did another model answer? `NAME-001` is a version of `NAME`, and `NAME:free` its price."""
    asked, told = (_bare(name) for name in (request_model, reply_model))
    tail = told.removeprefix(asked)
    return (
        bool(told)
        and told != asked
        and not (
            told.startswith(asked) and re.fullmatch(r"-(?:\d{3}|(?:preview|exp)?-?[\d-]+)", tail)
        )
    )


def _bare(model: str) -> str:
    return model.rsplit("/", 1)[-1].partition(":")[0].removesuffix("-latest")


def span(message: str) -> float | None:
    """Seconds that a message states: `retry in 18h3m12.5s`, `try again in 250ms`."""
    found = SPAN.search(message)
    if found is None:
        return None
    scale = {"ms": 0.001, "m": 60.0, "h": HOUR}
    return sum(
        (number(n) or 0.0) * scale.get(unit.lower(), 1.0) for n, unit in PART.findall(found[1])
    )


def error_of(body: object) -> Mapping[str, object]:
    """The error in an error's body: its `error`, itself, or the words of a page."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if isinstance(body, str):
        try:
            return error_of(json.loads(body))
        except (ValueError, RecursionError):
            return {"message": body}
    found = mapping(body)
    return mapping(found.get("error")) or found


def minds_no_schema(answer: Answer) -> bool:
    """Does the service say that it takes no schema, or not this one?"""
    return answer.kind == "bad_request" and bool(SCHEMA.search(answer.message))


def mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def count(value: object) -> int:
    return value if isinstance(value, int) and 0 < value < MOST else 0


def number(text: str) -> float | None:
    """A number of ASCII digits, as servers write them; None for anything else."""
    found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})\s*", text, re.ASCII)
    return float(found[1]) if found else None
