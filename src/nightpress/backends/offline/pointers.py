"""What of a command's or an agent's own text a document does not hold, told by where it stands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterable, Iterator, Sequence

from msgspec.structs import replace

from nightpress.backends.offline import stubs, wording
from nightpress.backends.offline.blocks import Block, is_ordered, is_pointer, is_step, is_told
from nightpress.backends.offline.part import LAST, Family, Home, Part
from nightpress.backends.offline.whereabouts import TOLD
from nightpress.backends.offline.worth import DECIDES, EXAMPLES
from nightpress.lazy import pattern

MOST_NAMED = 16
"""Sections that a pointer names; of more, the ones below a section that is shown are one."""
MORE = "More"
"""The heading of where the rest of what one command says stands."""
SCRAP = 200
"""Bytes of what is left out of a document on one command, of which nobody has to be told."""
FEW = 15
"""Components of a plugin, of more than which one that has no room has no chapter, either."""


def one_list(parts: Sequence[Part]) -> list[Part]:
    """The parts; of sections side by side that only say where their listings stand one list. An
    agent's programs, which nobody runs, are not even named."""
    groups: dict[tuple[object, ...], list[Part]] = {}
    for part in parts:
        if part.together:
            groups.setdefault(part.together, []).append(part)
    found, done = list[Part](), set[tuple[object, ...]]()
    for part in map(_without_programs, parts):
        group = groups.get(part.together, [])
        if part.is_aside or not any(map(is_listed, group or [part])):
            found.append(part)
        elif is_program(part):
            continue
        elif len(group) > 1 and all(map(is_listed, group)):
            if part.together not in done:
                above = tuple(posixpath.commonprefix([one.path for one in group]))
                blocks = [*part.instead[:1], Block("list", "\n".join(map(_row, group)))]
                found.append(replace(part, path=above, blocks=blocks, together=()))
            done.add(part.together)
        else:
            found.append(part)
    return found


def _without_programs(part: Part) -> Part:
    """An agent's section without the list of programs that stand in its file."""
    if part.home is None or "agents/" not in part.home.link or part.is_standing:
        return part
    blocks = [*part.blocks]
    for at in range(len(blocks) - 1, 0, -1):
        rows = blocks[at].text.split("\n") if blocks[at].kind == "list" else []
        where = blocks[at - 1].announces and blocks[at - 1].text.startswith("In [")
        if where and all(map(_PROGRAM.search, rows)):
            del blocks[at - 1 : at + 1]
    return part if len(blocks) == len(part.blocks) else replace(part, blocks=blocks)


def is_listed(part: Part) -> bool:
    """Does it say nothing but where its listing stands?"""
    told = [block for block in part.blocks if TOLD.fullmatch(block.text)]
    return bool(told and part.path) and all(map(is_told, part.blocks))


def is_program(part: Part) -> bool:
    """Does it say nothing but where a program in an agent's file stands?"""
    programs = all(_PROGRAM.search(b.text) for b in part.blocks if not b.announces)
    return is_listed(part) and part.home is not None and "agents/" in part.home.link and programs


_PROGRAM = pattern(
    r"lines? of (?:JavaScript|JSX|TypeScript|TSX|Python|Java|Go|Rust|Ruby|PHP|C\b|C#|C\+\+|Swift"
    r"|Kotlin|SQL|cql)"
)


def _row(part: Part) -> str:
    """The name of a section, and what its listing holds."""
    name = part.path[-1]
    told = (found for block in part.blocks if (found := TOLD.fullmatch(block.text)))
    holds = "; ".join(", ".join(filter(None, one.groups())) for one in told)
    return f"{name if re.match(r'[0-9]+[.)] ', name) else f'- {name}'} ({holds})"


