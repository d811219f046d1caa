"""No procedure of a command or an agent goes silently: it is whole, or pointed to."""

from __future__ import annotations

import json

import pytest
from benchmarks import _procedures as procedures
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nightpress.backends.offline import components, occasions, praise, trim
from nightpress.backends.offline.backend import Offline
from nightpress.model import Request, Window

from .plugins import WORDS, material

word = st.sampled_from(WORDS)
ODD = (
    "Read the {w} from `$ARGUMENTS`.", "Write it to `$ARGUMENTS/{w}`.", "Take $1, then the {w}.",
    "Tides of the {w}: !`date -u`", "Follow @docs/{w}.md at the {v}.", "Sound the {w} by the {v}.",
    "Log the {w}:\n   ```bash\n   log \"$ARGUMENTS\"\n   ```", "Run `/gone-{w} now` at the {v}.",
    "Make a perfect {w} of the {v}.", "You must never sell the {w} without a {v}.",
)  # fmt: skip
LEADS = (
    "Follow these steps:", "When invoked, you should:", "**Arguments:** `$ARGUMENTS` (optional)",
    "You excel at {w}:", "The {w} for $ARGUMENTS needs:", "Your {w} covers:", "", "",
)  # fmt: skip


@st.composite
def steps(draw: st.DrawFn) -> str:
    """A numbered list with odd items among plain ones, under a lead."""
    lead = draw(st.sampled_from(LEADS)).format(w=draw(word))
    items = [
        draw(st.sampled_from(ODD)).format(w=draw(word), v=draw(word))
        for _ in range(draw(st.integers(2, 7)))
    ]
    rows = "\n".join(f"{n}. {item}" for n, item in enumerate(items, 1))
    return f"{lead}\n\n{rows}\n\n" if lead else f"{rows}\n\n"


@st.composite
def component(draw: st.DrawFn) -> str:
    """The text of a command or an agent: sections with steps, phases with parts, fillers."""
    pieces = [f"# The {draw(word)}\n\n"]
    if draw(st.booleans()):
        pieces.append("You are an expert pilot. Bring ships in.\n\n")
    for n in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(("steps", "phases", "long", "plain", "tag")))
        pieces.append(f"## {draw(word).title()} {draw(word)} {n}\n\n")
        if kind == "phases":
            names = [draw(word) for _ in range(draw(st.integers(2, 4)))]
            for at, name in enumerate(names, 1):
                pieces.append(f"### Phase {at}: {name.title()}\n\n{draw(steps())}")
        elif kind == "long":
            text = " ".join(draw(word) for _ in range(300))
            pieces.append(f"The {text} is far.\n\n{draw(steps())}")
        elif kind == "tag":
            pieces.append(f"<process>\n{draw(steps())}</process>\n\n")
        else:
            pieces.append(draw(steps()))
    return "".join(pieces)


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.lists(component(), min_size=1, max_size=4), st.data(), st.integers(1_500, 14_000))
def test_every_procedure_is_whole_or_pointed_to(
    bodies: list[str], data: st.DataObject, most: int
) -> None:
    files = {".claude-plugin/plugin.json": json.dumps({"name": "harbour", "description": "Moors"})}
    for n, body in enumerate(bodies):
        kind = data.draw(st.sampled_from(("commands", "agents")))
        head = f"name: {WORDS[n]}-{n}\n" if kind == "agents" else ""
        files[f"{kind}/{WORDS[n]}-{n}.md"] = f"---\n{head}description: Moors {n}\n---\n\n{body}"
    made = replace(material(files), window=Window(1_200, most))
    text = Offline().ask(Request("generation", "harbour/x", "offline", "", "", 1, made)).text
    assert list(procedures.missing(text, made.target, files)) == [], text
    assert list(procedures.Document(text, made.target).dangling()) == [], text


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("## `/moor`\n\nMoors.\n\nIt does.\n", ["gone"]),
        ("## `/moor`\n\nMoors.\n\n1. Look at the quay.\n", ["cut"]),
        ("## `/moor`\n\nMoors.\n\n1. Look at the quay.\n2. Throw a rope over.\n", []),
        ("## `/moor`\n\nMoors.\n\n[commands/moor.md](../../commands/moor.md) has: Steps.\n", []),
        ("## `/moor`\n\nRun `/moor`, defined in [it](../../commands/moor.md).\n", []),
        ("## `/tides`\n\nThe moon.\n", []),
    ],
)
def test_the_benchmark_sees_what_is_cut_and_what_is_gone(text: str, kinds: list[str]) -> None:
    source = {
        "commands/moor.md": "# Moor\n\n## Steps\n\n1. Look at the quay.\n2. Throw a rope over.\n"
    }
    found = procedures.missing(text, "skills/x/SKILL.md", source)
    assert [kind for kind, _, _ in found] == kinds


