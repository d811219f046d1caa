"""Old sins are accepted by file, check and message; new ones are not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from nightpress.checks import baseline
from nightpress.errors import UsageError
from nightpress.model import Finding

OLD = Finding("heading-order", "error", "level 4 follows level 2", 12, 1)
TOLD = [("a/SKILL.md", OLD), ("a/SKILL.md", replace(OLD, line=40)), ("b/SKILL.md", OLD)]


def test_what_was_recorded_is_accepted_wherever_it_moved() -> None:
    accepted = baseline.load(baseline.dump(TOLD))
    moved = [(path, replace(finding, line=finding.line + 7)) for path, finding in TOLD]
    assert baseline.split(moved, accepted) == ([], moved)


def test_one_more_of_the_same_is_new() -> None:
    accepted = baseline.load(baseline.dump(TOLD))
    third = ("a/SKILL.md", replace(OLD, line=50))
    assert baseline.split([*TOLD, third], accepted) == ([third], TOLD)


def test_another_file_check_or_message_is_new() -> None:
    accepted = baseline.load(baseline.dump(TOLD[:1]))
    others = [
        ("c/SKILL.md", OLD),
        ("a/SKILL.md", replace(OLD, check="heading-single")),
        ("a/SKILL.md", replace(OLD, message="level 3 follows level 1")),
    ]
    assert baseline.split(others, accepted) == (others, [])


def test_the_file_is_sorted_and_infos_are_left_out() -> None:
    info = ("a/SKILL.md", replace(OLD, severity="info"))
    assert baseline.dump([*TOLD, info]) == baseline.dump([*TOLD[::-1][:1], *TOLD[:2], info])
    assert baseline.dump([]).count("\n") == 3 and baseline.load(baseline.dump([])) == frozenset()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nightpress-baseline": 9, "findings": []}',
                                  '{"nightpress-baseline": 1, "findings": [1]}'])  # fmt: skip
def test_anything_else_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        baseline.load(text)
    assert "write-baseline" in caught.value.hint


def test_a_measure_may_move_but_another_level_is_new() -> None:
    small = replace(OLD, check="size-window", message="3,096 of 8,000 bytes")
    accepted = baseline.load(baseline.dump([("a/SKILL.md", small)]))
    more = replace(small, message="3,108 of 8,000 bytes")
    assert baseline.split([("a/SKILL.md", more)], accepted)[0] == []
    named = replace(small, message="link to a missing file: notes-2025.md")
    other = replace(small, message="link to a missing file: notes-2026.md")
    accepted = baseline.load(baseline.dump([("a/SKILL.md", named)]))
    assert baseline.split([("a/SKILL.md", other)], accepted)[0] == [("a/SKILL.md", other)]


def test_a_mark_covers_its_finding_whatever_its_numbers_and_no_other() -> None:
    small = Finding("size-window", "error", "3,279 of 8,000 bytes", 4)
    more = Finding("size-window", "error", "3,401 of 8,000 bytes", 9)
    gone = Finding("path-exists", "error", "there is no gone.md")
    lost = Finding("path-exists", "error", "there is no lost.md")
    marks = baseline.marks([small, more, gone])
    assert [mark.partition("#")[0] for mark in marks] == ["path-exists", "size-window"]
    assert baseline.new([more, gone, lost], marks) == (lost,)
    assert baseline.new([more, gone, lost], ["path-exists"]) == (more,)  # a whole check
