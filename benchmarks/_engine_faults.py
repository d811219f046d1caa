"""Faults of engines, each tried many times, with a server that counts.

Those that need no run of doit are made to the engine itself: calls that sleep at a server of ours,
work whose answer is known. The others are runs of a small marketplace.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.engines import kill, log, running, workers
from tests.market import Market, environment

from benchmarks import _engine_world as world
from nightpress.clock import RealClock
from nightpress.errors import BackendError, UsageError
from nightpress.pipeline import engine
from nightpress.project import Project

CALL = 0.4
"""Seconds of a call."""
LARGE = 70_000_000
Found = Counter[str]
"""times; arrived: calls at the server; answered, lost, never (not begun by anybody), here (left to
the coordinator): how calls ended; unseen: lost ones that never arrived; right: pure work, done as
it ought to be; refused; wrong: whatever ought not to be."""


# --- what workers do ---


def asks(_there: object, url: str) -> int:
    with urlopen(f"{url}/{os.getpid()}") as answer:  # noqa: S310 - loopback
        return int(answer.read())


def squares(_there: object, number: int, seconds: float = 0.0) -> int:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        number += 0
    return number * number


def large(_there: object, number: int) -> bytes:
    return bytes([number % 256]) * LARGE


class Counting(ThreadingHTTPServer):
    """Counts each call when it arrives, and lets it wait."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: Counter[str] = Counter()
        self.pids: dict[str, int] = {}
        self.guard = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked is gone."""


class _Handler(BaseHTTPRequestHandler):
    server: Counting

    def do_GET(self) -> None:
        _, one, pid = self.path.split("/")
        with self.server.guard:
            self.server.seen[one] += 1
            self.server.pids[one] = int(pid)
        time.sleep(CALL)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"1")

    def log_message(self, format: str, *given: Any) -> None:
        """Silent."""


# --- the engine's own faults ---


class Bench:
    """An engine that is asked many calls and much work at once, while something goes wrong."""

    def __init__(self, root: Path, name: str) -> None:
        self.project = Project(root, {"engine": name}, {}, RealClock())
        self.server = Counting()
        self.found: Found = Counter()
        self.said: list[str] = []
        self.number = 0
        self.pool = ThreadPoolExecutor(64)
        self.made = self.anew()

    def anew(self) -> engine.Engine:
        made = engine.of(self.project, self.said.append)
        assert made is not None
        self.made = made
        assert made.begin(squares, 3)() in (9, None)
        return made

    def calls(self, count: int) -> list[Any]:
        self.number += count
        ids = [f"{self.number + n}" for n in range(-count, 0)]
        return [(one, self.pool.submit(self._call, self.made, one)) for one in ids]

    def _call(self, made: engine.Engine, one: str) -> str:
        url = f"http://127.0.0.1:{self.server.server_address[1]}/{one}"
        try:
            return "answered" if made.call(asks, url) == 1 else "here"
        except BackendError as error:
            return "lost" if error.answer.kind == "lost" else "never"

    def arrive(self, begun: list[Any]) -> None:
        """Wait until half of the calls are at the server, or all are over."""
        while sum(self.server.seen[one] for one, _ in begun) * 2 < len(begun):
            if all(future.done() for _, future in begun):
                return
            time.sleep(0.02)

    def caller(self, begun: list[Any]) -> int:
        """A worker that has calls under way; 0: none has."""
        found = [self.server.pids.get(one, 0) for one, future in begun if not future.done()]
        return max(found, default=0)

    def settle(self, begun: list[Any]) -> None:
        """What came of calls, beside what the server saw of each."""
        ends = [(one, future.result()) for one, future in begun]
        time.sleep(0.05 if all(end == "answered" for _, end in ends) else CALL + 0.3)
        for one, end in ends:
            seen = self.server.seen[one]
            self.found[end] += 1
            self.found["arrived"] += seen
            self.found["unseen"] += end == "lost" and not seen
            may = {"answered": (1,), "lost": (0, 1)}.get(end, (0,))
            self.found["wrong"] += seen not in may

    def work(self, count: int, seconds: float) -> list[Any]:
        made = self.made
        return [(n, self.pool.submit(made.begin(squares, n, seconds))) for n in range(count)]

    def right(self, begun: list[Any]) -> None:
        for number, future in begun:
            value = future.result()
            self.found["here"] += value is None
            self.found["right"] += value == number * number
            self.found["wrong"] += value not in (None, number * number)

    def close(self) -> Found:
        self.made.close()
        self.server.shutdown()
        self.pool.shutdown(wait=False, cancel_futures=True)
        return self.found


def in_mid_call(root: Path, times: int) -> Found:
    """A worker is killed while it calls."""
    bench, draw = Bench(root, "dask=4"), random.Random(1)
    while bench.found["times"] < times:
        begun = bench.calls(8)
        bench.arrive(begun)
        time.sleep(draw.uniform(0.0, CALL / 2))
        if one := bench.caller(begun):
            bench.found["times"] += kill(one)
        bench.settle(begun)
    return bench.close()


def in_checks(root: Path, times: int) -> Found:
    """A worker is killed while it judges."""
    bench, draw = Bench(root, "dask=4"), random.Random(2)
    while bench.found["times"] < times:
        begun = bench.work(8, 0.2)
        time.sleep(draw.uniform(0.05, 0.3))
        if len(found := workers(os.getpid())) > 1:
            bench.found["times"] += kill(draw.choice(found))
        bench.right(begun)
        if len(found) < 2:  # dask gives up beginning workers anew on a busy machine
            bench.made.close()
            bench.anew()
    return bench.close()


def paused(root: Path, times: int) -> Found:
    """A worker stands still for longer than the deadline, and goes on after it."""
    bench, draw = Bench(root, "dask=4"), random.Random(3)
    before, engine.DEADLINE = engine.DEADLINE, 2.0
    try:
        while bench.found["times"] < times:
            begun, judged = bench.calls(4), bench.work(4, 0.05)
            bench.arrive(begun)
            time.sleep(draw.uniform(0.0, CALL / 2))
            if one := bench.caller(begun):
                bench.found["times"] += kill(one, signal.SIGSTOP)
            bench.right(judged)
            ended = [future.exception() for _, future in begun]
            assert not any(ended)
            if one:
                kill(one, signal.SIGCONT)
                time.sleep(1.0)  # it does what it had before it
            bench.settle(begun)
    finally:
        engine.DEADLINE = before
    return bench.close()


def other_version(root: Path, times: int) -> Found:
    """A worker has another version than the coordinator."""
    bench = Bench(root, "dask=2")
    there = bench.made._there()
    from msgspec.structs import replace

    from nightpress.plan import away

    bench.made._known = replace(there, version="0.0.1")
    for _ in range(times):
        bench.found["times"] += 1
        try:
            bench.made.begin(away.pure, squares, 3)()
            bench.found["wrong"] += 1
        except UsageError as error:
            bench.found["refused"] += "pip install nightpress==0.0.1" in error.hint
    return bench.close()


def large_results(root: Path, times: int) -> Found:
    """An answer has 70 MB."""
    bench = Bench(root, "dask=2")
    for number in range(times):
        bench.found["times"] += 1
        value = bench.made.begin(large, number)()
        is_right = value is not None and len(value) == LARGE and value[0] == number % 256
        bench.found["right" if is_right else "wrong"] += 1
    return bench.close()


# --- clusters that others run ---


class Cluster:
    """A scheduler and workers of their own, as somebody else's are."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._begin("scheduler", "--host", self.address)

    def _begin(self, *words: str) -> subprocess.Popen[bytes]:
        dask = Path(sys.executable).parent / "dask"
        given = environment(PYTHONPATH=str(Path.cwd()))
        return subprocess.Popen(
            [dask, *words, "--no-dashboard"], env=given,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def join(self) -> None:
        words = ("worker", self.address, "--nthreads", "8", "--no-nanny")
        self.workers.append(self._begin(*words))

    def leave(self, how: signal.Signals) -> None:
        """One worker ends; with SIGTERM it says so."""
        one = self.workers.pop(0)
        one.send_signal(how)
        if how == signal.SIGKILL:
            one.wait()

    def close(self) -> None:
        for one in (*self.workers, self.scheduler):
            one.kill()
            one.wait()


def _on_cluster(
    root: Path, times: int, fault: Callable[[Cluster, Bench], None], each: bool
) -> Found:
    """each: a new cluster for each time."""
    total: Found = Counter()
    patience, engine.PATIENCE = engine.PATIENCE, 20.0
    try:
        while total["times"] < times:
            cluster = Cluster()
            try:
                cluster.join()
                cluster.join()
                engine.PATIENCE = 20.0
                bench = Bench(root, f"dask={cluster.address}")
                engine.PATIENCE = 2.0
                while each is False and bench.found["times"] < times:
                    fault(cluster, bench)
                if each:
                    fault(cluster, bench)
                total += bench.close()
            finally:
                cluster.close()
    finally:
        engine.PATIENCE = patience
    return total


def all_gone(root: Path, times: int) -> Found:
    """Every worker is killed."""

    def fault(cluster: Cluster, bench: Bench) -> None:
        begun, judged = bench.calls(4), bench.work(4, 0.1)
        bench.arrive(begun)
        time.sleep(random.uniform(0.0, CALL / 2))
        while cluster.workers:
            cluster.leave(signal.SIGKILL)
        _gone(bench, begun, judged)

    return _on_cluster(root, times, fault, each=True)


def scheduler_gone(root: Path, times: int) -> Found:
    """The scheduler is killed."""

    def fault(cluster: Cluster, bench: Bench) -> None:
        begun, judged = bench.calls(4), bench.work(4, 0.1)
        bench.arrive(begun)
        time.sleep(random.uniform(0.0, CALL / 2))
        cluster.scheduler.kill()
        _gone(bench, begun, judged)

    return _on_cluster(root, times, fault, each=True)


def _gone(bench: Bench, begun: list[Any], judged: list[Any]) -> None:
    bench.found["times"] += 1
    bench.settle(begun)
    bench.right(judged)
    bench.settle(bench.calls(2))
    told = [said for said in bench.said if "the run goes on in this process" in said]
    bench.found["wrong"] += len(told) != 1


def come_and_go(root: Path, times: int) -> Found:
    """Workers join and leave, saying so or not."""
    draw = random.Random(4)

    def fault(cluster: Cluster, bench: Bench) -> None:
        engine.PATIENCE = 20.0
        begun, judged = bench.calls(4), bench.work(4, 0.1)
        bench.arrive(begun)
        time.sleep(draw.uniform(0.0, CALL / 2))
        if len(cluster.workers) > 2:
            cluster.leave(draw.choice([signal.SIGKILL, signal.SIGTERM]))
        else:
            cluster.join()
        bench.found["times"] += 1
        bench.settle(begun)
        bench.right(judged)

    return _on_cluster(root, times, fault, each=False)


# --- runs ---


def coordinator_killed(root: Path, times: int) -> Found:
    """The run is killed: at any time after its first call."""
    return _ended_runs(root, times, signal.SIGKILL)


def ctrl_c(root: Path, times: int) -> Found:
    """SIGINT to the run and to all that belongs to it, as a terminal sends it."""
    return _ended_runs(root, times, signal.SIGINT)


def _ended_runs(root: Path, times: int, how: signal.Signals) -> Found:
    market = Market(root.parent / f"ended-{how.name}")
    shutil.copytree(root, market.root)
    world.settings(market, engine="dask=2", calls="workers", concurrency=8)
    found: Found = Counter()
    draw = random.Random(int(how))
    words = ("backend=gemini", "pace=unpaced")
    with world.Counted(0.1) as server:
        for number in range(2 * times + 20):
            with running(market, *words, **server.environment()) as process:
                if found["times"] < times and _calls(server, process):
                    time.sleep(draw.uniform(0.0, 2.0))
                    group = workers(process.pid) if how == signal.SIGINT else []
                    found["times"] += sum(kill(one, how) for one in [process.pid, *group]) > 0
                code = process.wait(120)
            ended = (0, 130, -signal.SIGINT)  # a shell gives 130 for the last, too
            if how == signal.SIGINT and code not in ended and found["times"] < times:
                found["wrong"] += 1
            if code == 0 and found["times"] >= times:
                break
            if code == 0:  # something to do again
                for path in market.root.glob("plugins/*/README.md"):
                    path.write_text(f"{path.read_text()}\nRun {number}.\n")
        time.sleep(2)
        books = world.accounts(market, server)
    told = asdict(books)
    found["arrived"], found["lost"], found["unseen"] = books.server, books.lost, books.never_arrived
    found["answered"] = books.rows - books.lost
    wrong = ("without_row", "unexplained", "twice", "again", "torn", "missing", "temporary")
    found["wrong"] += sum(told[name] for name in wrong)
    found["wrong"] += log(market).read_text().count("Traceback")
    return found


def _calls(server: world.Counted, process: subprocess.Popen[bytes]) -> bool:
    """Wait until a call of this run has been answered, or it is over."""
    before = server.asked().total()
    while process.poll() is None:
        if server.asked().total() > before:
            return True
        time.sleep(0.05)
    return False


FAULTS: dict[str, Callable[[Path, int], Found]] = {
    "worker killed in mid-call": in_mid_call,
    "worker killed in checks": in_checks,
    "all workers gone": all_gone,
    "scheduler gone": scheduler_gone,
    "coordinator killed": coordinator_killed,
    "worker stands still": paused,
    "worker of another version": other_version,
    "results of 70 MB": large_results,
    "Ctrl-C": ctrl_c,
    "workers come and go": come_and_go,
}


def measure(root: Path, times: int, names: list[str]) -> dict[str, dict[str, int]]:
    """Each fault so many times."""
    found = {}
    for name, fault in FAULTS.items():
        if names and not any(one in name for one in names):
            continue
        began = time.monotonic()
        with suppress(KeyboardInterrupt):
            found[name] = dict(fault(root, times))
            found[name]["seconds"] = round(time.monotonic() - began)
        print(f"{name}: {found.get(name)}", file=sys.stderr, flush=True)
    return found


COLUMNS = ("times", "arrived", "answered", "lost", "unseen", "never", "here", "right", "refused",
           "wrong")  # fmt: skip


def render(found: dict[str, dict[str, int]]) -> list[str]:
    rows = [
        "\n| fault | times | calls at the server | answered | lost | of them never arrived |"
        " begun by nobody | left to the coordinator | work right | refused | wrong |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in found.items():
        rows.append(f"| {name} | {' | '.join(f'{one.get(c, 0):,}' for c in COLUMNS)} |")
    return rows
