"""`nightpress` alone, and `nightpress help`: the commands, by what they are for."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator

GROUPS = {
    "Set up": ("init", "manifests", "validate", "doctor", "completion"),
    "Build": (
        "plan", "build", "status", "tonight", "watch", "list", "info", "analyse", "canary",
        "snapshot", "record", "merge",
    ),
    "Read and decide": (
        "check", "review", "apply", "reject", "adopt", "report", "why", "facts", "explore", "audit",
        "ci",
    ),
    "Take back": ("forget", "ignore", "clean", "restore", "prune"),
    "Back up": (
        "backup", "backups", "drill", "verify-vault", "archive", "forget-backups", "restore-all",
    ),
    "Help": ("help",),
}  # fmt: skip
"""Every command, in the order of use."""
COMMON = frozenset({
    "init", "doctor", "plan", "build", "status", "check", "review", "apply", "report", "restore",
    "backup",
})  # fmt: skip
"""Those that `nightpress` alone shows: with the rest of what it says, they fill one screen."""
_NAME, _WIDE = 16, 80


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "help",
        help="list every command, or explain one",
        description="Lists every command; of one it tells what `nightpress COMMAND --help` does.",
    )
    parser.add_argument("command", nargs="?", metavar="COMMAND")
    parser.set_defaults(run=_help)


def _help(given: argparse.Namespace) -> int:
    from nightpress import cli

    return cli.main([given.command, "--help"] if given.command else ["--help"])


def first_screen(what: dict[str, str]) -> Iterator[str]:
    """What a newcomer needs; what: what each command does."""
    yield "nightpress writes the documents of a plugin marketplace, and keeps them true."
    yield ""
    yield "usage: nightpress COMMAND [PLUGIN[/NAME] ...] [OPTION ...]"
    yield ""
    for names in GROUPS.values():
        for name in names:
            if name in COMMON:
                yield from _row(name, what[name])
    yield ""
    yield "To begin: nightpress init in the marketplace's folder, then nightpress plan."
    yield from ("", "nightpress help             every command")
    yield "nightpress help COMMAND     what one of them does and takes"


def everything(what: dict[str, str]) -> Iterator[str]:
    """All commands, in groups."""
    yield "usage: nightpress COMMAND [PLUGIN[/NAME] ...] [OPTION ...]"
    for group, names in GROUPS.items():
        yield from ("", f"{group}:")
        for name in names:
            yield from _row(name, what[name])
    yield ""
    yield "nightpress help COMMAND tells what a command takes; nightpress build --help"
    yield "has the options of a run (--backend offline, --limit 5, ...). -V: the version."


def _row(name: str, what: str) -> list[str]:
    first, *more = textwrap.wrap(what, _WIDE - _NAME - 2, break_on_hyphens=False)
    return [f"  {name:<{_NAME}}{first}", *(f"  {'':<{_NAME}}{line}" for line in more)]
