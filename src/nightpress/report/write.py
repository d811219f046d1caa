"""The three files of a report, each written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

from msgspec import to_builtins

from nightpress import voice
from nightpress.project import Project
from nightpress.report.figures import STATE_WORDS, STATES, Figures, in_words, rate_words
from nightpress.report.html import page
from nightpress.report.markdown import markdown
from nightpress.storage import atomic, private


def write(project: Project, figures: Figures) -> list[Path]:
    """Write index.html, report.md and report.json under `.nightpress/report/`; their paths. Whoever
    reads them later need not be who typed: their commands are those of nightpress."""
    folder = project.state / "report"
    private.folder(folder)
    with voice.nightpress():
        figures = in_words(figures)
    texts = {
        "index.html": page(figures),
        "report.md": markdown(figures),
        "report.json": json.dumps(to_builtins(figures), indent=1, ensure_ascii=True) + "\n",
    }
    paths = []
    for name, text in texts.items():
        atomic.write(folder / name, text.encode("utf-8", "replace"), private.FILE)
        paths.append(folder / name)
    return paths


MOST = 20
"""Documents in need of the user that the terminal names; the files have all."""


def summary(figures: Figures) -> list[str]:
    """What stands and how the last runs went, as plain lines for a terminal."""
    counts = figures.standing
    stands = [f"{counts[s]} {STATE_WORDS[s]}" for s in reversed(STATES) if counts.get(s)]
    lines = [
        f"{len(figures.plugins)} plugins: {', '.join(stands) or 'no documents yet'}",
        f"who writes: {figures.writer}",
    ]
    attempts = ", ".join(f"{n} {status}" for status, n in figures.attempts.items())
    lines.append(f"attempts so far: {attempts or 'none'}")
    if figures.rate is not None:
        lines.append(f"success rate: {rate_words(figures)}")
    for run in figures.runs[:3]:
        outcomes = ", ".join(f"{n} {status}" for status, n in run.outcomes.items()) or "nothing"
        lines.append(f"run {run.run_id}: {run.model}: {outcomes}, exit {run.exit_code}")
    lines += [
        f"{cause.status:<12} {cause.count:,}: {cause.cause} (e.g. {cause.example}): {cause.todo}"
        for cause in figures.causes
    ]
    waiting = [
        (document.state, f"{document.job}: {'; '.join(document.reasons)}")
        for plugin in figures.plugins
        for document in plugin.documents
        if document.state in ("failed", "refused", "parked", "keep")
        or (document.state == "fresh" and document.reasons)  # the source has moved on
    ]
    lines += [f"{state:<12} {line}" for state, line in waiting[:MOST]]
    if len(waiting) > MOST:
        lines.append(f"... and {len(waiting) - MOST} more: they are in the report")
    return lines
