"""Text from plugins, made safe for a terminal.

Pure. An author controls every name: control characters could move the cursor, recolour
or rewrite what was printed, and bidirectional ones could reorder it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class Out(Protocol):
    """What is printed to: a stream, or an outlet before one."""

    def write(self, text: str, /) -> int: ...

    def flush(self) -> None: ...

    def isatty(self) -> bool: ...


_LINE = frozenset("\n")


def safe(text: str, *, newlines: bool = False) -> str:
    """The text with C0, C1, bidirectional, zero-width and surrogate characters escaped.

    newlines: leave line feeds as they are (for text of several lines of our own).
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _harmless(c, newlines) else _escaped(c) for c in text)


def hanging(line: str, width: int) -> str:
    """A line that is broken between words to fit `width` columns; what follows the first is
    indented to where the text behind a label begins (`  refused      `), else by two."""
    if len(line) <= width or width < 40:
        return line
    import re
    import textwrap

    label = re.match(r" *\S+ {2,}| *\S{12,15} | +hint: ", line)
    indent = label.end() if label and label.end() < width // 3 else 2
    line = re.sub(_COMMAND, lambda found: found[0].replace(" ", _HOLDS), line)
    wrapped = "\n".join(
        textwrap.wrap(
            line, width, subsequent_indent=" " * indent, drop_whitespace=True,
            break_long_words=False, break_on_hyphens=False,
        )
    )  # fmt: skip
    return wrapped.replace(_HOLDS, " ")


_COMMAND = (
    r"\b(?:nightpress|doit) [a-z][a-z-]*(?: --?[a-z][\w-]*(?:[= ][^\s(-]\S*)?| [\w.-]*/[\w./-]+)*"
)
_HOLDS = "\N{NO-BREAK SPACE}"
"""Where a line is not broken: within a command, which somebody will copy."""


def fitted(text: str, out: Out) -> str:
    """The text as `out` gets it: a terminal each line broken between words."""
    if not out.isatty():
        return text
    import shutil

    columns = shutil.get_terminal_size().columns
    return "\n".join(hanging(line, columns) for line in text.split("\n"))


SCREEN = 23
"""Rows of a terminal, without that of the prompt."""

Sections = Sequence[tuple[str, list[tuple[int, str]]]]
"""(its title, its rows): a row is (how much it is wanted, its text of one line or more)."""


def one_screen(sections: Sections, more: str) -> list[str]:
    """The sections as lines, with as many of the rows as a terminal has room for; more: says where
    the others are."""
    wanted = sorted({want for _, rows in sections for want, _ in rows})
    lines = _in_lines(sections, 0)
    for least in wanted[1:]:
        if len(lines) <= SCREEN:
            break
        lines = [*_in_lines(sections, least), *more.split("\n")]
    return lines


def _in_lines(sections: Sections, least: int) -> list[str]:
    lines: list[str] = []
    for title, rows in sections:
        kept = [line for want, row in rows if want >= least for line in row.split("\n")]
        if kept:
            lines += [""] * bool(lines) + [title] * bool(title) + kept
    return lines


def row(flag: str, what: str, wide: int = 36) -> str:
    """What can be typed, and what it does, which begins in a column of its own and is broken to 80
    columns."""
    import textwrap

    margin = " " * (wide + 3)
    first = f"  {flag:<{wide}} "
    told = textwrap.wrap(what, 80 - len(margin), break_on_hyphens=False)
    if not told or len(first) > len(margin):
        return "\n".join([first.rstrip(), *(margin + line for line in told)])
    return "\n".join([first + told[0], *(margin + line for line in told[1:])])


def _harmless(character: str, newlines: bool) -> bool:
    if character in _LINE:
        return newlines
    import unicodedata  # hardly any text needs it

    # Cc: C0 and C1; Cf: bidirectional and zero-width; Cs: surrogates; Zl, Zp: separators
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn")


def _escaped(character: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    if short is not None:
        return short
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def suggestion(
    name: str, known: Iterable[str], shown: str = "{!r}", lead: str = "", cutoff: float = 0.62
) -> str:
    """`did you mean 'x'?` for the known word nearest to an unknown name; "" if none is near.

    shown: how the word stands in the question; lead: what a question begins with; cutoff: how near
    it must be, up to 1.
    """
    from difflib import get_close_matches  # only where something is wrong

    lower = {word.lower(): word for word in sorted(known)}
    near = get_close_matches(name.lower(), lower, n=1, cutoff=cutoff)
    return f"{lead}did you mean {shown.format(lower[near[0]])}?" if near else ""


def some(number: int, noun: str) -> str:
    """`1 manifest`, `2,400 manifests`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def words(text: str) -> int:
    """How many words: between blanks, and of scripts without blanks by their characters (two of
    Chinese or Japanese make about one word, four of Thai, Lao, Khmer or Burmese)."""
    if text.isascii():
        return len(text.split())
    joined = spaceless(text)
    return len(joined[0].split()) + -(-len(joined[1]) // 2) + -(-len(joined[2]) // 4)


def spaceless(text: str) -> tuple[str, str, str]:
    """(the text without them, its Chinese and Japanese characters, its Thai, Lao, Khmer and Burmese
    ones)."""
    import re

    han = r"\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    thai = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    rest = re.sub(rf"[{han}\U00020000-\U0003ffff{thai}]", " ", text)
    return (
        " ".join(word for word in rest.split() if any(map(str.isalnum, word))),
        "".join(re.findall(rf"[{han}\U00020000-\U0003ffff]", text)),
        "".join(re.findall(rf"[{thai}]", text)),
    )
