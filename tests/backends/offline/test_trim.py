"""What of a quoted text stays, and what goes; each row is a kind, not a sample."""

from __future__ import annotations

import re

import pytest

from nightpress.backends.offline import (
    articles,
    marks,
    person,
    praise,
    terms,
    trim,
    voice,
    wishes,
    wording,
)
from nightpress.backends.offline.analyse import description
from nightpress.backends.offline.blocks import Block, Section, sections
from nightpress.backends.offline.clean import Place, inline
from nightpress.backends.offline.trim import Owned
from nightpress.backends.offline.written import as_read, nested
from nightpress.model import Window
from tests.backends.offline.plugins import build, harbour, material
from tests.backends.offline.test_documents import document
from tests.market import prose

PLACE = Place("commands/moor.md", "commands", "skills/harbour", frozenset())
OWN = Owned("harbour", frozenset({"moor", "tides"}), frozenset({"commands/moor.md"}))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("You are an expert in Next.js, and berths. It moors ships.", ""),
        ("Moors ships. You are a pilot.", "Moors ships."),
        ("Your task is to moor. Read the table first.", "Read the table first."),
        ("You are able to moor at night.", "You are able to moor at night."),
        ("Use it when you need a berth.", "Use it when you need a berth."),
        ("The ultimate mooring tool. Moors ships at dawn.", "Moors ships at dawn."),
        ("Effortlessly moor ships. This saves a day. Read on.", "Read on."),
        ("Never wait for a berth again!", ""),
        ("Transform your whole mooring experience with a bell!", ""),
        ("Both tugs are excellent - choose one.", ""),
        ("Remember: your goal is a dry hull. Tar it.", "Tar it."),
        ("Plan the tides for a seamless day.", "Plan the tides for a day."),
        ("The plan gives a seamless day.", ""),
        ("Set `powerful: true` in the file.", "Set `powerful: true` in the file."),
        ("Run `/moor` first. Then run `/gone now`.", "Run `/moor` first."),
        ("Call `/other:gone` of the other plugin.", "Call `/other:gone` of the other plugin."),
        ("See `commands/moor.md`. See `agents/gone.md` too.", "See `commands/moor.md`."),
    ],
)
def test_prose_keeps_whole_sentences(text: str, kept: str) -> None:
    assert trim.prose(text, OWN) == kept


def trimmed(*blocks: Block) -> list[str] | None:
    section = trim.trimmed(Section("Use", 2, ("Use",), list(blocks)), OWN)
    return None if section is None else [block.text for block in section.blocks]


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("list", "- Moors\n- `/gone` does it\n- Reads `tides.db`", "- Moors\n- Reads `tides.db`"),
        ("list", "- Perfect for ships\n- Needs SQLite 3", "- Needs SQLite 3"),
        ("list", "- Best practices\n- Production-ready code", ""),
        ("list", "- Sorts by `draught`\n  - powerful: deep first", ""),
        ("list", "1. Read a powerful table\n2. Moor", "1. Read a table\n2. Moor"),
        ("list", "1. Build an amazing quay\n2. Moor", "1. Build a quay\n2. Moor"),
        ("table", "| a | b |\n|---|---|\n| `/gone` | x |\n| `/moor` | y |",
         "| a | b |\n|---|---|\n| `/moor` | y |"),
        ("code", "```text\n/moor\n```", ""),
        ("code", "```text\n/moor --berth 3\n```", "```text\n/moor --berth 3\n```"),
        ("code", "```bash\n/gone --all\n```", ""),
        ("code", "```bash\n# powerful\ncp /tmp/a /etc/b\n```",
         "```bash\n# powerful\ncp /tmp/a /etc/b\n```"),
    ],
)  # fmt: skip
def test_items_and_rows_go_alone_and_code_goes_whole(kind: str, text: str, kept: str) -> None:
    assert trimmed(Block(kind, text)) == ([kept] if kept else [])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        ("- Project analysis (use `/gone now` instead)", "- Project analysis"),
        ("- Berths at night (see `/moor`)", "- Berths at night (see `/moor`)"),
        ("- You're looking for a chart of the coast", "- You're looking for a chart of the coast"),
        ("- You are an expert in charts", ""),
        ("- Currents cannot be perfectly predicted", "- Currents cannot be perfectly predicted"),
        ("- Powerful query language (TideQL)", "- Query language (TideQL)"),
        ("- Powerful mooring for everybody", ""),
        ("- Handle seamless entry of ships by night", "- Handle entry of ships by night"),
        ("- **Ropes**: Seamless change of bow lines", "- **Ropes**: Change of bow lines"),
        ("- Changes berths seamlessly", "- Changes berths"),
        ("- Works seamlessly with other pilots", "- Works with other pilots"),
        ("- Moor in an effortless, quiet hour", "- Moor in a quiet hour"),
        ("- Charts of Magic Island and Instant Bay", "- Charts of Magic Island and Instant Bay"),
        ("- Pixel-perfect charts of the coast", "- Pixel-perfect charts of the coast"),
    ],
)
def test_a_condition_or_a_fact_stays_without_what_does_not_belong(item: str, kept: str) -> None:
    section = Section("Don't", 2, ("Don't",), [Block("list", f"- Read the table of tides\n{item}")])
    found = trim.trimmed(section, OWN, terse=True)
    assert found is not None
    assert found.blocks[0].text == f"- Read the table of tides\n{kept}".rstrip()


