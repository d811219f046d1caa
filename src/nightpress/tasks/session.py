"""One doit process: the project, its catalog and its press, made when they are first needed.

Floor 4. `dodo.py` is imported by doit with the project's folder as the working directory.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from nightpress import clock
from nightpress.pipeline.run import Run
from nightpress.plan import catalog
from nightpress.plan.catalog import Catalog
from nightpress.plan.gather import Gatherer
from nightpress.plan.state import Item, PluginState
from nightpress.progress import outlet
from nightpress.progress.meter import Meter
from nightpress.project import options
from nightpress.project.project import STATE, Project
from nightpress.storage import run_lock
from nightpress.tasks import command_line

STATIC = (
    "manifests", "validate", "plan", "review", "report", "explore", "restore", "audit", "prune",
    "backup", "backups", "drill", "verify-vault", "archive", "forget-backups",
)  # fmt: skip
"""Tasks that are not made per plugin; the rest of the line after them is their own."""


class Session:
    """What all tasks of one process share. variables: `name=value` from the command line."""

    def __init__(self, root: Path, variables: Mapping[str, str]) -> None:
        self.root = root
        self.pid = os.getpid()
        self.asked = command_line.read()
        checked = options.read(variables)
        self.selection = command_line.select(self.asked, STATIC)
        self.project = Project(root, checked, os.environ, clock.of(os.environ), self._named())
        self.lock: run_lock.ProjectLock | None = None
        self.running = False
        self.exit_code = 0

    def _named(self) -> frozenset[str]:
        """What the user named: `slug` or `slug/name`."""
        names = self.asked.names if self.asked else ()
        groups = (name.partition(":") for name in names)
        return frozenset(rest for group, _, rest in groups if group == "enhance" and rest)

    @cached_property
    def catalog(self) -> Catalog:
        chosen = self.selection
        if chosen.all:
            return self.whole()
        slugs = None if chosen.stale else chosen.slugs
        return catalog.load(self.project, slugs=slugs, looking=self._looking())

    def whole(self) -> Catalog:
        """All plugins, those that need nothing, too."""
        return catalog.load(self.project, everything=True, looking=self._looking())

    def _looking(self) -> Callable[[int, int], None]:
        return Meter(quiet=self.project.options.get("progress") in ("none", "json")).plugins

    def reload(self) -> None:
        """Look again: a crash was mended after the tasks were made."""
        self.__dict__.pop("catalog", None)

    def shown(self) -> list[Item]:
        """The enhancements that doit is handed: of the plugins with work, or all that were
        selected (doit needs whole plugins, since their tasks depend on one another)."""
        items = list(self.catalog.items.values())
        if not self.selection.stale:
            return items
        order = self.project.defaults.values.get("priority") or catalog.PRIORITY
        first: dict[str, int] = {}
        for item in items:
            if item.work:
                first[item.slug] = min(first.get(item.slug, 9), catalog.rank(item, order))
        busy = [item for item in items if item.slug in first]
        return sorted(busy, key=lambda item: first[item.slug])

    def plugin(self, slug: str) -> PluginState:
        """Everything about one plugin, gathered once."""
        found = self.catalog.gathered.get(slug)
        if found is None:
            found = self.catalog.gathered[slug] = Gatherer(self.project).gather(slug)
        return found

    @cached_property
    def run(self) -> Run:
        words = [Path(sys.argv[0]).name, *sys.argv[1:]]
        return Run(self.project, " ".join(words)[:500])

    @cached_property
    def press(self) -> Any:
        """The press; heavy imports happen here, only when something is stale."""
        from nightpress.pipeline import ask, attempts, pacing, pipeline, publish
        from nightpress.storage import snapshots

        spent = pacing.spending(self.project)
        paced = None
        if self._asks_a_model():
            paced = pacing.pacer(self.run, spent)
        rng = random.Random()  # noqa: S311 - jitter
        caller = ask.Caller(self.run, paced, rng, fallbacks=pacing.fallbacks(self.project))
        return pipeline.Press(
            run=self.run,
            caller=caller,
            plugin=self.plugin,
            snapshots=snapshots.Snapshots(self.project.state / "snapshots"),
            lock=publish.LockBook(self.project),
            spending=spent,
            attempts=attempts.Attempts(self.run, caller),
        )

    def _asks_a_model(self) -> bool:
        """Does the project, or any manifest of what has to be looked at?"""
        states = (s for found in self.catalog.gathered.values() for s in found.states.values())
        return self.project.writer().kind == "model" or any(
            state.writer.kind == "model" for state in states
        )


_current: Session | None = None


def start(variables: Mapping[str, str]) -> Session:
    """The session of this process (a new one for each dodo.py that is loaded)."""
    global _current
    outlet.stand_in()
    root = Path.cwd()
    (root / STATE).mkdir(exist_ok=True)
    _current = Session(root, variables)
    return _current


def current() -> Session:
    if _current is None:
        raise RuntimeError("no dodo.py of nightpress was loaded")
    return _current


def forgotten(task: str) -> None:
    """`doit forget TASK`: the user asks for its enhancements again."""
    group, _, rest = task.partition(":")
    if _current is None or _current.running or group != "enhance":
        return
    project = _current.project
    jobs = [i for i in _current.catalog.items if not rest or i == rest or i.startswith(f"{rest}/")]
    for job in jobs:
        project.ledger.ask(job)
    project.index.unsettle({job.partition("/")[0] for job in jobs})
