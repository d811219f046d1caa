"""Two texts beside each other, word by word."""

from __future__ import annotations

import random

import pytest

from nightpress.report.word_diff import MOST_WORDS, Piece, Row, rows


def shown(old: str, new: str) -> list[str]:
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return ["".join(marks[p.kind].format(p.text) for p in row.pieces) for row in rows(old, new)]


def side(found: list[Row], other: str) -> list[str]:
    """The text of one side: what the other side alone has is left out."""
    return [
        "".join(piece.text for piece in row.pieces if piece.kind != other)
        for row in found
        if (row.old if other == "added" else row.new)
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a b\n", "a b\n", ["a b"]),
        ("one line\n", "", ["[-one line-]"]),
        ("", "one line\n", ["{+one line+}"]),
        ("do not guess at it\n", "do not ever guess at it\n", ["do not{+ ever+} guess at it"]),
        (
            "the old plan is here now\n", "the new idea is here now\n",
            ["the [-old plan-]{+new idea+} is here now"],
        ),
        ("x y\nkept\n", "kept\np q\n", ["[-x y-]", "kept", "{+p q+}"]),
        (
            "alpha beta gamma\nfoo bar\n", "quite other\nalpha beta delta\n",
            ["{+quite other+}", "alpha beta [-gamma-]{+delta+}", "[-foo bar-]"],
        ),
    ],
)  # fmt: skip
def test_what_is_shown(old: str, new: str, expected: list[str]) -> None:
    assert shown(old, new) == expected


def test_numbers_of_lines() -> None:
    found = rows("a\nb\nc\n", "a\nc\nd\n")
    assert [(row.old, row.new, row.kind) for row in found] == [
        (1, 1, "same"), (2, 0, "removed"), (3, 2, "same"), (0, 3, "added"),
    ]  # fmt: skip


def test_a_very_long_line_is_not_matched_word_by_word() -> None:
    line = "word " * MOST_WORDS
    [row] = rows(line, f"{line}more")
    assert row.pieces == (Piece("removed", line), Piece("added", f"{line}more"))


@pytest.mark.parametrize("seed", range(40))
def test_each_side_stands_there_whole(seed: int) -> None:
    rng = random.Random(seed)

    def text() -> str:
        words = ["a", "b", "the", "rule", "\t", "  ", "never"]
        lines = [
            " ".join(rng.choices(words, k=rng.randint(0, 8))) for _ in range(rng.randint(0, 12))
        ]
        return "".join(f"{line}\n" for line in lines)

    old, new = text(), text()
    found = rows(old, new)
    assert side(found, "added") == old.splitlines()
    assert side(found, "removed") == new.splitlines()
    assert [row.old for row in found if row.old] == list(range(1, len(old.splitlines()) + 1))
    assert [row.new for row in found if row.new] == list(range(1, len(new.splitlines()) + 1))
