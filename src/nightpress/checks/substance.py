"""Substance: the text says something, says it once, and says it of this plugin."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import lru_cache

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.guarded import guarded, matches
from nightpress.checks.source import source_of
from nightpress.model import Anatomy

PLACEHOLDERS = (
    guarded(
        "[",
        r"\[(?:insert|your|todo|tbd|placeholder|fill in|describe|add|replace)\b"
        r"[^\]\n]*\](?![(\[:])",
    ),
    guarded("lorem", r"\blorem ipsum\b"),
    guarded("todo|fixme|tbd|xxx", r"\b(?:TODO|FIXME|TBD|XXX)[ \t]*:", flags=0),
    guarded("{{", r"\{\{[^{}\n]*\}\}"),
    guarded("<insert|<your", r"<(?:insert|your)[ _-][^<>\n]*>"),
)
ANYWHERE = (
    guarded(
        "as an ai|as a l|as an art|as an l|i am a|i'm a|i am j|i'm j",
        r"\b(?:As an?|I(?: am|'m) (?:just )?an?) (?:AI|artificial intelligence"
        r"|(?:large )?language model)\b(?![ -](?:agents?|assisted|tool|engineer|product|powered"
        r"|feature|system|service))",
    ),
    guarded(
        "i cannot|i can't|i'm unable",
        r"\b(?:I cannot|I can't|I'm unable to) (?:fulfil|assist with|help with|access|browse)",
    ),
    guarded("cutoff|training data", r"\bmy (?:knowledge cutoff|training data)\b"),
    guarded("requested", r"\bas requested,? (?:here|I)\b"),
    guarded("i hope", r"\bI hope this (?:helps|meets|works)\b"),
    guarded("feel free|let me know", r"\b(?:feel free to|let me know if) (?:ask|you(?:'d| )\w*)"),
    guarded("would you like", r"\bwould you like me to\b"),
)
OPENING = re.compile(
    r"\s*(?:sure|certainly|of course|absolutely|okay|great)\s*[!,.:]"
    r"|\s*(?:here(?:'s| is| are)|below is) (?:the|your|a|an)\b[^\n]{0,60}"
    r"\b(?:skill\.md|document|documentation|markdown|readme|draft|file|version)\b[^\n]*:?\s*$",
    re.I | re.M,
)
QUOTED = re.compile(
    r"\"(?:[^\"\n]|\n(?!\s*\n)){1,300}?\"|“[^”]{1,300}”|«[^»]{1,300}»|(?<!\w)'[^'\n]*'(?!\w)"
)
EXAMPLE = re.compile(
    r"\b(?:examples?|walk-?through|sample|usage|quick ?start|in practice|scenario)\b", re.I
)
MIN_ECHO_WORDS = 9


@lru_cache(maxsize=4)
def unquoted(text: str) -> str:
    """The text with quotations blanked out, position by position: what is quoted is talked
    about, not said."""
    return QUOTED.sub(lambda m: " " * len(m[0]), text)


def placeholder(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No placeholder is left outside code: `[INSERT ...]`, `[Your ...]`, `{{name}}`, lorem ipsum,
    `TODO:`. The word todo in prose is none."""
    for found, _kind in matches(PLACEHOLDERS, unquoted(document.prose)):
        place = document.place(found.start())
        yield Spot(f"placeholder {found[0][:60]!r}", *place, "say what belongs there")


