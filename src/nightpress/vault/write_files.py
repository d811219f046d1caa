"""Putting a restored tree on the disk: first whole in a folder of our own, then moved into place.

Nothing is written outside of the destination: every path was checked to be plain and relative,
links are made when every file stands, and what stands in the destination is never followed.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from nightpress.errors import UnsafePath, UsageError
from nightpress.storage import tree
from nightpress.text import safe
from nightpress.vault.trees import Node

_STAGE = ".nightpress-restore-"
"""How the folder begins, within the destination, in which everything is laid out first."""

_FILE_MODE = 0o777
"""Permission bits that a restored file may have: never setuid, setgid or sticky."""


class Destination:
    """A destination, and the folder in which everything is laid out first."""

    def __init__(self, dest: Path, *, overwrite: bool) -> None:
        self.dest = Path(os.path.realpath(dest))
        self.overwrite = overwrite
        self.replaced = 0
        self._exists = os.path.lexists(self.dest)
        if self._exists and not self.dest.is_dir():
            raise UsageError(f"{safe(str(dest))} is not a folder")
        if self._exists:
            self._clear()
        if self._exists and not overwrite and any(self.dest.iterdir()):
            raise UsageError(
                f"{safe(str(dest))} is not empty, and nothing is overwritten unless you ask",
                "name an empty or a new folder, or add --overwrite",
            )
        self.dest.mkdir(parents=True, exist_ok=True)
        self.stage = self.dest / f"{_STAGE}{secrets.token_hex(4)}"
        self.stage.mkdir(mode=0o700)

    def folders(self, paths: Iterable[str]) -> None:
        for path in sorted(paths):
            os.makedirs(f"{self.stage}/{path}", exist_ok=True)  # noqa: PTH103  odd names, speed

    def create(self, path: str, mode: int) -> int:
        """A descriptor of the new file; its folder is there."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(f"{self.stage}/{path}", flags, 0o600)
        os.fchmod(file, mode & _FILE_MODE)
        return file

    def finish(self, nodes: Sequence[Node]) -> None:
        """Make the links, then move everything into place, then set the folders' modes."""
        for node in nodes:
            if node.kind == "l":
                os.symlink(node.text, f"{self.stage}/{node.path}")  # noqa: PTH211  odd names
        os.sync()  # the content is durable before the names are
        self._merge(nodes)
        self.stage.rmdir()
        self._modes(self.dest, nodes)
        os.sync()

    def discard(self) -> None:
        """Remove what was laid out."""
        shutil.rmtree(self.stage, ignore_errors=True)
        if not self._exists:
            with suppress(OSError):
                self.dest.rmdir()

    def _clear(self) -> None:
        """Remove what an earlier restore, killed halfway, had laid out here."""
        for left in self.dest.glob(f"{_STAGE}*"):
            if re.fullmatch(r"[0-9a-f]{8}", left.name.removeprefix(_STAGE)):
                shutil.rmtree(left, ignore_errors=True)

    def _merge(self, nodes: Sequence[Node]) -> None:
        if {name.name for name in self.dest.iterdir()} == {self.stage.name}:
            for child in list(self.stage.iterdir()):
                child.rename(self.dest / child.name)
            return
        solid = [node for node in nodes if node.kind in "fl"]
        clashes = [safe(node.path) for node in nodes if not self._fits(node)]
        if clashes:
            raise UnsafePath(
                f"{len(clashes)} entries cannot replace what is in"
                f" {safe(str(self.dest))}: {', '.join(clashes[:5])}",
                "a folder or a link is in the way: move it away; nothing was changed",
            )
        for folder in sorted(folders_of(nodes)):
            (self.dest / folder).mkdir(exist_ok=True)
        for node in solid:
            *above, name = tree.parts_of(node.path)
            source = tree.open_folder(self.stage, above)
            target = tree.open_folder(self.dest, above)
            try:
                self.replaced += _stands(target, name)
                os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
            finally:
                os.close(source)
                os.close(target)
        shutil.rmtree(self.stage)
        self.stage.mkdir()

    def _fits(self, node: Node) -> bool:
        """May the entry take the place of what stands in the destination?"""
        if node.kind == "x" or node.path == ".":
            return True
        *above, name = tree.parts_of(node.path)
        try:
            folder = tree.open_folder(self.dest, above)
        except FileNotFoundError:
            return True
        except (UnsafePath, OSError):
            return False
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return True
        finally:
            os.close(folder)
        is_folder = stat.S_ISDIR(mode)
        return is_folder if node.kind == "d" else not is_folder

    def _modes(self, root: Path, nodes: Sequence[Node]) -> None:
        own = [node for node in nodes if node.kind == "d" and node.path != "."]
        for node in sorted(own, key=lambda n: n.path, reverse=True):
            os.chmod(f"{root}/{node.path}", node.mode)


def _stands(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def folders_of(nodes: Iterable[Node]) -> set[str]:
    """Every folder that the entries need, those above included."""
    folders: set[str] = set()
    for node in nodes:
        if node.kind == "x":
            continue
        path = node.path if node.kind == "d" else node.path.rpartition("/")[0]
        while path and path != "." and path not in folders:
            folders.add(path)
            path = path.rpartition("/")[0]
    return folders
