"""Which sections of a document a change of its plugin makes stale: those that rest on lines which
changed, and those that tell a fact which did.

Pure. Where the change is none of single sections (another command, another purpose, much that is
new, a fact that belongs to no section) the whole document is stale. A removed fact that the
document does not tell, and prose that no section rests on and that is said in other words, or in a
file on which none does, make nothing stale; of a new line the section beside it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from difflib import SequenceMatcher

from msgspec import Struct

from nightpress.checks import document, evidence
from nightpress.model import Anatomy, Fact, SourceFile
from nightpress.plan import telling
from nightpress.plugin import collect, kind_of

NEW_MATTER = 600
"""Bytes of new prose, beside everything that a section rests on, which the document should tell."""
MOST = 0.6
"""Share of the document from which on it is made as a whole."""
UNTOLD = frozenset({"license", "manifest"})
"""Kinds of files of which no line counts: their facts do."""


class Hunk(Struct, frozen=True):
    """Lines of a file that became others. first, last: where they stood (from 1; last < first:
    nothing stood between those two lines); new_first, new_last: where the others stand."""

    file: str
    first: int
    last: int
    new_first: int
    new_last: int
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Does it say something in prose that was not said before, in place of nothing?"""
        return kind_of(self.file) not in telling.CODE and not any(self.removed)

    def meets(self, place: evidence.Place) -> bool:
        """Does it change a line of the place, or put one in or right beside it?"""
        if place.file != self.file:
            return False
        if self.last < self.first:
            return place.first <= self.first and self.last <= place.last
        return place.first <= self.last and self.first <= place.last


class Change(Struct, frozen=True):
    """What became of a document's sources. stale: (heading, line) of the sections to be asked for;
    hunks: the lines that changed; facts: those that are new, or gone."""

    stale: tuple[tuple[str, int], ...]
    hunks: tuple[Hunk, ...]
    facts: tuple[Fact, ...]


def change(
    before: Anatomy, now: Anatomy, text: str, target: str, elsewhere: Collection[str] = ()
) -> Change | None:
    """What the change from one state of the plugin to another asks of a document that was made from
    the first; None: all of it is stale. elsewhere: files whose prose has a document of its own (a
    bundle's reference): new lines of it are that one's to tell."""
    if _purpose(before) != _purpose(now):
        return None
    hunks = [*_hunks(before.files, now.files, target)]
    held = evidence.of_plugin(before, target)
    found = evidence.sections(document.parse(text), held, target)
    lines = text.split("\n")
    stale: set[int] = set()
    for hunk in hunks:
        resting = {n for n, one in enumerate(found) if any(hunk.meets(p) for p in one.places)}
        to_tell = hunk.is_new and hunk.file not in elsewhere
        stale |= resting or (_beside(hunk.file, [hunk.first], found) if to_tell else set())
    gone, new = _facts(before, now)
    texts = ["\n".join(lines[one.first - 1 : one.last]) for one in found]
    instead: dict[tuple[str, str], set[int]] = {}
    for fact in gone:
        stale |= (places := _telling(fact.name, texts) | _resting(fact, found))
        instead.setdefault((fact.kind, fact.file), set()).update(places)
    for fact in new:
        places = _telling(fact.name, texts) or instead.get((fact.kind, fact.file), set())
        places = places or _telling(fact.of, texts) | _nearest(fact, hunks, found)
        if not places:
            return None
        stale |= places
    if _unplaced([one for one in hunks if one.file not in elsewhere], found) > NEW_MATTER:
        return None
    size = sum(len(one) for one in texts)
    if sum(len(texts[n]) for n in stale) > MOST * size:
        return None
    kept = tuple((found[n].title, found[n].first) for n in sorted(stale))
    return Change(kept, tuple(hunks), (*gone, *new))


def _purpose(anatomy: Anatomy) -> tuple[object, ...]:
    """What the document as a whole, and its description, follow from."""
    has = sorted({(c.kind, c.name) for c in anatomy.components})
    return anatomy.name, anatomy.description, has


