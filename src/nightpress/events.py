"""What happens in a run, as values: the pipeline tells, whoever listens shows.

Floor 0. The keys of an event are stable: `doit progress=json` prints them, one object a line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Event:
    """kind: run, waiting, started, call, finished, notice, summary; at: epoch seconds;
    job: `slug/name` or "" ; text: one plain sentence for people; data: more, for programs."""

    kind: str
    at: float
    text: str
    job: str = ""
    data: dict[str, Any] = field(default_factory=dict)


class Listener(Protocol):
    """Shows or records events; must not raise, and must not take long."""

    def __call__(self, event: Event) -> None: ...
