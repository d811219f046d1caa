"""`nightpress status`: from the records, in words and as JSON."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from nightpress.cli import status
from nightpress.model import STATES
from nightpress.storage import run_lock
from tests.market import Market, published

HOUR = 3_600.0


@pytest.fixture
def market(tmp_path: Path) -> Market:
    return published(tmp_path, "alpha", "beta")


def told(market: Market, **environ: str) -> dict[str, str]:
    ran = market.run("nightpress", "status", **environ)
    assert (ran.code, ran.err) == (0, "")
    return {line[:10].strip(): line[11:] for line in ran.out.splitlines()}


def test_a_project_from_its_first_day_to_a_backup(market: Market) -> None:
    lines = told(market)
    assert lines["documents"] == "2 published or adopted, in 2 plugins"
    assert lines["review"] == "nothing waits for you"
    assert lines["quota"] == "no model is asked (offline)"
    assert lines["last run"].endswith("done: 2 published")
    assert lines["next run"] == "any time: nightpress build"
    assert lines["backup"] == "none on record: nightpress backup"
    market.done("backup")
    assert told(market)["backup"].endswith("(just now), on this machine alone: not off-site")


def test_a_clone_knows_what_the_lock_file_says(market: Market, tmp_path: Path) -> None:
    (market.root / ".nightpress").rename(tmp_path / "state-of-before")
    lines = told(market)
    assert lines["documents"] == "2 published or adopted, in 2 plugins"
    assert lines["last run"] == "none yet: nightpress build"


def _reviewed(market: Market) -> None:
    """Nothing is published unseen from now on."""
    defaults = market.root / "manifests" / "_defaults.yaml"
    lines_of = [line for line in defaults.read_text().split("\n") if line[:8] != "publish:"]
    defaults.write_text("\n".join([*lines_of, "publish: review", ""]))


def test_what_is_gone_or_edited_is_told(market: Market) -> None:
    market.target("alpha").unlink()
    beta = market.target("beta")
    beta.write_bytes(beta.read_bytes().replace(b"\n", b"\r\n"))  # no edit: git does that, too
    assert told(market)["documents"].endswith("; 1 gone: nightpress check")
    beta.write_text(beta.read_text() + "\nOne more rule.\n")
    assert told(market)["documents"].endswith("; 1 gone, 1 edited: nightpress check")
    found = json.loads(market.run("nightpress", "status", "--json").out)
    assert (found["gone"], found["edited"]) == (["alpha/skill"], ["beta/skill"])


def test_what_waits_is_named(market: Market) -> None:
    _reviewed(market)
    readme = market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text() + "\n## More\n\nThe alpha ledger is kept for a year.\n")
    assert market.doit().code == 0
    lines = told(market)
    assert lines["review"] == "1 draft waits for you (alpha/skill): nightpress review"
    assert lines["documents"] == "2 published or adopted, in 2 plugins; 1 waiting"
    found = json.loads(market.run("nightpress", "status", "--json").out)
    assert found["waiting"] == ["alpha/skill"]
    report = market.run("nightpress", "report").out
    assert "waiting      1: waits for review (e.g. alpha/skill): nightpress review shows" in report
    assert "1 up to date, 1 waiting" in report

    market.done("reject:alpha", "--because", "not this")
    lines = told(market)
    assert lines["review"] == "nothing waits for you"
    assert lines["documents"] == "2 published or adopted, in 2 plugins; 1 rejected"
    report = market.run("nightpress", "report").out
    assert "nightpress review" not in report
    assert "rejected     alpha/skill: its draft was rejected (not this)" in report


def test_with_a_key_the_quota_of_today_is_told_and_never_the_key(market: Market) -> None:
    ran = market.run("nightpress", "status", GEMINI_API_KEY="hidden-value")
    assert "calls left today, 0 used; the day ends" in ran.out
    assert "hidden-value" not in ran.out + ran.err


def test_a_run_that_goes_on_is_told(market: Market) -> None:
    lock = run_lock.acquire(market.root / ".nightpress", "doit")
    assert f"a run is under way (pid {os.getpid()})" in told(market)["next run"]
    lock.release()
    assert told(market)["next run"] == "any time: nightpress build"


def test_without_a_project_it_says_so(tmp_path: Path) -> None:
    ran = Market(tmp_path).run("nightpress", "status")
    assert (ran.code, "there is no manifests/ folder" in ran.err) == (3, True)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (None, "none yet: nightpress build"),
        ({"started_at": 0.0, "finished_at": None, "exit_code": None, "counts": {}},
         "and has not ended"),
        ({"started_at": 0.0, "finished_at": 1.0, "exit_code": None, "counts": {}}, "and died"),
        ({"started_at": 0.0, "finished_at": 1.0, "exit_code": 1, "counts": {"failed": 3}},
         "with failures: 3 failed"),
        ({"started_at": 0.0, "finished_at": 1.0, "exit_code": 75, "counts": {}},
         "with exit status 75"),
    ],
)  # fmt: skip
def test_how_a_run_ended(run: dict[str, object] | None, words: str) -> None:
    assert words in status._last({"last_run": run, "running": 7}, 100.0)
    if words == "and has not ended":
        assert status._last({"last_run": run, "running": None}, 100.0).endswith("and died")


def test_when_the_next_one_goes_on() -> None:
    found = {"running": None, "next_run_at": 10 * HOUR}
    assert "(in 4 h); nightpress tonight waits for it" in status._next(found, 6 * HOUR)


def test_a_draft_beside_a_persons_file_has_one_state_everywhere(market: Market) -> None:
    shutil.rmtree(market.root / ".nightpress")
    (market.root / "nightpress.lock").unlink()
    _reviewed(market)
    assert market.doit().code == 0  # the files are somebody's now
    told_of = market.run("nightpress", "why", str(market.target("alpha"))).out
    assert "nightpress forget alpha/skill, then nightpress build alpha/skill: it waits" in told_of
    ran = market.run("nightpress", "build", "alpha/skill", "--force").out
    assert "waiting      alpha/skill" in ran
    lines = told(market)
    assert lines["review"] == "1 draft waits for you (alpha/skill): nightpress review"
    assert lines["documents"] == "2 published or adopted, in 2 plugins; 1 waiting"
    assert set(words_of(market)) == {"waiting: its draft waits for you: nightpress review"}
    market.done("reject:alpha/skill", "--because", "too loud")
    assert told(market)["documents"] == "2 published or adopted, in 2 plugins"
    assert set(words_of(market)) == {
        "up to date: its draft was rejected (too loud): the file stays"
    }
    told_of = market.run("nightpress", "why", str(market.target("alpha"))).out
    assert "  draft        rejected 20" in told_of and ": too loud\n" in told_of


def words_of(market: Market) -> list[str]:
    """The state of alpha's document with its first reason: in info, why, plan, and the report."""
    out = {
        name: market.run("nightpress", *words).out
        for name, words in {
            "info": ("info", "alpha/skill"), "why": ("why", str(market.target("alpha"))),
            "plan": ("plan", "alpha"), "json": ("plan", "--json"), "report": ("report",),
        }.items()
    }  # fmt: skip
    assert "AwaitsReview" not in "".join(out.values())
    [row] = [
        r for r in json.loads(out["json"])["enhancements"] if r["enhancement"] == "alpha/skill"
    ]
    report = json.loads((market.root / ".nightpress" / "report" / "report.json").read_text())
    [own] = [p["documents"][0] for p in report["plugins"] if p["slug"] == "alpha"]
    planned = re.match(r"(\w+(?: \w+)*) +alpha/skill: (.*?)(?:; | \(score)", out["plan"])
    listed = re.search(r"^(\w+(?: \w+)*) +alpha/skill: (.*?)(?:;|$)", out["report"], re.M)
    assert planned is not None and listed is not None, (out["plan"], out["report"])
    said = [
        out["info"].splitlines()[1].strip(),
        out["why"].splitlines()[1].strip().removeprefix("now").strip(),
        f"{row['state']}: {voice(row['reasons'][0]['text'])}",
        f"{STATES[own['state']].word}: {own['reasons'][0]}",
        f"{planned[1]}: {planned[2]}",
        f"{listed[1]}: {listed[2]}",
    ]
    return [one.partition("; ")[0] for one in said]


def voice(text: str) -> str:
    return text.replace("doit ", "nightpress ")


def test_a_backend_without_its_key_is_told_of_all_the_same(market: Market) -> None:
    path = market.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("backend: auto", "backend: gemini"))
    assert "gemini" in path.read_text() and market.doit().code == 3
    assert "a run needs GOOGLE_API_KEY or GEMINI_API_KEY" in market.done("plan").out
    assert told(market)["quota"].startswith("gemini-")
