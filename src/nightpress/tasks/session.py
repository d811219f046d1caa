"""One doit process: the project, its catalog and its press, made when they are first needed.

doit imports dodo.py with the project's folder as the working directory; the session begins when
doit opens its state, before any task is made.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.exceptions import InvalidDodoFile, TaskFailed

from nightpress import clock, errors
from nightpress.errors import NightpressError, UsageError
from nightpress.progress import outlet
from nightpress.tasks import command_line, dodo, signals
from nightpress.text import safe, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nightpress.pipeline import Engine, Press, Run
    from nightpress.plan import Catalog, Environ, Item, PluginState
    from nightpress.project import Project
    from nightpress.storage import ProjectLock

__all__ = ["Session", "begin", "current", "documents", "failed", "forget", "forgotten"]


class Session:
    """What all tasks of one process share. options: run-wide ones, checked; invocation: what the
    user asked doit for; lock: the project's, while we hold it; running: doit has begun with the
    tasks; exit_code: of the last known error."""

    def __init__(self, root: Path, options: dict[str, Any]) -> None:
        self.root = root
        self.options = options
        self.pid = os.getpid()
        self.since = time.time_ns()
        self.clock = clock.of(os.environ)
        self.invocation = command_line.read()
        self.selection = command_line.select(self.invocation)
        self.lock: ProjectLock | None = None
        self.began = False
        self.running = False
        self.exit_code = 0
        self.unmoved_said = ""
        self._catalog: Catalog | None = None
        self._press: Press | None = None
        self._guard = threading.Lock()

    @property
    def state(self) -> Path:
        return self.root / dodo.STATE

    @cached_property
    def project(self) -> Project:
        from nightpress.project import Project

        asked = self.invocation
        names = asked.names if asked and asked.command not in command_line.SHOWING else ()
        groups = (name.partition(":") for name in names)
        named = frozenset(rest for group, _, rest in groups if group == "enhance" and rest)
        if names[:1] == ("plan",) and asked and self.options.get("force"):  # a dry run of it
            flags = (flag.partition("=") for flag in asked.flags)
            values = (value for flag, _, value in flags if flag == "--plugin")
            named = frozenset(name for value in values for name in value.split(",") if name)
        project = Project(self.root, self.options, self.environ, self.clock, named)
        project.only_told = names[:1] == ("plan",)
        return project

    @cached_property
    def environ(self) -> Environ:
        from nightpress.plan import Environ

        return Environ(os.environ)

    @cached_property
    def run(self) -> Run:
        from nightpress.pipeline import Run

        return Run(self.project, command_line.text())

    @cached_property
    def engine(self) -> Engine | None:
        """The workers, where the settings name any; None: this process does it all."""
        if str(self.project.values.get("engine") or "threads") == "threads":
            return None
        from nightpress.pipeline import engine

        self.run.engine = made = engine.of(self.project, self.run.notice)
        if made is not None:
            made.news = self.run.worked_so_far
        return made

    def step_aside(self) -> None:
        """Let go of the lock, where this command does nothing else: a run may begin."""
        if self.lock is not None and self.invocation and len(self.invocation.names) == 1:
            self.lock.release()
            self.lock = None

    def come_back(self) -> bool:
        """Take it again; False: a run has it."""
        from nightpress.storage import run_lock

        if self.lock is None:
            with suppress(errors.BusyError):
                self.lock = run_lock.acquire(self.state, command_line.text())
        return self.lock is not None

    # --- what there is to do ---

    @cached_property
    def unmoved(self) -> Counter[str] | None:
        """The decisions of all plugins, counted, if nothing at all has moved since a run found
        nothing to do; None where that is not plain."""
        if not self.selection.stale or self.options.get("progress") == "json":
            return None
        from nightpress.plan import unmoved
        from nightpress.storage import Index

        path = self.state / "index.db"
        if not path.exists():
            return None
        with closing(Index(path, self.root)) as index:
            counts = unmoved.look(index, self.root, self.options)
            self.unmoved_said = unmoved.said(index) if counts is not None else ""
        return counts

    def keep_unmoved(self) -> None:
        """Leave a note for the next run, if this one found nothing to do."""
        from nightpress.plan import unmoved

        catalog = self._catalog
        if not self.selection.stale or catalog is None or catalog.items or catalog.problems:
            return
        unmoved.keep(
            self.project,
            len(catalog.slugs),
            self.environ,
            self.since,
            catalog.new,
            said=self.waiting(),
        )

    def waiting(self) -> str:
        """What there is to do where a run has nothing to do: the drafts that wait for a person."""
        from nightpress.ledger import reviews

        jobs = reviews.waiting_jobs(self.project.ledger) if self.project.has_ledger else []
        slugs = frozenset(self.project.slugs() if jobs else ())
        jobs = [job for job in jobs if job.partition("/")[0] in slugs]
        if self.project.named:
            jobs = [job for job in jobs if job in self.catalog.items]
        waits = "1 draft waits" if len(jobs) == 1 else f"{len(jobs):,} drafts wait"
        return f"  next         nightpress review: {waits} for you" if jobs else ""

    @property
    def catalog(self) -> Catalog:
        if self._catalog is None:
            from nightpress.plan import catalog

            chosen = self.selection
            if chosen.all:
                self._catalog = self.whole()
            else:
                slugs = None if chosen.stale else chosen.slugs
                self._catalog = catalog.load(
                    self.project, slugs=slugs, meter=self._meter(), ahead=lambda: self.engine
                )
        return self._catalog

    def whole(self) -> Catalog:
        """All plugins, those that need nothing, too."""
        from nightpress.plan import catalog

        return catalog.load(
            self.project, everything=True, meter=self._meter(), ahead=lambda: self.engine
        )

    def _meter(self) -> Callable[[int, int], None]:
        from nightpress.progress import Meter

        return Meter(quiet=self.options.get("progress") in ("none", "json")).plugins

    def reload(self) -> None:
        """Look again: a crash was mended after the tasks were made."""
        self._catalog = None

    def items(self) -> list[Item]:
        """The enhancements that doit is handed: of the plugins with work, or all that were
        selected (doit needs whole plugins, since their tasks depend on one another)."""
        if self.selection.nothing or self.unmoved is not None:
            return []
        from nightpress.plan import catalog

        try:
            items = list(self.catalog.items.values())
            self._check_names()
            if not self.selection.stale:
                return items
            order = self.project.defaults.values.get("priority") or catalog.PRIORITY
        except (NightpressError, OSError) as error:
            raise InvalidDodoFile(sentence(error)) from None
        first: dict[str, int] = {}
        for item in items:
            if item.work:
                first[item.slug] = min(first.get(item.slug, 9), catalog.rank(item, order))
        busy = [item for item in items if item.slug in first]
        return sorted(busy, key=lambda item: first[item.slug])

    def _check_names(self) -> None:
        """UsageError for a document that no manifest declares, with those that there are, for a
        pattern that none of them matches, and for a plugin that cannot be worked with."""
        for name in self.invocation.names if self.invocation is not None else ():
            group, _, job = name.partition(":")
            if "*" in job and group in command_line.PER_PLUGIN:
                matching(self.catalog, job)
            slug, slash, document = job.partition("/")
            if group in command_line.PER_PLUGIN and slug in self.catalog.slugs:
                self.sound(slug)
            own = [i.name for i in self.catalog.items.values() if i.slug == slug]
            named = group in ("enhance", "adopt") and slash and "*" not in name
            if named and own and document not in own:
                near = suggestion(document, own, f"'{group}:{slug}/{{}}'", lead="; ")
                raise UsageError(
                    f"{slug} has no document {document!r}{near}", f"it has: {', '.join(own)}"
                )

    def names_document(self, chapter: str) -> bool:
        """Does the command line name a document (CHAPTER:PLUGIN/NAME)? Only then there is a task
        for each."""
        named = self.invocation.names if self.invocation is not None else ()
        return any(name.startswith(f"{chapter}:") and "/" in name for name in named)

    def goes_with_its_plugin(self, chapter: str, name: str) -> bool:
        """Is it a document that nobody named? The task of its plugin has seen to it."""
        if "/" not in name or self.invocation is None:
            return False
        return not any(fnmatchcase(f"{chapter}:{name}", named) for named in self.invocation.names)

    def known(self, name: str) -> None:
        """UsageError for a PLUGIN or PLUGIN/NAME that there is not; "" stands for all."""
        slug, slash, _ = name.partition("/")
        known, what = list(self.catalog.slugs), "plugin"
        if slash and slug in known:
            known, what = [f"{slug}/{one}" for one in self.plugin(slug).states], "document"
        if name and name not in known:
            near = suggestion(name, known, lead="; ")
            raise UsageError(
                f"there is no {what} {name!r}{near}", "manifests/ has a file for each plugin"
            )

    def sound(self, slug: str) -> None:
        """UsageError, as the plan says it, for a plugin that cannot be worked with."""
        _sound([self.plugin(slug)])

    def slugs(self) -> list[str]:
        """The plugins of those enhancements."""
        return list(dict.fromkeys(item.slug for item in self.items()))

    def plugin(self, slug: str) -> PluginState:
        """Everything about one plugin, gathered once."""
        state = self.catalog.plugins.get(slug)
        if state is None:
            from nightpress.plan import Gatherer

            state = self.catalog.plugins[slug] = Gatherer(self.project).gather(slug)
        return state

    # --- who does it ---

    @property
    def press(self) -> Press:
        """The press; heavy imports happen here, only when something is stale. One for all threads:
        of two, each would ask on its own, and a Ctrl-C would reach the calls of one alone."""
        with self._guard:
            if self._press is None:
                self._press = self._new_press()
            return self._press

    @property
    def open_press(self) -> Press | None:
        """The press, if there has been work for it."""
        return self._press

    def _new_press(self) -> Press:
        import random

        from nightpress.pipeline import ask, attempts, lanes, outlook, pacing, pipeline, publish
        from nightpress.storage import snapshots

        spending = pacing.spending(self.project)
        self.run.engine = self.engine
        paced = pacing.pacer(self.run, spending) if self._asks_a_model() else None
        jitter = random.Random()  # noqa: S311
        caller = ask.Caller(self.run, paced, jitter, fallbacks=pacing.fallbacks(self.project))
        if lanes.named(self.project, self.project.writer()) == "auto":
            caller.auto = outlook.taken(self.project, self.catalog)
            self.run.notice_once(f"lane: auto takes {caller.auto} for this run")
        return pipeline.Press(
            run=self.run,
            caller=caller,
            plugin=self.plugin,
            snapshots=snapshots.Snapshots(self.project.state / "snapshots"),
            lock=publish.LockBook(self.project),
            spending=spending,
            attempts=attempts.Attempts(self.run, caller),
        )

    def _asks_a_model(self) -> bool:
        """Does the project, or any manifest of what has to be looked at?"""
        states = (s for state in self.catalog.plugins.values() for s in state.states.values())
        return self.project.writer().kind == "model" or any(
            state.writer.kind == "model" for state in states
        )


def _sound(plugins: Sequence[PluginState]) -> None:
    """UsageError for those that cannot be worked with."""
    found = [p for one in plugins if not one.states for p in one.problems if p.severity == "error"]
    if found:
        from nightpress.project import folded

        raise UsageError("\n".join(folded(found)))


def matching(catalog: Catalog, pattern: str) -> set[str]:
    """The enhancements whose plugin or name matches; UsageError if there is none,
    as the plan says it where it is that of a plugin that cannot be worked with."""
    items = catalog.items.values()
    found = {i.id for i in items if fnmatchcase(i.id, pattern) or fnmatchcase(i.slug, pattern)}
    if not found:
        slugs = [slug for slug in catalog.slugs if fnmatchcase(slug, pattern.partition("/")[0])]
        _sound([catalog.plugins[slug] for slug in slugs if slug in catalog.plugins])
        near = suggestion(pattern.replace("*", ""), catalog.slugs, "'{}*'", lead="; ")
        raise UsageError(
            f"no plugin and no document matches {pattern!r}{near}",
            "manifests/ has a file for each plugin",
        )
    return found


_session: Session | None = None


def current() -> Session:
    """The session of this process, for the folder that doit runs in. A wrong option ends doit
    with exit status 3 before any task."""
    global _session
    if _session is None:
        try:
            _session = Session(Path.cwd(), _options())
        except NightpressError as error:
            raise InvalidDodoFile(sentence(error)) from None
    return _session


def begin() -> Session:
    """doit starts: mind signals, and take the project's lock where work was plainly asked for."""
    session = current()
    if not session.began:
        session.began = True
        outlet.stand_in()
        if session.invocation is not None:
            dodo.check(session.invocation)
        signals.enter(session)
    return session


