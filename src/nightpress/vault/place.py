"""Where a vault is: the few things that every driver can do, the drivers, and which one is meant.

Two drivers: a Turso (libSQL) database over HTTP, and a SQLite file on this machine. The same SQL
runs on both.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from nightpress.errors import EXIT_USAGE, NightpressError, UsageError
from nightpress.storage import AnswerTooLarge, Constraint, Hrana, NoTable, Patience, sqlite
from nightpress.text import safe
from nightpress.voice import DRY

Value = None | int | float | str | bytes
Rows = list[tuple[Any, ...]]

URL = "TURSO_DATABASE_URL"
TOKEN = "TURSO_AUTH_TOKEN"  # noqa: S105  a variable's name

NOT_OFF_SITE = (
    "this vault is on this machine and not off-site: set TURSO_DATABASE_URL and TURSO_AUTH_TOKEN"
)


class VaultError(NightpressError):
    """The vault cannot do what was asked."""


class Refused(VaultError):
    """A trigger or constraint of the vault refused a write: an invariant would have broken."""


class TooLarge(VaultError):
    """The answer is larger than the server lets through: ask for less at once."""


class Absent(VaultError):
    """There is no vault in this database yet."""

    exit_code = EXIT_USAGE


class Damaged(VaultError):
    """Something in the vault is not what it was when it was written."""


class Sql(Struct, frozen=True):
    """One statement and its arguments, bound by position (?1, ?2, ...)."""

    text: str
    args: Sequence[Value] = ()


CHECK = Sql("PRAGMA integrity_check(20)")


def _found(rows: Rows) -> list[str]:
    said = [str(row[0]) for row in rows]
    return [] if said == ["ok"] else said


class Place(Protocol):
    """A database that holds a vault. name: for messages, without any token; off_site: does it
    survive the loss of this machine; sent, received: bytes that travelled so far."""

    name: str
    off_site: bool

    @property
    def sent(self) -> int: ...

    @property
    def received(self) -> int: ...

    def read(self, *statements: Sql) -> list[Rows]:
        """The rows of each statement, in one round trip. Raises TooLarge, Absent."""

    def write(self, statements: Sequence[Sql]) -> None:
        """All of the statements or none of them, durably. Raises Refused."""

    def integrity(self) -> list[str]:
        """What SQLite's own check of tables and indexes finds; [] for nothing, or where the server
        does not let it be asked."""

    def close(self) -> None:
        """Let go of it; a SQLite file is one file afterwards."""


def names(hashes: Iterable[str]) -> str:
    """A list as one argument, for `json_each`."""
    return json.dumps(list(hashes), separators=(",", ":"))


class RemotePlace:
    """A vault in a Turso (libSQL) database: off-site. The client's own errors say what to do."""

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

    def integrity(self) -> list[str]:
        try:
            (rows,) = self.read(CHECK)
        except NightpressError:
            return []
        return _found(rows)

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
            raise Absent(f"there is no vault in {self.name}", _MAKE) from error


class LocalPlace:
    """A vault in one SQLite file on this machine: not off-site, and its name says so. The first
    write makes the file; to look makes none. writable=False: nor does anything else."""

    off_site = False

    def __init__(self, path: Path, *, writable: bool = True, shown: str = "") -> None:
        self.name = f"{safe(shown or str(path))} (on this machine: not off-site)"
        self.sent = 0
        self.received = 0
        self._path = path
        self._writable = writable
        self._opened: sqlite.Connection | None = None
        if not writable or os.path.lexists(path):  # a file that is no vault is told at once
            self._open()

    def _open(self) -> sqlite.Connection:
        if self._opened is None:
            if not self._writable and not self._path.is_file():
                raise Absent(f"there is no vault in {safe(str(self._path))}", _MAKE)
            with self._errors():
                open_ = sqlite.single_file if self._writable else sqlite.read_only
                self._opened = open_(self._path)
                self._opened.row_factory = None
        return self._opened

    def read(self, *statements: Sql) -> list[Rows]:
        if self._opened is None and not os.path.lexists(self._path):
            raise Absent(f"there is no vault in {self.name}", _MAKE)
        db = self._open()
        with self._errors():
            db.execute("BEGIN")
            try:
                answers = [db.execute(s.text, s.args).fetchall() for s in statements]
            finally:
                db.execute("COMMIT")
        self.received += sum(_size(row) for rows in answers for row in rows)
        return answers

    def write(self, statements: Sequence[Sql]) -> None:
        db = self._open()
        with self._errors():
            db.execute("BEGIN IMMEDIATE")
            try:
                for statement in statements:
                    db.execute(statement.text, statement.args)
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
        self.sent += sum(_size(statement.args) for statement in statements)

    def integrity(self) -> list[str]:
        try:
            (rows,) = self.read(CHECK)
        except NightpressError as error:
            return [error.message]
        return _found(rows)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

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
                hint = "it, or its folder, cannot be written: look at its permissions, or copy it,"
                hint += " with its -journal if there is one, to where you may write"
            raise VaultError(f"the vault {self.name} cannot be used: {error}", hint) from error


_MAKE = "doit backup makes one"


def _size(values: Sequence[object]) -> int:
    """Bytes of blobs and text."""
    return sum(len(value) for value in values if isinstance(value, (bytes, str)))


def project_vault(root: Path, environ: Mapping[str, str]) -> Place:
    """The project's vault: Turso if the environment names one, else `.nightpress/vault.db`."""
    url, token = environ.get(URL, "").strip(), environ.get(TOKEN, "")
    if url:
        return RemotePlace(Hrana(url, token))
    if token.strip():
        raise UsageError(f"{TOKEN} is set, but {URL} is not", "turso db show NAME --url")
    path = Path(".nightpress") / "vault.db"
    whole = Path(environ.get(DRY) or root) / path  # a dry run looks at the vault itself
    writable = DRY not in environ or not whole.exists()
    return LocalPlace(whole, writable=writable, shown=path.as_posix())


def shared_vault(environ: Mapping[str, str], patience: Patience) -> Place | None:
    """The project's vault where other machines see it, too; None: the environment names none."""
    url = environ.get(URL, "").strip()
    return RemotePlace(Hrana(url, environ.get(TOKEN, ""), patience)) if url else None


def named_vault(text: str, environ: Mapping[str, str]) -> Place:
    """The vault that a user named, to read from it: a URL or a file."""
    if "://" in text:
        return RemotePlace(Hrana(text, environ.get(TOKEN, "")))
    return LocalPlace(Path(text), writable=False)
