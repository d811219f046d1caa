"""`verify`: every object is read back, every snapshot is looked through; damage is named.

By SQLite's integrity check, and by the very look-ups of a restore: an index that was damaged finds
other rows than the table has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from nightpress.clock import Clock, RealClock
from nightpress.errors import NightpressError
from nightpress.text import safe, some
from nightpress.vault import inventory, objects, schema, transfer
from nightpress.vault.place import Damaged, Place, Sql
from nightpress.vault.source import Listener, Progress, silent

_OBJECTS = "SELECT hash, size FROM objects WHERE TRUE"


class VerifyResult(Struct, frozen=True):
    """What was read back. problems: one line each, with what it breaks."""

    place: str
    objects: int
    bytes: int
    snapshots: int
    seconds: float
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    def line(self) -> str:
        verdict = "all sound" if self.ok else f"{len(self.problems):,} PROBLEMS"
        return (
            f"read back {some(self.objects, 'object')}, {self.bytes:,} bytes,"
            f" {some(self.snapshots, 'snapshot')} in {self.seconds:.1f} s: {verdict}"
            f" <- {self.place}"
        )

    def lines(self) -> list[str]:
        return [*self.problems, self.line()]


def verify(place: Place, progress: Listener = silent, clock: Clock | None = None) -> VerifyResult:
    """Read every object of the vault back, and check that each snapshot has all of its own.
    Absent where there is no vault."""
    clock = clock or RealClock()
    began = clock.monotonic()
    schema.check(place, *place.read(schema.WHICH))
    snapshots = inventory.snapshots(place)
    problems = [f"SQLite's integrity check: {safe(one)}" for one in place.integrity()]
    if snapshots:
        problems += _structure(place)
    damaged: dict[str, str] = {}
    seen: set[str] = set()
    count = size = 0
    total = _total(place) if snapshots else 0
    for page in transfer.pages(place, _OBJECTS) if snapshots else ():
        for hash_, stored, fault in _read(place, page):
            count += 1
            size += stored
            seen.add(hash_)
            if fault:
                damaged[hash_] = fault
            elif count % 100 == 0:
                elapsed = clock.monotonic() - began
                progress(Progress("verify", size, total, elapsed))
    problems += _named(place, damaged)
    problems += _looked_up(place, [one.id for one in snapshots], seen, set(damaged))
    return VerifyResult(
        place.name, count, size, len(snapshots), clock.monotonic() - began, tuple(problems)
    )


def _total(place: Place) -> int:
    """Stored bytes of all objects."""
    (rows,) = place.read(Sql("SELECT coalesce(sum(size), 0) FROM objects"))
    return int(rows[0][0])


def _read(place: Place, page: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int, str]]:
    """(hash, stored bytes, what is wrong or "") of each object."""
    for packed in transfer.fetch(place, page):
        try:
            objects.unpack(packed)
        except Damaged as error:
            yield packed.hash, len(packed.data), error.message
        else:
            yield packed.hash, len(packed.data), ""


def _looked_up(
    place: Place, snapshots: Sequence[str], seen: set[str], known: set[str]
) -> Iterator[str]:
    """What a restore of one of the snapshots would not find. seen: objects that were read back;
    known: damage that was told."""
    trees: set[str] = set()
    for id_ in snapshots:
        try:
            inventory.choose(place, id_)
            rows = inventory.parts(place, id_)
        except NightpressError as error:
            yield f"snapshot {id_} is not found by a restore: {error.message}"
            continue
        for row in rows:
            if row.tree in trees:
                continue
            trees.add(row.tree)
            what = f"snapshot {id_}: {row.kind} {safe(row.slug)}"
            try:
                loaded, stored = transfer.load(place, [row.tree])
                wanted = loaded[row.tree].chunks()
                lost = sorted(wanted - set(stored))
                others = [(h, stored[h]) for h in wanted - seen if h in stored]
                for packed in transfer.fetch(place, others):
                    objects.unpack(packed)
            except Damaged as error:
                if not any(hash_ in error.message for hash_ in known):
                    yield f"{what}: a restore fails: {error.message}"
                continue
            if lost and not known.issuperset(lost):
                yield f"{what}: a restore does not find {len(lost)} objects, the first {lost[0]}"


def _structure(place: Place) -> Iterator[str]:
    """What the triggers promise, asked as questions: for a vault that was changed around them."""
    triggers, objects_gone, trees_gone, counts = place.read(
        Sql("SELECT name FROM sqlite_master WHERE type = 'trigger'"),
        Sql(
            "SELECT DISTINCT hash FROM tree_objects t WHERE NOT EXISTS"
            " (SELECT 1 FROM objects o WHERE o.hash = t.hash)"
            " UNION SELECT hash FROM trees t WHERE NOT EXISTS"
            " (SELECT 1 FROM objects o WHERE o.hash = t.hash) LIMIT 1000"
        ),
        Sql(
            "SELECT snapshot, kind, slug FROM snapshot_parts p WHERE NOT EXISTS"
            " (SELECT 1 FROM trees t WHERE t.hash = p.tree) LIMIT 1000"
        ),
        Sql(
            "SELECT id FROM snapshots s WHERE parts <>"
            " (SELECT count(*) FROM snapshot_parts WHERE snapshot = s.id)"
            " UNION ALL SELECT hash FROM trees t WHERE refs <>"
            " (SELECT count(*) FROM tree_objects WHERE tree = t.hash) LIMIT 1000"
        ),
    )
    absent = sorted(schema.TRIGGERS - {str(row[0]) for row in triggers})
    if absent:
        yield f"the vault's triggers are missing: {', '.join(absent)}"
    yield from _named(place, {str(row[0]): f"object {row[0]} is missing" for row in objects_gone})
    for snapshot, kind, slug in trees_gone:
        yield f"snapshot {snapshot}: the tree of {kind} {safe(str(slug))} is missing"
    for (name,) in counts:
        yield f"{name} has lost rows: it is not complete"


def _named(place: Place, damaged: dict[str, str]) -> Iterator[str]:
    """Each damage with what it breaks: the parts, and the files where their tree can be read."""
    for hash_, fault in damaged.items():
        (rows,) = place.read(
            Sql(
                "SELECT p.kind, p.slug, p.tree, count(*) FROM snapshot_parts p WHERE p.tree = ?1"
                " OR p.tree IN (SELECT tree FROM tree_objects WHERE hash = ?1)"
                " GROUP BY p.kind, p.slug, p.tree ORDER BY 4 DESC LIMIT 5",
                (hash_,),
            )
        )
        if not rows:
            yield f"{fault} (no snapshot uses it)"
        for kind, slug, tree, count in rows:
            files = _files_with(place, str(tree), hash_)
            what = f": {', '.join(files)}" if files else ""
            yield f"{fault}; {kind} {safe(str(slug))} in {count} snapshots{what}"


def _files_with(place: Place, tree: str, hash_: str) -> list[str]:
    if tree == hash_:
        return []
    try:
        nodes = transfer.load(place, [tree])[0][tree].nodes
    except Damaged:
        return []
    return [safe(node.path) for node in nodes if hash_ in node.chunks][:5]
