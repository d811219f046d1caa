"""Single defects in other words and places than the plain ones: what a naive rule lets through."""

from __future__ import annotations

from tests.checks.defect import Change, Defect, add, description, made, swap

WHEN = "Use when someone asks for tides."


def described() -> dict[str, list[Change]]:
    """Descriptions."""
    first = (
        "I predict tides for harbours.",
        "Helps me predict tides.",
        "We predict tides for harbours.",
        "I'll predict tides.",
        "My skill for predicting tides.",
        "I generate tide tables.",
    )
    second = (
        "Helps you predict tides.",
        "Lets you predict tides for harbours.",
        "Your assistant for tide tables.",
        "Predicts the tides of your harbour.",
    )
    return {
        "description-voice": [description(f'"{said} {WHEN}"') for said in first + second],
        "frontmatter-portable": [
            description(f"Predicts tides for harbours and\n  their sills. {WHEN}"),
            description(f'"Predicts tides --- high and low water. {WHEN}"'),
        ],
        "name-form": [swap("name: tide-table", f"name: {'a' * 65}")],
    }


def blocks() -> dict[str, list[Change]]:
    """Code blocks that do not parse."""
    return {
        "block-parses": [
            add(f"```{language}\n{text}\n```")
            for language, text in (
                ("json", '{"sill": 1.2,}'),
                ("json", '{"url": "https://tides.example.com/a", "sill": }'),
                ("json", '{"say": "loading...", "sill": }'),
                ("jsonl", '{"sill": 1}\n{"sill": }'),
                ("python3", "if height > sill\n    print(height)"),
                ("python", 'print("loading...")\nif height > sill\n    print(height)'),
                ("python", "half = height // 2\nif half > sill\n    print(half)"),
                ("python", "def f():\nreturn 1"),
                ("yaml", "sill: 1.2\nsill: 1.4"),
                ("yaml", "station: Holmvik: north"),
            )
        ]
    }


def disguises() -> list[Defect]:
    found = []
    for table in (described(), blocks()):
        for gate, changes in table.items():
            found += [made(gate, f"disguise {n}", change) for n, change in enumerate(changes, 1)]
    return found
