"""Real processes on one quota ledger."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nightpress.clock import RealClock
from nightpress.errors import Deferred
from nightpress.quota import Pacer, Quota, Reservation
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Pace
from tests.quota.clocks import FakeClock, pacific

ROOT = Path(__file__).resolve().parents[2]
UNPACED = Pace(profile="unpaced")


def grabber(path: Path, limit: int, mode: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.quota.grabber", str(path), str(limit), mode],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ, cwd=ROOT,
    )  # fmt: skip
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_four_processes_get_exactly_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "quota.db"
    started = [grabber(path, 100, "all") for _ in range(4)]
    for process in started:
        go(process)
    outputs = [process.communicate(timeout=60)[0].split() for process in started]
    ids = [number for output in outputs for number in output]
    assert [process.returncode for process in started] == [0, 0, 0, 0]
    assert len(ids) == len(set(ids)) == 100
    quota = Quota(path, RealClock(), day_of=pacific)
    assert quota.snapshot("m", Limits(100), UNPACED).left_in_minute == 0
    quota.close()


def test_what_a_killed_process_reserved_stays_counted(tmp_path: Path) -> None:
    path = tmp_path / "quota.db"
    started = grabber(path, 2, "hold")
    go(started)
    assert started.stdout is not None
    assert started.stdout.readline().strip() == "1"
    started.kill()
    started.wait(10)
    started.stdout.close()
    quota, limits = Quota(path, RealClock(), day_of=pacific), Limits(2)
    assert quota.snapshot("m", limits, UNPACED).left_in_minute == 1
    assert isinstance(quota.take("m", limits, 1, "p", UNPACED, 0), Reservation)
    assert not isinstance(quota.take("m", limits, 1, "p", UNPACED, 0), Reservation)
    quota.close()


@pytest.mark.parametrize("ends", ["release", "kill"])
def test_calls_in_flight_are_counted_over_all_processes(tmp_path: Path, ends: str) -> None:
    """A place is free again when its call has ended, or its process was killed."""
    path, limits = tmp_path / "quota.db", Limits(concurrency=2)
    other = grabber(path, 2, "in-flight")
    go(other)
    assert other.stdout is not None
    assert other.stdout.readline().strip() == "in flight"
    clock, stop = FakeClock(), threading.Event()
    quota = Quota(path, clock, day_of=pacific)
    pacer = Pacer(quota, clock, lambda: 0.5, lambda _: limits, UNPACED, stop=stop)
    _, second = pacer.enter(pacer.reserve("m", 1))
    assert second is not None, "the limit is two"
    third = pacer.reserve("m", 1)
    stop.set()
    with pytest.raises(Deferred, match="stopped"):
        pacer.enter(third)
    stop.clear()
    if ends == "release":
        os.close(second)
        other.kill()
    else:
        other.kill()
        other.wait(10)
    late, place = pacer.enter(third)
    assert place is not None and late.id == third.id
    other.wait(10)
    other.stdout.close()
    quota.close()
