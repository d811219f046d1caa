"""A long skill of a person's as a SKILL.md with references: proposed, never done unasked.

Pure: the same text gives the same split, so what a review shows is what is applied. No line is
changed: whole sections move, their headings stay, each with a link to the file that it moved to.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping

from msgspec import Struct

from nightpress.checks import document
from nightpress.lazy import pattern
from nightpress.plan.staleness import LONG
from nightpress.plugin import skill_name

__all__ = ["MODEL", "Split", "split"]

AIM = 12_000
"""Bytes of SKILL.md down to which sections move."""
LEAST = 1_200
"""Bytes of a section that is worth a file of its own."""
MODEL = "split"
"""What a held split says instead of a model: nobody wrote it."""

_STAYS = pattern(  # what an agent needs at once
    r"\b(?:when|overview|quick ?start|workflow|process|steps|instructions|rules?|principles?"
    r"|important|critical|must|never|role|purpose|decision|choos\w+)\b"
    r"|\b(?:step|phase|stage) \d|^\d+[.)]",
    re.I,
)
_BOUND = pattern(  # what works in SKILL.md alone, or leads somewhere from there
    r"\$ARGUMENTS|\$\d|\$\{CLAUDE_|!`|```!|\]\((?!https?:|mailto:)|\]\[|\[\^|^\[[^\]\n]+\]:", re.M
)
_TAG = pattern(r"<(/?)([A-Za-z][\w-]*)\b[^<>]*?(/?)>")
_VOID = frozenset("br hr img input link meta source wbr".split())


class Split(Struct, frozen=True):
    """The new SKILL.md, and its references: path beside it -> text."""

    skill: str
    references: Mapping[str, str]


class _Section(Struct, frozen=True):
    """A section that could move: its lines, from the one after its heading to before the next."""

    title: str
    first: int
    end: int
    size: int


def split(text: str, taken: Container[str] = ()) -> Split | None:
    """The split of a skill's text; None where it is not long, or cannot be split without changing
    a line. taken: files beside it that stand already."""
    if len(text.encode()) <= LONG or "\r" in text:
        return None
    lines = text.split("\n")
    left = len(text.encode())
    moved: dict[int, tuple[_Section, str]] = {}
    for section in sorted(_movable(text, lines), key=lambda one: -one.size):
        if left <= AIM:
            break
        path = _path(section.title, {path for _, path in moved.values()}, taken)
        moved[section.first] = (section, path)
        left -= section.size
    if left > LONG or not moved:
        return None
    found = _split(lines, moved)
    told = Counter("\n".join([found.skill, *found.references.values()]).split("\n"))
    return found if not Counter(lines) - told else None


def _split(lines: list[str], moved: Mapping[int, tuple[_Section, str]]) -> Split:
    kept: list[str] = []
    references: dict[str, str] = {}
    at = 0
    while at < len(lines):
        if at not in moved:
            kept.append(lines[at])
            at += 1
            continue
        section, path = moved[at]
        own = lines[at : section.end]
        inner = [head.text for head in document.parse("\n".join(own)).headings]
        topics = f": {'; '.join(inner[:6])}" if inner else ""
        kept += ["", f"Read [{path}]({path}) when you come to this{topics}.", ""]
        contents = [f"Contents{topics}.", ""] if topics and len(own) > 100 else []
        body = "\n".join(own).strip("\n")
        references[path] = "\n".join([f"# {section.title}", "", *contents, body, ""])
        at = section.end
    return Split("\n".join(kept), references)


def _movable(text: str, lines: list[str]) -> Iterator[_Section]:
    """The sections of the level that the text is made of that may stand in a file of their own."""
    parsed = document.parse(text)
    levels = Counter(head.level for head in parsed.headings)
    level = next((n for n in (2, 1, 3) if levels[n] > 2), 0)
    heads = [head for head in parsed.headings if head.level <= level]
    linked = {link.target[1:] for link in parsed.links if link.target.startswith("#")}
    for head, after in zip(heads, [*heads[1:], None], strict=False):
        end = after.line - 1 if after is not None else len(lines)
        own = "\n".join(lines[head.line : end])
        section = _Section(head.text, head.line, end, len(own.encode()))
        inner = {_anchor(h.text) for h in parsed.headings if head.line < h.line <= end}
        start, stop = parsed.starts[head.line - 1], parsed.starts[min(end, len(lines)) - 1]
        if (
            head.level == level
            and section.size >= LEAST
            and not _STAYS.search(head.text)
            and not _BOUND.search(own)
            and not inner & linked
            and not _open_tags(parsed.prose[:start])
            and not _open_tags(parsed.prose[start:stop])
        ):
            yield section


def _open_tags(prose: str) -> bool:
    """Is a tag opened that is not closed there, or the other way round?"""
    balance = Counter[str]()
    for closing, name, empty in _TAG.findall(prose):
        if not empty and name.lower() not in _VOID:
            balance[name.lower()] += -1 if closing else 1
    return any(balance.values())


def _anchor(title: str) -> str:
    """How GitHub links to a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")


def _path(title: str, used: Container[str], taken: Container[str]) -> str:
    name = skill_name(title)[:48].strip("-") or "part"
    path, n = f"references/{name}.md", 2
    while path in used or path in taken:
        path, n = f"references/{name}-{n}.md", n + 1
    return path
