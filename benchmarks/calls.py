"""Calls: as many a minute as a paid quota allows, to a local Gemini whose answers take long.

`python -m benchmarks calls --plugins 1200 --rpm 2000 --seconds 20` makes up a marketplace, builds
it in one process, and tells how many calls were in flight at once, whether the quota was used to
its bound and never passed, and what the coordinator took.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.engines import running
from tests.market import Market, environment

from benchmarks import _engine_world as world
from benchmarks.engines import Below

MEDIAN = 5.2
"""Seconds of a real call, which a latency of 1 stands for."""


def main(argv: list[str]) -> dict[str, Any]:
    """calls, seconds, in_flight (at most), in_flight_mean (from the first answer to the last call),
    minute (calls of the busiest 60 s), refused (by the server), bound (seconds that the quota alone
    would take), coordinator (processor seconds), mb, load."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks calls", description=__doc__)
    parser.add_argument("--plugins", type=int, default=1_200)
    parser.add_argument("--rpm", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="of the median call")
    parser.add_argument("--size", type=int, default=16_000, help="bytes of a plugin made up")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="nightpress-calls-") as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        market = Market(Path(folder) / "market")
        world.plugins(market.root, given.plugins, given.size)
        nightpress = str(Path(sys.executable).parent / "nightpress")
        subprocess.run([nightpress, "init"], cwd=market.root, env=environment(), check=True,
                       capture_output=True)  # fmt: skip
        world.settings(
            market, concurrency=1_000, pace={"profile": "unpaced"},
            limits={"*": {"rpm": given.rpm, "tpm": None, "rpd": None, "concurrency": 1_000}},
        )  # fmt: skip
        with world.Counted(given.seconds / MEDIAN, given.rpm) as server:
            return _measured(market, server, given.rpm)


def _measured(market: Market, server: world.Counted, rpm: int) -> dict[str, Any]:
    began = time.monotonic()
    with running(market, "backend=gemini", **server.environment()) as process:
        below = Below(process.pid)
        while process.poll() is None:
            below.look()
            time.sleep(0.5)
    calls = [one for one in server.service.calls() if one.method == "generateContent"]
    first, last = min(one.time for one in calls), max(one.time for one in calls)
    spans = [(one.time, one.time + one.seconds) for one in calls]
    answered = min(end for _, end in spans)
    moments = [answered + (last - answered) * n / 200 for n in range(201)]
    return {
        "calls": len(calls),
        "seconds": round(time.monotonic() - began, 1),
        "calling": round(last - first, 1),
        "bound": round(max(0.0, len(calls) / rpm - 1) * 60, 1),
        "in_flight": max(_at_once(spans, at) for at in moments),
        "in_flight_mean": round(sum(_at_once(spans, at) for at in moments) / len(moments)),
        "minute": max(sum(0 <= one.time - at < 60 for one in calls) for at, _ in spans),
        "refused": sum(one.status == 429 for one in calls),
        "coordinator": round(below.cpu.get(process.pid, 0.0), 1),
        "mb": below.resident.get(process.pid, 0),
        "published": len(list(market.root.rglob("SKILL.md"))),
        "load": round(os.getloadavg()[0], 1),
    }


def _at_once(spans: Sequence[tuple[float, float]], at: float) -> int:
    return sum(begin <= at < end for begin, end in spans)


def render(found: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in found.items())