def test_a_list_falls_whole_and_of_steps_with_headings_each_is_told_where_it_stands() -> None:
    assert trimmed(Block("text", "Do:"), Block("list", "1. Run `/gone x`\n2. Moor")) is None
    text = (
        "# H\n\n## Step 1: Look\n\nLook.\n\n## Step 2: Go\n\n1. `/gone`\n\n## Notes\n\nAll well.\n"
    )
    place = trim.Place("commands/moor.md", "commands", "skills/x", OWN.paths)
    [steps, notes] = trim.quoted(text, place, OWN)
    assert steps.steps == ("Step 1: Look", "Step 2: Go")
    assert steps.sections[1].blocks[0].text == ("See [commands/moor.md](../../commands/moor.md).")
    assert [section.heading for section in notes.sections] == ["Notes"]


def test_what_the_model_shall_think_is_no_text() -> None:
    thought = "[Extended thinking: first look. Then moor.]"
    assert trimmed(Block("text", thought), Block("text", "Moor.")) == ["Moor."]


def test_a_workflow_there_is_no_room_for_is_told_by_its_steps() -> None:
    steps = "".join(
        f"## Phase {n}: Part {n}\n\n### {n}.1 Look\n\n{prose(f'phase {n}', 900)}\n\n"
        for n in range(1, 5)
    )
    files = harbour() | {"commands/tides.md": f"# Tides\n\n{steps}"}
    small = document(material(files, window=Window(1_200, 4_500)))
    rows = re.findall(r"(?m)^- (Phase \d: Part \d)\b", small)
    assert rows == [f"Phase {n}: Part {n}" for n in range(1, 5)]
    assert "Follow the steps in [commands/tides.md](../../commands/tides.md):" in small
    assert "### Phase" not in small
    whole = document(material(files))
    assert all(f"\n### Phase {n}: Part {n}" in whole for n in range(1, 5))


def test_a_file_of_several_titles_keeps_them_as_headings() -> None:
    text = "# Before\n\nAsk.\n\n# The move\n\n1. Run `/gone x`\n2. Moor\n\n# Errors\n\nGo back.\n"
    place = trim.Place("commands/moor.md", "commands", "skills/x", OWN.paths)
    found = [group.sections[0] for group in trim.quoted(text, place, OWN)]
    assert [section.path for section in found] == [("Before",), ("The move",), ("Errors",)]
    assert found[1].blocks[0].text == "See [commands/moor.md](../../commands/moor.md)."


def test_what_announced_something_that_went_goes_with_it() -> None:
    assert trimmed(Block("text", "Like this:"), Block("code", "```text\n/moor\n```")) == []


