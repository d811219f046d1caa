"""What of a text is said in short, and how the room of a document is shared out."""

from __future__ import annotations

import pytest

from nightpress.backends.offline import briefs, overlap, shares, worth
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.part import Home, Part

LINK = "[commands/moor.md](../../commands/moor.md)"
STEPS = """1. **Look out**
   - Watch the ebb at `low water`
   - Count the ships
   ```bash
   # WARNING: Ebb can strand the ship
   tide --now
   {code}
   ```
2. **Cast the anchor** - Let go of the long chain, count the shackles, and set the brake{more}
3. **Log the hour**
   - In ink"""
BARE = """1. **Look out**
   - Watch the ebb at `low water`
   - Count the ships
   - WARNING: Ebb can strand the ship
2. **Cast the anchor** - Let go of the long chain, count the shackles, and set the brake{more}
3. **Log the hour**
   - In ink"""
CODE = "tide --of harbour " * 20


@pytest.mark.parametrize(
    ("detail", "more", "said"),
    [
        (briefs.NAMES, " of it" * 150, "1. Look out\n2. Cast the anchor\n3. Log the hour"),
        (briefs.NAMES, "", BARE),  # it is short
        (briefs.TITLES, " of it" * 20, "1. Look out\n2. Cast the anchor\n3. Log the hour"),
        (briefs.BARE, " of it" * 150, BARE),
    ],
)
def test_a_list_is_told_whole_but_for_long_code_or_by_all_of_its_titles(
    detail: int, more: str, said: str
) -> None:
    *lead, steps = briefs.brief([Block("list", STEPS.format(code=CODE, more=more))], LINK, detail)
    assert steps.text == said.format(more=more)
    assert [one.text for one in lead] == (
        [f"Follow the steps in {LINK}:"] if "**" not in said else []
    )


@pytest.mark.parametrize(
    "items",
    [
        "1. **Look** out for ropes{}\n2. **Locate or create** `log.md`",  # a sentence goes on
        "1. **Look out**: Far{}\n2. Cast the anchor, then wait for the tide to turn",
        "1. **Look**: Far{}\n2. **Anchor**: Deep",  # of one word each
    ],
)
def test_a_long_list_without_titles_of_its_own_has_no_short_form(items: str) -> None:
    block = Block("list", items.format(" and near" * 150))
    assert briefs.brief([Block("text", "Moor it."), block], LINK, briefs.NAMES) == []


def test_a_text_in_short_has_no_code_and_nothing_that_announces_it() -> None:
    blocks = [
        Block("text", "The ship is moored by two ropes. They are long."),
        Block("text", "Like this:"),
        Block("code", f"```js\n{CODE}{CODE}\n```"),
        Block("text", f"See the listing in {LINK} (9 lines of YAML)."),
        Block("text", "Back up the log first. It is lost otherwise."),
        Block("text", "Count the ropes:"),
        Block("code", "```sh\nropes --count\n```"),
    ]
    said = [block.text for block in briefs.brief(blocks, LINK, briefs.NAMES)]
    assert said == ["The ship is moored by two ropes.", blocks[4].text]
    shown = briefs.brief(blocks, LINK, briefs.SHOWN)
    assert shown == [blocks[0], blocks[4], *blocks[5:]]  # a short listing


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("**Rig it up**: Do this:", "1. Rig it up\n2. Sail on out"),
        ("Rig, like this:", "1. Rig, like this\n2."),
    ],
)
def test_of_an_item_of_which_the_code_has_gone_no_lead_hangs(first: str, said: str) -> None:
    code = f"   ```js\n   {CODE}\n   ```"
    block = Block("list", f"1. {first}\n{code}\n2. **Sail on out** - At dawn")
    assert briefs.brief([block], LINK, briefs.BARE)[-1].text.startswith(said)


def test_a_short_listing_in_an_item_stays_as_it_is() -> None:
    item = "1. **Rig it up**\n   - Far\n   ```sh\n   a\n\n   b\n   ```\n2. **Sail** - At dawn"
    [block] = briefs.brief([Block("list", item)], LINK, briefs.BARE)
    assert block.text == item


def command(n: int, *sections: tuple[str, str, str], kind: str = "commands") -> list[Part]:
    home = Home((f"`/{n}`",), f"[{kind}/{n}.md](../{kind}/{n}.md)", (n, 400), is_linked=False)
    return [
        Part((f"`/{n}`", name), (n, at), 6, [Block(what, text)], home=home)  # type: ignore[arg-type]
        for at, (name, what, text) in enumerate(sections)
    ]


