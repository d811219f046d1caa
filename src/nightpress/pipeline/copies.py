"""Copies of a plugin before it is changed: a snapshot that knows the manifest, too."""

from __future__ import annotations

from contextlib import suppress

from nightpress.plan import PluginState
from nightpress.project import Project
from nightpress.storage import Snapshot, Snapshots, private

BEFORE_A_RUN = "before a run"


def take(
    project: Project, snapshots: Snapshots, plugin: PluginState, label: str, run_id: str
) -> Snapshot:
    """A snapshot of the plugin as it stands. Raises OSError when the disk refuses."""
    manifest = None
    with suppress(FileNotFoundError):
        manifest = private.contents(project.manifests / f"{plugin.slug}.yaml")
    return snapshots.take(
        plugin.root, plugin.slug, label, project.clock.time(), run_id, without=plugin.is_foreign,
        place=plugin.root.relative_to(project.root).as_posix(), manifest=manifest,
    )  # fmt: skip
