"""`doit clean`: what it removes, and what it takes back.

Plain `doit clean` removes kept drafts and leftovers, never a document. By name
(`doit clean enhance:X`) X goes back to what stood before us, from its snapshot; a file that was
edited by hand is kept.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from nightpress.errors import NightpressError, UnsafePath
from nightpress.pipeline import copies, publish
from nightpress.pipeline.publish import LockBook
from nightpress.plan import Item, PluginState, history, staleness
from nightpress.project import Project
from nightpress.storage import Snapshots, atomic, tree


def clean(
    project: Project, plugin: PluginState, item: Item, take_back: bool, dryrun: bool
) -> list[str]:
    """What was (or, in a dry run, would be) done, as lines."""
    lines = _drafts(project, item, dryrun) + _leftovers(plugin, item, dryrun)
    if take_back and item.name in plugin.states:
        lines += _take_back(project, plugin, item, dryrun)
    return lines


_WOULD = {"removed": "would remove", "took back": "would take back"}


def _did(what: str, dryrun: bool) -> str:
    return _WOULD[what] if dryrun else what


def _drafts(project: Project, item: Item, dryrun: bool) -> list[str]:
    folder = project.state / "drafts" / item.slug
    lines = []
    for path in sorted(folder.glob(f"{item.name}.*")):
        lines.append(f"{_did('removed', dryrun)} {_shown(project, path)}")
        if not dryrun:
            path.unlink()
    return lines


def _leftovers(plugin: PluginState, item: Item, dryrun: bool) -> list[str]:
    """Temporary files beside the target, of something that was killed."""
    if item.name not in plugin.states:
        return []
    *folders, name = tree.parts_of(plugin.states[item.name].enhancement.target)
    mark = atomic.temporary_name(name, "")
    lines = []
    with suppress(FileNotFoundError, UnsafePath):
        folder = tree.open_folder(plugin.root, folders)
        try:
            names = [e.name for e in os.scandir(folder) if e.is_file(follow_symlinks=False)]
            for left in sorted(name for name in names if name.startswith(mark)):
                if not dryrun:
                    os.unlink(left, dir_fd=folder)
                folder_of = item.target.rpartition("/")[0]
                lines.append(f"{_did('removed', dryrun)} {folder_of}/{left}")
        finally:
            os.close(folder)
    return lines


def _shown(project: Project, path: Path) -> str:
    return path.relative_to(project.root).as_posix()


def _take_back(project: Project, plugin: PluginState, item: Item, dryrun: bool) -> list[str]:
    state = plugin.states[item.name]
    if not staleness.is_ours(state.inputs.standing, state.inputs.publication):
        if staleness.is_edited(state.inputs.standing, state.inputs.publication):
            return [f"kept {item.target}: it was edited by hand"]
        return []
    original = history.original(
        project.ledger if project.has_ledger else None, item.id, item.target
    )
    if original is None:
        there = history.in_git(project, item.id, item.target)
        known = f"; git has it: {there}" if there else " (the ledger does not say)"
        return [f"kept {item.target}: what was there before is unknown here{known}"]
    try:
        before = history.original_content(Snapshots(project.state / "snapshots"), original)
    except NightpressError as error:
        if there := history.in_git(project, item.id, item.target, original.sha256):
            raise NightpressError(
                error.message, f"the document stays; git has it: {there}"
            ) from None
        raise
    if dryrun or _put_back(project, plugin, item, before):
        return [f"{_did('removed' if before is None else 'took back', dryrun)} {item.target}"]
    return []  # saved in this instant, or taken back already


def _put_back(project: Project, plugin: PluginState, item: Item, before: bytes | None) -> bool:
    state = plugin.states[item.name]
    target = state.enhancement.target
    snapshots = Snapshots(project.state / "snapshots")
    copies.take(project, snapshots, plugin, "before doit clean", "")
    if publish.standing_hash(plugin.root, target) != state.inputs.standing.sha256:
        return False
    try:
        publish.put_back(plugin.root, target, before, state.inputs.standing.sha256)
    except OSError as error:  # it may name a temporary file of ours
        message = f"{item.target} cannot be taken back: {error.strerror or error}"
        raise NightpressError(message) from error
    lock = LockBook(project)
    lock.drop(item.id)
    lock.flush()
    project.index.invalidate([item.slug])
    return True
