"""docs/manifests.md: the fields of every file that a user writes, made from their schemas.

`python -m nightpress.project.docs > docs/manifests.md`; a test compares. It also writes into
schemas/, for editors, what the backends declare.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from nightpress.project.resources import bundled
from nightpress.project.schema import schema

Row = tuple[str, str, str]
"""A field's dotted path, what it holds, what it means."""

_ANY = "NAME"
_KINDS = {"object": "mapping", "array": "list", "boolean": "true, false", "string": "text"}

_HEAD = """\
# Manifests

<!-- made by `python -m nightpress.project.docs > docs/manifests.md`; a test compares -->

One YAML file for each plugin says which documents it should have, and
`manifests/_defaults.yaml` what all of them share. `nightpress init` writes both, `doit manifests`
adds what is missing, and `doit validate` tells every problem there is, each with its place:

```
manifests/acme.yaml:4:15: enhancements.skill.size.min: 'lots' is not an integer (hint: ...)
```

- The file's stem is the name of the plugin's tasks: `manifests/acme.yaml` is `doit enhance:acme`.
  It is made of a-z, 0-9, `.`, `_` and `-`, 64 characters at most, and stays what it is even if
  the plugin is renamed; the real name is the field `name`.
- Paths are relative, with `/` between folders: `plugin` to the project, `target` to the plugin.
  They never lead out, neither by `..` nor through a link, and no document is written into `.git`.
- Anchors, aliases and merge keys are refused: what manifests share belongs in `_defaults.yaml`.
- A value of the enhancement goes before one of its manifest, that before one of its generator,
  and that before one of the defaults.
- Of a plugin that says little, less than `size.min` is asked for, but never under 1,200 bytes
  unless you say so: `size: {min: 600}` in manifests/PLUGIN.yaml is taken as it is.
- `nightpress init` keeps copies of the schemas in `manifests/.schemas`, where editors find them
  through the first line of each file.
"""

_PARTS = (
    ("manifest", "manifests/PLUGIN.yaml", ""),
    ("defaults", "manifests/_defaults.yaml", ""),
    (
        "generator",
        "generators/TYPE/generator.yaml",
        "Beside it stand `system.md`, the constant instructions, and `prompt.md.j2`, the prompt.\n"
        "A folder under the project's `generators/` hides the bundled one of the same name.\n",
    ),
)


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for name, title, text in _PARTS:
        rows = "".join(f"| `{path}` | {kind} | {what} |\n" for path, kind, what in _rows(name))
        introduction = f"{text}\n" if text else ""
        described = schema(name)["description"]
        parts.append(
            f"## {title}\n\n{described}\n\n{introduction}| field | holds | |\n|---|---|---|\n{rows}"
        )
    return "\n".join(parts)


def _rows(name: str) -> Iterator[Row]:
    yield from _fields(schema(name), "")


def _fields(described: Mapping[str, Any], prefix: str) -> Iterator[Row]:
    required = described.get("required", ())
    for key, field in described.get("properties", {}).items():
        yield from _field(field, f"{prefix}{key}", key in required)
    more = described.get("additionalProperties")
    if isinstance(more, dict):
        yield from _field(more, f"{prefix}{_ANY}", False)


def _field(field: Mapping[str, Any], path: str, required: bool) -> Iterator[Row]:
    what = field.get("description", "")
    if "default" in field:
        what += f" Default: `{json.dumps(field['default'])}`."
    yield path, _kind(field), f"**Required.** {what}" if required else what
    yield from _fields(field, f"{path}.")


def _kind(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field:
        return " or ".join(_kind(option) for option in field["anyOf"])
    kinds = field.get("type", "anything")
    words = [_KINDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return " or ".join(words) + _range(field)


def _range(field: Mapping[str, Any]) -> str:
    """` 1-64`, ` from 0`, or nothing; a limit that only keeps endless numbers out is not told."""
    low, high = field.get("minimum"), field.get("maximum")
    if low is None or high is None or high > 1_000_000:
        return f" from {low:,}" if low is not None else ""
    return f" {low:,}-{high:,}"


def schema_file(name: str) -> str:
    """The text of `schemas/NAME.json`."""
    return json.dumps(schema(name), indent=2) + "\n"


if __name__ == "__main__":
    for name in ("defaults", "manifest"):
        (bundled("schemas") / f"{name}.json").write_text(schema_file(name), encoding="utf-8")
    sys.stdout.write(page())
