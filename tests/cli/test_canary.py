"""`nightpress canary`: the same sample by each candidate, and the project as it was."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from nightpress import backends
from nightpress import project as contract
from nightpress.clock import RealClock
from nightpress.pipeline import canary as canaries
from nightpress.pipeline.canary import Candidate, Result, Tried
from nightpress.project import Project
from tests.chat_server import ChatServer
from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, Ran, plugin
from tests.pipeline.test_gemini import configure

NAMES = ("small", "middle", "large")
MODELS = "gemini-3.5-flash-lite,gemini-3.8-flash"


@pytest.fixture
def shop(tmp_path: Path) -> Market:
    """Four plugins of different sizes, one of them documented, one with a person's document."""
    root = tmp_path / "shop"
    for name, size in (("small", 10_000), ("middle", 16_000), ("large", 24_000)):
        plugin(root, name, size=size)
    plugin(root, "persons", skill="---\nname: persons\ndescription: x\n---\n\nMine.\n")
    made = Market(root)
    assert made.run("nightpress", "init").code == 0
    configure(made, "pace: {profile: unpaced}\nnotify: {command: [touch, told]}")
    assert made.doit("enhance:small").code == 0
    return made


def canary(market: Market, server: GeminiServer, *words: str) -> Ran:
    return market.run(
        "nightpress", "canary", *words, GOOGLE_GEMINI_BASE_URL=server.url(),
        GEMINI_API_KEY="test-key",
    )  # fmt: skip


def defaults_of(root: Path, told: str) -> dict[str, object]:
    """The lines that are told to be put into the defaults, as the project reads them."""
    words = re.search(r"put (?:this|these (\d)) lines? into manifests/_defaults.yaml.*:\n", told)
    assert words, told
    lines = told[words.end() :].splitlines()[: int(words[1] or 1)]
    copy = root.parent / "pasted"
    (copy / "manifests").mkdir(parents=True, exist_ok=True)
    (copy / contract.FILE).write_text("\n".join(lines).replace("</pre>", "") + "\n")
    defaults, problems = contract.load_defaults(copy)
    assert not problems, problems
    return {line.partition(":")[0]: defaults.values[line.partition(":")[0]] for line in lines}


