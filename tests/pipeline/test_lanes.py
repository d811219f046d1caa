"""A run by the cheap lane: half the price, shed when there is no room, at once near its end."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.gemini_server import FastClock, GeminiServer, Limits
from tests.market import Market, Ran, plugin
from tests.pipeline.test_gemini import configure, serving


@pytest.fixture
def shop(tmp_path: Path) -> Market:
    """Two plugins, and a project that may pay."""
    for name in ("alpha", "beta"):
        plugin(tmp_path / "shop", name, size=16_000)
    made = Market(tmp_path / "shop")
    assert made.run("nightpress", "init").code == 0
    configure(made, "pace: {profile: unpaced}")
    return made


class Jumping(FastClock):
    """The machine's clock, put forward when a test says so."""

    def __init__(self) -> None:
        super().__init__(1.0)

    def advance(self, seconds: float) -> None:
        self.origin += seconds


@contextmanager
def jumping(market: Market, **settings: Any) -> Iterator[tuple[GeminiServer, Callable[..., Ran]]]:
    """A server, and `doit` with it as its Gemini, on one clock that can be put forward."""
    clock = Jumping()
    settings = {"limits": {"*": Limits()}} | settings
    with GeminiServer(clock=clock, latency=0, **settings) as server:

        def doit(*words: str, **more: str) -> Ran:
            environ = {
                "GOOGLE_GEMINI_BASE_URL": server.url(),
                "GEMINI_API_KEY": "test-key",
                "NIGHTPRESS_CLOCK": f"1,{clock.origin},{clock.monotonic_origin}",
            }
            return market.doit(*words, **{**environ, **more})

        yield server, doit


def lanes(market: Market) -> list[tuple[object, ...]]:
    """Each reply's lane, tier, and price of a million tokens in and out as this run knew it."""
    return market.rows(
        "SELECT lane, tier, round(cost * 1e6 / (tokens_in * 0.30 + tokens_out * 2.50), 3)"
        " FROM calls WHERE outcome = 'reply' ORDER BY id"
    )


def soon(server: GeminiServer, minutes: int) -> str:
    """`until=HH:MM`, so many minutes ahead on the server's clock."""
    at = time.localtime(server.clock.time() + 60 * minutes)
    return f"until={at.tm_hour:02}:{at.tm_min:02}"


def test_flex_costs_half_and_says_so(shop: Market) -> None:
    with serving(shop) as (server, doit):
        done = doit("lane=flex", "max_cost=5")
        assert done.code in (0, 1), done.out + done.err
        made = [c for c in server.seen()["list"] if c["method"] == "generateContent"]
        assert {c["tier"] for c in made} == {"flex"}
    assert len(made) >= 4
    assert set(lanes(shop)) == {("flex", "flex", 0.5)}


def test_without_a_lane_all_is_as_before(shop: Market) -> None:
    with serving(shop) as (server, doit):
        doit("max_cost=5")
        assert server.seen()["by_tier"] == {"standard": server.seen()["calls"]}
    assert set(lanes(shop)) == {(None, "standard", 1.0)}


def test_what_is_shed_is_asked_again_and_at_once_when_the_end_is_near(shop: Market) -> None:
    with serving(shop, flex_room=2) as (server, doit):
        done = doit("lane=flex", "max_cost=5", soon(server, 24))
        assert done.code in (0, 1), done.out + done.err
        assert "`until` is near" in done.out
        assert "(flex) does not answer" in done.out
        seen = server.seen()["list"]
    assert [lane for lane, *_ in lanes(shop)].count("flex") == 2
    assert [lane for lane, *_ in lanes(shop)].count(None) >= 2
    assert 2 <= len([c for c in seen if c["status"] == 503]) <= 12, "it asks again, but seldom"
    shed = shop.rows("SELECT DISTINCT outcome, lane, cost FROM calls WHERE http_status = 503")
    assert shed == [("shed", "flex", 0.0)]


