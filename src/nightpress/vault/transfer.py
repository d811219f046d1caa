"""Objects on their way into a vault and out of it, in groups that the server lets through.

Into it, in idempotent batches: hash -> ask which are missing -> send those -> read them back and
verify -> seal the trees. A crash at any point leaves objects that the next backup finds, and
nothing that is listed. Out of it: sizes first, then the objects, each verified.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from nightpress.vault import objects, trees
from nightpress.vault.objects import Packed
from nightpress.vault.place import Absent, Damaged, Place, Sql, TooLarge, Value, names
from nightpress.vault.trees import Node, Tree

GROUP = 3 * 1024 * 1024
"""Bytes of content in one request or answer."""

ASKED = 20_000
"""Names in one question."""

_PAGE = 50_000
"""Rows of one answer."""

_ROWS = 200
"""Objects in one statement: its text comes once in a request (`hrana.MOST_STORED`)."""

NOW = "CAST(strftime('%s', 'now') AS INTEGER)"


class Seal(Struct, frozen=True):
    """A tree that is to be recorded: what `base` refers to, but for `gone`, and `more`; count: of
    all that it refers to."""

    tree: str
    base: str
    gone: list[str]
    more: list[str]
    count: int


class Uploader:
    """Takes objects, in any order and repeatedly, and brings those that are missing.

    present: every object that is known to be there; new: how many were sent.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.present: set[str] = set()
        self.new = 0
        self._pending: dict[str, bytes] = {}
        self._pending_bytes = 0
        self._seals: list[Seal] = []
        self._refs: dict[str, frozenset[str]] = {}

    def offer(self, hash_: str, data: bytes) -> None:
        """One object; raw. Held until there is a group of them."""
        if hash_ in self.present or hash_ in self._pending:
            return
        self._pending[hash_] = data
        self._pending_bytes += len(data)
        if self._pending_bytes >= GROUP:
            self._send()

    def withdraw(self, hashes: Iterable[str]) -> None:
        """These turned out to be there."""
        for hash_ in hashes:
            self.present.add(hash_)
            gone = self._pending.pop(hash_, None)
            self._pending_bytes -= len(gone) if gone is not None else 0

    def missing(self, hashes: Collection[str]) -> set[str]:
        """Those that neither the vault nor the pending group has."""
        unknown = [h for h in hashes if h not in self.present and h not in self._pending]
        absent = set(missing(self.place, unknown))
        self.present.update(h for h in unknown if h not in absent)
        return absent

    def seal(self, tree: str, refs: Collection[str], base: str = "") -> None:
        """Record what a tree is made of, once all of it is there. base: a tree that was
        learned, and that is much like it: then only the difference travels."""
        refs_of_base = self._refs.get(base, frozenset()) if base else frozenset()
        gone = sorted(refs_of_base.difference(refs))
        if len(gone) > min(len(refs_of_base) // 2, ASKED):
            base, refs_of_base, gone = "", frozenset(), []
        self._seals.append(Seal(tree, base, gone, sorted(set(refs) - refs_of_base), len(refs)))
        if sum(seal.count for seal in self._seals) > ASKED:
            self.flush()

    def flush(self) -> None:
        """Everything that was offered is there and verified afterwards."""
        self._send()
        for group in _groups(self._seals, 10_000, lambda seal: seal.count + 5):
            self.place.write([sql for seal in group for sql in _sealing(seal)])
        self._seals.clear()

    def knows(self, tree: str) -> bool:
        return tree in self._refs

    def learn(self, trees: Sequence[str]) -> None:
        """Learn what these trees of the vault are made of: that much is there, and stays as long
        as they do."""
        query = (
            "SELECT tree, group_concat(hash, '') FROM tree_objects"
            " WHERE tree IN (SELECT value FROM json_each(?1)) GROUP BY tree"
        )
        try:
            (rows,) = self.place.read(Sql(query, (names(trees),)))
        except TooLarge:
            if len(trees) > 1:
                self.learn(trees[:1])  # the one that matters
            return
        for tree, text in rows:
            refs = frozenset(text[i : i + 64] for i in range(0, len(text), 64))
            self._refs[str(tree)] = refs
            self.present.update(refs)

    def _send(self) -> None:
        if not self._pending:
            return
        absent = set(missing(self.place, list(self._pending)))
        packed = [objects.pack(h, d) for h, d in self._pending.items() if h in absent]
        for group in _groups(packed, GROUP, lambda p: len(p.data) + 200):
            self.place.write([_insert(group[i : i + _ROWS]) for i in range(0, len(group), _ROWS)])
            for one in fetch(self.place, [(p.hash, len(p.data)) for p in group]):
                objects.unpack(one)
            self.new += len(group)
        self.present.update(self._pending)
        self._pending.clear()
        self._pending_bytes = 0


class Trial(Uploader):
    """Counts what would travel, and brings nothing. bytes: of the objects that would be sent."""

    bytes = 0

    def flush(self) -> None:
        self._send()
        self._seals.clear()

    def missing(self, hashes: Collection[str]) -> set[str]:
        try:
            return super().missing(hashes)
        except Absent:  # there is no vault yet
            return {h for h in hashes if h not in self.present and h not in self._pending}

    def _send(self) -> None:
        pending, self._pending, self._pending_bytes = self._pending, {}, 0
        absent = self.missing(pending)
        self.bytes += sum(len(objects.pack(h, pending[h]).data) for h in absent)
        self.new += len(absent)
        self.present.update(pending)


def _sealing(seal: Seal) -> list[Sql]:
    """All of it in one transaction; a name of a list travels in arguments of bounded size."""
    unsealed = "NOT EXISTS (SELECT 1 FROM trees WHERE hash = ?1)"
    statements = []
    if seal.base:
        statements.append(Sql(
            "INSERT INTO tree_objects SELECT ?1, hash FROM tree_objects WHERE tree = ?2"  # noqa: S608
            f" AND hash NOT IN (SELECT value FROM json_each(?3)) AND {unsealed}",
            (seal.tree, seal.base, names(seal.gone)),
        ))  # fmt: skip
    for start in range(0, len(seal.more), ASKED):
        statements.append(Sql(
            f"INSERT INTO tree_objects SELECT ?1, value FROM json_each(?2) WHERE {unsealed}",  # noqa: S608
            (seal.tree, names(seal.more[start : start + ASKED])),
        ))  # fmt: skip
    statements.append(
        Sql(f"INSERT INTO trees SELECT ?1, ?2, {NOW} WHERE {unsealed}", (seal.tree, seal.count))
    )
    return statements


def _insert(group: Sequence[Packed]) -> Sql:
    """One statement for many objects; those that are there meanwhile are skipped."""
    rows = ", ".join("(?, ?, ?, ?)" for _ in group)
    args: list[Value] = []
    for p in group:
        args += [p.hash, p.raw_size, p.codec, p.data]
    return Sql(
        f"WITH v (hash, raw_size, codec, data) AS (VALUES {rows})"  # noqa: S608  marks only
        " INSERT INTO objects (hash, raw_size, size, codec, stored, data)"
        f" SELECT hash, raw_size, length(data), codec, {NOW}, data FROM v"
        " WHERE NOT EXISTS (SELECT 1 FROM objects o WHERE o.hash = v.hash)",
        args,
    )


def missing(place: Place, hashes: Sequence[str]) -> list[str]:
    """Those of the objects that the vault does not have."""
    absent: list[str] = []
    for start in range(0, len(hashes), ASKED):
        (rows,) = place.read(
            Sql(
                "SELECT value FROM json_each(?1) WHERE NOT EXISTS"
                " (SELECT 1 FROM objects WHERE hash = value)",
                (names(hashes[start : start + ASKED]),),
            )
        )
        absent += [str(row[0]) for row in rows]
    return absent


def fetch(place: Place, requests: Sequence[tuple[str, int]]) -> Iterator[Packed]:
    """The objects (hash, stored size), in groups that the server lets through; not yet verified.

    Raises Damaged, with the name, if one is not there.
    """
    for group in _groups(requests, GROUP, lambda w: w[1] + 200):
        yield from _fetch(place, [hash_ for hash_, _ in group])


def _fetch(place: Place, hashes: Sequence[str]) -> list[Packed]:
    try:
        (rows,) = place.read(
            Sql(
                "SELECT hash, raw_size, codec, data FROM objects"
                " WHERE hash IN (SELECT value FROM json_each(?1))",
                (names(hashes),),
            )
        )
    except TooLarge:
        if len(hashes) == 1:
            raise
        half = len(hashes) // 2
        return _fetch(place, hashes[:half]) + _fetch(place, hashes[half:])
    packed = {str(row[0]): _packed(row) for row in rows}
    for hash_ in hashes:
        if hash_ not in packed:
            raise Damaged(f"object {hash_} is missing from {place.name}")
    return [packed[hash_] for hash_ in hashes]


def _packed(row: Sequence[Any]) -> Packed:
    hash_, raw_size, codec, data = row
    return Packed(str(hash_), int(raw_size), str(codec), bytes(data))


def pages(place: Place, text: str, *args: Value) -> Iterator[list[tuple[str, int]]]:
    """The rows of a SELECT of (hash, number) from `objects`, by hash; text: up to its last
    condition, in which args are ?2, ?3, ..."""
    last = ""
    query = f"{text} AND hash > ?1 ORDER BY hash LIMIT {_PAGE}"
    while True:
        (rows,) = place.read(Sql(query, (last, *args)))
        if rows:
            yield [(str(hash_), int(number)) for hash_, number in rows]
        if len(rows) < _PAGE:
            return
        last = str(rows[-1][0])


def sizes(place: Place, heads: Sequence[str]) -> dict[str, int]:
    """Stored bytes of the trees, by their heads, and of everything that they are made of."""
    query = (
        "SELECT hash, size FROM objects WHERE hash IN ("
        "SELECT value FROM json_each(?2) UNION SELECT hash FROM tree_objects"
        " WHERE tree IN (SELECT value FROM json_each(?2)))"
    )
    return {k: v for page in pages(place, query, names(sorted(set(heads)))) for k, v in page}


def content(
    place: Place, hashes: Iterable[str], stored: Mapping[str, int]
) -> Iterator[tuple[str, bytes]]:
    """The verified raw bytes of each object, in order. Raises Damaged, with the object's name."""
    requests = []
    for hash_ in hashes:
        if hash_ not in stored:
            raise Damaged(f"object {hash_} is missing from {place.name}")
        requests.append((hash_, stored[hash_]))
    for packed in fetch(place, requests):
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


def _groups(items: Sequence[Any], room: int, weight: Any) -> Iterator[list[Any]]:
    """Consecutive items of at most `room` together, one at least."""
    group: list[Any] = []
    left = room
    for item in items:
        cost = weight(item)
        if group and cost > left:
            yield group
            group, left = [], room
        group.append(item)
        left -= cost
    if group:
        yield group
