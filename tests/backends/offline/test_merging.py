"""A README's section of the same subject as a command's becomes lines of that, or is left out."""

from __future__ import annotations

import pytest

from nightpress.backends.offline import beside, compose, installing, kin, merging, summaries
from nightpress.backends.offline.blocks import Block, sections
from nightpress.backends.offline.part import Home, Part
from nightpress.backends.offline.plans import NOWHERE
from nightpress.backends.offline.summaries import WHOLE
from tests.backends.offline.plugins import build, material

HOME = Home((), "[commands/moor.md](../commands/moor.md)", (99,), False)


def of_command(heading: str, *blocks: Block, home: Home = HOME) -> Part:
    return Part((*home.base, heading), (1,), 7, blocks, home=home)


def listed(*items: str) -> Block:
    return Block("list", "\n".join(f"- {item}" for item in items))


CURES = of_command(
    "Troubleshooting",
    Block("text", "Common issues:"),
    listed("**Hawser slips** - Tighten the knot", "**Bilge fills** - Close the valve"),
)


def lines(part: Part) -> list[str]:
    return [line for block in part.blocks for line in block.text.split("\n")]


def test_a_cure_under_its_own_heading_takes_the_place_of_a_shorter_one() -> None:
    more = [
        Part(("Troubleshooting", 'The "hawser" slips'), (2,), 12,
             [Block("text", "Tighten the knot and dry the bollard.")]),
        Part(("Troubleshooting", "Lantern is dark"), (3,), 12, [Block("text", "Fill the oil.")]),
    ]  # fmt: skip
    [one], rest = merging.merged([CURES], more)
    assert rest == []
    assert lines(one)[1:] == [
        "- **Hawser slips** - Tighten the knot and dry the bollard",
        "- **Bilge fills** - Close the valve",
        "- **Lantern is dark** - Fill the oil",
    ]


def test_a_cure_of_another_kind_is_told_after_the_first() -> None:
    more = [Part(("Troubleshooting",), (2,), 12, [listed("**Bilge fills**: Call the dry dock")])]
    [one], _ = merging.merged([CURES], more)
    assert lines(one)[2] == "- **Bilge fills** - Close the valve. Call the dry dock"


def test_lines_go_to_what_is_to_be_done_and_never_to_what_is_not() -> None:
    do, dont = Block("text", "DO:"), Block("text", "DON'T:")
    part = of_command(
        "Best Practices", do, listed("Ring the bell"), dont, listed("Sail in fog alone")
    )
    more = [Part(("Best Practices",), (2,), 12, [listed("Coil every rope", "Ring the bell")])]
    [one], rest = merging.merged([part], more)
    assert rest == []
    assert lines(one) == ["DO:", "- Ring the bell", "- Coil every rope", "DON'T:",
                          "- Sail in fog alone"]  # fmt: skip


def test_what_no_list_takes_stays_behind_without_what_is_said() -> None:
    parts = of_command("Tips", listed("Ring the bell\n  - twice", "Coil every rope"))
    more = [Part(("Tips",), (2,), 12, [listed("Coil every rope", "Paint the keel in spring")])]
    [one], [left] = merging.merged([parts], more)
    assert one.blocks == [*parts.blocks]
    assert lines(left) == ["- Paint the keel in spring"]


@pytest.mark.parametrize("other", ["Tips", "Best Practices"])
def test_of_two_commands_no_section_takes_what_the_readme_says_of_both(other: str) -> None:
    described = [
        of_command(head, listed("Ring the bell"), home=Home((f"`/{n}`",), "[a](a)", (n,), False))
        for n, head in enumerate(("Tips", other))
    ]
    more = [Part(("Tips",), (2,), 12, [listed("Paint the keel in spring")])]
    assert merging.merged(described, more) == (described, more)
    more = [
        Part(("Tips", "Hull"), (2,), 12, [listed("Ring the bell", "Paint the keel in spring")]),
        Part(("Tips", "Deck"), (3,), 12, [listed("Scrub the planks with sand")]),
    ]
    _, [left] = merging.merged(described, more)
    assert left.path == ("Tips",)
    assert lines(left) == ["- Paint the keel in spring", "- Scrub the planks with sand"]