def contents(root: Path) -> dict[str, str]:
    """Every file of the project but the page, and what is on record."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and path.name not in ("canary.html", "index.db", "ledger.db")
        and not path.name.startswith(("index.db", "ledger.db-"))
    }  # fmt: skip


def test_two_models_side_by_side_and_nothing_else_changes(shop: Market) -> None:
    before = contents(shop.root)
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        done = canary(shop, server, "--plugins", "2", "--models", MODELS, "--format", "json")
        assert done.code in (0, 1), done.err
        asked = server.seen()["by_model"]
    assert contents(shop.root) == before
    assert shop.rows("SELECT count(*) FROM enhancements") == [(1,)]
    assert "large, small" in done.err or "small, large" in done.err
    figures = json.loads(done.out)
    assert [one["candidate"] for one in figures] == MODELS.split(",")
    for one in figures:
        assert {d["job"] for d in one["each"]} == {"small/skill", "large/skill"}
        assert one["calls"] == asked[one["candidate"]] >= 4
        assert one["passed"] == sum(d["status"] == "published" for d in one["each"])
        assert one["cost_usd"] == 0
    page = (shop.root / ".nightpress" / "canary.html").read_text()
    assert page.count("<article>") == 4
    assert 'http-equiv="Content-Security-Policy" content="default-src' in page
    best = max(figures, key=lambda one: (one["passed"], round(one["score"])))
    assert [one["winner"] for one in figures] == [one is best for one in figures]
    assert f"winner: {best['candidate']} (" in done.err
    assert defaults_of(shop.root, done.err) == {"model": best["candidate"]}
    assert f"winner: {best['candidate']} (" in page
    assert defaults_of(shop.root, html.unescape(page)) == {"model": best["candidate"]}


def test_what_the_winner_was_asked_is_not_paid_for_again(shop: Market) -> None:
    """Neither of a document that was never made, nor of one that another writer had made."""
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        done = canary(shop, server, "--plugins", "3", "--models", MODELS, "--format", "json")
        assert done.code in (0, 1), done.err
        made = {one["candidate"]: one for one in json.loads(done.out)}["gemini-3.8-flash"]
        assert made["passed"] == 3, "as the local server writes them"
        environ = {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}
        words = ["backend=gemini", "model=gemini-3.8-flash"]
        built = shop.done(*words, *(f"enhance:{one}" for one in NAMES), **environ)
        assert "3 published" in built.out and "was paid for before" in built.out
        twice = "SELECT job FROM calls GROUP BY prompt_sha256, model_requested HAVING count(*) > 1"
        assert not shop.rows(twice)
        after = "run_id = (SELECT run_id FROM runs ORDER BY rowid DESC LIMIT 1)"
        new = shop.rows(f"SELECT job, phase FROM calls WHERE {after}")
        assert set(new) <= {("small/skill", "repair")}, "that one is beside a text of ours"
        assert shop.rows("SELECT count(*) FROM calls") == [(server.seen()["calls"],)]
    assert shop.run("nightpress", "record", "replies").code == 0
    shop.target("large").unlink()
    (shop.root / "nightpress.lock").unlink()
    shutil.rmtree(shop.root / ".nightpress")
    assert "1 published" in shop.done("backend=replay:replies", "enhance:large").out


def test_other_prompts_are_tried_beside_ours(shop: Market, tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parents[2] / "generators" / "skill", tmp_path / "mine" / "skill")
    template = tmp_path / "mine" / "skill" / "prompt.md.j2"
    template.write_text("Mind the gap.\n\n" + template.read_text())
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        done = canary(shop, server, "--plugins", "1", "--prompts", str(tmp_path / "mine"))
        assert done.code in (0, 1), done.err
        calls = server.seen()["list"]
    rows = done.out.splitlines()
    assert rows[1].startswith("as configured  ")
    assert rows[2].startswith("as configured + ")
    drafts = {c["prompt_bytes"] for c in calls if c["phase"] == "generation"}
    assert len(drafts) >= 2
    page = html.unescape((shop.root / ".nightpress" / "canary.html").read_text())
    for told in (done.out, page):
        copied = f"to take its prompts, copy the folders in {tmp_path / 'mine'} into generators/"
        assert (copied in told) != ("there is nothing to change" in told)


def test_the_winner_has_most_passed_then_score_then_price(tmp_path: Path) -> None:
    def of(name: str, passed: int, score: int, cost: float | None, **more: Path) -> Result:
        one = Candidate("", name, more.get("prompts"))
        states = ["published"] * passed + ["failed"] * (3 - passed)
        documents = [Tried(str(i), state, score, text="#") for i, state in enumerate(states)]
        return Result(one, tuple(documents), 1, 1, 1, cost, 1.0)

    many, good = of("many", 3, 60, 0.5), of("good", 2, 90, 0.0)
    cheap, unknown = of("cheap", 3, 60, 0.1), of("unknown", 3, 60, None)
    assert canaries.winner([good, unknown, many]) is many
    assert canaries.winner([many, cheap, unknown]) is cheap
    assert canaries.winner([cheap, better := of("better", 3, 61, None)]) is better
    assert canaries.verdict([of("none", 0, 99, 0.0)])[0].startswith("no winner: ")
    told = canaries.verdict([of("1.5", 1, 1, 0.0, prompts=tmp_path)], "command:claude")
    assert f"copy the folders in {tmp_path} into generators/" in told[1]
    assert defaults_of(tmp_path, "\n".join(told)) == {
        "backend": "command", "command": {"preset": "claude"}, "model": "1.5",
    }  # fmt: skip
    assert canaries.verdict([of("", 1, 1, 0.0)])[1].startswith("there is nothing to change")
    assert canaries.verdict([of("", 1, 1, 0.0, prompts=tmp_path)])[1:] == told[1:2]


def test_a_backend_alone_is_a_candidate_and_what_is_up_to_date_is_tried(shop: Market) -> None:
    shop.done()
    assert "nothing to do" in shop.done().out
    edited = shop.root / "plugins" / "small" / "README.md"
    edited.write_text(f"{edited.read_text()}\nOne line more, of which nobody has heard.\n")
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        done = canary(shop, server, "--plugins", "3", "--models", "offline,gemini")
        assert server.seen()["calls"] >= 6
    assert done.code == 0 and "3 plugins, 3 documents: small, middle, large" in done.err, done.err
    rows = [line.split()[:4] for line in done.out.splitlines()[1:3]]
    assert rows == [[name, "3", "of", "3"] for name in ("offline", "gemini")], done.out
    assert done.out.count("winner: ") == 1
    assert defaults_of(shop.root, done.out)["backend"] in ("offline", "gemini")


def test_one_that_is_refused_is_told_as_not_tried(shop: Market) -> None:
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        done = canary(shop, server, "--plugins", "2", "--models", "gemini,openai")
    assert "model of Gemini" not in done.err and "gpt-6-luna" in done.err
    rows = [line.split() for line in done.out.splitlines()]
    assert rows[1][:4] == ["gemini", "2", "of", "2"]
    assert rows[2][:3] == ["openai:gpt-6-luna", "not", "tried"]
    assert "openai:gpt-6-luna: not tried: its run was refused, as told above" in done.out
    assert "winner: gemini (" in done.out
    assert defaults_of(shop.root, done.out) == {"backend": "gemini"}


def test_a_local_model_is_compared_with_a_provider(shop: Market) -> None:
    """The base URL is that of the backend which the project names, whoever else is asked."""
    path = shop.root / contract.FILE
    words = ("--plugins", "1", "--models", "openai:qwen3:8b,gemini:gemini-3.5-flash-lite")
    with GeminiServer(latency=0, limits={"*": Limits()}) as far, ChatServer() as near:
        configure(shop, f"base_url: {near.url()}/v1")
        unclear = canary(shop, far, *words)
        assert unclear.code == 3 and near.seen()["calls"] == far.seen()["calls"] == 0
        assert "gemini, openai are to be tried, and nothing says whose" in unclear.err
        own = path.read_text().replace("backend: auto", "backend: openai")
        path.write_text(re.sub("(?m)^model: .*", "model: qwen3:8b", own))
        done = canary(shop, far, *words)
        assert done.code in (0, 1) and near.seen()["calls"] and far.seen()["calls"], done.err
        assert {call["model"] for call in near.seen()["list"]} == {"qwen3:8b"}
        project = Project(shop.root, {"backend": "anthropic"}, {}, RealClock())
        claude = backends.way("anthropic", project.values)[1]
        assert claude.service == backends.way("anthropic", {})[1].service
        assert backends.way("openai", project.values)[1].service == f"{near.url()}/v1"


def test_a_preset_of_a_command_is_no_model(shop: Market, tmp_path: Path) -> None:
    found = canaries.candidates(["command:claude", "anthropic:claude-haiku-5-5"], None)
    assert [one.options() for one in found] == [
        {"backend": "command:claude"}, {"backend": "anthropic", "model": "claude-haiku-5-5"},
    ]  # fmt: skip
    assert found[0].in_yaml() == ["backend: command", 'command: {preset: "claude"}']
    found = canaries.candidates(["openai", "gemini"], None, "gemini-3.8-flash")
    assert [one.in_yaml() for one in found] == [
        ["backend: openai", 'model: "gpt-6-luna"'], ["backend: gemini"],
    ]  # fmt: skip
    (tmp_path / "bin").mkdir()
    claude = tmp_path / "bin" / "claude"
    claude.write_text(f"#!{sys.executable}\nimport json\nprint(json.dumps({{'result': '# No'}}))\n")
    claude.chmod(0o755)
    done = shop.run(
        "nightpress", "canary", "--plugins", "1", "--models", "offline,command:claude",
        PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}",
    )  # fmt: skip
    assert done.out.splitlines()[2].startswith("command:claude  0 of 1 "), done.out + done.err


def test_the_budget_is_that_of_all_together(shop: Market) -> None:
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        done = canary(shop, server, "--plugins", "1", "--models", MODELS, "--max-calls", "2")
        assert server.seen()["calls"] == 2
    assert "gemini-3.8-flash: not tried" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "there is nothing to compare"),
        (("--prompts", "manifests"), "holds no generator"),
        (("--models", "a,b", "--plugins", "0"), "expected a whole number from 1 up"),
    ],
)
def test_what_cannot_be_tried_is_said(shop: Market, words: tuple[str, ...], said: str) -> None:
    done = shop.run("nightpress", "canary", *words)
    assert done.code == 3
    assert said in done.err
