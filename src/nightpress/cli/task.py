"""`nightpress build`, `plan`, `report` and so on: the doit task of that name, from anywhere.

doit stays the engine: what is written here becomes a line of doit's, run in the project's folder in
place of this process, with doit's output and exit status.
"""

from __future__ import annotations

import fnmatch
import os
import signal
import sys
from collections.abc import Container, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NoReturn

from nightpress import errors
from nightpress.text import some, suggestion

__all__ = ["COMMANDS", "project", "run", "takes", "without_dry", "without_folders"]

_STATIC = {
    "plan": "what a build would do, and why; makes no call",
    "validate": "check every manifest, generator and default",
    "manifests": "find new plugins and write their manifests",
    "review": "drafts waiting for you, next to the current files",
    "report": "the state of every document, and how the runs went",
    "explore": "open the ledger in Datasette, read-only",
    "restore": "bring a plugin back from a snapshot, bit for bit",
    "audit": "verify the ledger's hash chain",
    "prune": "thin out old ledger rows, snapshots and logs",
    "backup": "back up the whole project into the vault (Turso or a file)",
    "backups": "list the vault's snapshots with their age",
    "drill": "rehearse a recovery: restore the newest backup and compare",
    "verify-vault": "read back every object in the vault",
    "archive": "write a backup as plain files: tar.gz, ledger, inventory",
    "forget-backups": "remove old backups by the retention rules",
}
_PER_PLUGIN = {
    "build": "bring all documents, or the ones you name, up to date",
    "analyse": "run phase 1 only: find out what a plugin is for",
    "snapshot": "copy a plugin as it is now",
    "adopt": "accept a plugin's documents as they are",
    "apply": "publish waiting drafts byte for byte; makes no call",
    "reject": "turn drafts down; --because goes into the next prompt",
}
_OF_DOIT = {
    "list": "list tasks; --all shows each document's name",
    "info": "whether a document is up to date, and if not, why",
    "forget": "make documents again on the next build",
    "ignore": "leave documents alone until `nightpress forget`",
    "clean": "put documents back to what was there before nightpress",
}
COMMANDS = _PER_PLUGIN | _STATIC | _OF_DOIT
"""Name -> what it does."""


def run(argv: Sequence[str]) -> int:
    """Become doit with the line that `argv` (the command first) stands for; `--project FOLDER` says
    where, else the nearest project from here upwards. UsageError where there is none."""
    from nightpress.project import foreign_dodo, lacks_dodo, located

    command, *words = argv
    if "" in words:
        raise errors.UsageError(
            f"nightpress {command} was given an empty word",
            f"say what was meant, or leave it out: nightpress {command} --help",
        )
    if asked := {"-h", "--help", "--help-all"} & set(words):
        from nightpress.cli import everywhere

        common = [*everywhere.taken(command), *({"--help-all"} & asked)]
        _become("nightpress.tasks.usage", command, COMMANDS[command], takes(command), *common)
    _written_out(command, words)
    folder, words = project(words)
    root = located(folder)
    words = without_folders(root, command, words)
    if command in _OF_DOIT:
        words = list(_matching(root, words))
    if command in _MEANT:
        words = _meant(command, words)
    line = list(_line(command, words))
    _known(root, line)
    if wrong := lacks_dodo(root) or foreign_dodo(root):
        raise wrong
    os.chdir(root)
    _become("nightpress.tasks", *line)


def _matching(root: Path, words: Sequence[str]) -> Iterator[str]:
    """The words, with the plugins that match for a pattern: doit's own commands take none."""
    for word in words:
        if word.startswith("-") or "*" not in word or "=" in word:
            yield word
            continue
        slug, slash, name = word.partition("/")
        slugs = sorted(fnmatch.filter((p.stem for p in root.glob("manifests/[!_]*.yaml")), slug))
        if not slugs or "*" in name:
            told = f"no plugin matches {slug!r}" if not slugs else f"{word}: which document?"
            raise errors.UsageError(told, "manifests/ has a file for each plugin")
        yield from (f"{one}{slash}{name}" for one in slugs)


