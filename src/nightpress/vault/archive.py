"""`archive`: a snapshot as plain files, for people who want files.

A folder with plugins-STAMP.tar.gz (the plugins and the project's own files; the same snapshot
gives the same tar), enhancements-STAMP.db (the ledger), plugin-inventory.json, SHA256SUMS and
RECOVERY.md. STAMP is when the snapshot was taken.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, cast

from msgspec import Struct

from nightpress.errors import UsageError
from nightpress.text import safe
from nightpress.vault import inventory, restore, schema, transfer
from nightpress.vault.inventory import PartRow, VaultSnapshot
from nightpress.vault.place import Damaged, Place
from nightpress.vault.trees import Node, Tree

EPOCH = 315_532_800
"""The date of every file in the archive: 1980-01-01, so that content alone decides the bytes."""


class ArchiveResult(Struct, frozen=True):
    """What was written. files: (name, bytes, sha256); tar_sha256: of the uncompressed tar."""

    folder: str
    snapshot: str
    files: tuple[tuple[str, int, str], ...]
    tar_sha256: str
    partial: bool

    def line(self) -> str:
        total = sum(size for _, size, _ in self.files)
        partial = " (partial)" if self.partial else ""
        return (
            f"archived {self.snapshot}{partial}: {len(self.files)} files, {total:,} bytes"
            f" -> {safe(self.folder)}"
        )


def archive(place: Place, parent: Path, *, snapshot: str | None = None) -> ArchiveResult:
    """Write the newest snapshot, or the named one, into a new folder `parent/nightpress-STAMP`."""
    snapshot_row = inventory.choose(place, snapshot)
    stamp = f"{datetime.fromisoformat(snapshot_row.taken).astimezone(UTC):%Y%m%d-%H%M%S}"
    folder = parent / f"nightpress-{stamp}"
    if folder.exists():
        raise UsageError(f"{safe(str(folder))} already exists", "remove it to write it again")
    stage = parent / f".nightpress-{stamp}-{token_hex(4)}"
    stage.mkdir(parents=True)
    try:
        tar_sha256 = _fill(place, stage, stamp, snapshot_row)
        os.sync()  # the content is durable before the name is
        stage.rename(folder)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    files = tuple((p.name, p.stat().st_size, _sha256(p)) for p in sorted(folder.iterdir()))
    return ArchiveResult(str(folder), snapshot_row.id, files, tar_sha256, snapshot_row.partial)


def _fill(place: Place, stage: Path, stamp: str, snapshot: VaultSnapshot) -> str:
    rows = inventory.parts(place, snapshot.id)
    loaded, stored = transfer.load(place, [row.tree for row in rows])
    tree_of = {(row.kind, row.slug): loaded[row.tree] for row in rows}
    nodes = restore.merged([loaded[row.tree] for row in rows if row.kind != "ledger"])
    whole = restore.merged([loaded[row.tree] for row in rows])
    note = restore.note(place, snapshot, rows, loaded, whole)
    tar_sha256 = _tar(place, stage / f"plugins-{stamp}.tar.gz", nodes, stored, note)
    ledger = tree_of.get(("ledger", "ledger"))
    for node in ledger.nodes if ledger else ():
        if node.kind == "f":
            with (stage / f"enhancements-{stamp}.db").open("xb") as file:
                for _, data in transfer.content(place, node.chunks, stored):
                    file.write(data)
    overview = _inventory(snapshot, rows, tree_of, tar_sha256)
    (stage / "plugin-inventory.json").write_text(json.dumps(overview, indent=1) + "\n")
    has_ledger = (stage / f"enhancements-{stamp}.db").exists()
    (stage / "RECOVERY.md").write_text(_recovery(snapshot, stamp, has_ledger))
    sums = "".join(f"{_sha256(path)}  {path.name}\n" for path in sorted(stage.iterdir()))
    (stage / "SHA256SUMS").write_text(sums)
    return tar_sha256


class _Hashing(io.RawIOBase):
    """Writes on, and hashes what it writes."""

    def __init__(self, inner: IO[bytes]) -> None:
        self.inner = inner
        self.total = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.total.update(data)
        self.inner.write(data)
        return len(data)


class _Pieces(io.RawIOBase):
    """A file of the vault as tarfile reads one."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self.total = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self.total.update(piece)
            self._rest += piece
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def _tar(
    place: Place,
    path: Path,
    nodes: Sequence[Node],
    stored: dict[str, int],
    note: tuple[Node, bytes] | None,
) -> str:
    """Write the tar.gz; sha256 of the tar inside. noted: one more file, for its end."""
    ordered = sorted((n for n in nodes if n.kind != "x"), key=lambda n: n.path)
    every = transfer.content(place, (c for n in ordered for c in n.chunks), stored)
    with (
        path.open("xb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=0) as squeezed,
    ):
        out = _Hashing(cast("IO[bytes]", squeezed))
        with tarfile.open(
            fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, encoding="utf-8",
            errors="surrogateescape",
        ) as tar:  # fmt: skip
            for node in ordered:
                _add(tar, node, every)
            if note is not None:
                _add(tar, note[0], iter([(note[0].hash, note[1])]))
    return out.total.hexdigest()


def _add(tar: tarfile.TarFile, node: Node, every: Iterator[tuple[str, bytes]]) -> None:
    member = tarfile.TarInfo(node.path)
    member.mtime, member.mode = EPOCH, node.mode & 0o777
    if node.kind == "d":
        member.type = tarfile.DIRTYPE
        tar.addfile(member)
    elif node.kind == "l":
        member.type, member.linkname, member.mode = tarfile.SYMTYPE, node.text, 0o777
        tar.addfile(member)
    else:
        member.size = node.size
        content = _Pieces(next(every)[1] for _ in node.chunks)
        tar.addfile(member, content)
        if content.total.hexdigest() != node.hash:
            raise Damaged(f"{node.path!a} is not what its tree says")


def _inventory(
    snapshot: VaultSnapshot,
    rows: Sequence[PartRow],
    tree_of: dict[tuple[str, str], Tree],
    tar_sha256: str,
) -> dict[str, Any]:
    plugins = []
    for row in rows:
        tree = tree_of[row.kind, row.slug]
        plugins.append({
            "kind": row.kind, "slug": row.slug, "name": row.name, "category": row.category,
            "version": row.version, "path": row.path, "files": row.files, "bytes": row.bytes,
            "digest": row.tree,
            "contents": [
                {"path": n.path, "bytes": n.size, "sha256": n.hash}
                for n in tree.nodes if n.kind == "f"
            ],
            "not_backed_up": [{"path": n.path, "why": n.text} for n in tree.left_out],
        })  # fmt: skip
    return {
        "snapshot": snapshot.id, "taken": snapshot.taken, "tool": snapshot.tool,
        "partial": snapshot.partial, "tar_sha256": tar_sha256, "parts": plugins,
    }  # fmt: skip


def _recovery(snapshot: VaultSnapshot, stamp: str, has_ledger: bool) -> str:
    copy = (
        f"mkdir -p project/.nightpress && cp enhancements-{stamp}.db project/.nightpress/ledger.db"
    )
    last = "`pip install nightpress`, then `doit` in `project`: it finds everything up to date."
    mine = f"3. `{copy}`\n4. {last}" if has_ledger else f"3. {last}"
    steps = "\n".join(f"{number}. {what}" for number, what in enumerate(schema.RECOVERY, 1))
    return f"""# Recovery

This folder is snapshot {snapshot.id}, taken {snapshot.taken}: {snapshot.plugins} plugins,
{snapshot.files} files, {snapshot.bytes} bytes.

## From this folder

1. `sha256sum -c SHA256SUMS`
2. `mkdir project && tar -xzpf plugins-{stamp}.tar.gz -C project`
{mine}

## From the vault

{steps}
"""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
