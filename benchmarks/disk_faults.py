"""Each change of the disk that a command makes fails once, with each error: what goes wrong?

Every open for writing, write, fsync, rename, mkdir, unlink and the like of a command
(tests/failing_disk has the scenarios) fails, alone or with all after it; then the command runs
again on a sound disk. `--every N` takes each N-th change, `--errors EIO,ENOSPC+` (`+`: and all
after it), `--scenario NAME`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests import failing_disk
from tests.failing_disk import Disk

ERRORS = (*failing_disk.ERRNOS, "EIO+", "ENOSPC+", "EROFS+", "EACCES+")


def main(argv: list[str]) -> dict[str, Any]:
    """One object: scenario -> changes, trials, wrong (fault -> what)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks disk_faults", description=__doc__)
    parser.add_argument("--every", type=int, default=25)
    parser.add_argument("--errors", default=",".join(ERRORS))
    parser.add_argument("--one", type=int, help="one of the errors for each change, from the N-th")
    parser.add_argument("--scenario", choices=list(failing_disk.SCENARIOS))
    args = parser.parse_args(argv)
    if failing_disk.library() is None:
        parser.error("needs a C compiler, and Linux")
    errors = args.errors.split(",")
    chosen = [args.scenario] if args.scenario else list(failing_disk.SCENARIOS)
    memory = Path("/dev/shm")  # noqa: S108 - thousands of small projects
    with (
        failing_disk.server() as server,
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
    ):
        disks = {
            name: Disk(failing_disk.SCENARIOS[name], Path(folder) / name, server) for name in chosen
        }
        return {name: _tried(disk, args.every, errors, args.one) for name, disk in disks.items()}


def _tried(disk: Disk, every: int, errors: list[str], one: int | None) -> dict[str, Any]:
    disk.fresh()
    ran = disk.faulty(0, "EIO", on=False)
    assert ran.code == 0, ran
    changes = disk.changes()
    wrong, trials = {}, 0
    for at, error in _faults(changes, every, errors, one):
        trials += 1
        found = failing_disk.trial(disk, at, error.rstrip("+"), on=error.endswith("+"))
        if found:
            wrong[f"{error} at {changes[at - 1].replace(str(disk.folder), '')}"] = found
            print(error, changes[at - 1], *found, sep="\n  ", flush=True)
    return {"changes": len(changes), "trials": trials, "wrong": wrong}


def _faults(
    changes: list[str], every: int, errors: list[str], one: int | None
) -> Iterator[tuple[int, str]]:
    """(number of the change, error); one: of the errors in turn."""
    for at in range(1, len(changes) + 1, every):
        opens = changes[at - 1].split()[1] == "open"
        fit = [error for error in errors if opens or error != "EMFILE"]
        for error in fit if one is None else [fit[(at // every + one) % len(fit)]]:
            yield at, error


def failed(result: Mapping[str, Any]) -> bool:
    """Did anything go wrong? Then the command ends with status 1."""
    return any(one["wrong"] for one in result.values())


def render(result: Mapping[str, Any]) -> str:
    """The result as Markdown."""
    lines = ["| command | changes of the disk | faults tried | wrong |", "|---|---|---|---|"]
    for name, one in result.items():
        lines.append(f"| {name} | {one['changes']:,} | {one['trials']:,} | {len(one['wrong'])} |")
    return "\n".join(lines)
