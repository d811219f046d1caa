"""`doit prune`: what goes, what stays, and that nothing that stays is the worse for it."""

from __future__ import annotations

import random
import shutil
import sqlite3
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nightpress.errors import LedgerError, UsageError
from nightpress.ledger import prune as ledger_prune
from nightpress.ledger.ledger import Ledger
from nightpress.ledger.rows import Call, NewAttempt
from nightpress.model import Reply
from nightpress.pipeline import prune
from nightpress.project.project import Project
from nightpress.storage import snapshots, sqlite
from tests.market import Market, plugin, prose

DAY = 86_400.0


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, at: float) -> None:
        self.at = at

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float, _stop: threading.Event | None = None) -> None:
        self.at += seconds


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _years(path: Path, nights: int, jobs: int, seed: int) -> tuple[Ledger, Clock]:
    """A ledger of `nights` days with attempts of all kinds, ending at the clock's time."""
    rng, clock = random.Random(seed), Clock(1_700_000_000.0)
    ledger = Ledger(path, clock.time)
    statuses = ["published", "published", "refused", "failed", "adopted", "insufficient"]
    for night in range(nights):
        run = f"run-{night}"
        ledger.begin_run(run, pid=1, command="doit", backend="gemini", model="m", version="1")
        for job in rng.sample(range(jobs), rng.randint(1, jobs)):
            _attempt(ledger, run, f"p{job}/skill", rng.choice(statuses), f"c{night}-{job}")
        ledger.end_run(run, 0, {})
        clock.at += DAY
    return ledger, clock


def _attempt(ledger: Ledger, run: str, job: str, status: str, content: str) -> None:
    slug = job.partition("/")[0]
    held = {"content": content, "generator": "g", "schemas": "s", "settings": "t", "model": "m"}
    row = ledger.begin(
        run, NewAttempt(job, slug, f"plugins/{slug}", "skill", f"plugins/{slug}/SKILL.md", "gemini",
                     "m", ["content changed"], held, snapshot_id=f"snap-{content}"),
    )  # fmt: skip
    ledger.call(run, Call(slug, "analysis", 1, "gemini", "m", "reply", "h", 1.0, 200, "m", 5, 5))
    asked = Call(
        job, "generation", 1, "gemini", "m", "reply", f"h-{content}", 2.0, 200, "m", 100, 50,
        enhancement_id=row, cost=0.25,
    )  # fmt: skip
    ledger.call(run, asked, Reply("text", "m", "stop", 100, 50))
    ledger.keep_analysis(f"a-{content}", slug, "gemini", "m", {})
    ledger.keep_content(content, {"README.md": "x"})
    done: dict[str, Any] = {"processing_time_seconds": 3.0}
    if status == "published":
        done |= {"content_sha256": content, "bytes_after": 9000, "verified": True,
                 "model_answered": "m"}  # fmt: skip
    elif status == "adopted":
        done |= {"content_sha256": content, "verified": True}
    else:
        done |= {"error_message": "no"}
    ledger.end(row, status, **done)


def _prune(ledger: Ledger, clock: Clock, days: float, **words: Any) -> ledger_prune.Pruned:
    before = _iso(clock.at - days * DAY)
    return ledger_prune.prune(ledger.store, before, _iso(clock.at), **words)


@pytest.mark.parametrize("seed", range(4))
def test_the_chain_holds_after_any_number_of_prunings(tmp_path: Path, seed: int) -> None:
    ledger, clock = _years(tmp_path / "l.db", 40, 6, seed)
    head = ledger.store.connection().execute("SELECT max(seq), link FROM chain").fetchone()
    for days in (30, 12, 3):
        assert _prune(ledger, clock, days).enhancements > 0
        assert ledger.verify() == []
    after = ledger.store.connection().execute("SELECT max(seq), link FROM chain").fetchone()
    assert tuple(after) == tuple(head)
    run = "run-39"
    _attempt(ledger, run, "p0/skill", "published", "new")
    assert ledger.verify() == []
    ledger.close()


def test_sums_stay_as_they_were(tmp_path: Path) -> None:
    ledger, clock = _years(tmp_path / "l.db", 40, 6, 9)
    views = ("success", "cost")
    db = ledger.store.connection()
    before = {v: [tuple(r) for r in db.execute(f"SELECT * FROM {v}")] for v in views}
    last = [ledger.last(f"p{n}/skill") for n in range(6)]
    _prune(ledger, clock, 20)
    _prune(ledger, clock, 10)
    for view in views:
        assert [tuple(r) for r in db.execute(f"SELECT * FROM {view}")] == before[view]
    assert [ledger.last(f"p{n}/skill") for n in range(6)] == last
    for rows in last:
        held = rows[0].fingerprint["content"]
        assert ledger.content(held) is not None
    ledger.close()