def test_an_agent_is_told_of_and_not_told() -> None:
    section = Section("Your Duties", 2, ("Your Duties",), [
        Block("text", "You read tables. The pilot answers in a table. Never sail yourself."),
        Block("text", "Your mission is to read tides. Your logs must be brief. Your eye aches."),
        Block("list", "- Reads tides\n- You will look again"),
        Block("list", "1. Look\n2. Tell what you saw"),
    ])  # fmt: skip
    told = voice.impersonal(voice.of_it(section))
    assert told.heading == "Duties" and told.path == ("Duties",)
    assert [b.text for b in told.blocks] == [
        "The pilot answers in a table. Never sail yourself.", "Read tides. The logs must be brief.",
        "- Reads tides\n- Look again",
        "1. Look\n2. Tell what you saw",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Use Next.js here. Then v1.2 there.", ["Use Next.js here. ", "Then v1.2 there."]),
        ("E.g. Redis, i.e. a cache. Fine.", ["E.g. Redis, i.e. a cache. ", "Fine."]),
        ("One (or two.) Three", ["One (or two.) ", "Three"]),
    ],
)
def test_a_sentence_ends_where_it_ends(text: str, found: list[str]) -> None:
    assert wording.sentences(text) == found


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Archive old rows of a table, with care.", "archive old rows of a table"),
        ("Generate tests for a file", "generate tests for a file"),
        ("A helper for berths", ""),
        ("Deploy", ""),
    ],
)
def test_what_a_user_asks_for(said: str, asked: str) -> None:
    assert wishes.request(said) == asked


def test_a_description_that_says_no_more_than_the_name() -> None:
    assert wording.is_vacuous("Database plugin for database-archival", "database-archival")
    assert not wording.is_vacuous("Archives old rows", "database-archival")


def test_one_step_of_many_that_names_what_there_is_not_is_told_by_where_it_stands() -> None:
    block = "1. Look\n2. Run `scripts/gone.sh`\n3. Moor\n4. Rest"
    section = Section("Steps", 2, ("Steps",), [Block("list", block)])
    own = trim.owned(build(harbour()))
    assert trim.trimmed(section, own) is None
    told = trim.trimmed(section, own, stead="This step stands there.")
    assert told is not None
    assert told.blocks[0].text == "1. Look\n2. This step stands there.\n3. Moor\n4. Rest"
    most = Section("Steps", 2, ("Steps",), [Block("list", "1. Look\n2. Run `scripts/gone.sh`")])
    assert trim.trimmed(most, own, stead="This step stands there.") is None


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("```markdown\n# A\n```bash\nx\n```\n## B\n```\n\nRest\n", "````"),
        ("```markdown\n# A\n\n```\nx | y\n```\n", "````"),
        ("```markdown\n# A\n```\nx\n```\n## B\n```\n\n```\ny\n```\n", "````"),
        ("```markdown\n# A\n```\n\n```\ny\n```\n", "```"),
        ("```bash\nx\n```\n\n```bash\ny\n```\n", "```"),
    ],
)
def test_a_fence_in_a_fence_is_longer(text: str, end: str) -> None:
    mended = nested(text)
    assert mended.split("\n")[0].rstrip("abcdefghijklmnopqrstuvwxyz") == end
    assert mended.replace("````", "```") == text


def test_a_template_goes_on_where_a_bare_fence_is_indented_more() -> None:
    inside = "- **Input**:\n  ```\n  [what came]\n  ```\n\n## Tide\n```\nx\n```\n\nmore\n"
    assert nested(f"```markdown\n{inside}```\n\nRest\n") == (
        f"````markdown\n{inside}````\n\nRest\n"
    )


