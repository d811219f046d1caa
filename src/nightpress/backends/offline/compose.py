"""Phase 2, offline: a document's body, composed of the plugin's own sections within the window."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice, pairwise

from msgspec import Struct
from msgspec.structs import replace

from nightpress import checks
from nightpress.backends import finish
from nightpress.backends.offline import evals, extend, pointers
from nightpress.backends.offline.blocks import (
    SAME,
    Block,
    is_ordered,
    is_told,
    units,
)
from nightpress.backends.offline.news import Known, adding, beside_references, said_once
from nightpress.backends.offline.sections import Part, parts_of, title
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.wording import stems
from nightpress.lazy import pattern
from nightpress.model import DATA, Material

RESERVE = 1_400
"""Bytes kept for the frontmatter, which is added later."""

MOST_LINES = 490
"""Lines of a body: a SKILL.md has at most 500 (best practices)."""

ENOUGH = 0.65
"""Of the size of a document that is replaced: with less, something of it would be missed."""

OF_ALL = frozenset({"emptiness", "vocabulary", "compressibility"})
"""Checks of a document as a whole: it gets better without a paragraph, and no better without a list
of what is done."""

ROUNDS = 6
"""How often the text is read over, and blocks that a check refuses are left out."""

Row = tuple[str, int]
"""A text and the line at which it begins, counted from 1."""


def body(material: Material) -> str:
    """The document's body: as much of the plugin's own text as the window holds, by value, in whole
    sections, without the blocks that the checks would refuse. A plugin's one skill, where it is to
    be replaced, is used only where the plugin's other files are not enough."""
    if material.generator is not None and material.generator.settings.get("format") in DATA:
        return evals.text(material)
    if _is_skill(material) and material.spares and (spared := extend.spared(material)):
        return _extended(material, spared)
    texts = []
    for share in (1.0, 0.5, 0.2):  # where that is too little, what is hardly news stays, too
        texts.append(_body(material, share))
        if len(finish.finished(material, texts[-1]).encode()) >= material.window.min:
            break
    return texts[-1]


def _body(material: Material, share: float) -> str:
    """share: of the news that is asked for, 0 to 1."""
    if _is_skill(material) and material.standing and Topic(material).whole:
        text = _composed(replace(material, standing=""), share)
        least = max(material.window.min, int(ENOUGH * len(material.standing.encode())))
        if len(text.encode()) >= least:
            return text
    return _composed(material, share)


def _composed(material: Material, share: float) -> str:
    parts = [replace(part, news=part.news * share) for part in parts_of(material)]
    parts = said_once(beside_references(material, parts))
    first = f"# {title(material)}"
    most = material.window.max - (RESERVE if _is_skill(material) else 64) - len(first.encode())
    text = _read_over(material, first, parts, Bounds(most, MOST_LINES))
    named = _parts_named(material)
    least = min((part.rank for part in parts if not part.is_standing), default=0)
    for shown in islice(_showing(parts, named), TRIES):
        if _shows(_FENCED.findall(text), named):
            break
        tried = [replace(part, rank=least) if part is shown else part for part in parts]
        text = _read_over(material, first, tried, Bounds(most, MOST_LINES))
    return _ARGUMENTS.sub(lambda table: _untold(table, text), text)


_ARGUMENTS = pattern(r"(?m)^\| Argument \| Meaning \|\n\| --- \| --- \|\n((?:\|.*\n)+)\n?")


def _untold(table: re.Match[str], text: str) -> str:
    """The table of a command's arguments without the meanings that the document gives elsewhere
    in the same words; "" where none is left."""
    around = " ".join((text[: table.start()] + text[table.end() :]).lower().split())
    rows, tells = [], False
    for row in table[1].splitlines():
        name, _, about = row.removeprefix("| ").removesuffix(" |").partition(" | ")
        about = "" if about.lower().rstrip(". ") in around else about
        tells |= about not in ("", "Required.")
        rows.append(f"| {name} | {about} |")
    return "\n".join(["| Argument | Meaning |", "| --- | --- |", *rows, "", ""]) if tells else ""


_FENCED = pattern(r"(?ms)^[ \t]*`{3,}[^\n]*\n(.*?)^[ \t]*`{3,}[ \t]*$")


def _parts_named(material: Material) -> frozenset[str]:
    """How an example names a part of the plugin."""
    anatomy = material.anatomy
    named = {f"/{component.name.lower()} " for component in anatomy.of("command")}
    named |= {component.name.lower() for component in anatomy.of("agent")}
    return frozenset(named | {component.path.lower() for component in anatomy.of("script")})


def _shows(codes: Iterable[str], named: Iterable[str]) -> bool:
    return any(one in f"{code} ".lower() for code in codes for one in named)


def _showing(parts: Sequence[Part], named: Iterable[str]) -> Iterator[Part]:
    """The parts with an example of the plugin's own, the most telling first: a document that shows
    none is refused, however much it says. (Not each finds room, or passes the checks.)"""
    for part in sorted(parts, key=lambda p: (p.rank, p.order)):
        codes = (block.text for block in part.blocks if block.kind == "code")
        if not part.is_standing and _shows(codes, named):
            yield part


TRIES = 6
"""Examples that are tried, where a document has none."""


def _is_skill(material: Material) -> bool:
    return material.generator is not None and material.generator.frontmatter == "skill"


