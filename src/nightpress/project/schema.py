"""A document held to its JSON Schema: each error at its place, in words for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
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


def problems(document: YamlDocument, shown: str, name: str) -> Iterator[Problem]:
    """Every error of the document, in no order."""
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
