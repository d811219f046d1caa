"""Normalisation: what has one right form is put into it, and reported, never refused.

Each rule is its own inverse test: a text that is already right passes unchanged, so normalising
twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from nightpress.checks.document import Document, parse
from nightpress.checks.gate import Context, Options, Spot


def normalise(text: str) -> str:
    """LF line ends, no byte order mark, ordinary spaces outside of code and frontmatter, no blanks
    at the ends of its lines (two that break the line stay), exactly one newline at the end. Code is
    its author's, to the byte."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\u00a0" in text or "\u202f" in text:
        prose = parse(text).prose  # code and frontmatter are blank in it, position by position
        text = "".join(" " if c in "\u00a0\u202f" else text[at] for at, c in enumerate(prose))
    text = text.rstrip("\n") + "\n" if text.strip() else text
    return "\n".join(_without_blanks(text)) if " \n" in text or "\t\n" in text else text


def _without_blanks(text: str) -> Iterator[str]:
    """The lines; a line of prose without blanks at its end."""
    lines = text.split("\n")
    prose = parse(text).prose.split("\n")
    for line, shown, after in zip(lines, prose, [*lines[1:], ""], strict=True):
        bare = line.rstrip(" \t")
        breaks = line == f"{bare}  " and after.strip()
        said = any(map(str.isalnum, shown))  # of a mark alone blanks may be a part
        yield bare if said and not breaks else line


def byte_order_mark(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No byte order mark; normalised."""
    if document.raw.startswith("\ufeff"):
        yield Spot("byte order mark", 1, 1, "save as UTF-8 without BOM")


def line_ends(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """Lines end with LF; normalised."""
    at = document.raw.find("\r")
    if at >= 0:
        line = document.raw.count("\n", 0, at) + 1
        yield Spot(f"{document.raw.count(chr(13))} lines end with CR", line, 1, "use LF")


def final_newline(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """The file ends with exactly one newline; normalised."""
    raw = document.raw.replace("\r\n", "\n").replace("\r", "\n")
    if raw.strip() and (not raw.endswith("\n") or raw.endswith("\n\n")):
        yield Spot(
            "not exactly one newline at the end", raw.count("\n") + 1, 1, "end with one newline"
        )


def no_break_space(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """Ordinary spaces, no no-break spaces: in code they break commands; normalised."""
    for mark in ("\u00a0", "\u202f"):
        at = document.raw.find(mark)
        if at >= 0:
            line = document.raw.count("\n", 0, at) + 1
            column = at - document.raw.rfind("\n", 0, at)
            yield Spot(f"no-break space U+{ord(mark):04X}", line, column, "use a space")
            return
