"""Drafts that wait, beside what stands: for the terminal, and as a page.

A draft is a stranger's text: escaped in the terminal, and by Jinja2 in the page, whose policy lets
only our own style sheet and script in, by hash.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Literal, TextIO

from msgspec import Struct

from nightpress import voice
from nightpress.checks.extension import counted
from nightpress.model import Finding
from nightpress.pipeline import Waiting
from nightpress.report import word_diff
from nightpress.report.html import asset, rendered
from nightpress.report.margin import Margin
from nightpress.report.word_diff import Row
from nightpress.text import safe
from nightpress.voice import spoken

Margins = Mapping[str, Margin]
"""What each draft rests on, by its job."""

PAGE = ".nightpress/report/review.html"
"""Where the page is, from the project's folder."""

MOST_LOSSES = 8
"""Losses of one draft that are quoted."""

MOST_GAINS = 6
"""Added headings of one draft that are named."""

MANY = 3
"""Drafts above which a line for each follows at the end."""

AROUND = 2
"""Lines that did not change, before and after those that did."""

MOST_ROWS = 60
"""Lines of one difference that a terminal is shown; the page, a file or a pipe has them all."""

MOST_NEW = 12
"""Lines of a new document that are shown, unless all is asked for: all of it is new."""

_COLOURS = {"removed": "31", "added": "32"}
_MARKS = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}


class Chunk(Struct, frozen=True):
    """Lines that changed, with some around them; or the ones between, that did not."""

    kind: Literal["shown", "skipped"]
    rows: tuple[Row, ...]


def chunks(old: str, new: str) -> list[Chunk]:
    """Both texts, whole."""
    rows = word_diff.rows(old, new)
    near = bytearray(len(rows))
    for at, row in enumerate(rows):
        if row.kind != "same":
            near[max(0, at - AROUND) : at + AROUND + 1] = b"\1" * len(
                rows[max(0, at - AROUND) : at + AROUND + 1]
            )
    return [
        Chunk("shown" if shown else "skipped", tuple(row for _, row in group))
        for shown, group in groupby(zip(near, rows, strict=True), key=lambda pair: pair[0])
    ]


# --- in the terminal ---