def test_a_lane_that_is_not_there_or_not_paid_for_is_an_error(shop: Market) -> None:
    with serving(shop) as (server, doit):
        unpaid = doit("lane=flex")
        assert unpaid.code == 3
        assert "lane: flex is for calls that are paid for" in unpaid.err
        configure(shop, "gemini: {vertex: true, project: p}")
        vertex = doit("lane=flex", "backend=gemini", "paid=1")
        assert vertex.code == 3
        assert "lane: flex is nothing that Vertex AI has" in vertex.err
        assert server.seen()["calls"] == 0


# --- batch jobs ---


def paid(server: GeminiServer) -> Counter[str]:
    """How often each question was answered, for money."""
    made = ("generateContent", "batchGenerateContent")
    calls = server.seen()["list"]
    return Counter(c["prompt_sha256"] for c in calls if c["method"] in made and c["status"] == 200)


def rounds(doit: Callable[..., Ran], server: GeminiServer, most: int = 8) -> list[Ran]:
    """Runs until nothing is left to do, each after the last one's job can be looked at."""
    ran = []
    for _ in range(most):
        ran.append(doit("lane=batch", "max_cost=5"))
        if "  deferred " not in ran[-1].out:
            break
        server.clock.advance(3_600)  # type: ignore[attr-defined]
    return ran


def test_batch_jobs_bring_each_document_over_several_runs(shop: Market) -> None:
    with jumping(shop, batch_seconds=60) as (server, doit):
        first = doit("lane=batch", "max_cost=5")
        assert first.code == 0, first.out + first.err
        assert "a batch job was sent: 2 questions at 50% of the price" in first.out
        assert paid(server) == {}
        ran = rounds(doit, server)
        seen = server.seen()
        assert "  deferred " not in ran[-1].out, ran[-1].out
        assert set(paid(server).values()) == {1}
        assert {job["state"] for job in seen["jobs"]} == {"SUCCEEDED"}
    assert set(lanes(shop)) == {("batch", None, 0.5)}
    states = shop.rows("SELECT state, count(*) FROM batch_parts GROUP BY 1")
    assert dict(states) == {"answered": len(lanes(shop))}
    assert shop.rows("SELECT DISTINCT status FROM enhancements WHERE job LIKE '%/%'"
                     " AND id IN (SELECT max(id) FROM enhancements GROUP BY job)"
                     ) == [("published",)]  # fmt: skip


def test_nothing_is_asked_or_begun_while_a_job_is_under_way(shop: Market) -> None:
    with jumping(shop, batch_seconds=7_200) as (server, doit):
        doit("lane=batch", "max_cost=5")
        rows = shop.rows("SELECT count(*) FROM enhancements")
        server.clock.advance(3_600)  # type: ignore[attr-defined]
        for words in (("lane=batch",), ("lane=flex",), ()):
            waiting = doit(*words, "max_cost=5")
            assert waiting.code == 0, waiting.out + waiting.err
            assert "its question is in the batch job of" in waiting.out
        assert shop.rows("SELECT count(*) FROM enhancements") == rows, "waiting is no attempt"
        assert server.seen()["calls"] == 0
        server.clock.advance(3_600)  # type: ignore[attr-defined]
        done = doit("max_cost=5")  # what the job brought, and the rest at once
        assert "2 published" in done.out
        assert set(paid(server).values()) == {1}


@pytest.mark.parametrize("end", ["expired", "failed", "cancelled", "partial"])
def test_what_a_job_does_not_answer_goes_back_to_the_plan(shop: Market, end: str) -> None:
    with jumping(shop, batch_ends=[end]) as (server, doit):
        ran = rounds(doit, server)
        told = "".join(one.out for one in ran)
        assert "came back without an answer" in told or end == "partial"
        assert "2 published" in told or "1 published" in told
        assert set(paid(server).values()) == {1}
    assert len(shop.rows("SELECT 1 FROM batches")) >= 3


def test_a_question_that_no_job_answers_is_an_error_in_the_end(shop: Market) -> None:
    with jumping(shop, batch_ends=["expired"] * 9) as (server, doit):
        ran = rounds(doit, server)
    assert ran[-1].code == 1
    assert "3 batch jobs brought no answer to this question" in ran[-1].out
    assert len(ran) == 4


