"""`nightpress` alone, `nightpress help`, and the help of a command: each is one screen; `--all`
and `--help-all` have all."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator

from nightpress import errors
from nightpress.text import SCREEN, Sections, one_screen, row

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
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="the one to explain")
    parser.add_argument("--all", action="store_true", help="each command with what it does")
    parser.set_defaults(run=_help)


def _help(given: argparse.Namespace) -> int:
    from nightpress import cli

    asked = "--help-all" if given.all else "--help"
    if given.command[1:] and given.command[0] != "ci":
        told = f"nightpress help has no use for {given.command[1]}"
        raise errors.UsageError(told, f"nightpress help {given.command[0]}")
    return cli.main([*given.command, asked])


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
    yield from ("", "nightpress help             every command (--all: with what it does)")
    yield "nightpress help COMMAND     what one of them does and takes"


def in_short() -> Iterator[str]:
    """The names of all commands, in groups, and the options that all have."""
    yield "usage: nightpress COMMAND [PLUGIN[/NAME] ...] [OPTION ...]"
    yield ""
    for group, names in GROUPS.items():
        yield from _row(group, ", ".join(names))
    yield from ("", "Options of every command:")
    yield from _row("--project", "the project's folder (default: here and upwards)")
    yield from _row("--json", "print JSON alone, of mistakes, too")
    yield from _row("-q, -v", "tell errors alone; tell more")
    yield from _row("-n", "change nothing: what would be done")
    yield from _row("-V", "the version")
    yield from ("", "nightpress help --all       what each command does")
    yield "nightpress help COMMAND     what one of them takes"


def everything(what: dict[str, str]) -> Iterator[str]:
    """All commands with what they do, in groups."""
    yield "usage: nightpress COMMAND [PLUGIN[/NAME] ...] [OPTION ...]"
    for group, names in GROUPS.items():
        yield from ("", f"{group}:")
        for name in names:
            yield from _row(name, what[name])
    yield ""
    yield "nightpress help COMMAND tells what a command takes; nightpress build --help-all"
    yield "has every option of a run. -V: the version."


def of(parser: argparse.ArgumentParser, *, whole: bool) -> list[str]:
    """What a command is for and takes."""
    said = " ".join((parser.description or "").split())
    lines = one_screen(_sections(parser, said, alike=True), "")
    if whole or len(lines) <= SCREEN:
        return lines
    first = re.split(r"(?<=[.;]) ", said)[0].rstrip(";")
    return one_screen(_sections(parser, first), f"All: {parser.prog} --help-all")


def _sections(parser: argparse.ArgumentParser, said: str, *, alike: bool = False) -> Sections:
    """said: what it is for; alike: are rare options as wanted as others."""
    from nightpress.project import OPTIONS

    rare = {o.name for o in OPTIONS.values() if not o.often}
    names: list[tuple[int, str]] = []
    taken: list[tuple[int, str]] = []
    words, every = [], "--json, -q, -n, -v"
    for action in parser._actions:
        told = (action.help or "") % {"default": action.default}
        if not action.option_strings:
            words.append(_named(action))
            inner = getattr(action, "_choices_actions", ()) or [action]
            names += ((8, row(_named(one), one.help or "", _TYPED)) for one in inner if one.help)
        elif action.dest == "project":
            every += ", --project FOLDER"
        elif action.dest != "help":
            want = 8 if alike or action.dest not in rare else 1
            taken.append((want, row(_typed(action), told, _TYPED)))
    return [
        ("", [(8, " ".join(("usage:", parser.prog, *words, "[OPTION ...]")))]),
        ("", [(8, "\n".join(textwrap.wrap(said, _WIDE - 1, break_on_hyphens=False)))]),
        ("", names),
        ("Options:", taken),
        ("", [(8, f"Of every command: {every}.")]),
    ]


_TYPED = 24


def _named(action: argparse.Action) -> str:
    name = str(action.metavar or ("|".join(map(str, action.choices or ())) or action.dest))
    if action.nargs == "?":
        return f"[{name}]"
    return {"*": f"[{name} ...]", "+": f"{name} [{name} ...]"}.get(str(action.nargs), name)


def _typed(action: argparse.Action) -> str:
    flag = ", ".join(sorted(action.option_strings, key=len))
    if action.nargs == 0:
        return flag
    value = action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper()
    return f"{flag} {value}"


def _row(name: str, what: str) -> list[str]:
    first, *more = textwrap.wrap(what, _WIDE - _NAME - 2, break_on_hyphens=False)
    return [f"  {name:<{_NAME}}{first}", *(f"  {'':<{_NAME}}{line}" for line in more)]
