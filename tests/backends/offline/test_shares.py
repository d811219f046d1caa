"""What a document holds of each of several commands, what of a README beside them, and its lead."""

from __future__ import annotations

import re

import pytest

from nightpress.backends.offline import overlap, pointers, shares, trim, verbs, voice, worth
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.clean import Place
from nightpress.backends.offline.part import Home, Part
from nightpress.model import Window
from tests.backends.offline.plugins import WORDS, harbour, material
from tests.backends.offline.test_documents import document
from tests.backends.offline.test_trim import OWN


def _command(n: int, steps: int) -> str:
    word = WORDS[n]
    probes = "".join(f"- The {w} of the {word}: !`{w} --of {word}`\n" for w in WORDS[20:34])
    task = "".join(f"{k}. Tell the {w} of the {word}.\n" for k, w in enumerate(WORDS[:steps], 1))
    return (
        f"---\ndescription: Tell the crew where the {word} lies\n---\n\n# {word}\n\n## Context\n\n"
        f"{probes}\n## Task\n\n{task}\n## History of the {word}\n\n"
        + " ".join(f"The {w} came before the {word}." for w in WORDS[40:70])
    )


@pytest.mark.parametrize("steps", [3, 9, 15])
def test_of_each_command_the_task_stands_or_a_link_and_never_the_preface_alone(steps: int) -> None:
    files = {k: v for k, v in harbour().items() if k.startswith(".")}
    files |= {f"commands/{WORDS[n]}.md": _command(n, steps * (1 + n % 2)) for n in range(8)}
    text = document(material(files, window=Window(1_000, 9_000)))
    chapters = re.split(r"(?m)^## ", text)[1:]
    told = [one for one in chapters if one.startswith("`/")]
    assert len(told) > 1 and all("### Task\n\n1. Tell the" in one for one in told)
    for n in range(8):
        assert f"[`/{WORDS[n]}`](../../commands/{WORDS[n]}.md)" in text
    if len(told) < 8:
        assert "read the linked file" in text or "read its linked file" in text


def test_a_command_that_cannot_be_shown_with_its_task_is_named_in_the_table_alone() -> None:
    files = {k: v for k, v in harbour().items() if k.startswith(".")}
    files |= {"commands/anchor.md": _command(0, 4), "commands/beacon.md": _command(2, 20)}
    files["commands/beacon.md"] = files["commands/beacon.md"].replace("Tell the", "Tell " * 200)
    text = document(material(files, window=Window(500, 6_000)))
    assert "## `/anchor`" in text and "## `/beacon`" not in text


def test_every_command_of_a_table_has_a_section_or_is_said_to_have_none() -> None:
    files = {k: v for k, v in harbour().items() if k.startswith(".")}
    phases = "".join(
        f"## Phase {n}: {WORDS[n].title()}\n\n{'Sail on. ' * 90}\n\n" for n in range(6)
    )
    files |= {"commands/anchor.md": _command(0, 4), "commands/beacon.md": f"# beacon\n\n{phases}"}
    files["commands/crane.md"] = "".join(
        "\n".join([f"## {w}\n", "```js", *[f"{w}(at, sea)"] * 300, "```\n\n"]) for w in WORDS[9:14]
    )
    text = document(material(files, window=Window(500, 5_000)))
    assert "## `/anchor`\n\n### " in text
    beacon = text.partition("## `/beacon`\n\n")[2]
    link = "[commands/beacon.md](../../commands/beacon.md)"
    assert beacon.startswith(f"Follow the steps in {link}:\n\n- Phase 0: Anchor\n- Phase")
    assert beacon.count("Phase 5") == 1  # no pointer says again what the list names
    note = "`/crane` has no section here: read the linked file before you run it."
    assert "## `/crane`" not in text and note in text


