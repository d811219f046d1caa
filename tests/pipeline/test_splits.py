"""The split of a long skill of a person's: proposed where drafts are wanted, applied whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.market import Market, plugin
from tests.plan.test_split import LONG_ONE

SKILL = LONG_ONE.replace("name: tides", "name: alpha")


def _market(root: Path, policy: str) -> Market:
    plugin(root, "alpha", skill=SKILL)
    market = Market(root)
    assert market.run("nightpress", "init").code == 0
    path = root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("standing: keep", f"standing: {policy}"))
    return market


def _references(market: Market) -> list[str]:
    return sorted(path.name for path in market.target("alpha").parent.glob("references/*"))


@pytest.mark.parametrize(("policy", "told"), [("keep", 0), ("review", 1), ("extend", 1)])
def test_it_is_proposed_once_where_drafts_are_wanted(
    tmp_path: Path, policy: str, told: int
) -> None:
    market = _market(tmp_path, policy)
    out = market.done().out
    assert out.count("2 references waits for you: doit review") == told
    assert market.target("alpha").read_text() == SKILL and _references(market) == []
    state = "waiting" if told else "up to date"
    assert f"nothing to do: 1 {state}" in market.done().out
    assert f"{told or 'no'} draft" in market.doit("review").out
    for surface in ("plan", "info alpha/skill", "status"):
        shown = market.run("nightpress", *surface.split()).out
        assert ("waiting" in shown) == bool(told), surface
    why = market.run("nightpress", "why", str(market.target("alpha").relative_to(tmp_path))).out
    assert ("waiting: its split waits for you: nightpress review" in why) == bool(told)


def test_review_shows_it_and_apply_puts_it_in_place_whole(tmp_path: Path) -> None:
    market = _market(tmp_path, "review")
    market.done()
    shown = market.doit("review").out
    assert "published with it: skills/alpha/references/harbours.md" in shown
    assert "loses no word of the current file" in shown
    assert market.doit("apply:alpha/skill").code == 0
    assert _references(market) == ["gauges.md", "harbours.md"]
    texts = [path.read_text() for path in market.target("alpha").parent.rglob("*.md")]
    assert all(line in "\n".join(texts).split("\n") for line in SKILL.split("\n"))
    assert "nothing to do: 1 up to date" in market.done().out
    (tmp_path / "plugins/alpha/README.md").write_text("# Alpha\n\nAnother one.\n")
    market.done()
    assert _references(market) == ["gauges.md", "harbours.md"]
    assert market.rows("SELECT status FROM enhancements ORDER BY id") == [
        ("adopted",), ("published",), ("published",), ("published",), ("adopted",),
    ]  # fmt: skip


def test_it_is_not_applied_to_a_file_that_changed(tmp_path: Path) -> None:
    market = _market(tmp_path, "review")
    market.done()
    market.target("alpha").write_text(SKILL + "\nBy hand.\n")
    done = market.doit("apply:alpha/skill")
    assert done.code == 1 and "the file changed since its split was proposed" in done.out + done.err
    assert _references(market) == []
    assert "2 references waits for you" in market.done().out


def test_what_was_turned_down_is_not_proposed_again(tmp_path: Path) -> None:
    market = _market(tmp_path, "review")
    market.done()
    market.doit("reject:alpha/skill", "--because", "one file is fine")
    assert "nothing to do: 1 up to date" in market.done().out
    assert "no drafts wait" in market.doit("review").out
    assert market.target("alpha").read_text() == SKILL
