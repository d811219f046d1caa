"""What the live screen knows: folded from the events of a run, in this process or another."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

LAST = 50
"""Outcomes that are remembered."""
PHASES = ("analysis", "generation", "repair")


class Flight(Struct):
    """An attempt, or a plugin's analysis, that is under way. since: of the present phase."""

    job: str
    phase: str
    since: float


class Screen(Struct):
    """The state of one run. Times are epoch seconds; seen: of the latest event."""

    run_id: str = ""
    pid: int = 0
    command: str = ""
    backend: str = ""
    model: str = ""
    work: int = 0
    current: int = 0
    began: float = 0.0
    seen: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    flights: dict[str, Flight] = field(default_factory=dict)
    last: deque[tuple[str, str, str]] = field(default_factory=lambda: deque(maxlen=LAST))
    said: deque[str] = field(default_factory=lambda: deque(maxlen=LAST))
    notices: deque[str] = field(default_factory=lambda: deque(maxlen=LAST))
    calls: int = 0
    replies: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = 0.0
    waiting: tuple[str, float] | None = None
    workers: list[dict[str, Any]] = field(default_factory=list)
    exit_code: int | None = None
    goes_on_at: float | None = None

    @property
    def done(self) -> int:
        return sum(self.counts.values())

    @property
    def calling(self) -> int:
        """Calls that are in flight."""
        return sum(flight.phase in PHASES for flight in self.flights.values())

    @property
    def ended(self) -> bool:
        return self.exit_code is not None

    def fold(self, row: Mapping[str, Any]) -> None:
        """Take one event in, as a row of JSON; unknown kinds pass by."""
        self.seen = max(self.seen, float(row.get("at") or 0.0))
        if handle := getattr(self, f"_{row.get('event')}", None):
            handle(row)

    def _run(self, row: Mapping[str, Any]) -> None:
        self.run_id, self.pid = str(row["run_id"]), int(row["pid"])
        self.command, self.backend = str(row["command"]), str(row["backend"])
        self.model, self.work = str(row["model"]), int(row["work"])
        self.current, self.began = int(row["current"]), float(row["at"])

    def _started(self, row: Mapping[str, Any]) -> None:
        self._flies(row, "drafting" if self.backend == "offline" else "pacing")

    def _flies(self, row: Mapping[str, Any], phase: str) -> None:
        job = str(row["job"])
        self.flights[job] = Flight(job, phase, float(row["at"]))

    def _waiting(self, row: Mapping[str, Any]) -> None:
        self.waiting = (str(row["text"]), float(row["at"]) + float(row["seconds"]))

    def _asked(self, row: Mapping[str, Any]) -> None:
        self._flies(row, str(row["phase"]))

    def _answered(self, row: Mapping[str, Any]) -> None:
        if row["outcome"] != "kept":
            self.calls += 1
            self.replies += row["outcome"] == "reply"
            self.tokens_in += int(row["tokens_in"])
            self.tokens_out += int(row["tokens_out"])
            cost = row["cost"]
            self.cost = None if cost is None or self.cost is None else self.cost + float(cost)
        if row["phase"] == "analysis":
            self.flights.pop(str(row["job"]), None)
        else:
            self._flies(row, "checking" if row["outcome"] in ("reply", "kept") else "retrying")

    def _finished(self, row: Mapping[str, Any]) -> None:
        self.flights.pop(str(row["job"]), None)
        word = str(row.get("word") or row["status"])
        self.counts[word] += 1
        self.last.append((word, str(row["job"]), str(row["reason"])))
        self.said.append(str(row["text"]))

    def _workers(self, row: Mapping[str, Any]) -> None:
        self.workers = list(row["workers"])

    def _notice(self, row: Mapping[str, Any]) -> None:
        self.notices.append(str(row["text"]))

    def _end(self, row: Mapping[str, Any]) -> None:
        self.exit_code, self.goes_on_at = int(row["exit_code"]), row["goes_on_at"]
        self.flights.clear()
        self.waiting = None
