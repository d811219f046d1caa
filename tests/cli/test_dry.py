"""`-n`: every command that changes something says what it would do, and changes nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from nightpress.cli import dry, everywhere
from tests.market import Market, plugin, published, tree_digest

COMMANDS = (
    "adopt alpha", "apply", "apply beta/skill --json", "archive", "backup", "build", "clean alpha",
    "clean", "drill", "forget alpha/skill", "forget-backups", "ignore alpha", "manifests",
    "manifests --add readme", "prune --days 0", "reject beta --because x", "restore alpha",
    "snapshot alpha", "verify-vault", "report", "review", "adopt nix", "forget", "init",
    "check --write-baseline sins.json", "ci check --sarif found.sarif", "forget --all",
)  # fmt: skip


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """alpha is published, of beta a draft waits, and gamma has no manifest yet; with a backup."""
    market = published(tmp_path_factory.mktemp("dry"), "alpha")
    defaults = market.root / "manifests" / "_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("publish: auto", "publish: review"))
    plugin(market.root, "beta", size=16_000)
    assert market.run("nightpress", "manifests").code == 0
    assert "its draft waits" in market.run("nightpress", "build").out
    assert market.run("nightpress", "backup").code == 0
    market.git("init", "-q")
    plugin(market.root, "gamma")
    return market


@pytest.mark.parametrize("words", COMMANDS)
def test_a_dry_run_ends_as_the_run_and_changes_nothing(
    market: Market, words: str, tmp_path: Path
) -> None:
    before = tree_digest(market.root)
    tried = market.run("nightpress", *words.split(), "-n")
    assert tree_digest(market.root) == before
    real = Market(tmp_path / "real")
    shutil.copytree(market.root, real.root, symlinks=True)
    done = real.run("nightpress", *words.split())
    if words != "build":  # a plan is no failure
        assert tried.code == done.code, tried.err
    assert tried.err.replace(str(market.root), "") == done.err.replace(str(real.root), "")


def test_what_a_command_did_is_what_it_would_do(market: Market) -> None:
    def said(*words: str) -> str:
        return market.run("nightpress", *words, "-n").out

    assert "would publish    beta/skill  " in said("apply")
    assert said("apply").endswith(f"\n{dry.ENDS}\n")
    assert "would adopt      alpha/skill  " in said("adopt", "alpha/skill")
    assert "alpha: 1 document stands as published" in said("adopt", "alpha")
    assert said("forget", "alpha/skill").startswith("would forget alpha/skill\n")
    assert said("reject", "plugins/beta", "--because", "x").startswith("would reject beta/skill")
    assert "alpha: would be restored from " in said("restore", "alpha")
    assert "would write manifests/gamma.yaml\n" in said("manifests")
    assert "would back up " in said("backup") and "would send " in said("backup")
    assert said("tonight", "--until", "06:00").startswith("would build until all is done, or")
    nightly = said("ci", "nightly", "--branch", "docs")
    assert nightly.startswith("would build, and push what changed to origin docs, with one pull")
    assert "would forget enhance" not in said("forget", "--all")
    assert "would write .nightpress/report/index.html\n" in said("report")
    assert said("analyse", "alpha") == f"{dry.NOTHING}\n"
    assert " would be accepted in sins.json\n" in said("check", "--write-baseline", "sins.json")
    assert "would be written by each of: offline" in (
        market.run("nightpress", "canary", "--models", "offline,gemini", "-n").err
    )


def test_no_model_is_asked(tmp_path: Path) -> None:
    plugin(tmp_path, "delta")
    fresh = Market(tmp_path)
    fresh.run("nightpress", "init")
    asking = {"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9"}
    ran = fresh.run("nightpress", "analyse", "delta", "-n", **asking)
    assert ran.out.startswith("would find out what delta is for, by gemini:"), ran.err


def test_json_of_a_dry_run_says_so(market: Market) -> None:
    told = json.loads(market.run("nightpress", "apply", "-n", "--json").out)
    assert told["dry_run"] and told["exit_code"] == 0
    assert any("would publish" in line for line in told["lines"])
    events = market.run("nightpress", "-n", "adopt", "alpha", "--json").out.splitlines()
    assert all(json.loads(event)["dry_run"] for event in events)


def test_what_is_elsewhere_stays_as_it_is_too(market: Market, tmp_path: Path) -> None:
    into, vault = tmp_path / "into", market.root / ".nightpress" / "vault.db"
    ran = market.run("nightpress", "archive", "--into", str(into), "-n")
    assert ran.code == 0 and f"-> {into}" in ran.out.replace(" ", " ")
    ran = market.run("nightpress", "restore-all", str(vault), str(into), "-n")
    assert ran.code == 0 and ran.out.startswith("would restore 2 plugins"), ran.out + ran.err
    assert not into.exists()


def test_it_works_from_a_folder_inside_and_from_outside(market: Market, tmp_path: Path) -> None:
    inside = Market(market.root / "plugins" / "alpha")
    assert "1 document stands as published" in inside.run("nightpress", "adopt", ".", "-n").out
    outside = Market(tmp_path)
    ran = outside.run("nightpress", "adopt", "alpha/skill", "--project", str(market.root), "-n")
    assert "would adopt" in ran.out, ran.err


def test_a_run_under_way_is_told(market: Market) -> None:
    from nightpress.storage import run_lock

    lock = run_lock.acquire(market.root / ".nightpress", "doit")
    try:
        assert market.run("nightpress", "adopt", "alpha", "-n").code == 75
    finally:
        lock.release()


def test_what_has_a_dry_run_of_its_own_is_not_copied() -> None:
    assert not dry.CHANGING & everywhere.TRIED
