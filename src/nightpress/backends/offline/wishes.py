"""One occasion of a description: what a user asks for, says, mentions, or what is the case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from nightpress.backends.offline import person, verbs, wording
from nightpress.backends.offline.articles import with_article
from nightpress.backends.offline.clean import shown
from nightpress.lazy import pattern

Kind = Literal[
    "at", "when", "asks to", "says", "needs help with", "wants", "needs", "asks about", "mentions"
]


class Wish(Struct, frozen=True):
    """An occasion as it goes on after its kind: "asks to" and "moor a ship"; "at": a time
    ("before mooring"); "when": a clause ("a gale is near")."""

    kind: Kind
    text: str


def wish(item: str) -> Wish | None:
    """What an item of a list of occasions says; None for what says nothing of it."""
    text = wording.of_user(re.sub(r"\*\*|`", "", shown(item)).strip())
    if _AGAINST.match(text) or _MARKS.search(text):
        return None
    text = _LABEL.sub("", text)
    if found := _WISHED.match(text):
        said = _until_mark(text[found.end() :])
        fits = 1 < len(said.split()) <= MOST_SAID and not wording.is_personal(said)
        return Wish("wants" if found[1].lower() == "want" else "needs", said) if fits else None
    if found := _BY_USER.match(text):
        return _of_user((found[1] or found[2]).lower(), text[found.end() :].strip())
    if found := _QUOTED.match(text):
        return _quoted(found[1])
    if found := _AT.match(text):
        rest = _until_mark(text)
        return Wish("at", _lower(rest)) if 2 < len(rest.split()) <= MOST_SAID else None
    if re.sub("ing$", "e", text.partition(" ")[0].lower()) in _STATES:
        return None
    if asked := request(text):
        return Wish("asks to", asked)
    text = re.sub(r"^to (?=\w)", "", text)
    if clause := _clause_of(text):
        return Wish("when", clause)
    if re.match(r"(?!willing)[A-Z]?[a-z]{3,}ing ", text, re.I) and (done := _until_mark(text)):
        fits = 2 < len(done.split()) <= MOST_SAID and not wording.is_personal(done)
        return Wish("needs help with", with_article(_lower(done))) if fits else None
    thing = discussed(text)
    return Wish("asks about", thing) if thing else None


def _of_user(verb: str, rest: str) -> Wish | None:
    """What the user says or does, by the verb and what follows it."""
    if found := _QUOTED.match(rest):
        return _quoted(found[1])
    if verb.startswith("request") and '"' in rest:
        return Wish("mentions", re.sub(r"^an? ", "", rest.replace('"', "").partition(",")[0]))
    if verb.startswith(("want", "need", "ask", "like", "try")) and rest.lower().startswith("to "):
        asked = request(f"to {rest[3:4].upper()}{rest[4:]}")
        return Wish("asks to", asked) if asked else None
    rest = re.sub(r"^(?:questions )?(?:about|for) ", "", rest)
    if not rest or wording.is_personal(rest) or "?" in rest:
        return None
    said = " ".join(_until_mark(rest).partition(", ")[0].split()[:MOST_SAID])
    if verb.startswith(("mention", "discuss", "talk")):
        said = re.sub(r"^(?:about|an?) ", "", said.replace('"', ""))
        return Wish("mentions", said)
    if verb.startswith("need") and rest.startswith("help"):
        return Wish("needs help with", re.sub(r"^help (?:with )?", "", said))
    if verb.startswith("ask"):
        return Wish("asks about", said) if len(said.split()) > 1 else None
    if verb in ("is", "has"):
        return Wish("when", f"the user {verb} {said}") if len(said.split()) > 1 else None
    said = with_article(f"make {said}").removeprefix("make ")
    return Wish("wants", said) if len(said.split()) > 1 else None


def _quoted(said: str) -> Wish | None:
    """Words of a user, without those that are to be filled in."""
    said = said.strip(" .,")
    fits = 1 < len(said.split()) <= MOST_SAID and not re.search(r"[\[\]{}<>/]|\.\.", said)
    return Wish("says", f'"{said}"') if fits else None


def _clause_of(text: str) -> str:
    """What is the case, from an item that is a sentence: "Queues exceed the limit (> 200)." gives
    "queues exceed the limit"; "" for others."""
    plain = re.sub(r"^when(?:ever)? ", "", _until_mark(text), flags=re.I)
    words = plain.split()
    at = next((n for n, one in enumerate(words) if one.lower() in _FINITE), 0)
    if words[at - 1 : at] in (["to"], ["a"], ["the"]):
        return ""
    if words[at : at + 1] == ["reports"] and at and not words[at - 1].lower().startswith("user"):
        return ""  # "research reports on tides"
    if not 0 < at < 6 or not at < len(words) <= MOST_SAID or wording.is_personal(plain):
        return ""
    if words[0].lower() in _NO_SUBJECT or plain.endswith("?") or at == len(words) - 1 > 3:
        return ""
    if len(words) - at < 2 and words[at].lower() in _LINKING:
        return ""
    return re.sub(r"^(?=users? )", "the ", _lower(plain))


def _until_mark(text: str) -> str:
    """A text up to where a mark ends what it says first."""
    first = re.split(r"[;:(]|\.(?:\s|$)| - | \u2013 | \u2014 ", text, maxsplit=1)[0]
    return wording.modest(first).strip(" .,")


def _lower(text: str) -> str:
    return lowered_item(text)


MOST_SAID = 13
"""Words of an occasion that is told as it stands."""
_AGAINST = pattern(r"(?:do not|don'?t|never|avoid|not|no|skip|instead)\b", re.I)
_MARKS = pattern(r"->|\u2192|\{\{|\$[A-Z]|\./|\.\.\.")
_WISHED = pattern(r"(want|need)ing (?!to\b)", re.I)
_LABEL = pattern(r"^(?:use (?:this|the|it)?(?: \w+)? ?(?:for|when)|when to use|example):\s*", re.I)
_BY_USER = pattern(
    r"(?:the )?(?:users?|someone|people) (?:explicitly )?(wants?|needs?|asks?|says?|mentions?"
    r"|types?|requests?|discuss(?:es)?|is|has|would like|talks?|tries)\b"
    r"|(?=(?:asks|mentions|requests|says|wants?|needs?|discusses)\b)(\w+)",
    re.I,
)
_QUOTED = pattern(r"[\"\u201c]([^\"\u201d]{4,90})[\"\u201d]")
_AT = pattern(r"(?:immediately )?(?:before|after|during|prior to) \w", re.I)
_STATES = frozenset("require requires need needs have having lack lacks".split())
"""What is the case of a user, and nothing that he asks for."""
_CAPITALIZED = pattern(r"[A-Z][a-z]+(?:[-/][A-Z]?[a-z]+)*")
_FINITE = frozenset(
    "is are was were has have need needs require requires must should exceed exceeds fail fails"
    " occur occurs cause causes dominate dominates become becomes seem seems lack lacks exist"
    " exists arise arises appear appears increase increases decrease decreases indicate indicates"
    " contain contains depend depends grow grows show shows report reports break"
    " breaks slow slows".split()
)
_LINKING = frozenset("is are was were has have must should seem seems become becomes".split())
_NO_SUBJECT = frozenset(
    "what which who how why where whether if their this that these those it there you your they we"
    " for with to in on at by of all any no not simple".split()
)


def _first_clause(text: str) -> str:
    """What a text says up to its first stop, of the user, without marks and what it prefers."""
    said = _SHORT_NAME.sub("", wording.modest(shown(text)))
    clauses = re.split(r"[;:(]|\.(?:\s|$)| - | \u2013 | \u2014 ", said, maxsplit=1)
    first = wording.of_user(clauses[0].replace("**", "").replace("`", ""))
    return person.to_order(_PREFERS.sub("", first))


_SHORT_NAME = pattern(r"(?<=\w) \([A-Z][A-Za-z]{1,7}\)(?= [a-z])")
"""The initials of what was named in full: "Service Level Agreement (SLA) of"."""


def request(text: str) -> str:
    """What a user asks for, from a text that begins with what is done: "Archive old rows of a
    table, with care." gives "archive old rows of a table"; "" where it begins otherwise. A list is
    kept whole, or goes with the preposition before it."""
    if _MARKS.search(text):
        return ""  # "plan touches X -> extract Y": a rule
    first = _first_clause(text)
    words = first.split()
    sure = words[:1] == ["to"] and len(words) > 2 and bool(_CAPITALIZED.fullmatch(words[1]))
    if sure:
        words = words[1:]
        first = " ".join(words)
        # "Bitcoin UTXO Analysis" below "when you need to:" is a thing
        sure = verbs.is_verb(words[0].lower()) or any(word.islower() for word in words)
    if words and words[0].isupper():
        return ""  # "EXPLAIN plan review"
    if words[1:] and words[0].isascii() and wording.is_foreign(words[1]):
        return ""  # "Pull Request" and a word of another script: a name
    if words and all(map(_CAPITALIZED.fullmatch, words[1:])):  # a title: "Monitor Network Health"
        sure, words = False, [words[0], *(word.lower() for word in words[1:])]
    if verbs.names_activity(words):
        return ""
    if words[1:] and words[1] not in ("and", "or"):  # "Debugging or error analysis"
        words[0] = verbs.bare_verb(words[0])
    verb = words[0].lower().rstrip(",") if words else ""
    if verb in _STATES:
        return ""
    if (
        len(words) < 2
        or not (sure or verbs.is_verb(verb) or verbs.is_compound(verb))
        or wording.is_personal(first)
    ):
        return ""
    if not sure and _is_thing(verb, words):
        return ""
    if {"is", "are", "has", "have", "was"} & set(words[1:4]):
        return ""  # "Build times are slow"
    if "," in first and (len(words) > MOST_WISHED or " and " not in first.rpartition(",")[2]):
        before = re.split(_BEFORE_LIST, first.partition(",")[0])
        words = before[0].split() if len(before[0].split()) > 2 else first.partition(",")[0].split()
        goes_on = _BEFORE_LIST_WORD.match(first.partition(", ")[2]) is None
        if len(words) < 3 or (goes_on and words[-2].lower() in _OPEN):
            return ""  # "change an existing, working feature"
    if len(words) > MOST_WISHED + 2:
        words = _clause(words)
    return with_article(trimmed_end(" ".join([words[0].lower(), *words[1:]])))


def _is_thing(verb: str, words: Sequence[str]) -> bool:
    """Is what begins as a verb may the name of something: "Load testing of pumps", "Test with
    parallel execution", "Query tuning sessions", "Pull request created"?"""
    after = words[1].endswith("ing") or words[1] in _AFTER_A_NOUN
    return verbs.names_thing(words) or (verbs.may_be_noun(verb) and after)