def test_calls_take_the_place_of_the_questions_that_they_ask() -> None:
    asked = of_command(
        "Example Queries",
        Block("text", "Users might ask:"),
        listed('"Where is the pilot today?"', '"Is the sluice open?"'),
    )
    calls = Block("code", "```bash\n# The pilot\n/moor Where is the pilot?\n```")
    more = [Part(("Usage", "Example Queries"), (2,), 7, [calls])]
    assert merging.merged([asked], more) == ([asked], [])  # one question alone would be a scrap
    rest = ('"Is the sluice open?"', '"Is it ebb?"', '"How deep is the lock?"')
    [one], rest_of_it = merging.merged([asking(asked, '"Where is the pilot?"', *rest)], more)
    assert rest_of_it == []
    assert [block.text for block in one.blocks] == [
        "Users might ask:", "\n".join(f"- {one}" for one in rest), calls.text,
    ]  # fmt: skip
    [one], _ = merging.merged([asking(asked, '"Where is the pilot?"')], more)
    assert one.blocks == [calls]


def asking(part: Part, *questions: str) -> Part:
    return Part(part.path, part.order, 7, [part.blocks[0], listed(*questions)], home=HOME)


@pytest.mark.parametrize(
    "code", ["npm test\n/moor Where is the pilot?", "/moor\n", "Where is the pilot?"]
)
def test_code_that_is_no_call_of_a_command_takes_nobodys_place(code: str) -> None:
    asked = of_command("Example Queries", listed('"Where is the pilot?"'))
    more = [Part(("Example Queries",), (2,), 7, [Block("code", f"```bash\n{code}\n```")])]
    assert merging.merged([asked], more) == ([asked], more)


@pytest.mark.parametrize(("shown", "aside"), [("code", True), ("list", False)])
def test_of_two_sample_runs_the_readmes_is_left_out(shown: str, aside: bool) -> None:
    run = "The pilot is aboard, and the lines are off the bollards of the northern mole. " * 2
    mine = Block("code", f"```text\n{run}\n```") if shown == "code" else listed(run)
    more = [Part(("Example Workflow",), (2,), 7, [Block("code", "```text\nEbb\n```")])]
    [found] = beside.but_said(more, [of_command("Example Output", mine)])
    assert found.is_aside is aside


def _summed_up(*items: str, heading: str = "Key Features") -> list[str]:
    """What is left of a README's chapter beside a command that coils ropes and counts lanterns."""
    body = "Coil each hawser twice, fore and aft.\n" + "Watch the tide while the fog lifts.\n" * 99
    own = of_command("Steps", Block("text", body))
    assert len(body) > WHOLE
    files = {"commands/moor.md": f"{body}\n```js\ncountLanterns(pier)\n```\n"}
    more = [Part((heading, "Deck"), (2,), 12, [listed(*items)])]
    found = summaries.without_summaries(more, [own], build(files))
    return [line for part in found for line in lines(part)]


def test_a_readme_s_features_are_neither_told_twice_nor_promised() -> None:
    told, borne, boast = "Coil each hawser twice", "**Lanterns** - Counts them", "**Radar** - Sees"
    assert _summed_up(told, "Watch the tide while fog lifts", borne) == []
    assert _summed_up(boast, "**Sonar** - Hears", told) == []
    assert _summed_up(borne, "**Pier count** - By night", boast) == [
        "- **Lanterns** - Counts them", "- **Pier count** - By night",
    ]  # fmt: skip
    assert _summed_up(boast, heading="Alarm types") == [f"- {boast}"]


def test_a_readme_s_section_on_what_a_command_tells_goes_unless_it_tells_more() -> None:
    body = "Coil each hawser twice at the mole.\n" + "Watch the tide while the fog lifts.\n" * 99
    own = [of_command("Steps", Block("text", body), Block("text", "**Fog signal**: ring the bell"))]
    own.append(of_command("Quick mooring", Block("text", "Skip the tide, and moor at once.")))
    sample = Block("code", "```text\nding dong\n```")
    option = Block("code", "```bash\n/moor --bell\n```")
    again = Block("text", "Moor at once, skip tide")
    rows = [
        (("Extras", "Fog Signal"), [Block("text", "It rings:"), sample], False),
        (("Extras", "Fog Signal"), [option], True),
        (("Extras", "Fog Signal"), [Block("text", "Ring thrice in snow, too.")], True),
        (("Quick mooring",), [again, sample], False),
        (("Mooring",), [again, sample], False),  # fewer words, all of them in that heading
        (("Mooring",), [Block("code", "```js\nmoor(pier);\n```")], True),
        (("Usage",), [Block("text", "Tell your ship's name, and receive a berth.")], False),
        (("Usage",), [Block("text", "Give the `.ship.yaml` of the ship.")], True),
        (
            ("Harbours",),
            [Block("table", "| A | B |\n| - | - |\n| Steps | 1 |\n| Quick mooring | 2 |")],
            False,
        ),
        (
            ("Harbours",),
            [Block("table", "| A | B |\n| - | - |\n| Steps | 1 |\n| Slow mooring | 2 |")],
            True,
        ),
        (("Extras", "Night signal"), [again, sample], True),
        (("Troubleshooting", "Fog signal"), [sample], True),
    ]
    for path, blocks, stays in rows:
        more = [Part(path, (2,), 12, blocks)]
        found = summaries.without_summaries(more, own, build({"commands/moor.md": body}))
        assert bool(found) is stays, path


