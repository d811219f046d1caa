"""A disk that refuses one change, or every one from some moment on (`failing_disk.c`, LD_PRELOAD).

`Disk` runs commands of a project on it. `trial` does what the tests and `benchmarks disk_faults`
ask for: the n-th change of a command fails, then the same command runs again on a sound disk, and
everything is looked at: no traceback, no file of a person's touched, no reply paid for twice,
ledger and files agree, nothing is left behind.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, Ran, environment, plugin
from tests.preloaded import Preloaded

ERRNOS = ("EIO", "ENOSPC", "EROFS", "EACCES", "EDQUOT", "EMFILE", "EINTR")
OLD = "# Old\n\nToo short.\n"
_FOLDER = tempfile.TemporaryDirectory(prefix="nightpress-disk-")


@functools.cache
def library() -> Path | None:
    """The library, compiled; None where there is no compiler, or no Linux."""
    made = Path(_FOLDER.name) / "failing_disk.so"
    source = Path(__file__).with_suffix(".c")
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return made


@functools.cache
def _preloaded() -> Preloaded:
    return Preloaded(LD_PRELOAD=str(library()))


def always(root: Path, code: str) -> dict[str, str]:
    """The variables with which every change below `root` fails with this errno."""
    return {**_once(root, code, 1), "FAULT_LOG": os.devnull, "FAULT_ON": "1"}


def _once(root: Path, code: str, at: int) -> dict[str, str]:
    """As `always`, of the change number `at` alone; a log is to be named."""
    return {"FAULT_ROOT": str(root), "FAULT_AT": str(at), "FAULT_SPARED": "",
            "FAULT_ERRNO": str(getattr(errno, code))}  # fmt: skip


def run(root: Path, program: str, words: Sequence[str], environ: Mapping[str, str]) -> Ran:
    """A command on that disk."""
    return Ran(*_preloaded().run(program, words, root, environment(**environ)))


class Scenario(NamedTuple):
    """make: a project for the command `words`; ended: what is wrong with it when they have been run
    to their end on a sound disk."""

    make: Callable[[Disk], None]
    words: tuple[str, ...]
    ended: Callable[[Disk], Iterable[str]]


class Disk:
    """A project in a folder of its own with its state directory, and a server that it asks."""

    def __init__(self, scenario: Scenario, folder: Path, server: GeminiServer) -> None:
        self.scenario, self.folder, self.server = scenario, folder, server
        self.template, self.root = folder / "template", folder / "work" / "project"
        self._environ = {
            "GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key",
            "XDG_STATE_HOME": str(folder / "work" / "state"),
        }  # fmt: skip
        scenario.make(self)
        shutil.copytree(folder / "work", self.template, symlinks=True)

    def done(self, program: str, *words: str) -> str:
        """What the command says; nothing less than success will do."""
        ran = self.sound(program, *words)
        assert ran.code == 0, ran
        return ran.out

    def fresh(self) -> None:
        """The project as it was before the command."""
        shutil.rmtree(self.folder / "work", ignore_errors=True)
        if self.template.exists():
            shutil.copytree(self.template, self.folder / "work", symlinks=True)

    def sound(self, program: str, *words: str) -> Ran:
        return Market(self.root).run(program, *words, **self._environ)

    def faulty(self, at: int, code: str, *, on: bool) -> Ran:
        """The command, whose change number `at` fails; on: and all after it. 0: none does."""
        log = self.folder / "changes"
        log.unlink(missing_ok=True)
        fault = {
            **_once(self.folder / "work", code, at), "FAULT_LOG": str(log),
            **({"FAULT_ON": "1"} if on else {}),
            # a full disk writes the blocks that a file has
            "FAULT_SPARED": "/room/" if code in ("ENOSPC", "EDQUOT") else "",
        }  # fmt: skip
        program, *words = self.scenario.words
        return run(self.root, program, words, {**self._environ, **fault})

    def changes(self) -> list[str]:
        """What the last command changed: `NUMBER[!] CALL PATH`; `!`: that one failed."""
        log = self.folder / "changes"
        return log.read_text(errors="replace").splitlines() if log.exists() else []


def trial(disk: Disk, at: int, code: str, *, on: bool = False) -> list[str]:
    """What is wrong after that fault, and after the command on a sound disk; empty: nothing."""
    disk.fresh()
    asked = len(disk.server.seen()["list"])
    bad = disk.faulty(at, code, on=on)
    said = bad.out + bad.err
    wrong = []
    if "Traceback" in said or "bug of nightpress" in said or bad.code not in (0, 1, 2, 3):
        wrong.append(f"ends with {bad.code}: {said[-1500:]}")
    wrong += _torn(disk)
    again = disk.sound(*disk.scenario.words)
    if again.code != 0 or "Traceback" in again.out + again.err:
        wrong.append(f"the next run ends with {again.code}: {(again.out + again.err)[-1500:]}")
    calls = Counter(call["prompt_sha256"] for call in disk.server.seen()["list"][asked:])
    twice = sum(n - 1 for n in calls.values())
    if twice > (on and code not in ("ENOSPC", "EDQUOT")):  # the one in flight, as all disks died
        wrong.append(f"{twice} calls paid twice")
    return [*wrong, *_left_over(disk), *disk.scenario.ended(disk)]


def _torn(disk: Disk) -> list[str]:
    """Targets that are neither the old file nor one that the ledger knows."""
    known = {sha256 for (sha256,) in _published(disk)}
    return [
        f"{path} is torn"
        for path in (disk.root / "plugins").rglob("SKILL.md")
        if path.read_text() != OLD and hashlib.sha256(path.read_bytes()).hexdigest() not in known
    ]


def _published(disk: Disk) -> Sequence[tuple[object, ...]]:
    query = "SELECT content_sha256 FROM enhancements WHERE status IN ('published', 'prepared')"
    if not (disk.root / ".nightpress" / "ledger.db").exists():
        return []
    try:
        return Market(disk.root).rows(query)
    except sqlite3.OperationalError:  # it has no tables yet
        return []


def _left_over(disk: Disk) -> Iterator[str]:
    for found in (disk.folder / "work").rglob(".*"):
        if found.suffix == ".tmp" or ".nightpress-" in found.name:
            yield f"{found} was left behind"
    for found in (disk.folder / "work").rglob("*.damaged"):
        yield f"{found} was set aside, and is not damaged"
    if (disk.root / ".nightpress" / "room").exists():
        yield "room/ was left behind"
    audit = disk.sound("doit", "audit")
    if audit.code or not re.search("no breaks|there is no ledger", audit.out):
        yield f"audit: {audit.out}{audit.err}"


# --- what is tried ---


def _project(disk: Disk, skill: str | None = OLD, **defaults: str) -> None:
    """One plugin, set up; skill: the document that stands there."""
    plugin(disk.root, "beta", size=10_000, skill=skill)
    disk.done("nightpress", "init")
    path = disk.root / "manifests" / "_defaults.yaml"
    text = path.read_text()
    for key, value in {"standing": "replace", **defaults}.items():
        text = re.sub(rf"(?m)^{key}: .*$", f"{key}: {value}", text)
    path.write_text(text)


def _built(disk: Disk, **defaults: str) -> None:
    _project(disk, **defaults)
    disk.done("doit", "backend=offline")


def _told(disk: Disk, words: Sequence[str], wanted: str) -> Iterator[str]:
    ran = disk.sound(*words)
    if ran.code or wanted not in ran.out:
        yield f"{' '.join(words)}: {ran}"


def _nothing_to_do(disk: Disk) -> Iterator[str]:
    return _told(disk, disk.scenario.words, "nothing to do: 1 up to date")


def _as_before(disk: Disk) -> Iterator[str]:
    target = disk.root / "plugins" / "beta" / "skills" / "beta" / "SKILL.md"
    if target.read_text() != OLD:
        yield "it was not restored"


SCENARIOS = {
    "model": Scenario(
        lambda disk: _project(disk), ("doit", "pace=unpaced"), _nothing_to_do
    ),
    "offline": Scenario(
        lambda disk: _project(disk, skill=None), ("doit", "backend=offline"), _nothing_to_do
    ),
    "apply": Scenario(
        lambda disk: _built(disk, publish="review"), ("doit", "apply"),
        lambda disk: _told(disk, ("doit", "backend=offline"), "nothing to do: 1 up to date"),
    ),
    "restore": Scenario(_built, ("doit", "restore", "--plugin", "beta"), _as_before),
    "backup": Scenario(
        _built, ("doit", "backup"), lambda disk: _told(disk, ("doit", "verify-vault"), "")
    ),
    "report": Scenario(_built, ("doit", "report"), lambda _disk: ()),
    "init": Scenario(
        lambda disk: plugin(disk.root, "beta", size=10_000) and None, ("nightpress", "init"),
        lambda disk: _told(disk, ("doit", "plan"), "in 1 plugin: 0 stale, 1 not made yet"),
    ),
}  # fmt: skip
"""What is tried, by name: a document for a person's stub by a model; a new one, offline; and what
else writes."""


def server() -> GeminiServer:
    """The far end, which answers at once."""
    return GeminiServer(latency=0, limits={"*": Limits()})
