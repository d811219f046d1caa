"""A vault in a Turso (libSQL) database: off-site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from nightpress.storage.hrana import AnswerTooLarge, Constraint, Hrana, NoTable
from nightpress.vault.place import Absent, Refused, Rows, Sql, TooLarge


class RemotePlace:
    """The driver over HTTP; the client's own errors say what a user can do."""

    off_site = True

    def __init__(self, client: Hrana) -> None:
        self._client = client
        self.name = f"libsql://{client.host}"

    @property
    def sent(self) -> int:
        return self._client.sent

    @property
    def received(self) -> int:
        return self._client.received

    def read(self, *statements: Sql) -> list[Rows]:
        with self._errors():
            return self._client.query([(s.text, s.args) for s in statements])

    def write(self, statements: Sequence[Sql]) -> None:
        with self._errors():
            self._client.atomic([(s.text, s.args) for s in statements])

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except AnswerTooLarge as error:
            raise TooLarge(error.message, error.hint) from error
        except Constraint as error:
            raise Refused(error.message, error.hint) from error
        except NoTable as error:
            raise Absent(f"there is no vault in {self.name}", "doit backup makes one") from error
