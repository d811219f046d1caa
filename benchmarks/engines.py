"""Engines: an offline build by each, and calls while workers and coordinators are killed.

`python -m benchmarks engines --marketplace FOLDER` (or `--plugins 100`, made up) builds a copy by
each engine in turn: wall time, processor time of the coordinator and of its workers, and whether
documents and lock file are the same. `--kills 50 --coordinators 5` has the workers of a dask
cluster call a local Gemini, and kills one of them, or the coordinator, again and again: each call
that the server saw is looked up in the ledger, and each row at the server.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.engines import kill, running, workers
from tests.market import Market, environment

from benchmarks import _engine_faults as faults
from benchmarks import _engine_world as world

ENGINES = ("threads", "processes=2", "dask=2")
TICK = os.sysconf("SC_CLK_TCK")


def main(argv: list[str]) -> dict[str, Any]:
    """builds: for each engine seconds, coordinator and workers (processor seconds), ms a plugin of
    the coordinator, MB, same, load; kills: see `_killed`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks engines", description=__doc__)
    parser.add_argument("--marketplace", type=Path, help="a folder with plugins in it")
    parser.add_argument("--plugins", type=int, default=100)
    parser.add_argument("--engines", nargs="*", default=list(ENGINES))
    parser.add_argument("--kills", type=int, default=0, help="workers to kill in mid-call")
    parser.add_argument("--coordinators", type=int, default=0, help="coordinators to kill")
    parser.add_argument("--faults", type=int, default=0, help="how often each fault is tried")
    parser.add_argument("--only", nargs="*", default=[], help="of the faults: words of their names")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument(
        "--latency", type=float, default=0.3, help="1: a call takes as long as real ones did (5 s)"
    )
    parser.add_argument("--size", type=int, default=16_000, help="bytes of a plugin made up")
    parser.add_argument("--keep", help="a new folder for the projects, which stay there")
    given = parser.parse_args(argv)
    found: dict[str, Any] = {"plugins": given.plugins, "builds": {}}
    kept = nullcontext(given.keep) if given.keep else None
    with kept or tempfile.TemporaryDirectory(prefix="nightpress-engines-") as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        first = Market(Path(folder) / "as-it-is")
        if given.marketplace is not None:
            shutil.copytree(given.marketplace, first.root, symlinks=True)
        else:
            world.plugins(first.root, given.plugins, given.size)
        made = subprocess.run([_bin("nightpress"), "init"], cwd=first.root, env=environment(),
                              check=False, capture_output=True, text=True)  # fmt: skip
        assert made.returncode == 0, made.stderr
        found["plugins"] = len(list(first.root.glob("manifests/[!_]*.yaml")))
        same: str | None = None
        for name in given.engines:
            market = Market(Path(folder) / name.partition("=")[0])
            shutil.copytree(first.root, market.root)
            one = _built(market, name, found["plugins"])
            digest = _digest(market)
            same = same or digest
            found["builds"][name] = one | {"same": digest == same}
            shutil.rmtree(market.root)
        if given.kills or given.coordinators:
            market = Market(Path(folder) / "killed")
            shutil.copytree(first.root, market.root)
            found["kills"] = _killed(market, given)
        if given.faults:
            found["faults"] = faults.measure(first.root, given.faults, given.only)
    return found


def _bin(program: str) -> str:
    return str(Path(sys.executable).parent / program)


def _digest(market: Market) -> str:
    total = hashlib.sha256()
    for path in sorted([*market.root.rglob("SKILL.md"), market.root / "nightpress.lock"]):
        total.update(f"{path.relative_to(market.root)}\0".encode() + path.read_bytes())
    return total.hexdigest()


