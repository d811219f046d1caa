"""Emptiness: sentences that are true of any plugin, sales talk, the description said again, and
blocks with nothing in them.

A sentence (or an item of a list) is empty if it has no mark of a fact and hardly a word of its own.
Marks are code, numbers, links, identifiers, paths, options, acronyms, words in quotes, and the
names of what the plugin has (`plugin/facts`); in a draft of ours they count only where the plugin's
text has them. Its own words are those that neither the name and description have, nor any text
about software (`GENERAL`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from nightpress.checks.document import Document, Paragraph
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.prefilter import guarded, matches
from nightpress.checks.source import PluginText, comparable, source_of
from nightpress.checks.substance import unquoted
from nightpress.checks.units import STOP
from nightpress.lazy import pattern
from nightpress.model import Anatomy
from nightpress.plugin import facts

OWN = 0.34
"""Share of a sentence's words, 0 to 1, from which they are its own."""
LEAST = 8
"""Sentences of a document, below which a share of them means nothing."""
SHORT = 3
"""Words below which an item of a list is a label, not a sentence."""

MARK = pattern(
    r"`[^`\n]+`|\]\([^)]|[\"\u201c][^\"\u201d\n]+[\"\u201d]|(?<!\w)[$\u20ac]?\d[\d.,]*%?"
    r"|\b\w+_\w+|\b[a-z]+[A-Z]\w*|(?<!\w)--?[A-Za-z][\w-]*|\w+/\w[\w./-]*|\b[A-Z][A-Z0-9]+\b"
    r"|[\w-]+\.(?:md|py|js|ts|json|ya?ml|sh|toml)\b"
)
LABEL = pattern(r"(?s)\*\*[^*]+\*\*:?|__[^_]+__:?|[^.!?]{1,60}:")
"""What stands over a list, or before it: no sentence."""
NAME = pattern(r"[\w@/.:-]*\w")
WORD = pattern(r"[a-z]{4,}")
OTHER_LETTERS = pattern(r"[\u0250-\u1cff\u2c00-\ud7ff\uf900-\ufdff]")
BOX = pattern(r"\[[ xX]\] ")
NOTHING = pattern(r"[\s.*_-]*")
BARE = pattern(r"\s*(?:[>$\u276f] )?/[\w:-]+\s*")
OPENING = pattern(
    r"overview|about|when to use|descri|introduc|summary|what (?:is|it)|purpose", re.I
)
TRIGRAM = pattern(r"[a-z0-9]+")

GENERAL_WORDS = """
this that these those with from into when then than they them their there where which while will
would should must have been being also more most such some each other only very just like make need
want help work take give show your both across within through against during before after
skill plugin claude user request code project task tool file data system application software
develop team workflow process provide ensure enable empower allow support include using utilize
leverage perform create generate build implement manage analyze analysis identify detect review
present receive report result output input information insight detail specific specify requirement
best practice good quality improve optimize enhance efficient effective performance potential issue
problem solution feature function capability core option automatic automated comprehensive robust
professional complete full various multiple different existing based common clear easily quick
simple accurate consistent relevant appropriate necessary important critical regular always careful
overall integrate streamline configuration setup activate execute running start follow example
according approach strategy step understand proper production ready modern advanced powerful
seamless custom flexible scalable reliable secure
"""
"""What is said of any software, whatever it is for. Compared by the first letters, as all words."""
STEM = 5
GENERAL = frozenset(word[:STEM] for word in GENERAL_WORDS.split())

SALES = (
    guarded("perfect", r"\bperfect(?:ly)?\b"),
    guarded("instant", r"\binstant(?:ly)?\b"),
    guarded("effortless", r"\beffortless(?:ly)?\b"),
    guarded("seamless", r"\bseamless(?:ly)?\b"),
    guarded("powerful", r"\bpowerful\b"),
    guarded("empower", r"\bempower(?:s|ing)?\b"),
    guarded("streamlin", r"\bstreamlin(?:es?|ing)\b"),
    guarded("leveraging", r"\bleveraging\b"),
    guarded("revolution", r"\brevolutionary\b"),
    guarded("never", r"\bnever\s+(?:again\b|(?:miss|worry|lose|waste)\b[^.!?]{0,60}\bagain\b)"),
    guarded("supercharge", r"\bsupercharg(?:es?|ing)\b"),
    guarded("unleash", r"\bunleash(?:es|ing)?\b"),
    guarded("game", r"\bgame[- ]chang(?:ing|er)\b"),
    guarded("blazing", r"\bblazing(?:ly)?\b"),
    guarded("amazing", r"\bamazing(?:ly)?\b"),
    guarded("ultimate", r"\bultimate\b"),
    guarded("cutting", r"\bcutting[- ]edge\b"),
    guarded("world", r"\bworld[- ]class\b"),
    guarded("best", r"\bbest[- ]in[- ]class\b"),
    guarded("magic", r"\bmagical(?:ly)?\b"),
    guarded("state", r"\bstate[- ]of[- ]the[- ]art\b"),
    guarded("industry", r"\bindustry[- ]leading\b"),
    guarded("save", r"\bsaves? (?:you )?(?:hours|countless|time and money)\b"),
)


class Said(Struct, frozen=True):
    """One sentence, or item of a list; empty: would it be true of any plugin?"""

    text: str
    line: int
    empty: bool


