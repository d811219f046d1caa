"""What one frontmatter said and another no longer says: keys, values, comments.

A key may move and be quoted otherwise; a list may grow. What cannot be read is compared line by
line.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from nightpress.lazy import pattern
from nightpress.plugin import frontmatter

__all__ = ["LostField", "lost_fields"]

ROW_KEY = pattern(r"\s*[\"']?([^\s\"':#][^\"':]*)[\"']?\s*:(?:\s|$)")
SCALAR = pattern(r".*:\s+[|>][-+0-9]{0,2}\s*$")


class LostField(Struct, frozen=True):
    """line: from 1, in the document; path: the dotted path of the key, "" for a comment; text: key
    and value."""

    line: int
    path: str
    text: str


def lost_fields(before: str | None, after: str | None) -> Iterator[LostField]:
    """What of the block `before`, the text between its `---` lines, is not in `after`."""
    if not before or before == after:
        return
    rows = before.split("\n")
    kept = Counter(_one_line(row) for row in (after or "").split("\n"))
    try:
        was, now = frontmatter.parse(before), frontmatter.parse(after or "")
    except frontmatter.FrontmatterError:
        yield from _lost_rows(rows, kept)
        return
    for number, row in _comments(rows):
        if not kept[_one_line(row)]:
            yield LostField(number, "", row.strip())
    for key, value in was.items():
        line = _line(rows, key)
        if key not in now:
            yield LostField(line, key, f"{key}: {_text(value)}".rstrip())
        elif value != now[key]:
            yield from _lost(key, value, now[key], line, rows)


def _lost(path: str, was: object, now: object, line: int, rows: list[str]) -> Iterator[LostField]:
    """What of one value is gone; both are as deep as the parser allows, at most."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key, value in was.items():
            inner = _line(rows, str(key), line)
            if key not in now:
                yield LostField(inner, f"{path}.{key}", f"{path}.{key}: {_text(value)}".rstrip())
            else:
                yield from _lost(f"{path}.{key}", value, now[key], inner, rows)
    elif isinstance(was, list) and isinstance(now, list):
        there = Counter(_text(entry) for entry in now)
        for text in (_text(entry) for entry in was):
            if not there[text]:
                yield LostField(line, path, f"{path}: {text}")
            there[text] -= 1 if there[text] else 0
    elif type(was) in (dict, list) or type(now) in (dict, list) or _text(was) != _text(now):
        yield LostField(line, path, f"{path}: {_text(was)}".rstrip())


def _text(value: object) -> str:
    """A value in one line, the same for all ways to write it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _one_line(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _lost_rows(rows: list[str], kept: Counter[str]) -> Iterator[LostField]:
    for number, row in enumerate(rows, 2):
        text = _one_line(row)
        if text and not kept[text]:
            found = ROW_KEY.match(row)
            yield LostField(number, found[1].strip() if found else "", text)
        kept[text] -= 1 if kept[text] else 0


def _comments(rows: list[str]) -> Iterator[tuple[int, str]]:
    """The lines that are a comment, and not of a value of several lines."""
    inside: int | None = None
    for number, row in enumerate(rows, 2):
        indent = len(row) - len(row.lstrip())
        if inside is not None and (indent > inside or not row.strip()):
            continue
        inside = indent if SCALAR.match(row) else None
        if row.lstrip().startswith("#"):
            yield number, row


def _line(rows: list[str], key: str, start: int = 2) -> int:
    """The line of a key, sought from line `start` on; `start` if it is not found."""
    for number, row in enumerate(rows[max(start - 2, 0) :], start):
        found = ROW_KEY.match(row)
        if found and found[1].strip() == key and (start > 2 or row[:1] == row[:1].strip()):
            return number
    return start
