"""A document as the sequence of things that it says: blocks, and their sentences.

Two spellings of one thing give one key: white space, emphasis and list markers do not count in
prose; in code everything does. Only the block structure is parsed by markdown-it; every pattern
here is linear, for a document may be anything.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from msgspec import Struct

from nightpress.lazy import pattern
from nightpress.plugin import frontmatter

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

Unit_kind = Literal[
    "heading", "code", "row", "item", "paragraph", "comment", "break", "definition",  # blocks
    "directive", "sentence",  # of blocks
    "link", "file", "number", "tag",  # cited in sentences
]  # fmt: skip

DIRECTIVE = pattern(
    r"\b(?:must|never|always|only|before|after|unless|until|except|shall|should|cannot|avoid"
    r"|ensures?|require[sd]?|requirements?|forbidden|forbids?|prohibit(?:s|ed)?|mandatory|refuses?"
    r"|do not|don['\u2019]?t|does not|can['\u2019]t|can not|may not|mustn['\u2019]?t|won['\u2019]t"
    r"|not allowed|no longer|no more than|at (?:most|least)|make sure|be sure|instead of"
    r"|under no circumstances|stop if|(?:important|warning|caution|critical)(?=\W))",
    re.I,
)
TICKS = pattern(r"`+")
STARS = pattern(r"(?<!\\)\*{1,3}(?=[^\s*])([^*]*[^\s*])\*{1,3}")
SCORES = pattern(r"(?<!\w)_{1,3}(?=[^\s_])([^_]*[^\s_])_{1,3}(?!\w)")
STOP = pattern(r"[.!?][\"'\u201d\u2019)\]*_]*\s+(?![a-z])")
ABBREVIATION = pattern(r"(?:\b(?:e\.g|i\.e|vs|cf|approx|incl|no|Dr|Mr|Ms|St)\.)$")
ALONE = pattern(r"^[ \t]*(?:(</?[A-Za-z!][^<>\n]*>)|(\|[^\n]*\|))[ \t]*$", re.M)
DELIMITER = pattern(r"[-:|\s]*")
PIPE = pattern(r"(?<!\\)\|")
CONTAINER = pattern(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+(?=\|))?")

# what has a meaning for the patterns of prose, and stands for itself in a code span
_MEANT = " *_.!?:;<>[]()|\\`\"'"
_SHUT = {ord(c): chr(0xFDD0 + at) for at, c in enumerate(_MEANT)}
_OPEN = {0xFDD0 + at: c for at, c in enumerate(_MEANT)}


class Unit(Struct, frozen=True):
    """kind, key: what makes two units the same; line: from 1, in the document; text: as it was
    written; open: code that goes on where the document does."""

    kind: Unit_kind
    key: str
    line: int
    text: str
    open: bool = False


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    # what stands between tags is Markdown to those whom it is written for; in a comment it is not
    parser.block.ruler.at("html_block", _comment, {"alt": ["paragraph", "reference", "blockquote"]})
    return parser


def _comment(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """markdown-it's rule for HTML blocks, for comments only: to the line with `-->`, or the end."""
    first = state.bMarks[start] + state.tShift[start]
    if state.is_code_block(start) or not state.src.startswith("<!--", first):
        return False
    if silent:
        return True
    last = start
    while "-->" not in state.src[first : state.eMarks[last]] and last + 1 < end:
        if state.sCount[last + 1] < state.blkIndent:
            break
        last += 1
        first = state.bMarks[last]
    state.line = last + 1
    token = state.push("html_block", "", 0)
    token.map = [start, state.line]
    token.content = state.getLines(start, state.line, state.blkIndent, True)
    return True


@lru_cache(maxsize=8)
def blocks(text: str) -> tuple[Unit, ...]:
    """The blocks of a document whose lines end in LF, without its frontmatter, in order."""
    parts = frontmatter.split(text)
    env: dict[str, dict[str, dict[str, object]]] = {}
    tokens = _parser().parse(parts.body, env)
    found = list(_blocks(tokens, parts.body.split("\n"), parts.body_line))
    for label, entry in env.get("references", {}).items():
        place = entry.get("map")
        line = place[0] + parts.body_line if isinstance(place, list) else parts.body_line
        href = unquote(str(entry.get("href", "")))
        found.append(Unit("definition", f"{label}\n{href}", line, f"[{label.lower()}]: {href}"))
    return tuple(found)


