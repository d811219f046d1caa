"""By which lane a run's calls go: at once, or at a lower price and in the provider's own time.

Which lanes there are, and what they cost, is what a backend's way declares. Without a word every
call is interactive.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from nightpress import backends
from nightpress.model import Lane
from nightpress.pipeline.run import Run
from nightpress.project import Project, Writer
from nightpress.project import writer as writers

NEAR = 1_200.0
"""Seconds before `until` in which nothing waits for a cheap lane any more: a call of it may take a
quarter of an hour."""
EACH = 10.0
"""Seconds more for each document that is not done yet."""
LANES: tuple[Lane, ...] = ("interactive", "flex", "batch")


def share(project: Project, writer: Writer, lane: str) -> float:
    """The part of the price that a call by this lane costs."""
    return 1.0 if lane == "interactive" else offered(project, writer)[lane]


def offered(project: Project, writer: Writer) -> Mapping[str, float]:
    """The lanes beside `interactive` that the writer has -> the part of the price they cost."""
    return backends.way(writer.backend, project.values)[1].lanes if _asks(writer) else {}


def named(project: Project, writer: Writer) -> str:
    """The lane that the project or the command line says, of a writer that has lanes."""
    if not offered(project, writer):
        return "interactive"
    return writers.lane(writer.backend, project.values)


def _asks(writer: Writer) -> bool:
    return writer.kind == "model"


class Lanes(Struct):
    """The lanes of one run. until: when it takes no new work (epoch seconds); auto: what that is,
    where it is named."""

    run: Run
    until: float | None = None
    auto: Lane = "interactive"

    def now(self, writer: Writer) -> Lane:
        """The lane of a call that would be made now: near the run's end nothing waits."""
        told = named(self.run.project, writer)
        lane = self.auto if told == "auto" else next(one for one in LANES if one == told)
        if lane == "flex" and self._is_near():
            self.run.notice_once(
                "`until` is near, so what is left is asked at once, at the full price"
            )
            return "interactive"
        return lane

    def share(self, writer: Writer, lane: str) -> float:
        return share(self.run.project, writer, lane)

    def _is_near(self) -> bool:
        if self.until is None:
            return False
        left = max(0, self.run.work - len(self.run.outcomes))
        return bool(self.run.project.clock.time() >= self.until - NEAR - EACH * left)


def circuit_of(model: str, lane: str) -> str:
    """Whose circuit a call belongs to: a lane without room says nothing of the other one."""
    return model if lane == "interactive" else f"{model} ({lane})"
