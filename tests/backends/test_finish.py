"""From a reply to the finished document."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from nightpress.backends import finish
from nightpress.model import Anatomy, Component, Generator, Material, SourceFile, Window
from nightpress.plugin import frontmatter

BODY = "# Tides\n\nPrints them.\n"


def material(standing: str = "", *, kind: str = "skill", **changed: Any) -> Material:
    told = {"name": "sea", "description": "About the sea.", "version": "2", "author": "Ada"}
    parts = {"keywords": (), "components": (), "files": ()} | told | changed
    analysis = parts.pop("analysis", {"description": "Prints tides. Use when a ship sails."})
    generator = Generator("skill", "", "", "", "", "", "", frontmatter=kind)  # type: ignore[arg-type]
    target = "skills/tide-table/SKILL.md"
    return Material(Anatomy(**parts), analysis, standing, generator, target, Window())  # type: ignore[arg-type]


def fields(made: Material) -> dict[str, object]:
    raw = frontmatter.split(finish.finished(made, BODY)).raw
    assert raw is not None
    return frontmatter.parse(raw)


def standing(**said: object) -> str:
    return frontmatter.render(said) + "\nOld text.\n"


@pytest.mark.parametrize(
    ("reply", "left"),
    [
        ("```markdown\n# T\n\ntext\n```", "# T\n\ntext\n"),
        ("\n```md\n# T\n\n```bash\nls\n```\n\nend\n```\n\n", "# T\n\n```bash\nls\n```\n\nend\n"),
        ("````markdown\n# T\n\n```\nls\n```\n````\n", "# T\n\n```\nls\n```\n"),
        ("```\n# T\n```\n", "# T\n"),
        ("~~~\n# T\n~~~", "# T\n"),
        ("```\n# T\n\n```json\n{}\n```\n\nend\n```", "# T\n\n```json\n{}\n```\n\nend\n"),
    ],
)
def test_a_fence_around_the_whole_reply_is_taken_off(reply: str, left: str) -> None:
    assert finish.unwrap(reply) == left


@pytest.mark.parametrize(
    "reply",
    [
        "# T\n\n```bash\nls\n```\n",
        "```bash\nls\n```\n\ntext\n\n```bash\nls\n```\n",
        "```\nls\n```\n\ntext\n\n```\nls\n```\n",
        "```markdown\n# T\n\n```bash\nls\n```",  # cut off: the last fence closes the inner block
        "```markdown\n# T\n\ntext",
        "```\n# T\n````\n",
        "",
        "```",
    ],
)
def test_what_is_no_wrapper_stays(reply: str) -> None:
    assert finish.unwrap(reply) == reply


def test_the_frontmatter_is_ours_and_the_body_follows() -> None:
    text = finish.finished(material(), f"```markdown\n{BODY}```")
    assert text == (
        '---\nname: tide-table\ndescription: "Prints tides. Use when a ship sails."\n'
        'metadata:\n  author: "Ada"\n  version: "2"\n---\n\n# Tides\n\nPrints them.\n'
    )


def test_a_document_without_frontmatter_is_the_body_alone() -> None:
    reply = "\ufeff\r\n\r\n# Tides\r\n\r\nPrints them.  \r\n\r\n\r\n"
    assert finish.finished(material(kind="none"), reply) == "# Tides\n\nPrints them.\n"


def test_a_frontmatter_of_the_models_own_is_dropped_but_a_rule_is_not() -> None:
    own = "---\nname: evil\ndescription: x\nallowed-tools: Bash\n---\n\n# Tides\n"
    text = finish.finished(material(), own)
    assert "evil" not in text and "Bash" not in text and text.endswith("---\n\n# Tides\n")
    ruled = "---\n\nA text between rules.\n\n---\n\nMore.\n"
    assert finish.finished(material(kind="none"), ruled) == ruled


@pytest.mark.parametrize(
    "reply",
    [
        f"THOUGHT: I keep to the window.\n\n{BODY}",
        f"Now I can write.\n\nRemember:\n\n- Tone: direct.\n\n{BODY}",
        f"<think>\n# First the commands\n\nThen more.\n</think>\n\n{BODY}",
        f"Here it is:\n\n```markdown\n{BODY}```\n\nLet me know if anything is missing.",
        f"Plan:\n\n```text\n# not the title\n```\n\n## Outline\n\n1. Tides\n\n{BODY}",
        f"---\nname: x\n# a comment\n---\n\nDone:\n\n{BODY}",
    ],
)
def test_what_is_said_before_the_title_never_goes_out(reply: str) -> None:
    assert finish.finished(material(kind="none"), reply) == BODY


WHOLE = f"{BODY}\n## Use\n\n```bash\ntides --port\n```\n"


@pytest.mark.parametrize(
    "reply",
    [
        f"<document>\n{WHOLE}</document>",
        f'Here it is.\n\n<skill name="tides">\n\n{WHOLE}\n</skill>\n\nShall I go on?',
        f"<output>\n---\nname: x\n---\n\n{WHOLE}</output>\n",
        f"<markdown>\n````markdown\n{WHOLE}````\n</markdown>",
        f"<Final_Answer>\n<document>\n{WHOLE}</document>\n</Final_Answer>\n",
        f"````markdown\n<document>\n{WHOLE}</document>\n````",
        f"<document>\n{WHOLE}",  # cut off
    ],
)
def test_tags_around_the_whole_document_are_taken_off(reply: str) -> None:
    assert finish.finished(material(kind="none"), reply) == WHOLE


@pytest.mark.parametrize(
    "body",
    [
        f"{BODY}\n<output>\nHigh water at 4.\n</output>\n",
        f"{WHOLE}\n## Form\n\n<document>\n\n# Report\n\n</document>\n",
        f"{BODY}\n```xml\n<document>\n# T\n</document>\n```\n",
        f"{BODY}\n</output>\n",
        "Text.\n\n```xml\n<document>\n# T\n</document>\n```\n\nMore.\n",
    ],
)
def test_tags_that_are_of_the_document_stay(body: str) -> None:
    assert finish.finished(material(kind="none"), body) == body


COUNTS = [
    "(Word count: about 1,400.)",
    "*Word count: ~1400 words*",
    "**Word count:** 1,412 (within the window)",
    "[Approximate character count: 8,214]",
    "Total words: 1,400",
    "(about 1,400 words, 9.8 kB)",
    "_~1,400 words_",
    "--- End of document ---",
    "(Word count: 1,400.)\n\n[End of SKILL.md]",
]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("before", ["", "\n", "\n---\n\n"])
def test_a_last_line_that_counts_the_words_never_goes_out(count: str, before: str) -> None:
    assert finish.finished(material(kind="none"), f"{WHOLE}{before}{count}\n") == WHOLE
    draft = f"{WHOLE}\n## More\n\nStays.\n"
    repaired = f"## Use\n\nRun `tides`.\n{before}{count}\n"
    done = finish.revised(material(kind="none"), draft, repaired)
    assert done == f"{BODY}\n## Use\n\nRun `tides`.\n\n## More\n\nStays.\n"


@pytest.mark.parametrize(
    "end",
    [
        "```\nWord count: 1,400\n```",
        "    Word count: 1,400",
        "- Word count: 1,400",
        "| Word count | 1,400 |",
        "An abstract has about 250 words.",
        "The word count is shown in the margin.",
        "(See the log for the 12 last tides.)",
        "Word count: 1,400\n\nThe counter prints that.",
    ],
)
def test_a_last_line_that_is_of_the_document_stays(end: str) -> None:
    text = f"{BODY}\n{end}\n"
    assert finish.finished(material(kind="none"), text) == text


def test_a_count_that_the_plugin_states_stays() -> None:
    text = f"{BODY}\nWord count: 1,400\n"
    source = SourceFile("README.md", "# Sea\n\nPrints:\n\nWord count: 1,400\n", 40)
    assert finish.finished(material(kind="none", files=(source,)), text) == text
    assert finish.finished(material(text, kind="none"), text) == text


def test_what_a_person_wrote_before_the_title_stays() -> None:
    before = f"<img src='logo.png'>\n\n{BODY}"
    reply = f"Sure!\n\n<img src='logo.png'>\n\n{BODY}"
    assert finish.finished(material(before, kind="none"), reply) == before


@pytest.mark.parametrize("body", ["Tides\n=====\n\nPrints them.\n", "Text.\n\n## Part\n\nMore.\n"])
def test_a_text_without_such_a_title_stays(body: str) -> None:
    assert finish.finished(material(kind="none"), body) == body


def test_nobody_named_is_no_metadata() -> None:
    assert set(fields(material(author="", version=""))) == {"name", "description"}


def test_a_description_is_one_line_without_brackets_and_cut_at_a_sentence() -> None:
    said = {"description": "Reads <b>\n files.  " + "It counts words. " * 100}
    text = finish.description(said, "x")
    assert len(text) <= 1024 and text.endswith("words.") and "<" not in text
    assert text.startswith("Reads b files. It counts")
    assert finish.description({}, "other") == finish.description({"description": 3}, "other")
    assert len(finish.description({"description": "x" * 5_000}, "")) <= 1024


GOOD = "Prints the tides of a harbour as a table. Use when the user asks about high or low water."


def test_a_good_description_of_the_maintainers_stays() -> None:
    assert fields(material(standing(name="x", description=GOOD)))["description"] == GOOD


@pytest.mark.parametrize(
    "bad",
    [
        "Tides.",
        "I can print the tides of a harbour. Use me when you ask about high or low water, please.",
        "Prints the tides of a harbour, and nothing else that anybody could ever think of.",
        GOOD + " <b>",
        GOOD * 20,
    ],
)
def test_another_one_gives_way_to_the_analysis(bad: str) -> None:
    found = fields(material(standing(name="x", description=bad)))
    assert found["description"] == "Prints tides. Use when a ship sails."


KEPT = f"""\
# only by hand
name: tide-table
description: {GOOD}
disable-model-invocation: true
user-invocable: false   # and not by you
allowed-tools: [Read, 'Bash(git add:*, git rm:*)']
model: opus
hooks:
- event: Stop
x-team: {{harbour: north}}
metadata:
  version: 1.0.0
