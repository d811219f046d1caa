"""`backup`: the project as it stands becomes one snapshot in a vault; only what is new travels.

The snapshot's row comes last, in one transaction with its parts, and the vault's triggers refuse
it if anything of it is missing: so it is visible only when it can be restored.
"""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import astuple

from nightpress import __version__
from nightpress.clock import Clock, RealClock
from nightpress.text import safe
from nightpress.vault import inventory, schema
from nightpress.vault.fileindex import opened
from nightpress.vault.inventory import PART_COLUMNS, PartRow
from nightpress.vault.place import Absent, Place, Refused, Rows, Sql
from nightpress.vault.send import Job, send
from nightpress.vault.source import Listener, Source, silent
from nightpress.vault.upload import Uploader

_TRIES = 4


class BackupResult(Struct, frozen=True):
    """What a backup did. sent: bytes that travelled; new, there: objects; left_out: (path, why)
    of what did not travel; partial: some of that for its size or because it cannot be read."""

    snapshot: str
    place: str
    off_site: bool
    sent: int
    new: int
    there: int
    plugins: int
    files: int
    bytes: int
    seconds: float
    partial: bool
    left_out: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()

    def line(self) -> str:
        return (
            f"sent {self.sent:,} bytes, {self.new:,} objects new, {self.there:,} already there"
            f" -> {self.place}"
        )

    def lines(self) -> list[str]:
        """Everything that is worth telling, `line()` last."""
        notes = [f"not backed up: {safe(path)}: {safe(why)}" for path, why in self.left_out[:50]]
        if len(self.left_out) > 50:
            notes.append(f"... and {len(self.left_out) - 50:,} more that are not backed up")
        if self.partial:
            notes.append("this snapshot is partial: see what is not backed up, above")
        summary = (
            f"snapshot {self.snapshot}: {self.plugins:,} plugins, {self.files:,} files,"
            f" {self.bytes:,} bytes in {self.seconds:.1f} s"
        )
        return [*self.notices, *notes, summary, self.line()]


def backup(
    source: Source, place: Place, progress: Listener = silent, clock: Clock | None = None
) -> BackupResult:
    """Back up the project into the vault. Raises NightpressError; nothing is listed then."""
    clock = clock or RealClock()
    began, sent = clock.monotonic(), place.sent
    new = 0
    with opened(source.state) as index:
        for attempt in range(1, _TRIES + 1):
            parent_id, parent = _newest(place)
            job = Job(source, index, Uploader(place), parent, progress, clock, began)
            try:
                rows, notices = send(job)
                new += job.uploader.new
                snapshot = _list(place, rows, parent_id, parent, clock)
                break
            except Refused:
                # someone collected garbage, or forgot the parent, under us: look again
                if attempt == _TRIES:
                    raise
    plugins = [row for row in rows if row.kind == "plugin"]
    return BackupResult(
        snapshot, place.name, place.off_site, place.sent - sent, new,
        max(0, len(job.every) - new), len(plugins), sum(row.files for row in rows),
        sum(row.bytes for row in rows), clock.monotonic() - began,
        any(row.partial for row in rows), tuple(job.left_out), tuple(notices),
    )  # fmt: skip


def _newest(place: Place) -> tuple[str, dict[tuple[str, str], PartRow]]:
    """The newest snapshot's id and parts; makes the vault if there is none."""
    newest = "(SELECT id FROM snapshots ORDER BY seq DESC LIMIT 1)"
    parts = Sql(f"SELECT snapshot, {PART_COLUMNS} FROM snapshot_parts WHERE snapshot = {newest}")  # noqa: S608
    try:
        which, rows = place.read(schema.WHICH, parts)
        schema.check(place, which)
    except Absent:
        schema.create(place)
        return "", {}
    parts_of_parent = [inventory.part(row[1:]) for row in rows]
    return (str(rows[0][0]) if rows else ""), {(row.kind, row.slug): row for row in parts_of_parent}


def _list(
    place: Place,
    rows: Sequence[PartRow],
    parent_id: str,
    parent: Mapping[tuple[str, str], PartRow],
    clock: Clock,
) -> str:
    """Write the snapshot: what is as in the newest one is copied there, the rest is sent."""
    now = datetime.fromtimestamp(clock.time(), UTC)
    snapshot = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    statements = _parts(snapshot, rows, parent_id, parent)
    statements.append(Sql(
        "INSERT INTO snapshots (id, taken, host, tool, parts, plugins, files, bytes, left_out,"
        " partial) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        (snapshot, now.isoformat(timespec="seconds"), safe(socket.gethostname()),
         f"nightpress {__version__}", len(rows), sum(r.kind == "plugin" for r in rows),
         sum(r.files for r in rows), sum(r.bytes for r in rows), sum(r.left_out for r in rows),
         int(any(r.partial for r in rows))),
    ))  # fmt: skip
    try:
        place.write(statements)
    except Refused:
        # a repeated request whose first answer was lost finds its own snapshot
        if not _listed(place, snapshot):
            raise
    return snapshot


def _parts(
    snapshot: str,
    rows: Sequence[PartRow],
    parent_id: str,
    parent: Mapping[tuple[str, str], PartRow],
) -> list[Sql]:
    same = {key for key in parent if parent[key] in rows}
    fresh = [row for row in rows if (row.kind, row.slug) not in same]
    gone = [f"{kind}:{slug}" for kind, slug in parent if (kind, slug) not in same]
    statements = []
    if same:
        statements.append(Sql(
            f"INSERT INTO snapshot_parts (snapshot, {PART_COLUMNS}) SELECT ?1, {PART_COLUMNS}"  # noqa: S608
            " FROM snapshot_parts WHERE snapshot = ?2"
            " AND kind || ':' || slug NOT IN (SELECT value FROM json_each(?3))",
            (snapshot, parent_id, json.dumps(gone)),
        ))  # fmt: skip
    if fresh:
        fields = ", ".join(f"json_extract(value, '$[{i}]')" for i in range(11))
        statements.append(Sql(
            f"INSERT INTO snapshot_parts (snapshot, {PART_COLUMNS}) SELECT ?1, {fields}"  # noqa: S608
            " FROM json_each(?2)",
            (snapshot, json.dumps([astuple(row) for row in fresh])),
        ))  # fmt: skip
    return statements


def _listed(place: Place, snapshot: str) -> Rows:
    (rows,) = place.read(Sql("SELECT 1 FROM snapshots WHERE id = ?1", (snapshot,)))
    return rows
