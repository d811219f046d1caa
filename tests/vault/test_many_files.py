"""Many files: what a change of one costs, and what one request may hold."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from nightpress.vault import Place, backup, restore_all, schema, verify
from nightpress.vault.place import Sql
from nightpress.vault.transfer import Uploader
from tests.vault.conftest import remote
from tests.vault.server import Server
from tests.vault.tree import nasty, state


def test_of_many_files_a_change_sends_its_own(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    source = replace(source, state=tmp_path / "state")
    for number in range(900):
        (source.root / f"manifests/n{number}.yaml").write_text(f"plugin: plugins/n{number}\n")
    for number in range(60):
        (source.root / f"plugins/one/{number}.md").write_text(f"# {number}\n")
    backup(source, place)
    (source.root / "manifests/n500.yaml").write_text("plugin: plugins/other\n")
    (source.root / "plugins/one/7.md").write_text("# seven\n")
    done = backup(source, place)
    assert done.new == 4  # two files, the lists of two parts
    lists = (
        "SELECT sum(raw_size) FROM objects WHERE hash IN"
        " (SELECT tree FROM snapshot_parts WHERE snapshot = ?1)"
    )
    (((whole,),),) = place.read(Sql(lists, (done.snapshot,)))
    assert done.sent < whole / 3  # twice that, when the whole lists travelled

    assert verify(place).ok
    restore_all(place, tmp_path / "back")
    assert state(tmp_path / "back") == state(source.root)


def test_thousands_of_small_files(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project", large=10)
    for number in range(2_500):
        (source.root / f"plugins/one/{number}").write_text(f"{number}\n")
    assert backup(source, place).new > 2_500
    assert verify(place).ok
    restore_all(place, tmp_path / "back")
    assert state(tmp_path / "back") == state(source.root)


def test_a_tree_of_a_hundred_thousand_pieces(place: Place) -> None:
    """libSQL takes arguments of less than 5,000,000 bytes; the names alone are more."""
    schema.create(place)
    place.write([Sql(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)"
        " INSERT INTO objects SELECT printf('%064x', n), 1, 1, 'raw', 0, x'00' FROM n"
    )])  # fmt: skip
    tree, *refs = [f"{n:064x}" for n in range(1, 100_001)]
    uploader = Uploader(place)
    uploader.seal(tree, refs)
    uploader.flush()
    assert place.read(Sql("SELECT refs FROM trees")) == [[(99_999,)]]


def test_a_long_statement_may_come_twice(server: Server) -> None:
    client = remote(server)._client
    text = f"SELECT 7 WHERE 5 IN ({', '.join('?' * 3_000)})"
    assert client.query([(text, range(3_000))] * 2) == [[(7,)], [(7,)]]
    client.close()
