"""Slugs of tasks and names of skill folders."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightpress.plugin import names as slugs

SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
SKILL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("overnight-dev", "overnight-dev"),
        ("A = B: c*?[d]/e", "a-b-c-d-e"),
        ("-leading", "leading"),
        ("..hidden", "hidden"),
        ("two  words\nand a line", "two-words-and-a-line"),
        ("Ünïcode Größe", "unicode-groe"),
        ("v1.2_final", "v1.2_final"),
        ("日本語", ""),
        ("---", ""),
        ("x" * 80, "x" * 64),
        ("x" * 63 + "-y", "x" * 63),
    ],
)
def test_slug(name: str, slug: str) -> None:
    assert slugs.slug(name) == slug


@given(st.text(max_size=100))
def test_a_slug_is_a_task_name_or_nothing(name: str) -> None:
    found = slugs.slug(name)
    assert found == "" or SLUG.fullmatch(found)
    assert slugs.slug(found) == found


@pytest.mark.parametrize(
    ("name", "skill"),
    [
        ("My Skill_2", "my-skill-2"),
        ("claude-helper", "helper"),
        ("clanthropicaude", "skill"),
        ("日本", "skill"),
        ("a--b", "a-b"),
        ("-a-", "a"),
    ],
)
def test_skill_name(name: str, skill: str) -> None:
    assert slugs.skill_name(name) == skill


@given(st.text(max_size=100) | st.sampled_from(["claclaudeude", "anthroanthropicpic"]))
def test_a_skill_name_keeps_the_specification(name: str) -> None:
    found = slugs.skill_name(name)
    assert SKILL.fullmatch(found)
    assert len(found) <= 64
    assert "claude" not in found
    assert "anthropic" not in found
    assert slugs.skill_name(found) == found


def test_unique_takes_name_then_folder_then_parent_then_a_number() -> None:
    names = ["Tool", "folder", "group-folder"]
    taken: set[str] = set()
    found = []
    for _ in range(5):
        found.append(slugs.unique(names, taken))
        taken.add(found[-1])
    assert found == ["tool", "folder", "group-folder", "tool-2", "tool-3"]


def test_unique_of_names_of_which_nothing_is_left() -> None:
    assert slugs.unique(["日本", "", "-"], ()) == "plugin"
    assert slugs.unique(["日本"], {"plugin"}) == "plugin-2"


@given(st.lists(st.text(max_size=90), min_size=1, max_size=3), st.integers(0, 30))
def test_unique_never_repeats_and_stays_a_slug(names: list[str], times: int) -> None:
    taken: set[str] = set()
    for _ in range(times):
        found = slugs.unique(names, taken)
        assert found not in taken
        assert SLUG.fullmatch(found)
        taken.add(found)


def test_numbered_stays_within_the_length() -> None:
    long = "x" * 80
    assert slugs.numbered(long, ()) == "x" * 64
    assert slugs.numbered(long, {"x" * 64}) == "x" * 62 + "-2"
    assert slugs.numbered(long, {"x" * 64, "x" * 62 + "-2"}) == "x" * 62 + "-3"
