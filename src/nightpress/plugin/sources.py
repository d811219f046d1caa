"""The text of a plugin that a document is made from, read safely, and the plugin's anatomy.

Untrusted: only regular files inside the plugin, each within a cap; never a file whose name says
that it holds secrets (they are neither sent nor used).
"""

from __future__ import annotations

import codecs
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from nightpress import fingerprint
from nightpress.errors import UnsafePath
from nightpress.model import Anatomy, SourceFile
from nightpress.plugin import anatomy
from nightpress.plugin.secret_names import is_secret
from nightpress.storage import tree

FILE_CAP = 256 * 1024
"""Bytes of one file that are used at most."""

TOTAL_CAP = 4 * 1024 * 1024
"""Bytes of one plugin that are used at most."""

STANDING_CAP = 8 * 1024 * 1024
"""Bytes of a standing document that are read at most."""


class Sources(Struct, frozen=True):
    """The text files that were read, in order of path."""

    files: tuple[SourceFile, ...]


def read(root: Path, paths: Iterable[str], secret_names: Sequence[str] = ()) -> Sources:
    """The text files among `paths` (relative to the plugin's root), what matters most first where
    there is more than TOTAL_CAP. Of a Mapping to the digests that the files had when they were
    gathered, those with the same digest are read once: a plugin may have hundreds of documents, all
    made from the same files."""
    digests = paths if isinstance(paths, Mapping) else {}
    shelf = _shelf(root)
    files = []
    total = 0
    for path in sorted(paths, key=_importance):
        if is_secret(path, secret_names) or total >= TOTAL_CAP:
            continue
        kept = shelf.get((path, digests.get(path, "")))
        if kept is not None:
            total += kept.size
            files.append(kept)
            continue
        try:
            data = tree.read(root, path, FILE_CAP)
        except (UnsafePath, OSError):
            continue  # gone, a link, too large: it is no source; the notices name it
        source = _source(path, data)
        if source is None:
            continue
        total += len(data)
        if path not in anatomy.PLUGIN_JSON:  # its digest does not tell of a release
            shelf[path, source.sha256] = source
        files.append(source)
    return Sources(tuple(sorted(files, key=lambda file: file.path)))


def of(contents: Mapping[str, bytes], secret_names: Sequence[str] = ()) -> Sources:
    """As `read`, of path -> bytes of files that stand nowhere any more."""
    files, total = [], 0
    for path in sorted(contents, key=_importance):
        data = contents[path]
        if is_secret(path, secret_names) or total >= TOTAL_CAP or len(data) > FILE_CAP:
            continue
        if (source := _source(path, data)) is not None:
            total += len(data)
            files.append(source)
    return Sources(tuple(sorted(files, key=lambda file: file.path)))


def _source(path: str, data: bytes) -> SourceFile | None:
    """The file as a source; None where it is no text."""
    text = text_of(data) if fingerprint.lfs_oid(data) is None else None
    if text is None:
        return None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    return SourceFile(path, text, len(data), sha256=fingerprint.held(path, data))


_FIRST = ("manifest", "readme", "command", "skill", "agent", "hook", "mcp", "doc", "script")


@lru_cache(maxsize=65_536)
def _importance(path: str) -> tuple[int, int, str]:
    """What a plugin says of itself goes first; data and the like last; of one kind what lies
    higher."""
    kind = anatomy.kind_of(path)
    place = _FIRST.index(kind) if kind in _FIRST else len(_FIRST) + (kind == "data")
    return place, path.count("/"), path


def text_of(data: bytes) -> str | None:
    """UTF-8; else UTF-16 with its mark, or Windows-1252, in which old editors wrote; None: it is no
    text. UTF-8 with a broken byte stays UTF-8."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        with suppress(UnicodeDecodeError):
            return data.decode("utf-16")
    if b"\0" in data[:8192]:
        return None
    text = data.decode("utf-8", "replace")
    if "\ufffd" in text and not any(c > "\x7f" and c != "\ufffd" for c in text):
        return data.decode("cp1252", "replace")
    return text


def unused(entries: Iterable[tree.Entry], targets: Container[str]) -> list[tree.Notice]:
    """What a person wrote that is too large to be a source. targets: of the documents, which are
    read in another way."""
    reason = f"over {FILE_CAP // 1024} KiB: no document is made from it"
    return [
        tree.Notice(entry.path, reason)
        for entry in entries
        if entry.kind == "file" and entry.size > FILE_CAP and entry.path not in targets
        and entry.path.lower().endswith((".md", ".markdown", ".rst", ".txt"))
    ]  # fmt: skip


@lru_cache(maxsize=4)
def _shelf(_root: Path) -> dict[tuple[str, str], SourceFile]:
    """(path, sha256) -> file, of the plugins that were read last; each within TOTAL_CAP."""
    return {}


def anatomy_of(root: Path, sources: Sources, told: Mapping[str, Any] | None = None) -> Anatomy:
    """told: what is said of the plugin elsewhere."""
    return anatomy.build(sources.files, root.name, told)


def with_breaks(root: Path, target: str) -> str:
    """Digest of a document as git and formatters leave it, its hard breaks kept; "" if it has none
    (then a formatter took them, and nobody added any)."""
    try:
        data = tree.read(root, target, STANDING_CAP)
    except (OSError, UnsafePath):
        return ""
    said = fingerprint.broken(data)
    return fingerprint.sha256(said) if said != fingerprint.normal(data) else ""


def standing_text(root: Path, target: str, sha256: str | None) -> str:
    """The file that stands at the target; "" if there is none (its sha256 is None)."""
    if sha256 is None:
        return ""
    return tree.read(root, target, STANDING_CAP).decode("utf-8", "replace")
