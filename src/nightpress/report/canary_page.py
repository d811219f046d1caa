"""What candidates made of the same sample: a table for the terminal, and a page with the texts.

A document is a stranger's text: escaped in the terminal, and by Jinja2 in the page, whose policy
lets only our own style sheet in, by hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nightpress.model import Status
from nightpress.pipeline import canary
from nightpress.report.html import policy
from nightpress.text import safe

HEAD = ("", "passed", "score", "evidence", "bytes", "calls", "tokens", "price", "seconds")


def figures(one: canary.Result) -> tuple[str, ...]:
    """A row of the table."""
    return (
        one.candidate.name, f"{one.passed} of {len(one.documents)}", _mean(one, "score", "{:.0f}"),
        _mean(one, "evidence", "{:.0%}"), _mean(one, "size", "{:,.0f}"), f"{one.calls:,}",
        f"{one.tokens_in + one.tokens_out:,}",
        "unknown" if one.cost is None else f"${one.cost:.4f}", f"{one.seconds:,.1f}",
    )  # fmt: skip


def lines(results: Sequence[canary.Result]) -> Iterator[str]:
    """The table, what the gates refused, and how to take one."""
    rows = [HEAD, *map(figures, results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield safe("  ".join(cells).rstrip())
    for one in results:
        for document in one.documents:
            if document.errors:
                yield safe(f"{one.candidate.name}: {document.job} {document.status}: "
                           f"{document.errors[0]}")  # fmt: skip


def page(results: Sequence[canary.Result]) -> str:
    """One page, without network: the table, and each document by each candidate, side by side."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    loader = Environment(
        loader=PackageLoader("nightpress.report", "templates"),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = str(loader.loader.get_source(loader, "canary.css")[0])  # type: ignore[union-attr]
    loader.filters["safe_text"] = lambda text: safe(text, newlines=True)
    jobs = [document.job for document in results[0].documents]
    return loader.get_template("canary.html.j2").render(
        head=HEAD,
        rows=[figures(one) for one in results],
        names=[one.candidate.name for one in results],
        documents=[
            (job, [_cell(next(d for d in one.documents if d.job == job)) for one in results])
            for job in jobs
        ],
        policy=policy(style, ""),
        style=Markup(style),  # noqa: S704 - our own file
    )


def _cell(one: canary.Tried) -> tuple[str, tuple[str, ...], str]:
    """(figures, errors, text) of one document."""
    said = ["passed" if one.status == Status.PUBLISHED else one.status]
    said += [f"score {one.score}"] if one.score is not None else []
    said += [f"evidence {one.evidence:.0%}"] if one.evidence is not None else []
    said += [f"{one.size:,} bytes"] if one.size is not None else []
    said += [f"{one.tokens:,} tokens", f"{one.seconds:.1f} s"]
    return ", ".join(said), one.errors, one.text


def _mean(one: canary.Result, field: str, shape: str) -> str:
    mean = one.mean(field)
    return "-" if mean is None else shape.format(mean)
