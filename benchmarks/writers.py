"""One marketplace by each backend, each against its local server: do rows and reports differ?

`python -m benchmarks writers --marketplace FOLDER` takes 40 of its plugins by a seed; without a
folder plugins are made up. Each backend documents a copy of its own, then looks again; `replay`
answers with what was recorded of `openai`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.market import Market, Ran, environment
from tests.market import plugin as make_plugin
from tests.writers import WRITERS, outcome

NO_HTTP = ("command", "replay")
"""Backends whose calls have no HTTP status."""


class Patient(Market):
    """A project whose commands may take their time."""

    def run(self, program: str, *words: str, **environ: str) -> Ran:
        command = [str(Path(sys.executable).parent / program), *words]
        done = subprocess.run(
            command, cwd=self.root, env=environment(**environ), capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)


def main(argv: list[str]) -> dict[str, Any]:
    """One object: plugins, and for each writer its seconds, again (is there nothing to do in the
    second run?), attempts by outcome, calls by outcome, and differs: what of rows and report is
    another than by the first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks writers", description=__doc__)
    parser.add_argument("--marketplace", type=Path, help="a folder with plugins in it")
    parser.add_argument("--plugins", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="nightpress-writers-") as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        first = Patient(Path(folder) / "as-it-is")
        _plugins(given.marketplace, first.root, given.plugins, given.seed)
        made = first.run("nightpress", "init")
        assert made.code == 0, made.out + made.err
        found = {}
        for name in WRITERS:
            market = Patient(Path(folder) / name / "shop")
            shutil.copytree(first.root, market.root)
            found[name] = _built(market, name)
    known = found["gemini"]["outcome"]
    for name, one in found.items():
        one["differs"] = sorted(
            key for key, value in _comparable(one.pop("outcome"), name).items()
            if value != _comparable(known, name)[key]
        )  # fmt: skip
    return {"plugins": given.plugins, "writers": found}


def _plugins(marketplace: Path | None, root: Path, count: int, seed: int) -> None:
    if marketplace is None:
        for number in range(count):
            make_plugin(root, f"plugin-{number}", size=16_000)
        return
    every = sorted(p.parent.parent for p in marketplace.rglob(".claude-plugin/plugin.json"))
    for one in random.Random(seed).sample(every, count):
        shutil.copytree(one, root / "plugins" / one.name)


def _built(market: Market, name: str) -> dict[str, Any]:
    with WRITERS[name](market) as (words, environ):
        begun = time.perf_counter()
        built = market.doit(*words, "pace=unpaced", **environ)
        seconds = time.perf_counter() - begun
        assert built.code in (0, 1), built.out + built.err
        market.done(*words, "report", **environ)
        again = market.doit(*words, "pace=unpaced", **environ)
    result = outcome(market)
    return {
        "seconds": round(seconds, 1), "again": "nothing to do" in again.out,
        "attempts": dict(Counter(status for _, status in result["attempts"])),
        "calls": dict(Counter(f"{phase} {said}" for _, phase, said, *_ in result["calls"])),
        "outcome": result,
    }  # fmt: skip


def _comparable(result: dict[str, Any], name: str) -> dict[str, Any]:
    """Beside a backend that speaks no HTTP, without the status."""
    if name not in NO_HTTP:
        return result
    calls = [(job, phase, said, attempt) for job, phase, said, _, attempt in result["calls"]]
    return result | {"calls": calls}


def render(result: dict[str, Any]) -> str:
    rows = [
        f"{result['plugins']} plugins.",
        "",
        "| backend | attempts | calls | differs | second run | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in result["writers"].items():
        told = (
            ", ".join(f"{count} {kind}" for kind, count in sorted(one[key].items()))
            for key in ("attempts", "calls")
        )
        again = "nothing to do" if one["again"] else "differs"
        differs = ", ".join(one["differs"]) or "nothing"
        rows.append(f"| {name} | {' | '.join(told)} | {differs} | {again} | {one['seconds']} |")
    return "\n".join(rows)
