"""A problem in a file of the user's: where, what, and what to do."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from nightpress.text import safe
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
