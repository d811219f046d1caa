"""Phase 1, offline: the analysis from what the plugin's files say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nightpress.backends.offline import trim, voice, wording
from nightpress.backends.offline.blocks import Section, sections
from nightpress.backends.offline.clean import Place, shown
from nightpress.backends.offline.outline import matter_of
from nightpress.backends.offline.trim import Owned
from nightpress.backends.offline.wording import cut, plain, sentences, third_person
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component
from nightpress.plugin import collect, kind_of

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
        "purpose": cut(_purpose(anatomy), 1200),
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


def _purpose(anatomy: Anatomy) -> str:
    text = shown(anatomy.description)
    if text:
        return text
    for component in anatomy.components:
        if component.description.strip():
            return shown(component.description)
    return plain(anatomy.name)


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
    purpose = trim.prose(_purpose(anatomy), own)
    if wording.is_vacuous(purpose, anatomy.name) or wording.is_cast(purpose):
        described = (c.description for c in anatomy.components if c.kind in ("command", "agent"))
        others = filter(None, (trim.prose(shown(d), own) for d in described))
        purpose = next((text for text in others if not wording.is_cast(text)), purpose)
    what = wording.occasion(wording.duties(wording.modest(purpose)))
    what = third_person(what) or f"Provides the {plain(anatomy.name)} plugin"
    what = _opened(anatomy, own, cut(what.rstrip(" .!:;,"), 600))
    occasion = _occasion(anatomy, own, what) or f"the user asks for {plain(anatomy.name)}"
    text = f"{what}. Use when {occasion}."
    return cut(re.sub(r"[<>]", "", text), 1000)


def _opened(anatomy: Anatomy, own: Owned, what: str) -> str:
    """What the plugin does, with the first sentence of its one or two commands and agents, as far
    as it says more: a skill is found by more of what users ask for then (`python -m benchmarks
    trigger`). Of two that say nearly the same the one that says more. A few words alone go on with
    what the steps of the one command do."""
    named = [*anatomy.of("command"), *anatomy.of("agent")]
    known, found = set(wording.stems(what)), [what]
    for component in named if len(named) <= FEW else ():
        before = re.split(r"(?m)^##+ ", component.body, maxsplit=1)[0]
        opening = next(filter(None, map(str.strip, _PROSE.findall(before))), "")
        first = next(iter(sentences(trim.prose(voice.neutral(shown(opening)), own))), "")
        sentence = third_person(wording.duties(wording.modest(first))).rstrip(" .!:;,")
        said = wording.stems(sentence)
        if _ASIDE.match(sentence) or len(sentence) > LONGEST or len(said - known) < NEW_WORDS:
            continue
        if ":" in sentence and not wording.is_order(sentence):
            continue
        if len(found) == 1 and len(said & known) >= SAYS_IT * min(len(known), len(said)):
            if len(said) < len(known):
                continue
            found = []
        if len(found) < 2:
            found.append(sentence)
            known |= said
    if len(found) < 2 and len(found[0]) < SHORT and len(named) == 1:
        does = _does(named[0], known)
        found = does if does and wording.is_cast(what) else [*found, *does]
    return ". ".join(found)


def _does(component: Component, known: set[str]) -> list[str]:
    """The first words of a numbered list that begin with verbs, as one sentence in the third
    person: "Guesses the separator, shows the columns, and names what would break a load"; none
    where there are not two."""
    for section in sections(component.body, _NOWHERE):
        if any(matter_of(heading)[0] in ("setup", "trouble") for heading in section.path):
            continue
        for block in section.blocks:
            told = map(wording.done, _ITEM.findall(block.text))
            fresh = [one for one in told if len(wording.stems(one) - known) > 1][:3]
            if len(fresh) > 1:
                rest = [one[:1].lower() + one[1:] for one in fresh]
                comma = "," if rest[2:] or " and " in rest[0] else ""
                joined = f"{', '.join(rest[:-1])}{comma} and {rest[-1]}"
                return [joined[:1].upper() + joined[1:]]
    return []


FEW = 2
"""Commands and agents of a plugin that is what they are; of more, one speaks for itself alone."""
NEW_WORDS = 4
LONGEST = 240
"""Characters of such a sentence."""
SAYS_IT = 0.5
"""Share of the words of the shorter one of two sentences, 0 to 1."""
SHORT = 90
"""Characters of a description that says little."""
_ASIDE = pattern(r"(?:when|if|this|these|that|it|here|below|for|in)\b", re.I)
_PROSE = pattern(r"(?m)(?:\A|^[ \t]*\n)([A-Z][^\n]+(?:\n[A-Za-z(][^\n]*)*)")


def _occasion(anatomy: Anatomy, own: Owned, what: str) -> str:
    """What follows "Use when": what the user asks for, by what the commands and agents say of when
    to use them, or of themselves; what it is about, by the keywords and the points that the texts
    set off; the commands that the user runs."""
    named = [*anatomy.of("command"), *anatomy.of("agent")]
    said = [item for component in named for item in _occasions(component)]
    said += [wording.occasion(trim.prose(shown(c.description), own)) for c in named]
    known, wishes = set(wording.stems(what)), list[str]()
    for wish in filter(None, map(wording.request, said)):
        new = wording.stems(wish)
        if 2 * len(new - known) >= len(new) and len(wishes) < 4:
            wishes.append(wish)
            known |= new
    points = _points(anatomy) if len(wishes) < 2 else []
    tools = [fact.name.replace("_", " ") for fact in collect(anatomy).of("tool", "structural")]
    texts = "\n".join(f.text for f in anatomy.files if kind_of(f.path) in _TELL)
    words = wording.topics([*anatomy.keywords, *tools[:4], *points], known, anatomy.name, texts)
    words = words[: 5 - len(wishes)]
    if not wishes and len(words) < 2:
        wishes = [w for w in map(wording.request, [*said, anatomy.description]) if w][:1]
    parts = [f"asks to {wording.listed(wishes)}"] if wishes else []
    if words:
        parts.append(f"asks about {wording.listed(words)}")
    if commands := [f"/{shown(c.name)}" for c in anatomy.of("command")[:4]]:
        parts.append(f"runs {wording.listed(commands)}")
    if not parts:
        return ""
    last = f", or {parts[-1]}" if parts[1:] else ""
    return f"the user {', '.join(parts[:-1] or parts)}{last}"


def _occasions(component: Component) -> Iterator[str]:
    """The items of what a command or an agent says of when to use it."""
    for section in sections(component.body, _NOWHERE):
        if _WHEN.search(section.heading) and not _NOT.search(section.heading):
            for at, block in enumerate(section.blocks):
                before = section.blocks[at - 1].text if at else ""
                if block.kind == "list" and not _NOT.search(before):
                    yield from _POINT.findall(block.text)


_WHEN = pattern(r"\b(?:when|use cases?|triggers?)\b", re.I)
_NOT = pattern(r"\b(?:not|never|don'?t|avoid|limits?|limitations?|disclaimer|notes?)\b", re.I)
_POINT = pattern(r"(?m)^[-*+] (?:\[ \] )?(\S.*)$")
_SET_OFF = pattern(r"(?m)^\s*(?:[-*+]|\d+[.)])\s+\*\*([^*\n]{3,40}?):?\*\*")


def _points(anatomy: Anatomy) -> list[str]:
    """What the plugin's texts set off at the beginning of an item of what it does or covers, if but
    once: what comes again and again ("Purpose:") is a form. Two words, or a name: a single word
    says too little."""
    found = [
        shown(point)
        for file in anatomy.files
        if kind_of(file.path) in _TELL
        for section in sections(file.text, _NOWHERE)
        if _COVERS.search(section.heading) and not any(map(_NOT.search, section.path))
        for block in section.blocks
        for point in _SET_OFF.findall(block.text)
    ]
    return [
        re.sub(r" [Ss]upport$", "", point)
        for point in dict.fromkeys(found)
        if found.count(point) == 1 and _TELLING.search(point) and not _QUALITY.search(point)
        if not (wording.is_order(point) or wording.orders(point))
    ]


_QUALITY = pattern(r"[ -](?:based|level|friendly|ready|built|driven)$", re.I)
_TELL = ("readme", "command", "agent")
_COVERS = pattern(
    r"\b(?:features?|capabilit|areas?|what|types?|components?|strateg|patterns?|techniques?"
    r"|methods?|focus|categor|support(?:s|ed)|analy|resources|process|task|detect|checks\b)",
    re.I,
)
_TELLING = pattern(r"\w[ -]\w|[a-z][A-Z]|[A-Z]{2}")
