"""What each HTTP attempt leaves: a row in `calls`, a settled reservation, a line for the user.

Room for it is taken before the call is made, and it is written there first: whatever the disk says
afterwards, what was paid for is not lost (`take_in` is how the next run goes on with it).
"""

from __future__ import annotations

import os
from contextlib import suppress

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from nightpress.backends import most_bytes
from nightpress.errors import Answer, BackendError, MachineTrouble, machine_trouble
from nightpress.ledger import Call
from nightpress.model import Reply, Request
from nightpress.pipeline.lanes import circuit_of
from nightpress.pipeline.run import Run
from nightpress.project import Writer
from nightpress.quota import Pacer, Reservation, budget
from nightpress.storage import Room, Slot, room

__all__ = ["FOLDER", "CallRecorder", "take_in"]

KILLED = "the run was killed while this call was under way; it may have been paid"

FOLDER = "room"
"""In the project's state: where what comes back from a call has its place."""


class CallRecorder(Struct):
    """Records each HTTP attempt of one question. key: of the question; row: of the attempt at a
    document that asks it; reservation: of the call that is under way, or made next; made: calls,
    that one included; room, slot: where what comes back has its place; place: among the calls in
    flight at once; error: what the latest call came to, if it was no reply; asked: whose circuit
    that call belonged to."""

    run: Run
    pacer: Pacer | None
    key: str
    writer: Writer
    row: int | None
    reservation: Reservation | None
    room: Room
    made: int = 0
    slot: Slot | None = None
    place: int | None = None
    error: BackendError | None = None
    asked: str = ""

    @property
    def model(self) -> str:
        """The model that is asked: the reservation's, which may be a fallback."""
        return self.reservation.model if self.reservation is not None else self.writer.model

    @property
    def lane(self) -> str:
        """How it is asked: as it was reserved."""
        return self.reservation.lane if self.reservation is not None else "interactive"

    def make_room(self, max_tokens: int) -> None:
        """Before a call: MachineTrouble where the disk has no room for what it would bring."""
        self.leave_room()
        size = most_bytes(max_tokens)
        try:
            self.slot = self.room.take(size)
        except OSError as error:
            if (trouble := machine_trouble(error)) is None:
                raise
            what = f"{trouble.message}: no room for the {size / 1e6:.1f} MB that a reply may have"
            raise MachineTrouble(f"{what}, so the call was not made", trouble.hint) from error

    def enter(self) -> None:
        """Before a call: wait for a place among those that may be in flight at once."""
        if self.reservation is not None and self.pacer is not None:
            self.reservation, self.place = self.pacer.enter(self.reservation)

    def begin(self, request: Request) -> None:
        """Just before a call: that it is under way stands where what comes back will; a run that is
        killed meanwhile leaves so much."""
        self.made += 1
        if self.slot is not None:
            call = self._call(request, self.made, 0.0, BackendError(Answer("lost", KILLED)))
            kept = Kept(self.run.begin(), self.run.project.ledger.now_text(), call, None)
            self.slot.keep(msgspec.msgpack.encode(kept))

    def leave(self) -> None:
        """After a call, or where none was made: another one may go."""
        if self.place is not None:
            os.close(self.place)
            self.place = None

    def leave_room(self) -> None:
        """After a call, or where none was made."""
        if self.slot is not None:
            self.slot.clear()
            self.room.give_back(self.slot)
            self.slot = None

    def record(
        self,
        request: Request,
        attempt: int,
        seconds: float,
        result: Reply | BackendError,
        *,
        quiet: bool = False,
        passes: bool = False,
    ) -> None:
        """Store the reply first, then all that follows from it. quiet: the user knows already;
        passes: what is fatal otherwise does not end this run."""
        self.leave()
        self.asked = circuit_of(self.model, self.lane)
        ledger = self.run.project.ledger
        call = self._call(request, attempt, seconds, result)
        kept = Kept(
            self.run.begin(), ledger.now_text(), call, result if isinstance(result, Reply) else None
        )
        slot, self.slot = self.slot, None  # if it stays full, the next run takes it in
        if slot is not None:
            with suppress(OSError):  # the ledger may still have it
                slot.keep(msgspec.msgpack.encode(kept))
        ledger.call(kept.run_id, call, kept.reply, kept.at)
        if slot is not None:
            slot.clear()
            self.room.give_back(slot)
        if kept.reply is not None:
            self.run.sharing.keep(call, kept.reply, kept.at)
        self.error = result if isinstance(result, BackendError) else None
        self.run.called(
            sum(_tokens(result)), call.cost, self.error.message if self.error is not None else ""
        )
        self._settle(result)
        self._tell(call, result, quiet)
        if isinstance(result, BackendError) and result.fatal and not passes:
            self.run.halt(str(result))

    def _call(
        self, request: Request, attempt: int, seconds: float, result: Reply | BackendError
    ) -> Call:
        tokens_in, tokens_out = _tokens(result)
        failed = isinstance(result, BackendError)
        cached = result.tokens_cached if isinstance(result, Reply) else 0
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
            tokens_cached=cached or None,
            cost=self._cost(tokens_in, tokens_out, cached),
            lane=None if self.lane == "interactive" else self.lane,
            tier=(result.tier or None) if isinstance(result, Reply) else None,
        )

    def _cost(self, tokens_in: int, tokens_out: int, cached: int) -> float | None:
        """US dollars, by today's price; nothing is paid for what used no tokens."""
        spending = self.pacer.spending if self.pacer is not None else None
        price = spending.prices(self.model) if spending is not None else None
        share = self.reservation.share if self.reservation is not None else 1.0
        return budget.cost(budget.reduced(price, share), tokens_in, tokens_out, cached)

    def _settle(self, result: Reply | BackendError) -> None:
        """Only a request that certainly never left gives its quota back."""
        reservation, self.reservation = self.reservation, None
        if reservation is None or self.pacer is None:
            return
        if isinstance(result, Reply):
            self.pacer.settle(
                reservation, result.tokens_in, result.tokens_out, result.tokens_cached
            )
            self.pacer.told(reservation.model, result.limits)
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
            tokens_cached=call.tokens_cached or 0,
            # the last call of a run that was stopped: its document's own line says how it ended
            quiet=quiet or (self.row is not None and self.run.stop.is_set()),
        )  # fmt: skip
        if isinstance(result, Reply) and result.rerouted:
            self.run.notice_once(f"{call.model_requested} was asked, {result.model} answered")


