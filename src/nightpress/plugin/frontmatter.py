"""The YAML block at the head of a Markdown file: split off, read within bounds, written.

Pure. Reading tolerates what Claude accepts and strict YAML rejects (an unquoted value that holds `:
`); writing gives the one form that every parser accepts: block style, one-line double-quoted
strings, LF (see the Agent Skills specification).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from nightpress.lazy import pattern
from nightpress.plugin import yaml

FrontmatterError = yaml.YamlError


class Parts(Struct, frozen=True):
    """raw: the text between the `---` lines, None if there is none; body_line: from 1."""

    raw: str | None
    body: str
    body_line: int


def split(text: str) -> Parts:
    """Frontmatter and body. A block that is never closed is no frontmatter; a byte order mark
    before it, which Claude tolerates, is skipped."""
    lines = text.removeprefix("\ufeff").split("\n")
    if lines[0].rstrip() != "---":
        return Parts(None, text, 1)
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            raw = "".join(row + "\n" for row in lines[1:number])
            return Parts(raw, "\n".join(lines[number + 1 :]), number + 2)
    return Parts(None, text, 1)


def parse(raw: str) -> dict[str, object]:
    """The mapping of a block; raises FrontmatterError with line and column within `raw`."""
    return dict(_parsed(raw))


@lru_cache(maxsize=4_096)
def _parsed(raw: str) -> dict[str, object]:
    """Remembered: each document of a plugin is made from the same commands, agents and skills."""
    value: Any = _as_rendered(raw)
    if value is not None:
        return dict(value)
    try:
        value = yaml.load(raw).value
    except FrontmatterError as error:
        value = _second_try(raw, error)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FrontmatterError("frontmatter must be a mapping of keys to values")
    return _whole(value) if "\\u" in raw.lower() else value


_ROW = pattern(r'([a-z][a-z-]{0,60}): (?:([a-z][a-z0-9-]*)|("(?:[^"\\]|\\["\\])*"))')


def _as_rendered(raw: str) -> dict[str, str] | None:
    """The mapping of a block in the very form that `render` writes, as nearly all documents have
    it; None for any other. Loading a YAML parser takes longer than judging a document."""
    values: dict[str, str] = {}
    if len(raw) > _MOST or not raw.endswith("\n"):
        return None
    for line in raw[:-1].split("\n"):
        row = _ROW.fullmatch(line)
        if row is None or row[1] in values or not line.isprintable():
            return None
        if row[1] in _WORDS_OF_YAML or row[2] in _WORDS_OF_YAML:
            return None
        values[row[1]] = row[2] or json.loads(row[3])
    return values


_MOST = 8_192
"""Characters of a block that are read this way; more is for the parser with its bounds."""


def _whole(value: Any) -> Any:
    r"""The value without halves of surrogate pairs (`"\ud800"`), which no UTF-8 file and no
    database can take; the depth is bounded."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(entry) for entry in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(entry) for key, entry in value.items()}
    return value


def _second_try(raw: str, first: FrontmatterError) -> Any:
    """What the block is with its broken values quoted; if it is nothing: the first error, for
    its column is one of the user's own text."""
    quoted = _quoted(raw)
    if quoted == raw:
        raise first
    try:
        return yaml.load(quoted).value
    except FrontmatterError:
        raise first from None


_LINE = pattern(r"([A-Za-z_][\w-]*):[ \t]+(\S.*)")

# one-line values that strict YAML rejects, and that are meant as the text that they show:
_BROKEN = pattern(
    r"""(?![\"'|>\[{&*!%@`\#]).*:(?:\s|$)   # Use when: the colon ends a key
    | \[[^\[\]]*\]\s*[^\s\#,].*             # [issue] [priority]
    | \{[^{}]*\}\s*[^\s\#,].*               # {name} and more
    | [%@`].*                              # @scope/name, `code`
    | \*(?![A-Za-z0-9_-]+\s*$).*          # **/*.md: a glob, no alias
    | [|>](?![-+0-9]{0,2}\s*(?:\#|$)).*    # >= 2.0
    | "(?:[^"\\]|\\.)*"\s*[^\s\#].*        # "quoted" and more
    | '(?:[^']|'')*'\s*[^\s\#'].*         # 'quoted' and more
    """,
    re.VERBOSE,
)