def test_a_template_goes_on_where_a_formatter_has_made_its_own_fences_longer() -> None:
    inside = "# A\n## B\n```\nx\n````\n## C\n```ts\ny\n````\n## D\nd\n"
    mended = nested(f"```markdown\n{inside}````\n\nRest\n")
    assert mended == f"`````markdown\n{inside}`````\n\nRest\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("```md\n## 1. A\n```\nx\n```\n\n## 2. B\n\nText\n", ""),  # closed nowhere
        ("```md\n## 1. A\n```\nx\n```\n\n## 2. B\n\nText\n```\n\n## Rest\n", "## Rest"),
        ("## 1. A\n\n```md\n## 1. B\n```\n\n## 2. C\n", "## 2. C"),  # the text's own count
        ("```md\n## 1. B\n```\n\n## 3. C\n", "## 3. C"),
    ],
)
def test_a_block_of_markdown_goes_on_where_its_headings_go_on_counting(
    text: str, after: str
) -> None:
    inside = False
    said = []
    mark = ""
    for line in nested(text).split("\n"):
        found = re.match(r"`{3,}", line)
        if found and (not inside or line == mark):
            inside, mark = not inside, found[0]
        elif not inside:
            said.append(line)
    assert not inside
    assert "\n".join(said).strip().removeprefix("## 1. A\n\n").strip() == after


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Can do:\n\u2705 moor\n\u2705 sail\n", "Can do:\n\n- moor\n- sail\n"),
        (
            "- \u2705 oak\n- \u274c reed\n- \u274c Never lead\n",
            "- oak\n- Not: reed\n- Never lead\n",
        ),
        (
            "- \u2705 Green: go\n- \u274c Red: stop\n",
            "- Green: go\n- Red: stop\n",
        ),
        ("Mistakes:\n- \u274c reed\n- \u274c lead\n", "Mistakes:\n- reed\n- lead\n"),
        ("```\n\u2705 oak\n\u274c reed\n```\n", "```\n\u2705 oak\n\u274c reed\n```\n"),
        ("\u274c **Don't:**\n- a\n", "\u274c **Don't:**\n- a\n"),
        (
            "## When to use it\n\n-  By day\n-  Using oars (use `/row`)\n-  In fog\n",
            "## When to use it\n\n- By day\n- Not: Using oars (use `/row`)\n- Not: In fog\n",
        ),
        ("## Oars\n\n-  By day\n-  Using oars\n", "## Oars\n\n-  By day\n-  Using oars\n"),
    ],
)
def test_what_marks_tell_apart_is_said_in_words(text: str, read: str) -> None:
    assert marks.in_words(text) == read


def test_who_never_does_something_is_no_plural() -> None:
    assert voice.led("You never:") == "Never:"


def test_more_than_a_number_is_no_quotation() -> None:
    [one] = sections("- > 30 %: high\n- < 10 %: low\n", Place("a.md", "", "", frozenset()))
    assert one.blocks[0].text == "- \\> 30 %: high\n- < 10 %: low"


@pytest.mark.parametrize(
    ("said", "occasion"),
    [
        ("Use this agent when you need to moor a ship.", "Moor a ship."),
        ("Use PROACTIVELY when the tide turns.", "When the tide turns."),
        ("Moors ships.", "Moors ships."),
    ],
)
def test_an_order_to_use_it_is_told_as_the_occasion(said: str, occasion: str) -> None:
    assert wording.occasion(said) == occasion


def test_who_asks_for_what_is_told_by_what_the_texts_say_of_it() -> None:
    command = (
        "---\ndescription: Moor a ship with ropes, chains, and care\n---\n\n# Moor\n\n"
        "## When to use\n\n- Find a ferry at night\n- The wind is up\n\nNot:\n\n- Sink it\n"
    )
    manifest = (
        '{"name": "quay", "description": "Track ships and recover them", "keywords": ["gale"]}'
    )
    found = build({".claude-plugin/plugin.json": manifest, "commands/moor.md": command})
    said = description(found)
    assert said == (
        "Tracks ships and recovers them. Use when the wind is up, or when the user asks to find a"
        " ferry at night, or moor a ship with ropes, chains, and care, or runs /moor."
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("When this command is invoked, help users find a free berth.", "Find a free berth."),
        ("When invoked, you should:", ""),
        ("When called by the user, list the ships with:", "List the ships with:"),
        ("You should read the draught first.", "Read the draught first."),
        (
            "Moors ships. When run, it asks for the draught.",
            "Moors ships. It asks for the draught.",
        ),
        ("You should see three lines.", "You should see three lines."),
        ("When run on a big harbour it is slow.", "When run on a big harbour it is slow."),
        ("Help with mooring.", "Help with mooring."),
        ("Help find a berth.", "Find a berth."),
        ("Help users sell their ships.", "Sell the user's ships."),
    ],
)
def test_what_is_said_to_somebody_is_said_of_what_is_done(said: str, told: str) -> None:
    assert voice.neutral(said) == told


def test_headings_for_a_model_are_neutral_and_its_steps_stay() -> None:
    files = harbour(1)
    command = (
        "---\ndescription: Reserve a berth\n---\n\n# Moor\n\n## What You Do\n\n- Reads the table of"
        " tides\n\n## Usage Pattern\n\nWhen invoked, you should:\n\n1. Weigh the anchor.\n2. Hoist"
        " the sail.\n\n## Your Task\n\nKeep clear of the mole.\n\n"
        "## When Invoked\n\n1. Cast off.\n2. Ring the bell.\n"
    )
    files = {name: files[name] for name in (".claude-plugin/plugin.json", "README.md")}
    text = document(material(files | {"commands/moor.md": command}))
    assert "## What to do\n\n- Reads" in text and "## Task\n\nKeep clear" in text
    assert "## Steps\n\n1. Cast off." in text
    assert "## Steps\n\n1. Weigh the anchor.\n2. Hoist" in text


