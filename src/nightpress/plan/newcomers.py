"""Plugin folders that no manifest names yet: beside those that have one, or in marketplace.json.

Told by `doit` and `doit plan`; `doit manifests` writes their manifests. The places that were
looked at go into the note of `unmoved`, so that a new folder ends its short cut.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

from msgspec import Struct

from nightpress.project import FILE, Project, discover, paths
from nightpress.storage import tree
from nightpress.text import safe

MARKER = ".claude-plugin"
_NAMED = 3


class Newcomers(Struct, frozen=True):
    """folders: without a manifest, relative to the project; watched: the places that this was seen
    at, there or not (relative to the project); gone: the marketplace's folder, if it is none."""

    folders: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    gone: str = ""

    def sentence(self) -> str:
        """One line for people; "" if there is none."""
        if self.gone:
            return f"{FILE}: marketplace: there is no folder {self.gone!r}: no new plugin is found"
        if not self.folders:
            return ""
        named = ", ".join(map(safe, self.folders[:_NAMED]))
        more = ", ..." if len(self.folders) > _NAMED else ""
        if len(self.folders) == 1:
            return f"new plugin without a manifest: {named} (doit manifests writes it)"
        many = f"{len(self.folders):,} new plugins without a manifest"
        return f"{many}: {named}{more} (doit manifests writes them)"


def newcomers(project: Project, known: Collection[str]) -> Newcomers:
    """known: the folders of all plugins that have a manifest, relative to the project."""
    values = project.defaults.values
    marketplace = paths.clean(str(values.get("marketplace", ".")))
    patterns = values.get("ignore", ())
    ignore, said = tree.Ignore(patterns), tree.Ignore(patterns, defaults=False)
    parents = {_parent(folder) for folder in known} | {marketplace}
    listed, lists = discover.listed_folders(project.root, marketplace)
    found = {folder for folder in listed if not _ignored(said, folder)}
    watched = list(lists)
    for parent in sorted(parents):
        watched.append(parent)
        for folder in _inside(project, parent, ignore):
            if folder in known:
                continue
            watched.append(f"{folder}/{MARKER}")
            if (project.root / folder / MARKER / "plugin.json").is_file():
                found.add(folder)
    gone = "" if (project.root / marketplace).is_dir() else marketplace
    return Newcomers(tuple(sorted(found.difference(known))), tuple(watched), gone)


def _ignored(ignore: tree.Ignore, folder: str) -> bool:
    while folder:
        parent, _, name = folder.rpartition("/")
        if ignore.holds(name, folder):
            return True
        folder = parent
    return False


def _parent(folder: str) -> str:
    return folder.rpartition("/")[0] or "."


def _inside(project: Project, parent: str, ignore: tree.Ignore) -> Iterator[str]:
    """The folders in one, links not followed, without what is skipped and what is hidden."""
    try:
        with os.scandir(project.root / parent) as entries:
            names = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for name in names:
        path = name if parent == "." else f"{parent}/{name}"
        if not name.startswith(".") and not ignore.holds(name, path):
            yield path
