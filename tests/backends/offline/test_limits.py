"""What agents and commands may not do, as a document says it."""

from __future__ import annotations

import pytest

from nightpress.backends.offline.limits import limits
from tests.backends.offline.plugins import build, harbour, material
from tests.backends.offline.test_documents import document

GOVERNED = """\
name: harbour-pilot
description: Leads ships in.
tools: Read, Bash(git log:*)
model: opus
color: blue
capabilities:
  restricted_tools:
    - Write  # Read-only work
    - Task
  max_file_operations: 30
  memory_access: "both"
constraints:
  forbidden_paths: ["src/**"]
behavior:
  confirmation_required:
    - "moves in fog"
  auto_rollback: true
metadata:
  autonomous: false  # Waits for the harbour master
"""


def said(head: str, kind: str = "agents") -> tuple[str, str]:
    text = f"---\n{head.strip()}\n---\n\nLead the ship in.\n"
    found = limits(build({f"{kind}/one.md": text}).components[0], text)
    return "".join(b.text for b in found.said), "".join(b.text for b in found.listed)


def test_what_asks_for_somebody_comes_first_and_comments_say_why() -> None:
    line, listed = said(GOVERNED)
    assert line == "Tools: Read, `Bash(git log:*)`. Model: opus."
    assert listed.split("\n") == [
        "- Confirmation required: moves in fog.",
        "- Not autonomous: waits for the harbour master.",
        "- Restricted tools: Write (read-only work), Task.",
        "- Forbidden paths: `src/**`.",
        "- File operations: at most 30.",
    ]


@pytest.mark.parametrize(
    ("head", "kind", "expected"),
    [
        ("model: inherit\ncolor: red", "agents", ("", "")),
        ("tools: '*'", "agents", ("", "")),
        ("tools: [Read, mcp__sea__log]", "agents", ("Tools: Read, `mcp__sea__log`.", "")),
        ("capabilities:\n  allowed_tools: [Read]", "agents", ("Tools: Read.", "")),
        ("allowed-tools: Read, Write, Bash", "commands", ("", "")),  # it may do all it wants
        ("allowed-tools: Read, Grep\nmodel: opus", "commands", ("Tools: Read, Grep.", "")),
        ("advisor:\n  max_uses: 3", "agents", ("", "")),
        ("read_only: true", "agents", ("", "- Read only.")),
        ("autonomous: true\nconfirmation_required: []", "agents", ("", "")),
        ("requires_approval_from: pilot # at night", "agents",
         ("", "- Requires approval from: pilot.")),
        ("requires_approval_from:\n  - pilot # at night", "agents",
         ("", "- Requires approval from: pilot (at night).")),
        ("disallowedTools: Write", "agents", ("", "- Disallowed tools: Write.")),
        ("never: Sail in fog.", "agents", ("", "- Never: Sail in fog.")),
    ],
)  # fmt: skip
def test_only_what_limits_is_told(head: str, kind: str, expected: tuple[str, str]) -> None:
    assert said(head, kind) == expected


def test_limits_stand_below_what_they_limit() -> None:
    files = harbour(24) | {
        "agents/harbour-pilot.md": f"---\n{GOVERNED}---\n\n## Duty\n\nLead in.\n"
    }
    text = document(material(files))
    chapter = text.split("`harbour-pilot`\n", 1)[1]
    assert chapter.strip().startswith("Tools: Read, `Bash(git log:*)`. Model: opus.\n\n### Limits")
