"""The text of a plugin that a document is made from, read safely, and the plugin's anatomy.

Floor 3. Untrusted: only regular files inside the plugin, each within a cap; never a file whose
name says that it holds secrets (they are neither sent nor used).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from nightpress import anatomy, fingerprint, reading
from nightpress.errors import UnsafePath
from nightpress.model import Anatomy, SourceFile
from nightpress.staleness import Case

FILE_CAP = 256 * 1024
"""Bytes of one file that are used at most."""

TOTAL_CAP = 4 * 1024 * 1024
"""Bytes of one plugin that are used at most."""

STANDING_CAP = 8 * 1024 * 1024
"""Bytes of a standing document that are read at most."""

SECRET_NAMES = (
    ".env", ".env.*", "*.pem", "*.key", "*.p12", "*.pfx", "id_rsa*", "id_dsa*", "id_ecdsa*",
    "id_ed25519*", ".npmrc", ".pypirc", ".netrc",
    "*.keystore", "credentials", "credentials.json", ".htpasswd", "*.kdbx",
)  # fmt: skip
_PUBLIC = (".env.example", ".env.sample", ".env.template", "id_*.pub")


class Sources(Struct, frozen=True):
    """The text files that were read, in order of path."""

    files: tuple[SourceFile, ...]


@lru_cache(maxsize=8_192)
def is_secret(path: str) -> bool:
    """Does the name say that the file holds secrets?"""
    name = path.rpartition("/")[2].lower()
    if any(fnmatch.fnmatch(name, pattern) for pattern in _PUBLIC):
        return False
    if name.startswith("id_") and "." not in name:  # a key; but id_mapping.md is none
        return True
    return any(fnmatch.fnmatch(name, pattern) for pattern in SECRET_NAMES)


def read(root: Path, paths: Iterable[str]) -> Sources:
    """The text files among `paths` (relative to the plugin's root). Of a Mapping to the sha256 that
    the files had when they were gathered, those with the same digest are read once: a plugin may
    have hundreds of documents, all made from the same files."""
    known = paths if isinstance(paths, Mapping) else {}
    shelf = _shelf(root)
    files = []
    total = 0
    for path in sorted(paths):
        if is_secret(path) or total >= TOTAL_CAP:
            continue
        held = shelf.get((path, known.get(path, "")))
        if held is not None:
            total += held.size
            files.append(held)
            continue
        try:
            data = reading.read(root, path, FILE_CAP)
        except (UnsafePath, OSError):
            continue  # gone, a link, too large: it is no source; the walk's notices name it
        if b"\0" in data[:8192]:
            continue
        total += len(data)
        text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
        made = SourceFile(path, text, len(data), sha256=fingerprint.sha256(data))
        shelf[path, made.sha256] = made
        files.append(made)
    return Sources(tuple(files))


@lru_cache(maxsize=4)
def _shelf(_root: Path) -> dict[tuple[str, str], SourceFile]:
    """(path, sha256) -> file, of the plugins that were read last; each within TOTAL_CAP."""
    return {}


def anatomy_of(root: Path, sources: Sources, told: Mapping[str, str] | None = None) -> Anatomy:
    """told: what is said of the plugin elsewhere."""
    return anatomy.build(sources.files, root.name, told)


def standing_text(root: Path, target: str, case: Case) -> str:
    """The file that stands at the target; "" if there is none."""
    if case.standing.sha256 is None:
        return ""
    return reading.read(root, target, STANDING_CAP).decode("utf-8", "replace")
