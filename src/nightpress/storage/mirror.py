"""Making a folder what a list of entries says: files, links and folders, with their modes.

No link is followed; a file is replaced as a whole, or not at all.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from nightpress.storage import atomic, tree
from nightpress.text import safe

CAP = 1 << 30
"""Bytes of one file that a snapshot holds at most."""

_TEMPORARY = re.compile(r"\.nightpress-[0-9a-f]{16}")

IGNORE = tree.Ignore((".git", ".nightpress", "node_modules", "__pycache__"), defaults=False)


class Held(Struct, frozen=True):
    """One entry of a snapshot; kind: file, link, dir; text: sha256 of a file, target of a link."""

    path: str
    kind: str
    mode: int
    text: str = ""


def mirror(
    root: Path, entries: Sequence[Held], contents: Mapping[str, bytes], saved: Sequence[Held]
) -> list[str]:
    """Make `root` what the entries say; what changed, as lines. contents: path -> bytes of each
    file; saved: what of `root` is safe elsewhere, and may be removed."""
    root.mkdir(parents=True, exist_ok=True)
    by_path = {entry.path: entry for entry in entries}
    changed = _remove_others(root, by_path, {(e.path, e.kind) for e in saved})
    ordered = sorted(entries, key=lambda e: e.path)
    for entry in ordered:
        if _differs(root, entry):
            with _named(entry.path):
                _put(root, entry, contents.get(entry.path, b""))
            changed.append(f"restored {safe(entry.path)}")
    for entry in reversed(ordered):
        if entry.kind == "dir":
            with _named(entry.path):
                os.chmod(root / entry.path, entry.mode, follow_symlinks=True)
    return changed


@contextmanager
def _named(path: str) -> Iterator[None]:
    """An error names the entry, not our temporary file."""
    try:
        yield
    except OSError as error:
        error.filename = path
        raise


def sweep(root: Path) -> int:
    """After a crash: remove the temporary files that `mirror` left in `root`; how many."""
    temporary = [
        e for e in tree.walk(root, IGNORE).files if _TEMPORARY.fullmatch(Path(e.path).name)
    ]
    for entry in temporary:
        _in_folder(root, entry.path, _remover(entry.kind))
    return len(temporary)


def _in_folder(root: Path, path: str, act: Callable[[int, str], None]) -> None:
    *folders, name = tree.parts_of(path)
    folder = tree.open_folder(root, folders)
    try:
        act(folder, name)
    finally:
        os.close(folder)


def _remove_others(
    root: Path, by_path: dict[str, Held], saved: Collection[tuple[str, str]]
) -> list[str]:
    """Remove what the snapshot does not hold, and what is of another kind, innermost first; only
    what was saved."""
    changed = []
    for entry in reversed(tree.walk(root, IGNORE).files):
        wanted = by_path.get(entry.path)
        if (entry.path, entry.kind) not in saved:
            continue
        if wanted is not None and wanted.kind == entry.kind:
            continue
        try:
            with _named(entry.path):
                _in_folder(root, entry.path, _remover(entry.kind))
        except FileNotFoundError:
            continue
        except OSError as error:
            if entry.kind == "dir" and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                continue  # it holds what nobody saved
            raise
        changed.append(f"removed {safe(entry.path)}")
    return changed


def _remover(kind: str) -> Callable[[int, str], None]:
    def remove(folder: int, name: str) -> None:
        if kind == "dir":
            os.rmdir(name, dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)

    return remove


def _differs(root: Path, entry: Held) -> bool:
    path = root / entry.path
    try:
        standing = path.lstat()
    except FileNotFoundError:
        return True
    if entry.kind == "link":
        return os.readlink(path) != entry.text
    if entry.kind == "dir":
        return stat.S_IMODE(standing.st_mode) != entry.mode
    if stat.S_IMODE(standing.st_mode) != entry.mode:
        return True
    return hashlib.sha256(tree.read(root, entry.path, CAP)).hexdigest() != entry.text


def _put(root: Path, entry: Held, data: bytes) -> None:
    temporary = f".nightpress-{secrets.token_hex(8)}"  # as in _TEMPORARY

    def put(folder: int, name: str) -> None:
        if entry.kind == "dir":
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=folder)
            return
        try:
            if entry.kind == "link":
                os.symlink(entry.text, temporary, dir_fd=folder)
            else:
                atomic.write_new(temporary, data, entry.mode & 0o777, folder)
            os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise
        os.fsync(folder)

    _in_folder(root, entry.path, put)
