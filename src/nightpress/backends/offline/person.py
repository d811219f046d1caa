"""What is ordered ("Create x"), told in the third person ("Creates x")."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nightpress.backends.offline import verbs, wording
from nightpress.backends.offline.clean import shown
from nightpress.backends.offline.verbs import conjugated, is_order, is_third, is_verb
from nightpress.backends.offline.wording import is_personal, modest, sentences
from nightpress.lazy import pattern


def third_person(text: str) -> str:
    """The sentences in the third person; `your` becomes `the`, "Generate X" "Generates X"."""
    text = wording.of_user(text)
    text = re.sub(r"\bYour\b", "The", text)
    kept = [indicative(s.strip()) for s in sentences(text) if not is_personal(s)]
    return " ".join(s for at, s in enumerate(kept) if not at or is_order(s))


def done(step: str) -> str:
    """What a step does, in its first words: "Show columns with type, and rows." gives "Shows
    columns with type"; "" where they do not begin with a verb, or say how."""
    first = re.split(_CLAUSE, modest(shown(step)).replace("**", ""), maxsplit=1)[0]
    words = first.split()
    if len(words) < 3 or not is_verb(words[0].lower()) or _SAYS_HOW.search(first):
        return ""
    if verbs.names_thing(words):
        return ""  # "Model selection and training"
    if all(word[:1].isupper() or len(word) < 4 for word in words):
        return ""  # a title: "Build System Integration"
    return ordered(first)


def ordered(text: str) -> str:
    """A text that gives an order, told as what is done: "Report and document x" gives "Reports and
    documents x", though each word may be a noun."""
    text = _ONE_WORD.sub(lambda found: f"{found[1]} {found[2].lower()} ", text)
    words = text.split()
    at = 1 if words[1:] and words[0].lower().endswith("ly") else 0
    if words[at + 1 : at + 2] == ["and"] and words[at + 3 :] and is_verb(words[at + 2].lower()):
        words[at + 2] = conjugated(words[at + 2])
    words[at] = conjugated(words[at])
    return indicative(" ".join(words))


_ONE_WORD = pattern(r"^(set|clean|roll|back|tear) ?(up|down|back) (?=\w)", re.I)
_CLAUSE = r"[;:(]|,(?!\d)|(?<!vs)\.(?:\s|$)| - | \u2013 | \u2014 "
_SAYS_HOW = pattern(r"[`*<>/$]|\b(?:you|your|never|don't|only|if)\b", re.I)


def begins(text: str) -> bool:
    """Does a text begin with a verb in the third person, if after an adverb?"""
    words = text.split()
    at = 1 if words[1:] and words[0].lower().endswith("ly") else 0
    return bool(words) and is_third(words[at])


def indicative(sentence: str) -> str:
    """An imperative at the beginning of a sentence, or after a dash within it, as what the plugin
    does, where that is sure: "Create and manage x" becomes "Creates and manages x"."""
    first, *rest = _DASH.split(sentence)
    told = _told(first)
    if not begins(told):
        return told + "".join(rest)
    after = [
        part if at % 2 == 0 or not is_verb(part.partition(" ")[0].lower()) else _told(part)
        for at, part in enumerate(rest)
    ]
    return told + "".join(after)


_DASH = pattern(r"((?: - | \u2013 | \u2014 |; )(?:(?:and |then )*))")


def _told(sentence: str) -> str:
    sentence = _COMPOUND.sub(
        lambda found: f"{_hyphened(found)}s ", _SETUP.sub(r"\1et up ", sentence)
    )
    words = sentence.split(" ")
    if words[0].lower() in ("get", "receive") and words[1:] and not words[1][:1].isupper():
        words[0] = "Provides" if words[0][0].isupper() else "provides"
    at = 1 if words[1:] and words[0].lower().endswith("ly") and is_verb(words[1].lower()) else 0
    if verbs.is_compound(words[0]) and verbs.thing(words[1:]):
        words[0] = conjugated(words[0])
    if (not at and verbs.names_thing(words)) or "-" in words[0]:
        return " ".join(words)
    sure = verbs.is_sure(words[at:])
    if verbs.joins(words):
        words[3] = conjugated(words[3])
    end = _leading(words)
    if sure and not is_third(words[at]):
        words[at] = conjugated(words[at])  # "Read a file"
    if sure or is_third(words[at]):
        _series(words, max(end, at + 1))
    return " ".join(words)


_COMPOUND = pattern(
    r"^(?:(?:load|stress|fuzz|smoke|spell|fact|cross|dry) (?:test|check|run)"
    r"|(?:bulk|batch|mass) (?:import|export|create|delete|update|rename|convert|upload|download))"
    r" (?=[A-Z]|[\w-]+s\b)",
    re.I,
)


def to_order(text: str) -> str:
    """An order without how it is to be done ("Systematically fix errors"), and with its verb as one
    writes it: "Setup hosts" is "Set up hosts", "Bulk import rows" "Bulk-import rows"."""
    first, _, rest = text.partition(" ")
    text = rest if verbs.is_adverb(first) and is_verb(rest.partition(" ")[0].lower()) else text
    text = _COMPOUND.sub(lambda found: f"{_hyphened(found)} ", _SETUP.sub(r"\1et up ", text))
    return verbs.each(text)


