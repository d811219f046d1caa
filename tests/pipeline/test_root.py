"""A plugin that is the whole repository (`source: "./"`), with another plugin inside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.market import Market, plugin


@pytest.fixture
def rooted(tmp_path: Path) -> Market:
    root = tmp_path / "rooted"
    shutil.move(plugin(tmp_path / "made", "rooted"), root)
    inner = root / "extras" / "inner"
    inner.parent.mkdir()
    shutil.move(plugin(tmp_path / "made", "inner"), inner)
    (inner / ".claude-plugin" / "plugin.json").unlink()  # only marketplace.json knows of it
    listing = {
        "name": "m",
        "plugins": [
            {"name": "rooted", "source": "./"},
            {"name": "inner", "source": "./extras/inner"},
        ],
    }
    (root / ".claude-plugin" / "marketplace.json").write_text(json.dumps(listing))
    made = Market(root)
    assert made.run("nightpress", "init").code == 0
    return made


def test_what_nightpress_keeps_in_a_plugin_is_no_content_of_it(rooted: Market) -> None:
    assert "2 published" in rooted.done().out
    again = rooted.done().out
    assert "nothing to do: 2 up to date" in again
    (rooted.root / "manifests" / "inner.yaml").write_text(
        (rooted.root / "manifests" / "inner.yaml").read_text() + "# a remark\n"
    )
    (rooted.root / "extras" / "inner" / "README.md").write_text("# Inner\n\nAll of it is new.\n")
    plan = rooted.done("plan").out
    assert "rooted/skill" not in plan
    assert "inner/skill" in plan


def test_the_steps_of_the_recipe_for_ci_make_nothing_stale(rooted: Market) -> None:
    rooted.done()
    (rooted.root / "nightpress.sarif").touch()  # as the shell does, before the check begins
    done = rooted.run("nightpress", "check", "--write-baseline", "nightpress-baseline.json")
    assert done.code == 0
    checked = rooted.run("nightpress", "check", "--baseline", "nightpress-baseline.json")
    assert (checked.code, "0 stale" in checked.out) == (0, True), checked.out


def test_restoring_the_root_leaves_the_plugin_inside_and_the_lock_alone(rooted: Market) -> None:
    rooted.done()
    lock = (rooted.root / "nightpress.lock").read_bytes()
    inner = rooted.root / "extras" / "inner" / "skills" / "inner" / "SKILL.md"
    published = inner.read_bytes()
    rooted.done("restore", "--plugin", "rooted")
    assert not (rooted.root / "skills" / "rooted" / "SKILL.md").exists()
    assert inner.read_bytes() == published
    assert (rooted.root / "nightpress.lock").read_bytes() == lock
    assert (rooted.root / "manifests" / "rooted.yaml").is_file()


def test_a_snapshot_of_the_root_holds_nothing_of_the_plugin_inside(rooted: Market) -> None:
    rooted.done()
    for readme in (rooted.root / "README.md", rooted.root / "extras" / "inner" / "README.md"):
        readme.write_text(readme.read_text() + "\n## News\n\nOne more chapter.\n")
    assert "2 published" in rooted.done().out
    lock = (rooted.root / "nightpress.lock").read_bytes()
    inner = rooted.root / "extras" / "inner" / "skills" / "inner" / "SKILL.md"
    published = inner.read_bytes()
    rooted.done("restore", "--plugin", "rooted")
    assert inner.read_bytes() == published
    assert (rooted.root / "nightpress.lock").read_bytes() == lock
