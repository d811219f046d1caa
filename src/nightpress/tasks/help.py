"""Commands of doit's that tell more, or fail better, in a project of ours.

`doit help TASK` has what doit cannot know: examples, what is written, what comes next. The classes
take the place of doit's own by entry points (group `doit.COMMAND`); elsewhere they are doit's.
"""

from __future__ import annotations

import io
import re
import shlex
import sys
import textwrap
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit import (
    cmd_clean,
    cmd_dumpdb,
    cmd_forget,
    cmd_help,
    cmd_ignore,
    cmd_info,
    cmd_list,
    cmd_run,
)
from doit.cmdparse import CmdParseError
from doit.exceptions import InvalidCommand, InvalidDodoFile, InvalidTask

from nightpress import errors, voice
from nightpress.tasks import dodo, session, signals
from nightpress.text import fitted, safe, some, suggestion
from nightpress.voice import spoken

if TYPE_CHECKING:
    from doit.cmd_base import Command
else:
    Command = object

__all__ = ["Clean", "DumpDB", "Forget", "Help", "Ignore", "Info", "List", "Run"]


class _Plain(Command):  # type: ignore[misc]
    """A command that says in a sentence, with a mend, what is wrong with its line or dodo.py."""

    def parse_execute(self, in_args: list[str]) -> Any:
        try:
            return self._parse_execute(in_args)
        except (CmdParseError, InvalidCommand, InvalidDodoFile, InvalidTask) as error:
            told = fitted(f"{_BEFORE}{spoken(str(error))}", sys.stderr).removeprefix(_BEFORE)
            if told == str(error):
                raise
            raise type(error)(told) from None

    def _parse_execute(self, in_args: list[str]) -> Any:
        try:
            return super().parse_execute(in_args)
        except CmdParseError as error:
            if not _in_project() or (said := _unknown_option(str(error))) is None:
                raise
            raise CmdParseError(said) from None
        except InvalidDodoFile as error:
            if "Could not find dodo file" not in str(error) or (said := _elsewhere()) is None:
                raise
            raise InvalidDodoFile(said) from None
        except InvalidCommand as error:
            if voice.is_nightpress() and not dodo.is_ours():
                from nightpress.project import FOREIGN

                raise InvalidCommand("\n  hint: ".join(FOREIGN)) from None
            if (said := _option_behind(str(error), self.get_name(), in_args)) is None:
                raise
            raise InvalidCommand(said) from None
        except InvalidTask:
            raise
        except Exception as error:
            if (known := errors.known(error)) is not None:
                raise InvalidDodoFile(str(known)) from None
            if not _in_project() or (said := dodo.broken(error)) is None:
                raise
            raise InvalidDodoFile(said) from None


_BEFORE = "ERROR: "
"""What doit writes before an error."""


class Run(_Plain, cmd_run.Run):  # type: ignore[misc]
    """doit's own."""


class List(_Plain, cmd_list.List):  # type: ignore[misc]
    """doit's own."""


class _Naming(_Plain):
    """A command of doit's that names each document that it is done with."""

    @property
    def outstream(self) -> Any:
        return self._stream

    @outstream.setter
    def outstream(self, stream: Any) -> None:
        self._stream = _Documents(stream) if voice.is_nightpress() else stream


class Forget(_Naming, cmd_forget.Forget):  # type: ignore[misc]
    """doit's own."""


class Ignore(_Naming, cmd_ignore.Ignore):  # type: ignore[misc]
    """doit's own."""


class Clean(_Plain, cmd_clean.Clean):  # type: ignore[misc]
    """doit's own, without the names of our functions; that there was nothing to do is said."""

    outstream: Any
    sel_default_tasks: bool
    sel_tasks: list[str]
    cmd_options = (*cmd_clean.Clean.cmd_options, {
        "name": "yes", "short": "y", "long": "yes", "type": bool, "default": False,
        "help": "remove kept drafts without asking",
    })  # fmt: skip
    _agreed = False

    def execute(self, params: Any, args: list[str]) -> Any:
        self._agreed = bool(params["yes"] or params["dryrun"] or args)
        return super().execute(params, args)

    def clean_tasks(self, tasks: list[Any], dryrun: bool, cleanforget: bool) -> None:
        if not dodo.is_ours():
            super().clean_tasks(tasks, dryrun, cleanforget)
            return
        if not self._agreed:
            _ask_before(tasks)
        told: Any = _Told(self.outstream)
        self.outstream = told
        super().clean_tasks(tasks, dryrun, cleanforget)
        if not told.anything:
            names = "" if self.sel_default_tasks else " ".join(self.sel_tasks)
            said = f"{names}: nothing there was made by nightpress" if names else _NOTHING
            told.write(f"{safe(spoken(said))}\n")
        if dryrun:
            told.write("dry run: nothing was changed\n")


