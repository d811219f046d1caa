"""Is this a request that Google would take? Field by field against Google's own definitions.

`wire.json` holds the messages of the v1beta protos (package google-ai-generativelanguage), with
what the SDK sends beyond them. A scalar is "string", "int", "number" or "bool"; a list holds one
type; {"enum": [...]} is an enum; "map" and google.* are taken as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .envelope import Refusal, refusal, violations

Found = list[tuple[str, str]]
PROTO = {"string": "TYPE_STRING", "int": "TYPE_INT32", "number": "TYPE_FLOAT", "bool": "TYPE_BOOL"}


@cache
def _messages(api: str) -> dict[str, dict[str, Any]]:
    tables = json.loads(Path(__file__).with_name("wire.json").read_text("utf-8"))
    messages: dict[str, dict[str, Any]] = tables["developer"]
    if api == "vertex":
        for name, fields in tables["vertex_adds"].items():
            messages[name] = {**messages[name], **fields}
    return messages


def camel(name: str) -> str:
    """`thinking_level` -> `thinkingLevel`; the API takes both spellings of every field."""
    return name[:1] + re.sub(r"_([a-z0-9])", lambda m: m.group(1).upper(), name[1:])


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda m: "_" + m.group(1).lower(), name)


def parse(api: str, message: str, body: bytes) -> dict[str, Any]:
    """The request in camelCase, every field checked; raises Refusal."""
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise refusal(400, f"Invalid JSON payload received. Unexpected token.\n{error}") from None
    if not isinstance(value, dict):
        raise refusal(400, "Invalid value (Object expected), received another type.")
    found: Found = []
    taken = _message(_messages(api), message, value, "", found)
    if found:
        raise violations(found)
    return taken


def _message(
    messages: Mapping[str, Any], name: str, value: Mapping[str, Any], at: str, found: Found
) -> dict[str, Any]:
    fields, taken = messages[name], {}
    for key, item in value.items():
        field = camel(key)
        if field not in fields:
            where = f" at '{at}'" if at else ""
            found.append(
                (
                    at,
                    f'Invalid JSON payload received. Unknown name "{key}"{where}: '
                    "Cannot find field.",
                )
            )
            continue
        if item is None:  # null leaves a field at its default
            continue
        path = f"{at}.{snake(field)}" if at else snake(field)
        taken[field] = _value(messages, fields[field], item, path, found)
    return taken


def _value(messages: Mapping[str, Any], kind: Any, item: Any, at: str, found: Found) -> Any:
    if isinstance(kind, list):
        # A single message where a list is expected is taken as a list of one.
        items = item if isinstance(item, list) else [item]
        return [_value(messages, kind[0], one, f"{at}[{i}]", found) for i, one in enumerate(items)]
    if isinstance(kind, dict):
        if item not in kind["enum"] and not isinstance(item, int):
            found.append((at, f"Invalid value at '{at}' (TYPE_ENUM), {json.dumps(item)}"))
        return item
    if kind == "map" or kind.startswith("google."):
        return item
    if kind in PROTO:
        return _scalar(kind, item, at, found)
    if not isinstance(item, dict):
        found.append((at, f"Invalid value at '{at}' (type.googleapis.com), {json.dumps(item)}"))
        return {}
    return _message(messages, kind, item, at, found)


def _scalar(kind: str, item: Any, at: str, found: Found) -> Any:
    good = {
        "string": isinstance(item, str),
        "bool": isinstance(item, bool),
        "int": isinstance(item, int) and not isinstance(item, bool),
        "number": isinstance(item, int | float) and not isinstance(item, bool),
    }[kind]
    if not good and kind in ("int", "number") and isinstance(item, str):
        try:
            return int(item) if kind == "int" else float(item)
        except ValueError:
            good = False
    if not good and kind == "int" and isinstance(item, float) and item.is_integer():
        return int(item)
    if not good:
        found.append((at, f"Invalid value at '{at}' ({PROTO[kind]}), {json.dumps(item)}"))
    return item


def check(request: Mapping[str, Any], api: str, timeout: str | None) -> None:
    """The rules beyond form: contents, roles, ranges, JSON mode, deadline. Raises Refusal."""
    if timeout is not None:
        _deadline(timeout)
    contents = request.get("contents") or []
    if not contents:
        raise refusal(400, "* GenerateContentRequest.contents: contents is not specified\n")
    for i, content in enumerate(contents):
        if content.get("role", "user") not in ("user", "model"):
            raise refusal(400, "Please use a valid role: user, model.")
        parts = content.get("parts") or []
        if not parts or not all(_holds_data(part) for part in parts):
            raise refusal(
                400,
                f"* GenerateContentRequest.contents[{i}].parts: contents.parts must not be empty.\n"
                if not parts
                else f"* GenerateContentRequest.contents[{i}].parts[0].data: required oneof field "
                "'data' must have one initialized field\n",
            )
    if api == "vertex" and not contents[0].get("role"):
        raise refusal(400, "Please use a valid role: user, model.")
    _config(request.get("generationConfig") or {})


def _holds_data(part: Mapping[str, Any]) -> bool:
    return any(key not in ("thought", "thoughtSignature", "videoMetadata") for key in part)


def _deadline(timeout: str) -> None:
    try:
        seconds = float(timeout)
    except ValueError:
        raise refusal(400, f"Invalid X-Server-Timeout header: {timeout}") from None
    if seconds < 10:
        raise refusal(
            400, f"Manually set deadline {timeout}s is too short. Minimum allowed deadline is 10s."
        )


RANGES = {
    "temperature": (0.0, 2.0),
    "topP": (0.0, 1.0),
    "topK": (1, 1_000),
    "maxOutputTokens": (1, 65_536),
    "candidateCount": (1, 8),
    "presencePenalty": (-2.0, 2.0),
    "frequencyPenalty": (-2.0, 2.0),
}


def _config(config: Mapping[str, Any]) -> None:
    for field, (low, high) in RANGES.items():
        value = config.get(field)
        if value is not None and not low <= value <= high:
            name = snake(field)
            raise refusal(
                400,
                f"* GenerateContentRequest.generation_config.{name}: {name} must be in the range "
                f"[{low}, {high}].\n",
            )
    schema = config.get("responseJsonSchema", config.get("_responseJsonSchema"))
    typed = config.get("responseSchema")
    if schema is not None and typed is not None:
        raise refusal(400, "Only one of response_schema and response_json_schema can be set.")
    if schema is None and typed is None:
        return
    if config.get("responseMimeType") not in ("application/json", "text/x.enum"):
        raise refusal(
            400,
            "* GenerateContentRequest.generation_config.response_schema: a response schema is "
            "only allowed with response_mime_type application/json\n",
        )
    if schema is not None:
        _schema(schema, "generation_config.response_json_schema")


TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}


def _schema(schema: Any, at: str) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        raise refusal(400, f"Invalid value at '{at}': a JSON schema must be an object.")
    if "$ref" in schema and any(not key.startswith("$") for key in schema):
        raise refusal(400, f"{at}: only keys that start with $ may stand beside $ref.")
    types = schema.get("type", [])
    for name in types if isinstance(types, list) else [types]:
        if name not in TYPES:
            raise refusal(400, f"Invalid value at '{at}.type': {json.dumps(name)}")
    required, properties = schema.get("required", []), schema.get("properties", {})
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise refusal(400, f"Invalid value at '{at}': properties or required has a wrong type.")
    for name in required:
        if properties and name not in properties:
            raise refusal(400, f"{at}.required[0]: property is not defined: {name}")
    for name, one in properties.items():
        _schema(one, f"{at}.properties[{name}]")
    if "items" in schema:
        _schema(schema["items"], f"{at}.items")
    for key in ("anyOf", "oneOf", "prefixItems"):
        for i, one in enumerate(schema.get(key, [])):
            _schema(one, f"{at}.{key}[{i}]")


__all__ = ["Refusal", "camel", "check", "parse", "snake"]
