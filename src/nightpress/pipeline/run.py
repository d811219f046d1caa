"""One run: its identity, its outcomes, what it tells, and its end.

A run that does nothing writes nothing: its row and its log begin with the first thing
that happens. Listeners are told at once, in the thread in which it happens; nothing is buffered.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

from msgspec import Struct, field

from nightpress import errors
from nightpress.errors import EXIT_USAGE, BackendError
from nightpress.model import PARKED, Status
from nightpress.model import said as ending_word
from nightpress.pipeline.events import Event, Listener
from nightpress.project import Project, version
from nightpress.storage import private
from nightpress.text import safe

if TYPE_CHECKING:
    from nightpress.pipeline.engine import Engine
    from nightpress.pipeline.sharing import Sharing

T = TypeVar("T")
WORKERS = 200
"""Workers of whom the run's row tells what they did."""


class Outcome(Struct, frozen=True):
    """How one enhancement ended in this run; text: one line for people; key: of ENDINGS, which
    is another one than the status for a draft that waits for a person."""

    job: str
    status: str
    text: str
    reason: str = ""
    key: str = ""

    @classmethod
    def of(
        cls, job: str, status: str, reason: str, *, said: str = "", parked: bool = False
    ) -> Self:
        """said: what its line says in the reason's place."""
        key = PARKED if parked else str(status)
        told = f"  {said or reason}" if said or reason else ""
        return cls(job, status, f"{ending_word(key):<12} {job}{told}", reason, key)