def _ask_before(tasks: list[Any]) -> None:
    """Ask whether what `clean` of nothing in particular finds is to be removed. InvalidCommand for
    no, and where there is nobody to ask."""
    found = io.StringIO()
    told = _Told(found)
    for task in tasks:
        task.clean(told, True)
    lines = [line for line in found.getvalue().splitlines() if f" {dodo.STATE}/drafts/" in line]
    if not lines:  # a leftover of a run that was killed is nobody's
        return
    what = f"{some(len(lines), 'file')} of kept drafts"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        hint = "doit clean -n lists them, and doit clean --yes removes them"
        raise InvalidCommand(f"this would remove {what}\n  hint: {hint}")
    shown = lines if len(lines) <= _SHOWN + 1 else [*lines[:_SHOWN], f"... {len(lines):,} in all"]
    sys.stdout.write("".join(f"{safe(line)}\n" for line in shown) + f"remove {what}? [y/N] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InvalidCommand("nothing was removed")


_SHOWN = 12
"""Files that are named before it is asked."""
_NOTHING = (
    "no kept draft and no leftover to remove; doit clean enhance:PLUGIN takes a plugin's documents"
    " back to what was there before nightpress"
)


class _Documents:
    """A stream with the names of documents, not of doit's tasks."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        if not text.endswith(" enhance\n"):  # all of them, which are named one by one
            self._stream.write(text.replace("ing enhance:", "ing "))


_ACTION = "executing 'Python: function _clean'\n"


class _Told:
    """A stream without the lines in which doit names an action of ours, and with those of a
    document once: its plugin's task has them, too."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._said: set[str] = set()

    @property
    def anything(self) -> bool:
        return bool(self._said)

    def write(self, text: str) -> None:
        if text and text not in self._said and not text.endswith(_ACTION):
            self._said.add(text)
            self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return bool(self._stream.isatty())


class Help(_Plain, cmd_help.Help):  # type: ignore[misc]
    """doit's own, and in a project of ours what doit cannot know."""

    def execute(self, params: Any, args: list[str]) -> Any:
        signals.end_with_reader()
        return super().execute(params, args)

    def _execute(self, pos_args: list[str]) -> bool:  # doit goes by the parameter's name
        known = bool(super()._execute(pos_args))
        if known and dodo.is_ours() and (more := _more(pos_args[0])):
            sys.stdout.write(f"\n{more}\n")
        return known


class Info(_Plain, cmd_info.Info):  # type: ignore[misc]
    """doit's own, which ends with a KeyError for what is no task. To who typed `nightpress` it
    tells of documents, not of what doit keeps of a task."""

    def _execute(self, pos_args: list[str], hide_status: bool = False) -> int:
        tasks = {task.name: task for task in self.task_list}
        for name in pos_args:
            if dodo.is_ours() and name not in tasks:
                raise InvalidCommand(
                    f"there is no task {name!r}{suggestion(name, tasks, lead='; ')}"
                )
        if len(pos_args) == 1 and voice.is_nightpress() and pos_args[0].startswith("enhance:"):
            return self._told(tasks[pos_args[0]], tasks)
        return int(super()._execute(pos_args, hide_status))

    def _told(self, task: Any, tasks: dict[str, Any]) -> int:
        """A document's decision, with doit's exit status; of a plugin, which documents it has."""
        said = [f"{task.name}: {task.doc}"]
        if task.meta:
            said.append(f"  {task.meta['decision']}")
            if (hint := _draft_hint(task.name.partition(":")[2])) is not None:
                said.append(f"  {hint}")
            current = self.dep_manager.get_status(task, tasks).status == "up-to-date"
        else:
            said += [f"  {name}: {tasks[name].doc}" for name in task.task_dep if name in tasks]
            said.append(f"what becomes of each, and why: nightpress plan {task.name}")
            current = True
        for part in said:
            told = fitted(spoken(safe(part, newlines=True)), sys.stdout)
            sys.stdout.write(f"{told}\n")
        return 0 if current else 1


def _draft_hint(job: str) -> str | None:
    """How a person's file that is good as it is gets a draft; None where it is none."""
    from nightpress.model import Status  # a run with nothing to do spares it

    now = session.current()
    item, entry = now.catalog.items.get(job), now.project.lock().get(job)
    if item is None or item.decision.action not in ("fresh", "keep", "adopt"):
        return None
    if item.decision.action == "fresh" and (entry is None or entry.status != Status.ADOPTED):
        return None
    return f"a draft beside the file: doit forget enhance:{job}, then doit enhance:{job}"


class DumpDB(cmd_dumpdb.DumpDB):  # type: ignore[misc]
    """doit's own reads dbm files; the state of a project of ours is in SQLite."""

    def execute(self, opt_values: dict[str, Any], pos_args: list[str]) -> None:
        signals.end_with_reader()
        given = Path(opt_values["dep_file"])
        if given.exists() or not Path(dodo.STATE).is_dir():
            super().execute(opt_values, pos_args)
            return
        for task, data in _rows(Path(dodo.STATE, "doit.db")):
            sys.stdout.write(f"{safe(task)} -> {safe(data)}\n")


def _rows(path: Path) -> list[tuple[str, str]]:
    """(task, its state as JSON) of doit's state of a project; none before the first run."""
    from nightpress.storage import sqlite

    if not path.exists():
        return []
    try:
        with closing(sqlite.read_only(path)) as connection:
            known = connection.execute("SELECT name FROM sqlite_master").fetchall()
            if not known:  # nothing was kept yet
                return []
            return [(str(a), str(b)) for a, b in connection.execute("SELECT * FROM doit")]
    except sqlite.Error as error:
        raise InvalidCommand(f"{path} is not doit's state: {error}") from None


def _in_project() -> bool:
    """Is this the folder of a project of ours?"""
    try:
        return Path("manifests").is_dir() and b"nightpress" in Path("dodo.py").read_bytes()
    except OSError:
        return False


def _unknown_option(error: str) -> str | None:
    """What to say where doit's parser prints all options that it has as Python objects."""
    from nightpress.project import OPTIONS

    value = re.match(r"Error parsing parameter '(\w+)' <class 'int'>\.\n.*: '(.*)'", error)
    if value is not None:
        name = value[1].replace("_", "-")
        return f"--{name} {value[2]}: expected a whole number\n  hint: --{name} 7, say"
    choice = re.match(r"Error parsing parameter '(\w+)'\. Provided '(.*)' but .*?: (.*)\.", error)
    if choice is not None:
        near = suggestion(choice[2], re.findall(r"'([^']+)'", choice[3]), lead="; ")
        told = f"--{choice[1]} {choice[2]}: there is no such value{near}"
        return told + "\n  hint: it is one of: " + choice[3].replace("'", "")
    found = re.match(r"Error parsing \w+: (option (-\S+).*?) \(parsing options:", error, re.DOTALL)
    if found is None:
        return None
    told, option = found.groups()
    name = option.lstrip("-")
    if "not recognized" in told:
        told = f"there is no option {option}"
    if name.replace("-", "_") in OPTIONS:
        return f"{told}\n  hint: as a run option it is written {name.replace('-', '_')}=VALUE"
    own = [f"--{long}" for long in re.findall(r"'long':'([^']+)'", error)]
    if "requires" in told:
        return f"option {option} needs a value\n  hint: {option} VALUE"
    common = ["--json", "--quiet", "--dry-run", "--project"] if voice.is_nightpress() else []
    near = suggestion(option, [*own, *common], lead="; ") or suggestion(
        name, OPTIONS, "{}=VALUE", lead="; "
    )
    if "Error parsing Task" in error:
        hint = f"the task's own: {', '.join(own)}" if own else "the task has no option of its own"
    else:
        hint = "doit help run has doit's own, doit help enhance those of a run"
    return f"{told}{near}\n  hint: {hint}"


def _option_behind(error: str, command: str, words: Sequence[str]) -> str | None:
    """What to say where doit takes an option behind the tasks for one of them."""
    found = re.fullmatch(r"'(-.+)' is not a task\.", error)
    if found is None or not _in_project():
        return None
    line = shlex.join(["doit", command, found[1], *(word for word in words if word != found[1])])
    return f"{error}\n  hint: options stand before the tasks: {line}"


def _elsewhere() -> str | None:
    """What to say where there is no dodo.py: of the project around this folder, or of the one that
    it could become. None where there is nothing of ours."""
    from nightpress.errors import UsageError
    from nightpress.project import located

    try:
        root = located(".")
    except UsageError as error:
        return f"{error}" if error.hint and "init" in error.hint else None
    return (
        f"there is no dodo.py here; the project is {root}\n"
        "  hint: nightpress build works from any folder in it, and so does doit -k"
    )


def _more(task: str) -> str:
    from nightpress.project import OPTIONS
    from nightpress.tasks.usage import TEXTS

    chapter, _, _ = task.partition(":")
    said = textwrap.dedent(TEXTS.get(chapter, "")).strip()
    if chapter != "enhance":
        return said
    named = {f"{o.name}={o.values.replace(', ', '|')}": o.help for o in OPTIONS.values()}
    options = [f"  {name:<32} {help}" for name, help in named.items()]
    return "\n".join([said, "", "Run-wide options, before or after the task:", *options])