@pytest.mark.parametrize(
    ("said", "third"),
    [
        ("Aggregate and centralize berths", "Aggregates and centralizes berths"),
        (
            "Monitors berths, detects leaks, track tides, and automatically alert on gales",
            "Monitors berths, detects leaks, tracks tides, and automatically alerts on gales",
        ),
        (
            "Analyze tides including ebb times, neap times, and identify shoals",
            "Analyzes tides including ebb times, neap times, and identifies shoals",
        ),
        ("Analyze tides and plan for gales", "Analyzes tides and plans for gales"),
        (
            "Generates code for create, read, and delete calls",
            "Generates code for create, read, and delete calls",
        ),
        (
            "Designs quays with tests and format checks",
            "Designs quays with tests and format checks",
        ),
        ("Get a list of berths", "Provides a list of berths"),
    ],
)
def test_every_verb_of_a_series_is_conjugated_and_no_noun(said: str, third: str) -> None:
    assert person.third_person(said) == third


@pytest.mark.parametrize(
    ("word", "said", "spelled"),
    [
        ("slo", "An SLO per berth, SLOs for all", "SLO"),
        ("multi-step", "A multi-step plan", "multi-step"),
        ("tide-tables", "The tide tables", "tide tables"),
        ("grafana", "Dashboards (Grafana, and then in Grafana)", "Grafana"),
        ("liquidity", "LIQUIDITY of a berth; the liquidity", "liquidity"),
    ],
)
def test_a_keyword_is_spelled_as_the_texts_spell_it(word: str, said: str, spelled: str) -> None:
    assert terms.spelled(word, said) == spelled


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("Validating a berth before arrival", "validate a berth before arrival"),
        ("Planning and mooring", ""),
        ("EXPLAIN plan review", ""),
        ("The ferry home", ""),
        ("Load and pressure testing of pumps", ""),
        ("Test generation with tides", ""),
    ],
)
def test_what_a_user_asks_for_begins_with_a_verb(said: str, wish: str) -> None:
    assert wishes.request(said) == wish


@pytest.mark.parametrize(("commands", "told"), [(1, 4), (3, 3)])
def test_a_description_names_the_occasions(commands: int, told: int) -> None:
    places = ("Holm", "Vik", "Skar", "Bro", "Lund", "Sund", "Nes")
    items = "".join(f"- Report the tide of {place} {place}gate\n" for place in places)
    files = {".claude-plugin/plugin.json": '{"name": "tides", "description": "Tables of a year."}'}
    for n in range(commands):
        body = f"# Say\n\n## When to use\n\n{items if not n else ''}"
        files[f"commands/say{n}.md"] = f"---\ndescription: Say\n---\n\n{body}"
    said = description(build(files))
    assert said.count("report the tide of") == told


def test_a_thing_that_is_an_occasion_is_asked_about() -> None:
    files = {
        ".claude-plugin/plugin.json": '{"name": "tides", "description": "Tables of a year."}',
        "agents/pilot.md": (
            "---\ndescription: A pilot\n---\n\n# Pilot\n\n## When to use\n\n"
            "- Slow harbour investigation\n- Their risk tolerance\n- GAUGE plan review\n"
        ),
    }
    said = description(build(files))
    assert "asks about slow harbour investigation or GAUGE plan review" in said
    assert "tolerance" not in said


def test_a_tag_is_no_occasion_and_a_term_is_one_where_nothing_else_is() -> None:
    manifest = (
        '{"name": "quay", "description": "Tables of a year.", "keywords": ["gale", "storm-surge"]}'
    )
    found = build({".claude-plugin/plugin.json": manifest, "README.md": "# Quay\n"})
    assert description(found).endswith("Use when the user asks about storm surge.")


def test_the_readme_says_when_a_plugin_comes_in() -> None:
    files = {
        ".claude-plugin/plugin.json": '{"name": "tides", "description": "Tables of a year."}',
        "README.md": (
            "# Tides\n\n## Usage\n\nThe pilot automatically activates when you discuss:\n\n"
            "- Harbour fee comparisons\n- Storm surges and moorings\n"
        ),
        "agents/pilot.md": "---\ndescription: A pilot\n---\n\n# Pilot\n",
    }
    said = description(build(files))
    assert "mentions harbour fee comparisons, or storm surges and moorings" in said


