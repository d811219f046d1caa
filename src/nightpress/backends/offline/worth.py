"""What a section of a component's own text is worth, and in which order they stand."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence

from nightpress.backends.offline.blocks import Block, is_ordered, items_of
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
    if any(map(_REASONS.match, heads)):
        return at + 6
    if "trouble" in matters:
        return min(at, 2)
    if heads and _GUIDES.match(heads[-1]) and len(said(part)) <= RESULT:
        return min(at, 6)
    if heads and _RESULT.match(heads[-1]) and len(said(part)) <= RESULT:
        return min(at, 8)
    if "settings" in matters and any(map(_tells_options, part.blocks)):
        return min(at, 3)
    example = part.path and (ONE_OF.match(part.path[-1]) or EXAMPLES.search(part.path[0]))
    listing = sum(len(block.text) for block in part.blocks if block.kind == "code")
    if listing > LISTING and not part.together and 4 * listing > 3 * len(said(part)):
        return at + 5  # what is stated goes in before what is shown at length
    return at + 5 if example else at


_REASONS = pattern(
    r"(?:(?:key|architecture|technical) )?(?:design|architectur\w+) (?:decisions?|rationale)"
    r"|rationale$|alternatives?(?: \w+)? considered|migration guide|why (?:this|these|we)\b",
    re.I,
)
"""The heading of why something is as it is, and not otherwise."""


RESULT = 2_000
"""Characters of the form of a result that has room before what is shown at length."""
_GUIDES = pattern(
    r"(?:(?:key|core|guiding|important) )?(?:principles|rules|guidelines|constraints|requirements)$"
    r"|success criteria$|(?:(?:analysis|review|debugging|response) )?(?:process|approach|workflow)$"
    r"|(?:response|communication|quality) (?:guidelines|rules|standards)$",
    re.I,
)
"""The heading of how it is done, which is worth more than what is shown of it."""
_RESULT = pattern(r"(?:output|report|response) (?:format|structure)s?$|deliverables$", re.I)


def _tells_options(block: Block) -> bool:
    """Is it a table or a list, or does code say line by line which options there are?"""
    return block.kind in ("table", "list") or len(set(_OPTION.findall(block.text))) > 2


_OPTION = pattern(r"(?m)^[ \t]*(?:-\w,? +)?(--[a-z][\w-]*)")
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
EXAMPLES = pattern(r"\b(?:examples?|templates?|listings?)\b", re.I)
"""The heading of what only shows something."""


def said(part: Part) -> str:
    """All that a part says, without what only announces it."""
    return "\n".join(block.text for block in part.blocks if not block.announces)


ONE_OF = pattern(r"(?:example|scenario|case|option|pattern|method) #?\d+\b", re.I)
"""The heading of one of several examples."""


SYNOPSIS = 2
"""The rank of how something is called."""
DECIDING, CORE, PLAIN, LEAST = 2, 3, 6, 8
"""The worth of what decides how a command works, from which on a section is neither that nor what
is done, of what is true of anything, and of what is only shown."""


def ranked(group: Sequence[Part], heads: Sequence[str], *, agent: bool) -> int:
    """What a section is worth beside those of others, the least goes in first: how it is called
    (0), what is done, and what decides how (1, 2); less than that is what comes of it (3) and the
    rest, and least what is shown. Whoever hands work to an agent needs what decides before what it
    does."""
    blocks = [block for part in group for block in part.blocks]
    code = sum(len(block.text) for block in blocks if block.kind == "code")
    told = sum(len(block.text) for block in blocks)
    name, bare = " / ".join(heads), told - code
    calls = _CALLS.search(name) and (code or not _SHOWN.search(name))
    if group[0].rank <= SYNOPSIS or (calls and code < SHORT and not agent):
        return 0
    in_words = group[0].together or any(map(is_ordered, blocks))
    if 2 * code > told and not (in_words or (bare > SAID and DECIDES.search(name))):
        return LEAST
    if _SHOWN.search(name) or any(map(is_form, blocks)):
        return LEAST
    if _AT_HAND.match(name):
        return LEAST + 1
    if len(group) == 1 and heads and _ONE_OF_SEVERAL.match(heads[-1]):
        return PLAIN  # alone it misleads
    if DECIDES.search(name):
        return 1 if agent else 2
    if told < SHORT and any(guards(blocks)):
        return 2
    if _GIVES.search(name):
        return CORE
    if not heads and all(block.kind == "text" for block in blocks):
        return CORE + 1  # the table says it in short
    if not heads or group[0].together or _DONE.search(name):
        plain = agent and not _facts(blocks)
        return CORE + 1 if plain else 2 if agent else 1
    if _GOOD_AT.search(name):
        return PLAIN + 1
    return CORE + 1 if _facts(blocks) else PLAIN


def _facts(blocks: Sequence[Block]) -> bool:
    """Does it say anything that is not true of whatever is done so?"""
    texts = [block.text for block in blocks if block.kind != "code"]
    return sum(len(FACT.findall(text)) for text in texts) * PER_FACT >= sum(map(len, texts))


def guards(blocks: Sequence[Block]) -> Iterator[str]:
    """The items and paragraphs that keep somebody from harm."""
    for block in blocks:
        pieces = items_of(block.text) if block.kind == "list" else [block.text]
        yield from (one for one in pieces if block.kind != "code" and GUARD.search(one))


def is_form(block: Block) -> bool:
    """Is it a list that is to be filled in: "1. [Title]"?"""
    items = items_of(block.text) if block.kind == "list" else []
    return any(_SLOT.fullmatch(item.split("\n")[0]) for item in items)


_SLOT = pattern(r"\s*(?:[-*+]|\d+[.)])\s+\W*\[[^\]\n]*\]\W*")
GUARD = pattern(
    r"(?i)\b(?:back(?:ing)? ?ups?|never|must(?: not|n't)|do not|don't|warning|caution|data loss"
    r"|irreversibl[ey]|destructive|dry[- ]run|before (?:running|any|delet\w+|modif\w+|appl\w+)"
    r"|only (?:if|when|after|with|the|in)|without confirm\w+|requires? confirm\w+)\b|--force\b"
    r"|\b(?-i:CRITICAL|ONLY|MUST|ALWAYS)\b"
)
"""What keeps somebody from harm: it is said before what is done well."""
FACT = pattern(
    r"`[^`\n]+`|(?<![\w-])--[a-z][\w-]+|\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\b\d[\d.,]*(?: ?%| ?[a-z]+)"
    r"|\b(?:[Nn]ever|[Mm]ust|[Oo]nly|[Aa]lways|[Dd]o not|[Dd]on't|[Uu]nless)\b[^.\n]{0,24}"
)
PER_FACT = 300
"""Characters of a text in which there is one fact at least, or it would be true of anything."""
SHORT = 600
"""Bytes of code that shows how something is called, or what comes of it, and of a section that says
what to beware of."""
SAID = 200
"""Characters that say something in a section that is mostly code."""
_ONE_OF_SEVERAL = pattern(r"(?i)\w+ #?\d+\b")
_CALLS = pattern(r"(?i)\b(?:usage|syntax|synopsis|options|arguments|parameters|modes?)\b")
DECIDES = pattern(
    r"(?i)\b(?:rules|constraints?|limit(?:s|ations?)?|must|never|guardrails|gates?|safety|warnings?"
    r"|important|critical|caution|boundaries|prerequisites?|before you|do(?:'s|s)?|don[\u2019']?ts?"
    r"|do not|avoid|pitfalls|mistakes|anti-?patterns|escalat\w+|severity|criteria|checklists?"
    r"|decision|approve|transitions|thresholds?|iterations?"
    r"|when (?:to|not)|not (?:for|to)|smells"
    r"|prioriti[sz]ation|best practices|quality (?:standards?|control)|guidelines|levels?"
    r"|troubleshooting|edge cases)\b"
)
"""The heading of what decides how something is done, and whether."""
_GIVES = pattern(
    r"(?i)\b(?:when|inputs?|output|deliverables?|hand-?offs?|invoked|returns?|integration with"
    r"|(?:next|other) (?:agents|workers|steps))\b"
)
_DONE = pattern(
    r"(?i)\b(?:tasks?|process|steps?|workflows?|procedure|protocol|instructions|phases?|actions?"
    r"|approach|what (?:it|this)|execution|strategy)\b"
)
_GOOD_AT = pattern(
    r"(?i)\b(?:responsibilit\w+|capabilit\w+|focus(?: areas)?|expertise|duties|competenc\w+|skills"
    r"|knowledge|stack|technolog\w+|philosophy|context|state|metrics|benefits|features|use cases"
    r"|communication(?: style)?|tone)\b"
)
_AT_HAND = pattern(r"(?i)current\b")  # what is looked up as the command runs
_SHOWN = pattern(r"(?i)\b(?:examples?|templates?|listings?|snippets?|sample)\b")
