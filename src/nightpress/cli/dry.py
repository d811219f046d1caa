"""`-n` of a command that changes something: it is done to a copy of the project, and told as what
would be done.

One way for all of them, so that what is told is what the command itself says, refusals and exit
status included. What is not in the project (the vault, a notice, a model) looks at `voice.is_dry`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from nightpress import errors, voice
from nightpress.cli import everywhere, task
from nightpress.project import located
from nightpress.storage import run_lock
from nightpress.text import fitted

CHANGING = frozenset({
    "adopt", "analyse", "apply", "archive", "backup", "drill", "forget", "ignore", "init",
    "manifests", "merge", "record", "reject", "report", "restore", "restore-all", "review",
    "snapshot", "verify-vault",
})  # fmt: skip
"""Commands that are done to a copy. Those that ask models (analyse, canary, tonight) say whom."""
_LEFT_OUT = ("vault.db", "vault.db-journal", "run.lock")
HEAD, TAIL = 12, 6
"""Lines that a terminal shows of many."""
ENDS = "dry run: nothing was changed"
NOTHING = "dry run: there is nothing to do"
"""The end where the command has nothing to say."""

_DOES = {
    "accepted": "accept", "added": "add", "adopted": "adopt", "archived": "archive",
    "forgetting": "forget", "ignoring": "ignore", "kept": "keep", "published": "publish",
    "put": "put", "recorded": "record", "rejected": "reject", "removed": "remove",
    "restored": "restore", "took": "take", "wrote": "write",
}  # fmt: skip
"""What a command says at the beginning of a line -> what it would do."""
_FIRST = re.compile(rf"^({'|'.join(_DOES)})\b")
_LATER = re.compile(rf"^([^\s:]+: |\d[\d,]* (?:replies )?)({'|'.join(_DOES)})\b")
_BEFORE = re.compile(r"^the state before this restore is .*")


def done(words: Sequence[str], run: Callable[[list[str]], int]) -> int:
    """The dry run that the line asks for; its exit status."""
    command, *rest = words
    if command == "build" and task.without_dry(rest) == rest:  # doit's `-n 8`
        return run(list(words))
    kept = rest if command in everywhere.TRIED else [w for w in rest if w not in everywhere.DRY]
    if command in CHANGING and not {"--list", "-h", "--help"} & set(kept):
        return _rehearsed(command, kept, run)
    with voice.dry():
        return run([command, *kept])


def _rehearsed(command: str, rest: list[str], run: Callable[[list[str]], int]) -> int:
    """Run the command on a copy."""
    root, rest = _root(command, rest)
    if (owner := run_lock.taken(root / ".nightpress")) is not None:
        raise errors.BusyError(f"another run is busy: {run_lock.holder(owner)}", "wait for it")
    with tempfile.TemporaryDirectory(prefix="nightpress-dry-") as made:
        folder = Path(made).resolve()
        _note("trying it on a copy of the project ...")
        at = _copied(root, folder)
        moved = [_moved(word, command, root, at, folder / "into") for word in rest]

        def inside(words: list[str]) -> int:
            here = Path.cwd().resolve()
            os.chdir(at / here.relative_to(root) if here.is_relative_to(root) else at)
            with voice.dry(str(root)):
                return run(words)

        status, out, err = everywhere.listened([command, *moved], inside)
        _note("")
        names = [(str(at), str(root))]
        names += [(new, old) for new, old in zip(moved, rest, strict=True) if new != old]
        for text, stream in ((out, sys.stdout), (err, sys.stderr)):
            _tell(text.decode(errors="replace"), names, stream)
    if status in (errors.EXIT_OK, errors.EXIT_FAILED) and not everywhere.asks_json(rest):
        sys.stdout.write(f"{ENDS if out or err else NOTHING}\n")
    return status


def _note(text: str) -> None:
    """Where a terminal waits: what for; "" takes it away."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def _root(command: str, words: list[str]) -> tuple[Path, list[str]]:
    """(what is copied, the words as the copy takes them)."""
    if command == "restore-all":
        at = [at for at, word in enumerate(words) if not word.startswith("-")]
        if len(at) < 2:  # it says what it lacks
            return Path("nowhere"), words
        words[at[1]] = str(Path(words[at[1]]).resolve())
        return Path(words[at[1]]), words
    folder, words = task.project(words)
    if command == "init":
        from nightpress.project import init

        root = Path(folder).resolve()
        init.place(root, next((word for word in words if not word.startswith("-")), "."))
        return root, words
    root = located(folder)
    if command in task.COMMANDS:
        words = task.without_folders(root, command, words)
    return root.resolve(), words


