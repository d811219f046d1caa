"""Phase 1, offline: the analysis from what the plugin's files say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nightpress.backends.offline import members, occasions, plans, trim, wording
from nightpress.backends.offline.blocks import Section, sections
from nightpress.backends.offline.clean import Place, shown
from nightpress.backends.offline.purpose import purpose, told_of
from nightpress.backends.offline.wording import cut, plain
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component
from nightpress.plugin import kind_of

_STEP = pattern(r"(?:(?:step|phase|stage)\s*)?\d+\s*[.:)-]\s*(\S.*)", re.I)
_PROCESS = pattern(r"\b(workflow|how it works|process|steps|usage)\b", re.I)
_AUDIENCE = pattern(r"\b(who (is|should|can|this)|audience|designed for|perfect for)\b", re.I)
_ITEM = pattern(r"(?m)^\d+[.)]\s+(\S.*)$")
_NOWHERE = Place("", "", "", frozenset())


def analyse(anatomy: Anatomy) -> dict[str, Any]:
    """The analysis, valid against schemas/analysis.json."""
    readme = [
        section
        for file in anatomy.files
        if kind_of(file.path) == "readme" and "/" not in file.path
        for section in sections(file.text, _NOWHERE)
    ]
    return {
        "purpose": cut(told_of(anatomy), 1200),
        "audience": _audience(readme),
        "triggers": _triggers(anatomy),
        "commands": _named(anatomy.of("command")),
        "agents": _named(anatomy.of("agent")),
        "skills": _named(anatomy.of("skill")),
        "hooks": _named(anatomy.of("hook")),
        "files": _files(anatomy),
        "workflows": list(_workflows(anatomy, readme))[:20],
        "gaps": list(_gaps(anatomy, readme)),
        "description": description(anatomy),
    }


def _named(components: tuple[Component, ...]) -> list[dict[str, str]]:
    """Each name once: an event may have several hooks, a pack two commands of one name."""
    purposes: dict[str, str] = {}
    for component in components:
        name = cut(shown(component.name), 200)
        if name and not purposes.get(name):
            purposes[name] = cut(shown(component.description), 600)
    return [{"name": name, "purpose": purpose} for name, purpose in list(purposes.items())[:200]]


def _audience(readme: list[Section]) -> str:
    for section in readme:
        if _AUDIENCE.search(section.heading) and section.blocks:
            return cut(shown(section.blocks[0].text), 400)
    return ""


def _triggers(anatomy: Anatomy) -> list[str]:
    words = [cut(word, 200) for word in anatomy.keywords[:15]]
    words += [f"/{cut(shown(c.name), 190)}" for c in anatomy.of("command")[:10]]
    return [word for word in dict.fromkeys(words) if word.strip("/ ")]


def _files(anatomy: Anatomy) -> list[dict[str, str]]:
    kinds = ("readme", "command", "agent", "skill", "hook", "mcp", "script")
    return [
        {"name": cut(shown(file.path), 200), "purpose": kind_of(file.path)}
        for file in anatomy.files
        if kind_of(file.path) in kinds and file.path.strip()
    ][:200]


def _workflows(anatomy: Anatomy, readme: list[Section]) -> Iterator[dict[str, Any]]:
    """Numbered headings of a command, and numbered lists under a heading that announces one."""
    for command in anatomy.of("command"):
        parts = sections(command.body, _NOWHERE)
        steps = [m.group(1) for s in parts if (m := _STEP.fullmatch(s.heading))]
        if len(steps) >= 2:
            yield _workflow(f"/{command.name}", steps)
    for section in readme:
        if _PROCESS.search(section.heading):
            for block in section.blocks:
                if block.kind == "list" and len(steps := _ITEM.findall(block.text)) >= 2:
                    yield _workflow(section.heading, steps)


def _workflow(name: str, steps: list[str]) -> dict[str, Any]:
    return {
        "name": cut(shown(name), 200),
        "steps": [cut(shown(step), 600) for step in steps[:30]],
    }


def _gaps(anatomy: Anatomy, readme: list[Section]) -> Iterator[str]:
    """What a document needs, by the standard, and these files do not say."""
    if not readme:
        yield "no README"
    if not anatomy.description:
        yield "no description in plugin.json"
    if not anatomy.version:
        yield "no version in plugin.json"
    silent = [c.name for c in anatomy.components if not c.description and c.kind != "hook"]
    if silent:
        yield cut(f"no description of: {', '.join(shown(name) for name in silent[:12])}", 400)
    texts = [file.text for file in anatomy.files]
    if not any("```" in text for text in texts):
        yield "no example in code"
    if not any(re.search(r"\bwhen to use|\buse (?:it|this)? ?when\b", t, re.I) for t in texts):
        yield "nothing says when to use it"


def description(anatomy: Anatomy) -> str:
    """What and when, in the third person, on one line, without angle brackets: what the plugin
    says of itself, and what a user asks for, by what its commands and agents are there for."""
    own = trim.owned(anatomy)
    what = purpose(anatomy, own) or f"Provides the {plain(anatomy.name)} plugin"
    what = plans.struck(what, plans.not_yet(anatomy))
    what = wording.cut(what.rstrip(" .!:;,"), 600)
    several = len(members.named(anatomy)) > occasions.FEW
    room = max(LEAST, (OF_PACK if several else WHOLE) - len(what))
    occasion = occasions.occasion(anatomy, own, what, room)
    if not occasion:
        thing = _PROVIDED.match(what)
        occasion = (
            f"when the user {f'needs {thing[1]}' if thing else f'asks for {plain(anatomy.name)}'}"
        )
    return cut(re.sub(r"[<>]", "", f"{what}. Use {occasion}."), 1000)


_PROVIDED = pattern(
    r"Provides (an? [\w /-]+?)(?= (?:with|that|for|which|to|of|in|by|using|including)\b|[,.:;(]|$)"
)
WHOLE, OF_PACK, LEAST = 550, 680, 180
"""Characters of what is done and the occasions together, if of several commands and agents, and of
the occasions at least."""
