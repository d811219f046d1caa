"""A stranger's Markdown made fit for quoting: only taken away from, never added to."""

from __future__ import annotations

import re

import pytest

from nightpress.backends.offline import headings, person, wording
from nightpress.backends.offline.blocks import Block, sections, units
from nightpress.backends.offline.clean import Place, inline

HERE = Place("docs/a.md", "docs", "skills/x", frozenset({"docs/b.md", "README.md"}))


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        ("Run !`date` now", "Run `date` now"),
        ("Pass `$ARGUMENTS` on", "Pass the arguments on"),
        ("Pass $1 on", "Pass \\$1 on"),
        ('Ask: "Shall I stop <worker>?"', 'Ask: "Shall I stop <worker>?"'),
        ("Fill in <your-name> and <N>", "Fill in <your-name> and <N>"),
        ("It costs $5 a month", "It costs \\$5 a month"),
        ("`$1` costs $5.00, $10k or $2,000", "`$1` costs $5.00, $10k or $2,000"),
        ("`awk '{print $1}' <file>  x` runs", "`awk '{print $1}' <file>  x` runs"),
        ("`a\u200bb` hides something", ""),
        ("a <b>bold</b> <!-- hidden\nnote --> word", "a bold word"),
        ("`<b>` in code stays, p95 < 200 ms > 3", "`<b>` in code stays, p95 < 200 ms > 3"),
        ("![logo](https://x.example/a.png) text", " text"),
        ("[![Build](https://x.example/b.svg)](https://ci.example) text", " text"),
        ("[b](b.md) [readme](../README.md)", "[b](../../docs/b.md) [readme](../../README.md)"),
        ("[gone](c.md) [out](../../x) [anchor](#a) [abs](/etc/passwd)", "gone out anchor abs"),
        ("[mail](mailto:a@b.c) [js](javascript:alert)", "mail js"),
        ("[site](https://a.example/x?y=1)", "[site](https://a.example/x?y=1)"),
        ("<https://a.example/x> [ref][1]", "https://a.example/x ref"),
        ("\U0001f680 Launch \u2705 done", "Launch done"),
        ("`[b](b.md)` and `![a](url)` are code", "`[b](b.md)` and `![a](url)` are code"),
        ("Write [text](url) and ![alt](path)", "Write `[text](url)` and `![alt](path)`"),
        ("[`b`](b.md) ``` [a](a.md)", "[`b`](../../docs/b.md) ``` a"),
        ("zero\u200bwidth \u202eright\x07", "zerowidth right"),
    ],
)
def test_inline(source: str, clean: str) -> None:
    assert inline(source, HERE) == clean
    assert inline(clean, Place("", "", "", frozenset())) == clean or "](" in clean, (
        "cleaning again changes nothing"
    )


COMMAND = Place("commands/a.md", "commands", "skills/x", frozenset({"references/b.md"}))


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        (
            "Read the `id` from `$ARGUMENTS` (required)",
            "Read the `id` from the arguments (required)",
        ),
        ("$ARGUMENTS", ""),
        ("**Route**: $ARGUMENTS", ""),
        ("Plan a quiet berth with tides: $ARGUMENTS", "Plan a quiet berth with tides."),
        ("1. Take: $ARGUMENTS", "1. Take: the arguments"),
        ("- Left: !`ls | wc -l` ships at sea", "- Left: run `ls | wc -l` (ships at sea)"),
        ("Now: !`date` or !`uptime`", "Now: run `date` or `uptime`"),
        ("Read @docs/ or @.env*, @harbour-ai/sdk", "Read `docs/` or `.env*`, @harbour-ai/sdk"),
        ("**Arguments:** `$ARGUMENTS` (optional)", "**Arguments** (optional)"),
        ("If `$ARGUMENTS` is empty, ask.", "If the arguments are empty, ask."),
        ("Use the full $ARGUMENTS as the prompt", "Use the full arguments as the prompt"),
        ("Replace original $ARGUMENTS now", "Replace the original arguments now"),
        ("- `$ARGUMENTS`: a berth", "- The arguments: a berth"),
        ("Run `gh issue view $ARGUMENTS` first", "Run `gh issue view` with the arguments first"),
        ("Take $1, then `$2`.", "Take the first argument, then the second argument."),
        (
            "`$0` is the berth, $1 the ship",
            "The first argument is the berth, the second argument the ship",
        ),
        ("`$ARGUMENTS[1]` is the ship", "The second argument is the ship"),
        ("Tides: !`date -u`", "Tides: run `date -u`"),
        ("- !`ls -la`", "- Run `ls -la`"),
        ("Moor what @$1 says", "Moor what the file that the first argument names says"),
        ("Follow @docs/STYLE.md.", "Follow `docs/STYLE.md`."),
        (
            "See @${CLAUDE_PLUGIN_ROOT}/references/b.md",
            "See [references/b.md](../../references/b.md)",
        ),
        ("Read `${CLAUDE_PLUGIN_ROOT}/x.md`", "Read `${CLAUDE_PLUGIN_ROOT}/x.md`"),
        ("Install @scope/pkg for a@b.md", "Install @scope/pkg for a@b.md"),
        ("$1-5 per ship, $0 at night", "\\$1-5 per ship, \\$0 at night"),
        ("`awk '{print $1}' log`", "`awk '{print $1}' log`"),
        ("Write `$ARGUMENTS/log`", ""),
        ("Call it with `berth=$ARGUMENTS`", ""),
    ],
)
def test_what_a_commands_text_is_filled_in_with_is_told_in_words(source: str, clean: str) -> None:
    assert inline(source, COMMAND) == clean