def forget() -> None:
    """Another dodo.py is loaded: its session is a new one."""
    global _session
    _session = None


def _options() -> dict[str, Any]:
    """The run-wide options (`name=value` on doit's command line), checked."""
    module = sys.modules.get("doit.doit_cmd")
    variables = dict(getattr(module, "_CMDLINE_VARS", None) or {})
    if not variables:
        return {}
    from nightpress.project import options

    return options.read({name: str(value) for name, value in variables.items()})


def documents(task: str) -> list[str]:
    """The tasks of the documents that the user's wish for `task` (`enhance`, `enhance:PLUGIN` or
    `enhance:PLUGIN/NAME`) is about; none while doit runs tasks, which has wishes of its own."""
    group, _, rest = task.partition(":")
    if _session is None or _session.running or group != "enhance":
        return []
    jobs = _session.catalog.items
    return [f"enhance:{i}" for i in jobs if not rest or i == rest or i.startswith(f"{rest}/")]


def forgotten(task: str) -> None:
    """`doit forget TASK`: the user asks for its enhancements again."""
    jobs = [name.partition(":")[2] for name in documents(task)]
    if _session is None or not jobs:
        return
    for job in jobs:
        _session.project.ledger.ask(job)
    _session.project.index.invalidate({job.partition("/")[0] for job in jobs})


def failed(error: Exception) -> TaskFailed:
    """How a known error ends a task; a bug is raised again."""
    text = sentence(error)
    if known := errors.known(error):
        current().exit_code = known.exit_code
    return TaskFailed(text, report=True)


def sentence(error: Exception) -> str:
    """A known error in words that are safe to show; a bug is raised again."""
    if (known := errors.known(error)) is None:
        raise error
    return safe(str(known), newlines=True)