class Below:
    """What a process and all below it use: processor seconds by process, the most resident."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.cpu: dict[int, float] = {}
        self.resident: dict[int, int] = {}
        self.parents: dict[int, int] = {}

    def look(self) -> None:
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    fields = (folder / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                self.parents[int(folder.name)] = int(fields[1])
                if self._is_below(int(folder.name)):
                    self.cpu[int(folder.name)] = (int(fields[11]) + int(fields[12])) / TICK
                    resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") // 1_000_000
                    before = self.resident.get(int(folder.name), 0)
                    self.resident[int(folder.name)] = max(before, resident)

    def _is_below(self, pid: int) -> bool:
        while pid > 1:
            if pid == self.pid:
                return True
            pid = self.parents.get(pid, 0)
        return False


def _built(market: Market, name: str, plugins: int) -> dict[str, Any]:
    began = time.monotonic()
    with running(market, f"engine={name}", "backend=offline") as process:
        below = Below(process.pid)
        while process.poll() is None:
            below.look()
            time.sleep(0.2)
    seconds = time.monotonic() - began
    own = below.cpu.get(process.pid, 0.0)
    return {
        "seconds": round(seconds, 1),
        "coordinator": round(own, 1),
        "ms": round(own / plugins * 1000, 1),
        "workers": round(sum(below.cpu.values()) - own, 1),
        "mb": below.resident.get(process.pid, 0),
        "load": round(os.getloadavg()[0], 1),
    }


def _killed(market: Market, given: argparse.Namespace) -> dict[str, Any]:
    """One build while workers and coordinators are killed, as evenly over it as they are many; the
    accounts of it (`_engine_world.Accounts`), and whether threads make the same documents."""
    by_threads = Market(market.root.parent / "by-threads")
    shutil.copytree(market.root, by_threads.root)
    world.settings(
        market, engine=f"dask={given.workers}", calls="workers", concurrency=given.workers * 4
    )
    words, began = ("backend=gemini", "pace=unpaced"), time.monotonic()
    done: Counter[str] = Counter()
    with world.Counted(given.latency) as server:
        while done["runs"] < 60:
            done["runs"] += 1
            with running(market, *words, **server.environment()) as process:
                _kill_some(market, process, given, done)
            if process.returncode == 0 and done["workers"] >= given.kills:
                break
        time.sleep(given.latency * 15)  # the last that a dead worker asked ends there, too
        found = asdict(found_out := world.accounts(market, server))
    seconds = time.monotonic() - began
    print(f"{dict(done)} {found} {seconds:.0f} s; now by threads", file=sys.stderr, flush=True)
    world.settings(by_threads, concurrency=8)
    with world.Counted(1e-9) as server:  # without any latency it would draw other answers
        with running(by_threads, *words, **server.environment()) as process:
            process.wait()
        threads = asdict(world.accounts(by_threads, server))
    return {
        **found, "workers": done["workers"], "coordinators": done["coordinators"],
        "survivors": done["survivors"], "runs": done["runs"], "seconds": round(seconds),
        "wrong": found_out.wrong or done["survivors"] > 0, "threads": threads,
        "same": world.documents(market) == world.documents(by_threads),
    }  # fmt: skip


def _kill_some(
    market: Market, process: subprocess.Popen[bytes], given: argparse.Namespace, done: Counter[str]
) -> None:
    """Until the run is over, or is killed itself."""
    draw, calls = random.Random(done["runs"]), 2 * given.plugins
    while process.poll() is None:
        time.sleep(draw.uniform(0.2, 0.6))
        share, found = world.recorded(market) / calls, workers(process.pid)
        if len(found) < 2:
            continue
        if done["workers"] < given.kills and share >= (done["workers"] + 1) / (given.kills + 1):
            done["workers"] += kill(draw.choice(found))
        due = (done["coordinators"] + 1) / (given.coordinators + 1)
        if done["coordinators"] < given.coordinators and share >= due:
            done["coordinators"] += kill(process.pid)
            process.wait()
            done["survivors"] += _alive_after(found, 30.0)


def _alive_after(pids: list[int], seconds: float) -> int:
    """How many of them are still there then; sooner, if none is."""
    until = time.monotonic() + seconds
    while alive := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        if time.monotonic() > until:
            break
        time.sleep(0.2)
    return len(alive)


def render(found: dict[str, Any]) -> str:
    rows = [
        f"{found['plugins']} plugins, offline, one engine after the other.\n",
        "| engine | seconds | x threads | coordinator CPU s | ms a plugin | workers CPU s | MB |"
        " the same documents | load |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    first = next(iter(found["builds"].values()), None)
    for name, one in found["builds"].items():
        gain = first["seconds"] / one["seconds"] if first else 1.0
        rows.append(
            f"| {name} | {one['seconds']} | {gain:.2f} | {one['coordinator']} | {one['ms']} |"
            f" {one['workers']} | {one['mb']} | {'yes' if one['same'] else 'NO'} | {one['load']} |"
        )
    if kills := found.get("kills"):
        rows.append(
            f"\nKilled: {kills['workers']} workers and {kills['coordinators']} coordinators, in"
            f" {kills['runs']} runs, {kills['seconds']:,} s; {kills['survivors']} workers outlived"
            f" their coordinator. The server saw {kills['server']:,} calls, the ledger has"
            f" {kills['rows']:,} rows, of which {kills['lost']} lost: {kills['never_arrived']} of"
            f" these never reached the server. Calls without a row: {kills['without_row']}; rows"
            f" without a call that do not say lost: {kills['unexplained']}; asked twice without a"
            f" row that says lost: {kills['twice']}, by the run that had lost it: {kills['again']}."
            f" Documents missing: {kills['missing']}, torn: {kills['torn']}, temporary files:"
            f" {kills['temporary']}. By threads ({kills['threads']['server']:,} calls,"
            f" {kills['threads']['rows']:,} rows) the documents are"
            f" {'the same to the byte' if kills['same'] else 'DIFFERENT'}."
        )
    return "\n".join([*rows, *faults.render(found.get("faults", {}))])


def failed(found: dict[str, Any]) -> bool:
    """Other documents by an engine, a torn one, or calls that no row accounts for."""
    kills = found.get("kills")
    wrong = any(not one["same"] for one in found["builds"].values())
    wrong = wrong or any(one.get("wrong") for one in found.get("faults", {}).values())
    return wrong or bool(kills and (kills["wrong"] or not kills["same"]))
