"""What each of several commands and agents gets of a document that has no room for all they say.

A part of a command that leaves out what is done misleads: of each there is all of it, or its core
(what is done, how it is called, what comes of it, its rules), or only a link. Short ones go first,
for then most are whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import commonprefix

from msgspec.structs import replace

from nightpress.backends.offline.blocks import is_ordered
from nightpress.backends.offline.part import Part
from nightpress.lazy import pattern

MUST, SYNOPSIS = 5, 2
"""The rank of what is done, and of how it is called."""
MANY = 15
"""Components of which, in short, each is said how it is called."""


def share(components: Sequence[Sequence[Part]], room: int) -> list[list[Part]]:
    """The parts of each component, those that have no room (bytes) marked; what is done goes in
    before all else."""
    if sum(map(_size, components)) <= room:
        return list(map(list, components))
    tries = [_tries(parts) for parts in components]
    least = SYNOPSIS if len(components) > MANY else -1
    taken = [
        (0, [replace(part, is_aside=part.rank > least) for part in parts]) for parts in components
    ]
    order = sorted(range(len(tries)), key=lambda at: _rank(components[at], *tries[at][-2:][0]))
    for upto in (-2, -1, 1, 0):  # the cores, then steps by name, then what is still to be had
        for at in order:
            size, parts = tries[at][upto] if len(tries[at]) > 1 else tries[at][0]
            had = taken[at][0]
            if had < size <= room + had:
                taken[at] = (size, parts)
                room -= size - had
    return [parts for _, parts in taken]


def _rank(component: Sequence[Part], size: int, core: Sequence[Part]) -> tuple[bool, bool, int]:
    """Who goes first: commands, those that tell facts and rules of their own, the short ones."""
    shown = [block for part in core if not part.is_aside for block in part.blocks]
    facts = {
        fact
        for block in shown
        for fact in (_OPTION if block.kind == "code" else _FACT).findall(block.text)
    }
    return is_agent(component), len(facts) * FACT < size, size


def is_agent(parts: Sequence[Part]) -> bool:
    """Is it one to whom work is handed? It reads its own instructions."""
    return any(part.home is not None and "agents/" in part.home.link for part in parts[:1])


def _tries(parts: Sequence[Part]) -> list[tuple[int, list[Part]]]:
    """All of a component, its core, that without long listings, and that with the steps' names
    alone; (bytes, parts) each."""
    whole = [replace(part, rank=min(part.rank, MUST)) if _is_core(part) else part for part in parts]
    core = [part if _is_core(part) else replace(part, is_aside=True) for part in whole]
    bare = [part if part.is_aside else _bare(part) for part in core]
    if all(part.is_aside for part in core if part.path[len(_base(part)) :]):
        return [(_size(whole), whole)]
    return [(_size(parts), parts) for parts in (whole, core, bare, _outlined(core))]


def _outlined(parts: Sequence[Part]) -> list[Part]:
    """Of each workflow the names of its steps, and where they are told."""
    named, outlined = set[object](), list[Part]()
    for part in parts:
        if not (part.together and part.instead):
            outlined.append(part)
        elif part.together not in named:
            named.add(part.together)
            paths = [one.path for one in parts if one.together == part.together]
            above = tuple(commonprefix(paths))
            outlined.append(replace(part, path=above, blocks=part.instead, together=()))
    return outlined


def _bare(part: Part) -> Part:
    return replace(part, blocks=part.lean) if part.lean else part


def _size(parts: Sequence[Part]) -> int:
    """Bytes of the parts that have room, their headings counted."""
    return sum(
        sum(len(block.text.encode()) + 2 for block in part.blocks)
        + len("".join(part.path[-1:]))
        + 8
        for part in parts
        if not part.is_aside
    )


def _base(part: Part) -> tuple[str, ...]:
    """The headings above a component's own sections."""
    return part.home.base if part.home else ()


def _is_core(part: Part) -> bool:
    """Does it say what is done, or what of it must be known?"""
    heads = part.path[len(_base(part)) :]
    if not heads or part.together:
        return True
    code = sum(len(block.text) for block in part.blocks if block.kind == "code")
    if 2 * code > sum(len(block.text) for block in part.blocks):
        return code < SHORT and _CALLS.search(heads[0]) is not None
    steps = len(heads) == 1 and any(map(is_ordered, part.blocks))
    return steps or _CORE.search(heads[0]) is not None


FACT = 3_000
"""Bytes of a text in which there is one fact at least, or it would be true of any plugin."""
_OPTION = pattern(r"(?<![\w-])--[a-z][\w-]+")
_FACT = pattern(
    r"`[^`\n]+`|(?<![\w-])--[a-z][\w-]+|\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\b\d[\d.,]*(?: ?%| ?[a-z]+)"
    r"|\b(?:[Nn]ever|[Mm]ust|[Oo]nly|[Aa]lways|[Dd]o not|[Dd]on't|[Uu]nless)\b[^.\n]{0,24}"
)
SHORT = 600
"""Bytes of code that shows how something is called, or what comes of it."""
_CALLS = pattern(r"(?i)\b(?:usage|syntax|synopsis|options|arguments|parameters|output)\b")
_CORE = pattern(
    r"(?i)\b(?:tasks?|process|steps?|workflow|procedure|instructions|phases?|usage|syntax|options"
    r"|arguments|parameters|output|deliverables?|responsibilit\w+|capabilit\w+|focus(?: areas)?"
    r"|expertise|duties|rules|constraints?|limits?|must|never|when|guardrails|gates?|actions?|modes?"
    r"|approach|what (?:it|this)|execution|core)\b"
)
