"""What a SKILL.md says of commands and agents that have a reference each, beside what each is for:
their steps, where their results lie, and what they must not do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nightpress.backends.offline import components, trim, verbs, wording
from nightpress.backends.offline.blocks import Block, is_ordered, items_of, sections
from nightpress.backends.offline.clean import Place, is_quotable
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.stubs import NUMBER, are_steps
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.worth import PROCEDURE
from nightpress.lazy import pattern
from nightpress.model import Component, Material

MOST_SAID, MOST_PATHS, MOST_BYTES = 190, 3, 2_600
"""Characters of a rule, paths of results, and characters of all rules."""


def parts(material: Material, topic: Topic) -> Iterator[Part]:
    """The steps, the results and the rules of the components that have a reference."""
    every = [
        one
        for kind in ("command", "agent")
        for one in components.once(material, kind)
        if one.path in material.references and topic.uses(one)
    ]
    rows = list(_procedures(material, every))
    commands = sum(one.kind == "command" for one in every)
    if 3 * len(rows) >= commands and rows:  # a few of many would pass for all
        said = [Block("text", "What they do, step by step:"), Block("list", "\n".join(rows))]
        yield Part(("Steps",), (0, 1), 3, said)
    results = [(one, found) for one in every if (found := _results(one))]
    if len(results) > max(1, len(every) // 6):
        rows = [f"- `{components.name_of(one)}`: {wording.together(r)}" for one, r in results]
        said = [Block("text", "Where their results lie:"), Block("list", "\n".join(rows))]
        yield Part(("Results",), (0, 2), 3, said)
    told = {one.path: list(_rules(material, one)) for one in every}
    often = [text for texts in told.values() for text in texts]
    rules, room = list[str](), MOST_BYTES
    for one in every:
        own = next((text for text in told[one.path] if often.count(text) == 1), "")
        room -= len(own)
        if own and room > 0:
            rules.append(f"- `{components.name_of(one)}`: {own}")
    if len(rules) > max(1, len(every) // 4):
        said = [Block("text", "What their texts forbid or ask for, most of all:")]
        yield Part(("Rules",), (0, 3), 3, [*said, Block("list", "\n".join(rules))])


def _procedures(material: Material, every: Sequence[Component]) -> Iterator[str]:
    """The steps of each command that has several, by name, as long as there is room."""
    own, room = trim.owned(material.anatomy), MOST_STEPS
    for one in every:
        names = _steps(one, components.place_of(material, one.path), own)
        said = "; ".join(f"{n}. {name}" for n, name in enumerate(names, 1))
        room -= len(said)
        if said and room > 0:
            yield f"- `{components.name_of(one)}`: {said}."


def _steps(component: Component, place: Place, own: trim.Owned) -> list[str]:
    """The names of a command's steps: of headings that say so, or of a list's bold titles.
    Of several procedures none: one of them would pass for what the command does."""
    groups = trim.quoted(component.body, place, own) if component.kind == "command" else []
    if sum(bool(group.steps) for group in groups) > 1:
        return []
    for group in groups:
        # other numbers may count the parts of a result
        found = list(group.steps) if all(map(_CALLED.match, group.steps)) else []
        for section in group.sections if not found else ():
            titles = [_TITLE.match(item) for block in section.blocks if is_ordered(block)
                      for item in items_of(block.text)]  # fmt: skip
            names = [one[1].rstrip(" :.") for one in titles if one]
            head = section.path[-1] if section.path else ""
            is_told = all(titles) and PROCEDURE.search(head) and not _AFTERWARDS.search(head)
            found = names if is_told and are_steps(names) else found
        names = [NUMBER.sub("", _CALLED.sub("", name)) for name in found]
        if LEAST <= len(names) <= MOST and all(4 < len(name) <= MOST_NAME for name in names):
            return names
    return []


LEAST, MOST, MOST_NAME, MOST_STEPS = 3, 12, 70, 2_400
"""Steps of a procedure that is named, characters of a step's name, and of all of them."""
_CALLED = pattern(r"^(?:step|phase|stage) *\d+ *[:.)\u2013\u2014-]* *", re.I)
_AFTERWARDS = pattern(r"(?i)\b(?:completion|next|final|follow-?up|post|optional|alternative)\b")
_TITLE = pattern(r"\s*\d+[.)] +\*\*([^*\n]+)\*\*")


