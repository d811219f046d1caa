"""The two kinds of vault, a Turso (libSQL) database and a SQLite file, and which one is meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from nightpress.errors import UsageError
from nightpress.storage import AnswerTooLarge, Constraint, Hrana, NoTable, sqlite
from nightpress.text import safe
from nightpress.vault.place import Absent, Place, Refused, Rows, Sql, TooLarge, VaultError

URL = "TURSO_DATABASE_URL"
TOKEN = "TURSO_AUTH_TOKEN"  # noqa: S105  a variable's name

NOT_OFF_SITE = (
    "this vault is on this machine and not off-site: set TURSO_DATABASE_URL and TURSO_AUTH_TOKEN"
)


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


class LocalPlace:
    """A vault in one SQLite file on this machine: not off-site, and its name says so.

    writable=False opens the file as it is and never makes it."""

    off_site = False

    def __init__(self, path: Path, *, writable: bool = True, shown: str = "") -> None:
        self.name = f"{safe(shown or str(path))} (on this machine: not off-site)"
        self.sent = 0
        self.received = 0
        if not writable and not path.is_file():
            raise Absent(f"there is no vault in {safe(str(path))}", "doit backup makes one")
        with self._errors():
            self._db = sqlite.single_file(path) if writable else sqlite.read_only(path)
            self._db.row_factory = None

    def read(self, *statements: Sql) -> list[Rows]:
        with self._errors():
            self._db.execute("BEGIN")
            try:
                answers = [self._db.execute(s.text, s.args).fetchall() for s in statements]
            finally:
                self._db.execute("COMMIT")
        self.received += sum(_size(row) for rows in answers for row in rows)
        return answers

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


def project_vault(root: Path, environ: Mapping[str, str]) -> Place:
    """The project's vault: Turso if the environment names one, else `.nightpress/vault.db`."""
    url, token = environ.get(URL, "").strip(), environ.get(TOKEN, "")
    if url:
        return RemotePlace(Hrana(url, token))
    if token.strip():
        raise UsageError(f"{TOKEN} is set, but {URL} is not", "turso db show NAME --url")
    path = Path(".nightpress") / "vault.db"
    return LocalPlace(root / path, shown=path.as_posix())


def named_vault(text: str, environ: Mapping[str, str]) -> Place:
    """The vault that a user named, to read from it: a URL or a file."""
    if "://" in text:
        return RemotePlace(Hrana(text, environ.get(TOKEN, "")))
    return LocalPlace(Path(text), writable=False)
