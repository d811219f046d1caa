"""Substance: the text says something, says it once, and says it of this plugin."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator
from functools import lru_cache

from nightpress.checks.document import Document, Paragraph
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.near_duplicates import EQUAL, Sketch, bands, sketch
from nightpress.checks.prefilter import matches
from nightpress.checks.residue import CONVERSATION, OPENING, PLACEHOLDERS, SLOTS
from nightpress.checks.source import comparable, source_of
from nightpress.lazy import pattern
from nightpress.model import Anatomy

QUOTED = pattern(
    r"\"(?:[^\"\n]|\n(?!\s*\n)){1,300}?\"|“[^”]{1,300}”|«[^»]{1,300}»|(?<!\w)'[^'\n]*'(?!\w)"
)
BLOCK_QUOTE = pattern(r"^[ \t]*>[^\n]*", re.M)
EXAMPLE = pattern(
    r"\b(?:examples?|walk-?through|sample|usage|quick ?start|in practice|scenario)\b", re.I
)
ALMOST = 20  # words from which a paragraph can be almost another one
PADDING = pattern(r"([ \t-])\1+")
OTHER_SCRIPT = pattern(
    "[\u0370-\u1c7f\u1f00-\u1fff\u2d00-\u2dff\u3041-\ua4ff\ua840-\ud7ff\uf900-\ufaff\ufb1d-\ufdff"
    "\ufe70-\ufefc\uff66-\uffdc\U00020000-\U0003ffff]{2,}"
)
"""A word in letters other than Latin ones."""
NOT_LETTERS = pattern(r"[\W_]+")


@lru_cache(maxsize=4)
def unquoted(text: str) -> str:
    """The text with quotations blanked out, position by position: what is quoted is talked
    about, not said."""
    return QUOTED.sub(lambda m: " " * len(m[0]), text)


def placeholder(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """No placeholder is left outside code: `[INSERT ...]`, `[Your ...]`, `{{name}}`, lorem ipsum,
    `TODO:`, a conflict of a merge; in a draft of ours nor `{name}`, `[Date]` or "Coming soon",
    unless the plugin's text has it. The word todo in prose is none."""
    prose = unquoted(document.prose)
    slots = matches(SLOTS, prose) if context.ours else ()
    source = source_of(context)
    own = [one for one in slots if not source.says(one[0][0].strip())]
    for match, _kind in [*matches(PLACEHOLDERS, prose), *own]:
        place = document.place(match.start())
        yield Spot(f"placeholder {match[0][:60]!r}", *place, "say what belongs there")


OFFER = pattern(r"\W*(?:would you like|do you want|shall I)\b", re.I)
SCRIPT = pattern(r"\b(?:asks?|asking|prompts?|questions?|offers?|interview|says?|confirm)\b", re.I)


def _is_script(document: Document, offset: int) -> bool:
    """Is the question an item of a list, or one that the lines before it say to ask?"""
    line, column = document.place(offset)
    above = document.text.split("\n")[max(0, line - 6) : line]
    item = re.match(r"[ \t]*(?:[-*+]|\d+[.)])\s", above[-1])
    before = "\n".join([*above[:-1], above[-1][: column - 1]])
    return bool(item or SCRIPT.search(before))