def _hyphened(found: re.Match[str]) -> str:
    return found[0].strip().replace(" ", "-")


_SETUP = pattern(
    r"^(S|s)etup (?!(?:guide|instructions?|wizard|scripts?|process|steps?|time|automation|command"
    r"|agent|skill|tool|checks?|files?|and|or|of|for|with|in)\b)(?=\w)"
)


def _leading(words: list[str]) -> int:
    """Conjugate the verbs that a sentence begins with; how many words they are."""
    at = 0
    while at < len(words):
        bare, before = words[at].rstrip(",").lower(), words[at - 1] if at else "and"
        chained = before in ("and", "or", "&") or before.endswith(",")
        if bare in verbs.VERBS or (chained and _is_chained(words, at)):
            words[at] = words[at].replace(words[at].rstrip(","), conjugated(words[at].rstrip(",")))
            joined = words[at].endswith(",")
            at += 1
            if not joined and not (at < len(words) and words[at] in ("and", "or", "&")):
                break
        elif verbs.is_adverb(bare) or words[at] in ("and", "or", "&"):
            at += 1
        else:
            break
    return at


def _is_chained(words: Sequence[str], at: int) -> bool:
    """Is the word a verb that goes on with those before it ("Plans, builds and ship from x")?"""
    bare = words[at].rstrip(",").lower()
    goes_on = bool(words[at + 1 :])
    if not at and bare in verbs.BOTH:  # "Start and stop timers"
        goes_on = words[1:2] == ["and"] and is_verb("".join(words[2:3]).lower()) and bool(words[3:])
    return is_verb(bare) and goes_on and not verbs.names_thing(words[at:])


def _series(words: list[str], at: int) -> None:
    """Conjugate the verbs of a series: "Finds rows, detects leaks and recommend changes". A word
    that may be a noun is a verb where another one of the series is, for sure."""
    begins = []
    last = len(words) - (len(words) > 1 and words[-2].lower() != "then")
    for n in range(at, last):
        if any(_subordinates(words, k) for k in range(at, n)) or words[n - 1].endswith(":"):
            break
        if words[n - 1].lower() in ("and", "or", "&", "then") or words[n - 1].endswith(","):
            begins.append(n + (verbs.is_adverb(words[n]) and n < len(words) - 2))
    sure = [
        n
        for n in begins
        if is_verb(words[n].lower().rstrip("."))
        and (
            words[n - 1].lower() == "then"
            or words[n + 1] in verbs.DETERMINERS | _OBJECTS
            or words[n + 1 : n + 3] == ["off", "to"]
        )
    ]
    # a list that is closed before ("for leaks and open ports, and blocks") is another one
    closed = [n for n in begins if n not in sure and words[n - 1].lower() in ("and", "or", "&")]
    after = max((n for n in closed if sure and n < sure[-1]), default=at)
    series = [n for n in begins if n in sure or (sure and n > after)]
    begins = [n for n in begins if n in series or not _is_noun_list(words, at, n)]
    begins = [n for n in begins if n in sure or not _is_one_of_nouns(words, begins, n)]
    for n in begins:
        plans = words[n : n + 2] == ["plan", "for"]
        low = words[n].lower()
        if plans or n in sure or (is_verb(low) and low not in verbs.BOTH - _HARDLY_NOUNS):
            words[n] = conjugated(words[n])
    if any(is_third(words[n]) for n in begins):
        series = begins
    for n in series:
        if is_verb(words[n].lower()):
            words[n] = conjugated(words[n])


def _is_one_of_nouns(words: Sequence[str], begins: Sequence[int], n: int) -> bool:
    """Does a list go on with the word, and end with what is no verb ("Reviews code for old names,
    clean layers, and common pitfalls")?"""
    ends = next((k for k in begins if k > n and words[k - 1] in ("and", "or")), None)
    if ends is None or not (words[ends - 2].endswith(",") and words[n - 1].endswith(",")):
        return False
    return not (is_verb(words[ends].lower().rstrip(".")) or is_third(words[ends]))


def _subordinates(words: Sequence[str], at: int) -> bool:
    """Does a word begin what has its own verbs ("to find x", but not "log hours to a file")?"""
    after = (one.lower().rstrip(",") for one in words[at + 1 :])
    follows = next((one for one in after if not one.endswith("ly")), "")
    return words[at] in _SUBORDINATE and (words[at] != "to" or is_verb(follows))


def _is_noun_list(words: Sequence[str], at: int, n: int) -> bool:
    """Is the word one of several that a preposition has ("for create, read and delete calls")?"""
    if words[n - 1] in ("and", "or") and words[n - 2] in _PREPOSITIONS:
        return False  # "search for and read logs"
    before = " ".join(words[at:n]).removesuffix(" and").removesuffix(" or").rstrip(",")
    single = " " not in before.rpartition(", ")[2]
    return bool(_PREPOSITIONS & set(words[at:n])) and (single or words[n].lower() in verbs.BOTH)


_OBJECTS = frozenset(("it", "them"))
_HARDLY_NOUNS = frozenset(("fix", "track"))
"""After "and", before what it is done to."""
_SUBORDINATE = frozenset("to that which who how can will help helps let lets where while".split())
_PREPOSITIONS = frozenset("with for of by using including from into across".split())
