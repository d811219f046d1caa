"""One YAML file of the project, read and held to its schema: a value and its problems."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from nightpress import bounded_yaml
from nightpress.bounded_yaml import Document, YamlError
from nightpress.contract.bundle import bundled
from nightpress.contract.problems import Problem, meant

MAX_BYTES = 1024 * 1024
MAX_NODES = 20_000


def load(path: Path, shown: str, schema: str) -> tuple[Document | None, list[Problem]]:
    """The document, and every problem; None if it cannot be used at all."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        return None, [Problem(shown, 0, 0, "", f"cannot be read: {error.strerror}")]
    if data is None:
        return None, [Problem(shown, 0, 0, "", f"larger than {MAX_BYTES:,} bytes")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        said = f"not UTF-8: byte 0x{data[error.start]:02x}"
        return None, [Problem(shown, line, column, "", said, "save the file as UTF-8")]
    try:
        document = bounded_yaml.load(text, max_bytes=MAX_BYTES, max_nodes=MAX_NODES)
    except YamlError as error:
        return None, [Problem(shown, error.line, error.column, "", error.message, _hint(error))]
    if document.value is None:
        return None, [Problem(shown, 1, 1, "", "the file is empty")]
    return document, list(_against(document, shown, schema))


def _hint(error: YamlError) -> str:
    if "tab" in error.message or "\\t" in error.message:
        return "indent with spaces"
    return "quote the value" if "mapping values" in error.message else ""


@lru_cache(maxsize=8)
def validator(schema: str) -> Any:
    """The validator of a bundled schema, made once."""
    from jsonschema import Draft202012Validator

    text = (bundled("schemas") / f"{schema}.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _against(document: Document, shown: str, schema: str) -> Iterator[Problem]:
    for error in validator(schema).iter_errors(document.value):
        yield from _problems(error, document, shown)


def _problems(error: Any, document: Document, shown: str) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        for key in [k for k in error.instance if k not in known]:
            yield _at(
                document, shown, (*path, key), f"unknown key {key!r}", meant(key, known), True
            )
        return
    if error.validator == "required":
        missing = [k for k in error.validator_value if k not in error.instance]
        for key in missing:
            if f"'{key}'" in error.message:
                hint = error.schema["properties"][key]["description"]
                yield _at(document, shown, path, f"{key!r} is missing", hint)
        return
    yield _at(document, shown, path, _words(error), _advice(error))


def _words(error: Any) -> str:
    value = repr(error.instance)
    short = value if len(value) <= 60 else value[:57] + "..."
    if error.validator == "type":
        kinds = error.validator_value
        kinds = kinds if isinstance(kinds, list) else [kinds]
        article = {"integer": "an integer", "object": "a mapping", "array": "a list"}
        return f"{short} is not " + " or ".join(article.get(k, f"a {k}") for k in kinds)
    if error.validator == "enum":
        return f"{short} is not one of {', '.join(map(str, error.validator_value))}"
    if error.validator == "pattern":
        return f"{short} has a form that is not allowed ({error.validator_value})"
    return str(error.message).replace(value, short)


def _advice(error: Any) -> str:
    if error.validator == "enum":
        near = meant(str(error.instance), map(str, error.validator_value))
        if near:
            return near
    return str(error.schema.get("description", "")) if isinstance(error.schema, dict) else ""


def _at(
    document: Document, shown: str, path: tuple[Any, ...], message: str, hint: str,
    key: bool = False,
) -> Problem:  # fmt: skip
    place = (document.keys if key else document.places).get(path) or document.places.get(path)
    line, column = place or (1, 1)
    return Problem(shown, line, column, ".".join(map(str, path)), message, hint)
