"""Claims: what is known is told, and what the plugin says nowhere is caught."""

from __future__ import annotations

from benchmarks import falsehoods
from msgspec.structs import replace

from nightpress.checks import judge
from nightpress.model import SourceFile
from nightpress.plugin import anatomy
from tests.checks import base
from tests.checks.defect import add


def test_planted_falsehoods_are_caught_and_true_documents_pass() -> None:
    result = falsehoods.run(documents=2)
    assert result["false_errors"] == []
    assert result["rate"] >= 95, result["missed"]
    assert len(result["by_kind"]) >= 15
    assert "planted falsehoods caught" in falsehoods.render(result)


def test_the_known_options_are_told() -> None:
    text = add("`/tide-window --draught 2` asks for two metres.")(base.BASE)
    (found,) = judge(text, base.context()).errors
    assert found.message.startswith("--draught is not an option of /tide-window (known: ")
    assert "--margin" in found.message


def test_a_sections_option_beside_another_command_is_its_own() -> None:
    known = base.context()
    assert known.anatomy is not None
    command = "---\ndescription: Checks\nargument-hint: '[--days N]'\n---\n\nCheck the tables.\n"
    files = [f for f in known.anatomy.files if f.path != "commands/tide-check.md"]
    made = anatomy.build(
        [*files, SourceFile("commands/tide-check.md", command, len(command))], "tide-table"
    )
    context = replace(known, anatomy=made)
    said = "## `/tide-check`\n\n### Steps\n\n1. Run `/tide-window`, at most {} times.\n"
    assert judge(add(said.format("`--days`"))(base.BASE), context).errors == ()
    for wrong in ("`--dayz`", "(`/tide-window --days 2`)"):
        found = judge(add(said.format(wrong))(base.BASE), context).errors
        assert [f.check for f in found] == ["option-exists"], wrong


def test_another_programs_options_are_none_of_the_plugins() -> None:
    text = add("Look at it with `git log --stat --oneline`.\n\n```bash\ndate --utc\n```")(base.BASE)
    assert judge(text, base.context()).errors == ()


def test_a_command_that_only_a_readme_names_is_none() -> None:
    known = base.context()
    assert known.anatomy is not None
    files = [
        replace(f, text=f"{f.text}\nRun `/tide-forecast` daily.\n") if f.path == "README.md" else f
        for f in known.anatomy.files
    ]
    context = replace(known, anatomy=replace(known.anatomy, files=tuple(files)))
    text = add("Run `/tide-forecast` every morning.")(base.BASE)
    assert [f.check for f in judge(text, context).errors] == ["command-exists"]


def test_a_person_knows_more_than_the_files_say() -> None:
    text = add("Pass `--verbose`, set `TIDE_DATUM`, install `pip install tidelib`: 45 seconds.")
    context = replace(base.context(), ours=False)
    assert judge(text(base.BASE), context).errors == ()
