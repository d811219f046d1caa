"""Getting content out of a vault: sizes, then objects in groups, each verified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nightpress.vault import objects, trees, upload
from nightpress.vault.place import Damaged, Place, Sql, names
from nightpress.vault.trees import Node, Tree

_PAGE = 50_000


def sizes(place: Place, heads: Sequence[str]) -> dict[str, int]:
    """Stored bytes of the trees, by their heads, and of everything that they are made of."""
    stored_sizes: dict[str, int] = {}
    last = ""
    while True:
        (rows,) = place.read(
            Sql(
                "SELECT hash, size FROM objects WHERE hash IN ("  # noqa: S608
                "SELECT value FROM json_each(?1) UNION SELECT hash FROM tree_objects"
                " WHERE tree IN (SELECT value FROM json_each(?1)))"
                f" AND hash > ?2 ORDER BY hash LIMIT {_PAGE}",
                (names(sorted(set(heads))), last),
            )
        )
        for hash_, stored in rows:
            stored_sizes[str(hash_)] = int(stored)
        if len(rows) < _PAGE:
            return stored_sizes
        last = str(rows[-1][0])


def content(
    place: Place, hashes: Iterable[str], stored: Mapping[str, int]
) -> Iterator[tuple[str, bytes]]:
    """The verified raw bytes of each object, in order. Raises Damaged, with the object's name."""
    requests = []
    for hash_ in hashes:
        if hash_ not in stored:
            raise Damaged(f"object {hash_} is missing from {place.name}")
        requests.append((hash_, stored[hash_]))
    for packed in upload.fetch(place, requests):
        yield packed.hash, objects.unpack(packed)


def load(place: Place, heads: Sequence[str]) -> tuple[dict[str, Tree], dict[str, int]]:
    """(head -> the whole tree, the stored bytes as `sizes` gives them)."""
    stored = sizes(place, heads)
    paths: dict[str, str] = {}
    nodes: dict[str, list[Node]] = {head: [] for head in heads}
    heads_of = {head: head for head in nodes}  # object -> the head that it belongs to
    while heads_of:
        following: dict[str, str] = {}
        for hash_, data in content(place, list(heads_of), stored):
            head = heads_of[hash_]
            path, entries, after = trees.read(hash_, data)
            paths.setdefault(head, path)
            nodes[head] += entries
            if after is not None:
                following[after] = head
        heads_of = following
    return {head: Tree(paths[head], tuple(nodes[head])) for head in nodes}, stored
