"""Damage is found and named; a hostile vault writes nothing outside; a second reader agrees."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from nightpress.errors import NightpressError
from nightpress.vault import (
    Damaged,
    LocalPlace,
    Place,
    backup,
    drill,
    objects,
    restore_all,
    schema,
    trees,
    verify,
)
from nightpress.vault.place import Sql
from nightpress.vault.transfer import Uploader
from nightpress.vault.trees import Node, Tree
from tests.vault.conftest import remote
from tests.vault.server import Server
from tests.vault.tree import nasty, state


def _corrupt(path: Path, change: str) -> None:
    """Change the server's (or the local vault's) file behind its back, around the triggers."""
    with sqlite3.connect(path) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        assert db.execute(change).rowcount == 1
        db.commit()
    db.close()


OF_README = hashlib.sha256(b"# one\n").hexdigest()
BAD = (
    (f"UPDATE objects SET data = x'00ff', size = 2 WHERE hash = '{OF_README}'", "is damaged"),
    (f"UPDATE objects SET codec = 'zlib' WHERE hash = '{OF_README}'", "is damaged"),
    (f"DELETE FROM objects WHERE hash = '{OF_README}'", "is missing"),
)


@pytest.mark.parametrize(("change", "words"), BAD)
@pytest.mark.parametrize("kind", ["file", "sqld"])
def test_a_corrupted_object_is_named(
    kind: str, change: str, words: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    source = nasty(tmp_path / "project")
    server: Server | None = None
    place: Place
    if kind == "sqld":
        server = request.getfixturevalue("server")
        place, data = remote(server), server.data
    else:
        data = tmp_path / "vault.db"
        place = LocalPlace(data)
    backup(source, place)
    assert verify(place).ok
    if server:
        server.stop()
    _corrupt(data, change)
    if server:
        server.start()
    found = verify(place)
    assert not found.ok
    told = "\n".join(found.problems)
    assert f"object {OF_README} {words}" in told
    assert "plugin one" in told and "README.md" in told
    assert "triggers are missing" in told
    with pytest.raises(Damaged, match=OF_README):
        restore_all(place, tmp_path / "back")
    assert not (tmp_path / "back").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    place.close()


def test_a_second_reader_gets_the_same_bytes(server: Server, tmp_path: Path) -> None:
    """Nothing of ours: sqlite3, zlib and json read the server's file by the documented steps."""
    source = nasty(tmp_path / "project")
    place = remote(server)
    backup(source, place)
    place.close()
    server.stop()
    db = sqlite3.connect(server.data)

    def content(hash_: str) -> bytes:
        row = db.execute("SELECT codec, data FROM objects WHERE hash = ?", (hash_,)).fetchone()
        codec, data = row
        return zlib.decompress(data) if codec == "zlib" else bytes(data)

    read = {}
    rows = db.execute("SELECT tree FROM snapshot_parts ORDER BY kind").fetchall()
    for (tree,) in rows:
        head, *lines = [json.loads(line) for line in content(tree).decode().splitlines()]
        assert head["next"] is None
        for kind, path, *rest in lines:
            if kind == "f":
                mode, size, sha256, *chunks = rest
                names = chunks[0] if chunks else [sha256] * (size > 0)
                data = b"".join(content(name) for name in names)
                assert (len(data), hashlib.sha256(data).hexdigest()) == (size, sha256)
                whole = path if head["path"] == "." else f"{head['path']}/{path}"
                read[whole.encode("utf-8", "surrogateescape")] = ("file", mode, sha256)
    db.close()
    assert read == {p: held for p, held in state(source.root).items() if held[0] == "file"}


def _hostile(place: Place, nodes: tuple[Node, ...], path: str = ".") -> None:
    """A snapshot whose tree someone else made: sealed by the rules, but not by us."""
    schema.create(place)
    made = trees.write(Tree(path, nodes))
    uploader = Uploader(place)
    for name, data in [*made, (objects.name(b"evil"), b"evil")]:
        uploader.offer(name, data)
    uploader.seal(made[-1][0], {chunk for n in nodes for chunk in n.chunks})
    uploader.flush()
    count = sum(n.kind == "f" for n in nodes)
    size = sum(n.size for n in nodes if n.size < 100)
    place.write([
        Sql("INSERT INTO snapshot_parts VALUES ('s', 'plugin', 'p', 'p', '', '', '.', ?1, ?2, 0,"
            " 0, ?3)", (count, size, made[-1][0])),
        Sql("INSERT INTO snapshots VALUES (NULL, 's', '2026-11-23T00:00:00+00:00', '', '', 1, 1,"
            " ?1, ?2, 0, 0)", (count, size)),
    ])  # fmt: skip


EVIL = objects.name(b"evil")


def _file(path: str, size: int = 4) -> Node:
    return trees.file(path, 0o644, size, EVIL, (EVIL,))


