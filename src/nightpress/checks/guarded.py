"""Patterns behind cheap guards: a pattern is tried only if one of its words stands in the text.

Alternatives without a common beginning make the regular expression engine try every position; a
look for plain words first is a hundred times faster, and most documents hold none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guarded:
    """words: lower case, one of them stands in every match; kind: what a match is called."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    kind: str = ""


def guarded(words: str, pattern: str, kind: str = "", flags: int = re.I) -> Guarded:
    """words: separated by `|`."""
    return Guarded(tuple(words.split("|")), re.compile(pattern, flags), kind)


def matches(
    guards: Iterable[Guarded], text: str, lower: str | None = None
) -> Iterator[tuple[re.Match[str], str]]:
    """Every match with its kind, pattern by pattern."""
    low = text.lower() if lower is None else lower
    for guard in guards:
        if any(word in low for word in guard.words):
            for found in guard.pattern.finditer(text):
                yield found, guard.kind
