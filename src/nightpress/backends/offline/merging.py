"""What a README's section says of what a command's section says, too: its lines that are new go
into that one, and the rest is left out. Who reads of one thing twice looks for the difference."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from nightpress.backends.offline.blocks import Block, is_ordered, items_of
from nightpress.backends.offline.news import Known
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.shares import is_agent
from nightpress.backends.offline.verbs import is_verb
from nightpress.backends.offline.wording import stems
from nightpress.lazy import pattern

Line = tuple[str, str]
"""What an item is about ("" where it does not say), and what it says of that."""


def subject_of(heading: str) -> str:
    """What a section tells in lines of their own, by its heading; "" for anything else."""
    return next((name for name, words in _SUBJECTS if words.search(heading)), "")


_SUBJECTS = (
    ("trouble", pattern(r"(?i)^(?:troubleshooting|common (?:issues|problems|errors)"
                        r"|known issues)\b")),
    ("practices", pattern(r"(?i)^(?!ethic|style|communication|writing|brand)(?:[\w-]+ )?"
                          r"(?:best practices?|tips|guidelines)\b(?! for)")),
    ("notes", pattern(r"(?i)^(?:important )?(?:notes?(?: to (?:emphasize|remember))?"
                      r"|(?:risk |legal )?(?:warnings?|disclaimers?))$")),
    ("queries", pattern(r"(?i)^(?:example|sample) (?:queries|prompts|questions|requests|usage)$")),
)  # fmt: skip


def merged(described: Sequence[Part], more: Sequence[Part]) -> tuple[list[Part], list[Part]]:
    """The parts of the components and those of the README and documents; of a section of both one
    in the component's form: its own lines, and those of the other that say something new. Beside
    the sections of several components these keep a section of their own."""
    found, rest, known = [*described], [*more], Known()
    for block in (block for part in described if not part.is_aside for block in part.blocks):
        known.add(block)
    for subject, _ in _SUBJECTS:
        own = [at for at, part in enumerate(found) if _own_subject(part) == subject]
        own = [at for at in own if not (found[at].together or found[at].is_aside)]
        theirs = [one for one in rest if _subject(one) == subject and not one.together]
        gone: list[Part] = []
        if len(own) > 1:
            gone = _but_said([_Lists.of(found[at]) for at in own], theirs, subject, known)
        elif own and subject == "queries":
            found[own[0]], gone = _with_calls(found[own[0]], theirs)
        elif own:
            found[own[0]], gone = _with_lines(found[own[0]], theirs, subject, known)
        rest = [one for one in rest if not any(one is other for other in gone)]
    return found, rest


def _but_said(
    several: Sequence[_Lists], theirs: Sequence[Part], subject: str, known: Known
) -> list[Part]:
    """The parts of which nothing is left beside several sections: the first one has the lines of
    all that say something new, where one was said."""
    read = [(one, list(_lines(one, subject))) for one in theirs]
    read = [(one, lines) for one, lines in read if lines]
    every = [line for _, lines in read for line in lines]
    fresh = [line for line in every if not any(lists.join(line, "") for lists in several)]
    fresh = [line for line in fresh if not _is_said(line, known)]
    if len(fresh) == len(every):
        return []
    if not fresh:
        return [one for one, _ in read]
    first = read[0][0]
    first.blocks = [Block("list", "\n".join(f"- {_written(line, ())}" for line in fresh))]
    first.path = first.path[:-1] if len(first.path) > 1 else first.path
    return [one for one, _ in read[1:]]


def _own_subject(part: Part) -> str:
    inner = part.path[len(part.home.base) :] if part.home else ()
    listed = any(block.kind == "list" for block in part.blocks)
    return subject_of(inner[0]) if len(inner) == 1 and listed else ""


def _subject(part: Part) -> str:
    return next((found for name in part.path if (found := subject_of(name))), "")


# --- lines into a list -----------------------------------------------------------------------


class _Lists(Struct):
    """The lists of a section, as lines; which of them takes another line: the only one, or that
    of what to do; None where there is none."""

    blocks: list[Block]
    target: int | None

    @classmethod
    def of(cls, part: Part) -> _Lists:
        blocks = [*part.blocks]
        lists = [at for at, block in enumerate(blocks) if block.kind == "list"]
        do = [at for at in lists if at and _DO.match(blocks[at - 1].text)]
        plain = lists if len(lists) == 1 else do
        flat = [at for at in plain if not any("\n" in one for one in items_of(blocks[at].text))]
        return cls(blocks, flat[0] if flat else None)

    def put(self, line: Line) -> None:
        """Add a line in the form that the others have."""
        at = self.target or 0
        items = items_of(self.blocks[at].text)
        number = f"{len(items) + 1}. " if is_ordered(self.blocks[at]) else "- "
        self._write(at, [*items, f"{number}{_written(line, items)}"])

    def join(self, line: Line, subject: str) -> bool:
        """Does an item speak of the same? It says what the line says, where that is more."""
        for at, block in enumerate(self.blocks):
            items = items_of(block.text) if block.kind == "list" else []
            for number, item in enumerate(items):
                one = _line(item)
                if "\n" in item or not _same(one, line):
                    continue
                if subject == "trouble" and len(stems(line[1]) - stems(one[1])) > 1:
                    about = one[0] or line[0]
                    cure = line[1] if _covers(line[1], one[1]) else f"{_stop(one[1])} {line[1]}"
                    mark = _MARKER.match(item)
                    lead = mark[0] if mark else "- "
                    items[number] = f"{lead}{_written((about, cure), items)}"
                    self._write(at, items)
                return True
        return False

    def _write(self, at: int, items: Sequence[str]) -> None:
        self.blocks[at] = replace(self.blocks[at], text="\n".join(items))


def _with_lines(
    part: Part, theirs: Sequence[Part], subject: str, known: Known
) -> tuple[Part, list[Part]]:
    """The section with the lines of the others that say something new, and the parts of which
    nothing is left; known: what the components' texts say."""
    lists, gone = _Lists.of(part), list[Part]()
    for one in theirs:
        lines = list(_lines(one, subject))
        if not lines:
            continue
        fresh = [left for line in lines if (left := _but_pieces(line, known))]
        fresh = [line for line in fresh if not lists.join(line, subject)]
        fresh = [line for line in fresh if not _is_said(line, known)]
        if subject == "practices":
            fresh = [line for line in fresh if not _is_scrap(line, known)]
        if fresh and lists.target is None:
            if len(fresh) < len(lines):
                one.blocks = [Block("list", "\n".join(f"- {_written(line, ())}" for line in fresh))]
            continue
        for line in fresh:
            lists.put(line)
            known.add(Block("list", f"- {': '.join(filter(None, line))}"))
        gone.append(one)
    return replace(part, blocks=lists.blocks), gone


