"""The documents of a built project: placeholders, what does not exist, code, sales words.

`python -m benchmarks documents PROJECT [MEASURE ...]`, of a project on which `doit` has run: every
file that its ledger holds as published is read beside its plugin, by regular expressions of its
own, so that no gate of nightpress judges itself. With MEASURE its documents are named.
"""

from __future__ import annotations

import argparse
import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import _procedures as procedures

SALES = re.compile(
    r"\b(?:perfect|instant(?:ly)?|effortless(?:ly)?|seamless(?:ly)?|powerful|revolutionary"
    r"|never\b[^.\n]{1,40}\bagain|supercharge|unleash|game-changing|blazing|amazing|ultimate"
    r"|cutting-edge|world-class|best-in-class|magic(?:al)?)\b",
    re.I,
)
PLACEHOLDER = re.compile(
    r"\b[A-Z]+(?:_[A-Z]+)*_PLACEHOLDER\b|\b(?:[A-Z]+_)+HERE\b|\[(?:INSERT|TODO|TBD)\b|lorem ipsum"
)
FENCE = re.compile(r"(?ms)^([ \t]*)(`{3,})([^\n`]*)\n(.*?)^\1\2[ \t]*$")
COMMAND = re.compile(r"(?<![\w/.:~`-])`?/([a-z][a-z0-9]*(?:-[a-z0-9]+)+)(?![\w/.-])")
MENTION = re.compile(r"(?<![\w/.-])((?:commands|agents|scripts|hooks)/[\w./-]+\.\w+)")
MADE = re.compile(r"(?m)^(?:\w+ )*generates?:\n\n(?:- .*\n)+", re.I)
"""A list of the files that a command makes."""
LINK = re.compile(r"\]\(([^)#\s]+)\)")
SHORT = re.compile(r"(?m)^(?:shortcut|alias(?:es)?):\s*[\"']?/?([\w-]+)")


def documents(root: Path) -> list[tuple[str, str, Path]]:
    """(job, plugin's folder, file) of what stands as published; of a bundle its SKILL.md."""
    connection = sqlite3.connect(f"file:{root / '.nightpress' / 'ledger.db'}?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT job, plugin_path, target_path FROM enhancements WHERE status = 'published'"
        " GROUP BY job HAVING MAX(id) ORDER BY job"
    ).fetchall()
    connection.close()
    found = []
    for job, folder, target in rows:
        if "/references." in job:
            continue
        file = root / target if (root / target).is_file() else root / folder / target
        found.append((job, folder, file))
    return found


def names(root: Path) -> set[str]:
    """Commands and skills of the whole marketplace."""
    files = sorted(root.rglob("commands/**/*.md"))
    commands = {path.stem for path in files}
    for path in files:  # and what they say that they are called, too
        commands |= set(SHORT.findall(path.read_text(encoding="utf-8", errors="replace")))
    return {n.lower() for n in commands | {p.parent.name for p in root.rglob("skills/*/SKILL.md")}}


