"""doit's own state, in SQLite, and what `doit forget` means here.

doit keeps its state in a backend that is chosen by name (entry point `doit.BACKEND`);
ours is doit's own SqliteDB (its json and dbm stores break when killed while saving), and tells
the ledger when the user forgets a task: that is the wish to have it made again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.dependency import DatabaseException, SqliteDB
from doit.exceptions import InvalidDodoFile

from nightpress import voice
from nightpress.storage import private

if TYPE_CHECKING:
    from nightpress.storage import Connection

__all__ = ["NightpressDB"]


class NightpressDB(SqliteDB):  # type: ignore[misc]
    """doit's SqliteDB; a damaged file is set aside, since the ledger decides what is done."""

    desc = "SQLite, with the ledger told of `doit forget`"

    def __init__(self, name: str, codec: Any, *, module_name: str | None = None) -> None:
        from nightpress.tasks import session

        del module_name
        session.begin()
        self.name = _place(name)
        self.codec = codec
        self._cache: dict[str, dict[str, Any]] = {}
        self._dirty: set[str] = set()
        self._opened: Connection | None = None

    @property
    def _conn(self) -> Connection:
        """Opened when doit first asks, which it does not where nothing is to be done."""
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> Connection:
        """Raises InvalidDodoFile where it cannot be opened: it knows what doit is to ignore."""
        from nightpress.storage import sqlite

        path = Path(self.name)
        try:
            if path.exists() and sqlite.is_damaged(path):
                path.replace(f"{path}.damaged")
            connection: Connection = self._sqlite3(self.name)
        except (DatabaseException, OSError) as error:
            refused = error.strerror if isinstance(error, OSError) else None
            raise self._closed(refused or str(error).rpartition("Original error: ")[2]) from None
        return connection

    def _closed(self, why: str) -> InvalidDodoFile:
        what = f"{self.name}, doit's own state, cannot be used: {why}"
        hint = "make room, or check the disk and its permissions; then run it again"
        return InvalidDodoFile(f"{what}\n  hint: {hint}")

    def _get_task_data(self, task_id: str) -> Any:
        from nightpress.storage import sqlite

        try:
            return super()._get_task_data(task_id)
        except sqlite.Error as error:
            raise self._closed(str(error)) from None

    def dump(self) -> None:
        """Write the state. It is a convenience of doit's: a full disk costs nothing but that."""
        if (self._opened is None and not self._dirty) or voice.is_dry():
            return
        from nightpress.storage import sqlite

        try:
            super().dump()
        except (sqlite.Error, InvalidDodoFile) as error:
            _not_saved(str(error).partition("\n")[0])

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        """doit does not know that a plugin's task stands for its documents, and would go on making
        them when it is told to ignore it."""
        super().set(task_id, dependency, value)
        if dependency == "ignore:":
            from nightpress.tasks import session

            for document in session.documents(task_id):
                super().set(document, dependency, value)

    def remove(self, task_id: str) -> None:
        """Drop a task's state. doit calls this for a failed task, too: only outside of a run is
        it the user who asks."""
        from nightpress.tasks import session

        with self._told():
            for task in {task_id, *session.documents(task_id)}:
                super().remove(task)
        session.forgotten(task_id)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A refusal of the disk: in a run it costs nothing, and a word is enough; else it is what
        was asked for that fails."""
        from nightpress.storage import sqlite
        from nightpress.tasks import session

        try:
            yield
        except sqlite.Error as error:
            if not session.current().running:
                raise self._closed(str(error)) from None
            _not_saved(str(error))

    def remove_all(self) -> None:
        with self._told():
            super().remove_all()
        from nightpress.tasks import session

        session.forgotten("enhance")


def _not_saved(why: str) -> None:
    sys.stderr.write(f"doit's own state was not saved ({why}); the ledger decides\n")


def _place(name: str) -> str:
    """Where the state can be: its file, or memory alone where nothing can be written (in a
    read-only checkout one may list and plan)."""
    path = Path(name)
    if voice.is_dry() and not path.exists():
        return ":memory:"
    try:
        private.folder(path.parent)
    except OSError:
        return ":memory:"
    writable = os.access(path.parent, os.W_OK) and (os.access(path, os.W_OK) or not path.exists())
    if writable:
        private.file(path)
    return name if writable else ":memory:"
