"""Which plugins have nothing real to say: by rules that a short but real one passes."""

from __future__ import annotations

import pytest

from nightpress.plugin import hollow
from tests.plugin.test_anatomy import plugin

MANIFEST = '{"name": "depot-scanner", "description": "Scans a depot for torn seals"}'
ROUTINE = "# Depot Scanner\n\n## Installation\n\n```bash\n/plugin install depot-scanner\n```\n"
GENERAL = (
    "---\ndescription: Execute the task with intelligent automation\n---\n\n# Task Executor\n\n"
    "You are a specialist. When this command is invoked:\n\n1. Analyze the current context\n"
    "2. Generate appropriate output for the task\n3. Provide metrics and insights\n"
)

HOLLOW = {
    "a placeholder for a description": "---\ndescription: DESCRIPTION_PLACEHOLDER\n---\nDo it.\n",
    "a slot": "---\ndescription: COMMAND_DESCRIPTION_HERE\n---\n\nCOMMAND_BODY_HERE\n",
    "a bracket": "---\ndescription: Scans.\n---\n\n# [Insert title]\n\nRuns over containers.\n",
    "a template's own shell": '---\ndescription: $(echo "$description")\n---\n\n# Kit\n\nWorks.\n',
    "no body": "---\ndescription: Scans a depot for torn seals.\n---\n\n# Scan\n",
    "todo": "---\ndescription: TODO\n---\n\n# Scan\n\nTODO\n",
    "an empty file": "",
    "what is true of any plugin": GENERAL,
}
REAL = {
    "short, about the subject": "---\ndescription: Scan\n---\nLook at each torn seal of a depot.\n",
    "short, with code": "---\ndescription: x y\n---\n\nRun `git log` and stop at the first tag.\n",
    "short, with a file": "Open todo.md and take the first item that is not ticked off.\n",
    "short, in another script": "---\ndescription: 扫描\n---\n\n检查每个集装箱的封条。\n",
}


@pytest.mark.parametrize("name", HOLLOW)
def test_hollow(name: str) -> None:
    found = plugin(
        {
            ".claude-plugin/plugin.json": MANIFEST,
            "README.md": ROUTINE,
            "commands/s.md": HOLLOW[name],
        }
    )
    assert hollow.why(found).startswith("nothing real to say: commands/s.md")


@pytest.mark.parametrize("name", REAL)
def test_short_but_real(name: str) -> None:
    found = plugin({".claude-plugin/plugin.json": MANIFEST, "commands/s.md": REAL[name]})
    assert hollow.why(found) == ""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "skills/seal/SKILL.md",
            "---\nname: seal\ndescription: Checks seals.\n---\n\nStop first.\n",
        ),
        ("hooks/hooks.json", '{"hooks": {"Stop": [{"command": "./a.sh"}]}}'),
        (".mcp.json", '{"mcpServers": {"depot": {"command": "node"}}}'),
        ("scripts/scan.py", "import sys\n" + 'print("torn seals of the depot", sys.argv)\n' * 12),
        ("commands/real.md", "Count the containers of `depot.csv`, then name the torn seals.\n"),
    ],
)
def test_what_makes_it_real_beside_a_placeholder(path: str, text: str) -> None:
    command = HOLLOW["a placeholder for a description"]
    found = plugin({".claude-plugin/plugin.json": MANIFEST, "commands/s.md": command, path: text})
    assert hollow.why(found) == ""


@pytest.mark.parametrize(
    "text",
    [
        "封条を検査し、破れを報告する。倉庫の扉ごとに一度だけ行う。",
        "봉인을 살펴보고 찢어진 것을 알린다. 문마다 한 번만 한다.",
        "检查封条。报告破损。每扇门只做一次。不要重复。不要拆封。",
        "ตรวจตราประทับทุกประตูและรายงานที่ขาด อย่าทำซ้ำ",
    ],
)  # fmt: skip
def test_a_readme_in_another_script_says_something(text: str) -> None:
    found = plugin({".claude-plugin/plugin.json": MANIFEST, "README.md": f"# Kit\n\n{text}\n"})
    assert hollow.why(found) == ""


def test_a_plugin_without_components() -> None:
    assert hollow.why(plugin({".claude-plugin/plugin.json": MANIFEST, "README.md": ROUTINE}))
    text = (
        "# Kit\n\nInstall with `npx @depot/mcp init`: 130 commands for the containers of a depot.\n"
    )
    assert hollow.why(plugin({".claude-plugin/plugin.json": MANIFEST, "README.md": text})) == ""


def test_what_is_only_announced_is_hollow() -> None:
    text = (
        "# Depot\n\n**Status:** Under Development\n\n## Planned Features\n\n- Seals of 40 depots,"
        " read by a camera at the gate and compared with the list of the night\n"
    )
    made = {".claude-plugin/plugin.json": MANIFEST, "README.md": text}
    assert "announced" in hollow.why(plugin(made))
    assert hollow.why(plugin(made | {"commands/scan.md": REAL["short, with code"]})) == ""
    text = "# Depot\n\nScans the seals of 40 depots, each night at two, and tells which are torn.\n"
    assert hollow.why(plugin({**made, "README.md": text})) == ""
