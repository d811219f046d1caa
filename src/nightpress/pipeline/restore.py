"""Bringing a plugin back: from its snapshots, and what was published since; else from the vault.

A restore is preceded by a snapshot of what it takes away, and never picks such a one by itself: the
same command twice does the same. Where nothing but our own publications, as they were made, differs
from the snapshot, they are taken back; where anything was lost or damaged, the plugin comes back as
it last stood. A snapshot may have been taken after the loss: a document that is on record, and that
no restore took away, comes back from another copy, or the restore fails.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from nightpress import vault
from nightpress.errors import NightpressError, UnsafePath, UsageError
from nightpress.ledger import attempts
from nightpress.model import Status
from nightpress.pipeline import copies
from nightpress.pipeline.pipeline import Press
from nightpress.pipeline.run import Run
from nightpress.plan import PluginState, history
from nightpress.project import Project, yaml_read
from nightpress.storage import DISPLACED, Snapshot, Snapshots, atomic, mirror, tree
from nightpress.text import safe, some, suggestion
from nightpress.vault import project as vaults

MOST_SECONDS = 5 * 60.0
"""A plugin that takes longer to bring back is told as a failure, though it is back."""

RESTORED = "as it was restored"
"""The label of what a restore has put together: the next one finds it."""


class _Publication(Struct, frozen=True):
    """A document that is on record. target: relative to the plugin; snapshot: what stood before;
    ours: was it published, and not adopted?"""

    job: str
    target: str
    sha256: str
    snapshot: str | None
    ours: bool


class _Missing(Struct, frozen=True):
    """Documents on record that the snapshot lacks: those that another copy has, and the others,
    with where they were looked for."""

    found: tuple[_Publication, ...] = ()
    lost: tuple[tuple[_Publication, str], ...] = ()

    def lines(self) -> Iterator[str]:
        for one in self.found:
            lacks = "this snapshot lacks it, or has it damaged"
            yield f"{safe(one.target)}: {lacks}; it comes from another copy"
        for one, where in self.lost:
            again = "nightpress build makes it again" if one.ours else "what git tracks: git log"
            yield (
                f"NOT RESTORED: {safe(one.target)}: no snapshot has it as it is on record"
                f" (sha256 {one.sha256[:12]}), {where}; {again}"
            )


def rows(project: Project, plugin: str | None) -> list[dict[str, Any]]:
    """The snapshots there are, newest first."""
    snapshots = Snapshots(project.state / "snapshots").listed(plugin)
    return [
        {
            "id": s.id, "plugin": s.slug, "taken": s.taken, "label": s.label, "files": s.files,
            "run": s.run_id, "left_out": list(s.left_out),
        }
        for s in snapshots
    ]  # fmt: skip


def restore(run: Run, press: Press, plugin: str, snapshot_id: str | None) -> tuple[list[str], bool]:
    """Bring the plugin back: the lines that say what was done, and whether every document that is
    on record stands again, and it took no longer than it may."""
    project, snapshots = run.project, press.snapshots
    began = project.clock.monotonic()
    own = snapshots.listed(plugin)
    usable = [one for one in own if not one.displaced]
    if snapshot_id is not None:
        chosen = snapshots.get(snapshot_id, plugin)
    elif not usable or _is_older(project, press.plugin(plugin), own, usable[0]):
        lines, whole = _from_vault(run, press, plugin, is_newest=bool(usable))
        return lines, whole and project.clock.monotonic() - began <= MOST_SECONDS
    else:
        chosen = usable[0]
    state = press.plugin(plugin)
    place = _place(project, plugin, state, own)
    state.root = root = project.root / place
    # gone, or damaged until it is no mapping
    undeclared = yaml_read.peek(project.manifests / f"{plugin}.yaml") is None
    since: tuple[_Publication, ...] = ()
    missing = _Missing()
    if snapshot_id is None:
        since = tuple(_since(project, plugin, place, own, chosen, snapshots))
        there = {entry.path for entry in chosen.entries} | {one.target for one in since}
        there -= set(_damaged(project, plugin, place, chosen, snapshots))
        if not undeclared and not _lost(root, chosen, since):
            since = ()
        missing = _missing(project, state, place, own, there, snapshots)
    before = None
    if root.is_dir():
        before = copies.take(project, snapshots, state, DISPLACED, run.begin())
    wanted = including(chosen, _hashes((*since, *missing.found)))
    changed = put(snapshots, plugin, wanted, root, before)
    if undeclared:
        changed += _declare(project, plugin, chosen, snapshots)
    if wanted != chosen:
        copies.take(project, snapshots, state, RESTORED, run.begin())
    run.tell("notice", f"{plugin} was restored from snapshot {chosen.id}", quiet=True)
    seconds = project.clock.monotonic() - began
    lines = _told(plugin, chosen, since, before, changed, seconds, missing)
    return lines, not missing.lost and seconds <= MOST_SECONDS


def put(
    snapshots: Snapshots, plugin: str, wanted: Snapshot, root: Path, before: Snapshot | None
) -> list[str]:
    """Make the plugin what the snapshot has; what changed."""
    try:
        return snapshots.restore(wanted, root, before)
    except OSError as error:
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        again = f"doit restore --plugin {plugin} --snapshot {wanted.id} goes on with it"
        message = f"{plugin}: part of it is as before: {where}{error.strerror or error}"
        raise NightpressError(message, again) from error


def _told(
    plugin: str, chosen: Snapshot, since: Sequence[_Publication], before: Snapshot | None,
    changed: Sequence[str], seconds: float, missing: _Missing,
) -> list[str]:  # fmt: skip
    """The lines that say what was done."""
    but = f", but for {some(len(missing.lost), 'document')}," if missing.lost else ""
    lines = [*changed[:20], *([f"... and {len(changed) - 20} more"] if len(changed) > 20 else [])]
    if since:
        count = "1 document" if len(since) == 1 else f"{len(since)} documents"
        lines.append(
            f"this is its last state, with {count} published; for its state before that:"
            f" doit restore --plugin {plugin} --snapshot {chosen.id}"
        )
    lines.append(
        f"{plugin}: restored{but} from {chosen.id} of {chosen.taken}"
        f" ({some(len(changed), 'change')}) in {seconds:.1f} s"
    )
    lines += missing.lines()
    if seconds > MOST_SECONDS:
        lines.append(f"that is more than the {MOST_SECONDS:.0f} s that a restore may take")
    if before is not None:
        undo = f"doit restore --plugin {plugin} --snapshot {before.id}"
        lines.append(f"the state before this restore is in snapshot {before.id}: {undo}")
    lines += [f"not in the snapshot: {safe(what)}" for what in chosen.left_out]
    return lines


# --- as it last was ---


def _since(
    project: Project, plugin: str, place: str, own: Sequence[Snapshot], chosen: Snapshot,
    snapshots: Snapshots,
) -> Iterable[_Publication]:  # fmt: skip
    """What was published after the chosen snapshot, and was taken away by no restore."""
    later = own[: own.index(chosen) + 1]
    displaced = [number for number, one in enumerate(later) if one.displaced]
    newest = displaced[0] if displaced else len(later)
    standing = {one.id for one in later[:newest]} | ({chosen.id} if not displaced else set())
    held = {entry.path for entry in chosen.entries}
    for one in _documents(project, plugin, place):
        if not one.ours:
            continue
        if one.snapshot is None:  # the ledger is lost: what the snapshot lacks came later
            known = not displaced and one.target not in held
        else:
            known = one.snapshot in standing
        if known and snapshots.kept(one.sha256) is not None:
            yield one


def _damaged(
    project: Project, plugin: str, place: str, chosen: Snapshot, snapshots: Snapshots
) -> Iterator[str]:
    """Documents of ours that the snapshot has as something damaged them."""
    held = {entry.path: entry.text for entry in chosen.entries if entry.kind == "file"}
    for one in _documents(project, plugin, place):
        if not one.ours or held.get(one.target, one.sha256) == one.sha256:
            continue
        now = snapshots.kept(held[one.target])
        if now is not None and history.is_damaged(now, snapshots.kept(one.sha256)):
            yield one.target


def _missing(
    project: Project, state: PluginState, place: str, own: Sequence[Snapshot],
    there: Collection[str], snapshots: Snapshots,
) -> _Missing:  # fmt: skip
    """The documents on record that are not `there`, and that no restore took away; their bytes
    are kept among the snapshots' then."""
    listed = {entry.target for entry in project.lock().of(state.slug)}
    found, lost = list[_Publication](), list[tuple[_Publication, str]]()
    for one in _documents(project, state.slug, place):
        unlisted = project.lock_path.exists() and f"{place}/{one.target}" not in listed
        dropped = unlisted or _undeclared(one, state)
        if one.target in there or dropped or _taken_away(one, own):
            continue
        if snapshots.kept(one.sha256) is None:
            data, where = _content_in_vault(project, one.sha256)
            if data is None:
                lost.append((one, where))
                continue
            snapshots.keep(data)
        found.append(one)
    return _Missing(tuple(found), tuple(lost))


