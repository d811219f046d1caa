"""What there is in a vault: its snapshots, and what each of them holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from nightpress.clock import ago
from nightpress.errors import UsageError
from nightpress.text import safe
from nightpress.vault import schema
from nightpress.vault.place import Absent, Place, Sql
from nightpress.vault.source import size

_COLUMNS = "id, taken, host, tool, parts, plugins, files, bytes, left_out, partial"
PART_COLUMNS = "kind, slug, name, category, version, path, files, bytes, left_out, partial, tree"


class PartRow(Struct, frozen=True):
    """One row of `snapshot_parts`, without its snapshot; in the order of `PART_COLUMNS`.

    kind: plugin, project or ledger; path: the folder, for showing (the tree holds the real one);
    left_out: files that did not travel; tree: the digest of the whole part."""

    kind: str
    slug: str
    name: str
    category: str
    version: str
    path: str
    files: int
    bytes: int
    left_out: int
    partial: int
    tree: str


class VaultSnapshot(Struct, frozen=True):
    """One snapshot of a vault. taken: ISO 8601, UTC; left_out: files that did not travel."""

    id: str
    taken: str
    host: str
    tool: str
    parts: int
    plugins: int
    files: int
    bytes: int
    left_out: int
    partial: bool

    def age(self, now: float) -> float:
        """Seconds since it was taken; now: epoch seconds."""
        return now - datetime.fromisoformat(self.taken).timestamp()

    def row(self, now: float) -> dict[str, Any]:
        """For programs."""
        return asdict(self) | {"age_seconds": round(self.age(now))}

    def line(self, now: float) -> str:
        when = datetime.fromisoformat(self.taken).astimezone(UTC)
        text = (
            f"{self.id}  {when:%Y-%m-%d %H:%M} UTC  {ago(self.age(now)):>10}"
            f"  {self.plugins:>5,} plugins  {self.files:>7,} files  {size(self.bytes):>9}"
        )
        return f"{text}  partial" if self.partial else text


def snapshots(place: Place) -> list[VaultSnapshot]:
    """The snapshots, newest first (by the order in which they were made, not by a clock)."""
    try:
        which, rows = place.read(
            schema.WHICH,
            Sql(f"SELECT {_COLUMNS} FROM snapshots ORDER BY seq DESC"),  # noqa: S608
        )
    except Absent:
        return []
    schema.check(place, which)
    return [_snapshot(row) for row in rows]


def choose(place: Place, prefix: str | None) -> VaultSnapshot:
    """The newest snapshot, or the one whose id begins with `wanted`; UsageError if there is none
    or more than one."""
    listed = snapshots(place)
    if not listed:
        raise UsageError(f"there is no snapshot in {place.name}", "doit backup makes one")
    if prefix is None:
        return listed[0]
    matching = [s for s in listed if s.id.startswith(prefix)]
    if len(matching) == 1:
        return matching[0]
    what = "no snapshot" if not matching else f"{len(matching)} snapshots"
    raise UsageError(f"there is {what} {safe(prefix)!r} in {place.name}", "see: doit backups")


def parts(place: Place, snapshot: str) -> list[PartRow]:
    """What a snapshot holds, by kind and slug."""
    (rows,) = place.read(
        Sql(
            f"SELECT {PART_COLUMNS} FROM snapshot_parts WHERE snapshot = ?1 ORDER BY kind, slug",  # noqa: S608
            (snapshot,),
        )
    )
    return [part(row) for row in rows]


def part(row: Sequence[Any]) -> PartRow:
    """A row of `PART_COLUMNS`; the tables are STRICT, so each value has its type."""
    return PartRow(*row)


def _snapshot(row: Sequence[Any]) -> VaultSnapshot:
    named = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return VaultSnapshot(**named | {"partial": bool(named["partial"])})
