"""`doit validate`: what only shows across files, and all of it."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest

from nightpress import project
from nightpress.errors import UsageError
from nightpress.project import generators
from nightpress.project.validate import validate

from .conftest import GOOD, Write

GENERATOR = "title: T\nsummary: S\ntarget: docs/t.md\n"


def test_a_good_project_has_no_problems(root: Path, write: Write) -> None:
    write("manifests/_defaults.yaml", "marketplace: plugins\nenhancements: [skill]\n")
    write("manifests/acme.yaml", GOOD)
    assert validate(root) == []


def test_one_bad_manifest_hides_no_other(root: Path, write: Write) -> None:
    write("manifests/a.yaml", "name: [\n")
    write("manifests/b.yaml", GOOD.replace("generator: skill", "generator: skil"))
    write("manifests/c.yaml", b"\xff")
    write("manifests/d.yaml", GOOD)
    assert [p.file for p in validate(root)] == [
        "manifests/a.yaml", "manifests/b.yaml", "manifests/c.yaml",
    ]  # fmt: skip


def test_two_manifests_of_one_target_and_one_plugin(root: Path, write: Write) -> None:
    write("manifests/a.yaml", GOOD)
    write("manifests/b.yaml", GOOD)
    found = {p.path: str(p) for p in validate(root) if p.severity == "error"}
    assert set(found) == {"plugin", "enhancements.skill.target"}
    assert "is a target of manifests/a.yaml, too" in found["enhancements.skill.target"]


def test_a_target_that_two_plugins_reach_is_found(root: Path, write: Write) -> None:
    write("plugins/acme/inner/x", "")
    write("manifests/a.yaml", GOOD.replace("skills/acme", "inner/skills/acme"))
    write("manifests/b.yaml", GOOD.replace("plugins/acme", "plugins/acme/inner"))
    found = [p.path for p in validate(root) if p.severity == "error"]
    assert found == ["enhancements.skill.target"]


def test_one_skill_name_in_several_plugins_is_a_warning(root: Path, write: Write) -> None:
    write("plugins/other/x", "")
    write("manifests/a.yaml", GOOD)
    write("manifests/b.yaml", GOOD.replace("plugins/acme", "plugins/other"))
    (found,) = validate(root)
    assert found.severity == "warning"
    assert "'acme' is used by 2 plugins" in found.message
    assert "warning:" in str(found)


def test_a_cycle_of_needs_is_told_as_a_way(root: Path, write: Write) -> None:
    for name, need in (("one", "two"), ("two", "three"), ("three", "one")):
        write(f"generators/{name}/generator.yaml", GENERATOR + f"needs: [{need}]\n")
        write(f"generators/{name}/prompt.md.j2", "x")
        write(f"generators/{name}/system.md", "x")
    (found,) = validate(root)
    way = found.message.removeprefix("a cycle: ").split(" needs ")
    assert way[0] == way[-1]
    after = {"one": "two", "two": "three", "three": "one"}
    assert all(after[a] == b for a, b in pairwise(way))


def test_a_broken_generator_is_told_once_and_closes_its_manifests(root: Path, write: Write) -> None:
    write("generators/skill/generator.yaml", "titel: T\nsummary: S\ntarget: ../x.md\n")
    path = write("manifests/acme.yaml", GOOD)
    found = validate(root)
    assert {p.file for p in found} == {
        "generators/skill/generator.yaml", "generators/skill/prompt.md.j2",
        "generators/skill/system.md",
    }  # fmt: skip
    said = "\n".join(str(p) for p in found)
    assert "did you mean 'title'?" in said
    assert "leads out of the plugin's folder" in said
    manifest, problems = project.load_manifest(path, project.load_defaults(root)[0])
    assert manifest is None
    assert "cannot be used" in problems[0].message


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("../x.py", "leads out"),
        ("/x.py", "is absolute"),
        ("none.py", "no file"),
        ("linked.py", "no file"),
    ],
)
def test_a_check_of_the_project_own_is_a_file_of_the_generator(
    root: Path, write: Write, file: str, words: str
) -> None:
    write("generators/one/generator.yaml", GENERATOR + f"checks: {{mine: {{file: {file}}}}}\n")
    write("generators/one/prompt.md.j2", "x")
    write("generators/one/system.md", "x")
    write("generators/x.py", "x")
    (root / "generators" / "one" / "linked.py").symlink_to(root / "generators" / "x.py")
    (found,) = validate(root)
    assert (found.line, found.path) == (4, "checks.mine.file")
    assert words in found.message


def test_an_unknown_need_has_a_hint(root: Path, write: Write) -> None:
    write("generators/one/generator.yaml", GENERATOR + "needs: [refrence]\n")
    write("generators/one/prompt.md.j2", "x")
    write("generators/one/system.md", "x")
    (found,) = validate(root)
    assert found.hint == "did you mean 'reference'?"


def test_the_defaults_are_held_to_their_rules(root: Path, write: Write) -> None:
    write(
        "manifests/_defaults.yaml",
        "marketplace: ../out\n"
        "enhancement: [skill]\n"
        "size: {min: 9000, max: 10}\n"
        "backend: offlin\n"
        "pace: {margin: 2, profil: fixed}\n"
        "budget: {until: '25:00', max_cost: 1e999}\n"
        "checks: {vocabulary: {flor: 1}}\n"
        "min_source_bytes: {offline: half}\n",
    )
    said = {(p.line, p.path): f"{p.message}; {p.hint}" for p in validate(root)}
    assert "leads out of the project" in said[1, "marketplace"]
    assert "did you mean 'enhancements'?" in said[2, "enhancement"]
    assert "larger than max" in said[3, "size.min"]
    assert "did you mean 'offline'?" in said[4, "backend"]
    assert "2 is more than 1" in said[5, "pace.margin"]
    assert "did you mean 'profile'?" in said[5, "pace.profil"]
    assert "form that is not allowed" in said[6, "budget.until"]
    assert "'1e999' is not a number" in said[6, "budget.max_cost"]
    assert "no option 'flor'" in said[7, "checks.vocabulary"]
    assert "'half' is not 'window' or an integer" in said[8, "min_source_bytes.offline"]
    assert len(said) == 10
    defaults, _ = project.load_defaults(root)
    assert defaults.values == {}


def test_unknown_default_enhancements_and_a_missing_marketplace(root: Path, write: Write) -> None:
    write("manifests/_defaults.yaml", "marketplace: shop\nenhancements: [skil]\n")
    said = {p.path: f"{p.message}; {p.hint}" for p in validate(root)}
    assert "there is no folder 'shop'" in said["marketplace"]
    assert "did you mean 'skill'?" in said["enhancements"]


def test_a_manifest_called_yml_is_found_and_told_of(root: Path, write: Write) -> None:
    write("manifests/acme.yml", GOOD)
    (found,) = validate(root)
    assert found.hint == "rename acme.yml"


def test_the_project_own_generator_hides_the_bundled_one(root: Path, write: Write) -> None:
    write("generators/skill/generator.yaml", GENERATOR)
    write("generators/skill/prompt.md.j2", "p")
    write("generators/skill/system.md", "s")
    assert generators.of_type("skill", root) == root / "generators" / "skill"
    assert generators.folders(root)["skill"] == root / "generators" / "skill"
    assert "readme" in generators.types(root)
    assert "analysis" not in generators.types(root)


@pytest.mark.parametrize("change", ["prompt.md.j2", "system.md", "generator.yaml", "new.md"])
def test_a_generator_digest_covers_each_file(root: Path, write: Write, change: str) -> None:
    folder = root / "generators" / "one"
    write("generators/one/generator.yaml", GENERATOR)
    write("generators/one/prompt.md.j2", "p")
    write("generators/one/system.md", "s")
    before, problems = project.load_generator(folder)
    assert problems == []
    assert before is not None
    assert (before.type, before.prompt, before.system, before.size) == ("one", "p", "s", None)
    with (folder / change).open("a") as file:
        file.write("# more\n")
    after, _ = project.load_generator(folder)
    assert after is not None
    assert after.digest != before.digest


def test_a_generator_digest_is_of_names_and_ignores_caches(root: Path, write: Write) -> None:
    for name in ("one", "two"):
        write(f"generators/{name}/generator.yaml", GENERATOR)
        write(f"generators/{name}/prompt.md.j2", "p")
        write(f"generators/{name}/system.md", "s")
    write("generators/two/__pycache__/x.pyc", "")
    write("generators/two/.prompt.md.j2.swp", "")
    one, _ = project.load_generator(root / "generators" / "one")
    two, _ = project.load_generator(root / "generators" / "two")
    assert one is not None
    assert two is not None
    assert one.digest == two.digest
    (root / "generators" / "one" / "extra-1").write_text("")
    (root / "generators" / "two" / "extra-2").write_text("")
    one, _ = project.load_generator(root / "generators" / "one")
    two, _ = project.load_generator(root / "generators" / "two")
    assert one is not None
    assert two is not None
    assert one.digest != two.digest


SCHEMA = """{"type": "object", "additionalProperties": false, "required": ["purpose"],
"properties": {"purpose": {"type": "string", "minLength": 1}}}"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "'purpose' is a required property"),
        ('{"purpose": 3}', "purpose: 3 is not of type 'string'"),
        ('{"purpose": "x", "more": 1}', "'more' was unexpected"),
        ('{"purpose": "x", "purpose": NaN}', "not JSON"),
        ('{"purpose": "\\ud800"}', "surrogate"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_an_analysis_that_breaks_its_contract(text: str, words: str) -> None:
    value, said = project.check_analysis(text, SCHEMA)
    assert value is None
    assert any(words in line for line in said), said


def test_an_analysis_that_keeps_its_contract() -> None:
    assert project.check_analysis('{"purpose": "é"}', SCHEMA) == ({"purpose": "é"}, [])


@pytest.mark.parametrize(
    "text",
    [
        'Here is the JSON requested:\n\n```json\n{"purpose": "é"}\n```\n\nAnything else?',
        'For {"keys": ["purpose"]} I take [1] this.\n{"purpose": "é"}',
        '[{"purpose": "é"}]',
        '[{"other": 1}, {"purpose": "é"}, {}]',
        '{"purpose": "first"}\n{"purpose": "é"}',
        '{"purpose": "é"}{"purpose": "cut',
        '{{ [ {"purpose": {"purpose": 1}} } {"purpose": "é"}',
        '<think>{"purpose": ""}</think>{"purpose": "é"}.',
        '{"analysis": {"purpose": "é"}}',
        '"{\\"purpose\\": \\"é\\"}"',
        '{"purpose": "é",\n}',
        '[{"purpose": "é"},]',
    ],
)
def test_the_object_is_found_whatever_stands_around_it(text: str) -> None:
    assert project.check_analysis(text, SCHEMA) == ({"purpose": "é"}, [])


def test_a_comma_that_is_said_stays() -> None:
    assert project.check_analysis('{"purpose": "a,} b,]",}', SCHEMA) == ({"purpose": "a,} b,]"}, [])


def test_a_reply_of_braces_costs_no_time() -> None:
    began = time.process_time()
    assert project.check_analysis('{"a' * 200_000 + '\\"' * 100_000, SCHEMA)[0] is None
    assert project.check_analysis("{," + " " * 20_000 + "x", SCHEMA)[0] is None
    assert project.check_analysis('{"a":' * 200_000, SCHEMA)[0] is None
    assert project.check_analysis("{[" * 500_000, SCHEMA)[0] is None
    assert time.process_time() - began < 20


def test_a_template_that_no_plugin_can_fill_in(root: Path, write: Write) -> None:
    write("generators/tour/generator.yaml", GENERATOR)
    write("generators/tour/system.md", "You write.\n")
    write(
        "generators/tour/prompt.md.j2",
        "{% for f in files %}{{ loop.index }}{% endfor %}\n{{ fils }}",
    )
    [found] = validate(root)
    assert str(found).startswith("generators/tour/prompt.md.j2:2:1: 'fils' is undefined")
    write("generators/tour/prompt.md.j2", "One.\n{% for f in files %}\n")
    [found] = validate(root)
    assert (found.file, found.line) == ("generators/tour/prompt.md.j2", 2)


def test_a_broken_plugin_json_is_told_with_its_place(root: Path, write: Write) -> None:
    write("manifests/acme.yaml", GOOD)
    write("plugins/acme/.claude-plugin/plugin.json", '{\n  "name": "acme",\n}\n')
    (found,) = validate(root)
    assert str(found).startswith("plugins/acme/.claude-plugin/plugin.json:3:1: not JSON: ")
    write("plugins/acme/.claude-plugin/plugin.json", '\ufeff{"name": "acme"}')
    assert validate(root) == []
    write("plugins/acme/.claude-plugin/plugin.json", "[]")
    assert "no JSON object" in validate(root)[0].message


def test_a_broken_marketplace_json_is_told_with_its_place(root: Path, write: Write) -> None:
    write("manifests/acme.yaml", GOOD)
    write(".claude-plugin/marketplace.json", '{\n  "plugins": [,]\n}\n')
    (found,) = validate(root)
    assert str(found).startswith(".claude-plugin/marketplace.json:2:15: cannot be read: Expecting")


def test_no_manifests_folder_is_no_empty_project(root: Path) -> None:
    (root / "manifests").rmdir()
    with pytest.raises(UsageError, match="there is no manifests/ folder") as told:
        validate(root)
    assert "nightpress init" in told.value.hint
