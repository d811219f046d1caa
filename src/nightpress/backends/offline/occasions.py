"""What users ask for: the occasions of a description, from what the plugin says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import get_args

from nightpress.backends.offline import callings, members, plans, terms, trim, verbs, wording
from nightpress.backends.offline.blocks import sections
from nightpress.backends.offline.callings import ENOUGH
from nightpress.backends.offline.clean import shown
from nightpress.backends.offline.members import called
from nightpress.backends.offline.outline import matter_of
from nightpress.backends.offline.phrases import is_role, untitled
from nightpress.backends.offline.trim import Owned
from nightpress.backends.offline.wishes import (
    Kind,
    Wish,
    lowered_item,
    request,
    trimmed_end,
    wish,
)
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component
from nightpress.plugin import collect, kind_of

FEW = 2
"""Commands and agents of a plugin that is what they are; of more, one speaks for itself alone."""
_NO_TOPIC = frozenset(
    "agent-skills agents ai ai-agency analysis api automation backend best-practices claude"
    " claude-code claude-plugin cli collection community data database development devops"
    " infrastructure integration management mcp monitoring open-source optimization package"
    " performance plugin plugins productivity professional security skill skill-enhancer skills"
    " testing tools utilities utility validation workflow workflows".split()
)


def occasion(anatomy: Anatomy, own: Owned, what: str, room: int = 400) -> str:
    """What follows "Use": when, by what the commands, agents and README say of it, in their order;
    then what else the commands and agents do, what a user mentions, and the commands that he runs.
    room: characters that they have, if more than one is named."""
    known, found = set(wording.stems(what)), list[Wish]()
    every = members.named(anatomy)
    absent = plans.not_yet(anatomy)
    stated = [w for w in _stated(anatomy, every) if not plans.is_promise(w.text, absent)]
    is_pack = len(every) > FEW
    said = list(callings.of_pack(every, own, known, _occasions) if is_pack else _said(anatomy, own))
    shared = members.common(anatomy) if is_pack else set[str]()
    for one in (*stated, *said):
        new = wording.stems(one.text) - shared
        first, _, rest = one.text.partition(" ")
        is_told = not is_pack and first.endswith("ing") and wording.stems(rest) <= known
        if is_told and one.kind == "needs help with":
            continue  # "mooring ships", of what moors ships
        # of what is done again, to another thing, it is the thing that is new
        thing = new - wording.stems(one.text.partition(" ")[0]) if is_pack else new
        share = max(len(words - known) / max(1, len(words)) for words in (new, thing))
        if not share or share < (_NEW_SAID if is_pack and one not in stated else _NEW):
            continue
        taken = sum(len(w.text) + 2 for w in found) + len(one.text)
        if taken > room or len(found) >= (WISHES_OF_PACK if is_pack else WISHES):
            break
        found.append(one)
        known |= new
    if is_pack and sum(one.kind == "asks about" for one in found) == 1:
        found = [one for one in found if one.kind != "asks about"]  # a word of one of many
    if sum(one.kind != "mentions" for one in found) < ENOUGH:
        known_by = " ".join((what, *(one.text for one in found)))
        found += [Wish("mentions", term) for term in terms.mentioned(anatomy, every, known_by)]
    if not found and not is_pack:
        found = _restated(anatomy, own, said, known, what)
    if len(every) == 1 and len(found) == 1 and "(" not in found[0].text:
        names = [one for one in terms.products(every[0]) if one.lower() not in what.lower()]
        with_names = f"{found[0].text} ({', '.join(names)})" if names[1:] else found[0].text
        found = [Wish(found[0].kind, with_names)]
    runs = _runs(anatomy)
    if is_pack and not found and runs and callings.tells(what, every):
        runs = f"asks for one of these, or {runs.removeprefix('asks ')}"
    told = told_when(found, runs, _domain(anatomy, every))
    if told:
        return told
    texts = [
        untitled(anatomy.description, anatomy.name),
        *map(_opening, every),
        *(c.description for c in every),
    ]
    asked = next(filter(None, map(request, map(wording.occasion, texts))), "")
    if asked:
        return told_when([_new(Wish("asks to", asked), known)], "")
    words = [one for one in _terms(anatomy, known) if re.search(r"[ -]", one)][:3]
    return f"when the user asks about {wording.listed(words)}" if words else ""


def _new(one: Wish, known: set[str]) -> Wish:
    """The wish; without how and what for, where the description has said nearly all of it."""
    said = wording.stems(one.text)
    if len(said - known) >= _NEW_SAID * len(said):
        return one
    words = one.text.split()
    ends = (n for n, word in enumerate(words) if n > 1 and word.lower().strip(",") in _HOW)
    end = next(ends, len(words))
    if end > MOST_AGAIN:
        end = next((n for n, word in enumerate(words) if n > 3 and word in _TO_WHAT), end)
    return Wish(one.kind, trimmed_end(" ".join(words[:end])) if end < len(words) else one.text)


MOST_AGAIN = 12
"""Words of an occasion that says again what the description says."""
_HOW = frozenset(
    "with across using by including covering that which through via based so while when before"
    " after during".split()
)
_TO_WHAT = frozenset("for to from into on against".split())
"""Without what follows, a text of many words still says what is done, and of what."""


def _restated(
    anatomy: Anatomy, own: Owned, said: Sequence[Wish], known: set[str], what: str
) -> list[Wish]:
    """Of a plugin that says nothing new of when it is used: what is asked for in short, or
    what its one command or agent is about."""
    every = members.named(anatomy)
    brief = (members.briefly(one.text) for one in said if one.kind == "asks to")
    found = [_new(Wish("asks to", text), known) for text in brief][:1]
    if len(every) != 1:
        return found
    if found:
        return found
    about, is_deed = members.act(every[0], own)
    is_thing = bool(about) and not (is_deed or wording.is_foreign(about))
    is_thing = is_thing and verbs.is_activity(about)  # not with "tide table builder"
    if is_thing:
        return [Wish("needs help with", lowered_item(wording.modest(about)))]
    first = next(iter(wording.sentences(what)), "")
    fits = every[0].kind == "agent" and not first.startswith("Provides")
    first = _ADVERB.sub("", first)
    first = f"{first[:1].upper()}{first[1:]}"
    deed = request(verbs.imperative(first, surely=True)) if fits else ""
    return [_new(Wish("asks to", members.briefly(deed)), known)] if deed else []


_ADVERB = pattern(r"^[A-Z]\w+ly (?=\w)")


def _stated(anatomy: Anatomy, every: Sequence[Component]) -> Iterator[Wish]:
    """What the plugin says itself of when it is used; of more commands and agents what its README
    says, as what one of many says in its text would speak for all."""
    few = every if len(every) <= FEW else ()
    items = [*map(_occasions, few), _told_by_readme(anatomy)]
    yield from (one for said in items for one in map(wish, said) if one is not None)
    for one in few:
        yield from called(one)


def _said(anatomy: Anatomy, own: Owned) -> Iterator[Wish]:
    """What one or two commands and agents do, as a user asks for it."""
    for component in members.named(anatomy):
        text = members.without_calls(trim.prose(shown(component.description), own))
        gerund = re.match(r"\w+ing\b", text)
        if not (gerund or is_role(text)) and (asked := request(wording.occasion(text))):
            yield Wish("asks to", asked)


def _runs(anatomy: Anatomy) -> str:
    """The commands that a user runs, or the agents that he asks for, where there are only they: all
    of them, or some as examples."""
    for kind, mark in (("command", "/"), ("agent", "")):
        names = [f"{mark}{shown(c.name)}" for c in members.chosen(anatomy) if c.kind == kind]
        if not names:
            continue
        several = sum(c.kind == kind for c in members.named(anatomy))
        if several > len(names) or len(", ".join(names)) > MOST_NAMED:
            some = list(_within(names, SOME_NAMED))
            verb = "runs a command" if mark else "asks for an agent"
            return f"{verb} such as {wording.listed(some)}"
        if mark:
            return f"runs {wording.listed(names)}"
        noun = "" if names[-1].endswith("agent") else " agent"
        return f"asks for the {wording.listed(names)}{noun}"
    return ""


def _within(names: Sequence[str], most: int) -> Iterator[str]:
    """The first names, one at least, that have so many characters together."""
    size = 0
    for name in names:
        size += len(name) + 2
        if size > most + 2 and size > len(name) + 2:
            return
        yield name


def _domain(anatomy: Anatomy, every: Sequence[Component]) -> str:
    """The name in the plugin's own name that most of its many parts have, as they spell it ("MCP");
    "" for a common word."""
    texts = [f"{one.name.replace('-', ' ')}. {one.description}" for one in every]
    for word in re.split(r"[-_. ]+", anatomy.name) if len(every) > FEW else ():
        having = [text for text in texts if re.search(rf"\b{re.escape(word)}\b", text, re.I)]
        if len(word) > 2 and len(having) * 3 >= len(texts) * 2 and len(having) > FEW:
            forms = [
                m[0]
                for text in having
                for m in re.finditer(rf"(?<=[a-z] ){re.escape(word)}\b", text, re.I)
            ]
            name = max(forms, key=forms.count, default="")
            if name != name.lower():
                return name
    return ""


def told_when(found: Sequence[Wish], runs: str, domain: str = "") -> str:
    """The occasions in one sentence: "before mooring, when a gale is near, or when the user asks to
    tar a hull or runs /tar". domain: the name of what all of it is about, which a few words of an
    occasion ("finding servers") do not say."""
    of = {kind: [w.text for w in found if w.kind == kind] for kind in get_args(Kind)}
    user = [
        f"{kind} {wording.listed(of[kind])}"
        for kind in dict.fromkeys(w.kind for w in found if w.kind not in ("at", "when"))
    ]
    if domain and not any(domain.lower() in text.lower() for text in of["needs help with"]):
        user = [re.sub(r"^(needs help with) ", rf"\1 {domain} work such as ", one) for one in user]
    user += [runs] if runs else []
    parts = [*of["at"], *(f"when {one}" for one in of["when"])]
    if user:
        last = f", or {user[-1]}" if user[1:] else ""
        parts.append(f"when the user {', '.join(user[:-1] or user)}{last}")
    return f"{', '.join(parts[:-1])}, or {parts[-1]}" if parts[1:] else "".join(parts)


_NEW, _NEW_SAID = 0.2, 0.5
"""Share of an occasion's words, 0 to 1, that must be new beside those named before it: of one that
the plugin states, and of what its parts do."""
MOST_NAMED, SOME_NAMED = 150, 70
"""Characters of the names of all commands or agents, and of those that are examples."""


def _terms(anatomy: Anatomy, known: set[str]) -> list[str]:
    """Keywords, tools and points of the plugin's own, that nothing else has said."""
    tools = [fact.name.replace("_", " ") for fact in collect(anatomy).of("tool", "structural")]
    texts = "\n".join(f.text for f in anatomy.files if kind_of(f.path) in _TELL)
    found = topics([*anatomy.keywords, *tools[:4]], known, anatomy.name, texts)
    points = topics(_points(anatomy, _COVERS), known, anatomy.name, texts)
    return [*found, *(points if points[1:] else [])]  # one point alone may be any heading


