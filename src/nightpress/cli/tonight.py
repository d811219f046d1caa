"""`nightpress tonight`: runs doit again and again until all is done or the window ends.

Each round is a doit run of its own, so whatever ends a run (quota, a crash, a server that
is down) ends just that round; between rounds it sleeps until it makes sense to go on.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from msgspec import Struct

from nightpress import errors
from nightpress import project as contract
from nightpress.clock import Clock
from nightpress.ledger import last_run
from nightpress.model import ATTEMPTED, Status
from nightpress.project import options
from nightpress.quota import budget

Say = Callable[[str], None]

PAUSE = 60.0
"""Seconds until the next round where nothing says when it goes on; doubled up to PAUSE_MOST with
each round that published nothing."""
PAUSE_MOST = 3_600.0
FRUITLESS = 5
"""Rounds in a row that failed and published nothing; then the night is given up."""
SLICE = 60.0
"""Longest sleep in seconds before the clock is read again."""
MARGIN = 5.0
"""Seconds after a reset before the next round."""


class Round(Struct, frozen=True):
    """How a round ended: its exit status, and its run's summary ({} if it had nothing to do)."""

    status: int
    summary: dict[str, Any]

    def left(self, kind: str) -> int:
        return int(self.summary.get(kind) or 0)


def tonight(
    project: Path, variables: Sequence[str], until: str | None, clock: Clock, say: Say
) -> int:
    """Rounds until all is done, the window (`until`, HH:MM) ends, or nothing more can work.

    variables: `name=value` for doit. A budget among them, or in the defaults, is the whole
    night's. Returns the last round's exit status.
    """
    bounds = _bounds(project, variables)
    window = bounds.pop("until", None)
    until = until or window
    end = None
    if until is not None:
        now = datetime.fromtimestamp(clock.time())
        end = budget.next_time(until, now).timestamp()
    fruitless = 0
    while True:
        words = [f"{n}={v:f}" if isinstance(v, float) else f"{n}={v}" for n, v in bounds.items()]
        latest = _round(project, [*words, *([f"until={until}"] if until else [])])
        fruitless = 0 if latest.left(Status.PUBLISHED) else fruitless + 1
        wake = _wake(latest, clock.time(), fruitless)
        if wake is None:
            return latest.status
        if not _take(bounds, latest):
            say("the night's budget is spent; the rest goes on in the next one")
            return latest.status
        if end is not None and wake >= end:
            say(f"the window ends at {until}; the rest goes on in the next one")
            return latest.status
        say(f"sleeping until {datetime.fromtimestamp(wake):%Y-%m-%d %H:%M:%S}")
        while (left := wake - clock.time()) > 0:
            clock.sleep(min(left, SLICE))  # one long sleep would oversleep after a suspend


def _bounds(project: Path, variables: Sequence[str]) -> dict[str, Any]:
    """The defaults' budget, and over it what was said on the command line."""
    defaults, _ = contract.load_defaults(project)
    given = dict(word.split("=", 1) for word in variables)
    return {**(defaults.values.get("budget") or {}), **options.read(given)}


def _take(bounds: dict[str, Any], latest: Round) -> bool:
    """Take what a round used off the night's bounds; False: one of them is used up."""
    begun = sum(latest.left(status) for status in ATTEMPTED)
    used: dict[str, float] = {"limit": begun, "max_cost": float(latest.summary.get("cost") or 0)}
    used |= {"max_calls": latest.left("calls"), "max_tokens": latest.left("tokens")}
    for name, amount in (latest.summary.get("ahead") or {}).items():  # of batch jobs
        used[f"max_{name}"] += amount
    for name, amount in used.items():
        if bounds.get(name) is not None:
            bounds[name] = round(max(0, bounds[name] - amount), 6)
    return not any(bounds.get(name) == 0 for name in used)


def _wake(latest: Round, now: float, fruitless: int) -> float | None:
    """When the next round makes sense (epoch seconds); None: all is done, or nothing will help."""
    pause = min(PAUSE_MOST, PAUSE * 2.0 ** max(0, fruitless - 1))
    if latest.status == errors.EXIT_BUSY:
        return now + pause
    if latest.status not in (errors.EXIT_OK, errors.EXIT_FAILED):
        return None
    at = latest.summary.get("goes_on_at")
    if latest.left(Status.DEFERRED) and at is not None:
        return max(now, float(at)) + MARGIN
    if latest.left(Status.FAILED) and fruitless < FRUITLESS:
        return now + pause
    return None


def _round(project: Path, words: Sequence[str]) -> Round:
    ledger = project / ".nightpress" / "ledger.db"
    before = last_run(ledger)[0]
    with subprocess.Popen([sys.executable, "-m", "doit", *words], cwd=project) as process:  # noqa: S603
        # A Ctrl-C reaches doit by the terminal, and doit ends well by itself; whoever stops only
        # us means it as well.
        def pass_on(number: int, _frame: FrameType | None) -> None:
            if number == signal.SIGTERM:
                process.send_signal(number)

        handlers = {n: signal.signal(n, pass_on) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            status = process.wait()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    last, summary = last_run(ledger)
    return Round(
        errors.EXIT_INTERRUPTED if status < 0 else status, summary if last > before else {}
    )
