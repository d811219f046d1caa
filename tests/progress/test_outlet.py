"""Readers that stop, are gone, or never were: the run goes on, and its end is on record."""

from __future__ import annotations

import fcntl
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nightpress.progress.outlet import Lane
from tests.market import Market, plugin

DOIT = Path(sys.executable).parent / "doit"
FULL = pytest.param(">/dev/full", marks=pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="there is no /dev/full here"))  # fmt: skip


@pytest.fixture
def market(tmp_path: Path) -> Market:
    for name in ("alpha", "beta"):
        plugin(tmp_path / "market", name, size=16_000)
    made = Market(tmp_path / "market")
    assert made.run("nightpress", "init").code == 0
    return made


def ended(market: Market) -> None:
    assert market.rows("SELECT status, COUNT(*) FROM enhancements GROUP BY 1") == [("published", 2)]
    assert market.rows("SELECT exit_code FROM runs") == [(0,)]


@pytest.mark.parametrize("where", ["| head -1", FULL, ">&-", "2>&-", ">&- 2>&-"])
def test_a_broken_display_breaks_nothing(market: Market, where: str) -> None:
    script = f"{{ {DOIT}; echo $? >&3; }} 3>status {where}"
    done = subprocess.run(
        ["sh", "-c", script], cwd=market.root, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (market.root / "status").read_text() == "0\n", done.stderr
    assert "Traceback" not in done.stderr
    ended(market)


def test_a_reader_that_stops_holds_nothing_up_and_misses_nothing(market: Market) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETFL, os.O_NONBLOCK)
    filled = 0
    while True:  # until not one byte more fits
        try:
            filled += os.write(writing, b"x")
        except BlockingIOError:
            break
    fcntl.fcntl(writing, fcntl.F_SETFL, 0)
    with subprocess.Popen([DOIT, "progress=json"], cwd=market.root, stdout=writing) as running:
        os.close(writing)
        patience = time.monotonic() + 60
        held = market.root / ".nightpress" / "run.lock"
        while not (held.exists() and (market.root / "nightpress.lock").exists()):
            assert time.monotonic() < patience
            time.sleep(0.05)
        while held.read_text():  # the lock is given back before anybody waits for the reader
            assert time.monotonic() < patience
            time.sleep(0.05)
        ended(market)
        assert running.poll() is None
        with open(reading, "rb") as file:
            lines = file.read()[filled:].decode().splitlines()
        assert running.wait(60) == 0
    events = [json.loads(line)["event"] for line in lines]
    assert events[0] == "run"
    assert events[-1] == "end"
    assert events.count("finished") == 2


def test_what_a_stream_cannot_encode_is_replaced() -> None:
    raw = io.BytesIO()
    lane = Lane()
    (out,) = lane.outlets([io.TextIOWrapper(raw, encoding="ascii")])
    out.write("größer → ok\n")
    lane.close()
    assert raw.getvalue() == b"gr??er ? ok\n"
