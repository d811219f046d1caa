"""A repair puts right the sections with findings, and leaves the rest of the draft as it is.

Pure. A section is a heading with the text below it, up to the next heading of whatever level. The
reply holds the sections that change; each takes the place of the draft's section of that heading.
A new one follows the one that it follows in the reply. A reply that is a whole document is taken
for one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from nightpress.lazy import pattern

REMOVE = "REMOVE"
"""What a reply says below a heading to take its section out."""
WHOLE = 0.6
"""Share of the draft (of its sections, or its text) from which on a reply with a title is whole."""

_FENCE = pattern(r"[ \t]{0,3}(`{3,}|~{3,})[ \t]*(.*)")
_HEADING = pattern(r" {0,3}(#{1,6})[ \t]+(\S.*?)[ \t]*#*[ \t]*$")
_MARKS = pattern(r"[`*_]|\W+$")


class Section(Struct, frozen=True):
    """A heading (level 0 and "": what stands before the first) and its lines, heading included."""

    level: int
    title: str
    lines: tuple[str, ...]

    @property
    def key(self) -> str:
        return " ".join(_MARKS.sub("", self.title).lower().split())

    @property
    def is_removal(self) -> bool:
        return "\n".join(self.lines[1:]).strip().strip("`*_.") == REMOVE


def sections(body: str) -> list[Section]:
    """The body, cut before each heading that stands in no fence."""
    return [*_cut(body.strip("\n").split("\n"))]


def _cut(lines: Sequence[str]) -> Iterator[Section]:
    level, title, begun, fence = 0, "", 0, ""
    for number, line in enumerate(lines):
        if (match := _FENCE.match(line)) is not None:
            marks, info = match.groups()
            if not fence:
                fence = marks
            elif marks.startswith(fence) and not info.strip():
                fence = ""
        elif not fence and (heading := _HEADING.match(line)) is not None:
            if number > begun:
                yield Section(level, title, tuple(lines[begun:number]))
            level, title, begun = len(heading[1]), heading[2], number
    yield Section(level, title, tuple(lines[begun:]))


def revised(body: str, reply: str, only: Collection[str] | None = None) -> str | None:
    """The draft's body with the reply's sections in it; None where the reply has none that could
    be placed. body and reply: without frontmatter; only: titles of the sections that may become
    others (and new ones may come): the others stay, whatever the reply says of them."""
    old, new = sections(body), [s for s in sections(reply) if s.level]
    if only is not None:
        asked = {Section(0, title, ()).key for title in only}
        kept = {one.key for one in old} - asked
        new = [one for one in new if one.key not in kept]
    if not new:
        return None
    places = [*_places(old, new)]
    if _is_whole(old, new, places):
        return reply
    if all(place is None for place in places):
        return None
    put: dict[int, list[Section]] = {}
    after = next(place for place in places if place is not None) - 1
    for section, place in zip(new, places, strict=True):
        if place is None:
            put.setdefault(after, []).append(section)
        else:
            old[place] = section
            after = place
    merged = [*put.get(-1, ())]
    for number, section in enumerate(old):
        merged += [section, *put.get(number, ())]
    texts = ("\n".join(s.lines).strip("\n") for s in merged if not s.is_removal)
    return "\n\n".join(text for text in texts if text) + "\n"


def _places(old: Sequence[Section], new: Sequence[Section]) -> Iterator[int | None]:
    """Where each section of the reply belongs: of headings that stand more than once, one of the
    same level, the next after the section before it that is not taken yet."""
    last, taken = -1, set[int]()
    for section in new:
        same = [n for n, one in enumerate(old) if one.key == section.key and n not in taken]
        same = [n for n in same if old[n].level == section.level] or same
        place = next((n for n in same if n > last), same[0] if same else None)
        if place is not None:
            last = place
            taken.add(place)
        yield place


def _is_whole(old: Sequence[Section], new: Sequence[Section], places: Sequence[int | None]) -> bool:
    """Does the reply begin with a title and hold most of the draft's sections, or as much text?"""
    if new[0].level != 1 or len(new) == 1:
        return False
    headed = sum(1 for section in old if section.level)
    placed = sum(1 for place in places if place is not None)
    return placed >= WHOLE * headed or _size(new) >= WHOLE * _size(old)


def _size(some: Sequence[Section]) -> int:
    return sum(len(line) + 1 for section in some for line in section.lines)
