"""Asking a backend: what was paid for is stored first, and never paid for twice.

Floor 3: joins backend, ledger and pacer. Every HTTP attempt is a row in `calls` and a
reservation in the quota ledger; the first attempt's reservation is handed on by `pace`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nightpress import fingerprint
from nightpress.backends import make
from nightpress.backends.answers import rerouted
from nightpress.backends.retrying import Retrying
from nightpress.backoff import Policy
from nightpress.errors import BackendError
from nightpress.ledger_rows import Call
from nightpress.model import Backend, Reply, Request
from nightpress.run import Run
from nightpress.writers import Writer


def request_key(request: Request, writer: Writer) -> str:
    """sha256 of all that a reply depends on; the same question has the same key for ever."""
    schema = fingerprint.canonical(request.schema)
    return fingerprint.digest(
        str(writer), request.phase, request.system, request.prompt, schema,
        str(request.max_output_tokens),
    )  # fmt: skip


def tokens_of(request: Request) -> int:
    """Input tokens, estimated at 3.5 bytes each (there is no local tokenizer)."""
    return int((len(request.system.encode()) + len(request.prompt.encode())) / 3.5) + 1


@dataclass(slots=True)
class Caller:
    """Asks backends for one run. One client per writer, held for the whole run."""

    run: Run
    pacer: Any
    rng: Any
    policy: Policy = field(default_factory=Policy)
    _backends: dict[str, Backend] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def backend(self, writer: Writer) -> Backend:
        with self._guard:
            if str(writer) not in self._backends:
                self._backends[str(writer)] = make(
                    writer.backend,
                    self.run.project.backend_settings(writer),
                    self.run.project.environ,
                )
            return self._backends[str(writer)]

    def known(self, request: Request, writer: Writer) -> Reply | None:
        """A reply that was paid for before and led to nothing: the run was killed."""
        if writer.kind == "offline" or not self.run.project.has_ledger:
            return None
        return self.run.project.ledger.unspent_reply(request_key(request, writer))

    def reserve(self, request: Request, writer: Writer) -> Any:
        """Wait for quota for one attempt; raises errors.Deferred when there is none today."""
        if writer.kind == "offline" or self.pacer is None:
            return None
        self.backend(writer)  # its import takes longer than a reservation may age
        return self.pacer.reserve(
            writer.model, tokens_of(request), request.job, request.max_output_tokens
        )

    def ask(
        self, request: Request, writer: Writer, *, reservation: Any = None, row: int | None = None
    ) -> Reply:
        """The reply, stored in the ledger before it is returned; raises BackendError."""
        known = self.known(request, writer)
        if known is not None:
            self.release(reservation)
            self.run.tell("call", f"{request.job}: the {request.phase} was paid for before")
            return known
        backend = self.backend(writer)
        if writer.kind == "offline":
            return backend.ask(request)
        held = [reservation]

        def again(retried: Request, _attempt: int) -> None:
            held.append(self.reserve(retried, writer))

        attempts = _Attempts(self, request, writer, row, held)
        retrying = Retrying(
            backend,
            policy=self.policy,
            sleep=self._sleep,
            rng=self.rng,
            on_attempt=attempts.record,
            reserve=again,
        )
        return retrying.ask(request)

    def confirm(self, reservation: Any) -> Any:
        """The reservation, or a new one in its place if it was held for too long."""
        return reservation if reservation is None else self.pacer.confirm(reservation)

    def release(self, reservation: Any) -> None:
        """Give back a reservation whose request never left."""
        if reservation is not None:
            self.pacer.refund(reservation)

    def _sleep(self, seconds: float) -> None:
        self.run.project.clock.sleep(seconds, self.run.stop)

    def close(self) -> None:
        for backend in self._backends.values():
            backend.close()
        if self.pacer is not None:
            self.pacer.close()


@dataclass(slots=True)
class _Attempts:
    """Records each HTTP attempt of one question."""

    caller: Caller
    request: Request
    writer: Writer
    row: int | None
    held: list[Any]

    def record(
        self, request: Request, attempt: int, seconds: float, result: Reply | BackendError
    ) -> None:
        run, ledger = self.caller.run, self.caller.run.project.ledger
        key = request_key(self.request, self.writer)
        if isinstance(result, Reply):
            ledger.keep_reply(key, request.phase, request.job, result)
        ledger.call(run.begin(), self._call(request, attempt, seconds, result, key))
        tokens_in, tokens_out = _tokens(result)
        run.called(tokens_in + tokens_out)
        self._settle(result)
        self._tell(request, attempt, seconds, result)

    def _call(
        self, request: Request, attempt: int, seconds: float, result: Reply | BackendError, key: str
    ) -> Call:
        tokens_in, tokens_out = _tokens(result)
        failed = isinstance(result, BackendError)
        return Call(
            job=request.job,
            phase=request.phase,
            attempt=attempt,
            backend=self.writer.backend,
            model_requested=self.writer.model,
            outcome=result.answer.kind if isinstance(result, BackendError) else "reply",
            prompt_sha256=key,
            seconds=round(seconds, 4),
            http_status=(
                result.answer.http_status
                if isinstance(result, BackendError)
                else result.http_status
            ),
            model_answered=(
                result.answer.model if isinstance(result, BackendError) else result.model
            )
            or None,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            error_message=str(result) if failed else None,
            enhancement_id=self.row,
        )

    def _settle(self, result: Reply | BackendError) -> None:
        reservation = self.held.pop() if self.held else None
        if reservation is None:
            return
        if isinstance(result, Reply):
            self.caller.pacer.settle(reservation, result.tokens_in, result.tokens_out)
        else:
            self._refused(reservation, result)

    def _refused(self, reservation: Any, error: BackendError) -> None:
        """Only a request that certainly never left gives its quota back."""
        if error.answer.left:
            self.caller.pacer.refused(reservation, error.answer)
        else:
            self.caller.pacer.refund(reservation)

    def _tell(
        self, request: Request, attempt: int, seconds: float, result: Reply | BackendError
    ) -> None:
        tell: Callable[..., None] = self.caller.run.tell
        if isinstance(result, BackendError):
            text = f"{request.job}: {request.phase}, attempt {attempt}: {result.answer.message}"
            tell("call", text, request.job, outcome=result.answer.kind, seconds=seconds)
        elif rerouted(self.writer.model, result.model):
            text = f"{self.writer.model} was asked, {result.model} answered"
            if text not in self.caller.run.notices:
                self.caller.run.notice(text)


def _tokens(result: Reply | BackendError) -> tuple[int, int]:
    """What an attempt cost; an answer that is no reply may cost tokens, too."""
    if isinstance(result, BackendError):
        return result.answer.tokens_in, result.answer.tokens_out
    return result.tokens_in, result.tokens_out