class Kept(Struct, frozen=True):
    """What a slot holds: a call that ended `at` (as the ledger writes it), and its reply; or one
    that began then, whose end nobody wrote down."""

    run_id: str
    at: str
    call: Call
    reply: Reply | None


def take_in(run: Run) -> None:
    """Put on record what an earlier run had paid for and could not write down, and what it had
    under way when it was killed."""
    ledger, count, lost = run.project.ledger, 0, 0
    for path, data in room.kept(run.project.state / FOLDER):
        try:
            kept = msgspec.msgpack.decode(data, type=Kept)
        except msgspec.MsgspecError:  # of another version
            path.replace(path.with_suffix(".unread"))
            run.notice(f"{path.name}: a reply that this version cannot read was set aside")
            continue
        if not ledger.has_call(kept.call, kept.at):
            is_lost = kept.call.outcome == "lost" and kept.reply is None
            count, lost = count + (not is_lost), lost + is_lost
            row = kept.call.enhancement_id
            known = row is not None and ledger.has_attempt(row)
            call = kept.call if known else replace(kept.call, enhancement_id=None)
            run_id = kept.run_id if ledger.has_run(kept.run_id) else run.begin()
            ledger.call(run_id, call, kept.reply, kept.at)
            if kept.reply is not None:
                run.sharing.keep(call, kept.reply, kept.at)
        path.unlink()
    with suppress(OSError):  # something of another version is in it
        (run.project.state / FOLDER).rmdir()
    if count:
        calls = "1 call" if count == 1 else f"{count} calls"
        run.notice(f"{calls} of the last run, which the disk refused, went into the ledger now")
    if lost:
        were = "1 call was" if lost == 1 else f"{lost} calls were"
        run.notice(f"{were} under way when the last run was killed, and may have been paid: lost")


def _tokens(result: Reply | BackendError) -> tuple[int, int]:
    """What an attempt cost; an answer that is no reply may cost tokens, too."""
    if isinstance(result, BackendError):
        return result.answer.tokens_in, result.answer.tokens_out
    return result.tokens_in, result.tokens_out
