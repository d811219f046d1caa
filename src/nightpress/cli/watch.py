"""`nightpress watch`: the live screen of a run in another process."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightpress import clock, errors
from nightpress.pipeline import Event
from nightpress.progress import Standing, Watched, plain, until_over
from nightpress.progress import draw as terminal_screen
from nightpress.project import STATE, Project, located
from nightpress.text import safe
from nightpress.voice import spoken

if TYPE_CHECKING:
    from rich.console import RenderableType

EVERY = 0.25
LOOK = 2.0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    watch = commands.add_parser(
        "watch",
        help="the live screen of a run in another process",
        description="Shows the run that is under way, or how the last one ended. Without a "
        "terminal: one line per event, until the run is over. Exit status 0, or 1 where the run's "
        "process died. Takes no lock and disturbs nothing.",
    )
    watch.add_argument("--project", default=".", metavar="FOLDER", help="the project (here)")
    watch.add_argument("--once", action="store_true", help="show its state now, and end")
    watch.add_argument("--format", choices=("text", "json"), default="text", help="how to print")
    watch.set_defaults(run=_watch)


def _watch(given: argparse.Namespace) -> int:
    root = located(given.project)
    watched = Watched(root / STATE)
    rows = list(watched.news())
    if given.once and given.format == "json":
        sys.stdout.write(json.dumps(watched.as_dict(), indent=2) + "\n")
    elif not watched.known and given.once:
        sys.stdout.write("no run yet\n")
    elif given.once:
        _print(root, watched, None)
    elif given.format == "json" or plain.chosen(None, sys.stdout, os.environ) == "plain":
        _lines(watched, rows, given.format)
    else:
        _screen(root, watched)
    return errors.EXIT_FAILED if "died" in watched.verdict() else errors.EXIT_OK


def _pause() -> None:
    time.sleep(EVERY)


def _lines(watched: Watched, rows: list[dict[str, Any]], form: str) -> None:
    def show(row: dict[str, Any]) -> None:
        event = Event(row["event"], row["at"], row["text"], row["job"], row)
        if form == "json":
            sys.stdout.write(json.dumps(row) + "\n")
        elif plain.shown(event) or event.kind == "end":
            sys.stdout.write(safe(spoken(event.text)) + "\n")
        sys.stdout.flush()

    for row in rows:
        show(row)
    if not watched.known:
        sys.stderr.write("no run yet: waiting for one\n")
    until_over(watched, _pause, show)
    if not watched.screen.ended:
        sys.stdout.write(f"{spoken(watched.verdict())}\n")


def _screen(root: Path, watched: Watched) -> None:
    from rich.live import Live

    if not watched.known:
        sys.stderr.write("no run yet: waiting for one\n")
        while not watched.known:
            _pause()
            list(watched.news())
    console = terminal_screen.console(sys.stdout)
    with Live(console=console, auto_refresh=False) as region:
        console.show_cursor(True)
        at, standing = 0.0, Standing()

        def draw() -> None:
            nonlocal at, standing
            if time.time() - at >= LOOK:
                at, standing = time.time(), _standing(root, watched)
            region.update(_drawn(watched, standing, console.width), refresh=True)
            _pause()

        until_over(watched, draw, lambda _row: None)
        region.update(_drawn(watched, None, console.width), refresh=True)


def _print(root: Path, watched: Watched, width: int | None) -> None:
    console = terminal_screen.console(sys.stdout, width=width)
    standing = None if watched.verdict() else _standing(root, watched)
    console.print(_drawn(watched, standing, console.width))


def _drawn(watched: Watched, standing: Standing | None, width: int) -> RenderableType:
    from rich.console import Group

    standing = standing or terminal_screen.Standing(verdict=watched.verdict())
    now = watched.screen.seen if standing.verdict else clock.of(os.environ).time()
    screen = terminal_screen.render(watched.screen, standing, now, width)
    return Group(*terminal_screen.latest(watched.screen), screen)


def _standing(root: Path, watched: Watched) -> Standing:
    from nightpress.progress import eta

    return eta.of(Project(root, {}, os.environ, clock.of(os.environ)), watched.screen)
