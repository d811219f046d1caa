"""What each of several commands and agents gets of a document that has no room for all they say.

A part of a command that leaves out what is done misleads: of each there is first what it does, how
it is called, and what decides how; what room is left goes to all of them evenly, the sections of
most worth first. Of what only shows something there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from posixpath import commonprefix

from msgspec import Struct
from msgspec.structs import replace

from nightpress.backends.offline import briefs, worth
from nightpress.backends.offline.blocks import Block, is_pointer, is_told
from nightpress.backends.offline.part import LAST, Part
from nightpress.backends.offline.wording import stems, together
from nightpress.lazy import pattern

MUST = 5
"""The rank of what is done, and of how it is called."""
WHOLE = briefs.SHOWN + 1
STEPS = (
    (1, worth.PLAIN - 1, briefs.BARE),
    (2, worth.CORE, briefs.NAMES),
    (2, worth.LEAST - 1, briefs.SHOWN),
    (LAST, worth.LEAST - 1, briefs.SHOWN),
    (LAST, worth.LEAST, WHOLE),
)
"""(times what each would have of even shares, worth, form): up to that goes in one after the
other."""
FLOOR = 400
"""Bytes of a component with less of which there is hardly any use in it."""
POINTER = 80
"""Bytes of the line that names what else decides something."""
FAMILY = 1_500
"""Bytes of a section with those below it, up to which it is taken as a whole."""


def share(components: Sequence[Sequence[Part]], room: int, known: str = "") -> list[list[Part]]:
    """The parts of each component, those that have no room (bytes) marked. known: what the
    document says of them already."""
    if sum(map(_size, components)) <= room:
        return list(map(list, components))
    members = sorted((_Member(parts, stems(known)) for parts in components), key=lambda m: m.rank)
    fair = max(room // len(members), FLOOR)
    for times, least, form in STEPS:
        # there is room for a demonstration when there is enough of all others
        left = [one for one in members if not one.is_demo or times == LAST]
        while left:
            one = min(left, key=lambda one: one.size)
            before = one.size
            if one.grow(min(times * fair, before + room), least, form):
                room -= one.size - before
            else:
                left.remove(one)
    for one in members:
        _made_room(one, members, room)
    found = {id(one.parts): one.shared() for one in members}
    return [found[id(parts)] for parts in components]


def _made_room(one: _Member, members: Sequence[_Member], room: int) -> None:
    """Give one that has nothing what it needs least, of what the largest ones can do without."""
    need = 0 if one.size or one.is_demo else one.least
    while room < need:
        by_size = sorted(members, key=lambda other: -other.size)
        if not (less := next(filter(None, (other.shrink(FLOOR) for other in by_size)), 0)):
            return
        room += less
    if need:
        one.grow(room, worth.LEAST, WHOLE)


class _Unit(Struct):
    """What stands or falls together. worth: the least goes in first; forms: (number, parts), from
    the shortest to all of it; taken: the place of the form that there is room for."""

    parts: list[Part]
    worth: int
    forms: list[tuple[int, list[Part]]]
    taken: int = -1

    def size(self) -> int:
        return _size(self.forms[self.taken][1]) if self.taken >= 0 else 0

    def upto(self, worth: int, form: int) -> int:
        """The place of the longest form that may be taken so far."""
        if self.worth > worth:
            return -1
        return max((at for at, (number, _) in enumerate(self.forms) if number <= form), default=-1)

    def shown(self, *, first: bool) -> list[Part]:
        if self.taken < 0:
            return [replace(part, is_aside=True) for part in self.parts]
        must = MUST if first or self.worth < worth.CORE else LAST
        return [replace(part, rank=min(part.rank, must)) for part in self.forms[self.taken][1]]


class _Member:
    """A command or an agent: what of it there is room for."""

    def __init__(self, parts: Sequence[Part], known: frozenset[str]) -> None:
        self.parts = parts
        self._known = [part for part in parts if _is_known(part, known)]  # it takes no room
        news = [part for part in parts if part not in self._known]
        self._units = sorted(_units(news), key=lambda unit: unit.worth)
        shown = [block for unit in self._units for _, form in unit.forms[:1] for part in form
                 for block in part.blocks]  # fmt: skip
        facts = {fact for block in shown for fact in worth.FACT.findall(block.text)}
        said = sum(len(block.text) for block in shown)
        name = "".join(_base(parts[0])).lower() if parts else ""
        self.is_demo = _DEMO.search(name) is not None
        self._core = worth.CORE if is_agent(parts) else worth.DECIDING
        self.rank = (self.is_demo, is_agent(parts), len(facts) * PER_FACT < said, _size(parts))

    @property
    def size(self) -> int:
        """Bytes of what is taken, and of the line that names what else decides something."""
        taken = sum(unit.size() for unit in self._units)
        lost = taken and any(unit.taken < 0 and unit.worth < worth.CORE for unit in self._units)
        return taken + POINTER if lost else taken

    @property
    def least(self) -> int:
        """Bytes of the least that is of use; 0 where there is nothing."""
        forms = [unit.forms[0][1] for unit in self._units if unit.forms]
        return min(map(_size, forms), default=0)

    @property
    def _is_told(self) -> bool:
        """Does it say what is done, if there is a section on that?"""
        core = [unit for unit in self._units if 0 < unit.worth < self._core and unit.forms]
        return not core or any(unit.taken >= 0 for unit in core)

    def grow(self, most: int, least: int, form: int) -> bool:
        """Take one section more that is worth it, or more of one, up to so many bytes in all."""
        for unit in self._units:
            if unit.worth >= self._core and not self._is_told:
                break  # what comes before the task says nothing without it
            had = unit.taken
            for at in range(unit.upto(least, form), had, -1):
                unit.taken = at
                if self.size <= most:
                    return True
                unit.taken = had
        return False

    def shrink(self, least: int) -> int:
        """Give back what is worth least, if so many bytes are left; how many bytes that is."""
        before, taken = self.size, [unit for unit in self._units if unit.taken >= 0]
        if not taken or taken[-1].worth < self._core:
            return 0
        taken[-1].taken -= 1
        if self.size >= least:
            return before - self.size
        taken[-1].taken += 1
        return 0

    def shared(self) -> list[Part]:
        """Its parts in their place, with those that have no room marked."""
        first = next((unit for unit in self._units if unit.taken >= 0), None)
        found = [part for unit in self._units for part in unit.shown(first=unit is first)]
        return sorted([*self._known, *found], key=lambda part: part.order)


def _is_known(part: Part, known: frozenset[str]) -> bool:
    """Does it sum up what stands in the table?"""
    said = stems(" ".join(block.text for block in part.blocks))
    return bool(part.news and known) and 2 * len(said - known) <= len(said)


def _units(parts: Sequence[Part]) -> Iterator[_Unit]:
    """The workflows of a component, its sections with those below them, and of a long one each of
    those."""
    groups: dict[object, list[Part]] = {}
    for number, part in enumerate(one for whole in parts for one in _labelled(whole)):
        heads = part.path[len(_base(part)) :]
        groups.setdefault(part.together or heads[:1] or number, []).append(part)
    for group in groups.values():
        long = not group[0].together and _size(group) > FAMILY
        for own in [[part] for part in group] if long else [group]:
            above = tuple(commonprefix([part.path for part in own]))
            heads = above[len(_base(own[0])) :] or _label(own[0])
            of_it = worth.ranked(own, heads, agent=is_agent(own))
            options = _with_options(own) if of_it == 0 else []
            yield _Unit(own, of_it, [*options, *_forms(own)])


def _with_options(group: list[Part]) -> list[tuple[int, list[Part]]]:
    """How something is called, in a line: the call with most options of those that are shown, and
    the others. None where there are none, or where the calls take no more room."""
    first = group[0]
    codes = [block.text for part in group for block in part.blocks if block.kind == "code"]
    calls = [line for code in codes for line in code.split("\n") if _CALL.match(line)]
    options = {one[1]: one[0] for call in reversed(calls) for one in _OPTION.finditer(call)}
    calls = [one for one in map(_without_remark, calls) if len(one) <= MOST_CALL]
    best = max(calls, key=lambda one: len(_OPTION.findall(one)), default="")
    others = [f"`{one}`" for name, one in reversed(options.items()) if name not in best]
    also = f"; also with {together(others)}" if others else ""
    line = Block("text", f"Called as in `{best}`{also}.")
    above = (*first.order[:-1], 0, 0)  # right below what the component is
    short = [replace(first, path=_base(first), order=above, blocks=[line], together=())]
    shown = best and "`" not in best and options and _size(short) < _size(group)
    return [(briefs.NAMES, short)] if shown else []


def _without_remark(call: str) -> str:
    return re.sub(r"\s+#.*$", "", call).lstrip("$> ").rstrip()


def _labelled(part: Part) -> Iterator[Part]:
    """A text below no heading of its own; where labels divide a long one, each with what
    stands below it."""
    starts = [at for at, block in enumerate(part.blocks) if block.announces]
    if part.together or part.path != _base(part) or _size([part]) < SHORT or not starts:
        yield part
        return
    ends = [*sorted({0, *starts}), len(part.blocks)]
    for number, (at, end) in enumerate(pairwise(ends)):
        yield replace(part, order=(*part.order, number), blocks=part.blocks[at:end])


def _label(part: Part) -> tuple[str, ...]:
    """The label that its text begins with."""
    return tuple(block.text.strip("*: ") for block in part.blocks[:1] if block.announces)


SHORT = 600
"""Bytes of a text below no heading that stands or falls as one."""


def _forms(group: list[Part]) -> Iterator[tuple[int, list[Part]]]:
    """All that stands together by name, without code, whole; none of what only says where
    something stands, and none that is no longer than the one before."""
    first = group[0]
    tried: list[tuple[int, list[Part]]] = []
    if first.together and first.instead:
        tried += [(briefs.NAMES, form) for form in _by_name(group)]
    elif not first.together:
        tried += [(n, list(_briefly(group, n))) for n in (briefs.TITLES, briefs.NAMES)]
    for detail in (briefs.BARE, briefs.SHOWN):
        less = list(_briefly(group, detail))
        if first.together and any(part.is_aside for part in less):
            less = _with_names(group, less)  # steps of nothing but code are named
        tried.append((detail, less))
    longest = 0
    for number, shown in [*tried, (WHOLE, group)]:
        if _size(group) <= _size(shown):
            shown = group  # nothing is shorter in short
        if _says(shown) and _size(shown) > longest:
            longest = _size(shown)
            yield number, shown


def _by_name(group: list[Part]) -> Iterator[list[Part]]:
    """A workflow by the names of its steps, and with those of them that decide something."""
    yield _with_names(group, [], warned=True)
    if inner := [part for part in group if _decides(part)]:
        yield _with_names(group, _briefly(inner, briefs.BARE))


def _with_names(group: list[Part], inner: Iterable[Part], *, warned: bool = False) -> list[Part]:
    """The names of all steps, with what to beware of, and below them what is told of some."""
    first = group[0]
    above = tuple(commonprefix([part.path for part in group]))
    steps = [part.path[len(above)] for part in group if len(part.path) > len(above)]
    rows = first.instead[-1]
    rows = replace(rows, text="\n".join(briefs.named(rows, steps, warned=warned)))
    named = replace(first, path=above, blocks=[*first.instead[:-1], rows], together=())
    told = [replace(part, together=()) for part in inner if len(part.path) > len(above)]
    return [named, *(part for part in told if not part.is_aside)]


def _decides(part: Part) -> bool:
    """Does a step say in short what keeps somebody from harm?"""
    said = [block for block in part.blocks if block.kind != "code"]
    short = len(part.path) > 1 and sum(len(block.text) for block in said) < FAMILY
    return short and (any(worth.guards(said)) or worth.DECIDES.search(part.path[-1]) is not None)


def _briefly(group: Sequence[Part], detail: int) -> Iterator[Part]:
    """The parts in short; those of which nothing is left have no room."""
    for part in group:
        link, head = part.home.link if part.home else "", "".join(part.path[-1:])
        blocks = briefs.brief(part.blocks, link, detail, head)
        yield replace(part, blocks=blocks) if blocks else replace(part, is_aside=True)


def _says(parts: Sequence[Part]) -> bool:
    """Does it say anything but where something stands?"""
    alone = len(parts) == 1 and len(parts[0].blocks) > 1 and parts[0].blocks[-1].kind == "list"
    blocks = [block for part in parts if not part.is_aside for block in part.blocks]
    bare = (
        is_told(block) or (is_pointer(block) and "the steps" not in block.text) for block in blocks
    )
    return alone or not all(bare)


def is_agent(parts: Sequence[Part]) -> bool:
    """Is it one to whom work is handed? It reads its own instructions."""
    return any(part.home is not None and "agents/" in part.home.link for part in parts[:1])


def _size(parts: Sequence[Part]) -> int:
    """Bytes of the parts that have room, their headings counted; a document has lines for as many
    short ones, too."""
    return sum(
        max(
            sum(len(block.text.encode()) + 2 for block in part.blocks)
            + len("".join(part.path[-1:]))
            + 8,
            LINE * (2 + sum(block.text.count("\n") + 2 for block in part.blocks)),
        )
        for part in parts
        if not part.is_aside
    )


LINE = 30
"""Bytes that a line of a document takes at least."""


def _base(part: Part) -> tuple[str, ...]:
    """The headings above a component's own sections."""
    return part.home.base if part.home else ()


MOST_CALL = 120
"""Characters of a call that stands in a line."""
_CALL = pattern(r"[$> ]*/[a-z]")
_OPTION = pattern(r"(?<=\s)(--[a-z][\w-]*)(?:[ =][\w./:,@-]*\w)?")
PER_FACT = 3_000
"""Bytes of a text in which there is one fact at least, or it would be true of any plugin."""
_DEMO = pattern(r"\b(?:demo|example|sample|playground|hello)\b")
