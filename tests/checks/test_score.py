"""Each loss is told and costs a point, and a score says what it was counted from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nightpress.checks import judge
from nightpress.checks.losses import losses
from tests.checks import base
from tests.checks.defect import add
from tests.checks.defects import EMPTY

WORDS = "2 vocabulary (52% of its words are the plugin's, of 60%)"
RULES = [f"Never sail gate {n} by night." for n in range(2, 7)]
STANDING = base.BASE + "\n## Gates\n\n" + "\n".join(RULES) + "\n"


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 4), max_size=4))
def test_each_loss_is_one_finding_and_one_point(cut: set[int]) -> None:
    text = STANDING
    for n in cut:
        text = text.replace(RULES[n] + "\n", "")
    context = replace(base.context(), standing=STANDING)
    whole, verdict = judge(STANDING, context), judge(text, context)
    told = [f for f in verdict.findings if f.check == "losses"]
    assert len(told) == len(cut)
    assert {f.severity for f in told} <= {"warning"}
    assert verdict.score == whole.score - len(cut)
    for n in cut:
        line = STANDING.split("\n").index(RULES[n]) + 1
        message = f"of the current file, line {line}: rule is gone or changed: {RULES[n]}"
        assert message in [f.message for f in told]


def test_more_losses_than_can_be_told_are_counted() -> None:
    standing = base.BASE + "".join(f"\n- never take berth {n}" for n in range(250)) + "\n"
    verdict = judge(base.BASE, replace(base.context(), standing=standing))
    told = [f.message for f in verdict.findings if f.check == "losses"]
    assert len(told) == 101 and told[-1] == "and 150 more things of the current file"
    assert verdict.score == 0
    assert verdict.counted_from == (
        f"0: 100 - 8 regression-size (1 error) - {WORDS} - 250 losses, at least 0"
    )


def test_what_moved_to_a_reference_of_the_bundle_is_not_lost() -> None:
    context = replace(base.context(), standing=STANDING)
    moved = {"skills/tide-table/references/stations.md": "## Gates\n\n" + "\n".join(RULES)}
    assert "(references/stations.md)" in base.BASE
    for bundle in ({}, moved):
        found = judge(base.BASE, replace(context, bundle=bundle)).findings
        assert ("losses" in {f.check for f in found}) is (not bundle)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (base.BASE, f"98: 100 - {WORDS}"),
        (
            add("TODO: the storm of 2019.")(base.BASE),
            f"90: 100 - 8 placeholder (1 error) - {WORDS}",
        ),
        (
            add("TODO: one.\n\n##### Two\n\nTODO: two.")(base.BASE),
            f"80: 100 - 10 placeholder (2 errors) - 8 heading-order (1 error) - {WORDS}",
        ),
        (
            base.BASE.replace("license: MIT", "license: MIT\nlicence: MIT"),
            f"90: 100 - 8 frontmatter-keys (1 error) - {WORDS}",
        ),
    ],
)
def test_a_score_says_what_it_was_counted_from(text: str, said: str) -> None:
    assert judge(text, base.context()).counted_from == said


def test_what_is_measured_costs_in_proportion_and_says_its_numbers() -> None:
    few = add("\n".join(EMPTY.split("\n")[:5]))
    some = judge(few(base.BASE), base.context()).counted_from
    many = judge(add(EMPTY)(base.BASE), base.context()).counted_from
    assert some == (
        "96: 100 - 2 emptiness (7 of 72 sentences)"
        " - 2 vocabulary (51% of its words are the plugin's, of 60%)"
    )
    assert " - 25 emptiness (98 of 163 sentences)" in many


def test_what_is_measured_is_not_counted_twice() -> None:
    text = base.BASE.replace("`/tide-check ", "`the check, ").replace("`/tide-check`", "it")
    verdict = judge(text, replace(base.context(), standing=None))
    assert [f.check for f in verdict.errors] == ["commands-covered"]
    assert " - 8 commands-covered (1 of 3 unmentioned)" in verdict.counted_from


def test_nothing_lost_is_said_of_no_text_that_lost_a_word() -> None:
    lost = losses("It sails at dawn. It docks.\n", "It sails. It docks.\n", literally=True)
    assert [one.kind for one in lost] == ["sentence"]
