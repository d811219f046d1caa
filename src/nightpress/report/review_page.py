"""Drafts that wait, beside what stands: for the terminal, and as a page.

Floor 2. A draft is a stranger's text: escaped in the terminal, and by Jinja2 in the page, which
runs no script at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from nightpress.report.html import policy
from nightpress.text import safe

_COLOURS = {"+": "32", "-": "31", "@": "36"}


def coloured(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Only in a terminal that can, and not against NO_COLOR (no-color.org)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def lines(found: Sequence[Any], colour: bool) -> Iterator[str]:
    """Each draft with its figures, its findings and its diff; what to do with it. found:
    reviewing.Waiting."""
    for one in found:
        yield safe(f"{one.review.job}: {_figures(one)}")
        if one.edited:
            yield "  the file changed since this draft was made: apply will propose a merge"
        for finding in one.review.findings:
            yield safe(f"  {finding['severity']}: {finding['check']}: {finding['message']}")
        for line in one.diff:
            code = _COLOURS.get(line[:1]) if colour else None
            yield f"\x1b[{code}m{safe(line)}\x1b[0m" if code else safe(line)
        slug = safe(one.review.job.partition("/")[0])
        yield f"  take it: doit apply:{slug}"
        yield f'  or not:  doit reject:{slug} --because "..."'
        yield ""
    count = "1 draft waits" if len(found) == 1 else f"{len(found) or 'no'} drafts wait"
    yield f"{count} for you"


def _figures(one: Any) -> str:
    was = f"{one.size_before:,} -> " if one.size_before else ""
    before = one.review.score_before
    score = f"{before} -> " if before is not None else ""
    return (
        f"{was}{one.size:,} bytes, score {score}{one.review.score_after},"
        f" {one.review.model or 'offline'}, {one.review.made}"
    )


def write(path: Path, found: Sequence[Any]) -> Path:
    """The page; the path, as it was given."""
    from nightpress.storage import atomic

    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, page(found).encode("utf-8", "replace"))
    return path


def page(found: Sequence[Any]) -> str:
    """One page with every draft, without script or network."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    loader = Environment(
        loader=PackageLoader("nightpress.report", "templates"),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = str(loader.loader.get_source(loader, "review.css")[0])  # type: ignore[union-attr]
    return loader.get_template("review.html.j2").render(
        found=[
            {"one": one, "figures": _figures(one), "rows": list(_rows(one.diff))} for one in found
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