def of_rest(parts: Sequence[Part], fitting: Sequence[Part]) -> Iterator[Part]:
    """A part for each file of a component that is not whole in what fits: at the end of its
    chapter, the headings of what it has beside."""
    held = {part.order: part for part in fitting}
    homes: dict[Home, list[Part]] = {}
    for part in sorted(parts, key=lambda part: part.order):
        if part.home is not None:
            homes.setdefault(part.home, []).append(part)
    opened = {part.path[:n] for part in fitting for n in range(1, len(part.path) + 1)}
    groups = {part.together for part in parts if part.together and part.order in held}
    named = {p.together for p in parts if p.order in held and held[p.order].blocks == p.instead}
    shown, keys, tables = {*held, *named}, _keys(fitting), list[Part]()
    for home, mine in homes.items():
        if all(part.is_aside for part in mine):
            continue  # its link stands in the table
        lost = [part for part in mine if not _is_whole(part, held.get(part.order))]
        lost = [p for p in lost if not (_is_opening(p, home) or _is_said(p, keys, len(homes) > 1))]
        lost = [part for part in lost if not _leads(part, mine, opened)]
        # of a workflow that has no room its steps are named
        lost = [p for p in lost if p.together not in groups or not {p.order, p.together} & shown]
        if not home.base and sum(map(size, lost)) < SCRAP and not _has_steps(lost):
            continue
        whole = len(lost) == len(mine)
        if lost and home.base in opened and (table := _table(home, fitting)) is not None:
            tables.append(table)  # where all of it stands
            if few := _beside_table(home, lost, opened, fitting):
                said = Block("text", f"Its file also has {_named(few)}.")
                yield Part(home.base, home.end, 0, [said])
            continue
        if lost and (not whole or home.base in opened or len(homes) <= FEW):
            heads = opened if len(homes) <= FEW else None
            told = _told(home, lost, heads, whole=whole)
            if told is not None and home.base:
                yield Part(home.base, home.end, 0, [told])
            elif told is not None:
                yield Part((MORE,), (LAST, *home.end), 0, [told])
    if tables and not any(READ in block.text for part in fitting for block in part.blocks):
        yield Part(tables[0].path, (*tables[0].order, LAST), 0, [Block("text", _ALL)])


def _beside_table(
    home: Home,
    lost: Sequence[Part],
    opened: Container[tuple[str, ...]],
    fitting: Sequence[Part],
) -> list[str]:
    """What is named of a file to which a table links: sections that stand beside one that the
    document has, and those that decide something."""
    beside = [_bare(part.path[-1]) for part in lost if _is_beside(part, home, fitting)]
    beside = [name for name in beside if tells(name) and len(name) > LEAST_NAME]
    rest = dict.fromkeys(name for part in lost for name in _name(part, home, opened))
    deciding = [name for name in rest if " " in name and DECIDES.search(name) and tells(name)]
    given = {_bare(part.path[-1]) for part in fitting if part.path and part.home == home}
    names = dict.fromkeys([*beside, *deciding[:MOST_DECIDING]])
    return [name for name in names if name not in given][:MOST_BESIDE]


def _bare(name: str) -> str:
    return stubs.NUMBER.sub("", name)


def _is_beside(part: Part, home: Home, fitting: Sequence[Part]) -> bool:
    """Is it one of several sections side by side, some of which the document has?"""
    above = part.path[:-1]
    shown = (one.path for one in fitting if one.home == home)
    return len(above) > len(home.base) and any(
        path[: len(above)] == above
        and path[: len(part.path)] != part.path
        and len(path) > len(above)
        for path in shown
    )


LEAST_NAME = 4
"""Letters of a name that says what it is of ("Go" does not)."""
MOST_BESIDE = 6
"""Sections that are named of a file to which a table links, some of which stand beside others that
the document has."""
MOST_DECIDING = 3
"""Sections that are named of a file to which a table links: those that decide something."""
READ = "Before you run a command, read its linked file: it has the rest."
_ALL = "For the rest of what each of them does, read its linked file."


def of_steps(parts: Sequence[Part]) -> Iterator[Part]:
    """What stands for a command of which there is nothing else, where it is done in steps: where
    they are, by name."""
    steps = next((part for part in parts if part.together and part.instead), None)
    if steps is None or steps.home is None or not steps.home.base:
        return
    home, base = steps.home, len(steps.home.base)
    if sum(is_step(row.removeprefix("- ")) for row in steps.instead[-1].text.split("\n")) > 2:
        rest = [part for part in parts if part.together != steps.together and part.path[base:]]
        names = dict.fromkeys(part.path[base] for part in rest)
        more = [Block("text", f"Also in {home.link}: {_named([*names])}.")] if names else []
        yield Part(home.base, (*home.end[:-1], 0, 2), 9, [*steps.instead, *more])


