"""What each of several commands and agents gets of a document that has no room for all they say.

A part of a command that leaves out what is done misleads: of each there is first what it does in
short, how it is called, what comes of it and what to beware of; what room is left goes to all of
them evenly, the sections of most worth first. Of what only shows something there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from posixpath import commonprefix

from msgspec import Struct
from msgspec.structs import replace

from nightpress.backends.offline import briefs
from nightpress.backends.offline.blocks import is_ordered, is_pointer, is_told
from nightpress.backends.offline.part import LAST, Part
from nightpress.backends.offline.pointers import FEW, tells
from nightpress.backends.offline.stubs import are_steps
from nightpress.backends.offline.wording import stems
from nightpress.lazy import pattern

MUST, SYNOPSIS = 5, 2
"""The rank of what is done, and of how it is called."""
LESS, OTHER, LEAST = 3, 4, 6
"""The worth of what need not be known, of what is neither known to be more nor less than that, and
of what is only shown."""
WHOLE = briefs.BARE + 1
STEPS = (
    (LESS - 1, briefs.NAMES),
    (LESS - 1, briefs.SHORT),
    (LESS - 1, briefs.BRIEF),
    (LESS, briefs.BRIEF),
    (OTHER, briefs.BRIEF),
    (LESS - 1, briefs.BARE),
    (OTHER, WHOLE),
    (LEAST, WHOLE),
)
"""(worth, form): what goes in one after the other, of all of them before there is more of any."""
FLOOR = 400
"""Bytes of a component with less of which there is hardly any use in it."""
FAMILY = 1_500
"""Bytes of a section with those below it, up to which it is taken as a whole."""
POINTER = 110
"""Bytes of the line that says where the rest of a component stands, without the names."""


def share(components: Sequence[Sequence[Part]], room: int, known: str = "") -> list[list[Part]]:
    """The parts of each component, those that have no room (bytes) marked. known: what the
    document says of them already."""
    if sum(map(_size, components)) <= room:
        return list(map(list, components))
    many = len(components) > FEW
    members = sorted(
        (_Member(parts, many, stems(known)) for parts in components), key=lambda one: one.rank
    )
    fair = max(room // len(members), FLOOR)
    for times, steps in ((1.5, STEPS[:1]), (1.0, STEPS), (1.5, STEPS), (float("inf"), STEPS)):
        for worth, form in steps:
            for at, one in enumerate(members):
                if one.is_demo and times < len(members):
                    continue  # there is room for it when there is enough of all others
                left = sum(other.lacks(worth, form) for other in members[at:])
                most = one.size + (room // left if times > len(members) and left else room)
                room -= one.grow(int(min(times * fair, most)), worth, form)
    for one in sorted(members, key=lambda one: (*one.rank[:2], one.size)):
        room -= one.grow(one.size + room, LEAST, WHOLE)
    found = {id(one.parts): one.shared() for one in members}
    return [found[id(parts)] for parts in components]


class _Unit(Struct):
    """What stands or falls together. worth: the least goes in first; forms: (number, parts), from
    the shortest to all of it; name: by which it is missed; taken: the place of the form that there
    is room for."""

    parts: list[Part]
    worth: int
    forms: list[tuple[int, list[Part]]]
    name: str
    taken: int = -1

    def size(self) -> int:
        return _size(self.forms[self.taken][1]) if self.taken >= 0 else 0

    def upto(self, worth: int, form: int) -> int:
        """The place of the longest form that may be taken so far."""
        if self.worth > worth:
            return -1
        return max((at for at, (number, _) in enumerate(self.forms) if number <= form), default=-1)

    def shown(self) -> list[Part]:
        if self.taken < 0:
            return [replace(part, is_aside=True) for part in self.parts]
        must = MUST if self.worth < LESS else LAST
        return [replace(part, rank=min(part.rank, must)) for part in self.forms[self.taken][1]]


class _Member:
    """A command or an agent: what of it there is room for."""

    def __init__(self, parts: Sequence[Part], many: bool, known: frozenset[str]) -> None:
        self.parts, self._many = parts, many
        self._known = [part for part in parts if _is_known(part, known)]  # it takes no room
        news = [part for part in parts if part not in self._known]
        self._units = sorted(_units(news), key=lambda unit: unit.worth)
        shown = [block for unit in self._units for _, form in unit.forms[:1] for part in form
                 for block in part.blocks]  # fmt: skip
        facts = {fact for block in shown for fact in FACT.findall(block.text)}
        said = sum(len(block.text) for block in shown)
        name = "".join(_base(parts[0])).lower() if parts else ""
        self.is_demo = _DEMO.search(name) is not None
        self.rank = (self.is_demo, is_agent(parts), len(facts) * PER_FACT < said, _size(parts))

    @property
    def size(self) -> int:
        """Bytes of what is taken, and of the line that says where the rest stands."""
        taken = sum(unit.size() for unit in self._units)
        lost = {unit.name for unit in self._units if unit.taken < 0 and tells(unit.name)}
        names = 0 if self._many else sum(len(name) + 2 for name in lost)
        return taken + POINTER + names if taken and lost else taken

    @property
    def _is_told(self) -> bool:
        """Does it say what is done, if there is a section on that?"""
        core = [unit for unit in self._units if unit.worth < LESS and unit.forms]
        return not core or any(unit.taken >= 0 for unit in core)

    def lacks(self, worth: int, form: int) -> bool:
        return any(unit.taken < unit.upto(worth, form) for unit in self._units)

    def grow(self, most: int, worth: int, form: int) -> int:
        """Take more of the sections that are worth it, up to so many bytes in all; how many bytes
        more that is."""
        before = self.size
        for unit in self._units:
            if unit.worth >= LESS and not self._is_told:
                break  # what comes before the task says nothing without it
            had = unit.taken
            for at in range(unit.upto(worth, form), had, -1):
                unit.taken = at
                if self.size <= most:
                    break
                unit.taken = had
        return self.size - before

    def shared(self) -> list[Part]:
        """Its parts in their place, with those that have no room marked."""
        found = [part for unit in self._units for part in unit.shown()]
        return sorted([*self._known, *found], key=lambda part: part.order)


def _is_known(part: Part, known: frozenset[str]) -> bool:
    """Does it sum up what stands in the table?"""
    said = stems(" ".join(block.text for block in part.blocks))
    return bool(part.news and known) and 2 * len(said - known) <= len(said)


def _units(parts: Sequence[Part]) -> Iterator[_Unit]:
    """The workflows of a component, its sections with those below them, and of a long one each of
    those."""
    groups: dict[object, list[Part]] = {}
    for number, part in enumerate(parts):
        heads = part.path[len(_base(part)) :]
        groups.setdefault(part.together or heads[:1] or number, []).append(part)
    for group in groups.values():
        long = not group[0].together and _size(group) > FAMILY
        for own in [[part] for part in group] if long else [group]:
            heads = own[0].path[len(_base(own[0])) :]
            worth = _worth(own, heads)
            forms = list(_forms(own, is_core=worth < LESS))
            yield _Unit(own, worth, forms, heads[0] if heads else "")


def _forms(group: list[Part], *, is_core: bool) -> Iterator[tuple[int, list[Part]]]:
    """All that stands together by name, in short, without code, whole; none of what only says
    where something stands, and none that is no longer than the one before."""
    first = group[0]
    tried: list[list[Part]] = []
    if first.together and first.instead:
        above = tuple(commonprefix([part.path for part in group]))
        steps = [part.path[len(above)] for part in group if len(part.path) > len(above)]
        whole = replace(first, path=above, blocks=first.instead, together=())
        for detail in (briefs.NAMES, briefs.SHORT, briefs.BRIEF):
            rows = briefs.named(first.instead[-1], steps, detail)
            says = briefs.tells_of(rows, steps) or (detail == briefs.NAMES and are_steps(steps))
            form = replace(whole, blocks=[*first.instead[:-1], rows])
            tried.append([form] if says else [])
        tried.append([_bare(part) for part in group])
    elif not first.together:
        tried += [list(_briefly(group, detail)) for detail in range(briefs.BARE + 1)]
    tried.append(group)
    longest = -1
    for number, shown in enumerate(tried):
        if number < briefs.BRIEF and not is_core:
            continue
        if _size(group) <= _size(shown):
            shown = group  # nothing is shorter in short
        if _says(shown) and _size(shown) > longest:
            longest = _size(shown)
            yield number, shown


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


def _worth(group: Sequence[Part], heads: Sequence[str]) -> int:
    """What a section is worth, the least goes in first: how it is called and what keeps somebody
    from harm (0), what is done (1), when, of what and what comes of it (2); less than that is what
    it is good at, and least what is shown. Whoever hands work to an agent needs what it asks for
    and gives before what it does."""
    blocks = [block for part in group for block in part.blocks]
    code = sum(len(block.text) for block in blocks if block.kind == "code")
    said = sum(len(block.text) for block in blocks)
    name, agent = heads[0] if heads else "", is_agent(group)
    if group[0].rank <= SYNOPSIS or (_CALLS.search(name) and code < SHORT and not agent):
        return 0
    if 2 * code > said and not (group[0].together or any(map(is_ordered, blocks))):
        return LEAST
    if _SHOWN.search(name) or any(map(briefs.is_form, blocks)):
        return LEAST
    if _AT_HAND.match(name):
        return LEAST + 1
    if _GUARDS.search(name) or (said < SHORT and any(briefs.guards(blocks))):
        return 0
    if _GIVES.search(name):
        return 1 if agent else 2
    if not heads and all(block.kind == "text" for block in blocks):
        return OTHER  # the table says it in short
    if not heads or group[0].together or _DONE.search(name):
        return 2 if agent else 1
    if _RULES.search(name):
        return LESS
    return OTHER + 1 if _GOOD_AT.search(name) else OTHER


PER_FACT = 3_000
"""Bytes of a text in which there is one fact at least, or it would be true of any plugin."""
FACT = pattern(
    r"`[^`\n]+`|(?<![\w-])--[a-z][\w-]+|\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\b\d[\d.,]*(?: ?%| ?[a-z]+)"
    r"|\b(?:[Nn]ever|[Mm]ust|[Oo]nly|[Aa]lways|[Dd]o not|[Dd]on't|[Uu]nless)\b[^.\n]{0,24}"
)
SHORT = 600
"""Bytes of code that shows how something is called, or what comes of it, and of a section that says
what to beware of."""
_CALLS = pattern(r"(?i)\b(?:usage|syntax|synopsis|options|arguments|parameters|modes?)\b")
_GUARDS = pattern(
    r"(?i)\b(?:rules|constraints?|limit(?:s|ations?)|must|never|guardrails|gates?|safety|warnings?"
    r"|important|caution|boundaries|prerequisites?|before you)\b"
)
_GIVES = pattern(
    r"(?i)\b(?:when|inputs?|output|deliverables?|hand-?offs?|invoked|returns?|integration with"
    r"|(?:next|other) (?:agents|workers|steps))\b"
)
_DONE = pattern(
    r"(?i)\b(?:tasks?|process|steps?|workflows?|procedure|protocol|instructions|phases?|actions?"
    r"|approach|what (?:it|this)|execution|strategy)\b"
)
_RULES = pattern(
    r"(?i)\b(?:practices|anti-?patterns|avoid|pitfalls|principles|standards|criteria|edge cases"
    r"|troubleshooting|errors?|failures?|recovery|checks?|checklists?|validation|notes?)\b"
)
_GOOD_AT = pattern(
    r"(?i)\b(?:responsibilit\w+|capabilit\w+|focus(?: areas)?|expertise|duties|competenc\w+|skills"
    r"|knowledge|stack|technolog\w+|philosophy|context|state|metrics|benefits)\b"
)
_AT_HAND = pattern(r"(?i)current\b")  # what is looked up as the command runs
_SHOWN = pattern(r"(?i)\b(?:examples?|templates?|listings?|snippets?|sample)\b")
_DEMO = pattern(r"\b(?:demo|example|sample|playground|hello)\b")
