"""`nightpress` alone, and `nightpress help`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from nightpress import cli
from nightpress.cli import help, task
from tests.market import Market, environment
from tests.terminal import LINES, Terminal


@pytest.fixture
def market(tmp_path: Path) -> Market:
    return Market(tmp_path)


def test_nightpress_alone_is_one_screen(market: Market) -> None:
    terminal = Terminal()
    assert terminal.run("nightpress", market.root, environment()) == 0
    assert not terminal.screen.history.top
    shown = terminal.text().plain
    assert len(shown.splitlines()) <= LINES - 1  # the prompt
    for name in help.COMMON:
        assert f"\n  {name} " in shown


def test_every_command_is_in_one_group() -> None:
    grouped = Counter(name for names in help.GROUPS.values() for name in names)
    assert grouped == Counter([*task.COMMANDS, *cli._OWN])
    assert set(grouped) > help.COMMON


def test_help_has_every_command_in_80_columns(market: Market) -> None:
    told = market.run("nightpress", "help")
    assert told.out == market.run("nightpress", "--help").out
    for name in (*task.COMMANDS, *cli._OWN):
        assert f"\n  {name} " in told.out
    assert max(map(len, told.out.splitlines())) <= 80


@pytest.mark.parametrize("name", ["plan", "check", "help"])
def test_help_of_a_command_is_its_own(market: Market, name: str) -> None:
    told = market.run("nightpress", "help", name)
    assert told.code == 0
    assert told.out == market.run("nightpress", name, "--help").out
    assert told.out.startswith(f"usage: nightpress {name}")


def test_help_of_what_there_is_not(market: Market) -> None:
    ran = market.run("nightpress", "help", "chek")
    assert (ran.code, ran.out) == (3, "")
    assert "there is no command 'chek'; did you mean 'check'?" in ran.err