def test_it_is_safe_again_afterwards_and_damage_still_shows(tmp_path: Path) -> None:
    ledger, clock = _years(tmp_path / "l.db", 30, 5, 3)
    _prune(ledger, clock, 5)
    db = ledger.store.connection()
    for attack in (
        "DELETE FROM enhancements", "DELETE FROM calls", "DELETE FROM chain",
        "UPDATE enhancements SET status = 'published' WHERE status = 'refused'",
    ):  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(attack)
    db.execute("DROP TRIGGER calls_stay")
    db.execute("UPDATE calls SET tokens_in = 7 WHERE id = (SELECT min(id) FROM calls)")
    assert [b.what for b in ledger.verify() if "was changed" in b.what]
    with pytest.raises(LedgerError, match="nothing was pruned"):
        _prune(ledger, clock, 1)
    ledger.close()


def test_rows_slipped_out_under_a_made_up_gap_show(tmp_path: Path) -> None:
    ledger, clock = _years(tmp_path / "l.db", 30, 5, 5)
    _prune(ledger, clock, 10)
    db = ledger.store.connection()
    db.execute("DROP TRIGGER chain_no_delete")
    seq, link = db.execute("SELECT max(seq) - 3, link FROM chain").fetchone()
    (link,) = db.execute("SELECT link FROM chain WHERE seq = ?", (seq,)).fetchone()
    db.execute("DELETE FROM chain WHERE seq = ?", (seq,))
    db.execute("INSERT INTO chain_gaps VALUES (?, ?, ?, 'now')", (seq, seq, link))
    assert any("counted as pruned" in b.what for b in ledger.verify())
    ledger.close()


def test_a_dry_run_changes_nothing_and_counts_the_same(tmp_path: Path) -> None:
    ledger, clock = _years(tmp_path / "l.db", 30, 5, 6)
    count = "SELECT (SELECT count(*) FROM enhancements), (SELECT count(*) FROM replies)"
    db = ledger.store.connection()
    before = tuple(db.execute(count).fetchone())
    told = _prune(ledger, clock, 10, dry=True)
    assert tuple(db.execute(count).fetchone()) == before
    assert told == _prune(ledger, clock, 10) and told.anything
    rows, _ = db.execute(count).fetchone()
    assert rows == before[0] - told.enhancements
    ledger.close()


def _tables(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    names = ("enhancements", "calls", "replies", "analyses", "contents", "runs", "chain", "reviews",
             "chain_gaps", "pruned_enhancements", "pruned_calls")  # fmt: skip
    return {n: [tuple(r) for r in ledger.rows(f"SELECT * FROM {n} ORDER BY 1, 2")] for n in names}


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_prune, "FIRST", 7)
    monkeypatch.setattr(ledger_prune, "GOAL", 0.0)
    monkeypatch.setattr(ledger_prune, "LEAST", 7)


@pytest.mark.usefixtures("small_slices")
def test_it_can_be_broken_off_anywhere_and_goes_on(tmp_path: Path) -> None:
    made, clock = _years(tmp_path / "l.db", 30, 5, 8)
    made.close()
    shutil.copyfile(tmp_path / "l.db", tmp_path / "whole.db")
    whole, parts = (Ledger(tmp_path / name, clock.time) for name in ("whole.db", "l.db"))
    told = _prune(whole, clock, 10)
    sums = dict.fromkeys(told.__struct_fields__, 0)
    for _ in range(1_000):
        turns = iter((True, True))
        went = _prune(parts, clock, 10, goes_on=lambda turns=turns: next(turns, False))
        assert parts.verify() == []
        for name in sums:
            sums[name] += getattr(went, name)
        if not went.anything:
            break
    assert sums == {name: getattr(told, name) for name in sums}
    assert _tables(parts) == _tables(whole)
    assert told == ledger_prune.Pruned(**sums) and told.anything


