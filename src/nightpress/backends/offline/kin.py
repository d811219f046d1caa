"""A README's chapter of lists that says, for the greater part, what a list of a component's own
text says: one short list of what it adds, right behind that. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from nightpress.backends.offline.blocks import Block, is_ordered, items_of
from nightpress.backends.offline.merging import goes_on, subject_of
from nightpress.backends.offline.outline import matter_of
from nightpress.backends.offline.part import LAST, Part
from nightpress.backends.offline.wording import stems
from nightpress.lazy import pattern


class Row(Struct):
    """What a list, a table or a section tells of one thing: its name, "" for none, and what."""

    head: str
    items: list[str]


class _Told(Struct):
    """A component's chapter: the place behind it, what its lists name, and what each of their
    lines says."""

    path: tuple[str, ...]
    order: tuple[int, ...]
    labels: list[frozenset[str]]
    lines: list[frozenset[str]]

    def names(self, head: str) -> bool:
        new = stems(head)
        return bool(new) and any(3 * len(new & one) >= 2 * len(new | one) for one in self.labels)

    def says(self, text: str) -> bool:
        new = stems(text)
        return not new or any(3 * len(new & one) >= 2 * len(new) for one in self.lines)

    def knows(self, text: str) -> bool:
        """Does it say it, and know what the text begins with? ("Bower anchors": of bowers?)"""
        first = stems(text.split(maxsplit=1)[0])
        return self.says(text) and first <= {stem for line in self.lines for stem in line}


def but_kin(more: Sequence[Part], described: Sequence[Part]) -> list[Part]:
    """The parts of the README and documents; of a chapter that lists what a component's chapter
    lists, too, only what it adds is left."""
    told = list(_told(described))
    chapters: dict[str, list[Part]] = {}
    for part in more:
        if part.path and (part.family is None or len(part.path) < 3):
            chapters.setdefault(part.path[0], []).append(part)
    stead: dict[str, Part | None] = {}
    for name, parts in chapters.items():
        if (rows := list(_rows(parts))) and (like := _nearest(rows, told)):
            stead[name] = _added(parts[0], rows, like)
    found: list[Part] = []
    for part in more:
        name = part.path[0] if part.path else ""
        if name not in stead:
            found.append(part)
        elif (one := stead[name]) is not None:
            found.append(one)
            stead[name] = None
    return found


def _told(described: Sequence[Part]) -> Iterator[_Told]:
    """Each chapter of the components' own texts that has a list."""
    chapters: dict[tuple[str, ...], list[Part]] = {}
    for part in described:
        base = len(part.home.base) if part.home else 0
        if part.home and not part.is_aside and len(part.path) > base:
            chapters.setdefault(part.path[: base + 1], []).append(part)
    for path, parts in chapters.items():
        lists = [b for part in parts for b in part.blocks if b.kind in ("list", "table")]
        lines = [line for block in lists for line in block.text.split("\n")]
        labels = [m[1] for block in lists for m in _LABEL.finditer(block.text)]
        labels += [part.path[-1] for part in parts if len(part.path) > len(path)]
        if lists:
            last = max(part.order for part in parts)
            yield _Told(path, last, [*map(stems, labels)], [s for s in map(stems, lines) if s])


def _rows(parts: Sequence[Part]) -> Iterator[Row]:
    """What a chapter tells, row by row; nothing where it is more than short lists and tables."""
    rows: list[Row] = []
    for part in parts:
        said = [block for block in part.blocks if not block.announces]
        listed = all(b.kind in ("list", "table") and not is_ordered(b) for b in said)
        subject = any(subject_of(name) for name in part.path) or matter_of(part.path[0])[0] in _OWN
        if part.together or subject or not listed or any(_FACTS.search(b.text) for b in said):
            return
        if len(part.path) > 1 and said:
            rows.append(Row(part.path[-1], [one for b in said for one in _plain(b)]))
        else:
            rows += [row for block in said for row in _of_block(block)]
    if sum(len(row.items) for row in rows) >= FEWEST:
        yield from rows


def _of_block(block: Block) -> Iterator[Row]:
    for item in _plain(block):
        name, mark, about = item.partition(" - ") if block.kind == "list" else item.partition("; ")
        if mark and (block.kind == "table" or item.startswith("**")):
            yield Row(name.strip("* :"), about.split("; ") if block.kind == "table" else [about])
        else:
            yield Row("", [item])


def _plain(block: Block) -> list[str]:
    """The items of a list, and the rows of a table, in a line each."""
    if block.kind == "table":
        rows = (row.strip().strip("|").split("|") for row in block.text.split("\n")[2:])
        return ["; ".join(filter(None, map(str.strip, row))) for row in rows]
    items = (_MARK.sub("", item, count=1) for item in items_of(block.text))
    return ["; ".join(_MARK.sub("", line) for line in item.split("\n")) for item in items]


def _nearest(rows: Sequence[Row], told: Sequence[_Told]) -> _Told | None:
    """The chapter that says at least half of the rows."""
    said = [(sum(_share(row, one) for row in rows), one) for one in told]
    best, like = max(said, key=lambda pair: pair[0], default=(0.0, None))
    return like if 2 * best >= len(rows) else None


def _share(row: Row, told: _Told) -> float:
    """How much of a row a chapter says, 0 to 1."""
    if row.head and told.names(row.head):
        return 1.0
    return sum(map(told.says, row.items)) / max(1, len(row.items))


def _added(first: Part, rows: Sequence[Row], like: _Told) -> Part | None:
    """What the rows say that the chapter does not, as one list; None for hardly anything."""
    new = (row for row in rows if not like.names(row.head))
    left = [Row(row.head, [one for one in row.items if not like.knows(one)]) for row in new]
    left = [row for row in left if row.items]
    if sum(len(row.items) for row in left) < FEWEST:
        return None
    lines = [
        f"**{row.head}**: {_together(row.items)}" if row.head else row.items[0] for row in left
    ]
    path = (*like.path[:-1], first.path[0])
    blocks = [Block("list", "\n".join(f"- {line}" for line in lines))]
    order = (*like.order, LAST, *first.order)
    return replace(first, path=path, order=order, blocks=blocks, family=None)


def _together(items: Sequence[str]) -> str:
    return ", ".join([*items[:1], *map(goes_on, items[1:])])


FEWEST = 3
"""Items that make a list."""
_OWN = frozenset({"about", "audience", "features", "setup", "trouble", "when", "usage"})
"""Matters that a README tells for itself, or that sum up."""
_LABEL = pattern(
    r"(?m)(?:^[ \t]*(?:[-*+]|\d+[.)])[ \t]+|^\|[ \t]*)\**([^*|:\n]+?)(?::?\*\*|[ \t]*\||:?$| - )"
)
_MARK = pattern(r"^[ \t]*[-*+][ \t]+")
_FACTS = pattern(r"\]\(|`[^`]*`|\b\d+(?:\.\d+)?%|https?:")