def blocks(text: str) -> list[Block]:
    return [block for section in sections(text, HERE) for block in section.blocks]


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("```json\n{bad}\n```", "```text\n{bad}\n```"),
        ('```json\n{"a": 1}\n```', '```json\n{"a": 1}\n```'),
        ("```python title=x\na = 1\n```", "```python\na = 1\n```"),
        ('```bash\nkill "$1"  <pid>\u00a0\n```', '```bash\nkill "$1"  <pid>\u00a0\n```'),
        ("```\nnever closed", "```text\nnever closed\n```"),
        ("one line\n     # goes on", "one line # goes on"),
        ("> quoted words\n> go on", "quoted words\ngo on"),
        (" **Git** - needed\n **Tests** - one", "- **Git** - needed\n- **Tests** - one"),
        ("\u2705 One thing\n\u2705 Two things", "- One thing\n- Two things"),
        ("-  two spaces\n-  again", "- two spaces\n- again"),
        (
            "- step:\n  ```\n  $1 up\n  ```\n- next",
            "- step:\n  ```text\n  $1 up\n  ```\n- next",
        ),
        (
            "- step:  \n  ```text\n  <input \n  ```\n- next  ",
            "- step:\n  ```text\n  <input \n  ```\n- next",
        ),
        ("**예시**:", "**예시**:"),
        ("| a | b |\n|---|---|\n| 1 | two |", "| a | b |\n|---|---|\n| 1 | two |"),
        (
            "| Tug | Sail | By night |\n|---|---|---|\n| \u2705 | \u2705/\u274c | \u26a0\ufe0f |",
            "| Tug | Sail | By night |\n|---|---|---|\n| yes | yes / no | partly |",
        ),
        ("**Moored**  - \ufe0f by rope", "**Moored** - by rope"),
    ],
)
def test_a_block(source: str, kept: str) -> None:
    assert [block.text for block in blocks(source)] == [kept]


@pytest.mark.parametrize(
    "source",
    [
        "Words\n<b># no title",
        "\U0001f680 # no title",
        "> # quoted title",
        "<div>\n<p>x</p>\n</div>",
        "---",
        "![x](y.png)",
        "*Built by the port*",
        "**Version:** 1.0.0\n**Last updated:** May",
    ],
)
def test_what_cannot_be_quoted_is_left_out(source: str) -> None:
    assert blocks(source) == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("```!\nls -la\n```", "See the listing in {} (1 line)."),
        ('```bash\ncommit "$ARGUMENTS[1]"\n```', "See the listing in {} (1 line of shell)."),
        (
            "```py\n# scripts/a.py - Moors\nx($ARGUMENTS[0])\n```",
            "See the listing of `a.py` in {} (2 lines).",
        ),
        ("- a:\n  ```\n  open", "See {} for the list."),
        ("1. `a/$ARGUMENTS`\n2. `b/$ARGUMENTS`", "See {} for the steps."),
        ("| a | b |\n|---|---|\n| 1 | `x/$ARGUMENTS` |", "See {} for the table."),
        ("Write to `x/$ARGUMENTS`.", "See {} for more."),
    ],
)
def test_what_cannot_be_quoted_is_told_by_where_it_stands(source: str, told: str) -> None:
    assert [b.text for b in blocks(source)] == [told.format("[docs/a.md](../../docs/a.md)")]


