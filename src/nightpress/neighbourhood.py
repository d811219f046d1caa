"""The paragraphs of the marketplace's documents, so that no two plugins are told the same.

Floor 3. Brought up to date once a run, when the first draft is judged: only documents that changed
are read again. What is published meanwhile is entered at once, so that a night's own documents are
compared with one another, too.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from nightpress import checks, contract, digests, fingerprint, reading
from nightpress.errors import UnsafePath
from nightpress.project import Project
from nightpress.sketchbook import Entry, Sketchbook

CAP = 1024 * 1024
"""Bytes of a document that is compared; a larger one is passed over."""


class Neighbourhood:
    """The documents of one project. Every method is safe in any thread."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._guard = threading.Lock()
        self.turn = threading.Lock()
        """Held from judging a draft to adding it: of equal drafts made at once, some must lose."""
        self._book = Sketchbook(project.state / "neighbours.db")
        self._current = False

    def without(self, plugin: str) -> checks.Neighbours:
        """The documents of other plugins (those of one plugin have one source); plugin: its
        folder, relative to the project."""
        with self._guard:
            if not self._current:
                self._catch_up()
                self._current = True
        return checks.Neighbours(lambda bands: self._book.near(bands, plugin))

    def add(self, target: str, data: bytes) -> None:
        """A document that passed in this run, in place of what stood there."""
        self._book.enter([_entry(target, b"", data)])

    def _catch_up(self) -> None:
        known = self._book.known()
        touched: list[tuple[str, bytes]] = []
        fresh: list[Entry] = []
        standing = set()
        for target in targets(self._project):
            stamp = self._stamp(target)
            if stamp is None:
                continue
            standing.add(target)
            held, sha256 = known.get(target, (b"", ""))
            if held and held == stamp:
                continue
            try:
                data = reading.read(self._project.root, target, CAP)
            except (UnsafePath, OSError):
                standing.discard(target)
                continue  # nothing stands there, or nothing that we would read
            if fingerprint.sha256(data) == sha256:
                touched.append((target, stamp))
            else:
                fresh.append(_entry(target, stamp, data))
        self._book.forget(known.keys() - standing)
        self._book.restamp(touched)
        self._book.enter(fresh)

    def _stamp(self, target: str) -> bytes | None:
        """The file's stamp; b"" while it may change unseen; None where no file stands."""
        try:
            s = os.lstat(self._project.root / target)
        except OSError:
            return None
        now = self._project.clock.time() * 1e9
        if now - max(s.st_mtime_ns, s.st_ctime_ns) < digests.RACY_NS:
            return b""
        return digests.stamp(s.st_mode, s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino)


def _entry(target: str, stamp: bytes, data: bytes) -> Entry:
    held = [(one, checks.bands(one)) for one in checks.sketches(data.decode("utf-8", "replace"))]
    return Entry(target, stamp, fingerprint.sha256(data), held)


def targets(project: Project) -> Iterator[str]:
    """Every document that the manifests declare, relative to the project."""
    settled = project.index.all_items()
    for path in project.manifests.glob("[!_]*.yaml"):
        items = settled.get(path.stem)
        if items is not None:
            yield from (row[2] for row in json.loads(items))
            continue
        manifest: Any = contract.load_manifest(path, project.defaults, project.index)[0]
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