def _told_by_readme(anatomy: Anatomy) -> list[str]:
    """The items of what the README says of when the plugin comes in: "The agent activates when you
    discuss:" and a list."""
    return [
        _ASKED.sub("", item)
        if _DISCUSSED.search(before.text) is None
        else f"mentions {lowered_item(item)}"
        for file in anatomy.files
        if kind_of(file.path) == "readme" and "/" not in file.path
        for section in sections(file.text, plans.NOWHERE)
        for before, block in pairwise(section.blocks)
        if block.kind == "list" and _COMES_IN.search(before.text) and not _NOT.search(before.text)
        for item in _POINT.findall(block.text)
    ]


_COMES_IN = pattern(
    r"\b(?:activat\w*|invoked?|use (?:it|this(?: \w+)?)|triggers?)\b[^.\n]{0,30}\bwhen(?:ever)?\b"
    r"[^.\n]{0,40}:\W*$",
    re.I,
)
_DISCUSSED = pattern(r"\b(?:discuss\w*|mention\w*|ask(?:s|ing)? about|talk\w* about):\W*$", re.I)
_ASKED = pattern(r"^asks? (?:claude|the agent|it)? ?to ", re.I)


def _opening(component: Component) -> str:
    """The first paragraph of a command or agent."""
    found = _PARAGRAPH.search(component.body)
    return shown(found[1]) if found else ""


