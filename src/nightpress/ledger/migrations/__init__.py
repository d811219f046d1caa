"""The ledger's schema: one SQL file a migration, applied in the order of their numbers, each once.

What is promised of the audit trail is enforced there: CHECKs, and triggers that keep final rows. A
file is never edited once released, for there are ledgers that were made with it: a change is a
file of its own at the end. A ledger's `user_version` counts those that it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import overload

__all__ = ["MIGRATIONS", "NAMES"]

_FOLDER = Path(__file__).parent
NAMES = sorted(
    (path.stem for path in _FOLDER.glob("*.sql")), key=lambda name: int(name.partition("_")[0])
)


class _Scripts(Sequence[str]):
    """The scripts, read when a ledger lacks them: most runs open one that has them all."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> _Scripts: ...
    def __getitem__(self, at: int | slice) -> str | _Scripts:
        if isinstance(at, slice):
            return _Scripts(self._names[at])
        return (_FOLDER / f"{self._names[at]}.sql").read_text(encoding="utf-8")


MIGRATIONS = _Scripts(NAMES)