def _written_out(command: str, words: Sequence[str]) -> None:
    """UsageError for a shortened option (doit would take `--al` for `--all`), and for one that is
    nearly the command's own: what stands behind it would be taken for a name."""
    from nightpress.project import options

    whole = {*OPTIONS.get(command, ()), "--all", "--yes", "--dry-run", "--json", "--quiet"}
    whole |= {f"--{name.replace('_', '-')}" for name in options.OPTIONS}
    for word in words:
        name = word.partition("=")[0]
        longer = sorted(one for one in whole if one.startswith(name) and len(name) > len("--"))
        if name.startswith("--") and longer and name not in whole:
            raise errors.UsageError(
                f"there is no option {name}; did you mean {longer[0]}?", "options are written out"
            )
        if command in _PER_PLUGIN and name.startswith("--") and name not in whole:
            near = suggestion(name, OPTIONS.get(command, ()), "{}", lead="; ", cutoff=0.75)
            if near:
                raise errors.UsageError(
                    f"there is no option {name}{near}", f"nightpress {command} --help"
                )


def takes(command: str) -> str:
    """Which names the command takes, as its usage line has them."""
    if command in ("analyse", "snapshot"):
        return " [PLUGIN ...]"
    if command == "review":
        return " [PLUGIN[/NAME]]"
    if command == "restore":
        return " [PLUGIN[/NAME]]"
    if command == "plan":
        return " [PLUGIN[/NAME] ...]"
    return "" if command in _STATIC or command == "list" else " [PLUGIN[/NAME] ...]"


def _become(module: str, *words: str) -> NoReturn:
    """A Ctrl-C while the interpreter starts again waits until it can be answered without a
    traceback."""
    sys.stdout.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    os.execv(sys.executable, [sys.executable, "-m", module, *words])  # noqa: S606


def project(words: Sequence[str]) -> tuple[str, list[str]]:
    """(folder, the other words)."""
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else "-"
        if word == "--project=" or (word == "--project" and following.startswith("-")):
            raise errors.UsageError("option --project needs a value", "--project FOLDER")
        if word == "--project":
            return following, [*words[:at], *words[at + 2 :]]
        if word.startswith("--project="):
            return word.partition("=")[2], [*words[:at], *words[at + 1 :]]
    return ".", list(words)


def without_folders(root: Path, command: str, words: Sequence[str]) -> list[str]:
    """The words, with the plugin's name for the path of its folder; `restore PLUGIN` is
    `restore --plugin PLUGIN`."""
    given = list(words)
    for at, word in enumerate(given):
        name = word.removeprefix("--plugin=")
        if word.startswith("-") and name == word:
            continue
        before = given[at - 1] if at else ""
        named = command in (*_PER_PLUGIN, *_OF_DOIT, "plan", "review") or before == "--plugin"
        bare = command == "restore" and not before.startswith("--") and "=" not in word
        if not (named or bare or name != word) or before == "--because":
            continue
        slug = _plugin_at(root, name).rstrip("/")
        given[at] = f"--plugin={slug}" if bare or name != word else slug
    return given


def _plugin_at(root: Path, word: str) -> str:
    """The document (PLUGIN/NAME) at the path that the word is, or the plugin in whose folder it
    leads; else the word. UsageError for a path that is in no plugin."""
    from nightpress.ledger import lockfile
    from nightpress.project import peek

    slugs = [path.stem for path in root.glob("manifests/[!_]*.yaml")]
    if word.partition("/")[0] in slugs or not os.path.exists(word):  # noqa: PTH110 - any word
        return word
    path = Path(word).resolve()
    for entry in lockfile.read(root / lockfile.NAME).values():
        if (root / entry.target).resolve() == path:
            return entry.job
    folders = {}
    for slug in slugs:
        folder = (peek(root / "manifests" / f"{slug}.yaml") or {}).get("plugin")
        if isinstance(folder, str):
            folders[(root / folder).resolve()] = slug
    if around := [up for up in (path, *path.parents) if up in folders]:
        return folders[around[0]]
    inside = sorted(slug for folder, slug in folders.items() if folder.is_relative_to(path))
    if inside:
        held = (
            f"{some(len(inside), 'plugin')} ({', '.join(inside[:3])}{', ...' * (inside[3:] != [])})"
        )
        raise errors.UsageError(
            f"{word} is no plugin, but holds {held}", "name one, or leave it out"
        )
    raise errors.UsageError(
        f"{word}: neither a plugin's folder nor a document of ours",
        "name a plugin, as its file in manifests/ is called, or a path in one",
    )


