"""The backends: who writes. An explicit registry; each is imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nightpress.errors import UsageError
from nightpress.model import Backend

Maker = Callable[[Mapping[str, Any], Mapping[str, str]], Backend]
"""(the backend's own settings, the environment) -> the backend."""


def _gemini(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Backend:
    from nightpress.backends.gemini.backend import Gemini
    from nightpress.backends.gemini.route import route

    made = Gemini(route(settings, environ))
    made.connect()
    return made


def _offline(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Backend:  # noqa: ARG001
    from nightpress.backends.offline import Offline

    return Offline()


BACKENDS: dict[str, Maker] = {"gemini": _gemini, "offline": _offline}


def make(name: str, settings: Mapping[str, Any], environ: Mapping[str, str]) -> Backend:
    """The backend of that name; `settings` is what the project says under it.

    Raises UsageError for an unknown name, a missing credential or an impossible setting.
    """
    try:
        maker = BACKENDS[name]
    except KeyError:
        known = ", ".join(sorted(BACKENDS))
        raise UsageError(f"there is no backend {name!r}", f"known: {known}") from None
    return maker(settings, environ)
