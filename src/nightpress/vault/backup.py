"""`backup`: the project as it stands becomes one snapshot in a vault; only what is new travels.

Part by part: what is not known is read, what is missing is sent, and the part's tree is sealed.
The snapshot's row comes last, in one transaction with its parts, and the vault's triggers refuse
it if anything of it is missing: so it is visible only when it can be restored.
"""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct, field
from msgspec.structs import astuple

from nightpress import __version__
from nightpress.clock import Clock, RealClock
from nightpress.errors import NightpressError
from nightpress.storage import Entry
from nightpress.text import safe, some
from nightpress.vault import collect, inventory, read_files, schema, trees
from nightpress.vault.fileindex import FileIndex, opened
from nightpress.vault.inventory import PART_COLUMNS, PartRow
from nightpress.vault.place import Absent, Place, Refused, Rows, Sql
from nightpress.vault.source import Listener, Plugin, Progress, Source, is_open, silent
from nightpress.vault.transfer import Trial, Uploader
from nightpress.vault.trees import Node, Tree

_TRIES = 4

Take = Callable[[str, bytes], None]


class BackupResult(Struct, frozen=True):
    """What a backup did. sent: bytes that travelled; new, there: objects; left_out: (path, why)
    of what did not travel; partial: some of that for its size or because it cannot be read;
    ledger_lost: why the ledger, which there is, did not travel; snapshot: "" of a dry run."""

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
    ledger_lost: str = ""

    def line(self) -> str:
        sent = "sent" if self.snapshot else "would send"
        return (
            f"{sent} {self.sent:,} bytes, {self.new:,} objects new, {self.there:,} already there"
            f" -> {self.place}"
        )

    def lines(self) -> list[str]:
        """Everything that is worth telling, `line()` last."""
        notes = [f"not backed up: {safe(path)}: {safe(why)}" for path, why in self.left_out[:50]]
        if len(self.left_out) > 50:
            notes.append(f"... and {len(self.left_out) - 50:,} more that are not backed up")
        if self.partial:
            notes.append("this snapshot is partial: see what is not backed up, above")
        if self.ledger_lost:
            notes.append(f"THE LEDGER IS NOT IN THIS SNAPSHOT: {safe(self.ledger_lost)}")
        what = f"snapshot {self.snapshot}:" if self.snapshot else "would back up"
        summary = (
            f"{what} {some(self.plugins, 'plugin')}, {some(self.files, 'file')},"
            f" {self.bytes:,} bytes in {self.seconds:.1f} s"
        )
        return [*self.notices, *notes, summary, self.line()]


class Job(Struct):
    """One attempt at a backup: what it reads, where it sends, how far it is.

    parent: the parts of the newest snapshot; every: the objects of this one."""

    source: Source
    index: FileIndex
    uploader: Uploader
    parent: Mapping[tuple[str, str], PartRow]
    tell: Listener
    clock: Clock
    began: float
    total: int = 0
    done: int = 0
    every: set[str] = field(default_factory=set)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    _asked: int = 0

    def learn(self, tree: str) -> None:
        """Ask what that tree of the newest snapshot is made of; and, as changes come in crowds,
        of ever more of those that follow it."""
        trees = list(dict.fromkeys(row.tree for row in self.parent.values()))
        at = trees.index(tree)
        self._asked = min(256, 2 * self._asked or 1)
        self.uploader.learn([tree, *trees[at + 1 : at + self._asked]])

    def step(self, count: int) -> None:
        self.done += count
        self.tell(Progress("backup", self.done, self.total, self.clock.monotonic() - self.began))


def backup(
    source: Source,
    place: Place,
    progress: Listener = silent,
    clock: Clock | None = None,
    *,
    dry: bool = False,
) -> BackupResult:
    """Back up the project into the vault; dry: only find out what would travel. Raises
    NightpressError; nothing is listed then."""
    clock = clock or RealClock()
    began, sent = clock.monotonic(), place.sent
    new = 0
    with opened(source.state) as index:
        for attempt in range(1, _TRIES + 1):
            parent_id, parent = _newest(place, dry)
            uploader = Trial(place) if dry else Uploader(place)
            job = Job(source, index, uploader, parent, progress, clock, began)
            try:
                rows, notices = _send(job)
                new += job.uploader.new
                snapshot = "" if dry else _list(place, rows, parent_id, parent, clock)
                break
            except Refused:
                # someone collected garbage, or forgot the parent, under us: look again
                if attempt == _TRIES:
                    raise
    plugins = [row for row in rows if row.kind == "plugin"]
    return BackupResult(
        snapshot, place.name, place.off_site,
        uploader.bytes if isinstance(uploader, Trial) else place.sent - sent, new,
        max(0, len(job.every) - new), len(plugins), sum(row.files for row in rows),
        sum(row.bytes for row in rows), clock.monotonic() - began,
        any(row.partial for row in rows), tuple(job.left_out), tuple(notices),
        _ledger_lost(source, job.left_out),
    )  # fmt: skip


def _ledger_lost(source: Source, left_out: Sequence[tuple[str, str]]) -> str:
    if source.ledger is None:
        return ""
    path = source.ledger.relative_to(source.root).as_posix()
    return next((why for where, why in left_out if where == path), "")


