"""What `nightpress check` remembers is what it would find again, whatever moved meanwhile."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nightpress.plan import alone
from nightpress.plan import check as checking
from tests.market import Market, plugin


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "user-state"


def aged() -> None:
    """Files that were just written are not trusted: let them be old enough."""
    time.sleep(0.15)


def warm(market: Market, state: Path, *words: str) -> tuple[int, str]:
    ran = market.run("nightpress", "check", *words, XDG_STATE_HOME=str(state))
    return ran.code, ran.out


def cold(market: Market, state: Path, *words: str) -> tuple[int, str]:
    shutil.rmtree(f"{state}-none", ignore_errors=True)
    return warm(market, Path(f"{state}-none"), *words)


def append(text: str, *names: str) -> Callable[[Market], None]:
    def change(market: Market) -> None:
        path = market.root.joinpath(*names)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if path.exists() else "") + text)

    return change


def without_lines(market: Market) -> None:
    path = market.root / "nightpress.lock"
    path.write_text(path.read_text().splitlines()[0] + "\n")


def gone(market: Market) -> None:
    market.target("alpha").unlink()


def adopted(market: Market) -> None:
    append("\nSee [the missing page](gone.md).\n", "plugins/alpha/skills/alpha/SKILL.md")(market)
    market.done("adopt:alpha")


BETA = "plugins/beta/skills/beta/SKILL.md"
ALPHA = "plugins/alpha/skills/alpha/SKILL.md"
CHANGES: dict[str, Callable[[Market], None]] = {
    "a document": append("\nSee [the missing page](gone.md).\n", ALPHA),
    "a source": append("\nOne more remark.\n", "plugins", "alpha", "README.md"),
    "a file more": append("Something.\n", "plugins", "alpha", "NEW.md"),
    "another plugin's document": append("\nSee [it](gone.md).\n", BETA),
    "a component elsewhere": append("---\ndescription: x\n---\n", "plugins/beta/commands/own.md"),
    "a manifest": append("\n# nothing\n", "manifests", "beta.yaml"),
    "the defaults": append("\nsize: {min: 50000}\n", "manifests", "_defaults.yaml"),
    "the lock": without_lines,
    "a document gone": gone,
    "the ledger": adopted,
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_moves_is_judged_again(market: Market, state: Path, name: str) -> None:
    market.documented()
    append("\nUse `/own` for it.\n", ALPHA)(market)
    aged()
    first = warm(market, state)
    assert warm(market, state) == first
    CHANGES[name](market)
    aged()
    expected = cold(market, state)
    assert warm(market, state) == expected
    assert warm(market, state) == expected


def test_outside_of_a_project(tmp_path: Path, state: Path) -> None:
    market = Market(tmp_path / "bare")
    skill = "---\nname: x\ndescription: Does it.\n---\n\n# X\n\nSee [it](gone.md).\n"
    plugin(market.root, "alpha", skill=skill)
    (market.root / "loose" / "thing").mkdir(parents=True)
    (market.root / "loose" / "thing" / "SKILL.md").write_text(skill)
    aged()
    first = warm(market, state)
    assert warm(market, state) == first == cold(market, state)
    (market.root / "loose" / "thing" / "gone.md").write_text("here")
    (market.root / "plugins" / "alpha" / "commands" / "alpha-settle.md").unlink()
    aged()
    assert warm(market, state) == cold(market, state) != first
    inside = Market(market.root / "plugins")
    assert warm(inside, state, "alpha") == cold(inside, state, "alpha")


def test_the_second_look_judges_nothing(
    market: Market, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    market.documented()
    aged()
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    found = checking.check((), market.root, {}, lambda *_: None)
    monkeypatch.setattr(checking, "_judged", None)
    monkeypatch.setattr(alone, "_alone", None)
    assert checking.check((), market.root, {}, lambda *_: None) == found
    assert [one.path for one in checking.check(("plugins/alpha",), market.root, {}, print)]
    shutil.rmtree(state)
    with pytest.raises(TypeError):
        checking.check((), market.root, {}, lambda *_: None)


def test_a_young_file_and_a_folder_that_cannot_be_written_cost_time_alone(
    market: Market, tmp_path: Path
) -> None:
    market.documented()
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder would be")
    assert warm(market, blocked)[0] == 0
    append("\nSee [the missing page](gone.md).\n", ALPHA)(market)
    for _ in range(2):
        assert warm(market, tmp_path / "fresh")[0] == 1
