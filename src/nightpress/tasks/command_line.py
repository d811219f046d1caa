"""What the user asked doit for, read from the command line before any task is made.

A task that a loader creates costs even if it is fresh, so with thousands of plugins doit
is handed only what is selected or stale. Whatever is not plainly recognised here means
everything: the short cut may never hide a task.
"""

import getopt
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from typing import NamedTuple

__all__ = ["COMMANDS", "PER_PLUGIN", "READING", "SHOWING", "STATIC", "WRITING", "Invocation",
           "Selection", "read", "select", "text", "writes"]  # fmt: skip

_DB = ("db-file=", "backend=", "check_file_uptodate=")
_LOADER = ("file=", "dir=", "seek-file")
_OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "run": ("f:d:kacv:r:o:n:P:s", (
        *_DB, *_LOADER, "always-execute", "continue", "no-continue", "verbosity=", "reporter=",
        "output-file=", "process=", "parallel-type=", "pdb", "single", "auto-delayed-regex",
        "failure-verbosity=",
    )),
    "list": ("f:d:kqsp", (
        *_DB, *_LOADER, "all", "quiet", "status", "private", "deps", "template=", "sort=",
    )),
    "info": ("f:d:k", (*_DB, *_LOADER, "no-status")),
    "clean": ("f:d:kcany", (*_DB, *_LOADER, "clean-dep", "clean-all", "dry-run", "forget", "yes")),
    "forget": ("f:d:ksa", (
        *_DB, *_LOADER, "follow-sub", "disable-default", "enable-default", "all",
    )),
    "ignore": ("f:d:k", (*_DB, *_LOADER)),
    "reset-dep": ("f:d:k", (*_DB, *_LOADER)),
    "strace": ("f:d:ka", (*_DB, *_LOADER, "all", "keep")),
    "tabcompletion": ("f:d:ks:", (*_DB, *_LOADER, "shell=", "hardcode-tasks")),
    "dumpdb": ("", ("db-file=",)),
    "help": ("", ()),
}  # fmt: skip
"""doit's commands with their options, as getopt wants them (doit 0.37; a test compares them)."""
COMMANDS = tuple(_OPTIONS)
_ALWAYS = ("-a", "--always-execute")
_LISTS_ALL = ("-s", "--status", "--all")
PER_PLUGIN = ("snapshot", "analyse", "enhance", "adopt", "apply", "reject")
STATIC = (
    "manifests", "validate", "plan", "review", "report", "explore", "restore", "audit", "prune",
    "backup", "backups", "drill", "verify-vault", "archive", "forget-backups",
)  # fmt: skip
"""Tasks that are not made per plugin; the rest of the line after them is their own."""


class Invocation(NamedTuple):
    """doit's command; the names after it; the options of both, as they were written; and those of
    the command with their values."""

    command: str
    names: tuple[str, ...]
    flags: tuple[str, ...]
    options: Mapping[str, str]

    def value(self, *names: str) -> str | None:
        """Of the command's option that has these names; None if it was not given."""
        return next((self.options[name] for name in names if name in self.options), None)


class Selection(NamedTuple):
    """Which plugins' tasks to make: all, only those with work, or the named slugs."""

    all: bool = False
    slugs: frozenset[str] = frozenset()
    stale: bool = False

    @property
    def nothing(self) -> bool:
        return not (self.all or self.slugs or self.stale)


def text() -> str:
    """The command line, as run and ledger remember it."""
    program = Path(sys.argv[0]).name.replace("__main__.py", "doit")
    return " ".join([program, *sys.argv[1:]])[:500]


def read(argv: Sequence[str] | None = None) -> Invocation | None:
    """The invocation of the `doit` command; None when doit runs in some other way."""
    argv = sys.argv if argv is None else argv
    if not argv or PurePath(argv[0]).name not in ("doit", "doit.exe", "__main__.py"):
        return None
    args = list(argv[1:])
    with suppress(getopt.GetoptError):  # doit reads the loader's options before a command, too
        leading, rest = getopt.getopt(args, "f:d:k", list(_LOADER))
        if leading and rest and rest[0] in _OPTIONS:
            args = rest
    args = [arg for arg in args if "=" not in arg or arg.startswith("-")]
    command = args.pop(0) if args and args[0] in _OPTIONS else "run"
    try:
        found, rest = getopt.getopt(args, _OPTIONS[command][0], list(_OPTIONS[command][1]))
    except getopt.GetoptError:
        found, rest = [], args  # doit refuses it
    words = tuple(
        arg for before, arg in zip(["", *rest], rest, strict=False)
        if before not in ("--because", "--plugin") and (arg == "-" or not arg.startswith("-"))
    )  # fmt: skip
    flags = [name for name, _ in found] + [arg for arg in rest if arg not in words]
    return Invocation(command, words, tuple(flags), dict(found))


def select(invocation: Invocation | None) -> Selection:
    """What the invocation needs."""
    if invocation is None:
        return Selection(all=True)
    if (
        invocation.command == "list"
        and not invocation.names
        and invocation.value(*_LISTS_ALL) is None
    ):
        return Selection()
    if invocation.command != "run" or invocation.value(*_ALWAYS) is not None:
        return Selection(all=True)
    if not invocation.names or invocation.names == ("enhance",):
        return Selection(stale=True)
    if invocation.names[0] in STATIC:
        return Selection()
    slugs = set()
    for name in invocation.names:
        group, colon, rest = name.partition(":")
        if not colon or group not in PER_PLUGIN or any(mark in rest for mark in "*?["):
            return Selection(all=True)
        slugs.add(rest.partition("/")[0])
    return Selection(slugs=frozenset(slugs))


WRITING = frozenset({"manifests", "snapshot", "analyse", "enhance", "adopt", "restore", "prune",
                     "apply", "reject"})  # fmt: skip
"""Groups of tasks that change something: one run at a time."""


READING = frozenset({"plan", "validate"})
"""Groups of tasks that read for a while, and neither begin nor end anything."""


SHOWING = frozenset({"dumpdb", "help", "info", "list", "tabcompletion"})
"""Commands of doit that print, and do nothing else."""


def writes(invocation: Invocation) -> bool:
    """Is the command line plainly a run that writes? (What is not plain is seen by the reporter,
    which is told the tasks.)"""
    groups = {name.partition(":")[0] for name in invocation.names or ("enhance",)}
    return (
        invocation.command == "run" and bool(groups & WRITING) and "--list" not in invocation.flags
    )
