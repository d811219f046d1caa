"""What a backend declares of itself: all that the rest of nightpress knows of it.

Values, and what several of them share; no SDK, no network. Whoever adds a backend fills one in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from nightpress.errors import QuotaKind
from nightpress.loopback import is_loopback
from nightpress.model import Backend, BackendKind, Material, Request

__all__ = [
    "FREE",
    "FREE_MODEL",
    "KINDS",
    "UNLIMITED",
    "UTC",
    "Access",
    "Catalogue",
    "Day",
    "Declaration",
    "Environ",
    "Limits",
    "Model",
    "Price",
    "Settings",
    "provider",
]  # fmt: skip

Settings = Mapping[str, Any]
"""What the project says in the section of the backend's name, checked."""
Environ = Mapping[str, str]
KINDS: tuple[QuotaKind, ...] = ("rpm", "tpm", "rpd")
RARE = ("rph", "tph", "tpd", "concurrency")
"""Limits that few providers have."""


class Limits(Struct, frozen=True):
    """What one project may ask of one model: requests a minute, input tokens a minute, requests a
    day; requests and input tokens an hour; tokens a day, in and out; calls in flight at once;
    None is unlimited."""

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None
    rph: int | None = None
    tph: int | None = None
    tpd: int | None = None
    concurrency: int | None = None

    def __str__(self) -> str:
        """`15/250k/500`, and what else is limited: `15/250k/500 tpd=100k`; `-` is unlimited."""
        usual = "/".join(_short(getattr(self, kind)) for kind in KINDS)
        more = (f" {k}={_short(v)}" for k in RARE if (v := getattr(self, k)) is not None)
        return "".join((usual, *more))


UNLIMITED = Limits()


class Price(Struct, frozen=True):
    """US dollars per million tokens, in and out; cached: of input that the provider has in its
    cache (None: as any)."""

    tokens_in: float
    tokens_out: float
    cached: float | None = None


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


FREE_MODEL = Model(free=True, prices=((date.max, FREE),))
LOCAL_MODEL = replace(FREE_MODEL, limits=Limits(concurrency=4))
"""On this machine: more calls than its server has slots would only stand in line there, against
their deadline. llama.cpp and LM Studio have four slots by default."""


class Catalogue(Mapping[str, Model]):
    """The models of one provider, from a data file beside its declaration, read when one is asked
    for. The file: {"as_of": the day it was looked up, "source": ..., "providers": {NAME: {...,
    "models": {MODEL: {"in", "cached", "out": US dollars per million tokens, "until": last day of
    that price, "then": the next price, "free": true, "rpm", "tpm", "rpd", ...}}}}}. A MODEL `*:END`
    is every one that ends so."""

    def __init__(self, path: Path, provider: str) -> None:
        self.path = path
        self.provider = provider

    @cached_property
    def _models(self) -> dict[str, Model]:
        listed = _data(self.path)["providers"][self.provider]["models"]
        return {name: _model(one) for name, one in listed.items()}

    @property
    def as_of(self) -> date:
        """The day on which prices and limits were looked up."""
        return date.fromisoformat(_data(self.path)["as_of"])

    def __getitem__(self, name: str) -> Model:
        stem, colon, end = name.rpartition(":")
        if name not in self._models and stem and colon:
            return self._models[f"*:{end}"]
        return self._models[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)


KEY_NAME = "^[A-Za-z_][A-Za-z0-9_]*$"


def schema(description: str, **properties: Any) -> dict[str, Any]:
    """The JSON Schema of a backend's section."""
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": properties,
    }


def seconds(description: str, least: int = 1, most: int = 7200, usual: int = 180) -> dict[str, Any]:
    """The JSON Schema of a backend's setting `deadline_seconds`."""
    return {
        "type": "number",
        "description": description,
        "minimum": least,
        "maximum": most,
        "default": usual,
    }


def spoken(
    name: str,
    title: str,
    made_by: Callable[[], Any],
    access: Callable[[Settings], Access],
    described: str,
    keyless: str,
    levels: tuple[str, ...],
    more: Mapping[str, Any] = {},
    **told: Any,
) -> Declaration:
    """A backend whose protocol servers of one's own speak, too. made_by: its class (a
    remote.Chat), imported then; described: how it is reached; keyless: which server gets no key
    that is not named; levels: of thinking; more: settings of its own; told: as of a Declaration."""
    key = {
        "type": "string",
        "description": f"The environment variable that holds the key. A server that is {keyless}"
        " gets no key without it.",
        "pattern": KEY_NAME,
        "maxLength": 100,
    }
    deadline = seconds("Longest time of one call, in seconds; on this machine 900.")
    settings = schema(
        described, **more, key=key, thinking=thinking(*levels), deadline_seconds=deadline
    )

    def make(settings: Settings, environ: Environ) -> Backend:
        backend: Backend = made_by().made(access(settings), settings, environ)
        return backend

    return Declaration(
        name=name,
        title=title,
        kind="model",
        make=make,
        access=access,
        settings=settings,
        any_model=True,
        **told,
    )


def own_key(settings: Settings) -> tuple[str, ...]:
    """The variable that the project names for its key; () where it names none."""
    return tuple(filter(None, [str(settings.get("key") or "")]))


