"""The parts that a document has room for: the most valuable first, in document order after."""

from __future__ import annotations

from collections.abc import Container, Sequence

from msgspec import Struct
from msgspec.structs import replace

from nightpress.backends.offline.blocks import SAME, Block, units
from nightpress.backends.offline.sections import Part

MOST_LINES = 490
"""Lines of a body: a SKILL.md has at most 500 (best practices)."""


class Room(Struct):
    """What is left: bytes, and lines."""

    size: int
    lines: int

    def take(self, size: int, lines: int) -> bool:
        if size > self.size or lines > self.lines:
            return False
        self.size -= size
        self.lines -= lines
        return True


def fit(parts: Sequence[Part], most: int, refused: Container[str]) -> list[Part]:
    """The parts that fit into `most` bytes, in document order; no block is said twice, and none
    of the texts in `refused` is."""
    room = Room(most, MOST_LINES)
    seen: set[str] = set()
    kept = []
    opened: set[tuple[str, ...]] = set()
    for part in sorted(parts, key=lambda p: (p.rank, p.order)):
        new = [part.path[: n + 1] for n in range(len(part.path))]
        new = [path for path in new if path not in opened]
        before = replace(room)
        head = sum(len(path[-1].encode()) + 9 for path in new)
        if not room.take(head, 2 * len(new)):
            continue
        blocks = _blocks(part, room, seen, refused)
        if blocks:
            opened.update(new)
            kept.append(replace(part, blocks=blocks))
        else:
            room = before
    return sorted(kept, key=lambda p: p.order)


def _is_said(block: Block, part: Part, seen: set[str]) -> bool:
    """Was it said before? A maintainer may show the same short command twice."""
    least = SAME if part.is_standing else 1
    return len(block.key) >= least and block.key in seen


def _blocks(part: Part, room: Room, seen: set[str], refused: Container[str]) -> list[Block]:
    """The part's blocks, unit by unit; after the first prose that does not fit, no more: what
    follows would miss it."""
    kept: list[Block] = []
    for unit in units(part.blocks):
        if any(block.text in refused or _is_said(block, part, seen) for block in unit):
            continue
        size = sum(len(block.text.encode()) + 2 for block in unit)
        lines = sum(block.text.count("\n") + 2 for block in unit)
        if room.take(size, lines):
            kept += unit
            seen.update(block.key for block in unit if block.key)
        elif all(block.kind == "text" for block in unit):
            break
    return kept
