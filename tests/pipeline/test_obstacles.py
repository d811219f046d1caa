"""What publication will surely refuse is told by validate and plan, and no call is made for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nightpress.storage import atomic, obstacle
from tests.market import Market, plugin
from tests.pipeline.test_gemini import serving

SHORT = "---\nname: alpha\ndescription: Short.\n---\n\n# Alpha\n\nShort.\n"
SECRET = "AIza" + "SyD4f8Kq2LmN7pR9tVwXyZ1bC3dE5gH6jK0"


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    plugin(tmp_path / "shop", "alpha", size=16_000, skill=SHORT)
    made = Market(tmp_path / "shop")
    assert made.run("nightpress", "init").code == 0
    yield made.replaces()
    subprocess.run(["chattr", "-R", "-ia", str(tmp_path)], capture_output=True, check=False)


def attribute(path: Path, flag: str) -> None:
    if subprocess.run(["chattr", flag, str(path)], capture_output=True, check=False).returncode:
        pytest.skip("this disk, or user, sets no attributes")


def linked(market: Market) -> None:
    os.link(market.target("alpha"), market.root / "other.md")


def folder(market: Market) -> None:
    market.target("alpha").unlink()
    market.target("alpha").mkdir()


def twin(market: Market) -> None:
    market.target("alpha").rename(market.target("alpha").with_name("skill.md"))


def read_only(market: Market) -> None:
    market.target("alpha").chmod(0o444)


def unreadable(market: Market) -> None:
    market.target("alpha").write_text(SHORT.replace("alpha\n", "[alpha\n", 1))


def called(name: str) -> Callable[[Market], None]:
    """The skill's folder has a name that no skill may have."""

    def way(market: Market) -> None:
        manifest = market.root / "manifests" / "alpha.yaml"
        manifest.write_text(manifest.read_text().replace("skills/alpha/", f"skills/{name}/"))
        market.target("alpha").parent.rename(market.target("alpha").parents[1] / name)

    return way


def generator(file: str, more: str) -> Callable[[Market], None]:
    """The project's own copy of the generator has something more at the end of a file."""

    def way(market: Market) -> None:
        own = market.root / "generators" / "skill"
        shutil.copytree(Path(__file__).parents[2] / "generators" / "skill", own)
        with (own / file).open("a") as opened:
            opened.write(f"\n{more}\n")

    return way


def check_of_its_own(market: Market) -> None:
    own = market.root / "generators" / "skill"
    shutil.copytree(Path(__file__).parents[2] / "generators" / "skill", own)
    text = (own / "generator.yaml").read_text().replace("\nchecks:", f"\nchecks:{OWN_CHECK}", 1)
    (own / "generator.yaml").write_text(text if OWN_CHECK in text else f"{text}checks:{OWN_CHECK}")
    (own / "house.py").write_text("def check(document, context, options:\n")


OWN_CHECK = "\n  house-words: {file: house.py}\n"


def field(line: str) -> Callable[[Market], None]:
    """The frontmatter that stands there has one more field."""
    return lambda market: (
        market.target("alpha").write_text(SHORT.replace("\n---", f"\n{line}\n---", 1)) and None
    )


def house(market: Market) -> None:
    """The project adds a field that no upload takes."""
    with (market.root / "manifests" / "_defaults.yaml").open("a") as opened:
        opened.write("frontmatter: {internal_id: lower}\n")


