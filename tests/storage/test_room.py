"""Room for what is about to arrive."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightpress.storage.room import HEAD, Room, kept


def test_what_is_kept_is_found_and_empty_slots_are_not_left(tmp_path: Path) -> None:
    folder = tmp_path / "room"
    room = Room(folder)
    full, empty, cleared = room.take(1_000), room.take(50), room.take(70)
    assert full.path.stat().st_size >= 1_000
    assert full.path.stat().st_mode & 0o777 == 0o600
    full.keep(b"a reply")
    cleared.keep(b"on record by now")
    cleared.clear()
    for slot in (empty, cleared):
        room.give_back(slot)
    assert room.take(60) is cleared
    room.give_back(cleared)
    room.close()
    assert [(path, data) for path, data in kept(folder)] == [(full.path, b"a reply")]
    full.path.unlink()
    Room(folder).close()
    assert not folder.exists()


@pytest.mark.parametrize("at", [0, 8, HEAD - 1, HEAD, HEAD + 3])
def test_what_was_torn_is_nothing(tmp_path: Path, at: int) -> None:
    slot = Room(tmp_path / "room").take(100)
    slot.keep(b"a reply")
    data = bytearray(slot.path.read_bytes())
    data[at] ^= 1
    slot.path.write_bytes(data)
    assert list(kept(tmp_path / "room")) == []
    assert not slot.path.exists()


def test_a_killed_run_leaves_room_that_holds_nothing(tmp_path: Path) -> None:
    Room(tmp_path / "room").take(100)
    assert list(kept(tmp_path / "room")) == []
    assert list((tmp_path / "room").iterdir()) == []