def untold(parts: Sequence[Part]) -> str:
    """That there is nothing of some commands but their row; "" where there is of all."""
    homes: dict[tuple[str, ...], bool] = {}
    for part in parts:
        if part.home is not None and "commands/" in part.home.link:
            base = part.home.base
            homes[base] = homes.get(base, True) and part.is_aside
    held = {part.path[: len(base)] for base in homes for part in parts if not part.is_aside}
    names = [base[-1] for base, is_gone in homes.items() if base and is_gone and base not in held]
    if not names or len(names) > FEW or len(names) == len(homes):
        return ""
    if len(names) > MOST_UNTOLD:
        return "Of a command without a section below, read the linked file before you run it."
    one = len(names) == 1
    return (
        f"{wording.together(names)} {'has' if one else 'have'} no section here: read the linked"
        f" file before you run {'it' if one else 'one of them'}."
    )


MOST_UNTOLD = 3
"""Commands without a section that are named again below the table."""


def _table(home: Home, fitting: Sequence[Part]) -> Part | None:
    """The part whose table has a link to the file."""
    link = home.link[home.link.index("](") :] if "](" in home.link else home.link
    for part in fitting:
        if any(block.kind == "table" and link in block.text for block in part.blocks):
            return part
    return None


def of_families(parts: Sequence[Part], fitting: Sequence[Part]) -> Iterator[Part]:
    """Above the first of several sections that stand side by side in a README, which of them are
    missing: who reads one kind of three would take it for the only one."""
    held = {part.order for part in fitting}
    keys, heads = _keys(fitting), {name.lower() for part in fitting for name in part.path}
    families: dict[Family, list[Part]] = {}
    for part in sorted(parts, key=lambda part: part.order):
        if part.family is not None and part.home is None:
            families.setdefault(part.family, []).append(part)
    for family, mine in families.items():
        first = next((part for part in mine if part.order in held), None)
        lost = [part for part in mine if part.order not in held and not _is_said(part, keys, False)]
        names = dict.fromkeys(p.path[-1] for p in lost if p.path[-1].lower() not in heads)
        names = dict.fromkeys(filter(tells, names))
        if first is not None and names:
            at = (*first.order[:-1], first.order[-1] - 1, LAST)
            told = Block("text", f"Also in {family.link}: {_named([*names])}.")
            yield Part(first.path[:-1], at, 0, [told])


def _keys(parts: Iterable[Part]) -> frozenset[str]:
    return frozenset(block.key for part in parts for block in part.blocks if block.key)


def _is_said(part: Part, keys: Container[str], several: bool) -> bool:
    """Does it only announce what stands below it, or say what the document says elsewhere? (Where
    it only points to its file, that is not said by another one that does; nor are the steps of one
    of several said by those of another.)"""
    if any(is_pointer(block) or (several and is_ordered(block)) for block in part.blocks):
        return False
    said = [block.key for block in part.blocks if not block.announces]
    return not said or (any(said) and all(key in keys for key in said if key))


def _leads(part: Part, mine: Sequence[Part], opened: Container[tuple[str, ...]]) -> bool:
    """Is it a text below a heading that the document has, above the sections of that?"""
    above = len(part.path)
    below = any(other.path[:above] == part.path and len(other.path) > above for other in mine)
    return below and part.path in opened and all(block.kind == "text" for block in part.blocks)


def _is_opening(part: Part, home: Home) -> bool:
    """Is it a text before the first heading, which the table or the lead says in short?"""
    return part.path == home.base and all(block.kind == "text" for block in part.blocks)


def _is_whole(part: Part, held: Part | None) -> bool:
    """Does what fits hold all of a part that a reader would miss, or say where it stands?"""
    if held is None:
        return False
    kept = {block.text for block in held.blocks}
    return held.blocks == part.instead or all(
        block.text in kept for block in part.blocks if is_ordered(block) or is_pointer(block)
    )


def _name(part: Part, home: Home, opened: Container[tuple[str, ...]]) -> Sequence[str]:
    """The headings by which a part is missed: the highest one of which the document has nothing; of
    a list of sections those; where it has something below the very heading, that there is more."""
    base = len(home.base) if part.path[: len(home.base)] == home.base else 0
    path = part.path[base:]
    for depth in range(1, len(path) + 1):
        if part.path[: base + depth] not in opened:
            return [stubs.NUMBER.sub("", path[depth - 1])]
    listed = [name for block in part.blocks if block.kind == "list" for name in _rows(part, block)]
    return listed or [f"more on {path[-1]}"] if path else listed


