"""What a README says beside the commands' own texts, and which of these come first."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.components import is_aside
from nightpress.backends.offline.compose import body
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.servers import HEADING, TOOL, first
from nightpress.backends.offline.stubs import numbered
from nightpress.backends.offline.worth import of
from nightpress.model import Window
from tests.backends.offline.plugins import material


@pytest.mark.parametrize(
    ("path", "aside"),
    [
        ("examples/sample-repo/README.md", True),
        ("examples/README.md", False),
        ("fixtures/a.md", True),
        ("docs/INSTALLATION.md", True),
        ("install.md", True),
        ("docs/install-guide.md", False),
        ("docs/demo/tour.md", True),
        ("docs/demonstration.md", False),
    ],
)
def test_what_only_whoever_works_on_the_plugin_reads(path: str, aside: bool) -> None:
    assert is_aside(path) == aside


@pytest.mark.parametrize("heading", ["Key Principles", "Success Criteria", "Analysis Process"])
def test_how_it_is_done_is_worth_more_than_what_stands_before_it(heading: str) -> None:
    def part(name: str) -> Part:
        return Part((name,), (0,), 0, [Block("text", "Sound the quay before the ebb.")])

    assert of(part(heading), 20) < of(part("Harbour Life"), 8)


def test_a_tool_of_a_server_goes_in_before_examples() -> None:
    tool = Part(("Features", "MCP Tools", "`sound`"), (5,), 40, [Block("text", "Sounds.")])
    server = Part((HEADING,), (4,), 5, [Block("text", "It runs.")])
    assert [part.rank for part in first([server, tool])] == [5, TOOL]
    assert first([tool])[0].rank == TOOL  # it says so itself
    assert first([replace(tool, path=("Tools", "`sound`"))])[0].rank == 40


@pytest.mark.parametrize(
    ("before", "row", "order"),
    [
        ("- Example 2: Tide\n- Example 3: Ebb", "- Example 1: Flow", "123"),
        ("- 2. Tide\n- 10. Ebb", "- 1. Flow", "1210"),
        ("- Example 2: Tide\n- Ebb", "- Example 1: Flow", "21"),
    ],
)
def test_rows_that_are_numbered_are_in_that_order(before: str, row: str, order: str) -> None:
    """Of three examples that have no room the first may be the last to be left out."""
    rows = numbered(before, [row])
    assert "".join(c for one in rows for c in one if c.isdigit()) == order


STEPS = "1. Sound the quay\n2. Read the tide table\n3. Haul the hawser in\n4. Moor the ship\n"


@pytest.mark.parametrize(
    ("told", "is_again"),
    [
        ("1. Quay is sounded\n2. Tide table is read\n3. Ship is moored\n", True),
        ("1. Ship is moored\n2. Tide table is read\n3. Quay is sounded\n", False),
        ("1. Tar the hull\n2. Mend the sails\n3. Moor the ship\n", False),
    ],
)
def test_a_procedure_is_not_told_again_in_other_words(told: str, is_again: bool) -> None:
    files = {
        ".claude-plugin/plugin.json": json.dumps({"name": "harbour", "description": "Moors."}),
        "commands/moor.md": f"---\ndescription: Moor a ship\n---\n\n## Instructions\n\n{STEPS}",
        "README.md": (
            "# Harbour\n\n## Usage Examples\n\nCall it so:\n\n```bash\n/moor quay-7\n```\n\n"
            f"This will:\n\n{told}"
        ),
    }
    made = body(material(files, window=Window(200, 8_000)))
    assert "/moor quay-7" in made
    assert ("This will:" not in made) == is_again
