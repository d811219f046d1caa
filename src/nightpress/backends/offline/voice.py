"""Text that talks to the model, or to somebody ("When invoked, you should:", "Your Task"), said of
what the plugin does. Pure; code is never changed.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from nightpress.backends.offline.blocks import Block, Section, is_ordered, items_of
from nightpress.backends.offline.wording import is_deed, sentences
from nightpress.lazy import pattern


def neutral(text: str) -> str:
    """The sentences of a text, none of which tells anybody that now is the time: "When invoked, you
    should read the table." gives "Read the table."; "" where it only announced that."""
    return "".join(map(_neutral, sentences(text))).strip()


def _neutral(sentence: str) -> str:
    marks = sentence[: len(sentence) - len(sentence.lstrip("*_ "))]
    plain = said = sentence[len(marks) :]
    if found := _INVOKED.match(said):
        said = said[found.end() :]
    if found := _TOLD_TO.match(said):
        said = said[found.end() :]
    if found := _HELPS.match(said):
        said = _THEIR.sub("the user's", said[found.end() :])
    elif (found := _HELP.match(said)) and is_deed(found[1]):
        said = said[found.start(1) :]
    if said == plain:
        return sentence
    if not re.search(r"\w", said):
        return ""
    return f"{marks}{said[:1].upper()}{said[1:]}"


_INVOKED = pattern(
    r"when(?:ever)? (?:(?:this|the) (?:command|agent|skill|plugin|tool) is |you(?:'re| are) )?"
    r"(?:invoked|called|run|activated|triggered|executed)(?: by (?:a|the) user)?,\s*",
    re.I,
)
_TOLD_TO = pattern(
    r"you (?:should|will|must|need to|are to|shall)(?: then)?(?=:|$| (?!see|receive|get"
    r"|find|have|notice|be\b|not\b)[a-z])[: ]*",
    re.I,
)
_HELPS = pattern(
    r"(?:i(?:'ll| will) )?help (?:(?:the )?users?|you) (?:to )?(?!with\b)(?=[a-z])", re.I
)


_HELP = pattern(r"help (?:to )?([a-z]+)", re.I)
_THEIR = pattern(r"\btheir\b")


def of_it(section: Section) -> Section:
    """The section, said to nobody."""
    blocks: list[Block] = []
    for block in section.blocks:
        text = neutral(block.text) if block.kind == "text" else block.text
        text = _ANSWERS.sub("Answer", text)
        if text:
            blocks.append(block if text == block.text else replace(block, text=text))
    path = [_titled(name) for name in section.path]
    if path and _NOW.fullmatch(section.heading) and any(map(is_ordered, blocks)):
        path[-1] = "Steps"
    heading = path[-1] if path else _titled(section.heading)
    return replace(section, heading=heading, path=tuple(path), blocks=blocks)


def _titled(heading: str) -> str:
    """The heading, not said to anybody: "Your duties" are "Duties"."""
    if _DOES.fullmatch(heading):
        return "What it does"
    plain = _YOURS.sub("", heading)
    return plain[:1].upper() + plain[1:] if plain != heading else heading


_WHEN_INVOKED = r"when (?:invoked|called|run|activated|triggered|executed)"
_NOW = pattern(_WHEN_INVOKED, re.I)
_DOES = pattern(rf"what (?:you|i|we)(?:'ll)? (?:do|will do|should do)|{_WHEN_INVOKED}", re.I)
_ANSWERS = pattern(r"(?<![^*])You(?=:\**\Z)")
_YOURS = pattern(r"^your\s+", re.I)

SUMS_UP = pattern(
    r"(?:what it does|overview|purpose|summary|description|mission|introduction|about)", re.I
)
"""Headings of what says in short what the rest says."""


def impersonal(section: Section) -> Section:
    """An agent's section without what tells the agent who it is and what it shall be: sentences
    and items about "you". What it does, and its rules ("Never do it yourself"), stay."""
    blocks: list[Block] = []
    for block in section.blocks:
        text = block.text
        if block.kind == "text":
            text = "".join(s for s in sentences(text) if not _YOU.search(s)).strip()
        elif block.kind == "list" and _YOU.search(text) and not _ORDERED.match(text):
            text = "\n".join(item for item in items_of(text) if not _YOU.search(item))
        if text:
            blocks.append(replace(block, text=text))
        elif blocks and blocks[-1].announces:
            blocks.pop()
    return replace(section, blocks=blocks)


_YOU = pattern(
    r"^[\W\d_]*(?:you|your|you're|you'll|as an?)\b"
    r"|\byou(?:'re|'ll| (?:are|will|have|excel|can|understand|speciali[sz]e|possess))\b",
    re.I,
)
_ORDERED = pattern(r"\s*\d+[.)]\s")