def test_what_an_agent_lists_as_its_command_does_is_left_to_its_own_file() -> None:
    agent = Home(("`pilot`",), "[agents/pilot.md](../agents/pilot.md)", (99,), False)
    cures = ("**Hawser slips** - Tie it", "**Bilge fills** - Close it", "**Fog** - Ring")
    command = [of_command("Cures", listed(*cures))]
    twin = of_command("Cures", listed("**Hawser slips** - Knot", cures[1], "Snow"), home=agent)
    other = of_command("Cures", listed("**Snow** - Shovel", "**Ice** - Salt", cures[2]), home=agent)
    assert merging.but_agents_own([command, [twin]]) == [command, []]
    assert merging.but_agents_own([command, [other]]) == [command, [other]]
    assert merging.but_agents_own([[twin], [twin]]) == [[twin], [twin]]


def test_labels_above_bullets_become_lines_of_the_command_s_list() -> None:
    part = of_command("Best Practices", listed("Ring the bell", "Mend the nets"))
    text = (
        "1. **Night Watch**\n   - Light a lantern\n   - Count the crew.\n\n"
        "2. **Bell**\n   - Ring it\n"
    )
    [one], rest = merging.merged(
        [part], [Part(("Best Practices",), (2,), 12, [Block("list", text)])]
    )
    assert rest == []
    assert lines(one)[2:] == ["- Night Watch: light a lantern; count the crew"]


def test_a_label_above_bullets_is_a_line_of_what_is_not_said() -> None:
    part = of_command("Best Practices", listed("Ring the brass bell twice", "Dry the sails"))
    more = listed(
        "**Fog**\n  - Post a lookout\n  - Ring the brass bell twice\n  - Don't drop Danforths now",
        "**Canvas**\n   - Dry the sails\n   - Keep it dry\n   - Dry sails",
    )
    [one], rest = merging.merged([part], [Part(("Best Practices",), (2,), 12, [more])])
    assert rest == []
    assert lines(one)[2:] == ["- Fog: post a lookout; don't drop Danforths now"]


def test_a_line_that_begins_with_what_a_line_is_about_says_the_same() -> None:
    own = of_command(
        "Tips", listed("**Ebb**: The keel may touch", "Use dry ropes (hemp)", "Ring it")
    )
    theirs = listed(
        "Ebb can cost the keel", "Use dry ropes by night", "Use wet sand", "Ring at dusk"
    )
    [one], rest = merging.merged([own], [Part(("Tips",), (2,), 12, [theirs])])
    assert lines(one)[3:] == ["- Use wet sand", "- Ring at dusk"] and rest == []


def test_what_is_right_is_no_practice() -> None:
    assert merging.subject_of("Quay Guidelines") == "practices"
    assert merging.subject_of("Ethical Guidelines") == ""


@pytest.mark.parametrize(
    ("heading", "again"),
    [("Example Moorings", True), ("Mooring Templates", True), ("Example Tides", False),
     ("Moorings", False)],
)  # fmt: skip
def test_a_readme_s_examples_of_what_a_command_shows_examples_of_are_no_news(
    heading: str, again: bool
) -> None:
    own = of_command("Mooring Templates", listed("Tie it", "Ring it"))
    own.path = (*own.path, "1. At ebb")
    [found] = beside.but_said([Part((heading, "At flood"), (2,), 7, [listed("Wait")])], [own])
    assert (found.rank > 20) is again


def test_a_list_of_commands_that_have_a_table_is_left_out() -> None:
    homes = [Home((f"`/{name}`",), f"[{name}](a)", (9,), False) for name in ("moor", "tar-it")]
    own = [of_command("Steps", Block("text", "Do."), home=home) for home in homes]
    rows = [
        (listed("**Moor** - Ties", "`/tar-it`: tars"), False),
        (listed("**Moor** - Ties", "**Bell** - Rings"), True),
        (listed("Moor the ship"), True),
    ]
    for block, stays in rows:
        more = [Part(("Commands", "All"), (2,), 7, [block])]
        assert bool(summaries.without_summaries(more, own, build({}))) is stays
    more = [Part(("Commands",), (2,), 7, [rows[0][0]])]
    assert summaries.without_summaries(more, own[:1], build({})) == more


