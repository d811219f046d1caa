"""What is said twice goes whole, and what is told of several things is told of all of them."""

from __future__ import annotations

import pytest

from nightpress.backends.offline.beside import BESIDE, SUMMARY
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.fit import Bounds, fit
from nightpress.backends.offline.news import Known, adding
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.wording import stems
from nightpress.model import Window
from tests.backends.offline.plugins import harbour, material
from tests.backends.offline.test_documents import document
from tests.market import prose

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


REPORT = (
    "Tide Report", "Harbour: north mole", "High water at 14:30", "Berth 3: lantern broken",
    "Berth 7: draught too small", "Fix: dredge the channel", "Fix: replace the lantern",
)  # fmt: skip


def fence(*lines: str, info: str = "text") -> Block:
    return Block("code", "\n".join([f"```{info}", *lines, "```"]))


@pytest.mark.parametrize(
    ("again", "stays"),
    [
        (fence(*(f"{one}." for one in REPORT), "Depth: 3 fathoms"), False),
        (fence(*REPORT[:3], "Crew: nine", "Cargo: salt", "Dues: paid", "Pilot: none aboard"), True),
        (fence(*(f"{one}()" for one in REPORT), info="python"), True),  # a program is none
        (fence("/moor  # moor a ship", "/m      # shortcut", info="bash"), False),
        (fence("/moor --berth 3", info="bash"), True),
        (fence("/moor", "/sound --lead 7", "/tow --rope 2", info="bash"), True),
    ],
)
def test_a_sample_or_a_call_that_the_document_shows_is_not_shown_again(
    again: Block, stays: bool
) -> None:
    known = Known(set(stems(SAID)))
    known.add(fence(*REPORT))
    known.add(Block("text", "Run `/moor` (shortcut: `/m`)."))
    found = adding(Part(("Report",), (0,), 0, [again], news=BESIDE), known)
    assert found == ([again] if stays else [])


def test_steps_that_a_command_takes_are_not_told_again_in_short() -> None:
    took = "".join(f"### {n}. {w} the berth\n\n{prose(w, 120)}\n\n" for n, w in STEPS)
    short = "".join(f"{n}. **{w}s** - by lantern, {w.lower()} and flag\n" for n, w in STEPS)
    files = {k: v for k, v in harbour().items() if k.startswith(".")}
    files["commands/moor.md"] = f"---\ndescription: Moor a ship\n---\n\n## Process\n\n{took}"
    files["README.md"] = f"# Harbour\n\n## How It Works\n\n{short}"
    text = document(material(files, window=Window(200, 8_000)))
    assert "### 1. Sound the berth" in text and "How It Works" not in text


STEPS = [*enumerate(("Sound", "Light", "Mark", "Tow"), 1)]


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


@pytest.mark.parametrize(
    ("heads", "held"), [(("Charts", "Bells"), False), (("Step 1", "Step 2"), True)]
)
def test_listings_side_by_side_give_way_to_words_and_steps_do_not(
    heads: tuple[str, str], held: bool
) -> None:
    code = [
        f"```js\n{''.join(f'ring({n}, {len(head)});' for n in range(90))}\n```" for head in heads
    ]
    together = [
        Part(("Use", head), (n,), 12, [Block("code", text)], ("a", 1))
        for n, (head, text) in enumerate(zip(heads, code, strict=True))
    ]
    words = Part(("Troubleshooting",), (9,), 14, [listed(*NEW)])
    most = sum(map(len, code)) + 60
    found = fit([*together, words], Bounds(most, 99), (), "")
    assert [part.path[0] for part in found] == (["Use", "Use"] if held else ["Troubleshooting"])


def test_no_answer_stands_without_its_question() -> None:
    question = "Q: Berths by draught? Tides by the hour? Pilots on watch? "
    answer = "A: Lanterns of red glass hang over gangways without rails."
    assert said(Block("text", f"{question}{answer}")) == []
    [left] = said(Block("text", f"{question[3:]}{answer}"))
    assert left.text == answer


def test_what_is_left_of_a_section_below_another_one_is_no_scrap() -> None:
    blocks = [listed(*HEARD), Block("text", "Lanterns of red glass hang at every gangway.")]
    known = Known(set(stems(SAID)))
    for path, left in ((("Kinds", "Night"), 0), (("Kinds",), 1)):
        part = Part(path, (0,), 0, [*blocks, listed(*HEARD, *HEARD)], news=BESIDE)
        assert len(adding(part, known)) == left
