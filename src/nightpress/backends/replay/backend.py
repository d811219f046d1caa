"""Gives recorded replies again. What was not recorded is said by its job and phase."""

from __future__ import annotations

from collections.abc import Iterable

from nightpress import fingerprint
from nightpress.backends.recording import Recorded
from nightpress.errors import Answer, BackendError
from nightpress.model import BackendKind, Reply, Request


class Replay:
    """A model.Backend that asks nobody. writer: in whose name it answers (`BACKEND:MODEL`)."""

    name = "replay"
    kind: BackendKind = "model"

    def __init__(self, recorded: Iterable[Recorded], writer: str, place: str) -> None:
        self._writer = writer
        self._place = place
        self._by_question: dict[str, Reply] = {}
        self._asked: dict[tuple[str, str], set[str]] = {}
        for one in recorded:
            self._by_question[one.question] = one.reply
            self._asked.setdefault((one.job, one.phase), set()).add(one.writer)

    def ask(self, request: Request) -> Reply:
        """The recorded reply to exactly this question; BackendError ("unrecorded") for another."""
        question = fingerprint.question(self._writer, request)
        if (reply := self._by_question.get(question)) is not None:
            return reply
        told = f"{request.job}: no reply to this {request.phase} question is recorded"
        who = self._asked.get((request.job, request.phase))
        if who is None:
            told += f" in {self._place}"
        elif self._writer not in who:
            told += f": it was asked of {', '.join(sorted(who))}, not of {self._writer}"
        else:
            told += ": the question has changed since (plugin, generator, schema or settings)"
        raise BackendError(Answer("unrecorded", told, hint=HINT, left=False))

    def close(self) -> None:
        """Nothing is held."""


HINT = "run it once with the writer itself, then record anew: nightpress record FOLDER"
