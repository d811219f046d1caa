"""The file-system half of a publication, on real files, with a user who saves meanwhile."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from nightpress.errors import PublishConflict, UnsafePath
from nightpress.storage import atomic

TARGET = "skills/one/SKILL.md"
OLD = b"what stood there\n"
NEW = b"what is published\n" * 500


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "skills" / "one").mkdir(parents=True)
    (tmp_path / TARGET).write_bytes(OLD)
    return tmp_path


@pytest.fixture
def at() -> Iterator[Callable[[str, Callable[[], None]], None]]:
    """Do something right before or after a step, once."""

    def arrange(name: str, act: Callable[[], None]) -> None:
        done: list[str] = []

        def step(seen: str) -> None:
            if seen == name and not done:
                done.append(seen)
                act()

        atomic.step = step

    yield arrange
    atomic.step = atomic._nothing


def publish(root: Path, attempt: str = "t") -> None:
    staged = atomic.stage(root, TARGET, NEW, attempt)
    try:
        atomic.swap(staged, sha256(OLD))
    except BaseException:
        atomic.discard(staged)
        raise
    atomic.finish(staged)


def only_file(root: Path) -> bytes:
    [found] = list((root / "skills" / "one").iterdir())
    assert found.name == "SKILL.md"
    return found.read_bytes()


def test_the_mode_stays_and_nothing_is_left_behind(root: Path) -> None:
    (root / TARGET).chmod(0o4640)
    publish(root)
    assert only_file(root) == NEW
    assert (root / TARGET).stat().st_mode & 0o7777 == 0o640  # never setuid


def save_in_place(root: Path) -> None:
    (root / TARGET).write_bytes(b"the user's own words\n")


def save_by_rename(root: Path) -> None:
    (root / "skills" / "one" / "SKILL.md.new").write_bytes(b"the user's own words\n")
    (root / "skills" / "one" / "SKILL.md.new").replace(root / TARGET)


@pytest.mark.parametrize("save", [save_in_place, save_by_rename])
@pytest.mark.parametrize("step", ["after:fsync", "before:exchange"])
def test_a_save_in_the_middle_is_never_lost(
    root: Path,
    at: Callable[[str, Callable[[], None]], None],
    save: Callable[[Path], None],
    step: str,
) -> None:
    at(step, lambda: save(root))
    with pytest.raises(PublishConflict):
        publish(root)
    assert only_file(root) == b"the user's own words\n"


def test_two_saves_in_the_middle_leave_the_newer_one(
    root: Path, at: Callable[[str, Callable[[], None]], None]
) -> None:
    """The second one, while the first is being given back."""

    def newer() -> None:
        (root / "user").write_bytes(b"the user's last words\n")
        (root / "user").replace(root / TARGET)

    def first() -> None:
        save_by_rename(root)
        at("before:exchange-back", newer)

    at("before:exchange", first)
    with pytest.raises(PublishConflict):
        publish(root)
    assert only_file(root) == b"the user's last words\n"


def test_a_file_removed_in_the_middle_stays_removed(
    root: Path, at: Callable[[str, Callable[[], None]], None]
) -> None:
    at("before:exchange", (root / TARGET).unlink)
    with pytest.raises(PublishConflict):
        publish(root)
    assert list((root / "skills" / "one").iterdir()) == []


def test_a_file_made_in_the_middle_is_kept(
    root: Path, at: Callable[[str, Callable[[], None]], None]
) -> None:
    (root / TARGET).unlink()
    staged = atomic.stage(root, TARGET, NEW, "t")
    at("before:rename-new", lambda: save_in_place(root))
    with pytest.raises(PublishConflict):
        atomic.swap(staged, None)
    atomic.discard(staged)
    assert only_file(root) == b"the user's own words\n"


def test_without_exchange_the_plain_rename_does(
    root: Path, at: Callable[[str, Callable[[], None]], None]
) -> None:
    """As on NFS and macOS; the step says what such a file system would."""

    def refuse() -> None:
        raise atomic.NoExchange

    at("before:exchange", refuse)
    publish(root)
    assert only_file(root) == NEW


def test_other_bytes_from_the_disk_are_not_published(
    root: Path, at: Callable[[str, Callable[[], None]], None]
) -> None:
    """The read-back, with a temporary file that is damaged once it was synced."""
    folder = root / "skills" / "one"
    at("after:fsync", lambda: (folder / atomic.temporary_name("SKILL.md", "t")).write_bytes(b"x"))
    with pytest.raises(OSError, match="different bytes"):
        publish(root)
    assert only_file(root) == OLD


def test_a_disk_that_promises_nothing_leaves_the_old_file(
    root: Path, at: Callable[[str, Callable[[], None]], None]
) -> None:
    def refuse() -> None:
        raise OSError(5, "Input/output error")

    at("before:fsync-folder", refuse)
    with pytest.raises(OSError, match="Input/output"):
        publish(root)
    assert only_file(root) == OLD


def test_a_user_who_saves_all_the_time_loses_no_word(root: Path) -> None:
    """Whatever the interleaving: a save before ours is a conflict, one after it stands."""
    for number in range(150):
        (root / TARGET).write_bytes(OLD)
        words = f"the user's words, number {number}\n".encode()
        start = threading.Barrier(2)

        def save(words: bytes = words, start: threading.Barrier = start) -> None:
            temporary = root / "user-save"
            temporary.write_bytes(words)
            start.wait()
            os.replace(temporary, root / TARGET)

        user = threading.Thread(target=save)
        user.start()
        start.wait()
        with suppress(PublishConflict):
            publish(root, f"t{number}")
        user.join()
        assert only_file(root) == words


def test_case_twins_and_read_only_files_are_refused(root: Path) -> None:
    (root / TARGET).chmod(0o444)
    with pytest.raises(UnsafePath, match="read-only"):
        publish(root)
    (root / TARGET).chmod(0o644)
    (root / "skills" / "one" / "Skill.md").touch()
    with pytest.raises(UnsafePath, match="case"):
        publish(root)


def test_a_failed_stage_leaves_no_folder(tmp_path: Path) -> None:
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "one").write_text("a file where a folder should be")
    with pytest.raises((UnsafePath, OSError)):
        atomic.stage(tmp_path, TARGET, NEW, "t")
    assert [p.name for p in (tmp_path / "skills").iterdir()] == ["one"]


def test_links_are_refused_when_a_version_is_staged(root: Path) -> None:
    (root / "other").write_bytes(OLD)
    for link in (os.symlink, os.link):
        (root / TARGET).unlink()
        link(root / "other", root / TARGET)
        with pytest.raises(UnsafePath, match="link"):
            atomic.stage(root, TARGET, NEW, "t")
        assert (root / "other").read_bytes() == OLD


def test_a_discarded_version_takes_its_folders_along(tmp_path: Path) -> None:
    atomic.discard(atomic.stage(tmp_path, TARGET, NEW, "t"))
    assert list(tmp_path.iterdir()) == []


def test_a_save_before_the_swap_is_a_conflict_without_exchange_too(
    root: Path, at: Callable[[str, Callable[[], None]], None]
) -> None:
    """There nothing comes out that could be compared: the look before is all there is."""

    def refuse() -> None:
        raise atomic.NoExchange

    staged = atomic.stage(root, TARGET, NEW, "t")
    save_in_place(root)
    at("before:exchange", refuse)
    with pytest.raises(PublishConflict):
        atomic.swap(staged, sha256(OLD))
    assert (root / TARGET).read_bytes() == b"the user's own words\n"
