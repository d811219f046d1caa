"""Phase 1, offline: the analysis from what the plugin's files say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nightpress.backends.offline import occasions, person, trim, verbs, voice, wording
from nightpress.backends.offline.articles import with_article
from nightpress.backends.offline.blocks import Section, sections
from nightpress.backends.offline.clean import Place, shown
from nightpress.backends.offline.outline import matter_of
from nightpress.backends.offline.person import third_person
from nightpress.backends.offline.trim import Owned
from nightpress.backends.offline.wording import cut, plain, sentences
from nightpress.checks import claimed
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
    for match in reversed(list(claimed.overstated(anatomy, purpose))):
        purpose = purpose[: match.start()] + purpose[match.start("kind") :]
    if wording.is_vacuous(purpose, anatomy.name) or wording.is_cast(purpose):
        described = (c.description for c in anatomy.components if c.kind in ("command", "agent"))
        others = filter(None, (trim.prose(shown(d), own) for d in described))
        purpose = next((text for text in others if not wording.is_cast(text)), purpose)
    what = wording.occasion(wording.duties(wording.modest(purpose)))
    what = with_article(third_person(what)) or f"Provides the {plain(anatomy.name)} plugin"
    what = _opened(anatomy, own, cut(what.rstrip(" .!:;,"), 600))
    occasion = occasions.occasion(anatomy, own, what) or f"the user asks for {plain(anatomy.name)}"
    text = f"{what}. Use when {occasion}."
    return cut(re.sub(r"[<>]", "", text), 1000)


def _opened(anatomy: Anatomy, own: Owned, what: str) -> str:
    """What the plugin does, with the first sentence of its one or two commands and agents, as far
    as it says more: a skill is found by more of what users ask for then (`python -m benchmarks
    trigger`). Of two that say nearly the same the one that says more. A few words alone go on with
    what the steps of the one command do."""
    named = [*anatomy.of("command"), *anatomy.of("agent")]
    known, found = set(wording.stems(what)), [what]
    for component in named if len(named) <= occasions.FEW else ():
        before = re.split(r"(?m)^##+ ", component.body, maxsplit=1)[0]
        opening = next(filter(None, map(str.strip, _PROSE.findall(before))), "")
        first = next(iter(sentences(trim.prose(voice.neutral(shown(opening)), own))), "")
        sentence = third_person(wording.duties(wording.modest(first))).rstrip(" .!:;,")
        said = wording.stems(sentence)
        if _ASIDE.match(sentence) or len(sentence) > LONGEST or len(said - known) < NEW_WORDS:
            continue
        if first.rstrip().endswith(":") or (":" in sentence and not verbs.is_order(sentence)):
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
            told = map(person.done, _ITEM.findall(block.text))
            fresh = [one for one in told if len(wording.stems(one) - known) > 1][:3]
            if len(fresh) > 1:
                rest = [one[:1].lower() + one[1:] for one in fresh]
                comma = "," if rest[2:] or " and " in rest[0] else ""
                joined = f"{', '.join(rest[:-1])}{comma} and {rest[-1]}"
                return [joined[:1].upper() + joined[1:]]
    return []


NEW_WORDS = 4
LONGEST = 240
"""Characters of such a sentence."""
SAYS_IT = 0.5
"""Share of the words of the shorter one of two sentences, 0 to 1."""
SHORT = 90
"""Characters of a description that says little."""
_ASIDE = pattern(r"(?:when|if|this|these|that|it|here|below|for|in)\b", re.I)
_PROSE = pattern(r"(?m)(?:\A|^[ \t]*\n)([A-Z][^\n]+(?:\n[A-Za-z(][^\n]*)*)")
