"""A run by the cheap lane: half the price, shed when there is no room, at once near its end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.gemini_server import GeminiServer
from tests.market import Market, plugin
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