def measure(root: Path, named: Sequence[str] = ()) -> tuple[Counter[str], Counter[str]]:
    """What was counted over all documents, and in how many documents each was found."""
    total: Counter[str] = Counter()
    held: Counter[str] = Counter()
    known = names(root)
    for job, folder, file in documents(root):
        plugin = root / folder
        whole = [file, *sorted(file.parent.glob("references/*.md"))]  # a bundle is read as one
        pieces = {one: one.read_text(encoding="utf-8") for one in whole}
        text = "\n".join(pieces.values())
        texts = {
            str(path.relative_to(plugin)): path.read_text(encoding="utf-8", errors="replace")
            for path in sorted(plugin.rglob("*"))
            if path.is_file() and path not in pieces and path.stat().st_size < 400_000
        }
        source = "\n".join(texts.values()).replace("\r\n", "\n")
        prose = FENCE.sub("", text)
        flat = _flat(source)
        found: Counter[str] = Counter()
        found["placeholders"] = len(PLACEHOLDER.findall(prose))
        found["unknown commands"] = sum(
            c.lower() not in known and f"/{c}/" not in source for c in COMMAND.findall(prose)
        )
        mentioned = MENTION.findall(MADE.sub("", prose))
        found["missing files"] = sum(not (plugin / path).exists() for path in mentioned)
        links = [
            one.parent / link
            for one, said in pieces.items()
            for link in LINK.findall(re.sub(r"`[^`\n]*`", "", FENCE.sub("", said)))
            if "://" not in link
        ]
        found["dead links"] = sum(not link.exists() for link in links)
        codes = [m.group(4) for m in FENCE.finditer(text)]
        calls = [
            c for c in codes if all(row.startswith(("/", "#")) for row in c.split("\n") if row)
        ]
        found["altered code"] = sum(_flat(c).strip() not in flat for c in codes if c not in calls)
        found["blocks of one bare command"] = sum(
            bool(re.fullmatch(r"\s*/[\w:-]+\s*", c)) for c in codes
        )
        target = file.relative_to(plugin) if file.is_relative_to(plugin) else file
        lost = list(procedures.missing(text, target.as_posix(), texts))
        for kind, measure_of in (("cut", "cut procedures"), ("gone", "procedures left out")):
            found[measure_of] = sum(one == kind for one, _, _ in lost)
        found["dangling leads"] = sum(kind == "unled" for kind, _, _ in lost)
        found["dangling leads"] += len(list(procedures.Document(text, "").dangling()))
        found["sales words"] = len(SALES.findall(prose))
        parts = [p for p in texts if re.match(r"(?:commands|agents)/(?!README)[^/]+\.md$", p)]
        linked = {link.resolve() for link in links}
        found["components without a link"] = sum(
            (plugin / p).resolve() not in linked for p in parts
        )
        total.update(found)
        total["words"] += len(prose.split())
        total["documents"] += 1
        total["bytes"] += len(text.encode())
        held.update({key: 1 for key, value in found.items() if value})
        total["blocks of code"] += len(codes)
        for key in named:
            if found[key]:
                print(f"{job}: {found[key]} {key}")
                told = LOST.get(key, ())
                for kind, path, what in lost:
                    if kind in told:
                        print(f"  {path}: {what}")
    return total, held


LOST = {
    "cut procedures": ("cut",),
    "procedures left out": ("gone",),
    "dangling leads": ("unled",),
}
MEASURES = (
    "placeholders", "unknown commands", "missing files", "dead links", "altered code",
    "cut procedures", "procedures left out", "dangling leads",
    "blocks of one bare command", "components without a link",
)  # fmt: skip


def _flat(text: str) -> str:
    """A text without indents, the rest of an emoji, and the backslash before a backtick: a block
    that shows blocks of code has a longer fence in its stead. An address that a web page hid is
    one."""
    text = re.sub(r"\[email[ \u00a0]protected\]", "user@example.com", text)
    return re.sub(r"(?m)^[ \t]+", "", text.replace("\ufe0f ", "").replace("\\`", "`"))


def main(argv: list[str]) -> dict[str, Any]:
    """One object: documents, bytes, sales words per 1,000 words, and per measure how many there
    are and in how many documents."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks documents", description=__doc__)
    parser.add_argument("project", type=Path, help="a folder in which doit has run")
    parser.add_argument("named", nargs="*", choices=[*MEASURES, []], help="name its documents")
    args = parser.parse_args(argv)
    total, held = measure(args.project, args.named)
    return {
        "documents": total["documents"],
        "bytes": total["bytes"],
        "blocks of code": total["blocks of code"],
        "sales words per 1,000 words": round(
            1000 * total["sales words"] / max(1, total["words"]), 2
        ),
        "measures": {key: [total[key], held[key]] for key in MEASURES},
    }


def render(result: dict[str, Any]) -> str:
    """The figures as a table."""
    rows = ["| measure | found | in documents |", "|---|---|---|"]
    rows += [f"| {key} | {value:,} | |" for key, value in result.items() if key != "measures"]
    rows += [f"| {key} | {n:,} | {docs:,} |" for key, (n, docs) in result["measures"].items()]
    return "\n".join(rows)
