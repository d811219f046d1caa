"""What the commands and agents of a plugin do together, and what each of them is called for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile

from nightpress.backends.offline import descriptions, person, trim, verbs, voice, wording
from nightpress.backends.offline.articles import with_article
from nightpress.backends.offline.clean import shown, uncoded
from nightpress.backends.offline.phrases import bidden, done_by, is_role, lowered
from nightpress.backends.offline.trim import Owned
from nightpress.backends.offline.wishes import Wish, trimmed_end, wish
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component

MOST = 8
"""Commands and agents that a description tells of."""
ROOM, MOST_SAID = 320, 80
"""Characters for what they do, and for what one does."""


def named(anatomy: Anatomy) -> list[Component]:
    """The plugin's commands and agents, each once; a file of theirs that is none has no place."""
    found: dict[str, Component] = {}
    for component in (*anatomy.of("command"), *anatomy.of("agent")):
        if not _NO_MEMBER.fullmatch(component.name):
            found.setdefault(component.name.lower(), component)
    return list(found.values())


def chosen(anatomy: Anatomy, most: int = MOST) -> list[Component]:
    """Those that speak for the plugin, in its order: of many the ones that have its name, and then
    those that say most that is new."""
    every = named(anatomy)
    if len(every) <= most:
        return every
    own = wording.stems(re.sub(r"[-_]", " ", anatomy.name))
    known, found = set[str](), list[Component]()
    left = [c for c in every if c.description.strip()] or every
    while left and len(found) < most:
        best = max(left, key=lambda c: (_has(c, own), len(about(c) - known), -every.index(c)))
        left.remove(best)
        found.append(best)
        known |= about(best)
    return sorted(found, key=every.index)


def _has(component: Component, own: frozenset[str]) -> bool:
    words = wording.stems(re.sub(r"[-_]", " ", component.name))
    return len(words) < 3 and bool(words & own)


def about(component: Component) -> frozenset[str]:
    """What a description begins with."""
    return wording.stems(" ".join(component.description.split()[:16]))


def acts(anatomy: Anatomy, own: Owned) -> str:
    """What they do, as one sentence: "Audits ropes and tars hulls, with commands for night
    sailing"."""
    shared, does, covers = common(anatomy), list[str](), list[str]()
    seen = uncoded("\n".join(f"{c.description}\n{c.body}" for c in named(anatomy)[:20]))
    known = {*shared}
    for component in chosen(anatomy):
        (said, is_deed), about = act(component, own), served(component, own)
        ways = [(said, is_deed), (about, False)]
        if about and len(wording.stems(said) - shared) < 2:  # "Backend specialist for queues"
            both = f"{said} for {about}"
            fits = " " in said and len(both) < MOST_SAID and not is_deed
            ways = [(both if fits else about, False)]
        for told, does_it in ways:
            new = wording.stems(told) - shared
            room = sum(map(len, (*does, *covers))) + len(told) < ROOM and "|" not in told
            within = told[:1].lower() + told[1:] if does_it else lowered(told, seen)
            is_name = within[:1].isupper()
            if not (room and (" " in told or is_name)) or len(new - known) * 2 <= len(new):
                continue
            (does if does_it else covers).append(within)
            known |= new
            break
    several = len(does) + len(covers) > 1
    # one of many does not speak for all
    if not several and not (covers and len(named(anatomy)) < 3):
        return ""
    does = _once(_alike(does))
    about = f"{_kinds(named(anatomy))} for {_joined(covers)}" if covers else ""
    if not does:
        return about[:1].upper() + about[1:]
    return ", with ".join(filter(None, (f"{does[0][:1].upper()}{_joined(does)[1:]}", about)))


def common(anatomy: Anatomy) -> set[str]:
    """What most of several commands and agents speak of: it tells none of them from the others."""
    first = (next(iter(wording.sentences(one.description)), "") for one in named(anatomy))
    every = list(map(wording.stems, first))
    counts = Counter(stem for stems in every for stem in stems)
    return {stem for stem, count in counts.items() if count > 1 and 2 * count > len(every)}


