"""Copies of a plugin before it is changed: a snapshot that knows the manifest, too."""

from __future__ import annotations

from contextlib import suppress

from nightpress.plan import PluginState
from nightpress.project import Project
from nightpress.storage import Snapshot, Snapshots

BEFORE_A_RUN = "before a run"


def take(
    project: Project, snapshots: Snapshots, plugin: PluginState, label: str, run_id: str
) -> Snapshot:
    """A snapshot of the plugin as it stands. Raises OSError when the disk refuses."""
    manifest = None
    with suppress(FileNotFoundError):
        manifest = (project.manifests / f"{plugin.slug}.yaml").read_bytes()
    return snapshots.take(
        plugin.root, plugin.slug, label, project.clock.time(), run_id, without=plugin.is_foreign,
        place=plugin.root.relative_to(project.root).as_posix(), manifest=manifest,
    )  # fmt: skip
