"""How a document about one command or agent begins: with one lead, and how it is called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from nightpress.backends.offline import members, trim, verbs, voice, wording, worth
from nightpress.backends.offline.articles import with_article
from nightpress.backends.offline.blocks import Block, is_ordered, is_pointer
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.phrases import is_role
from nightpress.lazy import pattern
from nightpress.model import Material


def one(material: Material, parts: Sequence[Part]) -> list[Part]:
    """The parts that a document will have, with one lead: of several that say nearly the same the
    first that says what is done; where there is none, or it names but a thing, what the
    description says. A person's text keeps its own."""
    tops = [part for part in parts if not part.path]
    said = [block for part in tops for block in part.blocks if _may_lead(block)]
    if any(part.is_standing for part in parts):
        return [*parts]
    if any(part.news and part.path and part.home is None for part in parts):
        parts = [part if part.path else _from_both(part) for part in parts]
        tops = [part for part in parts if not part.path]
        said = [block for part in tops for block in part.blocks if _may_lead(block)]
    told = _described(material)
    if not said:
        told, new = _once(told, [block.text for part in tops for block in part.blocks])
        rest = [_with(part, new) if not part.path else part for part in parts]
        return [Part((), (-1,), 0, [Block("text", told)]), *rest] if told else rest
    lead = next((block for block in said if _is_order(block.text)), said[0])
    gone = {
        block.text
        for block in said
        if block is not lead and (_SLOGAN.fullmatch(block.text) or _alike(block.text, lead.text))
    }
    is_sure = _is_order(told) or is_role(lead.text)
    better = (is_sure and _alike(told, lead.text)) or _OF_ITSELF.match(lead.text)
    first = told if told and better and not _is_order(lead.text) else lead.text
    first = members.without_calls(first)
    others = [one for one in wording.sentences(first) if not _OF_ITSELF.match(one)]
    new = dict.fromkeys(gone, "") | {lead.text: "".join(others).strip() or first}
    return [_with(part, new) if not part.path else part for part in parts]


FROM_IT = "; what follows is from its instructions."
FROM_BOTH = "; what follows is from its instructions and the plugin's other documents."
"""Where what stands below an agent's name is from."""


def _from_both(part: Part) -> Part:
    """The part; what it says of where the rest is from names other documents, too."""
    texts = [block.text for block in part.blocks]
    said = (
        f"{text.removesuffix(FROM_IT)}{FROM_BOTH}" if text.endswith(FROM_IT) else text
        for text in texts
    )
    return replace(
        part, blocks=[replace(b, text=text) for b, text in zip(part.blocks, said, strict=True)]
    )


def _once(told: str, texts: Sequence[str]) -> tuple[str, Mapping[str, str]]:
    """The lead, and by the texts that say how a command is called those without what for, where
    that is the lead again; it is said in the command's own words then."""
    for text in texts:
        if found := _RUN_TO.match(text):
            mine, known = wording.content(found[2]), wording.content(told)
            if told and 4 * len(mine & known) >= 3 * min(len(mine), len(known)):
                own = with_article(wording.modest(f"{found[2][:1].upper()}{found[2][1:]}"))
                return wording.sentence(own), {text: f"{found[1]}{found[3]}"}
    return told, {}


_RUN_TO = pattern(r"(?s)(Run `/[^`]+`.*?\)), to (.+?)((?:, or follow the steps[^.]*)?\.)$")
"""How a command is called, and what for."""


def _with(part: Part, new: Mapping[str, str]) -> Part:
    """The part with other texts in place of its own; "": none."""
    texts = [replace(block, text=new.get(block.text, block.text)) for block in part.blocks]
    return replace(part, blocks=[block for block in texts if block.text])


def _alike(one: str, other: str) -> bool:
    """Do two leads share two of five words of the shorter one?"""
    mine, known = wording.content(one), wording.content(other)
    return 5 * len(mine & known) >= 2 * min(len(mine), len(known))


def _may_lead(block: Block) -> bool:
    is_call = block.text.startswith(_CALLS)
    return block.kind == "text" and not (block.announces or is_pointer(block) or is_call)


