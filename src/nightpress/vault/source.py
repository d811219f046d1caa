"""What is to be backed up, as the caller describes it, and how far a job has come."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct

MAX_FILE = 1 << 30
"""Bytes of one file that travel by default; a larger one makes the snapshot partial."""


class Plugin(Struct, frozen=True):
    """A plugin of the marketplace; path: its folder, relative to the project."""

    slug: str
    name: str
    path: str
    category: str = ""
    version: str = ""


class Source(Struct, frozen=True):
    """A project. root: its folder; files: its own files and folders, relative to root (those
    that are missing are skipped); ledger: the ledger's file; ledger_state: a text that changes
    with whatever of it is worth sending ("": its files' stamps decide); state: where the index of
    what was read before is kept (None: nowhere); ignore: patterns of what stays out where git does
    not say it; keep: files that travel whatever is ignored (the published documents), relative to
    root; include_secrets: let files with secret names or detected secrets travel; secret_names: the
    project's patterns of such names; no_secrets: patterns of files that look like secrets and are
    none."""

    root: Path
    plugins: tuple[Plugin, ...]
    files: tuple[str, ...] = ()
    ledger: Path | None = None
    ledger_state: str = ""
    state: Path | None = None
    ignore: tuple[str, ...] = ()
    keep: frozenset[str] = frozenset()
    include_secrets: bool = False
    secret_names: tuple[str, ...] = ()
    no_secrets: tuple[str, ...] = ()
    max_file_bytes: int = MAX_FILE


def is_open(source: Source, path: str) -> bool:
    """May the file travel whatever secret it seems to hold? path: relative to the project."""
    return source.include_secrets or any(
        fnmatchcase(path, one) or path.startswith(f"{one.rstrip('/')}/")
        for one in source.no_secrets
    )


class Progress(Struct, frozen=True):
    """How far a job has come: bytes done of total (0: not known), after so many seconds."""

    what: str
    done: int
    total: int
    seconds: float

    @property
    def left(self) -> float | None:
        """Seconds that it will take yet, at the pace so far; None before 1 % is done."""
        if not self.done or self.done * 100 < self.total:
            return None
        return self.seconds * max(0, self.total - self.done) / self.done

    def line(self) -> str:
        if not self.total:
            return f"{self.what}: {size(self.done)}"
        share = f"{self.what}: {size(self.done)} of {size(self.total)}"
        if self.left is None:
            return share
        minutes, seconds = divmod(round(self.left), 60)
        return f"{share} ({self.done * 100 // self.total} %), {minutes}:{seconds:02} left"


Listener = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    del progress


def size(count: int) -> str:
    """Bytes for a human: 5,385,700 is "5.4 MB"."""
    if count < 1_000:
        return f"{count} bytes"
    number = float(count)
    for unit in ("kB", "MB", "GB"):
        number /= 1_000
        if number < 999.95 or unit == "GB":
            return f"{number:,.1f} {unit}"
    raise AssertionError("unreachable")
