"""Setting a project up, and keeping its manifests in step: on real folders, nasty ones too."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from nightpress import project
from nightpress.errors import UsageError
from nightpress.project import init
from nightpress.project.validate import validate
from tests.market import published

NASTY = (
    "a=b", "c:d", "e*f", "g?h", "[i]", "-dash", "with space", "line\nbreak", "Größe", "日本語",
    "Case", "case", "yes", "null", "1e3", "~x", "'quote", 'double"', "#hash", "x" * 200, "{brace}",
    "esc\x1b[31m", "bidi\u202eoverride", "back`tick", "%percent", "@at", "- list", "a: b", "!tag",
    "&anchor", "*alias", "|pipe", ">fold", "_defaults", "..dots", "emoji🌙", "nbsp\u00a0name",
)  # fmt: skip


def put(path: Path, content: Any = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def plugin(root: Path, path: str, name: str | None = None) -> Path:
    put(root / path / ".claude-plugin" / "plugin.json", {"name": name or Path(path).name})
    return root / path


def tree(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def manifest(root: Path, slug: str) -> Any:
    defaults, _ = project.load_defaults(root)
    found, problems = project.load_manifest(root / "manifests" / f"{slug}.yaml", defaults)
    assert problems == []
    assert found is not None
    return found


def test_init_writes_what_a_project_needs(tmp_path: Path) -> None:
    plugin(tmp_path, "plugins/one", "One")
    done = init.init(tmp_path, str(tmp_path / "plugins"))
    assert sorted(tree(tmp_path)) == [
        ".gitignore", "dodo.py",
        "manifests/.schemas/defaults.json", "manifests/.schemas/manifest.json",
        "manifests/_defaults.yaml", "manifests/one.yaml",
        "plugins/one/.claude-plugin/plugin.json",
    ]  # fmt: skip
    assert (tmp_path / ".gitignore").read_text() == ".nightpress/\nnightpress.sarif\n"
    assert (tmp_path / "manifests" / "one.yaml").read_text() == (
        "# yaml-language-server: $schema=.schemas/manifest.json\n"
        'name: "One"\n'
        'plugin: "plugins/one"\n'
        "enhancements:\n"
        "  skill:\n"
        "    generator: skill\n"
        '    target: "skills/one/SKILL.md"\n'
    )
    first = (tmp_path / "manifests" / "_defaults.yaml").read_text().split("\n")[0]
    assert first == "# yaml-language-server: $schema=.schemas/defaults.json"
    defaults, problems = project.load_defaults(tmp_path)
    assert problems == []
    assert defaults.values["marketplace"] == "plugins"
    assert validate(tmp_path) == []
    assert next(done.lines()) == "1 plugin found"
    assert list(done.lines())[-1].startswith("next: doit plan")


def test_init_again_changes_nothing(tmp_path: Path) -> None:
    plugin(tmp_path, "one")
    put(tmp_path / ".gitignore", "build/")
    put(tmp_path / "dodo.py", "# mine, of nightpress\n")
    put(tmp_path / "manifests" / "_defaults.yaml", "marketplace: .  # mine\n")
    init.init(tmp_path, str(tmp_path))
    assert (tmp_path / ".gitignore").read_text() == "build/\n.nightpress/\nnightpress.sarif\n"
    assert (tmp_path / "dodo.py").read_text() == "# mine, of nightpress\n"
    assert (tmp_path / "manifests" / "_defaults.yaml").read_text() == "marketplace: .  # mine\n"
    before = {path: os.stat(tmp_path / path).st_mtime_ns for path in tree(tmp_path)}
    done = init.init(tmp_path, str(tmp_path))
    assert done.written == []
    assert {path: os.stat(tmp_path / path).st_mtime_ns for path in tree(tmp_path)} == before
    assert "1 existing manifest left as found" in "\n".join(done.lines())


def test_a_project_with_schemas_of_its_own_points_to_them(tmp_path: Path) -> None:
    plugin(tmp_path, "one")
    for name in ("manifest", "defaults"):
        put(tmp_path / "schemas" / f"{name}.json", "{}")
    init.init(tmp_path, str(tmp_path))
    text = (tmp_path / "manifests" / "one.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../schemas/manifest.json\n")
    assert not (tmp_path / "manifests" / ".schemas").exists()


def test_a_gitignore_in_another_encoding_keeps_its_bytes(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"caf\xe9/\r\n")
    plugin(tmp_path, "alpha")
    init.init(tmp_path, str(tmp_path))
    assert (tmp_path / ".gitignore").read_bytes() == b"caf\xe9/\r\n.nightpress/\nnightpress.sarif\n"


def test_init_refuses_a_marketplace_outside_and_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "market").mkdir()
    with pytest.raises(UsageError, match="outside the project"):
        init.init(tmp_path / "project", str(tmp_path / "market"))
    with pytest.raises(UsageError, match="no such folder"):
        init.init(tmp_path / "project", str(tmp_path / "nowhere"))
    assert tree(tmp_path) == {}


def test_init_in_another_folder_than_this_one(tmp_path: Path) -> None:
    plugin(tmp_path, "shop/one")
    assert init.init(tmp_path / "shop" / "one", ".").plugins == 1
    done = init.init(tmp_path, "shop")  # seen from the project
    assert done.plugins == 1


def test_init_refuses_one_plugin_of_a_marketplace(tmp_path: Path) -> None:
    for name in ("one", "two"):
        plugin(tmp_path, f"plugins/{name}")
    before = tree(tmp_path)
    for folder, marketplace in (("plugins/one", "."), (".", "plugins/one"), (".", "plugins/two")):
        with pytest.raises(UsageError, match=r"is one of the plugins in .*/plugins\n"):
            init.init(tmp_path / folder, marketplace)
    (tmp_path / "plugins/two/.claude-plugin/plugin.json").unlink()
    put(tmp_path / ".claude-plugin/marketplace.json", {"plugins": []})
    with pytest.raises(UsageError, match=f"one is one of the plugins in {tmp_path}\n"):
        init.init(tmp_path, "plugins/one")
    assert len(tree(tmp_path)) == len(before)
    (tmp_path / "plugins/one/.git").mkdir()
    assert init.init(tmp_path / "plugins/one", ".").plugins == 1


def test_init_of_a_repository_that_is_one_plugin(tmp_path: Path) -> None:
    for name in ("one", "two"):
        plugin(tmp_path, name)
        (tmp_path / name / ".git").mkdir()
    plugin(tmp_path, "three")
    assert init.init(tmp_path / "three", ".").plugins == 1
    put(tmp_path / "one/.claude-plugin/marketplace.json", {"plugins": [{"source": "./"}]})
    for name in ("one", "two"):
        assert init.init(tmp_path / name, ".").plugins == 1


def test_init_with_wrong_defaults_or_an_odd_marketplace_writes_nothing(tmp_path: Path) -> None:
    plugin(tmp_path, "back\\slash/one")
    with pytest.raises(UsageError, match="backslash"):
        init.init(tmp_path, str(tmp_path / "back\\slash"))
    put(tmp_path / "manifests" / "_defaults.yaml", "size: wrong\n")
    before = tree(tmp_path)
    with pytest.raises(UsageError, match="is not a mapping"):
        init.init(tmp_path, str(tmp_path))
    assert tree(tmp_path) == before


def test_another_marketplace_than_the_defaults_say_is_told(tmp_path: Path) -> None:
    plugin(tmp_path, "a/one")
    plugin(tmp_path, "b/two")
    init.init(tmp_path, str(tmp_path / "a"))
    done = init.init(tmp_path, str(tmp_path / "b"))
    assert any("says marketplace: a, and stays" in notice for notice in done.notices)
    assert not (tmp_path / "manifests" / "two.yaml").exists()


def test_a_nasty_marketplace_gets_manifests_that_are_valid(tmp_path: Path) -> None:
    for number, name in enumerate(NASTY):
        plugin(tmp_path, f"plugins/{number}", name)
        plugin(tmp_path, f"folders/{name}", name)
        put(tmp_path / "folders" / name / "skills" / name / "SKILL.md", "short")
    plugin(tmp_path, "folders/twin", "case")
    done = init.init(tmp_path, str(tmp_path))
    assert done.plugins == 2 * len(NASTY) + 1
    assert [p for p in validate(tmp_path) if p.severity == "error"] == []
    # no document is written below a folder with control characters in its name
    passed_over = [n for n in done.notices if "has control characters: skipped" in n]
    assert len(passed_over) == 2
    names = {}
    for path in (tmp_path / "manifests").glob("[!_.]*.yaml"):
        values = project.peek(path)
        assert values is not None
        names[values["plugin"]] = values["name"]
        assert (tmp_path / values["plugin"]).is_dir()
    assert len(names) == done.plugins
    for number, name in enumerate(NASTY):
        assert names[f"plugins/{number}"] == name.strip()
        assert names[f"folders/{name}"] == name.strip()
    shown = "\n".join(done.lines())
    assert not any(character in shown for character in "\x1b\u202e")
    assert init.sync(tmp_path).written == []


def test_plugins_that_no_manifest_can_name_are_told(tmp_path: Path) -> None:
    plugin(tmp_path, "back\\slash")
    os.makedirs(os.fsencode(tmp_path) + b"/caf\xe9/.claude-plugin")
    with open(os.fsencode(tmp_path) + b"/caf\xe9/.claude-plugin/plugin.json", "w") as file:
        file.write('{"name": "\\ud800"}')
    done = init.init(tmp_path, str(tmp_path))
    assert len(done.notices) == 2
    assert "backslash" in done.notices[0]
    assert "is not UTF-8" in done.notices[1]
    assert not list((tmp_path / "manifests").glob("[!_.]*.yaml"))
    "\n".join(done.lines()).encode("utf-8")


def test_a_name_with_half_a_surrogate_and_a_skill_folder_with_a_backslash(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "one", "half \ud800")
    put(folder / "skills" / "a\\b" / "SKILL.md")
    done = init.init(tmp_path, str(tmp_path))
    assert manifest(tmp_path, "half").name == "half \ufffd"
    assert manifest(tmp_path, "half").enhancements == ()
    assert any("backslash" in notice for notice in done.notices)


def test_a_name_with_nul_makes_a_manifest_that_can_be_read(tmp_path: Path) -> None:
    plugin(tmp_path, "one", "nu\0ll")
    init.init(tmp_path, str(tmp_path))
    (written,) = [path.stem for path in (tmp_path / "manifests").glob("[!_.]*.yaml")]
    assert manifest(tmp_path, written).name == "nu\ufffdll"


def test_two_plugins_of_one_name_have_slugs_that_stay(tmp_path: Path) -> None:
    plugin(tmp_path, "b/tool", "tool")
    init.init(tmp_path, str(tmp_path))
    before = (tmp_path / "manifests" / "tool.yaml").read_bytes()
    plugin(tmp_path, "a/tool", "Tool")
    done = init.sync(tmp_path)
    assert done.written == ["manifests/a-tool.yaml"]
    assert (tmp_path / "manifests" / "tool.yaml").read_bytes() == before
    assert manifest(tmp_path, "a-tool").path == "a/tool"
    assert manifest(tmp_path, "a-tool").enhancements[0].target == "skills/a-tool/SKILL.md"


def test_existing_skills_are_proposed_under_their_folder_names(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "one")
    put(folder / "skills" / "first" / "SKILL.md", "x" * 9_000)
    put(folder / "skills" / "Second One" / "SKILL.md", "x" * 15_000)
    put(folder / "skills" / "skill-adapter" / "SKILL.md", "x")
    done = init.init(tmp_path, str(tmp_path))
    found = {e.name: e.target for e in manifest(tmp_path, "one").enhancements}
    assert found == {
        "skill-first": "skills/first/SKILL.md",
        "skill-second-one": "skills/Second One/SKILL.md",
        "skill-skill-adapter": "skills/skill-adapter/SKILL.md",
    }
    said = "\n".join(done.lines())
    assert "3 existing skills left as found (standing: keep)" in said
    assert "1 skill folder called 'skill-adapter'" in said
    assert "1 skill folder against the naming rule" in said
    assert "one/skills/Second One" in said
    assert "(delete their manifests" not in said
    again = "\n".join(init.init(tmp_path, str(tmp_path), rename_generic=True).lines())
    assert again.count("(delete their manifests first: what is declared stays)") == 2


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        ("keep", "left as found (standing: keep)"),
        ("review", "left as found, those too small with a draft beside (standing: review)"),
    ],
)
def test_what_is_ours_is_not_kept_as_found(tmp_path: Path, standing: str, said: str) -> None:
    market = published(tmp_path, "alpha", "beta")
    put(tmp_path / "plugins" / "alpha" / "skills" / "hers" / "SKILL.md", "x" * 9_000)
    defaults = tmp_path / "manifests" / "_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("standing: keep", f"standing: {standing}"))
    lines = market.done("manifests").out.splitlines()
    assert "2 existing skills published by nightpress" in lines
    assert f"1 existing skill {said}" in lines


@pytest.mark.parametrize(
    ("commands", "size", "skill", "is_pack"),
    [
        (4, 4_000, "", True),
        (3, 5_400, "", True),
        (2, 9_000, "", False),
        (4, 3_900, "", False),
        (9, 9_000, "own", False),
        (40, 900, "", True),
        (41, 900, "", False),
    ],
)
def test_a_large_pack_gets_a_reference_for_each_command(
    tmp_path: Path, commands: int, size: int, skill: str, is_pack: bool
) -> None:
    """Not where a person's skill is there already, and none is asked of a model."""
    folder = plugin(tmp_path, "pack")
    for n in range(commands):
        put(folder / "commands" / f"c{n}.md", "x" * size)
    if skill:
        put(folder / "skills" / skill / "SKILL.md", "x" * 9_000)
    init.init(tmp_path, str(tmp_path))
    found = {e.name: e for e in manifest(tmp_path, "pack").enhancements}
    wanted = {"skill", *(f"references.c{n}" for n in range(commands) if is_pack)}
    assert set(found) == wanted
    assert all(found[name].settings["backend"] == "offline" for name in wanted - {"skill"})


