"""Does a skill trigger? Its description against those of the whole marketplace, without a model.

An agent sees nothing of a skill but name and description, and chooses by them. So what users ask
for is put to all descriptions at once, ranked by BM25. The requests are a plugin's own words: what
its documents and commands say of when they are used, and what they quote a user as saying. One that
stands in the description already is left out: it would only prove that a text contains itself.

BM25 (Robertson and Zaragoza, 2009) is thirty lines of arithmetic here: rank-bm25 and bm25s both
bring numpy, for a few thousand sentences.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.lazy import pattern
from nightpress.model import Anatomy
from nightpress.plugin import frontmatter

K1, B = 1.5, 0.75
LISTING, EACH = 8_000, 1_536
"""Characters that Claude Code shows of all skills' names and descriptions, and of one."""
MOST = 12
"""Requests of one skill that are asked."""
SAME = 0.8
"""Share of words, 0 to 1, from which two descriptions are twins."""

WORD = pattern(r"[a-z0-9]+")
STOP = frozenset(
    "a an and are as at be by can for from have how i if in into is it its me my need of on or our"
    " please should that the their this to use used user using want was we what when which will"
    " with you your help skill plugin claude activates asks command"
    .split()
)  # fmt: skip
QUOTE = r"[\"\u201c]([^\"\u201d\n]{8,200})[\"\u201d]"
ASKED = pattern(r"(?:\buser(?:'s)?\b[^\n\"\u201c]{0,24}|^[ \t]*>[ \t]*)" + QUOTE, re.I | re.M)
WHEN = pattern(
    r"^#{1,6}[ \t]+[^\n]*\b(?:when to|use (?:it |this |them )?when|triggers?|use cases?)\b",
    re.I | re.M,
)
NOT = pattern(r"\bnot\b|n['\u2019]t\b|\bavoid\b|\binstead\b|\bskip\b|\bunless\b|\(consider\b", re.I)
HEADING = pattern(r"^#{1,6}[ \t]", re.M)
ITEM = pattern(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+(\S[^\n]*)", re.M)
USE = pattern(
    r"\buse (?:this (?:skill|command|agent|tool) |it |`?/[\w:-]+`? )?when"
    r" (?:you (?:need|want) to )?([^.\n:]{12,200})",
    re.I,
)
MARKUP = pattern(r"[`*_]|\[([^\]]*)\]\([^)]*\)")


class Skill(Struct, frozen=True):
    """What is listed of one skill, and what its users ask for. id: as people know it."""

    id: str
    name: str
    description: str
    requests: tuple[str, ...] = ()

    @property
    def listed(self) -> int:
        """Characters of the listing that it takes."""
        return min(EACH, len(self.name) + len(self.description))


class Trigger(Struct, frozen=True):
    """How one skill fares. asked: requests; first, top3: of those, at which it comes first, or
    among three; rivals: (id, requests at which that one comes before it), the worst first."""

    id: str
    asked: int
    first: int
    top3: int
    rivals: tuple[tuple[str, int], ...]


class Measured(Struct, frozen=True):
    """Every skill's share; twins: pairs of ids whose descriptions say the same; characters: of the
    listing that all of them take."""

    skills: tuple[Trigger, ...]
    twins: tuple[tuple[str, str], ...]
    characters: int

    def rate(self, what: str) -> float | None:
        """Share of all requests, 0 to 1, by `first` or `top3`; None where nothing was asked."""
        asked = sum(one.asked for one in self.skills)
        return sum(getattr(one, what) for one in self.skills) / asked if asked else None


def words(text: str) -> list[str]:
    """The words that are compared: lower case, without plural and the commonest ones."""
    return [_singular(word) for word in WORD.findall(text.lower()) if word not in STOP]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] != "s" else word


