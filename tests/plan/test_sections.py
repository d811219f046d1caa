"""Which sections a change of the plugin makes stale: those that rest on it; no fact is missed."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import _releases, history

from nightpress.model import Anatomy, SourceFile
from nightpress.plan import sections
from nightpress.plugin import anatomy
from tests.market import plugin, prose

COLLECT = f"""---
description: Collects what is due
---

# Collect

{prose("collect", 900)}

## Options

- `--since`: only what is younger than this day, and nothing of the day itself
- `--team`: only the ledgers of one team, by the name that its folder has
"""
README = f"""# Ledgers

{prose("readme", 900)}

## Troubleshooting

{prose("trouble", 900)}
"""
SCRIPT = "# Runs it.\nimport os\n\nPATH = os.environ['LEDGER_HOME']\nprint(PATH)\n"
FILES = {
    ".claude-plugin/plugin.json": '{"name": "ledgers", "version": "1.0.0", "description": "Keeps"}',
    "commands/collect.md": COLLECT,
    "README.md": README,
    "scripts/run.py": SCRIPT,
    "LICENSE": "MIT",
}


def lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.startswith("The ")]


DOCUMENT = f"""---
name: ledgers
description: Keeps ledgers.
---

# Ledgers

{lines(README)[0]}

## Collecting

{lines(COLLECT)[0]}

{lines(COLLECT)[1]}

## Options

- `--since`: only what is younger than this day, and nothing of the day itself
- `--team`: only the ledgers of one team, by the name that its folder has

## Settings

`LEDGER_HOME` names the folder of the ledgers.

## When it fails

{lines(README)[-1]}

{lines(README)[-2]}
"""


def built(files: dict[str, str]) -> Anatomy:
    some = [SourceFile(path, text, len(text)) for path, text in sorted(files.items())]
    return anatomy.build(some, "ledgers")


def asked(**changes: str | None) -> list[str] | None:
    """Headings that are stale after a change; None: all of it. changes: path -> its new text."""
    given = {path.replace("__", "/"): text for path, text in changes.items()}
    now = {path: text for path, text in {**FILES, **given}.items() if text is not None}
    found = sections.change(built(FILES), built(now), DOCUMENT, "skills/ledgers/SKILL.md")
    return None if found is None else [title for title, _ in found.stale]


def changed(path: str, old: str, new: str) -> list[str] | None:
    assert old in FILES[path]
    return asked(**{path: FILES[path].replace(old, new)})


def test_nothing_changed_makes_nothing_stale() -> None:
    assert asked() == []


@pytest.mark.parametrize(
    ("path", "line", "heading"),
    [
        ("commands/collect.md", lines(COLLECT)[1], "Collecting"),
        ("README.md", lines(README)[0], "Ledgers"),
        ("README.md", lines(README)[-1], "When it fails"),
    ],
)
def test_a_changed_line_asks_for_the_section_that_rests_on_it(
    path: str, line: str, heading: str
) -> None:
    assert changed(path, line, f"{line} It is not so any more.") == [heading]
    assert changed(path, line, "") == [heading], "one that was taken out"


def test_a_line_that_is_put_between_those_of_a_section_asks_for_it() -> None:
    first = "nothing of the day itself\n"
    assert changed("commands/collect.md", first, f"{first}- a day that is none ends it\n") == [
        "Options"
    ]


@pytest.mark.parametrize(
    "line", [line for line in lines(README) if line not in DOCUMENT and len(line) > 40][:3]
)
def test_a_line_that_no_section_rests_on_asks_for_none(line: str) -> None:
    assert changed("README.md", line, line.replace("The ", "A ")) == []


def test_a_new_line_that_no_section_rests_on_asks_for_the_one_beside_it() -> None:
    said = "\nThe broker may now refuse a container whose seal is torn.\n"
    assert asked(**{"README.md": f"{README}{said}"}) not in ([], None)
    assert asked(**{"README.md": f"{README}\n\n"}) == []


def test_comments_releases_and_licences_ask_for_nothing() -> None:
    release = FILES[".claude-plugin/plugin.json"].replace("1.0.0", "2.0.0")
    assert asked(**{".claude-plugin/plugin.json": release}) == []
    assert changed("scripts/run.py", "import os", "# Of the system.\nimport os") == []
    assert asked(LICENSE="Apache") == []


def test_a_fact_that_changed_asks_for_the_sections_that_tell_it() -> None:
    assert changed("scripts/run.py", "LEDGER_HOME", "LEDGER_ROOT") == ["Settings"]
    since = "only what is younger than this day, and nothing of the day itself"
    found = changed("commands/collect.md", f"- `--since`: {since}\n", "")
    assert found is not None and "Options" in found


def test_a_new_option_asks_for_the_section_beside_it() -> None:
    last = "by the name that its folder has\n"
    found = changed("commands/collect.md", last, f"{last}- `--dry-run`: nothing is written\n")
    assert found is not None and "Options" in found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("commands/settle.md", "---\ndescription: Settles\n---\n\n# Settle\n\nIt settles.\n"),
        ("commands/collect.md", None),
        (
            ".claude-plugin/plugin.json",
            '{"name": "ledgers", "version": "1.0.0", "description": "Counts boats"}',
        ),
        ("docs/more.md", f"# More\n\n{prose('more', 1_500)}\n"),
    ],
)
def test_another_purpose_and_much_that_is_new_ask_for_all_of_it(
    path: str, text: str | None
) -> None:
    assert asked(**{path: text}) is None


def test_the_writer_is_shown_what_changed() -> None:
    line = lines(README)[0]
    now = {**FILES, "README.md": README.replace(line, "The new one.")}
    found = sections.change(built(FILES), built(now), DOCUMENT, "SKILL.md")
    assert found is not None
    said = sections.words(found, 10_000)
    assert f"- {line}" in said and "+ The new one." in said and "@@ README.md:3 @@" in said
    assert len(sections.words(found, 20)) == 20


def test_over_releases_two_fifths_of_the_calls_are_saved_and_no_fact_is_missed(
    tmp_path: Path,
) -> None:
    for number in range(6):
        plugin(tmp_path / "shop", f"plugin-{number}", size=12_000)
    _releases.history(tmp_path / "shop", 15, 0.34)
    found = history.run(tmp_path / "shop", tmp_path / "seen")
    assert found["changes"] >= 25 and set(found["what"]) == {"whole", "sections", "nothing"}
    assert found["saved"] >= 40, found
    assert found["missed"] == []
