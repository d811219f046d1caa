"""Which paths a manifest may name: relative ones that stay where they belong."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nightpress.storage import Obstacle

_DRIVE = re.compile(r"[A-Za-z]:[/\\]")
_LONGEST_NAME = 255
"""Bytes of one component, on every usual file system."""
_LONGEST_PATH = 1_000
"""Bytes of a path below the project; with what lies above it, macOS takes 1,024."""

OURS = frozenset({".git", ".hg", ".svn", ".nightpress"})
"""Folders that no document is written into."""


DOCUMENTS = (".md", ".markdown", ".mdx", ".txt")
_PARTS = {
    "manifest": "the plugin's manifest",
    "mcp": "a list of servers",
    "hook": "a hook",
    "command": "a command of the plugin",
    "agent": "an agent of the plugin",
    "script": "a script",
    "license": "a licence",
    "code": "code",
}


def clean(path: str) -> str:
    """The same path without a leading `./` and a trailing slash; `.` for the root itself."""
    return path.removeprefix("./").rstrip("/") or "."


def unsafe(path: str, base: str) -> str:
    """Why a path may not be used; "" if it may. base: what it is relative to, in words."""
    if path.startswith(("/", "~")) or _DRIVE.match(path):
        return f"is absolute: write it relative to {base}"
    if "\\" in path:
        return "has a backslash: write / between folders"
    parts = clean(path).split("/")
    if ".." in parts:
        return f"leads out of {base} with `..`"
    if any(part in ("", ".") for part in parts) and parts != ["."]:
        return "has an empty component"
    if any(len(part.encode("utf-8", "surrogatepass")) > _LONGEST_NAME for part in parts):
        return f"has a component of more than {_LONGEST_NAME} bytes"
    if len(path.encode("utf-8", "surrogatepass")) > _LONGEST_PATH:
        return f"has more than {_LONGEST_PATH:,} bytes"
    return ""


def unfit(target: str) -> str:
    """Why no document may stand at this path of a plugin, beside `unsafe`; "" if one may."""
    parts = clean(target).split("/")
    if parts == ["."] or target.endswith("/"):
        return "is a folder: name the file"
    if folder := next((part for part in parts if part.casefold() in OURS), ""):
        return f"is in {folder}, where nothing is written"
    if any(unicodedata.category(c) == "Cc" for c in target):
        return "has control characters"
    return ""


def no_document(target: str) -> str:
    """Why what stands at this path of a plugin is no document in Markdown; "" if it may be one. A
    command or an agent is text, but what it says is done, not read."""
    from nightpress.plugin import kind_of

    parts = clean(target).split("/")
    kind = kind_of(clean(target))
    if ".claude-plugin" in parts or kind in _PARTS:
        return f"is {_PARTS.get(kind, 'part of the plugin itself')}, no document"
    name = parts[-1].lower()
    if not name.endswith(DOCUMENTS) and name != "readme":
        return f"is not a document: in Markdown, its name ends in {', '.join(DOCUMENTS)}"
    if name.startswith("."):
        return "is a hidden file, not a document"
    return ""


def key(path: str) -> str:
    """One key for the names that some file system takes for one: case twins, other forms."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def place(root: Path, path: str) -> tuple[int, int, str]:
    """One key for one place on disk: the deepest folder of `path` that is there, by its inode,
    and the rest of the path by its `key` (folders that differ in case may well be two)."""
    parts = [part for part in clean(path).split("/") if part != "."]
    status = root.stat()
    walked = root
    while parts:
        try:
            inner = (walked / parts[0]).lstat()
        except (OSError, ValueError):
            break
        if not stat.S_ISDIR(inner.st_mode):
            break
        walked, status = walked / parts.pop(0), inner
    return status.st_dev, status.st_ino, key("/".join(parts))


def in_the_way(root: Path, target: str) -> tuple[str, str] | None:
    """(where, what) stands where only folders, and at the end a plain file, may stand."""
    *folders, _ = parts = clean(target).split("/")
    base = os.fspath(root)
    for count, _ in enumerate(parts, 1):
        walked = "/".join(parts[:count])
        try:
            status = os.lstat(f"{base}/{walked}")
        except (OSError, ValueError):
            return None
        if stat.S_ISLNK(status.st_mode):
            return walked, "a link"
        is_folder = stat.S_ISDIR(status.st_mode)
        if count <= len(folders) and not is_folder:
            return walked, "a file"
        if count > len(folders) and is_folder:
            return walked, "a folder"
    if not stat.S_ISREG(status.st_mode):
        return walked, "a special file (FIFO, socket or device)"
    return (walked, "a hard link (the file has other names)") if status.st_nlink > 1 else None


def obstacle(root: Path, target: str) -> Obstacle | None:
    """What will surely keep a document from being put at a target; target: relative to root, a
    plugin's folder."""
    from nightpress.storage import obstacle as obstacles

    return taken(root, target) or obstacles.of(root, clean(target))


def taken(root: Path, target: str) -> Obstacle | None:
    """What stands at the target, or on the way to it, and is no file to be replaced there."""
    from nightpress.storage import Obstacle

    target = clean(target)
    if found := in_the_way(root, target):
        return Obstacle(
            found[0], f"is {found[1]}", "mv {} elsewhere: only a plain file is ever replaced"
        )
    if other := twin(root, target):
        what = f"differs from {target!r} only in the form of its letters"
        return Obstacle(other, what, "git mv {} {to}", to=as_declared(target, other))
    return None


def twin(root: Path, target: str) -> str:
    """What stands beside a part of the target (or at it) under a name that many disks take for the
    same, relative to root; "" if there is no such thing."""
    walked, target = "", clean(target)
    for part in target.split("/"):
        try:
            names = os.listdir(f"{os.fspath(root)}/{walked}")  # noqa: PTH208
        except (OSError, ValueError):
            return ""
        same = key(part)
        other = next((n for n in names if n != part and key(n) == same), None)
        inner = f"{walked}{part}"
        if other is not None and (part not in names or inner == target):
            return f"{walked}{other}"
        walked = f"{inner}/"
    return ""


def as_declared(target: str, twin: str) -> str:
    """What a twin has to be called: that part of the target."""
    return "/".join(clean(target).split("/")[: twin.count("/") + 1])


def link_on_the_way(root: Path, path: str) -> str:
    """The first part of `path` below `root` that is a symbolic link; "" if there is none.

    What it leads to is not looked at: a link may lead out, or be changed to."""
    walked, base = "", os.fspath(root)
    for part in clean(path).split("/"):
        walked = f"{walked}/{part}" if walked else part
        try:
            mode = os.lstat(f"{base}/{walked}").st_mode
        except (OSError, ValueError):
            return ""
        if stat.S_ISLNK(mode):
            return walked
    return ""
