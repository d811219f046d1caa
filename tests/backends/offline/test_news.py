"""What is said twice goes whole, and what is told of several things is told of all of them."""

from __future__ import annotations

import pytest

from nightpress.backends.offline.beside import BESIDE, SUMMARY
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.fit import Bounds, fit
from nightpress.backends.offline.news import Known, adding
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.wording import stems

SAID = "Berths by draught. Tides by the hour. Pilots on watch. Tugs at the mole. Ropes."
HEARD = ("Berths by draught", "Tides by the hour", "Pilots on watch", "Tugs at the mole")


def listed(*items: str) -> Block:
    return Block("list", "\n".join(f"- {one}" for one in items))


def said(*blocks: Block, news: float = BESIDE, goes_on: bool = False) -> list[Block]:
    known = Known(set(stems(SAID)))
    return adding(Part(("Kinds",), (0,), 0, blocks, news=news), known, goes_on=goes_on)


NEW = ("Lanterns of red glass", "Gangways without rails")


@pytest.mark.parametrize(
    ("items", "stays"),
    [
        (HEARD, False),
        ((*HEARD, *NEW), False),
        ((*HEARD[:2], *NEW), True),
        ((*HEARD[:2], NEW[0]), True),  # a short one, for what tells something of its own
        ((*HEARD[:3], NEW[0]), False),
        (NEW, True),
    ],
)
def test_a_list_stays_whole_or_goes_whole(items: tuple[str, ...], stays: bool) -> None:
    block = listed(*items)
    assert said(block) == ([block] if stays else [])
    lead = Block("text", "There are the following kinds:")
    assert said(lead, block) == ([lead, block] if stays else [])


def test_a_list_that_goes_on_with_one_of_the_document_says_what_is_new() -> None:
    [block] = said(listed(*HEARD, "Never moor with `--force`", *NEW), goes_on=True)
    assert block.text == "- Never moor with `--force`\n- " + "\n- ".join(NEW)


def test_a_table_is_whole_for_one_row() -> None:
    table = Block("table", "| Kind | Of |\n|---|---|\n| Tugs | Ropes |\n| Ketch | `sail` |")
    assert said(table) == [table]


def pairs(one: Block, two: Block) -> list[Block]:
    return [Block("text", "**Harbour:**"), one, Block("text", "**Roads:**"), two]


def test_what_is_told_of_one_thing_after_the_other_is_told_of_all_or_of_none() -> None:
    new = listed("Lanterns of red glass", "Gangways without rails", "Galley on the orlop deck")
    both = pairs(listed(*HEARD[:2]), new)
    assert said(*both) == both
    assert said(*pairs(listed(*HEARD[:2]), listed(*HEARD[2:]))) == []


def test_entries_side_by_side_may_have_the_same_block() -> None:
    takes = Block("code", "```text\n{ harbour: string }\n```")
    gives = [Block("code", f"```text\n{{ {one}: number }}\n```") for one in ("depth", "dues")]
    parts = [
        Part((head,), (n,), 0, pairs(takes, two), news=SUMMARY * n)
        for n, (head, two) in enumerate(zip(("`depth_of`", "`dues_of`"), gives, strict=True))
    ]
    found = fit(parts, Bounds(4_000, 200), frozenset(), "# Harbour")
    assert [list(part.blocks) for part in found] == [pairs(takes, two) for two in gives]