def test_rename_generic_proposes_other_folders(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "one")
    for name in ("fine", "skill-adapter", "Odd Name", "main"):
        put(folder / "skills" / name / "SKILL.md")
    done = init.init(tmp_path, str(tmp_path), rename_generic=True)
    assert (done.existing, done.odd) == (1, [])
    assert not done.generic
    assert sorted(e.target for e in manifest(tmp_path, "one").enhancements) == [
        "skills/fine/SKILL.md", "skills/odd-name/SKILL.md", "skills/one-2/SKILL.md",
        "skills/one/SKILL.md",
    ]  # fmt: skip


def test_long_skill_names_stay_valid_enhancement_names(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "one")
    for end in ("a", "b", "c"):
        put(folder / "skills" / ("x" * 63 + end) / "SKILL.md")
    init.init(tmp_path, str(tmp_path))
    names = [e.name for e in manifest(tmp_path, "one").enhancements]
    assert len(set(names)) == 3
    assert max(map(len, names)) == 64


def test_a_plugin_that_is_one_skill_is_left_alone(tmp_path: Path) -> None:
    put(plugin(tmp_path, "one") / "SKILL.md")
    done = init.init(tmp_path, str(tmp_path))
    assert manifest(tmp_path, "one").enhancements == ()
    assert any("SKILL.md at the root is left alone" in notice for notice in done.notices)


