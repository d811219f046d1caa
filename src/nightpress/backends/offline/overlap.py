"""What several commands or agents say in the same words: said once, above them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence

from msgspec.structs import replace

from nightpress.backends.offline import wording
from nightpress.backends.offline.blocks import Block, is_ordered
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.shares import MUST, is_agent
from nightpress.backends.offline.worth import FACT, GUARD
from nightpress.lazy import pattern

Key = tuple[tuple[int, ...], tuple[str, ...], str]
"""The chapter of a component, a section's headings below the component's, and its text."""


def lifted(components: Sequence[list[Part]]) -> tuple[list[Part], list[list[Part]]]:
    """(sections that several components of a kind share, each component's parts without those). A
    step of a workflow stays where it is, and so does what only some of many say."""
    found: dict[Key, dict[int, Part]] = {}
    of_kind: dict[tuple[int, ...], int] = {}
    for number, parts in enumerate(components):
        if parts:
            of_kind[parts[0].order[:2]] = of_kind.get(parts[0].order[:2], 0) + 1
        for part in parts:
            if key := _key(part, parts):
                found.setdefault(key, {})[number] = part
    shared = {
        key: list(several.values())
        for key, several in found.items()
        if len(several) > 1 and (len(several) <= MOST_NAMED or len(several) == of_kind[key[0]])
    }
    left = [[part for part in parts if _key(part, parts) not in shared] for parts in components]
    return [_once(several, of_kind[key[0]]) for key, several in shared.items()], left


def without_filler(components: Sequence[list[Part]]) -> list[list[Part]]:
    """The parts without the paragraphs that several components have below the same label, and in
    which there is no fact ("**Advanced Features**: Smart repair, comprehensive validation."), and
    without the ones that only say that there are arguments."""
    said: Counter[str] = Counter()
    for parts in components:
        said.update({_label(block) for part in parts for block in part.blocks})
    filler = {label for label, count in said.items() if label and count >= SEVERAL}
    return [[_without(part, filler) for part in parts] for parts in components]


def _without(part: Part, labels: Container[str]) -> Part:
    blocks = [block for block in part.blocks if _label(block) not in labels]
    return part if not blocks or len(blocks) == len(part.blocks) else replace(part, blocks=blocks)


def _label(block: Block) -> str:
    """What a paragraph without a fact is labelled with; "" for any other."""
    found = _LABELLED.fullmatch(block.text) if block.kind == "text" else None
    if found is None or _OUTPUT.search(found[1]):
        return ""
    if _ARGUED.match(found[2]):
        return "arguments"
    precise = FACT.search(found[2]) or GUARD.search(found[2]) or re.search("[A-Z]", found[2][1:])
    return "" if precise else found[1].strip(" :").lower()


_LABELLED = pattern(r"\*\*([^*\n]+)\*\*:? ?([^\s:][^\n]*)")
_ARGUED = pattern(r"Use the arguments to \w+")
_OUTPUT = pattern(r"(?i)\b(?:outputs?|deliverables?|results?|returns?|inputs?)\b")
SEVERAL = 3
"""Components of a pack that say something without a fact, from which on it is their template's."""
MOST_NAMED = 6
"""Names of those that share a section, where not all do."""
LEAST = 20
"""Characters of a section that is worth a line about whose it is."""


def _key(part: Part, beside: Sequence[Part]) -> Key | None:
    """What two equal sections have in common; None for what is to stand below its command."""
    base = part.home.base if part.home else ()
    inner = part.path[len(base) :]
    if not base or not inner or part.together or part.family or any(map(is_ordered, part.blocks)):
        return None  # what is done in order is told, or named, below its command
    if part.is_of_call:
        return None  # "Parameters" say nothing without what takes them
    if any(len(one.path) > len(part.path) and one.path[: len(part.path)] == part.path
           for one in beside):  # fmt: skip
        return None
    text = "\n".join(block.text for block in part.blocks)
    return (part.order[:2], inner, text) if len(text) >= LEAST else None


def _once(several: Sequence[Part], of_kind: int) -> Part:
    first = several[0]
    bases = [part.home.base for part in several if part.home]
    kind = "agent" if is_agent(several) else "command"
    every = f"every {kind}" if len(bases) == of_kind else ""
    whose = every or wording.together([base[-1] for base in bases])
    path = (*bases[0][:-1], *first.path[len(bases[0]) :])
    order = (*first.order[:2], -1, first.order[-1])
    blocks = [Block("text", f"For {whose}:"), *first.blocks]
    rank = first.rank if kind == "agent" else MUST  # which reads its own
    return replace(first, path=path, order=order, rank=rank, blocks=blocks, home=None)
