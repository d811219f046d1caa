"""Patterns behind cheap guards: a pattern is tried only if one of its words stands in the text.

Alternatives without a common beginning make the regular expression engine try every position; a
look for plain words first is a hundred times faster, and most documents hold none of them. So
most patterns are never compiled, either: all of them together cost more than making a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

from nightpress.lazy import pattern

NEAR = 500
"""Characters between a guard's word and either end of a match, at most."""

BESIDE = 160
"""Characters beside a noun, or a slash, that a name may take."""


class Guarded(Struct, frozen=True):
    """words: lower case, one of them stands in every match (a line break counts as a space);
    kind: what a match is called."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    kind: str = ""


def guarded(words: str, source: str, kind: str = "", flags: int = re.I) -> Guarded:
    """words: separated by `|`."""
    return Guarded(tuple(words.split("|")), pattern(source, flags), kind)


@lru_cache(maxsize=8)
def _flat(text: str) -> str:
    """The text as guards look at it: lower case, in one line."""
    return text.lower().replace("\n", " ")


def matches(guards: Iterable[Guarded], text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Every match with its kind, pattern by pattern. Only the neighbourhood of a guard's word is
    searched; what is found there is matched again without a bound, so that nothing is cut off."""
    flat = _flat(text)
    for guard in guards:
        for at, end in _near(guard.words, flat, text):
            while match := guard.pattern.search(text, at, end):
                whole = guard.pattern.match(text, match.start())
                if whole is not None:
                    yield whole, guard.kind
                at = max((whole or match).end(), match.start() + 1)


def _near(words: tuple[str, ...], flat: str, text: str) -> Iterator[tuple[int, int]]:
    """(begin, end) of the stretches of the text that lie around the words, not overlapping."""
    if len(flat) != len(text):  # a letter whose lower case is two
        if any(word in flat for word in words):
            yield 0, len(text)
        return
    places = []
    for word in words:
        at = flat.find(word)
        while at >= 0:
            places.append(at)
            at = flat.find(word, at + NEAR)  # what lies between, the stretch below covers
    begin = end = -1
    for at in sorted(places):
        if at - NEAR > end:
            if end >= 0:
                yield begin, end
            begin = max(0, at - NEAR)
        end = min(len(text), at + 2 * NEAR)
    if end >= 0:
        yield begin, end


def around(
    pattern: re.Pattern[str], word: str, text: str, after: int = 1, start: int = 0
) -> Iterator[re.Match[str]]:
    """Matches that hold the word, and at most so many characters after it: only there a pattern
    that may begin anywhere is tried."""
    at, last = text.find(word, start), start
    while at >= 0:
        end = at + len(word)
        match = pattern.search(text, max(last, at - BESIDE), end + after)
        if match is not None:
            match = pattern.match(text, match.start())  # what follows the word counts, too
        if match is not None:
            yield match
            last = match.end()
        at = text.find(word, max(end, last))
