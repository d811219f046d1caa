"""What the chapters' tasks are made of: a task as doit wants it, and what it prints.

That is lines that are safe for a terminal, or one JSON document, at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from doit.exceptions import TaskFailed

from nightpress.errors import NightpressError
from nightpress.tasks import session
from nightpress.tasks.session import failed
from nightpress.text import fitted, safe
from nightpress.voice import spoken

__all__ = [
    "FORMAT", "QUIET", "Task", "command", "group", "member", "option", "say", "say_json", "show",
    "switch", "write",
]  # fmt: skip

Task = dict[str, Any]
"""See `doit help task`."""

QUIET: Task = {"io": {"capture": False}, "verbosity": 2}
"""doit keeps back nothing that an action prints, and prints nothing of its own."""

FORMAT = {
    "name": "format",
    "long": "format",
    "short": "",
    "default": "text",
    "choices": [("text", ""), ("json", "exactly one JSON document")],
    "help": "how to print",
}


def option(name: str, help: str, default: str | int = "") -> dict[str, Any]:
    """`--NAME=VALUE`, of the default's type."""
    return {
        "name": name, "long": name, "short": "", "type": type(default), "default": default,
        "help": help,
    }  # fmt: skip


def switch(name: str, help: str) -> dict[str, Any]:
    return {
        "name": name.replace("-", "_"), "long": name, "short": "", "type": bool,
        "default": False, "help": help,
    }  # fmt: skip


def command(act: Callable[..., bool], *params: dict[str, Any]) -> Task:
    """A task that is never up to date; act: gets the session and the params, and says whether all
    is well (else exit status 1). A known error ends it with one paragraph."""
    return {"actions": [(_guarded(act), [], {})], "params": [*params], "uptodate": [False], **QUIET}


def group(doc: str, *params: dict[str, Any]) -> Task:
    """params: doit reads them after the group's name, and hands them to nobody: its members look
    at the invocation's flags."""
    return {"name": None, "doc": doc, "params": [*params]}


def member(slug: str, doc: str, act: Callable[..., bool], *params: dict[str, Any]) -> Task:
    """The task of one plugin that is never up to date; act: see `command`, and gets the slug."""

    return {
        "name": slug,
        "doc": doc,
        "actions": [(_guarded(act), [slug], {})],
        "params": [*params],
        "uptodate": [False],
        **QUIET,
    }


def _guarded(act: Callable[..., bool]) -> Callable[..., TaskFailed | None]:
    def action(*slug: str, **given: Any) -> TaskFailed | None:
        try:
            well = act(session.current(), *slug, **given)
        except (NightpressError, OSError) as error:
            return failed(error)
        return None if well else TaskFailed("", report=False)

    action.__name__ = act.__name__
    return action


# --- what is printed ---


def say(text: str = "") -> None:
    """One line, made safe; a terminal gets it broken between words."""
    write(fitted(safe(spoken(text), newlines=True), sys.stdout) + "\n")


def show(line: str) -> None:
    """One line that is safe already: it may hold colours of ours."""
    write(line + "\n")


def say_json(value: object) -> None:
    """The one JSON document."""
    write(json.dumps(value, indent=2, ensure_ascii=True, default=str) + "\n")


def write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader (`| head`) has seen enough; nobody is left to tell
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
