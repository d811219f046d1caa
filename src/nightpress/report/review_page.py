"""Drafts that wait, beside what stands: for the terminal, and as a page.

A draft is a stranger's text: escaped in the terminal, and by Jinja2 in the page, which runs no
script at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from nightpress.pipeline import Waiting
from nightpress.report.html import policy
from nightpress.text import safe

_COLOURS = {"+": "32", "-": "31", "@": "36"}


def coloured(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Only in a terminal that can, and not against NO_COLOR (no-color.org)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def lines(drafts: Sequence[Waiting], colour: bool) -> Iterator[str]:
    """Each draft with its figures, its findings and its diff; what to do with it."""
    for draft in drafts:
        yield safe(f"{draft.review.job}: {_figures(draft)}")
        if draft.edited:
            yield "  the file changed since this draft was made: apply will propose a merge"
        for finding in draft.review.findings:
            yield safe(f"  {finding.severity}: {finding.check}: {finding.message}")
        for line in draft.diff:
            code = _COLOURS.get(line[:1]) if colour else None
            yield f"\x1b[{code}m{safe(line)}\x1b[0m" if code else safe(line)
        slug = safe(draft.review.job.partition("/")[0])
        yield f"  take it: doit apply:{slug}"
        yield f'  or not:  doit reject:{slug} --because "..."'
        yield ""
    count = "1 draft waits" if len(drafts) == 1 else f"{len(drafts) or 'no'} drafts wait"
    yield f"{count} for you"


def _figures(draft: Waiting) -> str:
    was = f"{draft.size_before:,} -> " if draft.size_before else ""
    before = draft.review.score_before
    score = f"{before} -> " if before is not None else ""
    return (
        f"{was}{draft.size:,} bytes, score {score}{draft.review.score_after},"
        f" {draft.review.model or 'offline'}, {draft.review.made}"
    )


def write(path: Path, drafts: Sequence[Waiting]) -> Path:
    """The page; the path, as it was given."""
    from nightpress.storage import atomic

    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, page(drafts).encode("utf-8", "replace"))
    return path


def page(drafts: Sequence[Waiting]) -> str:
    """One page with every draft, without script or network."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    loader = Environment(
        loader=PackageLoader("nightpress.report", "templates"),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = str(loader.loader.get_source(loader, "review.css")[0])  # type: ignore[union-attr]
    return loader.get_template("review.html.j2").render(
        drafts=[
            {"draft": draft, "figures": _figures(draft), "rows": list(_rows(draft.diff))}
            for draft in drafts
        ],
        policy=policy(style, ""),
        style=Markup(style),  # noqa: S704 - our own file
    )


def _rows(diff: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(kind, line) for each line of the diff."""
    kinds = {"+": "added", "-": "removed", "@": "place"}
    for number, line in enumerate(diff):
        kind = "file" if number < 2 else kinds.get(line[:1], "same")
        yield kind, safe(line)
