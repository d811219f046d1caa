"""nightpress.lock: what is true of the committed tree, committed with it.

Floor 2. One line of JSON per enhancement, sorted by job: the target, its sha256, one digest per
ingredient, who wrote it. A clone without a ledger judges staleness from it. One line each, so
that two branches that made different documents merge without a conflict.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from nightpress.errors import UsageError
from nightpress.model import Fingerprint

NAME = "nightpress.lock"
HEADER = '{"nightpress.lock":1}'


class Entry(Struct, frozen=True):
    """What was published (or adopted) last: target is relative to the project.

    writer: `offline` or `backend:model`, in words (the model's digest is an ingredient);
    accepted: marks (`check#digest`) of findings that the user accepted with `doit adopt`, or that
    only the document that ours was made from spares it.
    """

    job: str
    target: str
    sha256: str
    status: str
    writer: str
    fingerprint: Fingerprint
    accepted: tuple[str, ...] = ()


def line(entry: Entry) -> str:
    """The entry's line, without its newline; `parse` reads it back."""
    made_from = entry.fingerprint
    held: dict[str, object] = {
        "job": entry.job, "target": entry.target, "sha256": entry.sha256,
        "status": entry.status, "writer": entry.writer,
    }  # fmt: skip
    if entry.accepted:
        held["accepted"] = entry.accepted
    for name in Fingerprint.__struct_fields__:
        held[name] = getattr(made_from, name)
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"))


def parse(text: str) -> Entry:
    """One line; raises ValueError for what is none."""
    held = json.loads(text)
    if not isinstance(held, dict):
        raise ValueError("not an object")
    fields = {name: str(held[name]) for name in ("content", "generator", "schemas", "settings")}
    fingerprint = Fingerprint(**fields, model=str(held["model"]))
    return Entry(
        job=str(held["job"]),
        target=str(held["target"]),
        sha256=str(held["sha256"]),
        status=str(held["status"]),
        writer=str(held["writer"]),
        fingerprint=fingerprint,
        accepted=tuple(str(name) for name in held.get("accepted", ())),
    )


class Lock(Mapping[str, Entry]):
    """The file's entries by job. One run looks at a few of tens of thousands, so each is parsed
    when it is asked for. rows: the lines themselves; sha256: of the whole file."""

    def __init__(self, rows: Mapping[str, str], sha256: str) -> None:
        self.rows = rows
        self.sha256 = sha256

    def __getitem__(self, job: str) -> Entry:
        return parse(self.rows[job])

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def read(path: Path, known: str = "") -> Lock:
    """Every entry by job; a missing file is an empty one. known: sha256 of a file of which every
    line was found good before.

    Raises UsageError with file and line for damage (a merge conflict, say).
    """
    global _read
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            stamp = (str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
            if _read is not None and _read[0] == stamp:
                return _read[1]
            data = file.read()
    except FileNotFoundError:
        return Lock({}, "")
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}", _REBUILD) from error
    sha256 = hashlib.sha256(data).hexdigest()
    lock = Lock(_rows(path.name, data, checked=sha256 == known), sha256)
    _read = (stamp, lock)
    return lock


def _rows(name: str, data: bytes, *, checked: bool) -> dict[str, str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: not UTF-8 ({error.reason})", _REBUILD) from error
    rows = {}
    for number, row in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not row or row == HEADER:
            continue
        try:
            job = _job(row) if checked else parse(row).job
        except (ValueError, KeyError, RecursionError) as error:
            what = "a merge conflict" if row[:7] in _CONFLICT else f"not an entry ({error})"
            raise UsageError(f"{name}:{number}:1: {what}", _REBUILD) from error
        rows[job] = row
    return rows


_BEGINNING = '{"job":"'


def _job(row: str) -> str:
    """The job of a good line, without parsing the rest where the line is of our making."""
    job, quote, _ = row[len(_BEGINNING) :].partition('"')
    ours = row.startswith(_BEGINNING) and quote and "\\" not in job
    return job if ours else parse(row).job


_read: tuple[tuple[object, ...], Lock] | None = None
"""The file as it was read last in this process, and its stamp: one run reads it several times."""


def render(rows: Mapping[str, str]) -> bytes:
    """The whole file: the header, then the lines sorted by job."""
    lines = [HEADER, *(rows[job] for job in sorted(rows))]
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")
_REBUILD = "mend the line, or take one side: git checkout --ours nightpress.lock; then run doit"
