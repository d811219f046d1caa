"""Shards: a matrix of machines makes one marketplace, and `nightpress merge` brings it together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nightpress.plan.catalog import in_shard
from tests.market import Market, plugin

NAMES = ("alpha", "beta", "gamma", "delta")


@pytest.fixture
def base(tmp_path: Path) -> Market:
    made = Market(tmp_path / "base")
    for name in NAMES:
        plugin(made.root, name)
    assert made.run("nightpress", "init").code == 0
    made.git("init", "-q")
    made.git("add", "-A")
    made.git("commit", "-qm", "x")
    return made


def clone(base: Market, name: str) -> Market:
    path = base.root.parent / name
    base.git("clone", "-q", ".", str(path))
    return Market(path)


def shards(base: Market, parts: int = 2) -> list[Market]:
    made = []
    for part in range(1, parts + 1):
        market = clone(base, f"shard-{part}")
        market.done(f"shard={part}/{parts}")
        made.append(market)
    return made


def merge(into: Market, *made: Market) -> str:
    ran = into.run("nightpress", "merge", *(str(each.root) for each in made))
    assert ran.code == 0, ran.out + ran.err
    return ran.out


def documents(market: Market) -> dict[str, bytes]:
    found = [market.target(name) for name in NAMES]
    lock = market.root / "nightpress.lock"
    return {str(path.relative_to(market.root)): path.read_bytes() for path in [*found, lock]}


def test_every_plugin_is_in_one_part() -> None:
    for number in range(200):
        parts = [part for part in range(1, 9) if in_shard(f"plugin-{number}", part, 8)]
        assert len(parts) == 1
    assert not in_shard("alpha", 1, 2) or not in_shard("alpha", 2, 2)


def test_shards_make_what_one_machine_makes(base: Market) -> None:
    made = shards(base)
    assert all(
        (name, each.target(name).exists()) == (name, in_shard(name, part, 2))
        for part, each in enumerate(made, 1)
        for name in NAMES
    )
    assert "nothing to do" in made[0].done("shard=1/2").out
    whole, merged = clone(base, "whole"), clone(base, "merged")
    whole.done()
    assert "were here already" in merge(merged, *made)
    assert documents(merged) == documents(whole)
    assert "nothing to do: 4 up to date" in merged.done().out
    assert "no breaks" in merged.done("audit").out
    assert merged.rows("SELECT count(*) FROM enhancements WHERE status = 'published'") == [(4,)]
    merged.done("restore", "--plugin", "alpha")
    assert not merged.target("alpha").exists()


def test_a_merge_can_be_repeated_and_interrupted(base: Market) -> None:
    made, merged = shards(base), clone(base, "merged")
    merge(merged, made[0])
    before = documents_there(merged)
    assert "0 attempts and 0 calls attached" in merge(merged, made[0])
    assert documents_there(merged) == before
    shutil.rmtree(merged.root / "plugins" / before[0] / "skills")  # as if killed before it
    (merged.root / "nightpress.lock").unlink()
    merge(merged, *made)
    assert sorted(documents_there(merged)) == sorted(NAMES)
    assert "nothing to do: 4 up to date" in merged.done().out


def documents_there(market: Market) -> list[str]:
    return [name for name in NAMES if market.target(name).exists()]


def test_what_was_changed_here_meanwhile_stays(base: Market) -> None:
    made, merged = shards(base), clone(base, "merged")
    name = next(name for name in NAMES if in_shard(name, 1, 2))
    merged.target(name).parent.mkdir(parents=True)
    merged.target(name).write_text("mine")
    ran = merged.run("nightpress", "merge", *(str(each.root) for each in made))
    assert ran.code == 1
    assert f"{name}/skill: " in ran.out and "it stays" in ran.out
    assert merged.target(name).read_text() == "mine"
    assert f'"{name}/skill"' not in (merged.root / "nightpress.lock").read_text()


def test_a_document_that_its_ledger_does_not_know_is_not_taken(base: Market) -> None:
    made, merged = shards(base), clone(base, "merged")
    name = next(name for name in NAMES if in_shard(name, 1, 2))
    made[0].target(name).write_text("slipped in")
    ran = merged.run("nightpress", "merge", str(made[0].root))
    assert ran.code == 1 and "not what its ledger says" in ran.out
    assert not merged.target(name).exists()


def test_a_shard_that_was_killed_is_merged_as_its_next_run_would_end_it(base: Market) -> None:
    made, merged = shards(base), clone(base, "merged")
    made[0].rows("SELECT 1")
    import sqlite3

    with sqlite3.connect(made[0].root / ".nightpress" / "ledger.db") as db:
        db.execute("UPDATE runs SET finished = NULL")
        db.execute(
            "INSERT INTO enhancements (timestamp, plugin_name, plugin_path, enhancement_type,"
            " status, run_id, job, target_path, backend, model_requested, reasons, fingerprint)"
            " SELECT timestamp, plugin_name, plugin_path, enhancement_type, 'started', run_id, job,"
            " target_path, backend, model_requested, reasons, fingerprint FROM enhancements LIMIT 1"
        )
    merge(merged, *made)
    query = "SELECT error_class FROM enhancements WHERE status = 'interrupted'"
    assert merged.rows(query) == [("killed",)]
    assert "no breaks" in merged.done("audit").out


def test_mistakes_are_told(base: Market) -> None:
    nothing = base.root.parent / "nothing"
    nothing.mkdir()
    for folder, words in (
        (nothing, "holds neither"), (nothing / "x", "is not a folder"), (base.root, "itself"),
    ):  # fmt: skip
        if folder == base.root:
            base.done()
        ran = base.run("nightpress", "merge", str(folder))
        assert ran.code == 3 and words in ran.err, ran
    for text in ("0/2", "3/2", "x", "1/", "1/2/3"):
        ran = base.doit(f"shard={text}")
        assert ran.code == 3 and "a part of all plugins such as 3/8" in ran.out + ran.err
