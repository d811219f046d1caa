"""What a document says of what it does not hold."""

from __future__ import annotations

import pytest

from nightpress.backends.offline import compose, pointers, stubs, trim
from nightpress.backends.offline.blocks import Block, sections
from nightpress.backends.offline.clean import Place
from nightpress.backends.offline.part import Home, Part
from nightpress.backends.offline.sections import parts_in
from nightpress.backends.offline.whereabouts import whereabouts
from tests.backends.offline.plugins import build

PLACE = Place("commands/moor.md", "commands", "skills/harbour", frozenset())


@pytest.mark.parametrize(
    ("code", "language", "told"),
    [
        ("class Berth {\n}", "js", "See the listing in {} (2 lines of JavaScript: `Berth`)."),
        (
            "class Berth {\n  constructor(a) {\n    if (a) {\n      b();\n    }\n  }\n"
            "  async moor(a, b) {\n  }\n  ebb() {\n  }\n}",
            "js",
            "See the listing in {} (11 lines of JavaScript: `Berth` with `moor`, `ebb`).",
        ),
        (
            "class Berth:\n    def __init__(self):\n        def ebb(): pass\n"
            "    def moor(self): pass\n    async def lie(self): pass\n    def _x(self): pass",
            "py",
            "See the listing in {} (6 lines of Python: `Berth` with `moor`, `lie`).",
        ),
        ("def moor():\n    pass", "py", "See the listing in {} (2 lines of Python)."),
        (
            "// src/a/berth.js\nmoor()\n// src/tide.js\nebb()",
            "js",
            "See the listing of `src/a/berth.js`, `src/tide.js` in {} (4 lines of JavaScript).",
        ),
        (
            "#!/bin/sh\n# bin/moor.sh\n\nset -e",
            "sh",
            "See the listing of `bin/moor.sh` in {} (4 lines of shell).",
        ),
        ("#!/bin/sh\nset -e\n# bin/moor.sh", "sh", "See the listing in {} (3 lines of shell)."),
        (
            "// berth.js - of ships\nmoor()\n// req.body is checked now\nebb()",
            "js",
            "See the listing of `berth.js` in {} (4 lines of JavaScript).",
        ),
    ],
)
def test_what_a_listing_holds(code: str, language: str, told: str) -> None:
    assert whereabouts(code, language, PLACE) == told.format(PLACE.link())


def test_a_sentence_that_says_what_is_below_goes_with_it() -> None:
    code = "\n".join(f"moor({n})  # berth {n} of the harbour" for n in range(120))
    text = f"## Code\n\nBelow is a whole implementation of it.\n\n```python\n{code}\n```\n"
    [_, one] = sections(text, PLACE)
    assert [block.text[:15] for block in one.blocks] == ["See the listing"]


def listings(folder: str, language: str) -> list[Part]:
    link = f"[{folder}/moor.md](../../{folder}/moor.md)"
    told = f"See the listing in {link} ({{}} lines of {language}: `Berth`)."
    home, instead = Home(("`moor`",), link, (9,), False), [Block("text", f"In {link}:")]
    return [
        Part(("`moor`", "Ways", f"{n}. {way}"), (n,), 0, [Block("text", told.format(n * 9))],
             together=("moor", 1), instead=instead, home=home)
        for n, way in enumerate(("By rope", "By chain"), 1)
    ]  # fmt: skip


def test_sections_that_only_point_to_their_listings_are_one_list() -> None:
    [one] = pointers.one_list(listings("commands", "JavaScript"))
    assert one.path == ("`moor`", "Ways")
    assert one.blocks[1].text == (
        "1. By rope (9 lines of JavaScript: `Berth`)\n2. By chain (18 lines of JavaScript: `Berth`)"
    )


@pytest.mark.parametrize(("language", "left"), [("JavaScript", 0), ("Python", 0), ("shell", 1)])
def test_an_agents_programs_are_not_pointed_to(language: str, left: int) -> None:
    assert len(pointers.one_list(listings("agents", language))) == left