def _undeclared(one: _Publication, state: PluginState) -> bool:
    """Did somebody take it out of the manifest? (That a reference is not declared may only be
    because its component is lost, too.)"""
    declared = {document.enhancement.target for document in state.states.values()}
    is_reference = "." in one.job.partition("/")[2]
    return bool(declared) and one.target not in declared and not is_reference


def _taken_away(one: _Publication, own: Sequence[Snapshot]) -> bool:
    """Was it a restore that took it away? Then the newest snapshot with it holds what a restore
    displaced, and what that put in its place lacks it. own: newest first."""
    at = next((n for n, s in enumerate(own) if s.id == one.snapshot or _holds(s, one)), None)
    if at is None or own[at].id == one.snapshot or not own[at].displaced:
        return False
    put = next((s for s in own[at:] if not s.displaced), None)
    return put is not None and not _holds(put, one)


def _holds(snapshot: Snapshot, one: _Publication) -> bool:
    return any(entry.path == one.target and entry.text == one.sha256 for entry in snapshot.entries)


def _documents(project: Project, plugin: str, place: str) -> Iterable[_Publication]:
    """The plugin's documents that stand, by the ledger; by the lock file where that is silent."""
    told = set()
    if project.has_ledger:
        for row in attempts.standing_of(project.ledger, plugin):
            told.add(row.target_path)
            if row.plugin_path == place and row.content_sha256:
                ours = row.status == Status.PUBLISHED
                yield _Publication(row.job, row.target, row.content_sha256, row.snapshot_id, ours)
    for entry in project.lock().values():
        inside = entry.target.startswith(f"{place}/") and entry.job.startswith(f"{plugin}/")
        if inside and entry.target not in told:
            ours = entry.status == Status.PUBLISHED
            yield _Publication(entry.job, entry.target[len(place) + 1 :], entry.sha256, None, ours)


