"""What the user asked doit for, read from the command line before any task is made.

Floor 4. A task that a loader creates costs even if it is fresh, so with thousands of plugins doit
is handed only what is selected or stale. Whatever is not plainly recognised here means
everything: the short cut may never hide a task.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import PurePath

from msgspec import Struct

# doit's own options that take a value in the next argument (doit 0.37: cmd_run, cmd_base)
_WITH_VALUE = frozenset(
    "-f --file -d --dir --db-file --backend --check_file_uptodate -v --verbosity -r --reporter"
    " -o --output-file -n --process -P --parallel-type --failure-verbosity --template".split()
)
_COMMANDS = frozenset(
    "auto clean dumpdb forget help ignore info list reset-dep run strace tabcompletion".split()
)
PER_PLUGIN = ("snapshot", "analyse", "enhance", "adopt", "apply", "reject")


class Invocation(Struct, frozen=True):
    """doit's command, the names after it, and its flags (options without their values)."""

    command: str
    names: tuple[str, ...]
    flags: tuple[str, ...]


class Selection(Struct, frozen=True):
    """Which plugins' tasks to make: all, only those with work, or the named slugs."""

    all: bool = False
    slugs: frozenset[str] = frozenset()
    stale: bool = False


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


def select(found: Invocation | None, static: Sequence[str]) -> Selection:
    """What the invocation needs. static: names of the tasks that are not made per plugin."""
    if found is None:
        return Selection(all=True)
    if found.command == "list" and not found.names and not _lists_all(found.flags):
        return Selection()
    if found.command != "run" or _always(found.flags):
        return Selection(all=True)
    if not found.names or found.names == ("enhance",):
        return Selection(stale=True)
    if found.names[0] in static:
        return Selection()
    slugs = set()
    for name in found.names:
        group, colon, rest = name.partition(":")
        if not colon or group not in PER_PLUGIN or any(mark in rest for mark in "*?["):
            return Selection(all=True)
        slugs.add(rest.partition("/")[0])
    return Selection(slugs=frozenset(slugs))


WRITING = frozenset({"manifests", "snapshot", "analyse", "enhance", "adopt", "restore", "prune",
                     "apply", "reject"})  # fmt: skip
"""Groups of tasks that change something: one run at a time."""


SHOWING = frozenset({"dumpdb", "info", "list", "tabcompletion"})
"""Commands of doit that print, and do nothing else."""


def writes(found: Invocation) -> bool:
    """Is the command line plainly a run that writes? (What is not plain is seen by the reporter,
    which is told the tasks.)"""
    groups = {name.partition(":")[0] for name in found.names or ("enhance",)}
    return found.command == "run" and bool(groups & WRITING) and "--list" not in found.flags


def _always(flags: Sequence[str]) -> bool:
    return any(f.startswith("--al") or (f[:2] != "--" and "a" in f) for f in flags)


def _lists_all(flags: Sequence[str]) -> bool:
    return any(f in ("--all", "--status") or (f[:2] != "--" and "s" in f) for f in flags)
