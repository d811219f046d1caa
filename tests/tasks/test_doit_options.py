"""doit's own commands and options beside ours: each works, or is refused with a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from doit.cmd_base import DodoTaskLoader
from doit.doit_cmd import DoitMain

from nightpress.tasks import command_line
from tests.market import Market, environment, published


@pytest.fixture
def market(tmp_path: Path) -> Market:
    return published(tmp_path, "alpha", "beta")


def files(market: Market) -> dict[str, bytes]:
    """Every file of the project but logs and caches."""
    found = (p for p in market.root.rglob("*") if p.is_file())
    caches = ("doit.db", "index.db", "logs", "doit.pid", "ledger.db-shm")
    return {
        str(p.relative_to(market.root)): p.read_bytes()
        for p in found
        if not any(part.startswith(caches) for part in p.parts)
    }


def test_the_options_are_those_of_doit() -> None:
    commands = DoitMain().get_cmds()
    assert set(command_line._OPTIONS) == set(commands)
    for name, (short, long) in command_line._OPTIONS.items():
        if name == "help":  # it parses nothing
            continue
        parser = commands.get_plugin(name)(task_loader=DodoTaskLoader(), config={}).cmdparser
        assert (name, short, list(long)) == (name, parser.get_short(), parser.get_long())


@pytest.mark.parametrize(
    ("line", "command", "names", "flags"),
    [
        ("", "run", (), ()),
        ("clean -n enhance:a", "clean", ("enhance:a",), ("-n",)),
        ("clean --dry enhance:a", "clean", ("enhance:a",), ("--dry-run",)),
        ("-n 4 enhance:a", "run", ("enhance:a",), ("-n",)),
        ("-n4 backend=offline enhance:a", "run", ("enhance:a",), ("-n",)),
        ("-f other.py clean -n a", "clean", ("a",), ("-n",)),
        ("-n 4 clean", "run", ("clean",), ("-n",)),
        ("-ca", "run", (), ("-c", "-a")),
        ("restore --list", "run", ("restore",), ("--list",)),
        ("plan --format json", "run", ("plan", "json"), ("--format",)),
        ("list --template {name} a", "list", ("a",), ("--template",)),
        ("--nothing-of-doits", "run", (), ("--nothing-of-doits",)),
    ],
)
def test_a_line_is_read_as_doit_reads_it(
    line: str, command: str, names: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    read = command_line.read(["doit", *line.split()])
    assert read is not None
    assert read[:3] == (command, names, flags)


def test_a_dry_run_of_clean_names_what_would_go_and_changes_nothing(market: Market) -> None:
    before = files(market)
    for line in ("clean -n", "clean -na", "clean --dry-run enhance:alpha"):
        assert "removed" not in market.done(*line.split()).out
    for line in ("clean -n enhance:alpha", "clean -n -c enhance:alpha/skill"):
        told = market.done(*line.split()).out
        assert "would remove plugins/alpha/skills/alpha/SKILL.md" in told
        assert "beta" not in told
    assert files(market) == before
    assert "removed plugins/alpha" in market.done("clean", "enhance:alpha").out
    assert not market.target("alpha").exists()


@pytest.mark.parametrize("name", ["enhance:alpha", "enhance:alpha/skill"])
def test_what_is_to_be_ignored_is_ignored_until_it_is_forgotten(market: Market, name: str) -> None:
    market.done("ignore", name)
    (market.root / "plugins" / "alpha" / "NOTES.md").write_text("# Notes\n\nNew.\n")
    told = market.done().out
    assert told.count("ignored") == 1
    assert "enhance:alpha/skill (doit ignore; doit forget takes it back)" in told
    assert "published" not in told
    market.done("forget", name)
    assert "1 published" in market.done().out


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("-P process", "nightpress runs in threads, not by -P process"),
        ("-n 2 --parallel-type=process enhance:alpha", "runs in threads"),
        ("-r json", "doit's reporter json cannot show a run"),
        ("-cr console enhance", "hint: progress=json prints a JSON document per line"),
        ("--backend dbm", "doit's state lies in nightpress's own store"),
        ("list --backend=json", "hint: choose the writer without hyphens: backend=offline"),
        ("strace enhance:alpha", "tasks of nightpress start none"),
    ],
)
def test_what_cannot_be_had_is_refused_with_a_sentence(
    market: Market, line: str, sentence: str
) -> None:
    (market.root / "plugins" / "alpha" / "NOTES.md").write_text("# Notes\n\nNew.\n")
    before = files(market)
    ran = market.doit(*line.split())
    assert ran.code == 3
    assert sentence in ran.err
    assert "Traceback" not in ran.out + ran.err
    assert files(market) == before


WORKS = [
    "-n 3", "-a", "-c", "--continue", "--no-continue", "-s", "--single enhance:alpha", "-v 2",
    "-P thread", "-k", "--pdb", "--failure-verbosity 2", "--auto-delayed-regex", "-o out.txt",
    "--db-file other.db", "--check_file_uptodate timestamp", "-d .", "-f dodo.py", "list --all",
    "list -s", "list -q", "list --deps", "list --sort name", "list --template {name}", "list -p",
    "info enhance:beta/skill", "forget", "forget -a", "forget -s enhance", "ignore enhance:beta",
    "reset-dep", "dumpdb", "tabcompletion", "tabcompletion -s zsh --hardcode-tasks", "clean -c",
    "clean --forget", "help", "help enhance", "help run", "--version", "--help",
]  # fmt: skip


@pytest.mark.parametrize("line", WORKS)
def test_every_other_option_works(market: Market, line: str) -> None:
    (market.root / "plugins" / "alpha" / "NOTES.md").write_text("# Notes\n\nNew.\n")
    ran = market.doit(*line.split())
    assert ran.code == 0, ran.out + ran.err
    for word in ("Traceback", "a bug in nightpress"):
        assert word not in ran.out + ran.err


def test_a_reader_that_has_seen_enough_ends_no_command_with_a_traceback(market: Market) -> None:
    for line in ("help enhance", "dumpdb", "list --all"):
        command = f"{sys.executable} -m doit {line} | head -n 1"
        done = subprocess.run(
            ["sh", "-c", command], cwd=market.root, env=environment(), capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.stdout.count("\n") == 1
        assert done.stderr == ""


def test_a_state_in_which_nothing_was_kept_is_empty(market: Market) -> None:
    for path in (market.root / ".nightpress").glob("doit.db*"):
        path.unlink()
    assert market.doit("clean", "-n").code == 0
    ran = market.doit("dumpdb")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


@pytest.mark.parametrize("command", ["clean -n", "forget -s", "ignore -x", "list --all"])
def test_an_option_behind_the_tasks_is_told_its_place(market: Market, command: str) -> None:
    name, option = command.split()
    ran = market.doit(name, "enhance:alpha/skill", option)
    assert ran.code == 3
    assert f"'{option}' is not a task" in ran.err
    assert f"options stand before the tasks: doit {name} {option} enhance:alpha/skill" in ran.err
