"""`restore_all`: a snapshot, or one plugin of it, comes back into a folder, every byte verified."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from nightpress.clock import Clock, RealClock
from nightpress.errors import MachineTrouble, UsageError
from nightpress.model import RESTORED
from nightpress.storage import atomic, private
from nightpress.text import safe, some
from nightpress.vault import inventory, objects, transfer, trees
from nightpress.vault.inventory import PartRow, VaultSnapshot
from nightpress.vault.place import Damaged, Place
from nightpress.vault.source import Listener, Progress, silent
from nightpress.vault.trees import Node, Tree
from nightpress.vault.write_files import Destination, folders_of


class RestoreResult(Struct, frozen=True):
    """What a restore did. dest: where; replaced: files that stood there before (only if asked);
    left_out: (path, why) of what the snapshot does not hold; received: bytes that travelled."""

    snapshot: str
    taken: str
    place: str
    dest: str
    plugins: int
    files: int
    bytes: int
    received: int
    seconds: float
    partial: bool
    replaced: int
    left_out: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()

    def line(self) -> str:
        return (
            f"restored {some(self.plugins, 'plugin')}, {some(self.files, 'file')},"
            f" {self.bytes:,} bytes from"
            f" {self.snapshot}, every byte verified, in {self.seconds:.1f} s -> {safe(self.dest)}"
        )

    def lines(self) -> list[str]:
        """Everything that is worth telling, `line()` last."""
        notes = [f"not in the snapshot: {safe(path)}: {safe(why)}" for path, why in self.left_out]
        if len(notes) > 50:
            notes[50:] = [f"... and {len(notes) - 50:,} more that are not in the snapshot"]
        if self.partial:
            notes.append("this snapshot is partial: see what is not in it, above")
        return [*self.notices, *notes, self.line()]


def restore_all(
    place: Place,
    dest: Path,
    *,
    snapshot: str | None = None,
    plugin: str | None = None,
    overwrite: bool = False,
    progress: Listener = silent,
    clock: Clock | None = None,
) -> RestoreResult:
    """Restore the newest snapshot, or the named one, or one plugin (by slug) of it, into `dest`.

    dest is empty or new, unless overwrite: then files of the same path are replaced, others stay.
    Raises NightpressError, with `dest` as it was.
    """
    clock = clock or RealClock()
    began, received = clock.monotonic(), place.received
    snapshot_row = inventory.choose(place, snapshot)
    rows = _rows_of(inventory.parts(place, snapshot_row.id), plugin, snapshot_row)
    destination: Destination | None = None
    try:
        destination = Destination(dest, overwrite=overwrite)
        loaded, stored = transfer.load(place, [row.tree for row in rows])
        nodes = merged([loaded[row.tree] for row in rows])
        destination.folders(folders_of(nodes))
        total = sum(node.size for node in nodes)
        written = 0
        for size in _write(place, destination, nodes, stored):
            written += size
            progress(Progress("restore", written, total, clock.monotonic() - began))
        note_file = note(place, snapshot_row, rows, loaded, nodes) if plugin is None else None
        destination.finish([*nodes, *_noted(destination, note_file)] if note_file else nodes)
    except BaseException as error:
        if destination is not None:
            destination.discard()
        if isinstance(error, OSError):
            raise _disk(dest, error) from error
        raise
    return RestoreResult(
        snapshot_row.id, snapshot_row.taken, place.name, str(dest),
        sum(row.kind == "plugin" for row in rows),
        sum(node.kind == "f" for node in nodes), total, place.received - received,
        clock.monotonic() - began, any(row.partial for row in rows), destination.replaced,
        tuple((node.path, node.text) for node in nodes if node.kind == "x"), _notices(nodes),
    )  # fmt: skip


def _noted(destination: Destination, note_file: tuple[Node, bytes]) -> tuple[Node, Node]:
    """Put the note of the restore there; it and its folder."""
    node, _ = note_file
    folder = posixpath.dirname(node.path)
    destination.folders([folder])  # if no ledger came
    _put_new(destination, *note_file)
    return node, Node("d", folder, private.FOLDER)


def file_of(place: Place, snapshot: str, path: str) -> bytes | None:
    """The verified bytes of one of the project's own files (path: relative to the project) in a
    snapshot; None: it holds no such file."""
    rows = [row for row in inventory.parts(place, snapshot) if row.kind == "project"]
    loaded, stored = transfer.load(place, [row.tree for row in rows])
    for node in merged([loaded[row.tree] for row in rows]):
        if node.path == path and node.kind == "f":
            pieces = [data for _, data in transfer.content(place, node.chunks, stored)]
            return b"".join(pieces)
    return None


def content_of(place: Place, sha256: str) -> bytes | None:
    """The verified bytes of a file by their sha256, whichever snapshot has it; None: none has it,
    or it is longer than one object."""
    stored = transfer.sizes(place, [sha256])
    if sha256 not in stored:
        return None
    return next(data for _, data in transfer.content(place, [sha256], stored))


def note(
    place: Place,
    snapshot: VaultSnapshot,
    rows: Sequence[PartRow],
    loaded: Mapping[str, Tree],
    nodes: Sequence[Node],
) -> tuple[Node, bytes] | None:
    """The file beside the ledger that says what was brought: so that what stayed out is not taken
    for deleted. None where there is no ledger."""
    base = next((loaded[row.tree].path for row in rows if row.kind == "ledger"), "")
    path = _under(base, RESTORED)
    files = sorted(node.path for node in nodes if node.kind in "fl")
    if not base or path in files:
        return None
    content = {
        "snapshot": snapshot.id, "taken": snapshot.taken, "off_site": place.off_site,
        "files": files,
    }  # fmt: skip
    data = json.dumps(content, indent=0).encode()
    hash_ = objects.name(data)
    return trees.file(path, private.FILE, len(data), hash_, [hash_]), data


def _put_new(destination: Destination, node: Node, data: bytes) -> None:
    file = destination.create(node.path, node.mode)
    try:
        atomic.write_all(file, data)
    finally:
        os.close(file)


def _disk(dest: Path, error: OSError) -> MachineTrouble:
    reason = error.strerror or str(error)
    where = f": {safe(os.fsdecode(error.filename))}" if error.filename else ""
    return MachineTrouble(
        f"the restore into {safe(str(dest))} failed: {reason}{where}",
        "is there room, and may this user write there?",
    )


def _rows_of(rows: Sequence[PartRow], plugin: str | None, snapshot: VaultSnapshot) -> list[PartRow]:
    if plugin is None:
        return list(rows)
    own = [row for row in rows if row.kind == "plugin" and row.slug == plugin]
    if not own:
        raise UsageError(
            f"there is no plugin {safe(plugin)!r} in snapshot {snapshot.id}",
            "the slug is the name of its manifest",
        )
    return own


def merged(loaded: Sequence[Tree]) -> list[Node]:
    """The entries of all trees, with paths relative to the project. Raises Damaged if they
    contradict each other."""
    nodes: list[Node] = []
    folders: set[str] = set()
    for tree in loaded:
        for node in tree.nodes:
            path = _under(tree.path, node.path)
            if node.kind == "d":
                if path in folders:
                    continue
                folders.add(path)
            nodes.append(replace(node, path=path))
    trees.check(nodes)
    return nodes


def _under(base: str, path: str) -> str:
    if base == ".":
        return path
    return base if path == "." else f"{base}/{path}"


def _write(
    place: Place, destination: Destination, nodes: Sequence[Node], stored: Mapping[str, int]
) -> Iterator[int]:
    """Write every file; yields bytes. A piece that is many files travels once."""
    single: dict[str, list[Node]] = {}
    for node in nodes:
        if node.kind != "f":
            continue
        if not node.chunks:
            if node.hash != objects.EMPTY or node.size:
                raise Damaged(f"{node.path!a} has no content in its tree")
            os.close(destination.create(node.path, node.mode))
        elif len(node.chunks) == 1:
            single.setdefault(node.chunks[0], []).append(node)
        else:
            yield from _write_long(place, destination, node, stored)
    for hash_, data in transfer.content(place, single, stored):
        for node in single[hash_]:
            if node.hash != hash_ or node.size != len(data):
                raise Damaged(f"{node.path!a} is not what its tree says")
            _put_new(destination, node, data)
            yield len(data)


def _write_long(
    place: Place, destination: Destination, node: Node, stored: Mapping[str, int]
) -> Iterator[int]:
    total, size = hashlib.sha256(), 0
    file = destination.create(node.path, node.mode)
    try:
        for _, data in transfer.content(place, node.chunks, stored):
            total.update(data)
            size += len(data)
            atomic.write_all(file, data)
            yield len(data)
    finally:
        os.close(file)
    if total.hexdigest() != node.hash or size != node.size:
        raise Damaged(f"{node.path!a} is not what its tree says")


def _notices(nodes: Sequence[Node]) -> tuple[str, ...]:
    special = sum(node.kind == "f" and node.mode > 0o777 for node in nodes)
    return (f"{some(special, 'file')} lost the setuid or setgid bit",) if special else ()
