"""A problem in a file of the user's: where, what, and what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from nightpress.text import safe, some
from nightpress.voice import spoken


class Problem(Struct, frozen=True):
    """file: relative to the project; line, column: from 1 (0: the whole file); path: dotted."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        path = f" {self.path}:" if self.path else ""
        word = " warning:" if self.severity == "warning" else ""
        hint = f" (hint: {self.hint})" if self.hint else ""
        return safe(spoken(f"{where}:{word}{path} {self.message}{hint}"))


MOST = 6
"""Kinds of problems that are told of many."""


def folded(problems: Sequence[Problem]) -> list[str]:
    """The problems as lines: of those that differ only in their place, in what they quote and in
    their figures the first, and how many more there are."""
    kinds: dict[tuple[str, str], list[Problem]] = {}
    for one in problems:
        like = re.sub(r"'[^']*'|`[^`]*`|\S*\d\S*", "_", one.message)
        kinds.setdefault((one.severity, like), []).append(one)
    lines = []
    for own in list(kinds.values())[:MOST]:
        lines.append(str(own[0]))
        if own[1:]:
            lines.append(f"  and {len(own) - 1:,} more like it: {_ALL}")
    if left := list(kinds.values())[MOST:]:
        lines.append(f"... and {some(sum(map(len, left)), 'more problem')}: {_ALL}")
    return lines


_ALL = "nightpress validate"
