"""`nightpress completion`: what a shell offers on the Tab key.

The shell's part asks us for each word (`nightpress completion words WORD...`), so that all three
offer the same, and the names are those of the project that the user stands in.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from nightpress import errors
from nightpress.cli import task
from nightpress.project import options

BASH = """\
_nightpress() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    COMPREPLY+=("$word")
    case $word in */) compopt -o nospace 2>/dev/null ;; esac
  done < <(nightpress completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _nightpress nightpress
"""
ZSH = """\
#compdef nightpress
_nightpress() {
  local -a found
  found=("${(@f)$(nightpress completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("${(@)found:#}")
  if (( $#found )); then
    compadd -S '' -- "${(@M)found:#*/}"
    compadd -- "${(@)found:#*/}"
  else
    _files
  fi
}
if [[ "$funcstack[1]" == _nightpress ]]; then
  _nightpress "$@"
else
  compdef _nightpress nightpress
fi
"""
FISH = """\
function __nightpress_words
    set -l words (commandline -opc)[2..-1] (commandline -ct)
    set -l found (nightpress completion words $words 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c nightpress -f -a '(__nightpress_words)'
"""
SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
NAMING = frozenset({"build", "analyse", "snapshot", "adopt", "apply", "reject", "info", "forget",
                    "ignore", "clean", "facts"})  # fmt: skip
"""Commands that take PLUGIN or PLUGIN/NAME."""
_PLAIN = re.compile(r"[A-Za-z0-9._@+,=/-]+")
"""What no shell takes for anything but a word; other names are not offered."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    completion = commands.add_parser(
        "completion",
        help="print the Tab completion for bash, zsh or fish",
        description='For bash: eval "$(nightpress completion bash)" in ~/.bashrc. For zsh: the '
        "same with zsh in ~/.zshrc, after compinit. For fish: nightpress completion fish > "
        "~/.config/fish/completions/nightpress.fish",
    )
    completion.add_argument("shell", choices=list(SHELLS))
    completion.set_defaults(run=_completion)


def _completion(given: argparse.Namespace) -> int:
    sys.stdout.write(SHELLS[given.shell])
    return errors.EXIT_OK


def words(typed: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Print what the last of the typed words, those after `nightpress`, may become."""
    current = typed[-1] if typed else ""
    for word in sorted(set(_offered(list(typed[:-1]), current, parser))):
        if word.startswith(current) and _PLAIN.fullmatch(word):
            sys.stdout.write(word + "\n")
    return errors.EXIT_OK


def _offered(before: list[str], current: str, parser: argparse.ArgumentParser) -> Iterable[str]:
    own = _choices(parser)
    if not before:
        return ["--help", "--version"] if current.startswith("-") else [*task.COMMANDS, *own]
    command, last = before[0], before[-1]
    if last.startswith("-") and (values := _values(last)) is not None:
        return values
    at = own.get(command)
    while at is not None and (inner := _choices(at)):
        if len(before) == 1:
            return inner
        before = before[1:]
        at = inner.get(before[0])
    if current.startswith("-"):
        return _options(at) if at is not None else _of_task(command)
    if command == "completion":
        return SHELLS
    return _names(current) if command in NAMING else ()


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """A parser's commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _options(parser: argparse.ArgumentParser) -> list[str]:
    words = (word for action in parser._actions for word in action.option_strings)
    return [word for word in words if word.startswith("--")]


def _of_task(command: str) -> list[str]:
    from nightpress.cli import everywhere

    long = {"-q": "--quiet", "-n": "--dry-run", "-v": "--verbose"}
    common = [long.get(option, option) for option in everywhere.taken(command)]
    run_wide = options.OPTIONS if command in ("build", "analyse") else ()
    wide = ["--" + name.replace("_", "-") for name in run_wide]
    return ["--help", "--project", *common, *task.OPTIONS.get(command, ()), *wide]


def _values(option: str) -> Iterable[str] | None:
    """What may follow an option; None: it takes no value that we know of."""
    if option == "--plugin":
        return _names("")
    known = options.OPTIONS.get(option.removeprefix("--").replace("-", "_"))
    if known is None or "," not in known.values:
        return None
    return known.values.split(", ")


def _names(current: str) -> Iterator[str]:
    """The plugins of the project that we are in, and of the one that was typed its documents."""
    import os

    from nightpress.clock import RealClock
    from nightpress.project import Project, located, peek

    with suppress(errors.NightpressError, OSError):  # nobody wants an error on the Tab key
        project = Project(located("."), {}, os.environ, RealClock())
        slug, slash, _ = current.partition("/")
        if not slash:
            yield from project.slugs()
            return
        for end in ("yaml", "yml"):
            path = project.manifests / f"{slug}.{end}"
            if path.is_file():
                values = peek(path)
                for name in (values or {}).get("enhancements") or ():
                    yield f"{slug}/{name}"
