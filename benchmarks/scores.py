"""The score's spread: documents of people, of a model in one shot, and of our own.

`python -m benchmarks scores --people DIR ... --slop FILE --plugins DIR --ours PROJECT`: every
SKILL.md below DIR; the `skill_content` of FILE, one JSON object a line, each put into a copy of its
plugin (`plugin_name`, below --plugins) in place of the skills there; what PROJECT's ledger has as
published. All are judged as `nightpress check` judges a document that no manifest declares. The
model's are judged a second time, mended: with a valid name, and a line that names the commands.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.documents import documents
from nightpress.checks import emptiness
from nightpress.plan import Judged
from nightpress.plan.check import check

MARKER = ".claude-plugin/plugin.json"
OWN = ("emptiness", "sales-talk", "description-repeated", "block-vacuous")
GROUPS = ("people", "model", "model, mended", "ours")


def people(folders: Sequence[Path]) -> list[Judged]:
    judged = check([str(folder) for folder in folders], Path.cwd(), {}, lambda *_: None)
    return [one for one in judged if one.score is not None]


def replies(file: Path, plugins: Path, mend: bool) -> Iterator[Judged]:
    """What a model wrote, each in its plugin."""
    homes = {path.parents[1].name: path.parents[1] for path in plugins.rglob(MARKER)}
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        home = homes.get(row["plugin_name"])
        if row.get("skill_content") and home is not None:
            commands = sorted(path.stem for path in home.glob("commands/*.md"))
            text = row["skill_content"]
            yield placed(home, mended(text, home.name, commands) if mend else text)


def placed(home: Path, text: str, target: str = "") -> Judged:
    """The score of a text as the skill of a copy of that plugin."""
    with tempfile.TemporaryDirectory(prefix="nightpress-scores-") as folder:
        copy = Path(folder) / home.name
        ignore = shutil.ignore_patterns("SKILL.md", ".git", "node_modules")
        shutil.copytree(home, copy, ignore=ignore, symlinks=True)
        file = copy / (target or f"skills/{home.name}/SKILL.md")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return check([str(file)], copy, {}, lambda *_: None)[0]


def mended(text: str, name: str, commands: Sequence[str]) -> str:
    """With a name and description of the right form, and the one sentence that gates ask for."""
    text = re.sub(r"(?m)^name: .*$", f"name: {name}", text, count=1)
    text = re.sub(
        r"(?m)^description: \|\n  (.*)$",
        lambda m: f"description: {json.dumps(m[1])}",
        text,
        count=1,
    )
    listed = ", ".join(f"`/{command}`" for command in commands)
    return f"{text.rstrip()}\n\nRun {listed}.\n" if commands else text


def published(root: Path) -> Iterator[Judged]:
    for _job, folder, file in documents(root):
        home = root / folder
        if file.name == "SKILL.md":
            target = file.relative_to(home).as_posix()
            yield placed(home, file.read_text(encoding="utf-8"), target)


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Quartiles, the share at 100, and in how many documents each of our gates finds something."""
    scores = sorted(one.score for one in judged if one.score is not None)
    quartiles = statistics.quantiles(scores, n=4, method="inclusive")
    found: Counter[str] = Counter()
    for one in judged:
        found.update({f.check for f in one.findings if f.severity != "info"}.intersection(OWN))
    errors = sum(any(f.severity == "error" for f in one.findings) for one in judged)
    return {
        "documents": len(scores),
        "least": scores[0],
        "quartiles": [round(value, 1) for value in quartiles],
        "most": scores[-1],
        "at 100": round(scores.count(100) / len(scores), 3),
        "with an error": errors,
        **{gate: found[gate] for gate in OWN},
    }


def main(argv: list[str]) -> dict[str, Any]:
    """group -> figures; what was not given is left out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scores", description=__doc__)
    parser.add_argument("--people", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--slop", type=Path, metavar="FILE")
    parser.add_argument("--plugins", type=Path, metavar="DIR")
    parser.add_argument("--ours", type=Path, metavar="PROJECT")
    args = parser.parse_args(argv)
    groups: dict[str, list[Judged]] = {}
    if args.people:
        groups["people"] = people(args.people)
    if args.slop and args.plugins:
        groups["model"] = list(replies(args.slop, args.plugins, mend=False))
        groups["model, mended"] = list(replies(args.slop, args.plugins, mend=True))
    if args.ours:
        groups["ours"] = list(published(args.ours))
    return {name: figures(judged) for name, judged in groups.items() if judged}


def render(result: dict[str, Any]) -> str:
    if not result:
        return "No documents are here: name some (`python -m benchmarks scores --help`)."
    heads = [name for name in GROUPS if name in result]
    rows = [f"| | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    keys = list(result[heads[0]])
    for key in keys:
        cells = [result[name][key] for name in heads]
        shown = [
            " / ".join(f"{value:g}" for value in cell)
            if isinstance(cell, list)
            else f"{cell:.0%}"
            if key == "at 100"
            else f"{cell:,}"
            for cell in cells
        ]
        label = {"quartiles": "lower quartile / median / upper quartile"}.get(key, key)
        label = f"with a finding of `{key}`" if key in OWN else label
        rows.append(f"| {label} | {' | '.join(shown)} |")
    least = emptiness.LEAST
    return "\n".join([*rows, "", f"A document of less than {least} sentences is not judged empty."])
