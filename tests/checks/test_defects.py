"""Each single defect is caught by exactly the gate meant for it, at a place that there is, and
costs what its verdict says; the clean documents by none."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nightpress.checks import REGISTRY, Verdict, alone, judge
from tests.checks import base
from tests.checks.defect import Defect
from tests.checks.defects import all_defects

DEFECTS = all_defects()
OF_THE_WHOLE = {
    "regression-size", "regression-headings", "regression-code", "regression-links",
    "regression-commands",
}  # fmt: skip
"""What is wrong with a document that is less than another one costs it no points by itself."""


@pytest.fixture(scope="module")
def best() -> int:
    return judge(base.BASE, base.context()).score


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: f"{d.gate}: {d.name}")
def test_exactly_its_gate_catches_a_defect(defect: Defect, best: int) -> None:
    verdict = judge(defect.text, defect.context)
    found = verdict.findings
    assert {f.check for f in found} == {defect.gate}, [f.message for f in found]
    _names_places(verdict)
    _can_be_counted_again(verdict)
    if verdict.errors and defect.gate not in OF_THE_WHOLE:
        assert verdict.score < best


def _names_places(verdict: Verdict) -> None:
    for finding in verdict.findings:
        assert 0 <= finding.line <= verdict.text.count("\n") + 2, finding
        assert finding.message


def _can_be_counted_again(verdict: Verdict) -> None:
    points, text = verdict.counted_from.split(": ", 1)
    assert int(points) == verdict.score
    taken = [int(n) for n in re.findall(r" - (\d+) ", text)]
    assert verdict.score == max(0, 100 - sum(taken)), text


def test_every_gate_has_a_defect() -> None:
    assert {defect.gate for defect in DEFECTS} == set(REGISTRY)
    assert len(DEFECTS) >= 60


def test_a_location_is_the_very_place() -> None:
    defect = next(d for d in DEFECTS if d.name == "invented" and d.gate == "command-exists")
    (finding,) = judge(defect.text, defect.context).findings
    line = defect.text.split("\n")[finding.line - 1]
    assert line[finding.column - 1 :].startswith("/tide-forecast")


def test_the_base_passes_everything() -> None:
    verdict = judge(base.BASE, base.context())
    assert verdict.findings == ()
    assert verdict.text == base.BASE
    assert verdict.score >= 95


@pytest.mark.parametrize("name", sorted(base.voices()))
def test_documents_of_other_hands_have_no_errors(name: str) -> None:
    context = alone(f"{name}/SKILL.md", base.paths_of(name))
    assert judge(base.voices()[name], context).errors == ()


def test_the_references_validator_agrees_on_the_base() -> None:
    validator = Path(sys.executable).with_name("agentskills")
    done = subprocess.run(
        [validator, "validate", base.PLUGIN / "skills" / "tide-table"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
