"""Are skills found by what users ask for: our descriptions beside plugin.json's, by BM25.

`python -m benchmarks trigger PROJECT --before DIR`: of every published SKILL.md of a built project.
The requests come from the plugins as they were before (DIR, the same marketplace untouched): what
their skills quote a user as saying and name as occasions, and the "when to use" lines of their
commands, agents and README. The bound is what each whole document would do as its own
description: what is over it cannot be told apart by its words. "Said in neither" leaves out what
stands in one of the two descriptions compared; the one that names more has the harder rest then.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks.documents import documents
from nightpress.checks import Skill, trigger
from nightpress.plugin import sources
from nightpress.storage import tree

KINDS = ("quoted users", "commands and agents", "README")
REST = "said in neither"


class Case(Struct):
    """One plugin: its listing, plugin.json's and that of the whole document, and its requests by
    where they come from."""

    ours: Skill
    before: Skill
    whole: Skill
    requests: dict[str, tuple[str, ...]]


def cases(root: Path, before: Path) -> Iterator[Case]:
    for job, folder, file in documents(root):
        home = before / folder
        document = file.read_text(encoding="utf-8")
        skill = trigger.skill_of(job, document, None)
        if file.name != "SKILL.md" or skill is None or not home.is_dir():
            continue
        files = tuple(entry.path for entry in tree.walk(home, tree.Ignore()).files)
        anatomy = sources.anatomy_of(home, sources.read(home, files))
        listed = [skill.description, anatomy.description]
        texts = {f.path.lower(): f.text for f in anatomy.files}
        skills = "\n".join(t for path, t in texts.items() if path.endswith("skill.md"))
        body = skills.split("\n---\n", 1)[-1]
        readme = texts.get("readme.md", "")
        asked = {
            KINDS[0]: trigger.requests(body),
            KINDS[1]: trigger.requests("", anatomy),
            KINDS[2]: trigger.requests(readme),
            REST: (
                *trigger.requests(body, None, listed),
                *trigger.requests("", anatomy, listed),
                *trigger.requests(readme, None, listed),
            ),
        }
        before_it = Skill(job, anatomy.name, anatomy.description)
        yield Case(skill, before_it, Skill(job, skill.name, document), asked)


def main(argv: list[str]) -> dict[str, Any]:
    """Per origin of the requests: how many, and the shares that come first and among three."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks trigger", description=__doc__)
    parser.add_argument("project", type=Path, help="a folder in which doit has run")
    parser.add_argument("--before", type=Path, required=True, help="the marketplace before it")
    args = parser.parse_args(argv)
    found = list(cases(args.project, args.before))
    rows = {}
    for kind in (*KINDS, "all", REST):
        row: dict[str, Any] = {}
        for who in ("ours", "before", "whole"):
            skills = []
            for case in found:
                asked = [case.requests[one] for one in (KINDS if kind == "all" else (kind,))]
                one: Skill = getattr(case, who)
                said = tuple(request for part in asked for request in part)
                skills.append(Skill(one.id, one.name, one.description, said))
            measured = trigger.measure(skills)
            row["requests"] = sum(one.asked for one in measured.skills)
            row[who] = [measured.rate("first"), measured.rate("top3"), measured.characters]
        rows[kind] = row
    return {"skills": len(found), "requests": rows}


def render(result: dict[str, Any]) -> str:
    rows = [
        "| requests from | | ours: first | among 3 | plugin.json's: first | among 3 | bound |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, row in result["requests"].items():
        shares = [*row["ours"][:2], *row["before"][:2], row["whole"][0]]
        shown = " | ".join("" if share is None else f"{share:.1%}" for share in shares)
        rows.append(f"| {kind} | {row['requests']:,} | {shown} |")
    row = result["requests"]["all"]
    closing = (
        f"{result['skills']:,} skills; names and descriptions: {row['ours'][2]:,} characters,"
        f" plugin.json's {row['before'][2]:,}."
    )
    return "\n".join([*rows, "", closing])
