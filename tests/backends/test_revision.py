"""A repair's sections, put into the draft; what it does not name stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightpress.backends.revision import revised, sections

DRAFT = """# Tides

Intro.

## /moor

### Arguments

Moor's.

## /cast-off

### Arguments

Cast-off's.

```bash
# no heading
/cast-off
```
"""


@pytest.mark.parametrize(
    ("reply", "before", "after"),
    [
        ("# Tides\n\nNew.\n", "Intro.", "New."),
        ("## `/moor`\n\nSays it.\n", "## /moor\n", "## `/moor`\n\nSays it.\n"),
        ("## /cast-off\n\n### Arguments\n\nNone.\n",
         DRAFT[DRAFT.index("Cast-off's.") :], "None.\n"),
        ("## /moor\n\n### Arguments\n\nNone.\n", "Moor's.", "None."),
        ("Here it is:\n\n### Arguments ###\n\nNone.\n",
         "### Arguments\n\nMoor's.", "### Arguments ###\n\nNone."),
        ("## /moor\n\n## New\n\nAdded.\n", "## /moor\n", "## /moor\n\n## New\n\nAdded.\n"),
        ("## /moor\n\nREMOVE\n", "## /moor\n\n", ""),
    ],
)  # fmt: skip
def test_a_section_takes_the_place_of_its_own(reply: str, before: str, after: str) -> None:
    assert before in DRAFT
    assert revised(DRAFT, reply) == DRAFT.replace(before, after, 1)


def test_a_title_and_a_section_of_its_words_are_two() -> None:
    draft = "# Tides\n\nTop.\n\n## Tides\n\nOld.\n"
    assert revised(draft, "## Tides\n\nNew.\n") == draft.replace("Old.", "New.")


@pytest.mark.parametrize("reply", ["", "No heading.", "## Foreign\n\nText.\n", "```\n# x\n```\n"])
def test_a_reply_without_a_section_of_the_draft_changes_nothing(reply: str) -> None:
    assert revised(DRAFT, reply) is None


@pytest.mark.parametrize(
    "reply",
    [
        "# Tides\n\nAll.\n\n## /moor\n\n## /cast-off\n\nNew.\n",
        "# Another\n\n## Altogether\n\n" + "Words of it. " * 20,
    ],
)
def test_a_whole_document_is_taken_for_one(reply: str) -> None:
    assert revised(DRAFT, reply) == reply


WORDS = st.text("abc #`\n-", max_size=30)
BODIES = st.lists(
    st.tuples(st.integers(2, 4), st.sampled_from("abcdef"), WORDS), min_size=4, max_size=9
)


@given(BODIES, st.data())
def test_what_is_not_named_stays(body: list[tuple[int, str, str]], data: st.DataObject) -> None:
    """The property: the text of every section that the reply does not hold is there afterwards."""
    draft = "# T\n\nTop.\n\n" + "\n\n".join(f"{'#' * n} {t}\n\n{x}" for n, t, x in body)
    chosen = data.draw(st.sampled_from([s for s in sections(draft) if s.level > 1]))
    result = revised(draft, f"{'#' * chosen.level} {chosen.title}\n\nZZ\n")
    assert result is not None and "ZZ" in result
    same = [s for s in sections(draft) if (s.key, s.level) == (chosen.key, chosen.level)]
    kept = ["\n".join(s.lines).strip("\n") for s in sections(draft)]
    kept.remove("\n".join(same[0].lines).strip("\n"))
    assert all(text in result for text in kept)


def test_of_a_document_in_part_only_what_was_asked_for_becomes_another() -> None:
    """And what is new may come, whole documents too: the rest of them is passed over."""
    whole = DRAFT.replace("Intro.", "Another.").replace("Moor's.", "Its.") + "\n## /sail\n\nNew.\n"
    found = revised(DRAFT, whole, ["/moor", "Arguments"])
    assert found is not None
    assert "Intro." in found and "Another." not in found
    assert "Its." in found and "Moor's." not in found
    assert found.endswith("## /sail\n\nNew.\n")
    assert revised(DRAFT, "# Tides\n\nAnother.\n", ["/moor"]) is None, "nothing that was asked for"
