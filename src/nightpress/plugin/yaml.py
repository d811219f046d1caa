"""YAML from strangers, read once: values, and the place of each, within bounds.

Pure. Anchors, aliases and merge keys are refused (an alias bomb loads instantly and goes off later;
a merge-key bomb keeps a loader busy for 20 s), as are duplicate keys; size, nodes and depth are
bounded before anything is built. Scalars follow YAML 1.2's core schema, so `yes` is a string, and a
date stays the text that it is. ruamel.yaml parses; the values are built here, so that every error
has its line and column. What is plain is read by `yaml_lines` instead, with the same outcome.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from nightpress.lazy import pattern
from nightpress.plugin import yaml_lines

Path = tuple[str | int, ...]

MAX_BYTES = 64 * 1024
MAX_NODES = 1_000
MAX_DEPTH = 50


class YamlError(ValueError):
    """What is wrong, and where (line and column from 1)."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class YamlDocument(Struct):
    """value: plain Python; places: path of keys and indexes -> (line, column) of the value;
    keys: path -> (line, column) of the key."""

    value: Any = None
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)


def load(text: str, *, max_bytes: int = MAX_BYTES, max_nodes: int = MAX_NODES) -> YamlDocument:
    """One YAML document; an empty one has the value None. Raises YamlError."""
    if len(text) > max_bytes or len(text.encode("utf-8", "replace")) > max_bytes:
        raise YamlError(f"larger than {max_bytes:,} bytes")
    for number, line in enumerate(text.split("\n"), 1):
        if character := _NOT_ALLOWED.search(line):
            what = f"character U+{ord(character.group()):04X} is not allowed"
            raise YamlError(what, number, character.start() + 1)
    if deep := _DEEP.search(text):  # it would keep the scanner busy for half a second
        at = len(deep.group().rstrip()) - 1 + deep.start()
        raise YamlError(_TOO_DEEP, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    return _plain(text, max_nodes) or _Builder(max_nodes).build(_events(text))


def _plain(text: str, max_nodes: int) -> YamlDocument | None:
    """The document, where it is of the plain kind."""
    try:
        lines = yaml_lines.Lines(text, _resolved)
        value = lines.read()
    except yaml_lines.Unsure:
        return None
    if len(lines.places) > max_nodes:
        return None
    return YamlDocument(value, lines.places, lines.keys)


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = (error.problem or error.context or "not YAML").replace("\n", " ")
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlError(what, *where) from None
    except (YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, YamlError):
            raise
        raise YamlError(
            f"not YAML: {str(error).splitlines()[0] if str(error) else error!r}"
        ) from None


class _Builder:
    def __init__(self, max_nodes: int) -> None:
        self.left = max_nodes
        self.max_nodes = max_nodes
        self.document = YamlDocument()

    def build(self, events: Iterator[Any]) -> YamlDocument:
        documents = 0
        for event in events:
            name = type(event).__name__
            if name == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise YamlError("more than one document", *_place(event))
            elif name not in _MARKS:
                self.document.value = self._value(event, events, ())
        return self.document

    def _value(self, event: Any, events: Iterator[Any], path: Path) -> object:
        name = type(event).__name__
        self.left -= 1
        if self.left < 0:
            raise YamlError(f"more than {self.max_nodes:,} nodes", *_place(event))
        if len(path) > MAX_DEPTH:
            raise YamlError(_TOO_DEEP, *_place(event))
        if name == "AliasEvent" or getattr(event, "anchor", None) is not None:
            raise YamlError("anchors and aliases are not allowed here", *_place(event))
        self.document.places[path] = _place(event)
        if name == "ScalarEvent":
            return _scalar(event)
        if name == "SequenceStartEvent":
            return self._sequence(events, path)
        return self._mapping(events, path)

    def _sequence(self, events: Iterator[Any], path: Path) -> list[Any]:
        values: list[Any] = []
        for event in events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            values.append(self._value(event, events, (*path, len(values))))
        return values

    def _mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for event in events:
            if type(event).__name__ == "MappingEndEvent":
                break
            if type(event).__name__ != "ScalarEvent":
                raise YamlError("a key must be a plain word", *_place(event))
            key = str(event.value)
            if key == "<<" and not event.style:
                raise YamlError("merge keys are not allowed here", *_place(event))
            if key in values:
                raise YamlError(f"duplicate key {key!r}", *_place(event))
            self.document.keys[(*path, key)] = _place(event)
            values[key] = self._value(next(events), events, (*path, key))
        return values


_MARKS = frozenset({"StreamStartEvent", "StreamEndEvent", "DocumentEndEvent", "CommentEvent"})
_NOT_ALLOWED = pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_DEEP = pattern(rf"(?:[\[{{]\s*){{{MAX_DEPTH + 2}}}")
_TOO_DEEP = f"nested deeper than {MAX_DEPTH}"
_INT = pattern(r"[-+]?[0-9]{1,30}|0x[0-9a-fA-F]{1,24}|0o[0-7]{1,32}")
_FLOAT = pattern(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")


def _scalar(event: Any) -> object:
    text = str(event.value)
    tag = getattr(event, "tag", None)
    if event.style or (tag is not None and str(tag).endswith(":str")):
        return text
    return _resolved(text)


def _resolved(text: str) -> object:
    """The value of a plain scalar."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
    number = float(text) if _FLOAT.fullmatch(text) else math.inf
    return text if math.isinf(number) else number


def _place(event: Any) -> tuple[int, int]:
    mark = getattr(event, "start_mark", None)
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
