"""`nightpress audit`: what is new since the last one, and all of it now and then or on demand."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from nightpress.ledger import Mark
from nightpress.ledger.ledger import Ledger
from nightpress.ledger.rows import NewAttempt
from nightpress.model import Status
from tests.market import Market, published

WHOLE, NEW = "no breaks", "no breaks; read what is new, all of it on "


def _tampered(market: Market, row: str) -> None:
    db = sqlite3.connect(market.root / ".nightpress" / "ledger.db")
    with db:
        guards = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            " AND tbl_name = 'enhancements'"
        ).fetchall()
        for name, _ in guards:
            db.execute(f"DROP TRIGGER {name}")
        db.execute(f"UPDATE enhancements SET tokens_in = 7 WHERE id = ({row})")
        for _, sql in guards:
            db.execute(sql)
    db.close()


def test_a_second_audit_reads_what_is_new_and_a_full_one_all(tmp_path: Path) -> None:
    market = published(tmp_path, "alpha", "beta")
    first = market.run("nightpress", "audit").out
    assert WHOLE in first and NEW not in first
    assert NEW in market.run("nightpress", "audit").out
    _tampered(market, "SELECT min(id) FROM enhancements")
    assert market.run("nightpress", "audit").code == 0
    full = market.run("nightpress", "audit", "--full")
    assert full.code == 1 and "was changed after it was recorded" in full.out
    # what a full one has found, a later one does not pass over
    (market.root / ".nightpress" / "index.db").unlink()
    assert market.run("nightpress", "audit").code == 1


def test_what_is_new_and_was_changed_shows(tmp_path: Path) -> None:
    market = published(tmp_path, "alpha", "beta")
    assert market.run("nightpress", "audit").code == 0
    assert market.run("nightpress", "build", "alpha", "--force").code == 0
    _tampered(market, "SELECT max(id) FROM enhancements")
    told = market.run("nightpress", "audit")
    assert told.code == 1 and "was changed after it was recorded" in told.out


_FAILED = {"processing_time_seconds": 1.0, "error_class": "Transient", "error_message": "x"}


def _attempt(ledger: Ledger, job: str) -> int:
    return ledger.begin("r", NewAttempt(job, "p", "p", "skill", "t", "offline", "m", ["x"], {}))


@pytest.fixture()
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "l.db", lambda: 1.0)
    ledger.begin_run("r", pid=1, command="b", backend="offline", model="m", version="1")
    for number in range(3):
        ledger.end(_attempt(ledger, f"a/{number}"), Status.FAILED, **_FAILED)
    return ledger


def test_a_mark_that_the_chain_no_longer_has_is_none(ledger: Ledger) -> None:
    reached = ledger.mark()
    assert ledger.verify(reached) == []
    db = ledger.store.connection()
    db.execute("DROP TRIGGER chain_no_delete")
    db.execute("DELETE FROM chain WHERE seq >= 2")
    assert [b.what for b in ledger.verify(reached)] == [
        "enhancement 2 is not in the chain", "enhancement 3 is not in the chain",
    ]  # fmt: skip
    assert ledger.verify(Mark(1, "0" * 64, 9, 9)) == ledger.verify()


def test_an_attempt_that_was_open_at_the_mark_is_looked_for_later(ledger: Ledger) -> None:
    row = _attempt(ledger, "a/open")
    reached = ledger.mark()
    ledger.end(_attempt(ledger, "a/later"), Status.FAILED, **_FAILED)
    db = ledger.store.connection()
    assert ledger.verify(reached) == []
    db.execute(
        "UPDATE enhancements SET status = 'failed', error_message = 'x', error_class = 'x',"
        " processing_time_seconds = 1 WHERE id = ?",
        (row,),
    )
    assert [b.what for b in ledger.verify(reached)] == [f"enhancement {row} is not in the chain"]
