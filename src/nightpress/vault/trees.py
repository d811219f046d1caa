"""Trees: the list of one part's files, as an object of its own. Pure.

JSON Lines in ASCII. The first line is {"tree": 1, "path": the part's folder, "next": the object
that goes on, or null}; the others, sorted by path, are
  ["f", path, mode, size, sha256, chunks]  a file; no chunks where its one chunk is its sha256
  ["d", path, mode]                        a folder
  ["l", path, target]                      a link, never followed
  ["x", path, why, grave]                  something that did not travel; grave: it makes the
                                           snapshot partial
Names that are no UTF-8 keep their bytes as lone surrogates (PEP 383), escaped by JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from nightpress.errors import UnsafePath
from nightpress.storage import parts_of
from nightpress.vault.objects import CHUNK, EMPTY, name
from nightpress.vault.place import Damaged

_MAX_NAME, _MAX_PATH, _MAX_DEPTH = 255, 4_095, 200
_UNREADABLE = (
    ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError, UnsafePath,
)  # fmt: skip


class Node(Struct, frozen=True):
    """One entry. kind: f, d, l or x as above; text: the target of a link, or why it stayed out;
    hash: sha256 of a file; chunks: its objects in order."""

    kind: str
    path: str
    mode: int = 0
    size: int = 0
    hash: str = ""
    chunks: tuple[str, ...] = ()
    text: str = ""
    grave: bool = False


class Tree(Struct, frozen=True):
    """A part's files. path: its folder, relative to the project ("." is the project itself)."""

    path: str
    nodes: tuple[Node, ...]

    @property
    def files(self) -> int:
        return sum(node.kind == "f" for node in self.nodes)

    @property
    def bytes(self) -> int:
        return sum(node.size for node in self.nodes)

    @property
    def left_out(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.kind == "x")

    def chunks(self) -> set[str]:
        return {chunk for node in self.nodes for chunk in node.chunks}


def file(path: str, mode: int, size: int, hash_: str, chunks: Sequence[str]) -> Node:
    return Node("f", path, mode, size, hash_, tuple(chunks))


def write(tree: Tree) -> list[tuple[str, bytes]]:
    """The tree's objects as (name, bytes), its head last: pieces of about 1 MiB."""
    groups: list[list[str]] = [[]]
    room = CHUNK
    for node in sorted(tree.nodes, key=lambda n: n.path):
        line = json.dumps(_row(node), separators=(",", ":"))
        if room < len(line) and groups[-1]:
            groups.append([])
            room = CHUNK
        groups[-1].append(line)
        room -= len(line) + 1
    pieces: list[tuple[str, bytes]] = []
    following: str | None = None
    for group in reversed(groups):
        head = json.dumps({"tree": 1, "path": tree.path, "next": following}, separators=(",", ":"))
        data = "\n".join([head, *group, ""]).encode("ascii")
        following = name(data)
        pieces.append((following, data))
    return pieces


def _row(node: Node) -> list[Any]:
    if node.kind == "f":
        row: list[Any] = ["f", node.path, node.mode, node.size, node.hash]
        return row if node.chunks in ((node.hash,), ()) else [*row, node.chunks]
    if node.kind == "d":
        return ["d", node.path, node.mode]
    if node.kind == "l":
        return ["l", node.path, node.text]
    return ["x", node.path, node.text, int(node.grave)]


def read(hash_: str, data: bytes) -> tuple[str, tuple[Node, ...], str | None]:
    """(path, nodes, the next object or None) of one tree object; Damaged if it is none."""
    try:
        head, *rows = [json.loads(line) for line in data.decode("ascii").splitlines()]
        if head["tree"] != 1:
            raise Damaged(f"tree {hash_} is of a newer form", "upgrade nightpress")
        path, following = str(head["path"]), head["next"]
        if path != ".":
            _plain(path)
        nodes = tuple(_nodes(rows))
    except _UNREADABLE as error:
        raise Damaged(f"object {hash_} is not a readable tree: {error}") from error
    return path, nodes, None if following is None else str(following)


def _nodes(rows: Sequence[Any]) -> Iterator[Node]:
    for row in rows:
        kind, path = row[0], str(row[1])
        if kind == "x":  # never a path that we write
            yield Node("x", path, text=str(row[2]), grave=bool(row[3]))
            continue
        if (kind, path) != ("d", "."):  # "." is the part's own folder
            _plain(path)
        if kind == "f":
            size, hash_ = int(row[3]), str(row[4])
            chunks = tuple(map(str, row[5])) if len(row) > 5 else (hash_,) * (hash_ != EMPTY)
            yield Node("f", path, int(row[2]) & 0o7777, size, hash_, chunks)
        elif kind == "d":
            yield Node("d", path, int(row[2]) & 0o7777)
        elif kind == "l":
            yield Node("l", path, text=_target(str(row[2])))
        else:
            raise ValueError(f"unknown kind {kind!r}")


def _plain(path: str) -> None:
    """A path that a file system takes: relative, without `..`, of bytes, not endless."""
    if any(len(_bytes(part)) > _MAX_NAME for part in parts_of(path)) or len(path) > _MAX_PATH:
        raise ValueError("a path is longer than any file system takes")
    if path.count("/") > _MAX_DEPTH:
        raise ValueError(f"a path is deeper than {_MAX_DEPTH} folders")


def _target(text: str) -> str:
    if not 0 < len(_bytes(text)) <= _MAX_PATH or "\0" in text:
        raise ValueError("a link leads to what is no path")
    return text


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def check(nodes: Sequence[Node]) -> None:
    """Damaged if two entries have one path, or one lies below something that is no folder."""
    solid: set[str] = set()
    for node in nodes:
        if node.kind in "fdl":
            if node.path in solid:
                raise Damaged(f"{node.path!a} is in the tree twice")
            solid.add(node.path)
    closed = {node.path for node in nodes if node.kind in "fl"}
    for node in nodes:
        if node.kind == "x":
            continue
        above = node.path
        while "/" in above:
            above = above.rpartition("/")[0]
            if above in closed:
                raise Damaged(f"{node.path!a} lies below {above!a}, which is not a folder")
