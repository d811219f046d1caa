"""What of a draft is its author's: what stands in the file at its target just as it stands here.

A person's own words, keys and code are not ours to find fault with, nor to ask to be changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from nightpress.checks.document import Document
from nightpress.checks.gate import Context
from nightpress.lazy import pattern
from nightpress.plugin import frontmatter

__all__ = ["entries", "keys", "wrote"]

KEY = pattern(r"(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\W\d][\w. -]*?))[ \t]*:(?:\s|$)")


def keys(document: Document, context: Context) -> frozenset[str]:
    """Top-level frontmatter keys that stand there, value and form, as in the document."""
    if not context.standing or document.frontmatter is None:
        return frozenset()
    before = entries(_block(context.standing))
    return frozenset(
        key for key, lines in entries(document.frontmatter).items() if before.get(key) == lines
    )


def wrote(document: Document, context: Context, line: int) -> bool:
    """Whether a person wrote the line, from 1, in the file that the draft goes back to."""
    if not (context.persons and line):
        return False
    text = document.line_at(document.starts[min(line, len(document.starts)) - 1])
    return text.strip() in _lines(context.persons)


@lru_cache(maxsize=8)
def _lines(standing: str) -> frozenset[str]:
    return frozenset(map(str.strip, standing.splitlines())) - {""}


@lru_cache(maxsize=8)
def _block(standing: str) -> str:
    return frontmatter.split(standing.replace("\r\n", "\n").replace("\r", "\n")).raw or ""


@lru_cache(maxsize=16)
def entries(raw: str) -> Mapping[str, tuple[str, ...]]:
    """Top-level key of a block -> its lines, as far as they say something; of a key that stands
    there twice the last."""
    found: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for row in raw.split("\n"):
        if key := KEY.match(row):
            lines = found[key[1] or key[2] or key[3]] = [row.rstrip()]
        elif re.match(r"#", row):
            lines = None
        elif lines is not None and row.strip():
            lines.append(row.rstrip())
    return {key: tuple(rows) for key, rows in found.items()}
