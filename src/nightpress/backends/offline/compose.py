"""Phase 2, offline: a document's body, composed of the plugin's own sections within the window."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice, pairwise

from msgspec.structs import replace

from nightpress import checks
from nightpress.backends import finish
from nightpress.backends.offline import (
    choice,
    components,
    evals,
    extend,
    leads,
    pointers,
    stubs,
    terms,
    whole,
    wording,
)
from nightpress.backends.offline.blocks import (
    Block,
)
from nightpress.backends.offline.components import is_skill
from nightpress.backends.offline.fit import Bounds, fit, reserved
from nightpress.backends.offline.news import beside_references, said_once
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.sections import for_each, parts_of
from nightpress.backends.offline.topic import Topic
from nightpress.lazy import pattern
from nightpress.model import DATA, Material

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
    if (kinds := for_each(material)) and not material.standing:
        return _reference(material, kinds)
    if is_skill(material) and material.spares and (spared := extend.spared(material)):
        return _extended(material, spared)
    text = _body(material, 1.0, even=True)
    if _size(material, text) < SLIGHT and _LISTED.search(text):
        longer = replace(material, quotes=LISTING)
        shown = _body(longer, 1.0, even=True)
        none_left = not (_LISTED.search(shown) or _MORE in shown)
        if none_left and _tells_all(shown, text):
            material, text = longer, shown
        else:
            material, text = _with_excerpts(material, text)
            if _size(material, text) < SHORT:
                material, text = _with_listing(material, text)
    elif _LISTED.search(text):
        material, text = _with_excerpts(material, text)
    # where that is too little, parts of what has no room stay, and what is hardly news
    for share, even in ((1.0, False), (0.5, False), (0.2, False)):
        if _size(material, text) >= material.window.min:
            break
        text = _body(material, share, even=even)
    return text


def _reference(material: Material, kinds: Sequence[str]) -> str:
    """All that a command's or an agent's own file says, but what a check refuses or has no room."""
    first = f"# {_title(material)}"
    most = material.window.max - reserved(material) - len(first.encode())
    parts = whole.parts(material, kinds, most - whole.ROOM)
    bounds = Bounds(most - whole.ROOM, whole.LINES)
    refused: set[str] = set()
    text = ""
    for _ in range(2 * ROUNDS):
        fitting = whole.fitting(parts, bounds, refused)
        rest = whole.named(pointers.of_rest(parts, fitting), parts, refused)
        rows = list(_rows(first, [*fitting, *rest]))
        text = _joined(rows)
        more = _refused(material, text, rows, but=whole.QUOTED)
        if not more - refused:
            break
        refused |= more
    return whole.with_contents(text)


def _with_excerpts(material: Material, text: str) -> tuple[Material, str]:
    """The document with a function of each long listing, where all else that it says has room
    beside them, and the first example is not the one without."""
    longer = replace(material, excerpts=True)
    shown = _body(longer, 1.0, even=True)
    more = shown.count("```") > text.count("```")
    if more and _tells_all(shown, text) and not _LATER_ALONE.search(shown):
        return longer, shown
    return material, text


def _with_listing(material: Material, text: str) -> tuple[Material, str]:
    """The document with the listings of a middling length that there is room for beside all that
    it says: who reads of three listings in their files has seen none."""
    for most in MIDDLING:
        longer = replace(material, quotes=most)
        shown = _body(longer, 1.0, even=True)
        more = sum(map(len, _FENCED.findall(shown))) > sum(map(len, _FENCED.findall(text)))
        if more and _tells_all(shown, text):
            return longer, shown
    return material, text


def _tells_all(text: str, other: str) -> bool:
    """Has a text the sections of another one, or says it what they say?"""
    heads, known = set(_TITLE.findall(text)), wording.stems(text)
    titles = _TITLE.findall(other)
    sections = zip(titles, _TITLE.split(other)[1:], strict=True)
    lost = (wording.stems(said) for title, said in sections if title not in heads)
    return all(3 * len(said & known) >= 2 * len(said) for said in lost)


def _size(material: Material, text: str) -> int:
    return len(finish.finished(material, text).encode())


SHORT, MIDDLING = 8_500, (6_500, 4_500)
"""Bytes of a document with less of which there is room for a listing of so many characters beside
others that have none."""
SLIGHT, LISTING = 11_000, 9_000
"""Bytes of a document with less of which there is room for a listing of so many characters."""
_LATER_ALONE = pattern(r"(?s)(?:^|\n)(?:- |In \[[^\n]*: )Example 1\b.*\n#+ Example [2-9]\b.*?\n```")
"""The first example is in its file, and a later one shown."""
_LISTED = pattern(r"[(,] ?\d+ lines\b")
_MORE = f"\n## {pointers.MORE}\n"
_TITLE = pattern(r"(?m)^##+ .*$")


def _body(material: Material, share: float, *, even: bool) -> str:
    """share: of the news that is asked for, 0 to 1; even: of each command its core, or a link."""
    if is_skill(material) and material.standing and Topic(material).whole:
        text = _composed(replace(material, standing=""), share, even=even)
        least = max(material.window.min, int(ENOUGH * len(material.standing.encode())))
        if len(text.encode()) >= least:
            return text
    return _composed(material, share, even=even)


def _composed(material: Material, share: float, *, even: bool) -> str:
    parts = [replace(part, news=part.news * share) for part in parts_of(material, even=even)]
    parts = pointers.one_list(said_once(beside_references(material, parts)))
    first = f"# {_title(material)}"
    most = material.window.max - reserved(material) - len(first.encode())
    text = _read_over(material, first, parts, Bounds(most, MOST_LINES))
    named = _parts_named(material)
    least = min((part.rank for part in parts if not part.is_standing), default=0)
    wanted = named if any(_showing(parts, named)) else ANY
    for shown in islice(_showing(parts, wanted), TRIES):
        if _shows(_FENCED.findall(text), wanted):
            break
        first_of_all = replace(shown, rank=least, is_aside=False)
        tried = [first_of_all if part is shown else part for part in parts]
        text = _read_over(material, first, tried, Bounds(most, MOST_LINES))
    told = _counted(_ARGUMENTS.sub(lambda table: _untold(table, text), text))
    if "\nFollow the steps in [" in told and not _STEPS.search(told):  # they are not below
        told = told.replace(leads.BELOW, ".", 1)
    return told if material.standing else choice.noted(material, told)


def _title(material: Material) -> str:
    """The document's one heading of level 1; one skill of several goes by its own, and a reference
    by that of the command or agent that it is of."""
    if kinds := for_each(material):
        told = [c for c in material.anatomy.components if c.kind in kinds]
        return f"`{components.name_of(told[0])}`" if told else wording.plain(material.anatomy.name)
    texts = [file.text for file in material.anatomy.files if file.path.lower() == "readme.md"]
    matches = [re.search(r"(?m)^# +(\S.*)$", text[:4_000]) for text in (material.standing, *texts)]
    headings = [match.group(1) for match in matches if match]
    if not Topic(material).whole:
        own = wording.plain(matches[0].group(1)) if matches[0] else ""
        folder = posixpath.basename(posixpath.dirname(material.target))
        return own or wording.title(folder, ())
    described = (c.description for c in material.anatomy.components)
    seen = " ".join([material.anatomy.description, *described, *(text[:4_000] for text in texts)])
    words = wording.title(material.anatomy.name, headings, seen)
    words = terms.titled(words, (c.body for c in material.anatomy.components))
    kind = material.generator
    if kind is None or kind.frontmatter == "skill" or kind.type == "readme":
        return words
    return f"{words} {kind.title if kind.title.isupper() else kind.title.lower()}"


def _counted(text: str) -> str:
    """The text; sections side by side that are not numbered from 1 on without a gap, since some of
    them are none of the document's, without their numbers."""
    lines, fence = text.split("\n"), ""
    groups: list[list[tuple[int, re.Match[str]]]] = []
    open_at: dict[int, list[tuple[int, re.Match[str]]]] = {}  # level -> what is numbered there
    for at, line in enumerate(lines):
        if mark := _FENCE.match(line):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        found = None if fence else _HEADING.match(line)
        if found is None:
            continue
        level = len(found[1])
        open_at = {above: group for above, group in open_at.items() if above <= level}
        if level not in open_at:
            open_at[level] = []
            groups.append(open_at[level])
        if found[2]:
            open_at[level].append((at, found))
    for group in groups:
        numbers = [int(found[2]) for _, found in group]
        if len(numbers) == 1 or numbers != [*range(1, len(numbers) + 1)]:
            for at, found in group:
                lines[at] = f"{found[1]} {found[3]}"
    return "\n".join(lines)


