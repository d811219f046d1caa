"""The way to a service: base URL, key, deadline, proxy; from settings and the environment.

Pure. Keys come from the environment only, and are never in a message, a repr or a log; they, and
whatever is sent, go unencrypted to no other machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from urllib.parse import urlsplit

from nightpress.backends.declaration import Access, Environ, Settings
from nightpress.errors import UsageError
from nightpress.loopback import is_loopback
from nightpress.text import safe

__all__ = ["Route", "key", "of", "proxy", "sdk", "vetted"]

DEADLINE = 180.0
LOCAL_DEADLINE = 900.0
"""Seconds for a call to a server on this machine, whose model may be slow."""


@dataclass(frozen=True, slots=True)
class Route:
    """address: the base URL; secret: the key, "" where none is sent; deadline: seconds for a whole
    call; clock_speed: how many of them pass in a real second (other than 1 only with a local
    server on a fast clock); proxy: the URL of the proxy on the way, "" for none."""

    address: str
    secret: str = field(default="", repr=False)
    deadline: float = DEADLINE
    clock_speed: float = 1.0
    proxy: str = field(default="", repr=False)

    @property
    def local(self) -> bool:
        return is_loopback(urlsplit(self.address).hostname)


def of(name: str, access: Access, settings: Settings, environ: Environ) -> Route:
    """The route along `access`. settings: base_url, deadline_seconds, clock_speed; all optional.

    Raises UsageError where the key is missing or a value cannot be meant.
    """
    named = str(settings.get("base_url") or "").rstrip("/")
    speed = float(settings.get("clock_speed") or 1.0)
    address = named or access.service
    local = vetted(name, address, speed)
    stray = environ.get(access.address, "").rstrip("/")
    if stray and stray != address:
        raise UsageError(
            f"{access.address} is set, and calls would go elsewhere: to {safe(address)}",
            "unset it, or set `base_url` in manifests/_defaults.yaml, which says where they go",
        )
    secret = key(access.keys, environ) if access.keys else ""
    if access.keys and not secret:
        raise UsageError(f"{' or '.join(access.keys)} is not set", f"get a key of {access.name}")
    deadline = float(settings.get("deadline_seconds") or (LOCAL_DEADLINE if local else DEADLINE))
    return Route(address, secret, deadline, speed, "" if local else proxy(address, environ))


def vetted(name: str, url: str, clock_speed: float) -> bool:
    """Is the base URL on this machine? UsageError where it, or the clock with it, cannot be
    meant."""
    local = is_loopback(urlsplit(url).hostname)
    if url and urlsplit(url).scheme not in ("https", "http"):
        raise UsageError(f"{name}.base_url is not an http(s) URL", "e.g. http://127.0.0.1:8080")
    if url.startswith("http:") and not local:
        raise UsageError(
            f"{name}.base_url would send the key unencrypted", "use https, or a loopback address"
        )
    if clock_speed != 1.0 and not local:
        raise UsageError(
            "NIGHTPRESS_CLOCK is for rehearsals with a server on this machine",
            "unset it, or set a loopback base_url",
        )
    return local


def sdk(name: str) -> None:
    """UsageError where a package that a backend needs is not installed."""
    if find_spec(name) is None:
        raise UsageError(
            f"backend: {name} needs the package {name}, which is not installed",
            f"pip install 'nightpress[{name}]'",
        )


def key(names: Iterable[str], environ: Mapping[str, str]) -> str:
    """The key in the first of the variables that is set; "" where none is."""
    for name in names:
        # A pasted key often ends in a newline; as a header it would be refused, and quoted.
        found = environ.get(name, "").strip()
        if found and not (found.isascii() and found.isprintable() and " " not in found):
            raise UsageError(
                f"{name} contains characters that a key cannot have", "paste the key again"
            )
        if found:
            return found
    return ""


def proxy(address: str, environ: Mapping[str, str]) -> str:
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
    found = environ[named] if "://" in environ[named] else f"http://{environ[named]}"
    scheme = urlsplit(found).scheme.lower()
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
    return found
