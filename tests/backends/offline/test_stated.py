"""What a document takes from what a plugin states, and as what it tells it."""

from __future__ import annotations

import json

import pytest

from nightpress.backends.offline import members, praise, terms, trim, voice, wording
from nightpress.backends.offline.analyse import description
from nightpress.backends.offline.blocks import sections
from nightpress.backends.offline.clean import Place, full
from nightpress.backends.offline.outline import matter_of
from nightpress.backends.offline.whereabouts import whereabouts
from tests.backends.offline.plugins import build, harbour, material
from tests.backends.offline.test_documents import document

NOWHERE = Place("", "", "", frozenset())


def plugin(said: str, **files: str) -> dict[str, str]:
    made = {name.replace("__", "/") + ".md": text for name, text in files.items()}
    manifest = json.dumps({"name": "harbour-kit", "description": said})
    return {".claude-plugin/plugin.json": manifest, **made}


def agent(name: str, said: str, more: str = "") -> str:
    return f"---\nname: {name}\ndescription: {said}\n{more}---\n\nText.\n"


def test_all_triggers_that_an_agent_declares_are_named_and_its_capabilities_are_none() -> None:
    more = (
        "triggers:\n  keywords: [tides, night mooring]\ncapabilities: [rope_audits, sea_charts]\n"
    )
    said = description(build(plugin("Moors ships.", agents__pilot=agent("pilot", "Pilot", more))))
    assert "mentions tides or night mooring" in said
    assert "rope" not in said


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("aspn planning", "ASPN planning"),
        ("rope planning", "rope planning"),
        ("night rope", "night rope"),
    ],
)
def test_a_term_is_spelled_word_by_word_as_the_texts_have_it(word: str, told: str) -> None:
    assert terms.spelled(word, "An ASPN is a plan. ASPN Planning of a Night Rope. A rope.") == told


def test_all_names_are_named_or_some_as_examples() -> None:
    jobs = {f"commands__{name}": f"---\ndescription: {name.title()} hulls\n---\n\nDo.\n"
            for name in ("tar", "scrub", "paint")}  # fmt: skip
    assert description(build(plugin("Harbour kit commands", **jobs))).endswith(
        "runs /paint, /scrub or /tar."
    )
    many = {f"commands__{'very-' * 5}long-{n}": "---\ndescription: Tar\n---\n\nDo.\n"
            for n in range(5)}  # fmt: skip
    said = description(build(plugin("Moors and tars ships.", **many)))
    assert "runs a command such as /very-very-very-very-very-long-0 or /very" in said


def test_advice_to_somebody_is_nothing_that_the_plugin_does() -> None:
    body = (
        "---\ndescription: Count ropes\n---\n\n# Count\n\nCount them.\n\n## Law\n\n"
        "Best practices include:\n\n1. Track repairs of hulls\n2. Document reasons of losses\n"
    )
    assert "repairs" not in description(build(plugin("Counts ropes.", commands__count=body)))
    steps = body.replace("Best practices include", "It then goes on")
    assert "racks repairs" in description(build(plugin("Counts ropes.", commands__count=steps)))


def test_criteria_of_a_choice_within_call_nobody() -> None:
    body = (
        "---\ndescription: Moor\n---\n\n# Moor\n\n## Choose Night Mode When\n\n- Learning knots\n"
    )
    assert "knots" not in description(build(plugin("Moors ships.", commands__moor=body)))


def test_of_commands_without_a_description_the_readme_speaks() -> None:
    parts = {f"commands__{name}": f"# {name}\n\n- A\n" for name in ("bow", "keel", "oar")}
    told = plugin("Harbour kit commands", **parts)
    readme = {"README.md": "# Kit\n\nShared watch with two pilots and a log. More.\n"}
    said = description(build(told | readme))
    assert said.startswith("Shared watch with two pilots and a log. Use when")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (("Generate logs", "Generate tide tables"), "Generates logs and tide tables"),
        (("Coordinate, format, and build logs", "Mend nets"), "Coordinates, formats, and builds"),
        (("Setting Up Night Moorings", "Mend nets"), "Sets up night moorings and mends nets"),
    ],
)
def test_what_commands_do_together_is_one_sentence(said: tuple[str, ...], told: str) -> None:
    files = {
        f"commands__c{n}": f"---\ndescription: {one}\n---\n\nDo.\n" for n, one in enumerate(said)
    }
    made = build(plugin("Harbour kit commands", **files))
    assert members.acts(made, trim.owned(made)).startswith(told)


def test_your_own_is_the_user_s() -> None:
    assert wording.of_user("Moor your own boat at your quay") == (
        "Moor the user's own boat at the quay"
    )


