"""The parts that a document has room for: the most valuable first, in document order after."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from nightpress.backends import finish
from nightpress.backends.offline.beside import SUMMARY
from nightpress.backends.offline.blocks import SAME, Block, is_ordered, is_told, units
from nightpress.backends.offline.news import Known, adding, is_paired
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.pointers import is_program
from nightpress.backends.offline.wording import stems
from nightpress.backends.offline.worth import LISTING
from nightpress.lazy import pattern
from nightpress.model import Material

MARGIN = 200
"""Bytes kept for what is noted last, and for the frontmatter's own marks."""


def reserved(material: Material) -> int:
    """Bytes kept for what is added later: the frontmatter, and notes."""
    return len(finish.finished(material, "").encode()) + MARGIN


LATE = 3
"""How much later listings that stand together go in than sections of words beside them."""
STEP = pattern(r"(?:step|phase|stage) *\d", re.I)


class Bounds(Struct, frozen=True):
    """What there is room for: bytes and lines; enough: bytes from which nothing more is sought;
    said: keys of blocks that are said already."""

    most: int
    lines: int
    enough: int | None = None
    said: frozenset[str] = frozenset()


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


def fit(parts: Sequence[Part], bounds: Bounds, refused: Container[str], first: str) -> list[Part]:
    """The parts that there is room for, in document order; no block is said twice, and none
    of the texts in `refused` is. What stands together is taken whole, or not at all; what stands
    beside a section that is taken, whether or not much of it is news."""
    filled = _filled(parts, bounds, refused, first)
    if bounds.enough is None and (missing := filled.beside(parts)):
        parts = [replace(part, news=0.0) if part.order in missing else part for part in parts]
        filled = _filled(parts, bounds, refused, first)
    return sorted(filled.parts, key=lambda p: p.order)


def _filled(parts: Sequence[Part], bounds: Bounds, refused: Container[str], first: str) -> _Fit:
    fit = _Fit(bounds, refused, first)
    late: list[list[Part]] = []
    for group in _groups(parts):
        if fit.mostly_knows(group):
            late.append(group)  # what says more that is new goes first
        else:
            _take(fit, group, bounds)
    for group in late:
        _take(fit, group, bounds)
    return fit


def _take(fit: _Fit, group: list[Part], bounds: Bounds) -> None:
    """Take what stands together, or what there is room for in its stead."""
    if bounds.enough is not None and bounds.most - fit.left >= bounds.enough:
        return
    taken = fit.take(group)
    while not taken and group[0].ends and len(group) > 1:
        group.pop()
        taken = fit.take(group)
    if taken or not group[0].instead or fit.knows(group):
        return
    lean = [replace(part, blocks=part.lean) for part in group]
    lean = [part for part in lean if not is_program(part)]
    if all(is_told(block) for part in lean for block in part.blocks) or not fit.take(lean):
        above = posixpath.commonprefix([part.path for part in group])
        fit.take([replace(group[0], path=above, blocks=group[0].instead, together=())])


class _Fit:
    """The parts that fit so far; keys: of the blocks that they say; opened: their headings; known:
    what they say, and what the document begins with."""

    def __init__(self, bounds: Bounds, refused: Container[str], first: str) -> None:
        self.parts: list[Part] = []
        self._room = _Room(bounds.most, bounds.lines)
        self._refused = refused
        self._keys: set[str] = set(bounds.said)
        self._known = Known(set(stems(first)))
        self._opened: set[tuple[str, ...]] = set()

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return self._room.size

    def mostly_knows(self, group: Sequence[Part]) -> bool:
        """Is less than half of a section news?"""
        if len(group) > 1 or not group[0].news or not group[0].path:
            return False
        fresh = sum(len(block.text) for block in adding(group[0], self._known))
        return 2 * fresh < sum(len(block.text) for block in group[0].blocks)

    def knows(self, group: Sequence[Part]) -> bool:
        """Is a workflow no news?"""
        new = stems(" ".join(block.text for part in group for block in part.blocks))
        return bool(group[0].news) and len(new - self._known.stems) <= group[0].news * len(new)

    def beside(self, parts: Sequence[Part]) -> frozenset[tuple[int, ...]]:
        """Places of the sections side by side of which some were taken and one was left out as no
        news, unless a section of its name was taken: one kind of three would pass for the only
        one."""
        taken = {part.order for part in self.parts}
        families = {part.family for part in self.parts if part.family and part.home is None}
        heads = {path[-1].lower() for path in self._opened}
        sides = [p for p in parts if 0 < p.news <= SUMMARY and not p.home and p.family in families]
        left = [part for part in sides if part.order not in taken]
        left = [part for part in left if part.path[-1].lower() not in heads]
        broken, wanted = {part.family for part in left}, taken | {part.order for part in left}
        return frozenset(p.order for p in sides if p.family in broken and p.order in wanted)

    def take(self, group: Sequence[Part]) -> bool:
        """Take all of them, or none."""
        room, keys = replace(self._room), set(self._keys)
        new: set[tuple[str, ...]] = set()
        fitting: list[Part] = []
        for part in group:
            if part.together and self.knows(group):
                return False
            if part.news and not part.together:
                goes_on = part.path in self._opened
                part = replace(part, blocks=adding(part, self._known, goes_on=goes_on))
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
            self._known.add_heads(part.path)
            for block in part.blocks:
                self._known.add(block)
        return True


