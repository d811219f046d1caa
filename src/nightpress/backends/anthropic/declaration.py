"""What nightpress knows of Anthropic before it asks it anything. Prices stand in models.json."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from nightpress.backends.declaration import (
    FREE_MODEL,
    Access,
    Catalogue,
    Declaration,
    Environ,
    Model,
    Settings,
    thinking,
)
from nightpress.loopback import is_loopback
from nightpress.model import Backend

__all__ = ["ANTHROPIC", "access"]

SERVICE = "https://api.anthropic.com"
MODELS = Catalogue(Path(__file__).with_name("models.json"), "anthropic")
DEFAULT = "claude-haiku-5-5"


def access(settings: Settings) -> Access:
    """Anthropic's own service with its key, or the server at `base_url` that speaks as it does."""
    url = str(settings.get("base_url") or SERVICE)
    host = urlsplit(url).hostname
    own_key = tuple(filter(None, [str(settings.get("key") or "")]))
    if host == urlsplit(SERVICE).hostname:
        return Access(
            "Anthropic", own_key or ("ANTHROPIC_API_KEY",), service=SERVICE,
            address="ANTHROPIC_BASE_URL", models=MODELS, default_model=DEFAULT,
        )  # fmt: skip
    local = is_loopback(host)
    return Access(
        f"the server at {host}", own_key, service=url, models={},
        others=FREE_MODEL if local else Model(), free=local,
    )  # fmt: skip


def _make(settings: Settings, environ: Environ) -> Backend:
    from nightpress.backends.anthropic.backend import Anthropic
    from nightpress.backends.route import of, sdk

    sdk("anthropic")
    backend = Anthropic(of("anthropic", access(settings), settings, environ), settings)
    backend.connect()
    return backend


ANTHROPIC = Declaration(
    name="anthropic",
    title="Anthropic",
    kind="model",
    make=_make,
    access=access,
    key="ANTHROPIC_API_KEY",
    default_model=DEFAULT,
    models=MODELS,
    advice={
        "unauthorised": "check ANTHROPIC_API_KEY and its rights",
        "no_quota": "see the billing page of the console, or choose another `model`",
    },
    settings={
        "type": "object",
        "description": "How Anthropic is reached.",
        "additionalProperties": False,
        "properties": {
            "key": {
                "type": "string",
                "description": "The environment variable that holds the key. A server that is not"
                " Anthropic's gets no key without it.",
                "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
                "maxLength": 100,
            },
            "thinking": thinking("low", "medium", "high"),
            "deadline_seconds": {
                "type": "number",
                "description": "Longest time of one call, in seconds; on this machine 900.",
                "minimum": 1,
                "maximum": 7200,
                "default": 180,
            },
        },
    },
)
