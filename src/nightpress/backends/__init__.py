"""Who writes: a folder per backend, and a registry that everything asks.

May import: checks, plugin, ledger, storage, fingerprint, text, lazy, clock, loopback, model,
errors, voice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nightpress.backends import offline as composer
from nightpress.backends.anthropic import ANTHROPIC
from nightpress.backends.command import COMMAND
from nightpress.backends.declaration import (
    FREE,
    KINDS,
    UNLIMITED,
    UTC,
    Access,
    Catalogue,
    Day,
    Declaration,
    Limits,
    Model,
    Price,
    most_bytes,
)
from nightpress.backends.gemini import GEMINI
from nightpress.backends.offline.declaration import OFFLINE
from nightpress.backends.openai import OPENAI
from nightpress.backends.replay import REPLAY
from nightpress.errors import UsageError
from nightpress.model import Backend
from nightpress.text import safe, suggestion

__all__ = [
    "BACKENDS", "FREE", "KINDS", "UNLIMITED", "UTC", "Access", "Catalogue", "Day", "Declaration",
    "Limits", "Model", "Price", "chosen_by_auto", "composer", "declaring", "find", "key_names",
    "make", "models", "most_bytes", "section", "usual", "way",
]  # fmt: skip

GROUP = "nightpress.backends"
"""Entry points `NAME = "package.module:DECLARATION"` of other packages. They are looked for when a
name is asked for that is none of ours: a run with our own pays nothing for it."""


class Registry(dict[str, Declaration]):
    """Declarations by name. Iterating gives those that are known so far; `scanned` all of them.

    broken: name -> why another package's entry point cannot be loaded.
    """

    def __init__(self, ours: Iterable[Declaration]) -> None:
        super().__init__((one.name, one) for one in ours)
        self._ours = frozenset(self)
        self.broken: dict[str, str] = {}
        self._is_scanned = False

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            name != "auto" and dict.__contains__(self.scanned(), name)
        )

    def __missing__(self, name: str) -> Declaration:
        if name not in self:
            raise KeyError(name)
        return dict.__getitem__(self, name)

    def get(self, name: str, default: Any = None) -> Any:
        return dict.__getitem__(self, name) if name in self else default

    def is_ours(self, name: str) -> bool:
        return name in self._ours

    def scanned(self) -> Registry:
        """With those of other packages. Ours are not replaced by one of the same name."""
        if self._is_scanned:
            return self
        self._is_scanned = True
        from importlib.metadata import entry_points

        for point in entry_points(group=GROUP):
            if dict.__contains__(self, point.name):
                continue
            try:
                declared = point.load()
                if not isinstance(declared, Declaration) or declared.name != point.name:
                    raise TypeError(
                        f"{point.value} is not a Declaration with the name {point.name}"
                    )
                self[point.name] = declared
            except Exception as error:  # noqa: BLE001 - another's code; told when it is named
                self.broken[point.name] = f"{type(error).__name__}: {error}"
        return self


BACKENDS = Registry((OFFLINE, GEMINI, OPENAI, ANTHROPIC, COMMAND, REPLAY))
"""By name. `auto` takes the first of those that it may whose key is set."""


def find(name: str) -> Declaration:
    """The backend of that name; UsageError where there is none."""
    if name in BACKENDS:
        return BACKENDS[name]
    if name in BACKENDS.broken:
        why = safe(BACKENDS.broken[name])
        raise UsageError(f"backend {name!r} cannot be loaded: {why}", "look at its package")
    hint = f"known: {', '.join(sorted(BACKENDS))}"
    raise UsageError(f"there is no backend {name!r}{suggestion(name, BACKENDS, lead='; ')}", hint)


def make(name: str, settings: Mapping[str, Any], environ: Mapping[str, str]) -> Backend:
    """The backend of that name; `settings` is what the project says under it.

    Raises UsageError for an unknown name, a missing credential or an impossible setting.
    """
    declared = find(name)
    if BACKENDS.is_ours(name):
        return declared.make(settings, environ)
    from nightpress.backends import theirs

    return theirs.made(declared, settings, environ)


def models() -> list[Declaration]:
    """The backends that `auto` may choose, in the order in which it tries them."""
    return [one for one in BACKENDS.values() if one.kind == "model" and one.auto]


def section(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the project's `values` say of a backend: the section of its name, the base URL where it
    is not another's (`base_url_of`: whose it is), and `at`: what stands behind the colon of
    `backend=NAME:AT`."""
    settings = dict(values.get(name) or {})
    if values.get("base_url") and values.get("base_url_of", name) == name:
        settings["base_url"] = values["base_url"]
    if values.get("backend_at"):
        settings["at"] = values["backend_at"]
    return settings


def way(name: str, values: Mapping[str, Any]) -> tuple[Declaration, Access]:
    """The backend of that name as the project's `values` reach it, and the way there; UsageError
    where there is none."""
    declared = find(name)
    access = declared.access(section(name, values))
    return declared.along(access), access


def usual() -> Declaration:
    """The model backend that speaks where none is named."""
    return models()[0]


def declaring(model: str) -> Declaration | None:
    """The backend that knows a model; None where none does."""
    return next((one for one in BACKENDS.values() if model in one.models), None)


def chosen_by_auto() -> str:
    """When `auto` takes a model, in words: `Gemini if A (or B) is set`."""
    return ", ".join(filter(None, map(_taken, models())))


def _taken(one: Declaration) -> str:
    others = [name for name in one.access({}).keys if name != one.key]
    more = f" (or {', '.join(others)})" if others else ""
    return f"{one.title} if {one.key}{more} is set" if one.key else ""


def key_names() -> str:
    """The variables that a user may put a key into: `A`, or `A or B`."""
    return " or ".join(one.key for one in models() if one.key)
