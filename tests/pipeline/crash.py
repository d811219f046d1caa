"""Kills the press at every step of a publication, runs it again, and tells what it found.

Run as a program (`tests.preloaded`), with the words SOURCE WORK MUTANT STEP..., it prints one JSON
object a kill point (every step, or only the named ones; MUTANT may be ""). The press runs in forked
children; a child is killed with SIGKILL before its n-th step, where a step is any call that changes
or syncs a file (os.fsync, os.rename ... and the steps of `atomic`). Where not a byte of the project
has changed since the step before, that one's kill speaks for both. MUTANT breaks the protocol on
purpose; the test of the test.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import stat
import sys
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from nightpress.backends.gemini import batch
from nightpress.backends.gemini.batch import Batches
from nightpress.ledger import batches, ledger
from nightpress.model import Status
from nightpress.pipeline import publish as publication
from nightpress.project import Project
from nightpress.storage import atomic
from nightpress.tasks.api import open_project


class Killer:
    """Counts steps; kills the process before step number `at` (-1: never), and keeps the trace:
    the steps, and for 0 a digest of all that stands in the project before each."""

    def __init__(self, at: int, root: Path) -> None:
        self.at = at
        self.root = root
        self.trace: list[tuple[str, str]] = []

    def step(self, name: str) -> None:
        self.trace.append((name, "" if self.at else contents(self.root)))
        if len(self.trace) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def contents(root: Path) -> str:
    """A digest of every name, mode and byte under a folder."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        digest.update(f"{path}\0{status.st_mode}\0{status.st_size}\0".encode())
        if stat.S_ISREG(status.st_mode):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def arm(killer: Killer) -> None:
    """Every step of the protocol passes the killer: atomic's own, real fsyncs, ledger commits."""
    atomic.step = killer.step
    real_sync, real_rename, real_replace = os.fsync, atomic.rename, os.replace

    def sync(file: int) -> None:
        killer.step("os.fsync")
        real_sync(file)

    def rename(folder: int, old: str, new: str, flag: int) -> None:
        killer.step(f"renameat2:{flag}")
        real_rename(folder, old, new, flag)

    def replace(*names: Any, **words: Any) -> None:  # objects and trees of snapshots, our own files
        killer.step("os.replace")
        real_replace(*names, **words)

    os.fsync = sync
    os.replace = replace  # type: ignore[assignment]
    atomic.rename = rename
    for name in ("begin", "prepare", "end", "call", "keep_analysis"):
        _around(ledger.Ledger, name, killer, "ledger.")
    for name in ("begin", "made", "looked", "take", "ended"):
        _around(batches, name, killer, "batches.")
    for name in ("send", "find", "look"):
        _around(Batches, name, killer, "provider.")


def _around(owner: Any, name: str, killer: Killer, where: str) -> None:
    real: Callable[..., object] = getattr(owner, name)

    def wrapped(self: object, *args: object, **kwargs: object) -> object:
        killer.step(f"before:{where}{name}")
        result = real(self, *args, **kwargs)
        killer.step(f"after:{where}{name}")
        return result

    setattr(owner, name, wrapped)


def by_file(killer: Killer) -> None:
    """Batch jobs go by a file, however small: its upload, and all that is read, are steps, too."""
    from google.genai.batches import AsyncBatches
    from google.genai.files import AsyncFiles

    batch.INLINE = 0
    _around(Batches, "_get", killer, "provider.")
    for owner, name in ((AsyncFiles, "upload"), (AsyncBatches, "create")):
        setattr(owner, name, _awaited(getattr(owner, name), f"provider.{name}", killer))


def _awaited(
    real: Callable[..., Awaitable[object]], name: str, killer: Killer
) -> Callable[..., Awaitable[object]]:
    async def wrapped(*args: object, **kwargs: object) -> object:
        killer.step(f"before:{name}")
        result = await real(*args, **kwargs)
        killer.step(f"after:{name}")
        return result

    return wrapped


