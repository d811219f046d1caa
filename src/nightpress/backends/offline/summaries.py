"""What a README sums up: features that the components' own texts tell, and such as none of them
bears. Beside those texts it is a repetition, or a promise."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from nightpress.backends.offline.beside import BESIDE, TWICE
from nightpress.backends.offline.blocks import Block, code_lines, items_of
from nightpress.backends.offline.news import Known
from nightpress.backends.offline.outline import matter_of
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.wording import stems
from nightpress.lazy import pattern
from nightpress.model import Anatomy


def without_summaries(
    more: Sequence[Part], described: Sequence[Part], anatomy: Anatomy
) -> list[Part]:
    """The parts of the README and documents, without a chapter that sums up what a few commands and
    agents with a text of their own do, of which the better part is told by the others or borne by
    none of their bodies. (A server's features stand in no body.)"""
    homes = {part.home for part in described if part.home}
    names = {stems(name) for part in described if part.home for name in part.home.base[-1:]}
    more = [part for part in more if not _names_all(part, names)]
    own = [block for part in described if not part.is_aside for block in part.blocks]
    few = 0 < len(homes) <= FEW and not anatomy.of("mcp")
    if not few or sum(len(block.text) for block in own) < WHOLE:
        return [*more]
    known, chapters = Known(), dict[str, list[Part]]()
    for part in more:
        if part.path and _SUMS_UP.match(part.path[0]):
            chapters.setdefault(part.path[0], []).append(part)
        else:
            own += part.blocks
    for block in own:
        known.add(block)
    borne = stems(_HUMP.sub(" ", " ".join(one.body for one in anatomy.components)))
    gone = {name for name, parts in chapters.items() if not _is_worth(parts, known, borne)}
    kept = [part for part in more if not (part.path and part.path[0] in gone)]
    return [part for part in kept if not _is_again(part, described)]


def _is_again(part: Part, described: Sequence[Part]) -> bool:
    """Has a component a section whose heading has all words of this one, or says it what an item or
    a paragraph is about, and there is no more in it, no fact and no option? (What is to be set up
    or mended is more.) Is it a sentence under "Usage" to a person, or a table of what sections of
    a component tell one by one?"""
    about = stems(part.path[-1]) if part.path else frozenset()
    if not about or part.together or matter_of(part.path[0])[0] in _NEEDED:
        return False
    mine = [one for one in described if one.home and not one.is_aside]
    heads = {stems(name) for one in mine for name in one.path}
    if _is_remark(part) or any(_lists(block, heads) for block in part.blocks):
        return True
    labels = (m[1] for one in mine for b in one.blocks for m in _SET_OFF.finditer(b.text))
    has_section = any(about <= head for head in heads)
    if not has_section and about not in map(stems, labels):
        return False
    known = Known()
    for block in (block for one in mine for block in one.blocks):
        known.add(block)
    return not any(_tells_more(block, known, has_section) for block in part.blocks)


def _names_all(part: Part, names: Collection[frozenset[str]]) -> bool:
    """Is it a list of some of the commands and agents, which have a table?"""
    said = [block for block in part.blocks if not block.announces]
    if len(names) < SEVERAL or any(block.kind != "list" for block in said):
        return False
    items = [item for block in said for item in items_of(block.text)]
    return bool(items) and all(_named(item) in names for item in items)


def _named(item: str) -> frozenset[str]:
    """What an item is about: in bold, or a command."""
    found = _NAMED.match(item)
    return stems(found[1] or found[2]) if found else frozenset()


def _is_remark(part: Part) -> bool:
    """Is it one sentence on how to use a plugin, or an example of that, with no code?"""
    named = len(part.path) == 1 and _USAGE.fullmatch(part.path[0])
    alone = len(part.blocks) == 1 and part.blocks[0].kind == "text"
    return bool(named) and alone and "`" not in part.blocks[0].text


def _lists(block: Block, heads: Collection[frozenset[str]]) -> bool:
    """Is it a table with a row for each of several sections?"""
    if block.kind != "table":
        return False
    firsts = [stems(row.strip("| ").partition("|")[0]) for row in block.text.split("\n")[2:]]
    return len(firsts) > 1 and all(one and one in heads for one in firsts)


def _tells_more(block: Block, known: Known, has_section: bool) -> bool:
    if block.kind == "code":
        has_option = any(flag not in known.tokens for flag in _FLAG.findall(block.text))
        return has_option or not _SHOWN.match(block.text)
    pieces = [block.text] if block.kind == "text" else items_of(block.text)
    return not block.announces and any(
        known.lacks(one, TWICE) if has_section else known.tells_more(one) or not known.says(one)
        for one in pieces
    )


def _is_worth(parts: Sequence[Part], known: Known, borne: frozenset[str]) -> bool:
    """Is half of a chapter both news and borne? What is not borne is taken out of its lists."""
    every = fresh = 0
    for part in parts:
        blocks = [*part.blocks]
        for at, block in enumerate(blocks):
            if block.kind == "list":
                pieces = items_of(block.text)
                kept = [item for item in pieces if _is_borne(item, borne)]
                blocks[at] = replace(block, text="\n".join(kept or pieces))
                fresh += sum(known.lacks(item, BESIDE) for item in kept)
            else:
                pieces = [block.text]
                fresh += _is_fresh(block, known)
            every += 0 if block.announces else len(pieces)
        part.blocks = blocks
    return 2 * fresh > every


def _is_fresh(block: Block, known: Known) -> bool:
    if block.kind == "code":
        lines = code_lines(block)
        return 2 * len(lines - known.code) > len(lines)
    return not block.announces and known.lacks(block.text, BESIDE)


def _is_borne(item: str, borne: frozenset[str]) -> bool:
    """Do the components speak of what an item names?"""
    label = _LABEL.match(item)
    said = stems(label[1] if label else item)
    return 3 * len(said & borne) >= 2 * len(said)


FEW, WHOLE = 3, 1_200
"""Components, at most, and characters of their own text, from which on that is complete."""
SEVERAL = 2
"""Commands and agents that have a table."""
_NAMED = pattern(r"\s*[-*+\d.)]+ +(?:\*\*`?([^*\n`]+)`?\*\*|`/?([\w:-]+)`)")
_SUMS_UP = pattern(
    r"(?:(?:key|main|core|advanced|additional) )*(?:features?|capabilities|benefits|highlights)$"
    r"|what (?:it|this(?: \w+)?) (?:does|analy[sz]es|scans|checks|covers)$",
    re.I,
)
_LABEL = pattern(r"\s*[-*+\d.)]+ +\*\*([^*\n]+)\*\*")
_SET_OFF = pattern(r"(?m)^\s*(?:[-*+\d.)]+ +)?\*\*([^*\n]{3,40}?):?\*\*")
_USAGE = pattern(r"(?:(?:example|basic) )?usage|examples?", re.I)
_NEEDED = ("setup", "settings", "trouble")
_SHOWN = pattern(r"[`~]{3,}(?:text|console)?\n|[`~]{3,}\w*\n/[a-z]")
"""What a run shows, or is asked."""
_FLAG = pattern(r"(?<=\s)--[a-z][\w-]*")
_HUMP = pattern(r"(?<=[a-z])(?=[A-Z])|_")
