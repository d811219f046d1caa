"""`nightpress merge`: what other machines have made of this marketplace, brought here."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nightpress import errors
from nightpress.text import safe

if TYPE_CHECKING:
    from nightpress.pipeline import Merged

FEW = 5
"""Documents that are named one by one, of those that were not taken."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    merge = commands.add_parser(
        "merge",
        help="combine what several machines made of one marketplace",
        description="Attaches the ledger of each FOLDER (the project as it is on another "
        "machine, or what a CI job has uploaded of it) to this one's, whole and verified, and "
        "takes its documents with their lines of nightpress.lock. A file that was changed here "
        "meanwhile stays (exit 1). Makes no call; can be repeated.",
    )
    merge.add_argument("folders", nargs="+", metavar="FOLDER", help="one for each shard")
    merge.add_argument("--project", default=".", metavar="FOLDER", help="the project (here)")
    merge.set_defaults(run=_merge)


def _merge(given: argparse.Namespace) -> int:
    from nightpress.clock import RealClock
    from nightpress.pipeline import merge
    from nightpress.project import Project, lacks_dodo, located
    from nightpress.storage import run_lock

    root = located(given.project).resolve()
    if lacks := lacks_dodo(root):
        raise lacks
    project = Project(root, {}, os.environ, RealClock())
    lock, kept = run_lock.acquire(project.state, "nightpress merge"), 0
    try:
        for name in given.folders:
            merged = merge.merge(project, Path(name))
            kept += len(merged.kept)
            for line in _lines(name, merged):
                sys.stdout.write(safe(line) + "\n")
    finally:
        lock.release()
    return errors.EXIT_FAILED if kept else errors.EXIT_OK


def _lines(name: str, merged: Merged) -> list[str]:
    told = f"{name}: {merged.attempts:,} attempts and {merged.calls:,} calls attached"
    told += f"; {len(merged.published):,} documents taken, {merged.stood:,} were here already"
    lines = [told + (f", {len(merged.kept):,} not taken" if merged.kept else "")]
    lines += [f"  {job}: {why}" for job, why in list(merged.kept.items())[:FEW]]
    if len(merged.kept) > FEW:
        lines.append(f"  and {len(merged.kept) - FEW:,} more")
    return lines
