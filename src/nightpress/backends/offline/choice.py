"""What there is to choose from: each command and agent of a plugin, with what it is for."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator

from nightpress.backends.offline import trim, wording
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.clean import shown
from nightpress.backends.offline.components import (
    MATTERS,
    MOST_ROWS,
    about_of,
    is_hint,
    link,
    name_of,
    once,
)
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.trim import Owned
from nightpress.backends.offline.wording import code, cut, duties, sentences
from nightpress.lazy import pattern
from nightpress.model import Component, Material


def choice(material: Material, topic: Topic, own: Owned) -> list[Block]:
    """Each command and agent with what it is for: a table, or where that would be too long to
    choose from, lists by folder. None where there is no choice."""
    rows: list[tuple[Component, str]] = []
    for kind in ("command", "agent"):
        for component in filter(topic.uses, once(material, kind)):
            text = trim.prose(_whole(component), own)
            if not text or re.match(rf"\s*# +{re.escape(component.description)}", component.body):
                text = _opening(material, component, own) or text  # a title says less
            text = _doing(text) or text
            text = wording.modest(wording.occasion(duties(text)))
            reference = component.path in material.references
            told = _upto(text, 400) if reference else next(iter(sentences(text)), "")
            about = shown(re.sub(r"[<>|]", "", told)).rstrip(". ")
            about = "" if _SLOT.search(about) else about
            rows.append((component, about if reference else wording.clause(about, 200)))
    rows = list(_without_templates(rows))
    if len(rows) < 2:
        return []
    if len(rows) > MOST_ROWS and not material.references:
        return list(_roster(material, rows))
    table = ["| Use | For |", "| --- | --- |"]
    for component, about in rows:
        path = material.references.get(component.path, component.path)
        name = link(material, path, f"`{name_of(component)}`")
        table.append(f"| {name}{_kinds.get(component.kind, '')} | {about} |")
    read = [Block("text", _READ)] if material.references else []
    return [Block("table", "\n".join(table)), *read]


def _whole(component: Component) -> str:
    """What its description says; of one that was cut off ("delegate tasks to the correc...") the
    sentence of its text that begins so."""
    said = shown(component.description)
    if not (found := _CUT_OFF.search(said)):
        return _of_it(component.description)
    begins = re.sub(r"^.{2,30} - (?=You )", "", said[: found.start()])
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


_TO_YOU = pattern(r"^(?:[^.:]{2,40} - )?You (?:are (?:now )?(?:(?:an?|the) )?)?(?=\w)")

_CUT_OFF = pattern(r"(?:\.\.\.|\u2026)\s*$")

MARK = 12
"""Characters at the end of a cut-off description that may be half a word, or a mark."""


def _without_templates(rows: list[tuple[Component, str]]) -> Iterator[tuple[Component, str]]:
    """The rows; what one sentence says of several, but for their names ("Documentation of
    swarm-status"), says nothing of any. (Of a name that is one word it may say something.)"""

    def of(row: tuple[Component, str]) -> str:
        name, about = row[0].name.lower(), row[1].lower()
        return about.replace(name, "_") if "-" in name else ""

    counts = Counter(filter(lambda said: "_" in said, map(of, rows)))
    for row in rows:
        yield row if counts[of(row)] < SAME_SENTENCE else (row[0], "")


def _roster(material: Material, rows: list[tuple[Component, str]]) -> Iterator[Block]:
    """The commands and agents of each folder, and where they are defined; in fewer words, where
    they would take too much of the document."""
    folders: dict[tuple[str, str], list[tuple[Component, str]]] = {}
    for component, about in rows:
        folder = posixpath.dirname(component.path)
        folders.setdefault((component.kind, folder), []).append((component, about))
    for of_command, of_agent in ((160, 160), (90, 90), (90, 0), (50, 0), (0, 0)):
        blocks = []
        for (kind, folder), own in folders.items():
            most = of_command if kind == "command" else of_agent
            what = f"{MATTERS[kind].capitalize()} in {link(material, folder)}"
            if most:
                lines = (f"- `{_called(one)}`{_colon(about, most)}"
                         for one, about in own)  # fmt: skip
                blocks += [Block("text", f"{what}:"), Block("list", "\n".join(lines))]
            else:
                named = ", ".join(f"`{name_of(one)}`" for one, _ in own)
                blocks.append(Block("text", f"{what}: {named}."))
        if sum(len(block.text) for block in blocks) <= MOST_ROSTER:
            break
    yield from blocks


def _colon(about: str, most: int) -> str:
    brief = wording.clause(about, most)
    return f": {brief}" if brief else ""


def _called(component: Component) -> str:
    """The name, and for a command the arguments that it declares."""
    hint = component.meta.get("argument-hint") if component.kind == "command" else None
    return f"{name_of(component)} {code(hint)}" if is_hint(hint) else name_of(component)


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
        if len(taken) + len(one) > most:
            break
        taken += one
    return taken if len(taken) <= most else cut(taken, most)


READ = {
    "command": "Before you use one of them, read the file that its name links to: it has the rest.",
    "agent": "Delegate to one by its name. What is said of it below is from its instructions, to"
    " which the name links.",
}
"""What a table says where not all of each row's file stands below, by what the rows are of."""
_READ = (
    "Before you use one of them, read the file that its name links to: it has the arguments, the"
    " steps and the examples."
)

_kinds = {"agent": " (agent)"}

MOST_ROSTER = 8_500
"""Bytes of the lists that stand in for a table of more rows than that."""

SAME_SENTENCE = 3
"""Commands of which one sentence, but for their names, says nothing."""
