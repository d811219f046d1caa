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


def names() -> dict[str, list[Change]]:
    """What the plugin does not have, wherever it is named."""
    commands = (
        "Then type /tide-forecast to see next week.",
        "**/tide-forecast** prints next week.",
        "| command | what |\n|---|---|\n| /tide-forecast | next week |",
        "- /tide-forecast - prints next week",
        "### /tide-forecast\n\nPrints next week.",
        "```\n> /tide-forecast Holmvik\n```",
        "```text\nUser: /tide-forecast Holmvik\n```",
        "```markdown\n/tide-forecast Holmvik\n```",
        "Say `please run /tide-forecast now` to it.",
        "For users: `/tide-forecast Holmvik` prints next week.",
        'Ask it with "/tide-forecast Holmvik".',
        "Run `/tide-table:tide-forecast Holmvik`.",
        "Run `/TideForecast Holmvik` for it.",
        "Run `/tide Holmvik`, which is shorter.",
    )
    agents = (
        "The storm-watcher agent watches the wind.",
        "The **storm-watcher** agent watches the wind.",
        "The `stormwatcher` agent watches the wind.",
        "### Agents\n\n- `storm-watcher`: watches the wind.",
        "| agent | what |\n|---|---|\n| `storm-watcher` | wind |",
        '```python\nTask(subagent_type="storm-watcher")\n```',
    )
    skills = (
        "The wave-forecast skill does the waves.",
        "The **wave-forecast** skill does the waves.",
        "Use the `tide-table:wave-forecast` skill.",
    )
    plugins = (
        "Use it with the wind-rose plugin.",
        "Use it with the `windrose` plugin.",
        "```\n/plugin install wind-rose\n```",
    )
    return {
        "command-exists": [add(said) for said in commands],
        "agent-exists": [add(said) for said in agents],
        "skill-exists": [add(said) for said in skills],
        "plugin-exists": [add(said) for said in plugins],
    }


def paths() -> dict[str, list[Change]]:
    """Files that the plugin does not have."""
    said = (
        "Run `$CLAUDE_PLUGIN_ROOT/scripts/plot.py`.",
        "Run `${CLAUDE_SKILL_DIR}/scripts/plot.py`.",
        "The layouts stand in `${CLAUDE_PLUGIN_ROOT}/layouts/`.",
        "The `templates/` folder holds the layouts.",
        "Run `scripts/plot-tides Holmvik`.",
        "Run `scripts/plot_tides.py` and your curve is drawn.",
        "Run `scripts/plot_tides.py` whenever you like.",
        "The script `plot_tides.py` draws the curve.",
        "Run `scripts\\predict.py` to draw.",
    )
    return {
        "path-exists": [add(text) for text in said],
        "variable-exists": [add("It writes to `$CLAUDE_CODE_TIDES`.")],
    }


def disguises() -> list[Defect]:
    found = []
    for table in (described(), blocks(), names(), paths()):
        for gate, changes in table.items():
            found += [made(gate, f"disguise {n}", change) for n, change in enumerate(changes, 1)]
    return found
