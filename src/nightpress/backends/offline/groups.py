"""Which sections of a text stand or fall together: the steps of a workflow with what is below them,
a template in sections of its own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from nightpress.backends.offline.blocks import Section, is_step
from nightpress.lazy import pattern


class Group(Struct, frozen=True):
    """Sections that stand or fall together: one, or all steps of a workflow with what is below
    them. steps: the steps' headings, where there are several."""

    sections: tuple[Section, ...]
    steps: tuple[str, ...] = ()


def instructing(found: Sequence[Section]) -> list[Section]:
    """The sections; what is to be done, said above the headings of how, is a sentence of its own:
    it would go as a line that announces nothing."""
    told = [*found]
    for at, (one, after) in enumerate(pairwise(found)):
        below = after.path[:-1][: len(one.path)] == one.path and one.path
        if below and one.blocks and _INSTRUCTS.match(one.blocks[-1].text):
            told[at] = _closed(one)
    return told


_INSTRUCTS = pattern(r"(?i)(?:when|if) (?:the |a )?users? [^.:\n]+, (?:\w+ ){3,}[^.\n]*:$")


def whole(found: Sequence[Section]) -> Iterator[Group]:
    """The sections, the steps of one workflow (headings of one parent) with all below them in one
    group."""
    at = 0
    while at < len(found):
        end, steps = _workflow(found, at)
        if len(steps) < 2:
            end, steps = _template(found, at)
        if len(steps) > 1:
            lead = found[at] if is_step(steps[0]) else _closed(found[at])
            yield Group((lead, *found[at + 1 : end]), tuple(steps))
        else:
            end = at + 1
            yield Group((found[at],))
        at = end


def _template(found: Sequence[Section], at: int) -> tuple[int, list[str]]:
    """(where what a text announces in sections of its own ends, the headings of those): "Report in
    this structure:", and under headings what is in a report."""
    above, end = found[at].path, at + 1
    lead = found[at].blocks[-1].text if found[at].blocks else ""
    if not (above and lead.endswith(":") and _FORM.search(lead)) or _OPEN.search(lead):
        return end, []
    while end < len(found) and found[end].path[: len(above)] == above != found[end].path:
        end += 1
    heads = list(dict.fromkeys(one.path[len(above)] for one in found[at + 1 : end]))
    size = sum(len(block.text) for one in found[at:end] for block in one.blocks)
    return end, [] if any(map(is_step, heads)) or size > TEMPLATE else heads


_FORM = pattern(r"\b(?:structure|format|template|report|layout|outline)\b", re.I)
_OPEN = pattern(r"\b(?:is|are|includes?|with|by|to|of|for|in):$", re.I)
TEMPLATE = 3_000
"""Characters of a template, at most, that is shown whole or not at all."""


def _closed(lead: Section) -> Section:
    """The section; what it announces stands under headings."""
    *before, last = lead.blocks
    follows = " follows" if last.text.endswith(" as:") else ""
    return replace(lead, blocks=[*before, replace(last, text=f"{last.text[:-1]}{follows}.")])


def _workflow(found: Sequence[Section], at: int) -> tuple[int, list[str]]:
    """(where the workflow that begins here ends, the headings of its steps)."""
    parent, depth = found[at].path[:-1], len(found[at].path)
    steps: list[str] = []
    if not depth:
        return at + 1, steps
    while at < len(found) and found[at].path[: depth - 1] == parent:
        path = found[at].path
        if len(path) < depth or not is_step(path[depth - 1]):
            break
        if path[depth - 1] not in steps:
            steps.append(path[depth - 1])
        at += 1
    return at, steps
