"""YAML of the plain kind, read line by line: what most frontmatters and manifests are.

Keys that are plain words, values on one line or in a block (`|`, `>`), mappings and lists of such
by indentation or in one line, comments. It is 13 times as fast as a parser for all of YAML.
Whatever is not plainly of that kind, or might be wrong, is `Unsure`: then `yaml` reads it in the
ordinary way. (A property test holds the two to the same values and places.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from nightpress.lazy import pattern

Path = tuple[str | int, ...]
Places = dict[Path, tuple[int, int]]

DEEPEST = 20
_KEY = pattern(r"([A-Za-z_][A-Za-z0-9_-]{0,80}):(?: +(.+))?")
_STRANGE = pattern("[\t\r\x85\u2028\u2029\ufeff]")
_PLAIN = pattern(r"""(?:[^\s\-?:,\[\]{}#&*!|>'"%@`]|-(?=[0-9]))(?:[^:#]|:(?=[^ ])|(?<! )#)*""")
_QUOTED = pattern(r'(?:"([^"\\]*)"|' + r"'([^']*)')(?: +#.*)?")
_COMMENT = pattern(r" +#.*")
_BLOCK = pattern(r"([|>])(-?)(?: +#.*)?")
_FLOW = pattern(r"""(\[|\{) *(.*?) *[\]}](?: +#.*)?""")
_WORD = r"""(?:[A-Za-z0-9_./(][^:#,\[\]{}"'&*!|>%@`?=~]*?|"[^"\\]*"|'[^']*')"""
_ENTRY = pattern(rf" *(?:([A-Za-z_][A-Za-z0-9_-]{{0,80}}): +)?({_WORD}) *(?:,|$)")


class Unsure(Exception):
    """It may be good YAML, or none: not for this reader to say."""


class _Row(NamedTuple):
    """A line with something in it: its number from 1, its indentation, the rest."""

    number: int
    indent: int
    text: str


class Lines:
    """One text. resolve: a plain scalar's value; places, keys: as of `YamlDocument`."""

    def __init__(self, text: str, resolve: Callable[[str], object]) -> None:
        self.places: Places = {}
        self.keys: Places = {}
        self._resolve = resolve
        self._rows = _rows(text)
        self._lines = text.split("\n")
        self._at = 0

    def read(self) -> Any:
        """The value; Unsure."""
        if not self._rows or self._rows[0].indent:
            raise Unsure
        value = self._block(0, ())
        if self._at < len(self._rows):
            raise Unsure
        return value

    def _block(self, indent: int, path: Path) -> Any:
        row = self._rows[self._at]
        if len(path) > DEEPEST:
            raise Unsure
        self.places[path] = row.number, indent + 1
        return self._list(indent, path) if row.text.startswith("- ") else self._map(indent, path)

    def _map(self, indent: int, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while (row := self._next(indent)) is not None:
            found = _KEY.fullmatch(row.text)
            if found is None or found[1] in values:
                raise Unsure
            key, rest = found.groups()
            self._at += 1
            self.keys[(*path, key)] = row.number, indent + 1
            if rest is None or rest[0] == "#":
                values[key] = self._below(indent, (*path, key))
            else:
                column = indent + 1 + found.start(2)
                values[key] = self._value(rest, row, column, (*path, key))
        return values

    def _below(self, indent: int, path: Path) -> Any:
        """The value of a key with nothing behind it."""
        if self._at < len(self._rows):
            next_ = self._rows[self._at]
            if next_.indent > indent:
                return self._block(next_.indent, path)
            if next_.indent == indent and next_.text.startswith("- "):
                return self._block(indent, path)
        raise Unsure  # null, and only the parser says where that stands

    def _list(self, indent: int, path: Path) -> list[Any]:
        values: list[Any] = []
        while (row := self._next(indent)) is not None and row.text.startswith("- "):
            self._at += 1
            rest = row.text[2:].lstrip(" ")
            column = indent + 1 + len(row.text) - len(rest)
            values.append(self._value(rest, row, column, (*path, len(values))))
        return values

    def _next(self, indent: int) -> _Row | None:
        """The next line, if it stands at this indentation; None: it is of an outer block."""
        if self._at == len(self._rows):
            return None
        row = self._rows[self._at]
        if row.indent > indent:  # it goes on with the value before, or is wrong
            raise Unsure
        return row if row.indent == indent else None

    def _value(self, text: str, row: _Row, column: int, path: Path) -> object:
        """What stands behind a key or dash of the row, and begins in that column."""
        self.places[path] = row.number, column
        if text[0] in "[{":
            return self._flow(text, row.number, column, path)
        if block := _BLOCK.fullmatch(text):
            return self._long(row, block[1] == ">", "" if block[2] else "\n")
        return self._scalar(text)

    def _scalar(self, text: str) -> object:
        if found := _QUOTED.fullmatch(text):
            return found[1] if found[1] is not None else found[2]
        plain = _COMMENT.split(text, 1)[0]
        if _PLAIN.fullmatch(plain):
            return self._resolve(plain)
        raise Unsure

    def _flow(self, text: str, line: int, column: int, path: Path) -> Any:
        """A list or mapping of words in one line."""
        found = _FLOW.fullmatch(text)
        if found is None or len(path) > DEEPEST:
            raise Unsure
        is_map, at, end = found[1] == "{", found.start(2), found.end(2)
        if text[end:].lstrip(" ")[0] != ("}" if is_map else "]"):
            raise Unsure
        values: dict[str, Any] = {}
        entries: list[Any] = []
        while at < end:
            entry = _ENTRY.match(text, at, end)
            if entry is None or (entry[1] is not None) != is_map or entry[1] in values:
                raise Unsure
            inner = (*path, entry[1] if is_map else len(entries))
            self.places[inner] = line, column + entry.start(2)
            if is_map:
                self.keys[inner] = line, column + entry.start(1)
            value = self._scalar(entry[2].rstrip(" "))
            if is_map:
                values[entry[1]] = value
            else:
                entries.append(value)
            at = entry.end()
            if at == end and text[at - 1] == ",":
                raise Unsure
        return values if is_map else entries

    def _long(self, row: _Row, folds: bool, ending: str) -> str:
        """The text of the lines below, as far as they are indented deeper than the row."""
        lines, at = self._lines, row.number
        if lines[-1] or at >= len(lines):
            raise Unsure  # it does not end as text does
        depth = len(lines[at]) - len(lines[at].lstrip(" "))
        texts: list[str] = []
        while at < len(lines) and (not lines[at].strip(" ") or lines[at].startswith(" " * depth)):
            texts.append(lines[at][depth:])
            at += 1
        while texts and not texts[-1]:
            texts.pop()
        strange = (one for one in texts if one[:1] == " " and (folds or not one.strip(" ")))
        if depth <= row.indent or not texts or not texts[0] or next(strange, None) is not None:
            raise Unsure
        if at < len(lines) and len(lines[at]) - len(lines[at].lstrip(" ")) > row.indent:
            raise Unsure
        while self._at < len(self._rows) and self._rows[self._at].number <= at:
            self._at += 1
        return (_folded(texts) if folds else "\n".join(texts)) + ending


def _folded(texts: Iterable[str]) -> str:
    """Lines as one, and blank lines as line breaks."""
    whole = "\n".join(texts)
    return _BREAKS.sub(lambda found: found[0][1:] or " ", whole)


_BREAKS = pattern(r"\n+")


def _rows(text: str) -> list[_Row]:
    if _STRANGE.search(text):
        raise Unsure
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        inner = line.strip(" ")
        if inner and inner[0] != "#":
            rows.append(_Row(number, len(line) - len(line.lstrip(" ")), inner))
    return rows