@pytest.mark.parametrize(
    ("heads", "said"),
    [
        (("Ropes", "See Also", "Best Practices"), "Also in {}: Ropes and Best Practices."),
        (("See Also", "Conclusion", "Integration with other agents"), None),
        (tuple("ABCDEFGH"), "Also in {}: A, B, C, D, E, F, G and H."),
        (("Ropes", "Current Harbour State"), "Also in {}: Ropes."),
        (("Ropes, chains", "2. Knots"), 'Also in {}: "Ropes, chains" and Knots.'),
    ],
)
def test_every_section_is_named_and_none_that_nobody_looks_for(
    heads: tuple[str, ...], said: str | None
) -> None:
    home = Home(("`/moor`",), PLACE.link(), (99,), False)
    parts = [
        Part(("`/moor`", head), (n,), 0, [Block("list", f"- {head} of the mole")], home=home)
        for n, head in enumerate(("Task", *heads))
    ]
    found = [block.text for p in pointers.of_rest(parts, parts[:1]) for block in p.blocks]
    assert found == ([said.format(PLACE.link())] if said else [])


def test_of_a_file_that_a_table_links_to_only_what_decides_is_named() -> None:
    home = Home(("`/moor`",), PLACE.link(), (99,), False)
    heads = ("Task", "Ropes", "Gate Levels", "Current Decision State", "When to Moor", "Limits")
    parts = [
        Part(("`/moor`", head), (n,), 0, [Block("list", f"- {head} of the mole")], home=home)
        for n, head in enumerate(heads, 1)
    ]
    table = Part(("When to use",), (0,), 0, [Block("table", f"| {PLACE.link()} | Moor |")])
    [one, rest] = pointers.of_rest(parts, [table, parts[0]])
    assert one.blocks[0].text == "Its file also has Gate Levels and When to Moor."
    assert rest.path == ("When to use",) and "read its linked file" in rest.blocks[0].text


def stub(
    n: int, *path: str, text: str = "See the listing in {} (9 lines of YAML: `Berth`)."
) -> Part:
    home = Home(("`/moor`",), PLACE.link(), (99,), False)
    return Part(("`/moor`", *path), (n,), 0, [Block("text", text.format(PLACE.link()))], home=home)


def test_headings_above_nothing_but_a_link_are_one_list_below_the_heading_above_them() -> None:
    parts = [
        stub(1, "Task", text="Moor it."),
        stub(2, "Code", "1. Ropes", "By hand"),
        stub(3, "Code", "2. Chains", "By winch"),
        stub(4, "Code", "2. Chains", "By winch", "Fast", text="Turn the winch."),
    ]
    [_, one] = stubs.gathered(parts[:3], ())
    assert one.path == ("`/moor`", "Code")
    rows = "- By hand (9 lines of YAML: `Berth`)\n- By winch (9 lines of YAML: `Berth`)"
    assert [block.text for block in one.blocks] == [f"In {PLACE.link()}:", rows]
    assert stubs.gathered(parts[:3], (rows,)) == parts[:3]
    assert stubs.gathered(parts, ()) == parts  # what says something stands below the second


def test_a_heading_alone_above_a_link_is_named_by_the_pointer_at_the_end() -> None:
    parts = [stub(1, "Task", text="Moor it."), stub(2, "Code"), stub(3, "Output Format")]
    held = stubs.but_single(parts)
    assert held == [parts[0], parts[2]]
    told = [block.text for part in pointers.of_rest(parts, held) for block in part.blocks]
    assert told == [f"Also in {PLACE.link()}: Code."]
    [_, form] = stubs.gathered(held, ())
    assert (
        form.blocks[0].text == f"Follow the structure in {PLACE.link()} (9 lines of YAML: `Berth`)."
    )
    assert stubs.but_single(parts[1:2]) == parts[1:2]  # all that there is of the command


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            "1. High tide\n2. Low tide\n3. Ebb, slack",
            'In {}: High tide, Low tide and "Ebb, slack".',
        ),
        ("- Tides (9 lines)", "In {}: Tides (9 lines)."),
        ("1. Check the rope\n2. Create a knot", "Follow the steps in {}:"),
    ],
)
def test_titles_alone_are_a_sentence_unless_they_are_steps(rows: str, said: str) -> None:
    blocks = [Block("text", f"In {PLACE.link()}:"), Block("list", rows)]
    told = stubs.in_words(Part(("`/moor`", "Ways"), (1,), 0, blocks), ())
    assert told.blocks[0].text == said.format(PLACE.link())
    assert (told.blocks[1:] == blocks[1:]) is said.endswith(":")


@pytest.mark.parametrize(
    ("heads", "kept"),
    [
        ("## 1. A\n\na\n\n## 2. B\n\nb\n", True),
        ("## 1. A\n\na\n\n## 3. C\n\nc\n", False),
        ("## 2. B\n\nb\n\n## 3. C\n\nc\n", False),
        ("## 1. A\n\na\n\n## Rest\n\nr\n", False),
        ("## 1. A\n\n### 1. X\n\n### 2. Y\n\n## 2. B\n\n### 1. Z\n\n### 2. W\n", True),
    ],
)
def test_sections_keep_their_numbers_where_none_of_them_is_missing(heads: str, kept: bool) -> None:
    assert ("# 1. " in compose._counted(heads)) is kept


