"""What nightpress knows of Gemini before it asks it anything.

Limits are those that free-tier keys were really given (docs/quota.md): published ones are not
trustworthy, so a project may state its own, and a refusal that states less lowers them. Prices are
those of the paid tier, as published 2026-11.
"""

from __future__ import annotations

from datetime import date

from nightpress.backends.declaration import (
    Access,
    Day,
    Declaration,
    Environ,
    Limits,
    Model,
    Price,
    Settings,
)
from nightpress.model import Backend

__all__ = ["GEMINI", "KEYS", "access"]

KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""In the order of the SDK: the first one that is set wins."""

_TOMORROW = "nothing: the next run goes on after midnight Pacific; nightpress tonight waits"


def _make(settings: Settings, environ: Environ) -> Backend:
    from nightpress.backends.gemini.backend import Gemini
    from nightpress.backends.gemini.route import route

    backend = Gemini(route(settings, environ))
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
        address="GOOGLE_GEMINI_BASE_URL",
    )  # fmt: skip


GEMINI = Declaration(
    name="gemini",
    title="Gemini",
    kind="model",
    make=_make,
    access=access,
    key="GEMINI_API_KEY",
    default_model="gemini-3.5-flash-lite",
    models={
        "gemini-3.5-flash-lite": Model(
            Limits(15, 250_000, 500), True, ((date.max, Price(0.30, 2.50)),)
        ),
        # only the tokens were seen; the rest is the smallest that others were given
        "gemini-3.1-flash-lite": Model(
            Limits(5, 250_000, 20), True, ((date.max, Price(0.25, 1.50)),)
        ),
        "gemini-3.8-flash": Model(
            Limits(5, 250_000, 20),
            True,
            ((date(2026, 12, 31), Price(0.75, 3.75)), (date.max, Price(1.50, 7.50))),
        ),
    },
    others=Model(Limits(5, 250_000, 20)),
    day=Day("America/Los_Angeles", "midnight Pacific"),
    advice={
        "day_quota": _TOMORROW,
        "DaySpent": _TOMORROW,
        "unauthorised": "check GEMINI_API_KEY and its rights",
    },
    settings={
        "type": "object",
        "description": "How Gemini is reached.",
        "additionalProperties": False,
        "properties": {
            "vertex": {
                "type": "boolean",
                "description": "Through Vertex AI, which costs money.",
            },
            "project": {
                "type": "string",
                "description": "Google Cloud project (Vertex AI).",
                "minLength": 1,
                "maxLength": 200,
            },
            "location": {
                "type": "string",
                "description": "Google Cloud location (Vertex AI).",
                "minLength": 1,
                "maxLength": 100,
            },
            "deadline_seconds": {
                "type": "number",
                "description": "Longest time of one call, in seconds.",
                "minimum": 10,
                "maximum": 3600,
                "default": 180,
            },
        },
    },
)
