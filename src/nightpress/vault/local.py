"""A vault in one SQLite file on this machine: not off-site, and its name says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nightpress.storage import sqlite
from nightpress.text import safe
from nightpress.vault.place import Absent, Refused, Rows, Sql, VaultError


class LocalPlace:
    """The driver on a SQLite file; writable=False opens it as it is and never makes it."""

    off_site = False

    def __init__(self, path: Path, *, writable: bool = True, shown: str = "") -> None:
        self.name = f"{safe(shown or str(path))} (on this machine: not off-site)"
        self.sent = 0
        self.received = 0
        if not writable and not path.is_file():
            raise Absent(f"there is no vault in {safe(str(path))}", "doit backup makes one")
        with self._errors():
            self._db = sqlite.single_file(path) if writable else sqlite.for_reading(path)
            self._db.row_factory = None

    def read(self, *statements: Sql) -> list[Rows]:
        with self._errors():
            self._db.execute("BEGIN")
            try:
                found = [self._db.execute(s.text, s.args).fetchall() for s in statements]
            finally:
                self._db.execute("COMMIT")
        self.received += sum(_size(row) for rows in found for row in rows)
        return found

    def write(self, statements: Sequence[Sql]) -> None:
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for statement in statements:
                    self._db.execute(statement.text, statement.args)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        self.sent += sum(_size(statement.args) for statement in statements)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite.IntegrityError as error:
            raise Refused(f"{self.name}: {error}") from error
        except sqlite.Error as error:
            if "no such table" in str(error):
                raise Absent(f"there is no vault in {self.name}") from error
            hint = "if the file is damaged: move it away, the next backup makes a new one"
            if "readonly" in str(error) or "unable to open" in str(error):
                hint = "copy it, with its -journal if there is one, to where you may write"
            raise VaultError(f"the vault {self.name} cannot be used: {error}", hint) from error


def _size(values: Sequence[object]) -> int:
    """Bytes of blobs and text."""
    return sum(len(value) for value in values if isinstance(value, (bytes, str)))
