"""Slips of a source that a document does not repeat: broken tables, fences and scripts."""

from __future__ import annotations

import pytest

from nightpress.backends.offline import leads, trim, wording
from nightpress.backends.offline.blocks import Block, sections
from nightpress.backends.offline.clean import inline
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.plans import NOWHERE
from nightpress.backends.offline.whereabouts import language
from nightpress.backends.offline.written import as_read
from tests.backends.offline.plugins import build, harbour, material
from tests.backends.offline.test_documents import document
from tests.backends.offline.test_stated import plugin

FORM = (
    "```markdown\n# Report\n\n{rule}\n\n\\`\\`\\`css\n.hull {{ }}\n\\`\\`\\`\n\n\\`\\`\\`\npitch\n"
    "\\`\\`\\`\n```\n\nBelow.\n"
)


def test_blocks_with_escaped_backticks_stand_in_a_longer_fence() -> None:
    told = as_read(FORM.format(rule="None"))
    assert told.startswith("````markdown\n") and told.endswith("\n```\n````\n\nBelow.\n")
    assert "\n```css\n.hull { }\n```\n\n```\npitch\n```\n" in told
    assert [block.kind for block in sections(FORM, NOWHERE)[0].blocks] == ["code", "text"]
    alone = "Escaped \\`\\`\\` marks\n\n\\`\\`\\`css\n"
    assert as_read(alone) == alone
    program = "   ```js\n   const form = `\n   \\`\\`\\`\n   `\n   ```\n"
    assert as_read(program) == program  # its own marks
    assert as_read(program.replace("js", "md")).startswith("   ````md\n")


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("| a | b |\n|---|-- --|", "| a | b |\n|---|-----|"),
        ("| a | b |\n| :- - | - -: |", "| a | b |\n| :--- | ---: |"),
        ("| a | b |\n|---|---|\n| - - | 1 |", "| a | b |\n|---|---|\n| - - | 1 |"),
        ("- - -", "- - -"),
        ("a - - b |", "a - - b |"),
    ],
)
def test_the_rule_of_a_table_is_whole(rule: str, told: str) -> None:
    assert as_read(rule) == told


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (
            "SELECT 1;\n\n-- An index of ropes\n-- Run it by REST.\nPUT /ropes\n{\n}\n",
            "```sql\nSELECT 1;\n```\n\nAn index of ropes. Run it by REST:\n\n"
            "```http\nPUT /ropes\n{\n}\n```\n",
        ),
        ("SELECT 1;\nGET /ropes\n", "```sql\nSELECT 1;\n```\n\n```http\nGET /ropes\n```\n"),
        ("SELECT 'GET /ropes';\n", "```sql\nSELECT 'GET /ropes';\n```\n"),
        ("DELETE FROM ropes;\n", "```sql\nDELETE FROM ropes;\n```\n"),
    ],
)
def test_a_request_is_no_sql(sql: str, told: str) -> None:
    assert as_read(f"```sql\n{sql}```\n") == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('# Ask\n"Design a knot for barges"\n\n"Test if it holds"', "text"),
        ("/moor --all | grep ferry", "text"),
        ("/moor --all | --none", "bash"),  # one or the other
        ("ls /moor | grep ferry", "bash"),
        ("# Only a remark", "bash"),
        ('echo "Design a knot for barges"', "bash"),
        ('"moor" "the long ferry"', "bash"),
        ('"$HOME/bin/moor" the ferry', "bash"),
    ],
)
def test_what_a_user_says_or_types_is_no_shell(text: str, told: str) -> None:
    assert language("bash", text) == told


@pytest.mark.parametrize(
    ("line", "is_kept"),
    [
        ("if /moor --all | grep -q gale; then exit 1; fi", False),
        ("if ! /moor; then exit 1; fi", False),
        ("gale=$(/moor --all)", False),
        ("if /usr/bin/moor --all; then exit 1; fi", True),
        ("if grep -q gale log; then exit 1; fi", True),
        ("/moor --all", True),
    ],
)
def test_a_script_that_asks_a_command_never_runs(line: str, is_kept: bool) -> None:
    own = trim.owned(build(plugin("Moors", commands__moor="---\ndescription: Moor\n---\n\nGo.\n")))
    text = f"## Hook\n\nAdd a hook:\n\n```bash\n#!/bin/sh\n{line}\n```\n"
    found = trim.quoted(text, NOWHERE, own)
    assert bool(found) is is_kept


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("- **Avoid SELECT ***: name them", "- **Avoid SELECT \\***: name them"),
        ("***Both*** and **bold** and ***both***", "***Both*** and **bold** and ***both***"),
        ("**No `*` here** ***", "**No `*` here** ***"),
    ],
)
def test_a_star_in_bold_words_is_one(said: str, told: str) -> None:
    assert inline(said, None) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Or call the pilot:", "Call the pilot:"),
        ("Order a tug.", "Order a tug."),
        ("- Or a list", "- Or a list"),
    ],
)
def test_what_a_section_begins_with_is_no_other_way(said: str, told: str) -> None:
    part = Part(("Usage",), (), 1, [Block("text", said), Block("text", "Or wait.")])
    assert [block.text for block in leads.first_way(part).blocks] == [told, "Or wait."]


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ("- **Don't Tie Knots Twice**: they jam\n- Leave the pier unlit\n",
         "Do not:\n\n- **Tie Knots Twice**: they jam\n- Leave the pier unlit\n"),
        ("- **Don't Tie Knots Twice**: they jam\n- Never leave the pier\n",
         "Pitfalls:\n\n- **Don't Tie Knots Twice**: they jam\n- Never leave the pier\n"),
        ("- Tie Knots Twice\n- Leave the pier unlit\n",
         "Do not:\n\n- Tie Knots Twice\n- Leave the pier unlit\n"),
    ],
)  # fmt: skip
def test_what_is_not_to_be_done_is_denied_once(items: str, told: str) -> None:
    body = (
        "---\ndescription: Moor ships\n---\n\n# Moor\n\nMoor the ships.\n\n## Best practices\n\n"
        f"### DO\n\n- **Double the ropes**: in a gale\n\n### DON'T\n\n{items}"
    )
    assert told in document(material(plugin("Moors ships", commands__moor=body)))


