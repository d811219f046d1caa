"""doit's own state, in SQLite, and what `doit forget` means here.

doit keeps its state in a backend that is chosen by name (entry point `doit.BACKEND`);
ours is doit's own SqliteDB (its json and dbm stores break when killed while saving), and tells
the ledger when the user forgets a task: that is the wish to have it made again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from doit.dependency import DatabaseException, SqliteDB

__all__ = ["NightpressDB"]


class NightpressDB(SqliteDB):  # type: ignore[misc]
    """doit's SqliteDB; a damaged file is set aside, since the ledger decides what is done."""

    desc = "SQLite, with the ledger told of `doit forget`"

    def __init__(self, name: str, codec: Any, *, module_name: str | None = None) -> None:
        from nightpress.storage import sqlite
        from nightpress.tasks import session

        session.begin()
        name = _place(name)
        try:
            if Path(name).exists() and not sqlite.is_sound(Path(name)):
                raise DatabaseException
            super().__init__(name, codec, module_name=module_name)
        except DatabaseException:
            Path(name).replace(f"{name}.damaged")
            super().__init__(name, codec, module_name=module_name)

    def dump(self) -> None:
        """Write the state. It is a convenience of doit's: a full disk costs nothing but that."""
        from nightpress.storage import sqlite

        try:
            super().dump()
        except sqlite.Error as error:
            sys.stderr.write(f"doit's own state was not saved ({error}); the ledger decides\n")

    def remove(self, task_id: str) -> None:
        """Drop a task's state. doit calls this for a failed task, too: only outside of a run is
        it the user who asks."""
        super().remove(task_id)
        from nightpress.tasks import session

        session.forgotten(task_id)

    def remove_all(self) -> None:
        super().remove_all()
        from nightpress.tasks import session

        session.forgotten("enhance")


def _place(name: str) -> str:
    """Where the state can be: its file, or memory alone where nothing can be written (in a
    read-only checkout one may list and plan)."""
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return ":memory:"
    writable = os.access(path.parent, os.W_OK) and (os.access(path, os.W_OK) or not path.exists())
    return name if writable else ":memory:"
