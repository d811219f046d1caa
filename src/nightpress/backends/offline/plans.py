"""What a plugin plans, and does not have: told as such, and promised nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from nightpress.backends.offline import trim
from nightpress.backends.offline.blocks import Block, is_ordered, is_step, items_of, sections
from nightpress.backends.offline.clean import Place
from nightpress.backends.offline.outline import matter_of
from nightpress.backends.offline.part import LAST, Part
from nightpress.backends.offline.wording import together
from nightpress.lazy import pattern
from nightpress.model import Anatomy
from nightpress.plugin import kind_of

Planned = tuple[str, ...]
"""What the words of one thing begin with that is planned, in their order."""


def planned(group: trim.Group) -> list[Part]:
    """What a section says is planned, told as what there is not: else what the rest claims of it
    would pass for what there is."""
    first = group.sections[0]
    lists = [block for block in first.blocks if block.kind == "list"]
    items = [one.rstrip() for block in lists for one in items_of(block.text)]
    if first.path and _PLANNED.match(first.path[-1]):
        rows = [_TICK.sub(r"\1", item) for item in items if not _DONE.match(item)]
    else:  # a line of the history may say what a later version is to have
        found = filter(None, map(_LATER.match, items))
        rows = [f"- {_capital(one['what'])} (planned{_version(one)})" for one in found]
    if not 0 < len(rows) <= MOST_PLANNED:
        return []
    return [Part((NOT_YET,), (), 0, [Block("text", RELY), Block("list", "\n".join(rows))])]


def not_yet(anatomy: Anatomy) -> list[Planned]:
    """Each thing that the plugin's texts plan, and do not have."""
    return [
        words
        for file in anatomy.files
        if kind_of(file.path) in _TELL and _MAY_PLAN.search(file.text)
        for section in sections(file.text, NOWHERE)
        for part in planned(trim.Group((section,)))
        for item in items_of(part.blocks[-1].text)
        for thing in _things(item)
        if (words := _words(thing))
    ]


def _things(item: str) -> list[str]:
    """What an item names, each alone: "Tar of two colours, and pitch support"."""
    said = _SET_OFF.sub("", item.lstrip("-*+ ")).partition(" (")[0]
    said = _BOTH.sub(r"\1, \2", _FOR.sub("", said))
    *before, last = [_TAIL.sub("", one) for one in _AND.split(said)[::2]]
    named = len(before) > 1 and all(map(_NAME.fullmatch, before)) and _NAME.match(last)
    return [*before, last, *([named[0]] if named and named[0] != last else ())]


def _words(text: str) -> Planned:
    words = re.findall(r"[^\W_]{2,}", _HELD.sub("", text).lower())
    return tuple(_PLURAL.sub("", one)[:5] for one in words if one not in _ANY)


def is_planned(said: str, plans: Iterable[Planned]) -> bool:
    """Does it promise what is only planned: its first word, its last and most others, together; or
    the whole of something that has a name of several words?"""
    words = _words(said)
    return any(_holds(words, plan) or (len(plan) > 2 and {*plan} <= {*words}) for plan in plans)