def coloured(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Only in a terminal that can, and not against NO_COLOR (no-color.org)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def lines(
    drafts: Sequence[Waiting], margins: Margins, colour: bool, most: int = 0, new: int = MOST_NEW
) -> Iterator[str]:
    """Plugin by plugin, each draft: its figures, what it rests on, loses and gains, its findings,
    the difference, what to do with it. most: lines of a difference, in a terminal, which is shown a
    line of each where there are many; new: lines of a new document; 0: all."""
    folded = most > 0 and len(drafts) > MANY
    for slug, group in () if folded else _plugins(drafts):
        yield safe(f"{slug}: {_number(len(group), 'draft')}")
        yield ""
        for draft in group:
            yield safe(f"{draft.review.job}  {draft.target}")
            yield from (safe(f"  {line}") for line in _summary(draft, margins))
            yield ""
            yield from _difference(draft, colour, most if draft.old else new)
            yield ""
            yield safe(f"  publish it: {_command('apply', draft.review.job)}")
            yield safe(f"  reject it:  {_command('reject', draft.review.job)}")
            yield ""
    if len(drafts) > MANY:  # what stood above has scrolled away
        yield from (safe(line) for line in _overview(drafts))
    if folded:
        yield spoken(f"one of them: doit review --plugin {shlex.quote(drafts[0].review.job)}")
    count = "1 draft waits" if len(drafts) == 1 else f"{len(drafts) or 'no'} drafts wait"
    yield f"{count} for you"
    if whole := sum(map(_whole, drafts)):
        yield spoken(f"{_number(whole, 'draft')} without losses: doit apply --lossless")


def _overview(drafts: Sequence[Waiting]) -> Iterator[str]:
    """A line for each draft: its sizes, and what it loses."""
    wide = max(len(draft.review.job) for draft in drafts)
    for draft in drafts:
        was = f"{draft.size_before:,} -> " if draft.size_before else "new, "
        lost = f", loses {counted(draft.lost) or 'nothing'}" if draft.old else ""
        since = ", of another state of its plugin" if draft.since else ""
        yield f"{draft.review.job:<{wide}}  {was}{draft.size:,} bytes{lost}{since}"
    yield ""


def _plugins(drafts: Sequence[Waiting]) -> Iterator[tuple[str, list[Waiting]]]:
    for slug, group in groupby(drafts, key=lambda draft: draft.review.slug):
        yield slug, list(group)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _command(chapter: str, job: str) -> str:
    """What can be pasted into a shell."""
    reason = ' --because "..."' if chapter == "reject" else ""
    return spoken(f"doit {shlex.quote(f'{chapter}:{job}')}{reason}")


def _summary(draft: Waiting, margins: Margins) -> Iterator[str]:
    yield _figures(draft)
    yield margins[draft.review.job].text
    for path, size in draft.more.items():
        yield f"published with it: {path}, {size:,} bytes"
    if draft.since:
        yield f"warning: it is of another state of its plugin: since it was made, {draft.since}"
    if draft.edited:
        yield "the file has changed since this draft was made: apply will propose a merge"
    if draft.by_hand:
        keeps = spoken(f"doit {shlex.quote(f'apply:{draft.review.job}')} --merge")
        yield f"the file was edited by hand before this draft was made: {keeps} keeps the edits"
    for finding in _findings(draft):
        yield f"{finding.severity}: {finding.check}: {finding.message}"
    for error in draft.accepts:
        yield f"accepts an error of the current file: {error.check}: {error.message}"
    if draft.lost:
        yield f"loses {counted(draft.lost)}"
        yield from (f"  {loss.message}" for loss in draft.lost[:MOST_LOSSES])
        if (more := len(draft.lost) - MOST_LOSSES) > 0:
            yield f"  and {more} more"
    elif draft.old:
        yield _lossless(draft)
    if draft.gained:
        yield f"gains {counted(draft.gained)}"
        headings = [gain.quote.strip() for gain in draft.gained if gain.kind == "heading"]
        yield from (f"  {heading}" for heading in headings[:MOST_GAINS])
        if (more := len(headings) - MOST_GAINS) > 0:
            yield f"  and {_number(more, 'more heading')}"


def _whole(draft: Waiting) -> bool:
    """Would `apply --lossless` take it?"""
    return not (draft.lost or draft.since)


def _lossless(draft: Waiting) -> str:
    beside = ": what leaves it is in what is published with it" if draft.more else ""
    return f"loses no word of the current file{beside}"


def _findings(draft: Waiting) -> list[Finding]:
    """Those that say more than the losses do."""
    lost = [loss.message for loss in draft.lost]
    return [
        finding
        for finding in draft.review.findings
        if not any(message in finding.message for message in lost)
    ]


def _figures(draft: Waiting) -> str:
    was = f"{draft.size_before:,} -> " if draft.size_before else "a new document, "
    before = draft.review.score_before
    score = f"{before} -> " if before is not None else ""
    counted = (draft.review.counted_from or "").partition(": ")[2]
    counted = f" ({counted})" if counted else ""
    return (
        f"{was}{draft.size:,} bytes, score {score}{draft.review.score_after}{counted},"
        f" {draft.review.model or 'offline'}, {draft.review.made[:16].replace('T', ' ')}"
    )


def _difference(draft: Waiting, colour: bool, most: int) -> Iterator[str]:
    shown = [row for chunk in chunks(draft.old, draft.new) for row in _with_gap(chunk)]
    for row in shown[: most or None]:
        if row is None:
            yield "  ..."
        elif draft.old:
            yield "  " + "".join(_piece(row, colour))
        else:  # of a new document nothing is marked: all of it is new
            yield f"  {safe(_plain(row))}".rstrip()
    if most and (left := len(shown) - most) > 0:
        each = spoken(f"doit review --plugin {shlex.quote(draft.review.job)} --verbose")
        yield f"  and {_number(left, 'more line')}: {each}, or {PAGE}"


def _plain(row: Row) -> str:
    return "".join(piece.text for piece in row.pieces)


def _with_gap(chunk: Chunk) -> Sequence[Row | None]:
    return chunk.rows if chunk.kind == "shown" else (None,)


def _piece(row: Row, colour: bool) -> Iterator[str]:
    for piece in row.pieces:
        text = safe(piece.text)
        if not text:
            continue
        marked, code = _MARKS[piece.kind].format(text), _COLOURS.get(piece.kind)
        yield f"\x1b[{code}m{marked}\x1b[0m" if colour and code else marked


# --- as a page ---


def write(path: Path, drafts: Sequence[Waiting], margins: Margins) -> Path:
    """The page, in the words of nightpress (see voice); the path, as it was given."""
    from nightpress.storage import atomic, private

    private.folder(path.parent)
    with voice.nightpress():
        text = page(drafts, margins)
    atomic.write(path, text.encode("utf-8", "replace"), private.FILE)
    return path


def page(drafts: Sequence[Waiting], margins: Margins) -> str:
    """One page with every draft, without network."""
    return rendered(
        "review.html.j2",
        asset("review.css"),
        asset("copy.js") + asset("review.js"),
        {"safe_text": safe},
        count=len(drafts),
        lossless=sum(map(_whole, drafts)),
        plugins=[
            (slug, [_values(draft, margins[draft.review.job]) for draft in group])
            for slug, group in _plugins(drafts)
        ],
    )


def _values(draft: Waiting, margin: Margin) -> Mapping[str, object]:
    """What the template shows of a draft."""
    job = draft.review.job
    headings = [gain.quote.strip() for gain in draft.gained if gain.kind == "heading"]
    return {
        "draft": draft, "job": job, "figures": _figures(draft),
        "findings": _findings(draft),
        "apply": _command("apply", job), "reject": _command("reject", job),
        "lost": counted(draft.lost), "lossless": _lossless(draft).capitalize(),
        "losses": [loss.message for loss in draft.lost],
        "gained": counted(draft.gained), "headings": headings,
        "chunks": chunks(draft.old, draft.new), "margin": margin,
        "weak_lines": {n for one in margin.weak for n in range(one.first, one.last + 1)},
    }  # fmt: skip