def _line(command: str, words: list[str]) -> Iterator[str]:
    """doit's words: run-wide options as `name=value`, the task, and what is the task's own."""
    if command == "build" and (left := without_dry(words)) != words:
        command, words = "plan", left
    variables, words = _run_wide(command, words)
    yield from variables
    if command in ("prune", "forget-backups"):
        words = ["--dry-run" if word == "-n" else word for word in words]
    if command in ("plan", "review"):
        words = list(_of_one(command, words))
    if command in _STATIC:
        given, extra = _apart(words, _VALUED_IN_STATIC)
        options = {word.partition("=")[0] for word in given if word.startswith("-")}
        if extra and options <= set(OPTIONS.get(command, ())):  # else doit tells of the option
            told = f"nightpress {command} has no use for {extra[0]}"
            if command == "restore" and "--plugin" in str(options):
                told = (
                    f"nightpress restore brings back one plugin at a time, and not {extra[0]}, too"
                )
            raise errors.UsageError(told, f"nightpress {command} --help")
        yield from (command, *words)
        return
    own, names = _apart(words, _VALUED | _VALUED_IN_A_RUN if command == "build" else _VALUED)
    _no_list(names)
    if command in _OF_DOIT:
        yield from (command, *own, *(_task("enhance", name) for name in names))
    elif command == "build":
        yield from (*own, *(_task("enhance", name) for name in names or ["enhance"]))
    else:
        yield from (*(_task(command, name) for name in names or [command]), *own)


OPTIONS = {
    "apply": ("--lossless", "--merge"), "archive": ("--into", "--snapshot"),
    "audit": ("--format", "--full"), "backups": ("--format",), "explore": ("--port",),
    "forget-backups": ("--dry-run",), "manifests": ("--add", "--rename-generic"),
    "plan": ("--format", "--plugin", "--verbose"), "prune": ("--days", "--dry-run"),
    "reject": ("--because",), "report": ("--days", "--format"),
    "restore": ("--format", "--list", "--plugin", "--snapshot"),
    "review": ("--format", "--plugin", "--verbose"), "validate": ("--format",),
}  # fmt: skip
"""The tasks' own options, as they declare them (a test compares)."""
_MEANT = ("adopt", "forget", "ignore", "info", "reject")
"""Commands of what is named. The first two are of every plugin by `--all`: nothing takes them
back."""


def _meant(command: str, words: list[str]) -> list[str]:
    """The words without `--all`, where all is what they say."""
    named = any(not word.startswith("-") and "=" not in word for word in words)
    of_all = command in ("adopt", "forget")
    if not named and not (of_all and {"--all", "-a"} & set(words)):
        every = "; of all of them: --all" if of_all else ""
        raise errors.UsageError("which plugin?", f"nightpress {command} PLUGIN[/NAME]{every}")
    if named and of_all and {"--all", "-a"} & set(words):
        raise errors.UsageError(
            "a plugin and --all were given", f"nightpress {command} PLUGIN, or --all without one"
        )
    return [word for word in words if word not in ("--all", "-a")]


def _of_one(command: str, words: list[str]) -> Iterator[str]:
    """The words of `plan [PLUGIN[/NAME] ...] [-v]`, and of review, as the task has them."""
    own, names = _apart(words, ("--format", "--plugin"))
    _no_list(names)
    if len(names) > 1 and command != "plan":
        raise errors.UsageError(
            f"{command} takes one plugin, or none for all", f"nightpress {command} {names[0]}"
        )
    if names:
        yield f"--plugin={','.join(names)}"
    yield from ("--verbose" if word == "-v" else word for word in own)