def test_what_one_agent_may_use_is_no_repetition_of_what_another_may() -> None:
    told = Block("text", "Tools: Read, Write, Edit, Bash, Grep. Model: sonnet.")
    assert told.key == "" and Block("text", f"It has {told.text}").key != ""


@pytest.mark.parametrize(
    ("lead", "told"),
    [
        ("Show the berth:", "Show the berth: see"),
        ("**Berths**", "**Berths**: see"),
        ("**Berths:**", "**Berths:** see"),
        ("The berths are many.", ""),
    ],
)
def test_what_announces_a_listing_elsewhere_says_where(lead: str, told: str) -> None:
    there = "the listing in [commands/moor.md](../commands/moor.md) (9 lines)."
    blocks = [Block("text", lead), Block("text", f"See {there}")]
    found = stubs.in_words(Part(("Berths",), (1,), 0, blocks), ()).blocks
    assert [block.text for block in found] == (
        [f"{told} {there}"] if told else [lead, f"See {there}"]
    )
    assert stubs.in_words(Part((), (1,), 0, blocks), (f"{told} {there}",)).blocks == blocks


def test_of_a_workflow_of_which_nothing_stands_the_few_steps_are_named() -> None:
    rows = Block("list", "1. Rig. By hand\n2. Sail")
    lost = [
        stub(n, "Voyage", step, text="Sail on.") for n, step in enumerate(("1. Rig", "2. Sail"), 2)
    ]
    for part in lost:
        part.together, part.instead = ("moor", 1), [Block("text", f"In {PLACE.link()}:"), rows]
    held = stub(1, "Task", text="Moor it.")
    told = [b.text for part in pointers.of_rest([held, *lost], [held]) for b in part.blocks]
    assert told == [f"Also in {PLACE.link()}: Voyage (Rig, Sail)."]


def test_a_listing_elsewhere_is_named_above_the_sections_beside_it() -> None:
    text = (
        "## Ways\n\n### Way 1\n\nBy oar.\n\n### Way 2\n\n```js\n{}\n```\n\n### Way 3\n\nBy sail.\n"
    )
    found = trim.quoted(
        text.format("row();\n" * 999), PLACE, trim.owned(build({"commands/moor.md": ""}))
    )
    paths = [(part.path, part.blocks[-1].text) for part in parts_in(found, PLACE)]
    first, *rest = paths
    assert first[0] == ("Ways",) and first[1].startswith("- Way 2 (999 lines")
    assert rest == [(("Ways", "Way 1"), "By oar."), (("Ways", "Way 3"), "By sail.")]


def test_of_examples_that_are_left_out_it_is_named_what_each_is_of() -> None:
    def lost(name: str) -> tuple[Part, str]:
        return Part(("Code Examples", name), (1,), 9), "Code Examples"

    found = [lost("Example 1: Mooring"), lost("Example 2: Tarring")]
    assert pointers._with_examples("Code Examples", found) == "Code Examples (Mooring; Tarring)"
    assert pointers._with_examples("Code Examples", found[:1]) == "Code Examples"
    assert pointers._with_examples("Code Examples", [*found, lost("Of (two)")]) == "Code Examples"
    assert pointers._with_examples("Steps", [(found[0][0], "Steps")] * 2) == "Steps"


def test_of_sections_side_by_side_in_a_file_that_a_table_links_the_rest_is_named() -> None:
    link = "[agents/pilot.md](../agents/pilot.md)"
    home = Home(("`pilot`",), link, (1, 400), True)

    def part(n: int, *path: str) -> Part:
        return Part((*home.base, *path), (1, n), 7, [Block("list", f"1. Moor {n}")], home=home)

    parts = [part(1, "Checks", "1. Ropes"), part(2, "Checks", "2. Lights"), part(3, "Stories")]
    parts.append(part(4, "Checks", "3. Ropes"))  # of that name there is one
    table = Part(("When to use",), (0,), 0, [Block("table", f"| A |\n| - |\n| {link} |")])
    fitting = [table, parts[0]]
    told = [part.blocks[0].text for part in pointers.of_rest([table, *parts], fitting)]
    assert told[0] == "Its file also has Lights."
    assert not any("Stories" in one for one in told)