def test_a_job_whose_making_was_not_confirmed_is_found_again(shop: Market) -> None:
    with jumping(shop, batch_lost=1) as (server, doit):
        first = doit("lane=batch", "max_cost=5")
        assert "whether the batch job was made is not known" in first.out
        server.clock.advance(60)  # type: ignore[attr-defined]
        ran = rounds(doit, server)
        assert "  deferred " not in ran[-1].out
        assert set(paid(server).values()) == {1}
        assert len(server.seen()["jobs"]) == 2


def test_a_job_that_is_refused_leaves_nothing_behind(shop: Market) -> None:
    with jumping(shop, models=["gemini-3.8-flash"]) as (_server, doit):
        refused = doit("lane=batch", "max_cost=5")
        assert refused.code == 3
        assert "no batch job was made" in refused.out
    assert shop.rows("SELECT state, (SELECT count(*) FROM batch_parts) FROM batches") == [
        ("lost", 0)
    ]


def test_a_job_of_another_key_waits_for_it(shop: Market) -> None:
    keys = {"test-key": "one", "other": "two"}
    with jumping(shop, keys=keys) as (server, doit):
        doit("lane=batch", "max_cost=5")
        server.clock.advance(3_600)  # type: ignore[attr-defined]
        other = doit("lane=batch", "max_cost=5", GEMINI_API_KEY="other")
        assert "was sent with another key" in other.out
        assert server.seen()["jobs"][0]["state"] == "SUCCEEDED"
        done = rounds(doit, server)
        assert "  deferred " not in done[-1].out
        assert set(paid(server).values()) == {1}