def test_what_a_lead_makes_a_verb_of_is_asked_for() -> None:
    files = {
        ".claude-plugin/plugin.json": '{"name": "tides", "description": "Tables of a year."}',
        "commands/say.md": (
            "---\ndescription: Say\n---\n\n# Say\n\n## When to use\n\nUse it when you need to:\n\n"
            "- Dredge a narrow harbour\n"
        ),
    }
    assert "asks to dredge a narrow harbour" in description(build(files))


@pytest.mark.parametrize(
    ("item", "thing"),
    [
        ("User requests berth plan generation", "berth plan generation"),
        ("Migration from one harbour to another", "migration from one harbour to another"),
        ("High traffic causes strain", ""),
        ("Which harbour", ""),
        ("Gale", ""),
        ("Ready to sail for home", ""),
    ],
)
def test_a_thing_is_asked_about_and_a_sentence_is_not(item: str, thing: str) -> None:
    assert wishes.discussed(item) == thing


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("create client questionnaire", "create a client questionnaire"),
        ("Builds API gateway with routing", "Builds an API gateway with routing"),
        ("create URL report", "create a URL report"),
        ("build reports", "build reports"),
        ("build the report", "build the report"),
        ("create tables report", "create tables report"),
    ],
)
def test_one_thing_that_is_made_has_its_article(said: str, told: str) -> None:
    assert articles.with_article(said) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Moors ships with comprehensive features and documentation", "Moors ships"),
        ("Mixes music for professional sound quality", "Mixes music"),
        ("Has advanced features", "Has advanced features"),
        ("A calendar that strategically plans sailings", "A calendar that plans sailings"),
        ("Writes a comprehensive log", "Writes a log"),
    ],
)
def test_no_stump_is_left_of_a_grand_phrase(said: str, told: str) -> None:
    assert wording.modest(said) == told


def test_an_agent_that_is_to_be_invoked_is_used() -> None:
    assert voice.led("You should be invoked when:") == "Use it when:"


def test_a_description_of_few_words_goes_on_with_what_the_steps_do() -> None:
    files = {
        ".claude-plugin/plugin.json": '{"name": "peek", "description": "Looks into a chart."}',
        "commands/peek.md": (
            "---\ndescription: Look into a chart\n---\n\n1. Read the legend, all of it.\n"
            "2. Never sail at night.\n3. Show depths with their datum: three of them.\n"
            "4. Run `sound`.\n"
        ),
    }
    assert description(build(files)).startswith(
        "Looks into a chart. Reads the legend and shows depths with their datum. Use when"
    )


@pytest.mark.parametrize(
    ("name", "seen", "title"),
    [
        ("ai-quay-pack", "AI/ML berths, see ai-quay-pack", "AI Quay Pack"),
        ("slo-tracker", "Tracks SLOs of berths", "SLO Tracker"),
        ("ci-cd-quays", "Builds CI/CD quays", "CI/CD Quays"),
        ("e2e-tests", "E2E tests of quays", "E2E Tests"),
        ("pro-pack", "PRO PACK: a pack for a pro", "Pro Pack"),
    ],
)
def test_a_title_is_spelled_as_the_texts_spell_it(name: str, seen: str, title: str) -> None:
    assert wording.title(name, [], seen) == title


@pytest.mark.parametrize(
    ("lead", "shown"),
    [
        ("Report in this structure:", "Report in this structure."),
        ("Always format a report as:", "Always format a report as follows."),
        ("Use these during the watch:", None),
        ("The report is:", None),
    ],
)
def test_a_template_that_stands_under_headings_is_one(lead: str, shown: str | None) -> None:
    text = f"## Output\n\n{lead}\n\n### Tides\n\n- Ebb: X\n\n### Berths\n\n- Free: Y\n"
    place = trim.Place("commands/moor.md", "commands", "skills/x", OWN.paths)
    groups = [group for group in trim.quoted(text, place, OWN) if group.sections[0].path]
    assert (groups[0].steps == ("Tides", "Berths")) is (shown is not None)
    assert groups[0].sections[0].blocks[0].text == (shown or lead)


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("/gone Commands", "gone Commands"),
        ("/gone:* Commands", "gone Commands"),
        ("Run /moor", "Run /moor"),
        ("CI/CD and docs/tides", "CI/CD and docs/tides"),
    ],
)
def test_a_heading_names_no_command_that_there_is_not(heading: str, told: str) -> None:
    assert trim.named(heading, OWN) == told


