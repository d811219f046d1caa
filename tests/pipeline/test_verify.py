"""`verify: model`: sections of a draft that the plugin does not say are said from it, or struck."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightpress.clock import RealClock
from nightpress.model import Material, Reply, Request, Window
from nightpress.pipeline import draft as drafts
from nightpress.pipeline.attempts import Draft
from nightpress.pipeline.run import Run
from nightpress.plan import Gatherer, judge
from nightpress.project import Project
from tests.market import Market, published

MADE_UP = "Every gardener admires some purple elephants of the night and their music. " * 4
TEXT = f"## Elephants\n\n{MADE_UP}\n"


def _answered(market: Market, answer: str) -> tuple[Draft, Draft, list[str]]:
    """(the draft before, after the question, the prompts that were asked)."""
    path = market.root / "manifests" / "alpha.yaml"
    path.write_text(path.read_text() + "    verify: model\n")
    project = Project(market.root, {}, {}, RealClock())
    plugin = Gatherer(project).gather("alpha")
    state = plugin.states["skill"]
    assert state.enhancement.verifies
    text = market.target("alpha").read_text() + f"\n{TEXT}"
    anatomy = judge.anatomy_of(plugin, tuple(sorted(state.counted)))
    material = Material(
        anatomy, {}, "", project.generator("skill"), state.enhancement.target,
        Window(2_000, 14_000), current=text,
    )  # fmt: skip
    question = Request("generation", "alpha/skill", "m", "system", "prompt", 100, material)
    before = Draft(text, "m", (), 90, None, 1, 1, state.counted, state.inputs.fingerprint)
    prompts = []

    def ask(request: Request) -> Reply:
        prompts.append(request.prompt)
        return Reply(answer, "m", tokens_in=5, tokens_out=7)

    return (
        before,
        drafts.verified(Run(project, "test"), plugin, state, question, before, ask),
        prompts,
    )


@pytest.fixture
def market(tmp_path: Path) -> Market:
    return published(tmp_path, "alpha")


NOTES = (
    "A basket of quince is weighed before noon by the keeper of the northern gate, and written down"
    " in the green book. Whoever brings fewer than nine pears pays the toll in copper, twice in"
    " winter. The bell of the granary rings when the river stands above the third mark."
)


def test_what_is_said_anew_from_the_plugin_is_taken(market: Market) -> None:
    (market.root / "plugins/alpha/NOTES.md").write_text(f"# Notes\n\n{NOTES}\n")
    before, after, [prompt] = _answered(market, f"## Elephants\n\n{NOTES}\n")
    assert "- Elephants (lines" in prompt and ": 0% of it rests" in prompt
    assert "purple elephants" in before.text and "purple elephants" not in after.text
    assert after.text.rstrip().endswith(f"## Elephants\n\n{NOTES}")


def test_what_would_be_refused_is_struck(market: Market) -> None:
    readme = (market.root / "plugins/alpha/README.md").read_text()
    said = next(line for line in readme.split("\n") if len(line) > 200)
    _, after, _ = _answered(market, f"## Elephants\n\n{said}\n")  # it stands there before
    assert "Elephants" not in after.text and not any(f.severity == "error" for f in after.findings)


@pytest.mark.parametrize("answer", ["## Elephants\n\nREMOVE\n", TEXT, "I cannot."])
def test_what_nothing_says_is_struck(market: Market, answer: str) -> None:
    before, after, prompts = _answered(market, answer)
    assert len(prompts) == 1
    assert "Elephants" not in after.text
    assert after.text.rstrip() == before.text.replace(TEXT, "").rstrip()
