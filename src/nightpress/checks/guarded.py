"""Patterns behind cheap guards: a pattern is tried only if one of its words stands in the text.

Alternatives without a common beginning make the regular expression engine try every position; a
look for plain words first is a hundred times faster, and most documents hold none of them. So
most patterns are never compiled, either (forty of them cost as much as judging a document).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache


@dataclass(frozen=True, slots=True)
class Guarded:
    """words: lower case, one of them stands in every match (a line break counts as a space);
    kind: what a match is called."""

    words: tuple[str, ...]
    source: str
    flags: int
    kind: str = ""

    @property
    def pattern(self) -> re.Pattern[str]:
        """Compiled at the first use."""
        return _compiled(self.source, self.flags)


def guarded(words: str, pattern: str, kind: str = "", flags: int = re.I) -> Guarded:
    """words: separated by `|`."""
    return Guarded(tuple(words.split("|")), pattern, flags, kind)


@cache
def _compiled(source: str, flags: int) -> re.Pattern[str]:
    return re.compile(source, flags)


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
