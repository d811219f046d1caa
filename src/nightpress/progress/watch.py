"""`nightpress watch`: a run in another process, from the events that it keeps.

Reads `.nightpress/logs/latest.jsonl` and the lock file; writes nothing, takes no lock.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict

from nightpress.progress.screen import Screen
from nightpress.storage import private, run_lock


class Watched(Struct):
    """The latest run of a project. state: its `.nightpress`; screen: what is known so far."""

    state: Path
    screen: Screen = field(default_factory=Screen)
    _name: str = ""
    _offset: int = 0

    def news(self) -> Iterator[dict[str, Any]]:
        """The events since the last call, folded in; another run, once begun, takes over."""
        latest = self.state / "logs" / "latest.jsonl"
        try:
            name = os.readlink(latest)
            with (latest.parent / Path(name).name).open("rb") as file:
                file.seek(self._offset if name == self._name else 0)
                data = file.read()
        except OSError:
            return
        if name != self._name:
            self.screen, self._name, self._offset = Screen(), name, 0
        whole = data.rfind(b"\n") + 1  # the last line may be half written
        self._offset += whole
        for line in data[:whole].splitlines():
            try:
                row = json.loads(line)
                self.screen.fold(row)
            except (ValueError, LookupError, TypeError):
                continue  # torn by a full disk, or of another version
            yield row

    @property
    def known(self) -> bool:
        return bool(self.screen.run_id)

    def alive(self) -> bool:
        """Is the run's process there, and does the lock name it?"""
        try:
            holder = json.loads(private.contents(self.state / run_lock.NAME) or b"{}")
            os.kill(self.screen.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        except (OSError, ValueError):
            return False
        return isinstance(holder, dict) and holder.get("pid") == self.screen.pid

    def verdict(self) -> str:
        """What is to be said of a run that is no longer under way; "" while it is."""
        screen = self.screen
        if screen.ended:
            at = datetime.fromtimestamp(screen.seen)
            words = f"ended at {at:%H:%M:%S} with exit status {screen.exit_code}"
            if screen.goes_on_at:
                on = datetime.fromtimestamp(screen.goes_on_at)
                words += f"; the deferred can go on at {on:%Y-%m-%d %H:%M}"
            return words
        if self.known and not self.alive():
            # it may have ended between our look at its events and our look at it
            list(self.news())
            if not self.screen.ended:
                return f"its process (pid {screen.pid}) died; doit goes on where it stopped"
            return self.verdict()
        return ""

    def as_dict(self) -> dict[str, Any]:
        """For `--once --format json`."""
        screen = self.screen
        plain = (
            "run_id", "pid", "command", "backend", "model", "work", "current", "began", "seen",
            "calls", "replies", "tokens_in", "tokens_out", "cost", "exit_code", "goes_on_at",
        )  # fmt: skip
        return {name: getattr(screen, name) for name in plain} | {
            "done": screen.done,
            "calls_in_flight": screen.calling,
            "workers": list(screen.workers),
            "counts": dict(screen.counts),
            "in_flight": [asdict(flight) for flight in screen.flights.values()],
            "last": [list(row) for row in screen.last],
            "notices": list(screen.notices),
            "verdict": self.verdict(),
        }


def until_over(
    watched: Watched, sleep: Callable[[], None], seen: Callable[[dict[str, Any]], None]
) -> None:
    """Hand on each event, until the run is over."""
    while True:
        for row in watched.news():
            seen(row)
        if watched.verdict():
            return
        sleep()
