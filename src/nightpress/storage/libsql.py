"""A database that several machines share: transactions that read, decide and write, over HTTP.

A `SharedStore` stands where a `sqlite.Store` may: `write()` is one IMMEDIATE transaction, and
its `execute` takes the same SQL. Statements whose result nobody asked for yet wait for the next
that is, so that a transaction costs about three round trips. Who reads the time takes the
server's: the clocks of the machines need not agree.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from nightpress.errors import LedgerError
from nightpress.storage import hrana, sqlite
from nightpress.storage.hrana import Hrana
from nightpress.storage.refusals import URL, HranaError, NoTable

Arguments = Sequence[Any] | Mapping[str, Any]

NOW = "SELECT (julianday('now') - 2440587.5) * 86400.0"
"""Epoch seconds, to the millisecond, by the server's clock."""
KEEP = 86_400.0
"""Seconds for which a transaction is known to have been carried out."""
ATTEMPTS = 6
"""Times that a transaction is begun, where the database is busy."""


class Fields(Protocol):
    """One row: by position, by name, and as an iterable of its values."""

    def __getitem__(self, key: Any, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def keys(self) -> Any: ...


class Rows(Protocol):
    """What a statement came to."""

    @property
    def lastrowid(self) -> int | None: ...

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """What a SQLite connection and a transaction over HTTP have in common."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Rows: ...

    def executemany(self, sql: str, parameters: Any, /) -> Rows: ...


class Record:
    """A row that came over HTTP, as sqlite3.Row gives it."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: Sequence[str], values: Sequence[Any]) -> None:
        self._names = names
        self._values = values

    def __getitem__(self, key: int | str, /) -> Any:
        return self._values[self._names.index(key) if isinstance(key, str) else key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def keys(self) -> Sequence[str]:
        return self._names


class Answer:
    """What one statement came to, fetched when it is asked for."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._came: Mapping[str, Any] | None = None
        self._rows: Iterator[Record] = iter(())

    def came(self, result: Mapping[str, Any]) -> None:
        names = [column["name"] for column in result["cols"]]
        self._came = result
        self._rows = iter(
            [Record(names, [hrana.decode(value) for value in row]) for row in result["rows"]]
        )

    def _result(self) -> Mapping[str, Any]:
        if self._came is None:
            self._transaction.flush()
        assert self._came is not None  # noqa: S101 (flush has filled it, or raised)
        return self._came

    @property
    def lastrowid(self) -> int | None:
        number = self._result().get("last_insert_rowid")
        return None if number is None else int(number)

    @property
    def rowcount(self) -> int:
        return int(self._result()["affected_row_count"])

    def fetchone(self) -> Record | None:
        self._result()
        return next(self._rows, None)

    def fetchall(self) -> list[Record]:
        self._result()
        return list(self._rows)

    def __iter__(self) -> Iterator[Record]:
        self._result()
        return self._rows


class Transaction:
    """An open transaction on the server. `execute` and `executemany` are a connection's."""

    def __init__(self, client: Hrana) -> None:
        self._client = client
        self._baton: str | None = None
        self._waiting: list[tuple[str, Arguments, Answer]] = []
        self._known: dict[tuple[str, tuple[Any, ...]], Answer] = {}

    def execute(self, sql: str, parameters: Arguments = (), /) -> Answer:
        if isinstance(parameters, Sequence) and (sql, tuple(parameters)) in self._known:
            return self._known.pop((sql, tuple(parameters)))
        if not sql.startswith("SELECT"):
            self._known.clear()
        return self._added(sql, parameters)

    def executemany(self, sql: str, parameters: Sequence[Arguments], /) -> Answer:
        answer = Answer(self)
        for each in parameters:
            answer = self.execute(sql, each)
        return answer

    def ahead(self, *questions: tuple[str, Sequence[Any]]) -> None:
        """Questions that are about to be asked one by one: they travel together."""
        for sql, parameters in questions:
            self._known[sql, tuple(parameters)] = self._added(sql, parameters)

    def flush(self, *, closing: bool = False) -> None:
        """Send what waits, in its order; nothing after the first that fails is carried out."""
        waiting, self._waiting = self._waiting, []
        steps: list[dict[str, Any]] = [
            {"stmt": _statement(sql, arguments)} for sql, arguments, _ in waiting
        ]
        for number, step in enumerate(steps[1:]):
            step["condition"] = {"type": "ok", "step": number}
        requests: list[dict[str, Any]] = [{"type": "batch", "batch": {"steps": steps}}]
        if closing:
            requests.append({"type": "close"})
        host = self._client.host
        answer = self._client.once(requests, self._baton)
        try:
            results = hrana.results(answer, 0, len(steps) - 1, host)
            self._baton = answer["baton"]
            for (_, _, each), result in zip(waiting, results, strict=True):
                each.came(result)
        except hrana.NO_HRANA as error:
            raise HranaError(f"{host} sent something that is not Hrana", URL) from error

    def abandon(self) -> None:
        """Roll back what may be open; the server does it by itself where it can't be told."""
        if self._baton is not None:
            with suppress(HranaError):
                rollback = {"type": "execute", "stmt": {"sql": "ROLLBACK", "args": []}}
                self._client.once([rollback, {"type": "close"}], self._baton)

    def _added(self, sql: str, parameters: Arguments) -> Answer:
        answer = Answer(self)
        self._waiting.append((sql, parameters, answer))
        return answer


def _statement(sql: str, arguments: Arguments) -> dict[str, Any]:
    if isinstance(arguments, Mapping):
        named = [{"name": name, "value": hrana.encode(v)} for name, v in arguments.items()]
        return {"sql": sql, "named_args": named}
    return {"sql": sql, "args": [hrana.encode(value) for value in arguments]}


class SharedStore:
    """One database on a server. migrations: as of `sqlite.Store`; the table `nightpress_schema`
    counts them, and `nightpress_done` tells which transactions were carried out, so that one whose
    answer was lost is not carried out again. Raises HranaError."""

    def __init__(self, client: Hrana, migrations: Sequence[str]) -> None:
        self.client = client
        self._migrations = migrations
        self.ready = False

    @contextmanager
    def write(self, *ahead: tuple[str, Sequence[Any]]) -> Iterator[Transaction]:
        """One IMMEDIATE transaction: committed at the end, rolled back on any exception.
        ahead: what will be asked first, to travel with its beginning."""
        self.open()
        with self._transaction(ahead) as open_:
            yield open_

    @contextmanager
    def read(self) -> Iterator[Transaction | None]:
        """To read alone, beside others who write; None: there are no tables yet."""
        open_ = Transaction(self.client)
        open_.execute("BEGIN")
        try:
            version = _version(open_)
        except NoTable:
            version = 0
        try:
            yield open_ if version else None
        finally:
            open_.abandon()

    def open(self) -> None:
        """Make the tables, or bring them up to this version. Raises LedgerError for newer ones."""
        if self.ready:
            return
        with self._transaction() as open_:
            for statement in _SCHEMA:
                open_.execute(statement)
            version = _version(open_)
            if version > len(self._migrations):
                raise LedgerError(
                    f"{self.client.host} was written by a newer nightpress (schema {version}, "
                    f"this one knows {len(self._migrations)})",
                    "upgrade nightpress: pip install --upgrade nightpress",
                )
            for number, script in enumerate(self._migrations[version:], version + 1):
                for statement in sqlite.statements(script):
                    open_.execute(statement)
                open_.execute("INSERT INTO nightpress_schema VALUES (?)", (number,))
        self.ready = True

    def close(self) -> None:
        self.client.close()

    @contextmanager
    def _transaction(
        self, ahead: Sequence[tuple[str, Sequence[Any]]] = ()
    ) -> Iterator[Transaction]:
        open_, name = self._begun(ahead), secrets.token_hex(16)
        try:
            yield open_
        except BaseException as error:
            open_.abandon()
            if isinstance(error, NoTable):  # another database stands there now
                self.ready = False
            raise
        open_.execute(_DONE, (name,))
        open_.execute(_FORGET, (KEEP,))
        open_.execute("COMMIT")
        try:
            open_.flush(closing=True)
        except HranaError as error:
            open_.abandon()
            if not error.passing or not self._was_done(name):
                raise

    def _begun(self, ahead: Sequence[tuple[str, Sequence[Any]]]) -> Transaction:
        """A transaction that holds the write lock; while others hold it, wait."""
        for attempt in range(1, ATTEMPTS + 1):
            open_ = Transaction(self.client)
            open_.execute("BEGIN IMMEDIATE")
            open_.ahead((NOW, ()), *ahead)
            try:
                open_.flush()
                return open_
            except HranaError as error:
                open_.abandon()
                if not error.passing or not error.code or attempt == ATTEMPTS:
                    raise
                time.sleep(0.02 * 2**attempt * (1 + secrets.randbelow(100) / 100))
        raise AssertionError("unreachable")

    def _was_done(self, name: str) -> bool:
        """Was a transaction carried out whose answer was lost? Asked behind whoever writes."""
        for _ in range(2):
            with suppress(HranaError):
                open_ = self._begun(())
                try:
                    found = open_.execute(_WAS_DONE, (name,)).fetchone()
                finally:
                    open_.abandon()
                return found is not None
            time.sleep(1.0)
        return False


def _version(open_: Transaction) -> int:
    row = open_.execute("SELECT coalesce(max(schema), 0) FROM nightpress_schema").fetchone()
    return 0 if row is None else int(row[0])


_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS nightpress_schema (schema INTEGER PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS nightpress_done (name TEXT PRIMARY KEY, at REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS nightpress_done_at ON nightpress_done (at)",
    "INSERT OR IGNORE INTO nightpress_schema VALUES (0)",
)
_DONE = f"INSERT INTO nightpress_done VALUES (?, ({NOW}))"  # noqa: S608 (text of ours)
_FORGET = (
    "DELETE FROM nightpress_done WHERE name IN (SELECT name FROM nightpress_done WHERE at <"
    " (SELECT max(at) FROM nightpress_done) - ? ORDER BY at LIMIT 8)"
)
_WAS_DONE = "SELECT 1 FROM nightpress_done WHERE name=?"