"""


def test_an_authors_frontmatter_stays_to_the_byte() -> None:
    text = f"---\n{KEPT}---\nOld.\n"
    for given in (material(text), replace(material("other"), current=text)):
        assert finish.finished(given, BODY) == f"---\n{KEPT}---\n\n{BODY}"


def test_a_description_that_fails_its_gates_gives_way_and_nothing_else() -> None:
    text = KEPT.replace(GOOD, "Tides.")
    document = finish.finished(material(f"---\n{text}---\nOld.\n"), BODY)
    said = 'description: "Prints tides. Use when a ship sails."'
    assert document == f"---\n{text.replace('description: Tides.', said)}---\n\n{BODY}"


def test_what_we_filled_in_follows_the_plugin_and_what_an_author_wrote_does_not() -> None:
    ours = finish.finished(material(), BODY)
    later = replace(material(version="3"), current=ours, ours=True)
    assert fields(later)["metadata"] == {"author": "Ada", "version": "3"}
    assert fields(replace(later, ours=False))["metadata"] == {"author": "Ada", "version": "2"}


@pytest.mark.parametrize("raw", ["name: &a x\nb: *a\n", "name: [\n", "- a\n- b\n"])
def test_a_frontmatter_that_cannot_be_read_is_left_to_the_checks(raw: str) -> None:
    assert finish.finished(material(f"---\n{raw}---\nOld.\n"), BODY) == f"---\n{raw}---\n\n{BODY}"


@pytest.mark.parametrize("text", ["no frontmatter", "---\nnever closed", "---\n---\n"])
def test_a_file_without_frontmatter_gets_ours(text: str) -> None:
    assert set(fields(material(text))) == {"name", "description", "metadata"}


def test_other_components_do_not_change_the_name() -> None:
    skill = Component("skill", "other", "skills/other/SKILL.md")
    assert fields(material(components=(skill,)))["name"] == "tide-table"


HOUSE = {
    "version": "{version}",
    "license": "{license}",
    "tags": "{keywords}",
    "topics": ["sea", "{license}"],
    "metadata": {"by": "{author} ({license})", "words": "{keywords}"},
}


def test_house_fields_come_from_the_template_filled_from_plugin_json() -> None:
    made = material(keywords=("tide", "depth"), license="MIT")
    document = finish.finished(replace(made, house=HOUSE), BODY)
    rows = (
        'version: "2"\nlicense: "MIT"\ntags: ["tide", "depth"]\ntopics: ["sea", "MIT"]\n'
        'metadata:\n  by: "Ada (MIT)"\n  words: "tide, depth"\n---\n'
    )
    assert rows in document
    bare = fields(replace(material(version="", author=""), house=HOUSE))
    assert set(bare) == {"name", "description", "topics"}, "what there is nothing for is left out"
    assert bare["topics"] == ["sea"]
    assert set(fields(replace(made, house={}))) == {"name", "description"}


def test_house_fields_follow_in_ours_and_stay_in_a_persons_file() -> None:
    ours = finish.finished(replace(material(), house=HOUSE), BODY)
    later = replace(material(version="3"), house=HOUSE, current=ours)
    assert fields(replace(later, ours=True))["version"] == "3"
    assert fields(later)["version"] == "2"
    persons = standing(name="tide-table", description=GOOD, version="0.9")
    added = fields(replace(material(persons, license="MIT"), house=HOUSE))
    assert (added["version"], added["license"]) == ("0.9", "MIT")
    # ours goes back to that file: what we added follows, what the person wrote stays
    text = finish.finished(replace(material(persons, license="MIT"), house=HOUSE), BODY)
    again = replace(material(persons, license="ISC", version="3"), house=HOUSE, current=text)
    assert (fields(again)["version"], fields(again)["license"]) == ("0.9", "ISC")


@pytest.mark.parametrize(
    "unit", ["-", "\n", "The depot closes the booking when the broker signs. "]
)
def test_a_text_that_runs_in_a_circle(unit: str) -> None:
    assert finish.circles("# Tides\n\n" + unit * 3_000)


def test_a_long_text_that_says_each_thing_once_runs_in_none() -> None:
    rows = "".join(f"| row {n} | {n * 7919 % 1000} | the {n}th tide |\n" for n in range(400))
    assert not finish.circles(f"# Tides\n\n{rows}")
    assert not finish.circles("-" * 500)


@pytest.mark.parametrize(
    ("reply", "missing"),
    [
        ("TOO LITTLE\n- no example\n* what it puts out\n", ("no example", "what it puts out")),
        ("```\nTOO LITTLE:\n\n1. a default\n```", ("a default",)),
        ("<think>hm</think>\n**TOO LITTLE**\n- a", ("a",)),
        ("TOO LITTLE", None),  # says nothing that its author could do
        ("TOO LITTLE\n\n# Harbour\n\n- a\n", None),  # and then it is a document
        ("# Too little time\n\n- a\n", None),
        ("", None),
    ],
)
def test_a_reply_may_say_what_the_plugin_lacks(reply: str, missing: tuple[str, ...] | None) -> None:
    assert finish.too_little(reply) == missing


def test_a_repair_takes_the_frontmatter_from_nobody() -> None:
    made = material()
    draft = finish.finished(made, "# Tides\n\nOld.\n\n## More\n\nStays.\n")
    text = finish.revised(made, draft, "---\nname: evil\n---\n# Tides\n\nNew.\n")
    assert text is not None and text == draft.replace("Old.", "New.")
    assert finish.revised(made, draft, "I cannot do that.") is None
