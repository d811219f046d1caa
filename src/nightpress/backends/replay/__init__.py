"""Replies that were recorded, given again: a whole run without key or network.

What was not recorded is said by its job and phase.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nightpress import fingerprint
from nightpress.backends.declaration import (
    FREE_MODEL,
    Access,
    Declaration,
    Environ,
    Settings,
    schema,
)
from nightpress.errors import Answer, BackendError, UsageError
from nightpress.model import Backend, BackendKind, Reply, Request

if TYPE_CHECKING:
    from nightpress.backends.recording import Recorded

__all__ = ["REPLAY"]


NOTHING = (
    "backend: replay does not say from where",
    "doit backend=replay:FOLDER, or replay: {folder: FOLDER}",
)
NAMED = 4
"""Things that changed that a message names."""
HINT = "run it once with the writer itself, then record again: nightpress record FOLDER"


class Replay:
    """A model.Backend that asks nobody. writer: in whose name it answers (`BACKEND:MODEL`)."""

    name = "replay"
    kind: BackendKind = "model"

    def __init__(self, recorded: Iterable[Recorded], writer: str, place: str) -> None:
        self._writer = writer
        self._place = place
        self._by_question: dict[str, Reply] = {}
        self._asked: dict[tuple[str, str], list[Recorded]] = {}
        for one in recorded:
            self._by_question[one.question] = one.reply
            self._asked.setdefault((one.job, one.phase), []).append(one)

    def ask(self, request: Request) -> Reply:
        """The recorded reply to exactly this question; BackendError ("unrecorded") for another."""
        question = fingerprint.question(self._writer, request)
        if (reply := self._by_question.get(question)) is not None:
            return reply
        told = f"no reply to this {request.phase} question is recorded"
        asked = self._asked.get((request.job, request.phase), ())
        who = {one.writer for one in asked}
        if not who:
            told += f" in {self._place}"
        elif self._writer not in who:
            told += f": it was asked of {', '.join(sorted(who))}, not of {self._writer}"
        else:
            told += f": since it was asked, {_changed(asked, request)}"
        raise BackendError(Answer("unrecorded", told, hint=HINT, left=False))

    def close(self) -> None:
        """Nothing is held."""


def _changed(asked: Sequence[Recorded], request: Request) -> str:
    """In what the question differs from the one that is most like it."""
    now = fingerprint.ingredients(request)
    if request.phase == "repair":
        del now[fingerprint.WORDING]  # it holds the draft
    each = (fingerprint.differences(one.ingredients, now) for one in asked if one.ingredients)
    found = min(each, key=len, default=None)
    if found is None:
        return "the question has changed (plugin, generator, schema or settings)"
    if not found:
        return "the draft that it is about has changed, or what the checks say of it"
    rest = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + rest


def _folder(settings: Settings) -> str:
    return str(settings.get("at") or settings.get("folder") or "")


def _access(settings: Settings) -> Access:
    """The recording, in the names of those who wrote it."""
    from nightpress.backends.recording import writers

    folder = _folder(settings)
    if not folder:
        return Access("a recording", models={}, others=FREE_MODEL, free=True, missing=NOTHING)
    return Access(
        f"the recording in {folder}", models={}, others=FREE_MODEL, free=True,
        stands_for=writers(Path(folder)),
    )  # fmt: skip


def _make(settings: Settings, _environ: Environ) -> Backend:
    from nightpress.backends.recording import read

    folder = _folder(settings)
    if not folder:
        raise UsageError(*NOTHING)
    return Replay(read(Path(folder)), str(settings["writer"]), folder)


REPLAY = Declaration(
    name="replay",
    title="a recording",
    kind="model",
    make=_make,
    access=_access,
    free=True,
    stands_in=True,
    others=FREE_MODEL,
    advice={"unrecorded": "ask the writer itself, then record again: nightpress record FOLDER"},
    settings=schema(
        "Recorded replies in the place of a model.",
        folder={
            "type": "string",
            "description": "Where `nightpress record` put them, relative to the project.",
            "minLength": 1,
            "maxLength": 1000,
        },
    ),
)
