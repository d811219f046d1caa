"""SQLite, opened one way: WAL, durable, one connection per thread, BEGIN IMMEDIATE.

It alone imports sqlite3. Why each setting: `BEGIN` that upgrades later fails at once in spite of
busy_timeout, so writers begin IMMEDIATE; synchronous=FULL because a published file must not outlive
its record.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from nightpress.errors import LedgerError, MachineTrouble, machine_trouble
from nightpress.storage import private

Connection = sqlite3.Connection
Cursor = sqlite3.Cursor
Row = sqlite3.Row
Error = sqlite3.Error
VERSION = sqlite3.sqlite_version
IntegrityError = sqlite3.IntegrityError

_INCREMENTAL = 2
_PAGES = 2_000
"""Pages that are given back at once: others wait for as long."""
BUSY_SECONDS = 30.0
"""How long another program that holds a database is waited for."""
TOLD_AFTER = 1.0
"""Seconds of that after which the user is told."""


class Store:
    """One SQLite file. `connection()` is this thread's own; `write()` is one transaction.

    migrations: SQL scripts, applied in order, each once; the file's `user_version` counts them.
    A file with more migrations than we know was written by a newer version: `LedgerError`.
    durable: False for a cache, which may lose its last writes and is made anew when damaged.
    """

    def __init__(self, path: Path, migrations: Sequence[str], *, durable: bool = True) -> None:
        self.path = path
        self._migrations = migrations
        self._durable = durable
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._guard = threading.Lock()

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened at the first use (and migrated)."""
        existing: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if existing is not None:
            return existing
        try:
            fresh = self._open() if _writable(self.path) else self._open_for_reading()
        except sqlite3.DatabaseError as error:
            if isinstance(trouble := _trouble(self.path, error), MachineTrouble):
                raise trouble from error
            if self._durable:
                raise LedgerError(f"{self.path}: {error}", DAMAGED) from error
            self.set_aside()  # a damaged cache is made anew: it costs nothing but time
            fresh = self._open()
        self._local.connection = fresh
        with self._guard:
            self._all.append(fresh)
        return fresh

    def _broken(self, error: sqlite3.DatabaseError) -> None:
        """A cache that shows its damage only now: set aside, and the next run makes it anew."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _CORRUPT:
            return
        self.set_aside()
        what = f"{self.path.name}, a cache, was damaged ({error}); it was set aside"
        raise MachineTrouble(what, "run it again: it will be rebuilt") from error

    def _open(self) -> sqlite3.Connection:
        private.file(self.path)
        # check_same_thread is off only so that close() may close every thread's connection
        connection = sqlite3.connect(
            self.path, timeout=TOLD_AFTER, isolation_level=None, check_same_thread=False,
            factory=sqlite3.Connection if self._durable else _Cache,
        )  # fmt: skip
        connection.row_factory = sqlite3.Row
        if self._durable and not self.path.stat().st_size:  # later only VACUUM could
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        _write_ahead(connection, self.path)
        connection.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'NORMAL'}")
        connection.execute("PRAGMA foreign_keys=ON")
        _migrate(connection, self.path, self._migrations)
        if isinstance(connection, _Cache):
            connection.broken = self._broken
        return connection

    def _open_for_reading(self) -> sqlite3.Connection:
        """In a folder that cannot be written: the file as it stands; where its tables are not (yet)
        those of this version, a copy in memory that has them; for a cache, an empty one."""
        if not self._durable or not self.path.exists():
            return in_memory(None, self._migrations)
        standing = read_only(self.path)
        (version,) = standing.execute("PRAGMA user_version").fetchone()
        if version >= len(self._migrations):
            _migrate(standing, self.path, self._migrations)  # refuses a newer one
            return standing
        standing.close()
        return in_memory(self.path, self._migrations)

    def set_aside(self) -> None:
        """Move a damaged file out of the way, as `NAME.damaged`; nothing of it is open."""
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").replace(f"{self.path}{suffix}.damaged")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One IMMEDIATE transaction: committed at the end, rolled back on any exception. Threads
        take turns: SQLite would have them ask again and again, and the last of hundreds give up."""
        connection = self.connection()
        with _TURNS.setdefault(self.path, threading.Lock()):
            try:
                _begin(connection, self.path)
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                if connection.in_transaction:  # SQLite rolls back by itself when the disk is full
                    connection.execute("ROLLBACK")
                raise _trouble(self.path, error) from error

    def compact(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Give the file system back what deleted rows held, a few pages at a time; goes_on: asked
        in between. A file of an earlier version is written anew, once (VACUUM)."""
        connection = self.connection()
        (kind,) = connection.execute("PRAGMA auto_vacuum").fetchone()
        if kind != _INCREMENTAL:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("VACUUM")
        while connection.execute("PRAGMA freelist_count").fetchone()[0] and goes_on():
            connection.executescript(f"PRAGMA incremental_vacuum({_PAGES})")  # all its steps
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every thread's connection."""
        with self._guard:
            for connection in self._all:
                connection.close()
            self._all.clear()
        self._local = threading.local()


_TURNS: dict[Path, threading.Lock] = {}
"""Of each file that this process writes, whose turn it is."""


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    """Bring the tables up to this version; `LedgerError` for those of a newer one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == len(migrations):
        return
    if version > len(migrations):
        raise LedgerError(
            f"{path} was written by a newer nightpress (schema {version}, "
            f"this one knows {len(migrations)})",
            "upgrade nightpress: pip install --upgrade nightpress",
        )
    _begin(connection, path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for number, script in enumerate(migrations[version:], version + 1):
            for statement in statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class _Cache(sqlite3.Connection):
    """The connection of a cache; broken: told of every error, may raise what it means."""

    broken: Callable[[sqlite3.DatabaseError], None] = staticmethod(lambda _error: None)

    @contextmanager
    def minded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            self.broken(error)
            raise

    def cursor(self, _factory: Any = None) -> _Rows:  # type: ignore[override]
        return super().cursor(_Rows)

    def execute(self, *given: Any) -> sqlite3.Cursor:
        return self.cursor().execute(*given)

    def executemany(self, *given: Any) -> sqlite3.Cursor:
        with self.minded():
            return super().executemany(*given)


class _Rows(sqlite3.Cursor):
    """Some damage shows at a later row."""

    connection: _Cache

    def execute(self, *given: Any) -> _Rows:
        with self.connection.minded():
            super().execute(*given)
        return self

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        while rows := self._minded(super().fetchmany, 500):  # to mind each row costs more
            yield from rows

    def fetchone(self) -> Any:
        return self._minded(super().fetchone)

    def fetchall(self) -> list[Any]:
        return list(self._minded(super().fetchall))

    def _minded(self, fetch: Callable[..., Any], *given: Any) -> Any:
        with self.connection.minded():
            return fetch(*given)


_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_damage(error: LedgerError) -> bool:
    """Is the file itself broken (and not closed to us, or of a newer version)?"""
    return getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF in _CORRUPT


_PAGE = "; the page Disaster recovery tells more"
DAMAGED = (
    "the file may be damaged: move it away (nightpress.lock still tells what is up to date), and "
    f"take the record from a backup: doit backups, nightpress restore-all{_PAGE}"
)
_REFUSALS = {
    sqlite3.SQLITE_FULL: "make room, then run it again: it goes on where it stopped",
    sqlite3.SQLITE_IOERR: "make room, or check the disk; then run it again",
    sqlite3.SQLITE_READONLY: "the file or its folder cannot be written: look at its permissions",
    sqlite3.SQLITE_CANTOPEN: "the file or its folder cannot be opened: look at its permissions",
    sqlite3.SQLITE_BUSY: "another process holds it: wait for it, then run it again",
}


def _trouble(path: Path, error: BaseException) -> BaseException:
    """The error itself, or what it means if the disk or another process is behind it."""
    if isinstance(error, sqlite3.OperationalError):
        code = error.sqlite_errorcode & 0xFF  # the primary result code
        unsaid = code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)
        if unsaid and (told := _refusal(path)) is not None:
            return told
        if (hint := _REFUSALS.get(code)) is not None:
            said = "the disk is full" if code == sqlite3.SQLITE_FULL else str(error)
            return MachineTrouble(f"{path}: {said}", hint)
    return error


def _refusal(path: Path) -> MachineTrouble | None:
    """Why no file can be made, or written, beside this one, which SQLite does not say."""
    import tempfile  # hardly any run needs it

    try:
        with tempfile.TemporaryFile(dir=path.parent, buffering=0) as file:
            file.write(bytes(4_096))
            return None
    except OSError as error:
        trouble = machine_trouble(error)
    return MachineTrouble(f"{path}: {trouble.message}", trouble.hint) if trouble else None


def _writable(path: Path) -> bool:
    """Can the file, and what SQLite puts beside it, be written? Makes its folder if it can."""
    try:
        private.folder(path.parent)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return False
        if error.errno == errno.ENOTDIR:
            where = f"{path.parent} is a file, or lies in one, where a folder must be"
            raise MachineTrouble(where, "move it away") from error
        raise
    return os.access(path.parent, os.W_OK)


def _begin(connection: sqlite3.Connection, path: Path) -> None:
    """Begin to write; while another program holds the file, wait, and say so."""
    patience, told = time.monotonic() + BUSY_SECONDS, False
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > patience:
                raise
            told = told or _tell_busy(path)


def _tell_busy(path: Path) -> bool:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{path.name} is held by another program; waiting for it\n")
        sys.stderr.flush()
    return True


def _write_ahead(connection: sqlite3.Connection, path: Path) -> None:
    """Turn WAL on. Several first openers of one new file meet here, and SQLite does not wait for
    this one change (it would upgrade a read lock), so we do; in a file that has WAL it is nothing.
    """
    began, told = time.monotonic(), False
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            waited = time.monotonic() - began
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or waited > BUSY_SECONDS:
                raise
            if waited > TOLD_AFTER:
                told = told or _tell_busy(path)
            time.sleep(0.005)


def statements(script: str) -> Iterator[str]:
    """The statements of an SQL script, one by one (`executescript` would commit first)."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        yield pending


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that can't write, for readers beside a run; `LedgerError` if there is none.

    If a crash left a rollback journal, SQLite must roll that back first, which writes: then the
    file's folder must be writable.
    """
    if path.exists() and not path.is_file():  # SQLite would wait for a FIFO
        raise LedgerError(f"{path}: not a regular file", f"remove it{_PAGE}")
    how = "mode=ro"
    if Path(f"{path}-journal").exists():
        how = "mode=rw"
    elif not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists():
        how = "immutable=1"  # else SQLite would put a -shm beside it
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?{how}",
            uri=True, timeout=BUSY_SECONDS, check_same_thread=False,
        )  # fmt: skip
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        raise LedgerError(f"{path}: {error}") from error
    connection.row_factory = sqlite3.Row
    return connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The file of a `Store`, to be read beside a run without writing.

    None: there is no file, or it has no tables yet (it is empty, or whoever makes it at this moment
    has not committed its first migration). `LedgerError` for one that cannot be read.
    """
    if not path.exists():
        yield None
        return
    try:
        with closing(read_only(path)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            yield connection if version else None
    except sqlite3.DatabaseError as error:
        raise LedgerError(f"{path}: {error}", DAMAGED) from error
    except LedgerError as error:
        if not is_damage(error):
            raise
        raise LedgerError(error.message, DAMAGED) from error.__cause__


def in_memory(path: Path | None, migrations: Sequence[str]) -> sqlite3.Connection:
    """A copy of a `Store`'s file in memory, with the tables of this version; None: an empty one.
    `LedgerError` for a file that cannot be read."""
    memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    memory.row_factory = sqlite3.Row
    try:
        if path is not None:
            with closing(read_only(path)) as standing:
                standing.backup(memory)
        _migrate(memory, path or Path(":memory:"), migrations)
    except sqlite3.DatabaseError as error:
        memory.close()
        raise LedgerError(f"{path}: {error}", DAMAGED) from error
    return memory


def single_file(path: Path) -> sqlite3.Connection:
    """A connection to a database that is one file whenever it is closed: a rollback journal
    instead of WAL, synchronous=EXTRA, transactions begun by the caller."""
    private.folder(path.parent)
    private.file(path)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA synchronous=EXTRA")
    connection.row_factory = sqlite3.Row
    return connection


def copy(source: Path, target: Path) -> None:
    """A consistent copy of a database that may be in use, as one file without WAL."""
    with closing(read_only(source)) as original, closing(sqlite3.connect(target)) as whole:
        original.backup(whole)
        whole.execute("PRAGMA journal_mode=DELETE")


def is_sound(path: Path) -> bool:
    """Does SQLite find the database in order (its own check; content is for hashes to judge)?"""
    try:
        with closing(read_only(path)) as connection:
            return _in_order(connection)
    except (LedgerError, sqlite3.Error):
        return False


def is_damaged(path: Path) -> bool:
    """Does SQLite find it out of order? A disk that refuses to be read is no such finding."""
    try:
        with closing(read_only(path)) as connection:
            return not _in_order(connection)
    except LedgerError as error:
        return is_damage(error)
    except sqlite3.Error as error:
        return error.sqlite_errorcode & 0xFF in _CORRUPT


def _in_order(connection: sqlite3.Connection) -> bool:
    return [row[0] for row in connection.execute("PRAGMA quick_check")] == ["ok"]
