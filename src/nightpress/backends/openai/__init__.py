"""Whatever speaks the OpenAI protocol: what is known of it before anything is asked.

Who speaks it is the project's to say: a provider of providers.json, or any server by `base_url`.
One on this machine needs no key, costs nothing, and has no limit but of calls at once.
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
    provider,
    spoken,
)

if TYPE_CHECKING:
    from nightpress.backends.openai.backend import OpenAI

__all__ = ["OPENAI", "PROVIDERS", "access", "chosen"]

DATA = Path(__file__).with_name("providers.json")
PROVIDERS = ("openai", "openrouter", "groq")


def chosen(settings: Settings) -> str:
    """The provider that the settings name, or whose host `base_url` has; "" for another server."""
    named = str(settings.get("provider") or "")
    host = urlsplit(str(settings.get("base_url") or "")).hostname
    if not host:
        return named or "openai"
    hosts = {urlsplit(provider(DATA, one)["service"]).hostname: one for one in PROVIDERS}
    return hosts.get(host, "")


def access(settings: Settings) -> Access:
    """The provider's service with its key, or the server at `base_url`."""
    name = chosen(settings)
    if not name:
        return own_server(settings)
    facts = provider(DATA, name)
    return Access(
        facts["title"], own_key(settings) or (facts["key"],), service=facts["service"],
        address="OPENAI_BASE_URL" if name == "openai" else "",
        models=Catalogue(DATA, name), default_model=facts["default_model"],
    )  # fmt: skip


def _class() -> type[OpenAI]:
    from nightpress.backends.openai.backend import OpenAI

    return OpenAI


OPENAI = spoken(
    "openai",
    "OpenAI",
    _class,
    access,
    "How a service that speaks the OpenAI protocol is reached.",
    "no known provider's",
    ("minimal", "low", "medium", "high"),
    {
        "provider": {
            "enum": list(PROVIDERS),
            "description": "Whose service it is; another one, or a server of your own, is named"
            " by `base_url`.",
            "default": "openai",
        }
    },
    key="OPENAI_API_KEY",
    default_model="gpt-6-luna",
    models=Catalogue(DATA, "openai"),
    advice={
        "unauthorised": "check the provider's key and its rights",
        "no_quota": "see the provider's billing page, or choose another `model`",
    },
)
