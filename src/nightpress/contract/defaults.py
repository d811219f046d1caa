"""manifests/_defaults.yaml: what all manifests share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nightpress.contract import reading_yaml
from nightpress.contract.problems import Problem
from nightpress.model import Window

FILE = "manifests/_defaults.yaml"


@dataclass(frozen=True, slots=True)
class Defaults:
    """The validated values, and the window that they give."""

    root: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    size: Window = field(default_factory=Window)


def load_defaults(root: Path) -> tuple[Defaults, list[Problem]]:
    """The defaults of the project in `root` (none: the built-in ones), and every problem."""
    path = root / FILE
    if not path.exists():
        return Defaults(root), []
    document, problems = reading_yaml.load(path, FILE, "defaults")
    if document is None or problems:
        return Defaults(root), problems
    size = window(document.value.get("size"), Window())
    if size.min > size.max:
        line, column = document.places.get(("size",), (1, 1))
        problems.append(Problem(FILE, line, column, "size", minmax_words(size)))
    return Defaults(root, document.value, size), problems


def window(given: Mapping[str, int] | None, base: Window) -> Window:
    """The window with what was given in place of the base's."""
    given = given or {}
    return Window(given.get("min", base.min), given.get("max", base.max))


def minmax_words(size: Window) -> str:
    return f"min ({size.min:,}) is larger than max ({size.max:,})"