@pytest.mark.parametrize(
    ("heading", "other", "again"),
    [
        ("Advanced Features", "Advanced Usage", True),
        ("Testing Methodology", "Test Phases", True),
        ("Advanced Features", "Test Phases", False),
    ],
)
def test_a_readme_s_chapter_does_what_a_section_of_another_name_does(
    heading: str, other: str, again: bool
) -> None:
    own = of_command(heading, listed("Tie the hawser fore and aft, and ring the bell. " * 3))
    [found] = beside.but_said([Part((other,), (2,), 7, [listed("Wait")])], [own])
    assert (found.rank > 20) is again


def test_a_warning_is_said_twice_and_a_short_configuration_has_room() -> None:
    def part(name: str, size: int = 20) -> Part:
        return Part((name,), (2,), 14, [Block("text", "x" * size)], news=beside.BESIDE)

    parts = [part("Warning"), part("Configuration"), part("Configuration", 900), part("History")]
    assert installing.needed(parts) == 2 * 22
    assert [one.news for one in parts] == [0, *[beside.BESIDE] * 3]
    assert [one.rank for one in parts] == [installing.FIRST, installing.FIRST, 14, 14]


def test_use_cases_told_one_by_one_are_examples_and_no_occasions() -> None:
    told = "### 1. At ebb\n\nLook for a berth of `4 m`, and moor at the quay.\n"
    manifest = '{"name": "harbour-kit", "description": "Moors ships."}'
    readme = f"# Harbour kit\n\n## Use Cases\n\n{told}"
    made = {".claude-plugin/plugin.json": manifest, "README.md": readme}
    assert "## Examples of use\n\n### At ebb\n" in compose.body(material(made))


ROPES = of_command(
    "Ropes", listed("**Hawser** - Thick, for mooring", "**Halyard** - Hoists sails", "Towing lines")
)


@pytest.mark.parametrize(
    ("items", "left"),
    [
        (  # by their names
            [("Hawsers", "Made of hemp"), ("Halyard", "Runs aloft"), ("Towing lines", "Long")],
            "",
        ),
        (
            [("For mooring", "Thick hawser"), ("For sails", "Halyard that hoists"),
             ("Others", "Painter of a dinghy", "Lead line", "Heaving line with a knot")],
            "- **Others**: Painter of a dinghy, lead line, heaving line with a knot",
        ),
        ([("Anchors", "Bower"), ("Buoys", "Red"), ("Halyard", "Hoists sails")], None),
        ([("Hawsers", "Costs `4`"), ("Halyard", "Runs aloft"), ("Towing lines", "Long")], None),
    ],
)  # fmt: skip
def test_a_readmes_chapter_of_what_a_command_lists_adds_what_is_new(
    items: list[tuple[str, ...]], left: str | None
) -> None:
    more = [Part(("Kinds of line", head), (2, n), 12, [listed(*told)], news=0.3)
            for n, (head, *told) in enumerate(items)]  # fmt: skip
    found = kin.but_kin(more, [ROPES])
    if left is None:
        assert found == more
        return
    assert [lines(part) for part in found] == [[left]] * bool(left)
    assert all(part.path == ("Kinds of line",) and part.order > (1,) for part in found)


def test_an_address_that_a_web_page_hid_is_one_again() -> None:
    text = "# Log\n\n```js\nlogin('[email\u00a0protected]');\n```\n"
    [code] = [b for one in sections(text, NOWHERE) for b in one.blocks]
    assert "login('user@example.com');" in code.text


def test_a_few_words_that_are_said_make_no_line_among_what_to_do() -> None:
    own = of_command(
        "Best Practices", listed("Number the berths from the start", "Limit the rate of tugs")
    )
    more = [
        Part(("Best Practices",), (2,), 12,
             [listed("Berth numbers (`B1`)", "Tugs wait in a queue where fog is thick",
                     "Sound the horn in fog")]),
    ]  # fmt: skip
    [one], rest = merging.merged([own], more)
    assert rest == []
    assert lines(one)[2:] == [
        "- Tugs wait in a queue where fog is thick",
        "- Sound the horn in fog",
    ]


@pytest.mark.parametrize(
    ("path", "block", "stays"),
    [
        (("Usage", "What it does"), listed("Reads the tide", "Ties the knot"), False),
        (("Usage", "What it does"), Block("text", "Reads the tide tables of a day."), True),
        (("Usage", "Knots"), listed("Bowline", "Clove hitch"), True),
    ],
)
def test_what_sums_up_the_steps_of_a_command_is_left_out(
    path: tuple[str, ...], block: Block, stays: bool
) -> None:
    steps = of_command("Implementation Process", Block("text", "Moor, tie and wait. " * 9))
    assert bool(beside.but_said([Part(path, (2,), 12, [block])], [steps])) is stays
