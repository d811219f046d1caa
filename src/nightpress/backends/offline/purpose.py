"""What a plugin does, for its description: sentences that begin with a verb in the third person."""

from __future__ import annotations

import re

from nightpress.backends.offline import members, person, trim, verbs, voice, wording
from nightpress.backends.offline.articles import with_article
from nightpress.backends.offline.blocks import sections
from nightpress.backends.offline.clean import Place, is_quotable, shown, uncoded
from nightpress.backends.offline.outline import matter_of
from nightpress.backends.offline.phrases import begun, untitled
from nightpress.backends.offline.terms import products
from nightpress.backends.offline.trim import Owned
from nightpress.backends.offline.wording import plain, sentences
from nightpress.checks import claimed
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component
from nightpress.plugin import kind_of

_NOWHERE = Place("", "", "", frozenset())
_ITEM = pattern(r"(?m)^\d+[.)]\s+(\S.*)$")
FEW = 2
"""Commands and agents of a plugin that is what they are."""


def purpose(anatomy: Anatomy, own: Owned) -> str:
    """What the plugin says that it does; where it says no more than its name, or what somebody is,
    what its commands and agents do together."""
    said = _claimed(anatomy, own, told_of(anatomy))
    every = members.named(anatomy)
    if _says_nothing(said, anatomy.name):
        if len(every) > 1 and (together := members.acts(anatomy, own)):
            return together
        opening = _claimed(anatomy, own, _opening(anatomy))
        if len(every) > FEW and _says_nothing(opening, anatomy.name):
            return members.listed(every)  # what one of many says of itself does not speak for all
        if len(every) > FEW:
            return begun(wording.modest(opening))
        others = (_claimed(anatomy, own, shown(c.description)) for c in every)
        said = next((one for one in others if not _says_nothing(one, anatomy.name)), said)
        if len(every) == 1 and _says_nothing(said, anatomy.name):
            said = members.deeds(every[0]) or (
                said if wording.is_cast(said) else _titled(every[0], said)
            )
    elif len(every) == 1 and members.only_calls(told_of(anatomy)):
        said = members.deeds(every[0]) or said
    said = wording.occasion(wording.duties(wording.modest(said)))
    seen = "\n".join(uncoded(file.text) for file in anatomy.files[:40] if file.path.endswith(".md"))
    return with_article(_opened(anatomy, own, begun(said, seen)))


def _titled(component: Component, name: str) -> str:
    """What a text's title says that is more than its name: "How to Moor a Ship in Fog"; else the
    name."""
    found = _TITLE.search(component.body)
    title = wording.untitled_case(shown(found[1])) if found else ""
    title = title[:1].upper() + title[1:]
    return title if len(wording.stems(title) - wording.stems(name)) > 1 else name


_TITLE = pattern(r"(?m)^# (?:[Hh]ow [Tt]o )?(\S.*)$")


def _opening(anatomy: Anatomy) -> str:
    """The first sentence of the first README, in words."""
    readmes = sorted(
        (f.path.count("/"), f.path, f.text) for f in anatomy.files if kind_of(f.path) == "readme"
    )
    found = _PROSE.search(readmes[0][2]) if readmes else None
    first = next(iter(sentences(shown(found[1]))), "") if found else ""
    return "" if first.rstrip().endswith(":") else first.strip()


def told_of(anatomy: Anatomy) -> str:
    """What the plugin, or the first of its parts that says something, says of itself."""
    texts = (anatomy.description, *(c.description for c in anatomy.components))
    return next(filter(None, map(shown, texts)), "") or plain(anatomy.name)


def _claimed(anatomy: Anatomy, own: Owned, text: str) -> str:
    """A description without what it overstates, and without when to call it."""
    text = untitled(members.without_calls(trim.prose(text, own)), anatomy.name)
    kept = (one for one in sentences(_FIGURES.sub("", text)) if is_quotable(one))
    text = "".join(kept).strip()
    for match in reversed(list(claimed.overstated(anatomy, text))):
        text = text[: match.start()] + text[match.start("kind") :]
    return text


