"""The paragraphs of the marketplace's documents, so that no two plugins are told the same.

An index in memory, made when a run's first draft is judged. The sketches of documents that say
what they said before come from the project's index; what passes meanwhile is added at once, so that
a night's own documents are compared with one another, too.
"""

from __future__ import annotations

import json
import os
import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import islice

from msgspec import Struct

from nightpress import checks, fingerprint
from nightpress import project as contract
from nightpress.errors import UnsafePath
from nightpress.ledger import lockfile
from nightpress.model import Status
from nightpress.project import Project
from nightpress.storage import index as digests
from nightpress.storage import stamp, tree

__all__ = ["NearDuplicates", "of", "targets"]

CAP = 1024 * 1024
"""Bytes of a document that is compared; a larger one is skipped."""

LATE = 64
"""Documents that are looked through one by one, at least."""
_BAND = 0xFFFF_FFFF

MOST = 500
"""Documents that a draft is compared with: a paragraph that hundreds share is shared enough."""


class Paragraphs(Struct, frozen=True):
    """The sketches of one document, packed: bins of each, one after the other, and all bands under
    which they are found."""

    bins: array[int]
    bands: array[int]

    @classmethod
    def of(cls, text: str) -> Paragraphs:
        sketches = checks.sketches(text)
        return cls(
            array("q", (number for sketch in sketches for number in sketch)),
            array("q", (band for sketch in sketches for band in checks.bands(sketch))),
        )

    def sketches(self) -> Iterator[checks.Sketch]:
        return zip(*[iter(self.bins)] * checks.BINS, strict=True)


class _Found:
    """Which documents have a band. A band and the document's number are one number in a sorted
    array: a dictionary would take twenty times as much. Those that came of late are looked through
    until there are enough of them to sort anew."""

    def __init__(self) -> None:
        self._packed = array("Q")
        self._targets: list[str] = []
        self._late: dict[str, array[int]] = {}

    def add(self, target: str, bands: array[int]) -> None:
        """What a document had before is found on: who looks compares."""
        self._late[target] = bands
        if len(self._late) > LATE + len(self._targets) // 8:
            first = len(self._targets)
            more = (
                (band & _BAND) << 32 | number
                for number, own in enumerate(self._late.values(), first)
                for band in own
            )
            self._targets += self._late
            self._packed = array("Q", sorted([*self._packed, *more]))
            self._late.clear()

    def having(self, bands: Iterable[int]) -> set[str]:
        """The documents that may have one of the bands."""
        wanted = {band & _BAND for band in bands}
        found = {target for target, own in self._late.items() if not wanted.isdisjoint(own)}
        for band in wanted:
            first = bisect_left(self._packed, band << 32)
            last = bisect_left(self._packed, (band + 1) << 32, first)
            found.update(self._targets[number & _BAND] for number in self._packed[first:last])
        return found


class NearDuplicates:
    """The documents of one project, by their paragraphs. Every method is safe in any thread."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._guard = threading.Lock()
        self.turn = threading.Lock()
        """Held from judging a draft to adding it: of equal drafts made at once, some must lose."""
        self._documents: dict[str, Paragraphs] | None = None
        self._found = _Found()
        self._jobs: dict[str, str] = {}
        self._made: set[str] = set()

    @cached_property
    def _lock(self) -> lockfile.Lock:
        """As it stood when somebody first asked for it: what is made since is in `_made`."""
        return self._project.lock()

    def beside(self, text: str, plugin: str, *, ours: bool) -> checks.Neighbours:
        """The documents that may share a paragraph with `text`, less those of its own plugin (they
        have one source); plugin: its folder, relative to the project; ours: those that we made,
        too. Without them the finding is the same whichever documents were made first, and stays
        so whichever follow."""
        bands, own = set(Paragraphs.of(text).bands), f"{plugin}/"
        with self._guard:
            documents = self._loaded()
            found = self._found.having(bands)
            near_by = [(target, documents[target]) for target in documents if target in found]
        near = (
            paragraphs.sketches()
            for target, paragraphs in near_by
            if not bands.isdisjoint(paragraphs.bands)
            and not target.startswith(own)
            and (ours or self._is_given(target))
        )
        return checks.Neighbours.of(islice(near, MOST))

    def _is_given(self, target: str) -> bool:
        """Did a person write the document, and is it not to be replaced?"""
        if target in self._made:
            return False
        entry = self._lock.get(self._jobs.get(target, ""))
        if entry is not None and entry.target == target:
            return entry.status != Status.PUBLISHED or bool(entry.extends)
        return self._project.defaults.values.get("standing") != "replace"

    def add(self, target: str, data: bytes) -> None:
        """A document that passed in this run, in place of what stood there."""
        paragraphs = Paragraphs.of(data.decode("utf-8", "replace"))
        with self._guard:
            self._loaded()[target] = paragraphs
            self._found.add(target, paragraphs.bands)
            self._made.add(target)
        self._project.index.keep_sketches([_row(target, fingerprint.sha256(data), paragraphs)])

    def _loaded(self) -> dict[str, Paragraphs]:
        if self._documents is None:
            self._jobs = dict(targets(self._project))
            self._documents = _load(self._project, self._jobs)
            for target, paragraphs in self._documents.items():
                self._found.add(target, paragraphs.bands)
        return self._documents


def _load(project: Project, targets: Iterable[str]) -> dict[str, Paragraphs]:
    """Those of the documents that stand; only what the index does not know is read."""
    index, documents, fresh = project.index, dict[str, Paragraphs](), list[digests.Sketches]()
    known = {row.target: row for row in index.sketches()}
    root = str(project.root)
    for target in targets:
        row = known.pop(target, None)
        if row is not None and row.stamp and row.stamp == _stamp(f"{root}/{target}"):
            documents[target] = Paragraphs(_unpacked(row.bins), _unpacked(row.bands))
            continue
        try:
            data = tree.read(project.root, target, CAP)
        except (UnsafePath, OSError):
            continue  # nothing stands there, or nothing that we would read
        documents[target] = Paragraphs.of(data.decode("utf-8", "replace"))
        fresh.append(_row(target, fingerprint.sha256(data), documents[target]))
    index.keep_sketches(fresh, gone=known)
    return documents


def _row(target: str, sha256: str, paragraphs: Paragraphs) -> digests.Sketches:
    bins, bands = paragraphs.bins.tobytes(), paragraphs.bands.tobytes()
    return digests.Sketches(target, sha256, bins, bands)


def _unpacked(numbers: bytes) -> array[int]:
    return array("q", numbers)


def _stamp(path: str) -> bytes | None:
    try:
        return stamp.of(os.lstat(path)).encode()
    except OSError:
        return None


def targets(project: Project) -> Iterator[tuple[str, str]]:
    """(target, relative to the project, job) of every document that a manifest declares; of plugins
    that have not moved, as the index has them."""
    still, items = project.index.still(project.key), dict(project.index.all_items())
    for slug in project.slugs():
        if slug in still:
            yield from ((row[2], f"{row[0]}/{row[1]}") for row in json.loads(items.get(slug, "[]")))
            continue
        path = project.manifests / f"{slug}.yaml"
        manifest, _ = contract.load_manifest(path, project.defaults, project.index)
        if manifest is not None:
            for e in manifest.enhancements:
                yield f"{manifest.path}/{e.target}", f"{slug}/{e.name}"


def of(project: Project) -> NearDuplicates:
    """The one index of a project in this process."""
    with _GUARD:
        return _of(project)


_GUARD = threading.Lock()


@lru_cache(maxsize=1)
def _of(project: Project) -> NearDuplicates:
    return NearDuplicates(project)
