"""`drill`: the newest snapshot is restored into a temporary folder, as in an emergency, and every
file is compared with the snapshot's hash and with the project as it stands."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from msgspec import Struct

from nightpress.clock import Clock, RealClock
from nightpress.errors import UnsafePath
from nightpress.storage import sqlite
from nightpress.text import safe, some
from nightpress.vault import inventory, read_files, restore, transfer
from nightpress.vault.place import Place
from nightpress.vault.source import Listener, Source, silent
from nightpress.vault.trees import Node

MOST_SECONDS = 30 * 60.0
"""A recovery that takes longer has failed."""


class DrillResult(Struct, frozen=True):
    """How a recovery would go. seconds: the time to recovery; broken: files that are not what the
    snapshot says; moved: files that the project has changed, added or lost since; missing: files
    that did not travel."""

    snapshot: str
    place: str
    off_site: bool
    seconds: float
    plugins: int
    files: int
    bytes: int
    broken: tuple[str, ...]
    moved: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    limit: float = MOST_SECONDS

    @property
    def ok(self) -> bool:
        return not self.broken and self.seconds <= self.limit

    def line(self) -> str:
        verdict = "PASSED" if self.ok else "FAILED"
        return (
            f"drill {verdict}: {some(self.plugins, 'plugin')}, {some(self.files, 'file')},"
            f" {self.bytes:,} bytes"
            f" recovered from {self.snapshot} in {self.seconds:.1f} s, every hash compared"
            f" <- {self.place}"
        )

    def lines(self) -> list[str]:
        """Everything that is worth telling, `line()` last."""
        notes = [f"NOT what the snapshot says: {safe(path)}" for path in self.broken[:20]]
        if self.moved:
            few = ", ".join(safe(path) for path in self.moved[:5])
            notes.append(f"{len(self.moved):,} files have changed since the backup: {few}")
        if self.missing:
            notes.append(f"a restore would lack {len(self.missing):,} files:")
            notes += [f"  {safe(path)}: {safe(why)}" for path, why in self.missing[:50]]
            if (more := len(self.missing) - 50) > 0:
                notes.append(f"  ... and {more:,} more")
        if self.seconds > self.limit:
            notes.append(f"it took {self.seconds:.0f} s, more than {self.limit:.0f}")
        return [*notes, self.line()]


def drill(
    place: Place,
    source: Source,
    *,
    snapshot: str | None = None,
    progress: Listener = silent,
    clock: Clock | None = None,
    limit: float = MOST_SECONDS,
) -> DrillResult:
    """Restore the newest snapshot, or the named one, compare it, and remove it again."""
    clock = clock or RealClock()
    began = clock.monotonic()
    with tempfile.TemporaryDirectory(prefix="nightpress-drill-") as folder:
        dest = Path(folder) / "recovered"
        back = restore.restore_all(place, dest, snapshot=snapshot, progress=progress, clock=clock)
        seconds = clock.monotonic() - began
        rows = inventory.parts(place, back.snapshot)
        loaded, _ = transfer.load(place, [row.tree for row in rows])
        nodes = restore.merged([loaded[row.tree] for row in rows])
        broken = [node.path for node in nodes if not _matches(dest, node)]
        # the ledger is a copy: its bytes differ from the live file's
        ledger = source.ledger.relative_to(source.root).as_posix() if source.ledger else None
        if ledger and (dest / ledger).is_file() and not sqlite.is_sound(dest / ledger):
            broken.append(ledger)
        moved = [n.path for n in nodes if n.path != ledger and not _matches(source.root, n)]
        _writable(dest)
    return DrillResult(
        back.snapshot, place.name, place.off_site, seconds, back.plugins, back.files, back.bytes,
        tuple(broken), tuple(moved), tuple((n.path, n.text) for n in nodes if n.kind == "x"), limit,
    )  # fmt: skip


def _matches(root: Path, node: Node) -> bool:
    """Does what stands below `root` have this entry's kind, content and permission bits?"""
    if node.kind == "x":
        return True
    path = f"{root}/{node.path}"
    try:
        status = os.lstat(path)
        if node.kind == "l":
            return stat.S_ISLNK(status.st_mode) and os.readlink(path) == node.text
        if stat.S_IMODE(status.st_mode) & 0o777 != node.mode & 0o777:
            return False
        if node.kind == "d":
            return stat.S_ISDIR(status.st_mode)
        return status.st_size == node.size and _hash(root, node.path) == node.hash
    except (OSError, UnsafePath):
        return False


def _hash(root: Path, path: str) -> str:
    with os.fdopen(read_files.open_file(root, path), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _writable(root: Path) -> None:
    """Let the temporary folder be removed: a restored folder may forbid it."""
    root.chmod(0o700)
    for folder, children, _ in os.walk(root):
        for child in children:
            path = Path(folder, child)
            if not path.is_symlink():
                path.chmod(0o700)