def _with_steps(name: str, part: Part) -> str:
    """The name of a section; of a workflow of few steps those in brackets."""
    steps = _rows(part, part.instead[-1], part.instead) if part.together and part.instead else []
    said = ", ".join(steps)
    fits = len(steps) > 1 and len(said) <= MOST_STEPS and name not in steps
    return f"{name} ({said})" if fits else name


def _with_examples(name: str, found: Sequence[tuple[Part, str]]) -> str:
    """The name of a section; of examples what each is of, in brackets."""
    below = dict.fromkeys(part.path[-1] for part, one in found if one == name)
    titles = [_EXAMPLE.sub("", one) for one in below if one != name]
    said = "; ".join(titles)
    shown = EXAMPLES.search(name) and len(titles) > 1 and len(said) <= 2 * MOST_STEPS
    return f"{name} ({said})" if shown and not re.search(r"[()]", said) else name


_EXAMPLE = pattern(r"^(?:Code )?Example \d+: ")
MOST_WITH_STEPS = 2
"""Sections that a pointer names with the steps of each."""
MOST_STEPS = 220
"""Characters of the steps of a workflow of which a document has nothing else."""


_MARK = pattern(r"^(?:- |\d+[.)] )(?:\d+[.)] )?")


def _rows(part: Part, block: Block, blocks: Sequence[Block] = ()) -> list[str]:
    """The sections that a list of where listings stand names."""
    if not any(one.announces and is_pointer(one) for one in blocks or part.blocks):
        return []
    return [re.sub(r" \([^()]*\)$|\. .*", "", _MARK.sub("", row)) for row in block.text.split("\n")]


def _told(
    home: Home,
    lost: Sequence[Part],
    opened: Container[tuple[str, ...]] | None,
    *,
    whole: bool,
) -> Block | None:
    """What a chapter lacks, by its headings; opened: those of the document, None: in short. None
    where the chapter's lead, or the table, says it."""
    every = [(part, _name(part, home, opened)) for part in lost] if opened is not None else []
    found = [(part, name.strip()) for part, names in every for name in names]
    found = [(part, name) for part, name in found if name and (_has_steps([part]) or tells(name))]
    found = [(part, _with_examples(name, found)) for part, name in found]
    names = list(dict.fromkeys(name for _, name in found))
    if len(names) <= MOST_WITH_STEPS:
        names = list(dict.fromkeys(_with_steps(name, part) for part, name in found))
    if len(names) > MOST_NAMED:
        base = len(home.base)
        inner = {name: part.path[base:] for part, name in found if part.path[base + 1 :]}
        few = (f"more on {inner[name][0]}" if name in inner else name for name in names)
        names = list(dict.fromkeys(few))
    if not names and any(found for _, found in every):
        return None
    if not names and whole and (home.is_linked or (opened is not None and home.base not in opened)):
        return None
    if not names:
        return Block("text", f"See {home.link}{'' if whole else ' for the rest'}.")
    return Block("text", f"{'In' if whole else 'Also in'} {home.link}: {_named(names)}.")


def tells(name: str) -> bool:
    """Would anybody open a file for a section of this name?"""
    return bool(name) and _NO_NEWS.match(name) is None


_NO_NEWS = pattern(
    r"\s*(?:more on )?(?:see also|related\b|conclusion|(?:\w+ )?overview$|remember"
    r"|when to use$|example requests$"  # there they have other names
    r"|current (?:[\w/.&-]+ ?){1,4}$"
    r"|summary$|integration (?:with|points)\b|success criteria$|introduction$|(?:agent )?profile$)",
    re.I,
)


def _has_steps(parts: Sequence[Part]) -> bool:
    """Are there steps, or may there be, where a pointer stands for all of it?"""
    blocks = [block for part in parts for block in part.blocks]
    return any(map(is_ordered, blocks)) or any(
        all(map(is_pointer, part.blocks)) for part in parts if part.blocks
    )


def _short(link: str) -> str:
    """The link by the file's name alone: the table has the whole path."""
    return re.sub(r"^\[[^\]]*/", "[", link)


def _named(names: Sequence[str]) -> str:
    return wording.together([_QUOTED.sub(r'"\1"', name) for name in names])


_QUOTED = pattern(r"^([^(]*,[^(]*\S)(?=$| \()")


def size(part: Part) -> int:
    """Bytes that a pointer, or what a document says, takes with its heading."""
    head = len(part.path[-1].encode()) + 9 if part.path else 0
    return sum(len(block.text.encode()) + 2 for block in part.blocks) + head
