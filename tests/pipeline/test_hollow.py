"""A hollow plugin ends as such: recorded once, without a call, its standing files untouched."""

from __future__ import annotations

from pathlib import Path

from tests.market import Market, plugin


def test_hollow_once_and_nothing_touched(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    plugin(root, "alpha", size=16_000)
    folder = plugin(root, "beta", size=16_000)
    for file in folder.rglob("*.md"):
        file.unlink()
    command = folder / "commands" / "scan.md"
    command.parent.mkdir(exist_ok=True)
    command.write_text("---\ndescription: DESCRIPTION_PLACEHOLDER\n---\n\n# TITLE_PLACEHOLDER\n")
    market = Market(root)
    assert market.run("nightpress", "init").code == 0

    planned = market.doit("plan")
    assert "hollow       beta/skill: nothing real to say: commands/scan.md" in planned.out
    assert "1 hollow" in planned.out
    first = market.doit()
    assert first.code == 0, first.out + first.err
    assert "1 published, 1 hollow" in first.out
    assert "  next         nightpress check: what 1 hollow plugin needs\n" in first.out
    assert market.rows("SELECT status FROM enhancements ORDER BY job") == [
        ("published",), ("hollow",),
    ]  # fmt: skip
    assert market.rows("SELECT hollow FROM plugins ORDER BY plugin_name") == [(0,), (1,)]
    assert market.rows("SELECT COUNT(*) FROM calls") == [(0,)]
    assert list(folder.rglob("SKILL.md")) == []
    second = market.doit()
    assert "nothing to do: 1 up to date, 1 hollow" in second.out

    command.write_text(
        "---\ndescription: Scan a depot\n---\n\n# Scan\n\nRun `scan --all`, then name torn seals.\n"
    )
    assert "hollow" not in market.doit("plan").out
