"""The live screen of this process's run: outcomes scroll by above, the state stands below.

Workers only put events into a queue; one thread draws, four times a second, so that
nothing here can slow a run down. The quota and the end are read from the ledgers, for reading.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from nightpress.model import Status
from nightpress.pipeline import Event
from nightpress.progress import draw
from nightpress.progress.draw import Standing
from nightpress.progress.outlet import Outlet
from nightpress.progress.plain import IN_SIGHT, shown
from nightpress.progress.screen import Screen

if TYPE_CHECKING:
    from rich.console import Console

EVERY = 0.25
"""Seconds between two drawings."""
LOOK = 2.0
"""Seconds between two looks at the quota."""


class Live:
    """A listener. standing: how the quota stands and when it will be done."""

    def __init__(
        self, out: Outlet, now: Callable[[], float], standing: Callable[[Screen], Standing]
    ) -> None:
        self._out = out
        self._now = now
        self._standing = standing
        self._screen = Screen()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._over = threading.Event()
        self._drawer: threading.Thread | None = None

    def __call__(self, event: Event) -> None:
        self._events.put(event)
        if event.kind in ("summary", "end"):  # the screen gives place to plain lines
            self.close()
        elif self._drawer is None and not self._over.is_set():
            self._drawer = threading.Thread(target=self._draw, daemon=True)
            self._drawer.start()

    def close(self) -> None:
        """Take the screen away and print what is left; safe to call again."""
        self._over.set()
        if self._drawer is not None:
            self._drawer.join()
            self._drawer = None
        self._plain()

    def _plain(self) -> None:
        console = draw.console(self._out, soft_wrap=True)
        for event in self._taken():
            self._print(console, event)

    def _taken(self) -> list[Event]:
        events = []
        while not self._events.empty():
            event = self._events.get()
            self._screen.fold(event.row())
            events.append(event)
        return events

    def _print(self, console: Console, event: Event) -> None:
        if not shown(event) or self._is_grouped(event):
            return
        if event.kind == "finished":
            console.print(draw.outcome(event.text, console.width))
        elif event.kind in ("run", "notice", "summary"):
            console.print(draw.sentence(event.text, console.width))
        elif _failed(event):
            console.print(draw.sentence(event.text, console.width, "dim"))

    def _is_grouped(self, event: Event) -> bool:
        """Does the summary of a long run tell of it, with the others of its cause?"""
        parks = event.kind == "finished" and event.data["status"] in (
            Status.HOLLOW, Status.INSUFFICIENT,
        )  # fmt: skip
        return parks and self._screen.work > IN_SIGHT

    def _draw(self) -> None:
        from rich.live import Live as Region

        console = draw.console(self._out)
        with Region(console=console, auto_refresh=False, transient=True) as region:
            console.show_cursor(True)  # whatever kills us, the terminal stays usable
            looked, standing = 0.0, Standing()
            while not self._over.wait(EVERY):
                events, now = self._taken(), self._now()
                if now - looked >= LOOK:
                    looked, standing = now, self._standing(self._screen)
                region.update(draw.render(self._screen, standing, now, console.width))
                for event in events:
                    self._print(console, event)
                if not self._out.behind():  # stopped with Ctrl-S, say: frames would pile up
                    region.refresh()


def _failed(event: Event) -> bool:
    return event.kind == "answered" and event.data["outcome"] not in ("reply", "kept")
