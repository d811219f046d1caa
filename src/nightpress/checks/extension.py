"""What an extended document lost of the old one, and what was added that is not about its subject.

An extension of a person's file is published unasked only where there is neither. Of what is new
only whole sections and paragraphs are judged. What hardly shares a word of meaning with the old
text, its name and its description is about something else; so is, by its heading or its form, what
every README has and no skill needs: release notes, licence, badges, plans, thanks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct

from nightpress.checks import units
from nightpress.checks.behaviour import Change, changes
from nightpress.checks.document import parse
from nightpress.checks.losses import Loss, Loss_kind, losses
from nightpress.checks.units import Unit
from nightpress.lazy import pattern
from nightpress.plugin import frontmatter

__all__ = ["Extension", "Foreign", "counted", "extension"]

Foreign_kind = Literal["release", "licence", "plan", "project", "badge", "subject", "sibling"]

SAID: Mapping[Foreign_kind, str] = {
    "release": "release notes are added",
    "licence": "a licence is added",
    "plan": "plans are added",
    "project": "something about the project, not the skill, is added",
    "badge": "a badge is added",
    "subject": "something about another subject is added",
    "sibling": "something about another skill of the plugin is added",
}

NOUNS: Mapping[Loss_kind, str] = {
    "frontmatter": "frontmatter value",
    "code": "code block",
    "break": "dividing line",
    "row": "table row",
    "item": "list item",
    "directive": "rule",
    "order": "place",
}

QUOTE = 200
"""Characters of a quotation, at most."""

ENOUGH = 6
"""Words of meaning from which a section or a paragraph can be judged by them."""

SHARED = 0.1
"""Share of the words of meaning that are also the old text's, below which it is another subject."""

NEARLY, HALF = 0.9, 0.5
"""Another skill has at least, the old text less than, this share of the words: it is that one's."""

HEADING = pattern(
    # a number alone, or with its date; a criterion of a standard has a number and a title
    r"(?P<version>\W*\d+\.\d+[\w.-]*\W*(?:\d{4}-\d\d.*)?)"
    r"|[\W\d]*(?:(?:recent |latest |all )?(?:"
    r"(?P<release>release notes?|releases|change ?log|(?:breaking |recent )changes|versions?"
    r"|version (?:history|info(?:rmation)?)|what['\u2019]?s new(?: in .*)?|unreleased"
    r"|changes since .*|recent (?:improvements|updates)"
    r"|(?:v|version )\d+\.\d+[\w.-]*)"
    r"|(?P<licence>licen[cs]e|licensing|copyright)"
    r"|(?P<plan>road ?map|plans|planned(?: \w+)?|future(?: \w+)?|coming soon|to-?dos?|backlog)"
    r"|(?P<project>contribut(?:e|ing|ors?|ions?)|authors?|acknowledge?ments?|credits|thanks"
    r"|sponsors?(?:ship)?|star history|badges|maintainers?|funding|donat(?:e|ions?)"
    r"|code of conduct|cit(?:ation|ing))"
    r"))(?:\s*[^\w\s].*|\W*)",
    re.I,
)
FORMS: Mapping[Foreign_kind, re.Pattern[str]] = {
    "badge": pattern(r"!\[[^\[\]\n]*\]\([^()\s]*(?:shields\.io|badge)", re.I),
    "licence": pattern(
        r"(?:(?:released|licensed|distributed) under|copyright \(c\)|\u00a9|(?:the )?(?:MIT|BSD|ISC"
        r"|Apache(?:[ -]2\.0)?|GPL\S*) licen[cs]e)",
        re.I,
    ),
    "release": pattern(
        r"[*_`\[]*v?\d+\.\d+\.\d+[\]*_`:]* *(?:[-(:\u2013\u2014] *\(?\d{4}-\d\d|- )", re.I
    ),
}
WORD = pattern(r"[^\W\d_][\w'\u2019]{3,}")
COMMON = frozenset(
    "also another because been before being between both could does doing done each either else"
    " even every from have here into just know like made make many more most much must need needs"
    " never once only other others over same should some such than that their them then there these"
    " they this those through under until upon used user users uses using very want well were what"
    " when where which while will with within without would your yours always about above after"
    " again against below during example examples file files following note skill skills plugin"
    " plugins command commands agent agents claude code tool tools overview usage features feature"
    " section details steps step".split()
)
STEM = 6
"""Characters of a word that count: deploy, deploys and deployment are one."""

