"""How much of each prompt an earlier one of its plugin begins with, too: what a cache can serve.

`python -m benchmarks prompts --marketplace FOLDER` (more than one, if you like) documents nothing
and asks nobody: it makes the question of each analysis and of each document that `nightpress init`
proposes, in the order of the plan, and compares. `before` is the order of the templates.
"""

from __future__ import annotations

import argparse
import bisect
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.market import environment
from tests.market import plugin as make_plugin

from nightpress.clock import RealClock
from nightpress.errors import NightpressError
from nightpress.model import Request
from nightpress.pipeline import analysis as phase1
from nightpress.pipeline import draft
from nightpress.plan import PluginState, catalog
from nightpress.project import Project, foregone, layout

LEAST = 4_096
"""Tokens that a beginning must have in common, at Gemini, to be served from a cache."""
A_TOKEN = 3.5
"""Characters."""
OFF = 0.9
"""Of the price of what is."""


def main(argv: list[str]) -> dict[str, Any]:
    """One object for each marketplace: plugins, calls, characters, and before and after: alike
    (percent of the characters), served (percent, by beginnings that are long enough), cost (of the
    input, if all of those are served: percent)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks prompts", description=__doc__)
    parser.add_argument("--marketplace", type=Path, action="append", default=[])
    parser.add_argument("--kinds", default="", help="and of each plugin: readme,reference,...")
    given = parser.parse_args(argv)
    found = {}
    with tempfile.TemporaryDirectory(prefix="nightpress-prompts-") as folder:
        for number, marketplace in enumerate(given.marketplace or [None]):
            root = Path(folder) / str(number)
            _laid_out(marketplace, root, list(filter(None, given.kinds.split(","))))
            name = marketplace.name if marketplace is not None else "made up"
            found[name] = measured(Project(root, {"backend": "gemini"}, KEY, RealClock()))
    return found


KEY = {**os.environ, "GEMINI_API_KEY": "none-is-asked"}


def _laid_out(marketplace: Path | None, root: Path, kinds: Sequence[str]) -> None:
    if marketplace is None:
        for number in range(12):
            make_plugin(root, f"plugin-{number}", size=24_000)
    else:
        left = shutil.ignore_patterns(".git", ".nightpress", "manifests", "nightpress.lock")
        shutil.copytree(marketplace, root, ignore=left, symlinks=True)
    command = [str(Path(sys.executable).parent / "nightpress"), "init"]
    subprocess.run(command, cwd=root, env=environment(), check=True, capture_output=True)
    for manifest in (root / "manifests").glob("[!_.]*.yaml"):
        with manifest.open("a") as file:
            file.writelines(f"  {kind}: {{generator: {kind}}}\n" for kind in kinds)


def measured(project: Project) -> dict[str, Any]:
    """What `main` says of one marketplace."""
    plugins = catalog.load(project).plugins.values()
    of_plugins = [tuple(_questions(project, plugin)) for plugin in plugins]
    asked = [[one.system + one.prompt for one in some] for some in of_plugins]
    arranged = [[layout.arranged(one) for one in some] for some in of_plugins]
    sent = [[one.system + one.prompt for one in some] for some in arranged]
    return {
        "plugins": len(of_plugins), "calls": sum(map(len, sent)), "before": _shares(asked),
        "after": _shares(sent),
    }  # fmt: skip


def _questions(project: Project, plugin: PluginState) -> Iterator[Request]:
    """Those of the analyses, then those of the documents."""
    documents = []
    for state in plugin.states.values():
        try:
            documents.append(draft.request(project, plugin, state, foregone.STANDS_IN))
        except NightpressError as error:
            print(f"{plugin.slug}: {error}", file=sys.stderr)
    for own in sorted({bool(one.material.anatomy.facts) for one in documents}):
        yield phase1.question_of(project, plugin, own=own)
    yield from documents


def _shares(of_plugins: Sequence[Sequence[str]]) -> dict[str, float]:
    total = alike = served = 0
    for texts in of_plugins:
        for number, text in enumerate(texts):
            most = max((_alike(text, one) for one in texts[:number]), default=0)
            total, alike = total + len(text), alike + most
            served += most if most >= LEAST * A_TOKEN else 0
    return {
        "characters": total, "alike": round(100 * alike / total, 1),
        "served": round(100 * served / total, 1),
        "cost": round(100 - 100 * OFF * served / total, 1),
    }  # fmt: skip


def _alike(one: str, other: str) -> int:
    """Characters that both begin with."""
    return bisect.bisect_left(
        range(min(len(one), len(other))), True, key=lambda n: one[: n + 1] != other[: n + 1]
    )


def render(result: dict[str, Any]) -> str:
    rows = [
        "| marketplace | plugins | calls | characters | alike before | after | long enough before |"
        " after | price of the input, at best |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in result.items():
        before, after = one["before"], one["after"]
        rows.append(
            f"| {name} | {one['plugins']:,} | {one['calls']:,} | {after['characters']:,}"
            f" | {before['alike']} % | {after['alike']} % | {before['served']} %"
            f" | {after['served']} % | {after['cost']} % |"
        )
    return "\n".join(rows)
