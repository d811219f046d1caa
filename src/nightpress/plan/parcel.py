"""A parcel: what a worker that does not see the project's folder needs of it to judge one plugin.

The coordinator packs the project's recipe (generators, schemas, defaults) and the bytes of the
plugin's files and targets; the worker puts them in a folder of its own, and takes them away again.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from nightpress.errors import UnsafePath
from nightpress.plan.state import PluginState
from nightpress.project import Project
from nightpress.storage import tree

__all__ = ["Parcel"]

MOST = 64_000_000
"""Bytes that travel for one plugin; a larger one is judged at the coordinator."""
RECIPE = ("generators", "schemas", "manifests/_defaults.yaml", ".gitignore")
_RECIPES: dict[str, Path] = {}
_GUARD = threading.Lock()


class Parcel(Struct, frozen=True):
    """path -> bytes: of the recipe, relative to the project; of the plugin, relative to it."""

    recipe: dict[str, bytes]
    files: dict[str, bytes]

    @classmethod
    def of(cls, project: Project, plugin: PluginState) -> Parcel | None:
        """None: it is too large to travel."""
        targets = (target.enhancement.target for target in plugin.targets.values())
        files = _contents(plugin.root, {*plugin.files, *targets})
        recipe = _contents(project.root, _recipe(project.root))
        if sum(map(len, (*files.values(), *recipe.values()))) > MOST:
            return None
        return cls(recipe, files)

    def root(self, recipe: str) -> str:
        """In the worker: where the project's recipe lies, put there once."""
        with _GUARD:
            if recipe not in _RECIPES:
                folder = Path(tempfile.mkdtemp(prefix="nightpress-worker-"))
                atexit.register(shutil.rmtree, folder, ignore_errors=True)
                _place(folder, self.recipe)
                _RECIPES[recipe] = folder
            return str(_RECIPES[recipe])

    @contextmanager
    def placed(self, plugin: PluginState) -> Iterator[PluginState]:
        """In the worker: the plugin as it lies there, for as long as it is worked at."""
        with tempfile.TemporaryDirectory(prefix="nightpress-plugin-") as folder:
            root = Path(folder) / plugin.root.name
            root.mkdir()
            _place(root, self.files)
            yield replace(plugin, root=root)


def _recipe(root: Path) -> Iterator[str]:
    for name in RECIPE:
        place = root / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            yield path.relative_to(root).as_posix()


def _contents(root: Path, paths: Iterator[str] | set[str]) -> dict[str, bytes]:
    """Of the regular files among them that can be read."""
    found = {}
    for path in paths:
        with suppress(OSError, UnsafePath):
            found[path] = tree.read(root, path, MOST)
    return found


def _place(root: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        place = root.joinpath(*tree.parts_of(path))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
