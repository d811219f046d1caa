"""A document is held to the sections that its generator requires."""

from __future__ import annotations

from typing import Any

import pytest

from nightpress.checks import Context, judge

REQUIRED: dict[str, Any] = {
    "for": "questions",
    "headings": ["?"],
    "least": 2,
    "required": True,
}


def _said(text: str, *outline: dict[str, Any], ours: bool = True) -> list[str]:
    context = Context(frontmatter="none", outline=outline, ours=ours)
    return [f.message for f in judge(text, context).findings if f.check == "outline"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# FAQ\n\n## Why does it stop?\n\nNo disk.\n\n## Who owns it?\n\nYou.\n", []),
        ("# FAQ?\n\n## Why?\n\nA.\n", ["1 of 2 headings of the section for 'questions'"]),
        (
            "# Tool\n\n## Overview\n\nIt cuts.\n",
            ["0 of 2 headings of the section for 'questions'"],
        ),
    ],
)
def test_a_faq_asks_questions(text: str, found: list[str]) -> None:
    assert _said(text, REQUIRED) == found


def test_words_are_found_whole_and_whatever_their_case() -> None:
    section = {"for": "setting up", "headings": ["Install", "set up"], "required": True}
    assert _said("# T\n\n## How to INSTALL it\n\nSo.\n", section) == []
    assert _said("# T\n\n## Set up\n\nSo.\n", section) == []
    assert _said("# T\n\n## Reinstallment\n\nSo.\n", section) == [
        "no heading of the section for 'setting up'"
    ]


def test_what_is_not_required_or_not_ours_is_not_asked_for() -> None:
    text = "# T\n\n## Other\n\nSo.\n"
    assert _said(text, {"for": "limits", "headings": ["limits"]}) == []
    assert _said(text, {"for": "limits", "required": True}) == []
    assert _said(text, REQUIRED, ours=False) == []
