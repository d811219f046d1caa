"""Gemini, by either of Google's two APIs: what is known of it before anything is asked.

Limits and prices stand in models.json. The limits are those that free-tier keys were really given
(docs/quota.md): published ones are not trustworthy, so a project may state its own, and a refusal
that states less lowers them. The prices are those of the paid tier.
"""

from __future__ import annotations

from pathlib import Path

from nightpress.backends.declaration import (
    Access,
    Catalogue,
    Day,
    Declaration,
    Environ,
    Limits,
    Model,
    Settings,
    provider,
    schema,
    seconds,
    thinking,
)
from nightpress.model import Backend

__all__ = ["GEMINI", "KEYS", "access"]

KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""In the order of the SDK: the first one that is set wins."""

MODELS = Path(__file__).with_name("models.json")
_TOMORROW = "nothing: the next run goes on after midnight Pacific; nightpress tonight waits"


def _make(settings: Settings, environ: Environ) -> Backend:
    from nightpress.backends.gemini.backend import Gemini
    from nightpress.backends.gemini.route import route

    backend = Gemini(route(settings, environ), settings)
    backend.connect()
    return backend


def access(settings: Settings) -> Access:
    """The Developer API with a key, or Vertex AI with the machine's credentials."""
    if settings.get("vertex"):
        return Access(
            "Vertex AI", paid=True, service="https://aiplatform.googleapis.com",
            address="GOOGLE_VERTEX_BASE_URL", account=str(settings.get("project") or ""),
            account_in="GOOGLE_CLOUD_PROJECT",
        )  # fmt: skip
    return Access(
        "the Developer API", KEYS, service="https://generativelanguage.googleapis.com",
        address="GOOGLE_GEMINI_BASE_URL", lanes=provider(MODELS, "gemini")["lanes"],
    )  # fmt: skip


GEMINI = Declaration(
    name="gemini",
    title="Gemini",
    kind="model",
    make=_make,
    access=access,
    key="GEMINI_API_KEY",
    auto=True,
    default_model="gemini-3.5-flash-lite",
    models=Catalogue(MODELS, "gemini"),
    any_model=True,
    others=Model(Limits(5, 250_000, 20)),
    day=Day("America/Los_Angeles", "midnight Pacific"),
    advice={
        "day_quota": _TOMORROW,
        "DaySpent": _TOMORROW,
        "unauthorised": "check GEMINI_API_KEY and its rights",
    },
    settings=schema(
        "How Gemini is reached.",
        vertex={"type": "boolean", "description": "Through Vertex AI, which costs money."},
        project={
            "type": "string",
            "description": "Google Cloud project (Vertex AI).",
            "minLength": 1,
            "maxLength": 200,
        },
        location={
            "type": "string",
            "description": "Google Cloud location (Vertex AI).",
            "minLength": 1,
            "maxLength": 100,
        },
        lane={
            "enum": ["interactive", "flex", "batch", "auto"],
            "description": "How calls are made: at once; or, of a paid tier, at half the price:"
            " when there is room (flex), or as one job that later runs look at (batch)."
            " auto: the cheapest that is done by `until`; of two, the sooner one.",
            "default": "interactive",
        },
        thinking=thinking("minimal", "low", "medium", "high"),
        deadline_seconds=seconds("Longest time of one call, in seconds.", least=10, most=3600),
    ),
)
