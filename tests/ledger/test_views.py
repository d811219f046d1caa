"""The ledger's views against plain Python over its rows, and the page that documents them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from nightpress.ledger.ledger import Ledger
from nightpress.ledger.migrations import MIGRATIONS
from nightpress.report import ledger_figures
from nightpress.storage.sqlite import Store
from tests.ledger import page, sample

PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"


@pytest.fixture()
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = sample.make(tmp_path / "ledger.db")
    yield made
    made.close()


def _rows(ledger: Ledger, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in ledger.rows(query)]


def test_latest_is_the_last_attempt_of_each_job(ledger: Ledger) -> None:
    last: dict[str, dict[str, Any]] = {}
    for row in _rows(ledger, "SELECT * FROM enhancements ORDER BY id"):
        last[row["job"]] = row
    found = _rows(ledger, "SELECT * FROM latest")
    assert {row["job"]: row for row in found} == last and len(found) == len(last)
    assert _rows(Ledger(ledger.path.parent / "new.db", lambda: 0.0), "SELECT * FROM latest") == []


def test_rates_and_sums(ledger: Ledger) -> None:
    nights = _rows(ledger, "SELECT * FROM success ORDER BY day")
    assert [night["published"] for night in nights] == [4, 3, 1]
    assert [night["rate"] for night in nights] == [66.7, 100.0, 100.0]
    assert nights[0]["attempted"] == 6 and nights[2]["kept_or_interrupted"] == 1
    tokens = sum(row["tokens_in"] for row in _rows(ledger, "SELECT * FROM calls"))
    assert sum(row["tokens_in"] for row in _rows(ledger, "SELECT * FROM cost")) == tokens


def test_durations_are_nearest_ranks(ledger: Ledger) -> None:
    for row in _rows(ledger, "SELECT * FROM durations WHERE phase IN ('analysis', 'generation')"):
        query = (
            "SELECT seconds FROM calls WHERE outcome = 'reply'"
            f" AND phase = '{row['phase']}' ORDER BY seconds"
        )
        seconds = [call["seconds"] for call in _rows(ledger, query)]
        at_most = [s for s in seconds if sum(other <= s for other in seconds) >= len(seconds) / 2]
        high = [s for s in seconds if sum(other <= s for other in seconds) >= 0.95 * len(seconds)]
        assert (row["n"], row["p50"], row["p95"]) == (len(seconds), at_most[0], high[0])


def test_the_busiest_minute_is_any_60_seconds_in_which_calls_left(ledger: Ledger) -> None:
    calls = _rows(ledger, "SELECT * FROM calls")
    model = calls[0]["model_requested"]
    left = [
        (datetime.fromisoformat(c["timestamp"]).timestamp() - c["seconds"], c["tokens_in"])
        for c in calls
        if c["model_requested"] == model
    ]
    minutes = [[tokens for at, tokens in left if end - 60 < at <= end] for end, _ in left]
    expected = max(map(len, minutes)), max(map(sum, minutes))
    assert ledger_figures._busiest(ledger, model, "2000") == expected
    assert ledger_figures._busiest(ledger, model, "2100") == (0, 0)


def test_an_unknown_price_is_no_price(ledger: Ledger) -> None:
    assert {row["usd"] for row in _rows(ledger, "SELECT * FROM cost")} == {0.0}
    db = ledger.store.connection()
    db.execute("DROP TRIGGER calls_stay")
    db.execute("UPDATE calls SET cost = NULL WHERE id = 1")
    found = _rows(ledger, "SELECT * FROM cost ORDER BY day")
    assert [row["usd"] for row in found] == [None, 0.0, 0.0]


def test_a_ledger_of_the_first_version_gets_the_views_and_its_chain_holds(tmp_path: Path) -> None:
    old = Store(tmp_path / "ledger.db", MIGRATIONS[:1])
    old.connection().execute("SELECT * FROM meta")
    old.close()
    made = sample.make(tmp_path / "ledger.db")
    assert made.verify() == [] and len(_rows(made, "SELECT * FROM latest")) == 9
    made.close()


def test_every_table_and_view_is_documented(ledger: Ledger) -> None:
    there = {
        (row["type"], row["name"])
        for row in _rows(ledger, "SELECT type, name FROM sqlite_master")
        if row["type"] in ("table", "view") and not row["name"].startswith("sqlite_")
    }
    told = set(re.findall(r"^### (table|view) `(\w+)`$", PAGE.read_text(), re.MULTILINE))
    assert told == there
    assert sum(not comment for comment, _, _ in page.described()) == 0


def test_the_report_counts_as_the_views_do(ledger: Ledger) -> None:
    phases = {
        p.phase: (p.n, p.p50, p.p95, p.longest) for p in ledger_figures.phases(ledger, "2000")
    }
    for row in _rows(ledger, "SELECT * FROM durations WHERE phase IN ('analysis', 'generation')"):
        assert phases[row["phase"]] == (row["n"], row["p50"], row["p95"], row["longest"])
    assert ledger_figures.rate({"published": 8, "refused": 1, "failed": 1, "deferred": 5}) == 80.0
