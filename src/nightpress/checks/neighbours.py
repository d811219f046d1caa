"""Paragraphs that several documents share, found without comparing every pair.

A paragraph is sketched by one-permutation MinHash (Li, Owen and Zhang, 2012): every word
trigram is hashed once, the hash's low bits choose a bin, each bin keeps its minimum. Two
paragraphs' share of equal bins estimates the Jaccard similarity of their trigrams. Twenty lines of
arithmetic instead of datasketch, which brings numpy and scipy; exact hashes would miss the usual
case, a boilerplate sentence with the plugin's name filled in.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zlib import crc32

from nightpress.checks.document import parse

BINS = 8
EQUAL = 6  # of the 8: a Jaccard similarity of about 0.75
MIN_WORDS = 12  # shorter paragraphs coincide by chance ("See the list below.")
WORD = re.compile(r"[a-z0-9]+")

Sketch = tuple[int, ...]


def sketch(paragraph: str) -> Sketch | None:
    """The paragraph's bins (-1: empty), or None if it is too short to mean anything."""
    words = WORD.findall(paragraph.lower())
    if len(words) < MIN_WORDS:
        return None
    bins = [-1] * BINS
    for trigram in zip(words, words[1:], words[2:], strict=False):
        value = crc32(" ".join(trigram).encode())
        where = value % BINS
        rest = value // BINS
        if bins[where] < 0 or rest < bins[where]:
            bins[where] = rest
    return tuple(bins)


def sketches(text: str) -> tuple[Sketch, ...]:
    """Sketches of a document's paragraphs: what a neighbour is remembered by."""
    found = (sketch(paragraph.raw) for paragraph in parse(text).paragraphs)
    return tuple(sorted({one for one in found if one is not None}))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """An index over other documents' sketches: (bin, value) -> (document, sketch number).
    left_out: documents of the index that do not count."""

    index: Mapping[tuple[int, int], tuple[tuple[int, int], ...]]
    left_out: frozenset[int] = frozenset()

    @classmethod
    def of(cls, documents: Iterable[Iterable[Sketch]]) -> Neighbours:
        index: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for document, held in enumerate(documents):
            for number, one in enumerate(held):
                for where, value in enumerate(one):
                    if value >= 0:
                        index[where, value].append((document, number))
        return cls({key: tuple(places) for key, places in index.items()})

    def sharing(self, paragraph: str) -> int:
        """How many other documents hold a near-duplicate of this paragraph."""
        bins = sketch(paragraph)
        if bins is None:
            return 0
        filled = [(where, value) for where, value in enumerate(bins) if value >= 0]
        equal: dict[tuple[int, int], int] = defaultdict(int)
        for key in filled:
            for place in self.index.get(key, ()):
                equal[place] += 1
        needed = EQUAL * len(filled) / BINS
        near = {place[0] for place, count in equal.items() if count >= needed}
        return len(near - self.left_out)
