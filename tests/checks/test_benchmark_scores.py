"""What the benchmarks of scores and triggers count, on a handful of documents."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import scores, trigger

from tests.checks import base

SLOP = """---
name: Reading Tides
description: |
  This skill enables Claude to read tides.
---

# Tides

This skill empowers Claude to manage the workflow.
"""


def test_a_models_reply_is_judged_in_a_copy_of_its_plugin(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    rows = [("tide-table", base.BASE), ("tide-table", SLOP), ("nobody", SLOP), ("tide-table", None)]
    file.write_text(
        "".join(json.dumps({"plugin_name": n, "skill_content": t}) + "\n" for n, t in rows)
    )
    before = sorted(base.PLUGIN.rglob("*"))
    good, bad = scores.replies(file, base.PLUGIN.parent, mend=False)
    assert sorted(base.PLUGIN.rglob("*")) == before
    assert good.score == 100 and bad.score is not None and bad.score < 80
    told = scores.figures([good, bad])
    assert (told["documents"], told["at 100"], told["with an error"]) == (2, 0.5, 1)
    assert told["sales-talk"] == 1
    [_, mended] = scores.replies(file, base.PLUGIN.parent, mend=True)
    assert "name-form" not in {finding.check for finding in mended.findings}
    assert "/tide-window" not in SLOP and "commands-covered" not in mended.counted_from
    assert "| at 100 | 50% |" in scores.render({"model": told})


def test_no_project_is_a_wrong_command_line() -> None:
    assert scores.main([]) == {} and "name some" in scores.render({})
    assert trigger.KINDS[0] == "quoted users"
