"""Google's error answers: status, and the JSON envelope with its typed details.

The wording follows real answers as they are quoted in public repositories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
SAID = {
    408: "The request timed out. Please try again.",
    500: "An internal error has occurred. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting",
    502: "Bad gateway.",
    503: "The model is overloaded. Please try again later.",
    504: "Deadline expired before operation could complete.",
}
SERVICE = {
    "developer": "generativelanguage.googleapis.com",
    "vertex": "aiplatform.googleapis.com",
}
TYPE = "type.googleapis.com/google.rpc."
LEARN = "https://ai.google.dev/gemini-api/docs/rate-limits"


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """An error answer: HTTP status and the whole body."""

    code: int
    body: Mapping[str, Any]


def refusal(
    code: int, message: str, details: Sequence[Mapping[str, Any]] = (), status: str = ""
) -> Refusal:
    error: dict[str, Any] = {
        "code": code,
        "message": message,
        "status": status or STATUS.get(code, "UNKNOWN"),
    }
    if details:
        error["details"] = list(details)
    return Refusal(code, {"error": error})


def plain(code: int) -> Refusal:
    """A server's trouble, without details."""
    return refusal(code, SAID[code])


def violations(found: Sequence[tuple[str, str]]) -> Refusal:
    """400 for (field, message) pairs, as Google's JSON transcoding says them."""
    detail = {
        "@type": TYPE + "BadRequest",
        "fieldViolations": [
            {"field": field, "description": said} if field else {"description": said}
            for field, said in found
        ],
    }
    return refusal(400, "\n".join(said for _, said in found), [detail])


def _reason(reason: str, api: str, **metadata: str) -> dict[str, Any]:
    return {
        "@type": TYPE + "ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {**metadata, "service": SERVICE[api]},
    }


def bad_key() -> Refusal:
    said = "API key not valid. Please pass a valid API key."
    local = {"@type": TYPE + "LocalizedMessage", "locale": "en-US", "message": said}
    return refusal(400, said, [_reason("API_KEY_INVALID", "developer"), local])


def no_key() -> Refusal:
    return refusal(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    )


def no_token(sent: bool) -> Refusal:
    expected = (
        "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
        "See https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    if sent:
        said = f"Request had invalid authentication credentials. {expected}"
        return refusal(401, said, [_reason("ACCESS_TOKEN_TYPE_UNSUPPORTED", "vertex")])
    said = f"Request is missing required authentication credential. {expected}"
    return refusal(401, said, [_reason("CREDENTIALS_MISSING", "vertex")])


def forbidden(api: str, project: str) -> Refusal:
    if api == "vertex":
        said = (
            "Permission 'aiplatform.endpoints.predict' denied on resource "
            f"'//aiplatform.googleapis.com/projects/{project}/locations/us-central1' "
            "(or it may not exist)."
        )
        return refusal(403, said, [_reason("IAM_PERMISSION_DENIED", api)])
    said = (
        f"Generative Language API has not been used in project {project} before or it is disabled."
    )
    return refusal(403, said, [_reason("SERVICE_DISABLED", api)])


def no_model(api: str, model: str, project: str, location: str, method: str) -> Refusal:
    if api == "vertex":
        return refusal(
            404,
            f"Publisher Model `projects/{project}/locations/{location}/publishers/google/"
            f"models/{model}` was not found or your project does not have access to it. Please "
            "ensure you are using a valid model version. For more information, see: "
            "https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions",
        )
    return refusal(
        404,
        f"models/{model} is not found for API version v1beta, or is not supported for {method}. "
        "Call ListModels to see the list of available models and their supported methods.",
    )


QUOTAS = {
    "rpm": (
        "generate_content_free_tier_requests",
        "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
    ),
    "tpm": (
        "generate_content_free_tier_input_token_count",
        "GenerateContentInputTokensPerModelPerMinute-FreeTier",
    ),
    "rpd": (
        "generate_content_free_tier_requests",
        "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
    ),
}


def over_quota(broken: Mapping[str, int], model: str, delay: float) -> Refusal:
    """429 of the Developer API; broken: which of rpm, tpm, rpd, and each one's limit."""
    said = [
        "You exceeded your current quota, please check your plan and billing details. For more "
        f"information on this error, head to: {LEARN}. To monitor your current usage, head to: "
        "https://ai.dev/usage?tab=rate-limit. "
    ]
    found = []
    for kind, limit in broken.items():
        metric, quota = QUOTAS[kind]
        said.append(
            f"* Quota exceeded for metric: {SERVICE['developer']}/{metric}, "
            f"limit: {limit}, model: {model}"
        )
        dimensions = {"location": "global", "model": model}
        one = {
            "quotaMetric": f"{SERVICE['developer']}/{metric}",
            "quotaId": quota,
            "quotaDimensions": dimensions,
        }
        # Protobuf JSON leaves a zero out: that is how "limit: 0" really arrives.
        found.append({**one, "quotaValue": str(limit)} if limit else one)
    said.append(f"Please retry in {delay:.9f}s.")
    learn = {"description": "Learn more about Gemini API quotas", "url": LEARN}
    return refusal(
        429,
        "\n".join(said),
        [
            {"@type": TYPE + "Help", "links": [learn]},
            {"@type": TYPE + "QuotaFailure", "violations": found},
            {"@type": TYPE + "RetryInfo", "retryDelay": f"{int(delay)}s"},
        ],
    )


def shared_capacity() -> Refusal:
    """429 of Vertex's Dynamic Shared Quota: no QuotaFailure, no delay."""
    return refusal(
        429,
        "Resource exhausted. Please try again later. Please refer to https://cloud.google.com/"
        "vertex-ai/generative-ai/docs/error-code-429 for more details.",
    )
