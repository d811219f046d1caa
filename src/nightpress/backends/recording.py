"""Recorded replies: a folder with one readable file for each, and `recording.json`.

A file is a head of `key: value` lines between two lines `---`, then the reply's text, byte for
byte. The question is its digest (fingerprint.question), so a recording is of exactly that prompt;
beside it stands what it was made from, where that is known, so that another one can say how it
differs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from nightpress.errors import UsageError
from nightpress.model import Reply
from nightpress.storage import atomic, private

__all__ = ["INDEX", "Recorded", "read", "write", "writers"]

INDEX = "recording.json"
MADE_FROM = "made_from"
HEAD = ("question", "job", "phase", "writer", "model", "finish", "tokens_in", "tokens_out")

ANSWERS = "replay"
"""The backend that answers from a recording."""


class Recorded(Struct, frozen=True):
    """One reply. question: the digest that it answers; writer: who was asked (`BACKEND:MODEL`);
    ingredients: what the question was made from (fingerprint.ingredients); {}: not known."""

    question: str
    job: str
    phase: str
    writer: str
    reply: Reply
    ingredients: Mapping[str, str] = {}


def writers(folder: Path) -> tuple[str, ...]:
    """Who wrote what is recorded (`BACKEND:MODEL`), the usual one first; UsageError where the
    folder is no recording."""
    try:
        found = json.loads(private.contents(folder / INDEX))["writers"]
        return tuple(str(one) for one in found)
    except (OSError, ValueError, LookupError, TypeError):
        raise UsageError(
            f"{folder}: there is no recording in it ({INDEX})",
            "nightpress record FOLDER writes one, from the ledger of a run",
        ) from None


def read(folder: Path) -> Iterator[Recorded]:
    """Every recorded reply; UsageError for a file that is none."""
    for path in sorted(folder.rglob("*.md")):
        try:
            yield _parsed(private.contents(path).decode("utf-8"))
        except (OSError, ValueError, LookupError):
            hint = "it was changed by hand, or cut off: record it again (nightpress record)"
            raise UsageError(f"{path}: no recorded reply", hint) from None


def write(folder: Path, replies: Iterable[Recorded]) -> int:
    """Write them, in the place of the recording that may be there; how many there are.

    UsageError where the folder holds something else.
    """
    before = set(folder.rglob("*.md")) if folder.exists() else set()
    if folder.exists() and any(folder.iterdir()) and not (folder / INDEX).is_file():
        raise UsageError(
            f"{folder}: not empty, and not a recording", "name a folder for the recording alone"
        )
    counts: dict[str, int] = {}
    taken: dict[str, int] = {}
    for one in replies:
        counts[one.writer] = counts.get(one.writer, 0) + 1
        stem = f"{_safe(one.job)}.{one.phase}"
        taken[stem] = number = taken.get(stem, 0) + 1
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, _text(one).encode("utf-8"))
        before.discard(path)
    for path in before:
        path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    usual = sorted(counts, key=lambda name: (-counts[name], name))
    atomic.write(folder / INDEX, json.dumps({"writers": usual}, indent=1).encode() + b"\n")
    return sum(counts.values())


def _safe(job: str) -> str:
    """The job as a path below the folder: names of manifests and of enhancements."""
    return "/".join(re.sub(r"[^\w.-]|^\.+", "_", part) for part in job.split("/"))


def _text(one: Recorded) -> str:
    values = (one.question, one.job, one.phase, one.writer, one.reply.model, one.reply.finish,
              one.reply.tokens_in, one.reply.tokens_out)  # fmt: skip
    head = "".join(f"{key}: {value}\n" for key, value in zip(HEAD, values, strict=True))
    if one.ingredients:
        head += f"{MADE_FROM}: {json.dumps(one.ingredients)}\n"
    return f"---\n{head}---\n{one.reply.text}"


def _parsed(text: str) -> Recorded:
    opened, head, body = text.split("---\n", 2)
    if opened:
        raise ValueError("no head")
    said = dict(line.split(": ", 1) for line in head.splitlines())
    question, job, phase, writer, model, finish, tokens_in, tokens_out = (said[k] for k in HEAD)
    reply = Reply(body, model, finish, int(tokens_in), int(tokens_out), raw=body)
    made_from = json.loads(said.get(MADE_FROM, "{}"))
    return Recorded(question, job, phase, writer, reply, dict(made_from))