def _lost(root: Path, chosen: Snapshot, since: Iterable[_Publication]) -> bool:
    """Is anything gone, or other than the snapshot and what was published since? New files are no
    loss."""
    ours = _hashes(since)
    files = {entry.path: entry.text for entry in chosen.entries if entry.kind == "file"}
    for path, sha256 in (files | ours).items():
        try:
            data = tree.read(root, path, mirror.CAP)
        except (OSError, UnsafePath):
            return True
        if hashlib.sha256(data).hexdigest() != sha256:
            return True
    return False


def _hashes(documents: Iterable[_Publication]) -> dict[str, str]:
    return {one.target: one.sha256 for one in documents}


def including(chosen: Snapshot, documents: Mapping[str, str]) -> Snapshot:
    """The snapshot with these documents in it; documents: path -> sha256."""
    entries = {entry.path: entry for entry in chosen.entries}
    for path, sha256 in documents.items():
        mode = entries[path].mode if path in entries else 0o644
        entries[path] = mirror.Held(path, "file", mode, sha256)
        folder = posixpath.dirname(path)
        while folder:
            entries.setdefault(folder, mirror.Held(folder, "dir", 0o755))
            folder = posixpath.dirname(folder)
    return replace(chosen, entries=tuple(entries.values()))


def _place(project: Project, plugin: str, state: PluginState, own: Sequence[Snapshot]) -> str:
    """The plugin's folder, relative to the project: by its manifest, its snapshots, the record."""
    if state.manifest is not None:
        return state.manifest.path
    if known := next((one.place for one in own if one.place), ""):
        return known
    rows = attempts.standing_of(project.ledger, plugin) if project.has_ledger else []
    if rows:
        return rows[0].plugin_path
    raise NightpressError(
        f"where the folder of {plugin!r} was is not on record, and its manifest is gone",
        "nightpress init writes a manifest for each plugin whose folder exists",
    )


def _declare(project: Project, plugin: str, chosen: Snapshot, snapshots: Snapshots) -> list[str]:
    """Put the manifest back, from the snapshot or the vault; what was done."""
    path = f"manifests/{plugin}.yaml"
    data = snapshots.kept(chosen.manifest) if chosen.manifest else None
    if data is None:
        data = _manifest_in_vault(project, path)
    if data is None:
        return [f"{path} is in no copy: nightpress init writes a new one"]
    return [_write(project, path, data)]


def _write(project: Project, path: str, data: bytes) -> str:
    project.manifests.mkdir(exist_ok=True)
    atomic.write(project.root / path, data, 0o644)
    return f"restored {safe(path)}"


# --- from the vault ---