@pytest.mark.parametrize("gate", ["**GATE**: Wait for the pilot.", "STOP and ask the pilot first."])
def test_a_gate_is_never_left_out_as_said_before(gate: str) -> None:
    steps = [
        f"## {w.title()}\n\nGo to the {w}, then to its lantern.\n\n{gate}\n" for w in WORDS[:3]
    ]
    text = document(material(harbour(24) | {"commands/watch.md": "\n".join(steps)}))
    assert text.count(gate) == 3
    far = "Sail on past the light. " * 60
    phases = [f"## Phase {n}: Go {n}\n\n{far}{n}\n\n{gate}\n\n" for n in range(1, 4)]
    text = document(material({"commands/watch.md": "# watch\n\n" + "".join(phases)}))
    assert text.count(gate) == 3
    files = {
        f"commands/{w}.md": f"# {w}\n\n" + "".join(phases).replace("light", w).replace("Go", w)
        for w in WORDS[:3]
    }
    text = document(material(files, window=Window(500, 5_000)))
    assert all(f"- Phase 2: {w} 2. {gate}" in text for w in WORDS[:3])


@pytest.mark.parametrize(
    ("heads", "said"),
    [
        (("Phase 1: Rig", "Phase 2: Sail", "Phase 3: Moor"),
         "- Phase 1: Rig\n- Phase 2: Sail\n- Phase 3: Moor"),
        (("Rig", "Sail", "Moor"), ""),
        (("Phase 1: Rig", "Phase 2: Sail"), ""),
    ],
)  # fmt: skip
def test_of_a_command_without_room_its_steps_are_named(heads: tuple[str, ...], said: str) -> None:
    home = Home(("`/c`",), "[c](../c)", (1, 400), is_linked=False)
    blocks = [Block("text", "Do it.")]
    instead = [Block("list", "\n".join(f"- {head}" for head in heads))]
    parts = [
        Part(("`/c`", head), (1, n), 6, blocks, ("c", 0), instead=instead, home=home)
        for n, head in enumerate(heads, 1)
    ]
    assert "".join(b.text for part in pointers.of_steps(parts) for b in part.blocks) == said
    parts.append(Part(("`/c`", "Log"), (1, 9), 6, blocks, home=home))
    told = [b.text for part in pointers.of_steps(parts) for b in part.blocks]
    assert told[1:] == (["Also in [c](../c): Log."] if said else [])


def test_of_sections_side_by_side_in_a_readme_the_terse_ones_stand_beside_one_that_is_not() -> None:
    kinds = "### Spring\n\n- Marks at `4 m` of water\n\n### Neap\n\n- Quiet water\n- Short ropes\n"
    place = Place("README.md", "", "skills/x", frozenset())
    heads = [g.sections[0].path for g in trim.quoted(f"## Tides\n\n{kinds}", place, OWN)]
    assert heads == [("Tides", "Spring"), ("Tides", "Neap")]
    alone = trim.quoted("## Tides\n\n### Neap\n\n- Quiet water\n\n## A\n\nB is `c`.", place, OWN)
    assert [group.sections[0].path for group in alone] == [("A",)]


def test_what_a_readme_does_again_that_the_command_does_is_left_out() -> None:
    files = {k: v for k, v in harbour().items() if k.startswith(".")}
    steps = ["Validates the tide table", "Checks the depth of the berth", "Moors the ship by rope"]
    listed = "".join(f"{n}. {one}.\n" for n, one in enumerate(steps, 1))
    files["commands/moor.md"] = f"---\ndescription: Moor a ship\n---\n\n## Process\n\n{listed}"
    again = "".join(f"- {one}\n" for one in steps)
    files["README.md"] = f"# Harbour\n\n## What It Does\n\n{again}- Rings the bell\n"
    text = document(material(files, window=Window(300, 8_000)))
    assert text.count("depth of the berth") == 1 and "Rings the bell" not in text


