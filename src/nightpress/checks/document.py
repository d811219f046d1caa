"""A Markdown document taken apart once, so that every check works on the same view of it.

Offsets count characters of `text` from 0; lines and columns count from 1. Only the block
structure is parsed by markdown-it (the inline parser would cost more than all checks together);
code spans and links are found by pattern in what the block structure leaves.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from nightpress.lazy import pattern
from nightpress.plugin import frontmatter

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

CODE_SPAN = pattern(r"(`(?<![`\\]`)`*)(?!`)((?:[^\n]|\n(?![ \t]*\n))+?)(?<!`)\1(?!`)")
LINK = pattern(
    r"\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]"
    r"\(\s*(<[^<>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+[\"'(][^\n]*?[\"')])?\s*\)"
)
DEFINITION = pattern(r"^ {0,3}\[(?!\^)([^\[\]\n]+)\]:[ \t]*<?([^\s<>]+)>?", re.M)
HTML_LINK = pattern(r"<(a|img|source)\s[^<>]*?\b(?:href|src|srcset)\s*=\s*[\"']?([^\s\"'>]+)", re.I)
IMAGE_LABEL = pattern(r"!\[([^\[\]]*)\](?:\[([^\[\]]*)\])?(?!\()")
CLOSING_FENCE = pattern(r"^[\s>]*(`{3,}|~{3,})\s*$")


class Heading(Struct, frozen=True):
    level: int
    text: str
    line: int


class CodeBlock(Struct, frozen=True):
    """A fenced or indented block; line: of the opening fence, or of the first code line."""

    info: str
    text: str
    line: int
    fenced: bool = True
    closed: bool = True

    @property
    def language(self) -> str:
        words = self.info.replace("{", " ").replace(",", " ").split()
        return words[0].lower() if words else ""


class Span(Struct, frozen=True):
    """A code span: what stands between its backticks."""

    text: str
    offset: int


class Link(Struct, frozen=True):
    """A link or image, inline, by definition or in HTML."""

    target: str
    offset: int
    image: bool = False


class Paragraph(Struct, frozen=True):
    """A paragraph, or one item's text in a list; `raw` as it was written."""

    raw: str
    line: int
    listed: bool


