"""A worker's side: what is dear to find out of one plugin, found out away from the coordinator.

Values in, values out. Of the project a worker has its tree, and reads it; lock file, ledger, index
and the rest of the marketplace are the coordinator's alone. What turns on those a worker leaves
(`Elsewhere`), and the coordinator finds it out itself. So an answer is what it would be there:
whoever asks takes it in under the very key that says all that it was made from.
"""

from __future__ import annotations

import copy
import json
import os
import platform
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from nightpress import backends, checks, clock
from nightpress.backends import composer
from nightpress.errors import UsageError
from nightpress.model import Backend, Reply, Request
from nightpress.plan import decide, judge
from nightpress.plan.appraise import Appraiser
from nightpress.plan.state import PluginState, TargetState
from nightpress.project import Project, version

T = TypeVar("T")

__all__ = [
    "Absent",
    "Elsewhere",
    "Found",
    "There",
    "asked",
    "begun",
    "composed",
    "evidence",
    "look",
    "pure",
]


class Elsewhere(BaseException):
    """Only the coordinator knows. Nothing that handles errors may take it for one."""


class Absent(Elsewhere):
    """This worker does not see the project's folder: a parcel is to be sent."""


class There(Struct, frozen=True):
    """Where the project is, as a worker is told. options: the run-wide ones; version, recipe: of
    nightpress and of its generators and schemas, at the coordinator; has_ledger: there, too."""

    root: str
    options: tuple[tuple[str, Any], ...]
    version: str
    recipe: str
    has_ledger: bool

    @classmethod
    def of(cls, project: Project) -> There:
        return cls(
            str(project.root),
            tuple(sorted(project.options.items())),
            version(),
            project.recipe(),
            project.has_ledger,
        )

    def project(self) -> Project:
        """This worker's view of it; UsageError where it is not the coordinator's, Absent where its
        folder is not seen here."""
        return copy.copy(_view(self))

    @property
    def is_seen(self) -> bool:
        """Does this worker see the project's folder?"""
        return (Path(self.root) / "manifests").is_dir()

    def check(self) -> None:
        """UsageError where this worker is of another version."""
        if self.version != version():
            raise UsageError(
                f"{_where()} has nightpress {version()}, and this is {self.version}",
                f"on every worker: pip install nightpress=={self.version}",
            )


class Found(Struct, frozen=True):
    """What was found out of a plugin: appraisals for the index; texts that were composed. whole: it
    is all that decides its documents, and nothing was left to the coordinator."""

    appraisals: dict[str, str]
    texts: dict[str, str]
    whole: bool = True

    def take_in(self, project: Project) -> None:
        """At the coordinator: what was found out is known."""
        project.index.keep_appraisals(self.appraisals)
        composer.take_in(self.texts)


def look(there: There, plugin: PluginState) -> Found:
    """What decides the documents of an opened plugin."""
    view = there.project()
    notes = view.__dict__["index"] = Notes()
    whole = True
    with composer.noting() as texts:
        try:
            decide.decide(plugin, Appraiser(view).complete)
        except Elsewhere:
            whole = False
    return Found(notes.found, texts, whole)


def composed(there: There, request: Request) -> Reply:
    """What the offline writer says."""
    there.check()
    return composer.Offline().ask(request)


def begun(
    there: There, plugin: PluginState, state: TargetState, text: str, finish: str
) -> tuple[checks.Begun, checks.Begun | None]:
    """What the plugin alone tells of a draft, and of what stands there."""
    view = there.project()
    view.__dict__["index"] = Notes()
    return judge.begun(view, *judge.drafted(plugin, state, text, finish))


def evidence(there: There, plugin: PluginState, state: TargetState, text: str) -> str:
    """What a draft rests on, as the ledger keeps it."""
    view = there.project()
    view.__dict__["index"] = Notes()
    return judge.evidence_of(view, plugin, state, text)


def pure(there: There, work: Callable[..., T], *given: Any) -> T:
    """Work that needs nothing of the project but files of a plugin."""
    there.check()
    return work(*given)


def asked(there: There, name: str, settings: str, request: Request) -> Reply:
    """One call of a model, with the key of this worker's own environment."""
    there.check()
    return _backend(name, settings).ask(request)


@lru_cache(maxsize=8)
def _backend(name: str, settings: str) -> Backend:
    """One client for all calls of this worker; settings: as JSON."""
    return backends.make(name, json.loads(settings), os.environ)


class Known:
    """What was found out before, in the coordinator's index, and nothing else."""

    def __init__(self, project: Project) -> None:
        self._index = project.index
        project = copy.copy(project)
        project.__dict__["index"] = self
        self._complete = Appraiser(project).complete

    def decides(self, plugin: PluginState) -> bool:
        """Decide an opened plugin, unless there is something to find out."""
        if plugin.is_open:
            try:
                plugin.states = decide.decide(plugin, self._complete)
            except Elsewhere:
                return False
            except Exception:  # noqa: BLE001 - whoever decides it meets the same, and tells
                return True
        return True

    def appraisal(self, key: str) -> str:
        if (value := self._index.appraisal(key)) is None:
            raise Elsewhere(key)
        return value


class Notes:
    """A worker's index: what it finds out in one task, and nothing else."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def appraisal(self, key: str) -> str | None:
        return self.found.get(key)

    def keep_appraisal(self, key: str, value: str) -> None:
        self.found[key] = value

    def __getattr__(self, name: str) -> Any:
        raise Elsewhere(name)


class _View(Project):
    """The project in a worker: its defaults, generators and plugins."""

    def __init__(self, there: There) -> None:
        super().__init__(Path(there.root), dict(there.options), {}, clock.of({}))
        self._there = there
        self.__dict__["index"] = Notes()
        del self.state, self.ledger_path, self.lock_path

    @property
    def has_ledger(self) -> bool:
        if self._there.has_ledger:
            raise Elsewhere("ledger")
        return False

    def others(self) -> None:
        raise Elsewhere("the other plugins")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Elsewhere(name)

    def __hash__(self) -> int:
        return hash(self._there)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _View) and other._there == self._there


@lru_cache(maxsize=4)
def _view(there: There) -> _View:
    view = _View(there)
    there.check()
    if not there.is_seen:
        raise Absent(there.root)
    if view.recipe() != there.recipe:
        raise UsageError(
            f"{_where()} does not have this project's generators and schemas at {there.root}",
            "let workers see the project's folder at that path, or nothing",
        )
    return view


def _where() -> str:
    return f"a worker ({platform.node()}, {sys.executable})"
