"""Which way to Gemini: API, credentials, base URL, deadline; from settings and the environment.

Pure. Keys come from the environment only, and are never in a message, a repr or a log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from nightpress.backends import route as routes
from nightpress.backends.gemini import KEYS, access
from nightpress.errors import UsageError
from nightpress.loopback import is_loopback

DEADLINE = 180.0
LEAST_DEADLINE = 10.0  # Google refuses anything under it with a 400


@dataclass(frozen=True, slots=True)
class Route:
    """deadline: seconds for a whole call; clock_speed: how many of them pass in a real second
    (other than 1 only with a local server on a fast clock); base_url: "" is Google's own;
    token: a Vertex access token for a local server, which never sees real credentials;
    proxy: the URL of the proxy on the way, "" for none."""

    api: Literal["developer", "vertex"] = "developer"
    key: str = field(default="", repr=False)
    project: str = ""
    location: str = "global"
    base_url: str = ""
    token: str = field(default="", repr=False)
    deadline: float = DEADLINE
    clock_speed: float = 1.0
    proxy: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """The URL of the service."""
        if self.base_url or self.api == "developer":
            return self.base_url or "https://generativelanguage.googleapis.com"
        region = "" if self.location == "global" else f"{self.location}-"
        return f"https://{region}aiplatform.googleapis.com"

    @property
    def secret(self) -> str:
        """What must stand in no message."""
        return self.key or self.token

    @property
    def local(self) -> bool:
        return is_loopback(urlsplit(self.base_url).hostname)


def route(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Route:
    """The route that `gemini:` in the settings and the environment describe.

    settings: vertex, project, location, base_url, deadline_seconds, clock_speed; all optional.
    Raises UsageError where a credential is missing or a value cannot be meant.
    """
    # GOOGLE_GENAI_USE_VERTEXAI is not asked: Vertex costs money, so only the project chooses it.
    vertex = bool(settings.get("vertex"))
    url = str(settings.get("base_url") or environ.get(access(settings).address) or "").rstrip("/")
    deadline = float(settings.get("deadline_seconds") or DEADLINE)
    if deadline < LEAST_DEADLINE:
        raise UsageError(
            f"gemini.deadline_seconds is {deadline:g} s, and Google refuses less than 10 s",
            "raise it, or leave it out (180 s)",
        )
    way = Route(
        api="vertex" if vertex else "developer",
        key="" if vertex else _key(environ),
        project=str(settings.get("project") or environ.get("GOOGLE_CLOUD_PROJECT") or ""),
        location=str(settings.get("location") or environ.get("GOOGLE_CLOUD_LOCATION") or "global"),
        base_url=url,
        token=environ.get("NIGHTPRESS_VERTEX_TOKEN", "test-token") if vertex else "",
        deadline=deadline,
        clock_speed=float(settings.get("clock_speed") or 1.0),
    )
    _check(way)
    return way if way.local else replace(way, proxy=routes.proxy(way.address, environ))


def _check(way: Route) -> None:
    if way.api == "vertex" and not way.project:
        raise UsageError("Vertex AI needs a project", "set gemini.project, or GOOGLE_CLOUD_PROJECT")
    routes.vetted("gemini", way.base_url, way.clock_speed)


def _key(environ: Mapping[str, str]) -> str:
    if found := routes.key(KEYS, environ):
        return found
    raise UsageError(
        f"neither {KEYS[0]} nor {KEYS[1]} is set", "get a key at https://aistudio.google.com/apikey"
    )
