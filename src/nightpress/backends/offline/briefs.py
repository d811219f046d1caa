"""A text in short, where there is no room for all of it: of a list its titles, or all but its code;
of a paragraph its first sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from nightpress.backends.offline import trim, wording
from nightpress.backends.offline.blocks import LONG, Block, is_ordered, items_of
from nightpress.backends.offline.clean import Place, is_quotable, shown
from nightpress.backends.offline.whereabouts import POINTER, TOLD
from nightpress.backends.offline.worth import GUARD, PROCEDURE, guards, is_form
from nightpress.lazy import pattern

MOST_SAID = 160
"""Characters of what is said in short of a step."""
MOST_TABLE = 700
"""Characters of a table that stands beside what is told in short."""
WHOLE = 900
"""Characters of a list, below which its titles stand for it only where else there is nothing."""


TITLES, NAMES, BARE, SHOWN = range(4)
"""How much of a list is told: the titles of all of its items, these of a long one only, all but its
code, or all but code that is long."""
MOST_CODE = 420
"""Characters of a listing that is not long."""


def brief(blocks: Sequence[Block], link: str, detail: int, head: str = "Task") -> list[Block]:
    """The blocks without code and pointers; of each item of a list so much. link: to the file,
    where the steps of a list stand in full; head: what the blocks stand below."""
    found: list[Block] = []
    has_steps = detail <= NAMES and any(map(is_ordered, blocks))
    for block in blocks:
        short = _shortened(block, detail)
        kept = is_ordered(block) or block.announces or _COMES_OF_IT.match(block.text)
        if short is None and has_steps and is_ordered(block):
            return []  # without its steps it says nothing
        if short is None or (has_steps and not kept and not GUARD.search(block.text)):
            _unannounced(found)
        elif detail <= NAMES and is_ordered(block) and _size(short) < _size(block):
            _unannounced(found, MOST_LEAD)
            follow = "agents/" not in link and PROCEDURE.search(head)  # an agent's are its own
            lead = f"Follow the steps in {link}:" if follow else f"In {link}, each in full:"
            found += [Block("text", lead), short]
        else:
            found.append(short)
    while found and found[-1].announces:
        found.pop()
    return found


def _size(block: Block) -> int:
    """Bytes of a list without its code."""
    return sum(len(_item(item)) for item in items_of(block.text))


MOST_LEAD = 70
"""Characters of a line above a list of steps that another one may take the place of."""
_COMES_OF_IT = pattern(r"(?i)\*\*(?:outputs?|deliverables?|results?|returns?)\b")


def _unannounced(found: list[Block], most: int = 10_000) -> None:
    """Take away the lines that announced what has gone."""
    while found and (found[-1].announces or _BOLD.fullmatch(found[-1].text)):
        if len(found[-1].text) >= most:
            break
        found.pop()


def _shortened(block: Block, detail: int) -> Block | None:
    if block.kind == "code":
        return block if detail == SHOWN and len(block.text) < MOST_CODE else None
    if block.kind == "list" and not is_form(block):
        bare = [_item(item) for item in items_of(block.text)]
        hangs = any(one.endswith((":", ":**")) for one in bare)  # its code has gone
        names = _names(bare) if is_ordered(block) else []
        short = detail >= BARE or sum(map(len, bare)) < (WHOLE if detail else LONG)
        if short and not (hangs and names):
            return replace(block, text="\n".join(re.sub(r":(\**)$", r"\1", one) for one in bare))
        return replace(block, text="\n".join(names)) if names else None
    if block.kind == "table":
        return block if len(block.text) < MOST_TABLE else None
    says_where = _SEE_FILE.fullmatch(block.text) or TOLD.fullmatch(block.text)
    if block.kind == "list" or says_where or _LONE.fullmatch(block.text):
        return None
    if detail >= BARE or block.announces or block.stops or GUARD.search(block.text):
        return block
    text = next(iter(wording.sentences(block.text.replace("\n", " "))), "").strip()
    is_whole = text.count('"') % 2 == 0 and text.count("(") == text.count(")")
    return replace(block, text=text) if is_whole and len(text) <= 2 * MOST_SAID else None


def _names(items: Sequence[str]) -> list[str]:
    """The titles of the items, if all of them have one, of more than a word."""
    found = [_TITLED.match(item.split("\n")[0]) for item in items]
    names = [(one[2] or one[3]).rstrip(" :") for one in found if one]
    if len(names) < len(items) or 2 * sum(" " in name for name in names) < len(names):
        return []
    return [f"{one[1]}{name}" for one, name in zip(filter(None, found), names, strict=True)]


_TITLED = pattern(  # not the bold words with which a sentence begins
    r"(\s*\d+[.)] )(?:\*\*([^*]+)\*\*(?=\s*$|:| ?[(\u2013\u2014-]|\.)"
    r"|((?:[\w/&'()-]+ ){0,5}[\w/&'()-]+):?$)"
)


def _item(item: str) -> str:
    """An item without long code."""
    head, *below = item.rstrip().split("\n")
    while below and below[0].strip() and not _BELOW.match(below[0]):
        head = f"{head} {below.pop(0).strip()}"  # its text goes on there
    text, plain, at = "\n".join(below), list[str](), 0
    for code in [*_FENCED.finditer(text), None]:
        said = text[at : code.start() if code else len(text)].split("\n")
        plain += [line for line in said if line.strip() and not _SEE.match(line)]
        plain += [code[0]] if code and len(code[0]) <= LONG else []
        at = code.end() if code else at
    codes = "\n".join(match[0] for match in _FENCED.finditer(text))
    kept = "\n".join(plain)
    guards = [one for one in comments(codes) if GUARD.search(one) and one not in kept][:2]
    indent = _indent(plain[0]) if plain else "   "
    return "\n".join([head, *plain, *(f"{indent}- {one}" for one in guards)])


def comments(code: str) -> list[str]:
    """What the comments of a listing in a shell's language say, each on its line: no headings of
    a file that it writes, and no code that is switched off."""
    if not _SHELL.search(code):
        return []
    found = (shown(one).strip("- ") for one in _COMMENT.findall(code))
    return [one for one in found if _SAYS.match(one) and not re.search(r"[<>|$`={}]", one)]


def _bare(line: str) -> str:
    return _MARK.sub("", line).strip()


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def steps(group: trim.Group, place: Place) -> list[Block]:
    """A workflow in short: its steps, what to beware of, where all of them say it what each of
    them is, and where they stand."""
    of_each = [
        [block for one in group.sections if step in one.path for block in one.blocks]
        for step in group.steps
    ]
    gist = list(map(_gist, of_each))
    rows = []
    for step, blocks, said in zip(group.steps, of_each, gist, strict=True):
        told = _gate(blocks) or _warning(blocks) or (said if all(gist) else "")
        rows.append(f"{'' if _NUMBERED.match(step) else '- '}{step}{'. ' if told else ''}{told}")
    follow = any(map(_STEP.match, group.steps))  # "1. Summary Cards" is none
    lead = "Follow the steps in" if follow else "In"
    return [Block("text", f"{lead} {place.link()}:"), Block("list", "\n".join(rows))]


def _gist(blocks: Sequence[Block]) -> str:
    """What the blocks of a step begin with: a sentence, or the items of a list, all of them; ""
    where that is more than goes beside its name."""
    first = next((one for one in blocks if one.kind in ("text", "list")), None)
    if first is None or first.announces or POINTER.search(first.text):
        return ""
    if first.kind == "list":
        return _short("; ".join(_bare(item).rstrip(".;,") for item in items_of(first.text)))
    return _short(next(iter(wording.sentences(first.text.replace("\n", " "))), "").strip(" ."))


def _warning(blocks: Sequence[Block]) -> str:
    """What of a step is to be beware of, where it is said in one item, paragraph or comment."""
    lines = [_bare(one) for one in guards(blocks)]
    lines += [one for b in blocks if b.kind == "code" for one in comments(b.text)]
    return next((one for one in map(_short, lines) if one and GUARD.search(one)), "").rstrip(".")


def _short(said: str) -> str:
    fits = len(said) <= MOST_SAID and "\n" not in said and not said.endswith((":", ":**"))
    return said if fits and is_quotable(said) else ""


def _gate(blocks: Sequence[Block]) -> str:
    """The order to wait with which a step ends."""
    found = next((b.text for b in reversed(blocks) if b.kind == "text" and _GATE.match(b.text)), "")
    return found if "\n" not in found and len(found) < GATE else ""


_GATE = pattern(r"\W*(?:GATE|STOP|CHECKPOINT|HALT)\b")
GATE = 120
"""Characters of an order to wait that stands beside the name of its step."""
_STEP = pattern(r"\W*(?:step|phase|stage) *\d", re.I)
_NUMBERED = pattern(r"\d+[.)] \S")


def named(block: Block, steps: Sequence[str], *, warned: bool) -> Iterator[str]:
    """A list of steps, of each no more than its name, and (warned) where to wait."""
    for row in block.text.split("\n"):
        step = max((one for one in steps if one in row), key=len, default="")
        at = row.index(step) + len(step) if step else len(row)
        yield row if warned and _GATE.match(row, at) else row[:at]


_FENCED = pattern(r"(?ms)^[ \t]*(`{3,})[^\n]*\n.*?^[ \t]*\1[ \t]*$")
_BELOW = pattern(r"\s*(?:[-*+]|\d+[.)])\s|\s*```|\s*See (?:the listing|\[)")
_SEE = pattern(r"\s*See the listing\b")
_MARK = pattern(r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\] )?")
_SHELL = pattern(r"^\s*`{3,}(?:bash|sh|shell|zsh|console)\b")
_COMMENT = pattern(r"(?m)^[ \t]*# +(\S[^\n]*)$")
_SAYS = pattern(r"[A-Z][\w'-]*:? [^\n]{6,}")
_SEE_FILE = pattern(r"See \[[^\]]*\]\([^)]*\)(?: for [\w ]+)?\.")
_BOLD = pattern(r"\s*\*\*[^*\n]+\*\*\s*")  # a long title of what followed
_LONE = pattern(r"\w+")  # what is left of a line that is filled in
