"""Phase 2, offline: a document's body, composed of the plugin's own sections within the window."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from nightpress import checks
from nightpress.backends import finish
from nightpress.backends.offline.blocks import SAME, Block, is_ordered, is_told, units
from nightpress.backends.offline.sections import Part, parts_of, title
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.wording import stems
from nightpress.lazy import pattern
from nightpress.model import Material
from nightpress.plugin import frontmatter

RESERVE = 1_400
"""Bytes kept for the frontmatter, which is added later."""

MOST_LINES = 490
"""Lines of a body: a SKILL.md has at most 500 (best practices)."""

ENOUGH = 0.65
"""Of the size of a document that is replaced: with less, something of it would be missed."""

LITTLE = 0.01
"""News that is asked for where a document would be too small: a word."""

ROUNDS = 6
"""How often the text is read over, and blocks that a check refuses are left out."""

Row = tuple[str, int]
"""A text and the line at which it begins, counted from 1."""


def body(material: Material) -> str:
    """The document's body: as much of the plugin's own text as the window holds, by value, in whole
    sections, without the blocks that the checks would refuse. A plugin's one skill, where it is to
    be replaced, is used only where the plugin's other files are not enough."""
    text = _body(material)
    if len(finish.finished(material, text).encode()) < material.window.min:
        text = max(text, _body(material, strict=False), key=len)
    return text


def _body(material: Material, *, strict: bool = True) -> str:
    """strict: without what says little that was not said before."""
    skill = material.generator is not None and material.generator.frontmatter == "skill"
    if skill and material.standing and not material.spares and Topic(material).whole:
        text = _composed(replace(material, standing=""), strict=strict)
        least = max(material.window.min, int(ENOUGH * len(material.standing.encode())))
        if len(text.encode()) >= least:
            return text
    return _composed(material, strict=strict)


def _composed(material: Material, *, strict: bool) -> str:
    parts = parts_of(material)
    if not strict:
        parts = [replace(part, news=min(part.news, LITTLE)) for part in parts]
    is_skill = material.generator is not None and material.generator.frontmatter == "skill"
    most = material.window.max - (RESERVE if is_skill else 64)
    first = f"# {title(material)}"
    if is_skill and material.spares and (spared := _spared(material)):
        first, parts = spared, _beside(spared, parts)
    most -= len(first.encode())
    refused: set[str] = set()
    text = ""
    for _ in range(ROUNDS):
        rows = list(_rows(first, _fit(parts, most, refused, first)))
        text = "\n\n".join(block for block, _ in rows) + "\n"
        more = _refused(material, text, rows)
        if not more - refused:
            break
        refused |= more
    return text


def _spared(material: Material) -> str:
    """The text of a person that stays word for word, as the beginning of the document."""
    return frontmatter.split(material.standing.replace("\r\n", "\n")).body.strip("\n").rstrip()


def _beside(spared: str, parts: Sequence[Part]) -> list[Part]:
    """The parts that a person's text does not have: what it says, and its chapters, are its own."""
    chapters = {part.path[0].lower() for part in parts if part.is_standing and part.path} | {
        line.strip("# ").lower() for line in spared.split("\n") if line.startswith("#")
    }
    said = {block.key for part in parts if part.is_standing for block in part.blocks}
    return [
        replace(
            part, blocks=[block for block in part.blocks if not block.key or block.key not in said]
        )
        for part in parts
        if part.path and not part.is_standing and part.path[0].lower() not in chapters
    ]


def _rows(first: str, parts: Sequence[Part]) -> Iterator[Row]:
    """What comes first, then headings and blocks in order; a heading that is open is not said
    again."""
    yield first, 1
    line = first.count("\n") + 3
    opened: tuple[str, ...] = ()
    for part in parts:
        same = 0
        while same < min(len(opened), len(part.path)) and opened[same] == part.path[same]:
            same += 1
        heads = [f"{'#' * (n + 2)} {part.path[n]}" for n in range(same, len(part.path))]
        for text in [*heads, *(block.text for block in part.blocks)]:
            yield text, line
            line += text.count("\n") + 2
        opened = part.path


def _refused(material: Material, text: str, rows: Sequence[Row]) -> set[str]:
    """The blocks at which a check finds an error. Headings are no blocks: their section's first one
    is meant."""
    generator = material.generator
    document = finish.finished(material, text)
    offset = document.count("\n") - text.count("\n")
    paths = {file.path for file in material.anatomy.files} | {
        material.target, *material.links, *material.siblings,
    }  # fmt: skip
    context = checks.Context(
        settings=generator.checks if generator else {},
        target=material.target,
        frontmatter=generator.frontmatter if generator else "skill",
        anatomy=material.anatomy,
        plugin_paths=frozenset(paths),
        witness=material.standing,
    )
    texts: set[str] = set()
    for finding in checks.judge(document, context).errors:
        line = finding.line - offset
        at = max((n for n, row in enumerate(rows) if row[1] <= line), default=-1)
        while 0 <= at < len(rows) and rows[at][0].startswith("#"):
            at += 1
        if 0 < at < len(rows):
            texts.add(rows[at][0])
    return texts


# --- the parts that there is room for: the most valuable first, in document order after ----------


class _Room(Struct):
    """What is left: bytes, and lines."""

    size: int
    lines: int

    def take(self, size: int, lines: int) -> bool:
        if size > self.size or lines > self.lines:
            return False
        self.size -= size
        self.lines -= lines
        return True


