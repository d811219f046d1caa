"""What a project's dodo.py gets from us besides its chapters: DOIT_CONFIG, and plain words where
the file and the installed nightpress do not fit together.

Users copy dodo.py once and keep it; an upgrade of nightpress finds it as it was.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
import traceback
from collections.abc import Mapping
from inspect import isfunction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.exceptions import InvalidCommand, InvalidDodoFile

from nightpress.storage import private
from nightpress.tasks.command_line import COMMANDS, PER_PLUGIN
from nightpress.text import suggestion

if TYPE_CHECKING:
    from nightpress.tasks.command_line import Invocation

__all__ = ["OF_NIGHTPRESS", "broken", "check", "config", "is_ours", "lacking", "unknown"]

STATE = ".nightpress"
CONCURRENCY = 4
"""Documents in work at the same time, where the defaults say nothing."""
ADD = "nightpress init --chapters adds what is missing, and changes nothing else"

_namespace: Mapping[str, object] = {}
"""Of the dodo.py that was loaded last; it is complete once that has been imported."""


def config() -> dict[str, Any]:
    """DOIT_CONFIG: our state, our reporter, threads (calls wait for the network), and go on
    after a failure. Reads how many threads there shall be; writes nothing."""
    global _namespace
    from nightpress.tasks import session
    from nightpress.tasks.reporter import Reporter

    _namespace = sys._getframe(1).f_globals
    session.forget()
    if any(word.startswith("--backend") for word in sys.argv[1:]):  # doit opens it right after this
        raise InvalidCommand(
            "doit's state lies in nightpress's own store, by which a `forget` reaches the ledger\n"
            "  hint: choose the writer without hyphens: backend=offline"
        )
    return {
        "dep_file": f"{STATE}/doit.db",
        "backend": "nightpress",
        "reporter": Reporter,
        "continue": True,
        "sort": "definition",
        "default_tasks": ["enhance"],
        "num_process": _concurrency(Path("manifests", "_defaults.yaml")),
        "par_type": "thread",
        "verbosity": 2,
        "minversion": "0.37.0",
    }


def is_ours() -> bool:
    """Has a dodo.py of nightpress been loaded?"""
    return bool(_namespace)


def _concurrency(defaults: Path) -> int:
    """The threads that the defaults ask for. What is wrong with them is told when doit runs."""
    try:
        text = private.contents(defaults)
    except OSError:
        return CONCURRENCY
    if b"concurrency" not in text:
        return CONCURRENCY
    if plain := re.search(rb"(?m)^concurrency: +(\d{1,4}) *(?:#.*)?$", text):
        return int(plain[1])
    from nightpress.project import load_defaults

    found, _ = load_defaults(defaults.parent.parent)
    return int(found.values.get("concurrency", CONCURRENCY))


def lacking() -> list[str]:
    """The chapters, by their tasks' names, that we offer and the loaded dodo.py does not have."""
    from nightpress import tasks

    if not _namespace:
        return []
    functions = [value for value in _namespace.values() if isfunction(value)]
    uses = {name for function in functions for name in function.__code__.co_names}
    chapters = (name for name in tasks.__all__ if name != "config" and name not in uses)
    return [n.replace("_", "-") for n in chapters if f"task_{n}" not in _namespace]


def broken(error: Exception) -> str | None:
    """What to say of an error of dodo.py itself; None if it is another file's."""
    if isinstance(error, SyntaxError):
        if Path(error.filename or "").name != "dodo.py":
            return None
        told = f"dodo.py:{error.lineno}:{error.offset}: {error.msg}"
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        if Path(last.filename).name != "dodo.py":
            return None
        told = f"dodo.py:{last.lineno}: {type(error).__name__}: {error}"
    return (
        f"{told}\n  hint: correct the line; where there is no dodo.py, nightpress init writes one"
    )


def check(asked: Invocation) -> None:
    """Say at the top of `doit list` which chapters dodo.py lacks. InvalidCommand if the task that
    the user names is of such a chapter, or for what doit offers and nightpress has no use for."""
    missing = lacking()
    if asked.command == "list" and not asked.names and missing:
        sys.stderr.write(f"this dodo.py {_lacks(missing)}\n  hint: {ADD}\n")
    if asked.names and (chapter := asked.names[0].partition(":")[0]) in missing:
        raise InvalidCommand(f"this dodo.py has no chapter {chapter}\n  hint: {ADD}")
    per_plugin = asked.names and asked.names[0].partition(":")[0] in PER_PLUGIN
    names = asked.names if per_plugin else asked.names[:1]
    if refused := _refused(asked) or next(filter(None, (_unknown(asked, n) for n in names)), ""):
        raise InvalidCommand(refused)


def _lacks(missing: list[str]) -> str:
    some = "a chapter" if len(missing) == 1 else f"{len(missing)} chapters"
    return f"lacks {some}: {', '.join(missing)}"


def main() -> None:
    """Load the dodo.py of this folder; the last line that is printed tells what is wrong with it,
    as JSON: what, what to do, and whether a build can do without."""
    from nightpress.project import FOREIGN
    from nightpress.tasks import dodo  # not __main__, which runs this

    told = ("", "", True)
    try:
        runpy.run_path("dodo.py")
        if missing := dodo.lacking():
            told = (f"dodo.py {_lacks(missing)}", ADD, "enhance" not in missing)
        elif not dodo.is_ours():
            told = (*FOREIGN, False)
    except Exception as error:  # noqa: BLE001 - whatever the user's own code raises
        ours = str(error) if isinstance(error, InvalidDodoFile) else broken(error)
        what = ours or f"dodo.py: {type(error).__name__}: {error}"
        told = (*what.partition("\n  hint: ")[::2], False)
    sys.stdout.write(f"\n{json.dumps(told)}\n")


