"""A document held to its JSON Schema: each error at its place, in words for people."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nightpress.backends import BACKENDS, usual
from nightpress.plugin import YamlDocument
from nightpress.project.problems import Problem
from nightpress.project.resources import bundled
from nightpress.text import suggestion

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_LONGEST = 60
_KINDS = {"integer": "an integer", "object": "a mapping", "array": "a list", "null": "null"}


def schema(name: str) -> dict[str, Any]:
    """A bundled schema by name: `manifest`, `defaults`, `generator`; what it says of the backends
    is what they declare."""
    return _schema(name, tuple(BACKENDS.scanned()))


@lru_cache(maxsize=8)
def _schema(name: str, registered: tuple[str, ...]) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(text(name))
    names = ["auto", *registered]
    _name_backends(parsed, names)
    if name == "defaults":
        properties = parsed["properties"]
        properties["model"]["default"] = usual().default_model
        for declared in BACKENDS.values():
            if declared.settings:
                properties[declared.name] = dict(declared.settings)
    return parsed


@lru_cache(maxsize=8)
@lru_cache(maxsize=8)
def text(name: str) -> str:
    """The file of a bundled schema."""
    return (bundled("schemas") / f"{name}.json").read_text(encoding="utf-8")


def _name_backends(field: dict[str, Any], names: list[str]) -> None:
    """Wherever a `backend` may be chosen, below this field: these."""
    for key, inner in field.get("properties", {}).items():
        if key == "backend":
            inner["enum"] = names
        _name_backends(inner, names)
    if isinstance(more := field.get("additionalProperties"), dict):
        _name_backends(more, names)


@lru_cache(maxsize=8)
def _validator(name: str, _registered: tuple[str, ...]) -> Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema(name))


def needed(name: str) -> str:
    """A hint: the keys that a document of this schema must have."""
    keys = schema(name).get("required", [])
    return f"needed: {', '.join(keys)}" if keys else ""


def fits(value: Any, wanted: Any) -> bool:
    """Does a value keep a schema, beyond any doubt? It is asked first, for it takes a twentieth of
    what jsonschema does, which knows the rest: where it does not, and why."""
    return wanted is True or all(
        (rule := _RULES.get(keyword)) is not None and rule(value, said, wanted)
        for keyword, said in wanted.items()
        if keyword not in _SAYS
    )


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool) or kind in ("boolean", "null"):
        return value is None if kind == "null" else kind == "boolean" and isinstance(value, bool)
    return isinstance(value, _TYPES.get(kind, ()))


def _inner(value: Any, said: Any, wanted: dict[str, Any]) -> bool:
    """What is not among the properties."""
    if not isinstance(value, dict):
        return True
    more = [value[key] for key in value if key not in wanted.get("properties", {})]
    return all(fits(one, said) for one in more) if isinstance(said, dict) else said or not more


def _sized(kind: Any, least: int = 0) -> Callable[[Any, Any, Any], bool]:
    """Of one kind of value: not more than so many, or (least) not fewer."""
    return lambda value, said, _: (
        not isinstance(value, kind) or (len(value) >= said if least else len(value) <= said)
    )


def _numbered(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Any], bool]:
    return lambda value, said, _: not _is(value, "number") or holds(value, said)


_SAYS = frozenset(("$schema", "$id", "title", "description", "default"))
_TYPES: dict[str, Any] = {
    "integer": int,
    "number": (int, float),
    "string": str,
    "object": dict,
    "array": list,
}
_RULES: dict[str, Callable[[Any, Any, dict[str, Any]], bool]] = {
    "type": lambda value, said, _: any(
        _is(value, kind) for kind in ([said] if isinstance(said, str) else said)
    ),
    "enum": lambda value, said, _: any(type(one) is type(value) and one == value for one in said),
    "const": lambda value, said, _: type(said) is type(value) and said == value,
    "properties": lambda value, said, _: (
        not isinstance(value, dict)
        or all(fits(value[key], inner) for key, inner in said.items() if key in value)
    ),
    "additionalProperties": _inner,
    "propertyNames": lambda value, said, _: (
        not isinstance(value, dict) or all(fits(key, said) for key in value)
    ),
    "required": lambda value, said, _: (
        not isinstance(value, dict) or all(key in value for key in said)
    ),
    "items": lambda value, said, _: (
        not isinstance(value, list) or all(fits(one, said) for one in value)
    ),
    "uniqueItems": lambda value, said, _: not said or (
        isinstance(value, list)
        and all(isinstance(one, str) for one in value)
        and len(set(value)) == len(value)
    ),
    "anyOf": lambda value, said, _: any(fits(value, one) for one in said),
    "pattern": lambda value, said, _: not isinstance(value, str) or bool(re.search(said, value)),
    "minLength": _sized(str, 1), "maxLength": _sized(str),
    "minItems": _sized(list, 1), "maxItems": _sized(list), "maxProperties": _sized(dict),
    "minimum": _numbered(operator.ge), "maximum": _numbered(operator.le),
    "exclusiveMinimum": _numbered(operator.gt),
}  # fmt: skip
"""Keyword -> does a value keep it: of those that our schemas have; what is not here is doubted."""


def problems(document: YamlDocument, shown: str, name: str) -> Iterator[Problem]:
    """Every error of the document, in no order."""
    if fits(document.value, schema(name)):
        return
    for error in _validator(name, tuple(BACKENDS.scanned())).iter_errors(document.value):
        path = tuple(error.absolute_path)
        if error.validator == "maximum" and not _is_number(error):
            continue  # an endless number is no integer: its type was told
        if error.validator == "additionalProperties":
            yield from _unknown(error, document, shown, path)
        elif error.validator == "required":
            yield from _missing(error, document, shown, path)
        elif error.parent is None and "propertyNames" in error.absolute_schema_path:
            where = (*path, error.instance)
            message = f"the name {_short(error.instance)} is not allowed"
            yield at(document, shown, where, message, _hint(error), key=True)
        else:
            yield at(document, shown, path, _words(error), _hint(error))


def _is_number(error: Any) -> bool:
    """Has the value the number's type that its schema wants?"""
    wanted = error.schema.get("type", "number")
    return "number" in wanted or isinstance(error.instance, int)


