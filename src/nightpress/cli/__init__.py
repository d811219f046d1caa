"""`nightpress`: one command for everything: doit's tasks, setting up, looking on, and recovery.

May import: report, progress, pipeline, plan, vault, project, quota, backends, checks, plugin,
ledger, storage, fingerprint, text, lazy, clock, loopback, model, errors, voice.
"""

from __future__ import annotations

import argparse
import errno
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from nightpress import errors, voice
from nightpress.cli import task
from nightpress.progress import outlet
from nightpress.project import version
from nightpress.text import fitted, safe, suggestion
from nightpress.voice import spoken


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status (see errors)."""
    outlet.stand_in()
    with voice.nightpress():
        return _told(argv)


def _told(argv: Sequence[str] | None) -> int:
    """The same; what goes wrong is told on standard error, or as JSON if that is asked for."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not any(word.startswith("-") for word in words):
        return _ended(words, _done)
    from nightpress.cli import everywhere

    words = everywhere.ordered(everywhere.apart(words), (*task.COMMANDS, *_OWN))
    if everywhere.asks_json(words):
        return _ended(words, lambda words: everywhere.told(words, lambda w: _ended(w, _common)))
    return _ended(words, _common)


def _common(words: list[str]) -> int:
    from nightpress.cli import everywhere

    return everywhere.common(words, _dry) if words else _done(words)


def _dry(words: list[str]) -> int:
    from nightpress.cli import everywhere

    if not everywhere.DRY & set(words):
        return _ended(words, _done)
    from nightpress.cli import dry

    return dry.done(words, lambda words: _ended(words, _done))


def _done(words: list[str]) -> int:
    return task.run(words) if words and words[0] in task.COMMANDS else _run(words)