NOTHING: Mapping[str, str] = MappingProxyType({})


class Foreign(Struct, frozen=True):
    """One added thing that is not about the subject; line: in the new document, from 1."""

    kind: Foreign_kind
    line: int
    quote: str

    @property
    def message(self) -> str:
        """What was added, in one line of plain English."""
        return f"line {self.line}: {SAID[self.kind]}: {' '.join(self.quote.split())}"


class Extension(Struct, frozen=True):
    """losses: what is gone, every word counted; changes: what the frontmatter would make Claude
    Code do otherwise; foreign: what was added that is not about the subject."""

    losses: tuple[Loss, ...]
    changes: tuple[Change, ...]
    foreign: tuple[Foreign, ...]

    @property
    def clean(self) -> bool:
        """Whether it may be published without being asked."""
        return not (self.losses or self.changes or self.foreign)

    def beyond(self, before: Extension) -> Extension:
        """What is against it that was not against the one before."""
        lost = Counter((loss.kind, loss.quote) for loss in before.losses)
        added = Counter((foreign.kind, foreign.quote) for foreign in before.foreign)
        return Extension(
            tuple(one for one in self.losses if not _counted_off(lost, (one.kind, one.quote))),
            tuple(change for change in self.changes if change not in before.changes),
            tuple(one for one in self.foreign if not _counted_off(added, (one.kind, one.quote))),
        )

    @property
    def lost(self) -> str:
        """How much is lost, by kind, "" for nothing."""
        return counted(self.losses)

    @property
    def summary(self) -> str:
        """What is against it in one short text, "" if nothing is."""
        parts = []
        if self.losses:
            parts.append(f"it would lose {counted(self.losses)}")
        if self.changes:
            keys = dict.fromkeys(change.key for change in self.changes)
            parts.append(f"it would change {', '.join(keys)}")
        if self.foreign:
            first = " ".join(self.foreign[0].quote.split())[:60]
            more = f" and {len(self.foreign) - 1} more" if len(self.foreign) > 1 else ""
            parts.append(f"it adds what is not about this: {first!r}{more}")
        return "; ".join(parts)

    @property
    def messages(self) -> tuple[str, ...]:
        """Each of them in one line of plain English."""
        return (
            *(change.message for change in self.changes),
            *(loss.message for loss in self.losses),
            *(foreign.message for foreign in self.foreign),
        )


def _counted_off(counts: Counter[Any], key: tuple[str, str]) -> bool:
    counts[key] -= 1
    return counts[key] >= 0


def counted(lost: Iterable[Loss]) -> str:
    """How much is lost, by kind: `3 rules, 2 headings`; "" for nothing."""
    kinds = Counter(NOUNS.get(loss.kind, loss.kind) for loss in lost)
    return ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in kinds.most_common())


def extension(
    old: str,
    new: str,
    linked: Mapping[str, str] = NOTHING,
    *,
    about: str = "",
    siblings: Iterable[str] = (),
) -> Extension:
    """What is against publishing `new` in place of `old` as its extension.

    linked: path -> text of the files that `new` links to; about: more that tells what the old text
    is about, such as the plugin's name and description; siblings: the plugin's other skills, each
    with documents of its own.
    """
    before, after = _fields(old), _fields(new)
    return Extension(
        losses(old, new, linked, literally=True),
        changes(before, after),
        tuple(_foreign(old, new, about, siblings)),
    )


def _fields(text: str) -> Mapping[str, object]:
    try:
        return frontmatter.parse(frontmatter.split(_lf(text)).raw or "")
    except frontmatter.FrontmatterError:
        return {}


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Section(Struct):
    """A heading, None at the top, and what was added below it, up to the next heading."""

    heading: Unit | None
    added: list[Unit]


