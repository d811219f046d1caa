"""A new description is put beside those of the skills that stand."""

from __future__ import annotations

from pathlib import Path

from nightpress.checks import Skill
from nightpress.clock import FastClock
from nightpress.plan import triggers
from nightpress.project.project import Project
from tests.market import Market, plugin

TEXT = """---
name: {name}
description: "{says} Use when asked."
---

# {name}

## When to use

- Find when high water is at Holmvik
- Plan a crossing of the sill
"""


def test_the_skills_that_stand_are_asked_for_by_their_own_words(tmp_path: Path) -> None:
    for name, says in (("alpha", "Tells high water and the sill."), ("beta", "Feeds gulls.")):
        folder = plugin(tmp_path, name, size=2_000) / "skills" / name
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(TEXT.format(name=name, says=says))
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    project = Project(tmp_path, {}, {}, FastClock(1, 2_000_000_000, 0))
    stand = dict(triggers.standing(project))
    assert sorted(skill.id for skill in stand) == ["alpha/skill", "beta/skill"]
    assert all(size > 100 for size in stand.values())
    tides = Skill(
        "gamma/skill", "gamma", "Finds high water at Holmvik, plans a crossing of the sill."
    )
    [beaten] = triggers.rivals(project).beaten(tides)
    assert (beaten.id, len(beaten.taken), beaten.held) == ("alpha/skill", 2, 2)
    plan = market.doit("plan", "--verbose").out
    whose = "the skills' own words; nightpress check adds their plugins'"
    assert f"trigger: of 4 sample requests ({whose}) 50% rank their own skill first" in plan
    assert "trigger: 50% of 4 requests in the skills' own words rank" in market.doit("plan").out
    assert "listing: names and descriptions take 83 of 8,000 characters" in plan
