"""After a crash: every attempt that was left open gets its end, and the user is told.

The table of the update protocol, row by row: `started` never touched the target;
`prepared` may have: the target's own hash says which.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from nightpress import project as contract
from nightpress.errors import PublishConflict, UnsafePath
from nightpress.ledger import RecordedAttempt, attempts, lockfile
from nightpress.model import Status
from nightpress.pipeline import entries, publish, together
from nightpress.pipeline.publish import LockBook
from nightpress.pipeline.run import Run
from nightpress.plan import TargetState, agreement
from nightpress.project import Project
from nightpress.storage import Snapshots, atomic


def reconcile(run: Run) -> None:
    """End the attempts of a run that died, and mend the lock file from the ledger."""
    project = run.project
    rows = project.ledger.open_rows()
    project.ledger.close_runs()
    for skill in rows:
        if skill.target.endswith("/SKILL.md"):
            _settle_together(project, [row for row in rows if _same_bundle(row, skill)])
    for row in rows:
        status, what = settle(project.root, row)
        _end(run, row, status, what)
        run.notice(f"{row.job}: {what} (the last run was killed): {status}")
        if status == Status.PUBLISHED and row.target.endswith("/SKILL.md"):
            book = LockBook(project)
            together.clear_away(run, row.slug, project.root / row.plugin_path, book)
            book.flush()
    atomic.sweep_own(project.lock_path)
    snapshots = Snapshots(project.state / "snapshots")
    snapshots.sweep()
    if (unfinished := snapshots.unfinished()) is not None:
        slug, id_ = unfinished
        run.notice(
            f"{slug}: its restore from {id_} did not finish, part of it is as before;"
            f" to finish it: doit restore --plugin {slug} --snapshot {id_}"
        )
    mend_lock(run)


def settle(root: Path, row: RecordedAttempt) -> tuple[Status, str]:
    """(status, what was found) for one open row; the temporary file is gone afterwards."""
    plugin = root / row.plugin_path
    if plugin.is_dir():
        atomic.sweep(plugin, row.target, row.token or "")
    if row.status == Status.STARTED:
        return Status.INTERRUPTED, "nothing was written"
    try:
        now = publish.standing_hash(plugin, row.target)
    except (UnsafePath, OSError) as error:
        return Status.KEPT, f"the target cannot be read: {error}"
    if now == row.content_sha256:
        return Status.PUBLISHED, "the new file is in place and complete"
    if now == row.before_sha256:
        return Status.INTERRUPTED, "the old file is untouched"
    return Status.KEPT, "the file was edited by hand meanwhile"


def _same_bundle(row: RecordedAttempt, skill: RecordedAttempt) -> bool:
    """Was it about to be published with the skill?"""
    folder = skill.target.removesuffix("SKILL.md")
    same = (row.run_id, row.plugin_path) == (skill.run_id, skill.plugin_path)
    return same and row.status == Status.PREPARED and row.target.startswith(folder)


def _settle_together(project: Project, rows: Sequence[RecordedAttempt]) -> None:
    """Of a bundle that the crash cut in two: put the rest in place, where every file of it is
    staged and nothing was edited; else put back what stood there."""
    new = [row for row in rows if _standing(project, row) == row.content_sha256]
    rest = [row for row in rows if row not in new]
    left = [row for row in rest if _staged(project, row) is not None]
    old = [row for row in rest if _standing(project, row) == row.before_sha256]
    if not new or not (left or old):
        return  # all or none of them, but for what was edited since
    if len(left) == len(old) == len(rest):
        for row in rest:
            staged = _staged(project, row)
            assert staged is not None  # noqa: S101 (it is one of those left)
            atomic.swap(staged, row.before_sha256)
        return
    snapshots = Snapshots(project.state / "snapshots")
    for row in new:
        root, before = project.root / row.plugin_path, None
        if row.before_sha256 is not None:
            before = snapshots.read(row.snapshot_id or "", row.target, row.slug)
        atomic.sweep(root, row.target, row.token or "")
        publish.put_back(root, row.target, before, row.content_sha256, row.token or "")


def _standing(project: Project, row: RecordedAttempt) -> str | None:
    """sha256 of what stands at a row's target; "" for what is no file."""
    try:
        return publish.standing_hash(project.root / row.plugin_path, row.target)
    except (UnsafePath, OSError):
        return ""


def _staged(project: Project, row: RecordedAttempt) -> atomic.Staged | None:
    """The new version of a row, where it still lies whole beside its target."""
    root, sha256 = project.root / row.plugin_path, row.content_sha256 or ""
    folder, _, name = row.target.rpartition("/")
    temporary = atomic.temporary_name(name, row.token or "")
    try:
        whole = publish.standing_hash(root, f"{folder}/{temporary}") == sha256
    except (UnsafePath, OSError):
        return None
    return atomic.Staged(root, row.target, temporary, sha256, ()) if whole else None


