"""Whether descriptions are found by what users ask for, and what is asked."""

from __future__ import annotations

from nightpress.checks import Skill, trigger

TIDES = Skill(
    "tides",
    "tide-table",
    "Predicts high and low water of harbours from harmonic constituents.",
    ("when is high water at Holmvik", "predict the low water of tomorrow"),
)
GAUGES = Skill(
    "gauges",
    "gauge-drift",
    "Compares gauge readings with a prediction, and reports the drift.",
    ("how far has the gauge drifted", "compare the readings of the gauge"),
)
BODY = """---
name: tide-table
description: Predicts high and low water of harbours.
---

# Tide table

## When to use

- Plan a crossing of the sill at Holmvik
- Predicts high and low water of harbours
- Not when the harbour is frozen

## When not to use

- Forecasting the waves of tomorrow morning

## Examples

User request: "When can I leave the inner basin tonight?"

Use this skill when you need to print a table for the wall.
"""


def test_each_skill_is_found_by_its_own_requests() -> None:
    measured = trigger.measure([TIDES, GAUGES])
    assert [(one.asked, one.first, one.top3) for one in measured.skills] == [(2, 2, 2), (2, 2, 2)]
    assert measured.rate("first") == 1.0 and measured.twins == ()
    assert measured.characters == TIDES.listed + GAUGES.listed


def test_a_description_that_takes_anothers_requests_is_named() -> None:
    greedy = Skill("greedy", "all", f"{TIDES.description} When is high water at Holmvik tomorrow.")
    measured = trigger.measure([TIDES, GAUGES, greedy])
    tides = measured.skills[0]
    assert (tides.first, tides.top3, tides.rivals) == (0, 2, (("greedy", 2),))
    assert measured.skills[1].first == 2


def test_a_tie_is_no_first_place_and_equal_descriptions_are_twins() -> None:
    twin = Skill("twin", TIDES.name, TIDES.description)
    measured = trigger.measure([TIDES, twin])
    assert measured.skills[0].first == 0
    assert measured.twins == (("tides", "twin"),)


def test_one_skill_takes_no_more_of_the_listing_than_is_shown_of_it() -> None:
    assert Skill("long", "long", "x" * 3_000).listed == 1_536


def test_requests_are_what_the_text_says_of_its_use_but_not_its_description() -> None:
    skill = trigger.skill_of("tides", BODY, None)
    assert skill is not None
    assert skill.requests == (
        "When can I leave the inner basin tonight?",
        "print a table for the wall",
        "Plan a crossing of the sill at Holmvik",
    )
    assert trigger.skill_of("none", "# No frontmatter\n", None) is None


def test_what_a_skill_is_not_for_is_no_request() -> None:
    text = """# X

## When to use

**Use it when:**
- Plan a crossing of the sill at Holmvik
- Small boats in a calm harbour (use the ferry table instead)

**Don't use it when:**
- Forecasting waves of tomorrow morning

Ask for it when:

- Print the table for the wall
"""
    assert trigger.requests(text) == (
        "Plan a crossing of the sill at Holmvik", "Print the table for the wall",
    )  # fmt: skip


def test_a_new_description_takes_what_another_was_found_by() -> None:
    rivals = trigger.Rivals([TIDES, GAUGES])
    greedy = Skill("new", "all", f"{TIDES.description} When is high water at Holmvik tomorrow.")
    assert list(rivals.beaten(greedy)) == [trigger.Beaten("tides", TIDES.requests, 2)]
    assert list(rivals.beaten(Skill("new", "gulls", "Feeds the gulls."))) == []
    assert list(rivals.beaten(TIDES)) == []  # what stood there before is no rival of its own


def test_plurals_are_one_word_with_the_singular() -> None:
    assert trigger.words("vulnerabilities ports ties glass") == [
        "vulnerability",
        "port",
        "tie",
        "glass",
    ]
