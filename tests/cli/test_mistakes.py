"""Every mistake of docs/mistakes.md is made, and told as the page says: no traceback, a mend."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import failing_disk
from tests.cli import mistakes
from tests.cli.mistakes import MISTAKES, Mistake
from tests.market import Market

PAGE = Path(__file__).parents[2] / "docs" / "mistakes.md"
ALL = [mistake for chapter in MISTAKES.values() for mistake in chapter]
HELPFUL = ("hint: ", "did you mean", "usage: ", "no draft waits")
"""What a reader who made a mistake is given."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return mistakes.market(tmp_path_factory.mktemp("mistakes"))


@pytest.mark.parametrize("mistake", ALL, ids=lambda m: f"{m.title}: {m.command}")
def test_the_page_says_what_is_told(made: Market, mistake: Mistake) -> None:
    if mistake.disk and failing_disk.library() is None:
        pytest.skip("there is no C compiler here, or no Linux")
    told = mistakes.told(made, mistake)
    assert f"```text\n{told}\n```" in PAGE.read_text(), told
    assert "Traceback" not in told
    assert any(word in told for word in HELPFUL)
    assert "\nnightpress: " not in told  # an error begins in one way, whoever was typed
    if "exit status 3" in told and "usage: " not in told:
        assert re.search(r"^(ERROR: |\S+:\d+:\d+: |\S+: error: )", told, re.M), told
    assert len(told.splitlines()) <= 24


def test_every_mistake_of_the_page_is_made() -> None:
    assert PAGE.read_text().count("```text\n$ ") == len(ALL) >= 40
