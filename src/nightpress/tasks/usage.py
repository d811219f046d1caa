"""`nightpress build --help`, and so on: what a task does, in nightpress's words, on one screen.

`python -m nightpress.tasks.usage COMMAND WHAT NAMES OPTION...`: WHAT says in a few words what it
does, NAMES which names it takes, OPTION which options of all commands; `--help-all` among them asks
for all that there is to say.
"""

from __future__ import annotations

import re
import signal
import sys
import textwrap
from collections.abc import Iterator

from nightpress.project import OPTIONS
from nightpress.tasks.command_line import STATIC
from nightpress.text import one_screen, row
from nightpress.voice import spoken

__all__ = ["TEXTS", "lines"]

TEXTS = {
    "manifests": """
        doit manifests                        manifests of plugins that have none
        doit manifests --add readme           and a README in every manifest
        doit manifests --rename-generic       skills/PLUGIN/ instead of skills/skill-adapter/
        Writes manifests/*.yaml; what is there keeps its comments and order. Next: doit plan""",
    "validate": """
        doit validate                         every problem, with file, line, column and a hint
        doit validate --format json           the same for programs
        Writes nothing. Exit status 1 if there is an error; warnings alone are not an error.""",
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
        doit clean enhance:PLUGIN/NAME        back to what was there before nightpress
        Writes the documents that manifests/*.yaml name, nightpress.lock, and .nightpress/ (ledger,
        snapshots, logs, drafts). Only what is stale or undersized is made; each document that is
        replaced is in a snapshot first. See first: doit plan""",
    "review": """
        doit review                           what each draft loses and gains, its words side by
                                              side in a page in .nightpress/ (keys j, k, a, r)
        doit review --verbose                 the same, with all lines of every draft
        Drafts wait where the settings say publish: review or standing: review (or extend, where
        one would lose something).
        Next: doit apply:PLUGIN/NAME or doit reject:PLUGIN/NAME --because "..." """,
    "apply": """
        doit apply:PLUGIN/NAME                publish exactly the bytes that were reviewed
        doit apply:PLUGIN                     all drafts of one plugin
        doit apply                            all, but those of another state of their plugin
        doit apply --lossless                 only drafts that lose no word of the current file
        doit apply:PLUGIN --merge             where you edited the file, too: both sides
        Makes no call. See first: doit review""",
    "reject": """
        doit reject:PLUGIN/NAME --because "..."
        The reason goes into the next prompt. The very draft comes back only by
        doit force=1 enhance:PLUGIN/NAME, to be reviewed again; offline nothing else is made until
        the plugin or its settings change. nightpress.lock tells clones and CI that the text which
        stands is right until then: commit it.""",
    "adopt": """
        doit adopt:PLUGIN                     the documents as they are count as up to date
        doit adopt:PLUGIN/NAME                one document
        Writes nightpress.lock and the ledger, no document. For files that you edited by hand.""",
    "report": """
        doit report                           a page, Markdown and JSON in .nightpress/report/
        doit report --days 7                  sums over the last week""",
    "restore": """
        doit restore --list                   the snapshots, newest first
        doit restore --plugin PLUGIN          its last state; its manifest, too
        doit restore --plugin PLUGIN --snapshot ID
        doit restore --plugin PLUGIN/NAME     one document and its bundle, as published before
        Makes the plugin's folder what the snapshot holds, after a snapshot of its present state.
        What a restore took away comes back only by its ID. Without a snapshot: from the vault.""",
}

_EXTRA = {
    "clean": "nightpress clean PLUGIN/NAME           back to what was there before nightpress\n"
    "nightpress clean                       remove kept drafts; asks, but for --yes",
    "list": "nightpress list --all                  the documents, by name",
    "info": "nightpress info PLUGIN/NAME            its decision, with the reasons",
    "forget": "nightpress forget PLUGIN/NAME          ask for it again; the analysis stays",
    "ignore": "nightpress ignore PLUGIN/NAME          until nightpress forget takes it back",
}


_COMMON = {
    "--json": "print JSON alone, of mistakes, too",
    "-q": "tell errors alone",
    "-n": "change nothing: what would be done",
    "-v": "more of it, where there is more",
}
EXAMPLES = 4
"""That are shown where not all have room."""


def lines(command: str, what: str, names: str, *common: str) -> list[str]:
    """The help of a command; what: it does, in a few words; names: that it takes; common: the
    options of all commands that it takes."""
    flags = [option for option in common if option in _COMMON]
    shown = [_row(5, option, _COMMON[option]) for option in flags]
    shown.append(_row(5, "--project FOLDER", "where the project is (default: here and upwards)"))
    told, wide = _told(command)
    run = [
        _row(8 if option.often else 1, _flag(option.name, option.values), option.help)
        for option in (OPTIONS.values() if command in ("build", "analyse") else ())
    ]
    plugin = "PLUGIN is its manifest's name, or the path of its folder."
    sections = [
        ("", [(9, f"usage: nightpress {command}{names} [OPTION ...]")]),
        ("", [(9, f"{what[:1].upper()}{what[1:]}.")]),
        ("", told),
        ("", wide),
        ("Options of its own:", list(_own(command))),
        ("Options of a run:", run),
        ("Options of every command:", shown),
        ("", [(9, plugin)] if names else []),
    ]
    if "--help-all" in common:
        return one_screen(
            [(title, [(1, text) for _, text in rows]) for title, rows in sections], ""
        )
    of_all = ", ".join([*flags, "--project FOLDER"])
    return one_screen(
        sections, f"\nOf every command: {of_all}.\nAll: nightpress {command} --help-all"
    )


def _told(command: str) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """(examples, what else there is to know)."""
    text = textwrap.dedent(TEXTS.get("enhance" if command == "build" else command, "")).strip()
    typed: list[list[str]] = []
    words: list[str] = []
    for line in (text or _EXTRA.get(command, "")).splitlines():
        left, *right = re.split(" {2,}", line, maxsplit=1)
        if left.startswith(("doit", "nightpress")) and not words:
            typed.append([spoken(left), *map(spoken, right)])
        elif right and not left:
            typed[-1].append(spoken(right[0]))
        else:
            words.append(spoken(line))
    examples = [
        _row(7 if number < EXAMPLES else 6, left, " ".join(right))
        for number, (left, *right) in enumerate(typed)
    ]
    told = textwrap.wrap(" ".join(words), 78, break_on_hyphens=False)
    return examples, [(3, "\n".join(f"  {line}" for line in told))] if told else []


def _own(command: str) -> Iterator[tuple[int, str]]:
    """The options that the task declares."""
    from nightpress import tasks

    if command not in STATIC:
        return
    for param in getattr(tasks, command.replace("-", "_"))()["params"]:
        words = "|".join(word for word, _ in param.get("choices", ())) or "VALUE"
        flag = f"--{param['long']}"
        yield _row(8, flag if param.get("type") is bool else f"{flag} {words}", param["help"])


def _flag(name: str, values: str) -> str:
    flag = "--" + name.replace("_", "-")
    return flag if values == "1" else f"{flag} {values.replace(', ', '|')}"


def _row(want: int, flag: str, what: str) -> tuple[int, str]:
    return want, row(flag, what)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # `nightpress` blocked it
    for line in lines(*sys.argv[1:]):
        sys.stdout.write(f"{line}\n")
