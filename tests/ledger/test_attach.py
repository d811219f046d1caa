"""Ledgers of other machines, attached whole: numbers, chains, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nightpress.errors import LedgerError
from nightpress.ledger import Ledger, NewAttempt
from nightpress.ledger.prune import prune
from nightpress.ledger.rows import Call
from tests.ledger import sample


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Ledger]:
    made = sample.make(tmp_path / "ours.db")
    yield made
    made.close()


def work(ledger: Ledger, name: str, *, leave_open: bool = False) -> int:
    """A run with one attempt and two calls, one of them for it."""
    run = f"run-{name}-{ledger.newest()}"
    ledger.begin_run(run, pid=1, command="doit", backend="gemini", model="m", version="1")
    attempt = NewAttempt(
        job=f"{name}/skill", plugin_name=name, plugin_path=f"plugins/{name}",
        enhancement_type="skill", target_path=f"plugins/{name}/SKILL.md", backend="gemini",
        model_requested="m", reasons=["never made"], fingerprint={"content": name},
    )  # fmt: skip
    row = ledger.begin(run, attempt)
    for phase, number in (("analysis", None), ("generation", row)):
        ledger.call(run, Call(
            job=f"{name}/skill", phase=phase, attempt=1, backend="gemini", model_requested="m",
            outcome="reply", prompt_sha256=name, seconds=1.0, enhancement_id=number,
        ))  # fmt: skip
    if not leave_open:
        ledger.end(row, "failed", processing_time_seconds=1.0, error_class="X", error_message="y")  # type: ignore[arg-type]
    return row


def counts(ledger: Ledger) -> tuple[int, ...]:
    queries = ("enhancements", "calls", "chain", "attached_chain", "runs")
    return tuple(int(row[0]) for q in queries for row in ledger.rows(f"SELECT count(*) FROM {q}"))


def test_a_ledger_of_its_own_is_attached_whole(ours: Ledger, tmp_path: Path) -> None:
    before = counts(ours)
    with closing(sample.make(tmp_path / "shard.db")) as shard:
        theirs = counts(shard)
        links = [tuple(row) for row in shard.rows("SELECT seq, digest, link FROM chain")]
        attached = ours.attach(shard)
        assert attached is not None and attached.new
        assert (attached.attempts, attached.calls) == theirs[:2]
        again = ours.attach(shard)
    assert again is not None and not again.new
    after = counts(ours)
    assert (after[0] - before[0], after[1] - before[1]) == theirs[:2]
    assert (after[2], after[3]) == (before[2], theirs[2])
    assert ours.verify() == []
    here = [tuple(r) for r in ours.rows("SELECT seq, digest, link FROM attached_chain")]
    assert here == links
    work(ours, "next")
    assert ours.verify() == []


def test_copies_of_one_ledger_bring_what_is_new(ours: Ledger, tmp_path: Path) -> None:
    shards = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.db"
        ours.close()
        shutil.copy(ours.path, path)
        shards.append(Ledger(path, ours.now))
        work(shards[-1], name)
    work(ours, "ours")
    for shard in shards:
        attached = ours.attach(shard)
        assert attached is not None and (attached.attempts, attached.calls) == (1, 2)
    work(shards[0], "more")
    attached = ours.attach(shards[0])
    assert attached is not None and (attached.attempts, attached.calls) == (1, 2)
    assert ours.verify() == []
    query = (
        "SELECT e.job, count(*) FROM enhancements e JOIN calls c ON c.enhancement_id = e.id"
        " WHERE e.job IN ('one/skill', 'two/skill', 'more/skill', 'ours/skill') GROUP BY e.id"
    )
    assert [tuple(row) for row in ours.rows(query)] == [
        ("ours/skill", 1), ("one/skill", 1), ("two/skill", 1), ("more/skill", 1),
    ]  # fmt: skip
    for shard in shards:
        shard.close()


def test_what_was_attached_can_be_copied_and_attached_elsewhere(
    ours: Ledger, tmp_path: Path
) -> None:
    with closing(sample.make(tmp_path / "shard.db")) as shard:
        ours.attach(shard)
    ours.close()
    shutil.copy(ours.path, tmp_path / "copy.db")
    with closing(Ledger(tmp_path / "copy.db", ours.now)) as copy:
        work(copy, "next")
        attached = ours.attach(copy)
        assert attached is not None and (attached.attempts, attached.calls) == (1, 2)
        assert ours.verify() == []
    with closing(Ledger(tmp_path / "other.db", ours.now)) as other, pytest.raises(LedgerError):
        work(other, "x")
        ours.attach(other)
        ours.close()
        shutil.copy(other.path, tmp_path / "unknown.db")
        other.attach(ours)  # it holds what is not here


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE enhancements SET error_message = 'z' WHERE id = (SELECT max(id) FROM enhancements)",
        "UPDATE attached SET head = 'z'",
        "UPDATE attached_chain SET link = 'z' WHERE seq = 2",
        "DELETE FROM attached_chain WHERE seq = 2",
        "DELETE FROM attached_chain WHERE seq = (SELECT max(seq) FROM attached_chain)",
        "DELETE FROM calls WHERE id = (SELECT max(id) FROM calls)",
    ],
)
def test_what_is_changed_in_an_attached_ledger_shows(
    ours: Ledger, tmp_path: Path, change: str
) -> None:
    with closing(sample.make(tmp_path / "shard.db")) as shard:
        ours.attach(shard)
    db = ours.store.connection()
    with pytest.raises(Exception, match=r"never changes|forgets nothing"):
        db.execute(change)
    for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {row['name']}")
    db.execute(change)
    assert ours.verify()


def test_a_damaged_or_pruned_ledger_is_refused_and_changes_nothing(
    ours: Ledger, tmp_path: Path
) -> None:
    before = counts(ours)
    with closing(sample.make(tmp_path / "shard.db")) as shard:
        prune(shard.store, "2027-01-01", "2027-01-01")
        with pytest.raises(LedgerError, match="pruned"):
            ours.attach(shard)
    with closing(sample.make(tmp_path / "damaged.db")) as shard:
        db = shard.store.connection()
        db.execute("DROP TRIGGER enhancements_final_stays")
        db.execute("UPDATE enhancements SET plugin_name = 'z' WHERE id = 1")
        with pytest.raises(LedgerError, match="chain is broken"):
            ours.attach(shard)
    assert counts(ours) == before


def test_prune_leaves_attached_ledgers_whole(ours: Ledger, tmp_path: Path) -> None:
    with closing(sample.make(tmp_path / "shard.db")) as shard:
        ours.attach(shard)
    attached = counts(ours)[3]
    assert prune(ours.store, "2027-01-01", "2027-01-01").anything
    assert counts(ours)[3] == attached
    assert ours.verify() == []