class Document(Struct, frozen=True):
    """raw: as received; text: after normalisation; frontmatter: the text between the
    `---` lines, or None; fields: parsed, or None where there is none or it does not parse.

    prose: `text` with frontmatter, code blocks and code spans blanked out, position by position;
    code: the opposite, only what stands in code.
    """

    raw: str
    text: str
    frontmatter: str | None
    body: str
    body_line: int
    fields: Mapping[str, object] | None
    problem: tuple[str, int, int] | None
    headings: tuple[Heading, ...]
    blocks: tuple[CodeBlock, ...]
    spans: tuple[Span, ...]
    links: tuple[Link, ...]
    paragraphs: tuple[Paragraph, ...]
    last: str
    prose: str
    code: str
    starts: tuple[int, ...]

    def place(self, offset: int) -> tuple[int, int]:
        """(line, column) of an offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line_at(self, offset: int) -> str:
        """The whole line that holds the offset."""
        line = bisect_right(self.starts, offset)
        end = self.text.find("\n", offset)
        return self.text[self.starts[line - 1] : end if end >= 0 else len(self.text)]

    def field_line(self, key: str) -> int:
        """Line of a top-level frontmatter key; 1 if it is not there."""
        for number, line in enumerate((self.frontmatter or "").split("\n"), start=2):
            if re.match(rf"[\"']?{re.escape(key)}[\"']?\s*:", line):
                return number
        return 1

    def text_field(self, key: str) -> str:
        """A frontmatter value if it is a string, else ""."""
        value = (self.fields or {}).get(key)
        return value.strip() if isinstance(value, str) else ""


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable("inline")


LONE_CR = pattern(r"\r(?!\n)")


# one draft is judged several times: as it is composed, with its neighbours, without its witness
@lru_cache(maxsize=8)
def parse(text: str, raw: str | None = None) -> Document:
    """The document that `text` is; never raises for anything that a text may hold."""
    parts = frontmatter.split(text)
    fields: Mapping[str, object] | None = None
    problem: tuple[str, int, int] | None = None
    if parts.raw is not None:
        try:
            fields = frontmatter.parse(parts.raw)
        except frontmatter.FrontmatterError as error:
            problem = (error.message, error.line + 1, max(error.column, 1))
    tokens = _tokens(parts.body)
    starts = _starts(text)
    blocks, masked = _blocks(tokens, parts.body, parts.body_line)
    prose = _blank(text, starts, [(1, parts.body_line), *masked])
    spans = tuple(Span(m[2].strip(), m.start(2)) for m in CODE_SPAN.finditer(prose))
    prose = CODE_SPAN.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), prose)
    return Document(
        raw=text if raw is None else raw,
        text=text,
        frontmatter=parts.raw,
        body=parts.body,
        body_line=parts.body_line,
        fields=fields,
        problem=problem,
        headings=_headings(tokens, parts.body_line),
        blocks=blocks,
        spans=spans,
        links=_links(prose),
        paragraphs=_paragraphs(tokens, parts.body_line),
        last=tokens[-1].type if tokens else "",
        prose=prose,
        code="\n".join([b.text for b in blocks] + [s.text for s in spans]),
        starts=starts,
    )


def paragraphs_of(text: str) -> tuple[Paragraph, ...]:
    """The paragraphs of a document of which nothing else matters."""
    parts = frontmatter.split(text)
    return _paragraphs(_tokens(parts.body), parts.body_line)


def _tokens(body: str) -> list[Token]:
    """Their lines are those that `\\n` ends: to the parser a lone CR would end one, too."""
    return _parser().parse(LONE_CR.sub(" ", body) if "\r" in body else body)


def _starts(text: str) -> tuple[int, ...]:
    starts = [0]
    for line in text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    return tuple(starts)


def _blank(text: str, starts: tuple[int, ...], ranges: list[tuple[int, int]]) -> str:
    """`text` with spaces in the lines [first, end) of each range."""
    lines = text.split("\n")
    for first, end in ranges:
        for number in range(first - 1, min(end - 1, len(starts))):
            lines[number] = " " * len(lines[number])
    return "\n".join(lines)


def _blocks(
    tokens: list[Token], body: str, body_line: int
) -> tuple[tuple[CodeBlock, ...], list[tuple[int, int]]]:
    """The code blocks, and the line ranges [first, end) that they cover."""
    lines = body.split("\n")
    blocks: list[CodeBlock] = []
    covered: list[tuple[int, int]] = []
    for token in tokens:
        if token.type not in {"fence", "code_block"} or token.map is None:
            continue
        first, end = token.map
        fenced = token.type == "fence"
        closing = CLOSING_FENCE.match(lines[end - 1]) if end - first > 1 else None
        closed = not fenced or bool(closing and closing[1].startswith(token.markup))
        line = first + body_line
        blocks.append(CodeBlock(token.info.strip(), token.content, line, fenced, closed))
        covered.append((line, end + body_line))
    return tuple(blocks), covered


def _headings(tokens: list[Token], body_line: int) -> tuple[Heading, ...]:
    return tuple(
        Heading(int(token.tag[1]), tokens[at + 1].content.strip(), token.map[0] + body_line)
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.map is not None
    )


def _paragraphs(tokens: list[Token], body_line: int) -> tuple[Paragraph, ...]:
    paragraphs: list[Paragraph] = []
    items = 0
    for at, token in enumerate(tokens):
        if token.type == "list_item_open":
            items += 1
        elif token.type == "list_item_close":
            items -= 1
        elif token.type == "paragraph_open" and token.map is not None:
            raw = tokens[at + 1].content
            paragraphs.append(Paragraph(raw, token.map[0] + body_line, items > 0))
    return tuple(paragraphs)


def _links(prose: str) -> tuple[Link, ...]:
    inline = [
        Link(m[2].strip("<>"), m.start(), prose[: m.start()].endswith("!"))
        for m in LINK.finditer(prose)
    ]
    shown = {(m[2] or m[1]).lower() for m in IMAGE_LABEL.finditer(prose)} if "![" in prose else ()
    defined = [Link(m[2], m.start(), m[1].lower() in shown) for m in DEFINITION.finditer(prose)]
    html = [
        Link(m[2], m.start(), m[1].lower() != "a")
        for m in (HTML_LINK.finditer(prose) if "<" in prose else ())
    ]
    return tuple(sorted(inline + defined + html, key=lambda link: link.offset))