def _quoted(raw: str) -> str:
    """The same block with its broken top-level values quoted."""
    rows = []
    for line in raw.split("\n"):
        entry = _LINE.match(line)
        if entry is not None and _BROKEN.match(entry.group(2)):
            rows.append(f"{entry.group(1)}: {json.dumps(entry.group(2).rstrip())}")
        else:
            rows.append(line)
    return "\n".join(rows)


def render(fields: Mapping[str, object]) -> str:
    """The block with its `---` lines; values are strings, lists of them or one level of string ->
    string."""
    rows = []
    for key, value in fields.items():
        if isinstance(value, Mapping):
            rows.append(f"{_key(key)}:")
            rows += [f"  {_key(str(inner))}: {_text(str(text))}" for inner, text in value.items()]
        elif isinstance(value, list):
            rows.append(f"{_key(key)}: [{', '.join(_text(str(entry)) for entry in value)}]")
        else:
            rows.append(f"{_key(key)}: {_value(key, str(value))}")
    return "---\n" + "".join(row + "\n" for row in rows) + "---\n"


def amend(raw: str, fields: Mapping[str, object]) -> str:
    """The block `raw` (without its `---` lines) with other values for those top-level keys; every
    other line stays byte for byte: keys that we do not know, their order, comments. A key that is
    not there yet is added at the end. Values as for `render`.

    Raises FrontmatterError where the block cannot be read, before or after.
    """
    wanted = {**parse(raw), **fields}
    lines = raw.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    for key, value in fields.items():
        rows = render({key: value}).split("\n")[1:-2]
        begin = next((n for n, line in enumerate(lines) if _is_key(line, key)), len(lines))
        end = begin + 1
        while end < len(lines) and not _AT_MARGIN.match(lines[end]):
            end += 1
        while end > begin + 1 and not lines[end - 1].strip():  # blank lines before the next key
            end -= 1
        lines[begin:end] = [f"{row}\n" for row in rows]
    amended = "".join(lines)
    parsed = parse(amended)
    if {key: parsed.get(key) for key in wanted if key not in fields} != {
        key: value for key, value in wanted.items() if key not in fields
    } or not parsed.keys() == wanted.keys():
        raise FrontmatterError("the frontmatter cannot be changed without touching the rest of it")
    return amended


def _is_key(line: str, key: str) -> bool:
    return any(re.match(rf"{re.escape(form)}[ \t]*:(?:[ \t\n]|$)", line) for form in (
        key, f'"{key}"', f"'{key}'",
    ))  # fmt: skip


_AT_MARGIN = pattern(r"[^\s-]|-[^\s]|-{3}")  # a key or comment; an item may stand at the margin

_WORDS_OF_YAML = frozenset("y n yes no on off true false null".split())
_LONG_RULE = pattern(r"-{3,}")


def _value(key: str, value: str) -> str:
    """A skill's name needs no quotes by its own rule, unless YAML takes it for something else."""
    bare = re.fullmatch(r"[a-z][a-z0-9-]*", value) and value not in _WORDS_OF_YAML
    return value if key == "name" and bare and "---" not in value else _text(value)


def _key(key: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", key) and key.lower() not in _WORDS_OF_YAML
    return key if plain else _text(key)


def _text(value: str) -> str:
    """Double-quoted, on one line. Characters that YAML or a terminal cannot take are left out;
    a run of hyphens becomes one, for some parsers look for `---` anywhere."""
    one_line = " ".join(value.split())
    kept = "".join(c for c in one_line if unicodedata.category(c) not in _NO_TEXT)
    return json.dumps(_LONG_RULE.sub("-", kept), ensure_ascii=False)


_NO_TEXT = frozenset({"Cc", "Cf", "Cs", "Cn"})  # control, format (bidirectional), surrogate, none
