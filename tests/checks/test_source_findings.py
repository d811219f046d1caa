"""Source findings: each kind found in a plugin that has it, and none in a plugin in order."""

from __future__ import annotations

import json

import pytest

from nightpress.checks.claimed import Market, SourceFinding, disputed
from nightpress.checks.source_findings import find
from tests.plugin.test_anatomy import plugin

MANIFEST = json.dumps(
    {"name": "holds", "version": "1.0.0", "description": "Lists the holds of a depot by age."}
)
SCRIPT = (
    "#!/bin/sh\n# Lists holds, oldest first, with the seal of each container and its owner.\n"
    "while [ $# -gt 0 ]; do case $1 in --since) since=$2; shift 2;; *) exit 2;; esac; done\n"
    'psql -h "$PGHOST" -c "select seal, owner, held_since from holds order by held_since"\n'
)
SOUND = {
    ".claude-plugin/plugin.json": MANIFEST,
    "README.md": "# Holds\n\n`/holds --since 3` lists them; see [docs](docs/a.md).\n\n"
    "Set `PGHOST`. The `hold-clerk` agent explains. Kept at `/var/lib`, served at `/api/holds`.\n",
    "docs/a.md": "# Details\n\nRun `scripts/holds.sh --since 3` by hand.\n",
    "commands/holds.md": "---\ndescription: List holds\nargument-hint: '[--since DAYS]'\n"
    "allowed-tools: Read, Bash(scripts/holds.sh:*)\n---\n\nRun `scripts/holds.sh`.\n",
    "agents/hold-clerk.md": "---\nname: hold-clerk\ndescription: Holds.\n---\n\nExplain.\n",
    "scripts/holds.sh": SCRIPT,
    "skills/seals/SKILL.md": "---\nname: seals\ndescription: S.\n---\n\nSee references/a.md.\n",
    "skills/seals/references/a.md": "# Seals\n\nOf lead.\n",
}


def findings(changes: dict[str, str], market: Market | None = None) -> list[SourceFinding]:
    files = {**SOUND, **changes}
    return list(find(plugin(files), frozenset(files), market or Market()))


def test_a_plugin_in_order_has_none() -> None:
    assert findings({}) == []


