"""The paragraphs of the marketplace's documents, so that no two plugins are told the same.

Floor 3. Built once a run, when the first draft is judged: of every target that stands, by the
sketches that the index keeps for its bytes. What is published meanwhile is added at once, so that
a night's own documents are compared with one another, too.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from nightpress import checks, contract, fingerprint, reading
from nightpress.errors import UnsafePath
from nightpress.project import Project

CAP = 1024 * 1024
"""Bytes of a document that is compared; a larger one is passed over."""


class Neighbourhood:
    """The documents of one project. Every method is safe in any thread."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._guard = threading.Lock()
        self._numbers: dict[str, list[int]] = {}
        self._index: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
        self._count = 0
        self._dead: set[int] = set()
        self._built = False

    def without(self, target: str) -> checks.Neighbours:
        """The other documents; target: relative to the project."""
        with self._guard:
            if not self._built:
                self._build()
            return checks.Neighbours(
                self._index, frozenset(self._dead) | frozenset(self._numbers.get(target, ()))
            )

    def add(self, target: str, data: bytes) -> None:
        """A document that was published in this run, in place of what stood there."""
        with self._guard:
            if self._built:
                self._dead.update(self._numbers.pop(target, ()))
                self._enter(target, self._sketches(data))

    def _build(self) -> None:
        for target in sorted(set(targets(self._project))):
            try:
                data = reading.read(self._project.root, target, CAP)
            except (UnsafePath, OSError):
                continue  # nothing stands there, or nothing that we would read
            self._enter(target, self._sketches(data))
        self._built = True

    def _enter(self, target: str, held: Iterable[checks.Sketch]) -> None:
        document = self._count
        self._count += 1
        self._numbers.setdefault(target, []).append(document)
        for number, one in enumerate(held):
            for where, value in enumerate(one):
                if value >= 0:
                    # tuples: whoever reads meanwhile sees the old one or the new one
                    places = self._index.get((where, value), ())
                    self._index[where, value] = (*places, (document, number))

    def _sketches(self, data: bytes) -> tuple[checks.Sketch, ...]:
        key = fingerprint.digest("sketches", fingerprint.sha256(data))
        held = self._project.index.appraisal(key)
        if held is None:
            found = checks.sketches(data.decode("utf-8", "replace"))
            self._project.index.keep_appraisal(key, json.dumps(found))
            return found
        return tuple(tuple(one) for one in json.loads(held))


def targets(project: Project) -> Iterator[str]:
    """Every document that the manifests declare, relative to the project."""
    settled = project.index.all_items()
    for slug, items in settled.items():
        if (project.manifests / f"{slug}.yaml").exists():
            yield from (row[2] for row in json.loads(items))
    for path in sorted(project.manifests.glob("[!_]*.yaml")):
        if path.stem not in settled:
            manifest: Any = contract.load_manifest(path, project.defaults)[0]
            if manifest is not None:
                yield from (f"{manifest.path}/{e.target}" for e in manifest.enhancements)


def of(project: Project) -> Neighbourhood:
    """The one neighbourhood of a project in this process."""
    with _GUARD:
        return _of(project)


_GUARD = threading.Lock()


@lru_cache(maxsize=1)
def _of(project: Project) -> Neighbourhood:
    return Neighbourhood(project)
