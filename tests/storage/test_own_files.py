"""Our own files are replaced whole, whatever the last writer left, and beside another one."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest

from nightpress.storage import atomic


def test_what_a_dead_writer_left_is_taken_up(tmp_path: Path) -> None:
    (tmp_path / ".a.json.tmp").write_text("half of a much longer file that never got its name")
    atomic.write(tmp_path / "a.json", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_bytes() == b"whole"


def test_another_writer_of_the_same_file_keeps_its_own(tmp_path: Path) -> None:
    theirs = tmp_path / ".a.json.tmp"
    with theirs.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(b"theirs")
        file.flush()
        atomic.write(tmp_path / "a.json", b"ours")
        assert theirs.read_bytes() == b"theirs"
    assert (tmp_path / "a.json").read_bytes() == b"ours"


def test_many_at_once_leave_one_of_them_whole(tmp_path: Path) -> None:
    texts = [bytes([65 + n]) * 50_000 for n in range(8)]

    def write(text: bytes) -> None:
        for _ in range(20):
            atomic.write(tmp_path / "a", text)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a").read_bytes() in texts
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("kind", ["link", "fifo", "folder"])
def test_what_is_no_file_in_the_temporary_files_place_is_left_alone(
    tmp_path: Path, kind: str
) -> None:
    (tmp_path / "outside").write_text("words")
    there = tmp_path / ".a.tmp"
    if kind == "link":
        there.symlink_to(tmp_path / "outside")
    else:
        os.mkfifo(there) if kind == "fifo" else there.mkdir()
    atomic.write(tmp_path / "a", b"ours")
    assert (tmp_path / "a").read_bytes() == b"ours" and os.path.lexists(there)
    assert (tmp_path / "outside").read_text() == "words"
    assert len(os.listdir(tmp_path)) == 3


def test_a_file_that_cannot_be_emptied_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: int) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "ftruncate", refused)
    atomic.write(tmp_path / "nightpress.lock", b"rows")
    assert [path.name for path in tmp_path.iterdir()] == ["nightpress.lock"]
    assert (tmp_path / "nightpress.lock").read_bytes() == b"rows"
