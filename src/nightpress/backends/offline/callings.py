"""What a pack is called for: of each of its many commands and agents an occasion in a few words."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import zip_longest

from nightpress.backends.offline import members, person, trim, verbs, wording
from nightpress.backends.offline.clean import shown, uncoded
from nightpress.backends.offline.phrases import is_role, lowered
from nightpress.backends.offline.trim import Owned
from nightpress.backends.offline.wishes import Wish, request, trimmed_end, wish
from nightpress.lazy import pattern
from nightpress.model import Component

Texts = Callable[[Component], Iterator[str]]
"""The items of what a command's or an agent's text says of when to use it."""


def of_pack(
    every: Sequence[Component], own: Owned, known: Collection[str], texts: Texts
) -> Iterator[Wish]:
    """What the commands and agents are called for, by turns, those first of which the description
    has said least. (What comes after one of them, or is the case then, calls for no other.)"""
    in_turn = sorted(_by_turns(every), key=lambda one: _is_told(one, known))
    # what one of many says in its text when a means of its own is used is no call for the pack
    silent = sum(len(list(members.called(one))) for one in every) < ENOUGH
    turns = []
    for one in in_turn:
        said = [*filter(None, map(wish, texts(one) if silent else ()))]
        does = [*_of(one, own)]  # what a command does is what a user asks for
        found = [*does, *said] if one.kind == "command" else [*said, *does]
        turns.append(list(filter(None, map(_brief, found)))[:OF_ONE])
    yield from (one for turn in zip_longest(*turns) for one in turn if one is not None)


def _by_turns(every: Sequence[Component]) -> list[Component]:
    """The commands and agents, one of each folder of a pack by turns: the first few of the first
    folder would speak for all."""
    groups: dict[str, list[Component]] = {}
    for one in every:
        groups.setdefault(posixpath.dirname(posixpath.dirname(one.path)), []).append(one)
    return [one for turn in zip_longest(*groups.values()) for one in turn if one is not None]


def tells(what: str, every: Sequence[Component]) -> bool:
    """Does a text say what most of the commands and agents are for?"""
    known = wording.stems(what)
    return 2 * sum(_is_told(one, known) for one in every) > len(every)


def _is_told(component: Component, known: Collection[str]) -> bool:
    said = members.about(component)
    return 2 * len(said.intersection(known)) >= len(said)


def _of(component: Component, own: Owned) -> Iterator[Wish]:
    """What one command or agent is called for, and what it does, as a user asks for it; of an agent
    of which neither is said what it is about."""
    yield from (told := list(members.called(component)))
    text = members.without_calls(trim.prose(shown(component.description), own))
    said, is_deed = members.act(component, own)
    if is_deed and component.kind == "agent":
        text = verbs.imperative(text, surely=True) or text
    text = _TAKES.sub(lambda verb: verb[1].capitalize(), text)
    gerund = re.match(r"\w+ing\b", text)  # "Learning metrics optimization" is a name
    asked = "" if gerund or is_role(text) else request(wording.occasion(text))
    if asked := asked or (request(verbs.imperative(said)) if is_deed else ""):
        yield Wish("asks to", asked)
    if about := members.served(component, own):
        yield Wish("needs help with", lowered(about, component.body))
    elif component.kind == "agent" and said and not (told or is_role(said) or is_deed or asked):
        yield Wish("needs help with", lowered(said, f"{component.description}\n{component.body}"))
    found = _EXPERTISE.search(component.body) if component.kind == "agent" and not told else None
    for item in _ITEM.findall(found[1])[:OF_ONE] if found else ():
        if 1 < len(item.split()) <= MOST_WORDS:
            yield Wish("needs help with", _untitled(item.strip(), uncoded(component.body)))


def _untitled(item: str, seen: str) -> str:
    """A thing as a sentence has it: "Event Handling" is "event handling"."""
    within = lowered(item, seen)
    title = within != item and all(map(_CAPITALIZED.fullmatch, item.split()))
    return within.lower() if title else within


def _brief(one: Wish) -> Wish | None:
    """An occasion in a few words; None for a sentence, and in another script than the rest."""
    text = _GUIDES.sub("", one.text)
    if one.kind == "needs help with":
        text = _WORK.sub("", text)
        first = _WHAT_FOR.split(text, maxsplit=1)[0]
        text = first if " " in first else text
    elif len(text.split()) > MOST_WORDS:
        text = members.briefly(text)
    text = trimmed_end(_ENDS.sub("", _first_of_list(text, one.kind)))
    is_clause = _CLAUSE.search(text) or (one.kind != "asks to" and person.begins(text))
    is_other = one.kind in ("at", "when") or wording.is_foreign(text) or _CODE.search(text)
    fits = " " in text and not (is_clause or is_other)
    return Wish(one.kind, text) if fits else None


def _first_of_list(text: str, kind: str) -> str:
    """The first of several things; all of what is done, where the first is but a part of a word
    that comes last ("mends old, worn and torn nets"); "" where it is a single word."""
    first, *rest = _COMMA.split(text)
    several = re.split(r",? (?:and|or) ", ", ".join(rest), maxsplit=1)
    if not rest or kind != "asks to":
        return first if " " in first or not rest else ""
    if " " not in first:
        return text if verbs.is_verb(rest[0].partition(" ")[0]) else ""
    shared = len(several) > 1 and " " not in rest[0] and " " in several[-1]
    return first if len(rest) + len(several) > 2 and not shared else text


ENOUGH, OF_ONE, MOST_WORDS = 2, 3, 6
"""Calls in descriptions besides which no text is asked, of one at most, and words of one."""
_EXPERTISE = pattern(
    r"(?mi)^#+ +(?:(?:your|core|key|main|areas of|technical) )*(?:expertise|speciali[sz]ations?"
    r"|focus areas|specialties)[^\n]*\n+((?:[-*+] [^\n]*\n)+)"
)
_ITEM = pattern(r"(?m)^[-*+] (?:\*\*)?([^\n(:*\u2013\u2014]+)")
_CAPITALIZED = pattern(r"[A-Z][a-z]+")
_TAKES = pattern(r"^(?:take|use|read) .*? and (produce|create|generate|write|build|use)\b", re.I)
_GUIDES = pattern(r"^(?:guide|walk|help) the user (?:to|through) ")
_WORK = pattern(r"^(?:work(?:ing)?|help) (?:with|on) ")
_WHAT_FOR = pattern(
    r" (?:for|with|that|in|by|using|while|not|where|(?:provid|coordinat|specializ|offer)ing) "
)
_ENDS = pattern(
    r" (?:guided|driven|based|powered|between|end|where .*|(?:\w+ )?\w+(?:iz|is|vid|at|yz)ing)$"
)
_CLAUSE = pattern(
    r" (?:is|are|was|were|has|have|needs?|wants?|then|contains|exceeds|requires) "
    r"|^(?:helps?|use|with|requiring) |^\w+ing (?:up|down|out)$"
)
_COMMA = pattern(r", ?(?!\d)")
_CODE = pattern(r"\||(?:^| )/|\b\d$")
