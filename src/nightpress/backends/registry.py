"""The registry: our backends, and those of other packages.

An entry point `NAME = "package.module:DECLARATION"` in the group `nightpress.backends` is looked
for when a name is asked for that is none of ours: a run with our own pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nightpress.backends.declaration import Declaration

__all__ = ["GROUP", "Registry"]

GROUP = "nightpress.backends"


class Registry(dict[str, Declaration]):
    """Declarations by name. Iterating gives those that are known so far; `scanned` all of them.

    broken: name -> why another package's entry point cannot be loaded.
    """

    def __init__(self, ours: Iterable[Declaration]) -> None:
        super().__init__((one.name, one) for one in ours)
        self.broken: dict[str, str] = {}
        self._is_scanned = False

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            name != "auto" and dict.__contains__(self.scanned(), name)
        )

    def __missing__(self, name: str) -> Declaration:
        if name not in self:
            raise KeyError(name)
        return dict.__getitem__(self, name)

    def get(self, name: str, default: Any = None) -> Any:
        return dict.__getitem__(self, name) if name in self else default

    def scanned(self) -> Registry:
        """With those of other packages. Ours are not replaced by one of the same name."""
        if self._is_scanned:
            return self
        self._is_scanned = True
        from importlib.metadata import entry_points

        for point in entry_points(group=GROUP):
            if dict.__contains__(self, point.name):
                continue
            try:
                declared = point.load()
                if not isinstance(declared, Declaration) or declared.name != point.name:
                    raise TypeError(
                        f"{point.value} is not a Declaration with the name {point.name}"
                    )
                self[point.name] = declared
            except Exception as error:  # noqa: BLE001 - another's code; told when it is named
                self.broken[point.name] = f"{type(error).__name__}: {error}"
        return self