def _says_nothing(text: str, name: str) -> bool:
    return wording.is_vacuous(text, name) or wording.is_cast(text) or members.speaks(text)


_FIGURES = pattern(  # "for 10-100x performance improvement"
    r",?(?: (?:for|with|by|achieving|delivering|and))? (?:up to |typical savings:? )?[+~]?\d[\d.,]*"
    r"(?:-\d[\d.,]*)?(?:x|\u00d7|%) (?:[\w-]+ ){0,2}(?:improvements?|faster|better|accuracy"
    r"|speedups?|reductions?|savings|gains?|speed|performance|cheaper|fewer|less)\b"
    r"|\.? ?\(?(?:typical savings|saves?):? ?(?:up to )?\d[\d.,]*(?:-\d[\d.,]*)?%\)?",
    re.I,
)


def _opened(anatomy: Anatomy, own: Owned, what: str) -> str:
    """What the plugin does, with the first sentence of its one or two commands and agents, as far
    as it says more: a skill is found by more of what users ask for then (`python -m benchmarks
    trigger`). Of two that say nearly the same the one that says more. A few words alone go on with
    what the steps of the one command do."""
    named = [*anatomy.of("command"), *anatomy.of("agent")]
    what = what.rstrip(" .!:;,")
    known, found = set(wording.stems(what)), [what]
    for component in named if len(named) <= FEW else ():
        before = re.split(r"(?m)^##+ ", component.body, maxsplit=1)[0]
        opening = next(filter(None, map(str.strip, _PROSE.findall(before))), "")
        first = next(iter(sentences(trim.prose(voice.neutral(shown(opening)), own))), "")
        sentence = begun(wording.duties(wording.modest(first)), component.body).rstrip(" .!:;,")
        said = wording.stems(sentence)
        if not is_quotable(first) or members.speaks(first):
            continue
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
    if len(found) < 2 and len(found[0]) < SHORT and len(named) == 1 and not products(named[0]):
        does = _does(named[0], known)
        found = does if does and what.startswith("Covers ") else [*found, *does]
    return ". ".join(found)


def _does(component: Component, known: set[str]) -> list[str]:
    """The first words of a numbered list of what is done that begin with verbs, as one sentence in
    the third person: "Guesses the separator, shows the columns, and names what would break a load";
    none where there are not two."""
    for section in sections(component.body, _NOWHERE):
        if any(matter_of(heading)[0] in ("setup", "trouble") for heading in section.path):
            continue
        for at, block in enumerate(section.blocks):
            if block.kind == "code":
                continue  # a form that is filled in
            before = [one.text for one in section.blocks[:at][-1:]]
            if any(map(_ADVICE.search, (*section.path, *before))):
                continue
            told = map(person.done, _ITEM.findall(block.text))
            fresh = [one for one in told if len(wording.stems(one) - known) > 1][:3]
            if len(fresh) > 1:
                rest = [one[:1].lower() + one[1:] for one in fresh]
                comma = "," if rest[2:] or " and " in rest[0] else ""
                joined = f"{', '.join(rest[:-1])}{comma} and {rest[-1]}"
                return [joined[:1].upper() + joined[1:]]
    return []


_ADVICE = pattern(
    r"\b(?:best practices|tips|advi[cs]e|recommend|should|checklist|testing$"
    r"|approach|principles|guidelines|philosophy|standards)",
    re.I,
)
NEW_WORDS = 4
LONGEST = 240
"""Characters of such a sentence."""
SAYS_IT = 0.5
"""Share of the words of the shorter one of two sentences, 0 to 1."""
SHORT = 90
"""Characters of a description that says little."""
_ASIDE = pattern(r"(?:when|if|this|these|that|it|here|below|for|in)\b", re.I)
_PROSE = pattern(r"(?m)(?:\A|^[ \t]*\n)([A-Z][^\n]+(?:\n[A-Za-z(][^\n]*)*)")
