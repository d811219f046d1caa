"""What happens in a run, as values: the pipeline tells, whoever listens shows.

Kinds and keys are stable: `doit progress=json` prints them, one object a line, and
`.nightpress/logs/RUN.jsonl` keeps them; docs/events.md is made from KINDS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct, field

from nightpress.backends import BACKENDS


class Kind(Struct, frozen=True):
    """What a kind of event says; keys: name -> meaning, beside those that every event has."""

    says: str
    keys: Mapping[str, str] = field(default_factory=dict)


COMMON: Mapping[str, str] = {
    "event": "the kind",
    "at": "seconds since 1970-01-01 UTC",
    "job": "`PLUGIN/NAME`, the plugin alone for an analysis, or empty",
    "text": "one sentence for people; not stable",
}
KINDS: Mapping[str, Kind] = {
    "run": Kind(
        "A run begins its work.",
        {
            "run_id": "as in the ledger",
            "pid": "the process",
            "command": "what was typed",
            "backend": " or ".join(f"`{name}`" for name in BACKENDS),
            "model": "the model that is asked",
            "work": "enhancements that this run has work with",
            "current": "enhancements that need nothing",
        },
    ),
    "started": Kind("An attempt at an enhancement begins.", {"reasons": "why, in plain words"}),
    "waiting": Kind(
        "A call waits for its quota.", {"seconds": "how long", "model": "whose quota it is"}
    ),
    "asked": Kind("A call is about to leave.", {"phase": "analysis, generation or repair"}),
    "answered": Kind(
        "A call came back, well or not.",
        {
            "phase": "as asked",
            "outcome": "`reply`, `kept` (paid for before), or a failure (docs/answers.md)",
            "http_status": "null where there was none",
            "model": "the model that answered",
            "seconds": "from asking to the answer",
            "tokens_in": "input tokens",
            "tokens_out": "output tokens",
            "tokens_cached": "input tokens that the provider had in its cache",
            "cost": "US dollars; null: no price is known",
        },
    ),
    "finished": Kind(
        "An attempt ended.",
        {
            "status": "its final status, as in the ledger",
            "word": "the same as people read it everywhere: `waiting` where `status` is `deferred`"
            " because a draft waits for a person",
            "reason": "why, in plain words",
        },
    ),
    "workers": Kind(
        "What the workers of an engine have done so far, every few seconds and at the end.",
        {
            "workers": "for each its `name` (host and process), how often it has `composed`,"
            " `judged` and made `calls`, and the `seconds` that this took; the busiest first",
        },
    ),
    "notice": Kind("Something that a person should read."),
    "summary": Kind("One line of the summary."),
    "end": Kind(
        "The run is over.",
        {
            "exit_code": "doit's exit status",
            "counts": "attempts by final status",
            "calls": "HTTP attempts",
            "tokens": "in and out",
            "goes_on_at": "when what was deferred goes on, in epoch seconds; or null",
        },
    ),
}


class Event(Struct, frozen=True):
    """kind: one of KINDS; at: epoch seconds; job: `slug/name` or ""; text: one plain sentence for
    people; data: the kind's own keys, for programs; quiet: another line tells people of it."""

    kind: str
    at: float
    text: str
    job: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    quiet: bool = False

    def row(self) -> dict[str, Any]:
        """As it is printed and kept."""
        mine = {"event": self.kind, "at": round(self.at, 3), "job": self.job, "text": self.text}
        return mine | self.data


class Listener(Protocol):
    """Shows or records events; must not take long. One that raises is dropped."""

    def __call__(self, event: Event) -> None: ...