_AFTER_A_NOUN = frozenset("with through by via as request requests to of".split())


def trimmed_end(text: str) -> str:
    """A text that was cut, without the words that would go on."""
    if text.count("(") > text.count(")"):
        text = text[: text.rindex("(")]
    words = text.split()
    if words[2:] and words[-2] == "to" and verbs.is_verb(words[-1].lower()):
        words = words[:-2]
    while words[1:] and words[-1].lower().strip(",") in _OPEN:
        words.pop()
    return " ".join(words).rstrip(" ,.:")


def _clause(words: list[str]) -> list[str]:
    """What is asked for, without how and what for."""
    ends = (n for n, word in enumerate(words) if n > 2 and word.lower().strip(",") in _GOES_ON)
    return words[: next(ends, MOST_WISHED + 2)][: MOST_WISHED + 2]


MOST_WISHED = 12
"""Words of a wish that holds a list."""
_GOES_ON = frozenset("that which who using by via with including so while when".split())
_BEFORE_LIST = r" (?:with|using|including|across|via|showing|by|like|such as)\b"
_BEFORE_LIST_WORD = pattern(r"(?:with|using|including|and|or|by|for|in|so|to|as)\b", re.I)


_PREFERS = pattern(
    r"^(?:the )?(?:user )?(?:asks?|needs?|wants?|ask claude)(?: claude)? to (?=[a-z])", re.I
)
_OPEN = frozenset(
    "a an the of for and or with to in on from by using into as at its their all any every before"
    " after maximum including like such aligned than".split()
)


