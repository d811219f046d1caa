"""Commands of doit's that tell more, or fail better, in a project of ours.

`doit help TASK` has what doit cannot know: examples, what is written, what comes next. The classes
take the place of doit's own by entry points (group `doit.COMMAND`); elsewhere they are doit's.
"""

from __future__ import annotations

import sys
import textwrap
from contextlib import closing
from pathlib import Path
from typing import Any

from doit import cmd_dumpdb, cmd_help, cmd_info
from doit.exceptions import InvalidCommand

from nightpress.tasks import dodo, signals
from nightpress.text import safe, suggestion

__all__ = ["TEXTS", "DumpDB", "Help", "Info"]

TEXTS = {
    "manifests": """
        doit manifests                        manifests of plugins that have none
        doit manifests --add readme           and a README in every manifest
        doit manifests --rename-generic       skills/PLUGIN/ instead of skills/skill-adapter/
        Writes manifests/*.yaml; what is there keeps its comments and order. Next: doit plan""",
    "validate": """
        doit validate                         every problem, with file, line, column and a hint
        doit validate --format json           the same for programs
        Writes nothing. Exit status 1 if there is an error; warnings alone are no error.""",
    "plan": """
        doit plan                             what is not up to date, and why; by cause, if many
        doit plan --verbose                   a line for each document
        doit plan --format json               the same for programs
        Makes no call, and writes nothing but caches in .nightpress/. Next: doit""",
    "snapshot": """
        doit snapshot:PLUGIN                  a copy now; a run takes its own before it publishes
        Writes .nightpress/snapshots/. See doit restore --list""",
    "analyse": """
        doit analyse:PLUGIN                   phase 1 alone; with a model that may be one call
        Writes the analysis into .nightpress/ledger.db, for all documents of the plugin.""",
    "enhance": """
        doit                                  every document
        doit enhance:PLUGIN                   all documents of one plugin
        doit enhance:PLUGIN/NAME              one document
        doit force=1 enhance:PLUGIN/NAME      again, over hand edits and refused drafts
        doit list --all enhance               the names that there are
        doit info enhance:PLUGIN/NAME         whether it is up to date, and why not
        doit forget enhance:PLUGIN/NAME       ask for it again; the analysis stays
        doit clean enhance:PLUGIN/NAME        back to what stood before nightpress
        Writes the documents that manifests/*.yaml name, nightpress.lock, and .nightpress/ (ledger,
        snapshots, logs, drafts). Only what is stale or undersized is made; each document that is
        replaced is in a snapshot first. See first: doit plan""",
    "review": """
        doit review                           what each draft loses and gains, its words side by
                                              side in a page in .nightpress/ (keys j, k, a, r)
        Drafts wait where the settings say publish: review or standing: review (or extend, where
        one would lose something).
        Next: doit apply:PLUGIN/NAME or doit reject:PLUGIN/NAME --because "..." """,
    "apply": """
        doit apply:PLUGIN/NAME                publish exactly the bytes that were reviewed
        doit apply:PLUGIN                     all drafts of one plugin; doit apply: all there are
        doit apply --lossless                 only drafts that lose no word of what stands
        doit apply:PLUGIN --merge             where you edited the file, too: both sides
        Makes no call. See first: doit review""",
    "reject": """
        doit reject:PLUGIN/NAME --because "..."
        The reason goes into the next prompt. The very draft never comes back; offline nothing is
        made until the plugin or its settings change.""",
    "adopt": """
        doit adopt:PLUGIN                     the documents as they stand count as up to date
        Writes nightpress.lock and the ledger, no document. For files that you edited by hand.""",
    "report": """
        doit report                           a page, Markdown and JSON in .nightpress/report/
        doit report --days 7                  sums over the last week""",
    "restore": """
        doit restore --list                   the snapshots, newest first
        doit restore --plugin PLUGIN          as it last stood; its manifest, too
        doit restore --plugin PLUGIN --snapshot ID
        Makes the plugin's folder what the snapshot holds, after a snapshot of what stands now.
        What a restore took away comes back only by its ID. Without a snapshot: from the vault.""",
}


class Help(cmd_help.Help):  # type: ignore[misc]
    """doit's own, and in a project of ours what doit cannot know."""

    def execute(self, params: Any, args: list[str]) -> Any:
        signals.end_with_reader()
        return super().execute(params, args)

    def _execute(self, pos_args: list[str]) -> bool:  # doit goes by the parameter's name
        known = bool(super()._execute(pos_args))
        if known and dodo.is_ours() and (more := _more(pos_args[0])):
            sys.stdout.write(f"\n{more}\n")
        return known


class Info(cmd_info.Info):  # type: ignore[misc]
    """doit's own, which ends with a KeyError for what is no task."""

    def _execute(self, pos_args: list[str], hide_status: bool = False) -> int:
        names = [task.name for task in self.task_list]
        for name in pos_args:
            if dodo.is_ours() and name not in names:
                raise InvalidCommand(
                    f"there is no task {name!r}{suggestion(name, names, lead='; ')}"
                )
        return int(super()._execute(pos_args, hide_status))


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
            return [(str(a), str(b)) for a, b in connection.execute("SELECT * FROM doit")]
    except sqlite.Error as error:
        raise InvalidCommand(f"{path} is not doit's state: {error}") from None


def _more(task: str) -> str:

    from nightpress.project import OPTIONS

    chapter, _, _ = task.partition(":")
    said = textwrap.dedent(TEXTS.get(chapter, "")).strip()
    if chapter != "enhance":
        return said
    named = {f"{o.name}={o.values.replace(', ', '|')}": o.help for o in OPTIONS.values()}
    options = [f"  {name:<32}{help}" for name, help in named.items()]
    return "\n".join([said, "", "Run-wide options, before or after the task:", *options])
