"""A long skill as SKILL.md and references: no line of it is changed, and none is lost."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightpress.plan.split import split
from nightpress.plan.staleness import LONG

TIDES = "\n".join(f"The gauge at berth {n} is read {n} times a day." for n in range(120))
HEAD = (
    "---\nname: tides\ndescription: Tells tides. Use when asked.\n---\n\n# Tides\n\nTells tides.\n"
)


def skill(*sections: tuple[str, str]) -> str:
    return HEAD + "".join(f"\n## {title}\n\n{text}\n" for title, text in sections)


CODE = "```python\n## no heading\nprint( 'as it is' )\n```"
LONG_ONE = skill(
    ("When to use", TIDES), ("Harbours", f"{TIDES}\n\n### Holm\n\n{CODE}"), ("Gauges", TIDES),
    ("Workflow", TIDES),
)  # fmt: skip


def test_sections_move_whole_and_their_headings_stay() -> None:
    found = split(LONG_ONE)
    assert found is not None
    assert list(found.references) == ["references/harbours.md", "references/gauges.md"]
    for title in ("When to use", "Harbours", "Gauges", "Workflow"):
        assert f"\n## {title}\n" in found.skill
    assert "[references/harbours.md](references/harbours.md) when you come to this: Holm." in (
        found.skill
    )
    harbours = found.references["references/harbours.md"]
    assert harbours.startswith("# Harbours\n") and CODE in harbours and CODE not in found.skill
    assert found.skill.startswith(HEAD) and len(found.skill.encode()) < LONG


@pytest.mark.parametrize(
    "bound",
    [
        "See [the table](table.md).", "Run it with $ARGUMENTS.", "See [a][b].", "<phase>",
        "As !`date` says.", "See [above](#gauges).",
    ],
)  # fmt: skip
def test_what_works_in_its_place_alone_stays_there(bound: str) -> None:
    found = split(LONG_ONE.replace("## Harbours\n", f"## Harbours\n\n{bound}\n"))
    assert found is None or "references/harbours.md" not in found.references


def test_a_heading_that_something_links_to_stays() -> None:
    found = split(LONG_ONE.replace("Tells tides.\n\n## When", "See [Holm](#holm).\n\n## When"))
    assert found is None or "references/harbours.md" not in found.references


def test_a_file_that_stands_there_is_not_taken() -> None:
    found = split(LONG_ONE, {"references/harbours.md"})
    assert found is not None and "references/harbours-2.md" in found.references


def test_what_is_short_or_has_no_such_sections_is_not_split() -> None:
    assert split(skill(("Harbours", TIDES))) is None
    assert split(HEAD + TIDES * 6) is None
    assert split(LONG_ONE.replace("\n", "\r\n")) is None


_LINE = st.sampled_from(
    ["", "## Another", "### Inner", "```", "~~~", "text of a line", "  indented", "- item", "# One",
     "<details>", "</details>", "---", "| a | b |", "[x]: y", "**bold**", "Setext\n---"]
)  # fmt: skip


@given(st.lists(st.tuples(st.text("abc `#", max_size=8), st.lists(_LINE, max_size=12)), max_size=6))
def test_every_line_stands_in_one_of_the_files(parts: list[tuple[str, list[str]]]) -> None:
    text = skill(*((title, "\n".join([*rows, TIDES])) for title, rows in parts))
    if (found := split(text)) is None:
        return
    whole = "\n".join([found.skill, *found.references.values()])
    assert not Counter(text.split("\n")) - Counter(whole.split("\n"))
