"""Manifests: what is accepted, and every finding of what is not."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nightpress import project
from nightpress.model import Window
from nightpress.project import Problem, yaml_write

from .conftest import GOOD, Write

Problems = Callable[[str | bytes], list[Problem]]


def test_a_good_manifest_is_read_with_its_defaults(root: Path, write: Write) -> None:
    write("manifests/_defaults.yaml", "size: {min: 5000}\nchecks: {code-span: false}\n")
    text = (
        GOOD + "    size: {max: 9000}\n    checks: {ending: false}\n  readme: {generator: readme}\n"
    )
    path = write("manifests/acme-2.yaml", text)
    defaults, problems = project.load_defaults(root)
    assert problems == []
    manifest, problems = project.load_manifest(path, defaults)
    assert problems == []
    assert manifest is not None
    assert (manifest.slug, manifest.name, manifest.path) == ("acme-2", "Acme", "plugins/acme")
    assert manifest.file == "manifests/acme-2.yaml"
    skill, readme = manifest.enhancements
    assert (skill.name, skill.generator, skill.target) == ("skill", "skill", "skills/acme/SKILL.md")
    assert skill.size == Window(5_000, 9_000)
    assert skill.settings["checks"] == {"code-span": False, "ending": False}
    assert (readme.target, readme.size) == ("README.md", Window(5_000, 14_000))


def test_the_nearer_place_goes_before_the_farther(root: Path, write: Write) -> None:
    write(
        "generators/own/generator.yaml",
        "title: T\nsummary: S\ntarget: docs/t.md\nsize: {min: 10, max: 99}\npublish: review\n"
        "checks: {ending: false, house: {file: house.py}}\n",
    )
    for name in ("prompt.md.j2", "system.md", "house.py"):
        write(f"generators/own/{name}", "x")
    write("manifests/_defaults.yaml", "publish: auto\nchecks: {ending: true, code-span: false}\n")
    text = (
        "name: A\nplugin: plugins/acme\nenhancements:\n"
        "  one: {generator: own, size: {max: 50}, checks: {house: false}}\n"
        "  two: {generator: readme}\n"
    )
    defaults, _ = project.load_defaults(root)
    manifest, problems = project.load_manifest(write("manifests/a.yaml", text), defaults)
    assert problems == []
    assert manifest is not None
    one, two = manifest.enhancements
    assert one.size == Window(10, 50)
    assert one.settings["publish"] == "review"
    assert two.settings["publish"] == "auto"
    # the generator's `ending` is under these, and stays
    assert one.settings["checks"] == {"code-span": False, "house": False}
    assert two.settings["checks"] == {"ending": True, "code-span": False}
    text = text.replace("enhancements:", "publish: auto\nenhancements:")
    manifest, _ = project.load_manifest(write("manifests/a.yaml", text), defaults)
    assert manifest is not None
    assert manifest.enhancements[0].settings["publish"] == "auto"


def test_a_default_target_stands_beside_the_skill_that_there_is(root: Path, write: Write) -> None:
    text = (
        GOOD.replace("skills/acme/", "skills/old-name/") + "  reference: {generator: reference}\n"
    )
    manifest, problems = project.load_manifest(
        write("manifests/a.yaml", text), project.load_defaults(root)[0]
    )
    assert problems == []
    assert manifest is not None
    assert manifest.enhancements[1].target == "skills/old-name/references/reference.md"


def test_the_line_of_a_finding_is_as_promised(problems: Problems) -> None:
    found = problems(
        'name: "Acme"\nplugin: plugins/acme\nenhancements: {skill: {generator: skill,\n'
        "  size: {min: lots}}}\n"
    )
    assert str(found[0]).startswith(
        "manifests/acme.yaml:4:15: enhancements.skill.size.min: 'lots' is not an integer"
    )
    assert len(found) == 1


def test_all_findings_are_told_not_just_the_first(problems: Problems) -> None:
    found = problems(
        "nme: Acme\n"
        "plugin: plugins/acmee\n"
        "enhancements:\n"
        "  skill:\n"
        "    generator: skil\n"
        "    target: /etc/passwd\n"
        "    size: {min: 9, max: 3}\n"
        "    backend: gemni\n"
        "    checks: {cod-span: false}\n"
        "  bad name:\n"
        "    generator: readme\n"
        "    publish: 3\n"
    )
    said = {(p.line, p.path): f"{p.message}; {p.hint}" for p in found}
    assert "'name' is missing" in said[1, ""]
    assert "did you mean 'name'?" in said[1, "nme"]
    assert "there is no folder" in said[2, "plugin"]
    assert "did you mean 'skill'?" in said[5, "enhancements.skill.generator"]
    assert "is absolute" in said[6, "enhancements.skill.target"]
    assert "larger than max" in said[7, "enhancements.skill.size.min"]
    assert "did you mean 'gemini'?" in said[8, "enhancements.skill.backend"]
    assert "did you mean code-span?" in said[9, "enhancements.skill.checks.cod-span"]
    assert "is not allowed" in said[10, "enhancements.bad name"]
    assert "not one of auto, review" in said[12, "enhancements.bad name.publish"]
    assert len(said) == len(found) == 10


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/etc/passwd", "is absolute"),
        ("~/x.md", "is absolute"),
        ("C:\\x.md", "is absolute"),
        ("a\\..\\b.md", "backslash"),
        ("../other/SKILL.md", "leads out"),
        ("skills/../../x.md", "leads out"),
        ("a//b.md", "empty component"),
        ("a/./b.md", "empty component"),
        (".git/hooks/post-commit", "is in .git"),
        ("x/.GIT/config", "is in .GIT"),
        (".nightpress/ledger.db", "is in .nightpress"),
        (".", "is a folder"),
        ("docs/", "is a folder"),
        ("x" * 300, "more than 255 bytes"),
        ("a\\x1b[2Jb.md", "control characters"),
        ("a\\nb.md", "control characters"),
        ("a\\0b.md", "surrogate or NUL"),
        ("a\\ud800b.md", "surrogate or NUL"),
    ],
)
def test_a_target_that_leaves_its_place_is_refused(
    problems: Problems, target: str, words: str
) -> None:
    quoted = target if "\\x1b" in target or "\\n" in target else target.replace("\\", "\\\\")
    quoted = quoted.replace("\\\\0", "\\0").replace("\\\\u", "\\u")
    found = problems(GOOD.replace("skills/acme/SKILL.md", f'"{quoted}"'))
    assert [p.line for p in found if words in p.message] == [6], found


@pytest.mark.parametrize("plugin", ["/abs", "../out", "plugins/../../x", "plugins\\\\acme"])
def test_a_plugin_outside_the_project_is_refused(problems: Problems, plugin: str) -> None:
    found = problems(GOOD.replace("plugins/acme", f'"{plugin}"'))
    assert [(p.line, p.path) for p in found] == [(2, "plugin")]


def test_links_are_refused_on_the_way_to_plugin_and_target(root: Path, problems: Problems) -> None:
    outside = root / "elsewhere"
    outside.mkdir()
    (root / "plugins" / "linked").symlink_to(outside)
    (root / "plugins" / "acme" / "skills").symlink_to(outside)
    found = problems(GOOD)
    assert [(p.path, p.message) for p in found] == [
        ("enhancements.skill.target", "'skills' is a link")
    ]
    found = problems(GOOD.replace("plugins/acme", "plugins/linked"))
    assert [p.message for p in found] == ["'plugins/linked' is a link"]


def test_a_file_on_the_way_is_refused(root: Path, problems: Problems) -> None:
    (root / "plugins" / "acme" / "skills").write_text("x")
    (found,) = problems(GOOD)
    assert found.message == "'skills' is a file"


def test_one_target_twice_is_found_also_as_case_twins(problems: Problems) -> None:
    text = GOOD + "  other: {generator: skill, target: Skills/Acme/skill.md}\n"
    (found,) = problems(text)
    assert (found.line, found.path) == (7, "enhancements.other.target")
    assert "is the target of 'skill', too" in found.message


def test_an_inherited_end_of_the_window_is_named(problems: Problems) -> None:
    (found,) = problems(GOOD + "    size: {min: 20000}\n")
    assert found.message == "min (20,000) is larger than max (14,000)"
    assert "max is inherited" in found.hint


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{n}: &{n} [{','.join(['*' + chr(ord(n) - 1)] * 9)}]\n" for n in "bcdefghi"
)


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        ("", (1, 1), "is empty"),
        ("# nothing\n", (1, 1), "is empty"),
        (BOMB, (1, 4), "anchors and aliases"),
        ("name: a\nbase: &b {x: 1}\n<<: *b\n", (2, 7), "anchors and aliases"),
        ("name: a\n<<: {plugin: x}\n", (2, 1), "merge keys"),
        ("name: a\nname: b\n", (2, 1), "duplicate key 'name'"),
        (b"name: caf\xe9\n", (1, 10), "not UTF-8: byte 0xe9"),
        ("# ü\nname: ü".encode() + b"\xff\n", (2, 8), "not UTF-8: byte 0xff"),
        (b"\xff\xfen\x00", (1, 1), "not UTF-8"),
        ("name: a\n\tplugin: b\n", (2, 1), ""),
        ("name: [1, 2\n", (2, 1), ""),
        ("name: a: b\n", (1, 8), "mapping values"),
        ("- a\n- b\n", (1, 1), "is not a mapping"),
        ("just text\n", (1, 1), "is not a mapping"),
        ("a: 1\n---\nb: 2\n", (2, 1), "more than one document"),
        ("[" * 200_000, (1, 52), "nested deeper than 50"),
        ("name: a\n# \x1b[2J\n", (2, 3), "U+001B"),
        ("a" * 2_000_000, (0, 0), "larger than"),
        ("? [a, b]\n: c\n", (1, 3), "a key must be a plain word"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, str | bytes) else None,
)
def test_a_file_that_is_no_manifest_is_one_finding(
    problems: Problems, content: str | bytes, place: tuple[int, int], words: str
) -> None:
    (found,) = problems(content)
    assert (found.line, found.column) == place
    assert words in found.message


@pytest.mark.parametrize(
    "value",
    ["2024-99-99", "1" * 400, "1e999", "0x1F", "true", "null", "[]", "'12'", "1.5", ".inf", "-1"],
)
def test_odd_scalars_are_findings_never_surprises(problems: Problems, value: str) -> None:
    found = problems(GOOD + f"    size: {{min: {value}}}\n")
    expected = [] if value == "0x1F" else [7]
    assert [p.line for p in found] == expected


def test_names_that_yaml_takes_for_something_else(problems: Problems) -> None:
    (found,) = problems(GOOD.replace('"Acme"', "null"))
    assert found.path == "name"
    assert problems(GOOD.replace('"Acme"', "yes")) == []
    assert problems(GOOD.replace('"Acme"', "2024-99-99")) == []


@pytest.mark.parametrize("stem", ["Acme", "a=b", "-a", "a b", "é", "a" * 65, "a:b", ".a"])
def test_a_stem_that_is_no_task_name_is_refused(root: Path, write: Write, stem: str) -> None:
    path = write(f"manifests/{stem}.yaml", GOOD)
    manifest, problems = project.load_manifest(path, project.load_defaults(root)[0])
    assert manifest is None
    assert "is not a valid name for a task" in problems[0].message


def test_a_fifo_a_folder_and_a_missing_file_do_not_hang(root: Path) -> None:
    defaults = project.load_defaults(root)[0]
    os.mkfifo(root / "manifests" / "pipe.yaml")
    (root / "manifests" / "folder.yaml").mkdir()
    for name, words in (
        ("pipe", "not a regular"),
        ("folder", "not a regular"),
        ("none", "No such"),
    ):
        _, (problem,) = project.load_manifest(root / "manifests" / f"{name}.yaml", defaults)
        assert words in problem.message


def test_a_problem_is_one_line_without_control_characters(problems: Problems) -> None:
    (found,) = problems(GOOD.replace("plugins/acme", '"x\\e[31m\\ny\\u202e"'))
    assert "\x1b" not in str(found)
    assert "\n" not in str(found)
    assert "\u202e" not in str(found)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("standing", ("review", "extend", "replace")),
        ("publish", ("auto", "review", "auto")),
        ("backend", (None, "offline", "auto")),
        ("model", (None, "model-b", "model-c")),
        ("size", ("{min: 1, max: 9}", "{min: 2, max: 9}", "{min: 3, max: 9}")),
    ],
)
def test_enhancement_goes_before_manifest_and_manifest_before_defaults(
    root: Path, write: Write, key: str, values: tuple[str | None, ...]
) -> None:
    """What the comment in `_defaults.yaml` promises of each of them."""
    far, near, nearest = values
    write("manifests/_defaults.yaml", f"{key}: {far}\n" if far else "concurrency: 1\n")
    defaults, problems = project.load_defaults(root)
    assert problems == []
    path = write(
        "manifests/acme.yaml",
        f"name: Acme\nplugin: plugins/acme\n{key}: {near}\nenhancements:\n"
        f"  one:\n    generator: skill\n    target: a/SKILL.md\n    {key}: {nearest}\n"
        "  two:\n    generator: skill\n    target: b/SKILL.md\n",
    )
    manifest, problems = project.load_manifest(path, defaults)
    assert manifest is not None, problems
    one, two = manifest.enhancements
    if key == "size":
        assert (one.size.min, two.size.min) == (3, 2)
    else:
        assert (one.settings[key], two.settings[key]) == (nearest, near)


def test_checks_of_the_nearest_place_go_before_the_others(root: Path, write: Write) -> None:
    write("manifests/_defaults.yaml", "checks: {ending: true, code-span: true, losses: true}\n")
    defaults, problems = project.load_defaults(root)
    assert problems == []
    text = GOOD.replace("enhancements:", "checks: {ending: false, losses: false}\nenhancements:")
    text += "    checks: {ending: true}\n"
    manifest, problems = project.load_manifest(write("manifests/acme.yaml", text), defaults)
    assert manifest is not None, problems
    [skill] = manifest.enhancements
    assert skill.settings["checks"] == {"ending": True, "code-span": True, "losses": False}


def test_a_persons_file_is_kept_unless_somebody_says_otherwise(root: Path, write: Write) -> None:
    manifest, problems = project.load_manifest(
        write("manifests/acme.yaml", GOOD), project.Defaults(root)
    )
    assert manifest is not None, problems
    assert {enhancement.standing for enhancement in manifest.enhancements} == {"keep"}


def test_a_template_of_the_frontmatter_is_held_to_what_plugin_json_has(
    root: Path, write: Write
) -> None:
    write("manifests/_defaults.yaml", "frontmatter:\n  metadata: {by: '{author}', v: '{verson}'}\n")
    (found,) = project.load_defaults(root)[1]
    assert (found.line, found.message) == (2, "nothing fills {verson}")
    assert "did you mean 'version'?" in found.hint
    write("manifests/_defaults.yaml", "frontmatter: {allowed-tools: Bash}\n")
    assert project.load_defaults(root)[1], "what changes what Claude Code does is its author's"
    write("manifests/_defaults.yaml", "frontmatter: {tags: '{keywords}', version: '{version}'}\n")
    assert project.load_defaults(root)[1] == []


@pytest.mark.parametrize(
    "target",
    [
        "hooks/hooks.json", "commands/x.md", "agents/deep/x.md", "plugin.json", ".mcp.json",
        ".claude-plugin/plugin.json", ".claude-plugin/marketplace.json", "marketplace.json",
        ".claude-plugin/notes.md", "src/x.py", "scripts/a.sh", "settings.json", "Makefile",
        "LICENSE", ".hidden.md",
    ],
)  # fmt: skip
def test_what_is_no_document_is_no_target(problems: Problems, target: str) -> None:
    text = GOOD + f"  other: {{generator: skill, target: {target}}}\n"
    [problem] = problems(text)
    assert problem.path == "enhancements.other.target" and problem.severity == "error"
    assert re.search("no document|not a document", problem.message)
    assert "format: other" in problem.hint


@pytest.mark.parametrize("target", ["README", "docs/commands/x.md", "a/b.mdx", "docs/n.txt"])
def test_what_is_a_document_is_one(problems: Problems, target: str) -> None:
    assert problems(GOOD + f"  other: {{generator: readme, target: {target}}}\n") == []


def test_a_generator_of_another_format_makes_what_it_says(problems: Problems, root: Path) -> None:
    folder = root / "generators" / "wiring"
    folder.mkdir(parents=True)
    shutil.copy(Path(__file__).parents[2] / "generators" / "readme" / "prompt.md.j2", folder)
    shutil.copy(Path(__file__).parents[2] / "generators" / "readme" / "system.md", folder)
    text = "title: T\nsummary: S\ntarget: hooks/hooks.json\n"
    (folder / "generator.yaml").write_text(text)
    wanted = GOOD + "  other: {generator: wiring, target: hooks/more.json}\n"
    assert "enhancements.other.generator" in [p.path for p in problems(wanted)]
    (folder / "generator.yaml").write_text(text + "format: other\n")
    assert problems(wanted) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('name: a\nplugin: "plugins/a"  # ours\n', 'name: a\nplugin: "b/c"  # ours\n'),
        ("# x\nplugin: plugins/a\nname: a\n", '# x\nplugin: "b/c"\nname: a\n'),
        ("'plugin' : 'plugins/it''s'#no\n", None),
        ("'plugin' : 'plugins/it''s'\r\nname: a\r\n", "'plugin' : \"b/c\"\r\nname: a\r\n"),
        ("{name: a, plugin: plugins/a}\n", None),
        ("plugin: >-\n  plugins/a\nname: a\n", None),
        ("name: a\n", None),
    ],
)
def test_only_the_folder_of_a_moved_plugin_changes(before: str, after: str | None) -> None:
    assert yaml_write.moved(before, "b/c") == after
