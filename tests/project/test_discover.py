"""Finding plugins in marketplaces as they are, odd ones included."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from nightpress.errors import UnsafePath
from nightpress.project import discover
from nightpress.project.discover import FoundPlugin


def put(path: Path, content: Any = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def plugin(root: Path, path: str, name: Any = None, **more: Any) -> None:
    own = {**({"name": name} if name is not None else {}), **more}
    put(root / path / ".claude-plugin" / "plugin.json", own)


def market(root: Path, *entries: Any, **more: Any) -> None:
    put(root / ".claude-plugin" / "marketplace.json", {"plugins": list(entries), **more})


def paths(found: discover.Discovery) -> list[str]:
    return [p.path for p in found.plugins]


def test_plugins_are_found_by_their_plugin_json(tmp_path: Path) -> None:
    plugin(tmp_path, "b/two", "Two", category="tools")
    plugin(tmp_path, "one", "One")
    put(tmp_path / "one" / "skills" / "x" / "SKILL.md", "12345")
    put(tmp_path / "one" / "skills" / "deep" / "er" / "SKILL.md", "1")
    put(tmp_path / "not-a-plugin" / "README.md")
    assert discover.discover(tmp_path) == discover.Discovery(
        (
            FoundPlugin("b/two", "Two", "tools"),
            FoundPlugin("one", "One", skills=(("skills/x", 5),)),
        ),
        (),
    )


def test_listed_sources_of_every_form(tmp_path: Path) -> None:
    for name in ("plugins/a", "plugins/b", "c", "d", "e"):
        put(tmp_path / name / "commands" / "x.md")
    market(
        tmp_path,
        {"name": "a", "source": "./plugins/a/"},
        {"name": "b", "source": "b", "category": "x", "strict": False},
        {"name": "c", "source": {"source": "directory", "path": "./c"}},
        {"name": "d", "source": {"path": "d"}},
        {"name": "e", "source": "e"},
        {"name": "again", "source": "./plugins/a"},
        {"name": "gone", "source": "./nowhere"},
        {"name": "up", "source": "../up"},
        {"name": "hub", "source": {"source": "github", "repo": "o/r"}},
        {"name": "sub", "source": {"source": "git-subdir", "path": "c"}},
        {"name": "url", "source": "https://example.org/x.git"},
        {"name": "none"},
        "no object",
        metadata={"pluginRoot": "./plugins"},
    )
    found = discover.discover(tmp_path)
    assert [(p.path, p.name) for p in found.plugins] == [
        ("c", "c"), ("d", "d"), ("e", "e"), ("plugins/a", "a"), ("plugins/b", "b"),
    ]  # fmt: skip
    assert found.plugins[4].category == "x"
    said = "\n".join(found.notices)
    assert "2 plugins of .claude-plugin/marketplace.json skipped, there is no such" in said
    assert "gone, up" in said
    assert "their source is elsewhere: hub, sub, url" in said
    assert "they have no source: none" in said


def test_entries_that_share_a_folder_are_one_plugin_and_told(tmp_path: Path) -> None:
    """As in marketplaces whose entries each choose some skills of the whole repository."""
    for name in ("kits/sheet", "kits/slides", "kits/unlisted", "skills/own"):
        put(tmp_path / name / "SKILL.md", "12345")
    market(
        tmp_path,
        {"name": "office", "source": "./", "strict": False, "skills": ["./kits/sheet"]},
        {"name": "shows", "source": "./", "strict": False, "skills": ["./kits/slides/"]},
        name="our-skills",
    )
    found = discover.discover(tmp_path)
    skills = (("kits/sheet", 5), ("kits/slides", 5), ("skills/own", 5))
    assert found.plugins == (FoundPlugin(".", "our-skills", skills=skills),)
    assert found.notices == (
        "2 plugins share the folder .; one manifest, our-skills, documents all: office, shows",
    )


def test_skill_folders_that_plugin_json_declares(tmp_path: Path) -> None:
    plugin(tmp_path, "p", "P", skills=["./extra", "./one/deep"])
    for name in ("extra/a", "extra/b/too-deep", "one/deep", "skills/c", "elsewhere/d"):
        put(tmp_path / "p" / name / "SKILL.md", "1")
    (found,) = discover.discover(tmp_path).plugins
    assert [folder for folder, _ in found.skills] == ["extra/a", "one/deep", "skills/c"]


def test_many_remote_plugins_are_one_notice(tmp_path: Path) -> None:
    market(tmp_path, *({"name": f"p{n}", "source": "https://x.example/y"} for n in range(90)))
    (notice,) = discover.discover(tmp_path).notices
    assert notice.startswith("90 plugins")
    assert notice.endswith("p9, ...")


def test_unlisted_plugins_are_taken_and_told(tmp_path: Path) -> None:
    plugin(tmp_path, "listed", "Listed")
    plugin(tmp_path, "other", "Other")
    market(tmp_path, {"name": "listed", "source": "./listed"})
    found = discover.discover(tmp_path)
    assert paths(found) == ["listed", "other"]
    assert found.notices == ("1 plugin not in marketplace.json; taken, too: other",)


@pytest.mark.parametrize("text", ["{", "[]", '{"plugins": {}}', "[" * 50_000, '"\\ud800"', "\xff"])
def test_a_broken_marketplace_json_falls_back_to_plugin_json(tmp_path: Path, text: str) -> None:
    plugin(tmp_path, "a", "A")
    path = tmp_path / ".claude-plugin" / "marketplace.json"
    path.parent.mkdir()
    path.write_bytes(text.encode("latin-1"))
    found = discover.discover(tmp_path)
    assert paths(found) == ["a"]
    assert any("marketplace.json" in notice for notice in found.notices)


def test_a_plugin_at_the_root_and_one_inside_another(tmp_path: Path) -> None:
    plugin(tmp_path, ".", "Root")
    plugin(tmp_path, "inner", "Inner")
    plugin(tmp_path, "inner/deeper", "Deeper")
    put(tmp_path / "skills" / "r" / "SKILL.md", "1")
    put(tmp_path / "inner" / "skills" / "i" / "SKILL.md", "22")
    put(tmp_path / "inner" / "deeper" / "skills" / "d" / "SKILL.md", "333")
    put(tmp_path / "inner" / "deeper" / "SKILL.md", "333")
    found = {p.path: p for p in discover.discover(tmp_path).plugins}
    assert found["."].skills == (("skills/r", 1),)
    assert found["inner"].skills == (("skills/i", 2),)
    assert found["inner/deeper"].skills == (("skills/d", 3),)
    assert [p.root_skill for p in found.values()] == [False, False, True]


def test_nameless_and_wrongly_typed_plugins_are_called_as_their_folder(tmp_path: Path) -> None:
    plugin(tmp_path, "a")
    plugin(tmp_path, "b", ["list"], category=3)
    plugin(tmp_path, "c", "  ")
    put(tmp_path / "d" / ".claude-plugin" / "plugin.json", "{broken")
    market(tmp_path, {"name": "From the entry", "source": "./a"})
    found = discover.discover(tmp_path)
    assert [p.name for p in found.plugins] == ["From the entry", "b", "c", "d"]
    assert any("d/.claude-plugin/plugin.json cannot be read" in n for n in found.notices)


def test_links_and_backups_are_passed_over(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    plugin(outside, "p", "Outside")
    root = tmp_path / "root"
    plugin(root, "real", "Real")
    plugin(root, "backups/real", "Old")
    plugin(root, "real.bak/real", "Older")
    plugin(root, "mine/real", "Mine")
    (root / "linked").symlink_to(outside / "p")
    (root / "real" / "skills").mkdir()
    (root / "real" / "skills" / "x").symlink_to(outside)
    (root / "loop").symlink_to(root)
    market(root, {"name": "linked", "source": "./linked"}, {"name": "r", "source": "./real"})
    found = discover.discover(root, ("mine",))
    assert paths(found) == ["real"]
    assert found.plugins[0].skills == ()
    assert any("their folder is a link: linked" in notice for notice in found.notices)
    with pytest.raises(UnsafePath):
        discover.discover(root / "loop")


def test_special_files_and_linked_manifests_do_not_hang(tmp_path: Path) -> None:
    plugin(tmp_path, "a", "A")
    os.mkfifo(tmp_path / "a" / "pipe")
    (tmp_path / "b" / ".claude-plugin").mkdir(parents=True)
    os.mkfifo(tmp_path / "b" / ".claude-plugin" / "plugin.json")
    (tmp_path / "c" / ".claude-plugin").mkdir(parents=True)
    (tmp_path / "c" / ".claude-plugin" / "plugin.json").symlink_to("/etc/hostname")
    assert paths(discover.discover(tmp_path)) == ["a"]


def test_an_empty_marketplace_has_no_plugins(tmp_path: Path) -> None:
    assert discover.discover(tmp_path) == discover.Discovery((), ())


def test_a_listed_plugin_may_be_called_as_what_is_ignored_by_default(tmp_path: Path) -> None:
    for name in ("backup", "old", "good"):
        plugin(tmp_path, f"plugins/{name}", name)
    market(tmp_path, *({"name": n, "source": f"./plugins/{n}"} for n in ("backup", "old", "good")))
    found = discover.discover(tmp_path, ["old"])
    assert paths(found) == ["plugins/backup", "plugins/good"]
    [notice] = found.notices
    assert "old" in notice
    assert "ignored" in notice


def test_entries_that_share_a_folder_and_have_no_name(tmp_path: Path) -> None:
    plugin(tmp_path, "p", "own")
    market(tmp_path, {"source": "./p"}, {"name": "said", "source": "./p"})
    found = discover.discover(tmp_path)
    assert [one.name for one in found.plugins] == ["own"]
    assert found.notices == ("2 plugins share the folder p; one manifest documents all: ?, said",)


def test_a_folder_with_components_and_no_plugin_json_is_named(tmp_path: Path) -> None:
    plugin(tmp_path, "plugins/good", "good")
    for path in (
        "plugins/good/commands/x.md", "plugins/good/inner/agents/x.md", ".claude/commands/x.md",
        "docs/commands/README.md", "docs/skills/deep/er/SKILL.md",
        "plugins/bare/commands/x.md", "plugins/skilled/skills/x/SKILL.md",
        "plugins/skilled/agents/y.md",
    ):  # fmt: skip
        put(tmp_path / path)
    found = discover.discover(tmp_path)
    assert paths(found) == ["plugins/good"]
    what = "not taken: commands, agents or skills, and no .claude-plugin/plugin.json"
    assert found.notices == (f"2 folders {what}: plugins/bare, plugins/skilled",)


def test_a_marketplace_json_behind_a_link_is_read_within_the_marketplace(tmp_path: Path) -> None:
    put(tmp_path / "out" / "marketplace.json", {"plugins": [{"name": "x", "source": "./a"}]})
    root = tmp_path / "market"
    put(root / "a" / "commands" / "x.md")
    put(root / ".github" / "m.json", {"plugins": [{"name": "listed", "source": "./a"}]})
    (root / ".claude-plugin").mkdir()
    link = root / ".claude-plugin" / "marketplace.json"
    link.symlink_to("../.github/m.json")
    found = discover.discover(root)
    assert [(p.path, p.name) for p in found.plugins] == [("a", "listed")]
    assert "is a link; read where it leads: .github/m.json" in found.notices[0]
    for elsewhere in ("../../out/marketplace.json", "marketplace.json", "gone"):
        link.unlink()
        link.symlink_to(elsewhere)
        assert discover.discover(root).plugins == ()
