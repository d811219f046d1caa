"""How a defective document is made: the clean base document with one change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from nightpress.checks import Context
from tests.checks.base import BASE, context

Change = Callable[[str], str]


@dataclass(frozen=True)
class Defect:
    """name: what is wrong; gate: the only one that may find it; text: the defective document."""

    gate: str
    name: str
    text: str
    context: Context


def swap(old: str, new: str) -> Change:
    """The text with the first `old` replaced; `old` must be there."""

    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return change


def add(text: str) -> Change:
    """A paragraph put before the last section of the base."""
    return swap("## A worked answer\n", f"{text}\n\n## A worked answer\n")


def end(text: str) -> Change:
    return lambda base: base + text


def description(value: str) -> Change:
    line = next(line for line in BASE.split("\n") if line.startswith("description: "))
    return swap(line, f"description: {value}")


def field(line: str) -> Change:
    return swap("license: MIT", line)


def made(gate: str, name: str, change: Change, **known: object) -> Defect:
    """A change of the base is a loss against it, too: that is told where it is the defect."""
    settings = known.pop("settings", {})
    assert isinstance(settings, dict)
    known["settings"] = {"losses": gate == "losses", **settings}
    return Defect(gate, name, change(BASE), replace(context(), **known))  # type: ignore[arg-type]


def same(text: str) -> str:
    return text