HOSTILE: dict[str, tuple[tuple[Node, ...], str]] = {
    "up": ((_file("../evil"),), "."),
    "deep up": ((_file("a/../../evil"),), "."),
    "absolute": ((_file("/tmp/evil"),), "."),
    "through a link": ((Node("l", "a", text="/tmp"), _file("a/evil")), "."),
    "link below a link": ((Node("l", "a", text="/tmp"), Node("l", "a/b", text="x")), "."),
    "a link and a file": ((Node("l", "a", text="/tmp/x"), _file("a")), "."),
    "twice": ((_file("a"), _file("a")), "."),
    "below a file": ((_file("a"), _file("a/b")), "."),
    "nul": ((_file("a\0b"),), "."),
    "empty": ((_file(""),), "."),
    "a folder up": ((Node("d", "../evil", 0o777),), "."),
    "a part up": ((_file("evil"),), "../out"),
    "an absolute part": ((_file("evil"),), "/tmp/out"),
    "another size": ((_file("a", size=5),), "."),
    "no text at all": ((_file("a\ud800b"),), "."),
    "a long name": ((_file("a" * 300),), "."),
    "a long path": ((_file("/".join(["a" * 200] * 25)),), "."),
    "deep": ((_file("/".join(["a"] * 500)),), "."),
    "a link to nul": ((Node("l", "a", text="b\0c"),), "."),
    "a link to nothing": ((Node("l", "a", text=""),), "."),
    "a link to no text": ((Node("l", "a", text="\ud800"),), "."),
    "endless": ((replace(_file("a"), size=float("inf")),), "."),  # type: ignore[arg-type]
    "no content": ((trees.file("a", 0o644, 0, EVIL, ()),), "."),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_tree_writes_nothing(what: str, tmp_path: Path) -> None:
    nodes, path = HOSTILE[what]
    place = LocalPlace(tmp_path / "in" / "vault.db")
    _hostile(place, nodes, path)
    (tmp_path / "out").mkdir()
    before = {p for p in tmp_path.rglob("*") if "in" not in p.parts}
    with pytest.raises(Damaged):
        restore_all(place, tmp_path / "out" / "dest")
    assert {p for p in tmp_path.rglob("*") if "in" not in p.parts} == before
    place.close()


def test_the_same_way_of_writing_is_fine_where_the_tree_is(tmp_path: Path) -> None:
    """The counter-check of the one above: it is the tree that is refused."""
    place = LocalPlace(tmp_path / "vault.db")
    _hostile(place, (_file("a"), Node("l", "b", text="/tmp"), Node("d", "c", 0o755)))
    restore_all(place, tmp_path / "dest")
    assert (tmp_path / "dest/a").read_bytes() == b"evil"
    place.close()


def test_a_bomb_is_not_inflated() -> None:
    bomb = objects.Packed("0" * 64, 10, "zlib", zlib.compress(bytes(50_000_000)))
    with pytest.raises(Damaged):
        objects.unpack(bomb)


def test_what_an_object_says_of_its_size_is_not_believed() -> None:
    data = bytes(objects.MOST + 1)
    packed = objects.Packed(objects.name(data), len(data), "zlib", zlib.compress(data))
    with pytest.raises(Damaged, match="says that it holds"):
        objects.unpack(packed)


def test_a_long_tree_is_several_objects_and_comes_back() -> None:
    nodes = tuple(
        trees.file(f"folder/{'n' * 80}{n:05}", 0o644, 4, EVIL, (EVIL,)) for n in range(20_000)
    )
    made = trees.write(Tree("p", nodes))
    assert len(made) > 2
    assert all(len(data) <= objects.CHUNK + 200 for _, data in made)
    by_name = dict(made)
    read: list[Node] = []
    hash_: str | None = made[-1][0]
    while hash_ is not None:
        path, found, hash_ = trees.read(hash_, by_name[hash_])
        assert path == "p"
        read += found
    assert tuple(read) == nodes


def test_the_drill_compares_with_the_source(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    backup(source, place)
    done = drill(place, source)
    assert done.ok and done.moved == () and done.line().startswith("drill PASSED: 2 plugins")
    (source.root / "plugins/one/README.md").write_text("changed\n")
    (source.root / "plugins/one/nothing").unlink()
    later = drill(place, source)
    assert later.ok
    assert set(later.moved) == {"plugins/one/README.md", "plugins/one/nothing"}
    assert not drill(place, source, limit=0.0).ok
    with pytest.raises(Exception, match="no snapshot"):
        drill(place, replace(source), snapshot="nope")


def test_a_flip_in_an_index_is_found_before_a_restore_finds_it(tmp_path: Path) -> None:
    """An index that says other than its table: the rows can be read, and are not found."""
    data = tmp_path / "vault.db"
    place = LocalPlace(data)
    backup(nasty(tmp_path / "project", large=100_000), place)
    place.close()
    whole = data.read_bytes()
    with sqlite3.connect(data) as db:
        names = [str(row[0]) for row in db.execute("SELECT hash FROM objects")]
    found = missed = 0
    for name in names:
        for form in (name.encode(), bytes.fromhex(name)):
            at = whole.find(form)
            while at >= 0:
                flipped = bytearray(whole)
                flipped[at + 5] ^= 1
                data.write_bytes(flipped)
                sound = LocalPlace(data)
                try:
                    told = not verify(sound).ok
                    harmless = restores(sound, tmp_path / f"back-{found + missed}")
                finally:
                    sound.close()
                found += told
                missed += not told and not harmless
                at = whole.find(form, at + 1)
    assert missed == 0
    assert found > len(names)


def restores(place: Place, folder: Path) -> bool:
    try:
        restore_all(place, folder)
    except NightpressError:
        return False
    return True
