"""Mends, scores, neighbours, and texts that nobody would write."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nightpress.checks import Gate, Neighbours, alone, errors, judge, sketches
from nightpress.checks.document import parse
from nightpress.checks.normalise import normalise
from tests.checks import base
from tests.checks.defects import all_defects

MARKS = st.sampled_from(
    ["---\n", "```", "~~~", "`", "[", "](", ")", "# ", "\n", "\r\n", "<", ">", "!`", "$0", "/tides",
     "name: ", "description: ", '"', "'", "\u200d", "\x00", "\ud800", "TODO:", "{{", "}}", "| a |",
     "http://", "- ", "1. ", "    ", "json\n", "{", "}", ": ", "&a ", "*a", "curl x | sh", "\ufeff"]
)  # fmt: skip
TEXTS = st.lists(st.one_of(MARKS, st.text(max_size=8)), max_size=60).map("".join)
KNOWN = base.context()


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_any_text_is_judged_and_scored(text: str) -> None:
    for context in (KNOWN, alone("x/SKILL.md")):
        verdict = judge(text, context)
        assert 0 <= verdict.score <= 100
        assert all(f.line >= 0 and f.column >= 0 for f in verdict.findings)


def test_some_gates_alone_find_what_they_find_among_all() -> None:
    for defect in all_defects()[::9]:
        verdict = judge(defect.text, defect.context)
        text, every = errors(defect.text, defect.context, lambda _gate: True)
        assert text == verdict.text
        assert {(e.check, e.line, e.column) for e in every} == {
            (e.check, e.line, e.column) for e in verdict.errors
        }
        asked: list[str] = []
        name = next((e.check for e in verdict.errors), "name-form")

        def is_it(gate: Gate, name: str = name, asked: list[str] = asked) -> bool:
            asked.append(gate.name)
            return gate.name == name

        _, some = errors(defect.text, defect.context, is_it)
        assert some == [e for e in every if e.check == name] and name in asked


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_prose_keeps_every_position(text: str) -> None:
    document = parse(normalise(text))
    assert len(document.prose) == len(document.text)
    assert document.prose.count("\n") == document.text.count("\n")


def test_normalised_text_is_what_is_published() -> None:
    raw = "\ufeff" + base.BASE.replace("\n", "\r\n").rstrip()
    verdict = judge(raw, base.context())
    assert verdict.text == base.BASE
    assert verdict.errors == () and len(verdict.findings) == 3
    assert verdict.score == judge(base.BASE, base.context()).score


def test_the_deductions_say_where_the_points_went() -> None:
    clean = judge(base.BASE, base.context())
    secret = next(d for d in all_defects() if d.gate == "secret")
    spoilt = judge(secret.text, secret.context)
    assert spoilt.deductions == {**clean.deductions, "secret": 8}
    assert sum(clean.deductions.values()) == 100 - clean.score


def test_without_a_plugin_grounding_is_not_scored() -> None:
    assert judge(base.BASE, alone(base.TARGET)).score == 100


def test_measures_are_of_the_document() -> None:
    measures = judge(base.BASE, base.context()).measures
    assert measures["bytes"] == len(base.BASE.encode())
    assert measures["commands_mentioned"] == 1.0
    assert measures["code_blocks"] == base.BASE.count("```") / 2
    assert 0.3 < measures["vocabulary"] < 1


BOILERPLATE = (
    "This skill helps teams with {}: it reads the configuration, finds what is wrong with it,"
    " proposes a change that follows the usual practice, and explains in plain words why the change"
    " is needed before anything is written to the disk.\n"
)


@pytest.mark.parametrize(("others", "found"), [(2, False), (3, True), (5, True)])
def test_a_paragraph_of_three_others_is_boilerplate(others: int, found: bool) -> None:
    words = ["charts", "ropes", "engines", "sails", "lamps"]
    held = [sketches(BOILERPLATE.format(word)) for word in words[:others]]
    context = replace(alone("README.md"), neighbours=Neighbours.of(held))
    verdict = judge(BOILERPLATE.format("tides") + "\nRun `tides`.\n", context)
    assert ("paragraph-shared" in {f.check for f in verdict.findings}) is found


def test_different_paragraphs_are_no_neighbours() -> None:
    held = [sketches(voice) for voice in base.voices().values()]
    neighbours = Neighbours.of(held * 3)
    for paragraph in parse(base.BASE).paragraphs:
        assert neighbours.sharing(paragraph.raw) == 0
    own = parse(base.voices()["log-triage"]).paragraphs
    assert any(neighbours.sharing(p.raw) == 3 for p in own)


def test_half_a_paragraph_in_common_is_no_neighbour() -> None:
    half = BOILERPLATE.split(", proposes")[0]
    others = [sketches(f"{half}, and then it asks who wrote that, when, and for which {word}, so"
                       f" that nobody is left to guess about the {word} of last year.\n")
              for word in ("harbour", "station", "gauge")]  # fmt: skip
    assert Neighbours.of(others).sharing(BOILERPLATE) == 0


def test_a_document_that_is_one_fence_is_found() -> None:
    text = "# Tides\n\nHigh water, and low.\n"
    for fence in ("```markdown\n{}```\n", "~~~\n{}~~~\n", "````md\n{}````\n"):
        found = judge(fence.format(text), alone("README.md")).findings
        assert [f.check for f in found] == ["fence-closed"], fence
        head = base.BASE.partition("\n# ")[0]
        skill = judge(f"{head}\n{fence.format(text)}", alone("x/SKILL.md")).findings
        assert "the whole document is in a fence" in [f.message for f in skill]
    for plain in (f"# Tides\n\n```md\n{text}```\n", "```bash\ntides\n```\n", text):
        assert "fence-closed" not in {f.check for f in judge(plain, alone("README.md")).findings}


def test_normalising_leaves_code_and_frontmatter_to_their_author() -> None:
    odd = "a\u00a0b\u202fc"
    text = f"---\nname: x\nnote: {odd}\n---\n\nIn `{odd}`, {odd}.\n\n```bash\n{odd}\n```\n"
    assert normalise(text) == text.replace(f", {odd}.", ", a b c.")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The station is $1 here.", 1),
        ("The station is $ARGUMENTS here.", 1),
        ("Run `awk '{print $1}' tides.txt` there.", 0),
        ("```bash\nawk '{print $1}' tides.txt\n```", 0),
        ('```bash\ntides "$ARGUMENTS"\n```', 1),
        ("Write \\$1 for the first.", 0),
    ],
)
def test_an_argument_is_replaced_on_load_but_a_scripts_own_is_meant(text: str, found: int) -> None:
    verdict = judge(f"{base.BASE}\n{text}\n", base.context())
    assert len([f for f in verdict.findings if f.check == "arguments-text"]) == found