_PARAGRAPH = pattern(r"(?m)^([A-Z][^\n:]+\.)\s*$")


WISHES, WISHES_OF_PACK = 4, 8
"""Occasions that a description names, at most, and that of many commands and agents."""


def _occasions(component: Component) -> Iterator[str]:
    """The items of what a command or an agent says of when to use it; one that a lead makes a verb
    of ("when you need to:") says so: "to scale reads"."""
    mine = wording.stems(f"{component.name.replace('-', ' ')} {component.description}")
    for section in sections(component.body, plans.NOWHERE):
        told = _WHEN.search(section.heading) and matter_of(section.heading)[0] != "trouble"
        told = told and not any(map(_BETWEEN.search, section.path))
        if told and not any(one.search(section.heading) for one in (_NOT, _CHOICE)):
            other = _OTHER.search(section.heading)
            if other and not wording.stems(other[1]) & mine:
                continue
            for at, block in enumerate(section.blocks):
                before = section.blocks[at - 1].text if at else ""
                if block.kind != "list" or _NOT.search(before):
                    continue
                other = _OTHER.search(before)
                if other is None or wording.stems(other[1]) & mine:
                    wish = "to " if _WISH.search(before) else ""
                    yield from (f"{wish}{item}" for item in _POINT.findall(block.text))