def _facts(before: Anatomy, now: Anatomy) -> tuple[list[Fact], list[Fact]]:
    """(those that are gone, those that are new), wherever they stand: a fact that moved is none,
    nor is a release, which the frontmatter follows."""
    old, new = (
        {_key(f): f for f in collect(one).all if (f.kind, kind_of(f.file)) != _RELEASE}
        for one in (before, now)
    )
    return [old[k] for k in old if k not in new], [new[k] for k in new if k not in old]


_RELEASE = ("version", "manifest")


def _key(fact: Fact) -> tuple[object, ...]:
    return fact.kind, fact.name, fact.of, fact.values


def _hunks(before: Iterable[SourceFile], now: Iterable[SourceFile], target: str) -> Iterator[Hunk]:
    old, new = ({file.path: file.text for file in some} for some in (before, now))
    for path in sorted({*old, *new} - {target}):
        was, becomes = old.get(path, ""), new.get(path, "")
        kind = kind_of(path)
        if was == becomes or kind in UNTOLD:
            continue
        if kind in telling.CODE and path in old and path in new:
            bare = (telling.without_comments(path, one) for one in (was, becomes))
            if len({*bare}) == 1:
                continue
        yield from _of_file(path, was.split("\n"), becomes.split("\n"))


def _of_file(path: str, was: list[str], becomes: list[str]) -> Iterator[Hunk]:
    """Blanks at line ends are no change."""
    a, b = ([line.rstrip() for line in lines] for lines in (was, becomes))
    head = 0
    while head < min(len(a), len(b)) and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < min(len(a), len(b)) - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    matcher = SequenceMatcher(None, a[head : len(a) - tail], b[head : len(b) - tail], False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag != "equal" and any((*a[head + a1 : head + a2], *b[head + b1 : head + b2])):
            yield Hunk(
                path, head + a1 + 1, head + a2, head + b1 + 1, head + b2,
                tuple(a[head + a1 : head + a2]), tuple(b[head + b1 : head + b2]),
            )  # fmt: skip


def _telling(name: str, texts: list[str]) -> set[int]:
    """The sections that name it."""
    if not name:
        return set()
    named = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    return {number for number, text in enumerate(texts) if named.search(text)}


def _resting(fact: Fact, found: Collection[evidence.Section]) -> set[int]:
    """The sections that rest on the very lines of a fact."""
    return {
        number
        for number, one in enumerate(found)
        for place in one.places
        if place.file == fact.file and any(place.first <= n <= place.last for n in fact.lines)
    }


def _nearest(fact: Fact, hunks: list[Hunk], found: Collection[evidence.Section]) -> set[int]:
    """The section that rests on the lines next to where a new fact was put."""
    spots = [
        hunk.first
        for hunk in hunks
        for line in fact.lines
        if hunk.file == fact.file and hunk.new_first <= line <= hunk.new_last
    ]
    return _beside(fact.file, spots, found)


def _beside(file: str, spots: list[int], found: Collection[evidence.Section]) -> set[int]:
    """The section that rests on the lines next to one of these; none where no section rests on any
    line of the file."""
    far = [
        (min(abs(at - spot) for spot in spots for at in (place.first, place.last)), number)
        for number, one in enumerate(found)
        for place in one.places
        if place.file == file and spots
    ]
    return {min(far)[1]} if far else set()


def _unplaced(hunks: list[Hunk], found: Collection[evidence.Section]) -> int:
    """Bytes of new prose that was put where no section rests."""
    places = [place for one in found for place in one.places]
    return sum(
        len(line)
        for hunk in hunks
        if kind_of(hunk.file) not in telling.CODE and not any(hunk.meets(p) for p in places)
        for line in hunk.added
    )


def words(found: Change, most: int) -> str:
    """The lines that changed, as a diff, in at most so many characters."""
    rows = []
    for hunk in found.hunks:
        rows.append(f"@@ {hunk.file}:{hunk.first} @@")
        rows += [f"- {line}" for line in hunk.removed if line]
        rows += [f"+ {line}" for line in hunk.added if line]
    return "\n".join(rows)[:most]