def _blocks(tokens: list[Token], lines: list[str], first: int) -> Iterator[Unit]:
    depth = 0
    before = ""
    for token in tokens:
        kind = token.type
        line = first + (token.map[0] if token.map else 0)
        if kind == "list_item_open":
            depth += 1
        elif kind == "list_item_close":
            depth -= 1
        elif kind == "inline" and before == "heading_open" and token.content.strip():
            yield Unit("heading", plain(token.content), line, token.content.strip())
        elif kind == "inline" and before == "paragraph_open":
            yield from _prose(token.content, line, "item" if depth else "paragraph")
        elif kind == "tr_open" and token.map:
            row = lines[token.map[0]]
            row = row[CONTAINER.match(row).end() :].strip()  # type: ignore[union-attr]
            yield Unit("row", _cells(row), line, row)
        elif kind == "html_block":
            text = token.content.strip()
            yield Unit("comment", plain(text), line, text, "-->" not in text)
        elif kind == "hr":
            yield Unit(
                "break", "", line, lines[token.map[0]].strip() if token.map else token.markup
            )
        elif kind in {"fence", "code_block"}:
            yield _code(token, lines, first)
        before = kind


def _code(token: Token, lines: list[str], first: int) -> Unit:
    """The line is that of the first line of code."""
    start, end = token.map or [0, 0]
    fenced = token.type == "fence"
    last = lines[min(end, len(lines)) - 1].strip(" \t>")
    closed = fenced and end - start > 1 and last.startswith(token.markup) and not last.strip("`~")
    goes_on = not closed and not any(map(str.strip, lines[end:]))
    key = f"{token.info.strip()}\n{token.content}"
    return Unit("code", key, first + start + fenced, token.content, goes_on)


def _prose(content: str, line: int, kind: Unit_kind) -> Iterator[Unit]:
    """A paragraph; a line that is one tag, or a row of a table that is none to a parser, stands
    for itself."""
    start = 0
    for alone in [*ALONE.finditer(content), None]:
        end = alone.start() if alone else len(content)
        written = content[start:end]
        text = written.strip()
        lead = written.count("\n", 0, len(written) - len(written.lstrip()))
        if text:
            yield Unit(kind, plain(text), line + lead, text)
        line += written.count("\n")
        if alone:
            if alone[1]:
                yield Unit("paragraph", plain(alone[1]), line, alone[1])
            elif not DELIMITER.fullmatch(alone[2]):
                yield Unit("row", _cells(alone[2]), line, alone[2])
            start = alone.end()


def _cells(row: str) -> str:
    return "|".join(plain(cell) for cell in PIPE.split(row.removeprefix("|").removesuffix("|")))


def plain(text: str) -> str:
    """The text without the white space and emphasis that say nothing; code spans untouched."""
    return _bare(text).translate(_OPEN)


def _bare(text: str) -> str:
    """`plain`, with code spans still shut away from every pattern of prose."""
    if "`" in text:
        out, at = [], 0
        for start, end in spans(text):
            out += [text[at:start], text[start:end].replace("\n", " ").translate(_SHUT)]
            at = end
        text = "".join([*out, text[at:]])
    if "*" in text:
        text = STARS.sub(r"\1", STARS.sub(r"\1", text))
    if "_" in text:
        text = SCORES.sub(r"\1", text)
    return " ".join(text.split())


def spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each code span, backticks included."""
    runs = [m.span() for m in TICKS.finditer(text)]
    alike: dict[int, list[int]] = {}
    for at, (start, end) in enumerate(runs):
        alike.setdefault(end - start, []).append(at)
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(runs):
        start, end = runs[at]
        same = alike[end - start]
        after = bisect_right(same, at)
        if after < len(same) and text[start - 1 : start] != "\\":
            found.append((start, runs[same[after]][1]))
            at = same[after]
        at += 1
    return found


def sentences(block: Unit) -> Iterator[Unit]:
    """The sentences of a block of prose; those that tell what to do or not to do are directives."""
    text = _bare(block.text if block.kind != "row" else block.key)
    breaks = [at for at, c in enumerate(block.text) if c == "\n"]
    start = place = 0
    for end in [*_stops(text), len(text)]:
        said = text[start:end].strip()
        place = max(place, start)  # plain text is never longer than what was written
        start = end
        if said:
            kind: Unit_kind = "directive" if DIRECTIVE.search(said) else "sentence"
            shown = said.translate(_OPEN)
            place = _place(block.text, shown, place)
            line = block.line + bisect_right(breaks, place)
            yield Unit(kind, shown.rstrip(".!;,: "), line, shown)


def _stops(text: str) -> Iterator[int]:
    for stop in STOP.finditer(text):
        if not ABBREVIATION.search(text, max(0, stop.start() - 8), stop.start() + 1):
            yield stop.end()


NEAR = 1_000


def _place(text: str, said: str, start: int) -> int:
    """Where a sentence begins, by its first words; `start` if they are written otherwise."""
    words = said[:80].split()[:3]
    for opening in (" ".join(words), *words[:1]):
        at = text.find(opening, start, start + NEAR)
        if at >= 0 and opening:
            return at
    return start