def _ended(words: list[str], run: Callable[[list[str]], int]) -> int:
    """Run it; the exit status, and a sentence where it goes wrong."""
    try:
        return run(words)
    except errors.NightpressError as error:
        _complain(f"ERROR: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _complain("interrupted: run it again")
        return errors.EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return errors.EXIT_OK
    except OSError as error:
        known = errors.known(error)
        if known is None and error.errno in (errno.ENAMETOOLONG, errno.ELOOP):  # of the user's line
            known = errors.UsageError(f"{str(error.filename)[:80]}...: {error.strerror}")
        if known is None:
            raise
        _complain(f"ERROR: {known}")
        return known.exit_code


def _complain(text: str) -> None:
    sys.stderr.write(fitted(safe(text, newlines=True), sys.stderr) + "\n")


def _run(words: Sequence[str]) -> int:
    if list(words[:2]) == ["completion", "words"]:
        from nightpress.cli import completion

        return completion.words(words[2:], _parser())
    if "--help-all" in words:
        _Parser.whole = True
        words = ["--help" if word == "--help-all" else word for word in words]
    parser = _parser(*words[:1])
    given, left = parser.parse_known_args(words)
    if left:
        raise _unknown(words[0], left[0], parser)
    if given.run is None:
        from nightpress.cli import help

        sys.stdout.write("".join(f"{line}\n" for line in help.first_screen(_does(parser))))
        return errors.EXIT_OK
    done: int = given.run(given)
    return done


class _Parser(argparse.ArgumentParser):
    whole = False
    """Is it all that is asked for, not one screen?"""

    def format_help(self) -> str:
        from nightpress.cli import help

        if self.prog != "nightpress":
            lines = help.of(self, whole=_Parser.whole)
        else:
            lines = [*(help.everything(_does(self)) if _Parser.whole else help.in_short())]
        return "".join(f"{line}\n" for line in lines)

    def error(self, message: str) -> None:  # type: ignore[override]
        """What is wrong with the line, and what to write instead."""
        said, hint = message, f"{self.prog} --help"
        if found := re.match(r"argument COMMAND: invalid choice: '(.*?)' \(", message):
            said, hint = f"there is no command {found[1]!r}{_near(found[1])}", "nightpress help"
        elif found := re.match(r"argument (.*?): invalid choice: '(.*?)' \(.*? (.*)\)", message):
            known = re.findall(r"[\w-]+", found[3].removeprefix("from "))
            near = suggestion(found[2], known, lead="; ")
            said = f"{self.prog}: there is no {found[1].rpartition('/')[2]} {found[2]!r}{near}"
            hint = f"it is one of: {', '.join(known)}"
        elif found := re.match(r"the following arguments are required: (.*)", message):
            command = self.prog.removeprefix("nightpress ")
            said = f"{self.prog} needs {found[1]}"
            hint = f"for example: {self.prog} {_EXAMPLES.get(command, found[1])}"
        elif found := re.match(r"argument (.*?): expected .*argument", message):
            said = f"{self.prog}: {found[1]} needs a value"
        elif found := re.match(r"argument (.*?): invalid int value: '(.*)'", message):
            said = f"{self.prog}: {found[1]} {found[2]}: expected a whole number"
        _complain(f"ERROR: {said}\n  hint: {hint}")
        raise SystemExit(errors.EXIT_USAGE)


_EXAMPLES = {
    "ci": "check", "completion": "bash", "facts": "my-plugin", "merge": "../shard-1 ../shard-2",
    "record": "replies", "restore-all": "vault.db ../restored",
    "why": "plugins/my-plugin/skills/my-plugin/SKILL.md:12",
}  # fmt: skip
"""Of each command that needs a word: one that works."""


_REMOVING = frozenset({"clean", "forget", "forget-backups", "prune", "restore", "restore-all"})
"""Commands that remove or replace something: only a slip of a letter is taken for one of them."""
_DOIT_BUILDS = ("enhance", "run")
"""doit's words for `build`."""


def _near(word: str) -> str:
    """The command that was most likely meant by one that there is not; "" if none is near."""
    if word == "version":
        return "; did you mean 'nightpress --version'?"
    if "=" in word:
        return f"; did you mean 'nightpress build {word}'?"
    word = "build" if word.lower() in _DOIT_BUILDS else word
    others = {*task.COMMANDS, *_OWN} - _REMOVING
    slip = suggestion(word, _REMOVING, lead="; ", cutoff=0.85)
    return slip or suggestion(word, others, lead="; ")


def _unknown(command: str, word: str, parser: argparse.ArgumentParser) -> errors.UsageError:
    """What is said of a word that the command does not take."""
    from nightpress.cli import completion

    command = f"nightpress {command}" if not command.startswith("-") else "nightpress"
    own = completion._choices(parser).get(command.partition(" ")[2], parser)
    name = word.partition("=")[0]
    near = suggestion(name, completion._options(own), lead="; ") if name.startswith("-") else ""
    kind = "option" if name.startswith("-") else "use for"
    return errors.UsageError(f"{command} has no {kind} {name}{near}", f"{command} --help")


_OWN = (
    "init", "canary", "check", "ci", "facts", "merge", "record", "status", "doctor", "completion",
    "watch", "tonight", "restore-all", "why", "help",
)  # fmt: skip
"""Commands that are no tasks of doit: each a module here with `add`, or a function `_add_NAME`."""


def _parser(command: str = "") -> argparse.ArgumentParser:
    """For one command, whose module alone is imported; for all of them, where there is none such
    (help, a typo, completion)."""
    parser: argparse.ArgumentParser = _Parser(prog="nightpress")
    parser.add_argument("-V", "--version", action="version", version=f"nightpress {version()}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name in [command] if command in _OWN else _OWN:
        own = globals().get(f"_add_{name.replace('-', '_')}")
        (own or import_module(f"nightpress.cli.{name}").add)(commands)
    return parser


def _add_init(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    init = commands.add_parser(
        "init",
        help="set up a project: dodo.py, manifests, .gitignore",
        description="Write dodo.py, manifests/_defaults.yaml, one manifest per plugin found, and "
        "the .gitignore entry. Nothing that exists is overwritten; run it again at any time.",
    )
    init.add_argument(
        "marketplace", nargs="?", default=".", help="the marketplace's folder (default: here)"
    )
    init.add_argument(
        "--project", default=".", metavar="FOLDER", help="where the project is (default: here)"
    )
    init.add_argument(
        "--rename-generic", action="store_true",
        help="propose skills/PLUGIN/ in place of folder names that many plugins share",
    )  # fmt: skip
    init.add_argument(
        "--chapters", action="store_true",
        help="only add to an older dodo.py the chapters that it lacks; the rest of it stays",
    )  # fmt: skip
    init.set_defaults(run=_init)


def _does(parser: argparse.ArgumentParser) -> dict[str, str]:
    """What each command does, in a few words."""
    own = (getattr(action, "_choices_actions", ()) for action in parser._actions)
    return task.COMMANDS | {choice.dest: choice.help for choices in own for choice in choices}


def _add_tonight(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from nightpress.project import options

    tonight = commands.add_parser(
        "tonight",
        help="build until done or the window ends, sleeping over resets",
        description="Runs `doit` again and again: until all is done, or until the window ends. "
        "For cron, or a terminal left open. It takes doit's run-wide options, written with --.",
    )
    tonight.add_argument("--project", default=".", metavar="FOLDER", help="the project (here)")
    for option in options.OPTIONS.values():
        if option.name != "force":
            flag = "--" + option.name.replace("_", "-")
            tonight.add_argument(flag, metavar=option.values.split(",")[0], help=option.help)
    tonight.set_defaults(run=_tonight)


def _add_restore_all(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    restore = commands.add_parser(
        "restore-all",
        help="bring everything back from a vault, on an empty machine",
        description="Restores a backup (plugins, manifests, generators, ledger) into an empty "
        "folder, every byte verified. VAULT is the URL of a Turso database (its token, read-only "
        "is enough, in TURSO_AUTH_TOKEN), or a vault's file.",
    )
    restore.add_argument("vault", metavar="URL|FILE", help="libsql://NAME.turso.io, or vault.db")
    restore.add_argument(
        "dest", nargs="?", metavar="DEST", help="an empty folder, or one to be made"
    )
    restore.add_argument("--snapshot", metavar="ID", help="which one (default: the newest)")
    restore.add_argument(
        "--plugin", metavar="NAME", help="only this plugin, by its manifest's name"
    )
    restore.add_argument(
        "--overwrite",
        action="store_true",
        help="DEST may contain files; those with the same path are overwritten",
    )
    restore.add_argument("--list", action="store_true", help="only list the snapshots")
    restore.set_defaults(run=_restore_all)


def _restore_all(given: argparse.Namespace) -> int:
    from nightpress import vault
    from nightpress.clock import RealClock
    from nightpress.progress import Meter

    if given.dest is None and not given.list:
        raise errors.UsageError("where to?", f"nightpress restore-all {given.vault} FOLDER")
    place, meter = vault.named_vault(given.vault, os.environ), Meter()
    try:
        if given.list:
            for snapshot in vault.snapshots(place):
                _say(snapshot.line(RealClock().time()))
            return errors.EXIT_OK
        restored = vault.restore_all(
            place, Path(given.dest), snapshot=given.snapshot, plugin=given.plugin,
            overwrite=given.overwrite, progress=meter.transfer,
        )  # fmt: skip
    finally:
        meter.end()
        place.close()
    for line in restored.lines():
        _say(line)
    return errors.EXIT_OK


def _tonight(given: argparse.Namespace) -> int:
    from nightpress import clock
    from nightpress.cli import tonight
    from nightpress.project import foreign_dodo, lacks_dodo, located, options

    project = located(given.project)
    if wrong := lacks_dodo(project) or foreign_dodo(project):
        raise wrong
    settings = {
        name: str(value)
        for name in options.OPTIONS
        if name not in ("force", "until") and (value := getattr(given, name, None)) is not None
    }
    options.read(settings | ({"until": given.until} if given.until else {}))
    variables = [f"{name}={value}" for name, value in settings.items()]
    if voice.is_dry():
        ends = f"or until {given.until}" if given.until else "whatever the hour"
        _say(f"would build until all is done, {ends}, and sleep over resets; its first round:")
        task.run(["build", "-n", "--project", str(project), *variables])
    return tonight.tonight(project, variables, given.until, clock.of(os.environ), _say)


def _say(text: str) -> None:
    sys.stdout.write(fitted(safe(spoken(text)), sys.stdout) + "\n")
    sys.stdout.flush()


def _init(given: argparse.Namespace) -> int:
    if given.chapters:
        return _add_chapters(Path(given.project))
    from nightpress.project import init as scaffold

    changes = scaffold.init(
        Path(given.project), given.marketplace, rename_generic=given.rename_generic
    )
    for line in changes.lines():
        _say(line)
    return errors.EXIT_OK


def _add_chapters(project: Path) -> int:
    from nightpress.project import add_chapters

    names = add_chapters(project)
    _say(f"dodo.py: added {', '.join(names)}" if names else "dodo.py lacks no chapter")
    return errors.EXIT_OK
