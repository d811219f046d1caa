"""A plugin as it was when one of its documents was published, as git has it: for a machine that has
no snapshot of that publication, as a clone has none.

The lock file is committed with the documents that it speaks of, beside the files that they were
made from. What a commit has is believed only where its digest is the one on record; nothing is
fetched, and where git does not say, nobody knows.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from nightpress import fingerprint
from nightpress.ledger import lockfile
from nightpress.plan import content, decide
from nightpress.plan.staleness import Inputs
from nightpress.plan.standing import Publication
from nightpress.plan.state import PluginState
from nightpress.project import Project
from nightpress.storage import git

MOST_BYTES = 64_000_000
"""Of a plugin's files, up to which they are read from git."""
LOG = ("log", "-1", "--format=%H", "--no-show-signature", "--no-ext-diff", "--no-textconv")
"""The last commit, and no program that the user's configuration would have it shown by."""
REGULAR = ("100644", "100755")


class Before(Struct, frozen=True):
    """paths: every file of the plugin then; files: path -> bytes of those that the document was
    made from."""

    paths: frozenset[str]
    files: dict[str, bytes]

    def digests(self) -> dict[str, str]:
        return {path: fingerprint.held(path, data) for path, data in self.files.items()}


def before(project: Project, plugin: PluginState, name: str, inputs: Inputs) -> Before | None:
    """The plugin as the publication that is on record knew it; None: git does not know. name: of
    the document."""
    known, lock = inputs.publication, project.lock().sha256
    if known is None or plugin.manifest is None or not git.is_repository(project.root):
        return None
    try:
        for commit in dict.fromkeys(_commits(project.root, lock, f"{plugin.slug}/{name}", known)):
            found = _at(project, plugin, name, inputs, commit)
            if found is None:
                continue
            if fingerprint.content(found.digests()) == known.fingerprint.content:
                return found
    except (OSError, subprocess.SubprocessError, ValueError, LookupError):
        return None
    return None


def _commits(root: Path, lock: str, job: str, known: Publication) -> Iterator[str]:
    """The last commit of the lock file, by which most of its lines hold; then the one that brought
    the document's line."""
    if not (last := _last(root, lock)):
        return
    yield last
    words = f'"job":"{job}",', f'"content":"{known.fingerprint.content}"'
    line = ".*".join(re.sub(r"([^\w/:,-])", r"[\1]", one) for one in words)
    found = git.run(root, *LOG, "-G", line, "--", lockfile.NAME)
    if commit := found.decode().strip():
        yield commit


@lru_cache(maxsize=8)
def _last(root: Path, lock: str) -> str:  # noqa: ARG001 (another lock file, another commit)
    """The last commit of the lock file; "" of a clone that would have to fetch what it lacks."""
    wanting = "^(extensions[.]partialclone|remote[.].*[.]promisor)$"
    try:
        git.run(root, "config", "--get-regexp", wanting, none=1)
    except subprocess.CalledProcessError:
        return ""
    return git.run(root, *LOG, "--", lockfile.NAME).decode().strip()


def _at(
    project: Project, plugin: PluginState, name: str, inputs: Inputs, commit: str
) -> Before | None:
    """What the commit has of the plugin; None: more than is read, or what is no file."""
    listed = git.run(plugin.root, "ls-tree", "-r", "-l", "-z", commit, "--", ".")
    rows = dict(_rows(listed))
    target, paths = plugin.targets[name], frozenset(_own(project, plugin, rows))
    declared = target.generator.settings.get("inputs", ())
    counted = [
        path
        for path in sorted(paths)
        if content.seen(path, declared) and decide.is_its_content(path, target, inputs.publications)
    ]
    if any(rows[path][0] not in REGULAR for path in counted):
        return None
    if sum(rows[path][2] for path in counted) > MOST_BYTES:
        return None
    contents = _contents(plugin.root, [rows[path][1] for path in counted])
    return Before(paths, dict(zip(counted, contents, strict=True)))


def _rows(listed: bytes) -> Iterator[tuple[str, tuple[str, str, int]]]:
    """path -> mode, blob and size of each file that git lists."""
    for row in listed.split(b"\0")[:-1]:
        head, _, path = row.partition(b"\t")
        mode, _kind, blob, size = head.decode().split()
        yield os.fsdecode(path), (mode, blob, int(size) if size.isdigit() else 0)


def _own(project: Project, plugin: PluginState, paths: Collection[str]) -> Iterator[str]:
    """Those of the paths that are the plugin's own, as they are gathered from its folder."""
    assert plugin.manifest is not None  # noqa: S101 (`before` has looked)
    marker = "/.claude-plugin/plugin.json"
    others = plugin.foreign | {p.removesuffix(marker) for p in paths if p.endswith(marker)}
    ignore = content.ignores(project, plugin.manifest)
    for path in paths:
        ways = [path[: match.start()] for match in re.finditer("/", path)] + [path]
        passed = any(ignore.holds(way.rpartition("/")[2], way) for way in ways)
        if not passed and not content.is_foreign(path, others):
            yield path


def _contents(root: Path, blobs: Sequence[str]) -> Iterator[bytes]:
    """The bytes of each blob."""
    asked = "".join(f"{blob}\n" for blob in blobs).encode()
    answer = git.run(root, "cat-file", "--batch", stdin=asked)
    for _ in blobs:
        head, _, rest = answer.partition(b"\n")
        size = int(head.split()[2])
        yield rest[:size]
        answer = rest[size + 1 :]