def test_calls_that_the_command_shows_are_not_shown_again_beside_one_more() -> None:
    files = {k: v for k, v in harbour().items() if k.startswith(".")}
    calls = "".join(f"/moor {w} --by rope --at dawn\n" for w in ("bow", "stern", "keel", "oar"))
    fence = f"## Usage\n\n```bash\n{calls}```\n"
    files["commands/moor.md"] = f"---\ndescription: Moor a ship\n---\n\n{fence}"
    again = fence.replace("/moor bow", "/moor mast").replace("/moor oar", "/moor hull")
    files["README.md"] = f"# Harbour\n\n{again}\n## Limits\n\nAt most `9` ships a day.\n"
    text = document(material(files, window=Window(200, 8_000)))
    assert text.count("/moor stern --by rope") == 1 and "`9` ships" in text


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        ("- blue-green - Instant switchover with rollback", True),
        ("- `fast`: instantly moors", True),
        ("- **Instant** - Webhooks of the harbour", True),
        ("- **Lightning** - Instant results for everyone", False),
        ("- Claude Code CLI", False),
        ("- **Index**: 150x-12,500x faster search", False),
        ("- **Index**: 12.4% better accuracy", False),
        ("- `scripts/made.sh` - Rings the bell", True),
        ("- `scripts/gone.sh` - Rings the bell", False),
    ],
)
def test_an_item_that_defines_a_value_or_what_is_written_stays(item: str, kept: bool) -> None:
    own = trim.Owned("harbour", frozenset(), frozenset(), frozenset({"scripts/made.sh"}))
    place = Place("commands/a.md", "commands", "skills/x", frozenset())
    found = trim.quoted(f"## A\n\n- Moors `ships`\n{item}\n", place, own)
    assert (item in found[0].sections[0].blocks[0].text) is kept


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "The command examines the quay and maps each berth:",
            "Examine the quay and map each berth:",
        ),
        ("This command generates a report.", "Generate a report."),
        ("The check command evaluates:", "The check command evaluates:"),
        ("This command provides a quay.", "This command provides a quay."),
        ("Before running this command, ask:", "Before you start, ask:"),
        ("Activate this agent when it rains.", "Use it when it rains."),
        ("Activate when the tide turns.", "Use it when the tide turns."),
        ("**V3**: You now have four ropes:", "**V3**: it has four ropes:"),
    ],
)
def test_what_is_told_of_a_command_is_an_order_to_who_does_it(said: str, told: str) -> None:
    assert voice.neutral(said) == told


@pytest.mark.parametrize(
    ("third", "order"),
    [
        ("Moors ships, tests ropes and maps the quay.", "Moor ships, test ropes and map the quay."),
        ("Tracks and runs tests.", "Track and run tests."),
        ("Moor ships with tests and maps.", "Moor ships with tests and maps."),
        ("Provides a quay.", ""),
        ("Quay of the north.", ""),
        ("Tests validate each rope.", ""),
    ],
)
def test_the_third_person_becomes_an_order(third: str, order: str) -> None:
    assert verbs.imperative(third) == order


def test_a_skill_begins_with_one_sentence_and_how_it_is_called() -> None:
    files = {k: v for k, v in harbour().items() if k.startswith(".")}
    files["commands/moor.md"] = (
        "---\ndescription: Berth planning by tides\n---\n\n# Moor\n\nBerths of ships by tides, in"
        " a small harbour.\n\n## Steps\n\n1. Look at the bollard.\n2. Throw the hawser.\n"
    )
    files["README.md"] = "# Harbour\n\n**All ships ashore!**\n\nPlans ship berths by tides.\n"
    text = document(material(files, window=Window(200, 6_000)))
    above = re.split(r"(?m)^## ", text)[0].split("# Harbour\n", 1)[1].strip().split("\n\n")
    assert above[0] == "Plan berths and tides for ships in a small harbour."
    assert len(above) == 2 and above[1].startswith("Run `/moor`, defined in [")
    assert "follow the steps below" in above[1]
    assert "Plans berths and tides for ships" in text.split("\n---\n")[0]


def test_of_commands_that_have_no_room_together_the_ones_with_facts_go_first() -> None:
    def one(name: str, n: int, text: str) -> list[Part]:
        home = Home((f"`/{name}`",), "[c](../commands/c.md)", (n, 400), is_linked=False)
        return [Part((f"`/{name}`", "Task"), (n, 1), 6, [Block("text", text)], home=home)]

    plain = one(
        "plain", 1, "Look at the quay and think of what is best for it. ".replace(".", ",") * 6
    )
    rules = one("rules", 2, "Never moor at `low water`; use `--fend` from 3 knots on. " * 6)
    taken = shares.share([plain, rules], 500)
    assert [[part.is_aside for part in parts] for parts in taken] == [[True], [False]]