def _alike(does: Sequence[str]) -> list[str]:
    """What is done; of what differs in a word or two before its last one all in one phrase: "tars a
    small hull" and "tars a large hull" are "tars a small or large hull"."""
    found: list[tuple[list[str], list[str], list[str]]] = []
    for words in map(str.split, does):
        for at, (before, between, after) in enumerate(found):
            if not after:
                both = zip(before, words, strict=False)
                same = sum(1 for _ in takewhile(lambda two: two[0] == two[1], both))
                before, after = before[:same], words[-1:]
                between = [" ".join(found[at][0][same:-1])] if found[at][0][-1:] == after else []
            inner = words[len(before) : -1]
            fits = len(before) > 1 and words[: len(before)] == before and words[-1:] == after
            if (
                fits
                and between
                and all(0 < len(one.split()) < 3 for one in (*between, " ".join(inner)))
            ):
                found[at] = (before, [*between, " ".join(inner)], after)
                break
        else:
            found.append((words, [], []))
    return [_one(*one) for one in found]


def _one(before: Sequence[str], between: Sequence[str], after: Sequence[str]) -> str:
    if not between:
        return " ".join(before)
    each = wording.listed(between) if {"a", "an"} & {*before} else wording.together(between)
    return " ".join([*before, each, *after])


def _once(does: Sequence[str]) -> list[str]:
    """What is done, each verb once: "tars hulls" and "tars quays" are "tars hulls and quays"."""
    found: list[str] = []
    for one in does:
        verb, _, thing = one.partition(" ")
        same = found and found[-1].partition(" ")[0] == verb and " and " not in found[-1] + thing
        if same and ", " not in found[-1] + thing:
            found[-1] = f"{found[-1]} and {thing}"
        else:
            found.append(one)
    return found


def _kinds(every: Sequence[Component]) -> str:
    kinds = {component.kind for component in every}
    return f"{kinds.pop()}s" if len(kinds) == 1 else "commands and agents"


def listed(every: Sequence[Component]) -> str:
    """That there are such commands and agents, by name."""
    names = [wording.plain(component.name) for component in every]
    more = len(names) - MOST
    shown = [*names[:MOST], f"{more} more"] if more > 1 else names
    return f"Provides the {_kinds(every)} {wording.together(shown)}"


def _joined(parts: Sequence[str]) -> str:
    """The parts as one list; with semicolons where one of them is a list itself."""
    if parts[1:] and any(", " in part for part in parts):
        return f"{'; '.join(parts[:-1])}; and {parts[-1]}"
    comma = "," if any(re.search(r" and |, ", part) for part in parts) and parts[1:] else ""
    return f"{comma} and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def act(component: Component, own: Owned) -> tuple[str, bool]:
    """What one does in a few words, and whether they begin with a verb; else what it is about."""
    said = _SET_OFF.sub("", descriptions.first(component))
    text = without_calls(trim.prose(shown(said), own))
    if only_calls(text):
        text = deeds(component) or text
    first = next(iter(wording.sentences(text)), "").strip(" .")
    first = _MARKS.sub("", wording.untitled_case(first))
    if _USED_AS.match(first):
        return "", False
    if _NAMED_ROLE.match(first):  # "Testing and quality assurance specialist" tests nothing
        return wording.modest(_short(_ROLE.sub("", first), least=2)), False
    if found := _MASTERY.match(first):
        return wording.modest(_short(first[found.end() :], least=2)), False
    first = _GUIDE.sub("Guides the user to ", first)
    first = voice.neutral(wording.occasion(wording.duties(wording.modest(first))))
    if _SPEAKS.match(first) or wording.is_personal(first):
        return "", False
    words = first.split()
    at = 1 if words[1:] and words[0].lower().endswith("ly") else 0
    low = re.sub(r"^(?:auto|re)-", "", words[at].lower()) if words[at + 1 :] else ""
    both = [low, *words[at + 1 : at + 3]][1:2] == ["and"] and verbs.is_verb(words[at + 2].lower())
    is_order = component.kind == "command" and (
        verbs.is_verb(low) or low in _ONE_WORD or (both and words[at + 3 :] != [])
    )
    if is_order and (
        low in _ONE_WORD or not verbs.names_thing(words[at:])
    ):  # a command's description gives an order
        first = person.ordered(first)
    told = person.third_person(first)
    if not person.begins(told):
        told = done_by(told) or told
    is_order = is_order or verbs.is_sure(words[at:])
    if is_order or person.begins(told):
        return _closed(_short(with_article(told), least=3)), True
    told = told.rstrip(" .")
    return wording.modest(_short(_ROLE.sub("", told), least=2)), False


