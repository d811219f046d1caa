"""Asking a backend: what was paid for is stored first, and never paid for twice.

Every HTTP attempt is a row in `calls` and a reservation in the quota ledger; the first attempt's
reservation is handed on by `pace`. A run's first call goes alone, and a model whose day is spent
gives way to the next.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.backends import make
from nightpress.backends.retry import Policy, Retrying
from nightpress.errors import (
    BackendError,
    CallLost,
    DaySpent,
    Deferred,
    MachineTrouble,
    UsageError,
    Withheld,
)
from nightpress.model import Backend, BackendKind, Lane, Reply, Request
from nightpress.pipeline import outgoing
from nightpress.pipeline.batch import Box
from nightpress.pipeline.calls import FOLDER, CallRecorder
from nightpress.pipeline.circuit import Circuit, is_outage
from nightpress.pipeline.lanes import Lanes, circuit_of
from nightpress.pipeline.run import Run
from nightpress.plan import away
from nightpress.project import Writer, layout
from nightpress.quota import Pacer, Reservation
from nightpress.storage import Room

HELD = "a call of it was lost and may have been paid: name the document to ask again"
"""Of a document that waits (`lost_calls: hold`)."""
FEW = 30
"""Certificates that are not trusted which one question may meet where its server had answered."""


def request_key(request: Request, writer: Writer) -> str:
    """The digest of the question; the same question has the same key for ever."""
    return fingerprint.question(str(writer), request)


def tokens_of(request: Request) -> int:
    """Input tokens, estimated at 3.5 bytes each (there is no local tokenizer)."""
    sent = layout.arranged(request)
    return int((len(sent.system.encode()) + len(sent.prompt.encode())) / 3.5) + 1


class First(Struct):
    """Lets the first who comes pass, and the others when that one was answered."""

    taken: bool = False
    open: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, stop: threading.Event) -> None:
        with self.guard:
            leads, self.taken = not self.taken, True
        while not leads and not stop.is_set() and not self.open.wait(0.1):
            pass

    def answered(self) -> None:
        self.open.set()


class Routed:
    """A backend that asks the model of the reservation under way, by its lane."""

    kind: BackendKind

    def __init__(self, backend: Backend, recorder: CallRecorder) -> None:
        self._backend = backend
        self._recorder = recorder
        self.name = backend.name
        self.kind = backend.kind

    def ask(self, request: Request) -> Reply:
        asked = replace(request, model=self._recorder.model, lane=self._recorder.lane)
        return self._backend.ask(asked)

    def close(self) -> None:
        self._backend.close()


class Caller(Struct):
    """Asks backends for one run. One client per writer, held for the whole run.

    The run's first call goes alone: it finds a wrong key or a retired model before the others pay
    for the same mistake. fallbacks: models that are asked while the day of the first is
    spent; auto: the lane that stands for `lane: auto`; afresh: jobs that somebody asks for again.
    """

    run: Run
    pacer: Pacer | None
    rng: random.Random
    policy: Policy = field(default_factory=Policy)
    fallbacks: Sequence[str] = ()
    auto: Lane = "interactive"
    room: Room | None = None
    afresh: set[str] = field(default_factory=set)
    _backends: dict[str, Backend] = field(default_factory=dict)
    _first: First = field(default_factory=First)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _trying: threading.Lock = field(default_factory=threading.Lock)
    _tried: set[str] = field(default_factory=set)
    _waits: dict[str, float] = field(default_factory=dict)
    _circuit: Circuit | None = None
    _probes: set[int] = field(default_factory=set)
    _firsts: dict[str, str] = field(default_factory=dict)
    _box: Box | None = None

    @property
    def lanes(self) -> Lanes:
        """How calls are made."""
        return Lanes(self.run, self.until, self.auto)

    @property
    def until(self) -> float | None:
        """When the run takes no new work (epoch seconds)."""
        spending = self.pacer.spending if self.pacer is not None else None
        return spending.budget.until if spending is not None else None

    @property
    def box(self) -> Box:
        """The run's batch jobs."""
        with self._guard:
            if self._box is None:
                spending = self.pacer.spending if self.pacer is not None else None
                self._box = Box(self.run, self.backend, self.policy, spending)
            return self._box

    @property
    def circuit(self) -> Circuit:
        """What stands before each call while its model does not answer."""
        with self._guard:
            if self._circuit is None:
                self._circuit = Circuit(self.run, self.run.project.clock, self.until)
            return self._circuit

    def waited(self, job: str) -> float:
        """Seconds that the job's questions have waited in this run: for quota, for another try."""
        return self._waits.get(job, 0.0)

    @contextmanager
    def _waiting(self, job: str) -> Iterator[None]:
        began = self.run.project.clock.monotonic()
        try:
            yield
        finally:
            spent = self.run.project.clock.monotonic() - began
            with self._guard:
                self._waits[job] = self._waits.get(job, 0.0) + spent

    def backend(self, writer: Writer) -> Backend:
        with self._guard:
            if str(writer) not in self._backends:
                project = self.run.project
                settings = project.backend_settings(writer)
                here = partial(make, writer.backend, settings, project.environ)
                try:
                    made = self._away(writer, settings, here) or here()
                except UsageError as error:  # it would be the same for each document
                    self.run.halt(str(error))
                    raise
                self._backends[str(writer)] = made
            return self._backends[str(writer)]

    def _away(
        self, writer: Writer, settings: Mapping[str, Any], here: Callable[[], Backend]
    ) -> Backend | None:
        """The same, called by workers, where the project says so."""
        engine = self.run.engine
        by_workers = self.run.project.values.get("calls") == "workers"
        if engine is None or not by_workers or writer.kind != "model":
            return None
        return engine.caller(writer.backend, settings, here)

    def known(self, request: Request, writer: Writer) -> Reply | None:
        """A reply that was paid for before and led to nothing, or to a draft that was not
        published, where nobody asks for another one; or by another machine."""
        if writer.kind == "offline":
            return None
        project, key = self.run.project, request_key(request, writer)
        is_new = request.job not in self.afresh
        found = project.ledger.known_reply(key, unpublished=is_new) if project.has_ledger else None
        return self.run.sharing.take(request, key) if found is None and is_new else found

    def reserve(self, request: Request, writer: Writer) -> Reservation | None:
        """Wait for quota for one attempt; raises errors.Deferred when there is none today, or the
        question is in a batch job. None: no quota is needed; a batch job has its own."""
        if writer.kind == "offline" or self.pacer is None:
            return None
        self.box.check(request_key(request, writer))
        if self.lanes.now(writer) == "batch":
            return None
        self.backend(writer)  # its import takes longer than a reservation may age
        with self._waiting(request.job):
            self._first.wait(self.run.stop)
            try:
                self._try_first(writer)
                return self._reserve(self.pacer, request, writer)
            except BaseException:
                self._first.answered()
                raise

    def _try_first(self, writer: Writer) -> None:
        """Before the run's first call of a model: one request that costs nothing. What every call
        would meet ends the run here, or makes it wait."""
        model = writer.model
        probe: Callable[[str], None] | None = getattr(self.backend(writer), "probe", None)
        with self._trying:
            while model not in self._tried and probe is not None:
                if self.run.stop.is_set():
                    raise Deferred("the run was stopped before this call was made")
                self.circuit.wait(model)
                try:
                    probe(model)
                except BackendError as error:
                    if error.fatal:
                        self.run.halt(str(error))
                        raise
                    self.circuit.tried(model, error.answer)
                else:
                    self.circuit.tried(model, None)
                    self._tried.add(model)

    def _reserve(self, pacer: Pacer, request: Request, writer: Writer) -> Reservation:
        spent: DaySpent | None = None
        for model in (writer.model, *self.fallbacks):
            lane, is_probe = self._turn(model, writer)
            try:
                reservation = pacer.reserve(
                    model, tokens_of(request), request.job, request.max_output_tokens, lane,
                    self.lanes.share(writer, lane),
                )  # fmt: skip
            except DaySpent as error:
                spent = spent or error
                continue
            if is_probe:
                self._probes.add(reservation.id)
            if spent is not None:
                self.run.notice_once(f"{spent.message}; {model} is asked instead")
            return reservation
        assert spent is not None  # noqa: S101 - there is at least one model
        raise spent

    def _turn(self, model: str, writer: Writer) -> tuple[Lane, bool]:
        """The lane of the next call, and whether it is a probe of it; waits while that does not
        answer, unless the run's end comes too near for it."""
        while True:
            lane = self.lanes.now(writer)

            def still(lane: Lane = lane) -> bool:
                return self.lanes.now(writer) == lane

            is_probe = self.circuit.wait(circuit_of(model, lane), still)
            if still():
                return lane, is_probe

    def ask(
        self,
        request: Request,
        writer: Writer,
        *,
        reservation: Reservation | None = None,
        row: int | None = None,
    ) -> Reply:
        """The reply, stored in the ledger before it is returned; raises BackendError, Deferred when
        the day is spent, or Withheld where the request holds a secret."""
        key = request_key(request, writer)
        if request.phase == "generation":
            self._firsts[request.job] = key
        known = self.known(request, writer)
        if known is not None:
            self.release(reservation)
            by = self.run.project.ledger.origin(key)
            self.run.tell(
                "answered", f"{request.job}: the {request.phase} was paid for {by}", request.job,
                phase=request.phase, outcome="kept", http_status=None, model=known.model, cost=0.0,
                seconds=0.0, tokens_in=known.tokens_in, tokens_out=known.tokens_out, tokens_cached=0
            )  # fmt: skip
            return known
        backend = self.backend(writer)
        if writer.kind == "offline":
            return self._composed(backend, request)
        request = layout.arranged(request)
        try:
            outgoing.check(request)
            self._check_lost(request.job, key)
        except (Withheld, CallLost):
            self.release(reservation)
            raise
        if reservation is None and self.pacer is not None:
            self._to_box(key, request, writer)
        recorder = CallRecorder(self.run, self.pacer, key, writer, row, reservation, self._room())
        try:
            return self._answered(backend, recorder, request)
        finally:
            recorder.leave()
            recorder.leave_room()

    def _check_lost(self, job: str, key: str) -> None:
        """CallLost where the question's last call was, and a person has the word."""
        project = self.run.project
        waits = project.holds_lost and job not in self.afresh and project.has_ledger
        if waits and project.ledger.is_lost(job, key):
            raise CallLost(HELD)

    def _composed(self, backend: Backend, request: Request) -> Reply:
        knows = getattr(backend, "knows", None)
        if self.run.engine is None or knows is None or knows(request):
            return backend.ask(request)
        composed = self.run.worked(away.composed, request)
        return composed if composed is not None else backend.ask(request)

    def _to_box(self, key: str, request: Request, writer: Writer) -> None:
        """A question of the batch lane ends here, for this run."""
        if self.lanes.now(writer) == "batch":
            first = self._firsts.get(request.job, key)
            self.box.post(key, first, request, writer, tokens_of(request))

    def _answered(self, backend: Backend, recorder: CallRecorder, request: Request) -> Reply:
        distrusted = 0
        while True:
            self._await_circuit(recorder, request)
            model = circuit_of(recorder.model, recorder.lane)
            self._make_room(recorder, request)
            self._tell_asked(request)
            try:
                return self._retrying(backend, recorder, request.job).ask(request)
            except BackendError as error:
                waits = is_outage(error.answer) and self.circuit.is_open(model)
                if self.circuit.may_pass(model, error.answer):
                    distrusted += 1
                    waits = distrusted < FEW
                if error.answer.kind != "day_quota" and not waits:
                    raise
            recorder.reservation = self.reserve(request, recorder.writer)

    def _room(self) -> Room:
        with self._guard:
            if self.room is None:
                self.room = Room(self.run.project.state / FOLDER)
            return self.room

    def _make_room(self, recorder: CallRecorder, request: Request) -> None:
        """Room for what comes back, and a place among the calls in flight."""
        try:
            recorder.make_room(request.max_output_tokens)
            with self._waiting(request.job):
                recorder.enter()
            recorder.begin(request)
        except (MachineTrouble, Deferred):
            self.release(recorder.reservation)
            recorder.reservation = None
            raise

    def _await_circuit(self, recorder: CallRecorder, request: Request) -> None:
        """Where the model has stopped answering since the call's quota was reserved, it is given
        back until there is a turn."""
        held = recorder.reservation
        if held is None or not self.circuit.is_open(circuit_of(held.model, held.lane)):
            return
        if held.id not in self._probes:
            self.release(held)
            recorder.reservation = None
            recorder.reservation = self.reserve(request, recorder.writer)

    def _tell_asked(self, request: Request) -> None:
        message = f"{request.job}: asking for the {request.phase}"
        self.run.tell("asked", message, request.job, phase=request.phase)

    def _retrying(self, backend: Backend, recorder: CallRecorder, job: str) -> Retrying:
        def again(request: Request, _attempt: int) -> None:
            if self.run.stop.is_set() and recorder.error is not None:
                raise recorder.error  # that is how it ended; there is no other try
            recorder.reservation = self.reserve(request, recorder.writer)
            self._make_room(recorder, request)
            self._tell_asked(request)

        def record(
            request: Request, attempt: int, seconds: float, result: Reply | BackendError
        ) -> None:
            model = circuit_of(recorder.model, recorder.lane)
            answer = result.answer if isinstance(result, BackendError) else None
            self.circuit.heard(model, answer, request.job)
            passes = answer is not None and self.circuit.may_pass(model, answer)
            quiet = self.circuit.is_told(model)
            recorder.record(request, attempt, seconds, result, quiet=quiet, passes=passes)
            self._first.answered()

        def sleep(seconds: float) -> None:
            if recorder.error is not None and self.circuit.is_open(recorder.asked):
                return  # it is the circuit that says when
            with self._waiting(job):
                self.run.project.clock.sleep(seconds, self.run.stop)

        return Retrying(
            Routed(backend, recorder),
            policy=self.policy,
            sleep=sleep,
            rng=self.rng,
            on_attempt=record,
            reserve=again,
            clock=self.run.project.clock.monotonic,
        )

    def confirm(
        self, reservation: Reservation | None, request: Request, writer: Writer
    ) -> Reservation | None:
        """The reservation, or a new one in its place if it was held for too long."""
        if reservation is None or self.pacer is None:
            return None
        try:
            with self._waiting(request.job):
                return self.pacer.confirm(reservation)
        except DaySpent:
            return self.reserve(request, writer)

    def release(self, reservation: Reservation | None) -> None:
        """Give back a reservation whose request never left."""
        if reservation is not None and self.pacer is not None:
            self.pacer.refund(reservation)
            self._first.answered()

    def give_up(self) -> None:
        """Give up every call that is in flight."""
        for backend in list(self._backends.values()):
            backend.close()

    def close(self) -> None:
        for backend in self._backends.values():
            backend.close()
        if self.room is not None:
            self.room.close()
        if self.pacer is not None:
            self.pacer.close()
        self.run.end_sharing()