def _moved(word: str, command: str, root: Path, at: Path, into: Path) -> str:
    """A word that names a file, as it is seen from the copy; into: stands for a folder elsewhere
    that would be written."""
    option, equals, value = word.rpartition("=") if word.startswith("--") else ("", "", word)
    named = Path(value).is_absolute() or (command not in task.COMMANDS and os.path.lexists(value))
    if not named and (command != "record" or value.startswith("-")):
        return word
    whole = Path(value).resolve()
    if whole.is_relative_to(root):
        return f"{option}{equals}{at / whole.relative_to(root)}"
    return f"{option}{equals}{into if command in ('record', 'archive') else whole}"


def _copied(root: Path, folder: Path) -> Path:
    """The copy, in a work tree of the project's own repository, if it is in one."""
    marker = next((up / ".git" for up in (root, *root.parents) if (up / ".git").exists()), None)
    tree, at = folder / "tree", folder / "tree"
    tree.mkdir()
    if marker is not None:
        at = tree / root.relative_to(marker.parent)
        at.mkdir(parents=True, exist_ok=True)
        (tree / ".git").write_text(f"gitdir: {_repository(marker)}\n")
        for up in (up for up in root.parents if up.is_relative_to(marker.parent)):
            with suppress(OSError):
                _one(str(up / ".gitignore"), str(tree / up.relative_to(marker.parent)))
    left_out = {root / ".git", *(root / ".nightpress" / name for name in _LEFT_OUT)}

    def ignore(here: str, names: list[str]) -> set[str]:
        return {name for name in names if Path(here, name) in left_out or _is_special(here, name)}

    with suppress(shutil.Error, FileNotFoundError):
        shutil.copytree(
            root, at, symlinks=True, ignore=ignore, copy_function=_one, dirs_exist_ok=True
        )
    return at


def _repository(marker: Path) -> Path:
    """The folder that a `.git` is, or leads to."""
    if marker.is_dir():
        return marker
    leads = marker.read_text(encoding="utf-8", errors="surrogateescape")
    return (marker.parent / leads.removeprefix("gitdir:").strip()).resolve()


def _is_special(here: str, name: str) -> bool:
    mode = Path(here, name).lstat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def _one(source: str, to: str) -> object:
    try:
        return shutil.copy2(source, to)
    except OSError as error:
        if isinstance(known := errors.known(error), errors.MachineTrouble):
            raise known from error  # a full disk ends it; what cannot be read is not there
        raise


def _tell(text: str, names: Sequence[tuple[str, str]], stream: TextIO) -> None:
    """What the command said, as what would be."""
    for ours, theirs in names:
        text = text.replace(ours, theirs)
    if "\n" in text.strip():  # of events, one stays a line
        with suppress(ValueError, TypeError):
            text = json.dumps({**json.loads(text), "dry_run": True}, indent=2)
    lines = [_would(line) for line in text.splitlines()]
    if stream.isatty() and (more := len(lines) - HEAD - TAIL) > 1:
        lines[HEAD:-TAIL] = [f"... and {more:,} more lines"]
    for line in lines:
        stream.write(f"{fitted(line, stream)}\n")
    stream.flush()


def _would(line: str) -> str:
    if line.startswith("{"):
        with suppress(ValueError):
            return json.dumps({**json.loads(line), "dry_run": True})
    line = _FIRST.sub(lambda found: f"{f'would {_DOES[found[1]]}':<{len(found[1])}}", line)
    return _BEFORE.sub(
        "its present state would be copied first", _LATER.sub(r"\1would be \2", line)
    )