def _lines(part: Part, subject: str) -> Iterator[Line]:
    """What a section says, line by line; nothing where it is in another form, or has more than
    lines."""
    said = [block for block in part.blocks if not block.announces]
    short = len(said) == 1 and said[0].kind == "text" and len(said[0].text) < LONG
    if short and subject_of(part.path[-1]) != subject and "\n" not in said[0].text:
        yield part.path[-1].strip('"'), said[0].text
    elif said and all(block.kind == "list" for block in said):
        items = [_flat(item) for block in said for item in items_of(block.text)]
        if not any("\n" in item for item in items):
            yield from map(_line, items)


def _flat(item: str) -> str:
    """An item that is a label above bullets as one line; others as they are."""
    found = _TITLED.fullmatch(item.rstrip())
    if found is None:
        return item
    below = [line.strip()[2:].strip(" .") for line in found[2].split("\n") if line.strip()]
    return f"{found[1]}: {'; '.join([*below[:1], *map(goes_on, below[1:])])}"


def goes_on(text: str) -> str:
    """A piece as it stands after another one: without a capital that is not a name's."""
    first, _, rest = text.partition(" ")
    plain = re.fullmatch(r"[A-Z][a-z']+", first) and (
        is_verb(first.lower()) or rest[:1].islower() or first in ("Avoid", "Keep", "Limit", "Only")
    )
    return text[:1].lower() + text[1:] if plain or first == "Don't" else text


def _line(item: str) -> Line:
    bare = _MARKER.sub("", item, count=1)
    found = _LABELLED.match(bare)
    return (found[1], found[2]) if found else ("", bare)


def _written(line: Line, others: Sequence[str]) -> str:
    """A line in the form of the other items: with their mark after what it is about."""
    about, says = line
    marks = [found[1] for one in others if (found := _SEPARATOR.search(one))]
    if others and not any(one.endswith(".") for one in others):
        says = says.removesuffix(".")
    if not about or (others and not marks):  # among plain lines no label stands out
        return f"{about}: {goes_on(says)}" if about else says
    return f"**{about}**{marks[0] if marks else ' - '}{says}"


def _is_said(line: Line, known: Known) -> bool:
    """Do the lines so far say it, a link or a fact apart?"""
    new = stems(" ".join(line))
    near = any(5 * len(new & one) >= 4 * len(new) for one in known.pieces)
    return (near and not known.tells_more(" ".join(line))) or not known.lacks(" ".join(line), 0.3)


def _is_scrap(line: Line, known: Known) -> bool:
    """Is it a few words, most of which are said?"""
    about, says = line
    words = stems(_SPAN.sub("", says))
    few = len(_ASIDE.sub("", says).split()) <= FEW_WORDS
    return few and not about and 2 * len(words & known.stems) > len(words)


def _but_pieces(line: Line, known: Known) -> Line | None:
    """The line without those of its pieces that are said; None where hardly any is left."""
    about, says = line
    pieces = says.split("; ")
    if not pieces[1:]:
        return line
    left = [one for one in pieces if not _is_said(("", one), known)]
    if 2 * len(left) < len(pieces):
        return None
    joined = "; ".join(left)
    return about, joined[:1].upper() + joined[1:]


