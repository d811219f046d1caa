"""The three files of a report, each written whole or not at all: the page (`html`), the figures as
JSON, and the morning report, what a maintainer reads over coffee, as Markdown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import to_builtins
from msgspec.structs import replace

from nightpress import voice
from nightpress.model import said
from nightpress.project import Project
from nightpress.report import advice, formats
from nightpress.report import figures as words
from nightpress.report.figures import STATE_WORDS, UNUSABLE, Figures, RunRow, in_words, rate_words
from nightpress.report.html import beside, page
from nightpress.storage import atomic, private
from nightpress.text import safe, some


def write(project: Project, figures: Figures) -> list[Path]:
    """Write index.html, report.md and report.json under `.nightpress/report/`, and in its folder
    `rows` what the page has no room for; the paths of the three. Whoever reads them later need not
    be who typed: their commands are those of nightpress."""
    folder = project.state / "report"
    private.folder(folder)
    with voice.nightpress():
        figures = in_words(figures)
    _beside(folder / "rows", figures)
    texts = {
        "index.html": page(figures),
        "report.md": markdown(figures),
        "report.json": as_json(figures),
    }
    paths = []
    for name, text in texts.items():
        atomic.write(folder / name, text.encode("utf-8", "replace"), private.FILE)
        paths.append(folder / name)
    return paths


def _beside(folder: Path, figures: Figures) -> None:
    """The plugins that the page has no room for; files of a report with more of them go."""
    kept = set()
    for name, text in beside(figures):
        private.folder(folder)
        atomic.write(folder / name, text.encode("utf-8", "replace"), private.FILE)
        kept.add(name)
    for left in folder.glob("*.js"):
        if left.name not in kept:
            left.unlink()


def as_json(figures: Figures) -> str:
    """report.json: the plugins one by one, for a hundred thousand of them as objects of Python's
    take ten times as much as their text."""
    rest = json.dumps(to_builtins(replace(figures, plugins=())), indent=1)
    before, after = rest.split('"plugins": []', 1)  # within a text its quotes are escaped
    rows = (json.dumps(to_builtins(plugin), indent=1) for plugin in figures.plugins)
    listed = ",\n".join(rows).replace("\n", "\n  ")
    return f'{before}"plugins": [{listed}]{after}\n'


NAMED, RUNS = 20, 3
"""Documents in need of the user, and runs, that are told; the files have all."""
FEW, COLUMNS = 4, 79
"""Causes, and documents, that a terminal has room for; and how wide it is."""


def summary(figures: Figures, *, brief: bool = False) -> list[str]:
    """What stands and how the last runs went, as plain lines; brief: for one screen."""
    counts = figures.standing
    stands = [f"{counts[s]} {STATE_WORDS[s]}" for s in reversed(STATE_WORDS) if counts.get(s)]
    lines = [
        f"{_counted(figures)}: {', '.join(stands) or 'no documents yet'}",
        f"who writes: {figures.writer}",
    ]
    attempts = ", ".join(f"{n} {said(status)}" for status, n in figures.attempts.items())
    lines.append(f"attempts so far: {attempts or 'none'}")
    if figures.rate is not None:
        lines.append(f"success rate: {rate_words(figures)}")
    for run in figures.runs[: 1 if brief else RUNS]:
        outcomes = _counts(run.outcomes)
        lines.append(f"run {run.run_id}: {run.model}: {outcomes}, exit {run.exit_code}")
    causes = [cause for cause in figures.causes if not advice.is_idle(cause.todo)]
    lines += [
        f"{said(cause.status):<12} {cause.count:,}: {advice.words(cause.cause)}"
        f" (e.g. {cause.example}): {cause.todo}"
        for cause in causes[: FEW if brief else len(causes)]
    ]
    if brief and len(causes) > FEW:
        lines.append(f"... and {_more(len(causes) - FEW, 'cause')}")
    waiting = [
        (document.state, f"{document.job}: {'; '.join(document.reasons)}")
        for plugin in figures.plugins
        for document in plugin.documents
        if document.state in ("refused", "rejected", "parked", "keep")
        or (document.state == "fresh" and document.reasons)  # the source has moved on
    ]
    named = FEW if brief else NAMED
    told = [f"{STATE_WORDS[state]:<12} {line}" for state, line in waiting[:named]]
    lines += [_row(line) for line in told] if brief else told
    if len(waiting) > named:
        lines.append(f"... and {_more(len(waiting) - named, 'document')}")
    return lines


def _row(line: str) -> str:
    """As much of it as one row of a terminal has room for."""
    return line if len(line) <= COLUMNS else line[: COLUMNS - 4].rpartition(" ")[0] + " ..."


def _more(count: int, what: str) -> str:
    return f"{count:,} more {what}{'s' * (count > 1)}: see the report"


# --- as Markdown ---

MOST = 200
"""Rows of one table; the page and report.json have all."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#|!~&])")