def discussed(item: str) -> str:
    """What a user asks about, from an item of a list of occasions: a thing of two words or more
    ("Bridge fee comparisons"), or what it says that the user mentions or requests ("User requests
    model generation"); "" for a sentence, and for what is done."""
    text = re.split(r"[;:(,]|\.(?:\s|$)| - | \u2013 | \u2014 ", shown(item), maxsplit=1)[0]
    text = re.sub(r"[*`\"]", "", text).strip(" .,")
    if found := _BROUGHT_UP.match(text):
        text = text[found.end() :]
    words = wording.modest(text).split()
    said = {word.lower() for word in words}
    if not 1 < len(words) <= MOST_DISCUSSED or said & _PREDICATES or request(text):
        return ""
    if not found and (len(words) > _FEW_WORDS and not _JOINED.search(text)):
        return ""  # it may be a sentence: "High traffic causes strain"
    if _NO_THING.match(text) or (not found and verbs.orders(text)):
        return ""
    if all(map(_CAPITALIZED.fullmatch, words)):  # a title: "Complex Objectives"
        return " ".join(words).lower()
    if all(word[:1].isupper() for word in words) and any(map(str.isupper, words[1:])):
        first, *rest = words  # "Bitcoin UTXO Analysis": the first one is a name, too
        return " ".join([first, *(word if word.isupper() else word.lower() for word in rest)])
    return " ".join(words) if found else lowered_item(" ".join(words))