SKILL = "plugins/alpha/skills/alpha/SKILL.md"
RENAMED = (
    "git mv plugins/alpha/skills/{} plugins/alpha/skills/{}, then `target: skills/{}/SKILL.md` in"
    " manifests/alpha.yaml"
)
WAYS: dict[str, tuple[Callable[[Market], None], str, str]] = {
    "immutable": (
        lambda market: attribute(market.target("alpha"), "+i"), f"{SKILL}:", f"chattr -i {SKILL}",
    ),
    "immutable folder": (
        lambda market: attribute(market.target("alpha").parent, "+i"),
        "plugins/alpha/skills/alpha:", "chattr -i plugins/alpha/skills/alpha",
    ),
    "append-only": (
        lambda market: attribute(market.target("alpha"), "+a"), f"{SKILL}:", f"chattr -a {SKILL}",
    ),
    "read-only": (read_only, f"{SKILL}:", f"chmod u+w {SKILL}"),
    "folder": (folder, "manifests/alpha.yaml:", f"mv {SKILL} elsewhere"),
    "hard link": (linked, "manifests/alpha.yaml:", f"mv {SKILL} elsewhere"),
    "case twin": (
        twin, "manifests/alpha.yaml:", f"git mv {SKILL.replace('SKILL.md', 'skill.md')} {SKILL}",
    ),
    "frontmatter": (unreadable, f"{SKILL}:3:", "one `key: value` a line"),
    "lock file": (
        lambda market: (market.root / "nightpress.lock").mkdir(), "nightpress.lock",
        "mv nightpress.lock elsewhere",
    ),
    "name": (
        called("My_Skill"), "manifests/alpha.yaml:",
        RENAMED.format(*["My_Skill", *["my-skill"] * 2]),
    ),
    "reserved name": (
        called("claude-ledger"), "manifests/alpha.yaml:",
        RENAMED.format(*["claude-ledger", *["ledger"] * 2]),
    ),
    "secret in the frontmatter": (field(f"token: {SECRET}"), f"{SKILL}:4:", "revoke it"),
    "field of the house": (house, "manifests/_defaults.yaml:", "move it under metadata"),
    "secret in a template": (
        generator("system.md", SECRET), "generators/skill/system.md:", "take it out of the file",
    ),
    "no template": (
        generator("prompt.md.j2", "{% if %}"), "generators/skill/prompt.md.j2:", "a prompt may use",
    ),
    "unknown name": (
        generator("system.md", "{{ fils }}"), "generators/skill/system.md:", "a prompt may use",
    ),
    "template that no plugin fills in": (
        generator("system.md", "{{ plugin.nmae }}"), "generators/skill/system.md:", "a prompt may",
    ),
    "template that this plugin does not fill in": (
        generator("prompt.md.j2", "{{ components.hook[0].name }}"),
        "generators/skill/prompt.md.j2:", "a prompt may use",
    ),
    "template that this very plugin does not fill in": (
        generator("prompt.md.j2", "{{ plugin.nmae if plugin.name == 'alpha' }}"),
        "generators/skill/prompt.md.j2:", "a prompt may use",
    ),
    "own check": (check_of_its_own, "generators/skill/house.py:", "cannot be loaded"),
}  # fmt: skip
"""What is done, where that is told, and what of the hint."""


@pytest.mark.parametrize("way", WAYS)
def test_what_will_surely_be_refused_is_told_by_all_and_costs_no_call(
    market: Market, way: str
) -> None:
    spoil, where, mend = WAYS[way]
    spoil(market)
    with serving(market) as (server, doit):
        told = {
            "init": market.run("nightpress", "init"),
            "validate": market.run("nightpress", "validate"),
            "plan": doit("plan"),
            "run": doit("pace=unpaced"),
        }
        assert server.seen()["list"] == []
    for command, ran in told.items():
        said = ran.out + ran.err
        assert "Traceback" not in said
        assert where in said and mend in said.partition(where)[2], (command, said)
    assert told["plan"].code in (1, 3) and told["run"].code in (1, 3)
    assert "1 published" not in told["run"].out


@pytest.mark.parametrize(
    "more",
    ["{% for one in components.hook %}{{ one.name }}{% endfor %}", "{{ components.command[0] }}"],
)
def test_a_template_that_this_plugin_fills_in_is_no_obstacle(market: Market, more: str) -> None:
    generator("prompt.md.j2", more)(market)
    assert "0 errors" in market.run("nightpress", "validate").out
    with serving(market) as (_, doit):
        assert "1 published" in doit("pace=unpaced").out


def test_what_stays_is_no_error_of_validate(market: Market) -> None:
    """A person's skill of an odd name is kept: nothing would be made there, so nothing refused."""
    called("My_Skill")(market)
    defaults = market.root / "manifests" / "_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("standing: replace", "standing: keep"))
    assert "My_Skill" not in market.run("nightpress", "validate").out
    shutil.rmtree(market.root / "plugins" / "alpha" / "skills" / "My_Skill")
    said = market.run("nightpress", "validate")
    assert "name 'My_Skill' breaks the rule" in said.out and said.code == 1
    assert "(hint: `target: skills/my-skill/SKILL.md` in manifests/alpha.yaml)" in said.out


def test_a_state_folder_that_is_a_file_is_a_sentence(market: Market) -> None:
    shutil.rmtree(market.root / ".nightpress", ignore_errors=True)
    (market.root / ".nightpress").write_text("")
    done = market.doit()
    assert done.code == 3 and "Traceback" not in done.out + done.err, done.out + done.err
    assert "a folder must be" in done.out + done.err


def test_a_long_name_has_a_temporary_one_that_the_disk_takes(tmp_path: Path) -> None:
    name = "あ" * 80 + ".md"
    atomic.discard(atomic.stage(tmp_path, name, b"x", "0" * 16))
    assert obstacle.of(tmp_path, name) is None
    assert obstacle.of(tmp_path, "あ" * 86 + ".md") is not None