def _groups(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """The parts by value, those that stand together in order and at the place of the best; where
    they are hardly more than long listings, after what is stated in words."""
    together: dict[tuple[object, ...], list[Part]] = {}
    found: list[list[Part]] = []
    for part in sorted((p for p in parts if not p.is_aside), key=lambda p: p.order):
        if not part.together:
            found.append([part])
        elif part.together in together:
            together[part.together].append(part)
        else:
            together[part.together] = [part]
            found.append(together[part.together])
    yield from sorted(found, key=_value)


def _value(group: Sequence[Part]) -> tuple[int, tuple[int, ...]]:
    """The least goes in first."""
    rank, order = min((part.rank, part.order) for part in group)
    if len(group) == 1 or any(STEP.match(name) for part in group for name in part.path):
        return rank, order
    blocks = [block for part in group for block in part.blocks]
    shown = sum(len(block.text) for block in blocks if block.kind == "code")
    said = sum(len(block.text) for block in blocks) - shown
    return rank + (LATE if shown > max(LISTING, 4 * said) else 0), order


def _is_said(block: Block, part: Part, keys: set[str]) -> bool:
    """Was it said before, if in other words? A maintainer may show the same short command twice."""
    least, own = SAME if part.is_standing else 1, block.key
    if len(own) >= least and own in keys:
        return True
    if block.kind != "text" or part.is_standing or not own or "](" in block.text:
        return False
    if not part.news:
        return False  # of a command's own sections two branches may differ in a word
    mine, headings = set(own.split()), set(" ".join(part.path).lower().split())
    near = (set(key.split()) for key in keys if len(key) < 3 * len(own))
    return any(_alike(mine, other) and not (mine - other) & headings for other in near)


def _is_one(part: Part, keys: set[str]) -> bool:
    """Is something told of one thing after the other, of which not all was said before?"""
    said = [block for block in part.blocks if not block.announces]
    return is_paired(part.blocks) and not all(_is_said(block, part, keys) for block in said)


def _alike(one: set[str], other: set[str]) -> bool:
    """Seven words of ten are the same. (Parallel paragraphs, each of another thing, are so, too:
    what they differ in stands in their headings.)"""
    return 10 * len(one & other) >= 7 * len(one | other)


def _blocks(part: Part, room: _Room, keys: set[str], refused: Container[str]) -> list[Block]:
    """The part's blocks, all that were not said before, or none: a section that is cut misleads.
    Of the text that is replaced, unit by unit, as much as there is room for."""
    blocks: list[Block] = []
    whole = bool(part.together) or part.is_of_call or _is_one(part, keys)
    for unit in units(part.blocks):
        steps = any(is_ordered(block) for block in unit)
        if any(block.text in refused for block in unit):
            if steps or part.together:
                return []
            continue
        # one lead announces many lists, each of which says something else
        said = [block for block in unit if not block.announces] or unit
        if not whole and any(_is_said(block, part, keys) for block in said):
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
    if len(blocks) < len(part.blocks) and all(block.stops for block in blocks):
        return []  # what it stopped was said before
    return blocks