class Run(Struct):
    """The current run of a project. engine: workers that judge; stop is set by the first Ctrl-C, or
    by a fatal answer; trouble: the latest answer that was no reply, in words; ahead: see `sent`."""

    project: Project
    command: str
    listeners: list[Listener] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    interrupted: bool = False
    fatal: str = ""
    fatal_status: int = EXIT_USAGE
    run_id: str = ""
    notices: list[str] = field(default_factory=list)
    calls: int = 0
    tokens: int = 0
    cost: float = 0.0
    replies: int = 0
    trouble: str = ""
    goes_on_at: float | None = None
    left: set[str] = field(default_factory=set)
    ahead: dict[str, float] = field(default_factory=dict)
    work: int = 0
    current: int = 0
    engine: Engine | None = None
    _sharing: Sharing | None = None
    _guard: threading.RLock = field(default_factory=threading.RLock)
    _log: int | None = None
    _events: int | None = None

    @property
    def sharing(self) -> Sharing:
        """Replies of other machines, and those of this run for them."""
        from nightpress.pipeline import sharing

        with self._guard:
            if self._sharing is None:
                self._sharing = sharing.of(self)
            return self._sharing

    def end_sharing(self) -> None:
        """No more is asked or answered."""
        if self._sharing is not None:
            self._sharing.close()

    def begin(self) -> str:
        """The run's id; its row and its log are made when it is first asked for."""
        with self._guard:
            if not self.run_id:
                self._open()
            return self.run_id

    def _open(self) -> None:
        writer = self.project.writer()
        before = "" if self.project.has_ledger else self.project.key()
        now = datetime.fromtimestamp(self.project.clock.time(), UTC)
        self.run_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        self.project.ledger.begin_run(
            self.run_id,
            pid=os.getpid(),
            command=self.command,
            backend=writer.named or writer.backend,
            model=writer.model,
            version=version(),
        )
        if before and self.project.index.meta("key") == before:
            # an empty ledger is no news to what was judged without one
            self.project.index.set_meta("key", self.project.key())
        with suppress(OSError):  # without a log; where nothing can be written, the ledger says so
            self._open_log()
        self.tell(
            "run", f"run {self.run_id}: {writer} ({writer.why})", run_id=self.run_id,
            pid=os.getpid(), command=self.command, backend=writer.backend, model=writer.model,
            work=self.work, current=self.current,
            quiet=writer.backend == "offline" and not self.work,  # nobody writes
        )  # fmt: skip

    def _open_log(self) -> None:
        """`.nightpress/logs/RUN.log` and RUN.jsonl, and what points to the latest, for `tail -f`
        and `nightpress watch`."""
        folder = self.project.state / "logs"
        private.folder(folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        self._log = os.open(folder / f"{self.run_id}.log", flags, private.FILE)
        self._events = os.open(folder / f"{self.run_id}.jsonl", flags, private.FILE)
        for suffix in ("log", "jsonl"):
            latest = folder / f".latest-{self.run_id}"
            latest.symlink_to(f"{self.run_id}.{suffix}")
            latest.replace(folder / f"latest.{suffix}")

    def tell(
        self, kind: str, text: str, job: str = "", *, quiet: bool = False, **data: Any
    ) -> None:
        """Tell all listeners, and the log, at once."""
        event = Event(kind, self.project.clock.time(), text, job, data, quiet)
        with self._guard:
            self._keep(event)
            for listener in list(self.listeners):
                self._hear(listener, event)

    def _keep(self, event: Event) -> None:
        if self._log is None or self._events is None:
            return
        at = datetime.fromtimestamp(event.at, UTC)
        line = f"{at:%Y-%m-%dT%H:%M:%SZ} {event.kind:<8} {safe(event.text)}\n"
        row = json.dumps(event.row(), ensure_ascii=True, default=str)
        with suppress(OSError):  # a full disk: the ledger's own write is what stops us
            os.write(self._log, line.encode("utf-8", "replace"))
            os.write(self._events, f"{row}\n".encode("ascii"))

    def _hear(self, listener: Listener, event: Event) -> None:
        """A listener that breaks (a closed pipe, a bug) is dropped; the work goes on."""
        try:
            listener(event)
        except Exception as error:  # noqa: BLE001 - nothing that shows the work may end it
            self.listeners.remove(listener)
            with suppress(OSError, ValueError):
                sys.stderr.write(f"the progress display broke off: {safe(repr(error))}\n")

    def notice(self, text: str) -> None:
        """Something that the user should read at the end, too."""
        with self._guard:
            self.notices.append(text)
        self.tell("notice", text)

    def notice_once(self, text: str) -> None:
        with self._guard:
            if text not in self.notices:
                self.notice(text)

    def finished(self, outcome: Outcome, **data: Any) -> None:
        """An attempt has ended; of what is left to a later run the summary tells, in one line."""
        with self._guard:
            self.outcomes[outcome.job] = outcome
        quiet = outcome.status == Status.DEFERRED and outcome.job in self.left
        self.tell(
            "finished", outcome.text, outcome.job, status=outcome.status,
            word=ending_word(outcome.key), reason=outcome.reason, quiet=quiet, **data,
        )  # fmt: skip

    def worked(self, work: Callable[..., T], *given: Any) -> T | None:
        """What a worker makes of it; None: there is none, or it is to be done here."""
        return self.engine.begin(work, *given)() if self.engine is not None else None

    def worked_so_far(self, did: Sequence[Mapping[str, Any]]) -> None:
        """What each worker has done."""
        sums = [f"{sum(w[what] for w in did):,} {what}" for what in ("composed", "judged", "calls")]
        text = f"{len(did)} workers: {', '.join(sums)}"
        self.tell("workers", text, quiet=True, workers=list(did))

    def called(self, tokens: int, cost: float | None, trouble: str = "") -> None:
        """A call was made; trouble: why it brought no reply."""
        with self._guard:
            self.calls += 1
            self.replies += not trouble
            self.trouble = trouble or self.trouble
            self.tokens += tokens
            self.cost += cost or 0.0

    def sent(self, calls: int, tokens: int, cost: float) -> None:
        """What was sent in a batch job, at the most that it may come to; negative: what came of one
        that an earlier run sent. Whoever bounds several runs counts it when it is sent."""
        with self._guard:
            for name, amount in (("calls", calls), ("tokens", tokens), ("cost", cost)):
                self.ahead[name] = self.ahead.get(name, 0) + amount

    def put_off(self, job: str, until: float | None) -> None:
        """It was deferred; until: when it goes on (epoch seconds), if that is known."""
        with self._guard:
            self.left.add(job)
            if until is not None:
                self.goes_on_at = min(until, self.goes_on_at or until)

    def halt(self, sentence: str, status: int = EXIT_USAGE) -> None:
        """No new work in this run, and one clear sentence why; status: the exit status.

        A fatal answer of the backend is for the user to mend (a key, a model), hence the default.
        """
        with self._guard:
            if not self.fatal:
                self.fatal, self.fatal_status = sentence, status
        self.stop.set()

    def stops_at(self, error: BaseException) -> bool:
        """A fatal answer stops the run, and so does trouble of the machine: an attempt that it
        leaves open is mended by the next run."""
        if isinstance(error, BackendError) and error.fatal:
            self.halt(str(error))
            return True
        if trouble := errors.machine_trouble(error):
            self.halt(str(trouble), trouble.exit_code)
        return trouble is not None

    def counts(self) -> Counter[str]:
        """Attempts by final status, as the ledger has it."""
        return Counter(outcome.status for outcome in self.outcomes.values())

    def endings(self) -> Counter[str]:
        """The same by what people are told of (see ENDINGS)."""
        return Counter(outcome.key for outcome in self.outcomes.values())

    def failures(self) -> Sequence[Outcome]:
        return [o for o in self.outcomes.values() if o.status in (Status.FAILED, Status.REFUSED)]

    def end(self, exit_code: int) -> None:
        """Close the run's row, if it was ever begun."""
        if self.run_id:
            summary: dict[str, Any] = {
                "calls": self.calls, "tokens": self.tokens, "cost": round(self.cost, 6),
            }  # fmt: skip
            summary |= self.endings() | {"goes_on_at": self.goes_on_at}
            if self.ahead:
                summary["ahead"] = self.ahead
            if self.engine is not None and (did := self.engine.did()):
                self.worked_so_far(did)
                summary["workers"] = did[:WORKERS]
            self.project.ledger.end_run(self.run_id, exit_code, summary)
            self.tell(
                "end", f"run {self.run_id} is over: exit status {exit_code}", exit_code=exit_code,
                counts=dict(self.counts()), calls=self.calls, tokens=self.tokens,
                goes_on_at=self.goes_on_at,
            )  # fmt: skip
        for file in (self._log, self._events):
            if file is not None:
                os.close(file)
        self._log = self._events = None
