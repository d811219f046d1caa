"""What a section of a component's own text is worth, and in which order they stand."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from nightpress.backends.offline.blocks import is_ordered
from nightpress.backends.offline.outline import matter_of
from nightpress.backends.offline.part import Part
from nightpress.lazy import pattern


def procedure_first(parts: Sequence[Part]) -> list[Part]:
    """A component's parts; what it does step by step stands before its templates and examples."""
    shown = next((n for n, part in enumerate(parts) if _is_sample(part)), len(parts))
    moved = [part for part in parts[shown:] if _is_procedure(part)]
    rest = [part for part in parts[shown:] if not _is_procedure(part)]
    return [*parts[:shown], *moved, *rest]


def _is_sample(part: Part) -> bool:
    """Is it nothing but code, below a heading of its own?"""
    long = sum(len(block.text) for block in part.blocks if block.kind == "code")
    return bool(part.path) and not part.together and 2 * long > len(said(part))


def _is_procedure(part: Part) -> bool:
    """Is it the task, or a numbered list, under a heading of the first level that announces one?"""
    announced = len(part.path) == 1 and PROCEDURE.search(part.path[0]) is not None
    told = any(map(is_ordered, part.blocks)) or (announced and part.path[0] == "Task")
    return announced and not part.together and told


PROCEDURE = pattern(
    r"\b(?:steps|process|workflow|procedure|instructions|task|approach|execution)\b", re.I
)
"""The heading of what is done step by step."""


def of(part: Part, at: int) -> int:
    """The value of a component's part, the least goes in first. at: its place. Limits, errors and
    what to avoid are worth more than long examples."""
    heads = [name for name in part.path if not ONE_OF.match(name)]
    matters = {matter_of(name)[0] for name in heads}
    if "trouble" in matters:
        return min(at, 2)
    if "settings" in matters and any(block.kind in ("table", "list") for block in part.blocks):
        return min(at, 3)
    example = part.path and (ONE_OF.match(part.path[-1]) or _EXAMPLES.search(part.path[0]))
    listing = sum(len(block.text) for block in part.blocks if block.kind == "code")
    if listing > LISTING and not part.together and 4 * listing > 3 * len(said(part)):
        return at + 5  # what is stated goes in before what is shown at length
    return at + 5 if example else at


LISTING = 1_500
"""Characters of code in a section that is little else, from which on it is a listing."""


def is_synopsis(part: Part, name: str) -> bool:
    """Does it show in a few lines how the command is called, below its title or as its usage? No
    other section is as useful to whoever runs it."""
    if len(part.path) > 1 or (part.path and not _USAGE.match(part.path[0])) or part.together:
        return False
    calls = [block.text.split("\n") for block in part.blocks if block.kind == "code"]
    short = len(said(part)) <= MOST_SYNOPSIS
    return short and any(line.lstrip("$> ").startswith(name) for lines in calls for line in lines)


def calls_with(part: Part, name: str, options: Container[str]) -> bool:
    """Is it an example alone, each call of which has one of the options?"""
    codes = [block.text for block in part.blocks if block.kind == "code"]
    if part.together or not codes or any(b.kind != "code" and not b.announces for b in part.blocks):
        return False
    calls = [
        line for text in codes for line in text.split("\n") if line.lstrip("$> ").startswith(name)
    ]
    return bool(calls) and all(any(one in options for one in line.split()) for line in calls)


def is_slight(part: Part, *, alone: bool) -> bool:
    """Does a document only say what it is, before its sections, or (alone) that commands are in its
    folder?"""
    if alone:
        return _COMMANDS.fullmatch(said(part)) is not None
    return not part.path and len(said(part)) < GREETING


GREETING = 250
"""Characters of what a document says before its sections, below which it says what it is."""
_COMMANDS = pattern(r"(?:commands|agents|skills) (?:for|of|in) [^.\n`\d]{3,80}\.?", re.I)


def sends_on(part: Part) -> bool:
    """Does it only name what else there is in the plugin, or what may be anywhere?"""
    return bool(
        part.path and _SEE_ALSO.fullmatch(part.path[-1]) and not _ELSEWHERE.search(said(part))
    )


_SEE_ALSO = pattern(r"see also|related (?:commands?|agents?)", re.I)
_ELSEWHERE = pattern(r"\]\((?![^)]*\b(?:commands|agents)/)")
MOST_SYNOPSIS = 800
"""Characters of a section that shows how a command is called."""
_USAGE = pattern(r"(?:(?:basic|command|quick) )?(?:usage|synopsis|syntax)$", re.I)
_EXAMPLES = pattern(r"\b(?:examples?|templates?|listings?)\b", re.I)


def said(part: Part) -> str:
    """All that a part says, without what only announces it."""
    return "\n".join(block.text for block in part.blocks if not block.announces)


ONE_OF = pattern(r"(?:example|scenario|case|option|pattern|method) #?\d+\b", re.I)
"""The heading of one of several examples."""
