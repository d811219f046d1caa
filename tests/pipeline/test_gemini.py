"""A whole run against the local Gemini server: what each kind of answer does to the night."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.gemini_server import FastClock, GeminiServer, Limits, bad_night
from tests.market import Market, Ran, plugin, quota_db

KEY = "test-key"


@pytest.fixture
def shop(tmp_path: Path) -> Market:
    """Three plugins with source enough for a model."""
    for name in ("alpha", "beta", "gamma"):
        plugin(tmp_path / "shop", name, size=16_000)
    made = Market(tmp_path / "shop")
    assert made.run("nightpress", "init").code == 0
    return made


def configure(market: Market, text: str) -> None:
    path = market.root / "manifests" / "_defaults.yaml"
    path.write_text(f"{path.read_text()}\n{text}\n")


@contextmanager
def serving(market: Market, **settings: Any) -> Iterator[tuple[GeminiServer, Any]]:
    """A server, and `doit` with it as its Gemini; both on one clock, 20 times as fast."""
    fast = FastClock(20)
    settings = {"latency": 0, "limits": {"*": Limits()}, "clock": fast} | settings
    with GeminiServer(**settings) as server:
        environ = {
            "GOOGLE_GEMINI_BASE_URL": server.url(),
            "GEMINI_API_KEY": KEY,
            "NIGHTPRESS_CLOCK": f"{fast.speed},{fast.origin},{fast.monotonic_origin}",
        }

        def doit(*words: str) -> Ran:
            return market.doit(*words, **environ)

        yield server, doit


def calls(market: Market) -> list[tuple[Any, ...]]:
    return market.rows("SELECT model_requested, outcome, http_status FROM calls ORDER BY id")


def test_every_call_has_its_row_and_every_enhancement_its_outcome(shop: Market) -> None:
    with serving(shop) as (server, doit):
        done = doit("pace=unpaced")
        assert done.code in (0, 1), done.out + done.err
        assert "Traceback" not in done.out + done.err
        seen = server.seen()["list"]
        again = doit("plan")
        assert again.code == 0, again.err
        assert "no calls" in again.out
        (shop.root / "plugins" / "beta" / "NEW.md").write_text("One more remark.\n")
        assert "in 3 plugins: 1 stale (1 content changed)" in doit("plan").out
        assert len(server.seen()["list"]) == len(seen)
    assert len(calls(shop)) == len(seen) >= 6
    assert [status for _, _, status in calls(shop)].count(200) == len(seen)
    ended = shop.rows("SELECT job, COUNT(*) FROM enhancements WHERE status IN"
                      " ('published', 'refused') GROUP BY job")  # fmt: skip
    assert ended == [(f"{name}/skill", 1) for name in ("alpha", "beta", "gamma")]


def test_a_local_server_is_paced_unless_it_is_asked_unpaced(shop: Market) -> None:
    limited = {"*": Limits(15, 250_000, 500)}
    with serving(shop, limits=limited) as (server, doit):
        done = doit("max_calls=4")
        assert [call["status"] for call in server.seen()["list"]] == [200] * 4
        assert "waiting" in shop_log(shop)
    assert "deferred" in done.out


def shop_log(market: Market) -> str:
    return (market.root / ".nightpress" / "logs" / "latest.log").read_text()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"models": ["gemini-3.8-flash"]}, "gemini-3.5-flash-lite"),
        ({"keys": {"another": "p"}}, "API key"),
    ],
    ids=["retired model", "wrong key"],
)
def test_a_wrong_key_or_model_ends_the_run_before_any_call(
    shop: Market, settings: dict[str, Any], said: str
) -> None:
    with serving(shop, **settings) as (server, doit):
        done = doit("pace=unpaced")
        assert server.seen()["list"] == []
    assert done.code == 3
    assert said in done.out
    assert "stopped:" in done.out
    assert KEY not in done.out + done.err + shop_log(shop)
    assert calls(shop) == []
    assert shop.rows("SELECT id FROM enhancements") == []


def test_a_spent_day_defers_and_a_fallback_goes_on(shop: Market) -> None:
    with serving(shop, script=["day_429"]) as (server, doit):
        done = doit("pace=unpaced")
        assert len(server.seen()["list"]) == 1
        assert done.code == 0, done.out
        assert shop.rows("SELECT DISTINCT status FROM enhancements") == [("deferred",)]
        configure(shop, "fallback_models: [gemini-3.1-flash-lite]")
        done = doit("pace=unpaced")
        asked = {call["model"] for call in server.seen()["list"][1:]}
    assert asked == {"gemini-3.1-flash-lite"}
    assert "gemini-3.1-flash-lite is asked instead" in done.out
    assert shop.rows("SELECT COUNT(*) FROM calls WHERE model_requested <> model_answered") == [(0,)]


def test_what_the_provider_had_in_its_cache_is_recorded_and_costs_less(shop: Market) -> None:
    configure(shop, "paid: true")
    with serving(shop, caches=1_000) as (server, doit):
        before = json.loads(doit("plan", "--format", "json").out)["outlook"]["cost_usd"]
        doit("pace=unpaced", "enhance:alpha")
        seen = server.seen()["list"]
        rows = shop.rows("SELECT phase, tokens_in, tokens_cached, tokens_out, cost FROM calls")
        after = json.loads(doit("plan", "--format", "json").out)["outlook"]["cost_usd"]
    assert [row[2] for row in rows] == [call["cached"] or None for call in seen]
    analysis, document = rows[0], rows[1]
    assert analysis[:3:2] == ("analysis", None) and document[0] == "generation"
    assert document[2] > 0.4 * document[1], "a document's prompt begins as its analysis's did"
    for _, tokens_in, cached, tokens_out, cost in rows:
        whole = tokens_in * 0.30 - (cached or 0) * 0.27 + tokens_out * 2.50
        assert cost == pytest.approx(whole / 1e6)
    assert after[0] < before[0] * 2 / 3, "one of three is made, and the others cost less"
    assert after[1] > after[0]


@pytest.mark.parametrize("words", [(), ("enhance",)])
def test_a_plugin_is_done_before_the_next_one_is_begun(shop: Market, words: tuple[str]) -> None:
    with serving(shop) as (_, doit):
        doit("pace=unpaced", "max_calls=4", "-n", "1", *words)
    asked = [job.partition("/")[0] for (job,) in shop.rows("SELECT job FROM calls ORDER BY id")]
    assert asked == sorted(asked), "phase 1 of a later plugin came before an earlier document"
    assert len(set(asked)) < 3
    assert shop.rows("SELECT COUNT(*) FROM enhancements WHERE status = 'published'") != [(0,)]


def test_a_small_day_ends_with_documents_and_says_when_the_rest_is_done(shop: Market) -> None:
    configure(shop, "limits: {'*': {rpm: null, tpm: null, rpd: 3}}")
    path = shop.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("concurrency: 4", "concurrency: 1"))
    with serving(shop, limits={"*": Limits(rpd=3)}) as (server, doit):
        done = doit()
        seen = server.seen()["list"]
    assert [call["phase"] for call in seen] == ["analysis", "generation", "analysis"]
    assert done.out.count("published ") == 1, done.out
    [left] = [line for line in done.out.splitlines() if line.lstrip().startswith("deferred ")]
    assert left.startswith(
        "  deferred     2 documents; gemini-3.5-flash-lite: the day's 3 requests"
    ), done.out
    assert "; 3-4 calls, done in 1-2 nights; goes on from 20" in left


def test_a_spent_budget_says_how_many_nights_it_takes(shop: Market) -> None:
    with serving(shop) as (server, doit):
        assert "done in 6-7 nights with this budget" in doit("max_calls=1", "plan").out
        assert "done in 3-4 nights with this budget" in doit("limit=1", "plan").out
        done = doit("pace=unpaced", "limit=1")
        assert len(server.seen()["list"]) == 2
    [left] = [line for line in done.out.splitlines() if line.lstrip().startswith("deferred ")]
    assert left.startswith(
        "  deferred     2 documents; limit=1: this run's enhancements are done; "
    )
    assert left.endswith("4-5 calls, done in 2-3 nights; the next run goes on with them")


def test_a_cost_that_is_bounded_does_not_lift_the_free_tiers_limits(shop: Market) -> None:
    with serving(shop) as (_server, doit):
        plans = [doit(word, "plan").out for word in ("max_cost=1.50", "paid=1")]
        other = doit("max_cost=1.50", "model=gemini-9-ultra", "plan").out
    assert "gemini-3.5-flash-lite at 15/250k/500" in plans[0]
    assert "gemini-3.5-flash-lite at -/-/-" in plans[1]
    assert "gemini-9-ultra at -/-/-" in other


def test_the_plan_counts_the_days_of_fallback_models(shop: Market) -> None:
    configure(shop, "limits: {'*': {rpm: 5, tpm: null, rpd: 4}}")
    with serving(shop) as (_server, doit):
        alone = doit("plan").out
        configure(shop, "fallback_models: [gemini-3.1-flash-lite]")
        both = doit("plan").out
    assert "gemini-3.5-flash-lite at 5/-/4" in alone
    assert "in 2 days; 2-3 carried over" in alone
    assert "gemini-3.5-flash-lite, then gemini-3.1-flash-lite at 5/-/8" in both
    assert "; 0 carried over" in both


def test_a_fallback_that_costs_money_is_refused(shop: Market) -> None:
    configure(shop, "fallback_models: [gemini-9-ultra]")
    with serving(shop) as (server, doit):
        done = doit("pace=unpaced")
        assert server.seen()["list"] == []
    assert done.code == 3
    assert "gemini-9-ultra has no known free tier" in done.err + done.out


@pytest.mark.parametrize("words", [[], ["paid=1"]])
def test_a_misspelt_fallback_is_refused_with_a_suggestion(shop: Market, words: list[str]) -> None:
    configure(shop, "fallback_models: [gemini-3.1-flash-lit]")
    with serving(shop) as (server, doit):
        done = doit("pace=unpaced", *words)
        assert server.seen()["list"] == []
    assert done.code == 3
    assert "did you mean 'gemini-3.1-flash-lite'?" in done.err
    assert "correct `fallback_models`" in done.err


def test_a_manifests_own_model_and_backend_reach_the_call(shop: Market) -> None:
    for name, said in {"alpha": "model: gemini-3.1-flash-lite", "beta": "backend: offline"}.items():
        path = shop.root / "manifests" / f"{name}.yaml"
        path.write_text(f"{path.read_text()}{said}\n")
    with serving(shop) as (server, doit):
        doit("pace=unpaced")
        asked = {call["model"] for call in server.seen()["list"]}
    assert asked == {"gemini-3.1-flash-lite", "gemini-3.5-flash-lite"}
    wrote = "SELECT DISTINCT plugin_name, backend, model_requested FROM enhancements"
    assert set(shop.rows(wrote)) == {
        ("alpha", "gemini", "gemini-3.1-flash-lite"),
        ("beta", "offline", "offline"),
        ("gamma", "gemini", "gemini-3.5-flash-lite"),
    }
    models = "SELECT DISTINCT job, model_requested FROM calls WHERE job LIKE 'alpha%'"
    assert {model for _, model in shop.rows(models)} == {"gemini-3.1-flash-lite"}


@pytest.mark.parametrize("backend", ["auto", "gemini"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model=gemini-3.5-flash-lit"], "did you mean 'gemini-3.5-flash-lite'?"),
        (["model=gemini-3.5-flash-lit", "paid=1"], "did you mean 'gemini-3.5-flash-lite'?"),
        (["model=gemini-9-ultra"], "gemini-9-ultra, which is not known, may cost money"),
    ],
)
def test_a_model_that_was_named_and_is_not_known_is_no_reason_to_write_offline(
    shop: Market, backend: str, words: list[str], said: str
) -> None:
    with serving(shop) as (server, doit):
        done = doit(f"backend={backend}", *words)
        assert server.seen()["list"] == []
    assert done.code == 3
    assert said in done.err
    assert "published" not in done.out
    assert not shop.target("alpha").exists()


@pytest.mark.parametrize("stated", [True, False], ids=["price", "paid"])
def test_an_unknown_model_runs_with_a_price_of_nothing_or_paid(shop: Market, stated: bool) -> None:
    keep_only(shop, "alpha")
    if stated:
        configure(shop, "prices: {gemini-9-ultra: {in: 0, out: 0}}")
    words = ["model=gemini-9-ultra", *([] if stated else ["paid=1"])]
    with serving(shop, models=["gemini-9-ultra"]) as (server, doit):
        assert doit("pace=unpaced", *words).code == 0
        assert {call["model"] for call in server.seen()["list"]} == {"gemini-9-ultra"}


@contextmanager
def started(market: Market, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """`doit`, as a process that can be sent a signal."""
    command = [str(Path(sys.executable).parent / "doit"), "pace=unpaced"]
    environ = os.environ | {"GOOGLE_GEMINI_BASE_URL": address, "GEMINI_API_KEY": KEY}
    with subprocess.Popen(
        command, cwd=market.root, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def until(happened: Callable[[], object]) -> None:
    """Wait for it, on however slow a machine."""
    deadline = time.monotonic() + 300
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert happened()


def test_an_interrupt_gives_up_calls_that_hang(shop: Market) -> None:
    with serving(shop, script=["hang"]) as (server, _), started(shop, server.url()) as running:
        until(lambda: server.seen()["list"])
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=300)[0].decode()
    assert running.returncode == 130, said
    assert "interrupted: run doit again to go on" in said
    assert "left: 3 documents were not made" in said
    assert "nothing to do" not in said
    assert "Task was destroyed" not in said
    assert [outcome for _, outcome, _ in calls(shop)] == ["transient"]
    unfinished = "SELECT COUNT(*) FROM enhancements WHERE status IN ('started', 'prepared')"
    assert shop.rows(unfinished) == [(0,)]


def test_a_document_that_is_given_up_has_one_line_that_says_so(shop: Market) -> None:
    keep_only(shop, "alpha")
    with (
        serving(shop, script=["ok", "hang"]) as (server, _),
        started(shop, server.url()) as running,
    ):
        until(lambda: len(server.seen()["list"]) == 2)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=300)[0].decode()
        assert len(server.seen()["list"]) == 2
    [line] = [line for line in said.splitlines() if "alpha" in line and not line.startswith("  ")]
    assert line == "interrupted  alpha/skill  abandoned while the call was in flight"
    assert "before this call was made" not in said
    ended = shop.rows("SELECT status, error_message FROM enhancements")
    assert ended == [("interrupted", "abandoned while the call was in flight")]


def test_a_run_that_met_nothing_but_errors_says_so_at_its_end(shop: Market) -> None:
    with (
        serving(shop, rates={"disconnect": 1.0}) as (server, _),
        started(shop, server.url()) as running,
    ):
        until(lambda: server.seen()["list"])
        running.send_signal(signal.SIGTERM)
        said = running.communicate(timeout=300)[0].decode()
    assert running.returncode == 130, said
    assert "nothing to do" not in said
    assert "nothing was done in " in said
    assert "  no reply     to any call; the latest: RemoteProtocolError" in said
    assert "left: 3 documents were not made" in said


def keep_only(market: Market, *names: str) -> None:
    """Take the other plugins away."""
    for folder in (market.root / "plugins").iterdir():
        if folder.name not in names:
            shutil.rmtree(folder)
            (market.root / "manifests" / f"{folder.name}.yaml").unlink()


def test_the_plan_tells_calls_cost_and_evidence_and_makes_no_call(shop: Market) -> None:
    with serving(shop) as (server, doit):
        text = doit("plan").out
        outlook = json.loads(doit("plan", "--format", "json").out)["outlook"]
        assert server.seen()["list"] == []
    assert "0 stale, 3 not made yet" in text
    assert "gemini-3.5-flash-lite at 15/250k/500: done at" in text
    assert "$0 (free tier)" in text
    assert "0 of 45 clean calls" in text
    assert outlook["calls"][0] == 6
    assert outlook["cost_usd"] == [0, 0]
    assert outlook["left_in_day"] == 500
    assert not (shop.root / ".nightpress" / "ledger.db").exists()


def test_the_plan_counts_the_tokens_that_the_run_then_sends(shop: Market) -> None:
    for name in ("alpha", "beta", "gamma"):
        target = shop.target(name)
        target.parent.mkdir(parents=True)
        target.write_text("---\nname: x\n---\n" + "Old words about ledgers. " * 300)
    shop.replaces()
    with serving(shop) as (server, doit):
        outlook = json.loads(doit("plan", "--format", "json").out)["outlook"]
        doit("pace=unpaced", "-n", "3")
        first = server.seen()["list"][:6]
    low, high = outlook["tokens_in"]
    prompts = sum(call["prompt_bytes"] for call in first) / 3.5  # without the system text
    assert 0.97 * prompts < low < 1.1 * prompts < high


def test_a_failed_reference_leaves_the_skill_without_its_link(shop: Market) -> None:
    keep_only(shop, "alpha")
    assert shop.doit("manifests", "--add", "reference").code == 0
    with serving(shop, script=["ok", "blocked"]) as (server, doit):
        done = doit("pace=unpaced")
        phases = [(call["phase"], call["status"]) for call in server.seen()["list"]]
    assert phases[0][0] == "analysis"
    order = shop.rows("SELECT job, status FROM enhancements ORDER BY id")
    assert order[0] == ("alpha/reference", "failed"), done.out
    assert order[1][0] == "alpha/skill"
    assert order[1][1] in ("published", "refused")
    assert done.code == 1


def test_the_skill_links_its_reference(market: Market) -> None:
    added = market.doit("manifests", "--add", "reference")
    assert added.code == 0, added.err
    plugin(market.root, "delta", size=30_000)
    market.done("manifests", "--add", "reference")
    done = market.doit("enhance:delta")
    assert done.code == 0, done.out + done.err
    skill = market.target("delta").read_text()
    [made] = market.rows("SELECT target_path FROM enhancements WHERE job = 'delta/reference'")
    reference = market.root / str(made[0])
    assert reference.is_file()
    assert f"](references/{reference.name})" in skill


def test_ledger_and_server_agree_on_every_call_of_a_bad_night(shop: Market) -> None:
    with serving(shop, rates=bad_night(0.4), seed=3) as (server, doit):
        done = doit("pace=unpaced")
        seen = server.seen()["list"]
    assert done.code in (0, 1), done.out + done.err
    assert "Traceback" not in done.out + done.err
    assert len(seen) > 6
    assert len(calls(shop)) == len(seen)
    told = Counter(status for _, _, status in calls(shop) if status)
    sent = Counter(call["status"] for call in seen)
    assert told[200] <= sent[200]  # a body that was cut off has no status that we saw
    assert told[503] == sent[503]
    assert told[429] == sent[429]
    connection = sqlite3.connect(quota_db())
    [(counted,)] = connection.execute("SELECT COUNT(*) FROM reservations").fetchall()
    connection.close()
    assert counted == len(seen)


def test_a_manifests_own_model_is_paced_counted_and_foretold(shop: Market) -> None:
    """The project is offline; one plugin alone asks a model, by its quota like any other."""
    defaults = shop.root / "manifests" / "_defaults.yaml"
    text = defaults.read_text()
    assert "backend: auto" in text
    defaults.write_text(text.replace("backend: auto", "backend: offline"))
    manifest = shop.root / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text().rstrip("\n") + "\n    backend: gemini\n")
    with serving(shop) as (server, doit):
        plan = json.loads(doit("plan", "--format", "json").out)
        assert plan["outlook"]["calls"][0] == 2, plan["outlook"]
        done = doit()
        assert done.code == 0, done.out + done.err
        assert len(server.seen()["list"]) == 2
    quota = sqlite3.connect(quota_db())
    assert quota.execute("SELECT COUNT(*) FROM reservations").fetchone() == (2,)
    backends = shop.rows("SELECT job, backend FROM enhancements WHERE status = 'published'")
    assert dict(backends) == {
        "alpha/skill": "gemini", "beta/skill": "offline", "gamma/skill": "offline",
    }  # fmt: skip


def test_a_refused_document_is_parked_until_it_is_asked_for(shop: Market) -> None:
    """Its repair made nothing better; then no call and no row, whatever else is done."""
    keep_only(shop, "alpha")
    with serving(shop, script=["ok", "short", "short"]) as (server, doit):
        refused = doit("pace=unpaced")
        assert refused.code == 1
        assert "refused" in refused.out and "size-window" in refused.out, refused.out
        phases = [call["phase"] for call in server.seen()["list"]]
        assert phases == ["analysis", "generation", "generation"]
        assert not shop.target("alpha").exists()
        rows = shop.rows("SELECT id, status FROM enhancements")
        assert [status for _, status in rows] == ["refused"]
        again = doit("pace=unpaced")
        assert again.code == 0
        assert "1 refused" in again.out
        plan = doit("plan").out
        assert "refused      alpha/skill: refused before" in plan
        assert "\n  doit forget enhance:PLUGIN/NAME\n" in plan
        assert shop.rows("SELECT id, status FROM enhancements") == rows
        assert len(server.seen()["list"]) == 3
        assert doit("forget", "enhance:alpha/skill").code == 0
        assert doit("pace=unpaced").code == 0
        assert [call["phase"] for call in server.seen()["list"]][3:] == ["generation"]
    assert shop.target("alpha").is_file()


@pytest.mark.parametrize("fault", ["safety", "blocked"])
def test_a_document_that_the_filter_stops_is_not_asked_for_again(shop: Market, fault: str) -> None:
    keep_only(shop, "alpha")
    with serving(shop, script=["ok", fault]) as (server, doit):
        assert doit("pace=unpaced").code == 1
        assert len(server.seen()["list"]) == 2
        again = doit("pace=unpaced")
        assert again.code == 0
        assert "1 waiting" in again.out
        assert len(server.seen()["list"]) == 2
        assert "waiting      alpha/skill: the provider's filter stopped it" in doit("plan").out
        assert doit("pace=unpaced", "enhance:alpha/skill").code == 0
        assert len(server.seen()["list"]) == 3
    assert shop.target("alpha").exists()


def test_a_blocked_analysis_parks_its_documents(shop: Market) -> None:
    keep_only(shop, "alpha")
    with serving(shop, script=["safety"]) as (server, doit):
        assert doit("pace=unpaced").code == 1
        assert "1 waiting" in doit("pace=unpaced").out
        assert len(server.seen()["list"]) == 1
        (shop.root / "plugins" / "alpha" / "NEW.md").write_text("One more remark.\n")
        assert doit("pace=unpaced").code == 0
    assert shop.target("alpha").exists()


def test_a_recitation_is_asked_for_once_more_and_a_wish_is_answered_once(shop: Market) -> None:
    keep_only(shop, "alpha")
    with serving(shop, script=["ok", "recitation", "recitation", "recitation"]) as (server, doit):
        for made in (2, 3, 3, 3):
            doit("pace=unpaced")
            assert len(server.seen()["list"]) == made
        assert doit("forget", "enhance:alpha/skill").code == 0
        for _ in range(2):
            doit("pace=unpaced")
            assert len(server.seen()["list"]) == 4
    classes = shop.rows("SELECT error_class FROM enhancements ORDER BY id")
    assert classes == [("blocked_by_chance",), ("blocked",), ("blocked",)]


def test_a_bad_description_of_the_analysis_is_mended_by_a_small_call(shop: Market) -> None:
    keep_only(shop, "alpha")
    with serving(shop) as (server, doit):
        first = doit("pace=unpaced", "analyse:alpha").out
        assert re.search(r"\n1 plugin analysed \(1 call, ", first)
        again = doit("pace=unpaced", "analyse:alpha").out
        assert again == "nothing to do: 1 plugin analysed before (no calls)\n"
        spoil(shop, "description", "I do it.")
        done = doit("pace=unpaced")
        assert done.code == 0, done.out + done.err
        sizes = [(call["phase"], call["prompt_bytes"]) for call in server.seen()["list"]]
        assert [phase for phase, _ in sizes] == ["analysis", "analysis", "generation"]
        assert sizes[1][1] < sizes[0][1] / 3
        assert "1 up to date" in doit("pace=unpaced").out
        assert len(server.seen()["list"]) == 3
        contract = shop.root / "schemas" / "analysis.json"  # another one, and the same mistake
        contract.parent.mkdir()
        known = json.loads((Path(__file__).parents[2] / "schemas/analysis.json").read_text())
        contract.write_text(json.dumps(known | {"title": "other"}))
        assert doit("pace=unpaced", "analyse:alpha").code == 0
        spoil(shop, "description", "I do it.")
        assert "the text stays" in doit("pace=unpaced").out
        assert [c["phase"] for c in server.seen()["list"]].count("generation") == 1
    assert "I do it" not in shop.target("alpha").read_text()


def test_an_analysis_that_failed_is_told(shop: Market) -> None:
    keep_only(shop, "alpha")
    with serving(shop, script=["safety"]) as (_, doit):
        ran = doit("pace=unpaced", "analyse:alpha")
    assert ran.code == 1, ran.out
    assert "\nfailed       alpha  " in ran.out and "nothing was analysed" in ran.out


def spoil(market: Market, field: str, text: str) -> None:
    """Put another text into the cached analysis."""
    connection = sqlite3.connect(market.root / ".nightpress" / "ledger.db")
    with connection:
        latest = "rowid = (SELECT max(rowid) FROM analyses)"
        query = f"SELECT analysis FROM analyses WHERE {latest}"
        [(kept,)] = connection.execute(query).fetchall()
        spoilt = json.dumps(json.loads(kept) | {field: text})
        connection.execute(f"UPDATE analyses SET analysis = ? WHERE {latest}", (spoilt,))
    connection.close()


@pytest.mark.parametrize("defect", ["chatty", "doubled"])
def test_what_stands_around_a_reply_costs_no_second_call(shop: Market, defect: str) -> None:
    with serving(shop, rates={defect: 1.0}) as (server, doit):
        done = doit("pace=unpaced")
        asked = len(server.seen()["list"])
    assert "3 published" in done.out, done.out
    assert asked == 6
    for name in ("alpha", "beta", "gamma"):
        text = shop.target(name).read_text()
        assert text.partition("\n---\n")[2].lstrip().startswith("# ")
        assert "THOUGHT" not in text and "Let me know" not in text


def test_a_question_is_never_asked_unchanged_a_second_time(shop: Market) -> None:
    """Not in the run, and not in the next night."""
    with serving(shop, rates={"wrong_json": 1.0}) as (server, doit):
        first = doit("pace=unpaced")
        asked = len(server.seen()["list"])
        digests = shop.rows("SELECT prompt_sha256 FROM calls WHERE outcome = 'reply'")
        assert len(set(digests)) == len(digests) == asked == 9
        again = doit("pace=unpaced")
        assert len(server.seen()["list"]) == asked, again.out
    assert "no analysis matched its schema" in first.out
    assert "doit enhance:" in again.out + first.out
    with serving(shop) as (server, doit):
        assert "published " in doit("pace=unpaced", "enhance:alpha").out


def test_words_in_a_script_that_the_plugin_does_not_use_are_a_finding(shop: Market) -> None:
    with serving(shop, script=["ok", "foreign"]) as (_, doit):
        doit("pace=unpaced", "-n", "1", "enhance:alpha")
    repaired = shop.rows("SELECT phase FROM calls WHERE phase = 'repair'")
    assert repaired
    assert "\u6838" not in shop.target("alpha").read_text()


def test_what_a_person_saves_in_mid_run_stays(shop: Market) -> None:
    """Between the question and its publication; whatever `standing` says, run after run."""
    path = shop.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("standing: keep", "standing: replace"))
    words = "---\nname: {0}\ndescription: Mine. Use when testing.\n---\n\n# {0}\n\nShort.\n"
    names = ("alpha", "beta", "gamma")
    for name in names:
        shop.target(name).parent.mkdir(parents=True)
        shop.target(name).write_text(words.format(name).replace("Mine", "Before"))

    def save(server: GeminiServer, ended: threading.Event) -> None:
        saved = 0
        while saved < 3 and not ended.is_set():
            saved = sum(call["phase"] == "generation" for call in server.seen()["list"])
            for name in names[:saved]:
                shop.target(name).write_text(words.format(name))
            time.sleep(0.01)

    with serving(shop, latency=0.5) as (server, doit):
        ended = threading.Event()
        person = threading.Thread(target=save, args=(server, ended))
        person.start()
        done = doit("pace=unpaced", "-n", "1")
        ended.set()
        person.join()
        assert "3 kept" in done.out, done.out
        for run in range(3):
            done = doit("pace=unpaced")
            assert [shop.target(name).read_text() for name in names] == [
                words.format(name) for name in names
            ]
            assert "saved by a person while" in done.out or run, done.out
        doit("adopt:alpha")
        doit("pace=unpaced", "force=1", "enhance:beta")
    assert shop.target("alpha").read_text() == words.format("alpha")
    assert shop.target("beta").read_text() != words.format("beta")


def test_a_reply_without_end_is_broken_off_and_never_kept(shop: Market) -> None:
    with serving(shop, script=["ok", "endless"], rates={}) as (_, doit):
        done = doit("pace=unpaced", "-n", "1", "limit=1")
    assert "the reply never ended: broken off after" in done.out, done.out
    assert (shop.root / ".nightpress" / "ledger.db").stat().st_size < 2_000_000
    assert len(calls(shop)) == 2


def test_a_reply_that_runs_in_a_circle_is_met_as_that_at_once(shop: Market) -> None:
    """No larger budget is paid for: one call says that it is to be shorter, and that is all."""
    with serving(shop, script=["ok", *["looping"] * 9]) as (server, doit):
        done = doit("pace=unpaced", "-n", "1", "limit=1")
        budgets = [call["phase"] for call in server.seen()["list"]]
    assert budgets == ["analysis", "generation", "generation"], done.out
    assert "finish-reason: the reply repeats itself" in done.out


@pytest.mark.parametrize("fault", ["max_tokens", "max_tokens_empty"])
def test_a_reply_that_a_larger_budget_does_not_complete_is_not_asked_for_again(
    shop: Market, fault: str
) -> None:
    with serving(shop, script=["ok", *[fault] * 9], rates={}) as (server, doit):
        done = doit("pace=unpaced", "-n", "1", "limit=1")
        seen = [call["phase"] for call in server.seen()["list"]]
    assert seen == ["analysis", "generation", "generation"], done.out
    assert "finish-reason: the reply was cut off" in done.out


def test_a_repair_changes_the_sections_with_findings_alone(shop: Market) -> None:
    keep_only(shop, "alpha")
    with serving(shop, script=["ok", "foreign"]) as (server, doit):
        assert doit("pace=unpaced").code == 0
        assert [call["phase"] for call in server.seen()["list"]][1:] == ["generation"] * 2
    [(first,), (repair,)] = shop.rows(
        "SELECT text FROM replies WHERE phase IN ('generation', 'repair') ORDER BY id"
    )
    published = shop.target("alpha").read_text()
    assert len(repair) < len(first) / 3, "the repair was a whole document"
    assert "\u6838" in first and "\u6838" not in published
    left = [line for line in first.splitlines() if line.strip() and "\u6838" not in line]
    assert all(line in published for line in left)


def test_a_plugin_that_says_too_little_gets_its_author_a_list(shop: Market) -> None:
    """Once: nothing is asked again until the plugin changes, or it is asked for."""
    plugin(shop.root, "delta", size=2_000)
    assert shop.run("nightpress", "init").code == 0
    keep_only(shop, "delta")
    with serving(shop, script=["ok", "declined"]) as (server, doit):
        done = doit("pace=unpaced")
        assert "insufficient delta/skill" in done.out and done.code == 0, done.out
        assert "what the command puts out; one worked example" in done.out
        assert len(server.seen()["list"]) == 2
        rows = shop.rows("SELECT status, error_class FROM enhancements")
        assert rows == [("insufficient", "TooLittle")]
        assert doit("pace=unpaced").code == 0 and len(server.seen()["list"]) == 2
        assert shop.rows("SELECT status, error_class FROM enhancements") == rows
        assert "skills/delta/SKILL.md:1: the source is insufficient" in doit("plan").out
        assert doit("forget", "enhance:delta/skill").code == 0
        doit("pace=unpaced")
        assert len(server.seen()["list"]) > 2


def test_a_plugin_that_fills_its_window_is_not_believed_to_say_too_little(shop: Market) -> None:
    path = shop.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("floor: content", "floor: fixed"))
    keep_only(shop, "alpha")
    with serving(shop, script=["ok", "declined"]) as (_, doit):
        doit("pace=unpaced")
    assert shop.rows("SELECT phase FROM calls WHERE phase = 'repair'")
    assert shop.rows("SELECT status FROM enhancements") == [("published",)]
