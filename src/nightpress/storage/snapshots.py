"""Snapshots: a plugin as it stood, content-addressed, taken before it is modified.

`objects/ab/cdef...` holds each file's bytes once, under their sha256; `trees/SLUG/ID.json` lists
types, modes and links. A tree is written after its objects are durable, so a snapshot that is
listed is complete. Nothing here follows a link or reads a special file.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct, to_builtins

from nightpress.errors import NightpressError, UnsafePath, UsageError
from nightpress.storage import atomic, mirror, private
from nightpress.storage import tree as reading
from nightpress.storage.mirror import CAP, IGNORE, Held
from nightpress.text import safe

DISPLACED = "before a restore"
"""The label of what a restore has taken away: no restore picks that by itself."""


class Snapshot(Struct, frozen=True):
    """A listed snapshot. taken: ISO 8601, UTC; left_out: what it does not hold, and why; place: the
    plugin's folder, relative to the project, and manifest: sha256 of its manifest's copy ("": not
    known, as in snapshots of older releases)."""

    id: str
    slug: str
    taken: str
    label: str
    run_id: str
    entries: tuple[Held, ...]
    left_out: tuple[str, ...] = ()
    place: str = ""
    manifest: str = ""

    @property
    def displaced(self) -> bool:
        """Does it hold what a restore has taken away?"""
        return self.label == DISPLACED

    @property
    def files(self) -> int:
        return sum(entry.kind == "file" for entry in self.entries)


def _nothing(_path: str) -> bool:
    return False


class Snapshots:
    """The snapshots in one folder."""

    def __init__(self, folder: Path) -> None:
        self.objects = folder / "objects"
        self.trees = folder / "trees"
        self._restoring = folder / "restoring.json"
        self._made: set[Path] = set()

    def take(
        self,
        root: Path,
        slug: str,
        label: str,
        now: float,
        run_id: str,
        *,
        without: Callable[[str], bool] = _nothing,
        place: str = "",
        manifest: bytes | None = None,
    ) -> Snapshot:
        """Copy the plugin in `root` as it stands; an unchanged file costs no space again.

        now: epoch seconds; without: paths that are not the plugin's; place: `root`, relative to the
        project; manifest: the bytes of its manifest. Raises OSError when the disk refuses, and then
        lists nothing.
        """
        tree = reading.walk(root, IGNORE)
        left_out = [str(notice) for notice in tree.notices]
        folders: set[Path] = set()
        entries = []
        for entry in (entry for entry in tree.files if not without(entry.path)):
            try:
                copy = self._hold(root, entry, folders)
            except (UnsafePath, FileNotFoundError, PermissionError) as error:
                left_out.append(f"{safe(entry.path)}: {error}")
                continue
            if copy is not None:
                entries.append(copy)
        declared = hashlib.sha256(manifest).hexdigest() if manifest is not None else ""
        if manifest is not None:
            self._store(declared, manifest, folders)
        for folder in folders:
            atomic.sync_folder(folder)
        moment = datetime.fromtimestamp(now, UTC)
        snapshot = Snapshot(
            f"{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}", slug,
            moment.isoformat(timespec="seconds"), label, run_id, tuple(entries), tuple(left_out),
            place, declared,
        )  # fmt: skip
        self._write_tree(snapshot)
        return snapshot

    def listed(self, slug: str | None = None) -> list[Snapshot]:
        """The snapshots, newest first."""
        paths = self.trees.glob(f"{_checked(slug)}/*.json" if slug else "*/*.json")
        snapshots = [
            (self._load(path), path.stat().st_mtime_ns)
            for path in paths
            if not path.name.startswith(".")
        ]
        # several of one second in the order in which they were written
        snapshots.sort(key=lambda one: (one[0].taken, one[1], one[0].id), reverse=True)
        return [snapshot for snapshot, _ in snapshots]

    def get(self, snapshot_id: str, slug: str | None = None) -> Snapshot:
        """The snapshot of that id; UsageError if there is none."""
        for path in self.trees.glob(f"{_checked(slug) if slug else '*'}/*.json"):
            if path.stem == snapshot_id:
                return self._load(path)
        raise UsageError(f"there is no snapshot {safe(snapshot_id)!r}", "see: doit restore --list")

    def contains(
        self, snapshot_id: str, path: str, sha256: str | None, slug: str | None = None
    ) -> bool:
        """Does the snapshot hold exactly these bytes at this path (None: no file)?"""
        files = {e.path: e for e in self.get(snapshot_id, slug).entries if e.kind == "file"}
        if sha256 is None:
            return path not in files
        return path in files and files[path].text == sha256 and self._object(sha256).is_file()

    def read(self, snapshot_id: str, path: str, slug: str | None = None) -> bytes | None:
        """The bytes of a file in the snapshot, verified; None if it holds no such file.

        slug: whose snapshot it is, where that is known (among 10,000 plugins it is found at once).
        """
        for entry in self.get(snapshot_id, slug).entries:
            if entry.path == path and entry.kind == "file":
                return self._verified(entry)
        return None

    def restore(self, snapshot: Snapshot, root: Path, saved: Snapshot | None) -> list[str]:
        """Make `root` what the snapshot holds; what changed, as lines.

        saved: the snapshot of what stands there now. What it could not hold (a file over CAP, a
        hard link that leads out) stays. Every object is verified before the first byte of `root`
        is touched.
        """
        contents = {e.path: self._verified(e) for e in snapshot.entries if e.kind == "file"}
        note = {
            "slug": snapshot.slug, "id": snapshot.id,
            "root": os.path.relpath(root, self._restoring.parent),
        }  # fmt: skip
        atomic.write(self._restoring, json.dumps(note).encode("ascii"), private.FILE)
        try:
            changed = mirror.mirror(
                root, snapshot.entries, contents, saved.entries if saved else ()
            )
        finally:  # whoever called learns of an error; after a kill it is the next run that tells
            self._restoring.unlink()
        return changed

    def unfinished(self) -> tuple[str, str] | None:
        """(slug, id) of a restore that did not come to its end; what it left is removed."""
        atomic.sweep_own(self._restoring)
        try:
            note = json.loads(self._restoring.read_bytes())
            root, snapshot = self._restoring.parent / note["root"], (note["slug"], note["id"])
        except FileNotFoundError:
            return None
        if root.is_dir():
            mirror.sweep(root)
        self._restoring.unlink()
        return snapshot

    def bring(self, other: Snapshots, snapshot_id: str, slug: str) -> None:
        """Copy a snapshot from another folder, every byte verified; nothing if it is here."""
        if (self.trees / _checked(slug) / f"{snapshot_id}.json").is_file():
            return
        snapshot, folders = other.get(snapshot_id, slug), set[Path]()
        for entry in snapshot.entries:
            if entry.kind == "file":
                self._store(entry.text, other._verified(entry), folders)
        if snapshot.manifest and (declared := other.kept(snapshot.manifest)) is not None:
            self._store(snapshot.manifest, declared, folders)
        for folder in folders:
            atomic.sync_folder(folder)
        self._write_tree(snapshot)

    def keep(self, data: bytes) -> None:
        """Keep bytes that belong to no snapshot: what we published, the base of a later merge."""
        sha256 = hashlib.sha256(data).hexdigest()
        folders: set[Path] = set()
        self._store(sha256, data, folders)
        for folder in folders:
            atomic.sync_folder(folder)

    def kept(self, sha256: str) -> bytes | None:
        """The bytes with that hash, verified; None if they are not here."""
        try:
            data = self._object(sha256).read_bytes()
        except FileNotFoundError:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def sweep(self) -> None:
        """Remove the temporary files of a process that was killed; the caller holds the lock."""
        for path in (*self.objects.glob("*/.*"), *self.trees.glob("*/.*.tmp")):
            path.unlink(missing_ok=True)

    # --- inside ---

    def _hold(self, root: Path, entry: reading.Entry, folders: set[Path]) -> Held | None:
        mode = stat.S_IMODE(entry.mode)
        if entry.kind == "dir":
            return Held(entry.path, "dir", mode)
        if entry.kind == "link":
            return Held(entry.path, "link", 0o777, entry.link_target or "")
        if entry.kind != "file":
            return None
        data = reading.read(root, entry.path, CAP)
        sha256 = hashlib.sha256(data).hexdigest()
        self._store(sha256, data, folders)
        return Held(entry.path, "file", mode, sha256)

    def _object(self, sha256: str) -> Path:
        return self.objects / sha256[:2] / sha256[2:]

    def _store(self, sha256: str, data: bytes, folders: set[Path]) -> None:
        path = self._object(sha256)
        with suppress(FileNotFoundError):
            if path.stat().st_size == len(data) and path.read_bytes() == data:
                return  # a copy that the disk has damaged is written again
        if path.parent not in self._made:
            private.folder(path.parent)
            self._made.add(path.parent)
            folders.add(self.objects)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            atomic.write_new(temporary, data, 0o600)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise OSError(f"{path}: the disk returned different bytes")
        folders.add(path.parent)

    def _write_tree(self, snapshot: Snapshot) -> None:
        folder = self.trees / _checked(snapshot.slug)
        if not folder.is_dir():
            private.folder(folder)
            atomic.sync_folder(self.trees)
        text = json.dumps(to_builtins(snapshot), sort_keys=True, ensure_ascii=True)
        atomic.write(folder / f"{snapshot.id}.json", text.encode("ascii"), private.FILE)

    def _load(self, path: Path) -> Snapshot:
        try:
            fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            entries = tuple(Held(**entry) for entry in fields.pop("entries"))
            return Snapshot(entries=entries, left_out=tuple(fields.pop("left_out")), **fields)
        except (ValueError, KeyError, TypeError) as error:
            raise NightpressError(f"{path}: a damaged snapshot ({error})") from error

    def _verified(self, entry: Held) -> bytes:
        try:
            data = self._object(entry.text).read_bytes()
        except FileNotFoundError:
            data = b""
        if hashlib.sha256(data).hexdigest() != entry.text:
            raise NightpressError(f"{safe(entry.path)}: its copy in the snapshot is damaged")
        return data


def _checked(slug: str | None) -> str:
    if not slug or "/" in slug or slug.startswith("."):
        raise NightpressError(f"{slug!r} is not a plugin")
    return slug