def test_reasons_are_no_orders_and_occasions_no_task() -> None:
    text = (
        "# Ship\n\n## Approach\n\nThis command implements knots because:\n\n- Prevents loss\n\n"
        "## When Activated\n\nYou activate when:\n\n- User asks for a mooring\n"
    )
    found = [voice.of_it(one) for one in sections(text, NOWHERE)]
    assert any(block.text == "- Prevents loss" for one in found for block in one.blocks)
    assert "When to use" in [one.heading for one in found]


@pytest.mark.parametrize("heading", ["Comparison", "Tech Stack", "Get Started Now", "Testing"])
def test_what_a_readme_says_to_its_visitors_is_left_out(heading: str) -> None:
    readme = f"# Harbour\n\n## {heading}\n\n- Seventeen lamps burn here at night, all of them\n"
    assert "Seventeen" not in document(material(harbour() | {"README.md": readme}))


def test_a_lead_does_not_repeat_what_the_table_of_many_commands_says() -> None:
    jobs = ("Generate tide tables", "Create a rope plan", "Validate night lamps")
    files = {
        f"commands__{job.split()[-1]}": f"---\ndescription: {job}\n---\n\n# Go\n\n1. {job} now.\n"
        "2. Say what came of it.\n"
        for job in jobs
    }
    text = document(material(plugin("Harbour kit commands", **files)))
    assert "\n# Harbour Kit\n\n## When to use\n" in text
    told = document(material(plugin("Validate harbours", **files)))
    assert "\n# Harbour Kit\n\nValidate harbours.\n" in told


def test_an_occasion_that_says_nothing_new_is_short_and_cut_at_whole_words() -> None:
    told = "---\ndescription: Analyze pump throughput with a gauge\n---\n\n# Go\n\nGo.\n"
    said = description(build(plugin("Analyzes pump throughput with a gauge.", commands__go=told)))
    assert said.endswith("Use when the user asks to analyze pump throughput, or runs /go.")


def test_a_verb_of_a_request_spells_no_title() -> None:
    assert wording.title("get-ropes-api", (), "GET /ropes of the API") == "Get Ropes API"
    assert wording.title("hms-npm-rope", (), "An npm rope") == "HMS Npm Rope"
    assert wording.title("csv-ropes", (), "`/peek data.csv` reads a CSV") == "CSV Ropes"


def test_a_lead_says_what_is_done_and_not_what_somebody_is_given() -> None:
    body = (
        "---\ndescription: Count ropes\n---\n\n# Count\n\nCount the ropes of a quay. This command"
        " provides rope capabilities for captains.\n\n## Steps\n\n1. Walk.\n2. Count.\n"
    )
    text = document(material(plugin("Rope kit", commands__count=body)))
    assert "Count the ropes of a quay.\n" in text and "captains" not in text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("This command reads the log and generates:", "Read the log and generate:"),
        ("Command reads the log and generates:", "Read the log and generate:"),
        ("Do NOT use this command for:", "Do NOT use it for:"),
        ("Help users understand tide tables.", "Explain tide tables."),
        ("I'll follow these steps:", "Follow these steps:"),
        ("You can:", "You can:"),
        ("You can repaint the quay to:", "You can repaint the quay to:"),
        ('Say: "Which berth? You can:', 'Say: "Which berth? You can:'),
        ("For ships of unknown draft, you will:", "For ships of unknown draft:"),
        ("When ropes are wet, you will note both.", "When ropes are wet, note both."),
        ("If ropes are wet, you should never pull.", "If ropes are wet, never pull."),
        ("When you run it, you will see a list.", "When you run it, you will see a list."),
        (
            "This command implements **tidal gates** as the way because:",
            "It implements **tidal gates** as the way because:",
        ),
    ],
)
def test_what_is_told_of_the_command_is_told_to_who_does_it(said: str, told: str) -> None:
    assert voice.neutral(said) == told


def test_a_step_is_an_order_in_every_step() -> None:
    text = (
        "# X\n\n## Step 1: Look\n\nCreates the log.\n\n## Step 2: Go\n\n"
        "Based on it all, sets a course.\n\n## Step 3: Check\n\nTests validate each rope.\n"
    )
    found = [voice.of_it(one) for one in sections(text, NOWHERE)]
    said = [block.text for one in found for block in one.blocks]
    told = ["Create the log.", "Based on it all, set a course.", "Tests validate each rope."]
    assert said == told


def test_criteria_for_something_else_call_nobody_and_a_case_stays_without_its_command() -> None:
    body = (
        "---\ndescription: Moor ships\n---\n\n# M\n\n## When to use\n\nUse a hired tug when:\n\n"
        "- Learning knots\n\n**Do not use it for:**\n\n- Salvage - Use `/salvage-kit` instead\n"
        "- Dredging rivers - Use `/dredge-kit` instead\n\n1. Go.\n2. Moor.\n"
    )
    text = document(material(plugin("Moors ships.", commands__moor=body)))
    assert (
        "- Salvage - Use another plugin's `salvage-kit` instead\n- Dredging" in text
        and "knots" not in text.partition("---\n\n")[0]
    )