@pytest.mark.parametrize(
    ("names", "there"),
    [(("commands/", "moor.md", "README.md"), False), (("ebb/", "low.csv", "flood.csv"), True)],
)
def test_a_tree_of_the_plugins_own_files_says_nothing(names: tuple[str, ...], there: bool) -> None:
    own = Owned("harbour", frozenset(), frozenset({"commands/moor.md", "README.md"}))
    tree = "\n".join(f"\u251c\u2500\u2500 {name}  # here" for name in names)
    block = Block("code", f"```text\nharbour/\n{tree}\n```")
    found = trim.trimmed(Section("Layout", 2, ("Layout",), [block]), own)
    assert bool(found and found.blocks) is there


@pytest.mark.parametrize(
    ("fence", "said"),
    [
        ("\u25a1 Is it whole?\n\n\u25a1 Who holds it?", "- Is it whole?\n- Who holds it?"),
        ("- [ ] Count the ropes\n- [x] Log them", "- Count the ropes\n- Log them"),
        ("Ropes: Are they dry?\nDepth of water: What is the least?",
         "- Ropes: Are they dry?\n- Depth of water: What is the least?"),
        ("Ropes: Are they dry?\nmoor --now", ""),
        ("User: Are they dry?\nPilot: They are.", ""),
        ("Ropes: dry -> moor\nDepth: `4 m`", ""),
        ("Ropes: dry\nStatus: moored", ""),
    ],
)  # fmt: skip
def test_a_list_in_a_fence_is_a_list(fence: str, said: str) -> None:
    [_, one] = sections(f"## A\n\n```\n{fence}\n```\n", PLACE)
    assert (one.blocks[0].text if one.blocks[0].kind == "list" else "") == said


def test_of_two_templates_after_one_lead_the_first_stands_and_of_a_slot_nothing() -> None:
    text = (
        "## Handoff\n\nEnd with this:\n\n```markdown\n## Log\n\n- [Hour]\n```\n\n"
        "```markdown\n## Chart\n\n- [Depth]\n```\n\n## Disclaimer\n\n[Standard disclaimer]\n"
    )
    [one] = [group.sections[0] for group in trim.quoted(text, PLACE, OWN) if group.sections[0].path]
    assert [block.text.split("\n")[0] for block in one.blocks] == ["End with this:", "```markdown"]
    assert "Log" in one.blocks[1].text


def test_an_item_that_cannot_be_quoted_keeps_its_title() -> None:
    text = (
        "## Task\n\n1. **Look out** - Far\n2. **Set up the quay**\n   - Write `$ARGUMENTS/log`\n"
        "3. Write `$ARGUMENTS/log`\n4. **Sail** away\n"
    )
    [_, one] = sections(text, PLACE)
    rows = one.blocks[0].text.split("\n")
    assert rows[1] == f"2. **Set up the quay**: see {PLACE.link()}."
    assert rows[2] == f"3. For this step, see {PLACE.link()}."


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Run the workflow `$ARGUMENTS` at dusk.",
            "Run the workflow that the arguments name at dusk.",
        ),
        ("Analyze `$ARGUMENTS` now.", "Analyze the arguments now."),
        (
            "End with \u2705 for moored ships and \u274c for lost ones.",
            "End with a check mark for moored ships and a cross for lost ones.",
        ),
        ("All is well \u2705 now.", "All is well now."),
    ],
)
def test_what_a_sentence_cannot_do_without_is_told_in_words(said: str, told: str) -> None:
    place = Place("commands/moor.md", "commands", "", frozenset())
    assert inline(said, place) == told


@pytest.mark.parametrize(
    ("first", "stays"),
    [("Good tide!", True), ("/moor", False), ("User: moor me", False), ("You: moor me", False)],
)
def test_a_talk_is_left_out_and_what_is_to_be_said_stays(first: str, stays: bool) -> None:
    text = f"# A\n\n## Greeting\n\nGreet:\n\n```text\n{first}\n\nI can help with ropes.\n```\n"
    found = [one for group in trim.quoted(text, PLACE, OWN) for one in group.sections]
    assert any(block.kind == "code" for one in found for block in one.blocks) is stays