def test_the_benchmark_sees_leads_of_nothing_and_lists_without_their_lead() -> None:
    document = procedures.Document("# X\n\nFollow these steps:\n\n## A\n\n## B\n\nSo.\n", "x.md")
    assert list(document.dangling()) == ["Follow these steps:", "## A"]
    source = {
        "commands/m.md": "The ships of a fleet:\n\n- If provided: only those\n- Else: any ship\n"
    }
    text = "# X\n\n- If provided: only those\n- Else: any ship\n"
    assert [k for k, _, _ in procedures.missing(text, "x.md", source)] == ["unled"]
    assert [*procedures.missing(f"The ships of a fleet:\n\n{text[5:]}", "x.md", source)] == []


@pytest.mark.parametrize(
    ("body", "row"),
    [
        ("# X\n\nMoors a ship at a quay.\n", "Moor a ship at a quay"),
        (
            "# Notes Expert\n\nYou are an expert scribe.\n\n## Context\n\nFleets rely on notes."
            " This tool generates daily notes from the log.\n",
            "Generate daily notes from the log",
        ),
        ("# X\n\n## Context\n\nThe user needs help with a stuck rudder.\n", "A stuck rudder"),
        ("# Rope Repair Expert\n\nYou are an expert.\n\n## Task\n\n- Mend it\n", "Rope Repair"),
    ],
)
def test_a_command_without_a_description_is_told_of_by_what_it_does(body: str, row: str) -> None:
    made = material({"commands/notes.md": body, "commands/b.md": "Casts off a ship.\n"})
    text = Offline().ask(Request("generation", "h/x", "offline", "", "", 1, made)).text
    assert f"| [`/notes`](../../commands/notes.md) | {row} |" in text


def test_arguments_of_which_nothing_is_said_are_no_rows() -> None:
    head = '---\ndescription: Moor\nargument-hint: "<ship> [--fast]"\n---\n\n'
    made = material({"commands/moor.md": f"{head}`--fast` skips the pilot.\n"})
    text = Offline().ask(Request("generation", "h/x", "offline", "", "", 1, made)).text
    assert "/moor <ship> [--fast]" in text and "Required." not in text


def test_a_meaning_is_a_whole_sentence_that_announces_nothing() -> None:
    head = '---\ndescription: Moor\nargument-hint: "[--berth N] [--out path]"\n---\n\n'
    body = "1. Take the berth from\n   `--berth` values.\n2. From `--out`:\n   - a path\n"
    made = material({"commands/moor.md": head + body})
    [table] = components._arguments(made, made.anatomy.of("command")[0])
    assert "| `--berth N` | Take the berth from `--berth` values. |" in table.text
    assert "| `--out" not in table.text


def test_the_other_way_does_not_begin_with_or_where_the_first_has_gone() -> None:
    readme = (
        "# Harbour\n\nMoors ships.\n\n## Install\n\n```bash\nclaude plugin install harbour\n```\n\n"
        "Or standalone:\n\n```bash\nnpx harbour moor .\n```\n"
    )
    made = material({"README.md": readme})
    text = Offline().ask(Request("generation", "h/x", "offline", "", "", 1, made)).text
    assert "Standalone:\n\n```bash\nnpx harbour moor .\n```" in text and "Or " not in text


def test_a_name_that_holds_a_word_of_praise_praises_nothing() -> None:
    made = material({
        "commands/mode.md": "---\ndescription: Set the magic-harbour level\n---\n\nx\n",
        "commands/go.md": "---\ndescription: Launch a tug agent in the background (pilot)\n---\n\ny\n",  # noqa: E501
    })  # fmt: skip
    text = Offline().ask(Request("generation", "h/x", "offline", "", "", 1, made)).text
    assert "| Set the magic-harbour level |" in text
    assert "| Launch a tug agent in the background (pilot) |" in text


def test_what_the_plugin_is_sold_for_is_left_out() -> None:
    readme = "# Harbour\n\nMoors ships.\n\n## Commands\n\nPlans: Free $0, Team $12, Fleet $470.\n"
    made = material({"README.md": readme, "commands/moor.md": "Moors a ship for $5 a night.\n"})
    text = Offline().ask(Request("generation", "h/x", "offline", "", "", 1, made)).text
    assert "Plans" not in text and "470" not in text and "for \\$5 a night" in text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("- `--raw N` \u2014 as measured. No tide.", "as measured. No tide."),
        ("- **--raw**: as measured", "as measured"),
        ("--raw - as measured", "as measured"),
        ("- `--rawest`: not this one", ""),
        ("- `--raw`:", ""),
        ("`--raw` is for pilots.", ""),
    ],
)
def test_a_line_that_defines_an_option_is_its_meaning_whole(line: str, said: str) -> None:
    assert components._defined("--raw", f"# Sound\n\n{line}\n") == said


