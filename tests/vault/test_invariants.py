"""The vault's triggers hold, whoever writes: the same statements against both drivers."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightpress.vault import Place, Refused, backup, restore_all, verify
from nightpress.vault.place import Sql
from tests.vault.tree import nasty, state

USED = "(SELECT hash FROM tree_objects LIMIT 1)"
OTHER = "'" + "0" * 64 + "'"

FORBIDDEN = {
    "replace a used object": (
        "INSERT OR REPLACE INTO objects SELECT hash, 1, 1, 'raw', 0, x'00' FROM objects"
        f" WHERE hash = {USED}"
    ),
    "replace it by its rowid": (
        "INSERT OR REPLACE INTO objects (rowid, hash, raw_size, size, codec, stored, data)"
        f" SELECT rowid, {OTHER}, 1, 1, 'raw', 0, x'00' FROM objects WHERE hash = {USED}"
    ),
    "change an object": f"UPDATE objects SET data = x'00', size = 1 WHERE hash = {USED}",
    "replace by an update": f"UPDATE OR REPLACE objects SET hash = {USED} WHERE hash <> {USED}",
    "delete a used object": f"DELETE FROM objects WHERE hash = {USED}",
    "delete a tree's own object": "DELETE FROM objects WHERE hash IN (SELECT hash FROM trees)",
    "an object of another size": (f"INSERT INTO objects VALUES ({OTHER}, 5, 4, 'raw', 0, x'00')"),
    "an object with no hash": "INSERT INTO objects VALUES ('abc', 1, 1, 'raw', 0, x'00')",
    "refer to nothing": f"INSERT INTO tree_objects VALUES ('new', {OTHER})",
    "add to a sealed tree": (
        "INSERT INTO tree_objects SELECT t.hash, o.hash FROM trees t, objects o WHERE NOT EXISTS"
        " (SELECT 1 FROM tree_objects x WHERE x.tree = t.hash AND x.hash = o.hash) LIMIT 1"
    ),
    "take from a sealed tree": f"DELETE FROM tree_objects WHERE hash = {USED}",
    "a tree without its references": (
        "INSERT INTO trees SELECT hash, 1, 0 FROM objects WHERE hash NOT IN"
        " (SELECT hash FROM trees) LIMIT 1"
    ),
    "delete a used tree": "DELETE FROM trees",
    "a part of a listed snapshot": (
        "INSERT INTO snapshot_parts SELECT snapshot, kind, 'new', '', '', '', '', 0, 0, 0, 0, tree"
        " FROM snapshot_parts LIMIT 1"
    ),
    "a part without a tree": (
        "INSERT INTO snapshot_parts VALUES ('new', 'plugin', 'a', '', '', '', '', 0, 0, 0, 0, 'x')"
    ),
    "take a part away": "DELETE FROM snapshot_parts",
    "change a part": "UPDATE snapshot_parts SET slug = 'x'",
    "change a snapshot": "UPDATE snapshots SET files = 0",
    "a snapshot without parts": (
        "INSERT INTO snapshots VALUES (NULL, 'x', '2026', '', '', 0, 0, 0, 0, 0, 0)"
    ),
    "a snapshot that counts wrong": (
        "INSERT INTO snapshots SELECT NULL, 'x', taken, host, tool, parts, plugins, files + 1,"
        " bytes, left_out, partial FROM snapshots LIMIT 1"
    ),
    "replace a snapshot": "INSERT OR REPLACE INTO snapshots SELECT * FROM snapshots",
}


def test_every_forbidden_write_is_refused(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    backup(source, place)
    for what, statement in FORBIDDEN.items():
        with pytest.raises(Refused):
            place.write([Sql(statement)])
            pytest.fail(f"the vault let this happen: {what}")
    restore_all(place, tmp_path / "back")
    assert state(tmp_path / "back") == state(source.root)
    assert verify(place).ok


def test_a_write_is_all_or_nothing(place: Place, tmp_path: Path) -> None:
    backup(nasty(tmp_path / "project"), place)
    good = Sql("INSERT INTO vault_meta VALUES ('a', 'b')")
    with pytest.raises(Refused):
        place.write([good, Sql(FORBIDDEN["change a snapshot"])])
    (rows,) = place.read(Sql("SELECT count(*) FROM vault_meta WHERE key = 'a'"))
    assert rows == [(0,)]


def test_the_recovery_steps_and_the_inventory_can_be_queried(place: Place, tmp_path: Path) -> None:
    backup(nasty(tmp_path / "project"), place)
    steps, plugins, history = place.read(
        Sql("SELECT what FROM recovery_steps ORDER BY step"),
        Sql("SELECT slug, category, version, path, files FROM plugins ORDER BY slug"),
        Sql("SELECT slug, snapshots FROM history ORDER BY slug"),
    )
    assert any("nightpress restore-all" in str(row[0]) for row in steps)
    assert plugins[0] == ("one", "tools", "1.0.0", "plugins/one", 8)
    assert history == [("one", 1), ("zwei", 1)]
