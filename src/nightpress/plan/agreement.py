"""What lock file, ledger and index owe one another; every rule of it, and nothing else.

The files that stand are the truth. Of what is written down about them:

1. `nightpress.lock` is believed before the ledger (it is committed with the documents), but where
   it alone contradicts the file that stands, ledger and file are right (`history`).
2. A document is published when its row of the ledger says so; its line in the lock file may lag
   behind, half a second in a run and longer after a crash. So each run that has to do with
   enhancements compares the rows that are newer than the last comparison (`lags`, `agree`) with the
   lock file, and rebuilds the lines that it lacks (`recover`).
3. A comparison holds for one lock file (by sha256) and one ledger (by identity): another branch, a
   restored ledger or an edited line call for another one, of all rows.
4. The index lets a plugin be passed over only while neither its files (their stamps), nor its lines
   of the lock file (their digest), nor what everything depends on (`Project.key`) have changed.
   It is a cache: to lose it costs time, and nothing else.
5. A line leaves the file where neither the manifest of its plugin is there (`retired`) nor a file
   at its target: whichever of the two comes back alone, what the line says of it still holds. Where
   the manifest was renamed, the line goes on under the new name (`recover.retire`). Where the
   document itself was moved as it is (its own target is gone, its bytes stand at another that a
   manifest declares), the line goes on with the new target (`recover.follow`).
6. What a run itself writes into the lock file changes only the lines of the plugins it names:
   whatever agreed with the file before agrees with it afterwards (`written`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping

from nightpress.project import Project
from nightpress.storage import LOCK, UNORDERED, Index, git, stamp

__all__ = ["agree", "agreed", "contradicted", "lags", "moved", "retired", "swept", "written"]

STAMP = "lock"
"""meta: the stat of the lock file that the index agrees with."""
AGREED, COMPARED = "lock_agreed", "ledger_compared"
"""meta: sha256 of the lock file that has what the ledger has, and up to which row of which one."""

SWEPT = "lock_kept"
"""meta: for which lock file and plugins it is known that no line leaves, and the targets of lines
without a manifest, which stay as long as there is a file."""


def moved(project: Project, lines: Mapping[str, str]) -> list[str]:
    """The plugins whose lines of the lock file are others than the index has; lines: slug -> digest
    of them, as the index has them. The index forgets those plugins, and knows the file then."""
    index, stamp, gone = project.index, _stamp(project), list[str]()
    if stamp and stamp == index.meta(STAMP):
        return gone
    lock = project.lock()
    if lock.sha256 != index.meta(LOCK):
        digests = lock.digests()
        gone = [slug for slug, digest in lines.items() if digests.get(slug, "") != digest]
        index.invalidate(gone)
        index.set_meta(LOCK, lock.sha256 if lock.in_order else UNORDERED + lock.sha256)
    if stamp != index.meta(STAMP):
        index.set_meta(STAMP, stamp)
    return gone


def _stamp(project: Project) -> str:
    """The lock file's stat as text; "" if it may still change unseen."""
    try:
        s = project.lock_path.lstat()
    except FileNotFoundError:
        return "absent"
    if project.clock.time() * 1e9 - stamp.changed_ns(s) < stamp.RACY_NS:
        return ""
    return stamp.of(s)


def lags(project: Project) -> bool:
    """Has the ledger rows that were not compared with the lock file as it stands?"""
    index, ledger, stamp = project.index, project.ledger, _stamp(project)
    known = index.meta(LOCK) if stamp and stamp == index.meta(STAMP) else project.lock().sha256
    return ledger.newest() > agreed(index, known.removeprefix(UNORDERED), ledger.identity())


def agreed(index: Index, lock: str, ledger: str) -> int:
    """The newest of the ledger's rows that were compared with the lock file of this sha256."""
    identity, _, row = index.meta(COMPARED).rpartition(" ")
    return int(row) if index.meta(AGREED) == lock and identity == ledger else 0


def agree(index: Index, lock: str, ledger: str, row: int) -> None:
    """The lock file of this sha256 has all that the ledger has, up to this row."""
    index.set_meta(COMPARED, f"{ledger} {row}")
    index.set_meta(AGREED, lock)


def retired(project: Project) -> frozenset[str]:
    """The plugins that have lines in the lock file, and no manifest. None in a sparse checkout,
    which may lack it, none where there is no manifest at all, and none where it is known that their
    lines stay (`swept`)."""
    slugs = project.slugs()
    if not slugs or git.is_sparse(project.root):
        return frozenset()
    known, *stay = json.loads(project.index.meta(SWEPT) or '[""]')
    if known == _swept(project) and all(os.path.lexists(project.root / path) for path in stay):
        return frozenset()
    found = frozenset(project.lock().digests()).difference(slugs)
    if not found:
        swept(project, ())
    return found


def swept(project: Project, stay: Iterable[str]) -> None:
    """No line leaves the lock file as it is, as long as files stand at these targets."""
    project.index.set_meta(SWEPT, json.dumps([_swept(project), *stay]))


def _swept(project: Project) -> str:
    text = "\n".join([project.lock().sha256, *project.slugs()])
    return hashlib.sha256(text.encode()).hexdigest()


def contradicted(index: Index) -> None:
    """A file stands as the ledger says, and the lock file does not: compare them again."""
    if index.meta(COMPARED):
        index.set_meta(COMPARED, "")


def written(index: Index, before: str, now: str, slugs: Collection[str]) -> None:
    """The lock file had the sha256 `before`, and has `now`; only lines of these plugins differ."""
    index.set_meta(STAMP, "")  # of the file before: it may come back, or be absent again
    if index.meta(LOCK) == before:
        index.invalidate(slugs)
        index.set_meta(LOCK, now)
    if index.meta(AGREED) == before:
        index.set_meta(AGREED, now)
