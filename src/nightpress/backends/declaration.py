"""What a backend declares of itself: all that the rest of nightpress knows of it.

Values and two small functions; no SDK, no network, no file. Whoever adds a backend fills one in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from nightpress.errors import QuotaKind
from nightpress.model import Backend, BackendKind, Material

__all__ = [
    "FREE", "KINDS", "UNLIMITED", "UTC", "Access", "Day", "Declaration", "Environ", "Limits",
    "Model", "Price", "Settings",
]  # fmt: skip

Settings = Mapping[str, Any]
"""What the project says in the section of the backend's name, checked."""
Environ = Mapping[str, str]
KINDS: tuple[QuotaKind, ...] = ("rpm", "tpm", "rpd")


class Limits(Struct, frozen=True):
    """What one project may ask of one model: requests a minute, input tokens a minute, requests a
    day; None is unlimited."""

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None

    def __str__(self) -> str:
        """`15/250k/500`; `-` is unlimited."""
        return "/".join(_short(getattr(self, kind)) for kind in KINDS)


UNLIMITED = Limits()


class Price(Struct, frozen=True):
    """US dollars per million tokens, in and out."""

    tokens_in: float
    tokens_out: float


FREE = Price(0.0, 0.0)


class Model(Struct, frozen=True):
    """One model. limits: those that the project meets until it states its own; free: is there a
    tier that costs nothing? prices: (last day that it holds, price), in order of the days."""

    limits: Limits = UNLIMITED
    free: bool = False
    prices: tuple[tuple[date, Price], ...] = ()

    def price(self, today: date) -> Price | None:
        """Today's price; None: unknown."""
        return next((price for last, price in self.prices if today <= last), None)


class Day(Struct, frozen=True):
    """The provider's day, after which a day's quota is new. zone: an IANA time zone; midnight: how
    users are told when it ends."""

    zone: str = "UTC"
    midnight: str = "midnight UTC"

    @property
    def tzinfo(self) -> tzinfo:
        """Loaded when a day is first asked for: a run without quota has none."""
        return _zone(self.zone)

    def of(self, now: float) -> str:
        """The day (ISO date) of an epoch second."""
        return self._date(now).isoformat()

    def ends(self, now: float) -> float:
        """Epoch seconds of the next midnight; a day may have 23, 24 or 25 hours."""
        return self._midnight(self._date(now) + timedelta(days=1))

    def began(self, now: float) -> float:
        """Epoch seconds of the midnight that `now`'s day began with."""
        return self._midnight(self._date(now))

    def _date(self, now: float) -> date:
        return datetime.fromtimestamp(now, self.tzinfo).date()

    def _midnight(self, day: date) -> float:
        return datetime.combine(day, time(), self.tzinfo).timestamp()


UTC = Day()
FLOOR, PER_TOKEN = 1 << 20, 32
"""Bytes that a reply may have: so many, and so many for each output token that was asked for."""


def most_bytes(max_tokens: int) -> int:
    """Bytes of a reply that are taken at most; what is longer is broken off."""
    return FLOOR + PER_TOKEN * max_tokens


class Access(Struct, frozen=True):
    """One way to a backend's models. name: in words, for messages; keys: the environment variables
    of which one must hold a key (none: it takes no key), the first that is set wins; paid: it
    costs money, whatever the model; service: the base URL; address: the environment variable that
    holds another one; account: whose quota it is, where that is not the key's; account_in: the
    environment variable that names it otherwise."""

    name: str = ""
    keys: tuple[str, ...] = ()
    paid: bool = False
    service: str = ""
    address: str = ""
    account: str = ""
    account_in: str = ""

    def key(self, environ: Environ) -> str | None:
        """The name of the variable whose key is used; None where none is set."""
        return next((name for name in self.keys if environ.get(name, "").strip()), None)

    def owner(self, base_url: str, environ: Environ) -> tuple[str, ...]:
        """Whose quota calls count against: the address, and the key or the account there, to be
        hashed; () where neither is known."""
        key = self.key(environ)
        whose = environ[key].strip() if key else self.account or environ.get(self.account_in, "")
        if not whose:
            return ()
        url = base_url or environ.get(self.address, "") or self.service
        return self.name, spelled(url) if url else "", whose


def _open(_settings: Settings) -> Access:
    return Access()


def spelled(url: str) -> str:
    """A base URL in its one spelling: case, a port that goes without saying, a last slash."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").lower()
    with suppress(ValueError):
        if parts.port not in (None, {"http": 80, "https": 443}.get(parts.scheme)):
            host += f":{parts.port}"
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"


class Declaration(Struct, frozen=True, kw_only=True):
    """A backend.

    name: as in `backend: NAME`, and its section in manifests/_defaults.yaml; title: in messages.
    make: the backend; imports the SDK, so it is called when a call is about to be made. Raises
    UsageError for a missing credential or an impossible setting. A model's settings come with
    `base_url` and `clock_speed`, where there are such.
    access: the way that the settings choose.
    settings: the JSON Schema of the section; {}: it has none.
    key: the environment variable that users are told to put their key into.
    default_model: asked where the project names none; models: those that are known; others: what
    is assumed of a model that is not among them.
    day: when a day's quota is new.
    advice: cause of a failure (a kind of `errors.ANSWER_KINDS`, the name of an error) -> what to
    do, where the general advice is not precise enough.
    extractable: bytes of the document that an offline backend could compose of the material.
    """

    name: str
    title: str
    kind: BackendKind
    make: Callable[[Settings, Environ], Backend]
    access: Callable[[Settings], Access] = _open
    settings: Mapping[str, Any] = {}
    key: str = ""
    default_model: str = ""
    models: Mapping[str, Model] = {}
    others: Model = Model()
    day: Day = UTC
    advice: Mapping[str, str] = {}
    extractable: Callable[[Material], int] | None = None

    def model(self, name: str) -> Model:
        """What is known, or assumed, of a model."""
        return self.models.get(name, self.others)


@cache
def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def _short(value: int | None) -> str:
    if value is None:
        return "-"
    return f"{value // 1000}k" if value >= 10_000 and value % 1000 == 0 else str(value)
