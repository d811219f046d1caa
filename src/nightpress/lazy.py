"""What is made when it is first asked for: regular expressions, and the names of a wing.

The gates hold hundreds of patterns, of which one document needs a few dozen; compiling all of them
takes longer than making the document. A wing names in `__all__` what others use of it; importing
the wing for one of those names need not import the modules of the rest.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from typing import cast

__all__ = ["attach", "pattern"]


class _Pattern:
    """Stands in for a compiled pattern."""

    def __init__(self, source: str, flags: int) -> None:
        self._arguments = (source, flags)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(*self._arguments)

    def __getattr__(self, name: str) -> object:
        attribute: object = getattr(self._compiled, name)
        setattr(self, name, attribute)  # from now on found without a detour
        return attribute


def pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """Like re.compile, but compiled, and an error in `source` raised, at the first use."""
    return cast("re.Pattern[str]", _Pattern(source, flags))


def attach(package: str, names: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """A `__getattr__` for a package (PEP 562): imports a name's module when the name is first asked
    for. names: module, as seen from the package, to the names that it gives.

    The package repeats the imports under `if TYPE_CHECKING`, for checkers and editors. A name may
    not be that of a module of the package: the import of that module would replace it.
    """
    modules = {name: module for module, given in names.items() for name in given}

    def __getattr__(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{package}.{modules[name]}"), name)
        setattr(sys.modules[package], name, value)  # from now on found without a detour
        return value

    return __getattr__
