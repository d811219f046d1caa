"""What a README says of the parts of a pack: how it groups and calls them, and what it repeats."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from nightpress.backends.offline import packs, scripts
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.compose import body
from nightpress.backends.offline.part import Part
from nightpress.model import Material, Window
from tests.backends.offline.plugins import analyse, build, generator

PLUGIN = {".claude-plugin/plugin.json": json.dumps({"name": "harbour", "description": "Docks."})}
ROPES = ("tar", "splice", "coil", "whip")
TIDES = ("gauge", "sound", "predict", "moor")


def text(name: str, more: str = "") -> str:
    return f"---\nname: {name}\ndescription: Handle the {name} of it\n{more}---\n\nDo the {name}.\n"


FLAT = {f"commands/{name}.md": text(name) for name in (*ROPES, *TIDES)}
FOLDERS = {
    f"plugins/{top}/{name}-kit/commands/{name}.md": text(name)
    for top, names in (("01-rope-work", ROPES), ("tides", TIDES))
    for name in names
}


def pack(files: Mapping[str, str], readme: str = "") -> Material:
    anatomy = build({**PLUGIN, **files, "README.md": f"# Harbour\n\nDocks.\n\n{readme}"})
    paths = [one for one in files if "/commands/" in f"/{one}"]
    return Material(
        anatomy, analyse(anatomy), "", generator("skill"), "skills/harbour/SKILL.md",
        Window(100, 14_000), (),
        references={p: f"skills/harbour/references/{p.rpartition('/')[2]}" for p in paths},
    )  # fmt: skip


def listed(names: tuple[str, ...], label: str = "- **/{}** - more") -> str:
    return "\n".join(label.format(name) for name in names)


BY_LABEL = (
    f"## What it has\n\n**Category 1: Ropes** (4 plugins)\n\n{listed(ROPES)}\n\n"
    f"**Tides:**\n\n{listed(TIDES)}\n"
)
BY_HEADING = f"## Ropes (4)\n\n{listed(ROPES)}\n\n## Tides\n\n{listed(TIDES)}\n"


@pytest.mark.parametrize(
    ("files", "readme", "labels"),
    [
        (FLAT, BY_LABEL, ["Ropes", "Tides"]),
        (FLAT, BY_HEADING, ["Ropes", "Tides"]),
        (FOLDERS, "", ["Rope work", "Tides"]),
        (FLAT, f"## Ropes\n\n{listed(ROPES)}\n", []),
        (FLAT, f"## All\n\n{listed((*ROPES, *TIDES))}\n", []),
    ],
)  # fmt: skip
def test_the_table_is_in_the_groups_of_readme_or_folders(
    files: Mapping[str, str], readme: str, labels: list[str]
) -> None:
    said = body(pack(files, readme))
    at = [said.index(f"\n{label}:\n\n| Use | For |") for label in labels]
    assert at == sorted(at)
    assert said.count("| Use | For |") == max(1, len(labels))
    assert all(said.count(f"| [`/{name}`]") == 1 for name in (*ROPES, *TIDES))


def test_a_list_of_nothing_but_parts_does_not_come_again() -> None:
    said = body(pack(FLAT, BY_LABEL))
    assert "What it has" not in said
    assert "Category" not in said
    kept = body(pack(FLAT, f"## Workflow\n\n{listed(ROPES)}\n"))
    assert "- **/coil** - more" in kept


@pytest.mark.parametrize(
    ("chapter", "stays"),
    [
        ("## `/tar` (Command)\n\nTar the hull at noon by hand.\n", False),
        ("## `/tar` (Command)\n\n```bash\n/tar --thick\n```\n", True),
        ("## Key Features\n\n- **Speed** - the fastest of all quays\n", False),
        ("## Results You Can Expect\n\n- **More ships** - every tide brings them\n", False),
        ("## Tide Tables\n\n- **Neap** - the lowest of the month\n", True),
        ("## By Night\n\n**Result:** Half the time, and no ship lost\n", False),
        ("## By Night\n\n**Result:** a table in `tides.md` of the quay\n", True),
    ],
)
def test_of_a_readme_neither_praise_nor_what_a_reference_tells_is_kept(
    chapter: str, stays: bool
) -> None:
    said = body(pack(FLAT, chapter))
    assert (chapter.partition("\n")[0] in said) == stays


def test_a_shortcut_stands_beside_the_command() -> None:
    files = {**FLAT, "commands/tar.md": text("tar", "shortcut: t\n")}
    assert "| [`/tar`](references/tar.md) or `/t` | Handle the tar of it |" in body(pack(files))


def test_what_an_example_calls_by_its_folder_is_told() -> None:
    readme = "## Quick Start\n\n```text\nTalk to tar-kit: tar it\n/tar now\n```\n"
    said = body(pack(FOLDERS, readme))
    assert "What examples call by its folder: `tar-kit` is `/tar`.\n" in said


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("Harbour - Tide Guide", "Tide Guide: First tide; Last tide"),
        ("Harbour", "Harbour: First tide; Last tide"),
    ],
)
def test_a_document_is_told_by_its_chapters(title: str, told: str) -> None:
    heads = ("Overview", "First tide", "Last tide")
    chapters = "".join(f"## {one}\n\nIt comes by night and by day.\n\n" for one in heads)
    files = {"docs/TIDES.md": f"# {title}\n\n{chapters}"}
    made = pack({**FLAT, **files})
    file = next(one for one in made.anatomy.files if one.path == "docs/TIDES.md")
    assert packs.document(made, title, file) == told


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            "You are a pilot of a large harbour.\n\nYour task is to bring ships in.\n",
            "Bring ships in",
        ),
        ("You are a pilot of a large harbour.\n\nAll is calm.\n", "Pilot of a large harbour"),
        (
            "You are tasked with generating a tide table of a day.\n",
            "Generate a tide table of a day",
        ),
        ("Execute each task in the order given to moor a ship.\n", "Moor a ship"),
        ("Moor a ship. Important: the future is now.\n", "Moor a ship"),
        (
            "Perform a check of $ARGUMENTS to find torn ropes.\n",
            "Perform a check to find torn ropes",
        ),
    ],
)
def test_a_row_says_what_is_done_and_not_by_whom(row: str, told: str) -> None:
    rest = {f"commands/{name}.md": f"Tar the {name}.\n" for name in ("hull", "mast")}
    said = body(pack({**rest, "commands/moor.md": row}))
    assert f"| [`/moor`](references/moor.md) | {told} |" in said


def test_a_part_that_has_too_little_for_a_reference_stands_in_the_table_alone() -> None:
    made = pack(FLAT, BY_LABEL)
    made = replace(made, references={k: v for k, v in made.references.items() if "tar" not in k})
    said = body(made)
    assert "| [`/tar`](../../commands/tar.md) | Handle the tar of it |" in said
    assert "Do the tar" not in said
    assert said.count("| Use | For |") == 2


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Night mooring specialist. Use PROACTIVELY for fog.", "Night mooring: fog"),
        ("Rope specialist. Use PROACTIVELY for torn ropes.", "Torn ropes"),
        (
            "Moors ships at night. Use when fog comes in.",
            "Moors ships at night. Use when fog comes in",
        ),
    ],
)
def test_a_row_of_an_agent_names_its_subject(said: str, told: str) -> None:
    rest = {f"commands/{name}.md": text(name) for name in ("hull", "mast")}
    agent = f"---\nname: pilot\ndescription: {said}\n---\n\nDo it.\n"
    made = pack({**rest, "agents/pilot.md": agent})
    made = replace(
        made, references={**made.references, "agents/pilot.md": "skills/harbour/references/p.md"}
    )
    assert f"| [`pilot`](references/p.md) (agent) | {told} |" in body(made)


def test_what_to_beware_of_goes_in_before_ideas() -> None:
    """The least rank goes in first."""
    more = [
        Part((head, "Night"), (1,), rank, [Block("text", "Moor by the mole.")])
        for head, rank in (("Use Cases", 3), ("Best Practices", 12), ("Tides", 9))
    ]
    ranks = [one.rank for one in packs.without_lists(more, pack(FLAT))]
    assert ranks[1] < ranks[2] < ranks[0]


@pytest.mark.parametrize(
    ("script", "into"),
    [
        ('LOG="$HOME/.tide/log.md"\ncp "$NEW" "$LOG"\n', ["~/.tide/log.md"]),
        ('mv "$LOG.new" "$HOME/.tide/log.md"\n', ["~/.tide/log.md"]),
        ("echo ebb >> ~/.tide/log.md\n", ["~/.tide/log.md"]),
        ('LOG="$HOME/.tide/log.md"\ncat "$LOG" > "$OUT"\n', []),
        ("cp ~/.tide/log.md here.md\n", []),
    ],
)
def test_what_a_script_writes_below_the_home_folder(script: str, into: list[str]) -> None:
    assert scripts.written(script) == into


def test_a_hook_says_what_its_script_writes_there() -> None:
    run = {"type": "command", "command": "${CLAUDE_PLUGIN_ROOT}/hooks/log.sh"}
    hooks = json.dumps({"hooks": {"SessionStart": [{"hooks": [run]}]}})
    files = {"hooks/hooks.json": hooks, "hooks/log.sh": "echo ebb >> ~/.tide/log.md\n"}
    said = body(pack({**FLAT, **files}))
    assert "hooks/log.sh`, which writes `~/.tide/log.md`.\n" in said
