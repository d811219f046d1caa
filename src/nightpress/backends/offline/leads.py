"""How a document about one command or agent begins: with one lead, and how it is called."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from nightpress.backends.offline import trim, verbs, voice, wording
from nightpress.backends.offline.blocks import Block
from nightpress.lazy import pattern
from nightpress.model import Material


def sums_up(path: Sequence[str], blocks: Sequence[Block]) -> bool:
    """Is it a section of one sentence that says in short what the others say?"""
    texts = [block.text for block in blocks]
    one = len(texts) == 1 and blocks[0].kind == "text" and len(wording.sentences(texts[0])) == 1
    return one and not _PRECISE.search(texts[0]) and bool(voice.SUMS_UP.fullmatch(path[-1]))


def led_by(
    about: list[Block], groups: list[trim.Group], name: str
) -> tuple[list[Block], list[trim.Group]]:
    """A component's description and its sections, of which one of two leads is gone where they say
    nearly the same: the shorter one."""
    first = groups[0].sections[0] if groups else None
    if not about or first is None or first.path or not first.blocks:
        return about, groups
    lead = first.blocks[0]
    if lead.kind != "text":
        return about, groups
    known, mine, its = map(wording.content, (name, about[0].text, lead.text))
    same = 5 * len(mine & its) >= 3 * min(len(mine), len(its))
    if len(its) >= len(mine) and (same or len(mine - its - known) < NEW):
        return [], groups
    hardly = len(its) < len(mine) and (same or len(its - mine - known) < NEW)
    if hardly and not _PRECISE.search(lead.text) and not lead.announces:
        rest = replace(first, blocks=first.blocks[1:])
        return about, [replace(groups[0], sections=(rest, *groups[0].sections[1:])), *groups[1:]]
    return about, groups


def woven(
    material: Material, about: list[Block], lead: list[Block]
) -> tuple[list[Block], list[Block]]:
    """A description and how its command is called in one sentence: "Run `/peek` to profile a
    file." One that the README begins with, too, stays alone, as that may say it in its place."""
    text = about[0].text.rstrip(".") if about else ""
    said = next((f.text for f in material.anatomy.files if f.path.lower() == "readme.md"), "")
    known = wording.content(f"{material.anatomy.name} {said[:600]}")
    first, _, rest = text.partition(" ")
    told = not wording.content(text) - known or not verbs.is_deed(first) or first.endswith("s")
    if told or len(about) > 1 or re.search(r"[.:;`]", text) or not lead[0].text.startswith("Run "):
        return about, lead
    runs = Block("text", f"{lead[0].text.removesuffix('.')}, to {first.lower()} {rest}.")
    return [], [runs, *lead[1:]]


def modest(groups: list[trim.Group]) -> list[trim.Group]:
    """The sections; the first words of the text without the adjectives that anything is given."""
    if not groups or groups[0].sections[0].path:
        return groups
    first, *rest = groups[0].sections
    first = replace(first, blocks=list(map(plainly, first.blocks)))
    return [replace(groups[0], sections=(first, *rest)), *groups[1:]]


def plainly(block: Block) -> Block:
    return replace(block, text=wording.modest(block.text)) if block.kind == "text" else block


NEW = 2
"""Words of its own that the second of two leads must have."""
_PRECISE = pattern(r"[`\d]|\]\(|\b(?:never|must|only|always|not)\b", re.I)
