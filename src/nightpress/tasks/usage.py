"""`nightpress build --help`, and so on: what a task does, in nightpress's words.

`python -m nightpress.tasks.usage COMMAND WHAT NAMES OPTION...`: WHAT says in a few words what it
does, NAMES which names it takes, OPTION which options of all commands.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator

from nightpress.project import OPTIONS
from nightpress.tasks import signals
from nightpress.tasks.command_line import STATIC
from nightpress.voice import spoken

__all__ = ["lines"]

_WIDE = 36
"""Columns of what can be typed, before what it does."""
_EXTRA = {
    "clean": "nightpress clean -n PLUGIN             only show what would be removed",
    "list": "nightpress list --all                  the documents, by name",
    "info": "nightpress info PLUGIN/NAME            its decision, with the reasons",
    "forget": "nightpress forget PLUGIN/NAME          ask for it again; the analysis stays",
    "ignore": "nightpress ignore PLUGIN/NAME          until nightpress forget takes it back",
}


_COMMON = {
    "--json": "print JSON alone, of mistakes, too",
    "-q": "tell errors alone",
    "-n": "change nothing: what would be done",
    "-v": "more of it",
}


def lines(command: str, what: str, names: str, *common: str) -> Iterator[str]:
    """The whole help of a command; what: it does, in a few words; names: that it takes; common: the
    options of all commands that it takes."""
    from nightpress.tasks.help import TEXTS

    yield f"usage: nightpress {command}{names} [OPTION ...]"
    yield ""
    yield f"{what[:1].upper()}{what[1:]}."
    told = textwrap.dedent(TEXTS.get("enhance" if command == "build" else command, "")).strip()
    told = told or _EXTRA.get(command, "")
    if told:
        yield ""
    for line in told.splitlines():
        left, *right = re.split(" {2,}", line, maxsplit=1)
        yield _row(spoken(left), spoken(right[0])) if right else f"  {spoken(line)}"
    own = list(_own(command))
    if own:
        yield from ("", "Options of its own:", *own)
    if command in ("build", "analyse"):
        yield from ("", "Options of a run:")
        for option in OPTIONS.values():
            flag = "--" + option.name.replace("_", "-")
            words = "" if option.values == "1" else f" {option.values.replace(', ', '|')}"
            yield _row(flag + words, option.help)
    if common:
        yield from ("", "Options of every command:", *(_row(o, _COMMON[o]) for o in common))
    if names:
        yield from ("", "PLUGIN is its manifest's name, or the path of its folder.")
    yield from ("", "--project FOLDER says where the project is (default: here and upwards).")


def _own(command: str) -> Iterator[str]:
    """The options that the task declares."""
    from nightpress import tasks

    if command not in STATIC:
        return
    for param in getattr(tasks, command.replace("-", "_"))()["params"]:
        words = "|".join(word for word, _ in param.get("choices", ())) or "VALUE"
        flag = f"--{param['long']}"
        yield _row(flag if param.get("type") is bool else f"{flag} {words}", param["help"])


def _row(flag: str, what: str) -> str:
    """What can be typed, and what it does, which begins in a column of its own and is broken to 80
    columns."""
    margin = " " * (_WIDE + 3)
    first = f"  {flag:<{_WIDE}} "
    told = textwrap.wrap(what, 80 - len(margin), break_on_hyphens=False)
    if len(first) > len(margin):
        return "\n".join([first.rstrip(), *(margin + line for line in told)])
    return "\n".join([first + told[0], *(margin + line for line in told[1:])])


if __name__ == "__main__":
    signals.end_with_reader()
    for line in lines(*sys.argv[1:]):
        sys.stdout.write(f"{line}\n")
