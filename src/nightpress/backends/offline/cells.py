"""What a table of commands and agents says of each, in one mood, and of no two the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from nightpress.backends.offline import descriptions, filled, limits, person, trim, verbs, wording
from nightpress.backends.offline.clean import is_quotable, shown
from nightpress.backends.offline.components import about_of
from nightpress.backends.offline.phrases import lowered
from nightpress.backends.offline.trim import Owned
from nightpress.backends.offline.wishes import trimmed_end
from nightpress.backends.offline.wording import cut, duties, sentences
from nightpress.lazy import pattern
from nightpress.model import Component, Material

Row = tuple[Component, str]
"""A command or an agent, and what it is for."""


def cell(material: Material, component: Component, own: Owned) -> str:
    """What one is for, by its description, else by what its text begins with."""
    text = trim.prose(_whole(component), own)
    if not text or re.match(rf"\s*# +{re.escape(component.description)}", component.body):
        text = _opening(material, component, own) or text  # a title says less
    return _brief(material, component, text)


def _brief(material: Material, component: Component, text: str) -> str:
    """A text as a row says it; of one that is told in a reference a little more."""
    text = re.sub(r"\*\*", "", filled.told(text, component.path))
    subject = _subject(text)
    text = _URGED.sub(r"\1", text)
    text = wording.modest(wording.occasion(duties(_doing(text) or text)))
    text = _OF_THEM.sub("", _ADDRESS.sub("", text))
    text = text[:1].upper() + text[1:]
    reference = component.path in material.references
    told = _upto(text, 400) if reference else next(iter(sentences(text)), "")
    about = _BAR.sub(r"\|", shown(re.sub(r"[<>]|\{\{\w+\}\}/", "", told))).rstrip(". ")
    if _HANGS.search(about):
        about = wording.clause(about, len(about) - 1)
    about = about.rstrip(": ")
    if _SLOT.search(about) or not is_quotable(about):
        return ""
    about = re.sub(r"^Master (?=[a-z])", "Masters ", about)
    if reference and about and wording.stems(subject) - wording.stems(about):
        about = f"{subject}: {lowered(about, component.body)}"
    return about if reference else wording.clause(about, 200)


def _subject(text: str) -> str:
    """What a text begins with that only says whose subject it is: "Night mooring specialist."; ""
    for a single word, and where it does not."""
    first, *rest = sentences(text) or [""]
    found = _WHOSE.fullmatch(wording.modest(first.strip())) if rest else None
    return found[1][:1].upper() + found[1][1:] if found else ""


_WHOSE = pattern(
    r"(?:an? |the )?([\w/+.&#,-]+(?: [\w/+.&#,-]+){1,6}) (?:specialist|expert)\.?", re.I
)
_URGED = pattern(
    r"(?i)\b(use(?: (?:this|the) (?:agent|command))?) proactively(?= (?:for|when|to|after|before))"
)
_HANGS = pattern(r" (?:of|for|to|with|by|in|on|are|is|the following):$")
_ADDRESS = pattern(
    r"(?:instructions?: |please |how to |use this agent (?:as an? |(?=before |after ))"
    r"|(?:follow|execute|perform|complete) (?:these|the|each|all) (?:steps?|tasks?|instructions)"
    r"(?: below| in the order given| in order)? to )(?=\w)",
    re.I,
)
_OF_THEM = pattern(r" (?:of|for|on|in) the arguments(?= (?:to|and|with)\b|[.,]|$)")


def apart(material: Material, rows: Sequence[Row], own: Owned) -> list[Row]:
    """The rows, in one mood, of which no two of a kind say the same, and none is empty of which
    anything is said."""
    found = [(one, _in_mood(one, about)) for one, about in _without_templates(rows)]
    counts = Counter((one.kind, about.lower()) for one, about in found)
    bad = [not about or counts[one.kind, about.lower()] > 1 for one, about in found]
    known = {about.lower() for (_, about), one in zip(found, bad, strict=True) if not one}
    for at, (component, about) in enumerate(found):
        if not bad[at]:
            continue
        others = _others(material, component, own, is_empty=not about)
        new = next((one for one in others if one and one.lower() not in known), about)
        if about and (names := limits.tools(component)[:MOST_TOOLS]):
            new = f"{new} (tools: {', '.join(names)})"
            new = _BAR.sub(r"\|", new)
        found[at] = (component, new)
        known.add(new.lower())
    return found


_BAR = pattern(r"(?<!\\)\|")  # it would end the cell


def shortened(rows: Sequence[Row], most: int) -> list[Row]:
    """The rows; of many that say much, each in so few words that all of them find room."""
    for length in LENGTHS:
        if sum(len(about) for _, about in rows) <= most:
            break
        rows = [(one, _within(about, length)) for one, about in rows]
    return list(rows)


def _within(about: str, length: int) -> str:
    if len(about) <= length:
        return about
    return wording.clause(about, length) or trimmed_end(cut(about, length))


LENGTHS = (300, 220, 160, 110, 80)
"""Characters of a row, in turn, where a table would be too long."""


def _others(
    material: Material, component: Component, own: Owned, *, is_empty: bool
) -> Iterator[str]:
    """What else there is to say of one: what a list of another file says of it, what it says that
    it is good at, what its text opens with, and of nothing said its title."""
    if is_empty:
        yield _brief(material, component, _listed(material, component))
    nested = component.meta.get("metadata")
    for meta in (component.meta, nested if isinstance(nested, dict) else {}):
        said = meta.get("specialization")
        yield _brief(material, component, said) if isinstance(said, str) else ""
    opening = _brief(material, component, _opening(material, component, own))
    if len(opening.split()) > 3 and not _of_template(component, opening):
        yield opening
    title = re.search(r"(?m)\A\s*# +(\S.*)$", component.body) if is_empty else None
    yield _brief(material, component, title[1]) if title and " " in title[1] else ""


def _listed(material: Material, component: Component) -> str:
    """What the README, or the command that its name begins with, says of one in a list or a table:
    "- `status` - Show the tides" of `/tide-status`."""
    words = component.name.rpartition(":")[2].split("-")
    readmes = [f.text for f in material.anatomy.files if f.path.lower() == "readme.md"]
    for at in range(len(words)):
        above, name = "-".join(words[:at]), "-".join(words[at:])
        bodies = [c.body for c in material.anatomy.of("command") if not at or c.name == above]
        calls = rf"[*`\[]*(?:/?{re.escape(above)}[ :-])?/?{re.escape(name)}[`*\]]*"
        row = re.compile(
            rf"(?m)^\s*(?:[-*+]|\d+\.|\|)\s*{calls}(?:\([^)\s]*\))?"
            r"\s*(?:[-:|]|\u2013|\u2014)\s+(\w[^|\n]{8,})"
        )
        if said := next(filter(None, map(row.search, (*bodies, *readmes))), None):
            return said[1]
    return ""


def _in_mood(component: Component, about: str) -> str:
    """What a command is for as an order, and what an agent is for as what it does; what names a
    thing as it is."""
    words = about.split()
    if len(words) < 2 or wording.is_personal(about):
        return about
    if component.kind == "command":
        if gerund := _GERUND.match(about):
            verb = f"{verbs.bare_verb(gerund[1])}{gerund[2] or ''}".capitalize()
            return f"{verb}{about[gerund.end() :]}"
        return (person.begins(about) and verbs.imperative(about)) or about
    low = words[0].lower()
    is_order = verbs.is_verb(low) and not person.begins(about) and not verbs.names_thing(words)
    if not is_order or not (verbs.is_sure(words) or not verbs.may_be_noun(low)):
        return about
    how = _HOW.search(about)
    deed = about[: how.start()] if how else about
    told = person.ordered(deed)
    still = any(verbs.is_verb(word.lower()) for word in _AFTER_COMMA.findall(told))
    told += about[len(deed) :]
    return about if still else told


_HOW = pattern(r" (?:including|with|for|using|through|via|such as|like) ")
_AFTER_COMMA = pattern(r", (?:and |or )?(?:\w+ly )?(\w+)")
_GERUND = pattern(
    r"(Setting|Creating|Using|Building|Managing|Running|Adding|Writing|Configuring|Generating"
    r"|Updating)( Up)?(?= (?:an? |the )?\w)"
)

MOST_TOOLS = 8
"""Tools that a row names."""


def _whole(component: Component) -> str:
    """What its description says; of one that was cut off ("delegate tasks to the correc...") the
    sentence of its text that begins so."""
    said = shown(descriptions.first(component))
    if not (found := _CUT_OFF.search(said)):
        return _of_it(said)
    begins = re.sub(r"^.{2,30} - (?=You )", "", said[: found.start()])
    if len(before := sentences(begins)) > 1:
        return _of_it(before[0].strip())  # the second one was cut off
    for line in component.body.splitlines():
        for one in sentences(line):
            if len(begins) > MARK and one.startswith(begins[:-MARK]):
                return _of_it(one)
    return _of_it(wording.clause(begins, len(begins) - 1))


def _of_it(said: str) -> str:
    """What is said to a model of itself ("You are the clerk who keeps the log", "Clerk - You keep
    the log"), said of the command."""
    told = _TO_YOU.sub("", said)
    return said if told == said or told.count(" ") < 3 else told[:1].upper() + told[1:]


_TO_YOU = pattern(r"^(?:[^.:]{2,40} - )?You (?:are (?:now )?(?:tasked with |(?:an?|the) )?)?(?=\w)")

_CUT_OFF = pattern(r"(?:\.\.\.|\u2026)\s*$")

MARK = 12
"""Characters at the end of a cut-off description that may be half a word, or a mark."""


def _without_templates(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows; what one sentence says of several, but for their names ("Documentation of
    swarm-status"), says nothing of any. (Of a name that is one word it may say something.)"""

    counts = Counter(filter(None, (_of_template(*row) for row in rows)))
    for row in rows:
        yield row if counts[_of_template(*row)] < SAME_SENTENCE else (row[0], "")


def _of_template(component: Component, about: str) -> str:
    """What is said of one, with a mark for its name; "" where its name is not in it."""
    name = component.name.lower()
    return about.lower().replace(name, "_") if "-" in name and name in about.lower() else ""


def _opening(material: Material, component: Component, own: Owned) -> str:
    """What a component without a description is for: its first paragraph; where that stands under
    a heading, what of it says what is done, else the component's own title."""
    found = [one for group in about_of(material, component, own)[:2] for one in group.sections]
    texts = [
        (one.path, block.text) for one in found for block in one.blocks[:1] if block.kind == "text"
    ]
    if texts and not texts[0][0]:
        return texts[0][1]
    for path, text in texts[:2]:
        if _PURPOSE.fullmatch(path[-1]) and len(path) == 1 and not wording.is_personal(text):
            return text
        if doing := next(filter(None, map(_doing, sentences(text))), ""):
            return doing
    title = re.search(r"(?m)\A\s*# +(\S.*)$", component.body)
    named = _WHO.sub("", title[1]).strip() if title else ""
    return named or next((text for path, text in texts if len(path) < 2), "")


def _doing(text: str) -> str:
    """What a text says that is done: "This tool moors ships." gives "Moors ships."; "" where it
    does not begin so."""
    found = _DOES.match(text) or _ABOUT_ITSELF.match(text)
    rest = text[found.end() :] if found else ""
    return rest[:1].upper() + rest[1:]


_DOES = pattern(
    r"(?:this|the) (?:[\w-]+ )?(?:tool|command|agent|workflow|skill|generator|prompt) "
    r"(?=[a-z]+s\b(?<!\bis)(?<!\bhas)(?<!\bwas)(?<!\bdoes))"
    r"|the user (?:needs|wants|asks)(?: to| for| help (?:with|to)| assistance (?:with|in))? ",
    re.I,
)

_SLOT = pattern(r"\{\{|\}\}")  # it is to be filled in
_PURPOSE = pattern(r"(?:purpose|overview|objective|goal|summary)", re.I)
_ABOUT_ITSELF = pattern(
    r"this (?:document|file|guide|page|section) (?:describes|explains|covers|details|outlines"
    r"|documents|lists|provides) ",
    re.I,
)
_WHO = pattern(r" (?:expert|specialist|assistant|agent|command|skill|slash command)$", re.I)


def _upto(text: str, most: int) -> str:
    """The first sentences, whole, that take at most so many characters together; one at least."""
    taken, *more = sentences(text) or [""]
    for one in more:
        if len(taken) + len(one) > most or _REMARK.match(one):
            break
        taken += one
    return taken if len(taken) <= most else cut(taken, most)


_REMARK = pattern(r"\W*(?:important|notes?|warning|remember|tip)\b[^.:]{0,20}:", re.I)
SAME_SENTENCE = 3
"""Commands of which one sentence, but for their names, says nothing."""
