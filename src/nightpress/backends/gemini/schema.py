"""A JSON Schema as Gemini takes it: the keywords it knows, the others said in words. Pure.

Source of the list: GenerationConfig.responseJsonSchema of the v1beta API. What is left out still
binds: the reply is validated against the whole schema by whoever asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KNOWN = frozenset(
    {
        "$defs", "$ref", "type", "format", "title", "description", "enum", "items", "prefixItems",
        "minItems", "maxItems", "minimum", "maximum", "anyOf", "properties",
        "additionalProperties", "required", "propertyOrdering",
    }
)  # fmt: skip
SAID = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matching the regular expression {}",
}


def narrow(schema: Any) -> Any:
    """The schema without what Gemini does not know."""
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:  # a reference stands alone: nothing may be beside it
        return {k: _inner(k, v) for k, v in schema.items() if k in ("$ref", "$defs")}
    taken = {k: _inner(k, v) for k, v in schema.items() if k in KNOWN}
    if "const" in schema:
        taken["enum"] = [schema["const"]]
    if "oneOf" in schema:
        taken["anyOf"] = [narrow(one) for one in schema["oneOf"]]
    bounds = [text.format(schema[key]) for key, text in SAID.items() if key in schema]
    if bounds:
        described = str(schema.get("description", "")).rstrip(". ")
        taken["description"] = "; ".join(filter(None, [described, *bounds])) + "."
    return taken


def _inner(key: str, value: Any) -> Any:
    if key in ("properties", "$defs") and isinstance(value, Mapping):
        return {name: narrow(one) for name, one in value.items()}
    if key in ("anyOf", "prefixItems") and isinstance(value, list):
        return [narrow(one) for one in value]
    return narrow(value) if key in ("items", "additionalProperties") else value