def served(component: Component, own: Owned) -> str:
    """What a role is there for: "Tide table specialist for night sailing" gives "night sailing";
    "" where it does not say."""
    text = without_calls(trim.prose(shown(component.description), own))
    who, _, what = next(iter(wording.sentences(text)), "").partition(" for ")
    if component.kind != "agent" or not is_role(f"{who} for"):
        return ""
    return wording.modest(_short(what.rstrip(" ."), least=2))


def _closed(text: str) -> str:
    """What was cut after one of several things that are done: "Tars hulls, audits ropes" as "Tars
    hulls and audits ropes"."""
    before, mark, last = text.rpartition(", ")
    return f"{before} and {last}" if mark and person.begins(last) else text


def briefly(text: str) -> str:
    """What is done, without how, with what and what for."""
    return _short(text, least=3)


def _is_verb(word: str) -> bool:
    """Is it nothing but what is done, or what stands beside that?"""
    bare = word.strip(",").lower()
    return (
        bare in ("and", "or") or bare.endswith("ly") or person.begins(bare) or verbs.is_verb(bare)
    )


def _short(text: str, least: int) -> str:
    """A text up to what says how and with what, of so many words at least; no list is cut."""
    for found in _HOW.finditer(text):
        before = text[: found.start()]
        enough = len(before.split()) >= (least + 2 if found[0] == "," else least)
        goes_on = all(map(_is_verb, before.split()))  # "tars, scrubs and ..."
        last = f" {before.rpartition(', ')[2]}"
        if enough and not goes_on and (", " not in before or " and " in last):
            return trimmed_end(wording.cut(before, MOST_SAID))
    if " between " in text[:MOST_SAID] and len(text) > MOST_SAID:
        text = text.partition(" between ")[0]
    if len(text) > MOST_SAID and (ends := [m.start() for m in _END.finditer(text[:MOST_SAID])]):
        text = text[: ends[-1]]
    return trimmed_end(wording.cut(text, MOST_SAID))


def speaks(text: str) -> bool:
    """Does a description speak of a document, and not of what is done?"""
    return _SPEAKS.match(text) is not None


def without_calls(text: str) -> str:
    """A description without the sentences that say when to call its agent or command."""
    kept = [s for s in wording.sentences(text) if not _CALL.match(s) and not _CALLED.match(s)]
    return "".join(kept).strip() or text


def only_calls(text: str) -> bool:
    """Does a description say nothing but when its agent or command is called?"""
    return all(_CALL.match(s) or _CALLED.match(s) for s in wording.sentences(text))


def deeds(component: Component) -> str:
    """What one is called for, where that is what it does: "Use PROACTIVELY for mooring ships, and
    tarring hulls" gives "Moor ships, and tar hulls"; "" for others."""
    for sentence in wording.sentences(shown(component.description)):
        found = _CALL.match(sentence)
        if found and found[1].lower() == "for":
            said = wording.modest(sentence[found.end() :].strip(" ."))
            return told if (told := bidden(said)) != said else ""
        rest = sentence[found.end() :].strip(" .") if found else ""
        if (told := wording.modest(bidden(rest))) != wording.modest(rest):
            return told
        needed = _NEEDED.match(sentence, found.end()) if found else None
        if needed:
            said = wording.modest(sentence[needed.end() :].strip(" ."))
            fits = verbs.is_verb(said.partition(" ")[0].lower())
            return f"{said[:1].upper()}{said[1:]}" if fits else ""
    return ""


def called(component: Component) -> Iterator[Wish]:
    """What a description says that its command or agent is called for: "Use PROACTIVELY for rope
    audits, or after a gale."."""
    for sentence in wording.sentences(shown(component.description)):
        found = _CALL.match(sentence)
        if not found:
            continue
        how, rest = found[1].lower(), sentence[found.end() :].strip(" .")
        if how == "to" or _USER.match(rest):
            one = wish(f"to {rest}" if how == "to" else rest)
            yield from [one] if one else []
            continue
        if how in ("after", "before", "during"):
            one = wish(f"{how} {rest}")
            yield from [one] if one else []
            continue
        rest = re.split(r"[;:(]| - | \u2014 ", rest, maxsplit=1)[0]
        if how != "for" and (one := wish(f"when {rest}")) and one.kind == "when":
            yield one
            continue
        for part in re.split(r",? (?:and|or) |, ", rest):
            part = re.sub(r"^(?:and|or|all|any) ", "", part.strip().rstrip("."))
            if (
                len(wording.stems(part)) > 1
                and not _ANYTHING.search(part)
                and not (_CLAUSE.match(part) or _BY_WHAT.match(part))
            ):
                yield Wish("needs help with", trimmed_end(wording.modest(part)))


