"""Attempts in flight: opened with a row, ended with a row and a line, timed without their waits."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import asdict

from nightpress.errors import (
    ANSWER_KINDS,
    BLOCKED_BY_CHANCE,
    PARKS,
    AwaitsReview,
    BackendError,
    CallLost,
    Deferred,
    GoesWith,
    NightpressError,
)
from nightpress.lazy import pattern
from nightpress.ledger import Drafted, NewAttempt, attempts, findings_json, reviews
from nightpress.model import Finding, Fingerprint, Request, Status
from nightpress.pipeline.ask import HELD, Caller
from nightpress.pipeline.run import Outcome, Run
from nightpress.plan import Item, PluginState, TargetState, staleness
from nightpress.project import Project
from nightpress.quota import Reservation
from nightpress.storage import atomic, private

_ROWS = 50
"""Earlier attempts at a document that are looked at."""


class Draft(Struct, frozen=True):
    """A judged document. counted and fingerprint: of exactly the bytes that were sent; witness:
    see `lockfile.Entry`, once it is published."""

    text: str
    model: str
    findings: tuple[Finding, ...]
    score: int
    score_before: int | None
    tokens_in: int
    tokens_out: int
    counted: Mapping[str, str]
    fingerprint: Fingerprint
    counted_from: str = ""
    witness: str = ""

    def recorded(self) -> Drafted:
        """What goes into the ledger of it."""
        return Drafted(
            self.model, self.tokens_in, self.tokens_out, self.score_before, self.score,
            self.findings, self.fingerprint, self.counted_from,
        )  # fmt: skip


class Attempt(Struct):
    """One attempt in flight, handed from action to action. It grows: `pace` adds request and
    reservation, `draft` the draft."""

    item: Item
    plugin: PluginState
    state: TargetState
    row: int
    token: str
    began: float
    why: str
    waited_before: float = 0.0
    request: Request | None = None
    reservation: Reservation | None = None
    draft: Draft | None = None

    @property
    def standing(self) -> str:
        """The text that stood there, as far as the draft was made from it."""
        return self.request.material.standing if self.request is not None else ""


class Attempts(Struct):
    """The attempts of one run that are in flight, by job."""

    run: Run
    caller: Caller
    in_flight: dict[str, Attempt] = field(default_factory=dict)
    guard: threading.RLock = field(default_factory=threading.RLock)

    def open(
        self, item: Item, plugin: PluginState, snapshot_id: str | None, why: str = ""
    ) -> Attempt:
        """Begin an attempt, with its row. why: where it is not the decision that asks for it."""
        state = plugin.states[item.name]
        token = secrets.token_hex(8)
        inputs = state.inputs
        reasons = [why] if why else _reasons(state)
        columns = NewAttempt(
            job=item.id,
            plugin_name=plugin.name,
            plugin_path=plugin.manifest.path if plugin.manifest else "",
            enhancement_type=state.enhancement.generator,
            target_path=state.target_path,
            backend=state.writer.backend,
            model_requested=state.writer.model,
            reasons=reasons,
            fingerprint=asdict(inputs.fingerprint),
            bytes_before=inputs.standing.size if inputs.standing.sha256 else None,
            before_sha256=inputs.standing.sha256,
            snapshot_id=snapshot_id,
            token=token,
        )
        began = self.run.project.clock.monotonic()
        row = self.run.project.ledger.begin(self.run.begin(), columns)
        attempt = Attempt(
            item, plugin, state, row, token, began, ", ".join(reasons), self.caller.waited(item.id)
        )
        with self.guard:
            self.in_flight[item.id] = attempt
        self.run.tell("started", f"{item.id}: {item.decision!r}", item.id, reasons=reasons)
        return attempt

    def end(self, attempt: Attempt, status: Status, error: Exception) -> None:
        message = error.message if isinstance(error, NightpressError) else str(error)
        if isinstance(error, OSError) and error.strerror:  # it names a temporary file of ours
            message = f"{attempt.state.target_path} cannot be written: {error.strerror}"
        name = type(error).__name__
        if isinstance(error, BackendError):
            name = error.answer.kind
            if error.answer.by_chance and not self._blocked_before(attempt):
                name = BLOCKED_BY_CHANCE
        self.run.project.ledger.end(
            attempt.row,
            status,
            error_class=name,
            error_message=message,
            **self.timing(attempt),
        )
        self.tell(attempt, status, message, parked=name in PARKS, hint=_to_do(error))

    def _blocked_before(self, attempt: Attempt) -> bool:
        """Was the same question blocked by chance before? (The ledger knows.)"""
        rows = attempts.of_job(self.run.project.ledger, attempt.item.id, _ROWS)
        same = asdict(attempt.state.inputs.fingerprint)
        return any(
            row.error_class == BLOCKED_BY_CHANCE and dict(row.fingerprint) == same for row in rows
        )

    def fail(self, attempt: Attempt, error: Exception) -> None:
        """Failed, deferred or interrupted: the old file stays, the reservation is given back."""
        self.caller.release(attempt.reservation if attempt.draft is None else None)
        attempt.reservation = None
        status, is_lost = (
            Status.FAILED,
            isinstance(error, BackendError) and error.answer.kind == "lost",
        )
        if is_lost and self.run.project.holds_lost:
            error = CallLost(HELD)
        if isinstance(error, Deferred):
            status = Status.DEFERRED
            if not isinstance(error, (GoesWith, CallLost)):
                self.run.put_off(attempt.item.id, error.until)
        self.end(attempt, Status.INTERRUPTED if self.run.interrupted else status, error)

    def put_off(self, item: Item, why: Deferred) -> None:
        """No attempt begins: what an earlier one asked is under way."""
        self.run.put_off(item.id, why.until)
        self.run.finished(Outcome.of(item.id, Status.DEFERRED, why.message))

    def abandon(self, attempt: Attempt) -> None:
        """The run stops before this attempt's call was made."""
        why = Deferred(f"the run was stopped: {self.run.fatal or 'interrupted'}".split("\n")[0])
        self.fail(attempt, why)

    def refuse(self, attempt: Attempt, errors: list[Finding]) -> None:
        """The draft still has errors: it is kept for the user to read, and the old file stays."""
        draft = attempt.draft
        assert draft is not None  # noqa: S101 (draft() has just set it)
        path = keep_draft(self.run.project, attempt.item.id, draft)
        errors = sorted(
            errors, key=lambda f: f.check != "finish-reason"
        )  # the others follow from it
        each = Counter(f"{f.check}: {f.message}" for f in errors).most_common()
        message = "; ".join(text + (f" ({n} times)" if n > 1 else "") for text, n in each[:3])
        more = f" and {len(each) - 3} more" if len(each) > 3 else ""
        self.run.project.ledger.end(
            attempt.row,
            Status.REFUSED,
            draft.recorded(),
            error_class="refused",
            error_message=f"{message}{more} (draft kept: {path})",
            bytes_after=len(draft.text.encode()),
            **self.timing(attempt),
        )
        self.tell(attempt, Status.REFUSED, f"{message}{more} (draft kept: {path})")

    def turn_down(self, attempt: Attempt, draft: Draft, because: str) -> None:
        """The very bytes that a person has rejected: neither kept nor published."""
        message = f"exactly the draft that was rejected ({because})"
        message += f"; doit force=1 enhance:{attempt.item.id} brings it back for review"
        self.run.project.ledger.end(
            attempt.row, Status.REFUSED, draft.recorded(), error_class="rejected",
            error_message=message, bytes_after=len(draft.text.encode()), **self.timing(attempt),
        )  # fmt: skip
        self.tell(attempt, Status.REFUSED, message)

    def refuse_unasked(self, attempt: Attempt, errors: list[Finding]) -> None:
        """No draft could pass its checks: none is asked for, and the old file stays."""
        message = "; ".join(f"{f.check}: {f.message}" for f in errors[:3])
        message = f"{message} (no draft can fix that, so none was requested)"
        self.run.project.ledger.end(
            attempt.row, Status.REFUSED, error_class="refused", error_message=message,
            **self.timing(attempt),
        )  # fmt: skip
        self.tell(attempt, Status.REFUSED, message)

    def hold(self, attempt: Attempt, draft: Draft, why: str = "") -> None:
        """Keep a draft that passed its checks for a person to look at; the old file stays. why:
        what a person should know of it."""
        inputs, ledger, text = attempt.state.inputs, self.run.project.ledger, draft.text.encode()
        recorded, message = draft.recorded(), "its draft waits for you: doit review"
        message = f"{why}; {message}" if why else message
        reviews.hold(
            ledger, attempt.row, attempt.item.id, text, recorded, inputs.standing.sha256,
            draft.counted,
        )  # fmt: skip
        ledger.end(
            attempt.row, Status.DEFERRED, recorded, error_class=AwaitsReview.__name__,
            error_message=message, bytes_after=len(text), **self.timing(attempt),
        )  # fmt: skip
        self.tell(attempt, Status.DEFERRED, message, parked=True)

    def timing(self, attempt: Attempt) -> dict[str, float]:
        spent = self.run.project.clock.monotonic() - attempt.began
        waited = self.caller.waited(attempt.item.id) - attempt.waited_before
        return {
            "processing_time_seconds": round(max(0.0, spent - waited), 4),
            "waited_seconds": round(waited, 4),
        }

    def tell(
        self,
        attempt: Attempt,
        status: Status,
        reason: str,
        size: int | None = None,
        *,
        parked: bool = False,
        hint: str = "",
    ) -> None:
        with self.guard:
            self.in_flight.pop(attempt.item.id, None)
        before, said = attempt.state.inputs.standing, ["; ".join(filter(None, (reason, hint)))]
        if size is not None:
            was = f" (was {before.size:,})" if before.sha256 else ""
            spent = self.timing(attempt)["processing_time_seconds"]
            said = [f"{size:,} bytes{was}{_score(attempt.draft)}", f"{spent:.1f} s", *said]
        told = "  ".join(filter(None, said))
        outcome = Outcome.of(attempt.item.id, status, reason, said=told, parked=parked)
        self.run.finished(outcome)