def _end(run: Run, row: RecordedAttempt, status: Status, what: str) -> None:
    columns: dict[str, Any] = {"processing_time_seconds": row.processing_time_seconds or 0.0}
    if status != Status.PUBLISHED:
        saved = status == Status.KEPT and "by hand" in what
        name = PublishConflict.__name__ if saved else "killed"
        columns |= {"error_class": name, "error_message": what}
    run.project.ledger.end(row.id, status, **columns)


def mend_lock(run: Run) -> bool:
    """Lines that the lock file lacks (a crash, a merge that went wrong), of declared files that
    stand as the ledger says; was there one? Rows that were compared with this very file are passed
    over."""
    project = run.project
    lock, book = project.lock(), LockBook(project)
    ledger, newest = project.ledger.identity(), project.ledger.newest()
    since = agreement.agreed(project.index, lock.sha256, ledger)
    mended = []
    for row in attempts.standing_since(project.ledger, since):
        entry = lock.get(row.job)
        if entry is not None and entry.sha256 == row.content_sha256:
            continue
        if _stands(project.root, row) and _declared(project, row):
            book.record(entries.of_row(project, row))
            mended.append(row.job)
    book.flush()
    if not mended:
        agreement.agree(project.index, lock.sha256, ledger, newest)
        return False
    lines = "1 line was" if len(mended) == 1 else f"{len(mended):,} lines were"
    named = ", ".join(mended[:FEW]) + (", ..." if len(mended) > FEW else "")
    run.notice(f"{lockfile.NAME}: {lines} rebuilt from the ledger: {named}")
    return True


def follow(run: Run, moved: Iterable[tuple[str, TargetState]]) -> None:
    """Lines of documents that were moved as they are go on under the new job and target; moved:
    their jobs and states."""
    lock, book, told = run.project.lock(), LockBook(run.project), list[str]()
    for job, state in moved:
        if (known := state.inputs.publication) is None:
            continue
        book.record(replace(lock[known.moved], job=job, target=state.target_path))
        if known.moved != job:
            book.drop(known.moved)
        told.append(job)
    book.flush()
    _tell(run, told, "moved with the files")


def _tell(run: Run, jobs: Sequence[str], what: str) -> None:
    count = "1 line" if len(jobs) == 1 else f"{len(jobs):,} lines"
    named = ", ".join(jobs[:FEW]) + (", ..." if len(jobs) > FEW else "")
    run.notice(f"{lockfile.NAME}: {count} {what}: {named}")


def retire(run: Run, slugs: Container[str]) -> bool:
    """Take the lines of these plugins, which have no manifest, out of the lock file; was there one?
    Where a file stands, its line stays (the manifest may come back), and where another manifest
    declares the document by now, under the new name. Nothing leaves while a manifest cannot be
    read: it may be the one that declares it."""
    project = run.project
    owners: dict[str, str] = {}
    for slug in project.slugs():
        path = project.manifests / f"{slug}.yaml"
        manifest, _ = contract.load_manifest(path, project.defaults, project.index)
        if manifest is None:
            return False
        owners |= {f"{manifest.path}/{e.target}": f"{slug}/{e.name}" for e in manifest.enhancements}
    lock, book = project.lock(), LockBook(project)
    left, moved, stay = [], [], list[str]()
    for job, entry in lock.items():
        if job.partition("/")[0] not in slugs:
            continue
        now = owners.get(entry.target)
        if now is not None and now not in lock:
            book.record(replace(entry, job=now))
            moved.append(f"{job} is {now} now")
        elif now is None and os.path.lexists(project.root / entry.target):
            stay.append(entry.target)
            continue
        else:
            left.append(job)
        book.drop(job)
    book.flush()
    for jobs, what in ((left, "of plugins that are gone left it"), (moved, "renamed")):
        if jobs:
            _tell(run, jobs, what)
    if not (left or moved):
        agreement.swept(project, stay)
    return bool(left or moved)


FEW = 3
"""Names that a notice tells."""


def _stands(root: Path, row: RecordedAttempt) -> bool:
    """Does the file stand as this row says?"""
    try:
        return publish.standing_hash(root / row.plugin_path, row.target) == row.content_sha256
    except (UnsafePath, OSError):
        return False


def _declared(project: Project, row: RecordedAttempt) -> bool:
    """Does the manifest still want this very document there? (It may be renamed, or gone.)"""
    slug, _, name = row.job.partition("/")
    path = project.manifests / f"{slug}.yaml"
    manifest, _ = contract.load_manifest(path, project.defaults, project.index)
    return manifest is not None and any(
        (e.name, f"{manifest.path}/{e.target}") == (name, row.target_path)
        for e in manifest.enhancements
    )
