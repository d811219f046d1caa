"""One quota for many: processes with clocks apart reserve from one libSQL server that is killed.

Counted by a clock that none of them has: the grants in any 60 s, in each minute of that clock, and
in the day; and the rows of the server.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._night_world import PACIFIC
from nightpress.clock import RealClock
from nightpress.quota import Limits, Pace, Reservation, Share, SharedQuota
from nightpress.storage import libsql

SPEED = 20.0
PACE = Pace(profile="unpaced", skew=20.0)
"""The skew is that of the fast clock: a second of this machine is 20 of it."""
BEGAN = 1_795_032_000.0
APART = 30.0
"""Seconds between the fastest and the slowest clock."""
MODELS = {
    "even": Limits(rpm=120, tpm=90_000, rpd=100_000),
    "tight": Limits(rpm=300, tpm=6_000, rpd=100_000),
}


class Clock(RealClock):
    """Runs `SPEED` times as fast as the machine's, and `off` seconds ahead."""

    def __init__(self, origin: float, off: float) -> None:
        self.origin, self.off = origin, off

    def true(self) -> float:
        return BEGAN + (time.monotonic() - self.origin) * SPEED

    def time(self) -> float:
        return self.true() + self.off

    def monotonic(self) -> float:
        return time.monotonic() * SPEED


def worker(
    url: str, token: str, own: Path, origin: float, off: float, count: int, alone: float, out: Any
) -> None:
    """Reserve `count` times in all models, settle most; sends (model, tokens, when, alone?)."""
    clock, draw = Clock(origin, off), random.Random(off)
    julian = origin_julian(origin)
    libsql.NOW = f"SELECT {BEGAN} + (julianday('now') - {julian!r}) * 86400.0 * {SPEED}"
    share = Share(url, token, alone=alone)
    quota = SharedQuota(share, own, clock, "gemini", lambda _: PACIFIC)
    quota.open()
    done, grants, seconds = 0, [], []
    while done < count:
        model = draw.choice(sorted(MODELS))
        began = time.monotonic()
        found = quota.take(model, MODELS[model], draw.randint(20, 90), "p/d", PACE, draw.random())
        if not isinstance(found, Reservation):
            time.sleep(min(getattr(found, "seconds", 1.0), 20.0) / SPEED)
            continue
        seconds.append(time.monotonic() - began)
        grants.append((model, found.tokens, clock.true(), not found.common))
        done += 1
        if draw.random() < 0.9:
            quota.settle(found, PACE, found.tokens, 10)
    quota.close()
    out.put((grants, seconds))


def origin_julian(origin: float) -> float:
    """The Julian day at which the machine's monotonic clock stood at `origin`."""
    return (time.time() - time.monotonic() + origin) / 86_400.0 + 2_440_587.5


