"""`nightpress why`: where a file comes from, and what a line of it rests on."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nightpress import errors
from nightpress.clock import RealClock
from nightpress.text import fitted, safe
from nightpress.voice import spoken

if TYPE_CHECKING:
    from nightpress.project import Project
    from nightpress.report import why as stories


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    why = commands.add_parser(
        "why",
        help="where a line of a published file comes from, and how to undo it",
        description="Tells of one file: from which sources, prompt and model, when, after how many "
        "attempts, at what cost, with which findings, and which snapshot takes it back. Of "
        "PATH:LINE: the lines of the plugin that this line rests on.",
    )
    why.add_argument(
        "path", metavar="PATH[:LINE]",
        help="a file of the project, or PLUGIN/NAME of a document, or a line of it; of PLUGIN, one "
        "sentence on each of its documents",
    )  # fmt: skip
    why.add_argument("--project", default=".", metavar="FOLDER", help="the project (here)")
    why.add_argument("--diff", action="store_true", help="show what publication changed")
    why.add_argument("--format", choices=("text", "json"), default="text", help="how to print")
    why.set_defaults(run=_why)


def _why(given: argparse.Namespace) -> int:
    from nightpress.project import Project, located
    from nightpress.report import why

    project = Project(located(given.project), {}, os.environ, RealClock())
    story, every = _of_line(project, given.path), list[str]()
    if story is None:
        every = why.documents(project, given.path)
        story = why.explain(project, every[0] if every else given.path, diff=given.diff)
    stories = [story, *(why.explain(project, one, diff=given.diff) for one in every[1:])]
    if given.format == "json":
        found = [one.as_json() for one in stories]
        shown = found if every[1:] else found[0]
        sys.stdout.write(json.dumps(shown, indent=2, ensure_ascii=True) + "\n")
        return errors.EXIT_OK
    lines = story.lines() if not every[1:] else [one.lines()[0] for one in stories]
    for line in [*lines, *([f"more of one: nightpress why {every[0]}"] if every[1:] else [])]:
        sys.stdout.write(fitted(safe(spoken(line)), sys.stdout) + "\n")
    return errors.EXIT_OK


def _of_line(project: Project, given: str) -> stories.Why | None:
    """Of `FILE:LINE`, where no file has that very name."""
    from nightpress.report import evidence, why

    path, _, line = given.rpartition(":")
    if not path or not line.isdecimal() or Path(given).exists():
        return None
    return evidence.of_line(project, why.path_of(project, path), int(line))
