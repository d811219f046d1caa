"""What a forge shows of us: annotations, the comment on a pull request, a wave's review table.

Pure. Paths and messages come from plugins: they are escaped for workflow commands, and stand in
Markdown as code, where nothing is markup, a mention or a link.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from nightpress.checks import Told
from nightpress.model import Finding
from nightpress.report.check_report import Report
from nightpress.text import safe
from nightpress.voice import spoken

MARK = "<!-- nightpress: check -->"
"""What the comment begins with: by it the comment is found again."""
LEVELS = ("error", "warning")
"""Of findings that are shown, the worst first; an info only says what is."""
MOST_FINDINGS = 40
LONGEST = 240
"""Characters of a message in Markdown."""
ROOM = 60_000
"""Characters of a list or table; GitHub takes texts of 65,536."""


# --- workflow commands ---


def workflow_commands(report: Report) -> Iterator[str]:
    """`::error file=...,line=...,title=...::message`, the worst first: GitHub shows ten of each
    level and step."""
    for path, finding in _shown(report):
        place = f"file={_property(path)},line={max(1, finding.line)}"
        if finding.column:
            place += f",col={finding.column}"
        title = _property(f"nightpress: {finding.check}")
        yield f"::{finding.severity} {place},title={title}::{_data(_said(finding))}"


def _shown(report: Report) -> list[Told]:
    return [told for level in LEVELS for told in report.placed() if told[1].severity == level]


def _said(finding: Finding) -> str:
    return spoken(f"{finding.message}; {finding.hint}" if finding.hint else finding.message)


def _data(text: str) -> str:
    """The runner decodes these three again; what is not printable is shown as an escape."""
    text = safe(text, newlines=True)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


# --- the comment ---


def comment(report: Report) -> str:
    """The comment: what is wrong, or that nothing is."""
    placed = _shown(report)
    closing = list(replace(report, quiet=False).lines())[-1]
    if report.ok and not placed:
        return f"{MARK}\n**nightpress check** passes. {closing}.\n"
    verdict = "passes" if report.ok else "fails"
    rows = [
        f"- **{finding.severity}** {code(f'{path}:{max(1, finding.line)}')}"
        f" {code(finding.check)}: {code(_said(finding))}"
        for path, finding in placed[:MOST_FINDINGS]
    ]
    rows = _fitting(rows)
    if (more := len(placed) - len(rows)) > 0:
        rows.append(f"- and {more:,} more: `nightpress check` lists them all")
    return "\n".join(
        [MARK, f"**nightpress check** {verdict}. {closing}.", "", *rows, "",
         "The same on your machine: `nightpress check`. What each gate asks for, and how to accept"
         " a finding: `nightpress check --explain RULE`, `nightpress check --help`.", ""]
    )  # fmt: skip


def _fitting(rows: Iterable[str]) -> list[str]:
    """As many of the rows as there is room for."""
    taken, room = [], ROOM
    for row in rows:
        room -= len(row) + 1
        if room < 0:
            break
        taken.append(row)
    return taken


def code(text: str) -> str:
    """Text as Markdown code of one line, also within a table; nothing of it is markup."""
    text = " ".join(safe(text).split())
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")


# --- the wave ---


class Row(Struct, frozen=True):
    """A document of a wave. old: its bytes in the base, None for a new one; lost: what the old one
    says and the new one does not, word for word, counted; "" for nothing; reason: why it was made.
    """

    job: str
    path: str
    old: int | None
    new: int
    lost: str
    score_before: int | None
    score: int | None
    reason: str


def title(rows: Sequence[Row]) -> str:
    """`Documents: 3 new, 9 updated`."""
    new = sum(row.old is None for row in rows)
    parts = [f"{new:,} new"] * bool(new) + [f"{len(rows) - new:,} updated"] * (len(rows) > new)
    return f"Documents: {', '.join(parts) or 'nightpress.lock'}"


def body(rows: Sequence[Row], waiting: int, begin: str, end: str) -> str:
    """The review table; waiting: drafts that a person must decide on, which are not in it."""
    shown = _fitting(map(_row, sorted(rows, key=lambda row: (not row.lost, row.job))))
    lines = [
        begin,
        f"{_some(len(rows))} written by nightpress; each passed its checks. {_losing(rows)}",
        "",
        "| plugin | document | bytes | losses | score | why |",
        "|---|---|---|---|---|---|",
        *shown,
    ]
    if (more := len(rows) - len(shown)) > 0:
        lines += ["", f"And {more:,} more: see the files."]
    if waiting:
        number = "1 draft waits" if waiting == 1 else f"{waiting:,} drafts wait"
        lines += ["", f"{number} for a decision and is not in this list: `nightpress review`."]
    if rows:
        example = code(f"nightpress why {shlex.quote(rows[0].path)}")
        lines += ["", f"Where a document comes from (sources, prompt, model, cost): {example}."]
    lines += [
        "",
        "Merge it to accept them all. To turn one down, put its old text back in this branch, or"
        " take a new one out of its manifest. Closing it without merging stops the nights until"
        " this branch is deleted; then all of it is proposed again.",
        end,
    ]  # fmt: skip
    return "\n".join(lines)


def _losing(rows: Sequence[Row]) -> str:
    replacing = sum(row.old is not None for row in rows)
    if not replacing:
        return "All are new: no file is replaced."
    losing = sum(bool(row.lost) for row in rows)
    many = replacing > 1
    replace = f"{replacing:,} replace{'' if many else 's'} a file"
    if not losing:
        return f"{replace}, and lose{'' if many else 's'} no word of it."
    who = f"{losing:,} of them lose{'' if losing > 1 else 's'}" if many else "it loses"
    return f"{replace}; {who} part of it{', listed first' if many else ''}."


def _some(count: int) -> str:
    return "1 document" if count == 1 else f"{count:,} documents"


def _row(row: Row) -> str:
    plugin, _, name = row.job.partition("/")
    size = f"new, {row.new:,}" if row.old is None else f"{row.old:,} -> {row.new:,}"
    scores = [str(score) for score in (row.score_before, row.score) if score is not None]
    cells = (
        code(plugin), f"{code(name)} {code(row.path)}", size,
        row.lost or "none", " -> ".join(scores) or "?", code(row.reason) if row.reason else "",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"