@pytest.mark.usefixtures("small_slices")
def test_a_run_goes_on_beside_it_and_what_it_reads_is_whole(tmp_path: Path) -> None:
    ledger, clock = _years(tmp_path / "l.db", 25, 5, 4)
    beside, turns = Ledger(tmp_path / "l.db", clock.time), 0

    def meanwhile() -> bool:
        nonlocal turns
        turns += 1
        if turns % 5 == 1:
            _attempt(beside, "run-24", f"p{turns % 5}/skill", "published", f"c{turns % 25}-1")
            assert beside.verify() == []
        return True

    _prune(ledger, clock, 5, goes_on=meanwhile)
    assert turns > 20
    assert ledger.verify() == []
    [(gone,)] = ledger.rows(
        "SELECT count(*) FROM enhancements WHERE json_extract(fingerprint, '$.content')"
        " NOT IN (SELECT content FROM contents)"
    )
    assert gone == 0


@pytest.mark.usefixtures("small_slices")
def test_a_call_that_was_put_on_record_late_goes_with_its_attempt(tmp_path: Path) -> None:
    clock = Clock(1_700_000_000.0)
    ledger = Ledger(tmp_path / "l.db", clock.time)
    ledger.begin_run("run", pid=1, command="doit", backend="gemini", model="m", version="1")
    for number in range(20):
        _attempt(ledger, "run", "p/skill", "failed", f"c{number}")
    for row in range(1, 21):  # of a run that was killed
        late = Call("p/skill", "generation", 2, "gemini", "m", "lost", "h", 1.0, enhancement_id=row)
        ledger.call("run", late)
    clock.at += 200 * DAY
    _attempt(ledger, "run", "p/skill", "published", "new")
    assert _prune(ledger, clock, 90).enhancements == 20
    assert ledger.verify() == []


def test_the_disk_gets_its_pages_back_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_PAGES", 3)
    for version in ("new", "old"):
        path = tmp_path / version
        if version == "old":
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA auto_vacuum=NONE")
                db.execute("CREATE TABLE x (y)")
        ledger, clock = _years(path, 30, 6, 2)
        assert _prune(ledger, clock, 1).anything
        before, turns = path.stat().st_size, []
        ledger.store.compact(lambda turns=turns: not turns.append(1))
        assert path.stat().st_size < before
        assert (len(turns) > 5) == (version == "new")
        assert [tuple(row) for row in ledger.rows("PRAGMA freelist_count")] == [(0,)]
        assert [tuple(row) for row in ledger.rows("PRAGMA auto_vacuum")] == [(2,)]
        assert ledger.verify() == []
        ledger.close()


# --- a whole project ---


def test_where_a_run_has_begun_meanwhile_the_snapshots_wait(aged: Market) -> None:
    project = _later(aged, 200)
    done = prune.prune(project, 90, alone=lambda: False)
    assert done.rows.enhancements == 4 and (done.snapshots, done.objects, done.logs) == (0, 0, 0)
    assert "a run has begun meanwhile" in done.lines()[1]
    rest = prune.prune(project, 90)
    assert not rest.rows.enhancements and rest.snapshots > 0 and len(rest.lines()) == 1


def test_it_lets_go_of_the_lock_while_rows_are_removed(aged: Market) -> None:
    sitecustomize = aged.root.parent / "site"
    sitecustomize.mkdir()
    (sitecustomize / "sitecustomize.py").write_text(SPY)
    later = f"1,{time.time() + 200 * DAY},{time.monotonic()}"
    done = aged.start("doit", "prune", PYTHONPATH=str(sitecustomize), NIGHTPRESS_CLOCK=later)
    assert done.code == 0, done.err
    assert "taken: False" in done.err and "4 attempts" in done.out
    assert aged.rows("SELECT count(*) FROM runs WHERE finished IS NULL") == [(0,)]
    assert "no breaks" in aged.done("audit").out


SPY = """
import sys
from pathlib import Path

def spy():
    from nightpress.pipeline import prune
    from nightpress.storage import run_lock
    original = prune._rows

    def rows(*given):
        taken = run_lock.taken(Path(".nightpress")) is not None
        sys.stderr.write(f"taken: {taken}\\n")
        return original(*given)

    prune._rows = rows

spy()
"""


@pytest.fixture()
def aged(tmp_path: Path) -> Market:
    """A project of one plugin whose document was made three times."""
    old = "---\nname: alpha\ndescription: x\n---\n# Old\n"
    plugin(tmp_path, "alpha", skill=old)
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    market.replaces()
    for round_ in range(6):
        (tmp_path / "plugins/alpha/commands/extra.md").write_text(prose(f"r{round_}", 900))
        assert market.doit().code == 0
        time.sleep(0.15)  # the index trusts no file that is younger
    return market