def _newest(place: Place, dry: bool) -> tuple[str, dict[tuple[str, str], PartRow]]:
    """The newest snapshot's id and parts; makes the vault if there is none, but in a dry run."""
    newest = "(SELECT id FROM snapshots ORDER BY seq DESC LIMIT 1)"
    parts = Sql(f"SELECT snapshot, {PART_COLUMNS} FROM snapshot_parts WHERE snapshot = {newest}")  # noqa: S608
    try:
        which, rows = place.read(schema.WHICH, parts)
        schema.check(place, which)
    except Absent:
        if not dry:
            schema.create(place)
        return "", {}
    parts_of_parent = [inventory.part(row[1:]) for row in rows]
    return (str(rows[0][0]) if rows else ""), {(row.kind, row.slug): row for row in parts_of_parent}


def _send(job: Job) -> tuple[list[PartRow], list[str]]:
    """Every part's content into the vault; the parts' rows, and notices."""
    parts, notices = collect.collect(job.source)
    job.total = sum(entry.size for part in parts for entry in part.files)
    rows = [_files(job, part) for part in parts if part.files or part.nodes]
    if job.source.ledger is not None and job.source.ledger.is_file():
        rows.append(_ledger(job))
    if not rows:
        raise NightpressError("there is nothing to back up", "no plugin and no project file")
    job.uploader.flush()
    return rows, notices


def _files(job: Job, part: collect.Part) -> PartRow:
    base = part.plugin.path

    def read(take: Take) -> list[Node]:
        return [_node(job, base, entry, take) for entry in part.files]

    def forget(nodes: Sequence[Node], absent: set[str]) -> None:
        for entry, node in zip(part.files, nodes, strict=True):
            if absent.intersection(node.chunks):
                job.index.drop(f"{base}/{entry.path}")
        job.done -= sum(entry.size for entry in part.files)

    return _stored(job, part.kind, part.plugin, part.nodes, read, forget)


def _node(job: Job, base: str, entry: Entry, take: Take) -> Node:
    read_bytes = 0

    def count_and_take(hash_: str, data: bytes) -> None:
        nonlocal read_bytes
        take(hash_, data)
        read_bytes += len(data)
        job.step(len(data))

    open_ = is_open(job.source, f"{base}/{entry.path}".removeprefix("./"))
    node = read_files.node(job.source.root, base, entry, job.index, count_and_take, open_)
    job.step(entry.size - read_bytes)
    return node


def _ledger(job: Job) -> PartRow:
    """The ledger as one consistent file, in pieces of whole pages."""
    path = job.source.ledger
    assert path is not None  # noqa: S101  the caller looked
    base = path.parent.relative_to(job.source.root).as_posix()

    def read(take: Take) -> list[Node]:
        source = job.source
        return [read_files.ledger_node(path, source.state, job.index, take, source.ledger_state)]

    def forget(nodes: Sequence[Node], absent: set[str]) -> None:
        del nodes, absent
        job.index.drop(read_files.LEDGER)

    return _stored(job, "ledger", Plugin("ledger", "ledger", base), (), read, forget)


def _stored(
    job: Job,
    kind: str,
    plugin: Plugin,
    fixed: Sequence[Node],
    read: Callable[[Take], list[Node]],
    forget: Callable[[Sequence[Node], set[str]], None],
) -> PartRow:
    """Read the part; where the newest snapshot holds this very tree, nothing is sent or asked.

    forget: the index knows files that this vault does not have (another vault, or they were
    collected): read those again."""
    names: set[str] = set()

    def take(hash_: str, data: bytes) -> None:
        names.add(hash_)
        job.uploader.offer(hash_, data)

    for _ in range(_TRIES):
        nodes = read(take)
        tree = Tree(plugin.path, (*fixed, *nodes))
        pieces = trees.write(tree)
        row = _row(kind, plugin, tree, pieces[-1][0])
        before = job.parent.get((kind, plugin.slug))
        if before is not None and before.tree == row.tree:
            job.uploader.withdraw(names)
            break
        if before is not None and not job.uploader.knows(before.tree):
            job.learn(before.tree)
        absent = job.uploader.missing(tree.chunks())
        if not absent:
            for name, data in pieces:
                job.uploader.offer(name, data)
            refs = tree.chunks() | {name for name, _ in pieces[:-1]}
            job.uploader.seal(row.tree, refs, before.tree if before else "")
            break
        forget(nodes, absent)
    else:
        raise NightpressError(f"{safe(plugin.path)} is written to all the time", "try again")
    job.every |= tree.chunks() | {name for name, _ in pieces}
    base = "" if tree.path == "." else f"{tree.path}/"
    job.left_out += [(base + node.path, node.text) for node in tree.left_out]
    return row


def _row(kind: str, plugin: Plugin, tree: Tree, head: str) -> PartRow:
    left_out = tree.left_out
    return PartRow(
        kind, plugin.slug, safe(plugin.name), safe(plugin.category), safe(plugin.version),
        safe(plugin.path), tree.files, tree.bytes, len(left_out),
        int(any(node.grave for node in left_out)), head,
    )  # fmt: skip


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