def _unknown(
    error: Any, document: YamlDocument, shown: str, path: tuple[Any, ...]
) -> Iterator[Problem]:
    properties = error.schema.get("properties", {})
    for key in [key for key in error.instance if key not in properties]:
        hint = suggestion(str(key), properties) or f"known: {', '.join(properties)}"
        yield at(document, shown, (*path, key), f"unknown key {_short(key)}", hint, key=True)


def _missing(
    error: Any, document: YamlDocument, shown: str, path: tuple[Any, ...]
) -> Iterator[Problem]:
    """jsonschema raises one error for each key that is missing, and names it in its message."""
    for key in error.validator_value:
        if key not in error.instance and error.message.startswith(repr(key)):
            hint = error.schema.get("properties", {}).get(key, {}).get("description", "")
            yield at(document, shown, path, f"{key!r} is missing", hint)


def _words(error: Any) -> str:
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "type":
            kinds = rule if isinstance(rule, list) else [rule]
            return f"{_short(value)} is not {' or '.join(_KINDS.get(k, f'a {k}') for k in kinds)}"
        case "enum":
            return f"{_short(value)} is not one of {', '.join(map(str, rule))}"
        case "anyOf" if all("const" in s or "type" in s for s in rule):
            words = [repr(s["const"]) if "const" in s else _KINDS[s["type"]] for s in rule]
            return f"{_short(value)} is not {' or '.join(words)}"
        case "pattern":
            return f"{_short(value)} has a form that is not allowed ({rule})"
        case "minimum" | "exclusiveMinimum" | "maximum":
            less = "more than" if error.validator == "maximum" else "less than"
            less = "not above" if error.validator == "exclusiveMinimum" else less
            return f"{_short(value)} is {less} {rule:,}"
        case "minLength" | "maxLength" | "minItems" | "maxItems" | "maxProperties":
            kind = "characters" if "Length" in error.validator else "entries"
            least = "at least" if error.validator.startswith("min") else "at most"
            length = f"{_short(value)} has " if kind == "characters" else ""
            return f"{length}{len(value):,} {kind}: {least} {rule:,} are allowed"
    return str(error.message).replace(repr(value), _short(value))


def _hint(error: Any) -> str:
    if error.validator == "enum":
        return suggestion(str(error.instance), map(str, error.validator_value))
    return str(error.schema.get("description", ""))


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 3] + "..."


def at(
    document: YamlDocument,
    shown: str,
    path: tuple[Any, ...],
    message: str,
    hint: str = "",
    *,
    key: bool = False,
    severity: Any = "error",
) -> Problem:
    """A problem at the value of `path` (at its key, if `key`), else at what is nearest above."""
    dotted = ".".join(map(str, path))
    place = document.keys.get(path) if key else None
    for end in range(len(path), -1, -1):
        place = place or document.places.get(path[:end])
    return Problem(shown, *(place or (1, 1)), dotted, message, hint, severity)