def test_default_enhancements_are_proposed_beside_the_skill(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "one")
    put(folder / "skills" / "old" / "SKILL.md")
    put(folder / "skills" / "older" / "SKILL.md")
    put(tmp_path / "manifests" / "_defaults.yaml", "enhancements: [reference, readme, skill]\n")
    init.sync(tmp_path)
    assert {e.name: e.target for e in manifest(tmp_path, "one").enhancements} == {
        "reference": "skills/old/references/reference.md",
        "readme": "README.md",
        "skill-old": "skills/old/SKILL.md",
        "skill-older": "skills/older/SKILL.md",
    }


COMMENTED = """\
# my own words
plugin: one   # where it is
name: 'One'

enhancements:
    # the first
    skill:
        generator: skill
        target: skills/one/SKILL.md  # kept
        size: {min: 4000, max: 9000}
    # after the last
ignore:
  - drafts
"""


def test_what_is_added_to_a_manifest_keeps_its_comments_and_order(tmp_path: Path) -> None:
    plugin(tmp_path, "one")
    path = tmp_path / "manifests" / "mine.yaml"
    put(path, COMMENTED)
    path.chmod(0o600)
    assert init.sync(tmp_path).written == []
    assert path.read_text() == COMMENTED
    done = init.sync(tmp_path, add=["readme", "skill"])
    assert done.added == ["readme to manifests/mine.yaml"]
    new = '    readme:\n        generator: readme\n        target: "README.md"\n'
    assert path.read_text() == COMMENTED.replace("    # after", new + "    # after")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [(e.name, e.target) for e in manifest(tmp_path, "mine").enhancements] == [
        ("skill", "skills/one/SKILL.md"), ("readme", "README.md"),
    ]  # fmt: skip
    assert init.sync(tmp_path, add=["readme"]).added == []