class Index:
    """Descriptions by their words, each with its weight by BM25."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts = [Counter(words(text)) for text in texts]
        sizes = [sum(count.values()) for count in counts]
        self._mean = sum(sizes) / max(1, len(sizes)) or 1.0
        self._held = Counter(word for count in counts for word in count)
        self._all = len(counts)
        self._weights: dict[str, dict[int, float]] = defaultdict(dict)
        for at, count in enumerate(counts):
            for word, weight in self._weighed(count).items():
                self._weights[word][at] = weight

    def weights(self, text: str) -> dict[str, float]:
        """What each word of one more description would weigh."""
        return self._weighed(Counter(words(text)))

    def _weighed(self, count: Counter[str]) -> dict[str, float]:
        norm = K1 * (1 - B + B * sum(count.values()) / self._mean)
        held, every = self._held, self._all
        return {
            word: math.log(1 + (every - held[word] + 0.5) / (held[word] + 0.5))
            * n * (K1 + 1) / (n + norm)
            for word, n in count.items()
        }  # fmt: skip

    def scores(self, request: str) -> dict[int, float]:
        """Place of a description -> its score, of those that share a word with the request."""
        scores: dict[int, float] = defaultdict(float)
        for word in dict.fromkeys(words(request)):
            for at, weight in self._weights.get(word, {}).items():
                scores[at] += weight
        return scores


def measure(skills: Sequence[Skill]) -> Measured:
    """Each skill's requests, put to all descriptions. A tie is no first place."""
    index = Index(_listed(skill) for skill in skills)
    every = []
    for own, skill in enumerate(skills):
        first = top3 = 0
        rivals = Counter[str]()
        for request in skill.requests:
            scores = index.scores(request)
            mine = scores.get(own, 0.0)
            before = [at for at, score in scores.items() if score >= mine and at != own]
            first += bool(mine) and not before
            top3 += bool(mine) and len(before) < 3
            rivals.update(skills[at].id for at in before if scores[at] == max(scores.values()))
        worst = tuple(rivals.most_common(3))
        every.append(Trigger(skill.id, len(skill.requests), first, top3, worst))
    return Measured(tuple(every), tuple(_twins(skills)), sum(s.listed for s in skills))


class Beaten(Struct, frozen=True):
    """A skill, by its id, that another description takes requests from. held: requests at which it
    came first; taken: those of them at which it does no longer."""

    id: str
    taken: tuple[str, ...]
    held: int


class Rivals:
    """The marketplace's other skills, each with the requests at which its description comes first:
    what a new description must not take."""

    def __init__(self, skills: Sequence[Skill]) -> None:
        self._skills = skills
        self._index = Index(_listed(s) for s in skills)
        self._asked: list[tuple[int, str, tuple[str, ...], dict[int, float]]] = []
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for own, skill in enumerate(skills):
            for request in skill.requests:
                scores = self._index.scores(request)
                best = dict(sorted(scores.items(), key=lambda item: -item[1])[:3])
                said = tuple(dict.fromkeys(words(request)))  # in the order in which scores add up
                for word in said:
                    self._by_word[word].append(len(self._asked))
                self._asked.append((own, request, said, {own: scores.get(own, 0.0), **best}))

    def beaten(self, skill: Skill) -> Iterator[Beaten]:
        """Whom the skill's description takes requests from."""
        weights = self._index.weights(_listed(skill))
        near = {at for word in weights for at in self._by_word.get(word, ())}
        taken: dict[int, list[str]] = defaultdict(list)
        held = Counter[int]()
        for at, (own, request, said, scores) in enumerate(self._asked):
            others = [n for n in scores if n != own and self._skills[n].id != skill.id]
            if self._skills[own].id == skill.id or not scores[own]:
                continue
            if any(scores[n] >= scores[own] for n in others):
                continue
            held[own] += 1
            if at in near and sum(weights.get(w, 0.0) for w in said) >= scores[own]:
                taken[own].append(request)
        for own, lost in taken.items():
            yield Beaten(self._skills[own].id, tuple(lost), held[own])


def _listed(skill: Skill) -> str:
    return f"{skill.name.replace('-', ' ')} {skill.description}"


