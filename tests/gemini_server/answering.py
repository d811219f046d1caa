"""A JSON answer that satisfies the schema that was asked for, filled from the prompt's text.

The schema is walked generically; property names only suggest which text fits best.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

from .source import File, Source

SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")
FOLDERS = ("commands", "agents", "skills", "hooks", "scripts")


def sentences(source: Source) -> list[str]:
    """Whole sentences of the plugin's prose, in order, each once."""
    found: dict[str, None] = {}
    for file in source.files:
        if file.meta.get("description"):
            found[file.meta["description"]] = None
        for section in file.sections:
            for text in (*section.prose, *section.bullets):
                for one in SENTENCE.split(text):
                    if len(one) > 20:
                        found[one.strip()] = None
    return list(found) or [f"The {source.plugin} plugin."]


class Answer:
    """One walk over one schema; raises nothing: what cannot be met is left at its simplest."""

    def __init__(self, schema: Mapping[str, Any], source: Source, rng: random.Random) -> None:
        self._root = schema
        self._source = source
        self._sentences = sentences(source)
        self._rng = rng
        self._next = 0

    def value(self) -> Any:
        return self._walk(self._root, "", None, 0)

    def _walk(self, schema: Any, name: str, about: File | None, depth: int) -> Any:
        if not isinstance(schema, Mapping) or depth > 24:
            return self._string({}, name, about)
        if "$ref" in schema:
            return self._walk(self._resolve(schema["$ref"]), name, about, depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._choose(schema["enum"], about)
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                chosen = {k: v for k, v in schema.items() if k != key} | dict(schema[key][0])
                return self._walk(chosen, name, about, depth + 1)
        merged = dict(schema)
        for one in schema.get("allOf", ()):
            merged.update(one)
        kind = merged.get("type", "object" if "properties" in merged else "string")
        if isinstance(kind, list):
            kind = next((k for k in kind if k != "null"), "null")
        kind = str(kind).lower()
        if kind == "object":
            return self._object(merged, name, about, depth)
        if kind == "array":
            return self._array(merged, name, depth)
        if kind in ("integer", "number"):
            return _number(merged, kind)
        if kind == "boolean":
            return bool(self._source.under(name)) if name in FOLDERS else True
        return None if kind == "null" else self._string(merged, name, about)

    def _resolve(self, ref: str) -> Any:
        at: Any = self._root
        for part in ref.lstrip("#/").split("/"):
            at = at.get(part, {}) if isinstance(at, Mapping) else {}
        return at

    def _choose(self, values: list[Any], about: File | None) -> Any:
        text = (about.text if about else " ".join(self._sentences)).lower()
        return next((v for v in values if isinstance(v, str) and v.lower() in text), values[0])

    def _object(self, schema: Mapping[str, Any], name: str, about: File | None, depth: int) -> Any:
        properties = schema.get("properties", {})
        if not properties and isinstance(schema.get("additionalProperties"), Mapping):
            return {f.stem: self._walk(schema["additionalProperties"], name, f, depth + 1)
                    for f in self._items(name)[:8]}  # fmt: skip
        return {k: self._walk(one, k, about, depth + 1) for k, one in properties.items()}

    def _items(self, name: str) -> list[File]:
        for folder in FOLDERS:
            if folder.rstrip("s") in name.lower():
                return list(self._source.under(folder)) or self._skills(folder)
        if "file" in name.lower() or "path" in name.lower():
            return list(self._source.files)
        return []

    def _skills(self, folder: str) -> list[File]:
        return [f for f in self._source.files if re.search(rf"(?:^|/){folder}/.+", f.path)]

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        least = int(schema.get("minItems", 0))
        most = int(schema.get("maxItems", max(least, 12)))
        item = schema.get("items", {})
        of_parts = any(f.rstrip("s") in name.lower() for f in FOLDERS) or "file" in name.lower()
        about: list[File | None] = [*self._items(name)] if of_parts else [None] * min(most, 5)
        while len(about) < least:
            about.append(None)
        found: list[Any] = []
        for one in about[:most]:
            value = self._walk(item, name, one, depth + 1)
            if value not in found or (len(found) < least and not schema.get("uniqueItems")):
                found.append(value)
        return found

    def _string(self, schema: Mapping[str, Any], name: str, about: File | None) -> str:
        text = self._text(name.lower(), about)
        most = int(schema.get("maxLength", 700))
        least = int(schema.get("minLength", 0))
        if "description_line" in name or (most <= 1024 and name == "description" and about is None):
            text = self._trigger(most)
        while len(text) < least:
            text = f"{text} {self._sentence()}"
        text = text if len(text) <= most else text[:most].rsplit(" ", 1)[0]
        pattern = schema.get("pattern")
        if pattern and not re.search(pattern, text):
            text = self._fitting(pattern, text)
        return text

    def _fitting(self, pattern: str, text: str) -> str:
        slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "plugin"
        tries = [slug, f"/{slug}", self._source.plugin, slug.replace("-", "_"), "1.0.0",
                 *(f.path for f in self._source.files)]  # fmt: skip
        return next((t for t in tries if re.search(pattern, t)), slug)

    def _text(self, name: str, about: File | None) -> str:
        if about is not None:
            stem = about.stem if about.stem != "SKILL" else about.path.split("/")[-2]
            if "path" in name or "file" in name:
                return about.path
            if name in ("name", "id", "command", "agent", "skill") or name in FOLDERS:
                return about.meta.get("name", stem) if "/agents/" in f"/{about.path}" else stem
            if "invoc" in name or "usage" in name:
                return f"/{stem}"
            return about.description or self._sentence()
        if name in ("name", "plugin", "plugin_name", "title"):
            return self._source.plugin
        if name in ("purpose", "summary", "overview"):
            return " ".join(self._sentences[:2])
        return self._sentence()

    def _sentence(self) -> str:
        self._next += 1
        return self._sentences[(self._next - 1) % len(self._sentences)]

    def _trigger(self, most: int) -> str:
        what = re.sub(r"[<>]", "", self._sentences[0]).rstrip(".")
        words = re.findall(r"[a-z]{4,}", self._source.plugin.replace("-", " "))
        when = f"Use when the user works with {' '.join(words) or self._source.plugin}."
        return f"{what[: max(20, most - len(when) - 3)]}. {when}"


def _number(schema: Mapping[str, Any], kind: str) -> int | float:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    high = schema.get("maximum", low + 10)
    return int((low + high) / 2) if kind == "integer" else (low + high) / 2