@pytest.mark.parametrize(
    "text",
    [
        "name: one\nplugin: one\nenhancements: {skill: {generator: skill, target: a/SKILL.md}}\n",
        "name: one\nplugin: one\nenhancements:\n  skill: {generator: skill, target: a/SKILL.md}",
        "name: one\nplugin: one\nenhancements:  # none yet\ncategory: x\n",
        "enhancements:\n skill:\n  generator: skill\n  target: a/SKILL.md\nname: one\nplugin: one",
        '{"name": "one", "plugin": "one"}\n',
        "\ufeffname: one\r\nplugin: one\r\n",
    ],
)
def test_adding_to_manifests_of_every_form(tmp_path: Path, text: str) -> None:
    plugin(tmp_path, "one")
    put(tmp_path / "manifests" / "one.yaml", text)
    done = init.sync(tmp_path, add=["readme"])
    assert done.added == ["readme to manifests/one.yaml"]
    assert manifest(tmp_path, "one").enhancements[-1].target == "README.md"
    assert len(manifest(tmp_path, "one").enhancements) == 1 + ("SKILL" in text)


def test_adding_where_there_is_nothing_yet_and_under_a_name_that_is_taken(tmp_path: Path) -> None:
    plugin(tmp_path, "one")
    plugin(tmp_path, "two")
    put(tmp_path / "manifests" / "one.yaml", "name: one\nplugin: one\nenhancements: {}\n")
    text = "name: two\nplugin: two\nenhancements:\n  readme: {generator: skill, target: a/b.md}\n"
    put(tmp_path / "manifests" / "two.yaml", text)
    init.sync(tmp_path, add=["readme"])
    assert [e.name for e in manifest(tmp_path, "one").enhancements] == ["readme"]
    assert [e.name for e in manifest(tmp_path, "two").enhancements] == ["readme", "readme-2"]


