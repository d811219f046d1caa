"""What the user asked doit for, read from the command line before any task is made.

A task that a loader creates costs even if it is fresh, so with thousands of plugins doit
is handed only what is selected or stale. Whatever is not plainly recognised here means
everything: the short cut may never hide a task.
"""

import sys
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

__all__ = ["PER_PLUGIN", "READING", "SHOWING", "STATIC", "WRITING", "Invocation", "Selection",
           "read", "select", "text", "writes"]  # fmt: skip

# doit's own options that take a value in the next argument (doit 0.37: cmd_run, cmd_base)
_WITH_VALUE = frozenset(
    "-f --file -d --dir --db-file --backend --check_file_uptodate -v --verbosity -r --reporter"
    " -o --output-file -n --process -P --parallel-type --failure-verbosity --template".split()
)
_COMMANDS = frozenset(
    "auto clean dumpdb forget help ignore info list reset-dep run strace tabcompletion".split()
)
PER_PLUGIN = ("snapshot", "analyse", "enhance", "adopt", "apply", "reject")
STATIC = (
    "manifests", "validate", "plan", "review", "report", "explore", "restore", "audit", "prune",
    "backup", "backups", "drill", "verify-vault", "archive", "forget-backups",
)  # fmt: skip
"""Tasks that are not made per plugin; the rest of the line after them is their own."""


class Invocation(NamedTuple):
    """doit's command, the names after it, and its flags (options without their values)."""

    command: str
    names: tuple[str, ...]
    flags: tuple[str, ...]


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
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:500]


def read(argv: Sequence[str] | None = None) -> Invocation | None:
    """The invocation of the `doit` command; None when doit runs in some other way."""
    argv = sys.argv if argv is None else argv
    if not argv or PurePath(argv[0]).name not in ("doit", "doit.exe", "__main__.py"):
        return None
    words: list[str] = []
    flags: list[str] = []
    rest = iter(argv[1:])
    for word in rest:
        if word.startswith("-") and word != "-":
            flags.append(word)
            if word in _WITH_VALUE:
                next(rest, None)
        elif "=" not in word or word.startswith("-"):
            words.append(word)
    command = words.pop(0) if words and words[0] in _COMMANDS else "run"
    return Invocation(command, tuple(words), tuple(flags))


def select(invocation: Invocation | None) -> Selection:
    """What the invocation needs."""
    if invocation is None:
        return Selection(all=True)
    if invocation.command == "list" and not invocation.names and not _lists_all(invocation.flags):
        return Selection()
    if invocation.command != "run" or _always(invocation.flags):
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


SHOWING = frozenset({"dumpdb", "info", "list", "tabcompletion"})
"""Commands of doit that print, and do nothing else."""


def writes(invocation: Invocation) -> bool:
    """Is the command line plainly a run that writes? (What is not plain is seen by the reporter,
    which is told the tasks.)"""
    groups = {name.partition(":")[0] for name in invocation.names or ("enhance",)}
    return (
        invocation.command == "run" and bool(groups & WRITING) and "--list" not in invocation.flags
    )


def _always(flags: Sequence[str]) -> bool:
    return any(f.startswith("--al") or (f[:2] != "--" and "a" in f) for f in flags)


def _lists_all(flags: Sequence[str]) -> bool:
    return any(f in ("--all", "--status") or (f[:2] != "--" and "s" in f) for f in flags)