def test_a_yaml_of_several_documents_keeps_its_language() -> None:
    body = "---\ndescription: Tar\n---\n\n# T\n\n1. Go.\n2. Tar.\n\n```yaml\na: 1\n---\nb: 2\n```\n"
    assert "```yaml\na: 1" in document(material(plugin("Tars hulls.", commands__tar=body)))


def test_of_a_description_that_was_cut_off_whole_sentences_stay() -> None:
    said = "Keeper - You keep the log of a ship in a dry, lit, fire-proof room. You also co..."
    files = {
        "commands__keep": f"---\ndescription: {said}\n---\n\n# K\n\n1. Go.\n2. Keep.\n",
        "commands__tar": "---\ndescription: Tar hulls\n---\n\n# T\n\n1. Go.\n2. Tar.\n",
    }
    text = document(material(plugin("Harbour kit", **files)))
    assert "| Keep the log of a ship in a dry, lit, fire-proof room |" in text


def test_what_to_do_and_what_not_to_do_are_one() -> None:
    text = "# X\n\n## Practice\n\n### DO\n\n- Tar the hull\n\n### DON'T:\n\n- Sell it\n\n"
    found = voice.paired(sections(text, NOWHERE))
    one = next(section for section in found if section.heading == "Practice" and section.blocks)
    assert [block.text for block in one.blocks] == [
        "Do:", "- Tar the hull", "Do not:", "- Sell it"
    ]  # fmt: skip


def test_a_command_that_is_named_by_a_noun_is_what_a_user_needs_help_with() -> None:
    told = "---\ndescription: Night mooring across several quays\n---\n\n# Go\n\nGo.\n"
    said = description(build(plugin("Moors ships in the dark.", commands__go=told)))
    assert said.endswith("Use when the user needs help with night mooring, or runs /go.")


def test_when_to_use_something_else_is_not_when_to_use_the_plugin() -> None:
    readme = "# Kit\n\n## When to Use Tugs\n\n- Gales of more than 9 Beaufort near the quay\n"
    text = document(material(harbour() | {"README.md": readme}))
    assert "## When to Use Tugs\n" in text


def test_verbs_are_not_cut_from_what_they_are_done_to() -> None:
    said = "Automatically coordinate, format, and learn from harbour logs using bells"
    files = {
        "commands__a": f"---\ndescription: {said}\n---\n\nDo.\n",
        "commands__b": "---\ndescription: Mend nets\n---\n\nDo.\n",
    }
    made = build(plugin("Harbour kit commands", **files))
    told = "Automatically coordinates, formats, and learns from harbour logs"
    assert members.acts(made, trim.owned(made)).startswith(told)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("A harbour scribe that writes, files, and enforces rules", "A harbour scribe"),
        ("Moors ships at the quay, hauls them out and tars hulls", "Moors ships at the quay"),
        ("A pilot for many tasks (e.g., big ships of the line)", "A pilot for many tasks"),
        ("Tide forecasts with a chart, moon phases and winds", "Tide forecasts with a chart"),
    ],
)
def test_a_clause_keeps_its_object(said: str, kept: str) -> None:
    assert wording.clause(said, 36) == kept


def test_a_list_of_what_it_is_perfect_for_keeps_its_lead() -> None:
    own = trim.owned(build(plugin("Moors ships.")))
    text = (
        "## Uses\n\nExports the log. Perfect for:\n\n- Sharing it with the crew of the next watch\n"
    )
    [group] = trim.quoted(text, NOWHERE, own)
    assert group.sections[0].blocks[0].text == "Exports the log. Use it for:"


def test_how_the_plugin_is_installed_is_told_by_no_scrap() -> None:
    readme = (
        "# Harbour kit\n\nMoors ships.\n\n## Install (two commands)\n\n"
        "First the catalogue, then the kit.\n\n"
        "### Step 1: Add the catalogue\n\nThis adds the catalogue of the quay.\n\n"
        "```\n/plugin marketplace add quay/kit\n```\n\n## Needs\n\nA rope of 20 m and a bollard.\n"
    )
    moor = "---\ndescription: Moor a ship\n---\n\nTie the ropes to a bollard, fore and aft.\n"
    said = document(material({"README.md": readme, "commands/moor.md": moor}))
    assert "rope of 20 m" in said
    assert "catalogue" not in said


