"""What every command takes, before or behind its name: `--json`, `-q`, `-n` and `-v`.

Whoever asks for JSON gets JSON, of a mistake too: what a command has of its own, else its exit
status, what it says and what went wrong, as one object.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import sys
import traceback
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

from nightpress import errors

FORMATS = frozenset({
    "audit", "backups", "canary", "check", "ci check", "plan", "report", "restore", "review",
    "validate", "watch", "why",
})  # fmt: skip
"""Commands with an option `--format json`."""
LINES = frozenset({"adopt", "analyse", "build", "snapshot"})
"""Commands that make something: of those --json prints a JSON document per line."""
KNOW_IT = LINES | {"doctor", "explore", "facts", "status"}
"""Commands that take --json as it is."""
TRIED = frozenset({"build", "clean", "prune", "forget-backups"})
"""Commands that have a dry run of their own."""
_DETAILED = frozenset({"build", "plan", "check", "ci", "ci check", "review"})
_QUIET_OF_THEIR_OWN = frozenset({"build", "check", "ci", "ci check", "list", "plan"})


def apart(words: Sequence[str]) -> list[str]:
    """The words with `-nq` as `-n -q`, and `-vv`, which asks for no more than `-v`, once."""
    grouped = re.compile("-[nqv]{2,}")
    found = [(f"-{one}" for one in dict.fromkeys(word[1:])) if grouped.fullmatch(word) else [word]
             for word in words]  # fmt: skip
    return [word for words in found for word in words]


def ordered(words: Sequence[str], commands: Collection[str]) -> list[str]:
    """The words with the command first: `-q plan` is `plan -q`."""
    from nightpress.project import OPTIONS

    valued = {f"--{o.name.replace('_', '-')}" for o in OPTIONS.values() if o.values != "1"}
    before = ""
    if words[0] in ("-V", "--version"):
        return list(words)
    for at, word in enumerate(words):
        if before in {"--project", *valued} or word.startswith("-") or word.isdigit():
            before = word
            continue
        return [word, *words[at + 1 :], *words[:at]] if word in commands else list(words)
    return list(words)


def named(words: Sequence[str]) -> str:
    """The command with the job that it names, of those that have jobs: `ci check`."""
    job = next((word for word in words[1:] if not word.startswith("-")), "")
    return f"{words[0]} {job}".rstrip() if words[0] == "ci" else words[0]


def taken(command: str) -> list[str]:
    """Which of them the command takes."""
    return [*([] if command == "explore" else ["--json"]), "-q", "-n", "-v"]


def common(words: Sequence[str], run: Callable[[list[str]], int]) -> int:
    """Run the command without what is seen to here: `-v` of one that tells all that it knows, and
    `-q`, by which standard output is shut; what was to be said of a failure goes to the other."""
    command, first = named(words), words[0]
    rest = list(words[1:])
    if first == "ci":  # its job's options stand behind the job
        rest = sorted(rest, key={"-q", "--quiet", "-v", "--verbose"}.__contains__)
    if command == "explore" and "--json" in rest:
        told = "explore has no --json: it serves pages until Ctrl-C"
        raise errors.UsageError(told, "nightpress report --json")
    if command not in _DETAILED:
        following = [*rest[1:], ""]  # `-v 2` is doit's, of what it prints
        rest = [
            word for word, after in zip(rest, following, strict=False)
            if word != "--verbose" and (word != "-v" or after.isdigit())
        ]  # fmt: skip
    if command in _QUIET_OF_THEIR_OWN or not {"-q", "--quiet"} & set(rest):
        return run([first, *rest])
    plain = [word for word in rest if word not in ("-q", "--quiet")]
    status, out, err = listened([first, *plain], run, live=True)
    if status and not err:
        _hand_on(2, out)
    return status


DRY = frozenset({"-n", "--dry-run"})


def asks_json(words: Sequence[str]) -> bool:
    pairs = pairwise(words)
    return bool({"--json", "--format=json"} & set(words)) or ("--format", "json") in pairs


def told(words: Sequence[str], run: Callable[[list[str]], int]) -> int:
    """Run the command in a process of its own; what it prints is JSON, or becomes it."""
    command = named(words)
    plain, own = [word for word in words if word != "--json"], False
    if command in KNOW_IT or "--json" not in words:
        plain, own = list(words), True
    elif command in FORMATS:
        plain, own = [*plain, "--format", "json"], True
    status, out, err = listened(plain, run, passes=own)
    if own and out:
        return status
    found = {
        "command": command, "exit_code": status,
        "lines": out.decode(errors="replace").splitlines(),
        "errors": err.decode(errors="replace").splitlines(),
    }  # fmt: skip
    if DRY & set(words):
        found["dry_run"] = True
    indent = None if command in LINES else 2
    sys.stdout.write(json.dumps(found, indent=indent, ensure_ascii=True) + "\n")
    return status


def listened(
    words: list[str],
    run: Callable[[list[str]], int],
    *,
    passes: bool = False,
    live: bool = False,
) -> tuple[int, bytes, bytes]:
    """(exit status, standard output, standard error); passes: both are handed on, the second from
    when the first has something; live: the second is handed on, and kept."""
    sys.stdout.flush()
    pipes = [os.pipe(), os.pipe()]
    child = os.fork()
    if not child:
        for number, (_, end) in enumerate(pipes, 1):
            os.dup2(end, number)
        _end(words, run)
    found = {1: b"", 2: b""}
    with selectors.DefaultSelector() as selector:
        for number, (end, theirs) in enumerate(pipes, 1):
            os.close(theirs)
            selector.register(end, selectors.EVENT_READ, number)
        while selector.get_map():
            for key, _ in selector.select():
                data = os.read(key.fd, 65_536)
                if not data:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                if not passes or (key.data == 2 and not found[1]):
                    found[key.data] += data
                    if live and key.data == 2:
                        _hand_on(2, data)
                else:
                    found[1] = found[1] or data
                    _hand_on(key.data, data)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if passes and found[1]:
        _hand_on(2, found[2])
    return errors.EXIT_INTERRUPTED if status < 0 else status, found[1], found[2]


def _hand_on(number: int, data: bytes) -> None:
    while data:
        data = data[os.write(number, data) :]


def _end(words: list[str], run: Callable[[list[str]], int]) -> None:
    """Run it, and end this process."""
    status: object = errors.EXIT_BUG
    try:
        status = run(words)
    except SystemExit as ended:
        status = ended.code
    except BaseException:  # noqa: BLE001 - a bug, told as Python does
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else errors.EXIT_OK)