def _extended(material: Material, spared: str) -> str:
    """A person's text, and after it of what is about it as much as the window asks for: whole
    sections, the most telling first, and no more than it needs if that can be."""
    parts, said = extend.parts_of(material, spared), extend.said(material)
    taken = len(finish.finished(material, f"{spared}\n").encode())
    lines = MOST_LINES - spared.count("\n")
    text, least = spared, material.window.min
    if taken >= least and not material.extends:  # somebody asks for more
        least = material.window.upper
    for upper in sorted(
        {min(least + least // 4, material.window.max), material.window.upper, material.window.max}
    ):
        bounds = Bounds(upper - taken - 64, lines, least - taken, said)
        text = _read_over(material, spared, parts, bounds)
        if len(finish.finished(material, text).encode()) >= material.window.min:
            break
    return text


class Bounds(Struct, frozen=True):
    """What there is room for: bytes and lines; enough: bytes from which nothing more is sought;
    said: keys of blocks that are said already."""

    most: int
    lines: int
    enough: int | None = None
    said: frozenset[str] = frozenset()


def _read_over(material: Material, first: str, parts: Sequence[Part], bounds: Bounds) -> str:
    """What comes first and the parts that fit, without the blocks that a check refuses."""
    refused: set[str] = set()
    text = ""
    for _ in range(ROUNDS):
        fitting = _fit(parts, bounds, refused, first)
        told = list(pointers.of_rest(parts, fitting))
        if told:  # what is pointed to takes room, too
            size = sum(pointers.size(part) for part in told)
            less = replace(bounds, most=bounds.most - size, lines=bounds.lines - 4 * len(told))
            fitting = _fit(parts, less, refused, first)
            fitting += pointers.of_rest(parts, fitting)
        rows = list(_rows(first, sorted(fitting, key=lambda part: part.order)))
        text = _joined(rows)
        more = _refused(material, text, rows)
        if not more - refused:
            break
        refused |= more
    return text


def _rows(first: str, parts: Sequence[Part]) -> Iterator[Row]:
    """What comes first, then headings and blocks in order; a heading that is open is not said
    again."""
    yield first, 1
    line, before = first.count("\n") + 3, first
    opened: tuple[str, ...] = ()
    for part in _with_sources(parts):
        same = 0
        while same < min(len(opened), len(part.path)) and opened[same] == part.path[same]:
            same += 1
        heads = [f"{'#' * (n + 2)} {part.path[n]}" for n in range(same, len(part.path))]
        for text in [*heads, *(block.text for block in part.blocks)]:
            line -= _goes_on(before, text)
            yield text, line
            line += text.count("\n") + 2
            before = text
        opened = part.path


def _goes_on(before: str, text: str) -> bool:
    """Do two lists follow each other, so that they are one?"""
    return before[:2] == text[:2] == "- " and "\n\n" not in before + text


def _joined(rows: Sequence[Row]) -> str:
    """The document; a list that goes on is not set off from the one before."""
    pieces = [rows[0][0]]
    for (before, _), (text, _) in pairwise(rows):
        pieces += ["\n" if _goes_on(before, text) else "\n\n", text]
    return "".join([*pieces, "\n"])


def _with_sources(parts: Sequence[Part]) -> Iterator[Part]:
    """The parts; before the first one of a chapter that tells where it is from, that."""
    before: Block | None = None
    for part in parts:
        if part.source is not None and part.source != before:
            yield replace(part, path=part.path[:1], blocks=[part.source])
        before = part.source
        yield part


def _refused(material: Material, text: str, rows: Sequence[Row]) -> set[str]:
    """The blocks at which a check finds an error. Headings are no blocks: their section's first one
    is meant."""
    generator = material.generator
    document = finish.finished(material, text)
    offset = document.count("\n") - text.count("\n")
    paths = {file.path for file in material.anatomy.files} | {
        material.target, *material.links, *material.siblings, *material.references.values(),
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
        while 0 <= at < len(rows) and _is_heading(rows[at][0]):
            at += 1
        if not 0 < at < len(rows):
            continue
        if finding.check not in OF_ALL or _is_paragraph(rows[at][0]):
            texts.add(rows[at][0])
    return texts


def _is_heading(text: str) -> bool:
    return text.startswith("#") and "\n" not in text


def _is_paragraph(text: str) -> bool:
    return not (_ITEM.match(text) or text.startswith(("```", "|")) or text.endswith(":"))


_ITEM = pattern(r"\s*(?:[-*+]|\d+[.)])\s")


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


def _fit(parts: Sequence[Part], bounds: Bounds, refused: Container[str], first: str) -> list[Part]:
    """The parts that there is room for, in document order; no block is said twice, and none
    of the texts in `refused` is. What stands together is taken whole, or not at all."""
    fit = _Fit(bounds, refused, first)
    late: list[list[Part]] = []
    for group in _groups(parts):
        if fit.mostly_knows(group):
            late.append(group)  # what says more that is new goes first
        else:
            _take(fit, group, bounds)
    for group in late:
        _take(fit, group, bounds)
    return sorted(fit.parts, key=lambda p: p.order)


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

    def take(self, group: Sequence[Part]) -> bool:
        """Take all of them, or none."""
        room, keys = replace(self._room), set(self._keys)
        new: set[tuple[str, ...]] = set()
        fitting: list[Part] = []
        for part in group:
            if part.together and self.knows(group):
                return False
            if part.news and not part.together:
                part = replace(part, blocks=adding(part, self._known))
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
            self._known.stems |= stems(" ".join(part.path))
            for block in part.blocks:
                self._known.add(block)
        return True


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
    if block.kind != "text" or part.is_standing or not block.key or "](" in block.text:
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
