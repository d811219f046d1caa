"""Kills the press at every step of its batch jobs, runs it on to the end, and tells what was paid.

Run as a program (`tests.preloaded`), with the words SOURCE WORK MUTANT STEP..., it prints one JSON
object a kill point. A whole course is several runs (questions are sent, their answers taken in, the
next ones sent), half an hour apart; in one of them the press is killed before one step of those
that `crash` counts and that concern jobs or the ledger. The runs before that one are those of the
course that is not killed: each goes on from a copy of the project as it stood then, and what the
server had been asked by then counts as its own. What was paid for is counted at the server.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.pipeline.crash import press, state

APART = 1_800.0
MOST = 9
"""Runs of a course, at most."""
STEPS = ("before:batches.", "before:provider.", "after:provider.", "before:ledger.keep_analysis")
"""What happens next begins where these end, so most are looked at from one side."""


def seen() -> dict[str, Any]:
    with urllib.request.urlopen(f"{os.environ['GOOGLE_GEMINI_BASE_URL']}/_seen") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def run(root: Path, number: int, at: int, mutant: str, out: Path) -> int:
    """Run number so many of a course; its wait status."""
    origin = 1_790_000_000 + number * APART
    os.environ["NIGHTPRESS_CLOCK"] = f"1,{origin},{time.monotonic()}"
    return press(root, at, mutant, out)


def waits(root: Path) -> bool:
    """Is anything under way, or not made yet?"""
    made = state(root)["targets"]
    plugins = [path.name for path in (root / "plugins").iterdir()]
    return len(made) < len(plugins)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Beginning:
    """How far a course has come before its run `number`: the project in `root`, what the server was
    asked, and the jobs that it had."""

    root: Path
    number: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)
    jobs: int = 0
    by_file: int = 0


def _by_file(seen: dict[str, Any]) -> int:
    return sum(job["by_file"] for job in seen["jobs"])


def course(
    begins: Beginning, work: Path, mutant: str, kill: int = 0, kept: list[Beginning] | None = None
) -> dict[str, Any]:
    """A course from there on, killed in its first run before step `kill` (0: never); kept: gets
    where each of its runs begins."""
    root, before = work / "course", seen()
    shutil.copytree(begins.root, root, symlinks=True)
    codes, traces = [], []
    for number in range(begins.number, MOST):
        if kept is not None:
            copy = work / f"before-{number}"
            root.rename(copy)
            shutil.copytree(copy, root, symlinks=True)  # as those that go on from there find it
            now = seen()
            calls = now["list"][len(before["list"]) :]
            jobs, by_file = len(now["jobs"]), _by_file(now)
            kept.append(
                Beginning(
                    copy, number, calls, jobs - len(before["jobs"]), by_file - _by_file(before)
                )
            )
        at = kill if number == begins.number else 0
        codes.append(run(root, number, at or -1, mutant, work / "trace.json"))
        traces.append([] if at else [s for s, _ in json.loads((work / "trace.json").read_text())])
        if not waits(root):
            break
    now = seen()
    calls = begins.calls + now["list"][len(before["list"]) :]
    asked = ("generateContent", "batchGenerateContent")
    paid = Counter(c["prompt_sha256"] for c in calls if c["method"] in asked and c["status"] == 200)
    connection = sqlite3.connect(root / ".nightpress" / "ledger.db")
    recorded = connection.execute(
        "SELECT count(*) FROM calls WHERE lane = 'batch' AND outcome = 'reply'"
    ).fetchone()[0]
    left = connection.execute(
        "SELECT (SELECT count(*) FROM batches WHERE state IN ('sending', 'sent')),"
        " (SELECT count(*) FROM batch_parts WHERE state = 'waiting')"
    ).fetchone()
    connection.close()
    found = {
        "targets": state(root)["targets"], "codes": codes, "traces": traces, "runs": len(codes),
        "paid": sum(paid.values()), "twice": sum(n > 1 for n in paid.values()),
        "recorded": recorded, "left": left,
        "jobs": begins.jobs + len(now["jobs"]) - len(before["jobs"]),
        "by_file": begins.by_file + _by_file(now) - _by_file(before),
    }  # fmt: skip
    shutil.rmtree(root)
    return found


def main() -> None:
    source, work, mutant, *only = sys.argv[1:]
    kill_at_each(Path(source), Path(work), mutant, only)


def kill_at_each(source: Path, work: Path, mutant: str, only: list[str]) -> None:
    kept: list[Beginning] = []
    whole = course(Beginning(source), work, mutant, kept=kept)
    print(json.dumps({"step": "", "run": -1, **whole}), flush=True)
    for number, trace in enumerate(whole["traces"]):
        for at, step in enumerate(trace, 1):
            wanted = step in only if only else any(part in step for part in STEPS)
            if wanted:
                found = course(kept[number], work, mutant, at)
                print(json.dumps({"step": step, "run": number, **found}), flush=True)
