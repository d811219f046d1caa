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


def read_only(market: Market) -> None:
    market.target("alpha").chmod(0o444)


def unreadable(market: Market) -> None:
    market.target("alpha").write_text(SHORT.replace("alpha\n", "[alpha\n", 1))


WAYS: dict[str, Callable[[Market], None]] = {
    "immutable": lambda market: attribute(market.target("alpha"), "+i"),
    "immutable folder": lambda market: attribute(market.target("alpha").parent, "+i"),
    "append-only": lambda market: attribute(market.target("alpha"), "+a"),
    "read-only": read_only,
    "folder": folder,
    "hard link": linked,
    "frontmatter": unreadable,
    "lock file": lambda market: (market.root / "nightpress.lock").mkdir(),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_cannot_be_published_costs_no_call(market: Market, way: str) -> None:
    WAYS[way](market)
    with serving(market) as (server, doit):
        planned, done = doit("plan"), doit("pace=unpaced")
        assert server.seen()["list"] == []
    assert planned.code in (1, 3), planned.out
    assert "1 published" not in done.out
    assert done.code in (1, 3)
    assert "Traceback" not in done.out + done.err


def test_validate_and_init_tell_it_with_the_command_that_mends_it(market: Market) -> None:
    read_only(market)
    said = market.run("nightpress", "validate").out
    assert "SKILL.md is read-only (hint: chmod u+w plugins/alpha/skills/alpha/SKILL.md)" in said
    shutil.rmtree(market.root / "manifests")
    told = market.run("nightpress", "init").out
    assert "no document can be put there yet (chmod u+w plugins/alpha/skills/alpha" in told


def test_what_no_draft_can_mend_is_found_before_the_analysis(market: Market) -> None:
    market.target("alpha").write_text(SHORT.replace("\n---", f"\ntoken: {SECRET}\n---", 1))
    with serving(market) as (server, doit):
        done = doit("pace=unpaced")
        assert server.seen()["list"] == []
    assert "no draft can mend that" in done.out


def test_a_prompt_that_cannot_be_sent_costs_no_analysis(market: Market) -> None:
    own = market.root / "generators" / "skill"
    shutil.copytree(Path(__file__).parents[2] / "generators" / "skill", own)
    system = own / "system.md"
    system.write_text(f"{system.read_text()}\n{SECRET}\n")
    with serving(market) as (server, doit):
        done = doit("pace=unpaced")
        assert server.seen()["list"] == []
    assert "looks like a secret" in done.out


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