def test_a_provider_that_is_silent_keeps_no_other_work_waiting(
    shop: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(shop.root, "gamma", size=16_000)
    assert shop.run("nightpress", "init").code == 0
    with jumping(shop, batch_seconds=60) as (server, doit):
        for name in ("alpha", "beta"):
            assert "a batch job was sent" in doit("lane=batch", "max_cost=5", f"enhance:{name}").out
        server.clock.advance(3_600)  # type: ignore[attr-defined]
        speaks, looks, get = threading.Event(), [], server.service.batches.get

        def silent(*job: str) -> Any:
            looks.append(job)
            speaks.wait(60)
            return get(*job)

        monkeypatch.setattr(server.service.batches, "get", silent)
        clock = f"60,{server.clock.origin},{server.clock.monotonic_origin}"
        began = time.monotonic()
        other = doit("backend=offline", "enhance:gamma", NIGHTPRESS_CLOCK=clock)
        assert time.monotonic() - began < 30
        assert "1 published" in other.out, other.out + other.err
        told = r"was not looked at: the server was silent for 1 s; the next look at it is from \d"
        assert len(re.findall(told, other.out)) == 1
        assert len(looks) == 1, "what is silent for one job is not waited for again"
        doit("backend=offline", "enhance:gamma")
        assert len(looks) == 1, "nor in the next run, until the next look is due"
        speaks.set()
        server.clock.advance(3_600)  # type: ignore[attr-defined]
        assert doit("backend=offline", "enhance:gamma").out.count("1 of 1 replies came") == 2
        assert set(paid(server).values()) == {1}


def test_a_budget_bounds_what_is_sent(shop: Market) -> None:
    with jumping(shop) as (server, doit):
        sent = doit("lane=batch", "max_cost=5", "max_calls=1")
        assert "a batch job was sent: 1 question at" in sent.out
        assert len(server.seen()["jobs"][0]["keys"]) == 1


def test_a_reply_that_was_cut_off_is_asked_for_with_a_larger_budget(shop: Market) -> None:
    with jumping(shop, script=["ok", "ok", "max_tokens"]) as (server, doit):
        ran = rounds(doit, server)
        assert "  deferred " not in ran[-1].out
        assert "2 published" in "".join(one.out for one in ran) or ran[-1].code == 0
    budgets = shop.rows(
        "SELECT max_output_tokens FROM batch_parts WHERE request_sha256 ="
        " (SELECT request_sha256 FROM batch_parts WHERE state = 'cut') ORDER BY batch"
    )
    assert len(budgets) == 2


# --- the plan, and `auto` ---


def test_the_plan_tells_time_and_money_of_each_lane_and_auto_takes_the_cheapest(
    shop: Market,
) -> None:
    with jumping(shop, batch_seconds=7_200) as (server, doit):
        said = doit("lane=auto", "max_cost=5", "plan").out
        found = re.search(
            r"lanes: interactive \$([\d.]+)-([\d.]+), done at [^;]+;"  # of today or of tomorrow
            r" flex \$([\d.]+)-([\d.]+), done at [^;]+;"
            r" batch \$\3-\4, done within 72 h; flex is taken",
            said,
        )
        assert found, said
        assert float(found[4]) == pytest.approx(float(found[2]) / 2, abs=0.011)
        assert "lanes:" not in doit("plan").out, "a free tier has one lane"
        soon_over = doit("lane=auto", "max_cost=5", soon(server, 1), "plan").out
        assert "interactive is taken" in soon_over
        doit("lane=batch", "max_cost=5")
        assert "2 questions under way (sent)" in doit("plan").out
        figures = json.loads(doit("lane=batch", "max_cost=5", "plan", "--format", "json").out)
        assert figures["outlook"]["lane"] == "batch"
        assert set(figures["outlook"]["lanes"]) == {"interactive", "flex", "batch"}


def test_auto_asks_by_the_lane_that_the_plan_names(shop: Market) -> None:
    with jumping(shop) as (server, doit):
        free = doit("lane=auto")
        assert "lane: auto takes interactive" in free.out
        (shop.root / "plugins" / "alpha" / "NEW.md").write_text("One more remark.\n")
        paid_for = doit("lane=auto", "max_cost=5")
        assert "lane: auto takes flex" in paid_for.out
        assert set(server.seen()["by_tier"]) == {"standard", "flex"}


def test_a_night_of_batch_jobs_goes_on_by_itself_within_its_budget(shop: Market) -> None:
    fast = FastClock(200)
    with GeminiServer(clock=fast, latency=0, limits={"*": Limits()}, batch_seconds=300) as server:
        environ = {
            "GOOGLE_GEMINI_BASE_URL": server.url(),
            "GEMINI_API_KEY": "test-key",
            "NIGHTPRESS_CLOCK": f"{fast.speed},{fast.origin},{fast.monotonic_origin}",
        }
        night = shop.run(
            "nightpress", "tonight", "--lane", "batch", "--paid", "1", "--max-calls", "3", **environ
        )
        assert night.code == 0, night.out + night.err
        assert "the night's budget is spent" in night.out
        assert sum(len(job["keys"]) for job in server.seen()["jobs"]) == 3
        fast.origin += 3_600
        environ["NIGHTPRESS_CLOCK"] = f"{fast.speed},{fast.origin},{fast.monotonic_origin}"
        night = shop.run("nightpress", "tonight", "--lane", "batch", "--max-cost", "5", **environ)
        assert night.code == 0, night.out + night.err
        assert "nothing to do" in shop.doit("lane=batch", "paid=1", **environ).out
        assert set(paid(server).values()) == {1}


def test_a_shard_s_job_is_looked_at_by_whoever_merges_it(shop: Market) -> None:
    shop.git("init", "-q")
    shop.git("add", "-A")
    shop.git("commit", "-qm", "x")
    shard = Market(shop.root.parent / "shard")
    shop.git("clone", "-q", ".", str(shard.root))
    with jumping(shard, batch_seconds=60) as (server, doit_there):
        assert "a batch job was sent" in doit_there("lane=batch", "max_cost=5").out
        for _ in range(2):
            merged = shop.run("nightpress", "merge", str(shard.root))
            assert merged.code == 0, merged.out + merged.err
        server.clock.advance(3_600)  # type: ignore[attr-defined]
        environ = {
            "GOOGLE_GEMINI_BASE_URL": server.url(),
            "GEMINI_API_KEY": "test-key",
            "NIGHTPRESS_CLOCK": f"1,{server.clock.origin},{server.clock.monotonic_origin}",  # type: ignore[attr-defined]
        }
        here = shop.doit("lane=batch", "max_cost=5", **environ)
        assert "2 of 2 replies came" in here.out, here.out + here.err
        assert set(paid(server).values()) == {1}
    assert shop.rows("SELECT count(*) FROM batches WHERE state = 'over'") == [(1,)]
