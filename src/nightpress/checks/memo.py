"""The answers of gates, remembered with what they turned on.

A gate is a pure function of the document and of what it reads of the context, so its answer holds
in every context that agrees in that. One draft is judged several times in contexts that differ in
little: as it is composed, among its neighbours, and without the document that it was made from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, cast

from msgspec import Struct

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Gate, Options, Spot

_LIVE = frozenset({"neighbours", "elsewhere", "rivals"})
"""What changes behind the context's back: what turned on it is not remembered."""


class _Watched:
    """A context that notes what it is asked."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.read: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        value = self.read[name] = getattr(self._context, name)
        return value


class _Answer(Struct, frozen=True):
    """read: field of the context -> the value that the gate saw."""

    options: Options
    read: Mapping[str, Any]
    spots: tuple[Spot, ...]

    def holds(self, gate: Gate, context: Context) -> bool:
        return self.options == gate.options and all(
            getattr(context, name) == value for name, value in self.read.items()
        )


def answer(gate: Gate, document: Document, context: Context) -> Sequence[Spot]:
    """What one of our gates says of the document; asked only if no known answer holds."""
    answers = _answers(document.text, document.raw).setdefault(gate.name, [])
    for one in answers:
        if one.holds(gate, context):
            return one.spots
    watched = _Watched(context)
    findings = gate.check(document, cast("Context", watched), gate.options)
    spots = tuple(islice(findings, gate.most))
    if not _LIVE & watched.read.keys():
        answers.append(_Answer(gate.options, watched.read, spots))
    return spots


@lru_cache(maxsize=8)
def _answers(text: str, raw: str) -> dict[str, list[_Answer]]:  # noqa: ARG001 - the key
    return {}