def test_what_a_command_answers_is_told_as_that() -> None:
    text = '# A\n\n## Edit\n\nUser: "edit"\n\nYou: "How? You can:\n- Tar it\n- Sink the `hull`"\n'
    [one] = [group.sections[0] for group in trim.quoted(text, PLACE, OWN) if group.sections[0].path]
    assert [block.text for block in one.blocks][:2] == ['User: "edit"', 'Answer: "How? You can:']


def test_the_rest_of_an_emoji_is_no_text() -> None:
    left = (
        "\ufe0f Fog\n\n- \ufe0f Ice\n\n```\n  \ufe0f Tide | \ufe0f Ebb\n```\n\n\u26a0\ufe0f Rocks\n"
    )
    assert as_read(left) == "Fog\n\n- Ice\n\n```\n  Tide | Ebb\n```\n\n\u26a0\ufe0f Rocks\n"


@pytest.mark.parametrize(
    ("said", "stays"),
    [
        ("This plugin helps you sail.", False),
        ("This plugin helps you sail, and only that, at your own risk.", True),
        ("**Sail fast. Moor quite well.**", False),
        ("**Sail. Then moor.**", True),
        ("- Basic understanding of tides", False),
        ("- Knowledge of `git`", True),
        ("- Familiarity with the harbour office", False),
        ("- Understanding tides of 4 m and more", True),
    ],
)
def test_what_nobody_can_do_anything_with_is_left_out(said: str, stays: bool) -> None:
    text = f"# A\n\n## Of it\n\n{said}\n\n## Rope\n\nRopes are dry.\n"
    found = [one for group in trim.quoted(text, PLACE, OWN) for one in group.sections]
    assert any(block for one in found if one.heading == "Of it" for block in one.blocks) is stays


def test_beside_warnings_a_cross_is_no_denial() -> None:
    cross, sign, tick = "\u274c Fog", "\u26a0\ufe0f Ice", "\u2705 Sun"
    assert marks.in_words(f"- {cross}\n- {sign}\n") == "- Fog\n- Ice\n"
    assert "- Not: Fog" in marks.in_words(f"- {cross}\n- {tick}\n")
    for no in ("The tool does NOT moor", "A harbour light is never lit", "It won't moor"):
        assert f"- {no}" in marks.in_words(f"- {cross[0]} {no}\n- {tick}\n"), "it says so itself"


def test_lines_that_lost_their_marks_below_a_label_are_a_list() -> None:
    lost = "**Do:**\n Ring it\n Wait\n\n```\n**Do:**\n Ring it\n Wait\n```\n"
    assert marks.in_words(lost) == lost.replace(
        "**Do:**\n Ring it\n Wait\n\n", "**Do:**\n\n- Ring it\n- Wait\n\n", 1
    )
    for same in ("**Do:** it\n Ring it\n Wait\n", "**Do:**\n Ring it\nWait\n"):
        assert marks.in_words(same) == same


def test_no_quotation_is_changed() -> None:
    said = 'Draw a powerful chart: "Design the perfect UI".'
    assert praise.struck(said) == 'Draw a chart: "Design the perfect UI".'


@pytest.mark.parametrize(
    ("said", "sells"),
    [("Moor in minutes, not hours.", True), ("Tar it in days instead of weeks.", True),
     ("The tide turns in hours, and not earlier.", False)],
)  # fmt: skip
def test_a_saving_of_time_is_praise(said: str, sells: bool) -> None:
    assert praise.sells(said) is sells


def test_a_block_in_the_tenth_item_shows_blocks_like_one_in_the_ninth() -> None:
    """Its own lines are four deep."""
    inside = "# Ebb\n\n```bash\nsound --now\n```\n\n**Flow:**\n\n```bash\nsound --late\n```\n"
    for number in (9, 10):
        deep = " " * (len(str(number)) + 2)
        block = "".join(f"{deep}{line}\n" for line in f"```markdown\n{inside}```".split("\n"))
        mended = nested(f"{number}. **Sound**\n\n{block}\n{number + 1}. **Moor**\n")
        assert f"{deep}````markdown\n" in mended
        assert mended.count("````") == 2
