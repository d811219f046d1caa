"""A reply of phase 1, held to schemas/analysis.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nightpress.lazy import pattern
from nightpress.project import schema as schemas

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


def check_analysis(
    text: str, schema: str, *, ours: bool = False
) -> tuple[dict[str, Any] | None, list[str]]:
    """(the analysis, []) or (None, what is wrong with the reply). schema: its text; ours: made by
    the offline backend, which keeps the bundled schema by construction (and by its tests): only a
    schema of the project's own is asked then.

    What stands around the object (prose, fences, a list, another object, quotes, a second copy) is
    passed over, and a comma behind the last of several: of the objects in the reply the last that
    keeps the schema is the analysis."""
    broken = ""
    text = _COMMA.sub(lambda found: found[1] or "", text)
    try:
        found = [_DECODER.decode(text)]
        if isinstance(found[0], str):  # the object, quoted whole
            found = [value for value, _ in _among(found[0])]
    except (ValueError, RecursionError) as error:
        pieces = list(_among(text))
        found = [value for value, _ in pieces]
        if not found or 2 * max(size for _, size in pieces) < len(text):
            broken = f"not JSON: {error}"  # these are its parts
    objects = [one for one in _flat(found) if isinstance(one, dict)]
    if not objects:
        return None, [broken or "not a JSON object"]
    if ours and schema == schemas.text("analysis"):
        return objects[-1], []
    said: list[list[str]] = []
    for one in reversed(objects):
        value = _fitted(one, json.loads(schema))
        if not (problems := _problems(value, schema)):
            return value, []
        said.append(problems)
    return None, [broken] if broken else min(said, key=len)


def _problems(value: dict[str, Any], schema: str) -> list[str]:
    try:  # a lone surrogate breaks UTF-8 and SQLite writes later
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return ["not JSON: a string holds half of a surrogate pair"]
    return [
        f"{'.'.join(map(str, error.absolute_path)) or 'analysis'}: {error.message[:200]}"
        for error in _validator(schema).iter_errors(value)
    ]


def _among(text: str) -> Iterator[tuple[Any, int]]:
    """(value, characters) of the JSON objects and lists within a text that is none itself."""
    at = 0
    for _ in range(_LOOKS):
        opening = _OPENING.search(text, at)
        if opening is None:
            return
        at = opening.start()
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield value, end - at
            at = end


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    """The values, and those in lists among them; an object that stands alone in another one."""
    for value in values:
        if isinstance(value, list):
            yield from value
        elif isinstance(value, dict) and len(value) == 1:
            yield from (value, *value.values())
        else:
            yield value


def _fitted(value: Any, schema: Any) -> Any:
    """The value within the schema's lengths: the API enforces none, and a text that is too long,
    or an empty entry of a list, is no reason to pay for another reply."""
    if isinstance(value, str):
        most = schema.get("maxLength")
        cut = value if most is None or len(value) <= most else value[:most].rsplit(" ", 1)[0]
        return cut[:most]
    if isinstance(value, list):
        inner = schema.get("items", {})
        kept = [_fitted(entry, inner) for entry in value if not _empty(entry, inner)]
        return kept[: schema.get("maxItems")]
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {key: _fitted(entry, properties.get(key, {})) for key, entry in value.items()}
    return value


def _empty(entry: Any, schema: Any) -> bool:
    """Is it an empty text, or an object without its name, where the schema wants one?"""
    if isinstance(entry, str):
        return not entry.strip() and bool(schema.get("minLength"))
    if isinstance(entry, dict):
        named = [key for key, s in schema.get("properties", {}).items() if s.get("minLength")]
        return any(isinstance(entry.get(k), str) and not entry[k].strip() for k in named)
    return False


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
_OPENING = pattern(r"[{\[](?=\s*[\"{\[\]}])")
_COMMA = pattern(r"(\"(?:[^\"\\]|\\[\s\S]?)*(?:\"|\Z))|,(?=\s*[}\]])")
"""A text (to its end, if it has one), so that it stays; a comma behind the last of several."""
_LOOKS = 200
"""Places of a reply that are looked at for an object."""


@lru_cache(maxsize=4)
def _validator(schema: str) -> Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))
