"""A skill's bundle: beside SKILL.md one reference file for each command, agent or skill.

A generator with `for_each` is declared once and makes a document for each of them. A plugin that
says little in few of them gets none: what fits into one SKILL.md is found faster there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from nightpress.lazy import pattern
from nightpress.plugin import kind_of, skill_name
from nightpress.storage import tree

LEAST, MOST = 2, 60
"""Components of a plugin from which a bundle is made, and of which one has a reference at most."""
SPLIT = 8_000
"""Bytes that their files hold together, at least: what harnesses keep of one SKILL.md."""
PACK, PACK_BYTES, ROWS = 3, 16_000, 40
"""Components of a pack, and bytes that they hold together, at least: more than one document has
room for; and components at most, of which a table says what each is for."""
DEPTH = 3
"""Levels down at which a part of a plugin may lie (`plugins/video/subtitles/commands`)."""
_NO_PART = pattern(rf"\.|(?:{'|'.join(tree.COMPONENTS)}|node_modules|src|docs|tests?)$")
FOLDERS = {"command": "commands", "agent": "agents", "skill": "skills"}


class Part(Struct, frozen=True):
    """One component: its name, as a file may be called, its path in the plugin, and its bytes."""

    name: str
    path: str
    size: int


def parts(root: Path, kinds: Iterable[str]) -> tuple[Part, ...]:
    """The components that a reference is made for, in order; none where one document holds all."""
    found: dict[str, Part] = {}
    for kind in kinds:
        for part in sorted(_of(root, kind), key=lambda part: part.path):
            names = (part.name, f"{part.name}-{kind}", skill_name(part.path.rpartition(".")[0]))
            name = next((one for one in names if one not in found), names[0])
            found.setdefault(name, Part(name, part.path, part.size))
    several = len(found) >= LEAST and sum(part.size for part in found.values()) >= SPLIT
    return tuple(found.values())[:MOST] if several else ()


def is_pack(root: Path) -> bool:
    """Do the plugin's commands and agents say more than one SKILL.md holds?"""
    found = parts(root, ("command", "agent"))
    return PACK <= len(found) <= ROWS and sum(part.size for part in found) >= PACK_BYTES


def _of(root: Path, kind: str) -> Iterator[Part]:
    """The files of one kind in their usual folder, and in that of a part of the plugin
    (`plugins/hull/commands`); what is a link is skipped."""
    for top in (root / FOLDERS[kind], *_of_parts(root, FOLDERS[kind])):
        for directory, inner, names in os.walk(top):
            inner[:] = sorted(one for one in inner if not one.startswith("."))
            below = os.path.relpath(directory, root).replace(os.sep, "/")
            for name in names:
                path, file = f"{below}/{name}", Path(directory) / name
                stem = below.rpartition("/")[2] if kind == "skill" else _stem(file, top)
                if kind_of(path) == kind and file.is_file() and not file.is_symlink():
                    yield Part(skill_name(stem), path, file.stat().st_size)


def _of_parts(root: Path, folder: str) -> Iterator[Path]:
    """Such folders of parts of the plugin, some levels down."""
    level = [root]
    for _ in range(DEPTH):
        level = [one for above in level for one in _folders(above)]
        yield from (one / folder for one in level if (one / folder).is_dir())


def _folders(above: Path) -> list[Path]:
    """The folders that may hold a part; of one that cannot be read, none (who reads it tells)."""
    found: list[str] = []
    with suppress(OSError), os.scandir(above) as entries:
        inner = (one for one in entries if one.is_dir(follow_symlinks=False))
        found = sorted(one.name for one in inner if not _NO_PART.match(one.name))
    return [above / name for name in found]


def _stem(file: Path, top: Path) -> str:
    return "-".join(file.relative_to(top).with_suffix("").parts)
