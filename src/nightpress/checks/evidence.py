"""What a document rests on: for each of its lines the lines of the plugin that say it.

Pure, and without a model: evidence is found, not claimed. A line rests on the place that holds its
words in their order; failing that, on the three lines that hold most of its weight, a word weighing
the more the rarer it is in the plugin. What rests on nothing was made up, or is said in words that
the plugin does not use.
"""

from __future__ import annotations

import json
import math
import posixpath
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.lazy import pattern
from nightpress.model import Anatomy, SourceFile
from nightpress.plugin import kind_of

LEAST_WORDS = 3
"""A line of fewer words says too little to be looked for."""
ENOUGH = 0.6
"""Share of a line's weight that lines of the plugin must hold."""
AROUND = 1
"""Lines before and after one that are taken with it."""
RARE, TRIED = 6, 60
"""So many of a line's rarest words are looked up, each at so many places at most."""

_WORD = pattern(r"[^\W_]+(?:[-_./:][^\W_]+)*")
_SPAN = pattern(r"`([^`\n]+)`")
_UNSPACED = pattern(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_SENTENCE = pattern(r"(?<=[.!?])\s+(?=[A-Z`*\"(])|(?<=[\u3002\uff01\uff1f])")
_STOP = frozenset(
    "the a an and or of to in on for with is are be it its this that as by from at if not can will"
    " you your when then use uses used which into than has have all any each".split()
)


class Place(Struct, frozen=True):
    """Lines of one of the plugin's files, both ends included, from 1; share: how much of what was
    looked for they hold (1: word for word)."""

    file: str
    first: int
    last: int
    share: float = 1.0

    def __str__(self) -> str:
        return f"{self.file}:{self.first}" + (f"-{self.last}" if self.last > self.first else "")


class Unit(Struct, frozen=True):
    """A sentence or a line of code: where it stands, its words, and what it rests on."""

    line: int
    text: str
    place: Place | None


class Section(Struct, frozen=True):
    """A heading and the text up to the next: its first and last line, what it rests on (files and
    lines, the most telling first), and which share of its text rests on something."""

    title: str
    first: int
    last: int
    places: tuple[Place, ...]
    share: float
    size: int


# --- the plugin's lines ---


class _File(Struct, frozen=True):
    """path; words of the whole file, joined; starts: offsets of its lines' first words there."""

    path: str
    words: str
    starts: tuple[int, ...]
    lines: tuple[int, ...]


class Sources(Struct, frozen=True, eq=False):
    """The plugin's text, to be looked things up in; the same only as itself."""

    files: tuple[_File, ...]
    rows: tuple[tuple[int, int, frozenset[str]], ...]
    postings: Mapping[str, tuple[int, ...]]

    def weight(self, word: str) -> float:
        """How much a word says: one that the plugin never uses says the most."""
        return math.log((len(self.rows) + 1) / (len(self.postings.get(word, ())) + 0.5))


def sources(files: Mapping[str, str]) -> Sources:
    """Of path -> text."""
    kept: list[_File] = []
    rows: list[tuple[int, int, frozenset[str]]] = []
    postings: dict[str, list[int]] = {}
    for path, text in files.items():
        parts: list[str] = []
        starts, lines, at = [], [], 0
        for number, line in enumerate(text.split("\n"), 1):
            if not (words := _words(line)):
                continue
            starts.append(at)
            lines.append(number)
            joined = " ".join(words)
            parts.append(joined)
            at += len(joined) + 1
            for word in (own := frozenset(words)):
                postings.setdefault(word, []).append(len(rows))
            rows.append((len(kept), number, own))
        kept.append(_File(path, f"{' '.join(parts)} ", tuple(starts), tuple(lines)))
    return Sources(tuple(kept), tuple(rows), {w: tuple(at) for w, at in postings.items()})


def of_plugin(anatomy: Anatomy, target: str, witness: str = "") -> Sources:
    """Of the plugin's files but the document itself and its licences. witness: the text that stood
    at the target and speaks for it."""
    files = tuple(file for file in anatomy.files if file.path != target)
    return _of_files((*files, SourceFile(target, witness, len(witness))) if witness else files)


@lru_cache(maxsize=4)
def _of_files(files: tuple[SourceFile, ...]) -> Sources:
    return sources({f.path: f.text for f in files if kind_of(f.path) != "license"})


def _words(text: str) -> list[str]:
    """Lower case; of a script that has no spaces, each two characters are a word."""
    if text.isascii():
        return _WORD.findall(text.lower())
    found = []
    for word in _WORD.findall(text):
        if _UNSPACED.search(word) is None or len(word) < 3:
            found.append(word.lower())
        else:
            found += [word[at : at + 2] for at in range(len(word) - 1)]
    return found


# --- looking up ---


def find(text: str, held: Sources) -> Place | None:
    """What a sentence rests on; None where the plugin does not say it."""
    words = _words(text)
    if len(words) < LEAST_WORDS:
        return None
    said = frozenset(words) - _STOP
    return _exact(words, held) or _nearest(said, held) or _named(text, said, held)


def _exact(words: list[str], held: Sources) -> Place | None:
    """Where these very words stand, in this order."""
    joined = f"{' '.join(words)} "
    for file in held.files if words else ():
        if (at := file.words.find(joined)) >= 0 and (at == 0 or file.words[at - 1] == " "):
            first = bisect_right(file.starts, at) - 1
            last = bisect_right(file.starts, at + len(joined) - 2) - 1
            return Place(file.path, file.lines[first], file.lines[last])
    return None


def _named(text: str, said: frozenset[str], held: Sources) -> Place | None:
    """Where the rarest name stands of a sentence that is hardly more than names in code, all of
    them the plugin's: a list of tools, say, which the code registers one by one."""
    names = {word for span in _SPAN.findall(text) for word in _words(span)} & said
    if len(names) < LEAST_WORDS - 1 or not names <= held.postings.keys():
        return None
    whole = math.fsum(map(held.weight, said))  # of a set a plain sum differs from run to run
    share = math.fsum(map(held.weight, names)) / whole if whole else 0.0
    if share < ENOUGH:
        return None
    rarest = max(sorted(names), key=held.weight)
    file, line, _ = held.rows[held.postings[rarest][0]]
    return Place(held.files[file].path, line, line, round(share, 2))


def _nearest(words: frozenset[str], held: Sources) -> Place | None:
    """The lines together that hold most of the words' weight."""
    weights = {word: held.weight(word) for word in words}
    whole = math.fsum(weights.values())
    rarest = sorted((w for w in words if w in held.postings), key=lambda w: (-weights[w], w))
    tried = {row for word in rarest[:RARE] for row in held.postings[word][:TRIED]}
    best, where = 0.0, None
    for row in sorted(tried):
        file, number, said = held.rows[row]
        lines = [number]
        for other in (*range(row - 1, row - 1 - AROUND, -1), *range(row + 1, row + 1 + AROUND)):
            if not 0 <= other < len(held.rows) or held.rows[other][0] != file:
                continue
            if (words & held.rows[other][2]) - said:  # it says something that these do not
                said |= held.rows[other][2]
                lines.append(held.rows[other][1])
        weight = math.fsum(weights[word] for word in words & said)
        if weight > best:
            best, where = weight, (file, min(lines), max(lines))
    if where is None or not whole or best / whole < ENOUGH:
        return None
    return Place(held.files[where[0]].path, where[1], where[2], round(best / whole, 2))


def units(document: Document, held: Sources, target: str = "") -> Iterator[Unit]:
    """Every sentence and line of code of the body, with what it rests on; a pointer rests on the
    file that it points to. target: where the document stands in the plugin."""
    pointers = {}
    paths = {file.path for file in held.files}
    for link in document.links:
        path = posixpath.normpath(
            posixpath.join(posixpath.dirname(target), link.target.partition("#")[0])
        )
        if path in paths:
            pointers[document.place(link.offset)[0]] = Place(path, 1, 1)
    heads = {heading.line for heading in document.headings}
    for number, line in enumerate(document.text.split("\n"), 1):
        if number < document.body_line or number in heads:
            continue
        for sentence in _SENTENCE.split(line.strip()):
            if len(_words(sentence)) >= LEAST_WORDS:
                yield Unit(number, sentence, find(sentence, held) or pointers.get(number))


def sections(document: Document, held: Sources, target: str = "") -> tuple[Section, ...]:
    """The document's sections, each with what it rests on."""
    found = [*units(document, held, target)]
    lines = document.text.split("\n")
    heads = [(h.line, h.text) for h in document.headings]
    if not heads or heads[0][0] > document.body_line:
        heads.insert(0, (document.body_line, ""))
    ends = [line - 1 for line, _ in heads[1:]] + [document.text.rstrip("\n").count("\n") + 1]
    made = []
    for (first, title), last in zip(heads, ends, strict=True):
        own = [unit for unit in found if first <= unit.line <= last]
        if not own and title:  # a list of names, a table of ranges: each line too short for itself
            text = " ".join(line for line in lines[first:last] if not line.startswith("```"))
            place = _exact(_words(text), held)
            own = [Unit(first, text, place)] if place is not None else []
        size = sum(len(unit.text) for unit in own)
        held_ = sum(len(unit.text) for unit in own if unit.place is not None)
        places = _merged(unit for unit in own if unit.place is not None)
        made.append(
            Section(title, first, last, places, round(held_ / size, 2) if size else 1, size)
        )
    return tuple(made)


def _merged(units: Iterable[Unit]) -> tuple[Place, ...]:
    """Neighbouring lines of one file as one place; those of which most was taken first."""
    lines: dict[str, Counter[int]] = {}
    for unit in units:
        place = unit.place
        if place is not None:
            for line in range(place.first, place.last + 1):
                lines.setdefault(place.file, Counter())[line] += len(unit.text)
    found: list[tuple[int, Place]] = []
    for file, taken in lines.items():
        run: list[int] = []
        for line in sorted(taken):
            if run and line > run[-1] + 2:
                found.append((sum(taken[n] for n in run), Place(file, run[0], run[-1])))
                run = []
            run.append(line)
        found.append((sum(taken[n] for n in run), Place(file, run[0], run[-1])))
    return tuple(place for _, place in sorted(found, key=lambda f: (-f[0], str(f[1]))))


WEAK, OF_SIZE = 0.5, 200
"""Below which share of a section's text that rests on something its evidence is weak, if it has at
least so many bytes."""


def is_weak(section: Section) -> bool:
    """Does too little of the section rest on the plugin?"""
    return section.size >= OF_SIZE and section.share < WEAK


MOST_PLACES = 12
"""Places of one section that are kept."""


def recorded(found: Iterable[Section]) -> str:
    """The sections that have text, as the ledger keeps them."""
    rows = [
        [s.title, s.first, s.last, s.share, [str(p) for p in s.places[:MOST_PLACES]]]
        for s in found
        if s.size
    ]
    return json.dumps(rows, ensure_ascii=False)


# --- the gates ---


def section_grounded(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Something in each section of a document of ours rests on lines of the plugin: on its words in
    their order, or on most of those that say something. A section that rests on nothing was made
    up, or would be true of any plugin."""
    for section in _of_document(document, context):
        if section.size >= int(options["size"]) and not section.places:
            yield Spot(
                f"nothing in the {section.size:,} bytes of {section.title[:60]!r} is backed by the"
                " plugin",
                section.first,
                1,
                "say it in the plugin's own words, or leave the section out",
            )


def document_grounded(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Of a document of ours enough rests on lines of the plugin, whatever section it stands in."""
    found = _of_document(document, context)
    size = sum(section.size for section in found)
    if size < int(options["size"]):
        return
    share = sum(section.share * section.size for section in found) / size
    if share < float(options["floor"]):
        message = f"{share:.0%} of the text is backed by the plugin"
        yield Spot(
            f"{message}, {float(options['floor']):.0%} at least", hint="write from its files"
        )


def _of_document(document: Document, context: Context) -> tuple[Section, ...]:
    if context.anatomy is None or not context.ours:
        return ()
    held = of_plugin(context.anatomy, context.target or "", context.witness)
    return _sections(_Parsed(document), held, context.target or "") if held.files else ()


class _Parsed(Struct, frozen=True):
    """A document, equal to another one of the same text."""

    document: Document

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Parsed) and self.document.text == other.document.text

    def __hash__(self) -> int:
        return hash(self.document.text)


@lru_cache(maxsize=4)
def _sections(parsed: _Parsed, held: Sources, target: str) -> tuple[Section, ...]:
    return sections(parsed.document, held, target)
