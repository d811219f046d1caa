"""Two texts beside each other, word by word: for prose, where one word changes a long line.

Pure. Lines are matched first; among those that differ, the ones that share most of their words are
shown as one changed line, in order, the rest as removed and added ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

from msgspec import Struct

__all__ = ["Piece", "Row", "rows"]

ALIKE = 0.45
"""Share of their words that two lines have in common, at least, to be one changed line."""

MOST_PAIRS = 40_000
"""Pairs of differing lines in one place that are compared; where there are more, none is."""

MOST_WORDS = 2_000
"""Words of one line, on both sides, that are matched one by one."""

_WORD = re.compile(r"\s*\S+|\s+")


class Piece(Struct, frozen=True):
    """Some words: on both sides, only in the old text, or only in the new one."""

    kind: Literal["same", "removed", "added"]
    text: str


class Row(Struct, frozen=True):
    """One line of either text, or of both. old, new: its number there, from 1; 0: it is on
    the other side alone."""

    old: int
    new: int
    pieces: tuple[Piece, ...]

    @property
    def kind(self) -> Literal["same", "changed", "removed", "added"]:
        if not self.old:
            return "added"
        if not self.new:
            return "removed"
        return "same" if all(piece.kind == "same" for piece in self.pieces) else "changed"


def rows(old: str, new: str) -> list[Row]:
    """Every line of both texts, once."""
    before, after = old.splitlines(), new.splitlines()
    found: list[Row] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            pairs = zip(range(i1, i2), range(j1, j2), strict=True)
            found += [Row(i + 1, j + 1, (Piece("same", before[i]),)) for i, j in pairs]
        else:
            found += _changed(before, after, range(i1, i2), range(j1, j2))
    return found


def _changed(
    before: Sequence[str], after: Sequence[str], ours: range, theirs: range
) -> Iterator[Row]:
    i, j = ours.start, theirs.start
    for mine, its in [*_pairs(before, after, ours, theirs), (ours.stop, theirs.stop)]:
        yield from (Row(n + 1, 0, (Piece("removed", before[n]),)) for n in range(i, mine))
        yield from (Row(0, n + 1, (Piece("added", after[n]),)) for n in range(j, its))
        if mine < ours.stop:
            yield Row(mine + 1, its + 1, tuple(_pieces(before[mine], after[its])))
        i, j = mine + 1, its + 1


def _pairs(
    before: Sequence[str], after: Sequence[str], ours: range, theirs: range
) -> list[tuple[int, int]]:
    """Index pairs of lines that are alike, in order, so that they have most in common."""
    if not ours or not theirs or len(ours) * len(theirs) > MOST_PAIRS:
        return []
    mine = [Counter(before[i].split()) for i in ours]
    its = [Counter(after[j].split()) for j in theirs]
    best = [[0.0] * (len(its) + 1) for _ in range(len(mine) + 1)]
    like = [[_alike(one, other) for other in its] for one in mine]
    for i in range(len(mine) - 1, -1, -1):
        for j in range(len(its) - 1, -1, -1):
            take = like[i][j] + best[i + 1][j + 1] if like[i][j] else 0.0
            best[i][j] = max(take, best[i + 1][j], best[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(mine) and j < len(its):
        if like[i][j] and best[i][j] == like[i][j] + best[i + 1][j + 1]:
            pairs.append((ours[i], theirs[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _alike(one: Counter[str], other: Counter[str]) -> float:
    """The share of words in common; 0 where it is too small."""
    total = one.total() + other.total()
    share = 2 * (one & other).total() / total if total else 0.0
    return share if share >= ALIKE else 0.0


def _pieces(old: str, new: str) -> Iterator[Piece]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) + len(after) > MOST_WORDS:
        yield from (Piece("removed", old), Piece("added", new))
        return
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for tag, i1, i2, j1, j2 in codes:
        gone, come = "".join(before[i1:i2]), "".join(after[j1:j2])
        if tag == "equal":
            yield Piece("same", gone)
            continue
        if gap := _gap(gone, come):
            yield Piece("same", gap)
        if gone[len(gap) :]:
            yield Piece("removed", gone[len(gap) :])
        if come[len(gap) :]:
            yield Piece("added", come[len(gap) :])


def _gap(one: str, other: str) -> str:
    """The blank beginning of both."""
    gap = one[: len(one) - len(one.lstrip())]
    return gap if other.startswith(gap) else ""
