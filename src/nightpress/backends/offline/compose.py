"""Phase 2, offline: a document's body, composed of the plugin's own sections within the window."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from nightpress import checks
from nightpress.backends import finish
from nightpress.backends.offline.blocks import SAME, Block, units
from nightpress.backends.offline.sections import Part, parts_of, title
from nightpress.model import Material

RESERVE = 1_400
"""Bytes kept for the frontmatter, which is added later."""

EXCERPTS = (1_800, 5_000)
"""Characters that are quoted of a listing that is too long to be quoted whole."""

MOST_LINES = 490
"""Lines of a body: a SKILL.md has at most 500 (best practices)."""

ROUNDS = 6
"""How often the text is read over, and blocks that a check refuses are left out."""

Row = tuple[str, int]
"""A text and the line at which it begins, counted from 1."""


def body(material: Material) -> str:
    """The document's body: as much of the plugin's own text as the window holds, by value,
    without the blocks that the checks would refuse. Long listings are excerpted, the less the more
    room there is for them."""
    text = ""
    for excerpt in EXCERPTS:
        longer = _composed(material, parts_of(material, excerpt))
        if len(longer.encode()) > len(text.encode()):
            text = longer
        if len(text.encode()) >= material.window.min:
            break
    return text


def _composed(material: Material, parts: Sequence[Part]) -> str:
    is_skill = material.generator is not None and material.generator.frontmatter == "skill"
    most = material.window.max - (RESERVE if is_skill else 64)
    refused: set[str] = set()
    text = ""
    for _ in range(ROUNDS):
        rows = list(_rows(title(material), _fit(parts, most, refused)))
        text = "\n\n".join(block for block, _ in rows) + "\n"
        more = _refused(material, text, rows)
        if not more - refused:
            break
        refused |= more
    return text


def _rows(heading: str, parts: Sequence[Part]) -> Iterator[Row]:
    """Headings and blocks in order; a heading that is open is not said again."""
    line = 1
    opened: tuple[str, ...] = ()
    for text in (f"# {heading}",):
        yield text, line
        line += 2
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
    """The blocks at which a check finds an error. Headings are no blocks: their section's first
    one is meant."""
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


def _fit(parts: Sequence[Part], most: int, refused: Container[str]) -> list[Part]:
    """The parts that fit into `most` bytes, in document order; no block is said twice, and none
    of the texts in `refused` is."""
    room = _Room(most, MOST_LINES)
    keys: set[str] = set()
    fitting = []
    opened: set[tuple[str, ...]] = set()
    for part in sorted(parts, key=lambda p: (p.rank, p.order)):
        new = [part.path[: n + 1] for n in range(len(part.path))]
        new = [path for path in new if path not in opened]
        before = replace(room)
        head = sum(len(path[-1].encode()) + 9 for path in new)
        if not room.take(head, 2 * len(new)):
            continue
        blocks = _blocks(part, room, keys, refused)
        if blocks:
            opened.update(new)
            fitting.append(replace(part, blocks=blocks))
        else:
            room = before
    return sorted(fitting, key=lambda p: p.order)


def _is_said(block: Block, part: Part, keys: set[str]) -> bool:
    """Was it said before? A maintainer may show the same short command twice."""
    least = SAME if part.is_standing else 1
    return len(block.key) >= least and block.key in keys


def _blocks(part: Part, room: _Room, keys: set[str], refused: Container[str]) -> list[Block]:
    """The part's blocks, unit by unit; after the first prose that does not fit, no more: what
    follows would miss it."""
    blocks: list[Block] = []
    for unit in units(part.blocks):
        if any(block.text in refused or _is_said(block, part, keys) for block in unit):
            continue
        size = sum(len(block.text.encode()) + 2 for block in unit)
        lines = sum(block.text.count("\n") + 2 for block in unit)
        if room.take(size, lines):
            blocks += unit
            keys.update(block.key for block in unit if block.key)
        elif all(block.kind == "text" for block in unit):
            break
    return blocks
