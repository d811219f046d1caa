"""One document put back as it was before; of a bundle all files, for they are one decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nightpress.errors import UsageError
from nightpress.ledger import RecordedAttempt, attempts
from nightpress.model import Status
from nightpress.pipeline import copies, restore, together
from nightpress.pipeline.pipeline import Press
from nightpress.pipeline.run import Run
from nightpress.plan import PluginState, TargetState, changes, staleness
from nightpress.project import Project
from nightpress.storage import DISPLACED, Snapshot, Snapshots

__all__ = ["document"]


def document(run: Run, press: Press, job: str, snapshot_id: str | None) -> list[str]:
    """Put one document back, with its bundle: as the snapshot has it, else as it was published
    before what is there now. Nothing else of its plugin changes; the lines that say what was done.
    """
    project, snapshots, (slug, _, name) = run.project, press.snapshots, job.partition("/")
    plugin = press.plugin(slug)
    if snapshot_id is not None:
        held, whence = _files(snapshots.get(snapshot_id, slug)), f"from {snapshot_id}"
        own = held.get(plugin.states[name].enhancement.target, "")
    else:
        held, own, whence = _before(project, snapshots, plugin, job)
    state = plugin.states[name]
    if not own or snapshots.kept(own) is None:
        raise UsageError(
            f"{job}: there is no such version of {state.target_path} here",
            f"doit restore --list; doit clean enhance:{job}: as it was before nightpress",
        )
    wanted = {state.enhancement.target: own}
    kept = list[str]()
    for other in _beside(plugin, name):
        target, sha256 = other.enhancement.target, held.get(other.enhancement.target)
        if sha256 is not None and staleness.is_edited_by_hand(other.inputs):
            kept.append(target)
        elif sha256 is not None:
            wanted[target] = sha256
    before = copies.take(project, snapshots, plugin, DISPLACED, run.begin())
    changed = restore.put(snapshots, slug, restore.including(before, wanted), plugin.root, before)
    copies.take(project, snapshots, plugin, restore.RESTORED, run.begin())
    run.tell("notice", f"{job} was restored {whence}", quiet=True)
    return [*_told(job, whence, changed, kept), *_undo(job, before)]


def _told(job: str, whence: str, changed: Sequence[str], kept: Sequence[str]) -> Iterator[str]:
    slug = job.partition("/")[0]
    paths = [line.removeprefix("restored ") for line in changed]
    if len(paths) > 1:
        yield f"{job}: restored {whence}, with its bundle: {changes.some(paths)}"
        yield f"doit force=1 enhance:{slug} makes it again"
    else:
        yield f"{job}: restored {whence}; doit force=1 enhance:{job} makes it again"
    if kept:
        yield f"kept, since they were edited by hand: {changes.some(kept)}"


def _undo(job: str, before: Snapshot) -> Iterator[str]:
    undo = f"doit restore --plugin {job} --snapshot {before.id}"
    yield f"the state before this restore is in snapshot {before.id}: {undo}"


def _beside(plugin: PluginState, name: str) -> list[TargetState]:
    """The other documents of a document's bundle."""
    return [plugin.states[one] for one in together.bundled(plugin.states, name) if one != name]


def _before(
    project: Project, snapshots: Snapshots, plugin: PluginState, job: str
) -> tuple[dict[str, str], str, str]:
    """path -> sha256 of the plugin's files before the publication that stands was made; sha256 of
    the one before it, "" if there is none, and when that was. Of what does not stand as we
    published it the last publication: no other file goes back for that."""
    state = plugin.states[job.partition("/")[2]]
    now, target = state.inputs.standing.sha256, state.target_path
    ours = [row for row in attempts.at_target(project.ledger, target) if _is_of(row, job)]
    texts = list(dict.fromkeys(row.content_sha256 or "" for row in ours))
    older = texts[texts.index(now) + 1 :] if now in texts else texts
    if not older:
        return {}, "", ""
    at = next(number for number, row in enumerate(ours) if row.content_sha256 == older[0])
    taken = ours[at - 1].snapshot_id if now in texts else None
    held = _files(snapshots.get(taken, plugin.slug)) if taken and _is_here(snapshots, taken) else {}
    return held, older[0], f"as it was published on {ours[at].timestamp[:16].replace('T', ' ')}"


def _is_of(row: RecordedAttempt, job: str) -> bool:
    return row.job == job and row.status == Status.PUBLISHED


def _is_here(snapshots: Snapshots, snapshot_id: str) -> bool:
    """(`prune` may have taken it.)"""
    return any(snapshots.trees.glob(f"*/{snapshot_id}.json"))


def _files(snapshot: Snapshot) -> dict[str, str]:
    return {entry.path: entry.text for entry in snapshot.entries if entry.kind == "file"}