def description_beats(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """A new description does not take the requests of another skill of the marketplace. Of the
    requests that now find that other skill first (by BM25 over all names and descriptions), it may
    come first for fewer than `least`, or for less than the option share."""
    description = document.text_field("description")
    before = frontmatter.split(context.standing or "").raw or ""
    if context.rivals is None or not description or description in before:
        return
    own = Skill(context.target or "", document.text_field("name"), description)
    for one in context.rivals(own):
        taken = len(one.taken)
        if taken >= max(int(options["least"]), float(options["share"]) * one.held):
            yield Spot(
                f"takes {taken} of the {one.held} requests that find {one.id}, as:"
                f" {one.taken[0][:60]!r}",
                document.field_line("description"),
                1,
                "say what sets it apart, and leave out what the other one is for",
            )


def _twins(skills: Sequence[Skill]) -> Iterator[tuple[str, str]]:
    said = [frozenset(words(skill.description)) for skill in skills]
    by_word: dict[str, list[int]] = defaultdict(list)
    for at, own in enumerate(said):
        shared = Counter(other for word in own for other in by_word[word])
        for other, n in shared.items():
            if n >= SAME * len(own | said[other]):
                yield skills[other].id, skills[at].id
        for word in own:
            by_word[word].append(at)


def skill_of(id_: str, text: str, anatomy: Anatomy | None) -> Skill | None:
    """The skill that a document is; None where its frontmatter names none. anatomy: its plugin's,
    whose commands speak for it where it is the only one."""
    parts = frontmatter.split(text)
    try:
        fields = frontmatter.parse(parts.raw) if parts.raw is not None else {}
    except frontmatter.FrontmatterError:
        return None
    name, description = (str(fields.get(key) or "").strip() for key in ("name", "description"))
    if not (name and description):
        return None
    if anatomy is not None and len({c.path for c in anatomy.of("skill")}) > 1:
        anatomy = None
    return Skill(id_, name, description, requests(text, anatomy, [description]))


def requests(
    text: str, anatomy: Anatomy | None = None, besides: Iterable[str] = ()
) -> tuple[str, ...]:
    """What users ask for, by a document's body and the plugin's commands and agents; without what
    stands in one of the descriptions `besides`."""
    parts = frontmatter.split(text)
    found = list(_said(parts.body))
    for component in anatomy.components if anatomy is not None else ():
        if component.kind in ("command", "agent"):
            found += [*_said(component.body), component.description]
    known = [_trigrams(one) for one in besides]
    kept: dict[str, None] = {}
    for said in found:
        plain = " ".join(MARKUP.sub(r"\1", said).split()).strip(" .:;,\"'")
        own = _trigrams(plain)
        if len(words(plain)) >= 3 and not any(len(own & k) >= 0.6 * len(own) for k in known):
            kept[plain] = None
    return tuple(kept)[:MOST]


def _said(body: str) -> Iterator[str]:
    """Lines that say when something is used, and what a user is quoted as saying."""
    for match in ASKED.finditer(body):
        yield match[1]
    for match in USE.finditer(body):
        yield match[1]
    yield from wishes(body)


def wishes(body: str) -> Iterator[str]:
    """The items of its sections about when to use something."""
    return (item for item, against in _items(body) if not against)


def refusals(body: str) -> Iterator[str]:
    """The items that say when not to use it, without what to use instead."""
    for item, against in _items(body):
        if against:
            yield re.sub(r"\s*\([^()]*\)\s*$", "", item)


def _items(body: str) -> Iterator[tuple[str, bool]]:
    """(an item, does it say when not to use something)."""
    for heading in WHEN.finditer(body):
        title = body[heading.start() : body.find("\n", heading.end())]
        after = HEADING.search(body, heading.end())
        against = refused = bool(NOT.search(title))
        for line in body[heading.end() : after.start() if after else len(body)].split("\n"):
            item = ITEM.match(line)
            if item is not None:
                yield item[1], against or bool(NOT.search(item[1]))
            elif line.strip():
                against = refused or bool(NOT.search(line))


def _trigrams(text: str) -> frozenset[tuple[str, ...]]:
    said = WORD.findall(text.lower())
    return frozenset(zip(said, said[1:], said[2:], strict=False)) or frozenset([tuple(said)])