def sentences(document: Document, context: Context) -> tuple[Said, ...]:
    """The sentences of a document's paragraphs and lists; headings, labels, tables and code are
    none."""
    anatomy = context.anatomy
    source = source_of(context) if context.ours and comparable(document.body, context) else None
    topic = _topic(document, anatomy)
    names = _names(anatomy, context.target) if anatomy is not None else frozenset()
    found = []
    for paragraph in document.paragraphs:
        for text, line in _pieces(paragraph):
            if len(text.split()) >= SHORT and not LABEL.fullmatch(text):
                empty = not _own(text, topic) and not _marked(text, names, source)
                found.append(Said(text, line, empty))
    return tuple(found)


def _pieces(paragraph: Paragraph) -> Iterator[tuple[str, int]]:
    """The sentences of a paragraph, each with its line."""
    raw = paragraph.raw
    starts = [0, *(stop.end() for stop in STOP.finditer(raw)), len(raw)]
    for start, end in pairwise(starts):
        yield BOX.sub("", raw[start:end].strip()), paragraph.line + raw.count("\n", 0, start)


def share(said: tuple[Said, ...]) -> float | None:
    """The share of sentences that are empty, 0 to 1; None where there are too few."""
    return sum(one.empty for one in said) / len(said) if len(said) >= LEAST else None


def _topic(document: Document, anatomy: Anatomy | None) -> frozenset[str]:
    """The words of its name, description and title: to say them again says nothing."""
    texts = [document.text_field("name"), document.text_field("description")]
    texts += [h.text for h in document.headings if h.level == 1]
    if anatomy is not None:
        texts += [anatomy.name] if texts[1] else [anatomy.name, anatomy.description]
    return _stems(" ".join(texts))


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM] for word in WORD.findall(text.lower()))


def _own(text: str, topic: frozenset[str]) -> bool:
    """Are the words, or a good part of them, the sentence's own? In other scripts all are."""
    words = _stems(text)
    return len(words - topic - GENERAL) >= OWN * max(1, len(words)) or bool(
        OTHER_LETTERS.search(text)
    )


def _marked(text: str, names: frozenset[str], source: PluginText | None) -> bool:
    for mark in MARK.findall(text):
        if source is None or mark[0] == "]" or source.says(mark.strip('`"\u201c\u201d')):
            return True
    return any(name.lower().lstrip("/") in names for name in NAME.findall(text))


@lru_cache(maxsize=8)
def _named(anatomy_facts: facts.Facts, target: str | None) -> frozenset[str]:
    return frozenset(
        name
        for fact in anatomy_facts.all
        if fact.file != target and fact.kind not in ("number", "version", "port", "url")
        and (name := fact.name.lower().lstrip("/"))[:STEM] not in GENERAL
    )  # fmt: skip


def _names(anatomy: Anatomy, target: str | None) -> frozenset[str]:
    """Names of the plugin's facts, lower case; without the plugin's own, and plain words."""
    return _named(facts.collect(anatomy), target) - {anatomy.name.lower()}


# --- the gates ---


def emptiness(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """At most the option share of the sentences are empty: they name nothing (no code, number,
    path or name of what the plugin has), and say hardly a word that is not in the description or
    said of any software. A document of less than eight sentences is not judged."""
    said = sentences(document, context)
    part = share(said)
    if part is not None and part > float(options["share"]):
        empty = [one for one in said if one.empty]
        lines = ", ".join(str(line) for line in dict.fromkeys(one.line for one in empty[:12]))
        more = " ..." if len(empty) > 12 else ""
        yield Spot(
            f"{len(empty)} of {len(said)} sentences would be true of any plugin, such as"
            f" {empty[0].text[:60]!r} (lines {lines}{more})",
            empty[0].line,
            1,
            "say what this plugin does, with its names and numbers, or leave the sentence out",
        )


def sales_talk(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No sales talk: effortless, seamless, empowers, world-class and the like. What stands in
    quotes is talked about, not said."""
    for match, _kind in matches(SALES, unquoted(document.prose)):
        place = document.place(match.start())
        yield Spot(f"sales talk: {match[0]!r}", *place, "say what it does instead")


def description_repeated(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """The opening, and a section called overview, when to use or the like, do not say the
    description again: an agent has read it when the body is loaded. A sentence of seven words or
    more repeats it if most of its word trigrams stand there."""
    own = _trigrams(document.text_field("description"))
    for paragraph in document.paragraphs if own else ():
        above = [h for h in document.headings if h.line < paragraph.line]
        if above and above[-1].level > 1 and not OPENING.search(above[-1].text):
            continue
        for text, line in _pieces(paragraph):
            said = _trigrams(text)
            if len(said) >= 5 and len(said & own) >= 0.7 * len(said):
                yield Spot(f"says the description again: {text[:60]!r}", line, 1, "leave it out")


def _trigrams(text: str) -> frozenset[tuple[str, str, str]]:
    words = TRIGRAM.findall(text.lower())
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def block_vacuous(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No code block is empty, or holds nothing but the name of a command; no heading has nothing
    under it."""
    for block in document.blocks:
        if NOTHING.fullmatch(block.text):
            yield Spot("an empty code block", block.line, 1, "fill it, or leave it out")
        elif BARE.fullmatch(block.text):
            hint = "say it in the sentence before, or show what is given to it"
            yield Spot(f"a code block with nothing but {block.text.strip()}", block.line, 1, hint)
    lines = document.text.split("\n")
    for heading, after in pairwise(document.headings):  # of the last one `ending` tells
        under = "\n".join(lines[heading.line : after.line - 1])
        if after.level <= heading.level and NOTHING.fullmatch(under):
            yield Spot(f"nothing under the heading {heading.text[:50]!r}", heading.line, 1)
