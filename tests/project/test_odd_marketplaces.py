"""Marketplaces as people have them: set up, documented, and left alone by a second run and a clone.

Each one is odd in several ways at once.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.market import Market, plugin, prose


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def command(name: str, verb: str) -> str:
    return (
        f"---\ndescription: The {verb} step of {name}\nargument-hint: <team>\n---\n\n# {verb}\n\n"
        f"{prose(f'{name}-{verb}', 3_000)}\n\n```bash\n/{verb} payments --since 2026-01-01\n```\n"
    )


def skill(name: str, seed: str = "") -> str:
    return (
        f"---\nname: {name}\ndescription: Does {name} for ledgers. Use when {name} is due.\n---\n\n"
        f"# {name}\n\n{prose(seed or name, 9_000)}\n\n```bash\nrun-{name} --check\n```\n"
    )


def listing(root: Path, *entries: dict[str, object]) -> None:
    said = {"name": root.name, "owner": {"name": "A"}, "plugins": entries}
    put(root / ".claude-plugin" / "marketplace.json", json.dumps(said, ensure_ascii=False))


def own(folder: Path, name: str, **more: object) -> None:
    said = {"name": name, "version": "1.0.0", "description": f"Keeps {name} ledgers", **more}
    put(folder / ".claude-plugin" / "plugin.json", json.dumps(said, ensure_ascii=False))


def without_plugin_json(root: Path) -> None:
    """`strict: false` with components inline, two plugins in one folder, sources elsewhere."""
    server = {"ledger": {"command": "npx", "args": ["ledger-mcp"]}}
    listing(
        root,
        {"name": "paper", "source": "./", "strict": False, "skills": ["./skills/pdf"]},
        {"name": "art", "source": "./", "strict": False, "skills": ["./skills/art"]},
        {"name": "far", "source": {"source": "github", "repo": "acme/far"}},
        {"name": "git", "source": {"source": "url", "url": "https://example.org/x.git"}},
        {
            "name": "inline", "source": "./plugins/inline", "strict": False, "version": "2.0.0",
            "description": "Inline commands for ledgers", "commands": ["./cmds/collect.md"],
            "agents": "./who/clerk.md", "mcpServers": server,
        },
    )  # fmt: skip
    for name in ("pdf", "art"):
        put(root / "skills" / name / "SKILL.md", skill(name))
        put(root / "skills" / name / "reference.md", f"# Reference\n\n{prose(name, 1_000)}\n")
    folder = root / "plugins" / "inline"
    put(folder / "cmds" / "collect.md", command("inline", "collect"))
    clerk = "---\nname: clerk\ndescription: Files papers. Use when papers come in.\n---\n\n"
    put(folder / "who" / "clerk.md", clerk + prose("clerk", 2_000))
    put(folder / "README.md", f"# Inline\n\n{prose('inline', 6_000)}\n")


def nested(root: Path) -> None:
    """Marketplaces inside, a plugin inside a plugin, links to files and folders."""
    for team in ("red", "blue"):
        tools = root / "teams" / team / "plugins" / "tools"
        listing(root / "teams" / team, {"name": f"{team}-tools", "source": "./plugins/tools"})
        for name, folder in ((f"{team}-tools", tools), (f"{team}-deep", tools / "inner" / "deep")):
            own(folder, name)
            put(folder / "commands" / f"{name}-run.md", command(name, f"{name}-run"))
            put(folder / "README.md", f"# {name}\n\n{prose(name, 7_000)}\n")
    (root / "current").symlink_to("teams/red/plugins/tools")
    (root / "teams/red/plugins/tools/shared").symlink_to("../../../blue/plugins/tools/commands")
    (root / ".claude-plugin").mkdir()
    link = root / ".claude-plugin" / "marketplace.json"
    link.symlink_to("../teams/red/.claude-plugin/marketplace.json")


def named_oddly(root: Path) -> None:
    """Spaces, dots, a leading hyphen, other scripts, an accent of two characters."""
    cafe = unicodedata.normalize("NFD", "caf\u00e9")
    folders = {
        "\u00dcber tool": "ueber-tool", "v1.2.tool": "v1.2.tool", "\u65e5\u672c\u8a9e": "nihongo",
        "with space": "with space", cafe: "caf\u00e9", ".hidden": "hidden", "it's & co": "its-co",
        "-dash": "-dash",
    }  # fmt: skip
    for folder, name in folders.items():
        own(root / "plugins" / folder, name)
        put(root / "plugins" / folder / "commands" / "collect.md", command(name, "collect"))
        put(root / "plugins" / folder / "README.md", f"# {name}\n\n{prose(folder, 8_000)}\n")
    listing(root, *({"name": name, "source": f"./plugins/{at}"} for at, name in folders.items()))
    put(root / "plugins/\u00dcber tool/skills/Zwei W\u00f6rter/SKILL.md", skill("zwei"))


def heavy(root: Path) -> None:
    """Fixtures and icons before the sources, a build folder, pointers of Git LFS."""
    for name in ("beta", "gamma", "delta"):
        plugin(root, name)
    put(root / ".gitignore", "target/\nnode_modules/\n")
    for number in range(200):
        put(root / f"plugins/beta/assets/{number:04}.svg", f"<svg>{number}</svg>")
        put(root / f"plugins/gamma/target/{number}.o", "x")
    for number in range(6):
        put(root / f"plugins/beta/fixtures/{number}.json", json.dumps([*range(20_000)]))
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 123\n"
    put(root / "plugins/delta/demo.gif", pointer)
    put(root / "plugins/delta/fixtures/trace.bin", pointer)


def at_the_root(root: Path) -> None:
    """The repository is the plugin; its skills lie by topic; files of Windows; a fixture plugin."""
    more: dict[str, object] = {
        "skills": ["./skills/audit", "./skills/close/year"],
        "commands": ["./commands", "./more/extra.md"],
    }
    own(root, "five", **more)
    listing(root, {"name": "five", "source": "./"})
    for place in ("audit/deep-dive", "audit/quick", "close/year", "plain"):
        put(root / "skills" / place / "SKILL.md", skill(place.rpartition("/")[2]))
    (root / "skills" / "linked").symlink_to("plain")
    (root / "commands").mkdir()
    windows = f"\ufeff{command('five', 'collect')}".replace("\n", "\r\n")
    (root / "commands" / "collect.md").write_bytes(windows.encode())
    put(root / "more" / "extra.md", command("five", "extra"))
    (root / "NOTES.md").write_bytes(
        "# Notes\n\nDie B\u00fccher f\u00fcr M\u00e4rz.\n".encode("cp1252")
    )
    put(root / "README.md", f"# Five\n\n{prose('five', 5_000)}\n")
    put(root / "tests/fixtures/plugin/.claude-plugin/plugin.json", '{"name": "fixture"}')
    put(root / "node_modules/x/.claude-plugin/plugin.json", '{"name": "module"}')


MARKETS: dict[Callable[[Path], None], dict[str, int]] = {
    without_plugin_json: {"published": 1, "adopted": 2},
    nested: {"published": 4},
    named_oddly: {"published": 7, "adopted": 1},
    heavy: {"published": 3},
    at_the_root: {"adopted": 4, "hollow": 1},
}


@pytest.mark.parametrize("make", MARKETS, ids=lambda make: make.__name__)
def test_judged_right_twice_in_a_row(make: Callable[[Path], None], tmp_path: Path) -> None:
    market = Market(tmp_path / "market")
    market.root.mkdir()
    make(market.root)
    market.git("init", "-q")
    market.git("add", "-A")
    market.git("commit", "-qm", "as found")
    assert market.run("nightpress", "init").code == 0
    assert market.run("nightpress", "validate").code == 0
    market.git("add", "-A")
    market.git("commit", "-qm", "init")
    first = market.done().out
    for outcome, count in MARKETS[make].items():
        assert f"{count} {outcome}" in first, first
    changed = market.git("status", "--porcelain").splitlines()
    assert all(line.startswith("??") for line in changed), changed  # nothing of a person's
    market.git("add", "-A")
    market.git("commit", "-qm", "documents")
    assert "nothing to do" in market.done().out
    assert market.run("nightpress", "check").code == 0
    assert "0 stale" in market.done("plan").out
    there = Market(tmp_path / "clone")
    market.git("clone", "-q", ".", os.fspath(there.root))
    there.done()
    assert there.git("status", "--porcelain") == "", "a clone judges otherwise"


def test_what_marketplace_json_says_in_the_place_of_a_plugin_json(tmp_path: Path) -> None:
    market = Market(tmp_path / "market")
    market.root.mkdir()
    without_plugin_json(market.root)
    assert market.run("nightpress", "init").code == 0
    market.done()
    document = market.target("inline")
    text = document.read_text()
    assert "/collect" in text and "`clerk`" in text and 'version: "2.0.0"' in text
    file = market.root / ".claude-plugin" / "marketplace.json"
    before = file.read_text()
    file.write_text(before.replace("2.0.0", "2.1.0"))
    assert "1 published" in market.done().out  # its fields are written anew
    assert document.read_text() == text.replace("2.0.0", "2.1.0")
    file.write_text(before.replace("./who/clerk.md", "./who/else.md"))
    assert "inline/skill: settings changed" in market.done("plan").out
