"""The quick look at a document: whatever it lets pass, jsonschema does, too."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightpress.project import schema
from nightpress.project.resources import bundled

GOOD: dict[str, list[Any]] = {
    "manifest": [
        {"name": "x", "plugin": "plugins/x", "enhancements": {"skill": {"generator": "skill"}}},
        {
            "name": "x", "plugin": "p", "ignore": ["*.log"], "checks": {"size-window": {"off": 1}},
            "enhancements": {"a": {"generator": "skill", "target": "a/SKILL.md"}},
        },
    ],
    "defaults": [
        {"marketplace": ".", "vault": {"after_build": True, "retention": {"last": 7}}},
        {"backend": "gemini", "limits": {"*": {"rpm": 15, "rpd": None}}, "pace": "unpaced"},
        {"budget": {"max_cost": 1.5}, "quota": {"share": "libsql://x", "alone": 0.2}},
    ],
    "generator": [],
}  # fmt: skip
ODD = [
    None, True, False, 0, 1, -1, 1.0, 1.5, 10**30, float("nan"), "", "x", "y" * 3_000, [], ["a"],
    ["a", "a"], [1, True], [1], {}, {"a": 1}, {1: 2},
]  # fmt: skip


def strict(value: Any, name: str) -> bool:
    validator = schema._validator(name, tuple(schema.BACKENDS.scanned()))
    return bool(validator.is_valid(value))


def changed(value: Any, rng: random.Random) -> Any:
    """The document with something else at a random place."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice([*value, "other"])
        found = dict(value)
        if rng.random() < 0.1:
            found.pop(key, None)
        else:
            found[key] = changed(found.get(key), rng)
        return found
    if isinstance(value, list) and value and rng.random() < 0.5:
        return [changed(one, rng) for one in value]
    return copy.deepcopy(rng.choice(ODD))


@pytest.mark.parametrize("name", ["manifest", "defaults", "generator", "analysis"])
def test_what_passes_is_valid(name: str) -> None:
    rng, passed = random.Random(name), 0
    good = [one for one in GOOD.get(name, []) if strict(one, name)]
    sampled = [_sample(schema.schema(name), rng) for _ in range(300)]
    for one in (*good, *sampled, *(changed(one, rng) for one in (*good, *sampled) for _ in "1234")):
        if schema.fits(one, schema.schema(name)):
            passed += 1
            assert strict(one, name), one
    assert passed > 20


def _sample(wanted: Any, rng: random.Random) -> Any:
    """A value that the schema may be content with."""
    if "enum" in wanted:
        return rng.choice(wanted["enum"])
    if "anyOf" in wanted:
        return _sample(rng.choice(wanted["anyOf"]), rng)
    kinds = wanted.get("type", "string")
    kind = kinds if isinstance(kinds, str) else rng.choice(kinds)
    if kind == "object":
        needed = wanted.get("required", ())
        return {
            key: _sample(inner, rng)
            for key, inner in wanted.get("properties", {}).items()
            if key in needed or rng.random() < 0.2
        }
    if kind == "array":
        count = max(1, wanted.get("minItems", 0))
        return [_sample(wanted.get("items", {}), rng) for _ in range(count)]
    if kind in ("integer", "number"):
        return wanted.get("minimum", 1)
    length = max(3, wanted.get("minLength", 0))
    return {"boolean": True, "null": None}.get(kind, "abc" * length)


@pytest.mark.parametrize("path", sorted(bundled("generators").glob("*/generator.yaml")), ids=str)
def test_what_is_good_takes_no_other_look(path: Any) -> None:
    from nightpress.project import yaml_read

    assert schema.fits(yaml_read.peek(path), schema.schema("generator"))
    for name, documents in GOOD.items():
        for one in documents:
            assert schema.fits(one, schema.schema(name)) == strict(one, name), json.dumps(one)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
_KEYS = {
    "type": st.sampled_from(["integer", "number", "string", "null", "boolean", ["array", "null"]]),
    "enum": st.lists(_JSON, max_size=3), "const": _JSON, "minimum": st.integers(-3, 3),
    "maximum": st.integers(-3, 3), "exclusiveMinimum": st.integers(-3, 3),
    "minLength": st.integers(0, 3), "maxLength": st.integers(0, 3), "pattern": st.just("^a"),
    "minItems": st.integers(0, 2), "maxItems": st.integers(0, 2), "uniqueItems": st.booleans(),
    "maxProperties": st.integers(0, 2), "required": st.lists(st.text(max_size=2), unique=True),
    "additionalProperties": st.booleans(),
}  # fmt: skip
_SCHEMA = st.recursive(
    st.fixed_dictionaries({}, optional=_KEYS),
    lambda inner: st.fixed_dictionaries(
        {},
        optional=_KEYS
        | {
            "items": inner, "additionalProperties": inner, "propertyNames": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2), "not": inner,
            "properties": st.dictionaries(st.text(max_size=2), inner, max_size=2),
        },
    ),
    max_leaves=3,
)  # fmt: skip


@settings(max_examples=400)
@given(_SCHEMA, _JSON)
def test_of_any_schema_too(wanted: Any, value: Any) -> None:
    from jsonschema import Draft202012Validator

    if schema.fits(value, wanted):
        assert Draft202012Validator(wanted).is_valid(value)
