"""How a run shows itself without a screen: plain lines, JSON Lines, or nothing.

Every line is written at once: a night that looks stuck cannot be trusted. Names come
from plugins, so everything that is printed is made safe for a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from nightpress.pipeline import Event, Listener
from nightpress.plan import staleness
from nightpress.text import Out, safe
from nightpress.voice import spoken

PAUSE = 30.0
"""Seconds; a shorter wait for the quota is no news."""


IN_SIGHT = 12
"""Lines of a run, one for each document, that a terminal still shows when the run ends."""


def chosen(asked: str | None, out: Out, environ: Mapping[str, str]) -> str:
    """`rich` in a terminal that can move its cursor, else `plain`, unless the user says."""
    if asked:
        return asked
    able = out.isatty() and environ.get("TERM", "dumb") not in ("dumb", "unknown")
    return "rich" if able else "plain"


def listener(progress: str, out: Out) -> Listener:
    """The listener for plain, json and none."""
    if progress == "none":
        return _silent
    if progress == "json":
        return lambda event: _json(event, out)
    return lambda event: _plain(event, out)


def shown(event: Event) -> bool:
    """Is it one that a person wants a line for?"""
    if event.quiet:
        return False
    if event.kind == "waiting":
        return float(event.data["seconds"]) >= PAUSE
    if event.kind == "answered":
        return bool(event.data["outcome"] != "reply")
    if event.kind == "finished" and str(event.data.get("reason")).startswith(staleness.KEPT):
        return False  # no news: the summary counts them
    return event.kind in ("run", "finished", "notice", "summary")


def _silent(event: Event) -> None:
    del event


def _plain(event: Event, out: Out) -> None:
    if shown(event):
        out.write(safe(spoken(event.text)) + "\n")
        out.flush()


def _json(event: Event, out: Out) -> None:
    out.write(json.dumps(event.row(), ensure_ascii=True, default=str) + "\n")
    out.flush()
