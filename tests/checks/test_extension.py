"""An extension loses nothing, changes no behaviour, and is about what the old text is about."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightpress.checks import regression
from nightpress.checks.document import parse
from nightpress.checks.extension import extension
from nightpress.checks.gate import Context
from nightpress.pipeline import opposed
from nightpress.plugin import sources

OLD = """\
---
name: tide-tables
description: Predicts tides for small harbours. Use when a skipper asks for high water.
disable-model-invocation: true
---
# Tide tables

Never guess a depth: ask the pilot of the harbour.

## Steps

1. Fetch the table of the station.
2. Print high water and low water.

```sh
tides print --station Holmvik
```
"""
MORE = """
## When the gauge drifts

The gauge of a station may drift against the table. Compare high water at the harbour with the
print of `tides`, and ask the pilot before a depth is trusted.
"""


def _kinds(added: str, **known: object) -> list[str]:
    found = extension(OLD, OLD + added, **known)  # type: ignore[arg-type]
    assert found.losses == () and found.changes == ()
    return [one.kind for one in found.foreign]


def test_what_is_about_the_subject_may_be_added() -> None:
    found = extension(OLD, OLD + MORE)
    assert found.clean and found.messages == () and found.summary == ""
    licence = extension(OLD, OLD + "\n## License\n\nMIT\n")
    assert licence.summary == "it adds what is not about this: 'License'"
    assert extension(OLD, OLD).clean
    assert extension(OLD, OLD.replace("\n", "\r\n")).clean


@pytest.mark.parametrize(
    ("added", "kind"),
    [
        ("## Release notes\n\n- Tables of the harbour print faster.\n", "release"),
        ("## Changelog\n\n### 1.2.0\n\n- The station is fetched once.\n", "release"),
        ("## [1.2.0] - 2026-01-02\n\n- The station is fetched once.\n", "release"),
        ("## What's new?\n\n- The station is fetched once.\n", "release"),
        ("## What's new in v1.7.0\n\n- The station is fetched once.\n", "release"),
        ("## Changes since the first table\n\n- The station.\n", "release"),
        ("- **v1.2.0** (2026-01-02): prints the station\n", "release"),
        ("## License\n\nMIT\n", "licence"),
        ("## \U0001f4c4 License\n\nMIT\n", "licence"),
        ("MIT License. Copyright (c) the pilots.\n", "licence"),
        ("Licensed under Apache-2.0.\n", "licence"),
        ("## Roadmap\n\n- Print the depth of each harbour.\n", "plan"),
        ("## Future enhancements\n\n- Print the depth.\n", "plan"),
        ("## Contributing\n\nAsk the pilot.\n", "project"),
        ("## Star History\n\nMany.\n", "project"),
        ("[![build](https://img.shields.io/a.svg)](https://example.org)\n", "badge"),
        (
            "## Grading essays\n\nRead every paragraph twice, mark spelling mistakes, then suggest"
            " stronger verbs and shorter sentences.\n",
            "subject",
        ),
        (
            "Read every paragraph twice, mark spelling mistakes, then suggest stronger verbs.\n",
            "subject",
        ),
        (
            "- read every paragraph\n- mark spelling mistakes\n- suggest stronger verbs\n",
            "subject",
        ),
    ],
    ids=lambda value: value[:30].strip() if isinstance(value, str) else "",
)
def test_what_is_not_is_told(added: str, kind: str) -> None:
    assert _kinds(f"\n{added}") == [kind]
    assert _kinds(f"{MORE}\n{added}") == [kind]


def test_a_foreign_section_is_told_once_and_ends_where_the_next_begins() -> None:
    added = "\n## Changelog\n\n### 1.1\n\n- x\n\n### 1.0\n\n- y\n\n## License\n\nMIT\n" + MORE
    assert _kinds(added) == ["release", "licence"]


def test_what_the_description_speaks_of_belongs() -> None:
    old = OLD.replace("Predicts tides", "Writes the changelog and the licence of tides")
    added = "\n## Changelog\n\nPrint the table.\n\n## Licence\n\nPrint the table.\n"
    assert extension(old, old + added).foreign == ()
    assert [one.kind for one in extension(OLD, OLD + added).foreign] == ["release", "licence"]


def test_steps_plans_and_versions_of_the_work_itself_belong() -> None:
    added = "\n## Plan\n\nFetch the table, print the station, ask the pilot of the harbour.\n"
    assert _kinds(added) == []
    assert (
        _kinds("\n## Release the table\n\nPrint the table, ask the pilot of the harbour.\n") == []
    )


def test_what_another_skill_says_belongs_there() -> None:
    added = (
        "\n## Fog signals\n\nSound the horn, count seconds between blasts, wait for an answer at"
        " the harbour, then print bearing and distance.\n"
    )
    assert _kinds(added) == []
    assert _kinds(added, siblings=["# Fog\n" + added]) == ["sibling"]
    assert _kinds(MORE, siblings=[OLD + MORE]) == []


def test_more_that_tells_what_the_text_is_about_counts() -> None:
    added = "\nRead every paragraph twice, mark spelling mistakes, then suggest stronger verbs.\n"
    assert _kinds(added, about="Marks spelling mistakes in every paragraph.") == []


def test_losses_and_behaviour_are_told_word_for_word() -> None:
    new = OLD.replace("disable-model-invocation: true\n", "").replace("of the station", "")
    found = extension(OLD, new)
    assert not found.clean
    assert [one.key for one in found.changes] == ["disable-model-invocation"]
    assert [one.kind for one in found.losses] == ["frontmatter", "item"]
    assert len(found.messages) == 3
    assert found.summary == (
        "it would lose 1 frontmatter value, 1 list item; it would change disable-model-invocation"
    )
    plain = extension("It sails at dawn.\n", "It sails.\n")
    assert [one.kind for one in plain.losses] == ["sentence"]
    assert extension(OLD, OLD.replace("name: tide", "allowed-tools: Bash\nname: tide")).changes


def test_what_a_linked_file_says_is_not_lost() -> None:
    moved = OLD[OLD.index("## Steps") :]
    new = OLD.replace(moved, "See [the steps](references/steps.md).\n")
    assert extension(OLD, new).losses
    assert extension(OLD, new, {"references/steps.md": moved}).clean


def test_only_a_reference_of_the_bundle_keeps_what_leaves_a_document(tmp_path: Path) -> None:
    """A file that was there before said it already: it is lost where it stood."""
    moved = OLD[OLD.index("## Steps") :]
    new = OLD.replace(moved, "See [the steps](references/steps.md).\n")
    steps = tmp_path / "skills" / "tide" / "references" / "steps.md"
    steps.parent.mkdir(parents=True)
    steps.write_text(moved)
    path, target = "skills/tide/references/steps.md", "skills/tide/SKILL.md"
    bundles: list[tuple[dict[str, str], bool]] = [({}, False), ({path: moved}, True)]
    for bundle, kept in bundles:
        found = opposed._between(target, bundle, "", (), OLD, new)
        assert found.clean is kept, found.messages
        context = Context(
            target=target,
            standing=OLD,
            bundle=bundle,
            anatomy=sources.anatomy_of(tmp_path, sources.read(tmp_path, [path])),
        )
        assert (regression.losses_of(parse(new), context) == ()) is kept


WORDS = st.lists(
    st.sampled_from("harbour station table water pilot gauge depth print high tides".split()),
    min_size=3,
    max_size=12,
).map(" ".join)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, max_size=4), st.integers(0, 3))
def test_words_of_the_old_text_are_never_foreign(paragraphs: list[str], at: int) -> None:
    blocks = OLD.split("\n\n")
    head, tail = "\n\n".join(blocks[: at + 1]), "\n\n".join(blocks[at + 1 :])
    new = "\n\n".join([head, *(f"The {words}." for words in paragraphs), tail])
    assert extension(OLD, new).clean


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab# -|`\n*<>[]()!0.1", max_size=120), st.text(max_size=80))
def test_any_text_is_answered_and_itself_loses_nothing(old: str, new: str) -> None:
    assert extension(old, old).clean
    extension(old, new)
    extension(new, old, {"x.md": new}, about=old, siblings=[old, new])


def test_it_takes_linear_time() -> None:
    old, new = OLD * 40, OLD * 40 + MORE * 400
    start = time.process_time()
    extension(old, new, siblings=[old] * 10)
    for mark in ("![", "[", "1", "1.", "# ", "`", "what's new in "):
        extension(old, f"{old}\n# {mark * 50_000}\n\n{mark * 50_000}\n")
    assert time.process_time() - start < 20  # 2 s; squares would be minutes


def test_only_what_is_lost_beyond_what_was_counts() -> None:
    old = "# T\n\nNever dive.\n\nAlways ask.\n\nAlways ask.\n\n- one\n"
    before = extension(old, "# T\n\nAlways ask.\n\nAlways ask.\n\n- one\n")
    now = extension(old, "# T\n\nAlways ask.\n\n- one\n")
    assert [loss.quote for loss in now.beyond(before).losses] == ["Always ask."]
    assert before.beyond(before).clean and not now.clean


@pytest.mark.parametrize(
    "heading",
    [
        "1.2.1 Audio-only (Level A)",
        "1.4.10 \u2013 Reflow",
        "2.4.11 Focus (AA) - WCAG 2.2",
        "3.1 Setup",
    ],
)
def test_the_number_of_a_criterion_is_no_version(heading: str) -> None:
    old = "# Audit\n\nAudits the focus and audio of pages against the levels of the standard.\n"
    new = f"{old}\n## {heading}\n\nAudits the focus and the audio of a page against this level.\n"
    assert extension(old, new).clean


@pytest.mark.parametrize(
    "heading", ["1.2.1", "[1.2.1] - 2026-01-31", "v1.2: Audio", "2.0 (2026-01)"]
)
def test_a_version_is_one(heading: str) -> None:
    old = "# Audit\n\nAudits the focus and audio of pages.\n"
    (found,) = extension(old, f"{old}\n## {heading}\n\nAudits the focus of pages.\n").foreign
    assert found.kind == "release"
