"""One marketplace, written by each backend in turn: the same rows, the same report, and a second
run that has nothing to do."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chat_server import ChatServer
from tests.gemini_server import Limits
from tests.market import Market, plugin
from tests.writers import WRITERS, configure, outcome


@pytest.fixture
def shop(tmp_path: Path) -> Market:
    """Two plugins with source enough for a model, and one with too little."""
    for name in ("alpha", "beta"):
        plugin(tmp_path / "shop", name, size=16_000)
    plugin(tmp_path / "shop", "tiny", size=0)
    made = Market(tmp_path / "shop")
    assert made.run("nightpress", "init").code == 0
    return made


@pytest.mark.parametrize("writer", WRITERS)
def test_the_same_rows_and_report_whoever_writes(shop: Market, writer: str) -> None:
    with WRITERS[writer](shop) as (words, environ):
        ran = shop.done(*words, "pace=unpaced", **environ)
        assert "2 published, 1 insufficient" in ran.out
        shop.done(*words, "report", **environ)
        assert "nothing to do" in shop.done(*words, **environ).out
    status = None if writer in ("command", "replay") else 200
    assert outcome(shop) == {
        "attempts": [
            ("alpha/skill", "published"), ("beta/skill", "published"),
            ("tiny/skill", "insufficient"),
        ],
        "calls": [
            ("alpha", "analysis", "reply", status, 1),
            ("alpha/skill", "generation", "reply", status, 1),
            ("beta", "analysis", "reply", status, 1),
            ("beta/skill", "generation", "reply", status, 1),
        ],
        "standing": {"fresh": 2, "insufficient": 1},
        "attempted": {"published": 2, "insufficient": 1},
        "phases": {"waiting for quota": 2, "analysis": 2, "generation": 2, "whole attempt": 2},
        "replies": 4,
    }  # fmt: skip
    assert {one for (one,) in shop.rows("SELECT DISTINCT backend FROM calls")} == {writer}


@pytest.mark.parametrize("writer", ["openai", "anthropic"])
def test_limits_that_replies_state_are_learned_once(shop: Market, writer: str) -> None:
    limits = {"*": Limits(rpm=6_000, tpm=9_000_000)}
    with WRITERS[writer](shop, limits=limits) as (words, environ):
        said = shop.done(*words, **environ).out
        assert said.count("the provider allows 6000 requests a minute, not any number") == 1, said
        assert said.count("the provider allows 9000000 input tokens a minute") == 1
        shop.done("forget", "enhance:alpha")
        assert " at 6000/9000k/-" in shop.done(*words, "plan", **environ).out
        again = shop.done(*words, **environ).out
        assert "1 published" in again
        assert "the provider allows" not in again


@pytest.mark.parametrize("writer", ["openai", "anthropic"])
def test_a_night_with_faults_ends_well(shop: Market, writer: str) -> None:
    script = ["503", "empty", "max_tokens", "500", "fenced"]
    with WRITERS[writer](shop, script=script) as (words, environ):
        fast = {"NIGHTPRESS_CLOCK": f"30,{time.time()},{time.monotonic()}"}
        shop.done(*words, "pace=unpaced", **environ, **fast)
    said = [one for (one,) in shop.rows("SELECT outcome FROM calls ORDER BY id")]
    assert said.count("reply") >= 4 and "transient" in said


def test_a_recording_makes_the_same_documents_without_a_server(shop: Market) -> None:
    with WRITERS["openai"](shop) as (words, environ):
        shop.done(*words, "pace=unpaced", **environ)
    told = shop.run("nightpress", "record", "tests/replies")
    assert "4 replies recorded" in told.out, told.err
    before = {name: shop.target(name).read_bytes() for name in ("alpha", "beta")}
    lock = (shop.root / "nightpress.lock").read_bytes()
    shutil.rmtree(shop.root / ".nightpress")  # a clone
    replay = "backend=replay:tests/replies"
    assert "no work needed: 2 up to date" in shop.done(replay).out
    for path in [*map(shop.target, before), shop.root / "nightpress.lock"]:
        path.unlink()
    shutil.rmtree(shop.root / ".nightpress")
    assert "2 published" in shop.done(replay).out
    assert {name: shop.target(name).read_bytes() for name in before} == before
    assert (shop.root / "nightpress.lock").read_bytes() == lock
    assert "nothing to do" in shop.done(replay).out
    shop.done("report")
    report = json.loads((shop.root / ".nightpress" / "report" / "report.json").read_text())
    assert report["standing"] == {"fresh": 2, "insufficient": 1}, "in the name of who was recorded"
    assert shop.run("nightpress", "record", "again").code == 3, "an echo is no recording"


def test_a_question_that_changed_fails_its_document_and_no_other(shop: Market) -> None:
    with WRITERS["anthropic"](shop) as (words, environ):
        shop.done(*words, "pace=unpaced", **environ)
    shop.run("nightpress", "record", "tests/replies")
    with (shop.root / "plugins" / "beta" / "README.md").open("a") as readme:
        readme.write("\nIt settles on Fridays as well.\n")
    for name in ("alpha", "beta"):
        shop.target(name).unlink()
    failed = shop.doit("backend=replay:tests/replies")
    assert failed.code == 1
    assert "1 published" in failed.out and "since it was asked, README.md changed" in failed.out
    assert shop.target("alpha").exists()


def changed_file(market: Market) -> None:
    (market.root / "plugins" / "beta" / "NEWS.md").write_text("# News\n\nNothing yet.\n")


def changed_generator(market: Market) -> None:
    folder = Path(__file__).parents[2] / "generators" / "skill"
    shutil.copytree(folder, market.root / "generators" / "skill")
    with (market.root / "generators" / "skill" / "system.md").open("a") as system:
        system.write("Mind the gap.\n")


def changed_schema(market: Market) -> None:
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "analysis.json").read_text())
    schema["properties"]["purpose"]["maxLength"] -= 1
    (market.root / "schemas").mkdir()
    (market.root / "schemas" / "analysis.json").write_text(json.dumps(schema))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed_file, "NEWS.md is new"),
        (changed_generator, "the generator changed"),
        (changed_schema, "the schema changed"),
    ],
)
def test_a_question_that_is_not_recorded_says_what_of_it_changed(
    shop: Market, change: Callable[[Market], None], said: str
) -> None:
    with WRITERS["openai"](shop) as (words, environ):
        shop.done(*words, "pace=unpaced", **environ)
    shop.run("nightpress", "record", "tests/replies")
    change(shop)
    shop.target("beta").unlink()
    failed = shop.doit("backend=replay:tests/replies", "enhance:beta")
    assert failed.code == 1
    to_do = "run it once with the writer itself, then record again: nightpress record FOLDER"
    line = f"question is recorded: since it was asked, {said}; {to_do}\n"
    assert line in failed.out, failed.out


def test_a_secret_in_a_reply_is_recorded_redacted(shop: Market) -> None:
    token = "ghp_" + "a1B2c3D4e5" * 4  # built here, so that no scanner meets it in this file
    code = f"print('# Alpha\\n\\nSet {token} and go.')"
    run = json.dumps([sys.executable, "-c", code])
    configure(shop, f"command: {{run: {run}, unsafe_tools: accepted}}")
    shop.doit("backend=command", "enhance:alpha")
    told = shop.run("nightpress", "record", "replies")
    assert "secrets redacted" in told.out, told.out + told.err
    texts = [path.read_text() for path in (shop.root / "replies").rglob("*.md")]
    assert texts and not any(token in text for text in texts)


@pytest.mark.parametrize("most", [1, 2])
def test_a_local_server_never_has_more_calls_at_once_than_its_limit(
    tmp_path: Path, most: int
) -> None:
    for name in ("alpha", "beta", "gamma", "delta"):
        plugin(tmp_path / "shop", name, size=16_000)
    market = Market(tmp_path / "shop")
    market.run("nightpress", "init")
    configure(market, f"limits: {{'*': {{concurrency: {most}}}}}")
    with ChatServer(latency=0.02) as server:
        configure(market, f"base_url: {server.url()}/v1")
        done = market.done("backend=openai", "model=qwen3:8b", "pace=unpaced")
        assert "4 published" in done.out
        assert server.service.seen()["most_at_once"] == most


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_a_model_that_there_is_not_is_found_before_any_call(shop: Market, name: str) -> None:
    with ChatServer(models=["llama4:9b"]) as server:
        configure(shop, f"base_url: {server.url()}{'/v1' if name == 'openai' else ''}")
        words = [f"backend={name}", "pace=unpaced"]
        done = shop.doit(*words, "model=qwen3:8b")
        assert done.code == 3, done.out + done.err
        assert "404" in done.out and "qwen3:8b" in done.out
        assert "check `model` and `base_url`" in done.out
        assert server.service.seen()["calls"] == 0
        done = shop.doit(*words, "model=llama4:9b")
        assert "2 published" in done.out, done.out


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_a_server_that_does_not_say_what_it_has_is_no_error(shop: Market, name: str) -> None:
    with WRITERS[name](shop, tells=False) as (words, environ):
        done = shop.doit(*words, "pace=unpaced", **environ)
    assert "2 published" in done.out, done.out + done.err
