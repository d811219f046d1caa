"""A frontmatter that does something else is told so, and one that permits more above all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightpress.checks.behaviour import BEHAVIOUR, KNOWN, changes, covers, rules
from nightpress.plugin import frontmatter

KEYS = (
    "disable-model-invocation user-invocable allowed-tools disallowed-tools context agent model"
    " effort paths hooks arguments argument-hint when_to_use shell background"
).split()


def _kinds(old: str, new: str) -> list[tuple[str, str]]:
    return [(c.kind, c.key) for c in changes(frontmatter.parse(old), frontmatter.parse(new))]


def test_the_known_keys_hold_every_behaviour_key_and_the_specification() -> None:
    assert set(KEYS) <= KNOWN["skill"] & BEHAVIOUR
    assert {"name", "description", "license", "compatibility", "metadata"} <= KNOWN["skill"]
    assert {"tools", "disallowedTools", "permissionMode"} <= KNOWN["agent"]
    assert KNOWN["command"] == KNOWN["skill"]


@pytest.mark.parametrize("key", sorted(set(KEYS) - {"paths", "disallowed-tools"}))
def test_a_behaviour_key_that_is_gone_is_lost(key: str) -> None:
    assert _kinds(f"name: a\n{key}: fork\n", "name: a\n") == [("lost", key)]


@pytest.mark.parametrize("key", ["context", "agent", "model", "effort", "shell", "argument-hint"])
def test_a_value_that_differs_is_changed_and_a_new_key_is_added(key: str) -> None:
    assert _kinds(f"{key}: one\n", f"{key}: other\n") == [("changed", key)]
    assert _kinds("name: a\n", f"{key}: one\n") == [("added", key)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("disable-model-invocation: true", ""),
        ("disable-model-invocation: true", "disable-model-invocation: false"),
        ("disable-model-invocation: true", 'disable-model-invocation: "True"'),
        ("disable-model-invocation: yes", ""),
        ("user-invocable: false", ""),
        ("user-invocable: false", "user-invocable: true"),
        ("allowed-tools: Read", "allowed-tools: Read, Write"),
        ("allowed-tools: Read", "allowed-tools: [Read, Write]"),
        ("allowed-tools: Bash(git:*)", "allowed-tools: Bash"),
        ("allowed-tools: Bash(git add:*)", "allowed-tools: Bash(git:*)"),
        ("allowed-tools: Edit(src/*)", "allowed-tools: Edit(src/**)"),
        ("allowed-tools: mcp__a__b", "allowed-tools: mcp__a"),
        ("name: a", "allowed-tools: Read"),
        ("disallowed-tools: Bash, Write", "disallowed-tools: Write"),
        ("disallowed-tools: Bash", "disallowed-tools: Bash(rm:*)"),
        ("disallowed-tools: Bash", ""),
        ("paths: src/**", ""),
        ("paths: src/**", "paths: src/**, docs/**"),
        ("tools: Read", ""),
        ("tools: []", ""),
        ("disallowedTools: Write", ""),
        ("permissionMode: plan", ""),
        ("permissionMode: plan", "permissionMode: bypassPermissions"),
        ("name: a", "hooks:\n  Stop:\n    - command: x"),
        ("hooks:\n  Stop:\n    - command: x", "hooks:\n  Stop:\n    - command: y"),
    ],
)
def test_what_permits_more_is_widened(old: str, new: str) -> None:
    found = _kinds(f"{old}\n", f"{new}\n")
    assert ("widened", (old if old != "name: a" else new).partition(":")[0]) in found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("allowed-tools: Read, Bash(git:*)", "allowed-tools:\n  - Read\n  - Bash(git:*)"),
        ("allowed-tools: Read Grep", 'allowed-tools: "Grep, Read"'),
        ("disallowed-tools: Bash(rm:*)", "disallowed-tools: Bash(rm *)"),
        ("argument-hint: '[a]  [b]'", "argument-hint: '[a] [b]'"),
        ("model: opus # best", "model: 'opus'"),
        ("name: a\nversion: 1", "name: b"),
        ("allowed-tools: []", ""),
    ],
)
def test_another_spelling_changes_nothing(old: str, new: str) -> None:
    assert _kinds(f"{old}\n", f"{new}\n") == []


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ("user-invocable: true", "user-invocable: false", ["changed"]),
        ("name: a", "disable-model-invocation: true", ["added"]),
        ("allowed-tools: Bash", "allowed-tools: Bash(git:*)", ["lost"]),
        ("allowed-tools: Read", "allowed-tools: Write", ["widened", "lost"]),
        ("name: a", "disallowed-tools: Bash", ["added"]),
        ("disallowed-tools: Bash(rm:*)", "disallowed-tools: Bash", ["added"]),
        ("name: a", "tools: Read", ["added"]),
        ("permissionMode: acceptEdits", "permissionMode: plan", ["changed"]),
    ],
)
def test_what_permits_less_is_told_but_does_not_widen(old: str, new: str, kinds: list[str]) -> None:
    assert [kind for kind, _ in _kinds(f"{old}\n", f"{new}\n")] == kinds


@pytest.mark.parametrize(
    ("broad", "narrow", "expected"),
    [
        ("Bash", "Bash(git:*)", True),
        ("Bash(*)", "Bash", True),
        ("Bash(git:*)", "Bash(git add:*)", True),
        ("Bash(git:*)", "Bash(git)", True),
        ("Bash(git:*)", "Bash(gitx:*)", False),
        ("Bash(git:*)", "Bash", False),
        ("Bash(git * main)", "Bash(git push origin main)", True),
        ("Bash(git push *)", "Bash(git * main)", False),
        ("Edit(src/**)", "Edit(src/a/*.py)", True),
        ("Edit(src/*.py)", "Edit(src/a/b.py)", False),
        ("Edit", "Write", False),
        ("mcp__a__*", "mcp__a__b", True),
        ("mcp__a", "mcp__ab__c", False),
        ("*", "Bash", True),
    ],
)
def test_covers(broad: str, narrow: str, expected: bool) -> None:
    assert covers(broad, narrow) is expected


def test_rules_are_parted_outside_parentheses_only() -> None:
    expected = ["Read", "Bash(git add:*, x)", "Bash(a (b) c)", "mcp__a__b"]
    assert rules("Read, Bash(git add:*, x) Bash(a (b) c),mcp__a__b") == expected
    assert rules(expected) == expected
    assert rules(None) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "disable-model-invocation: true",
            "name: a",
            "the model may start it unasked (disable-model-invocation: true -> nothing)",
        ),
        (
            "allowed-tools: Bash(git:*)",
            "allowed-tools: Bash",
            "allowed-tools permits more: Bash(git:*) -> Bash",
        ),
        ("context: fork", "name: a", "context is lost: fork"),
        ("model: opus", "model: haiku", "model changes: opus -> haiku"),
        ("name: a", "effort: low", "effort is new: low"),
    ],
)
def test_messages_are_plain(old: str, new: str, message: str) -> None:
    found = changes(frontmatter.parse(f"{old}\n"), frontmatter.parse(f"{new}\n"))
    assert [change.message for change in found] == [message]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="Bash(git:*), */x[]", max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=5,
)
FIELDS = st.dictionaries(st.sampled_from(sorted(BEHAVIOUR)), VALUES, max_size=4)


@settings(deadline=None)
@given(FIELDS, FIELDS)
def test_whatever_the_values_are_there_is_an_answer(
    old: dict[str, object], new: dict[str, object]
) -> None:
    assert changes(old, old) == ()
    assert all(change.message for change in changes(old, new))


RULES = st.lists(
    st.sampled_from("Read Bash Bash(git:*) Bash(git_add:*) Edit(a/*) Edit(a/**) mcp__x".split()),
    min_size=1,
    unique=True,
)


@settings(deadline=None)
@given(RULES, RULES)
def test_more_is_permitted_exactly_if_some_rule_is_covered_by_none_before(
    old: list[str], new: list[str]
) -> None:
    more = any(not any(covers(was, rule) for was in old) for rule in new)
    found = changes({"allowed-tools": old}, {"allowed-tools": " ".join(new)})
    assert ("widened" in [change.kind for change in found]) is more