def _fit(parts: Sequence[Part], most: int, refused: Container[str], first: str) -> list[Part]:
    """The parts that fit into `most` bytes, in document order; no block is said twice, and none
    of the texts in `refused` is. What stands together is taken whole, or not at all."""
    fit = _Fit(_Room(most, MOST_LINES), refused, first)
    for group in _groups(parts):
        if fit.take(group) or not group[0].instead or fit.knows(group):
            continue
        lean = [replace(part, blocks=part.lean) for part in group]
        if all(is_told(block) for part in lean for block in part.blocks) or not fit.take(lean):
            above = posixpath.commonprefix([part.path for part in group])
            fit.take([replace(group[0], path=above, blocks=group[0].instead, together=())])
    return sorted(fit.parts, key=lambda p: p.order)


class _Fit:
    """The parts that fit so far; keys: of the blocks that they say; opened: their headings; stems:
    of all their words, and of what the document begins with."""

    def __init__(self, room: _Room, refused: Container[str], first: str) -> None:
        self.parts: list[Part] = []
        self._room = room
        self._refused = refused
        self._keys: set[str] = set()
        self._stems = set(stems(first))
        self._opened: set[tuple[str, ...]] = set()

    def knows(self, group: Sequence[Part]) -> bool:
        """Is a workflow no news?"""
        new = stems(" ".join(block.text for part in group for block in part.blocks))
        return bool(group[0].news) and len(new - self._stems) <= group[0].news * len(new)

    def take(self, group: Sequence[Part]) -> bool:
        """Take all of them, or none."""
        room, keys = replace(self._room), set(self._keys)
        new: set[tuple[str, ...]] = set()
        fitting: list[Part] = []
        for part in group:
            if part.together and self.knows(group):
                return False
            if part.news and not part.together:
                part = replace(part, blocks=_adding(part, self._stems))
            heads = [part.path[: n + 1] for n in range(len(part.path))]
            heads = [path for path in heads if path not in self._opened | new]
            head = sum(len(path[-1].encode()) + 9 for path in heads)
            if not room.take(head, 2 * len(heads)):
                return False
            if not (blocks := _blocks(part, room, keys, self._refused)):
                return False
            new.update(heads)
            fitting.append(replace(part, blocks=blocks))
        self._room, self._keys = room, keys
        self._opened |= new
        self.parts += fitting
        for part in fitting:
            self._stems |= stems(" ".join([*part.path, *(block.text for block in part.blocks)]))
        return True


def _adding(part: Part, known: set[str]) -> list[Block]:
    """The part's blocks that are news; code, links and what is done in order stay."""
    adding: list[Block] = []
    seen = set(known)
    for block in part.blocks:
        new = stems(block.text)
        stays = block.kind == "code" or block.announces or is_ordered(block) or "](" in block.text
        if stays or _RULE.search(block.text) or len(new - seen) > part.news * len(new):
            adding.append(block)
        elif adding and adding[-1].announces:
            adding.pop()
        seen |= new
    while adding and adding[-1].announces:
        adding.pop()
    return adding


_RULE = pattern(r"\b(?:never|must|none|only|always|at (?:most|least)|do not|don't|except)\b", re.I)


def _groups(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """The parts by value, those that stand together in order and at the place of the best."""
    together: dict[tuple[object, ...], list[Part]] = {}
    for part in sorted(parts, key=lambda p: p.order):
        together.setdefault(part.together, []).append(part)
    done: set[tuple[object, ...]] = set()
    for part in sorted(parts, key=lambda p: (p.rank, p.order)):
        if not part.together:
            yield [part]
        elif part.together not in done:
            done.add(part.together)
            yield together[part.together]


def _is_said(block: Block, part: Part, keys: set[str]) -> bool:
    """Was it said before, if in other words? A maintainer may show the same short command twice."""
    least = SAME if part.is_standing else 1
    if len(block.key) >= least and block.key in keys:
        return True
    if block.kind != "text" or part.is_standing or not block.key:
        return False
    mine, headings = set(block.key.split()), set(" ".join(part.path).lower().split())
    near = (set(key.split()) for key in keys if len(key) < 3 * len(block.key))
    return any(_alike(mine, other) and not (mine - other) & headings for other in near)


def _alike(one: set[str], other: set[str]) -> bool:
    """Seven words of ten are the same. (Parallel paragraphs, each of another thing, are so, too:
    what they differ in stands in their headings.)"""
    return 10 * len(one & other) >= 7 * len(one | other)


def _blocks(part: Part, room: _Room, keys: set[str], refused: Container[str]) -> list[Block]:
    """The part's blocks, all that were not said before, or none: a section that is cut misleads.
    Of the text that is replaced, unit by unit, as much as there is room for."""
    blocks: list[Block] = []
    for unit in units(part.blocks):
        steps = any(is_ordered(block) for block in unit)
        if any(block.text in refused for block in unit):
            if steps or part.together:
                return []
            continue
        if not part.together and any(_is_said(block, part, keys) for block in unit):
            continue
        size = sum(len(block.text.encode()) + 2 for block in unit)
        lines = sum(block.text.count("\n") + 2 for block in unit)
        if room.take(size, lines):
            blocks += unit
            keys.update(block.key for block in unit if block.key)
        elif not part.is_standing:
            return []
        elif all(block.kind == "text" for block in unit):
            break
    return blocks
