"""`nightpress tonight`: runs doit again and again until all is done or the window ends.

Floor 4. Each round is a doit run of its own, so whatever ends a run (quota, a crash, a reboot of
the terminal) ends just that round; between rounds it sleeps until the quota goes on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from nightpress import budget, errors
from nightpress.clock import Clock
from nightpress.store import read_only

Say = Callable[[str], None]

PAUSE = 60.0
"""Seconds between two rounds where nothing says when it goes on (a server that is down)."""
MARGIN = 5.0
"""Seconds after a reset before the next round."""


def tonight(
    project: Path, variables: Sequence[str], until: str | None, clock: Clock, say: Say
) -> int:
    """Rounds until all is done, the window (`until`, HH:MM) ends, or nothing more can work.

    variables: `name=value` for doit. Returns the last round's exit status.
    """
    end = None
    if until is not None:
        now = datetime.fromtimestamp(clock.time())
        end = budget.next_time(until, now).timestamp()
    words = [*variables, *([f"until={until}"] if until else [])]
    while True:
        status = _round(project, words)
        if status not in (errors.EXIT_OK, errors.EXIT_FAILED, errors.EXIT_BUSY):
            return status
        wake = _goes_on_at(project, clock, status)
        if wake is None:
            return status
        if end is not None and wake >= end:
            say(f"the window ends at {until}; the rest goes on in the next one")
            return status
        say(f"sleeping until {datetime.fromtimestamp(wake):%Y-%m-%d %H:%M}")
        clock.sleep(max(0.0, wake - clock.time()))


def _round(project: Path, words: Sequence[str]) -> int:
    command = [sys.executable, "-m", "doit", *words]
    return subprocess.run(command, cwd=project, check=False).returncode  # noqa: S603


def _goes_on_at(project: Path, clock: Clock, status: int) -> float | None:
    """When the next round makes sense (epoch seconds); None: all is done, or nothing will help."""
    if status == errors.EXIT_BUSY:
        return clock.time() + PAUSE
    path = project / ".nightpress" / "ledger.db"
    if not path.exists():
        return None
    connection = read_only(path)
    try:
        row = connection.execute(
            "SELECT summary FROM runs WHERE summary IS NOT NULL ORDER BY rowid DESC LIMIT 1"
        ).fetchone()
    finally:
        connection.close()
    summary: dict[str, Any] = json.loads(row["summary"]) if row is not None else {}
    if not summary.get("deferred"):
        return None
    at = summary.get("goes_on_at")
    return None if at is None else float(at) + MARGIN