def test_a_choice_of_values_breaks_no_row() -> None:
    head = "---\ndescription: Sound\nargument-hint: '[--as raw|mean]'\n---\n\n"
    line = "- `--as`: how the depth is told. Both are metres.\n"
    made = material({"commands/sound.md": f"{head}{line}"})
    [table] = components._arguments(made, made.anatomy.of("command")[0])
    assert all(line.replace("\\|", "").count("|") == 3 for line in table.text.splitlines())
    assert "How the depth is told. Both are metres." in table.text


def test_two_branches_of_a_command_that_differ_in_a_word_both_stand() -> None:
    branch = "If the mode is `{0}`, read and execute the whole berth file of `{0}` to its end."
    body = "\n\n".join(branch.format(mode) for mode in ("short", "long"))
    command = f"---\ndescription: Moor\n---\n\n# Moor\n\nMoors.\n\n## Modes\n\n{body}\n"
    made = material({"commands/moor.md": command, "commands/b.md": "# B\n\nCasts off a ship.\n"})
    text = Offline().ask(Request("generation", "h/x", "offline", "", "", 1, made)).text
    assert branch.format("short") in text
    assert branch.format("long") in text


def test_sections_whose_first_is_none_of_the_document_have_no_numbers() -> None:
    readme = (
        "# Harbour\n\nMoors ships.\n\n## Getting started\n\n### 1. Install\n\n```bash\n"
        "/plugin install harbour\n```\n\n### 2. Row out\n\nTake the small boat to the buoy first."
        "\n\n### 3. Moor\n\nTake two turns round the bollard, then a hitch.\n\n## Order\n\n"
        "### 1. Look\n\nWhere the wind is from.\n\n### 2. Wait\n\nUntil the ferry is past.\n"
    )
    made = material({"README.md": readme})
    text = Offline().ask(Request("generation", "h/x", "offline", "", "", 1, made)).text
    assert "### Row out\n" in text and "### Moor\n" in text
    assert "### 1. Look\n" in text and "### 2. Wait\n" in text


def test_a_comparison_keeps_its_adjective() -> None:
    said = "It is more powerful than a winch, and a powerful tool."
    assert praise.struck(said) == "It is more powerful than a winch, and a tool."


def test_when_to_use_something_else_is_no_occasion() -> None:
    said = "**Use {} when:**\n\n- {}\n\n"
    agent = (
        "---\nname: tug-pilot\ndescription: Pilots tugs\n---\n\n## When to use which\n\n"
        + said.format("a/ferry", "Quick crossings") + said.format("tug", "Towing heavy barges")
    )  # fmt: skip
    made = material({"agents/tug-pilot.md": agent.replace("a/ferry", "Ferry")})
    said = occasions.occasion(made.anatomy, trim.owned(made.anatomy), "Pilots tugs")
    assert "crossings" not in said
    assert "heavy barges" in said


def test_what_is_to_be_filled_in_says_nothing_of_the_plugin() -> None:
    files = {
        "README.md": "# Harbour\n\nMoors ships, and keeps the log of each berth.\n",
        "LOG.starter.md": "# Log of a harbour\n\nThe first watch writes down the wind.\n",
        "docs/log.md": "# The log\n\n## What it is\n\n[One or two sentences: who keeps it.]\n\n"
        "## Who reads it\n\nThe pilot of the next watch reads it, from the last line up.\n",
        "examples/log.md": "# Log of the Anna\n\n## Rules\n\nThe cook of the Anna never steers.\n",
        "examples/moor.md": "# Mooring\n\n## First call\n\nRun `/moor`, and the bollard answers.\n",
        "commands/moor.md": "---\ndescription: Moor a ship\n---\n\nTie the ropes to a bollard.\n",
    }
    made = material(files)
    text = Offline().ask(Request("generation", "h/x", "offline", "", "", 1, made)).text
    assert "pilot of the next watch" in text and "the bollard answers" in text
    assert "One or two" not in text and "first watch" not in text and "never steers" not in text


def test_below_a_rule_and_a_label_something_new_begins() -> None:
    command = (
        "---\ndescription: Moor a ship\n---\n\n## Steps\n\nTie the ropes to a bollard.\n\n"
        "## Time Savings\n\n**By hand:** two hours\n\n**ROI:** a 24x time multiplier\n\n---\n\n"
        "**Next Steps:**\n1. Read the tide table of the quay\n2. Tell the pilot of the berth\n"
    )
    made = material({"commands/moor.md": command})
    text = Offline().ask(Request("generation", "h/x", "offline", "", "", 1, made)).text
    assert "## Next Steps\n\n1. Read the tide table" in text
    assert "multiplier" not in text and "Savings" not in text
