"""nightpress.lock: read line by line, written by what changed, believed when it is known."""

from __future__ import annotations

import random
from hashlib import sha256
from pathlib import Path

import pytest

from nightpress.clock import FastClock
from nightpress.errors import UsageError
from nightpress.ledger import lockfile
from nightpress.ledger.lockfile import Entry
from nightpress.model import Fingerprint
from nightpress.pipeline.publish import LockBook
from nightpress.plan import catalog
from nightpress.project.project import Project
from nightpress.storage.index import LOCK
from tests.market import published

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


ODD = lockfile.line(entry('b"/skill'))


@pytest.mark.parametrize(
    "line", ["<<<<<<< HEAD", "[]", '{"job":"b/skill"}', '{"job":"b/skill', ODD]
)
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


def test_single_lines_are_found_replaced_and_taken_out(tmp_path: Path) -> None:
    """Bisection and splicing say what a dict would, for jobs of which one begins like another."""
    rng = random.Random(1)
    names = [
        f"{slug}/{name}"
        for slug in ("a", "a-b", "a.b", "a0", "a_b", "ab", "b", "z" * 64)
        for name in ("s", "s-1", "s1", "s_1", "skill")
    ]
    for _ in range(200):
        held = {n: entry(n) for n in rng.sample(names, rng.randint(0, len(names)))}
        path = written(tmp_path / "lock", *held.values())
        lock = lockfile.read(path)
        assert lock.in_order
        assert dict(lock) == held
        assert len(lock) == len(held)
        assert {job for job in names if job in lock} == set(held)
        assert {slug: lock.digest(slug) for slug in lock.digests()} == lock.digests()
        assert lock.digests().keys() == {job.partition("/")[0] for job in held}
        changes = {n: rng.choice([None, entry(n, writer="x")]) for n in rng.sample(names, 3)}
        held |= {n: e for n, e in changes.items() if e is not None}
        for gone in (n for n, e in changes.items() if e is None):
            held.pop(gone, None)
        lines = {n: None if e is None else lockfile.line(e) for n, e in changes.items()}
        assert lockfile.spliced(lock.data, lines) == written(path, *held.values()).read_bytes()


def test_a_plugins_digest_is_of_its_own_lines(tmp_path: Path) -> None:
    entries = [entry(job) for job in ("a/x", "a/y", "a-b/x", "a.b/x", "a0/x")]
    before = lockfile.read(written(tmp_path / "lock", *entries)).digests()
    entries[1] = entry("a/y", writer="gemini:other")
    after = lockfile.read(written(tmp_path / "lock", *entries)).digests()
    assert {slug for slug in before if before[slug] != after[slug]} == {"a"}
    assert lockfile.read(tmp_path / "lock").digest("c") == ""


def test_a_file_out_of_order_is_understood_and_put_in_order(tmp_path: Path) -> None:
    """As a merge may leave it: both sides' lines, one after the other."""
    lines = [lockfile.line(entry(job)) for job in ("b/skill", "c/skill", "a/skill", "b/skill")]
    spaced = lines[1].replace('"job":', '"job": ')
    path = tmp_path / "nightpress.lock"
    path.write_text("\n".join([lines[0], spaced, lines[2], lines[3], lockfile.HEADER]))
    lock = lockfile.read(path)
    assert not lock.in_order
    assert list(lock) == ["a/skill", "b/skill", "c/skill"]
    assert lock["c/skill"] == entry("c/skill")
    book = LockBook(Project(tmp_path, {}, {}, FastClock(1, 2_000_000_000, 0)))
    book.drop("b/skill")
    book.flush()
    assert path.read_bytes() == lockfile.render(
        {n: lockfile.line(entry(n)) for n in ("a/skill", "c/skill")}
    )


def test_a_file_out_of_order_is_not_taken_for_one_in_order(tmp_path: Path) -> None:
    market = published(tmp_path, "alpha", "beta")
    path = tmp_path / "nightpress.lock"
    header, alpha, beta = path.read_text().splitlines(keepends=True)
    path.write_text(header + beta + alpha)
    later = FastClock(1, 2_000_000_000, 0)
    for _ in range(2):
        project = Project(tmp_path, {}, {}, later)
        assert catalog.load(project).states() == {"fresh": 2}
        assert list(project.lock()) == ["alpha/skill", "beta/skill"]
    assert "rebuilt" not in market.done().out  # nothing is lacking
    assert path.read_text() == header + beta + alpha


def test_nothing_is_written_that_stands_there_already(tmp_path: Path) -> None:
    book = LockBook(Project(tmp_path, {}, {}, FastClock(1, 2_000_000_000, 0)))
    book.drop("a/skill")
    book.flush()
    assert not (tmp_path / "nightpress.lock").exists()


def test_what_a_run_writes_is_known_to_the_next(tmp_path: Path) -> None:
    published(tmp_path, "alpha", "beta")
    later = FastClock(1, 2_000_000_000, 0)
    catalog.load(Project(tmp_path, {}, {}, later))
    project = Project(tmp_path, {}, {}, later)
    assert not catalog.load(project).plugins
    book = LockBook(project)
    book.record(entry("beta/skill"))  # as `doit adopt` does: no file of the plugin moves
    book.flush()
    assert project.index.meta(LOCK) == project.lock().sha256
    again = Project(tmp_path, {}, {}, later)
    assert set(catalog.load(again).plugins) == {"beta"}
    # a line that another hand wrote is seen, whatever the index knows
    rows = {job: lockfile.line(e) for job, e in again.lock().items() if job != "alpha/skill"}
    project.lock_path.write_bytes(lockfile.render(rows))
    assert set(catalog.load(Project(tmp_path, {}, {}, later)).plugins) == {"alpha"}
