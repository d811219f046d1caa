"""Bringing a plugin back from a snapshot, itself preceded by a snapshot."""

from __future__ import annotations

from typing import Any

from nightpress.errors import NightpressError
from nightpress.pipeline.pipeline import Press
from nightpress.pipeline.run import Run
from nightpress.project import Project
from nightpress.storage import Snapshot, Snapshots
from nightpress.text import safe, suggestion

MOST_SECONDS = 5 * 60.0
"""A plugin that takes longer to bring back is told as a failure, though it is back."""


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
    """Make the plugin exactly what its snapshot holds: the lines that say what was done, and
    whether it took no longer than it may."""
    project, snapshots = run.project, press.snapshots
    began = project.clock.monotonic()
    snapshot = _chosen(snapshots, plugin, snapshot_id)
    state = press.plugin(plugin)
    if state.manifest is None:
        raise NightpressError(f"the manifest of {plugin!r} has problems", "see: doit validate")
    root = project.root / state.manifest.path
    before = None
    if root.is_dir():
        before = snapshots.take(
            root, plugin, "before a restore", project.clock.time(), run.begin(),
            without=state.is_foreign,
        )  # fmt: skip
    try:
        changed = snapshots.restore(snapshot, root, before)
    except OSError as error:
        again = f"doit restore --plugin {plugin} --snapshot {snapshot.id} goes on with it"
        message = f"{plugin}: part of it is as before: {_where(error)}{error.strerror or error}"
        raise NightpressError(message, again) from error
    run.tell("notice", f"{plugin} was restored from snapshot {snapshot.id}")
    lines = [*changed[:20], *([f"... and {len(changed) - 20} more"] if len(changed) > 20 else [])]
    seconds = project.clock.monotonic() - began
    lines.append(
        f"{plugin}: restored from {snapshot.id} of {snapshot.taken} ({len(changed)} changes)"
        f" in {seconds:.1f} s"
    )
    if seconds > MOST_SECONDS:
        lines.append(f"that is more than the {MOST_SECONDS:.0f} s that a restore may take")
    if before is not None:
        undo = f"doit restore --plugin {plugin} --snapshot {before.id}"
        lines.append(f"what stood before is in snapshot {before.id}: {undo}")
    lines += [f"not in the snapshot: {safe(what)}" for what in snapshot.left_out]
    return lines, seconds <= MOST_SECONDS


def _where(error: OSError) -> str:
    return f"{error.filename}: " if isinstance(error.filename, str) else ""


def _chosen(snapshots: Snapshots, plugin: str, snapshot_id: str | None) -> Snapshot:
    own = snapshots.listed(plugin)
    if not own:
        slugs = sorted({s.slug for s in snapshots.listed()})
        raise NightpressError(
            f"there is no snapshot of {plugin!r}{suggestion(plugin, slugs, lead='; ')}",
            "see: doit restore --list",
        )
    return own[0] if snapshot_id is None else snapshots.get(snapshot_id, plugin)
