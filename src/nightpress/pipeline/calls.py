"""What each HTTP attempt leaves: a row in `calls`, a settled reservation, a line for the user."""

from __future__ import annotations

from msgspec import Struct

from nightpress.errors import BackendError
from nightpress.ledger import Call
from nightpress.model import Reply, Request
from nightpress.pipeline.run import Run
from nightpress.project import Writer
from nightpress.quota import Pacer, Reservation, budget

__all__ = ["CallRecorder"]


class CallRecorder(Struct):
    """Records each HTTP attempt of one question. key: of the question; row: of the attempt at a
    document that asks it; reservation: of the call that is under way, or made next; error: what the
    latest call came to, if it was no reply; asked: the model of that call."""

    run: Run
    pacer: Pacer | None
    key: str
    writer: Writer
    row: int | None
    reservation: Reservation | None
    error: BackendError | None = None
    asked: str = ""

    @property
    def model(self) -> str:
        """The model that is asked: the reservation's, which may be a fallback."""
        return self.reservation.model if self.reservation is not None else self.writer.model

    def record(
        self,
        request: Request,
        attempt: int,
        seconds: float,
        result: Reply | BackendError,
        *,
        quiet: bool = False,
    ) -> None:
        """Store the reply first, then all that follows from it. quiet: the user knows already."""
        self.asked = self.model
        ledger = self.run.project.ledger
        call = self._call(request, attempt, seconds, result)
        ledger.call(self.run.begin(), call, result if isinstance(result, Reply) else None)
        self.error = result if isinstance(result, BackendError) else None
        self.run.called(
            sum(_tokens(result)), call.cost, self.error.message if self.error is not None else ""
        )
        self._settle(result)
        self._tell(call, result, quiet)
        if isinstance(result, BackendError) and result.fatal:
            self.run.halt(str(result))

    def _call(
        self, request: Request, attempt: int, seconds: float, result: Reply | BackendError
    ) -> Call:
        tokens_in, tokens_out = _tokens(result)
        failed = isinstance(result, BackendError)
        return Call(
            job=request.job,
            phase=request.phase,
            attempt=attempt,
            backend=self.writer.backend,
            model_requested=self.model,
            outcome=result.answer.kind if isinstance(result, BackendError) else "reply",
            prompt_sha256=self.key,
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
            cost=self._cost(tokens_in, tokens_out),
        )

    def _cost(self, tokens_in: int, tokens_out: int) -> float | None:
        """US dollars, by today's price; nothing is paid for what used no tokens."""
        spending = self.pacer.spending if self.pacer is not None else None
        price = spending.prices(self.model) if spending is not None else None
        return budget.cost(price, tokens_in, tokens_out)

    def _settle(self, result: Reply | BackendError) -> None:
        """Only a request that certainly never left gives its quota back."""
        reservation, self.reservation = self.reservation, None
        if reservation is None or self.pacer is None:
            return
        if isinstance(result, Reply):
            self.pacer.settle(reservation, result.tokens_in, result.tokens_out)
        else:
            self.pacer.refused(reservation, result.answer)

    def _tell(self, call: Call, result: Reply | BackendError, quiet: bool) -> None:
        text = f"{call.job}: {call.phase}, attempt {call.attempt}: "
        if isinstance(result, BackendError):
            text += result.answer.message
        else:
            text += f"answered in {call.seconds:.1f} s, {call.tokens_out:,} tokens"
        self.run.tell(
            "answered", text, call.job, phase=call.phase, outcome=call.outcome,
            http_status=call.http_status, model=call.model_answered, seconds=call.seconds,
            tokens_in=call.tokens_in, tokens_out=call.tokens_out, cost=call.cost,
            # the last call of a run that was stopped: its document's own line says how it ended
            quiet=quiet or (self.row is not None and self.run.stop.is_set()),
        )  # fmt: skip
        if isinstance(result, Reply) and result.rerouted:
            self.run.notice_once(f"{call.model_requested} was asked, {result.model} answered")


def _tokens(result: Reply | BackendError) -> tuple[int, int]:
    """What an attempt cost; an answer that is no reply may cost tokens, too."""
    if isinstance(result, BackendError):
        return result.answer.tokens_in, result.answer.tokens_out
    return result.tokens_in, result.tokens_out