_STEPS = pattern(r"(?mi)^#{2,5} (?:step|phase|stage) \d")
_FENCE = pattern(r"^ *(`{3,}|~{3,})")
_HEADING = pattern(r"^(#{2,6}) (?:(\d{1,2})[.)] )?(\S.*)$")
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
        rows += [f"| {name} | {about} |"] if about else []
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


ANY = ("",)
"""What each example names."""
TRIES = 6
"""Examples that are tried, where a document has none."""


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


def _read_over(material: Material, first: str, parts: Sequence[Part], bounds: Bounds) -> str:
    """What comes first and the parts that fit, without the blocks that a check refuses."""
    refused: set[str] = set()
    text = ""
    for _ in range(ROUNDS):
        fitting = stubs.but_single(fit(parts, bounds, refused, first))
        told = _pointers(parts, fitting, bounds)
        if told:  # what is pointed to takes room, too
            size = sum(pointers.size(part) for part in told)
            less = replace(bounds, most=bounds.most - size, lines=bounds.lines - 4 * len(told))
            fitting = stubs.but_single(fit(parts, less, refused, first))
            fitting += _pointers(parts, fitting, bounds)
        if bounds.enough is None:
            fitting = leads.one(material, fitting)
        rows = list(_rows(first, stubs.gathered(fitting, refused)))
        text = _joined(rows)
        more = _refused(material, text, rows)
        if not more - refused:
            break
        refused |= more
    return text


