"""Whose files lie below a plugin's folder: what is not the plugin's own.

A plugin may be the whole repository (`source: "./"`). Then what nightpress keeps there
(manifests, lock file, dodo.py) and the plugins inside it are no content of it: else each
publication would make it stale again, and restoring it would turn back what belongs to others.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from nightpress import project as contract
from nightpress.project import STATE, Project, paths
from nightpress.storage import Entry, with_parents

OURS = (
    "dodo.py", "manifests", "nightpress.lock", STATE,
    "nightpress-baseline.json", "nightpress.sarif",
)  # fmt: skip
"""What nightpress writes at a project's root, or is told to by docs/ci.md."""


def foreign(project: Project, path: str) -> frozenset[str]:
    """Paths below the plugin's folder (relative to it) that are not its own, however deep they
    go; path: the folder, relative to the project."""
    if path not in (".", paths.clean(str(project.defaults.values.get("marketplace", ".")))):
        return frozenset()
    prefix = "" if path == "." else f"{path}/"
    folders = {
        inner.removeprefix(prefix) for inner in _plugins(project) if inner.startswith(prefix)
    }
    if path == ".":
        folders |= {*OURS, *_generators(project)}
    return frozenset(folders - {".", ""})


def is_foreign(path: str, others: Container[str]) -> bool:
    """Is the path one of those, or below one?"""
    while path:
        if path in others:
            return True
        path = path.rpartition("/")[0]
    return False


def own(
    entries: Sequence[Entry],
    foreign: frozenset[str],
    ignored: frozenset[str],
    targets: Iterable[str],
) -> list[Entry]:
    """The entries that are the plugin's content: without what is foreign, without plugins inside
    it, and without what git ignores (a clone would not have it, and nobody else is to see it; a
    target counts all the same). foreign, ignored, targets: relative to the plugin's folder."""
    marker = "/.claude-plugin/plugin.json"
    inner = {e.path.removesuffix(marker) for e in entries if e.path.endswith(marker)}
    others, kept = foreign | inner, with_parents(targets)
    return [
        e
        for e in entries
        if not is_foreign(e.path, others) and (e.path in kept or not is_foreign(e.path, ignored))
    ]


def _plugins(project: Project) -> set[str]:
    """The folders of all plugins that have a manifest."""
    folders = set()
    for file in project.manifests.glob("*.yaml"):
        values = contract.peek(file) if not file.name.startswith(("_", ".")) else None
        if values is not None and isinstance(values.get("plugin"), str):
            folders.add(paths.clean(values["plugin"]))
    return folders


def _generators(project: Project) -> set[str]:
    """The project's own generators: how documents are made is no content of a plugin."""
    own = project.root / "generators"
    return {f"generators/{file.parent.name}" for file in own.glob("*/generator.yaml")}
