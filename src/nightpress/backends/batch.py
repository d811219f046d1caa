"""A backend that takes many questions as one job, and answers in its own time, for less money.

A job is known by a name of ours that is given before it is made, so that it is found again whatever
happens in between. Looking at a job costs nothing, however often.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from nightpress.errors import Answer
from nightpress.model import Reply, Request

__all__ = ["Batching", "Job", "Part", "Told"]


class Part(Struct, frozen=True):
    """One question of a job. key: it comes back with the answer."""

    key: str
    request: Request


class Told(Struct, frozen=True):
    """What came of one part: a reply (cut off: its finish is "length"), or what else."""

    key: str
    result: Reply | Answer


class Job(Struct, frozen=True):
    """A job as it stands. state: in the provider's word; is_over: nothing more will come of it;
    told: what has come of its parts, where it is over."""

    state: str
    is_over: bool
    told: tuple[Told, ...] = ()


class Batching(Protocol):
    """What such a backend has beside `ask`. All raise BackendError. most_bytes: of the questions
    of one job, in UTF-8, with some room for what the provider's form adds."""

    most_bytes: int
    most_parts: int

    def send(self, ours: str, model: str, parts: Sequence[Part]) -> str:
        """Make a job of these parts; the provider's name of it. Where this raises, there may be a
        job all the same, unless the answer says that it never left, or was refused."""

    def find(self, ours: str) -> str | None:
        """The provider's name of the job that has our name; None: there is none."""

    def look(self, name: str, model: str) -> Job | None:
        """The job as it stands; None: the provider knows no such job any more."""

    def cancel(self, name: str) -> None:
        """Ask that no more of it is made."""
