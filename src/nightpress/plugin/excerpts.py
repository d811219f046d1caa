"""What of a plugin goes into a prompt: the most telling files first, whole while they fit, long
ones trimmed at a heading. Never a blind slice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from msgspec import Struct

from nightpress.model import Anatomy, SourceFile
from nightpress.plugin.anatomy import kind_of

_VALUE = {
    "manifest": 0, "command": 1, "readme": 2, "agent": 3, "skill": 4, "hook": 5, "mcp": 6,
    "doc": 7, "script": 8, "data": 9, "code": 10,
}  # fmt: skip

SHARE = 0.7
"""Of what is left of the budget, the most that one kind of file may take: a pack of forty
commands must not leave its README out."""

LEAST = 600
"""Bytes under which the beginning of a file tells too little to be sent."""


class Chosen(Struct, frozen=True):
    """One file of a prompt; trimmed: its end was left out, at a heading or paragraph."""

    path: str
    text: str
    trimmed: bool = False


def choose(anatomy: Anatomy, budget: int) -> tuple[list[Chosen], list[str]]:
    """(files for the prompt, paths left out), by value; together at most `budget` bytes."""
    files = [f for f in anatomy.files if kind_of(f.path) in _VALUE and f.text.strip()]
    ranked = sorted(files, key=lambda f: (_VALUE[kind_of(f.path)], len(f.path), f.path))
    groups = [list(group) for _, group in groupby(ranked, key=lambda f: kind_of(f.path))]
    chosen: dict[str, Chosen] = {}
    left = budget
    for group in groups:
        allowed = left if group is groups[-1] else int(left * SHARE)
        for one in _of_one_kind(group, allowed):
            chosen[one.path] = one
            left -= _size(one.text)
    # what the shares kept back from a file goes to the first that it was kept from
    for file in ranked:
        excerpt = chosen.get(file.path)
        spare = left + (_size(excerpt.text) if excerpt else 0)
        if (excerpt is None or excerpt.trimmed) and (more := _cut(file, spare)):
            left = spare - _size(more.text)
            chosen[file.path] = more
    return (
        [chosen[f.path] for f in ranked if f.path in chosen],
        [f.path for f in ranked if f.path not in chosen],
    )


def shortened(path: str, text: str, budget: int) -> str:
    """The text, its end left out at a heading if it is longer than the budget."""
    cut = _cut(SourceFile(path, text, 0), budget)
    return cut.text if cut else ""


def _of_one_kind(files: list[SourceFile], budget: int) -> Iterator[Chosen]:
    """The files that fit; where not all do, the short ones whole and the long ones to an equal
    share."""
    waiting = sorted(files, key=lambda f: _size(f.text))
    while waiting:
        share = budget // len(waiting)
        one = _cut(waiting.pop(0), share)
        if one is not None:
            budget -= _size(one.text)
            yield one


def _cut(file: SourceFile, budget: int) -> Chosen | None:
    """The file within the budget; None if too little of it would be left."""
    if _size(file.text) <= budget:
        return Chosen(file.path, file.text, file.truncated)
    text = _trimmed(file, budget) if budget >= LEAST else ""
    return Chosen(file.path, text, trimmed=True) if text else None


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _trimmed(file: SourceFile, budget: int) -> str:
    """As many whole sections from the beginning as fit, else paragraphs, else lines; "" if that
    is not even a quarter of the budget."""
    best = ""
    for pieces in (sections_of(file), re.split(r"(?<=\n)(?=\n)", file.text), _lines(file.text)):
        kept, used = [], 0
        for piece in pieces:
            size = _size(piece)
            if used + size > budget:
                break
            kept.append(piece)
            used += size
        if used >= budget // 2:
            return "".join(kept)
        best = max(best, "".join(kept), key=len)
    return best if _size(best) >= max(LEAST // 2, budget // 4) else ""


def sections_of(file: SourceFile) -> list[str]:
    """A Markdown text at its headings (none in code); another text in one piece."""
    if not file.path.lower().endswith((".md", ".markdown", ".mdx")):
        return [file.text]
    pieces, fence = [""], ""
    for line in _lines(file.text):
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line.strip().strip("`~"):
            fence = ""
        if not fence and re.match(r"#{1,4} ", line):
            pieces.append("")
        pieces[-1] += line
    return pieces


def _lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [text.split("\n")[-1]]