def lowered_item(text: str) -> str:
    """An item as it stands within a sentence: "Fee comparisons" has no capital there."""
    first, _, rest = text.partition(" ")
    lowers = _CAPITALIZED.fullmatch(first) and not _NAME.match(text)
    return f"{first.lower()} {rest}" if lowers else text


MOST_DISCUSSED, _FEW_WORDS = 8, 3
"""Words of a thing that is asked about: more are a sentence; so few hardly are."""
_BROUGHT_UP = pattern(
    r"(?:the )?(?:users? )?(?:(?:asks?|asking|inquires?)(?: questions)? (?:about|for)"
    r"|mentions?|mentioning|discuss(?:es|ing)?|requests?|requesting|needs? help with) (?:an? )?",
    re.I,
)
_JOINED = pattern(
    r"^(?:[\w/-]+ ){1,3}?(?:from|of|for|with|between|across|[a-z]+ing)\b|^[a-z]{4,}ing\b", re.I
)
_NAME = pattern(r"(?![A-Z][a-z]+ing )(?:[A-Z][a-z]+ [A-Z][a-z]|[A-Z][a-z]+[A-Z])")
_PREDICATES = frozenset(
    "is are was were be been has have had need needs require requires want wants must should can"
    " could will would may might do does fail fails occur occurs change changes arise arises"
    " request requests ask asks mention mentions says use uses shows become becomes feel feels"
    " seem seems not exists exist exceed exceeds you your their they we our it".split()
)
_NO_THING = pattern(
    r"(?:their|your|you|they|key|main|when|if|what|which|whether|how|why|before|after|during|once|any|every"
    r"|prefers?|users?|team|just|only|all|other|more|it|this|that|simple|specific|relevant|ready"
    r"|willing|wanting|needing|looking|\w+ly)\b|.*\w(?:ed|\bas)$",
    re.I,
)
