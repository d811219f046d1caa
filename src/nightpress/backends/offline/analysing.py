"""Phase 1, offline: the analysis from what the plugin's files say of themselves."""

from __future__ import annotations

import re
from typing import Any

from nightpress.anatomy import kind_of
from nightpress.model import Anatomy, Component

_PERSON = re.compile(r"\b(I|we|our|us|my|you|yours|yourself)\b", re.I)


def analyse(anatomy: Anatomy) -> dict[str, Any]:
    """The analysis, valid against schemas/analysis.json."""
    commands = _named(anatomy.of("command"))
    skills = anatomy.of("skill")
    return {
        "purpose": _purpose(anatomy)[:1200],
        "audience": "",
        "triggers": _triggers(anatomy),
        "commands": commands,
        "agents": _named(anatomy.of("agent")),
        "skills": _named(skills),
        "hooks": _named(anatomy.of("hook")),
        "files": _files(anatomy),
        "workflows": [],
        "gaps": [],
        "description": description(anatomy),
    }


def _named(components: tuple[Component, ...]) -> list[dict[str, str]]:
    return [
        {"name": _cut(c.name, 200), "purpose": _cut(_line(c.description), 600)}
        for c in components[:200]
        if c.name.strip()
    ]


def _line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0]


def _purpose(anatomy: Anatomy) -> str:
    said = _line(anatomy.description)
    if said:
        return said
    for component in anatomy.components:
        if component.description.strip():
            return _line(component.description)
    return anatomy.name


def _triggers(anatomy: Anatomy) -> list[str]:
    words = [_cut(word, 200) for word in anatomy.keywords[:15]]
    words += [f"/{c.name}" for c in anatomy.of("command")[:10] if c.name.strip()]
    return [word for word in dict.fromkeys(words) if word.strip()][:30]


def _files(anatomy: Anatomy) -> list[dict[str, str]]:
    kinds = ("readme", "command", "agent", "skill", "hook", "mcp", "script")
    return [
        {"name": _cut(file.path, 200), "purpose": kind_of(file.path)}
        for file in anatomy.files
        if kind_of(file.path) in kinds
    ][:200]


def description(anatomy: Anatomy) -> str:
    """What and when, in the third person, on one line, without angle brackets."""
    what = _third_person(_purpose(anatomy)) or f"Provides the {_plain(anatomy.name)} plugin"
    what = what.rstrip(" .!:;,")
    commands = [f"/{c.name}" for c in anatomy.of("command")[:4]]
    keywords = [w for w in anatomy.keywords[:6] if w.lower() not in what.lower()]
    parts = []
    if keywords:
        parts.append(f"the task involves {_list(keywords)}")
    if commands:
        parts.append(f"the user runs {_list(commands)}")
    if not parts:
        parts.append(f"the user asks for {_plain(anatomy.name)}")
    text = f"{_cut(what, 600)}. Use when {' or '.join(parts)}."
    return _cut(re.sub(r"[<>]", "", text), 1000)


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _plain(name: str) -> str:
    return re.sub(r"[^\w. -]+", " ", name).strip() or "described"


def _third_person(text: str) -> str:
    """The sentences in the third person; `your` becomes `the`."""
    text = re.sub(r"\byour\b", "the", text, flags=re.I)
    kept = [s for s in re.split(r"(?<=[.!?])\s+", text) if not _PERSON.search(s)]
    return " ".join(kept)
