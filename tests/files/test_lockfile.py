"""nightpress.lock: read line by line, written by what changed, believed when it is known."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from nightpress import catalog, lockfile
from nightpress.clock import FastClock
from nightpress.digests import LOCK
from nightpress.errors import UsageError
from nightpress.lockfile import Entry
from nightpress.model import Fingerprint
from nightpress.project import Project
from nightpress.publication import LockBook
from tests.market import Market, plugin

MADE_FROM = Fingerprint("c", "g", "s", "m", "o")


def entry(job: str, **other: str) -> Entry:
    values = {"target": f"plugins/{job}.md", "sha256": "0" * 64, "status": "published"}
    return Entry(job, **{**values, "writer": "offline", **other}, fingerprint=MADE_FROM)


def written(path: Path, *entries: Entry) -> Path:
    path.write_bytes(lockfile.render({e.job: lockfile.line(e) for e in entries}))
    return path


def test_what_is_written_is_read_back_sorted(tmp_path: Path) -> None:
    odd = entry("a/skill", target='plugins/o\u2028d\x85d "x" \\ é/SKILL.md')
    path = written(tmp_path / "lock", entry("b/skill"), odd)
    lock = lockfile.read(path)
    assert list(lock) == ["a/skill", "b/skill"]
    assert lock["a/skill"] == odd
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))  # as git may check it out
    assert dict(lockfile.read(path)) == dict(lock)


@pytest.mark.parametrize("line", ["<<<<<<< HEAD", "[]", '{"job":"b/skill"}', '{"job":"b/skill'])
def test_a_damaged_line_is_named_unless_the_file_is_known(tmp_path: Path, line: str) -> None:
    path = written(tmp_path / "nightpress.lock", entry("a/skill"))
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(UsageError, match=r"nightpress\.lock:3:1: "):
        lockfile.read(path)


def test_a_known_file_is_not_parsed_before_it_is_asked(tmp_path: Path) -> None:
    path = written(tmp_path / "lock", entry("a/skill"), entry("b/skill"))
    path.write_text(path.read_text().replace('"job":"b/skill","target"', '"job":"b/skill","t"'))
    known = sha256(path.read_bytes()).hexdigest()
    lock = lockfile.read(path, known=known)
    assert lock["a/skill"] == entry("a/skill")
    with pytest.raises(KeyError):
        lock["b/skill"]


def test_what_a_run_writes_is_known_to_the_next(tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        plugin(tmp_path, name)
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    market.done()
    later = FastClock(1, 2_000_000_000, 0)
    catalog.load(Project(tmp_path, {}, {}, later))
    project = Project(tmp_path, {}, {}, later)
    assert not catalog.load(project).gathered
    book = LockBook(project)
    book.record(entry("beta/skill"))  # as `doit adopt` does: no file of the plugin moves
    book.flush()
    assert project.index.meta(LOCK) == project.lock().sha256
    again = Project(tmp_path, {}, {}, later)
    assert set(catalog.load(again).gathered) == {"beta"}
    # a line that another hand wrote is seen, whatever the index knows
    rows = {job: lockfile.line(e) for job, e in again.lock().items() if job != "alpha/skill"}
    project.lock_path.write_bytes(lockfile.render(rows))
    assert set(catalog.load(Project(tmp_path, {}, {}, later)).gathered) == {"alpha"}