def mutate(name: str) -> None:
    """Break the protocol: the crash test must notice."""
    if name == "no-fsync":
        atomic.os = _NoSync()  # type: ignore[attr-defined]
    elif name == "ledger-first":
        real = publication.publish

        def publish(project: Project, files: Sequence[publication.Publishing]) -> frozenset[int]:
            for file in files:
                sha256 = hashlib.sha256(file.data).hexdigest()
                project.ledger.prepare(
                    file.row, content_sha256=sha256, bytes_after=len(file.data), **file.columns
                )
                project.ledger.end(file.row, Status.PUBLISHED, verified=True)
            return real(project, [replace(file, row=-1) for file in files])

        publication.publish = publish
    elif name == "no-stored-reply":
        call = ledger.Ledger.call
        ledger.Ledger.call = lambda *given: call(*given[:3])  # type: ignore[method-assign]
    elif name == "no-search":
        Batches.find = lambda *_given: None  # type: ignore[method-assign]
    elif name == "name-last":
        delayed: list[tuple[Any, ...]] = []
        real_begin, real_made = batches.begin, batches.made

        def begin(*given: Any, **words: Any) -> int:
            delayed.append((given, words))
            return 0

        def made(ledger_of: Any, _batch: int, name: str) -> None:
            given, words = delayed.pop()
            real_made(ledger_of, real_begin(*given, **words), name)

        batches.begin, batches.made = begin, made
    elif name == "plain-write":

        def write(staged: atomic.Staged, expected: str | None) -> None:
            del expected
            temporary = staged.root / Path(staged.target).parent / staged.temporary
            data = temporary.read_bytes()
            target = staged.root / staged.target
            with target.open("wb") as file:
                file.write(data[: len(data) // 2])
                file.flush()
                atomic.step("torn-write")
                file.write(data[len(data) // 2 :])

        atomic.swap = write


class _NoSync:
    """The os module without fsync."""

    def __getattr__(self, name: str) -> object:
        return (lambda _file: None) if name == "fsync" else getattr(os, name)


def press(root: Path, at: int, mutant: str, out: Path, *named: str) -> int:
    """One run of doit in a child; its wait status. The trace goes to `out`."""
    child = os.fork()
    if child == 0:
        os.chdir(root)
        log = os.open(out.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        killer = Killer(at, root)
        if mutant:
            mutate(mutant)
        arm(killer)
        if mutant == "by-file":
            by_file(killer)
        words = ["-n", "1", *named]
        sys.argv = ["doit", *words]
        from doit.doit_cmd import DoitMain

        code = 1
        try:
            code = DoitMain().run(words)
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            out.write_text(json.dumps(killer.trace))
            os._exit(code)
    return os.waitpid(child, 0)[1]


def temporary(path: Path) -> bool:
    """A file that only a step in the middle needs."""
    inner = ".nightpress-" in path.name or "objects" in path.parts
    return inner or path.name.endswith(".tmp")


def state(root: Path) -> dict[str, object]:
    """What can be seen after a run: targets, leftovers, ledger, lock file."""
    targets = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.glob("plugins/*/skills/**/*.md"))
    }
    leftovers = [p.relative_to(root).as_posix() for p in root.rglob(".*") if temporary(p)]
    database = root / ".nightpress" / "ledger.db"
    rows: list[tuple[object, ...]] = []
    if database.exists():
        connection = sqlite3.connect(database)
        rows = connection.execute(
            "SELECT status, target_path, content_sha256 FROM enhancements ORDER BY id"
        ).fetchall()
        connection.close()
    lock = root / "nightpress.lock"
    entries = [
        json.loads(line) for line in (lock.read_text().splitlines()[1:] if lock.exists() else [])
    ]
    return {
        "targets": targets,
        "leftovers": leftovers,
        "rows": rows,
        "lock": {entry["target"]: entry["sha256"] for entry in entries},
    }


def calls() -> int:
    """Calls that the local Gemini server has answered; 0 without one."""
    base = os.environ.get("GOOGLE_GEMINI_BASE_URL")
    if not base:
        return 0
    with urllib.request.urlopen(f"{base}/_seen") as answer:
        return int(json.load(answer)["calls"])


def one(source: Path, work: Path, mutant: str, at: int, step: str) -> dict[str, Any]:
    """Kill at one step, run again; what was found."""
    root = work / f"kill-{at}"
    shutil.copytree(source, root)
    before = calls()
    first = press(root, at, mutant, work / "first.json")
    killed = state(root)
    if mutant == "mend":  # a run that mends what the kill left, and makes nothing
        press(root, -1, mutant, work / "between.json", "snapshot:*")
    mended = state(root)
    second = press(root, -1, mutant, work / "second.json")
    found = {
        "at": at, "step": step, "first": first, "second": second, "killed": killed,
        "mended": mended,
        "after": state(root), "calls": calls() - before,
    }  # fmt: skip
    shutil.rmtree(root)
    return found


def main() -> None:
    source, work, mutant, *only = sys.argv[1:]
    kill_at_each(Path(source), Path(work), mutant, only)


def kill_at_each(source: Path, work: Path, mutant: str, only: list[str]) -> None:
    shutil.copytree(source, work / "read")
    open_project(work / "read").plan()  # what it composes, the children need not compose each
    found = one(source, work, mutant, 0, "")
    trace = json.loads((work / "first.json").read_text())
    print(json.dumps({**found, "trace": [step for step, _ in trace]}), flush=True)
    before = ""
    for at, (step, digest) in enumerate(trace, 1):
        if only and step not in only:
            continue
        if only or digest != before:
            found = one(source, work, mutant, at, step)
        before = digest
        print(json.dumps({**found, "at": at, "step": step, "trace": []}), flush=True)
