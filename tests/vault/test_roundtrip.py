"""What goes into a vault comes out of it, bit for bit, on both drivers."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from nightpress.errors import NightpressError, UnsafePath, UsageError
from nightpress.vault import (
    LocalPlace,
    Place,
    Progress,
    backup,
    named_vault,
    objects,
    restore_all,
    snapshots,
)
from tests.vault.tree import nasty, state


def test_a_nasty_tree_comes_back_bit_for_bit(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project", large=20_000_000)
    done = backup(source, place)
    assert done.line() == (
        f"sent {done.sent:,} bytes, {done.new} objects new, 0 already there -> {place.name}"
    )
    assert (done.plugins, done.partial, done.left_out) == (2, False, ())
    back = restore_all(place, tmp_path / "back")
    assert state(tmp_path / "back") == state(tmp_path / "project")
    assert (back.files, back.bytes, back.plugins) == (done.files, done.bytes, 2)


def test_nothing_changed_sends_next_to_nothing(place: Place, tmp_path: Path) -> None:
    source = replace(nasty(tmp_path / "project"), state=tmp_path / "project" / ".nightpress")
    assert source.state is not None
    source.state.mkdir()
    first = backup(source, place)
    again = backup(source, place)
    without_index = backup(replace(source, state=None), place)
    for later in (again, without_index):
        assert (later.new, later.there) == (0, first.new)
        assert later.sent < first.sent / 1_000
    assert [s.id for s in snapshots(place)] == [
        without_index.snapshot, again.snapshot, first.snapshot,
    ]  # fmt: skip


def test_one_changed_file_sends_that_file(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    first = backup(source, place)
    (source.root / "plugins/one/README.md").write_text("# one\n" + "changed\n" * 50)
    done = backup(source, place)
    assert done.new == 2  # the file, and its plugin's list of files
    assert done.sent < first.sent / 300
    restore_all(place, tmp_path / "back")
    assert state(tmp_path / "back") == state(source.root)


def test_an_older_snapshot_and_a_vanished_plugin(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    before = state(source.root)
    first = backup(source, place)
    (source.root / "plugins/one/nothing").unlink()
    backup(replace(source, plugins=source.plugins[:1]), place)
    restore_all(place, tmp_path / "old", snapshot=first.snapshot[:20])
    assert state(tmp_path / "old") == before
    restore_all(place, tmp_path / "new")
    assert not (tmp_path / "new/plugins/group").exists()
    assert not (tmp_path / "new/plugins/one/nothing").exists()


def test_one_plugin_alone(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    backup(source, place)
    done = restore_all(place, tmp_path / "back", plugin="one")
    assert done.plugins == 1
    assert state(tmp_path / "back/plugins/one") == state(source.root / "plugins/one")
    assert not (tmp_path / "back/plugins/group").exists()
    with pytest.raises(UsageError, match="no plugin 'ones'"):
        restore_all(place, tmp_path / "none", plugin="ones")
    assert not (tmp_path / "none").exists()


def test_the_ledger_is_copied_while_it_is_in_use(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    ledger = source.root / ".nightpress" / "ledger.db"
    ledger.parent.mkdir()
    writer = sqlite3.connect(ledger)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE rows (text TEXT)")
    writer.executemany("INSERT INTO rows VALUES (?)", [(f"row {n} " * 40,) for n in range(2_000)])
    writer.commit()  # in the WAL, and the writer stays open
    source = replace(source, ledger=ledger, state=ledger.parent)
    first = backup(source, place)
    assert backup(source, place).new == 0
    writer.execute("INSERT INTO rows VALUES ('one more')")
    writer.commit()
    third = backup(source, place)
    assert 0 < third.new <= 4
    assert third.sent < first.sent / 3
    restore_all(place, tmp_path / "back")
    with sqlite3.connect(tmp_path / "back/.nightpress/ledger.db") as back:
        assert back.execute("SELECT count(*), max(text) FROM rows").fetchone()[0] == 2_001
    assert not (tmp_path / "back/.nightpress/ledger.db-wal").exists()
    writer.close()


def test_nothing_is_overwritten_unasked(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    backup(source, place)
    dest = tmp_path / "dest"
    (dest / "plugins/one").mkdir(parents=True)
    (dest / "plugins/one/README.md").write_text("mine\n")
    (dest / "other").write_text("stays\n")
    before = state(dest)
    with pytest.raises(UsageError, match="not empty"):
        restore_all(place, dest)
    assert state(dest) == before
    done = restore_all(place, dest, overwrite=True)
    assert done.replaced == 1
    assert (dest / "other").read_text() == "stays\n"
    (dest / "other").unlink()
    assert state(dest) == state(source.root)


def test_an_empty_folder_is_filled_in_place(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    backup(source, place)
    dest = tmp_path / "dest"
    dest.mkdir()
    inode = dest.stat().st_ino
    restore_all(place, dest)
    assert dest.stat().st_ino == inode
    assert state(dest) == state(source.root)


def test_only_the_destination_is_written(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    backup(source, place)
    dest = tmp_path / "beside" / "dest"
    seen: set[str] = set()
    restore_all(place, dest, progress=lambda _: seen.update(os.listdir(dest.parent)))
    assert seen == {"dest"}
    (dest / ".nightpress-restore-0123abcd").mkdir()  # as kill -9 leaves it
    (dest / ".nightpress-restore-0123abcd" / "half").touch()
    (dest / ".nightpress-restore-mine").mkdir()
    restore_all(place, dest, overwrite=True)
    assert sorted(p.name for p in dest.glob(".n*")) == [".nightpress-restore-mine"]


def test_a_destination_that_cannot_be_is_told(place: Place, tmp_path: Path) -> None:
    backup(nasty(tmp_path / "project"), place)
    (tmp_path / "file").touch()
    with pytest.raises(NightpressError, match="file"):
        restore_all(place, tmp_path / "file" / "below")


def test_a_link_in_the_destination_is_not_followed(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    backup(source, place)
    dest, outside = tmp_path / "dest", tmp_path / "outside"
    dest.mkdir()
    outside.mkdir()
    (dest / "plugins").symlink_to(outside)
    with pytest.raises(UnsafePath, match="nothing was changed"):
        restore_all(place, dest, overwrite=True)
    assert list(outside.iterdir()) == []
    assert [p.name for p in dest.iterdir()] == ["plugins"]


def test_a_folder_where_a_file_belongs_stays(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    backup(source, place)
    (tmp_path / "dest/dodo.py").mkdir(parents=True)
    before = state(tmp_path / "dest")
    with pytest.raises(NightpressError, match=r"dodo\.py"):
        restore_all(place, tmp_path / "dest", overwrite=True)
    assert state(tmp_path / "dest") == before


def test_setuid_does_not_come_back(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    (source.root / "plugins/one/private").chmod(0o4755)
    backup(source, place)
    done = restore_all(place, tmp_path / "back")
    assert (tmp_path / "back/plugins/one/private").stat().st_mode & 0o7777 == 0o755
    assert done.notices == ("1 file lost the setuid or setgid bit",)


def test_another_vault_gets_everything_in_spite_of_the_index(tmp_path: Path) -> None:
    source = replace(nasty(tmp_path / "project"), state=tmp_path / "state")
    first = LocalPlace(tmp_path / "a.db")
    one = backup(source, first)
    second = LocalPlace(tmp_path / "b.db")
    assert backup(source, second).new == one.new
    restore_all(second, tmp_path / "back")
    assert state(tmp_path / "back") == state(source.root)
    first.close()
    second.close()


def test_the_local_vault_is_one_file_and_says_it_is_not_off_site(tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    place = LocalPlace(tmp_path / "vault" / "vault.db")
    done = backup(source, place)
    place.close()
    assert os.listdir(tmp_path / "vault") == ["vault.db"]
    assert not done.off_site
    assert done.line().endswith("(on this machine: not off-site)")
    with sqlite3.connect(tmp_path / "vault/vault.db") as reader:
        assert reader.execute("SELECT slug FROM plugins ORDER BY slug").fetchall() == [
            ("one",), ("zwei",),
        ]  # fmt: skip
        names = [row[0] for row in reader.execute("SELECT name FROM plugins")]
        assert not any("\x1b" in name for name in names)


def test_a_local_vault_that_a_crash_left_in_the_middle_of_a_write(tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    path = tmp_path / "vault.db"
    place = LocalPlace(path)
    backup(source, place)
    place.close()
    killed = (
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size=2')\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "db.execute('DROP TRIGGER objects_update')\n"
        "db.execute('UPDATE objects SET data = zeroblob(size)')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", killed, path], check=False)
    assert path.with_name("vault.db-journal").stat().st_size
    reader = named_vault(str(path), {})
    restore_all(reader, tmp_path / "back")
    reader.close()
    assert state(tmp_path / "back") == state(source.root)


def test_progress_within_a_large_file(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project", large=9_000_000)
    told: list[Progress] = []
    backup(source, place, told.append)
    steps = [after.done - before.done for before, after in pairwise(told)]
    assert max(steps) <= objects.CHUNK
    assert told[-1].done == told[-1].total > 9_000_000


def test_time_left_is_told_once_there_is_a_pace() -> None:
    assert Progress("backup", 512, 3_100_000, 9.0).line() == "backup: 512 bytes of 3.1 MB"
    half = Progress("backup", 1_500_000, 3_000_000, 65.0).line()
    assert half == "backup: 1.5 MB of 3.0 MB (50 %), 1:05 left"


def test_an_empty_project_is_an_error(tmp_path: Path, place: Place) -> None:
    source = nasty(tmp_path / "project")
    with pytest.raises(NightpressError, match="nothing to back up"):
        backup(replace(source, plugins=(), files=()), place)
    with pytest.raises(UsageError, match="no snapshot"):
        restore_all(place, tmp_path / "back")
