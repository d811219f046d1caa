"""`nightpress tonight`: rounds over a quota reset, a server that is down, and the way out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nightpress import clock
from nightpress.cli import tonight
from nightpress.errors import UsageError
from tests.gemini_server import FastClock, GeminiServer, Limits
from tests.market import Market, plugin

MIDNIGHT = datetime(2026, 11, 24, tzinfo=ZoneInfo("America/Los_Angeles")).timestamp()
SPEED = 20.0


@pytest.fixture
def shop(tmp_path: Path) -> Market:
    root = tmp_path / "shop"
    for name in ("alpha", "beta"):
        plugin(root, name, size=16_000)
    made = Market(root)
    assert made.run("nightpress", "init").code == 0
    path = root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text() + "\nlimits:\n  '*': {rpm: null, tpm: null, rpd: 3}\n")
    return made


@contextmanager
def before_midnight(
    seconds: float = 300, speed: float = SPEED, **settings: Any
) -> Iterator[tuple[GeminiServer, dict[str, str]]]:
    """A server shortly before midnight Pacific, on a fast clock that it shares."""
    fast = FastClock(speed, MIDNIGHT - seconds)
    with GeminiServer(clock=fast, latency=0, **settings) as server:
        yield (
            server,
            {
                "GOOGLE_GEMINI_BASE_URL": server.url(),
                "GEMINI_API_KEY": "test-key",
                clock.VARIABLE: f"{fast.speed},{fast.origin},{fast.monotonic_origin}",
            },
        )


class Jumping(FastClock):
    """A clock that the server shares and every round is told anew: to sleep on it is to move it,
    so that hours may be left to a machine that is busy, and none of them is waited for."""

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        del stop
        self.origin += seconds
        os.environ[clock.VARIABLE] = f"{self.speed},{self.origin},{self.monotonic_origin}"

    def monotonic(self) -> float:
        return time.monotonic()


def test_sleeps_over_the_reset_and_finishes(shop: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    jumping = Jumping(1.0, MIDNIGHT - 7_200)
    said: list[str] = []
    limits = {"*": Limits(rpm=None, tpm=None, rpd=3)}
    with GeminiServer(clock=jumping, latency=0, limits=limits) as server:
        for name, value in {
            "GOOGLE_GEMINI_BASE_URL": server.url(),
            "GEMINI_API_KEY": "test-key",
            clock.VARIABLE: f"1,{jumping.origin},{jumping.monotonic_origin}",
        }.items():
            monkeypatch.setenv(name, value)
        status = tonight.tonight(shop.root, ["pace=unpaced"], None, jumping, said.append)
        seen = server.seen()
    assert status in (0, 1), said
    assert seen["refusals"] == 0
    assert seen["calls"] == shop.rows("SELECT COUNT(*) FROM calls")[0][0] > 3
    [sleeping] = said
    assert sleeping.startswith("sleeping until ")
    runs = [code for (code,) in shop.rows("SELECT exit_code FROM runs ORDER BY rowid")]
    assert len(runs) == 2
    ended = "SELECT COUNT(DISTINCT job) FROM enhancements WHERE status IN ('published', 'refused')"
    assert shop.rows(ended) == [(2,)]


def test_a_server_that_is_down_is_tried_again(shop: Market) -> None:
    path = shop.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("rpd: 3", "rpd: null"))
    with before_midnight(72_000, speed=300, script=["503"] * 10) as (server, environ):
        done = shop.run("nightpress", "tonight", **environ)
        statuses = [call["status"] for call in server.seen()["list"]]
    assert statuses[:11] == [503] * 10 + [200], done.out
    # the run itself waits until its service is well again
    ended = shop.rows("SELECT status FROM enhancements ORDER BY id")
    assert ended == [("published",), ("published",)]
    assert len(shop.rows("SELECT run_id FROM runs")) == 1


def test_a_budget_is_the_whole_nights(shop: Market) -> None:
    path = shop.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("rpd: 3", "rpd: null"))
    with before_midnight(72_000, speed=300, script=["503"] * 20) as (server, environ):
        done = shop.run("nightpress", "tonight", "--max-calls", "13", **environ)
        assert server.seen()["calls"] == 13
    assert "the night's budget is spent" in done.out or "max_calls=" in done.out
    assert len(shop.rows("SELECT run_id FROM runs")) == 1


def test_what_a_round_used_is_taken_off_the_budget(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "_defaults.yaml").write_text("budget: {max_calls: 9, max_cost: 2}\n")
    bounds = tonight._bounds(tmp_path, ["max_calls=7", "limit=5", "model=m"])
    assert bounds == {"max_calls": 7, "max_cost": 2, "limit": 5, "model": "m"}
    used = {"calls": 3, "published": 1, "refused": 1, "failed": 1, "deferred": 9, "cost": 0.25}
    assert tonight._take(bounds, tonight.Round(0, used))
    assert bounds == {"max_calls": 4, "max_cost": 1.75, "limit": 2, "model": "m"}
    assert not tonight._take(bounds, tonight.Round(0, {"cost": 3.0}))


def test_the_window_ends(shop: Market) -> None:
    # the machine may take half an hour until its first call: the window is open till then
    with before_midnight(7_200, speed=2, script=["day_429"]) as (server, environ):
        soon = datetime.fromtimestamp(MIDNIGHT - 3_600).astimezone()
        done = shop.run("nightpress", "tonight", "--until", f"{soon:%H:%M}", **environ)
        assert server.seen()["calls"] == 1
    assert "the window ends" in done.out
    assert "sleeping" not in done.out


def test_ctrl_c_ends_the_round_well(shop: Market) -> None:
    with before_midnight(script=["hang"]) as (server, environ):
        command = [str(Path(sys.executable).parent / "nightpress"), "tonight"]
        running = subprocess.Popen(
            command, cwd=shop.root, env=os.environ | environ, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 300
        while not server.seen()["list"] and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=300)[0].decode()
    assert running.returncode == 130, said
    assert "interrupted: run nightpress build again to go on" in said
    assert shop.rows("SELECT exit_code FROM runs") == [(130,)]


@pytest.mark.parametrize("said", ["fast", "1,2", "0,1,1", "nan,1,1"])
def test_a_clock_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(UsageError):
        clock.of({clock.VARIABLE: said})