def test_a_label_stays_where_its_first_sentence_goes() -> None:
    own = trim.owned(build(harbour()))
    said = "**Why**: Amazing ropes are what ships love. Hemp holds in frost."
    assert trim.prose(said, own) == "**Why**: Hemp holds in frost."
    assert trim.prose("Amazing ropes are what ships love. Hemp holds.", own) == "Hemp holds."


@pytest.mark.parametrize(
    ("name", "seen", "told"),
    [
        ("on-board-clocks", "On-board and on-board clocks", "On-Board Clocks"),
        ("on-board-clocks", "on-board clocks", "On Board Clocks"),  # the name, perhaps
        ("on-board-clocks", "On-board, on board, on board", "On Board Clocks"),
        ("on-board", "On-board", "On Board"),
        ("big-buoy-kit", "Run `Big-buoy`, Big-buoy-kit", "Big Buoy Kit"),
    ],
)
def test_a_title_keeps_the_hyphen_of_its_words(name: str, seen: str, told: str) -> None:
    assert wording.title(name, (), seen) == told


def test_files_are_no_vacuous_items_and_stand_before_their_example() -> None:
    readme = (
        "# Moor\n\n## Configuration\n\nThe ropes are read from:\n\n- `ropes.json`\n- `.env.pier`\n"
        '\nExample:\n\n```json\n{"ropes": 4}\n```\n'
    )
    text = document(material(harbour() | {"README.md": readme}))
    assert "read from:\n\n- `ropes.json`\n- `.env.pier`\n\nExample:\n\n```json" in text


def test_steps_that_stand_elsewhere_are_not_below() -> None:
    step = "## Step {n}: Moor ship {n}\n\n```python\nropes = {n}\n{lines}```\n\n"
    lines = "".join(f"haul(rope={n}, pier='north', gale=False)\n" for n in range(90))
    body = (
        "---\ndescription: Moor ships\n---\n\n# Moor\n\nTie up a fleet of ships in a harbour.\n\n"
    )
    short = body + "".join(f"## Step {n}: Moor ship {n}\n\nHaul rope {n}.\n\n" for n in (1, 2, 3))
    long = body + "".join(step.format(n=n, lines=lines) for n in (1, 2, 3))
    texts = [document(material(plugin("Moors", commands__moor=one))) for one in (short, long)]
    assert [leads.BELOW in text for text in texts] == [True, False]
    assert "Follow the steps in [" in texts[1]


def test_the_form_of_a_result_stays_where_it_is_and_a_list_keeps_its_purpose() -> None:
    form = "\n".join(
        f"Berth {n}: [ship {n}], moored at [hour {n}] by [pilot {n}]" for n in range(400)
    )
    body = (
        "---\ndescription: Moor ships\n---\n\n# Moor\n\nMoor the ships of a fleet.\n\n"
        "## Purpose\n\nKeep these dry:\n\n- The hull of a ferry\n- The hold of a barge\n\n"
        "## Approach\n\nLook at the tide first.\n\n### Method\n\nHaul the rope at slack water.\n\n"
        f"### Output Format\n\nReport each berth:\n\n```text\n{form}\n```\n"
    )
    text = document(material(plugin("Moors ships", commands__moor=body)))
    assert "## Purpose\n\nKeep these dry:\n\n- The hull" in text
    assert text.index("Haul the rope") < text.index("Report each berth: see the listing in [")


SERVER = {
    ".mcp.json": '{"mcpServers": {"tides": {"command": "node", "args": ["dist/tides.js"]}}}',
    "package.json": '{"scripts": {"build": "tsc", "test": "vitest"}}',
    "src/tides.ts": "export const tide = 1\n",
    "README.md": (
        "# Tides\n\nTells the tides of a port.\n\n## Quick Start\n\n"
        "```js\nawait read_tide({day: 4})\n```\n\n"
        "## Features\n\n- **Ebb**: the lowest water of each day of a year\n\n"
        "## MCP Tools\n\n### 1. `read_tide`\n\nReads the tide of a day, in metres above the keel.\n"
    ),
}


@pytest.mark.parametrize(
    ("more", "is_told"),
    [
        ({}, True),
        ({"dist/tides.js": "1\n"}, False),
        ({"package.json": '{"scripts": {"test": "build"}}'}, False),
    ],
)
def test_a_server_is_built_first_and_stands_before_what_calls_it(
    more: dict[str, str], is_told: bool
) -> None:
    manifest = {".claude-plugin/plugin.json": '{"name": "harbour", "version": "1.0.0"}'}
    text = document(material(manifest | SERVER | more))
    told = "run `npm install && npm run build` in the plugin's folder: it makes `dist/tides.js`."
    assert (told in text) is is_told
    heads = [line for line in text.split("\n") if line.startswith("## ")]
    assert heads[:3] == ["## MCP servers", "## MCP Tools", "## Quick Start"]