@pytest.mark.parametrize(("code", "first"), [("moor()\n" * 300, False), ("moor()\n" * 20, True)])
def test_what_is_stated_goes_in_before_a_long_listing(code: str, first: bool) -> None:
    shown = Part(("Code",), (1,), 0, [Block("code", f"```python\n{code}```")])
    said = Part(("Rigging",), (2,), 0, [Block("text", "The rigging is checked each spring.")])
    assert (worth.of(shown, 0) < worth.of(said, 1)) is first


@pytest.mark.parametrize(
    ("heading", "item", "gone"),
    [
        ("See Also", "`moor` - Moors a ship", True),
        ("Related Commands", "[moor](../../commands/moor.md)", True),
        ("See Also", "[Tides](../../docs/tides.md)", False),
        ("Ways", "`moor` - Moors a ship", False),
    ],
)
def test_what_only_names_the_other_commands_is_no_section(
    heading: str, item: str, gone: bool
) -> None:
    part = Part((heading,), (1,), 0, [Block("list", f"- {item}")])
    assert worth.sends_on(part) is gone


@pytest.mark.parametrize(
    ("text", "slight"),
    [("Commands of the harbour.", True), ("Commands for `moor`.", False), ("Is far.", False)],
)
def test_a_document_that_only_says_what_it_is_has_no_chapter(text: str, slight: bool) -> None:
    part = Part((), (1,), 0, [Block("text", text)])
    assert worth.is_slight(part, alone=True) is slight


def test_a_document_that_would_show_no_code_has_an_example_all_the_same() -> None:
    files = {k: v for k, v in harbour().items() if k.startswith(".")}
    for n in range(3):
        code = f"moor({n}, 12, slowly)\n" * 40
        rules = "".join(f"- The {w} of the {WORDS[n]} is never left alone\n" for w in WORDS[:30])
        shown = f"## Sample\n\n```js\n{code}```\n"
        files[f"agents/{WORDS[n]}.md"] = f"# {WORDS[n]}\n\n## Rules\n\n{rules}\n{shown}"
    text = document(material(files, window=Window(500, 5_000)))
    assert text.count("```js\nmoor(") > 0


def _sections(name: str, *sections: tuple[str, Block]) -> list[Part]:
    home = Home((f"`{name}`",), f"[{name}](../agents/{name}.md)", (1, 400), is_linked=False)
    return [
        Part(home.base + ((head,) if head else ()), (1, n), 6, [block], home=home)
        for n, (head, block) in enumerate(sections)
    ]


def test_what_decides_goes_before_steps_that_are_true_of_anything_and_each_has_some() -> None:
    steps = Block("list", "\n".join(f"{n}. **Look** - What is there to be seen?" for n in range(9)))
    rules = Block("list", "\n".join(f"- Ropes of kind {w} are not for chains" for w in WORDS[:6]))
    shown = Block("code", f"```js\n{'moor(); ' * 40}\n```")
    one = _sections("a", ("Steps", steps), ("Pitfalls to Avoid", rules), ("Code", shown))
    none = _sections("b", ("Steps", steps), ("Code", shown))
    room = 2 * 420
    taken = [
        [part.path[-1] for part in parts if not part.is_aside]
        for parts in shares.share([one, none], room)
    ]
    assert taken == [["Pitfalls to Avoid"], ["Steps"]]


def test_a_text_without_headings_is_shared_by_its_labels() -> None:
    rules = "".join(f"- Never moor by {w}\n" for w in WORDS[:9])
    near = "".join(f"- The {w} is near {w}\n" for w in WORDS[:60])
    blocks = [Block("text", "**Views:**"), Block("list", near), Block("text", "**Rules:**")]
    [whole] = _sections("a", ("", Block("text", "The mole.")))
    whole.blocks = [*whole.blocks, *blocks, Block("list", rules)]
    [[*parts]] = shares.share([[whole]], 700)
    told = [block.text for part in parts if not part.is_aside for block in part.blocks]
    assert told == ["The mole.", "**Rules:**", rules]


