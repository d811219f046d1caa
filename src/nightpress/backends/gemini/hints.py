"""What to do about an answer of Gemini that is no reply: one sentence for the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
    "too_large": "lower `input_bytes` in the generator, or exclude large files of this plugin",
    "blocked": "the provider's filter stopped it; the standing file is untouched",
}


def of(kind: str, message: str, details: Sequence[Mapping[str, Any]]) -> str:
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
