"""Where pure work is done: here, in processes of this machine, or by dask on any machines.

An engine is a `concurrent.futures.Executor`. The coordinator alone touches disk, lock file, ledger
and quota; a worker gets values and gives back values. A worker that dies while it judges costs
nothing: what it was asked is asked again. Where none is left, this process does it all.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from multiprocessing import get_context, parent_process, resource_tracker
from typing import Any, TypeVar

from nightpress.errors import Answer, BackendError, UsageError
from nightpress.model import Backend, BackendKind, Reply, Request
from nightpress.pipeline import errand
from nightpress.plan import Parcel, PluginState, away
from nightpress.project import Project, version

__all__ = ["Away", "Dask", "Engine", "Lost", "Processes", "of"]

T = TypeVar("T")
LOST = 3
"""How often a task is given to another worker after the one that had it died."""
PER_WORKER = 3
"""Tasks that are handed out at once for each worker."""
NEVER = "the workers that were to make this call died before they began"
DEADLINE = 600.0
"""Seconds after which pure work is done here: its worker is stopped, or far too slow."""
PATIENCE = 10.0
"""Seconds without any worker, or without the scheduler, after which there is none."""
THREADS = 16
"""Calls that a worker of a cluster of ours waits for at once."""
LOOK = 2.0
"""Seconds after which it is looked whether anybody is still there."""
EVERY = 2.0
"""Seconds between two words of what the workers have done."""
_LOOK = 0.5


class Lost(Exception):
    """The worker that had the task died, or nobody knows: it may have been done."""


class Engine:
    """The workers of one run. tell: a sentence for the user; news: what each worker has done so
    far is told to it every few seconds, and at the end; claims: whoever makes a call takes its
    claim first, which is to be had once."""

    claims = False

    def __init__(self, project: Project, workers: int, tell: Callable[[str], None]) -> None:
        self.project = project
        self.workers = workers
        self.tell = tell
        self._executor: futures.Executor | None = None
        self._gone = False
        self._guard = threading.RLock()
        self._sends = False
        self._known: away.There | None = None
        self._did: dict[str, Counter[str]] = {}
        self._told = 0.0
        self.news: Callable[[list[dict[str, Any]]], None] = lambda _did: None

    @property
    def room(self) -> int:
        """Tasks that are handed out at once."""
        return self.workers * PER_WORKER

    def look(self, plugin: PluginState) -> Callable[[], None]:
        """Begin to find out what decides a plugin (`plan.catalog.Ahead`)."""
        begun = self.begin(away.look, plugin)

        def take_in() -> None:
            if (found := begun()) is not None:
                found.take_in(self.project)

        return take_in

    def begin(self, work: Callable[..., T], *given: Any) -> Callable[[], T | None]:
        """Begin with pure work; what is given back waits for it. None: it is to be done here."""
        task = self._task(work, *given)
        future = self._submit(task)

        def wait() -> T | None:
            nonlocal future, task
            for _ in range(LOST):
                if future is None:
                    return None
                try:
                    found: T | None = self._came(future, DEADLINE)
                    return found
                except away.Absent:
                    self._sends = True
                    task = self._task(work, *given)
                    future = self._submit(task) if task.keywords else None
                except Lost:
                    future = self._submit(task)
            return None

        return wait

    def _task(self, work: Callable[..., Any], *given: Any) -> partial[Any]:
        """With the plugin's bytes, where one of the workers does not see the project's folder."""
        parcel = None
        if self._sends and given and isinstance(given[0], PluginState):
            parcel = Parcel.of(self.project, given[0])
        more = {"parcel": parcel} if parcel is not None else {}
        return partial(errand.do, work, self._there(), *given, **more)

    def call(self, work: Callable[..., T], *given: Any) -> T | None:
        """What is to be done once at most: BackendError ("lost") where its worker died after it had
        begun. None: there are no workers, and it is to be done here."""
        for _ in range(LOST):
            claim = secrets.randbits(63)
            future = self._submit(
                partial(errand.call, self.claims, claim, work, self._there(), *given)
            )
            if future is None:
                return None
            try:
                answered: T = self._came(future, DEADLINE)
                return answered
            except Lost:
                if not self._withdraw(claim):
                    raise BackendError(Answer("lost", errand.MAYBE)) from None
        raise BackendError(Answer("transient", NEVER, left=False))

    def caller(
        self, name: str, settings: Mapping[str, Any], here: Callable[[], Backend]
    ) -> Backend:
        """A backend of that name whose calls the workers make; here: it, called by this process."""
        return Away(self, name, settings, here)

    def _there(self) -> away.There:
        with self._guard:
            has_ledger = self.project.has_ledger
            if self._known is None or self._known.has_ledger != has_ledger:
                self._known = away.There.of(self.project)
            return self._known

    def _submit(self, task: Callable[[], Any]) -> futures.Future[Any] | None:
        with self._guard:
            if self._gone:
                return None
            try:
                with _undisturbed():
                    if self._executor is None:
                        self._executor = self._start()
                        atexit.register(self.close)  # before what it has registered itself
                    return self._executor.submit(task)
            except (futures.BrokenExecutor, OSError, RuntimeError) as error:
                self._broken(error)
        return self._submit(task)

    def _came(self, future: futures.Future[Any], deadline: float) -> Any:
        """What came of a task; Lost where its worker died."""
        until = time.monotonic() + deadline
        while True:
            try:
                how, value, done = future.result(_LOOK)
                break
            except futures.TimeoutError:
                if time.monotonic() > until or self._gone or not self._works():
                    future.cancel()
                    raise Lost("no answer") from None
            except Exception as error:  # noqa: BLE001 - whatever an engine says of a dead worker
                with self._guard:
                    self._broken(error)
                raise Lost(str(error)) from None
        if how == "absent":
            raise away.Absent
        self._count(*done)
        if how == "raised":
            raise value
        return value

    def _count(self, worker: str, what: str, seconds: float) -> None:
        with self._guard:
            did = self._did.setdefault(worker, Counter())
            did[what] += 1
            did["seconds"] += seconds  # type: ignore[assignment]
            if (now := time.monotonic()) - self._told < EVERY:
                return
            self._told = now
        self.news(self.did())

    def did(self) -> list[dict[str, Any]]:
        """What each worker has done so far, the busiest first: `composed`, `judged` and `calls`,
        and how many `seconds` that took."""
        with self._guard:
            rows = [
                {"name": name, **{what: did[what] for what in errand.WHAT},
                 "seconds": round(did["seconds"], 1)}
                for name, did in self._did.items()
            ]  # fmt: skip
        return sorted(rows, key=lambda row: (-row["seconds"], row["name"]))

    def _start(self) -> futures.Executor:
        raise NotImplementedError

    def _works(self) -> bool:
        """Is there still somebody to do what was handed out?"""
        return True

    def _withdraw(self, _claim: int) -> bool:
        """Is it certain that nobody has begun with it, and that nobody will?"""
        return False

    def _broken(self, error: BaseException) -> None:
        """A worker died, or all."""
        raise NotImplementedError

    def _give_up(self, why: str) -> None:
        """There are no workers any more."""
        with self._guard:
            if self._gone:
                return
            self._gone = True
        self.tell(f"no worker is left ({why}): the run goes on in this process")

    def close(self) -> None:
        """The run is over; what is under way is given up."""
        with self._guard:
            self._gone = True
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False)


class Processes(Engine):
    """Processes of this machine. Where one dies, all are begun anew."""

    _begun = 0

    def _start(self) -> futures.Executor:
        self._begun += 1
        return futures.ProcessPoolExecutor(
            self.workers, mp_context=get_context("spawn"), initializer=_begin
        )

    def _broken(self, _error: BaseException) -> None:
        executor, self._executor = self._executor, None
        if executor is not None and not getattr(executor, "_broken", True):
            self._executor = executor  # it is the new one: the old one's tasks tell of their end
            return
        if executor is not None:
            executor.shutdown(wait=False)
        if self._begun > self.workers * BEGUN:
            self._give_up(f"they died {self._begun} times")


class Dask(Engine):
    """dask.distributed: a cluster of this machine's cores, or any that there is (address).

    dask does anew what a dead worker did, or had done and not handed over yet. So a call has a
    claim at the scheduler, and only who takes that makes it.
    """

    claims = True

    def __init__(
        self, project: Project, workers: int, tell: Callable[[str], None], address: str
    ) -> None:
        super().__init__(project, workers, tell)
        self._address = address
        self._client: Any = None
        self._cluster: Any = None
        self._seen = 0.0
        self._looking = threading.Lock()

    def _start(self) -> futures.Executor:
        try:
            dask: Any = import_module("dask")
            distributed: Any = import_module("distributed")
        except ImportError as error:
            raise UsageError(
                f"engine: dask needs dask.distributed ({error})", "pip install 'nightpress[dask]'"
            ) from None
        dask.config.set({"distributed.admin.tick.limit": "1h"})
        if not self._address:
            self._cluster = distributed.LocalCluster(
                n_workers=self.workers, threads_per_worker=THREADS, processes=True,
                dashboard_address=None, silence_logs="CRITICAL",
            )  # fmt: skip
        try:
            self._client = distributed.Client(self._address or self._cluster, timeout=PATIENCE)
        except OSError as error:
            raise UsageError(
                f"engine: no dask scheduler answers at {self._address}", str(error)
            ) from None
        self._seen = time.monotonic()
        self.workers = len(self._client.nthreads()) or self.workers
        if self.project.values.get("calls") == "workers":
            self._check_claims()
        executor: futures.Executor = self._client.get_executor(pure=False, retries=0)
        return executor

    def _check_claims(self) -> None:
        """Where no claim can be taken, no call is made."""
        try:
            self._client.run_on_scheduler(errand.is_first, secrets.randbits(63))
        except ImportError as error:
            raise UsageError(
                f"calls: workers: the scheduler keeps who makes which call, and cannot ({error})",
                f"where the scheduler runs: pip install nightpress=={version()}",
            ) from None

    def _withdraw(self, claim: int) -> bool:
        with suppress(Exception):  # the scheduler is gone, or going
            return self._client.status == "running" and bool(
                self._client.run_on_scheduler(errand.is_first, claim)
            )
        return False

    def _works(self) -> bool:
        """Asked by each thread that waits; one of them at a time looks, for the answer may be slow
        while what the others wait for has come."""
        client, patience = self._client, 3 * PATIENCE
        if time.monotonic() - self._seen <= LOOK:
            return True
        if client.status != "running":
            patience = PATIENCE
        elif self._looking.acquire(blocking=False):
            patience = PATIENCE
            try:
                self._seen = time.monotonic() if client.nthreads() else self._seen
            except Exception:  # noqa: BLE001, S110 - no answer: that is what the time tells
                pass
            finally:
                self._looking.release()
        if time.monotonic() - self._seen < patience:
            return True
        self._give_up("its scheduler is gone" if client.status != "running" else "all have left")
        return False

    def _broken(self, error: BaseException) -> None:
        if self._client is None or self._client.status != "running":
            self._give_up(str(error).partition("\n")[0][:200] or "the scheduler is gone")

    def close(self) -> None:
        self._gone, self._executor = True, None
        for one in (self._client, self._cluster):
            if one is not None:
                with suppress(Exception):  # whatever it says of being told to end
                    one.close(timeout=2)


def of(project: Project, tell: Callable[[str], None]) -> Engine | None:
    """The engine that the settings name; None: this process's threads."""
    name, _, where = str(project.values.get("engine") or "threads").partition("=")
    if name == "threads":
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if name == "processes":
        return Processes(project, int(where or cores or 1), tell)
    if not where.isdigit():
        where = where or project.environ.get("DASK_SCHEDULER_ADDRESS", "")
        return Dask(project, cores or 1, tell, where)
    return Dask(project, int(where), tell, "")


class Away:
    """A model.Backend whose calls workers make, each with the key of its own environment."""

    kind: BackendKind = "model"

    def __init__(
        self, engine: Engine, name: str, settings: Mapping[str, Any], here: Callable[[], Backend]
    ) -> None:
        self.name = name
        self._engine = engine
        self._settings = json.dumps(settings, sort_keys=True)
        self._here = here

    def ask(self, request: Request) -> Reply:
        reply = self._engine.call(away.asked, self.name, self._settings, request)
        return reply if reply is not None else self._here().ask(request)

    def close(self) -> None:
        """What is in flight is a worker's: it ends, and is told."""


@contextmanager
def _undisturbed() -> Iterator[None]:
    """What is begun meanwhile hears no Ctrl-C: that is the coordinator's alone."""
    resource_tracker.ensure_running()  # beginning it would let the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """In a new process: no worker outlives its coordinator."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


BEGUN = 20
"""How often processes are begun anew, for each of them."""
