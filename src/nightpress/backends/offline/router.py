"""What a SKILL.md says of commands and agents that have a reference each, beside what each is for:
their steps. What one forbids or writes stands whole in its reference: some of it here would pass
for all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nightpress.backends.offline import components, trim
from nightpress.backends.offline.blocks import Block, is_ordered, items_of
from nightpress.backends.offline.clean import Place
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.stubs import NUMBER, are_steps
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.worth import PROCEDURE
from nightpress.lazy import pattern
from nightpress.model import Component, Material


def parts(material: Material, topic: Topic) -> Iterator[Part]:
    """The steps of the components that have a reference."""
    every = [
        one
        for kind in ("command", "agent")
        for one in components.once(material, kind)
        if one.path in material.references and topic.uses(one)
    ]
    rows = list(_procedures(material, every))
    commands = sum(one.kind == "command" for one in every)
    if 3 * len(rows) >= commands and rows:  # a few of many would pass for all
        said = [Block("text", "What they do, step by step:"), Block("list", "\n".join(rows))]
        yield Part(("Steps",), (0, 1), 3, said)


def _procedures(material: Material, every: Sequence[Component]) -> Iterator[str]:
    """The steps of each command that has several, by name, as long as there is room."""
    own, room = trim.owned(material.anatomy), MOST_STEPS
    for one in every:
        names = _steps(one, components.place_of(material, one.path), own)
        said = "; ".join(f"{n}. {name}" for n, name in enumerate(names, 1))
        room -= len(said)
        if said and room > 0:
            yield f"- `{components.name_of(one)}`: {said}."


def _steps(component: Component, place: Place, own: trim.Owned) -> list[str]:
    """The names of a command's steps: of headings that say so, or of a list's bold titles.
    Of several procedures none: one of them would pass for what the command does."""
    groups = trim.quoted(component.body, place, own) if component.kind == "command" else []
    if sum(bool(group.steps) for group in groups) > 1:
        return []
    for group in groups:
        # other numbers may count the parts of a result
        found = list(group.steps) if all(map(_CALLED.match, group.steps)) else []
        for section in group.sections if not found else ():
            titles = [_TITLE.match(item) for block in section.blocks if is_ordered(block)
                      for item in items_of(block.text)]  # fmt: skip
            names = [one[1].rstrip(" :.") for one in titles if one]
            head = section.path[-1] if section.path else ""
            is_told = all(titles) and PROCEDURE.search(head) and not _AFTERWARDS.search(head)
            found = names if is_told and are_steps(names) else found
        names = [NUMBER.sub("", _CALLED.sub("", name)) for name in found]
        if LEAST <= len(names) <= MOST and all(4 < len(name) <= MOST_NAME for name in names):
            return names
    return []


LEAST, MOST, MOST_NAME, MOST_STEPS = 3, 12, 70, 2_400
"""Steps of a procedure that is named, characters of a step's name, and of all of them."""
_CALLED = pattern(r"^(?:step|phase|stage) *\d+ *[:.)\u2013\u2014-]* *", re.I)
_AFTERWARDS = pattern(r"(?i)\b(?:completion|next|final|follow-?up|post|optional|alternative)\b")
_TITLE = pattern(r"\s*\d+[.)] +\*\*([^*\n]+)\*\*")