def _results(component: Component) -> list[str]:
    """The files that a component's text says that it writes, as code."""
    found: dict[str, None] = {}
    for said in _SENTENCE.split(_FENCED.sub("", component.body)):
        if _DENIES.search(said):
            continue
        for one in _WRITES.finditer(said):
            path = one[1]
            if (
                is_quotable(path)
                and _PATH.fullmatch(path)
                and not path.startswith(("/", "~/", "$"))
            ):
                found.setdefault(f"`{path}`", None)
    return list(found)[:MOST_PATHS]


def _rules(material: Material, component: Component) -> Iterator[str]:
    """What a text forbids, or asks for without exception, in a sentence or two; prohibitions
    first."""
    place = components.place_of(material, component.path)
    found: list[tuple[bool, int, str]] = []
    for section in sections(component.body, place):
        if any(map(_NO_RULES.search, section.path)):
            continue
        for block in section.blocks:
            pieces = items_of(block.text) if block.kind == "list" else [block.text]
            for piece in pieces if block.kind in ("list", "text") else ():
                text = _MARK.sub("", piece).strip()
                if "\n" in text or not 24 <= len(text) <= MOST_SAID or _OPEN.search(text):
                    continue
                if (told := _FORBIDS.match(_BOLD.sub("", text))) and _is_order(told):
                    found.append((told[1].lower() == "always", len(found), text))
    for *_, text in sorted(found):
        last = _BOLD.sub("", text)[-1]
        yield f"{text}." if last.isalnum() or last == "`" else text


def _is_order(told: re.Match[str]) -> bool:
    """Is it no statement: "Only allow bug fixes", and not "Only analyzes recent commits"?"""
    word = told[2].lower()
    if told[1].lower() == "always" and word in _ANYBODYS:
        return False
    return told[1].lower() != "only" or (verbs.is_verb(word) and not word.endswith(("s", "ed")))


_ANYBODYS = ("provide", "include", "ensure", "consider", "focus", "be", "prioritize", "strive")
"""What is always asked for of anybody."""
_MARK = pattern(r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ x]\]\s+)?")
_BOLD = pattern(r"\*\*|__")
_FORBIDS = pattern(r"(never|do not|don't|you are(?= read-only)|always|only) ([\w-]+)\b", re.I)
_OPEN = pattern(
    r":\W*$|\?|\[[A-Z]|\.\.\.|\u2026|^[^a-zA-Z*`\"]|\b(?:below|above|following)\b"
    r"|\b(?:these|those|them)\b(?! [a-z])"
)
_NO_RULES = pattern(
    r"(?i)--|\bmode$|\bwhen\b|\b(?:anti-?patterns?|mistakes?|pitfalls?|smells?|alternatives?|examples?|templates?|formats?|output|options?|troubleshoot\w*)\b"
)
_SENTENCE = pattern(r"\n|(?<=[.;]) ")
_DENIES = pattern(
    r"(?i)\b(?:not|never|don't|reads?|if|when|unless|only|should|can|could|may|forbidden|must be)\b"
)
_WRITES = pattern(
    r"(?i)\b(?:writ(?:e|es|ten)|saved?|saves|creates?|produces?|generates?|stored?|outputs?|exports?)\b"
    r"[^.`\n]{0,60}\b(?:to|at|into|as)\W{0,4}`([^`\n]+)`"
)
_PATH = pattern(
    r"[\w.\[\]{}<>@-]+(?:/[\w.\[\]{}<>@-]+)+/?|[\w.\[\]{}<>-]+\.(?:md|json|ya?ml|html|csv|txt)"
)
_FENCED = pattern(r"(?ms)^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1[ \t]*$")