README = "# Holds\n\n"
BAD: dict[str, tuple[dict[str, str], str, str, int, str]] = {
    "a command that is not there": (
        {"README.md": f"{README}Run `/hold` daily.\n"},
        "command-missing", "README.md", 3, "/hold is not a command of this plugin",
    ),
    "an agent": (
        {"README.md": f"{README}The `hold-judge` agent decides.\n"},
        "agent-missing", "README.md", 3, "no agent 'hold-judge' in this plugin",
    ),
    "a file": (
        {"README.md": f"{README}Then run `scripts/free.sh`.\n"},
        "file-missing", "README.md", 3, "no file scripts/free.sh in this plugin",
    ),
    "a page": (
        {"README.md": f"{README}One.\n\nSee docs/setup.md.\n"},
        "file-missing", "README.md", 5, "no file docs/setup.md in this plugin",
    ),
    "a dead link": (
        {"docs/a.md": "[b](b.md)\n"}, "link-dead", "docs/a.md", 1, "link to a missing file: b.md",
    ),
    "a variable": (
        {"README.md": f"{README}Set `HOLDS_TOKEN`.\n"},
        "variable-unread", "README.md", 3, "nothing in this plugin reads HOLDS_TOKEN",
    ),
    "an option of a command": (
        {"README.md": f"{README}`/holds --all` lists all.\n"},
        "option-missing", "README.md", 3, "--all is not an option of /holds",
    ),
    "an option of a script": (
        {"docs/a.md": "Run `scripts/holds.sh --all`.\n"},
        "option-missing", "docs/a.md", 1, "--all is not an option of scripts/holds.sh",
    ),
    "an empty file": ({"docs/a.md": "\n"}, "empty", "docs/a.md", 1, "the file is empty"),
    "a placeholder": (
        {"README.md": f"{README}[Describe what it does]\n"},
        "placeholder", "README.md", 3, "placeholder '[Describe what it does]'",
    ),
    "a command that nobody wrote": (
        {"commands/free.md": "---\nname: free\ndescription: DESCRIPTION_PLACEHOLDER\n---\n\nX\n"},
        "placeholder", "commands/free.md", 3, "the command 'free' was never written",
    ),
    "a broken plugin.json": (
        {".claude-plugin/plugin.json": '{\n "name": "holds",\n}'},
        "plugin-json", ".claude-plugin/plugin.json", 3, "not JSON",
    ),
    "a wrong type": (
        {".claude-plugin/plugin.json": '{\n"name": "holds",\n"version": 1}'},
        "plugin-json", ".claude-plugin/plugin.json", 3, "version has the wrong type",
    ),
    "a path that is not there": (
        {".claude-plugin/plugin.json": '{"name": "holds",\n"hooks": "./hooks.json"}'},
        "plugin-json", ".claude-plugin/plugin.json", 2, "hooks: no ./hooks.json in this plugin",
    ),
    "two versions": (
        {"package.json": '{"name": "holds",\n "version": "1.1.0"}'},
        "version-disagrees", "package.json", 2, "version 1.1.0, but 1.0.0 in",
    ),
    "an unknown tool": (
        {"commands/holds.md": "---\ndescription: L\nallowed-tools: Reed, Bash(x, y)\n---\n\nGo.\n"},
        "tool-unknown", "commands/holds.md", 3, "allowed-tools: Reed is not a tool",
    ),
    "a path of one machine": (
        {"docs/a.md": "Logs are in /home/ann/depot/log.txt then.\n"},
        "home-path", "docs/a.md", 1, "a path of one machine: /home/ann/depot/log.txt",
    ),
    "an orphan": (
        {"skills/seals/references/b.md": "# B\n"},
        "reference-orphaned", "skills/seals/references/b.md", 1, "no document of its skill",
    ),
    "a chain": (
        {
            "skills/seals/references/a.md": "See chained.md.\n",
            "skills/seals/references/chained.md": "# B\n",
        },
        "reference-chain", "skills/seals/references/chained.md", 1, "only references/a.md leads",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_each_kind_is_found_where_it_stands(name: str) -> None:
    changes, check, file, line, message = BAD[name]
    found = findings(changes)
    assert [(f.check, f.file, f.line) for f in found] == [(check, file, line)]
    assert found[0].message.startswith(message)


def test_the_near_name_is_told() -> None:
    (found,) = findings({"README.md": f"{README}Run `/hold` daily.\n"})
    assert found.hint == "did you mean /holds?"
    (option,) = findings({"README.md": f"{README}`/holds --all`\n"})
    assert "--since" in option.hint


def test_what_a_command_makes_is_no_file_of_the_plugin() -> None:
    made = "generates:\n\n- `docs/day.md` - a day\n- `scripts/free.sh` - frees the hold\n"
    assert findings({"README.md": f"{README}The command {made}"}) == []
    assert findings({"README.md": f"{README}The plugin has: {made.partition(chr(10))[2]}"})


def test_the_marketplace_is_known() -> None:
    readme = {"README.md": f"{README}Run `/free-all` then.\n"}
    assert findings(readme)
    assert findings(readme, Market(is_plugin="free-all".__eq__)) == []
    assert findings(readme, Market(elsewhere=lambda *named: named == ("command", "free-all"))) == []
    other = Market(description="Bakes bread with sourdough every single morning.")
    (found,) = findings({}, other)
    assert (found.check, found.line) == ("description-disagrees", 1)


def test_what_structure_gainsays_is_disputed() -> None:
    readme = f"{README}`/hold` with `HOLDS_TOKEN`, see docs/b.md; `/holds --since 2`.\n"
    files = {**SOUND, "README.md": readme.replace("with", "needs")}
    assert disputed(plugin(files), frozenset(files)) == {
        ("command", "hold"), ("variable", "holds_token"), ("file", "docs/b.md"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("It brings 12 commands.", "says 12 commands; it has 1"),
        ("With 150+ slash commands, fast.", "says 150 commands; it has 1"),
        ("1,200 specialized agents", "says 1,200 agents; it has 1"),
        ("It has 1 command, in 3 languages.", ""),
        ("It has 1 commands and 1 agents.", ""),
        ("Runs 76 tmux-compatible commands.", ""),
        ("Version 2.12 commands you", ""),
    ],
)
def test_what_is_advertised_is_counted(said: str, message: str) -> None:
    found = findings({"README.md": f"{README}{said}\n"})
    assert [f.message for f in found if f.check == "count-differs"] == [message] * bool(message)
