"""Where a plugin was before its folder was moved or renamed: a manifest names a folder that is
gone, and what stood in it stands elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from nightpress import fingerprint
from nightpress.errors import UnsafePath
from nightpress.ledger import lockfile
from nightpress.project.discover import FoundPlugin
from nightpress.storage import tree


class Former:
    """gone: folder -> slug of the manifests whose plugin is not there; manifests: slug -> values of
    all that can be read."""

    def __init__(
        self,
        root: Path,
        lock: lockfile.Lock,
        gone: Mapping[str, str],
        manifests: Mapping[str, Mapping[str, Any] | None],
    ) -> None:
        self.gone = dict(gone)
        self._root = root
        self._lock = lock
        self._manifests = manifests

    def of(self, plugin: FoundPlugin, path: str) -> str | None:
        """The folder that the plugin at `path` (relative to the project) had: a skill on record
        there stands here as it is, or else it has the name that one manifest alone tells."""
        found = set[str]()
        for folder, _ in plugin.skills if self.gone else ():
            target = f"{folder}/SKILL.md"
            with suppress(OSError, UnsafePath):  # it is known by another, or by its name
                data = tree.read(self._root / path, target, LARGEST)
                for sha256 in {fingerprint.sha256(data), fingerprint.held(target, data)}:
                    found |= self._skills.get((target, sha256), set()) & self.gone.keys()
        found = found or self._names.get(plugin.name[:500], set()) & self.gone.keys()
        return found.pop() if len(found) == 1 else None

    @cached_property
    def _names(self) -> dict[str, set[str]]:
        """The name that a manifest tells -> the folders that are gone."""
        found = dict[str, set[str]]()
        for folder, slug in self.gone.items():
            found.setdefault(str((self._manifests[slug] or {}).get("name")), set()).add(folder)
        return found

    @cached_property
    def _skills(self) -> dict[tuple[str, str], set[str]]:
        """(target, sha256) of each skill on record -> the folders that are gone."""
        found = dict[tuple[str, str], set[str]]()
        for folder, slug in self.gone.items():
            for entry in self._lock.of(slug):
                target = entry.target.removeprefix(f"{folder}/")
                for sha256 in {entry.sha256, entry.normal or entry.sha256}:
                    found.setdefault((target, sha256), set()).add(folder)
        return found


LARGEST = 1 << 20
"""Bytes of a document that is compared."""
