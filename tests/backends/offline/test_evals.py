"""Data for those who try a skill, from the plugin's own words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightpress.checks import Context, judge
from tests.market import Market, plugin

COMMAND = """---
description: Compare the open ledgers of two teams.
---

# Settle

## When to use

Use it when:
- Close the ledgers of a finished month
- **Scope**: one team

Don't use it when:
- A ledger is still open for entries (collect it first)

## Output

- `settled.csv`: one row for each ledger
"""


def test_queries_and_cases_are_what_the_plugin_says(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "alpha", size=16_000)
    (folder / "commands" / "alpha-settle.md").write_text(COMMAND)
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    path = tmp_path / "manifests" / "alpha.yaml"
    more = "  evals:\n    generator: evals\n  queries:\n    generator: queries\n"
    path.write_text(path.read_text() + more)
    assert "3 published" in market.done().out
    data = market.target("alpha").parent / "evals"
    assert json.loads((data / "trigger-queries.json").read_text()) == [
        {"query": "Close the ledgers of a finished month", "should_trigger": True},
        {"query": "compare the open ledgers of two teams", "should_trigger": True},
        {"query": "A ledger is still open for entries", "should_trigger": False},
    ]
    cases = json.loads((data / "evals.json").read_text())
    assert cases["skill_name"] == "alpha"
    assert cases["evals"] == [
        {
            "id": 1,
            "prompt": "Close the ledgers of a finished month with /alpha-settle",
            "expected_output": "Compare the open ledgers of two teams.",
            "files": [],
            "assertions": ["settled.csv: one row for each ledger"],
        }
    ]
    assert "nothing to do: 3 up to date" in market.done().out
    assert market.run("nightpress", "check").code == 0


CASE = {"id": 1, "prompt": "a", "expected_output": "b"}


@pytest.mark.parametrize(
    ("form", "value", "said"),
    [
        ("evals", [], "it lacks skill_name or the list of evals"),
        ("evals", {"skill_name": "a", "evals": []}, "0 of at least 1"),
        ("evals", {"skill_name": "a", "evals": [CASE, CASE]}, "two cases have the same id"),
        ("evals", {"skill_name": "a", "evals": [{"id": 1}]}, "no prompt and no expected_output"),
        ("evals", {"skill_name": "a", "evals": [{**CASE, "files": [1]}]}, "files must be text"),
        ("queries", {}, "it is not a list of queries"),
        ("queries", [{"query": "a", "should_trigger": "yes"}], "should_trigger true or false"),
        ("queries", [{"q": "a"}], "query 1 has other keys than query and should_trigger"),
        ("queries", [{"query": n, "should_trigger": False} for n in "ab"], "no query should load"),
    ],
)
def test_data_of_another_form_is_refused(form: str, value: object, said: str) -> None:
    verdict = judge(json.dumps(value) + "\n", Context(format=form, frontmatter="none"))
    assert any(said in f.message for f in verdict.errors), verdict.findings


def test_good_data_has_no_finding() -> None:
    queries = [{"query": n, "should_trigger": n == "a"} for n in "ab"]
    for form, value in (("queries", queries), ("evals", {"skill_name": "a", "evals": [CASE]})):
        verdict = judge(json.dumps(value) + "\n", Context(format=form, frontmatter="none"))
        assert verdict.findings == ()