def _pointers(parts: Sequence[Part], fitting: Sequence[Part], bounds: Bounds) -> list[Part]:
    """Where the rest stands; of what is only added to a person's text as much is there as shall."""
    beside = pointers.of_families(parts, fitting) if bounds.enough is None else ()
    return [*pointers.of_rest(parts, fitting), *beside]


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
    if before[:2] != "- " and (found := _NUMBERED.match(before)):
        return text.startswith(f"{int(found[1]) + 1}{found[2]} ") and "\n\n" not in before + text
    return before[:2] == text[:2] == "- " and "\n\n" not in before + text


_NUMBERED = pattern(r"(\d{1,3})([.)]) ")


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


def _refused(
    material: Material, text: str, rows: Sequence[Row], but: Container[str] = ()
) -> set[str]:
    """The blocks at which a check finds an error. Headings are no blocks: their section's first one
    is meant. but: checks that do not count."""
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
        if not 0 < at < len(rows) or finding.check in but:
            continue
        if finding.check not in OF_ALL or _is_paragraph(rows[at][0]):
            texts.add(rows[at][0])
    return texts


def _is_heading(text: str) -> bool:
    return text.startswith("#") and "\n" not in text


def _is_paragraph(text: str) -> bool:
    return not (_ITEM.match(text) or text.startswith(("```", "|")) or text.endswith(":"))


_ITEM = pattern(r"\s*(?:[-*+]|\d+[.)])\s")
