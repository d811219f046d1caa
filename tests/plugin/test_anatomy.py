"""What a plugin consists of, in every shape that real marketplaces hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from nightpress.model import Anatomy, SourceFile
from nightpress.plugin.anatomy import MOST_HOOKS, build, kind_of


def plugin(
    files: Mapping[str, str], folder: str = "folder", entry: Mapping[str, Any] | None = None
) -> Anatomy:
    return build([SourceFile(p, t, len(t)) for p, t in sorted(files.items())], folder, entry)


def named(found: Anatomy, kind: str) -> list[str]:
    return [c.name for c in found.of(kind)]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (".claude-plugin/plugin.json", "manifest"),
        ("plugin.json", "manifest"),
        ("src/plugin.json", "data"),
        ("README.md", "readme"),
        ("docs/readme.zh-cn.md", "readme"),
        ("commands/readme-generator.md", "command"),
        ("commands/README.md", "readme"),
        ("commands/skill.md", "command"),
        ("skills/commands/SKILL.md", "skill"),
        ("commands/deep/er/x.md", "command"),
        ("commands/license-check.md", "command"),
        ("LICENSE", "license"),
        ("LICENSE-MIT.txt", "license"),
        ("licensing.py", "script"),
        ("docs/commands/x.md", "doc"),
        ("plugins/inner/commands/x.md", "command"),
        (".claude/agents/a.md", "agent"),
        ("agents/a.md", "agent"),
        ("skills/s/SKILL.md", "skill"),
        ("skills/s/references/r.md", "doc"),
        ("hooks/hooks.json", "hook"),
        ("hooks/more.json", "hook"),
        ("hooks/run", "script"),
        ("scripts/config.yaml", "data"),
        ("bin/tool", "script"),
        (".mcp.json", "mcp"),
        ("src/main.go", "code"),
        ("setup.cfg.bak", "data"),
    ],
)
def test_a_path_tells_what_a_file_is(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_a_whole_plugin() -> None:
    meta = {
        "name": "tide-table",
        "description": "Prints\n  tides.",
        "version": "1.2",
        "author": {"name": "Ada"},
        "keywords": ["tides", "moon", 5],
    }
    found = plugin(
        {
            ".claude-plugin/plugin.json": json.dumps(meta),
            "commands/tides.md": "---\ndescription: Print tides: all\nx: [1, 2]\n---\n# Tides\n",
            "agents/a.md": "---\nname: moon-watcher\n---\nWatches the moon. Every night.\n",
            "skills/tides/SKILL.md": "---\nname: other\ndescription: d\n---\nbody\n",
            "scripts/go.sh": "#!/bin/sh\n\n# Fetches the table of a year.\n",
            "mcp.json": '{"servers": {"lake": {"url": "https://lake.example"}}}',
            ".mcp.json": '{"mcpServers": {"sea": {"command": "npx", "args": ["sea", 3]}}}',
        }
    )
    assert (found.name, found.description, found.version) == ("tide-table", "Prints tides.", "1.2")
    assert (found.author, found.keywords) == ("Ada", ("tides", "moon"))
    command = found.of("command")[0]
    assert (command.name, command.description) == ("tides", "Print tides: all")
    assert command.meta["x"] == [1, 2] and command.body == "# Tides\n"
    agent = found.of("agent")[0]
    assert (agent.name, agent.description) == ("moon-watcher", "Watches the moon.")
    assert named(found, "skill") == ["tides"], "a skill is called by its folder"
    assert found.of("script")[0].description == "Fetches the table of a year."
    assert found.of("mcp")[0].description == "npx sea"
    assert named(found, "mcp") == ["sea", "lake"]
    assert len(found.files) == 7


def test_without_a_manifest_the_entry_of_the_marketplace_counts() -> None:
    entry = {"name": "sea", "description": "S.", "author": "Bo", "keywords": "a, b,,a"}
    found = plugin({"commands/x.md": ""}, "folder", entry)
    assert (found.name, found.author, found.keywords) == ("sea", "Bo", ("a", "b"))
    assert plugin({}, "folder").name == "folder"
    assert plugin({}, "").name == "plugin"


def test_wrong_types_fall_back_to_the_entry_and_stop_nothing() -> None:
    wrong = {"name": 5, "description": ["x"], "author": 7, "keywords": {"a": 1}, "agents": 3}
    wrong |= {"hooks": 4, "mcpServers": [1], "commands": {"x": {"source": "./x.md"}}}
    files = {"plugin.json": json.dumps(wrong), "agents/a.md": "x", "commands/c.md": "y"}
    found = plugin(files, "f", {"name": "n", "description": "d", "author": {"name": "Bo"}})
    assert (found.name, found.description, found.author) == ("n", "d", "Bo")
    assert named(found, "agent") == ["a"] and named(found, "command") == ["c"]


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000, '{"name": "\\ud800x"}'])
def test_a_manifest_that_is_no_object_is_none(text: str) -> None:
    found = plugin({".claude-plugin/plugin.json": text, "README.md": "x"})
    assert found.name in ("folder", "?x")
    found.name.encode("utf-8")


def test_declared_commands_replace_the_default_folder() -> None:
    files = {"commands/a.md": "", "tools/b.md": "", "tools/deep/c.md": "", "one.md": ""}
    meta = {"commands": ["./tools/", "./one.md"]}
    found = plugin({**files, "plugin.json": json.dumps(meta)})
    assert sorted(named(found, "command")) == ["b", "c", "one"]
    assert sorted(named(plugin(files), "command")) == ["a"]


def test_globs_in_the_manifest() -> None:
    files = {"plugins/a/agents/x.md": "", "plugins/b/agents/y.md": "", "agents/z.md": ""}
    found = plugin({**files, "plugin.json": '{"agents": "./plugins/*/agents"}'})
    assert sorted(named(found, "agent")) == ["x", "y"]


def test_hooks_by_event_as_a_list_inline_and_at_a_declared_path() -> None:
    by_event = {
        "hooks": {"Stop": [{"matcher": "m", "hooks": [{"command": "a"}, {"command": "b"}]}]}
    }
    listed = {
        "hooks": [{"event": "PostToolUse", "command": "c", "description": "Why."}, {"x": 1}, 2]
    }
    inline = {"SessionStart": [{"hooks": [{"command": "d"}]}]}
    found = plugin({"hooks/hooks.json": json.dumps(by_event)})
    assert [(h.name, h.meta["matcher"], h.description) for h in found.of("hook")] == [
        ("Stop", "m", "a; b")
    ]
    found = plugin({"hooks/hooks.json": json.dumps(listed)})
    assert [(h.name, h.description, h.body) for h in found.of("hook")] == [
        ("PostToolUse", "c", "Why.")
    ]
    assert named(plugin({"plugin.json": json.dumps({"hooks": inline})}), "hook") == ["SessionStart"]
    files = {"plugin.json": '{"hooks": "./cfg/h.json"}', "cfg/h.json": json.dumps(by_event)}
    assert named(plugin(files), "hook") == ["Stop"]
    many = {"hooks": [{"event": f"e{n}"} for n in range(5_000)]}
    assert len(plugin({"hooks/hooks.json": json.dumps(many)}).of("hook")) == MOST_HOOKS


@pytest.mark.parametrize("text", ["[1, 2]", '{"hooks": 3}', '{"hooks": {"Stop": 4}}', "nonsense"])
def test_hooks_of_wrong_shapes_are_none(text: str) -> None:
    assert plugin({"hooks/hooks.json": text}).of("hook") == ()


def test_a_skill_at_the_root_is_called_by_its_name() -> None:
    assert named(plugin({"SKILL.md": "---\nname: solo\n---\nx"}), "skill") == ["solo"]
    assert named(plugin({"SKILL.md": "no frontmatter"}, "folder"), "skill") == ["folder"]


def test_frontmatter_that_cannot_be_read_costs_only_what_it_said() -> None:
    bomb = "---\na: &a [1]\nb: *a\n---\n\n# X\n\nReads the log. Then stops.\n"
    found = plugin({"commands/x.md": bomb, "agents/y.md": "---\nname: [\n---\ntext"})
    assert found.of("command")[0].description == "Reads the log."
    assert named(found, "agent") == ["y"]


def test_a_first_paragraph_describes_only_if_it_is_one() -> None:
    found = plugin(
        {"commands/x.md": "# X\n\n| a | b |\n\n```sh\nls\n```\n\n- item\n\nReal. More.\n"}
    )
    assert found.of("command")[0].description == "Real."


@pytest.mark.parametrize(
    ("body", "purpose"),
    [
        ("# Moor\n\nTies a ship up. It takes a berth.\n\n## Steps\n\nOther.", "Ties a ship up."),
        ("Tie the ship up at $1.\n\n# Steps\n", "Tie the ship up at $1."),
        (
            "# Moor\n## Key principle\n**Never cut.**\n\n## Purpose\nTies ships up\n",
            "Ties ships up",
        ),
        ("# Moor a ship\n\n## Overview\nMoors it at:\n- a quay\n- a buoy\n", "Moor a ship"),
        ("# Moorings\n\n## Steps\n\n1. Throw the line.\n\nRemember: slack.\n", "Moorings"),
        ("# Moor\n\n```bash\nThis is code.\n```\n\n## Usage\n\nRun it.\n", "Moor"),
        ("", ""),
    ],
)
def test_a_command_without_a_description_is_for_what_its_file_says_first(
    body: str, purpose: str
) -> None:
    found = plugin({"commands/moor.md": body})
    assert [c.description for c in found.of("command")] == [purpose]


def test_a_report_in_capitals_beside_commands_is_a_document() -> None:
    assert kind_of("commands/RULES_REPORT.md") == "doc"
    assert kind_of("commands/rules-report.md") == "command"
    assert kind_of("commands/TDD.md") == "command"