def _later(market: Market, days: float) -> Project:
    return Project(market.root, {}, {}, Clock(time.time() + days * DAY))


def test_what_restores_and_staleness_need_stays(aged: Market) -> None:
    before_us = b"---\nname: alpha\ndescription: x\n---\n# Old\n"
    held = snapshots.Snapshots(aged.root / ".nightpress/snapshots")
    assert len(held.listed()) == 6
    done = prune.prune(_later(aged, 200), 90)
    assert done.rows.enhancements == 4 and done.snapshots > 0 and done.objects > 0
    kept = held.listed()
    assert len(kept) == 6 - done.snapshots
    audit = aged.doit("audit")
    assert audit.code == 0 and "4 more were pruned" in audit.out
    assert "nothing to do" in aged.doit().out
    assert aged.run("nightpress", "why", str(aged.target("alpha"))).code == 0
    assert aged.doit("clean", "enhance:alpha/skill").code == 0
    assert aged.target("alpha").read_bytes() == before_us
    for snapshot in kept:
        assert aged.doit("restore", "--plugin", "alpha", "--snapshot", snapshot.id).code == 0


def test_from_the_command_line_nothing_young_goes(aged: Market) -> None:
    shown = aged.doit("prune", "--dry-run")
    assert shown.code == 0 and "nothing (dry run" in shown.out, shown.err
    done = aged.doit("prune", "--days", "1")
    assert done.code == 0 and "nothing" in done.out
    assert aged.rows("SELECT count(*) FROM enhancements") == [(6,)]
    wrong = aged.doit("prune", "--days", "0")
    assert wrong.code == 3 and "at least one day" in wrong.err
    with pytest.raises(UsageError):
        prune.prune(_later(aged, 0), 0)


def test_the_defaults_say_how_long_things_stay(market: Market) -> None:
    market.documented()
    with (market.root / "manifests" / "_defaults.yaml").open("a") as file:
        file.write("retention:\n  days: 400\n")
    assert prune.prune(_later(market, 300), dry=True).logs == 0
    gone = prune.prune(_later(market, 500))
    assert gone.logs == 2  # the log and its events
    assert list((market.root / ".nightpress" / "logs").glob("2*")) == []
    asked = prune.prune(_later(market, 300), 200, dry=True)
    assert asked.before > prune.prune(_later(market, 300), dry=True).before


def test_the_newest_snapshots_of_each_plugin_stay_however_old(market: Market) -> None:
    held = snapshots.Snapshots(market.root / ".nightpress" / "snapshots")
    taken: dict[str, list[str]] = {"alpha": [], "beta": []}
    for day in range(prune.KEEP + 2):
        for slug, ids in taken.items():
            root = market.root / "plugins" / slug
            (root / "NOTE.md").write_text(f"Day {day} of {slug}.\n")
            ids.append(held.take(root, slug, "asked for", day * DAY, "run").id)
    done = prune.prune(_later(market, 0), 90)
    assert (done.snapshots, done.objects) == (4, 4)
    for slug, ids in taken.items():
        assert [s.id for s in held.listed(slug)] == ids[: -prune.KEEP - 1 : -1]
        assert held.read(ids[-prune.KEEP], "NOTE.md", slug) == f"Day 2 of {slug}.\n".encode()


def test_the_latest_attempt_of_each_document_stays_whatever_its_end(tmp_path: Path) -> None:
    """A parked refusal is decided from it: without its row it would be paid for again."""
    clock = Clock(1_700_000_000.0)
    ledger = Ledger(tmp_path / "ledger.db", clock.time)
    ledger.begin_run("run", pid=1, command="doit", backend="gemini", model="m", version="1")
    for number, status in enumerate(("published", "failed", "refused")):
        _attempt(ledger, "run", "p/skill", status, f"c{number}")
    _attempt(ledger, "run", "q/skill", "published", "d")  # the chain's newest is another's
    clock.at += 200 * DAY
    _prune(ledger, clock, 90)
    kept = [tuple(row) for row in ledger.rows("SELECT job, status FROM enhancements ORDER BY id")]
    assert kept == [("p/skill", "published"), ("p/skill", "refused"), ("q/skill", "published")]
    ledger.close()
