"""A skill among several, written by a model: what it is shown is what its document depends on."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightpress.clock import RealClock
from nightpress.pipeline import analysis, draft
from nightpress.plan import Gatherer
from nightpress.project.project import Project
from tests.market import Market
from tests.pipeline.test_gemini import serving
from tests.plan.test_cutoff import ELSEWHERE, FACTS, Change, adds, factual, plugin, skills, writes

NAMES = ("one", "two", "three")


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Market:
    root = tmp_path_factory.mktemp("origin")
    folder = plugin(root, "alpha", size=24_000)
    factual(folder)
    writes("docs/ledger.md", "# Ledger\n\nHow it is kept.\n")(folder)
    skills(folder, **dict.fromkeys(NAMES, ""))
    market = Market(root)
    assert market.run("nightpress", "init").code == 0
    return market.replaces()


def prompts(market: Market) -> dict[str, tuple[str, str, str]]:
    """name -> (system, prompt, prompt of the analysis) of each skill's document."""
    environ = {"GEMINI_API_KEY": "test-key"}
    project = Project(market.root, {"backend": "gemini"}, environ, RealClock())
    try:
        plugin = Gatherer(project).gather("alpha")
        found = {}
        for name, state in plugin.states.items():
            assert state.decision.action == "make", state.decision
            own = state.inputs.fingerprint.telling.startswith("own:")
            assert own
            asked = analysis.question_of(project, plugin, own=own)
            request = draft.request(project, plugin, state, {"summary": "x"})
            found[name] = (request.system, request.prompt, asked.prompt)
        return found
    finally:
        project.index.close()


def copied(market: Market, root: Path) -> tuple[Market, Path]:
    import shutil

    shutil.copytree(market.root, root / "copy")
    return Market(root / "copy"), root / "copy" / "plugins" / "alpha"


@pytest.mark.parametrize("change", ELSEWHERE.values(), ids=ELSEWHERE)
def test_prose_of_the_plugin_is_shown_to_no_writer_of_a_skill(
    origin: Market, tmp_path: Path, change: Change
) -> None:
    market, folder = copied(origin, tmp_path)
    change(folder)
    assert prompts(market) == prompts(origin)


@pytest.mark.parametrize(("path", "before", "after"), FACTS.values(), ids=FACTS)
def test_its_facts_are_shown_to_all_of_them(
    origin: Market, tmp_path: Path, path: str, before: str, after: str
) -> None:
    market, folder = copied(origin, tmp_path)
    text = (folder / path).read_text()
    (folder / path).write_text(text.replace(before, after))
    was, now = prompts(origin), prompts(market)
    assert all(was[name][1] != now[name][1] for name in was)


def test_what_is_stale_is_paid_for_and_nothing_else(origin: Market, tmp_path: Path) -> None:
    market, folder = copied(origin, tmp_path)
    with serving(market) as (server, doit):

        def calls() -> int:
            return len(server.seen()["list"])

        assert "3 published" in doit("pace=unpaced").out
        assert calls() == 4  # one analysis for all of them
        adds("README.md", "\nOne more line.\n")(folder)
        adds("docs/ledger.md", "\nOne more line.\n")(folder)
        assert "nothing to do" in doit("pace=unpaced").out
        assert calls() == 4
        adds("skills/two/guide.md", "\nOne more line.\n")(folder)
        assert "1 published" in doit("pace=unpaced").out
        assert calls() == 5  # the analysis is not of it
