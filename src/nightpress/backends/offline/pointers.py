"""What of a command's or an agent's own text a document does not hold, told by where it stands."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from nightpress.backends.offline import wording
from nightpress.backends.offline.blocks import Block, is_ordered
from nightpress.backends.offline.sections import Home, Part
from nightpress.lazy import pattern

STANDS = pattern(r"\bstands? in \[")
MOST_NAMED = 30
"""Sections that a pointer names."""
FEW = 15
"""Components of a plugin, of more than which one that has no room has no chapter, either."""


def of_rest(parts: Sequence[Part], fitting: Sequence[Part]) -> Iterator[Part]:
    """A part for each file of a component that is not whole in what fits: at the end of its
    chapter, the headings of what it has beside."""
    held = {part.order: part for part in fitting}
    homes: dict[Home, list[Part]] = {}
    for part in sorted(parts, key=lambda part: part.order):
        if part.home is not None:
            homes.setdefault(part.home, []).append(part)
    opened = {part.path[:n] for part in fitting for n in range(1, len(part.path) + 1)}
    firsts = {part.together: part for group in homes.values() for part in reversed(group)}
    for home, mine in homes.items():
        lost = [part for part in mine if not _is_whole(part, held.get(part.order))]
        lost = [part for part in lost if not _is_opening(part, home)]
        # of a workflow that has no room its steps are named
        lost = [p for p in lost if not p.together or firsts[p.together].order not in held]
        whole = len(lost) == len(mine)
        if lost and (not whole or home.base in opened or len(homes) <= FEW):
            told = _told(home, lost, opened if len(homes) <= FEW else None, whole=whole)
            yield from [Part(home.base or ("More",), home.end, 0, [told])] if told else []


def _is_opening(part: Part, home: Home) -> bool:
    """Is it a text before the first heading, which the table or the lead says in short?"""
    return part.path == home.base and all(block.kind == "text" for block in part.blocks)


def _is_whole(part: Part, held: Part | None) -> bool:
    """Does what fits hold all of a part that a reader would miss, or say where it stands?"""
    if held is None:
        return False
    kept = {block.text for block in held.blocks}
    return held.blocks == part.instead or all(
        block.text in kept
        for block in part.blocks
        if is_ordered(block) or STANDS.search(block.text)
    )


def _name(part: Part, home: Home, opened: Container[tuple[str, ...]]) -> str:
    """The heading by which a part is missed: the highest one of which the document has nothing."""
    base = len(home.base) if part.path[: len(home.base)] == home.base else 0
    path = part.path[base:]
    if not path:
        return ""
    for depth in range(1, len(path)):
        if part.path[: base + depth] not in opened:
            return path[depth - 1]
    return path[-1]


def _told(
    home: Home, lost: Sequence[Part], opened: Container[tuple[str, ...]] | None, *, whole: bool
) -> Block | None:
    """What a chapter lacks, by its headings; opened: those of the document, None: in short. None
    where the chapter's lead, or the table, says it."""
    found = (_name(part, home, opened) for part in lost) if opened is not None else ()
    names = list(dict.fromkeys(filter(None, found)))
    if not names and whole and (home.is_linked or (opened is not None and home.base not in opened)):
        return None
    if not names:
        steps = any(is_ordered(block) for part in lost for block in part.blocks)
        what = "Its steps stand" if steps else "All of it stands" if whole else "The rest stands"
        return Block("text", f"{what} in {home.link}.")
    more = [f'"{name}"' if "," in name else name for name in names[:MOST_NAMED]]
    if names[MOST_NAMED:]:
        more.append("more")
    has = "has" if whole else "also has"
    return Block("text", f"{home.link} {has}: {wording.together(more)}.")


def size(part: Part) -> int:
    """Bytes that a pointer takes, with its heading."""
    return sum(len(block.text.encode()) + 2 for block in part.blocks) + len(part.path[-1]) + 9