def _foreign(old: str, new: str, about: str, siblings: Iterable[str]) -> Iterator[Foreign]:
    own = _Subject(old, about, siblings)
    for section in _added(_lf(old), _lf(new), own):
        if section.heading is not None and (kind := own.rejects(section.heading)):
            yield Foreign(kind, section.heading.line, section.heading.text[:QUOTE])
            continue
        blocks = ([section.heading] if section.heading else []) + section.added
        kind = own.foreign(" ".join(unit.text for unit in blocks)) if section.heading else None
        if kind and section.heading:
            yield Foreign(kind, section.heading.line, section.heading.text[:QUOTE])
            continue
        for unit in _whole(section.added):
            if kind := _form(unit) or (own.foreign(unit.text) if unit.kind != "code" else None):
                yield Foreign(kind, unit.line, unit.text[:QUOTE])


def _whole(added: Iterable[Unit]) -> Iterator[Unit]:
    """The blocks, with the items of a list, or the rows of a table, in one."""
    for kind, run in groupby(added, key=lambda unit: unit.kind):
        if kind not in ("item", "row"):
            yield from run
        else:
            first, *rest = run
            text = "\n".join((first.text, *(unit.text for unit in rest)))
            yield Unit(kind, first.key, first.line, text)


def _form(unit: Unit) -> Foreign_kind | None:
    """What a block is by its form alone."""
    if unit.kind in ("code", "comment", "break", "definition"):
        return None
    for kind, form in FORMS.items():
        if form.search(unit.text) if kind == "badge" else form.match(unit.text):
            return kind
    return None


def _added(old: str, new: str, own: _Subject) -> Iterator[_Section]:
    """What is new, by sections; of one that is foreign by its heading only the heading, and
    nothing of what is below it."""
    there = Counter((unit.kind, unit.key) for unit in units.blocks(old))
    levels = {heading.line: heading.level for heading in parse(new).headings}
    section = _Section(None, [])
    out = 0  # the level of the foreign section that we are in
    for unit in units.blocks(new):
        known = there[unit.kind, unit.key] > 0
        there[unit.kind, unit.key] -= known
        if unit.kind != "heading":
            if not known and not out:
                section.added.append(unit)
            continue
        level = levels.get(unit.line, 6)
        if out and level > out and not known:
            continue
        if section.added or section.heading:
            yield section
        section = _Section(None if known else unit, [])
        out = level if not known and own.rejects(unit) else 0
    if section.added or section.heading:
        yield section


class _Subject:
    """What a document is about: the words of its text, name and description."""

    def __init__(self, old: str, about: str, siblings: Iterable[str]) -> None:
        fields = _fields(old)
        self.title = f"{fields.get('name', '')} {fields.get('description', '')}".lower()
        self.words = _words(f"{old} {about}")
        self.siblings = [_words(text) for text in siblings]

    def rejects(self, heading: Unit) -> Foreign_kind | None:
        """Whether no such section belongs here; one that the description speaks of does."""
        found = HEADING.fullmatch(heading.text[:100])
        if found is None:
            return None
        if found["version"]:
            return "release"
        kind: Foreign_kind
        for kind in ("release", "licence", "plan", "project"):
            if found[kind] and found[kind].lower()[:5] not in self.title:
                return kind
        return None

    def foreign(self, text: str) -> Foreign_kind | None:
        """Whether the words are those of another subject, or rather those of a sibling."""
        words = _words(text)
        if len(words) < ENOUGH:
            return None
        if len(words & self.words) < SHARED * len(words):
            return "subject"
        theirs = any(len(words & other) >= NEARLY * len(words) for other in self.siblings)
        return "sibling" if theirs and len(words & self.words) < HALF * len(words) else None


def _words(text: str) -> frozenset[str]:
    return frozenset(
        word[:STEM]
        for word in WORD.findall(text.lower().replace("-", " ").replace("_", " "))
        if word not in COMMON
    )
