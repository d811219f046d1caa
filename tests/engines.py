"""Runs with workers, for tests and benchmarks: doit as a user begins it, and who works for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.market import Market, environment


def log(market: Market) -> Path:
    """What its runs said."""
    return market.root.parent / f"{market.root.name}.log"


@contextmanager
def running(market: Market, *words: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """doit, in an interpreter of its own, whose workers are begun as for a user."""
    with log(market).open("ab") as said:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "doit", "progress=plain", *words], cwd=market.root,
            env=environment(**more), stdout=said, stderr=said,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def workers(pid: int) -> list[int]:
    """The interpreters below a run that do its work: the youngest generation of those spawned."""
    below: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        try:
            stat = (folder / "stat").read_text() if folder.name.isdigit() else ""
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if stat and b"spawn_main" in line:
            parent = int(stat.rpartition(")")[2].split()[1])
            below.setdefault(parent, []).append(int(folder.name))
    first = below.get(pid, [])
    nannied = [inner for one in first for inner in below.get(one, [])]
    return nannied or first


def kill(pid: int, how: signal.Signals = signal.SIGKILL) -> bool:
    """Was it there?"""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return False
    return True
