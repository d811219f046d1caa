"""Engines: an offline build by each, and calls while workers and coordinators are killed.

`python -m benchmarks engines --marketplace FOLDER` (or `--plugins 100`, made up) builds a copy by
each engine in turn: wall time, processor time of the coordinator and of its workers, and whether
documents and lock file are the same. `--kills 50 --coordinators 5` has the workers of a dask
cluster call a local Gemini, and kills one of them, or the coordinator, again and again; the server
counts.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, environment
from tests.market import plugin as make_plugin

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
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--latency", type=float, default=1.5, help="seconds of a call")
    parser.add_argument("--seconds", type=float, default=900, help="for the kills, at most")
    given = parser.parse_args(argv)
    found: dict[str, Any] = {"plugins": given.plugins, "builds": {}}
    with tempfile.TemporaryDirectory(prefix="nightpress-engines-") as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        first = Market(Path(folder) / "as-it-is")
        _plugins(given.marketplace, first.root, given.plugins)
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
    return found


def _bin(program: str) -> str:
    return str(Path(sys.executable).parent / program)


def _plugins(marketplace: Path | None, root: Path, count: int) -> None:
    if marketplace is not None:
        shutil.copytree(marketplace, root, symlinks=True)
        return
    for number in range(count):
        make_plugin(root, f"plugin-{number:05}", size=16_000)


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

    def workers(self) -> list[int]:
        """The last of each line of descent that runs Python's spawned main."""
        self.look()
        alive = [pid for pid in self.cpu if pid != self.pid and Path(f"/proc/{pid}").exists()]
        spawned = [pid for pid in alive if b"spawn_main" in _line(pid)]
        return [pid for pid in spawned if pid not in {self.parents.get(one) for one in spawned}]


def _line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def _running(market: Market, *words: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    with (market.root.parent / f"{market.root.name}.log").open("ab") as log:
        process = subprocess.Popen(
            [_bin("doit"), "progress=plain", *words], cwd=market.root, env=environment(**more),
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _built(market: Market, name: str, plugins: int) -> dict[str, Any]:
    began = time.monotonic()
    with _running(market, f"engine={name}", "backend=offline") as process:
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
    """Killed: workers, coordinators; server: calls that it saw; rows: calls on record, of which
    lost (some of them never left, so there may be more rows than calls); again: questions that one
    run asked after it had lost their call; torn: documents that are not whole."""
    path = market.root / "manifests" / "_defaults.yaml"
    text = path.read_text().replace("concurrency: 4\n", "concurrency: 16\n")
    path.write_text(f"{text}\ncalls: workers\nengine: dask={given.workers}\n")
    draw, workers, coordinators, runs = random.Random(1), 0, 0, 0
    until = time.monotonic() + given.seconds
    with GeminiServer(latency=given.latency, limits={"*": Limits()}) as server:
        more = {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}
        while time.monotonic() < until and runs < 40:
            runs += 1
            with _running(market, "backend=gemini", "pace=unpaced", **more) as process:
                below, before = Below(process.pid), 0
                while process.poll() is None and time.monotonic() < until:
                    time.sleep(draw.uniform(0.3, 1.2))
                    found = below.workers()
                    before = before or _rows(market)
                    is_calling = len(found) >= 2 and _rows(market) > before
                    if is_calling and workers < given.kills:
                        workers += _kill(draw.choice(found))
                        due = workers >= given.kills * (coordinators + 1) / (given.coordinators + 1)
                        if due and coordinators < given.coordinators:
                            coordinators += _kill(process.pid)
                            for pid in found:
                                _kill(pid)
            if process.returncode == 0 and workers >= given.kills:
                break
            if process.returncode == 0:  # again, to have something to kill
                for path in market.root.glob("plugins/*/README.md"):
                    path.write_text(f"{path.read_text()}\nRun {runs}.\n")
        if process.returncode != 0:  # what was under way goes on record with the next run
            with _running(market, "backend=gemini", "pace=unpaced", **more) as process:
                process.wait()
        time.sleep(3)
        calls = server.seen()["calls"]
    rows = dict(market.rows("SELECT outcome, count(*) FROM calls GROUP BY outcome"))
    again = market.rows(
        "SELECT count(*) FROM calls a JOIN calls b ON a.prompt_sha256 = b.prompt_sha256 AND"
        " a.run_id = b.run_id AND b.id > a.id WHERE a.outcome = 'lost'"
    )[0][0]
    statuses = dict(market.rows("SELECT status, count(*) FROM enhancements GROUP BY status"))
    torn = [p for p in market.root.rglob("SKILL.md") if not p.read_text().startswith("---\n")]
    left = list(market.root.rglob(".*nightpress*.tmp"))
    return {
        "workers": workers, "coordinators": coordinators, "runs": runs, "server": calls,
        "rows": sum(int(str(n)) for n in rows.values()), "lost": rows.get("lost", 0),
        "again": again, "statuses": statuses, "torn": len(torn),
        "temporary": len(left), "documents": len(list(market.root.rglob("SKILL.md"))),
    }  # fmt: skip


def _rows(market: Market) -> int:
    """Calls on record; 0 while there is no ledger."""
    if not (market.root / ".nightpress" / "ledger.db").exists():
        return 0
    try:
        return int(str(market.rows("SELECT count(*) FROM calls")[0][0]))
    except sqlite3.Error:  # it is being made
        return 0


def _kill(pid: int) -> int:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


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
            f"\nKilled: {kills['workers']} workers in mid-call, {kills['coordinators']} "
            f"coordinators, in {kills['runs']} runs. The server saw {kills['server']:,} calls; on "
            f"record are {kills['rows']:,}, of which {kills['lost']} lost. Asked "
            f"again by a run that had lost the call: {kills['again']}. {kills['documents']} "
            f"documents stand, {kills['torn']} torn, {kills['temporary']} temporary files."
        )
    return "\n".join(rows)


def failed(found: dict[str, Any]) -> bool:
    """Other documents by an engine, a torn one, or calls that neither row nor kill accounts for."""
    kills = found.get("kills")
    wrong = any(not one["same"] for one in found["builds"].values())
    if kills is None:
        return wrong
    missing = kills["server"] - kills["rows"]
    accounted = -kills["lost"] <= missing <= 0
    return bool(wrong or kills["again"] or kills["torn"] or not accounted)
