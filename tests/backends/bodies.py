"""Error bodies as Google sends them, after those quoted in public repositories."""

from __future__ import annotations

from typing import Any

RPC = "type.googleapis.com/google.rpc."
METRIC = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
PLAN = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)


def quota(
    quota_id: str, limit: int | None, delay: str | None, model: str = "gemini-3.5-flash-lite"
) -> dict[str, Any]:
    """A 429 of the Developer API. limit None: the violation states none (a zero is left out)."""
    violation: dict[str, Any] = {
        "quotaMetric": METRIC,
        "quotaId": quota_id,
        "quotaDimensions": {"location": "global", "model": model},
    }
    if limit is not None:
        violation["quotaValue"] = str(limit)
    details: list[dict[str, Any]] = [
        {"@type": RPC + "QuotaFailure", "violations": [violation]},
        {"@type": RPC + "Help", "links": [{"description": "Learn more about Gemini API quotas"}]},
    ]
    if delay is not None:
        details.append({"@type": RPC + "RetryInfo", "retryDelay": delay})
    said = f"{PLAN}\n* Quota exceeded for metric: {METRIC}, limit: {limit or 0}, model: {model}"
    return envelope(429, "RESOURCE_EXHAUSTED", said, details)


def envelope(
    code: int, status: str, message: str, details: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    return {"error": {**error, "details": details} if details else error}


def older(limit: str) -> dict[str, Any]:
    """A 429 that names its quota in an ErrorInfo."""
    region = "GenerateContentRequestsPerMinutePerProjectPerRegion"
    metadata = {"quota_limit": region, "quota_limit_value": limit, "quota_location": "asia"}
    info = {"@type": RPC + "ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED", "metadata": metadata}
    return envelope(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric", [info])


MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
TOKENS = "GenerateContentInputTokensPerModelPerMinute-FreeTier"
DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
KEY_INVALID = envelope(
    400,
    "INVALID_ARGUMENT",
    "API key not valid. Please pass a valid API key.",
    [{"@type": RPC + "ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}],
)
SHARED = envelope(
    429,
    "RESOURCE_EXHAUSTED",
    "Resource exhausted. Please try again later. Please refer to https://cloud.google.com/"
    "vertex-ai/generative-ai/docs/error-code-429 for more details.",
)
BASE_MODEL = (
    "Quota exceeded for aiplatform.googleapis.com/generate_content_requests_per_minute_per_"
    "project_per_base_model with base model: gemini-experimental. Please submit a quota increase "
    "request. https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai."
)
GONE = (
    "Publisher Model `projects/p/locations/us-central1/publishers/google/models/"
    "gemini-1.5-flash-002` was not found or your project does not have access to it. Please "
    "ensure you are using a valid model version."
)

# (status, body, kind): every row of docs/answers.md, at least once.
ROWS: dict[str, tuple[int, Any, str]] = {
    "minute": (429, quota(MINUTE, 15, "32s"), "minute_quota"),
    "tokens": (429, quota(TOKENS, 250_000, "7.5s"), "minute_quota"),
    "base model": (429, envelope(429, "RESOURCE_EXHAUSTED", BASE_MODEL), "minute_quota"),
    "day": (429, quota(DAY, 20, "2s"), "day_quota"),
    "day, 18 h": (429, quota(DAY, 500, "64800s"), "day_quota"),
    "limit 0": (429, quota(DAY, 0, "50s"), "no_quota"),
    "limit 0, not stated": (429, quota(MINUTE, None, "50s"), "no_quota"),
    "prepaid": (
        429,
        envelope(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."),
        "no_quota",
    ),
    "spending cap": (
        429,
        envelope(429, "RESOURCE_EXHAUSTED", "Your project has exceeded its monthly spending cap."),
        "no_quota",
    ),
    "older, limit 0": (429, older("0"), "no_quota"),
    "older, minute": (429, older("60"), "minute_quota"),
    "no quota named, 18 h": (
        429,
        envelope(429, "RESOURCE_EXHAUSTED", "Quota exceeded. Please retry in 18h3m12.5s."),
        "day_quota",
    ),
    "vertex": (429, SHARED, "capacity"),
    "bare 429": (
        429,
        envelope(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        "capacity",
    ),
    "429 of a proxy": (429, "<html><body>Too Many Requests</body></html>", "capacity"),
    "model gone": (404, envelope(404, "NOT_FOUND", GONE), "not_found"),
    "html 404": (404, "<!DOCTYPE html><title>Error 404</title>", "not_found"),
    "bad argument": (
        400,
        envelope(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name"),
        "bad_request",
    ),
    "region": (
        400,
        envelope(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        "bad_request",
    ),
    "short deadline": (
        400,
        envelope(
            400,
            "INVALID_ARGUMENT",
            "Manually set deadline 5s is too short. Minimum allowed deadline is 10s.",
        ),
        "bad_request",
    ),
    "redirect": (302, "", "bad_request"),
    "not implemented": (501, envelope(501, "UNIMPLEMENTED", "no"), "bad_request"),
    "too many tokens": (
        400,
        envelope(
            400,
            "INVALID_ARGUMENT",
            "The input token count (1200000) exceeds the maximum number of tokens allowed "
            "(1048576).",
        ),
        "too_large",
    ),
    "too many tokens for Vertex": (
        400,
        envelope(
            400,
            "INVALID_ARGUMENT",
            "Unable to submit request because the input token count is 1100000 but model only "
            "supports up to 1048576.",
        ),
        "too_large",
    ),
    "payload": (
        400,
        envelope(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520."),
        "too_large",
    ),
    "too many bytes": (413, "Request Entity Too Large", "too_large"),
    "bad key": (400, KEY_INVALID, "unauthorised"),
    "no token": (401, envelope(401, "UNAUTHENTICATED", "Request is missing"), "unauthorised"),
    "no right": (403, envelope(403, "PERMISSION_DENIED", "Permission denied"), "unauthorised"),
    "408": (408, "", "transient"),
    "cancelled": (499, envelope(499, "CANCELLED", "The operation was cancelled."), "transient"),
    "500": (500, envelope(500, "INTERNAL", "An internal error has occurred."), "transient"),
    "502": (502, "<html><title>502 Bad Gateway</title></html>", "transient"),
    "503": (503, envelope(503, "UNAVAILABLE", "The model is overloaded."), "transient"),
    "504": (504, envelope(504, "DEADLINE_EXCEEDED", "Deadline expired"), "transient"),
    "a list": (503, [envelope(503, "UNAVAILABLE", "overloaded")], "transient"),
}
