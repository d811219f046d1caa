"""Run-wide options: `doit force=1 enhance:NAME`, `nightpress tonight --until 06:00`.

One table says each option's name, type, values and meaning; the README's table, the checks and the
help are made from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from nightpress.backends import BACKENDS
from nightpress.errors import UsageError
from nightpress.text import suggestion


class Option(Struct, frozen=True):
    """One run-wide option. read: turns the user's text into the value, or raises ValueError with
    what was expected; often: help names it where there is room for a few."""

    name: str
    read: Callable[[str], Any]
    values: str
    help: str
    often: bool = False


def _flag(text: str) -> bool:
    values = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in values:
        raise ValueError("1 or 0")
    return values[text.lower()]


_WHOLE = r"[0-9]{1,12}(_[0-9]{3})*"


def _count(text: str) -> int:
    if not re.fullmatch(_WHOLE, text):
        raise ValueError("a whole number")
    return int(text)


def _several(text: str) -> int:
    if not re.fullmatch(_WHOLE, text) or not int(text):
        raise ValueError("a whole number from 1 up")
    return int(text)


def _amount(text: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise ValueError("an amount such as 2.50")
    return float(text)


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01]?[0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError("a time of day such as 06:00")
    return text


def _word(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/:-]*", text):
        raise ValueError("a name")
    return text


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise ValueError("a part of all plugins such as 3/8")
    return int(found[1]), int(found[2])


ENGINE = r"threads|processes(=[1-9][0-9]{0,3})?|dask(=([1-9][0-9]{0,3}|[a-z]+://[^\s@]+))?"


def _engine(text: str) -> str:
    if not re.fullmatch(ENGINE, text):
        words = "threads, processes, processes=N, dask, dask=N or dask=tcp://HOST:PORT"
        kind, equals, value = text.partition("=")
        near = suggestion(kind, ("threads", "processes", "dask"), f"{{}}{equals}{value}", lead="; ")
        raise ValueError(f"{words}{near if near != f'; did you mean {text}?' else ''}")
    return text


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError("one of " + ", ".join(words) + suggestion(text, words, lead="; "))
        return text

    return read


def _backend(text: str) -> str:
    name, colon, at = text.partition(":")
    if name not in BACKENDS:
        _one_of("auto", *BACKENDS)(name)
    if colon and not at:
        raise ValueError(f"something behind the colon of {text}")
    return text


OPTIONS = {
    option.name: option
    for option in (
        Option(
            "force",
            _flag,
            "1",
            "make a named document again, over hand edits, refusals and rejections",
            often=True,
        ),
        Option(
            "progress",
            _one_of("rich", "plain", "json", "none"),
            "rich, plain, json, none",
            "how a run shows itself (default: rich in a terminal, else plain; none: only failures)",
        ),
        Option("backend", _backend, ", ".join(("auto", *BACKENDS)), "who writes", often=True),
        Option(
            "lane",
            _one_of("interactive", "flex", "batch", "auto"),
            "interactive, flex, batch, auto",
            "at what price and speed a model is asked, where its provider has lanes",
        ),
        Option("model", _word, "NAME", "the model that is asked", often=True),
        Option("paid", _flag, "1", "allow a route that costs money"),
        Option(
            "pace",
            _one_of("adaptive", "fixed", "unpaced"),
            "adaptive, fixed, unpaced",
            "how calls are spaced (unpaced also lifts the limits of a server on this machine)",
        ),
        Option("max_calls", _count, "N", "at most N calls in this run"),
        Option("max_tokens", _count, "N", "at most N tokens, in and out, in this run"),
        Option("max_cost", _amount, "USD", "at most this many US dollars in this run", often=True),
        Option("until", _clock, "HH:MM", "take no new work after this time of day", often=True),
        Option("limit", _several, "N", "at most N enhancements in this run", often=True),
        Option(
            "engine",
            _engine,
            "threads, processes, dask",
            "where documents are composed and judged (`processes=4`, `dask=tcp://HOST:8786`)",
        ),
        Option("shard", _shard, "K/N", "only the K-th of N parts of the plugins, by their names"),
    )
}


def read(given: Mapping[str, str]) -> dict[str, Any]:
    """Checked options by name; UsageError for an unknown name or a bad value."""
    checked = {}
    for name, text in given.items():
        option = OPTIONS.get(name)
        if option is None:
            hint = "run-wide options: " + ", ".join(OPTIONS)
            raise UsageError(f"unknown option {name!r}{suggestion(name, OPTIONS, lead='; ')}", hint)
        try:
            checked[name] = option.read(text)
        except ValueError as error:
            raise UsageError(f"{name}={text}: expected {error}", option.help) from None
    named, colon, at = checked.get("backend", "").partition(":")
    if colon:
        checked |= {"backend": named, "backend_at": at}
    return checked
