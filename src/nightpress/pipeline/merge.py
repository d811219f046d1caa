"""What another machine has made of this marketplace, brought here: its ledger, whole, and its
documents with their lines of the lock file.

A document is taken where the file here is what that machine began with; what somebody has changed
here meanwhile stays. Every step can be done again: a merge that was killed goes on where it was.
"""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from pathlib import Path

from msgspec import Struct, field

from nightpress.errors import LedgerError, NightpressError, PublishConflict, UnsafePath, UsageError
from nightpress.ledger import Ledger, RecordedAttempt, attempts, batches, lockfile
from nightpress.model import Status
from nightpress.pipeline import entries, publish, recover
from nightpress.pipeline.publish import LockBook
from nightpress.plugin import sources
from nightpress.project import Project
from nightpress.storage import Snapshots, atomic, private, sqlite, tree

LEDGER = Path(".nightpress", "ledger.db")


class Merged(Struct):
    """Of one folder. attempts, calls: that were attached now; here: job -> why its document was not
    taken."""

    attempts: int = 0
    calls: int = 0
    published: list[str] = field(default_factory=list)
    stood: int = 0
    kept: dict[str, str] = field(default_factory=dict)


def merge(project: Project, folder: Path) -> Merged:
    """Bring what was made in `folder` (a project's, or an artifact of it) into this one; the caller
    holds the run lock. Raises NightpressError where its ledger cannot be attached."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "nightpress merge shard-1 shard-2 ...")
    if not (folder / LEDGER).is_file():
        if (folder / lockfile.NAME).is_file():
            return Merged()  # there was nothing to do, so nothing is on record
        hint = f"upload {lockfile.NAME}, .nightpress/ and the plugins from there"
        raise UsageError(f"{folder} holds neither {LEDGER} nor {lockfile.NAME}", hint)
    if folder.samefile(project.root):
        raise UsageError(f"{folder} is this project itself")
    own = project.state / "merging"
    shutil.rmtree(own, ignore_errors=True)  # of a merge that was killed
    private.folder(own)
    try:
        sqlite.copy(folder / LEDGER, own / "ledger.db")
        with closing(Ledger(own / "ledger.db", project.clock.time)) as theirs:
            _end_open(theirs, folder)
            attached = project.ledger.attach(theirs)
            batches.carry(project.ledger, theirs)
    except LedgerError as error:
        raise LedgerError(f"{folder / LEDGER}: {error.message}", error.hint) from error
    finally:
        shutil.rmtree(own, ignore_errors=True)
    if attached is None:
        return Merged()
    merged = Merged(attached.attempts, attached.calls) if attached.new else Merged()
    _documents(
        project, folder, attempts.standing_of_attached(project.ledger, attached.number), merged
    )
    return merged


def _end_open(theirs: Ledger, folder: Path) -> None:
    """What their last run left open, if it was killed, ends as it would at the next run there."""
    for row in theirs.open_rows():
        status, what = recover.settle(folder, row)
        columns: dict[str, object] = {"processing_time_seconds": row.processing_time_seconds or 0.0}
        if status != Status.PUBLISHED:
            columns |= {"error_class": "killed", "error_message": what}
        theirs.end(row.id, status, **columns)
    theirs.close_runs()


def _documents(project: Project, folder: Path, rows: list[RecordedAttempt], merged: Merged) -> None:
    lines, book = lockfile.read(folder / lockfile.NAME), LockBook(project)
    ours, theirs = (
        Snapshots(root / "snapshots") for root in (project.state, folder / ".nightpress")
    )
    for row in rows:
        try:
            new = _take(project, folder, row)
        except (NightpressError, OSError) as error:
            merged.kept[row.job] = (
                error.message if isinstance(error, NightpressError) else str(error)
            )
            continue
        if new is None:
            merged.stood += 1
        else:
            merged.published.append(row.job)
            ours.keep(new)
        if row.snapshot_id:
            with suppress(NightpressError, OSError):  # not every artifact has them
                ours.bring(theirs, row.snapshot_id, row.slug)
        line = lines.get(row.job)
        same = line is not None and line.sha256 == row.content_sha256
        book.record(line if line is not None and same else entries.of_row(project, row))
    book.flush()


def _take(project: Project, folder: Path, row: RecordedAttempt) -> bytes | None:
    """The bytes that were put here; None where the document stands already."""
    root = project.root / row.plugin_path
    if not root.is_dir():
        raise UsageError(f"there is no {row.plugin_path} here")
    token = f"merge{row.id}"
    atomic.sweep(root, row.target, token)
    standing = publish.standing_hash(root, row.target)
    if standing == row.content_sha256:
        return None
    if standing != row.before_sha256:
        raise PublishConflict(f"{row.target_path} is not what {folder.name} began with: it stays")
    try:
        data = tree.read(folder / row.plugin_path, row.target, sources.STANDING_CAP)
    except FileNotFoundError:
        raise UsageError(f"{row.target_path} is not in {folder.name}") from None
    staged = atomic.stage(root, row.target, data, token)
    try:
        if staged.sha256 != row.content_sha256:
            raise UnsafePath(f"{row.target_path} in {folder.name} is not what its ledger says")
        atomic.swap(staged, standing)
    except BaseException:
        atomic.discard(staged)
        raise
    atomic.finish(staged)
    return data
