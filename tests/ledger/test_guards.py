"""What the ledger's schema takes from nobody, not even from the sqlite3 shell."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightpress.ledger import chain
from tests.ledger.sample import make


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    make(tmp_path / "ledger.db").close()
    connection = sqlite3.connect(tmp_path / "ledger.db")
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


def columns(db: sqlite3.Connection, table: str, without: str = "") -> str:
    names = [row["name"] for row in db.execute(f"PRAGMA table_info({table})")]
    return ", ".join(name for name in names if name != without)


@pytest.mark.parametrize("table", ["enhancements", "calls", "chain"])
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "UPDATE", "DELETE"])
def test_what_is_recorded_stays(db: sqlite3.Connection, table: str, verb: str) -> None:
    one = "rowid = 1"
    query = {
        "INSERT OR REPLACE": f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE {one}",
        "UPDATE": f"UPDATE {table} SET rowid = 900 WHERE {one}",
        "DELETE": f"DELETE FROM {table} WHERE {one}",
    }[verb]
    with pytest.raises(sqlite3.IntegrityError):
        db.execute(query)


def test_nothing_is_published_that_was_never_begun(db: sqlite3.Connection) -> None:
    names = columns(db, "enhancements", without="id")
    query = f"INSERT INTO enhancements ({names}) SELECT {names} FROM enhancements WHERE id = 1"
    assert db.execute("SELECT status FROM enhancements WHERE id = 1").fetchone()[0] == "published"
    with pytest.raises(sqlite3.IntegrityError, match="begins as started"):
        db.execute(query)


def test_the_chain_finds_every_column_that_was_changed(db: sqlite3.Connection) -> None:
    for trigger in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {trigger['name']}")
    db.execute("PRAGMA ignore_check_constraints = 1")
    db.commit()
    tried = 0
    for table in ("enhancements", "calls"):
        for name in columns(db, table, without="id").split(", "):
            kind = db.execute(f"SELECT typeof({name}) FROM {table} WHERE id = 1").fetchone()[0]
            lie = "'a lie'" if kind == "text" else "-7"
            try:
                db.execute(f"UPDATE {table} SET {name} = {lie} WHERE id = 1")
            except sqlite3.IntegrityError:  # a NULL in a column of another type
                db.execute(f"UPDATE {table} SET {name} = 'a lie' WHERE id = 1")
            assert chain.verify(db, chain.Mark()), f"{table}.{name}"
            db.rollback()
            tried += 1
    assert tried > 40
    assert chain.verify(db, chain.Mark()) == []