def _holds(words: Planned, plan: Planned) -> bool:
    most = max(2, -(-2 * len(plan) // 3))
    for at, word in enumerate(words if len(plan) > 1 else ()):
        near = {*words[at : at + len(plan) + 1]}
        if word == plan[0] and plan[-1] in near and len(near & {*plan}) >= most:
            return True
    return False


def without_plans(
    parts: Sequence[Part], plans: Sequence[Planned], place: tuple[int, ...] | None
) -> list[Part]:
    """The parts; what they promise of what is only planned goes, and what that is stands at its
    place, if it has one: behind the occasions, before anything is done."""
    if not plans:
        return [*parts]
    shown = "\n".join(b.text for part in parts for b in part.blocks if b.kind == "code")
    return [_with_use(_without(part, plans, place), plans, shown) for part in parts]


def _with_use(part: Part, plans: Sequence[Planned], shown: str) -> Part:
    """What is planned, and which of it the code uses all the same (shown)."""
    if part.path[-1:] != (NOT_YET,):
        return part
    singles = {plan[0] for plan in plans if len(plan) == 1}
    names = dict.fromkeys(_CAPITAL.findall("\n".join(block.text for block in part.blocks)))
    used = [name for name in names if {*_words(name)} <= singles and _word(name).search(shown)]
    if not used:
        return part
    it = "it" if len(used) == 1 else "them"
    said = f"The examples use {together(used)} all the same: leave {it} out of what you run."
    return replace(part, blocks=[*part.blocks, Block("text", said)])


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", re.I)


def _without(part: Part, plans: Sequence[Planned], place: tuple[int, ...] | None) -> Part:
    if NOT_YET in part.path:
        moved = part.path == (NOT_YET,) and place is not None
        return replace(part, order=(*(place or ()), LAST, *part.order)) if moved else part
    matters = {matter_of(name)[0] for name in part.path}
    if part.is_standing or matters & {"setup", "trouble"} or any(map(is_step, part.path)):
        return part  # of a step the heading would still promise it
    blocks, plans = [*part.blocks], [*plans, *_below(part.path, plans)]
    for at, block in enumerate(blocks):
        before = blocks[at - 1].text if at and blocks[at - 1].kind == "text" else ""
        lead = block.text if block.text.startswith("**") else before
        if _DENIES.search(lead) or is_ordered(block) or block.kind == "code":
            continue
        if block.kind == "list" and "when" in matters:
            block = _but_planned(block, plans)
        gives = "features" in matters or _REASONS.search(lead) is not None
        blocks[at] = _marked(block, plans, gives=gives)
    return replace(part, blocks=blocks)


def _below(path: Sequence[str], plans: Sequence[Planned]) -> list[Planned]:
    """What is planned, as it is called below a heading that says the rest of its name: "lamp oil"
    of "night lamp oil" below "At Night"."""
    above = {word for name in path for word in _words(name)}
    short = [tuple(word for word in plan if word not in above) for plan in plans if len(plan) > 2]
    return [plan for plan in short if len(plan) > 1]


def _but_planned(block: Block, plans: Sequence[Planned]) -> Block:
    """The occasions without those of what there is not yet."""
    items = items_of(block.text)
    kept = [item for item in items if not is_promise(item, plans)]
    return replace(block, text="\n".join(kept or items))


def _marked(block: Block, plans: Sequence[Planned], *, gives: bool) -> Block:
    """The block; an item or row that is a choice that there is not yet says so; gives: its items
    are what the plugin has."""
    if block.kind == "text":
        return block
    lines = block.text.split("\n")
    for at, line in enumerate(lines):
        found = (_CHOICE if block.kind == "list" else _ROW).match(line)
        name = found["name"] if found else ""
        named = _is_one(name, plans) or _is_short(name, plans)
        if gives and block.kind == "list" and (item := _ITEM.match(line)):
            is_one = is_promise(item["label"] or "", plans) or (
                ", " not in line and is_promise(line, plans)
            )
            found, named = (item, True) if is_one else (found, named)
        if found and named and NOT_YET.lower() not in line.lower():
            lines[at] = f"{found['all'].rstrip()} ({NOT_YET.lower()}){found['end']}"
    return replace(block, text="\n".join(lines))


def _is_short(name: str, plans: Sequence[Planned]) -> bool:
    """Is it the name by which something planned is called that has a longer one?"""
    words = _words(name)
    return len(words) > 1 and any(words == plan[: len(words)] for plan in plans)


def is_promise(item: str, plans: Sequence[Planned]) -> bool:
    """Does an item, or an occasion, name what is planned, or what is done with nothing else?"""
    return is_planned(item, plans) or _is_for(item, plans)


def _is_for(item: str, plans: Sequence[Planned]) -> bool:
    """Is an occasion one of nothing but what is planned: is it done with that, or does it name only
    that ("Design multi-port towing plans", where towing, and several ports, are to come)?"""
    pieces = _BREAK.split(item)
    means = (said for mark, said in zip(pieces[1::2], pieces[2::2], strict=True) if mark == "with")
    every = {word for plan in plans for word in plan}
    words = _words(item)[1:]
    words = words if {*words[-1:]} <= every else words[:-1]  # "plans", "strategies"
    only = len(words) > 2 and {*words} <= every
    return only or any(said.strip() and _is_one(said, plans) for said in means)


def struck(text: str, plans: Sequence[Planned], *, means: bool = True) -> str:
    """The text; of several things that it names in one breath, without those that are planned, each
    with what stands in brackets behind it; means: "with" such a thing goes, too."""
    if not plans or _HELD.search(text):
        return text
    asides = [(one[0], _ALL.search(text[: one.start()])) for one in _ASIDE.finditer(text)]
    for at, (aside, _) in enumerate(asides):
        text = text.replace(aside, f"\0{at}\0", 1)
    text = _outside(text, plans, means)

    def told(held: re.Match[str]) -> str:
        aside, is_all = asides[int(held[1])]
        return aside if is_all else f"({_outside(aside[1:-1], plans, means)})"

    return _HELD.sub(told, text)


def _outside(text: str, plans: Sequence[Planned], means: bool) -> str:
    """The same of a text without brackets."""
    singles = {plan[0] for plan in plans if len(plan) == 1}
    pieces = _BREAK.split(text)
    for at in range(0, len(pieces), 2):
        said = _EITHER.sub(lambda found: _either(found[0], singles), pieces[at])
        before = pieces[at - 1] if at else "."
        pieces[at] = _members(said, plans, begins=before in _STOPS and bool(said.strip()))
        if means and before == "with" and pieces[at] == said and _is_one(said, plans):
            pieces[at - 1 : at + 1] = ["", ""]
            pieces[at - 2] = pieces[at - 2].rstrip(" ,") + said[len(said.rstrip()) :]
            if _PURPOSE.match("".join(pieces[at + 1 : at + 3])):  # what it was for
                pieces[at - 2] = pieces[at - 2].rstrip()
                pieces[at + 1 : at + 3] = ["", " " * pieces[at + 2].endswith(" ")]
    return "".join(pieces)


def _either(token: str, singles: set[str]) -> str:
    """A token such as `S3/GCS` without what is planned."""
    kept = [one for one in token.split("/") if _words(one)[:1] not in {(s,) for s in singles}]
    return "/".join(kept) or token


def _members(said: str, plans: Sequence[Planned], *, begins: bool) -> str:
    """Things in one breath without those that are planned; begins: the first is named with what is
    done with it all."""
    if item := _MARK.match(said):
        return f"{item[0]}{_members(said[item.end() :], plans, begins=begins)}"
    found = _AND.split(said)
    members, marks = found[::2], found[1::2]
    gone = [_is_one(one, plans) for one in members]
    if begins and gone[0]:
        gone[0] = any({*_words(members[0])} <= {*plan} for plan in plans)
    if not any(gone) or all(gone):
        return said
    for at in sorted((n for n, is_gone in enumerate(gone) if is_gone), reverse=True):
        mark = marks.pop(max(at - 1, 0))
        ends = at == len(members) - 1
        members.pop(at)
        if ends and marks and not marks[-1].strip(", ") and (joins := mark.strip(", ")):
            marks[-1] = f" {joins} "  # "a, b and c" without c
    marks = [mark.lstrip(",") for mark in marks] if marks in ([", and "], [", or "]) else marks
    text = "".join(one for pair in zip(members, [*marks, ""], strict=True) for one in pair).strip()
    text = f"{text[:1].upper()}{text[1:]}" if begins and gone[0] else text
    return f"{said[: len(said) - len(said.lstrip())]}{text}{said[len(said.rstrip()) :]}"


def _is_one(member: str, plans: Sequence[Planned]) -> bool:
    words = _words(member)
    near = [plan for plan in plans if len(words) <= len(plan) + 2]
    return any(words == plan or _begins(words, plan) or _holds(words, plan) for plan in near)


def _begins(words: Planned, plan: Planned) -> bool:
    """Are they most of it, from its first word on: "Azure Blob" of "Azure Blob Storage"?"""
    return 3 * len(words) >= 2 * len(plan) > 2 and words == plan[: len(words)]


NOWHERE = Place("", "", "", frozenset())
_TELL = ("readme", "doc", "command", "agent")
_MAY_PLAN = pattern(r"(?i)\b(?:planned|upcoming|future|roadmap|coming soon)\b")
_SET_OFF = pattern(r"(?<=\*\*) (?:-|\u2014|\u2013) .*")
_FOR = pattern(r"^(?:(?:full )?(?:support|integration) (?:for|of|with) )+", re.I)
_BOTH = pattern(r"\b([A-Z][\w-]*)/([A-Z][\w-]*)")
_AND = pattern(r"(,\s+(?:and |or )?|\s+(?:and|or|&)\s+)")
_TAIL = pattern(r"\s(?:for|with|via|using|based|to|of|in|on|from|by)\b.*", re.S)
_PLURAL = pattern(r"(?<=[a-z]{3})s$")
_ANY = frozenset(
    "a an the of for and or with to in on from by full support supports integration integrations"
    " orchestration capabilities features functionality".split()
)
_DENIES = pattern(r"(?i)\b(?:don['\u2019]?t|not|avoid|never|alternative)\b")
_REASONS = pattern(r"\bbecause:\W*$")
_STOPS = (".", "\n")
_BREAK = pattern(
    r"(`[^`\n]*`|[:;\n]|\.(?=\s|$)|(?<![\w-])(?:for|with|that|which|in|on|to|of|from|via|using|by"
    r"|across|through|while|because|without|within)(?![\w-]))"
)
_ASIDE = pattern(r"\([^()`\n]*\)")
_ALL = pattern(r"(?i)\b(?:all|every|full|complete|whole)\b[^.,;:\n]*$")
"""What counts for the whole of something: with less it would be wrong."""
_PURPOSE = pattern(
    r"for (?!(?:the|an?|each|every|all|any|your|its|this|these)\b)|to (?!(?:the|an?|each|[A-Z]))"
)
_HELD = pattern(r"\0(\d+)\0")
_EITHER = pattern(r"(?<![\w/.-])\w+(?:/\w+)+(?![\w/.-])")


def _version(later: re.Match[str]) -> str:
    return later["v"] or (f" {later['version']}" if later["version"] else "")


def _capital(text: str) -> str:
    first = text.split(maxsplit=1)[0]
    return text if re.search("[A-Z]", first) else text[:1].upper() + text[1:]  # eBPF


NOT_YET = "Not implemented yet"
RELY = "Planned for later. Where another section speaks of one of these, do not rely on it yet:"
"""What stands before them: the plugin's other texts may tell of them as if they were there."""
MOST_PLANNED = 12
"""Items of a plan: more are a project's, not a limit of what there is."""
_PLANNED = pattern(
    r"\W*(?:roadmap|(?:features )?coming soon"
    r"|(?:future|planned|upcoming)(?: (?:enhancements?|improvements?|plans?|work|features?))?)"
    r"(?: *\([^)]*\))?:?$",
    re.I,
)
_LATER = pattern(
    r"[-*+] \**(?:(?:planned|upcoming|future)(?: (?:for|in))?(?P<v> v?\d[\w.]*)?\**:"
    r"|(?P<version>v?\d[\w.]*)\** \((?:planned|upcoming|future)\)\**(?: -| \u2014|:))"
    r" *\**(?:add )?(?P<what>\S.*)",
    re.I,
)
_NAME = pattern(r"[A-Z]\w*[A-Za-z]\w*(?: [A-Z]\w+)?")
_DONE = pattern(r"\s*[-*+] \[[xX]\]")
_CAPITAL = pattern(r"\b[A-Z]\w{2,}")
_CHOICE = pattern(  # "- `tar` - Of two colours."
    r"(?P<all>\s*[-*+] [*`]*(?P<name>[\w.+/-]+(?: \w+){0,2}?)[*`]*(?:(?: [-\u2013\u2014]|:) .*?)?)"
    r"(?P<end>\.?)$"
)
_ITEM = pattern(r"(?P<all>\s*[-*+] +(?P<label>\*\*[^*\n]+\*\*|[^:,\n]*(?=:))?.*?)(?P<end>[.:]?)$")
_ROW = pattern(
    r"(?P<all>\|\s*[*`]*(?P<name>[\w.+/-]+(?: \w+){0,2})[*`]*\s*\|.*?)(?P<end>\s*\|\s*)$"
)
_MARK = pattern(r"\s*[-*+]\s+(?=\S)")
_TICK = pattern(r"^(\s*[-*+] )\[ \] ")
