"""False alarms on documents that people keep, by gate, of what `nightpress check` says.

`python -m benchmarks false-alarms CHECK.json ... [--read FILE]`: CHECK.json is what
`nightpress check --format json` printed in a project, before anything of it was adopted. FILE has a
line `GATE PATH` for each document whose errors of that gate somebody read beside its plugin and
found true; what it does not name counts as a false alarm. Gates of form (sizes, names, fences,
frontmatter) count what anybody can count, and are true without it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FORM = frozenset(
    "size-window name-form description-brackets fence-closed frontmatter-present".split()
)
"""Gates whose findings are counts of the file itself."""


def main(argv: Sequence[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks false-alarms", description=__doc__)
    parser.add_argument("checked", type=Path, nargs="+", metavar="CHECK.json")
    parser.add_argument("--read", type=Path, help="findings that were read and found true")
    args = parser.parse_args(argv)
    rows = args.read.read_text(encoding="utf-8").splitlines() if args.read else []
    true = {(gate, path) for gate, _, path in (row.partition(" ") for row in rows)}
    documents, found = 0, dict[str, set[str]]()
    for file in args.checked:
        for document in json.loads(file.read_text(encoding="utf-8"))["results"]:
            documents += document["score"] is not None
            for finding in document["findings"]:
                if finding["severity"] == "error":
                    found.setdefault(finding["check"], set()).add(document["path"])
    gates = {
        gate: {
            "documents": len(paths),
            "false": 0 if gate in FORM else sum((gate, path) not in true for path in paths),
        }
        for gate, paths in sorted(found.items(), key=lambda row: (-len(row[1]), row[0]))
    }
    return {"documents": documents, "gates": gates}


def render(result: dict[str, Any]) -> str:
    every = result["documents"]
    lines = [
        f"{every:,} documents that people keep, each in its own plugin. Every finding that is no"
        " count of the file itself was read.\n",
        "| gate | documents with an error | false alarms | of all documents |",
        "|---|---|---|---|",
    ]
    for gate, row in result["gates"].items():
        share = f"{100 * row['false'] / every:.1f} %"
        lines.append(f"| {gate} | {row['documents']} | {row['false']} | {share} |")
    return "\n".join(lines)
