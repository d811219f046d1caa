"""Which way to Gemini: API, credentials, base URL, deadline; from settings and the environment.

Pure. Keys come from the environment only, and are never in a message, a repr or a log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any, Literal
from urllib.parse import urlsplit

from nightpress.backends.gemini.declaration import KEYS, access
from nightpress.errors import UsageError
from nightpress.loopback import is_loopback
from nightpress.text import safe

DEADLINE = 180.0
LEAST_DEADLINE = 10.0  # Google refuses anything under it with a 400


@dataclass(frozen=True, slots=True)
class Route:
    """deadline: seconds for a whole call; clock_speed: how many of them pass in a real second
    (other than 1 only with a local server on a fast clock); base_url: "" is Google's own;
    token: a Vertex access token for a local server, which never sees real credentials;
    thinking: the model's thinking level ("" leaves it to the model); proxy: the URL of the proxy on
    the way, "" for none."""

    api: Literal["developer", "vertex"] = "developer"
    key: str = field(default="", repr=False)
    project: str = ""
    location: str = "global"
    base_url: str = ""
    token: str = field(default="", repr=False)
    deadline: float = DEADLINE
    clock_speed: float = 1.0
    thinking: str = ""
    proxy: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """The URL of the service."""
        if self.base_url or self.api == "developer":
            return self.base_url or "https://generativelanguage.googleapis.com"
        region = "" if self.location == "global" else f"{self.location}-"
        return f"https://{region}aiplatform.googleapis.com"

    @property
    def local(self) -> bool:
        return is_loopback(urlsplit(self.base_url).hostname)


def route(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Route:
    """The route that `gemini:` in the settings and the environment describe.

    settings: vertex, project, location, base_url, deadline_seconds, clock_speed, thinking; all
    optional.
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
        thinking=str(settings.get("thinking") or ""),
    )
    _check(way)
    return way if way.local else replace(way, proxy=_proxy(way.address, environ))


def _proxy(address: str, environ: Mapping[str, str]) -> str:
    """The proxy that the environment names for that address; "" for none."""
    url = urlsplit(address)
    excepted = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    host = url.hostname or ""
    for one in filter(None, (entry.strip().lstrip("*.") for entry in excepted.split(","))):
        if host == one or url.netloc == one or host.endswith(f".{one}"):
            return ""
    if excepted.strip() == "*":
        return ""
    names = [f"{url.scheme}_proxy", "all_proxy"]
    named = next((n for name in names for n in (name, name.upper()) if environ.get(n)), "")
    if not named:
        return ""
    proxy = environ[named] if "://" in environ[named] else f"http://{environ[named]}"
    scheme = urlsplit(proxy).scheme.lower()
    if scheme in ("socks5", "socks5h"):
        if find_spec("socksio") is None:
            raise UsageError(
                f"{named} asks for a SOCKS proxy, and the package for SOCKS is not installed",
                f"pip install socksio; or unset {named}, or name the host in NO_PROXY",
            )
    elif scheme not in ("http", "https"):
        raise UsageError(
            f"{named} asks for a proxy of the kind {safe(scheme)!r}, which is not supported",
            "http, https, socks5 and socks5h are",
        )
    return proxy


def _check(way: Route) -> None:
    if way.api == "vertex" and not way.project:
        raise UsageError("Vertex AI needs a project", "set gemini.project, or GOOGLE_CLOUD_PROJECT")
    if way.base_url and urlsplit(way.base_url).scheme not in ("https", "http"):
        raise UsageError("gemini.base_url is no http(s) URL", "e.g. http://127.0.0.1:8080")
    if way.base_url.startswith("http:") and not way.local:
        raise UsageError(
            "gemini.base_url would send the key unencrypted", "use https, or a loopback address"
        )
    if way.clock_speed != 1.0 and not way.local:
        raise UsageError(
            "NIGHTPRESS_CLOCK is for rehearsals with a server on this machine",
            "unset it, or set a loopback base_url",
        )


def _key(environ: Mapping[str, str]) -> str:
    for name in KEYS:
        # A pasted key often ends in a newline; as a header it would be refused, and quoted.
        key = environ.get(name, "").strip()
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise UsageError(f"{name} holds characters that no key has", "paste the key again")
        if key:
            return key
    raise UsageError(
        f"neither {KEYS[0]} nor {KEYS[1]} is set", "get a key at https://aistudio.google.com/apikey"
    )