def _run_wide(command: str, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """(run-wide options as doit takes them, the other words)."""
    from nightpress.project import options

    variables: list[str] = []
    others: list[str] = []
    rest: Iterator[str] = iter(words)
    while (word := next(rest, None)) is not None:
        if word == "-v" and command == "build":  # `-v 2` is doit's, of what it prints
            level = next(rest, None)
            rest = rest if level is None else chain((level,), rest)
            word = word if (level or "").isdigit() else "--verbose"
        name, equals, value = word.removeprefix("--").partition("=")
        option = options.OPTIONS.get(name.replace("-", "_"))
        if word in ("-q", "--quiet"):
            variables.append("progress=none")
        elif word == "--verbose" and command == "build":
            variables.append("progress=plain")
        elif word == "--json":
            if command in _PER_PLUGIN:
                variables.append("progress=json")
            else:
                others += ["--format", "json"]
        elif option is not None and word.startswith("--"):
            if option.values == "1" and not equals:
                value, rest = _flag(word, rest)
            elif not equals:
                value = next(rest, "")
            variables.append(f"{option.name}={value}")
        elif equals and not word.startswith("-"):
            variables.append(word)
        else:
            others.append(word)
    return variables, others


def _flag(option: str, rest: Iterator[str]) -> tuple[str, Iterator[str]]:
    """(the value of `--force` or `--force 1`, the words behind it)."""
    following = next(rest, None)
    if (following or "").lower() in ("yes", "no", "true", "false", "on", "off"):
        raise errors.UsageError(
            f"{option} takes no {following!r}", f"{option} alone turns it on, {option}=0 off"
        )
    if following in ("0", "1"):
        return following, rest
    return "1", rest if following is None else chain((following,), rest)


def without_dry(words: list[str]) -> list[str]:
    """The words without `--dry-run` and `-n`; `-n 8` is doit's, of how many work at a time."""
    following = [*words[1:], ""]
    return [
        word
        for word, after in zip(words, following, strict=False)
        if word != "--dry-run" and (word != "-n" or after.isdigit())
    ]


_VALUED = frozenset({"--because", "--template", "--sort"})
_VALUED_IN_A_RUN = frozenset(
    "-n --process -v --verbosity -P --parallel-type -o --output-file -r --reporter"
    " --failure-verbosity --db-file".split()
)
_VALUED_IN_STATIC = frozenset(
    "--add --days --format --into --plugin --port --snapshot".split()  # a test compares
)
"""Options whose value is the next word; doit has those of a run."""


def _apart(words: Sequence[str], valued: Container[str]) -> tuple[list[str], list[str]]:
    """(options with their values, names)."""
    own: list[str] = []
    names: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            names.append(word)
            continue
        own.append(word)
        if word in valued:
            own += [value for value in (next(rest, None),) if value is not None]
    return own, names


def _no_list(names: Sequence[str]) -> None:
    """UsageError for names that are joined by commas."""
    if joined := next((name for name in names if "," in name), ""):
        raise errors.UsageError(
            f"there is no plugin {joined!r}", f"several stand apart: {joined.replace(',', ' ')}"
        )


def _known(root: Path, line: Sequence[str]) -> None:
    """UsageError for a plugin that there is not, where another one has nearly its name."""
    slugs = {path.stem for path in root.glob("manifests/[!_]*.yaml")}
    for word in line:
        group, colon, name = word.partition(":")
        slug = name.partition("/")[0]
        if not colon or group not in ("enhance", *_PER_PLUGIN) or slug in slugs or "*" in slug:
            continue
        if not slug:
            raise errors.UsageError(
                f"there is no plugin {name!r}", "manifests/ has a file for each plugin"
            )
        if near := suggestion(slug, slugs, lead="; "):
            raise errors.UsageError(
                f"there is no plugin {slug!r}{near}", "manifests/ has a file for each plugin"
            )


def _task(group: str, name: str) -> str:
    return name if name == group or name.startswith(f"{group}:") else f"{group}:{name}"
