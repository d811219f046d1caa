"""What a document says of what it does not hold."""

from __future__ import annotations

import pytest

from nightpress.backends.offline import pointers
from nightpress.backends.offline.blocks import Block, sections
from nightpress.backends.offline.clean import Place
from nightpress.backends.offline.part import Home, Part
from nightpress.backends.offline.whereabouts import whereabouts

PLACE = Place("commands/moor.md", "commands", "skills/harbour", frozenset())


@pytest.mark.parametrize(
    ("code", "language", "told"),
    [
        ("class Berth {\n}", "js", "See the listing in {} (2 lines of JavaScript: `Berth`)."),
        ("def moor():\n    pass", "py", "See the listing in {} (2 lines of Python)."),
        (
            "// src/a/berth.js\nmoor()\n// src/tide.js\nebb()",
            "js",
            "See the listing of `berth.js`, `tide.js` in {} (4 lines of JavaScript).",
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
        (("Ropes", "See Also", "Best Practices"), "Also in {}: Ropes."),
        (("See Also", "Conclusion", "Integration with other agents"), None),
        (tuple("ABCDEFGH"), "Also in {}: A, B, C, D, E, F and more."),
    ],
)
def test_six_sections_at_most_are_named_and_none_that_nobody_looks_for(
    heads: tuple[str, ...], said: str | None
) -> None:
    home = Home(("`/moor`",), PLACE.link(), (99,), False)
    parts = [
        Part(("`/moor`", head), (n,), 0, [Block("list", f"- {head} of the mole")], home=home)
        for n, head in enumerate(("Task", *heads))
    ]
    found = [block.text for p in pointers.of_rest(parts, parts[:1]) for block in p.blocks]
    assert found == ([said.format(PLACE.link())] if said else [])