def test_of_a_workflow_that_has_no_room_its_steps_are_named_and_what_decides_stands() -> None:
    long = Block("text", "Sail on past the light. " * 60)
    home = Home(("`/c`",), "[c](../c)", (1, 400), is_linked=False)
    heads = ("1. Rig", "2. When to sail", "3. Moor")
    instead = [Block("text", "In [c](../c):"), Block("list", "\n".join(heads))]
    texts = (long, Block("text", "Only at high water."), long)
    parts = [
        Part(("`/c`", "Task", head), (1, n), 6, [text], ("c", 0), instead=instead, home=home)
        for n, (head, text) in enumerate(zip(heads, texts, strict=True))
    ]
    [taken] = shares.share([parts], 900)
    shown = [(part.path[-1], part.blocks[-1].text) for part in taken if not part.is_aside]
    assert shown == [("Task", "\n".join(heads)), ("2. When to sail", "Only at high water.")]


def test_a_label_alone_is_no_filler() -> None:
    home = Home(("`/c`",), "[c](../c)", (1, 400), is_linked=False)
    blocks = [Block("text", "**Parameters**:"), Block("list", "- A rope")]
    parts = [[Part(("`/c`", "Task"), (1, n), 6, blocks, home=home)] for n in range(4)]
    assert overlap.without_filler(parts) == parts


def test_of_a_command_without_room_for_its_calls_the_options_are_told_before_what_it_does() -> None:
    calls = "".join(f"# Of the {w}\n/moor the {w} --{w} now\n\n" for w in WORDS[5:12])
    does = "\n".join(f"- Tells of the {w}" for w in WORDS[20:30])

    def command(name: str) -> list[Part]:
        home = Home((f"`/{name}`",), f"[commands/{name}.md](../commands/{name}.md)", (9,), False)
        usage = [Block("code", f"```bash\n{calls}mooring start --fast\n```")]
        return [
            Part((*home.base, "Usage"), (1, 1), 2, usage, home=home),
            Part((*home.base, "What it does"), (1, 2), 7, [Block("list", does)], home=home),
        ]

    [found, _] = shares.share([command("moor"), command("tar")], 1_200)
    line, told = [part for part in found if not part.is_aside]
    assert "--fast" not in line.blocks[0].text  # another program's
    assert line.path == ("`/moor`",) and line.blocks[0].text.startswith(
        "Called as in `/moor the bollard --bollard now`; also with `--"
    )
    assert told.path[-1] == "What it does"
    [found, _] = shares.share([command("moor"), command("tar")], 9_000)
    assert found == command("moor")


def test_of_one_that_gives_room_to_another_what_it_does_stays() -> None:
    home = Home(("`/a`",), "[commands/a.md](../commands/a.md)", (99,), False)

    def part(n: int, name: str, size: int) -> Part:
        return Part((*home.base, name), (1, n), 6 + n, [Block("text", "x" * size)], home=home)

    one = shares._Member(
        [part(1, "What it does", 250), part(2, "Best Practices", 700)], frozenset()
    )
    assert one.grow(5_000, worth.LEAST, shares.WHOLE) and one.grow(5_000, worth.LEAST, shares.WHOLE)
    assert one.shrink(shares.FLOOR) == 0  # without the practices it has less than the floor
    assert [unit.taken >= 0 for unit in one._units] == [True, True]
    assert one.shrink(200) > 600 and [unit.taken >= 0 for unit in one._units] == [True, False]
    assert one.shrink(0) == 0


@pytest.mark.parametrize(
    ("heading", "blocks", "most"),
    [
        ("Design Decisions", [Block("list", "- Oak, not pine")], None),
        ("Migration Guide", [Block("list", "- Oak, not pine")], None),
        ("Output Format", [Block("code", "```text\nDepth: [m]\n```")], 8),
        ("Command-Line Flags", [Block("code", "```bash\n--a 1\n--b 2\n  --c\n```")], 3),
        ("Command-Line Flags", [Block("code", "```bash\nmoor --a --b --c\n```")], 30),
        ("Known Issues", [Block("list", "- Fog")], 2),
    ],
)
def test_what_a_section_is_worth_by_what_it_is(
    heading: str, blocks: list[Block], most: int | None
) -> None:
    found = worth.of(Part((heading,), (1,), 6, blocks), 30)
    assert found == most if most is not None else found > 30