def _refused(asked: Invocation) -> str:
    """Why doit's own command or option cannot be had here; "" if it can."""
    if asked.command == "strace":
        return (
            "doit strace follows the programs that a task starts; tasks of nightpress start none\n"
            "  hint: doit info TASK tells what a document depends on"
        )
    if asked.command != "run":
        return ""
    if (reporter := asked.value("-r", "--reporter")) is not None:
        return (
            f"doit's reporter {reporter} cannot show a run: lock, ledger and exit status hang on"
            " nightpress's own\n  hint: progress=json prints a JSON document per line"
        )
    if (kind := asked.value("-P", "--parallel-type")) not in (None, "thread"):
        return (
            f"nightpress runs in threads, not by -P {kind}: one ledger, one client, one pace for"
            " the whole run\n  hint: -n 8 alone works on eight documents at a time"
        )
    return ""


def _unknown(asked: Invocation, name: str) -> str:
    """What to say of a task that there is not, where we know better than doit; "" otherwise: a
    dodo.py may have tasks of its own, and doit takes a document's path for its task."""
    if asked.command in ("list", "help", "tabcompletion", "dumpdb"):
        return ""
    group, colon, rest = name.partition(":")
    chapters = {n.removeprefix("task_").replace("_", "-") for n in _namespace if n[:5] == "task_"}
    slugs = [path.stem for path in Path("manifests").glob("[!_]*.yaml")]
    if name in _OF_ALL and (one := next((n for n in asked.names[1:] if _slug(n) in slugs), "")):
        task = one if ":" in one else f"enhance:{one}"
        hint = _OF_ALL[name].format(one=one.partition(":")[2] or one, task=task)
        return f"{name} is about all plugins, and takes no {one!r}\n  hint: {hint}"
    if "/" in group or "*" in name or (not colon and group in chapters):
        return ""
    if not colon:
        told = f"there is no task {name!r}"
        if name in slugs:
            return f"{told}\n  hint: doit enhance:{name}"
        if name in OF_NIGHTPRESS:
            line = " ".join(["nightpress", name, *asked.names[1:], *asked.flags])
            return f"{name} is a command of nightpress, not a task of doit\n  hint: {line}"
        from nightpress.project import OPTIONS

        if name in OPTIONS:
            return f"{told}\n  hint: run-wide options are written {name}=VALUE"
        return told + near if (near := (
            suggestion(name, [*chapters, *COMMANDS], lead="; ")
            or suggestion(name, slugs, "'enhance:{}'", lead="; ")
            or suggestion(name, OF_NIGHTPRESS, "'nightpress {}'", lead="; ")
            or (suggestion(name, ["build"]) and "\n  hint: doit alone builds all documents")
        )) else ""  # fmt: skip
    slug = rest.partition("/")[0]
    if group in PER_PLUGIN and slug not in slugs:
        near = suggestion(slug, slugs, f"'{group}:{{}}'", lead="; ")
        return f"there is no plugin {slug!r}{near}\n  hint: manifests/ has a file for each plugin"
    if group in _OF_PLUGINS and "/" in rest and "*" not in rest:
        return f"{group} takes a plugin, not one of its documents\n  hint: doit {group}:{slug}"
    if group in _OF_DOCUMENTS:
        return _no_document(group, *rest.partition("/")[::2])
    if group not in chapters and (near := suggestion(group, chapters, lead="; ")):
        return f"there is no task {group!r}{near}"
    return ""


OF_NIGHTPRESS = (
    "init", "canary", "check", "ci", "facts", "merge", "record", "status", "doctor", "completion",
    "watch", "tonight", "restore-all", "why",
)  # fmt: skip
"""Commands that are no tasks (a test compares)."""

_OF_PLUGINS = frozenset({"analyse", "snapshot"})
"""Chapters of what is done once for all documents of a plugin."""

_OF_DOCUMENTS = frozenset({"apply", "reject"})
"""Chapters beside enhance (see session) with a task for each document."""


def _no_document(group: str, slug: str, name: str) -> str:
    """What to say of a document that the plugin's manifest does not declare; "" if it does. What
    begins with the name of one that it declares may be of its bundle."""
    from nightpress.project import peek

    own = list((peek(Path("manifests", f"{slug}.yaml")) or {}).get("enhancements") or ())
    if not name or not own or any(name.startswith(one) for one in own):
        return ""
    near = suggestion(name, own, f"'{group}:{slug}/{{}}'", lead="; ")
    return f"{slug} has no document {name!r}{near}\n  hint: it has: {', '.join(own)}"


_OF_ALL = {
    "plan": "of one plugin: doit plan --plugin {one}",
    "review": "of one plugin: doit review --plugin {one}",
}
"""Chapters that take no names, and what tells of one plugin or document."""


def _slug(name: str) -> str:
    """The plugin of PLUGIN, PLUGIN/NAME or enhance:PLUGIN/NAME."""
    return name.rpartition(":")[2].partition("/")[0]


class _Unknown(InvalidDodoFile, AttributeError):  # type: ignore[misc]
    """No such chapter: AttributeError for Python, one sentence for who runs doit."""


def unknown(name: str) -> AttributeError:
    """What `nightpress.tasks` says of a name that it has not."""
    from nightpress import __version__

    if name.startswith("_"):
        return AttributeError(f"module 'nightpress.tasks' has no attribute {name!r}")
    return _Unknown(
        f"dodo.py asks for tasks.{name}, which nightpress {__version__} does not have\n"
        "  hint: pip install --upgrade nightpress"
    )


if __name__ == "__main__":
    main()
