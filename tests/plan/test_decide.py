"""The documents of one plugin, decided together: which is content of which, and what is lost."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.model import Enhancement, Generator, Manifest, Window
from nightpress.plan.decide import decide
from nightpress.plan.staleness import Inputs
from nightpress.plan.standing import LastRow, Publication, Standing
from nightpress.plan.state import PluginState, Target
from nightpress.project.writer import Writer

WRITER = Writer("offline", "", "asked for")
SKILL = Generator("skill", "/g/skill", "Skill", "SKILL.md", "digest", "prompt", "system")
SOURCE = {"README.md": (10, "1"), "commands/a.md": (10, "2")}


def plugin(*targets: Target, files: Mapping[str, tuple[int, str]] = SOURCE) -> PluginState:
    enhancements = tuple(target.enhancement for target in targets)
    return PluginState(
        "alpha", "alpha", Manifest("alpha", "alpha", "plugins/alpha", "alpha.yaml", enhancements),
        files={".claude-plugin/plugin.json": (2, "0"), **files},
        targets={target.enhancement.name: target for target in targets},
    )  # fmt: skip


def target(
    name: str, sha256: str | None = None, size: int = 500, policy: str = "replace"
) -> Target:
    enhancement = Enhancement(
        name, "skill", f"skills/{name}/SKILL.md", Window(100, 1_000), {"standing": policy}
    )
    return Target(
        enhancement, f"plugins/alpha/{enhancement.target}", WRITER, SKILL, SKILL, "{}", (),
        Standing(sha256, size if sha256 else 0),
    )  # fmt: skip


def standing(*targets: Target) -> dict[str, tuple[int, str]]:
    """The plugin's files, with those at the targets."""
    files = {t.enhancement.target: (t.standing.size, str(t.standing.sha256)) for t in targets}
    return {**SOURCE, **files}


def unjudged(_plugin: PluginState, _e: Enhancement, _w: Writer, inputs: Inputs) -> Inputs:
    return inputs


def published(of: Target, counted: Mapping[str, str]) -> Target:
    """The target as our publication, made from `counted`."""
    ingredients = fingerprint.of(counted, of.enhancement, SKILL, SKILL, "{}", str(WRITER), {})
    sha256 = str(of.standing.sha256)
    return replace(
        of, publication=Publication("published", sha256, ingredients, str(WRITER), dict(counted))
    )


CONTENT = {".claude-plugin/plugin.json": "0", "README.md": "1", "commands/a.md": "2"}


def test_a_document_is_no_content_of_itself() -> None:
    one = target("one", "x", 5)
    [state] = decide(plugin(one, files=standing(one)), unjudged).values()
    assert state.decision.action == "make"
    assert state.counted == CONTENT


def test_a_publication_of_ours_is_no_content_of_its_siblings() -> None:
    one, two = published(target("one", "x"), CONTENT), target("two")
    states = decide(plugin(one, two, files=standing(one)), unjudged)
    assert states["one"].decision.action == "fresh"
    assert states["two"].counted == CONTENT


def test_a_persons_good_file_is_content_of_its_siblings() -> None:
    one, two = target("one", "theirs"), target("two")
    states = decide(plugin(one, two, files=standing(one)), unjudged)
    assert states["one"].decision.action == "adopt"
    assert states["two"].counted == {**CONTENT, "skills/one/SKILL.md": "theirs"}


def test_a_file_that_is_replaced_is_no_content_of_its_siblings() -> None:
    one, two = target("one", "theirs", 5), target("two")
    states = decide(plugin(one, two, files=standing(one)), unjudged)
    assert states["one"].decision.action == "make"
    assert states["two"].counted == CONTENT


@pytest.mark.parametrize("policy", ["keep", "review", "extend"])
def test_a_file_that_stays_until_somebody_says_more_is_content_of_its_siblings(policy: str) -> None:
    one, two = target("one", "theirs", 5, policy), target("two")
    states = decide(plugin(one, two, files=standing(one)), unjudged)
    assert states["one"].decision.action == ("keep" if policy == "keep" else "make")
    assert states["two"].counted == {**CONTENT, "skills/one/SKILL.md": "theirs"}


def test_what_stands_again_is_parked_and_content_of_its_siblings() -> None:
    one, two = target("one", "theirs", 5), target("two")
    ours = published(replace(one, standing=Standing("ours", 500)), CONTENT).publication
    undone = replace(one, undone=ours)
    states = decide(plugin(undone, two, files=standing(one)), unjudged)
    assert states["one"].decision.action == "parked"
    assert states["two"].counted == {**CONTENT, "skills/one/SKILL.md": "theirs"}


def test_what_somebody_edited_is_content_of_its_siblings() -> None:
    one, two = published(target("one", "x"), CONTENT), target("two")
    edited = replace(one, standing=Standing("theirs", 500))
    states = decide(plugin(edited, two, files=standing(edited)), unjudged)
    assert states["one"].decision.action == "keep"
    assert states["two"].counted == {**CONTENT, "skills/one/SKILL.md": "theirs"}


def test_a_file_that_is_kept_for_want_of_a_source_goes_with_a_sibling_that_needed_it() -> None:
    """`short` is too small, but there is too little to make it from: it stays, and counts; by then
    `other`, which had been made from less, is decided again."""
    short, other = target("short", "theirs", 5), target("other")

    def complete(_p: PluginState, e: Enhancement, _w: Writer, inputs: Inputs) -> Inputs:
        return replace(inputs, shortage="too little source") if e.name == "short" else inputs

    states = decide(plugin(short, other, files=standing(short)), complete)
    assert states["short"].decision.action == "insufficient"
    assert states["other"].counted == {**CONTENT, "skills/short/SKILL.md": "theirs"}
    assert {state.inputs.publications for state in states.values()} == {frozenset()}


@pytest.mark.parametrize("changed", [False, True])
def test_what_a_restore_did_not_bring_counts_until_there_is_work(changed: bool) -> None:
    lost = {"secret.env": "9"}
    one = replace(published(target("one", "x"), {**CONTENT, **lost}), lost=lost)
    files = {**standing(one), **({"NEW.md": (1, "new")} if changed else {})}
    [state] = decide(plugin(one, files=files), unjudged).values()
    assert state.work is changed
    assert ("secret.env" in state.counted) is not changed


def test_what_the_ledger_says_already_is_no_work_again() -> None:
    one = published(target("one", "x"), CONTENT)
    edited = replace(one, standing=Standing("theirs", 500))
    first = decide(plugin(edited, files=standing(edited)), unjudged)["one"]
    assert (first.decision.action, first.work) == ("keep", True)
    recorded = replace(edited, last=LastRow("kept", first.inputs.fingerprint, "theirs"))
    again = decide(plugin(recorded, files=standing(recorded)), unjudged)["one"]
    assert (again.decision.action, again.work) == ("keep", False)
