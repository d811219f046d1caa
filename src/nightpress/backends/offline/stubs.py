"""The one form in which a document shows what it does not quote: no heading stands above a link
alone, sections side by side that have no room, or no more than a sentence each, are one list, and
titles alone are a sentence."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from functools import partial
from itertools import takewhile
from posixpath import commonprefix

from msgspec.structs import replace

from nightpress.backends.offline import verbs, wording
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.whereabouts import TOLD
from nightpress.lazy import pattern


def but_single(parts: Sequence[Part]) -> list[Part]:
    """The parts in document order, without a heading that stands alone above nothing but a link:
    a pointer names it with the rest of its file."""
    found: list[Part] = []
    for run in _runs(parts):
        one = run[0]
        if len(run) > 1 or not _is_stub(one, parts):
            found += run
        elif sum(part.home == one.home for part in parts) == 1 or FORM.search(one.path[-1]):
            found.append(one)  # all that there is of a command, or of what it shall give
        elif found and _listed_in(found[-1], one):
            found.append(one)
    return found


def gathered(parts: Sequence[Part], refused: Container[str]) -> list[Part]:
    """The parts in document order; headings side by side above nothing but a link are one list
    below the heading above them, unless that is refused."""
    found: list[Part] = []
    for run in _runs(parts):
        goes_on = bool(found) and _is_stub(run[0], parts) and _listed_in(found[-1], run[0])
        listed = _list(run, found[-1] if goes_on else None) if goes_on or len(run) > 1 else None
        if listed is None or listed.blocks[-1].text in refused:
            found += map(_followed, run) if len(run) == 1 and _is_stub(run[0], parts) else run
        else:
            found[len(found) - goes_on :] = [listed]
    return _listed([in_words(part, refused) for part in found])


def _listed(parts: Sequence[Part]) -> list[Part]:
    """The parts in document order; several sections side by side of no more than a sentence each
    are a list of that."""
    found, at = list[Part](), 0
    run: Sequence[Part]
    while at < len(parts):
        run = [*takewhile(partial(_is_beside, parts[at], parts), parts[at:])]
        if len(run) < SEVERAL or not _begins(parts, at):
            run = parts[at : at + 1]
            found += run
        else:
            rows = "\n".join(f"- **{_of(one.path[-1])}**: {_says(one)}" for one in run)
            found.append(replace(run[0], path=run[0].path[:-1], blocks=[Block("list", rows)]))
        at += len(run)
    return found


def _begins(parts: Sequence[Part], at: int) -> bool:
    """Does no section stand between it and the heading above it? A list would be of that one."""
    above = parts[at].path[:-1]
    before = parts[at - 1].path if at else ()
    return before == above or before[: len(above)] != above


def _is_beside(first: Part, parts: Sequence[Part], part: Part) -> bool:
    """Is it a section of one sentence beside the first one?"""
    alone = sum(one.path[: len(part.path)] == part.path for one in parts) == 1
    fits = len(part.path) > 1 and part.path[:-1] == first.path[:-1] and not part.is_standing
    return bool(fits and alone and not part.together and _says(part))


def _says(part: Part) -> str:
    """The one sentence of a section; "" where it is more."""
    texts = [block.text for block in part.blocks]
    one = len(texts) == 1 and part.blocks[0].kind == "text" and not part.blocks[0].announces
    fits = one and len(texts[0]) <= SENTENCE and "\n" not in texts[0]
    fits = fits and not TOLD.fullmatch(texts[0]) and not _SEE.fullmatch(texts[0])
    return _CURE.sub("", texts[0]) if fits else ""


def _of(name: str) -> str:
    return _CASE.sub("", name)


SEVERAL, SENTENCE = 3, 240
"""Sections of so many characters, from which on there is a list of them."""
_CURE = pattern(r"^\*\*(?:Solution|Fix|Cause|Answer|A)(?::\*\*|\*\*:) ", re.I)
_CASE = pattern(r"^(?:Issue|Problem|Error|Q)(?: \d+)?: ", re.I)


def _followed(part: Part) -> Part:
    """Where the form of a result stands, as an order to follow it."""
    if not FORM.search(part.path[-1]):
        return part
    told = ((block, TOLD.fullmatch(block.text)) for block in part.blocks)
    blocks = [
        replace(block, text=f"Follow the structure in {_link(part)} ({one[2]}).") if one else block
        for block, one in told
    ]
    return replace(part, blocks=blocks)


def _list(run: Sequence[Part], before: Part | None) -> Part:
    """One list of the stubs, or the one before with them, too."""
    rows = [f"- {told(one)}" for one in run]
    if before is None:
        where = Block("text", f"In {_link(run[0])}:")
        blocks = [where, Block("list", "\n".join(rows))]
        return replace(run[0], path=_above(run), blocks=blocks, together=())
    *above, last = before.blocks
    return replace(before, blocks=[*above, Block("list", "\n".join(numbered(last.text, rows)))])


def numbered(text: str, rows: Sequence[str]) -> list[str]:
    """The rows of a list and more of them, in the order of their numbers, if all have one."""
    every = [*text.split("\n"), *rows]
    numbers = [_COUNT.match(row) for row in every]
    if not all(numbers):
        return every
    return [row for _, row in sorted(zip((int(n[1]) for n in numbers if n), every, strict=True))]


def _runs(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """The parts in document order, stubs that one list can hold together."""
    parts, done = sorted(parts, key=lambda part: part.order), 0
    for at, part in enumerate(parts):
        if at >= done:
            run = _run(parts, at)
            yield run or [part]
            done = at + max(len(run), 1)


def _run(parts: Sequence[Part], at: int) -> Sequence[Part]:
    """The stubs of one file from there on that have a heading of their own above them all, or the
    one that stands there."""
    found: list[Part] = []
    for part in parts[at:]:
        same = not found or (_link(part) == _link(found[0]) and _above([*found, part]))
        if not (same and _is_stub(part, parts)):
            break
        found.append(part)
    return found


def _above(run: Sequence[Part]) -> tuple[str, ...]:
    """The headings above all of them; () where that is only their component's."""
    above = tuple(commonprefix([part.path[:-1] for part in run]))
    home = run[0].home
    return above if home and len(above) > len(home.base) else ()


