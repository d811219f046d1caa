"""manifests/_defaults.yaml: what all manifests share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from nightpress.model import HOUSE, Generator, Window
from nightpress.plugin import YamlDocument
from nightpress.project import paths, yaml_read
from nightpress.project.problems import Problem
from nightpress.project.schema import at
from nightpress.text import suggestion

FILE = "manifests/_defaults.yaml"


class Defaults(Struct, frozen=True):
    """The validated values of the project in `root`, and the window that they give; generators:
    those that its manifests name, as they are found."""

    root: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    size: Window = field(default_factory=Window)
    generators: dict[str, Generator] = field(default_factory=dict)


def house(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The project's own frontmatter fields, as templates."""
    return values.get("frontmatter", HOUSE)  # type: ignore[no-any-return]


def load_defaults(root: Path) -> tuple[Defaults, list[Problem]]:
    """The defaults of the project in `root` (none: the built-in ones), and every problem. With
    an error they are the built-in ones, too."""
    path = root / FILE
    if not path.exists():
        return Defaults(root), []
    document, problems = yaml_read.load(path, FILE, "defaults")
    if document is None or not isinstance(document.value, dict):
        return Defaults(root), problems
    values = document.value
    size, more = window(document, FILE, (), values, Window())
    problems += more
    problems += _marketplace(document)
    problems += _house(document)
    problems += checks(document, FILE, (), values)
    if any(problem.severity == "error" for problem in problems):
        return Defaults(root), problems
    return Defaults(root, values, size), problems


def _marketplace(document: YamlDocument) -> Iterator[Problem]:
    given = document.value.get("marketplace")
    if isinstance(given, str) and (wrong := paths.unsafe(given, "the project")):
        yield at(document, FILE, ("marketplace",), f"{given!r} {wrong}")


FILLED = ("author", "keywords", "license", "version")
"""What a template of the frontmatter may take from plugin.json."""
_SLOT = re.compile(r"\{([^{}]*)\}")


def _house(document: YamlDocument) -> Iterator[Problem]:
    """Slots of the frontmatter's template that nothing fills."""
    given = document.value.get("frontmatter")
    for path, text in _strings(given, ("frontmatter",)) if isinstance(given, dict) else ():
        for slot in _SLOT.findall(text):
            if slot not in FILLED:
                known = ", ".join(f"{{{name}}}" for name in FILLED)
                hint = suggestion(slot, FILLED) or f"known: {known}"
                yield at(document, FILE, path, f"nothing fills {{{slot}}}", hint)


def _strings(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            yield from _strings(inner, (*path, key))


def window(
    document: YamlDocument, shown: str, path: tuple[Any, ...], values: Any, base: Window
) -> tuple[Window, list[Problem]]:
    """The window with the `size:` of `values` (which stands at `path`) in place of the base's.

    What is no integer was found before, and is skipped here."""
    given = values.get("size") if isinstance(values, dict) else None
    given = given if isinstance(given, dict) else {}
    bounds = {k: v for k, v in given.items() if isinstance(v, int) and not isinstance(v, bool)}
    floor = given.get("floor")
    floor = floor if floor in ("content", "fixed") else base.floor
    size = Window(bounds.get("min", base.min), bounds.get("max", base.max), floor)
    if size.min <= size.max or not bounds:
        return size, []
    what = f"min ({size.min:,}) is larger than max ({size.max:,})"
    inherited = [end for end in ("min", "max") if end not in bounds]
    hint = f"{inherited[0]} is inherited: set it, too" if inherited else ""
    place = (*path, "size", "min" if "min" in bounds else "max")
    return base, [at(document, shown, place, what, hint)]


def checks(
    document: YamlDocument,
    shown: str,
    path: tuple[Any, ...],
    values: Any,
    inherited: Mapping[str, Any] | None = None,
) -> Iterator[Problem]:
    """What is wrong with the `checks:` of `values`: unknown names and options.

    inherited: the generator's, whose own checks (with a `file`) may be configured here."""
    given = values.get("checks") if isinstance(values, dict) else None
    if not isinstance(given, dict) or not given:
        return
    from nightpress.checks import settings

    own = settings.files(inherited or {})
    judged = {name: setting for name, setting in given.items() if name not in own}
    for name, message, hint in settings.problems(judged):
        if isinstance(given[name], bool | dict):
            yield at(document, shown, (*path, "checks", name), message, hint, key=True)
        # else the schema has said it
