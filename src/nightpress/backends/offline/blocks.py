"""A Markdown file taken apart into sections of whole blocks, each cleaned for quoting.

Cleaning only takes away or neutralises (HTML, images, badges, emoji, live syntax, links that would
not resolve); it never adds words.
"""

from __future__ import annotations

import ast
import json
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from nightpress import bounded_yaml

Kind = Literal["text", "code", "list", "table"]


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, list, table or code block, as it will stand in a document."""

    kind: Kind
    text: str

    @property
    def key(self) -> str:
        """What makes two blocks the same to a reader."""
        return re.sub(r"[\W_]+", " ", self.text).strip().lower()


@dataclass(slots=True)
class Section:
    """A heading ("" before the first one) with its level and blocks."""

    heading: str
    level: int
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where quoted text will stand, so that links can be kept: the folder of the source file, the
    folder of the target, and the plugin's paths."""

    source: str
    target: str
    paths: frozenset[str]


def sections(text: str, place: Place) -> list[Section]:
    """The sections of a Markdown text, without empty blocks."""
    lines = text.split("\n")
    found = [Section("", 1)]
    tokens = _parser().parse(text)
    for position, token in enumerate(tokens):
        if token.level != 0 or token.map is None:
            continue
        first, last = token.map
        source = "\n".join(lines[first:last])
        if token.type == "heading_open":
            heading = _heading(tokens[position + 1].content)
            found.append(Section(heading, int(token.tag[1])))
            continue
        block = _block(token, source, place)
        if block is not None:
            found[-1].blocks.append(block)
    return [section for section in found if section.blocks or section.heading]


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt

    # only the blocks matter here: inline parsing would cost more than all the rest
    return MarkdownIt("commonmark").enable("table").disable("inline")


def _heading(content: str) -> str:
    plain = _inline(content, None)
    return plain.strip(" :#*_-").replace("**", "")


def _block(token: Any, source: str, place: Place) -> Block | None:
    if token.type in ("fence", "code_block"):
        return _code(token)
    if token.type in ("html_block", "hr"):
        return None
    kind: Kind = "text"
    if token.type in ("bullet_list_open", "ordered_list_open"):
        kind = "list"
    elif token.type == "table_open":
        kind = "table"
    if kind == "list" and ("```" in source or "~~~" in source):
        return None  # code inside items: the parts would not stand alone
    cleaned = _inline(source, place)
    if kind == "text":
        cleaned = re.sub(r"(?m)^\s*>\s?", "", cleaned)
    if kind == "table" and not _is_whole_table(cleaned):
        return None
    cleaned = "\n".join(line.rstrip() for line in cleaned.split("\n")).strip("\n")
    if len(re.sub(r"[\W_]+", "", cleaned)) < 3:
        return None
    return Block(kind, cleaned)


def _is_whole_table(text: str) -> bool:
    rows = text.strip().split("\n")
    return len(rows) >= 3 and all("|" in row for row in rows)


# --- code ---


def _code(token: Any) -> Block | None:
    text = token.content.rstrip("\n")
    if not text.strip() or "```" in text or len(text) > 4_000:
        return None
    words = token.info.split()
    language = words[0].lower().strip("{}.") if words else ""
    if language.startswith("!") or not re.fullmatch(r"[a-z0-9+#_.-]*", language):
        language = ""
    text = _harmless(text)
    if not _parses(language, text):
        language = "text"
    return Block("code", f"```{language or 'text'}\n{text}\n```")


_PARSERS: dict[str, Callable[[str], object]] = {
    "json": json.loads,
    "yaml": lambda text: bounded_yaml.load(text),
    "yml": lambda text: bounded_yaml.load(text),
    "toml": tomllib.loads,
    "python": ast.parse,
    "py": ast.parse,
}


def _parses(language: str, text: str) -> bool:
    parse = _PARSERS.get(language)
    if parse is None:
        return True
    try:
        parse(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


# --- inline text ---

_HTML = re.compile(r"<!--.*?-->|</?[a-zA-Z][^<>\n]*>", re.S)
_IMAGE = re.compile(r"\[?!\[[^\]]*\]\([^)\s]*(?:\s[^)]*)?\)(?:\]\([^)]*\))?")
_LINK = re.compile(r"(?<!!)\[([^\]\[]+)\]\(\s*<?([^)\s>]+)>?(?:\s+[^)]*)?\)")
_REFERENCE = re.compile(r"\[([^\]\[]+)\]\[[^\]]*\]")
_AUTOLINK = re.compile(r"<(https?://[^<>\s]+)>")
_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200b-\u200f\u202a-\u202e\u2060-\u2069"
    "\ufeff\u00ad\U000e0000-\U000e007f]+ ?"
)


def _inline(source: str, place: Place | None) -> str:
    """Clean outside of code spans; make code spans harmless."""
    source = _IMAGE.sub("", source)
    source = _LINK.sub(lambda m: _link(m.group(1), m.group(2), place), source)
    pieces = []
    at = 0
    for span in _SPAN.finditer(source):
        pieces.append(_outside(source[at : span.start()]))
        pieces.append(_harmless(span.group()))
        at = span.end()
    pieces.append(_outside(source[at:]))
    return _harmless("".join(pieces))


def _outside(text: str) -> str:
    text = _AUTOLINK.sub(r"\1", text)
    text = _REFERENCE.sub(r"\1", text)
    text = _HTML.sub("", text)
    return _EMOJI.sub("", text)


def _link(label: str, target: str, place: Place | None) -> str:
    """The link, rewritten for where the text will stand, if its file exists; else its label."""
    path, _, anchor = target.partition("#")
    if place is None or not path or anchor or "://" in path or path.startswith(("/", "mailto:")):
        return label
    resolved = posixpath.normpath(posixpath.join(place.source, path))
    if resolved not in place.paths:
        return label
    return f"[{label}]({posixpath.relpath(resolved, place.target or '.')})"


def _harmless(text: str) -> str:
    """No syntax that runs or is substituted when a skill is loaded."""
    text = re.sub(r"!(?=`)", "", text)
    text = re.sub(r"\$ARGUMENTS(\[\d+\])?", "ARGUMENTS", text)
    return re.sub(r"\$(\d)(?![\w.,])", r"ARG\1", text)


def paragraphs(found: list[Section]) -> Iterator[str]:
    """The plain paragraphs of some sections."""
    for section in found:
        for block in section.blocks:
            if block.kind == "text":
                yield block.text
