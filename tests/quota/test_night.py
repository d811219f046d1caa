"""Whole nights in virtual time: the real ledger and pacer against a server that counts exactly."""

from __future__ import annotations

import io
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from benchmarks import night as benchmark
from benchmarks._night_world import MODEL, PROJECT, Night, minute_bound, sizes_generated

from nightpress.quota import Quota
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Evidence, Pace
from tests.quota.clocks import PACIFIC, pacific

FREE = Limits(15, 250_000, 500)
EVENING = datetime(2026, 11, 23, 20, 0, tzinfo=PACIFIC.tzinfo).timestamp()
BEFORE_THE_CLOCKS_CHANGE = datetime(2026, 10, 31, 23, 50, tzinfo=PACIFIC.tzinfo).timestamp()


def night(folder: Path, **more: Any) -> Night:
    settings = {"sizes": sizes_generated(60), "limits": FREE, "start": EVENING, **more}
    made = Night(pace=Pace(), path=folder / "quota.db", **settings)
    made.run()
    assert made.sent == made.server.calls == made.booked
    return made


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ledgers", [1, 4])
def test_no_refusal_and_near_the_bound(tmp_path: Path, seed: int, ledgers: int) -> None:
    first = night(tmp_path, seed=seed, ledgers=ledgers)
    again = night(tmp_path, seed=seed + 100, ledgers=ledgers, start=EVENING + 86_400)
    for made, most in ((first, 1.25), (again, 1.05)):
        assert not made.server.refusals
        assert made.sent == 120
        assert made.seconds <= most * (
            minute_bound(120, made.server.tokens, FREE) + 60 + made.last
        )  # a minute more than the bound: so few calls do not fill their last window


def test_large_plugins_are_bound_by_tokens(tmp_path: Path) -> None:
    made = night(tmp_path, sizes=[60_000] * 60)
    assert not made.server.refusals
    assert made.seconds > minute_bound(120, made.server.tokens, FREE)


@pytest.mark.parametrize("start", [EVENING, BEFORE_THE_CLOCKS_CHANGE])
def test_as_many_days_as_it_must_be(tmp_path: Path, start: float) -> None:
    made = night(tmp_path, limits=Limits(5, 250_000, 20), start=start)
    days = made.server.quota.used()[f"{PROJECT}/{MODEL}"]
    assert list(days.values()) == [20] * 6
    assert not made.server.refusals


@pytest.mark.parametrize("seed", range(3))
def test_with_faults_all_is_done_and_counted(tmp_path: Path, seed: int) -> None:
    made = night(tmp_path, faults=0.1, seed=seed)
    assert made.failed == 0
    assert made.blocked == made.met["stopped for safety"]
    assert len(made.met) > 5
    assert not made.server.refusals
    assert 120 - 2 * made.blocked < made.sent <= 120 * 1.2


def test_a_smaller_minute_is_learned_from_the_first_refusals(tmp_path: Path) -> None:
    made = night(tmp_path, limits=Limits(6, 250_000, 500), believed=FREE)
    assert 1 <= made.server.refusals["rpm"] <= 8  # those in flight together
    assert made.failed == 0
    quota = Quota(tmp_path / "quota.db", made.clock, PROJECT, day_of=pacific)
    after = quota.snapshot(MODEL, FREE, Pace())
    assert after.learned == {"rpm": 6}
    assert after.evidence != Evidence()
    quota.close()


def test_a_smaller_day_is_learned_and_the_rest_goes_on_at_midnight(tmp_path: Path) -> None:
    made = night(tmp_path, limits=Limits(15, 250_000, 50), believed=FREE)
    assert 1 <= made.server.refusals["rpd"] <= 8
    days = made.server.quota.used()[f"{PROJECT}/{MODEL}"]
    assert len(days) == 3
    assert list(days.values())[1] == 50
    assert made.failed == 0


def test_the_benchmark_says_what_is_promised(tmp_path: Path) -> None:
    result = benchmark.nights(sizes_generated(30), tmp_path)
    named = (
        "calls server_calls ledger_calls refusals input_tokens rpm tpm rpd seconds bound_seconds"
        " ratio first_night_ratio days"
    )
    assert set(named.split()) <= set(result)
    assert result["calls"] == result["server_calls"] == result["ledger_calls"] == 60
    assert result["small_quota"]["days"] == result["small_quota"]["bound_days"] == 3
    assert result["classic"]["seconds"] > 10 * result["seconds"]


def test_sizes_come_from_a_corpus_that_is_there(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.tar.gz"
    with tarfile.open(corpus, "w:gz") as tar:
        for name, size in {
            "plugins/a/.claude-plugin/plugin.json": 10,
            "plugins/a/skills/b/SKILL.md": 300,
            "plugins/a/inner/.claude-plugin/plugin.json": 7,
            "README.md": 1000,
        }.items():
            member = tarfile.TarInfo(name)
            member.size = size
            tar.addfile(member, io.BytesIO(b"x" * size))
    assert benchmark.sizes_of(corpus) == ([310, 7], "corpus: 2 plugins")
    sizes, source = benchmark.sizes_of(tmp_path / "none.tar.gz")
    assert len(sizes) == 236 and source.startswith("generated")
