"""A text in short, where there is no room for all of it: of a list what each item is and what to
beware of, of a paragraph its first sentence; no code, but what its comments say of a step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from nightpress.backends.offline import trim, wording
from nightpress.backends.offline.blocks import Block, is_ordered, items_of
from nightpress.backends.offline.clean import Place, is_quotable, shown
from nightpress.backends.offline.whereabouts import POINTER, TOLD
from nightpress.backends.offline.worth import PROCEDURE
from nightpress.lazy import pattern

MOST_SAID = 160
"""Characters of what is said in short of a step, a paragraph or an item."""
MOST_TABLE = 700
"""Characters of a table that stands beside what is told in short."""
GUARD = pattern(
    r"(?i)\b(?:back(?:ing)? ?ups?|never|must(?: not|n't)|do not|don't|warning|caution|data loss"
    r"|irreversibl[ey]|destructive|dry[- ]run|before (?:running|any|delet\w+|modif\w+|appl\w+)"
    r"|only (?:if|when|after|with|the|in)|without confirm\w+|requires? confirm\w+)\b|--force\b"
)
"""What keeps somebody from harm: it is said before what is done well."""


NAMES, SHORT, BRIEF, BARE = range(4)
"""How much of an item is told: its name and what to beware of, a clause more, what it is, all but
its code."""
MOST_CLAUSE = 70
"""Characters of a clause."""


def brief(blocks: Sequence[Block], link: str, detail: int, head: str = "Task") -> list[Block]:
    """The blocks without code and pointers; of each item of a list so much. link: to the file,
    where the steps of a list stand in full; head: what the blocks stand below."""
    found: list[Block] = []
    is_led = False
    has_steps = detail == NAMES and any(map(is_ordered, blocks))
    for block in blocks:
        if block.kind == "code" or _SEE_FILE.fullmatch(block.text) or TOLD.fullmatch(block.text):
            _unannounced(found)
            continue
        less = has_steps and not (is_ordered(block) or block.announces or GUARD.search(block.text))
        short = None if less or _LONE.fullmatch(block.text) else _shortened(block, detail)
        if short is None:
            _unannounced(found)
        elif is_ordered(block) and short.text != block.text and not is_led:
            is_led = True
            _unannounced(found, MOST_LEAD)
            follow = "agents/" not in link and PROCEDURE.search(head)  # an agent's are its own
            lead = f"Follow the steps in {link}:" if follow else f"In {link}, in short:"
            announced = bool(found) and found[-1].announces
            found += [short] if announced else [Block("text", lead), short]
            found += [Block("text", f"For each step in full, see {link}.")] if announced else []
        else:
            found.append(short)
    while found and found[-1].announces:
        found.pop()
    return found


MOST_LEAD = 70
"""Characters of a line above a list of steps that another one may take the place of."""


def _unannounced(found: list[Block], most: int = 10_000) -> None:
    """Take away the lines that announced what has gone."""
    while found and found[-1].announces and len(found[-1].text) < most:
        found.pop()


def _shortened(block: Block, detail: int) -> Block | None:
    if is_form(block):
        return None
    if block.kind == "list":
        return replace(block, text="\n".join(_item(item, detail) for item in items_of(block.text)))
    if block.kind == "table":
        return block if len(block.text) < MOST_TABLE else None
    if detail == BARE or block.announces or block.stops or GUARD.search(block.text):
        return block
    text = _first(block.text)
    return replace(block, text=text) if text else None


def _clause(text: str) -> str:
    """The first clause of a text; "" where it would end between two adjectives, or in brackets."""
    clause = wording.clause(text, MOST_CLAUSE)
    if clause.count("(") != clause.count(")"):
        clause = clause.partition(" (")[0]
    one_comma = text.count(", ") == 1 and text[len(clause) :].startswith(", ")
    return "" if one_comma else clause


def is_form(block: Block) -> bool:
    """Is it a list that is to be filled in: "1. [Title]"?"""
    items = items_of(block.text) if block.kind == "list" else []
    return any(_SLOT.fullmatch(item.split("\n")[0]) for item in items)


def _item(item: str, detail: int) -> str:
    """An item without code: what it is, or all that stands below it, too."""
    head, *below = item.rstrip().split("\n")
    while below and below[0].strip() and not _BELOW.match(below[0]):
        head = f"{head} {below.pop(0).strip()}"  # its text goes on there
    code = "\n".join(match[0] for match in _FENCED.finditer("\n".join(below)))
    plain = _FENCED.sub("", "\n".join(below)).split("\n")
    plain = [line for line in plain if line.strip() and not _SEE.match(line)]
    if detail == BARE and plain:
        guards = [one for one in comments(code) if GUARD.search(one)][:2]
        return "\n".join([head, *plain, *(f"{_indent(plain[0])}- {one}" for one in guards)])
    label = _LABELLED.match(head) if detail < BRIEF else None
    if label and (detail == NAMES or len(label[3]) > MOST_CLAUSE):
        clause = _clause(label[3]) if detail == SHORT else ""
        head = f"{label[1]}{label[2]}{clause}" if clause else label[1]
    if not _is_title(head):
        return _cut_head(head)
    said = _of_several([_bare(line) for line in plain], comments(code), detail)
    bare = re.sub(r":?(\**):?$", r"\1", head)
    bare = bare.replace("**", "") if detail == NAMES else bare
    return f"{bare}: {said}" if said else bare


def _is_title(head: str) -> bool:
    """Does the first line of an item only name what stands below it?"""
    text = _MARK.sub("", head).strip()
    return text.endswith((":", ":**")) or _TITLE.fullmatch(text) is not None


def _cut_head(head: str) -> str:
    mark = _MARK.match(head)
    at = mark.end() if mark else 0
    return head if len(head) - at <= MOST_SAID else head[:at] + (_first(head[at:]) or head[at:])


def essence(blocks: Sequence[Block], step: str = "") -> str:
    """What the blocks of a step say in short: what to beware of, else its first sentence, the first
    items of its list, or of its code what the comments say. step: its name."""
    plain: list[str] = []
    code: list[str] = []
    for block in blocks:
        if block.kind == "code":
            code += comments(block.text)
        elif block.kind == "list":
            plain += [_bare(item.split("\n")[0]) for item in items_of(block.text)]
        elif block.kind == "text" and not (block.announces or POINTER.search(block.text)):
            plain.append(_first(block.text))
    return _of_several(plain, _of_step(step, code))


def _of_step(step: str, code: list[str]) -> list[str]:
    """The comments of a step's code; a lone one that says nothing of the step, or nothing but its
    name, tells of a line of it alone."""
    if len(code) == 1 and step:
        name, said = wording.stems(step), wording.stems(code[0])
        return code if (said & name and said - name) or GUARD.search(code[0]) else []
    return code


def _of_several(plain: Sequence[str], code: Sequence[str], detail: int = BRIEF) -> str:
    """Of the lines below a step, and the comments of its code, what there is room for: guards
    first."""
    lines = [line for line in (plain or code) if _tells(line)][
        : MOST_ITEMS if detail > SHORT else 1
    ]
    guards = [one for one in (*plain, *code) if GUARD.search(one) and _tells(one)]
    chosen, size = list[str](), 0
    for line in dict.fromkeys(guards if detail == NAMES else [*guards, *lines]):
        size += len(line)
        if chosen and (size > MOST_SAID or len(chosen) == MOST_ITEMS):
            break
        chosen.append(line.rstrip(".;,"))
    return "; ".join(chosen)


MOST_ITEMS = 3
"""Items that are named in short."""


def _tells(line: str) -> bool:
    return 0 < len(line) <= MOST_SAID and not line.endswith((":", ":**")) and is_quotable(line)


def comments(code: str) -> list[str]:
    """What the comments of a listing in a shell's language say, each on its line: no headings of
    a file that it writes, and no code that is switched off."""
    if not _SHELL.search(code):
        return []
    found = (shown(one).strip("- ") for one in _COMMENT.findall(code))
    return [one for one in found if _SAYS.match(one) and not re.search(r"[<>|$`={}]", one)]


def _first(text: str) -> str:
    """The first sentence, if it is a short one."""
    said = next(iter(wording.sentences(text.replace("\n", " "))), "").strip()
    return said if len(said) <= 2 * MOST_SAID else wording.clause(said, 2 * MOST_SAID)


def _bare(line: str) -> str:
    return _MARK.sub("", line).strip()


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def steps(group: trim.Group, place: Place) -> list[Block]:
    """A workflow in short: its steps, what each of them is, and where they stand."""
    named = [(step, _gate(group, step) or _in_short(group, step)) for step in group.steps]
    rows = "\n".join(f"{'' if _NUMBERED.match(step) else '- '}{step}{gate}" for step, gate in named)
    follow = any(map(_STEP.match, group.steps))  # "1. Summary Cards" is none
    lead = "Follow the steps in" if follow else "In"
    return [Block("text", f"{lead} {place.link()}:"), Block("list", rows)]


def _in_short(group: trim.Group, step: str) -> str:
    """What a step is in short."""
    blocks = [block for one in group.sections if step in one.path for block in one.blocks]
    said = essence(blocks, step)
    return f". {said}" if said else ""


def _gate(group: trim.Group, step: str) -> str:
    """Where a step ends with an order to wait: that."""
    blocks = [block for one in group.sections if step in one.path for block in one.blocks]
    found = next((b.text for b in reversed(blocks) if b.kind == "text" and _GATE.match(b.text)), "")
    return f". {found}" if found and "\n" not in found and len(found) < GATE else ""


_GATE = pattern(r"\W*(?:GATE|STOP|CHECKPOINT|HALT)\b")
GATE = 120
"""Characters of an order to wait that stands beside the name of its step."""
_STEP = pattern(r"\W*(?:step|phase|stage) *\d", re.I)
_NUMBERED = pattern(r"\d+[.)] \S")


def named(block: Block, steps: Sequence[str], detail: int) -> Block:
    """A list of steps, of each no more than its name, or a clause more."""
    rows = []
    for row in block.text.split("\n"):
        step = max((one for one in steps if one in row), key=len, default="")
        at = row.index(step) + len(step) if step else len(row)
        said = row[at:].removeprefix(". ")
        if detail < BRIEF and GUARD.search(said) is None:
            said = _clause(said) if detail == SHORT else ""
        rows.append(f"{row[:at]}. {said}" if said else row[:at])
    return replace(block, text="\n".join(rows))


def tells_of(block: Block, steps: Sequence[str]) -> bool:
    """Does a list say more of half of the steps than how they are called?"""
    rows = block.text.split("\n")
    return 2 * sum(not row.endswith(tuple(steps)) for row in rows) >= len(rows)


def guards(blocks: Sequence[Block]) -> Iterator[str]:
    """The items and paragraphs that keep somebody from harm."""
    for block in blocks:
        pieces = items_of(block.text) if block.kind == "list" else [block.text]
        yield from (one for one in pieces if block.kind != "code" and GUARD.search(one))


_FENCED = pattern(r"(?ms)^[ \t]*(`{3,})[^\n]*\n.*?^[ \t]*\1[ \t]*$")
_BELOW = pattern(r"\s*(?:[-*+]|\d+[.)])\s|\s*```|\s*See (?:the listing|\[)")
_SEE = pattern(r"\s*See the listing\b")
_MARK = pattern(r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\] )?")
_TITLE = pattern(r"\*\*[^*]+\*\*:?|(?:[\w/&'()-]+ ){0,5}[\w/&'()-]+")
_SHELL = pattern(r"^\s*`{3,}(?:bash|sh|shell|zsh|console)\b")
_COMMENT = pattern(r"(?m)^[ \t]*# +(\S[^\n]*)$")
_SAYS = pattern(r"[A-Z][\w'-]*:? [^\n]{6,}")
_LABELLED = pattern(r"(\s*\d+[.)] \*\*[^*]+\*\*)(: | - | \u2013 | \u2014 )(\S.*)")
_SEE_FILE = pattern(r"See \[[^\]]*\]\([^)]*\)(?: for [\w ]+)?\.")
_SLOT = pattern(r"\s*(?:[-*+]|\d+[.)])\s+\W*\[[^\]\n]*\]\W*")
_LONE = pattern(r"\w+")  # what is left of a line that is filled in
