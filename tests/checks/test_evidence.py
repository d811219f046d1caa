"""What a document rests on is found, line by line."""

from __future__ import annotations

import pytest

from nightpress.checks import evidence
from nightpress.checks.document import parse

README = """# Locks

Lists held locks, oldest first. `--since` (default `24h`) leaves
older ones out.

## Freeing

1. Ask the holder before you free a lock.
2. Run `/unlock build-cache --dead-only` when its process is gone.
"""
JAPANESE = "\u4fdd\u6301\u3055\u308c\u305f\u30ed\u30c3\u30af\u3092\u4e00\u89a7\u8868\u793a"
HELD = evidence.sources(
    {"README.md": README, "docs/ja.md": f"# \u9375\n\n{JAPANESE}\u3059\u308b\u3002\n"}
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Lists held locks, oldest first.", "README.md:3"),
        ("**Lists** held `locks`, oldest first", "README.md:3"),  # whatever the marks
        ("`--since` (default `24h`) leaves older ones out.", "README.md:3-4"),  # over a line's end
        ("When its process is gone, run /unlock build-cache with --dead-only.", "README.md:9"),
        (JAPANESE, "docs/ja.md:3"),
        ("Agree early who decides about the budget.", None),
        ("held locks", None),  # too little to be looked for
        ("ists held locks", None),  # words, not letters
    ],
)  # fmt: skip
def test_a_sentence_rests_on_the_lines_that_say_it(text: str, place: str | None) -> None:
    found = evidence.find(text, HELD)
    assert (str(found) if found else None) == place


def test_a_list_of_names_rests_on_where_the_rarest_stands() -> None:
    filler = "\n".join(f"const way{n} = north{n}" for n in range(4))
    tools = f"\n{filler}\n".join(f'register("{n}_lock", run)' for n in ("list", "free", "hold"))
    held = evidence.sources({"server.py": tools, "README.md": "The list lock is run.\n" * 3})
    found = evidence.find("Its tools: `list_lock`, `free_lock`, `hold_lock`.", held)
    assert found is not None and found.file == "server.py" and found.first in (6, 11)
    assert evidence.find("Its tools: `list_lock`, `free_lock`, `lend_lock`.", held) is None
    said = "Gardeners everywhere adore the `list_lock` and the `free_lock` for calm evenings."
    assert evidence.find(said, held) is None


def test_a_section_is_told_with_its_places_and_its_share() -> None:
    text = (
        "# Locks\n\nLists held locks, oldest first. Nobody ever complained about colours.\n\n"
        "## How\n\nAsk the holder before you free a lock.\n\n"
        "## More\n\nEvery team works in another way.\n\n"
        "## Where\n\nThe rest of it stands in [the page](docs/ja.md).\n"
    )
    first, how, more, where = evidence.sections(parse(text), HELD)
    assert (first.title, first.first, first.last) == ("Locks", 1, 4)
    assert [str(p) for p in first.places] == ["README.md:3"] and 0.3 < first.share < 0.7
    assert [str(p) for p in how.places] == ["README.md:8"] and how.share == 1
    assert more.places == () and more.share == 0
    assert [str(p) for p in where.places] == ["docs/ja.md:1"], (
        "a pointer rests on what it points to"
    )


def test_text_before_the_first_heading_is_a_section() -> None:
    (only,) = evidence.sections(parse("Lists held locks, oldest first.\n"), HELD)
    assert (only.title, only.first, only.share) == ("", 1, 1)


def test_neighbouring_lines_are_one_place() -> None:
    text = (
        "# L\n\nLists held locks, oldest first.\n\nLeaves older ones out. Ask the holder before.\n"
    )
    (only,) = evidence.sections(parse(text), HELD)
    assert {str(place) for place in only.places} == {"README.md:3-4", "README.md:8"}


def test_a_section_of_short_lines_rests_on_where_they_stand_together() -> None:
    held = evidence.sources({"a.md": "# Locks\n\nPools:\n\n- Small: 2-5\n- Large: 10-20\n"})
    text = "# Doc\n\n## Pools\n\n```text\nSmall: 2-5\nLarge: 10-20\n```\n\n## Others\n\n- Odd: 7\n"
    _, pools, others = evidence.sections(parse(text), held)
    assert [str(place) for place in pools.places] == ["a.md:5-6"] and pools.share == 1
    assert not others.places and not others.size
