"""What one bad input sets off is one notice: the bug is kept in a file, and the others go on."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

from nightpress import errors

FOLDER = ".nightpress/crashes"
LONGEST = 20_000

Keeper = Callable[[str, Exception], str]
"""(what was looked at, the bug that it met) -> what to tell. Raises what is no bug again."""


def keeper(root: Path) -> Keeper:
    """Keeps crashes in the state folder of the project in `root`."""
    return lambda what, error: kept(root, what, error)


def untold(what: str, error: Exception) -> str:
    """Where there is no project to keep a file in."""
    _only_bugs(error)
    return f"{what}: a bug of nightpress ({type(error).__name__})"


def kept(root: Path, what: str, error: Exception) -> str:
    """Keep the bug's traceback, without secrets; what to tell of it. The same bug has one file."""
    _only_bugs(error)
    from nightpress import checks, fingerprint
    from nightpress.project.project import version
    from nightpress.storage import atomic, private

    lines = traceback.format_exception(error)
    where = "".join(line for line in lines if line.startswith("  File"))
    said = checks.redact(f"{what}\n\n{''.join(lines)}"[-LONGEST:])[0]
    text = f"nightpress {version()} met a bug at {said}"
    name = fingerprint.sha256(f"{what}\n{where}{type(error).__name__}".encode())[:12]
    path = f"{FOLDER}/{name}.txt"
    try:
        private.folder((root / path).parent)
        atomic.write(root / path, text.encode("utf-8", "replace"), private.FILE)
    except OSError:
        path = "no file could be written"
    return f"a bug of nightpress ({type(error).__name__}): skipped; please report {path}"


def _only_bugs(error: Exception) -> None:
    """What is known, or is the machine's trouble, is told as ever, and ends the run as ever."""
    of_database = any(kind.__module__ == "sqlite3" for kind in type(error).__mro__)
    if errors.known(error) is not None or of_database or isinstance(error, MemoryError):
        raise error
