"""`nightpress` alone, and `nightpress help`."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NoReturn

import pytest

from nightpress import cli
from nightpress.cli import help, task
from nightpress.project import OPTIONS
from nightpress.tasks import usage
from nightpress.text import SCREEN
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


def test_help_names_every_command_on_one_screen(market: Market) -> None:
    told = market.run("nightpress", "help")
    assert told.out == market.run("nightpress", "--help").out
    named = set(re.findall(r"[\w-]+", told.out))
    assert named >= {*task.COMMANDS, *cli._OWN}
    assert len(told.out.splitlines()) <= SCREEN and max(map(len, told.out.splitlines())) <= 80
    whole = market.run("nightpress", "help", "--all").out
    for name in (*task.COMMANDS, *cli._OWN):
        assert f"\n  {name} " in whole
    assert max(map(len, whole.splitlines())) <= 80


@pytest.mark.parametrize("name", [*task.COMMANDS, *cli._OWN, "ci check", "ci nightly"])
def test_help_of_a_command_is_one_screen(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def become(_module: str, *words: str) -> NoReturn:
        print("\n".join(usage.lines(*words)))
        raise SystemExit

    monkeypatch.setattr(task, "_become", become)
    monkeypatch.setattr(cli._Parser, "whole", False)
    for asked in ("--help", "--help-all"):
        with pytest.raises(SystemExit):
            cli.main([*name.split(), asked])
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith(f"usage: nightpress {name}")
        assert max(map(len, lines)) <= 80
        if asked == "--help":
            assert len(lines) <= SCREEN
            short = set(lines)
    assert "\n".join(lines) == "\n".join(lines).rstrip() and len(lines) >= len(short) - 3


def test_all_options_of_a_run_are_a_word_away(market: Market) -> None:
    short = market.run("nightpress", "build", "--help").out
    assert "--shard" not in short and "All: nightpress build --help-all" in short
    for command in ("build", "tonight", "ci nightly"):
        whole = market.run("nightpress", *command.split(), "--help-all").out
        for name in OPTIONS:
            if name != "force" or command == "build":
                assert f"\n  --{name.replace('_', '-')}" in whole


@pytest.mark.parametrize("name", ["plan", "check", "help", "ci check"])
def test_help_of_a_command_is_its_own(market: Market, name: str) -> None:
    told = market.run("nightpress", "help", *name.split())
    assert told.code == 0
    assert told.out == market.run("nightpress", *name.split(), "--help").out
    assert told.out.startswith(f"usage: nightpress {name}")


def test_help_of_what_there_is_not(market: Market) -> None:
    ran = market.run("nightpress", "help", "chek")
    assert (ran.code, ran.out) == (3, "")
    assert "there is no command 'chek'; did you mean 'check'?" in ran.err