def test_a_new_skill_of_a_known_plugin_is_told_and_added_when_asked(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "one")
    put(folder / "skills" / "a" / "SKILL.md")
    init.init(tmp_path, str(tmp_path))
    put(folder / "skills" / "b" / "SKILL.md")
    before = (tmp_path / "manifests" / "one.yaml").read_bytes()
    done = init.sync(tmp_path)
    assert any("in no manifest: one/skills/b" in notice for notice in done.notices)
    assert (tmp_path / "manifests" / "one.yaml").read_bytes() == before
    init.sync(tmp_path, add=["skill"])
    assert [e.target for e in manifest(tmp_path, "one").enhancements] == [
        "skills/a/SKILL.md", "skills/b/SKILL.md",
    ]  # fmt: skip


def test_an_unknown_type_to_add_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    plugin(tmp_path, "one")
    with pytest.raises(UsageError, match="did you mean 'readme'"):
        init.sync(tmp_path, add=["redme"])
    assert not list((tmp_path / "manifests").glob("*.yaml"))


def test_a_manifest_whose_plugin_is_gone_is_told(tmp_path: Path) -> None:
    plugin(tmp_path, "one")
    two = plugin(tmp_path, "two")
    init.init(tmp_path, str(tmp_path))
    for path in sorted(two.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    two.rmdir()
    done = init.sync(tmp_path)
    assert done.gone == ["manifests/two.yaml"]
    assert (tmp_path / "manifests" / "two.yaml").exists()
    assert any("its plugin is gone" in line for line in done.lines())


def test_a_manifest_that_cannot_be_read_gets_no_double(tmp_path: Path) -> None:
    plugin(tmp_path, "one")
    put(tmp_path / "manifests" / "one.yaml", "name: [broken\n")
    done = init.sync(tmp_path)
    assert done.written == []
    assert any("manifests/one.yaml cannot be read" in notice for notice in done.notices)


def test_wrong_defaults_are_an_error_with_every_problem(tmp_path: Path) -> None:
    put(tmp_path / "manifests" / "_defaults.yaml", "marketplace: ../x\nsize: {mn: 3}\n")
    with pytest.raises(UsageError) as caught:
        init.sync(tmp_path)
    assert "leads out" in str(caught.value)
    assert "did you mean 'min'?" in str(caught.value)
    put(tmp_path / "manifests" / "_defaults.yaml", "marketplace: nowhere\n")
    with pytest.raises(UsageError, match="no folder 'nowhere'"):
        init.sync(tmp_path)
    assert sorted(tree(tmp_path)) == ["manifests/_defaults.yaml"]


def test_declared_skill_folders_and_many_of_them_make_a_valid_manifest(tmp_path: Path) -> None:
    put(
        tmp_path / "p" / ".claude-plugin" / "plugin.json",
        {"name": "p", "skills": ["./extra/one"]},
    )
    for folder in ("extra/one", *(f"skills/s{n}" for n in range(150))):
        put(tmp_path / "p" / folder / "SKILL.md")
    init.init(tmp_path, ".")
    targets = [enhancement.target for enhancement in manifest(tmp_path, "p").enhancements]
    assert len(targets) == 151
    assert targets[:2] == ["extra/one/SKILL.md", "skills/s0/SKILL.md"]


def test_what_one_template_made_in_many_plugins_may_be_replaced_and_nothing_else(
    tmp_path: Path,
) -> None:
    for number in range(12):
        folder = plugin(tmp_path, f"plugin-{number}")
        text = "".join(
            f"## {heading}\n\nThis skill empowers Claude to handle case {number}.\n"
            for heading in ("Overview", "How It Works", "When to Use", "Integration")
        )
        put(folder / "skills" / "adapter" / "SKILL.md", text)
    put(tmp_path / "plugin-3" / "skills" / "by-hand" / "SKILL.md", "# Mine\n\nNever guess.\n")
    done = init.init(tmp_path, str(tmp_path))
    policies = {
        enhancement.target: (enhancement.standing, enhancement.starts_afresh)
        for number in range(12)
        for enhancement in manifest(tmp_path, f"plugin-{number}").enhancements
    }
    assert policies == {
        "skills/adapter/SKILL.md": ("replace", True), "skills/by-hand/SKILL.md": ("keep", False)
    }  # fmt: skip
    assert (done.existing, done.replaced) == (13, 12)


def test_declared_skills_by_topic_are_the_targets(tmp_path: Path) -> None:
    skills = ["./skills/gate/release", "./skills/office/release", "./skills/office"]
    put(tmp_path / "p" / ".claude-plugin" / "plugin.json", json.dumps({"skills": skills}))
    for folder in ("gate/release", "office/release", "office/stamp", "plain", "un/declared"):
        put(tmp_path / "p" / "skills" / folder / "SKILL.md", "x")
    init.init(tmp_path, ".")
    text = (tmp_path / "manifests" / "p.yaml").read_text()
    targets = {row.split()[1].strip('"') for row in text.splitlines() if "target:" in row}
    assert targets == {
        f"skills/{f}/SKILL.md" for f in ("gate/release", "office/release", "office/stamp", "plain")
    }
    assert "skill-gate-release:" in text and "skill-office-release:" in text
    assert [p for p in validate(tmp_path) if p.severity == "error"] == []


def test_skills_behind_a_link_are_told_and_not_proposed(tmp_path: Path) -> None:
    put(tmp_path / "p" / ".claude-plugin" / "plugin.json", "{}")
    put(tmp_path / "shared" / "skills" / "x" / "SKILL.md", "x")
    (tmp_path / "p" / "skills").symlink_to("../shared/skills")
    found = init.init(tmp_path, ".")
    said = "p/skills is a link: no document is written through it"
    assert sum(said in notice for notice in found.notices) == 1
    assert [p for p in validate(tmp_path) if p.severity == "error"] == []


@pytest.mark.parametrize("way", ["file", "folder", "hard link", "link"])
def test_what_is_in_the_way_is_told_and_not_proposed(tmp_path: Path, way: str) -> None:
    put(tmp_path / "p" / ".claude-plugin" / "plugin.json", "{}")
    target = tmp_path / "p" / "skills" / "p" / "SKILL.md"
    if way == "file":
        put(tmp_path / "p" / "skills", "x")
    elif way == "folder":
        target.mkdir(parents=True)
    else:
        put(tmp_path / "other.md", "x")
        target.parent.mkdir(parents=True)
        make = target.symlink_to if way == "link" else target.hardlink_to
        make(tmp_path / "other.md")
    found = init.init(tmp_path, ".")
    assert any(f"is a {way}" in notice for notice in found.notices), found.notices
    assert [p for p in validate(tmp_path) if p.severity == "error"] == []


def test_skills_that_are_links_are_told(tmp_path: Path) -> None:
    put(tmp_path / "p" / ".claude-plugin" / "plugin.json", "{}")
    put(tmp_path / "p" / "skills" / "real" / "SKILL.md", "x")
    put(tmp_path / "shared" / "x" / "SKILL.md", "x")
    (tmp_path / "p" / "skills" / "folder").symlink_to("../../shared/x")
    (tmp_path / "p" / "skills" / "file").mkdir()
    (tmp_path / "p" / "skills" / "file" / "SKILL.md").symlink_to("../real/SKILL.md")
    found = init.init(tmp_path, ".")
    told = [notice for notice in found.notices if "are links: they are left alone" in notice]
    assert told and "skills/file/SKILL.md, skills/folder" in told[0]
    assert found.existing == 1


def test_of_two_skill_folders_that_many_disks_take_for_one_one_is_proposed(tmp_path: Path) -> None:
    put(tmp_path / "p" / ".claude-plugin" / "plugin.json", "{}")
    put(tmp_path / "p" / "skills" / "Fir" / "SKILL.md", "x")
    put(tmp_path / "p" / "skills" / "fir" / "SKILL.md", "x")
    found = init.init(tmp_path, ".")
    text = (tmp_path / "manifests" / "p.yaml").read_text()
    assert "skills/fir/SKILL.md" in text and "skills/Fir/" not in text
    assert any("git mv p/skills/Fir to another name" in notice for notice in found.notices)
    assert [p for p in validate(tmp_path) if p.severity == "error"] == []