def measure(
    folder: Path, count: int, kills: int, *, down: float = 0.5, alone: float = 0.0
) -> dict[str, Any]:
    """Four processes, `count` reservations in all, the server killed `kills` times in between, for
    `down` seconds each. With `alone` they go on without it."""
    from tests.vault.server import Server

    server, spawn = Server(folder / "server"), multiprocessing.get_context("spawn")
    server.start()
    out, origin = spawn.Queue(), time.monotonic()
    offs = [0.0, APART, 0.0, APART]
    started = [
        spawn.Process(
            target=worker,
            args=(server.url, server.token(), folder / f"own-{n}.db", origin, off, count // 4,
                  alone, out),
        )
        for n, off in enumerate(offs)
    ]  # fmt: skip
    began = time.monotonic()
    for process in started:
        process.start()
    killed = _killed(server, kills, down, [p.is_alive for p in started])
    answers = [out.get(timeout=900) for _ in started]
    for process in started:
        process.join(60)
    seconds = time.monotonic() - began
    grants = sorted((tuple(g) for found, _ in answers for g in found), key=lambda grant: grant[2])
    took = sorted(s for _, each in answers for s in each)
    result = {
        "processes": 4, "reservations": len(grants), "kills": killed, "seconds": round(seconds, 1),
        "alone": sum(grant[3] for grant in grants),
        "median_ms": round(1_000 * took[len(took) // 2], 1),
        "p95_ms": round(1_000 * took[len(took) * 95 // 100], 1),
        "models": {model: over(grants, model) for model in MODELS},
        "rows": _rows(server),
    }  # fmt: skip
    server.stop()
    return result


def _killed(server: Any, kills: int, down: float, alive: Sequence[Any]) -> int:
    draw, killed = random.Random(7), 0
    while killed < kills and any(each() for each in alive):
        time.sleep(draw.uniform(0.5, 3.0))
        server.kill()
        time.sleep(down)
        server.start()
        killed += 1
    return killed


def over(grants: Sequence[tuple[Any, ...]], model: str) -> dict[str, int]:
    """The most that was granted in any 60 s and in a minute of the clock, beside the limits."""
    limits = MODELS[model]
    times = [(at, tokens) for name, tokens, at, _ in grants if name == model]
    begins = [at for at, _ in times]
    sums = [0]
    for _, tokens in times:
        sums.append(sums[-1] + tokens)
    requests = tokens = 0
    for n, (at, _) in enumerate(times):
        until = bisect_left(begins, at + 60.0)
        requests, tokens = max(requests, until - n), max(tokens, sums[until] - sums[n])
    fixed = Counter(int(at // 60) for at in begins)
    spent: Counter[int] = Counter()
    for at, many in times:
        spent[int(at // 60)] += many
    assert limits.rpm is not None and limits.tpm is not None
    return {
        "rpm": limits.rpm, "most_in_60s": requests, "most_in_a_minute": max(fixed.values()),
        "tpm": limits.tpm, "most_tokens_in_60s": tokens,
        "most_tokens_in_a_minute": max(spent.values()),
        "over": max(0, requests - limits.rpm) + max(0, tokens - limits.tpm),
        "granted": bisect_right(begins, float("inf")),
    }  # fmt: skip


def _rows(server: Any) -> int:
    """What the server counts for its days."""
    from nightpress.storage import Hrana

    client = Hrana(server.url, server.token())
    try:
        ((row,),) = client.query([("SELECT coalesce(sum(used), 0) FROM days", ())])
    finally:
        client.close()
    return int(row[0])


def main(argv: Sequence[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks shared-quota", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="reservations in all")
    parser.add_argument("--kills", type=int, default=20, help="kills of the server")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        return {
            "waiting": measure(Path(folder) / "a", options.count, options.kills),
            "alone": measure(
                Path(folder) / "b",
                options.count // 4,
                max(1, options.kills // 4),
                down=8.0,
                alone=0.2,
            ),
        }


def failed(result: Mapping[str, Any]) -> bool:
    return any(model["over"] for run in result.values() for model in run["models"].values()) or any(
        run["rows"] < run["reservations"] for run in result.values()
    )


def render(result: Mapping[str, Any]) -> str:
    lines = [
        f"{SPEED:.0f} times as fast as real time; clocks {APART:.0f} s apart.",
        "",
        "| without the server | reservations | kills | made alone | seconds | each, median / p95 |"
        " model | most in 60 s / a minute / limit | tokens |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, run in result.items():
        lines += [
            f"| {name} | {run['reservations']:,} | {run['kills']} | {run['alone']:,} |"
            f" {run['seconds']} | {run['median_ms']} / {run['p95_ms']} ms | {model} |"
            f" {m['most_in_60s']:,} / {m['most_in_a_minute']:,} / {m['rpm']:,} |"
            f" {m['most_tokens_in_60s']:,} / {m['most_tokens_in_a_minute']:,} / {m['tpm']:,} |"
            for model, m in run["models"].items()
        ]
    lines += ["", f"The server's rows: {[run['rows'] for run in result.values()]}, never fewer."]
    return "\n".join(lines)