def conversation(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """Nothing of the conversation is left: "As an AI", "Sure! Here is the document", "Let me know
    if you need more". What stands in quotes is talked about, not said."""
    prose = unquoted(document.prose)
    for found, _kind in matches(ANYWHERE, prose):
        yield Spot(
            f"talks to its reader: {found[0]!r}", *document.place(found.start()), "remove it"
        )
    for paragraph in document.paragraphs[:2]:
        if not paragraph.listed and OPENING.match(paragraph.raw):
            yield Spot(
                f"opens like a reply: {paragraph.raw[:50]!r}", paragraph.line, 1, "remove it"
            )


def prompt_echo(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """No sentence of the prompt itself stands in the document."""
    if not context.instructions:
        return
    said = _plain(document.text)
    for sentence in re.split(r"(?<=[.!?:])\s+|\n+", context.instructions):
        words = _plain(sentence)
        if len(words.split()) >= int(options["words"]) and words in said:
            yield Spot(
                f"repeats its instructions: {sentence.strip()[:60]!r}", *_find(document, sentence)
            )


def _find(document: Document, sentence: str) -> tuple[int, int]:
    first = " ".join(sentence.split()[:3]).strip("-*# ")
    at = document.text.find(first)
    return document.place(at) if at >= 0 else (0, 0)


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).lstrip("-*#> ")


def paragraph_repeated(document: Document, _context: Context, options: Options) -> Iterator[Spot]:
    """No paragraph of the option characters stands twice in the document. List items and what
    introduces a list may be alike up to twice that length."""
    seen: dict[str, int] = {}
    for paragraph in document.paragraphs:
        plain = _plain(paragraph.raw)
        least = int(options["characters"]) * (2 if paragraph.listed or plain.endswith(":") else 1)
        if len(plain) < least:
            continue
        if plain in seen:
            hint = f"first in line {seen[plain]}"
            yield Spot(f"paragraph repeated: {paragraph.raw[:50]!r}", paragraph.line, 1, hint)
        seen.setdefault(plain, paragraph.line)


def paragraph_shared(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Less than the option share of the text stands in paragraphs that at least `documents` other
    documents of the marketplace hold too, near-duplicates counted (MinHash over word
    trigrams)."""
    if context.neighbours is None:
        return
    sizes = [len(p.raw) for p in document.paragraphs]
    shared = [
        p
        for p in document.paragraphs
        if context.neighbours.sharing(p.raw) >= int(options["documents"])
    ]
    share = sum(len(p.raw) for p in shared) / max(1, sum(sizes))
    if share > float(options["share"]):
        for paragraph in shared:
            hint = f"{share:.0%} of the text is boilerplate; say what is true of this plugin only"
            message = f"paragraph shared with {options['documents']} or more other documents"
            yield Spot(message, paragraph.line, 1, hint)


def compressibility(document: Document, _context: Context, options: Options) -> Iterator[Spot]:
    """The text compresses like prose: below the floor it repeats itself, above the ceiling it is
    noise. Judged from 2,000 bytes on, by the first 16,000."""
    ratio = zlib_ratio(document.body)
    if ratio is None:
        return
    if ratio < float(options["floor"]):
        yield Spot(f"compresses to {ratio:.2f}: it repeats itself", hint="say each thing once")
    elif ratio > float(options["ceiling"]):
        yield Spot(f"compresses to {ratio:.2f} only: no prose", hint="remove encoded data")


@lru_cache(maxsize=4)
def zlib_ratio(text: str) -> float | None:
    data = text.encode("utf-8", "replace")[:16_000]
    return len(zlib.compress(data, 6)) / len(data) if len(data) >= 2_000 else None


def code_span(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """At least one code span or block is the plugin's own: it stands in the plugin's source."""
    pieces = [s.text for s in document.spans] + [
        line.strip() for block in document.blocks for line in block.text.split("\n")
    ]
    if context.anatomy is None:
        if not pieces:
            yield Spot("no code at all", hint="name commands, files and options as code")
        return
    source = source_of(context)
    if not any(len(piece) > 2 and source.says(piece) for piece in pieces):
        yield Spot("no code of the plugin's own", hint="quote its commands, files and options")


def example_own(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """At least one example is the plugin's own: a code block with a line of the plugin's source, or
    a code block or a section called example, usage or the like that names one of its commands,
    agents, skills, files or the plugin."""
    if context.anatomy is None:
        return
    names = _own_names(context.anatomy)
    texts = [block.text for block in document.blocks] + _example_sections(document)
    source = source_of(context)
    lines = (line.strip() for block in document.blocks for line in block.text.split("\n"))
    if any(len(line) > 8 and source.says(line) for line in lines):
        return
    if not any(name in text.lower() for text in texts for name in names):
        yield Spot(
            "no example of the plugin's own", hint="show a real request and what comes of it"
        )


def _own_names(anatomy: Anatomy) -> set[str]:
    names = {anatomy.name.lower()} | {c.name.lower() for c in anatomy.components}
    names |= {f.path.lower() for f in anatomy.files} | {
        f.path.rpartition("/")[2].lower() for f in anatomy.files if "/" in f.path
    }
    return {name for name in names if len(name) > 2}


def _example_sections(document: Document) -> list[str]:
    """Text of the sections whose heading announces an example, subsections included."""
    lines = document.text.split("\n")
    sections: list[str] = []
    for at, heading in enumerate(document.headings):
        if EXAMPLE.search(heading.text):
            after = (h.line for h in document.headings[at + 1 :] if h.level <= heading.level)
            sections.append("\n".join(lines[heading.line : next(after, len(lines) + 1) - 1]))
    return sections
