"""Claude through Anthropic's Messages API: what is known of it before anything is asked.

Prices stand in models.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nightpress.backends.declaration import (
    Access,
    Catalogue,
    Settings,
    own_key,
    own_server,
    spoken,
)

if TYPE_CHECKING:
    from nightpress.backends.anthropic.backend import Anthropic

__all__ = ["ANTHROPIC", "access"]

SERVICE = "https://api.anthropic.com"
MODELS = Catalogue(Path(__file__).with_name("models.json"), "anthropic")
DEFAULT = "claude-haiku-5-5"


def access(settings: Settings) -> Access:
    """Anthropic's own service with its key, or the server at `base_url` that speaks as it does."""
    url = str(settings.get("base_url") or SERVICE)
    if urlsplit(url).hostname != urlsplit(SERVICE).hostname:
        return own_server(settings)
    return Access(
        "Anthropic", own_key(settings) or ("ANTHROPIC_API_KEY",), service=SERVICE,
        address="ANTHROPIC_BASE_URL", models=MODELS, default_model=DEFAULT,
    )  # fmt: skip


def _class() -> type[Anthropic]:
    from nightpress.backends.anthropic.backend import Anthropic

    return Anthropic


ANTHROPIC = spoken(
    "anthropic",
    "Anthropic",
    _class,
    access,
    "How Anthropic is reached.",
    "not Anthropic's",
    ("low", "medium", "high"),
    key="ANTHROPIC_API_KEY",
    default_model=DEFAULT,
    models=MODELS,
    advice={
        "unauthorised": "check ANTHROPIC_API_KEY and its rights",
        "no_quota": "see the billing page of the console, or choose another `model`",
    },
)