def _same(one: Line, other: Line) -> bool:
    """Are two lines about the same?"""
    mine, its = stems(one[0]), stems(other[0])
    if mine and its and 5 * len(mine & its) >= 4 * min(len(mine), len(its)):
        return True
    if _begins(one, other) or _begins(other, one):
        return True
    mine, its = stems(" ".join(one)), stems(" ".join(other))
    return 4 * len(mine & its) >= 3 * min(len(mine), len(its)) > 8


def _begins(one: Line, other: Line) -> bool:
    """Is one about what the other, which does not say what it is about, begins with: "**Slippage**:
    Prices differ" and "Slippage can cost"; or do both begin with the same three words?"""
    if other[0]:
        return False
    first = other[1].lower().split()
    about = (one[0] or " ".join(one[1].split()[:3])).lower().split()
    enough = len(about) > 2 or bool(one[0])
    return enough and len(first) > len(about) and first[: len(about)] == about


def _covers(one: str, other: str) -> bool:
    mine, its = stems(one), stems(other)
    return 2 * len(mine & its) >= len(its)


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


# --- calls in the place of what a user asks --------------------------------------------------


def _with_calls(part: Part, theirs: Sequence[Part]) -> tuple[Part, list[Part]]:
    """The questions that a user asks, without those that the README shows as calls, and those."""
    code = next((b for one in theirs for b in one.blocks if _is_calls(b)), None)
    lists = [block for block in part.blocks if block.kind == "list"]
    if code is None or len(lists) != 1:
        return part, []
    calls = [stems(call) for call in _CALL.findall(code.text)]
    asked = [(item, stems(item)) for item in items_of(lists[0].text)]
    left = [q for q, mine in asked if not any(2 * len(mine & one) >= len(mine) for one in calls)]
    at = part.blocks.index(lists[0])
    before = [*part.blocks[:at]]
    if not left and before and before[-1].announces:
        before.pop()
    rest = [replace(lists[0], text="\n".join(left))] if left else []
    gone = [one for one in theirs if all(b is code or b.announces for b in one.blocks)]
    if not gone or 0 < len(left) < FEWEST:
        return part, gone  # what is left of its own questions would be a scrap
    return replace(part, blocks=[*before, *rest, code, *part.blocks[at + 1 :]]), gone


def _is_calls(block: Block) -> bool:
    """Is it a block of code with nothing but calls of commands, and comments on them?"""
    lines = [line for line in block.text.split("\n")[1:-1] if line.strip()]
    told = all(line.startswith(("/", "#")) for line in lines)
    return block.kind == "code" and told and any(map(_CALL.match, lines))


# --- an agent's lists beside a command's -----------------------------------------------------


def but_agents_own(components: Sequence[list[Part]]) -> list[list[Part]]:
    """Each component's parts; a list of an agent's of which a command's under the same heading says
    the better part is left out: the agent reads its own."""
    told: dict[str, list[str]] = {}
    for part in chain.from_iterable(components):
        if (items := _listed(part)) and not is_agent([part]):
            told.setdefault(part.path[-1].lower(), []).extend(items)
    return [
        [part for part in parts if not (is_agent(parts) and _is_told(part, told))]
        for parts in components
    ]


def _is_told(part: Part, told: Mapping[str, Sequence[str]]) -> bool:
    items = _listed(part)
    others = told.get(part.path[-1].lower(), ()) if items else ()
    return (
        2 * sum(any(_same(_line(item), _line(one)) for one in others) for item in items)
        > len(items)
        > 2
    )


def _listed(part: Part) -> list[str]:
    """The items of a section that is a list and what announces it; steps are none."""
    own = part.home is not None and len(part.path) == len(part.home.base) + 1
    said = [block for block in part.blocks if not block.announces]
    if not own or part.together or part.is_aside:
        return []
    if any(one.kind != "list" or is_ordered(one) for one in said):
        return []
    return [item for block in said for item in items_of(block.text)]


FEWEST = 3
"""Questions of a user's, with fewer of which a list of them is none."""
FEW_WORDS = 4
"""Words of a line that names a thing, or says to do what another line tells whole."""
LONG = 240
"""Characters of a paragraph under a heading of its own that makes one line of a list."""
_DO = pattern(r"(?i)\W*(?:do|always|recommended)\W*$")
_MARKER = pattern(r"^\s*(?:[-*+]|\d+[.)])\s+")
_LABELLED = pattern(r"^\*\*([^*\n]+?):?\*\*(?: [-\u2013\u2014] |: ?| )(\S.*)$")
_TITLED = pattern(
    r"(\s*(?:[-*+]|\d+[.)])\s+\*\*[^*\n:]+\*\*):?\n((?:[ \t]+[-*+] [^\n`]+(?:\n|$))+)"
)
_SEPARATOR = pattern(r"^\s*(?:[-*+]|\d+[.)])\s+\*\*[^*\n]+?:?\*\*( [-\u2013\u2014] |: ?)")
_SPAN = pattern(r"`[^`]*`")
_ASIDE = pattern(r" \([^()]*\)")
_CALL = pattern(r"(?m)^/[\w:-]+ +(\S.*)$")
