"""What of a text is said in short, and how the room of a document is shared out."""

from __future__ import annotations

import pytest

from nightpress.backends.offline import briefs, overlap, shares
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.part import Home, Part

LINK = "[commands/moor.md](../../commands/moor.md)"
STEPS = """1. **Look out**
   - Watch the ebb at `low water`
   - Count the ships
   ```bash
   # WARNING: Ebb can strand the ship
   tide --now
   ```
2. **Cast anchor** - Let go of the long chain, count the shackles, and set the brake of the windlass
3. **Log it**
   ```bash
   # Write the hour down
   log --hour
   ```"""


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        (
            briefs.NAMES,
            "1. Look out: WARNING: Ebb can strand the ship\n2. Cast anchor\n3. Log it",
        ),
        (
            briefs.SHORT,
            "1. **Look out**: WARNING: Ebb can strand the ship; Watch the ebb at `low water`\n"
            "2. **Cast anchor** - Let go of the long chain\n"
            "3. **Log it**: Write the hour down",
        ),
        (
            briefs.BARE,
            "1. **Look out**\n   - Watch the ebb at `low water`\n   - Count the ships\n"
            "   - WARNING: Ebb can strand the ship\n"
            "2. **Cast anchor** - Let go of the long chain, count the shackles, and set the brake"
            " of the windlass\n3. **Log it**: Write the hour down",
        ),
    ],
)
def test_steps_in_short_keep_what_to_beware_of_and_say_where_they_are(
    detail: int, said: str
) -> None:
    lead, steps = briefs.brief([Block("list", STEPS)], LINK, detail)
    assert lead.text == f"Follow the steps in {LINK}:"
    assert steps.text == said


def test_a_text_in_short_has_no_code_and_nothing_that_announces_it() -> None:
    blocks = [
        Block("text", "The ship is moored by two ropes. They are long."),
        Block("text", "Like this:"),
        Block("code", "```js\nmoor()\n```"),
        Block("text", f"See the listing in {LINK} (9 lines of YAML)."),
        Block("text", "Back up the log first. It is lost otherwise."),
    ]
    said = [block.text for block in briefs.brief(blocks, LINK, briefs.BRIEF)]
    assert said == ["The ship is moored by two ropes.", blocks[-1].text]


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
    assert taken[-1][0].blocks[0].text.startswith("Follow the steps in [commands/9.md]")


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
    taken = shares.share([demo, *tasks], 910)
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
    assert briefs.is_form(form) and briefs.brief([form], LINK, briefs.BRIEF) == []
    assert not briefs.is_form(Block("list", "- [Tides](../../docs/tides.md)\n- [ ] Moor it"))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Turn the whole of the chart into a clean, properly lettered table of all tides", ""),
        ("Look for ropes (hemp, steel, nylon and what else there is) on the whole of the quay",
         " - Look for ropes"),
        ("Count the ropes of the ship, mark the worn ones, and tell the pilot of them all",
         " - Count the ropes of the ship"),
    ],
)  # fmt: skip
def test_a_clause_is_not_cut_between_adjectives_or_in_brackets(said: str, kept: str) -> None:
    block = Block("list", f"1. **Look** - {said}\n2. **Go** - Sail")
    found = briefs.brief([block], LINK, briefs.SHORT)[-1].text
    assert found.split("\n")[0] == f"1. **Look**{kept}"


def test_a_lone_comment_of_a_step_is_its_gist_only_where_it_tells_of_it() -> None:
    code = "```bash\n# {}\nreef --all\n```"
    for comment, told in (
        ("Count the knots first", ""),
        ("Berth check", ""),
        ("Check each berth for ropes", "Check each berth for ropes"),
        ("Never pull a wet rope", "Never pull a wet rope"),
    ):
        block = Block("code", code.format(comment))
        assert briefs.essence([block], "Berth check") == told