def test_a_report_beside_commands_is_none_of_them() -> None:
    job = "---\ndescription: Tar a hull\n---\n\nTar the hull twice, and let it dry in the wind.\n"
    report = "# Compliance\n\nAll commands were brought in line with the rules of the yard.\n"
    files = plugin(
        "Moors ships.", commands__tar_hull=job, commands__moor=job.replace("Tar", "Moor")
    )
    said = document(material(files | {"commands/RULES_REPORT.md": report}))
    assert "RULES_REPORT`" not in said and "brought in line" not in said
    assert "/tar_hull" in description(build(files)) and "`/tar_hull`" in said


def test_praise_is_not_cut_from_the_aim_that_it_is() -> None:
    said = "Tests ropes and knots to ensure seamless harbour operation."
    assert trim.prose(f"Test: {said}", trim.owned(build(plugin("x")))) != said
    assert praise.struck(said) == "Tests ropes and knots."


def test_when_one_of_several_means_is_used_is_no_occasion_of_the_plugin() -> None:
    body = (
        "## Means\n\n### Use Winches When:\n\n- A heavy chain has to be hauled\n\n"
        "### Use the pilot when:\n\n- A gale is near the harbour\n"
    )
    files = plugin("Moors ships.", agents__pilot=agent("pilot", "Pilots ships", "") + body)
    said = description(build(files))
    assert "gale" in said and "chain" not in said


def test_what_is_handed_over_and_told_by_nothing_is_left_out() -> None:
    own = trim.owned(build(plugin("Moors ships.")))
    text = "## Task\n\nMoor the ship at the quay. Follow this approach: **$ARGUMENTS**\n"
    [group] = trim.quoted(text, NOWHERE, own)
    assert group.sections[0].blocks[0].text == "Moor the ship at the quay."


def test_a_comment_on_a_value_names_no_file() -> None:
    place = Place("commands/moor.md", "commands", "", frozenset())
    code = "// src/berth.ts\nconst a = 1\n// req.body is now checked\n"
    assert "`src/berth.ts`" in whereabouts(code, "ts", place)
    assert "req.body" not in whereabouts(code, "ts", place)


def test_a_lead_names_the_thing_and_provides_nothing() -> None:
    said = document(material(plugin("Tide tables and charts of a harbour", commands__ebb=(
        "---\ndescription: Show the ebb\n---\n\nRead the table of the day; draw a chart of it.\n"
    ))))  # fmt: skip
    assert "Provides" not in said.split("---", 2)[2]


def test_what_a_commented_call_makes_keeps_the_call() -> None:
    own = trim.owned(
        build(plugin("Moors ships.", commands__moor="---\ndescription: x\n---\n\nGo."))
    )
    text = (
        "## Set up\n\n```bash\n# Run it once\n/moor\n```\n\n"
        "This creates:\n\n- `rope.json` - the rope\n"
    )
    [group] = trim.quoted(text, NOWHERE, own)
    assert group.sections[0].blocks[0].text == "Run `/moor`."


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("| A | B | C |\n|---|---|---|\n| 1 |  | 2 |", "| A | C |\n| --- | --- |\n| 1 | 2 |"),
        ("| A | B |\n|---|---|\n| `a\\|b` |  |\n| 1 | 2 |", None),
        ("| A | B |\n|---|---|\n| 1 |  |", None),
    ],
)
def test_a_column_that_is_empty_in_every_row_is_none(table: str, told: str | None) -> None:
    assert full(table).replace("|---|---|", "| --- | --- |") == (told or table).replace(
        "|---|---|", "| --- | --- |"
    )


def test_help_with_an_outcome_stays_help() -> None:
    said = "When this command is invoked, help users {}."
    assert voice.neutral(said.format("find a berth")) == "Find a berth."
    assert voice.neutral(said.format("maximize the catch")).lower().startswith("help users max")


def test_an_item_says_after_its_label_what_to_do() -> None:
    text = (
        "# X\n\n1. **Leaks**: You will carefully check them\n2. **Tides**: You can see it\n"
        "3. For each, you will:\n"
    )
    section = voice.of_it(sections(text, NOWHERE)[-1])
    assert section.blocks[0].text.split("\n") == [
        "1. **Leaks**: Check them", "2. **Tides**: You can see it", "3. For each:",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "is_when"),
    [
        ("When to use", True),
        ("When to Use This Command", True),
        ("When the user asks for a berth", True),
        ("Use it when", True),
        ("When to Recommend", False),
        ("When to Recommend Tugs", False),
        ("Tarring (when it rains)", False),
        ("Protocol when a rope breaks", False),
        ("When in Doubt", False),
    ],
)
def test_when_to_use_it_is_told_and_not_when_to_do_something(heading: str, is_when: bool) -> None:
    assert (matter_of(heading)[0] == "when") is is_when