_WISH = pattern(r"\b(?:needs?|wants?|asks?|like|trying) to:\W*$", re.I)
_OTHER = pattern(  # "Use Make when:" is said of something else
    r"\b(?:use|choose|pick|prefer) (?!(?:this|these|it|the|when|if|for|only)\b|\w+ly\b)"
    r"([\w./-]+(?: [\w./-]+){0,2}) (?:when|if|for)\b",
    re.I,
)
_BETWEEN = pattern(r"\b(?:vs|versus|compar\w+|alternatives?)\b", re.I)
_CHOICE = pattern(r"\b(?:choose|pick|prefer|switch to)\b.*\bwhen", re.I)  # "Choose Driver When"
_WHEN = pattern(
    r"\bwhen (?:to (?:use|activate|invoke|run|apply|call|engage)|(?:this|it|you|should|the user)\b"
    r"|used?\b)|\buse (?:it |this (?:\w+ )?)?when|\bwhen$|\buse cases?\b|\btriggers?\b|\bactivat",
    re.I,
)
_NOT = pattern(r"\b(?:not|never|don'?t|avoid|limits?|limitations?|disclaimer|notes?)\b", re.I)
_POINT = pattern(r"(?m)^[-*+] (?:\[ \] )?(\S.*)$")
_SET_OFF = pattern(r"(?m)^\s*(?:[-*+]|\d+[.)])\s+\*\*([^*\n]{3,40}?):?\*\*")


def _points(anatomy: Anatomy, heading: re.Pattern[str]) -> list[str]:
    """What the plugin's texts set off at the beginning of an item below such a heading, if but
    once: what comes again and again ("Purpose:") is a form. Two words, or a name: a single word
    says too little."""
    found = [
        shown(point)
        for file in anatomy.files
        if kind_of(file.path) in _TELL
        for section in sections(file.text, plans.NOWHERE)
        if heading.search(section.heading) and not any(map(_NOT.search, section.path))
        for block in section.blocks
        for point in _SET_OFF.findall(block.text)
    ]
    return [
        re.sub(r" [Ss]upport$", "", point)
        for point in dict.fromkeys(found)
        if found.count(point) == 1 and _TELLING.search(point) and not _QUALITY.search(point)
        if not (verbs.is_order(point) or verbs.orders(point))
    ]


_QUALITY = pattern(r"[ -](?:based|level|friendly|ready|built|driven)$", re.I)
_TELL = ("readme", "command", "agent")
_COVERS = pattern(
    r"\b(?:features?|capabilit|areas?|what|types?|components?|strateg|patterns?|techniques?"
    r"|methods?|focus|categor|support(?:s|ed)|analy|resources|process|task|detect|checks\b)",
    re.I,
)
_TELLING = pattern(r"\w[ -]\w|[a-z][A-Z]|[A-Z]{2}")


def topics(words: Iterable[str], known: set[str], name: str, said: str = "") -> list[str]:
    """Keywords and points that say something of their own, beyond the name and the stems that are
    known; as one says them in a sentence. said: the plugin's texts, which know how they are
    spelled."""
    seen, found = known | wording.stems(name.replace("-", " ")), list[str]()
    for word in words:
        text = re.sub(r"[`<>*|\[\]]", "", word).strip()
        plain = " ".join(
            part.lower() if _CAPITALIZED.fullmatch(part) else part
            for part in wording.modest(text).split()
        )
        new = wording.stems(plain)
        fits = _TOPIC.fullmatch(plain) and plain.lower() not in _NO_TOPIC
        if fits and len(plain) < 40 and 2 * len(new - seen) > len(new) > 0:
            found.append(terms.spelled(plain, said))
            seen |= new
    return found


_CAPITALIZED = pattern(r"[A-Z][a-z]+(?:-[A-Z]?[a-z]+)*")
_TOPIC = pattern(r"(?!v?\d+[.%+])[\w.+#/-]+(?: [\w.+#/&-]+){0,2}")