def _to_do(error: Exception) -> str:
    """What to do about an answer that concerns this document alone, and that no later try mends."""
    if not isinstance(error, BackendError):
        return ""
    again, everybody = ANSWER_KINDS[error.answer.kind]
    return "" if again or everybody or error.answer.kind == "day_quota" else error.hint


def _reasons(state: TargetState) -> list[str]:
    known, decision = state.inputs.publication, state.decision
    merged = decision.action == "render" and known is not None and known.is_merged
    found = [*(reason.text for reason in decision.reasons), *[staleness.MERGED] * merged]
    return found or ["always made"]


def _score(draft: Draft | None) -> str:
    """`, score 62 -> 88 (100 - 9 emptiness - 3 losses)`; the first number is the old file's. What
    each was counted from in full, `nightpress check FILE` says."""
    if draft is None:
        return ""
    before = "" if draft.score_before is None else f"{draft.score_before} -> "
    taken = "".join(_TAKEN.findall(draft.counted_from))
    return f", score {before}{draft.score}" + (f" (100{taken})" if taken else "")


_TAKEN = pattern(r" - [\d,]+ [a-z-]+")


def keep_draft(project: Project, job: str, document: Draft) -> str:
    """Keep a refused draft and its findings for the user; the path, relative to the project."""
    folder = project.state / "drafts" / job.partition("/")[0]
    private.folder(folder)
    name = job.partition("/")[2]
    atomic.write(folder / f"{name}.md", document.text.encode("utf-8", "replace"), private.FILE)
    findings = findings_json(document.findings).encode()
    atomic.write(folder / f"{name}.findings.json", findings, private.FILE)
    return (folder / f"{name}.md").relative_to(project.root).as_posix()