def test_of_a_list_the_one_item_that_cannot_be_quoted_is_told_by_where_it_stands() -> None:
    [found] = blocks("1. Look.\n2. Write `x/$ARGUMENTS`.\n3. Stop.")
    there = "For this step, see [docs/a.md](../../docs/a.md)."
    assert found.text == f"1. Look.\n2. {there}\n3. Stop."
    [found] = blocks("1. Look:\n   ```bash\n   ls $ARGUMENTS\n   ```\n2. Stop.")
    assert found.text == "1. Look:\n   ```bash\n   ls <arguments>\n   ```\n2. Stop."
    [found] = blocks("1. Look:\n   ```bash\n   ls $ARGUMENTS[0]\n   ```\n2. Stop.")
    assert "See the listing in [docs/a.md](../../docs/a.md) (1 line of shell)." in found.text
    assert "2. Stop." in found.text


def test_what_a_command_takes_is_a_slot_in_code() -> None:
    [found] = blocks('```bash\ngit commit -m "$ARGUMENTS"\n```')
    assert found.text == '```bash\ngit commit -m "<arguments>"\n```'


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<process>\n1. Look.\n</process>\n", "## Process\n\n1. Look."),
        ("<step name='cast_off'>\nGo.\n</step>\n", "## Cast off\n\nGo."),
        # its own headings are below it, and one around nothing but tags is gone
        ("<all>\n<rules>\n### A\nx\n## B\n</rules>\n</all>", "## Rules\n\n#### A\nx\n### B"),
        (
            "<All>\n  <The_Rule>\n    1. x\n\n       y\n  </The_Rule>\n</All>",
            "## The Rule\n\n1. x\n\n   y",
        ),
        ("# T\n\n<one>\nx\n</one>\n\n<two>\ny\n</two>", "# T\n\n## One\n\nx\n\n## Two\n\ny"),
        (
            "## Steps\n<one>\nx\n</one>\n<two>\ny\n</two>",
            "## Steps\n\n### One\n\nx\n\n### Two\n\ny",
        ),
        ("## Why\n\nBecause.\n\n<how>\nx\n</how>", "## Why\n\nBecause.\n\n## How\n\nx"),
        (
            "## A\n<way>\nx\n</way>\n## B\n<way>\ny\n</way>",
            "## A\n\n### Way\n\nx\n\n## B\n\n### Way\n\ny",
        ),
        # the form of a result
        (
            "<Output_Format>\n  ## Report\n  **Risk:** [x]\n</Output_Format>\n",
            "## Output Format\n\n```markdown\n## Report\n**Risk:** [x]\n```",
        ),
        # one of several of a name, in the midst of a text, announced, or open: a label
        ("<all>\n<way>\nx\n</way>\n<way>\ny\n</way>\n</all>", "**Way:**\n\nx\n\n**Way:**\n\ny"),
        ("<way>\nx\n</way>\nSo be it.", "**Way:**\n\nx\n\nSo be it."),
        ("Write this:\n<way>\nx\n</way>", "Write this:\n\n**Way:**\n\nx"),
        ("<way>\nx\n\n</other>\n\n## B\n", "**Way:**\n\nx\n\n## B"),
        ("- a:\n  <way>\n  x\n  </way>\n", "- a:\n\n**Way:**\n\nx"),
        ("```xml\n<process>\n</process>\n```", "```xml\n<process>\n</process>\n```"),
        ("<details>\nx\n</details>", "<details>\nx\n</details>"),  # HTML's own
    ],
)
def test_a_tag_of_the_authors_own_is_the_heading_that_it_is(written: str, read: str) -> None:
    said = re.sub(r"\n{3,}", "\n\n", headings.of_tags(written)).strip()
    assert said == read


def test_an_announcement_goes_with_what_it_announces() -> None:
    found = blocks("One.\n\nFor example:\n\n```bash\nls\n```\n\n**Later**\n\nAnd then:\n")
    assert [[b.text[:12] for b in unit] for unit in units(found)] == [
        ["One."],
        ["For example:", "```bash\nls\n`"],
    ]


def test_a_section_knows_the_headings_above_it() -> None:
    text = "# T\n\n## A\n\n### B\n\nIn b.\n\n## `C` [x](y.md)\n\nIn c.\n"
    assert [(s.path, len(s.blocks)) for s in sections(text, HERE) if s.path] == [
        (("A", "B"), 1),
        (("`C` x",), 1),
    ]


