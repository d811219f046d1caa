"""Patterns behind cheap guards: a pattern is tried only if one of its words stands in the text.

Alternatives without a common beginning make the regular expression engine try every position; a
look for plain words first is a hundred times faster, and most documents hold none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Guarded:
    """words: lower case, one of them stands in every match (a line break counts as a space);
    kind: what a match is called."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    kind: str = ""


def guarded(words: str, pattern: str, kind: str = "", flags: int = re.I) -> Guarded:
    """words: separated by `|`."""
    return Guarded(tuple(words.split("|")), re.compile(pattern, flags), kind)


@lru_cache(maxsize=8)
def _flat(text: str) -> str:
    """The text as guards look at it: lower case, in one line."""
    return text.lower().replace("\n", " ")


def matches(guards: Iterable[Guarded], text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Every match with its kind, pattern by pattern."""
    flat = _flat(text)
    for guard in guards:
        if any(word in flat for word in guard.words):
            for found in guard.pattern.finditer(text):
                yield found, guard.kind
