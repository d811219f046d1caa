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
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from zlib import crc32

from msgspec import Struct

from nightpress.checks.document import paragraphs_of

BINS = 8
EQUAL = 6  # of the 8: a Jaccard similarity of about 0.75
MIN_WORDS = 12  # shorter paragraphs coincide by chance ("See the list below.")
WORD = re.compile(rb"[a-z0-9]+")

Sketch = tuple[int, ...]


@lru_cache(maxsize=512)
def sketch(paragraph: str) -> Sketch | None:
    """The paragraph's bins (-1: empty), or None if it is too short to mean anything."""
    words = WORD.findall(paragraph.lower().encode("utf-8", "replace"))
    if len(words) < MIN_WORDS:
        return None
    bins = [-1] * BINS
    empty = BINS
    # in ascending order the first value of each bin is its minimum: few are looked at in Python
    trigrams = zip(words, words[1:], words[2:], strict=False)
    for value in sorted(map(crc32, map(b" ".join, trigrams))):
        if bins[value % BINS] < 0:
            bins[value % BINS] = value // BINS
            empty -= 1
            if not empty:
                break
    return tuple(bins)


def sketches(text: str) -> tuple[Sketch, ...]:
    """Sketches of a document's paragraphs: what a neighbour is remembered by."""
    each = (sketch(paragraph.raw) for paragraph in paragraphs_of(text))
    return tuple(sorted({one for one in each if one is not None}))


def bands(one: Sketch) -> tuple[int, ...]:
    """Keys under which a sketch is found: pairs of its bins. Whoever shares 6 of 8 bins shares at
    least two of the four pairs."""
    pairs = zip(one[::2], one[1::2], strict=True)
    return tuple(crc32(f"{n} {first} {second}".encode()) for n, (first, second) in enumerate(pairs))


Lookup = Callable[[Sequence[int]], Iterable[tuple[int, Sketch]]]
"""Bands -> (document, sketch) of every paragraph of others that has one of them."""


class Neighbours(Struct, frozen=True):
    """Other documents, by the sketches of their paragraphs."""

    lookup: Lookup

    @classmethod
    def of(cls, documents: Iterable[Iterable[Sketch]]) -> Neighbours:
        """Of sketches in memory."""
        index: dict[int, list[tuple[int, Sketch]]] = defaultdict(list)
        for document, own in enumerate(documents):
            for one in own:
                for band in bands(one):
                    index[band].append((document, one))
        return cls(lambda wanted: [place for band in wanted for place in index.get(band, ())])

    def sharing(self, paragraph: str) -> int:
        """How many other documents hold a near-duplicate of this paragraph."""
        own = sketch(paragraph)
        if own is None:
            return 0
        needed = EQUAL * sum(value >= 0 for value in own) / BINS
        near = {
            document
            for document, other in self.lookup(bands(own))
            if sum(a == b >= 0 for a, b in zip(own, other, strict=True)) >= needed
        }
        return len(near)
