"""doit's reporter: the lock, Ctrl-C, one line per finished enhancement, the summary, the status.

doit tells it of tasks; the run tells it of enhancements. Everything is written at once.
Exit status: 0 done, 1 some failed or were refused, 2 a bug, 3 usage or configuration, 75 another
run is busy, 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

from doit.exceptions import BaseFail, TaskFailed, UnmetDependency

from nightpress import errors, voice
from nightpress.progress import Lane, leave
from nightpress.tasks import command_line, session, signals
from nightpress.text import fitted, safe
from nightpress.voice import spoken

if TYPE_CHECKING:
    from doit.task import Task

    from nightpress.pipeline import Listener
    from nightpress.project import Project

__all__ = ["Reporter"]

PATIENCE = 4.0
"""Seconds that calls in flight have after a Ctrl-C; then they are given up."""


def _one_by_one(tasks: dict[str, Task], selected: list[str]) -> None:
    """Name the members of a selected group before it, in place, before doit begins with the list.

    doit opens all of a group's members first, and so would analyse every plugin before it makes
    any document: a day's quota that is spent half-way would leave analyses, and nothing published.
    """
    names = [[*tasks[name].task_dep, name] if name in tasks else [name] for name in selected]
    selected[:] = dict.fromkeys(name for group in names for name in group)


class Reporter:
    """The reporter class that doit makes one of (see doit.reporter.ConsoleReporter)."""

    desc = "nightpress: one line per finished enhancement, and a summary"

    def __init__(self, outstream: TextIO, options: dict[str, Any]) -> None:
        self._lane = Lane()
        self.out, self._err = self._lane.outlets((outstream or sys.stdout, sys.stderr))
        self._stderr = sys.stderr
        self.options = options
        self.now = session.begin()
        self.status = errors.EXIT_OK
        self.doit_status = errors.EXIT_OK
        self.writing = False
        self.selected: list[str] = []
        self.analysed_before = 0
        self.began = self.now.clock.monotonic()

    # --- begin ---

    def initialize(self, tasks: dict[str, Task], selected_tasks: list[str]) -> None:
        """Before any task: take the lock, check the configuration, mend what a crash left."""
        _one_by_one(tasks, selected_tasks)
        now = self.now
        now.running = True
        self.selected = list(selected_tasks)
        groups = {name.partition(":")[0] for name in selected_tasks}
        self.writing = bool(groups & command_line.WRITING) and not self._only_lists()
        if not self.writing:
            if groups - command_line.READING:
                signals.under_way(now)
            return
        try:
            self._check(groups)
            self._take_lock()
            if now.unmoved is not None:
                selected_tasks.clear()  # doit need not even open its state
                return
            now.run.listeners.append(self._listener())
            if "enhance" in groups or "analyse" in groups:
                self._check_writers()
            self._reconcile()
            if "enhance" in groups:
                self._follow()
            if now.selection.stale:
                self._retire()
            self._count(groups)
        except (errors.NightpressError, OSError) as error:
            known = errors.known(error)
            self._release()
            if known is None:
                raise
            self._warn(f"ERROR: {known}")
            raise SystemExit(known.exit_code) from None
        self._catch_signals()

    def _only_lists(self) -> bool:
        invocation = self.now.invocation
        return invocation is not None and "--list" in invocation.flags

    def _check(self, groups: set[str]) -> None:
        if not self.now.options.get("force"):
            return
        if not self.now.project.named:
            raise errors.UsageError(
                "force=1 needs a named task",
                "name the plugin or the enhancement: doit force=1 enhance:NAME",
            )
        if groups - {"enhance"}:
            raise errors.UsageError("force=1 is for enhance tasks alone")

    def _check_writers(self) -> None:
        self.now.project.writer()
        if self.now.project.defaults.values.get("fallback_models"):
            from nightpress.pipeline import pacing

            pacing.fallbacks(self.now.project)

    def _count(self, groups: set[str]) -> None:
        """How much there is to do, for those who watch."""
        if "enhance" in groups:
            run, catalog = self.now.run, self.now.catalog
            work = sum(item.work for item in catalog.items.values())
            run.work = min(work, self.now.project.options.get("limit") or work)
            idle = sum(not i.work and i.decision.action == "fresh" for i in catalog.items.values())
            run.current = idle + catalog.unmoved["fresh"]

    def _take_lock(self) -> None:
        from nightpress.storage import run_lock

        if self.now.lock is None:
            self.now.lock = run_lock.acquire(self.now.state, command_line.text())

    def _reconcile(self) -> None:
        """What a crash left is ended; what only the lock file lacks is put there again."""
        from nightpress.ledger import batches

        project = self.now.project
        if not project.has_ledger:
            return
        self._recover(project)
        if batches.any_open(project.ledger):
            self.now.press.caller.box.collect()

    def _recover(self, project: Project) -> None:
        from nightpress.plan import agreement

        died = project.ledger.unfinished()
        refused = os.path.lexists(project.state / "room")
        if died or refused or agreement.lags(project):
            from nightpress.pipeline import calls, recover

            if refused:
                calls.take_in(self.now.run)
            if died:
                recover.reconcile(self.now.run)
            elif not recover.mend_lock(self.now.run):
                return
            self.now.reload()

    def _follow(self) -> None:
        """What was moved as it is stays ours, and the lock file says where it is."""
        plugins = self.now.catalog.plugins.values()
        moved = [
            (f"{plugin.slug}/{name}", state)
            for plugin in plugins
            for name, state in plugin.states.items()
            if (known := state.inputs.publication) is not None and known.moved
        ]
        if moved:
            from nightpress.pipeline import recover

            recover.follow(self.now.run, moved)

    def _retire(self) -> None:
        """Lines of the lock file that nothing calls for leave it, where all were looked at."""
        from nightpress.plan import agreement

        if slugs := agreement.retired(self.now.project):
            from nightpress.pipeline import recover

            if recover.retire(self.now.run, slugs):
                self.now.reload()

    def _listener(self) -> Listener:
        from nightpress.progress import plain

        project = self.now.project
        how = plain.chosen(project.options.get("progress"), self.out, os.environ)
        if how != "rich":
            return plain.listener(how, self.out)
        from nightpress.progress import eta, live

        return live.Live(self.out, project.clock.time, lambda s: eta.of(project, s))

    def _catch_signals(self) -> None:
        """First Ctrl-C (or SIGTERM): no new work, and PATIENCE for what is in flight. Second: out
        at once."""
        if threading.current_thread() is not threading.main_thread():
            return
        run = self.now.run

        def give_up() -> None:
            if (press := self.now.open_press) is not None:
                press.caller.give_up()

        def caught(number: int, _frame: FrameType | None) -> None:
            signal.signal(number, signal.SIG_DFL)
            run.interrupted = True
            run.stop.set()
            patience = threading.Timer(PATIENCE, give_up)
            patience.daemon = True
            patience.start()
            self._warn(f"interrupted: {PATIENCE:.0f} s for what is in flight (again: out at once)")

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, caught)

    # --- what doit tells of tasks ---

    def get_status(self, task: Task) -> None:
        """A task was selected: nothing to tell."""

    def execute_task(self, task: Task) -> None:
        """A task begins: the run tells of enhancements."""

    def add_success(self, task: Task) -> None:
        """A task ended: the run has told of it."""

    def skip_uptodate(self, task: Task) -> None:
        """Counted in the summary."""
        self.analysed_before += task.name.startswith("analyse:")

    def skip_ignore(self, task: Task) -> None:
        if task.name == "enhance" or task.actions is None or not task.actions:
            return  # it is its documents that are told of
        self._say(f"ignored      {task.name} (doit ignore; doit forget takes it back)")

    def add_failure(self, task: Task, fail: BaseFail) -> None:
        """A verb's known error (TaskFailed), what hangs on it, or a bug with its traceback."""
        if isinstance(fail, TaskFailed):
            self.doit_status = max(self.doit_status, errors.EXIT_FAILED)
            self.status = max(self.status, self.now.exit_code or errors.EXIT_FAILED)
            if fail.report and fail.message:
                self._warn(f"ERROR: {fail.message}")
            return
        self.doit_status = errors.EXIT_BUG
        if isinstance(fail, UnmetDependency):  # what failed has been told, and has its status
            if task.actions:
                self._warn(f"ERROR: {task.name}: not run, because {fail.message} failed")
            return
        self.status = errors.EXIT_BUG
        from nightpress.checks import redact  # an error's words may be a plugin's

        said = redact(fail.get_msg())[0]
        self._warn(f"ERROR: {task.name}: a bug in nightpress, please report it\n{said}")

    def cleanup_error(self, exception: BaseFail) -> None:
        self._warn(f"ERROR: {exception.get_msg()}")

    def runtime_error(self, msg: str) -> None:
        self.doit_status = self.status = errors.EXIT_BUG
        self._warn(f"ERROR: {msg}")

    def teardown_task(self, task: Task) -> None:
        """None of our tasks has one."""

    # --- the end ---

    def complete_run(self) -> None:
        """The summary, the run's row, the lock; then our exit status, where doit's would differ."""
        try:
            if self.writing and self.now.lock is not None:
                self._finish() if self.now.unmoved is None else self._say_unmoved()
        except (errors.NightpressError, OSError) as error:
            if (known := errors.known(error)) is None:
                raise
            self._warn(f"ERROR: {known}")
            self.status = max(self.status, known.exit_code)
        finally:
            self._release()
            self._lane.close()  # all is on record: now whoever reads may take their time
        if self.status != self.doit_status:
            raise SystemExit(self.status)
        if self.now.unmoved is not None and command_line.read() is not None:
            leave(self.status)

    def _say_unmoved(self) -> None:
        from nightpress.progress import summary

        if self.now.options.get("progress") != "none":
            for line in summary.lines({}, self.now.unmoved or {}, seconds=0, calls=0, tokens=0):
                self._say(line)
            if self.now.unmoved_said:
                self._say(self.now.unmoved_said)

    def _finish(self) -> None:
        from nightpress.tasks import ending

        run = self.now.run
        ending.close_press(self.now)
        if run.failures():
            self.status = max(self.status, errors.EXIT_FAILED)
        if run.fatal:
            self.status = max(self.status, run.fatal_status)
        if run.interrupted:
            self.status = errors.EXIT_INTERRUPTED
        chapters = {name.partition(":")[0] for name in self.selected}
        if "enhance" in chapters:
            self._summarise()
        elif {"analyse", "snapshot"} & chapters and not voice.is_dry():
            rows, failed = ending.of_plugins(self.now, chapters, self.analysed_before)
            self.status = max(self.status, errors.EXIT_FAILED if failed else self.status)
            for row in rows:
                self._tell(row)
        elif len(run.outcomes) > 1:  # of `apply` and `adopt`
            from nightpress.model import said

            counts = run.endings().most_common()
            self._tell(", ".join(f"{count} {said(ending)}" for ending, count in counts))
        if self.status == errors.EXIT_OK and not run.outcomes:
            self.now.keep_unmoved()
        for listener in run.listeners:  # a screen gives the terminal back
            getattr(listener, "close", lambda: None)()
        json = self.now.options.get("progress") == "json"
        ending.end(
            self.now, self.status,
            say=self._warn if json else self._say,
            warn=self._warn,
        )  # fmt: skip

    def _summarise(self) -> None:
        from nightpress.tasks import ending

        for problem in ending.problems(self.now):
            self.status = max(self.status, errors.EXIT_FAILED)
            self._warn(problem)
        if self.now.options.get("progress") == "none":
            for line in ending.failures(self.now):
                self._warn(line)
        for line in ending.lines(self.now, self.now.clock.monotonic() - self.began):
            self._tell(line)

    def _tell(self, line: str) -> None:
        self.now.run.tell("summary", line)
        if not self.now.run.listeners:
            self._say(line)

    def _release(self) -> None:
        if self.now.lock is not None:
            self.now.lock.release()
            self.now.lock = None

    def _say(self, text: str) -> None:
        self.out.write(safe(spoken(text), newlines=True) + "\n")

    def _warn(self, text: str) -> None:
        """On standard error; above the screen while there is one, which stands in for it then."""
        out = self._err if sys.stderr is self._stderr else sys.stderr
        out.write(fitted(safe(spoken(text), newlines=True), out) + "\n")
