"""`forget`: which snapshots stay, by the same rules as restic's forget, and what may go with the
others.

Nothing that is still referred to is ever deleted: the vault's triggers refuse it. What nothing
refers to is collected only past a grace period, so that a backup that runs meanwhile finds what
it was told is there; if it does not, its snapshot is refused and it looks again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from nightpress.errors import UsageError
from nightpress.vault import inventory, replies
from nightpress.vault.inventory import VaultSnapshot
from nightpress.vault.place import Place, Refused, Sql, names
from nightpress.vault.transfer import NOW

GRACE = 24 * 3_600
"""Seconds that an object must have lain unused before it is collected."""

_BATCH = 500


class Policy(Struct, frozen=True):
    """How many to keep: the last ones, and the newest of so many hours, days, ISO weeks, months
    and years that have one. 0 keeps none by that rule."""

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0

    def __bool__(self) -> bool:
        return any((self.last, self.hourly, self.daily, self.weekly, self.monthly, self.yearly))


class Kept(Struct, frozen=True):
    """A snapshot and the rules that keep it; none: it goes."""

    snapshot: VaultSnapshot
    why: tuple[str, ...]


class ForgetResult(Struct, frozen=True):
    """What was forgotten. objects, bytes: collected content, as stored."""

    place: str
    kept: tuple[Kept, ...]
    forgotten: tuple[str, ...]
    objects: int
    bytes: int
    dry: bool = False

    def line(self) -> str:
        verb = "would forget" if self.dry else "forgot"
        return (
            f"{verb} {len(self.forgotten):,} snapshots, kept {len(self.kept):,};"
            f" {self.objects:,} objects, {self.bytes:,} bytes collected -> {self.place}"
        )


def pick(snapshots: Sequence[VaultSnapshot], policy: Policy) -> list[Kept]:
    """Every snapshot with the rules that keep it; newest first, as `snapshots` gives them. Pure.

    As restic: each rule walks from the newest on and keeps the first one of each period, until it
    has kept its number; the oldest of all stays where a rule did not find enough periods (restic
    from 0.16). The last ones are those made last, whatever a clock said; the periods go by
    the clock, so that two machines whose clocks differ do not fill one day twice.
    """
    rules: list[tuple[str, int, Callable[[datetime], str]]] = [
        ("last", policy.last, str),
        ("hourly", policy.hourly, lambda when: f"{when:%Y-%m-%d %H}"),
        ("daily", policy.daily, lambda when: f"{when:%Y-%m-%d}"),
        ("weekly", policy.weekly, lambda when: f"{when:%G-W%V}"),
        ("monthly", policy.monthly, lambda when: f"{when:%Y-%m}"),
        ("yearly", policy.yearly, lambda when: f"{when:%Y}"),
    ]
    why: dict[str, list[str]] = {snapshot.id: [] for snapshot in snapshots}
    when = {one.id: datetime.fromisoformat(one.taken).astimezone(UTC) for one in snapshots}
    by_clock = sorted(snapshots, key=lambda one: when[one.id], reverse=True)
    for name, count, period in rules:
        left, before = count, None
        for number, snapshot in enumerate(snapshots if name == "last" else by_clock):
            now = period(when[snapshot.id])
            oldest = name != "last" and number == len(snapshots) - 1
            if left and (name == "last" or now != before or oldest):
                own = name == "last" or now != before
                why[snapshot.id].append(name if own else f"oldest {name}")
                left, before = left - 1, now
    return [Kept(snapshot, tuple(why[snapshot.id])) for snapshot in snapshots]


def forget(
    place: Place, policy: Policy, *, dry: bool = False, grace: float = GRACE
) -> ForgetResult:
    """Forget what no rule keeps, then collect what nothing refers to. UsageError for an empty
    policy, which would forget everything."""
    if not policy:
        raise UsageError("no rule says which snapshots to keep", "keep_last: 7, for example")
    judged = pick(inventory.snapshots(place), policy)
    kept = tuple(one for one in judged if one.why)
    gone = [one.snapshot.id for one in judged if not one.why]
    count = size = 0
    if not dry:
        for start in range(0, len(gone), _BATCH):
            some = names(gone[start : start + _BATCH])
            place.write([
                Sql("DELETE FROM snapshots WHERE id IN (SELECT value FROM json_each(?1))", (some,))
            ])  # fmt: skip
        replies.collect(place)
        if judged:
            count, size = collect_garbage(place, grace)
    return ForgetResult(place.name, kept, tuple(gone), count, size, dry)


def collect_garbage(place: Place, grace: float = GRACE) -> tuple[int, int]:
    """Delete trees, then objects, that nothing refers to and that are older than `grace` seconds
    by the server's clock; (objects, stored bytes)."""
    old = f"stored <= {NOW} - {int(grace)}"
    trees = (
        f"SELECT hash, 0 FROM trees WHERE {old} AND NOT EXISTS"  # noqa: S608  constants
        f" (SELECT 1 FROM snapshot_parts WHERE tree = trees.hash) LIMIT {_BATCH}"
    )
    objects = (
        f"SELECT hash, size FROM objects WHERE {old} AND NOT EXISTS"  # noqa: S608  constants
        " (SELECT 1 FROM tree_objects WHERE hash = objects.hash) AND NOT EXISTS"
        f" (SELECT 1 FROM trees WHERE hash = objects.hash) LIMIT {_BATCH}"
    )
    _sweep(place, "trees", trees)
    return _sweep(place, "objects", objects)


def _sweep(place: Place, table: str, unused: str) -> tuple[int, int]:
    count = size = 0
    while True:
        (rows,) = place.read(Sql(unused))
        if not rows:
            return count, size
        some = names(str(row[0]) for row in rows)
        delete = f"DELETE FROM {table} WHERE hash IN (SELECT value FROM json_each(?1))"  # noqa: S608
        try:
            place.write([Sql(delete, (some,))])
        except Refused:
            # a backup took some of them into use in this moment; `unused` leaves them out now
            continue
        count += len(rows)
        size += sum(int(row[1]) for row in rows)
