"""What a document said and its successor does not is named, one by one; nothing else is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightpress.checks.losses import Loss, losses

OLD = """\
---
name: tide-tables # the folder's name
# kept for the importer
description: >
  Reads tide tables.
tags:
  - sea
  - harbour
metadata:
  owner: pilots
x-own: "1.0"
---
# Tide tables

Reads the tables of [all harbours](references/harbours.md) within 30 seconds.
Do NOT guess a depth. Ask, e.g. The pilot, when `scripts/depth.py --all` fails.

## Steps

1. Fetch the *table*.
2. Check the date.
   ```sh
   date -u  +%F
   ```
3. Print it.

## Limits

- Never more than 5 calls
- See [the rules][rules]

| port | depth |
|------|-------|
| Hook | 12 m |
| Maas | **9 m** |

<HARD-GATE>
Always ask before a dive of more than 40 m.
</HARD-GATE>

```python
a = 1
b  = 2
```

[rules]: https://example.org/rules
"""


def _found(new: str, linked: dict[str, str] | None = None) -> list[tuple[str, int, str]]:
    return [(one.kind, one.line, one.quote) for one in losses(OLD, new, linked or {})]


@pytest.mark.parametrize(
    ("cut", "by", "expected"),
    [
        ("# kept for the importer\n", "", ("frontmatter", 3, "# kept for the importer")),
        ("  - sea\n", "", ("frontmatter", 6, "tags: sea")),
        ("  owner: pilots", "  owner: us", ("frontmatter", 10, "metadata.owner: pilots")),
        ('x-own: "1.0"\n', "", ("frontmatter", 11, "x-own: 1.0")),
        ("Reads tide", "Prints tide", ("frontmatter", 4, "description: Reads tide tables.")),
        ("# Tide tables", "# Tides", ("heading", 13, "Tide tables")),
        ("## Limits", "Limits", ("heading", 27, "Limits")),
        ("](references/harbours.md)", "]", ("link", 15, "[all harbours](references/harbours.md)")),
        ("within 30 seconds", "quickly", ("number", 15, "30 seconds")),
        ("30 seconds", "30 minutes", ("number", 15, "30 seconds")),
        ("Do NOT guess a depth.", "", ("directive", 16, "Do NOT guess a depth.")),
        ("Do NOT guess", "Do guess", ("directive", 16, "Do NOT guess a depth.")),
        ("`scripts/depth.py --all`", "it", ("file", 16, "scripts/depth.py")),
        ("2. Check the date.", "2. Check it.", ("item", 21, "Check the date.")),
        ("3. Print it.\n", "", ("item", 25, "Print it.")),
        ("date -u  +%F", "date -u +%F", ("code", 23, "date -u  +%F")),
        ("- Never more than 5 calls\n", "", ("item", 29, "Never more than 5 calls")),
        ("| Maas | **9 m** |\n", "", ("row", 35, "| Maas | **9 m** |")),
        ("| 12 m |", "| 13 m |", ("row", 34, "| Hook | 12 m |")),
        ("<HARD-GATE>\n", "", ("tag", 37, "<HARD-GATE>")),
        (
            "more than 40 m",
            "more than 4 m",
            ("directive", 38, "Always ask before a dive of more than 40 m."),
        ),
        ("b  = 2", "b = 2", ("code", 43, "b  = 2")),
        ("b  = 2\n", "", ("code", 43, "b  = 2")),
        ("```python", "```py", ("code", 42, "a = 1\nb  = 2\n")),
        (
            "[rules]: https://example.org/rules\n",
            "",
            ("link", 46, "[rules]: https://example.org/rules"),
        ),
    ],
    ids=lambda value: str(value)[:30].strip() if isinstance(value, str) else "",
)
def test_one_thing_gone_is_one_loss(cut: str, by: str, expected: tuple[str, int, str]) -> None:
    assert OLD.count(cut) == 1
    assert _found(OLD.replace(cut, by)) == [expected]


@pytest.mark.parametrize(
    ("cut", "by"),
    [
        ("*table*", "**table**"),
        ("1. Fetch", "1) Fetch"),
        ("- Never more than 5 calls", "- Never   more than\n  5 _calls_"),
        ("| Hook | 12 m |", "|  Hook | 12 m"),
        ("**9 m**", "9 m"),
        ("within 30 seconds.\nDo NOT", "within 30 seconds. Do NOT"),
        ("Reads the tables of", "This prints what stands in"),
        ("description: >\n  Reads tide tables.", 'description: "Reads tide tables."'),
        ("  - harbour", "  - harbour\n  - river"),
        ("## Limits", "## Added\n\nNew words, 7 of them.\n\n### Limits"),
        ("3. Print it.", "3. Look at it.\n4. Print it."),
        ("\n", "\r\n"),
        ("---\n# Tide", "---\n\n\n# Tide"),
    ],
)
def test_another_spelling_or_an_addition_is_no_loss(cut: str, by: str) -> None:
    assert cut in OLD
    assert _found(OLD.replace(cut, by)) == []


def test_swapped_steps_sections_and_code_are_losses() -> None:
    steps = OLD.replace("1. Fetch the *table*.", "1. X").replace(
        "3. Print it.", "3. Fetch the table."
    )
    assert [kind for kind, _, _ in _found(steps.replace("1. X", "1. Print it."))] == ["order"] * 2
    head, steps, limits = OLD.split("## ", 2)
    assert _found(f"{head}## {limits}\n\n## {steps}") == [("order", 18, "Steps")]


def test_what_moved_below_another_heading_is_told() -> None:
    old = "# A\n\n## Never\n\n- push\n\n## Always\n\n- test\n"
    new = "# A\n\n## Never\n\n## Always\n\n- push\n- test\n"
    assert [one.kind for one in losses(old, new)] == ["order"]


def test_what_stands_in_a_linked_file_is_not_lost() -> None:
    section = OLD[OLD.index("## Limits") : OLD.index("<HARD-GATE>")]
    new = OLD.replace(section, "See [limits](references/limits.md).\n\n")
    assert {kind for kind, _, _ in _found(new)} == {"heading", "item", "row"}
    linked = {"references/other.md": "# Other\n", "references/limits.md": f"# More\n\n{section}"}
    assert _found(new, linked) == []
    linked["references/limits.md"] = section.replace("- Never more than 5 calls\n", "")
    assert _found(new, linked) == [("item", 29, "Never more than 5 calls")]


def test_steps_keep_their_order_in_a_linked_file() -> None:
    old, moved = "1. fetch\n2. check\n3. print\n", "1. check\n2. fetch\n3. print\n"
    assert losses(old, "See [x](x.md)\n", {"x.md": old}) == ()
    found = losses(old, "See [x](x.md)\n", {"x.md": moved})
    assert [one.kind for one in found] == ["order"]


def test_a_thing_said_twice_must_be_said_twice() -> None:
    old = "# A\n\nNever push.\n\n# B\n\nNever push.\n\nTests follow.\n"
    assert losses(old, old.replace("# A\n\nNever push.\n", "# A\n")) == (
        Loss("directive", 3, "Never push."),
    )


def test_frontmatter_that_cannot_be_read_is_compared_line_by_line() -> None:
    old = "---\nname: a\nbad: [x\nlast: b\n---\ntext\n"
    assert losses(old, old) == ()
    found = losses(old, old.replace("last: b\n", ""))
    assert found == (Loss("frontmatter", 4, "last: b", "last"),)
    whole = losses("---\nname: a\nx: b\n---\n", "text\n")
    assert [one.key for one in whole] == ["name", "x"]


def test_rows_of_a_table_that_no_parser_takes_for_one_are_rows() -> None:
    old = "| a | b |\n|---|---|---|\n| one | 1 |\n| two | 2 |\n"
    assert losses(old, old.replace("|---|---|---|", "|---|---|")) == ()
    assert losses(old, old.replace("| one | 1 |\n", "")) == (Loss("row", 3, "| one | 1 |"),)


def test_a_comment_is_kept_and_hides_what_it_holds() -> None:
    old = "# A\n\n<!-- for us:\n- push -->\n\n- test\n\nNever guess.\n"
    assert losses(old, old.replace("<!-- for us:\n- push -->\n", "")) == (
        Loss("comment", 3, "<!-- for us:\n- push -->"),
    )
    hidden = old.replace("- test\n\nNever guess.", "<!--\n\n- test\n\nNever guess.\n-->")
    assert [one.kind for one in losses(old, hidden)] == ["item", "directive"]


def test_plain_sentences_are_held_to_their_words_where_that_is_asked() -> None:
    old, new = "# A\n\nIt sails. It docks at 9.\n", "# A\n\nIt sails. It lands at 9.\n"
    assert losses(old, new) == ()
    assert losses(old, new, literally=True) == (Loss("sentence", 3, "It docks at 9."),)


def test_dividing_lines_count_where_all_of_it_shall_stand() -> None:
    old = "# T\n\nOne.\n\n---\n\nTwo.\n\n***\n\nThree.\n"
    new = "# T\n\nOne.\n\n---\n\nTwo.\n\nThree.\n"
    (lost,) = losses(old, new, literally=True)
    assert (lost.kind, lost.message) == ("break", "line 9: dividing line is gone: ***")
    assert losses(old, new) == ()
    assert losses(old, old.replace("***", "- - -") + "\n---\n", literally=True) == ()


def test_quotes_are_short_and_messages_say_where() -> None:
    found = losses(f"text\n\n- {'very ' * 100}long\n", "text\n")
    assert len(found[0].quote) == 200
    shown = losses(OLD, OLD.replace("Do NOT guess a depth.", ""))[0].message
    assert shown == "line 16: rule is gone or changed: Do NOT guess a depth."


Cut = tuple[str, str, str]
"""Text of a part that can be cut out, the kind of the loss, and what it must quote."""

# generated documents: every block knows the text that goes, and what is said of it

WORD = st.text(alphabet="gjklqvxz", min_size=4, max_size=9)
WORDS = st.lists(WORD, min_size=2, max_size=5, unique=True).map(" ".join)


@st.composite
def _block(draw: st.DrawFn) -> tuple[str, list[Cut]]:
    """Text of a block, and its parts."""
    some = [draw(WORDS) for _ in range(draw(st.integers(1, 4)))]
    one = some[0]
    number = draw(st.integers(2, 10**6))
    kind = draw(
        st.sampled_from("heading item step code row directive number link file text".split())
    )
    rows = [f"| {words} | {words[:4]} |\n" for words in some]
    link = f"[{one}](refs/{one[:4]}.md)"
    match kind:
        case "heading":
            return f"## {one}\n", [(f"## {one}\n", kind, one)]
        case "item":
            items = [f"- {words}\n" for words in some]
            return "".join(items), [(i, kind, w) for i, w in zip(items, some, strict=True)]
        case "step":
            steps = [f"{at}. {words}\n" for at, words in enumerate(some, 1)]
            return "".join(steps), [(i, "item", w) for i, w in zip(steps, some, strict=True)]
        case "code":
            block = "```x\n" + "".join(f"  {words} #\n" for words in some) + "```\n"
            return block, [(block, kind, one)]
        case "row":
            return "| a | b |\n|---|---|\n" + "".join(rows), [
                (row, kind, words) for row, words in zip(rows, some, strict=True)
            ]
        case "directive":
            rule = f"You must never {one}."
            return f"We {one}. {rule} They {one}.\n", [(rule, kind, rule)]
        case "number":
            return f"It takes {number} seconds to {one}.\n", [
                (f"{number} seconds", kind, f"{number} seconds")
            ]
        case "link":
            return f"More in {link} of {one}.\n", [(link, kind, link)]
        case "file":
            return f"It reads `{one[:4]}/x.json` and {one}.\n", [
                (f"`{one[:4]}/x.json`", kind, f"{one[:4]}/x.json")
            ]
        case _:
            return f"Then {one}.\n", []


@st.composite
def _fields(draw: st.DrawFn) -> tuple[str, list[Cut]]:
    keys = draw(st.lists(WORD, min_size=1, max_size=4, unique=True))
    rows = [f"{key}: {draw(WORDS)}\n" for key in keys]
    return "---\n" + "".join(rows) + "---\n", [(r, "frontmatter", r.strip()) for r in rows]


DOCUMENT = st.tuples(_fields(), st.lists(_block(), min_size=1, max_size=8))


def _text(blocks: list[str]) -> str:
    return "\n".join(blocks)


@settings(deadline=None)
@given(DOCUMENT, st.data())
def test_whatever_is_cut_out_is_exactly_one_loss_that_names_it(
    document: tuple[tuple[str, list[Cut]], list[tuple[str, list[Cut]]]],
    data: st.DataObject,
) -> None:
    parts = [document[0], *document[1]]
    at = data.draw(st.sampled_from([at for at, part in enumerate(parts) if part[1]]))
    text, kind, quote = data.draw(st.sampled_from(parts[at][1]))
    blocks = [block for block, _ in parts]
    old = _text(blocks)
    assert losses(old, old) == ()
    blocks[at] = blocks[at].replace(text, "", 1)
    found = losses(old, _text(blocks))
    assert [one.kind for one in found] == [kind]
    assert quote in found[0].quote


@settings(deadline=None)
@given(DOCUMENT, st.text(alphabet="ab -#*`~|>[]()!:.\n1<_\t", max_size=60))
def test_text_at_the_end_is_never_a_loss(
    document: tuple[tuple[str, object], list[tuple[str, object]]], more: str
) -> None:
    old = _text([block for block, _ in [document[0], *document[1]]])
    assert losses(old, f"{old}\n{more}") == ()


@settings(deadline=None)
@given(DOCUMENT, _block(), st.data())
def test_a_block_in_the_middle_is_never_a_loss(
    document: tuple[tuple[str, object], list[tuple[str, object]]],
    more: tuple[str, object],
    data: st.DataObject,
) -> None:
    blocks = [block for block, _ in [document[0], *document[1]]]
    at = data.draw(st.integers(1, len(blocks)))
    assert losses(_text(blocks), _text([*blocks[:at], more[0], *blocks[at:]])) == ()


@settings(deadline=None)
@given(DOCUMENT, st.data())
def test_literally_no_letter_changes_unnoticed(
    document: tuple[tuple[str, object], list[tuple[str, object]]], data: st.DataObject
) -> None:
    old = _text([block for block, _ in [document[0], *document[1]]])
    at = data.draw(st.sampled_from([at for at, c in enumerate(old) if c.isalnum()]))
    new = f"{old[:at]}{'h' if old[at].isalpha() else '0'}{old[at + 1 :]}"
    ordinal = new[at : at + 2] == "0." or old[at] == new[at]
    assert losses(old, new, literally=True) or ordinal
    assert losses(old, old, literally=True) == ()


@settings(deadline=None)
@given(st.lists(WORDS, min_size=2, max_size=9, unique=True), st.data())
def test_steps_that_change_places_are_a_loss(steps: list[str], data: st.DataObject) -> None:
    here, there = data.draw(
        st.lists(st.integers(0, len(steps) - 1), min_size=2, max_size=2, unique=True)
    )
    swapped = list(steps)
    swapped[here], swapped[there] = steps[there], steps[here]
    old, new = (
        "".join(f"{at}. {step}\n" for at, step in enumerate(some, 1)) for some in (steps, swapped)
    )
    found = losses(old, new)
    assert found and {one.kind for one in found} == {"order"}


ANYTHING = st.text(alphabet="ab -#*`~|>[]()!:.\n\r1<_\t\\\0\ufeff\ud800\ufdd0&\"'", max_size=200)


@settings(deadline=None)
@given(ANYTHING, ANYTHING)
def test_no_text_is_too_odd(old: str, new: str) -> None:
    assert losses(old, old) == ()
    assert all(one.message and one.line > 0 for one in losses(old, new))
    assert losses(f"---\n{old}\n---\n{new}", f"---\n{old}\n---\n{new}") == ()


@pytest.mark.parametrize(
    "unit",
    [
        "- a\n",
        "`a",
        '[a](b "',
        "*a ",
        "# a\n\n",
        "1 ",
        "<a ",
        "```\n",
        "a/",
        '"Never. ',
        "| a |\n",
        "[",
    ],
)
def test_time_grows_with_the_size_only(unit: str) -> None:
    """Twenty times as much may cost two hundred times as much, not four hundred: the least of
    three, for a busy machine and a collector of garbage only ever add."""

    def cost(size: int) -> float:
        text, spent = unit * (size // len(unit)), []
        for _ in range(3):
            start = time.process_time()
            losses(text, text[size // 3 :] + "\n\nword\n\n" + text[: size // 4])
            spent.append(time.process_time() - start)
        return min(spent)

    assert cost(60_000) < 200 * max(cost(3_000), 0.002)
