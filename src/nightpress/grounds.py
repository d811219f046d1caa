"""Whose files lie below a plugin's folder: what is not the plugin's own.

Floor 3. A plugin may be the whole repository (`source: "./"`). Then what nightpress keeps there
(manifests, lock file, dodo.py) and the plugins inside it are no content of it: else each
publication would make it stale again, and restoring it would turn back what belongs to others.
"""

from __future__ import annotations

from collections.abc import Container

from nightpress import contract
from nightpress.contract import paths
from nightpress.project import STATE, Project

OURS = ("dodo.py", "manifests", "nightpress.lock", STATE)
"""What nightpress writes at a project's root."""


def foreign(project: Project, path: str) -> frozenset[str]:
    """Paths below the plugin's folder (relative to it) that are not its own, however deep they
    go; path: the folder, relative to the project."""
    if path not in (".", paths.clean(str(project.defaults.values.get("marketplace", ".")))):
        return frozenset()
    prefix = "" if path == "." else f"{path}/"
    found = {inner.removeprefix(prefix) for inner in _plugins(project) if inner.startswith(prefix)}
    if path == ".":
        found |= {*OURS, *_generators(project)}
    return frozenset(found - {".", ""})


def is_foreign(path: str, others: Container[str]) -> bool:
    """Is the path one of those, or below one?"""
    while path:
        if path in others:
            return True
        path = path.rpartition("/")[0]
    return False


def _plugins(project: Project) -> set[str]:
    """The folders of all plugins that have a manifest."""
    found = set()
    for file in project.manifests.glob("*.yaml"):
        values = contract.peek(file) if not file.name.startswith(("_", ".")) else None
        if values is not None and isinstance(values.get("plugin"), str):
            found.add(paths.clean(values["plugin"]))
    return found


def _generators(project: Project) -> set[str]:
    """The project's own generators: how documents are made is no content of a plugin."""
    own = project.root / "generators"
    return {f"generators/{file.parent.name}" for file in own.glob("*/generator.yaml")}