@pytest.mark.parametrize(
    ("said", "third"),
    [
        ("Generate reports.", "Generates reports."),
        ("Create, test and deploy apps.", "Creates, tests and deploys apps."),
        ("Automatically analyze your code.", "Automatically analyzes the code."),
        ("Identify risks and test plans.", "Identifies risks and test plans."),
        ("Aggregate and enrich news.", "Aggregates and enriches news."),
        ("Load test APIs with k6.", "Load-tests APIs with k6."),
        (
            "Generate videos from a text or an image, poll their status, and download the file.",
            "Generates videos from a text or an image, polls their status, and downloads the file.",
        ),
        (
            "Read a log, plot charts, and report the peak.",
            "Reads a log, plots charts, and reports the peak.",
        ),
        (
            "Build crews: scaffold agents, wire flows, and review code.",
            "Builds crews: scaffold agents, wire flows, and review code.",
        ),
        (
            "Generate test plans, release notes, and build scripts.",
            "Generates test plans, release notes, and build scripts.",
        ),
        ("Scan for leaks, secrets, and open ports.", "Scans for leaks, secrets, and open ports."),
        (
            "Scan for leaks and open ports, and block the build.",
            "Scans for leaks and open ports, and blocks the build.",
        ),
        ("Plan, implement and ship from a chart.", "Plans, implements and ships from a chart."),
        (
            "Connect banks via Plaid, then query spending, and get reports.",
            "Connects banks via Plaid, then queries spending, and gets reports.",
        ),
        (
            "Track time with a clock \u2014 then start and stop timers, and log the hours.",
            "Tracks time with a clock \u2014 then starts and stops timers, and logs the hours.",
        ),
        (
            "Track time \u2014 start and stop timers, log hours to ships, and manage logs.",
            "Tracks time \u2014 starts and stops timers, logs hours to ships, and manages logs.",
        ),
        (
            "Plan tides to greatly improve safety, reduce risk, and save fuel.",
            "Plans tides to greatly improve safety, reduce risk, and save fuel.",
        ),
        ("View truth scores of a crew.", "Views truth scores of a crew."),
        ("Moor the ship, and containerize it.", "Moors the ship, and containerizes it."),
        ("Test generation with tides.", "Test generation with tides."),
        ("Load and pressure testing.", "Load and pressure testing."),
        ("Generates x. You can use it. Fast.", "Generates x. Fast."),
        ("A tool for builds.", "A tool for builds."),
    ],
)
def test_the_third_person(said: str, third: str) -> None:
    assert person.third_person(said) == third


def test_titles_are_spelled_as_the_plugin_spells_them() -> None:
    assert wording.title("api-load-tester", ["API Load Tester Plugin"]) == "API Load Tester"
    assert wording.title("api-load-tester", ["Something else"]) == "Api Load Tester"
    assert wording.title("x*y`z<", []) == "X Y Z"


def test_fences_named_within_an_item_are_words() -> None:
    source = (
        "# X\n\n1. **Code**:\n   - Mark blocks (```) so\n   - Name it (```python, ```ini)\n"
        "   - Link as [text](url)\n\n2. Go\n"
    )
    section = sections(source, COMMAND)[-1]
    said = "\n".join(block.text for block in section.blocks)
    assert "Name it (```python, ```ini)" in said and "`[text](url)`" in said and "See" not in said


def test_a_listing_is_linked_from_where_the_document_lies() -> None:
    text = "## Staking\n\n```python\n" + "total = total + 1\n" * 400 + "```\n"

    def link(target: str) -> str:
        return (
            sections(text, Place("agents/a.md", "agents", target, frozenset()))[-1].blocks[0].text
        )

    assert "(../../agents/a.md)" in link("skills/x")
    assert "(../../../agents/a.md)" in link("skills/x/references")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Hi.\n\n**One:**\nx\n\n**Two**:\n\ny", "Hi.\n\n## One\n\nx\n\n## Two\n\n\ny"),
        ("# T\n\n**One**\n\nx\n\n**Two**\n\ny", "# T\n\n## One\n\n\nx\n\n## Two\n\n\ny"),
    ],
)
def test_labels_of_a_text_without_headings_are_its_headings(written: str, read: str) -> None:
    assert headings.of_labels(written) == read


@pytest.mark.parametrize(
    "text",
    [
        "## A\n\n**One:**\nx\n\n**Two:**\ny",  # it has headings
        "**One:**\nx\n",  # one is a lead
        "x\n**One:**\n\n**Two:**\ny\n",  # in the midst of a text
        "**Be quick.**\n\n**Be kind!**\n",  # sentences
        "```\n**One:**\n\n**Two:**\n```",
    ],
)
def test_other_labels_stay(text: str) -> None:
    assert headings.of_labels(text) == text
