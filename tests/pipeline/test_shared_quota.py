"""A quota belongs to a credential: two projects, one key, and a server that counts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.gemini_server import FastClock, GeminiServer, Limits
from tests.market import Market, plugin, quota_db

DAY = 5
KEY = "test-key"


@pytest.fixture
def two(tmp_path: Path) -> list[Market]:
    for name in ("one", "two"):
        for slug in ("alpha", "beta", "gamma"):
            plugin(tmp_path / name, f"{name}-{slug}", size=16_000)
        assert Market(tmp_path / name).run("nightpress", "init").code == 0
        path = tmp_path / name / "manifests" / "_defaults.yaml"
        path.write_text(f"{path.read_text()}\nlimits: {{'*': {{rpm: null, rpd: {DAY}}}}}\n")
    return [Market(tmp_path / name) for name in ("one", "two")]


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with GeminiServer(latency=0.2, limits={"*": Limits(rpd=DAY)}, clock=FastClock(20)) as one:
        yield one


def environ(server: GeminiServer, key: str = KEY) -> dict[str, str]:
    fast = server.clock
    return {
        "GOOGLE_GEMINI_BASE_URL": server.url(),
        "GEMINI_API_KEY": key,
        "NIGHTPRESS_CLOCK": f"{fast.speed},{fast.origin},{fast.monotonic_origin}",
    }


def test_two_projects_with_one_key_are_refused_nothing(
    two: list[Market], server: GeminiServer
) -> None:
    both = environ(server)
    with ThreadPoolExecutor() as pool:
        ran = list(pool.map(lambda one: one.doit("pace=unpaced", **both), two))
    assert {done.code for done in ran} <= {0, 1}, ran  # 1: a gate refused what was answered
    assert [call["status"] for call in server.seen()["list"]] == [200] * DAY
    for one in two:  # wherever somebody looks
        clock = {"NIGHTPRESS_CLOCK": both["NIGHTPRESS_CLOCK"]}
        for keys in (both, clock):  # with the key, and without it
            told = json.loads(one.run("nightpress", "status", "--json", **keys).out)["quota"]
            assert (told["calls_today"], told["left_today"]) == (DAY, 0), told
        checked = json.loads(one.run("nightpress", "doctor", "--json", **both).out)
        [row] = [row for row in checked if row["name"] == "quota"]
        assert f"{DAY} used" in row["what"] and str(quota_db()) in row["what"]
        assert "left today: 0 calls" in one.doit("plan", **both).out
        assert one.doit("report", **clock).code == 0
        page = (one.root / ".nightpress" / "report" / "report.md").read_text()
        assert f"| {DAY} of {DAY} | 0 |" in page
        assert not (one.root / ".nightpress" / "quota.db").exists()
    kept = [path for folder in (quota_db().parent, *(one.root for one in two))
            for path in folder.rglob("*") if path.is_file()]  # fmt: skip
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []


def test_another_key_has_a_quota_of_its_own(two: list[Market], server: GeminiServer) -> None:
    two[0].doit("pace=unpaced", **environ(server))
    assert f"left today: {DAY} calls" in two[1].doit("plan", **environ(server, "another-key")).out
    told = two[1].run("nightpress", "status", "--json", **environ(server, "another-key")).out
    assert json.loads(told)["quota"]["calls_today"] == 0


def test_a_home_that_cannot_be_written_is_said_and_the_run_goes_on(
    two: list[Market], server: GeminiServer, state_home: Path
) -> None:
    state_home.write_text("in the way")
    done = two[0].doit("pace=unpaced", **environ(server))
    assert done.code == 0
    assert "calls are counted for this project alone" in done.out
    assert (two[0].root / ".nightpress" / "quota-here.db").exists()
    checked = two[0].run("nightpress", "doctor", **environ(server)).out
    assert "calls are counted for this project alone" in checked
    state_home.unlink()
    told = two[0].run("nightpress", "status", "--json", **environ(server)).out
    assert json.loads(told)["quota"]["calls_today"] == DAY
    two[0].doit("pace=unpaced", **environ(server))
    assert not (two[0].root / ".nightpress" / "quota-here.db").exists()
    assert len(server.seen()["list"]) == DAY


def test_a_restored_project_has_no_quota_of_another_machine(
    two: list[Market], server: GeminiServer
) -> None:
    """The ledger of calls travels; what counts against a key is kept where the key is used."""
    one = two[0]
    one.doit("pace=unpaced", **environ(server))
    assert one.doit("backup").code == 0
    shutil.rmtree(one.root / "plugins")
    back = one.run("nightpress", "restore-all", ".nightpress/vault.db", ".", "--overwrite")
    assert back.code == 0, back.err
    told = one.run("nightpress", "status", "--json", **environ(server)).out
    assert json.loads(told)["quota"]["calls_today"] == DAY
