"""The paragraphs of the marketplace's documents, so that no two plugins are told the same.

Floor 3. Brought up to date once a run, when the first draft is judged: only documents that changed
are read again. What is published meanwhile is entered at once, so that a night's own documents are
compared with one another, too.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from nightpress import checks, fingerprint
from nightpress import project as contract
from nightpress.errors import UnsafePath
from nightpress.plan.sketchbook import Entry, Sketchbook
from nightpress.project.project import Project
from nightpress.storage import index as digests
from nightpress.storage import tree

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

    def add(self, slug: str, target: str, data: bytes) -> None:
        """A document that passed in this run, in place of what stood there."""
        self._book.enter([_entry(slug, target, b"", data)])

    def _catch_up(self) -> None:
        """What the index finds unmoved, and was looked at as it is now, is passed over."""
        index, slugs = self._project.index, self._project.slugs()
        self._book.keep_only(slugs)
        still, unknown = index.still(self._project.key), index.unsketched(self._book.identity)
        moved = sorted(set(slugs).difference(still) | unknown.intersection(slugs))
        changes = _Changes()
        for slug in moved:
            items = index.items(slug) if slug in still else None
            self._look(slug, targets(self._project, slug, items), changes)
        self._book.forget(changes.gone)
        self._book.restamp(changes.touched)
        self._book.enter(changes.fresh)
        index.sketched(self._book.identity, {s: still[s] for s in moved if s in still})

    def _look(self, slug: str, names: Iterable[str], changes: _Changes) -> None:
        known = self._book.known(slug)
        for target in names:
            stamp = self._stamp(target)
            before, sha256 = known.get(target, (b"", ""))
            if stamp is None:
                continue
            if before and before == stamp:
                del known[target]
                continue
            try:
                data = tree.read(self._project.root, target, CAP)
            except (UnsafePath, OSError):
                continue  # nothing stands there, or nothing that we would read
            known.pop(target, None)
            if fingerprint.sha256(data) == sha256:
                changes.touched.append((target, stamp))
            else:
                changes.fresh.append(_entry(slug, target, stamp, data))
        changes.gone += known

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


class _Changes(Struct):
    """gone: targets where no document stands any more; touched: with their new stamps."""

    gone: list[str] = field(default_factory=list)
    touched: list[tuple[str, bytes]] = field(default_factory=list)
    fresh: list[Entry] = field(default_factory=list)


def _entry(slug: str, target: str, stamp: bytes, data: bytes) -> Entry:
    held = [(one, checks.bands(one)) for one in checks.sketches(data.decode("utf-8", "replace"))]
    return Entry(slug, target, stamp, fingerprint.sha256(data), held)


def targets(project: Project, slug: str, settled: str | None) -> Iterator[str]:
    """Every document that a plugin's manifest declares, relative to the project; settled: its
    enhancements as the index has them."""
    if settled is not None:
        yield from (row[2] for row in json.loads(settled))
        return
    path = project.manifests / f"{slug}.yaml"
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
