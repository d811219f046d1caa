"""Has nothing moved since a run found nothing to do? Told from stats alone, by few imports.

To find out what is stale, everything is read that could make something so. Once a run has done that
and found nothing, it leaves a note in the index: the stats of everything that its finding depends
on, beside those of each plugin's files, which the index has. As long as they are all the same, so
is the finding. Whatever is not plainly the same means None: the short cut may never hide work.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightpress import __version__
from nightpress.errors import NightpressError
from nightpress.storage import RACY_NS, Index

if TYPE_CHECKING:
    from nightpress.plan.newcomers import Newcomers
    from nightpress.project import Project

__all__ = ["Environ", "keep", "look", "said"]

_META = "nothing_to_do"
_FILES = (
    ".", "manifests", "manifests/_defaults.yaml", ".gitignore", "nightpress.lock",
    ".nightpress/ledger.db", ".nightpress/ledger.db-wal",
)  # fmt: skip


class Environ(Mapping[str, str]):
    """The environment, with a memory of the variables that were asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        self.names.update(self._environ)
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


def look(index: Index, root: Path, options: Mapping[str, Any]) -> Counter[str] | None:
    """The decisions of all plugins, counted; None if something may have moved."""
    try:
        note = json.loads(index.meta(_META) or "{}")
        if note.get("made_with") != _made_with(options):
            return None
        if note["key"] != index.meta("key"):
            return None  # since then somebody looked with other eyes: another writer, say
        if note["environ"] != _digests(note["environ"], os.environ):
            return None
        if note["stamps"] != [_stamp(root / name) for name in note["names"]]:
            return None
        texts = Counter(counts for _, _, counts in index.unmoved())
    except (NightpressError, OSError, ValueError):
        return None
    if texts.total() != note["plugins"]:
        return None
    total: Counter[str] = Counter()
    for text, times in texts.items():
        for action, count in json.loads(text).items():
            total[action] += count * times
    return total


def said(index: Index) -> str:
    """What the note has to say beside the decisions; only where `look` found it to hold."""
    return str(json.loads(index.meta(_META)).get("said", ""))


def keep(
    project: Project,
    plugins: int,
    environ: Environ,
    since: int,
    new: Newcomers | None = None,
    said: str = "",
) -> None:
    """Leave the note that there is nothing to do for any of the plugins; since: when the project
    was first looked at (ns): what is younger may have been seen as it was before; new: plugins
    without a manifest, and where that was seen; said: what else is told of what waits."""
    watched = new.watched if new is not None else ()
    names = [*_FILES, *_inside(project), *watched]
    stamps = [_stamp(project.root / name) for name in names]
    if max(max(stamp[2:4], default=0) for stamp in stamps) > since - RACY_NS:
        return
    note = {
        "made_with": _made_with(project.options), "plugins": plugins,
        "key": project.index.meta("key"),
        "environ": _digests(environ.names, os.environ), "names": names, "stamps": stamps,
        "said": "\n".join(filter(None, (new.sentence() if new is not None else "", said))),
    }  # fmt: skip
    text = json.dumps(note)
    if project.index.meta(_META) != text:
        project.index.set_meta(_META, text)


def _made_with(options: Mapping[str, Any]) -> str:
    others = {name: value for name, value in options.items() if name != "progress"}
    return f"{__version__} {json.dumps(others, sort_keys=True)}"


def _digests(names: Iterator[str] | Any, environ: Mapping[str, str]) -> dict[str, str]:
    """Of the variables' values, too short to tell a key from."""
    return {
        name: hashlib.blake2b(environ.get(name, "").encode(), digest_size=3).hexdigest()
        for name in sorted(names)
    }


def _inside(project: Project) -> Iterator[str]:
    """Every file and folder of the generators and schemas, the project's own and ours."""
    from nightpress.project import bundled

    folders = [*project.generator_folders(), project.root / "schemas", bundled("schemas")]
    for folder in folders:
        yield str(folder)
        for base, inner, files in os.walk(folder):
            yield from (os.path.join(base, name) for name in (*inner, *files))  # noqa: PTH118


def _stamp(path: Path) -> list[int]:
    try:
        found = os.stat(path)  # noqa: PTH116 - through a link, to what is read
    except (FileNotFoundError, NotADirectoryError):
        return []
    if path.suffix == ".db-wal" and not found.st_size:
        return []  # there while somebody has the ledger open, and nothing of it
    return [found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
