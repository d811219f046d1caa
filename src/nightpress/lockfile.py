"""nightpress.lock: what is true of the committed tree, committed with it.

Floor 2. One line of JSON per enhancement, sorted by job: the target, its sha256, one digest per
ingredient, who wrote it. A clone without a ledger judges staleness from it. One line each, so
that two branches that made different documents merge without a conflict.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nightpress.errors import UsageError
from nightpress.model import Fingerprint

NAME = "nightpress.lock"
HEADER = '{"nightpress.lock":1}'


@dataclass(frozen=True, slots=True)
class Entry:
    """What was published (or adopted) last: target is relative to the project.

    writer: `offline` or `backend:model`, in words (the model's digest is an ingredient);
    accepted: checks whose findings the user accepted with `doit adopt`, or that pass only with the
    document that ours was made from.
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
    for name in Fingerprint.__dataclass_fields__:  # tens of thousands: asdict would copy deeply
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


def read(path: Path) -> dict[str, Entry]:
    """Every entry by job; a missing file is an empty one.

    Raises UsageError with file and line for damage (a merge conflict, say).
    """
    global _read
    try:
        with path.open(encoding="utf-8") as file:
            found = os.fstat(file.fileno())
            stamp = (str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
            if _read is not None and _read[0] == stamp:
                return dict(_read[1])
            text = file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}", _REBUILD) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name}: not UTF-8 ({error.reason})", _REBUILD) from error
    entries = {}
    for number, row in enumerate(text.splitlines(), 1):
        if not row or row == HEADER:
            continue
        try:
            entry = parse(row)
        except (ValueError, KeyError, RecursionError) as error:
            what = "a merge conflict" if row[:7] in _CONFLICT else f"not an entry ({error})"
            raise UsageError(f"{path.name}:{number}:1: {what}", _REBUILD) from error
        entries[entry.job] = entry
    _read = (stamp, dict(entries))
    return entries


_read: tuple[tuple[object, ...], dict[str, Entry]] | None = None
"""The file as it was read last in this process, and its stamp: one run reads it several times."""


def render(entries: Iterable[Entry]) -> bytes:
    """The whole file: the header, then the entries sorted by job."""
    rows = [line(entry) for entry in sorted(entries, key=lambda e: e.job)]
    return ("\n".join([HEADER, *rows]) + "\n").encode("utf-8", "surrogateescape")


def disagreements(
    entries: Mapping[str, Entry], recorded: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """(job, hash in the lock file, hash in the ledger) where the two differ."""
    return [
        (job, entry.sha256, recorded[job])
        for job, entry in entries.items()
        if job in recorded and recorded[job] != entry.sha256
    ]


_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")
_REBUILD = "mend the line, or take one side: git checkout --ours nightpress.lock; then run doit"