def conversation(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Nothing of the conversation is left: "As an AI", "Sure! Here is the document", "Let me know
    if you need more". What stands in quotes is talked about, not said."""
    prose = BLOCK_QUOTE.sub(lambda m: " " * len(m[0]), unquoted(document.prose))
    for match, _kind in matches(CONVERSATION, prose):
        if not context.ours and OFFER.match(match[0]) and _is_script(document, match.start()):
            continue  # a question that a person has Claude ask
        line = document.prose.rfind("\n", 0, match.start()) + 1
        if len(re.findall(r'["\u201c\u201d]', document.prose[line : match.start()])) % 2:
            continue  # quotes that a list below it closes
        yield Spot(
            f"talks to its reader: {match[0]!r}", *document.place(match.start()), "remove it"
        )
    for paragraph in document.paragraphs[:2]:
        if not paragraph.listed and OPENING.match(paragraph.raw):
            yield Spot(
                f"opens like a reply: {paragraph.raw[:50]!r}", paragraph.line, 1, "remove it"
            )


def script_foreign(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """In a draft of ours, no word in a script that the plugin's own text does not use: models slip
    into another language now and then. A single letter (a symbol, as in mathematics) is none."""
    if context.anatomy is None or not context.ours:
        return
    words = list(OTHER_SCRIPT.finditer(document.text))
    if not words:
        return
    used = _scripts(source_of(context).text)
    told: set[str] = set()
    for word in words:
        script = _script(word[0][0])
        if script not in used and script not in told:
            told.add(script)
            message = f"{script.title()} letters, which the plugin does not use: {word[0][:20]!r}"
            yield Spot(message, *document.place(word.start()), "write it in the plugin's language")


def _script(letter: str) -> str:
    """The script of a letter, by the first word of its name; Japanese and Chinese are one."""
    first = unicodedata.name(letter, "UNKNOWN").split()[0].partition("-")[0]
    return "CJK" if first in ("HIRAGANA", "KATAKANA", "BOPOMOFO") else first


@lru_cache(maxsize=8)
def _scripts(text: str) -> frozenset[str]:
    return frozenset(_script(word[0][0]) for word in OTHER_SCRIPT.finditer(text))


def prompt_echo(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """No sentence of the prompt itself stands in the document."""
    if not context.instructions:
        return
    plain = _plain(document.text)
    for sentence in re.split(r"(?<=[.!?:])\s+|\n+", context.instructions):
        words = _plain(sentence)
        said = sum(
            any(map(str.isalpha, word)) for word in words.split()
        )  # a table's rule says none
        if said >= int(options["words"]) and words in plain:
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
    """No paragraph of the option characters stands twice in the document, nor almost. List items
    and what introduces a list may be alike up to twice that length."""
    seen: dict[str, int] = {}
    near: dict[int, list[tuple[Sketch, int]]] = {}
    for paragraph in document.paragraphs:
        plain = _letters(paragraph.raw)
        lead = paragraph.raw.rstrip().endswith(":")
        least = int(options["characters"]) * (2 if paragraph.listed or lead else 1)
        if len(plain) < least:
            continue
        first = seen.get(plain) or (0 if paragraph.listed else _almost(paragraph, near))
        if first:
            hint = f"first in line {first}"
            yield Spot(f"paragraph repeated: {paragraph.raw[:50]!r}", paragraph.line, 1, hint)
        seen.setdefault(plain, paragraph.line)


def _almost(paragraph: Paragraph, near: dict[int, list[tuple[Sketch, int]]]) -> int:
    """The line of an earlier paragraph that says the same but for some words, else 0."""
    own = sketch(paragraph.raw)
    if own is None or len(paragraph.raw.split()) < ALMOST:
        return 0
    keys = bands(own)
    for other, line in [place for key in keys for place in near.get(key, ())]:
        if sum(a == b for a, b in zip(own, other, strict=True)) > EQUAL:
            return line
    for key in keys:
        near.setdefault(key, []).append((own, paragraph.line))
    return 0


def _letters(text: str) -> str:
    """What a reader would call the same text: without case, marks and line breaks."""
    return " ".join(NOT_LETTERS.sub(" ", text.lower()).split())


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
    # tables are padded with blanks and rules for the eye: they repeat nothing
    text = PADDING.sub(r"\1", text)
    data = _narrow(text)[:16_000]
    return len(zlib.compress(data, 6)) / len(data) if len(data) >= 2_000 else None


def _narrow(text: str) -> bytes:
    """UTF-8, but one byte for a letter of an alphabet that has two (Cyrillic, Greek, Hebrew): the
    first of them is always the same, and would pass for repetition."""
    if text.isascii():
        return text.encode()
    return b"".join(
        bytes((0x80 | ord(c) & 0x7F,)) if "\x80" <= c < "\u0800" else c.encode("utf-8", "replace")
        for c in text
    )


def code_span(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """At least one code span or block is the plugin's own: it stands in the plugin's source. What a
    person writes is the plugin's own."""
    pieces = [s.text for s in document.spans] + [
        line.strip() for block in document.blocks for line in block.text.split("\n")
    ]
    if context.anatomy is None or not context.ours:
        if not pieces:
            yield Spot("no code at all", hint="name commands, files and options as code")
        return
    if not comparable(document.body, context):
        return
    source = source_of(context)
    if not any(len(piece) > 2 and source.says(piece) for piece in pieces):
        yield Spot("no code of the plugin's own", hint="quote its commands, files and options")


def example_own(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """At least one example is the plugin's own: a code block with a line of the plugin's source, or
    a code block or a section called example, usage or the like that names one of its commands,
    agents, skills, files or the plugin. What a person shows is the plugin's own. Of a plugin whose
    text shows none, as of a pack of agents, none is asked for: it would have to be invented. Those
    of a bundle stand in its references."""
    if context.bundle:
        return
    if not context.ours and (document.blocks or _example_sections(document)):
        return
    if context.anatomy is None or not comparable(document.body, context):
        return
    names = _own_names(context.anatomy)
    texts = [block.text for block in document.blocks] + _example_sections(document)
    source = source_of(context)
    lines = (line.strip() for block in document.blocks for line in block.text.split("\n"))
    if any(len(line) > 8 and source.says(line) for line in lines):
        return
    if any(name in text.lower() for text in texts for name in names):
        return
    if _shows_own(context.anatomy, context.standing or ""):
        yield Spot(
            "no example of the plugin's own", hint="show a real request and what comes of it"
        )


FENCED = pattern(r"(?ms)^[ \t]*(`{3,}|~{3,})[^\n]*\n(.*?)^[ \t]*\1")
INSTALLS = pattern(r"(?:[>$] )?(?:(?:claude )?/plugin|claude plugins?)\b", re.I)


def _shows_own(anatomy: Anatomy, standing: str) -> bool:
    """Does the plugin's own text, or the standing document, show how one of its parts is used? How
    the plugin is installed shows nothing."""
    parts = {f"/{c.name.lower()} " for c in anatomy.of("command")}
    parts |= {c.name.lower() for c in anatomy.of("agent")}
    parts |= {c.path.lower() for c in anatomy.of("script")}
    texts = [file.text for file in anatomy.files if file.path.endswith(".md")]
    shown = (
        line.strip().lower()
        for text in (*texts, standing)
        for block in FENCED.findall(text)
        for line in block[1].split("\n")
    )
    return any(
        part in line and len(line) > len(part) + 2
        for line in shown
        if not INSTALLS.match(line)
        for part in parts
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
