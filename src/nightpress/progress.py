"""How a run shows itself: plain lines, JSON Lines, or nothing.

Floor 2. Every line is written at once: a night that looks stuck cannot be trusted. Names come
from plugins, so everything that is printed is made safe for a terminal.
"""

from __future__ import annotations

import json
from typing import TextIO

from nightpress.events import Event, Listener
from nightpress.terminal import safe

_SHOWN = frozenset({"run", "finished", "notice", "waiting", "call", "summary"})


def listener(progress: str | None, out: TextIO) -> Listener:
    """The listener for `progress=...`."""
    if progress == "none":
        return _silent
    if progress == "json":
        return lambda event: _json(event, out)
    return lambda event: _plain(event, out)


def _silent(event: Event) -> None:
    del event


def _plain(event: Event, out: TextIO) -> None:
    if event.kind in _SHOWN:
        out.write(safe(event.text) + "\n")
        out.flush()


def _json(event: Event, out: TextIO) -> None:
    row = {"event": event.kind, "at": round(event.at, 3), "job": event.job, "text": event.text}
    out.write(json.dumps(row | event.data, ensure_ascii=True, default=str) + "\n")
    out.flush()