BELOW = ", or follow the steps below."
"""What stands behind how a command is called, where its text says what is done."""
_CALLS = ("Run `", "Delegate to", "For the details", "Tools: ", "Model: ")


def _is_order(text: str) -> bool:
    first = re.sub(r"^\w+ly (?=\w)|\W.*", "", text.strip("*_ ").lower(), flags=re.S)
    return verbs.is_verb(first) and first not in ("receive", "get", "understand")


def _described(material: Material) -> str:
    """The first sentence of the description, as an order where it can be one; none that only lists
    what the table of commands and agents says."""
    description = str((material.analysis or {}).get("description", ""))
    first = next(iter(wording.sentences(description.partition(" Use when ")[0])), "").strip()
    new = wording.content(first) - wording.content(material.anatomy.description)
    of_parts = len(members.named(material.anatomy)) > 2 and len(new) >= OF_PARTS
    of_parts = of_parts and not any(first.rstrip(".") in f.text for f in material.anatomy.files)
    if wording.is_vacuous(first.rstrip("."), material.anatomy.name) or of_parts:
        return ""
    first = verbs.imperative(first) or _PROVIDES.sub("", first)
    return wording.sentence(first[:1].upper() + first[1:])


_PROVIDES = pattern(r"^Provides (?:an? |the )?(?=\w)")
"""What a description says of a thing, and a lead leaves out: "Provides a tide table"."""


OF_PARTS = 5
"""Words that a plugin of several parts does not say of itself, from which on they say it."""
_STEP = pattern(r"(?i)\W*(?:(?:step|phase|stage)\b|\d+[.:)] +([a-z]+))")
_SLOGAN = pattern(r"(?:\*\*[^*\n]+\*\*|__[^_\n]+__)")
_OF_ITSELF = pattern(  # a slogan, or what something is to somebody
    r"(?:\*\*[^*\n]+\*\*|__[^_\n]+__)$"
    r"|(?:this|the) (?:[\w-]+ )?(?:command|agent|skill|plugin|tool) (?:provides|offers|helps|is) ",
    re.I,
)


def sums_up(path: Sequence[str], blocks: Sequence[Block], known: str) -> bool:
    """Is it a section of one sentence that says in short what the others say? known: what the
    plugin says of itself; of a task that says more than that nothing is left out."""
    texts = [block.text for block in blocks]
    one = len(texts) == 1 and blocks[0].kind == "text" and len(wording.sentences(texts[0])) == 1
    if one and path[-1].lower() == "task":
        return len(wording.content(texts[0]) - wording.content(known)) < NEW
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
    run, _, follow = lead[0].text.removesuffix(".").partition(", or follow")
    follow = f", or follow{follow}" if follow else ""
    runs = Block("text", f"{run}, to {first.lower()} {rest}{follow}.")
    return [], [runs, *lead[1:]]


def followed(lead: list[Block], groups: Sequence[trim.Group]) -> list[Block]:
    """How a command is called, where its text says what is done then: "Run `/peek`, defined in ...,
    or follow the steps below." What an agent's file says, it says to the agent."""
    texts = [one for group in groups for one in group.sections]
    heads = [_STEP.match(step) for group in groups for step in group.steps[:1]]
    steps = any(one and (one[1] is None or verbs.is_verb(one[1].lower())) for one in heads) or any(
        is_ordered(block)
        for one in texts
        for block in one.blocks
        if not one.path or any(map(worth.PROCEDURE.search, one.path))
    )
    said = lead[0].text.removesuffix(".") if lead else ""
    if said.startswith("Run ") and steps:
        return [Block("text", f"{said}{BELOW}"), *lead[1:]]
    if said.startswith("Delegate ") and texts:
        return [Block("text", f"{said}{FROM_IT}"), *lead[1:]]
    return lead


def first_way(part: Part) -> Part:
    """The part; what it begins with is no other way ("Or call it"), as the first one has gone."""
    first = part.blocks[0].text if part.blocks and not part.is_standing else ""
    if not first.startswith("Or ") or part.blocks[0].kind != "text":
        return part
    said = f"{first[3:4].upper()}{first[4:]}"
    return replace(part, blocks=[replace(part.blocks[0], text=said), *part.blocks[1:]])


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