def text(value: str) -> str:
    """Text of a plugin's author as Markdown shows it: one line, nothing of it is markup."""
    return _SPECIAL.sub(r"\\\1", safe(value))


def markdown(figures: Figures) -> str:
    """The whole report."""
    parts = [
        f"# {text(figures.project)}: the night in figures",
        f"{formats.moment(figures.generated)} UTC, nightpress {figures.version},"
        f" {text(figures.writer)}",
        _headline(figures),
        *_attention(figures),
        *_last_run(figures),
        *_sums(figures),
        *_needing(figures),
        *_needs(figures),
        *_listing(figures),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _counted(figures: Figures) -> str:
    """`222 documents in 91 plugins`."""
    documents = sum(n for state, n in figures.standing.items() if state != UNUSABLE)
    return f"{some(documents, 'document')} in {some(len(figures.plugins), 'plugin')}"


def _headline(figures: Figures) -> str:
    standing = ", ".join(
        f"{figures.standing[state]} {words.STATE_WORDS[state]}"
        for state in reversed(words.STATE_WORDS)
        if figures.standing.get(state)
    )
    headline = f"**{_counted(figures)}: {standing or 'no documents yet'}.**"
    if figures.rate is not None:
        headline += f" Success rate: {words.rate_words(figures)}."
    if sizes := words.size_words(figures.sizes):
        low, high = figures.sizes.window
        headline += f" {sizes} ({low:,} to {high:,} bytes; smaller for small plugins)."
    return headline


def _attention(figures: Figures) -> Iterable[str]:
    if figures.problems:
        yield "## Manifests with problems"
        yield "\n".join(f"- {text(problem)}" for problem in figures.problems[:MOST])
    if causes := [cause for cause in figures.causes if not advice.is_idle(cause.todo)]:
        yield "## What to do"
        yield _table(
            ("documents", "ended", "cause", "what to do", "for example"),
            [
                (
                    str(c.count),
                    said(c.status),
                    text(advice.words(c.cause)),
                    text(c.todo),
                    text(c.example),
                )
                for c in causes
            ],
        )


def _last_run(figures: Figures) -> Iterable[str]:
    if not figures.runs:
        return
    yield "## Runs"
    yield _table(
        ("started (UTC)", "took", "who wrote", "calls", "outcomes", "exit"),
        [
            (
                formats.moment(run.started), formats.seconds(run.seconds), text(run.model),
                str(run.calls), _counts(run.outcomes),
                "-" if run.exit_code is None else str(run.exit_code),
            )
            for run in figures.runs
        ],
    )  # fmt: skip
    yield from _workers(figures.runs[0])


def _workers(run: RunRow) -> Iterable[str]:
    if run.workers:
        yield "What the workers of the last run did:"
        yield _table(
            ("worker", "composed", "judged", "calls", "seconds"),
            [(text(w["name"]), *(f"{w[what]:,}" for what in WORK)) for w in run.workers],
        )


WORK = ("composed", "judged", "calls", "seconds")


def _counts(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {said(status)}" for status, n in outcomes.items()) or "nothing"


def _sums(figures: Figures) -> Iterable[str]:
    yield f"## Since {figures.since}"
    if figures.phases:
        yield _table(
            ("phase", "times", "median", "95 of 100 under", "longest"),
            [
                (text(p.phase), str(p.n), *map(formats.seconds, (p.p50, p.p95, p.longest)))
                for p in figures.phases
            ],
        )
    if figures.models:
        yield _table(
            ("model asked", "answered", "calls", "tokens in", "tokens out", "cost"),
            [
                (
                    text(m.asked), text(m.answered) or "none", formats.number(m.calls),
                    formats.number(m.tokens_in), formats.number(m.tokens_out),
                    formats.usd(m.cost),
                )
                for m in figures.models
            ],
        )  # fmt: skip
    if figures.quota:
        yield _quota(figures)
    if figures.gates:
        yield _table(
            ("gate", "errors", "warnings", "notes"),
            [(text(g.gate), str(g.errors), str(g.warnings), str(g.infos)) for g in figures.gates],
        )
    yield _backups(figures)


def _quota(figures: Figures) -> str:
    return _table(
        ("quota", "today", "left", "resets (UTC)", "busiest minute"),
        [
            (
                text(q.model), f"{q.used_today} of {formats.number(q.rpd)}",
                formats.number(q.left_today), formats.moment(q.resets_at),
                f"{q.busiest_calls} of {formats.number(q.rpm)} requests,"
                f" {q.busiest_tokens:,} of {formats.number(q.tpm)} tokens",
            )
            for q in figures.quota
        ],
    )  # fmt: skip


def _backups(figures: Figures) -> str:
    backups = figures.backups
    sentences = []
    if backups.failed_since:
        sentences.append(f"**The last backup failed:** {text(backups.failed_since)}.")
    if backups.count:
        where = "" if backups.off_site else ", NOT off-site"
        when = formats.moment(backups.last_backup)
        sentences.append(f"Last good backup {when}{where}: {text(backups.last_backup_said)}.")
    if backups.last_drill:
        sentences.append(
            f"Last drill {formats.moment(backups.last_drill)}: {text(backups.last_drill_said)}."
        )
    return " ".join(sentences) or "No backup is on record: `nightpress backup` makes one."


def _needing(figures: Figures) -> Iterable[str]:
    rows = [
        (text(p.name), words.STATE_WORDS[d.state], text(d.target), text("; ".join(d.reasons)))
        for p in figures.plugins
        for d in p.documents
        if d.state != "fresh"
    ]
    if rows:
        yield "## Documents that are not up to date"
        yield _table(("plugin", "state", "document", "why"), rows[:MOST])
        if len(rows) > MOST:
            yield f"... and {len(rows) - MOST:,} more: see index.html or report.json."


def _needs(figures: Figures) -> Iterable[str]:
    if not figures.needs:
        return
    yield "## What the plugins need"
    rows = [
        (text(row.slug), "hollow" if row.hollow else "", text(finding))
        for row in figures.needs
        for finding in row.findings
    ]
    yield _table(("plugin", "", "source finding"), rows[:MOST])
    if len(rows) > MOST:
        yield f"... and {len(rows) - MOST:,} more: see report.json, or nightpress check."


def _listing(figures: Figures) -> Iterable[str]:
    told = figures.listing
    if told is None:
        return
    yield "## How well skills are found"
    yield words.listing_words(told)
    if told.confused:
        yield _table(
            ("skill", "first at its own requests", "taken by", "requests"),
            [
                (text(c.job), f"{c.first} of {c.requests}", text(c.rival), str(c.taken))
                for c in told.confused[:MOST]
            ],
        )
    yield from (
        f"The descriptions of {text(one)} and {text(other)} say the same."
        for one, other in told.twins[:MOST]
    )
    yield _table(
        ("plugin", "skills", "characters listed", "tokens always", "tokens on load", "found first"),
        [
            (
                text(p.slug), str(p.skills), formats.number(p.characters),
                formats.number(p.tokens_always), formats.number(p.tokens_on_load),
                words.first_words(p.first, p.requests),
            )
            for p in told.plugins[:MOST]
        ],
    )  # fmt: skip


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