def _is_older(
    project: Project, state: PluginState, own: Sequence[Snapshot], chosen: Snapshot
) -> bool:
    """Is all of the plugin gone, and has the vault a newer copy of it?"""
    if (project.root / _place(project, state.slug, state, own)).is_dir():
        return False
    try:
        place = vaults.place(project)
        try:
            newest = next(iter(vault.snapshots(place)), None)
            if newest is None or _moment(newest.taken) <= _moment(chosen.taken):
                return False
            parts = vault.parts(place, newest.id)
            return any(part.kind == "plugin" and part.slug == state.slug for part in parts)
        finally:
            place.close()
    except NightpressError:  # what is at hand comes back all the same
        return False


def _moment(taken: str) -> float:
    return datetime.fromisoformat(taken).timestamp()


def _from_vault(
    run: Run, press: Press, plugin: str, *, is_newest: bool = False
) -> tuple[list[str], bool]:
    """The plugin from the vault's newest snapshot: nothing of ours has ever modified it, or that is
    newer than what is at hand (is_newest). And the documents that this lacks: the backup may have
    been made after the loss, or they since."""
    project = run.project
    place = vaults.place(project)
    try:
        newest = next(iter(vault.snapshots(place)), None)
        held = vault.parts(place, newest.id) if newest is not None else []
        mine = next((p for p in held if p.kind == "plugin" and p.slug == plugin), None)
        if newest is None or mine is None:
            slugs = [part.slug for part in held if part.kind == "plugin"]
            raise _nowhere(press, plugin, place.name, slugs, empty=newest is None)
        state = press.plugin(plugin)
        state.root = project.root / mine.path
        lines: list[str] = []
        if state.root.is_dir():
            before = copies.take(project, press.snapshots, state, DISPLACED, run.begin())
            undo = f"doit restore --plugin {plugin} --snapshot {before.id}"
            lines.append(f"the state before this restore is in snapshot {before.id}: {undo}")
        back = vault.restore_all(
            place, project.root, snapshot=newest.id, plugin=plugin, overwrite=True,
            clock=project.clock,
        )  # fmt: skip
        path = f"manifests/{plugin}.yaml"
        if not (project.root / path).exists():
            data = vault.file_of(place, newest.id, path)
            gone = f"{path} is in no copy: nightpress init writes a new one"
            lines.append(_write(project, path, data) if data is not None else gone)
    finally:
        place.close()
    run.tell("notice", f"{plugin} was restored from {place.name}", quiet=True)
    why = (
        "its newest copy is a backup"
        if is_newest
        else "no run has changed it, so there is no snapshot of it"
    )
    none = f"{plugin}: {why}: it comes from the vault"
    missing = _missing_still(run, press, state, mine.path)
    return [none, *lines, *missing.lines(), *back.lines()], not missing.lost


def _missing_still(run: Run, press: Press, state: PluginState, place: str) -> _Missing:
    """Bring the documents on record that the vault's newest snapshot lacks."""
    now = copies.take(run.project, press.snapshots, state, DISPLACED, run.begin())
    there = {entry.path for entry in now.entries}
    missing = _missing(run.project, state, place, (), there, press.snapshots)
    if missing.found:
        put(press.snapshots, state.slug, including(now, _hashes(missing.found)), state.root, now)
    return missing


def _content_in_vault(project: Project, sha256: str) -> tuple[bytes | None, str]:
    """(the bytes, and if there are none: why)."""
    try:
        place = vaults.place(project)
        try:
            return vault.content_of(place, sha256), f"nor has the vault {place.name}"
        finally:
            place.close()
    except NightpressError as error:  # the rest of the plugin comes back all the same
        return None, f"and the vault cannot be asked: {error.message}"


def _manifest_in_vault(project: Project, path: str) -> bytes | None:
    place = vaults.place(project)
    try:
        newest = next(iter(vault.snapshots(place)), None)
        return vault.file_of(place, newest.id, path) if newest is not None else None
    finally:
        place.close()


def _nowhere(
    press: Press, plugin: str, where: str, slugs: Iterable[str], *, empty: bool
) -> NightpressError:
    """empty: is no backup there at all? Then .nightpress may be lost, with the vault in it."""
    known = {*slugs, *(one.slug for one in press.snapshots.listed())}
    mistyped = suggestion(plugin, sorted(known), lead="; ")
    hint = "see: doit restore --list, doit backups; what git tracks: git restore PATH"
    if empty and not mistyped:
        copy = "VAULT is a copy of .nightpress/vault.db, or the URL of a Turso database"
        hint += f"\n        from another vault: nightpress restore-all VAULT . --overwrite ({copy})"
    return UsageError(
        f"there is no snapshot of {plugin!r}, and it is not in the vault {where}{mistyped}", hint
    )