def _is_stub(part: Part, parts: Sequence[Part]) -> bool:
    """Is it a heading, not of a step of what is done in order, above a link and nothing else?"""
    if part.is_standing or part.home is None or not part.path or _is_of_steps(part, parts):
        return False
    told = all(TOLD.fullmatch(b.text) or _SEE.fullmatch(b.text) or b.is_label for b in part.blocks)
    same = sum(one.path[: len(part.path)] == part.path for one in parts)
    return told and bool(_link(part)) and same == 1


def _is_of_steps(part: Part, parts: Sequence[Part]) -> bool:
    """Is it one of several that stand together, most of which say what is to be done?"""
    if not part.together:
        return False
    paths = [one.path for one in parts if one.together == part.together and one.path]
    base = len(commonprefix(paths))
    return are_steps([*dict.fromkeys(path[base] for path in paths if len(path) > base)])


def are_steps(names: Sequence[str]) -> bool:
    """Do most of the headings say what is to be done: "1. Rig the boat"?"""
    words = [NUMBER.sub("", name).split() for name in names]
    return 2 * sum(len(one) > 1 and verbs.is_verb(one[0].lower()) for one in words) > len(names)


def _are_done(path: Sequence[str], names: Sequence[str]) -> bool:
    """Are they steps, and no kinds of something?"""
    return are_steps(names) and not (path and _KINDS.search(path[-1]))


def _link(part: Part) -> str:
    """The link to the file that a stub points to; "" for none, or several."""
    found = {m for block in part.blocks for m in _LINK.findall(block.text)}
    return found.pop() if len(found) == 1 else ""


def _listed_in(before: Part, stub: Part) -> bool:
    """Does the part before end with a list of what stands in that file, at the heading above?"""
    lead = before.blocks[-2].text if len(before.blocks) > 1 else ""
    same = before.path == stub.path[:-1] and before.blocks[-1].kind == "list"
    return same and lead == f"In {_link(stub)}:"


def told(part: Part) -> str:
    """The name of a section, and what its listing holds."""
    found = (TOLD.fullmatch(block.text) for block in part.blocks)
    holds = "; ".join(", ".join(filter(None, one.groups())) for one in found if one)
    name = NUMBER.sub("", part.path[-1])
    return f"{name} ({holds})" if holds else name


def in_words(part: Part, refused: Container[str]) -> Part:
    """The part; of a list of where things stand that has one row, or titles alone, a sentence, and
    one with what announces a listing; what is done in order stays a list."""
    blocks = _led(part.blocks, refused) if not part.is_standing else [*part.blocks]
    for at in range(len(blocks) - 1, 0, -1):
        where, listed = blocks[at - 1].text, blocks[at]
        if not (_IN.fullmatch(where) and listed.kind == "list") or part.is_standing:
            continue
        rows = [_MARK.sub("", one) for one in listed.text.split("\n")]
        bare = not any(one.endswith(")") or _SAYS_MORE.search(one) for one in rows)
        if len(rows) == 1 or (bare and not _are_done(part.path, rows)):
            names = [f'"{one}"' if "," in one and bare else one for one in rows]
            said = f"{where} {wording.together(names)}."
            blocks[at - 1 : at + 1] = [] if said in refused else [Block("text", said)]
        elif bare:
            blocks[at - 1] = Block("text", f"Follow the steps in{where[2:]}")
    return part if blocks == [*part.blocks] else replace(part, blocks=blocks)


def _led(blocks: Sequence[Block], refused: Container[str]) -> list[Block]:
    """The blocks; what announces a listing that stands elsewhere, and where, in one sentence."""
    found: list[Block] = []
    for block in blocks:
        lead = found[-1] if found else block
        colon = "" if lead.text.rstrip("*_ ").endswith(":") else ":"
        said = f"{lead.text}{colon} s{block.text[1:]}"
        elsewhere = TOLD.fullmatch(block.text) or _SEE.fullmatch(block.text)
        if found and lead.announces and elsewhere and said not in refused:
            found[-1] = Block("text", said)
        else:
            found.append(block)
    return found


_KINDS = pattern(r"(?i)\b(?:patterns|types|features|examples?|strateg(?:y|ies)|components|cases)\b")
FORM = pattern(r"(?i)\b(?:formats?|output|template|structure|report)$")
"""The heading of the form of a result."""
NUMBER = pattern(r"^\d+[.)] (?=\S)")
_MARK = pattern(r"^(?:- |\d+[.)] )(?:\d+[.)] )?")
_COUNT = pattern(r"- (?:[A-Z]\w+ )?(\d+)[:.)] ")
_SEE = pattern(r"See \[[^\]]*\]\([^)]*\)(?: for (?!the steps)[\w ]+)?\.")
_LINK = pattern(r"\[[^\]\n]*\]\([^)\n]*\)")
_SAYS_MORE = pattern(r"\. |\*\*: ")
_IN = pattern(r"In \[[^\]]*\]\([^)]*\):")
