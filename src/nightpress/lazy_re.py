"""Regular expressions that are compiled when they are first asked something.

The gates hold hundreds, of which one document needs a few dozen; compiling all of them takes longer
than making the document.

Floor 1: pure.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, cast


class _Pattern:
    """Stands in for a compiled pattern."""

    def __init__(self, source: str, flags: int) -> None:
        self._made = (source, flags)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(*self._made)

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._compiled, name)
        setattr(self, name, asked)  # from now on found without a detour
        return asked


def pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """Like re.compile, but compiled, and an error in `source` raised, at the first use."""
    return cast("re.Pattern[str]", _Pattern(source, flags))
