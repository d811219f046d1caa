"""The screen of a run, as a rich renderable: calm, aligned, and fit for a narrow terminal.

Names come from plugins: everything is made safe first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, cast

from msgspec import Struct

from nightpress.model import PARKED, Status, said
from nightpress.progress.screen import Screen
from nightpress.text import Out, hanging, safe, some
from nightpress.voice import spoken

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

STYLES: dict[str, str] = {
    Status.PUBLISHED: "green", Status.ADOPTED: "green", Status.REFUSED: "yellow",
    Status.FAILED: "red", said(PARKED): "cyan", Status.DEFERRED: "cyan", Status.INSUFFICIENT: "dim",
    Status.HOLLOW: "dim",
    Status.KEPT: "yellow", Status.INTERRUPTED: "yellow",
}  # fmt: skip
FLIGHTS, LATEST, WORKERS = 6, 6, 3
ROOMY = 60
"""Columns from which on the second line of an outcome is indented."""


class Standing(Struct, frozen=True):
    """How things stand beside the events. eta: epoch seconds, or None; later: this run will have to
    leave some to the next one (the day's quota, the budget or the window ends first); minute, day:
    (left, limit) of the quota, None where unlimited; resets_at: when the day's quota is new;
    verdict: said at the top of a run that is watched and not alive."""

    eta: float | None = None
    later: bool = False
    minute: tuple[int, int] | None = None
    day: tuple[int, int] | None = None
    resets_at: float = 0.0
    verdict: str = ""


def console(out: Out, **settings: Any) -> Console:
    """A console on `out`. A terminal is as wide as it says itself: COLUMNS, inherited from
    wherever the run was started, may be of another one (or of before it was resized)."""
    from rich.console import Console

    inherited = {"COLUMNS", "LINES"} if out.isatty() else set()
    environ = {name: value for name, value in os.environ.items() if name not in inherited}
    return Console(file=cast(IO[str], out), highlight=False, _environ=environ, **settings)


def render(screen: Screen, standing: Standing, now: float, width: int) -> RenderableType:
    """The whole screen, at most 20 lines."""
    from rich.console import Group

    return Group(*_parts(screen, standing, now, width))


def _parts(screen: Screen, standing: Standing, now: float, width: int) -> Iterator[RenderableType]:
    from rich.rule import Rule

    yield Rule(style="dim")
    if standing.verdict:
        yield _line((standing.verdict, "bold yellow"))
    yield _bar(screen, width)
    yield _counts(screen)
    yield _line((_clock(screen, standing, now), "dim"))
    if screen.backend != "offline":
        yield _line((_spent(screen), ""))
        if quota := _quota(standing):
            yield _line((quota, ""))
    yield from _workers(screen)
    if screen.waiting and screen.waiting[1] >= now + 1 and not standing.verdict:
        left = _duration(screen.waiting[1] - now)
        yield _line((f"waiting {left} more for the quota", "cyan"))
    if not standing.verdict:
        yield from _flights(screen, now, width)


def _line(*parts: tuple[str, str]) -> Text:
    from rich.text import Text

    return Text.assemble(*((safe(text), style) for text, style in parts), no_wrap=True,
                         overflow="ellipsis")  # fmt: skip


def _bar(screen: Screen, width: int) -> RenderableType:
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    total = max(screen.work, screen.done, 1)
    grid = Table.grid(padding=(0, 1), expand=False)
    grid.add_row(
        ProgressBar(total=total, completed=screen.done, width=max(10, min(40, width - 30))),
        _line((f"{screen.done:,} of {max(screen.work, screen.done):,}", "bold")),
        _line((f"{100 * screen.done // total} %", "dim")),
    )
    return grid


def _counts(screen: Screen) -> Text:
    from rich.text import Text

    parts = [(f"{screen.counts[s]:,} {s}", STYLES[s]) for s in STYLES if screen.counts[s]]
    parts += [(f"{screen.current:,} up to date", "dim")] if screen.current else []
    text = Text(overflow="fold")
    for number, (words, style) in enumerate(parts or [("nothing finished yet", "dim")]):
        text.append(("  " if number else "") + words, style)
    return text


def _clock(screen: Screen, standing: Standing, now: float) -> str:
    so_far = f"{_duration(max(0.0, now - screen.began))} so far"
    if standing.verdict:
        return so_far
    if standing.eta is None:
        return f"{so_far}, no estimate yet" if screen.done < screen.work else so_far
    if standing.later:
        return f"{so_far}, not all in this run: done about {_moment(standing.eta, now)}"
    return f"{so_far}, done about {_moment(standing.eta, now)}"


def _spent(screen: Screen) -> str:
    cost = "no price known" if screen.cost is None else f"${screen.cost:,.2f}"
    failed = screen.calls - screen.replies
    calls = some(screen.calls, "call") + (f" ({failed:,} unanswered)" if failed else "")
    return (
        f"{calls}, {_thousands(screen.tokens_in)} + {_thousands(screen.tokens_out)} tokens, {cost}"
    )


def _quota(standing: Standing) -> str:
    left = []
    if standing.minute:
        left.append(f"{standing.minute[0]:,} of {standing.minute[1]:,} this minute")
    if standing.day:
        at = datetime.fromtimestamp(standing.resets_at)
        left.append(f"{standing.day[0]:,} of {standing.day[1]:,} today (new at {at:%H:%M})")
    return f"quota left: {', '.join(left)}" if left else ""


def _workers(screen: Screen) -> Iterator[Text]:
    """Those who work for the run, and what the busiest of them have done."""
    if not screen.workers:
        return
    count = len(screen.workers)
    calling = f", {screen.calling:,} calls in flight" if screen.backend != "offline" else ""
    yield _line((f"{count:,} {'worker' if count == 1 else 'workers'}{calling}", ""))
    for one in screen.workers[:WORKERS]:
        yield _line((f"  {one['name']}  {worked(one)}", "dim"))


def worked(worker: Mapping[str, Any]) -> str:
    """What a worker did, in words: `12 composed, 30 judged, 12 calls in 41 s`."""
    did = [f"{worker[what]:,} {what}" for what in ("composed", "judged", "calls") if worker[what]]
    return f"{', '.join(did) or 'nothing'} in {_duration(worker['seconds'])}"


def _flights(screen: Screen, now: float, width: int) -> Iterator[RenderableType]:
    from rich.table import Table

    flights = sorted(screen.flights.values(), key=lambda flight: flight.since)
    if not flights:
        return
    grid = Table.grid(padding=(0, 2), expand=False)
    grid.add_column(no_wrap=True, overflow="ellipsis", max_width=max(12, width - 26))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    for flight in flights[:FLIGHTS]:
        age = _duration(max(0.0, now - flight.since))
        grid.add_row(_line((flight.job, "")), _line((flight.phase, "cyan")), _line((age, "dim")))
    yield grid
    if len(flights) > FLIGHTS:
        yield _line((f"and {len(flights) - FLIGHTS} more in flight", "dim"))


def outcome(text: str, width: int) -> RenderableType:
    """One finished enhancement, as lines for the scrollback."""
    from rich.table import Table
    from rich.text import Text

    status, rest = _parted(text)
    if status.plain.strip() in _WELL:
        rest = Text(_in_a_row(rest.plain, width - 13))
    if width < ROOMY:
        return Text.assemble(status, " ", rest, overflow="fold")
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, min_width=12)
    grid.add_column(overflow="fold")
    grid.add_row(status, rest)
    return grid


_WELL = ("published", "adopted")


def _in_a_row(text: str, room: int) -> str:
    """What is said of a document with which all is well, on one row if it can be: without what its
    score was counted from, then without why it was made."""
    for pattern in (r" \(100 - [^)]*\)", r"(?<= s)  .*"):
        text = text if len(text) <= room else re.sub(pattern, "", text)
    return text


def sentence(text: str, width: int, style: str = "") -> Text:
    """A sentence, as long as it is, broken between words."""
    from rich.text import Text

    return Text(hanging(safe(spoken(text)), width), style=style, overflow="fold")


def latest(screen: Screen) -> Iterator[Text]:
    """The last outcomes, for a screen that has no scrollback of its own."""
    for text in list(screen.said)[-LATEST:]:
        status, rest = _parted(text)
        yield _line((status.plain, str(status.style)), (f" {rest.plain}", ""))


def _parted(text: str) -> tuple[Text, Text]:
    """The status, coloured, and what is said of it."""
    from rich.text import Text

    status, _, rest = text.partition(" ")
    return Text(f"{safe(status):<12}", STYLES.get(status, "")), Text(safe(spoken(rest.lstrip())))


def _duration(seconds: float) -> str:
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {whole % 60:02} s"


def _moment(at: float, now: float) -> str:
    then = datetime.fromtimestamp(at)
    if at - now > 20 * 3600:
        return f"{then:%Y-%m-%d %H:%M}"
    return f"{then:%H:%M:%S}" if at - now < 600 else f"{then:%H:%M}"


def _thousands(count: int) -> str:
    return f"{count:,}" if count < 10_000 else f"{count / 1000:,.0f}k"