_SET_OFF = pattern(r"^\*\*[^*]{3,60}\*\* *[-\u2013\u2014:] *(?=\w)")
_NO_MEMBER = pattern(r"(?-i:(?:[A-Z]+_)+[A-Z]+)|readme|index|_.*", re.I)
_HOW = pattern(
    r"[,:;(]| (?:(?:with|using|by|including|that|which|so|while|to ensure|for improved|for better"
    r"|for optimal|via|based on|through|without|across|from|when|following|ensuring|enabling)\b"
    r"|- |\u2014 |\u2013 )"
)
_ROLE = pattern(
    r" (?:and judge|specialist|expert|engineer|architect|analyst|agent|coordinator|advisor"
    r"|consultant|strategist|researcher|planner|maintainer|reviewer|orchestrator|generator"
    r"|analyzer|assistant|system)(?: .*)?$",
    re.I,
)
_CALL = pattern(
    r"(?:must be used|use|invoke|trigger|activate|call)(?: (?:this|the|it)(?: (?:[\w-]+ ){0,3}?"
    r"(?:agent|skill|command|tool|plugin))?)?(?: (?:proactively|immediately|only))*"
    r" (when(?:ever)?|to|for|after|before|during) ",
    re.I,
)
_MARKS = pattern(r"[*`]+|,? (?:(?:of|for|on|in|from|to) )?\$[A-Z]+\b")
_USED_AS = pattern(  # says when, and not what
    r"uses? (?:this|the) (?:[\w-]+ ){0,3}?(?:agent|command|skill)\b(?! (?:when|to|for)\b)"
    r"|(?-i:[A-Z]{3,}) \d",
    re.I,
)
_NAMED_ROLE = pattern(
    r"(?:[A-Z][\w/.+-]* ){0,3}?\w+ing (?:[\w/&-]+ ){1,5}?"
    r"(?:specialist|expert|engineer|analyst|consultant|agent)\b",
    re.I,
)
_MASTERY = pattern(
    r"(?:an? )?(?:(?:master|expert|specialist) (?:of|in|at|on) |masters? (?!plan|branch)"
    r"|speciali[sz](?:es|ing) (?:in|on) )",
    re.I,
)
_GUIDE = pattern(r"^(?:an? )?(?:[\w-]+ )?guide to (?=[a-z]+ )", re.I)
_BY_WHAT = pattern(r"(?:with|without|in|on|by|via|using|across|from) ", re.I)
_CALLED = pattern(
    r"(?:(?:this|the) (?:agent|skill|command|tool) (?:should|must|can|is to) be )?"
    r"(?:spawned|invoked|called|triggered|activated|must be used)\b"
    r"|(?:this|the) (?:agent|skill|command|tool) (?:should|must|can|is to) be used\b",
    re.I,
)
_NEEDED = pattern(r"(?:you|the user|users?) (?:needs?|wants?) to (?=[a-z])", re.I)
_USER = pattern(r"(?:the )?(?:users?|you) ", re.I)
_CLAUSE = pattern(r"\S+ (?:is|are) ")
_ANYTHING = pattern(
    r"\b(?:any|this|that|you|your|it|them)\b|^(?:after|before|when|especially|in|on|during|for|to)\b",
    re.I,
)
_ONE_WORD = ("setup", "cleanup", "rollback", "teardown")
_END = pattern(r" (?:for|to|in|and|or|after|before|\() ?")
_SPEAKS = pattern(
    r"(?:this|the|these|please|command documentation|here"
    r"|how to|see|real-world examples)\b|.*:$|.* commands?$"
    r"|(?:complete|detailed|full) (?:[\w-]+ ){0,3}?(?:guide|reference)\b"
    r"|(?:[\w-]+ ){0,4}?command for\b",
    re.I,
)