def own_server(settings: Settings) -> Access:
    """The server at `base_url`, whose models nobody knows; one on this machine costs nothing."""
    url = str(settings["base_url"])
    host = urlsplit(url).hostname
    local = is_loopback(host)
    return Access(
        f"the server at {host}", own_key(settings), service=url, models={},
        others=LOCAL_MODEL if local else Model(), free=local,
    )  # fmt: skip


def thinking(*levels: str) -> dict[str, Any]:
    """The JSON Schema of a backend's setting `thinking`: a level by phase, by model, or by both."""
    one = {"enum": list(levels), "description": "The level."}
    phases = {
        "type": "object", "additionalProperties": False,
        "properties": {phase: {"enum": list(levels)} for phase in _PHASES},
    }  # fmt: skip
    return {
        "type": "object",
        "description": "How long a model thinks: a level for a phase (analysis, generation,"
        " repair), or for a model by its name, which goes first: one for all its phases, or a"
        " mapping of a level for each; without one it is the model's own affair.",
        "properties": dict.fromkeys(_PHASES, one),
        "additionalProperties": {
            "anyOf": [one, phases],
            "description": f"A model's level: {', '.join(levels)}; or one for each of"
            f" {', '.join(_PHASES)}.",
        },
        "maxProperties": 20,
    }  # fmt: skip


_PHASES = ("analysis", "generation", "repair")


def level(settings: Settings, request: Request) -> str:
    """The thinking level that the settings have for a request; "" where they have none."""
    told = settings.get("thinking") or {}
    own = told.get(request.model)
    own = own.get(request.phase) if isinstance(own, Mapping) else own
    return str(own or told.get(request.phase) or "")


def provider(path: Path, name: str) -> dict[str, Any]:
    """What a data file says of a provider."""
    found: dict[str, Any] = _data(path)["providers"][name]
    return found


@cache
def _data(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _model(told: Mapping[str, Any]) -> Model:
    prices: list[tuple[date, Price]] = []
    price: Mapping[str, Any] | None = told if "in" in told else None
    while price is not None:
        last = date.fromisoformat(price["until"]) if "until" in price else date.max
        prices.append((last, Price(price["in"], price["out"], price.get("cached"))))
        price = price.get("then")
    limits = Limits(**{kind: told.get(kind) for kind in (*KINDS, *RARE)})
    return Model(limits, bool(told.get("free")), tuple(prices))


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
    environment variable that names it otherwise.

    Where the way decides about the models: models, others, default_model take the place of the
    declaration's; free: nothing that goes this way costs anything; stands_for: in whose name it
    answers (`BACKEND:MODEL`, the usual one first), where that is not of the project's choice;
    missing: (what, hint), where the settings lack what no call can do without; lanes: lane -> share
    of the price that it costs, where there are cheaper ways than asking at once."""

    name: str = ""
    keys: tuple[str, ...] = ()
    paid: bool = False
    service: str = ""
    address: str = ""
    account: str = ""
    account_in: str = ""
    models: Mapping[str, Model] | None = None
    others: Model = Model()
    default_model: str = ""
    free: bool = False
    stands_for: tuple[str, ...] = ()
    missing: tuple[str, str] | None = None
    lanes: Mapping[str, float] = {}

    def key(self, environ: Environ) -> str | None:
        """The name of the variable whose key is used; None where none is set."""
        return next((name for name in self.keys if environ.get(name, "").strip()), None)

    def owner(self, base_url: str, environ: Environ) -> tuple[str, ...]:
        """Whose quota calls count against: the address, and the key or the account there, to be
        hashed; () where neither is known."""
        key = self.key(environ)
        whose = environ[key].strip() if key else self.account or environ.get(self.account_in, "")
        url = base_url or environ.get(self.address, "") or self.service
        if not whose and not (self.free and url):
            return ()
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
    default_model: asked where the project names none; models: those that are known; any_model: may
    others be asked, too? (Also where no models are known.) others: what is assumed of those.
    auto: may `backend: auto` choose it, where its key is there? free: no call costs anything;
    stands_in: it answers in the name of another.
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
    auto: bool = False
    free: bool = False
    stands_in: bool = False
    default_model: str = ""
    models: Mapping[str, Model] = {}
    any_model: bool = False
    others: Model = Model()
    day: Day = UTC
    advice: Mapping[str, str] = {}
    extractable: Callable[[Material], int] | None = None

    def model(self, name: str) -> Model:
        """What is known, or assumed, of a model."""
        return self.models.get(name, self.others)

    @property
    def as_of(self) -> date | None:
        """The day on which its models' prices and limits were looked up; None: they were not."""
        return getattr(self.models, "as_of", None)

    def along(self, access: Access) -> Declaration:
        """This declaration, with the models that there are on one of its ways."""
        if access.models is None:
            return self
        return replace(
            self, models=access.models, others=access.others, free=access.free,
            default_model=access.default_model, key=next(iter(access.keys), ""),
        )  # fmt: skip


@cache
def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def _short(value: int | None) -> str:
    if value is None:
        return "-"
    return f"{value // 1000}k" if value >= 10_000 and value % 1000 == 0 else str(value)
