"""docs/manifests.md and the schemas: complete, and in step with the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from nightpress.backends import usual
from nightpress.model import Generator, Window
from nightpress.project import bundled, docs
from nightpress.project.schema import schema
from nightpress.quota import pace

NAMES = ("manifest", "defaults", "generator")


def fields(found: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, field in found.get("properties", {}).items():
        yield f"{path}.{key}", field
        yield from fields(field, f"{path}.{key}")
    for key in ("additionalProperties", "items", "propertyNames"):
        if isinstance(found.get(key), dict):
            yield f"{path}.{key}", found[key]
            yield from fields(found[key], f"{path}.{key}")


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described_and_every_mapping_closed(name: str) -> None:
    found = schema(name)
    Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for path, field in [(name, found), *fields(found, name)]:
        assert field.get("description"), path
        if field.get("type") == "object":
            assert "additionalProperties" in field, path


@pytest.mark.parametrize("name", NAMES)
def test_no_number_and_no_text_is_endless(name: str) -> None:
    for path, field in fields(schema(name), name):
        kinds = field.get("type", ())
        if "integer" in kinds or "number" in kinds:
            assert "maximum" in field, path
        if kinds == "string" and "pattern" not in field:
            assert "maxLength" in field, path


def test_the_defaults_that_the_schema_states_are_those_of_the_code() -> None:
    stated = schema("defaults")["properties"]
    size = stated["size"]["properties"]
    assert Window(size["min"]["default"], size["max"]["default"]) == Window()
    assert stated["model"]["default"] == usual().default_model
    said = {key: field["default"] for key, field in stated["pace"]["properties"].items()}
    assert pace.read(said) == pace.read({})
    own = schema("generator")["properties"]
    empty = Generator("x", "x", "x", "x", "x", "x", "x")
    for key in ("frontmatter", "input_bytes", "max_output_tokens"):
        assert own[key]["default"] == getattr(empty, key)


@pytest.mark.parametrize("name", ["manifest", "defaults"])
def test_the_schemas_for_editors_name_the_backends_that_there_are(name: str) -> None:
    path = Path(bundled("schemas")) / f"{name}.json"
    hint = "python -m nightpress.project.docs > docs/manifests.md"
    assert path.read_text(encoding="utf-8") == docs.schema_file(name), hint


def test_the_page_is_made_from_the_schemas() -> None:
    path = Path(bundled("schemas")).parent / "docs" / "manifests.md"
    hint = "python -m nightpress.project.docs > docs/manifests.md"
    assert path.read_text(encoding="utf-8") == docs.page(), hint


def test_the_page_names_every_field() -> None:
    text = docs.page()
    for field in (
        "enhancements.NAME.size.min", "limits.NAME.rpd", "vault.retention.daily",
        "min_source_bytes.offline",
    ):  # fmt: skip
        assert f"| `{field}` |" in text