def shown(parts: list[Part]) -> dict[str, str]:
    return {part.path[-1]: part.blocks[0].text for part in parts if not part.is_aside}


def test_a_long_command_has_its_floor_beside_short_ones() -> None:
    task = "\n".join(
        f"{n}. **Step {n} of the tide**\n   - Watch {n}\n   ```js\n   {'moor(); ' * 60}\n   ```"
        for n in range(1, 9)
    )
    long = command(9, ("Task", "list", task))
    short = [command(n, ("Task", "list", f"1. Go {n}\n2. {'Sail on ' * 30}")) for n in range(4)]
    taken = shares.share([*short, long], 2_500)
    assert all("Task" in shown(parts) for parts in taken)
    told = taken[-1][0].blocks[0].text
    assert "moor()" not in told and all(f"   - Watch {n}" in told for n in range(1, 9))


def test_of_an_agent_what_it_gives_and_forbids_goes_before_what_it_is_good_at() -> None:
    lists = "\n".join(f"- Knows the {n}th rope of the ship" for n in range(20))
    sections = [
        ("Core Expertise", "list", lists),
        ("Output", "list", lists.replace("Knows", "Lists")),
    ]
    sections.append(("Notes", "text", "Always back up the log before you moor."))
    agents = [command(n, *sections, kind="agents") for n in range(3)]
    for parts in shares.share(agents, 2_700):
        assert set(shown(parts)) == {"Output", "Notes"}


def test_a_section_that_only_shows_a_listing_is_none_and_a_demo_comes_last() -> None:
    told = f"See the listing in {LINK} (9 lines of YAML)."
    tasks = [
        command(n, ("Task", "list", f"1. {'Sail on ' * 20}\n2. Go"), ("Code", "text", told))
        for n in range(3)
    ]
    demo = command(4, ("Task", "list", f"1. {'Sail ' * 20}\n2. Go"))
    home = Home(("`/tide-demo`",), "[commands/d](d)", (4, 400), is_linked=False)
    demo = [Part(("`/tide-demo`", "Task"), p.order, p.rank, p.blocks, home=home) for p in demo]
    taken = shares.share([demo, *tasks], 660)
    assert [set(shown(parts)) for parts in taken] == [set(), {"Task"}, {"Task"}, {"Task"}]


def test_filler_of_a_template_is_left_out_and_what_comes_of_it_stays() -> None:
    def one(n: int, word: str) -> list[Part]:
        home = Home((f"`/{n}`",), "[c](c)", (n, 400), is_linked=False)
        texts = (
            "**Scope**: Use the arguments to tell the ship",
            f"**Advanced Features**: Smart {word}, comprehensive validation.",
            f"**Safety**: Backup before {word}, logging.",
            f"**Output**: Moored {word}.",
        )
        return [Part((f"`/{n}`", "Task"), (n, 1), 6, [Block("text", t) for t in texts], home=home)]

    parts = overlap.without_filler([one(1, "ropes"), one(2, "chains"), one(3, "anchors")])
    assert [[b.text[:10] for b in one[0].blocks] for one in parts] == [
        ["**Safety**", "**Output**"]
    ] * 3
    assert len(overlap.without_filler([one(1, "ropes"), one(2, "chains")])[0][0].blocks) == 4


def test_a_form_to_be_filled_in_is_not_told_in_short() -> None:
    form = Block("list", "1. **[Title of the berth]**\n   - Why\n2. [More]")
    assert worth.is_form(form) and briefs.brief([form], LINK, briefs.NAMES) == []
    assert not worth.is_form(Block("list", "- [Tides](../../docs/tides.md)\n- [ ] Moor it"))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Ring it. Then wait.", "Ring it."),
        ('"Who is there? I can moor." Wait.', ""),
        ("Ring it (twice. Or more).", ""),
    ],
)
def test_of_a_paragraph_in_short_no_quotation_and_no_bracket_is_cut(said: str, told: str) -> None:
    found = briefs.brief([Block("text", said)], LINK, briefs.NAMES)
    assert [block.text for block in found] == [told] * bool(told)


def test_a_long_title_goes_with_the_code_that_it_is_of() -> None:
    title = Block("text", "**Example: a berth for two ships of the northern line**")
    code = Block("code", "```js\n" + "moor(ship);\n" * 60 + "```")
    after = Block("text", "Then wait.")
    found = briefs.brief([title, code, after], LINK, briefs.BARE)
    assert [block.text for block in found] == ["Then wait."]
