"""Questions that are sent as one job at the end of a run, and what comes back in later runs.

A job that costs money is never made twice and never forgotten: its row, with a name of ours, is
written before it is made, and a job whose making was cut off is looked for under that name. What
comes of its parts is recorded as any reply, under the question's own key.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import NoReturn

from msgspec import Struct, field
from msgspec.structs import replace

from nightpress.backends import batch as jobs
from nightpress.backends import finish, make, retry
from nightpress.errors import (
    ANSWER_KINDS,
    Answer,
    BackendError,
    Deferred,
    InBatch,
    NightpressError,
)
from nightpress.ledger import Call, batches
from nightpress.model import Backend, Reply, Request
from nightpress.pipeline import lanes, pacing
from nightpress.pipeline.run import Run
from nightpress.project import Project, Writer
from nightpress.quota import Spending, budget

LOOKS = ((600.0, 30.0), (3_600.0, 120.0), (21_600.0, 300.0), (float("inf"), 900.0))
"""(age of a job up to which, seconds from one look to the next)."""
GRACE = 600.0
"""Seconds after which a job that is not found was never made: no request takes so long."""
STUCK = 3 * 86_400.0
"""Age in seconds at which a job that never ends is cancelled (it should have expired by then)."""
TRIES = 3
"""How often a question comes back from jobs without an answer, until that is told as an error."""
OURS = "nightpress-"


class Post(Struct, frozen=True):
    """A question that waits to be sent. tokens, cost: what it may come to at most."""

    question: jobs.Part
    first: str
    tokens: int = 0
    cost: float = 0.0


class Box(Struct):
    """The batch jobs of one run. backend: who a writer is; spending: the run's budget."""

    run: Run
    backend: Callable[[Writer], Backend]
    policy: retry.Policy
    spending: Spending | None = None
    _posts: dict[str, tuple[Writer, dict[str, Post]]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    # --- a question's way in ---

    def check(self, key: str) -> None:
        """InBatch for a question that is under way, whatever the lane: it is paid for already."""
        project = self.run.project
        if not project.has_ledger:
            return
        for part in batches.of_question(project.ledger, key):
            if part.state == "waiting":
                raise self._under_way(part)

    def waits(self, job: str) -> bool:
        """Is anything of this document, or plugin's analysis, under way?"""
        project = self.run.project
        return project.has_ledger and bool(batches.waiting(project.ledger, job))

    def under_way(self, job: str, key: str) -> InBatch | None:
        """What a document waits for, if its question, or one that follows from it, is under way."""
        for part in batches.waiting(self.run.project.ledger, job):
            if key in (part.request_sha256, part.first):
                return self._under_way(part)
        return None

    def post(
        self, key: str, first: str, request: Request, writer: Writer, tokens_in: int
    ) -> NoReturn:
        """Keep the question for the job at the run's end. tokens_in: estimated. Raises InBatch, or
        BackendError with what a job before brought in place of a reply, or Deferred where the
        budget is spent."""
        with self._guard:
            earlier = batches.of_question(self.run.project.ledger, key)
            _, posts = self._posts.setdefault(str(writer), (writer, {}))
            if key not in posts:
                self._speak(earlier)
                if any(part.state == "cut" for part in earlier):
                    most = retry.larger(self.policy, request.max_output_tokens)
                    request = replace(request, max_output_tokens=most or request.max_output_tokens)
                tokens, cost = self._hold(request, writer, tokens_in)
                question = jobs.Part(key, replace(request, lane="batch"))
                posts[key] = Post(question, first, tokens, cost)
        now = self.run.project.clock.time()
        raise InBatch("its question goes into a batch job", now + _gap(0.0), is_new=True)

    def _speak(self, earlier: Sequence[batches.Part]) -> None:
        """Raise what earlier jobs say of this question, once."""
        for part in earlier:
            if part.state == "waiting":
                raise self._under_way(part)
            if part.state == "failed":
                batches.told(self.run.project.ledger, part)
                raise BackendError(part.failed())
        if sum(part.state == "back" for part in earlier) >= TRIES:
            message = f"{TRIES} batch jobs brought no answer to this question"
            hint = "ask at once (lane=interactive), or at half the price (lane=flex)"
            raise BackendError(Answer("transient", message, hint=hint))

    def _hold(self, request: Request, writer: Writer, tokens_in: int) -> tuple[int, float]:
        """Set aside what the question may come to, for the rest of the run: tokens, US dollars."""
        if self.spending is None:
            return 0, 0.0
        project = self.run.project
        share = lanes.share(project, writer, "batch")
        now = project.clock.time()
        held = self.spending.hold(writer.model, tokens_in, request.max_output_tokens, now, share)
        if held is None:
            raise Deferred("the rest of the budget is set aside for this run's batch job")
        return held.tokens, held.cost

    def _under_way(self, part: batches.Part) -> InBatch:
        project = self.run.project
        job = next((b for b in batches.opened(project.ledger) if b.id == part.batch), None)
        if job is None:
            return InBatch("its question is in a batch job")
        at = _next_look(job)
        sent = datetime.fromtimestamp(_epoch(job.sent))
        message = f"its question is in the batch job of {sent:%Y-%m-%d %H:%M}"
        said = f" ({job.said.lower()})" if job.said else ""
        return InBatch(f"{message}{said}; the next look at it is from {_clock(at)}", at)

    # --- out ---

    def send(self) -> None:
        """Make the jobs of what was posted in this run."""
        posted, self._posts = self._posts, {}
        for writer, posts in posted.values():
            batching = batching_of(self.backend(writer))
            for posts_of_one in _jobs(list(posts.values()), batching):
                self._send(writer, batching, posts_of_one)

    def _send(self, writer: Writer, batching: jobs.Batching, posts: Sequence[Post]) -> None:
        project, ours = self.run.project, f"{OURS}{secrets.token_hex(8)}"
        asked = [(post.question.request, post) for post in posts]
        questions = [
            batches.Part(0, p.question.key, p.first, r.job, r.phase, r.max_output_tokens)
            for r, p in asked
        ]
        batch = batches.begin(
            project.ledger, self.run.begin(), ours=ours, backend=writer.backend, model=writer.model,
            account=pacing.account(project), questions=questions,
        )  # fmt: skip
        try:
            name = batching.send(ours, writer.model, [post.question for post in posts])
        except BackendError as error:
            self._unsent(batch, error)
            return
        batches.made(project.ledger, batch, name)
        self.run.sent(len(posts), sum(p.tokens for p in posts), sum(p.cost for p in posts))
        share = lanes.share(project, writer, "batch")
        looks = _clock(project.clock.time() + _gap(0.0))
        self.run.notice(
            f"a batch job was sent: {_questions(len(posts))} at {share:.0%} of the price; the next"
            f" run from {looks} on looks at it, and goes on with what it brings (24 h at most, as a"
            " rule)"
        )

    def _unsent(self, batch: int, error: BackendError) -> None:
        """The job was refused, or never left, or nobody knows."""
        ledger, answer = self.run.project.ledger, error.answer
        status = answer.http_status or 0
        if not answer.left or (400 <= status < 500 and status not in (408, 409, 499)):
            batches.ended(ledger, batch, "lost", answer.message)
            self.run.notice(f"no batch job was made: {answer.message}")
            if error.fatal:
                self.run.halt(str(error))
            return
        unsure = f"whether the batch job was made is not known ({answer.message})"
        self.run.notice(f"{unsure}: the next run looks for it")

    # --- back ---

    def collect(self) -> None:
        """Take in what the open jobs have brought. All other work waits for this: where the
        provider does not answer for one job, the others are put off with it."""
        project = self.run.project
        account = pacing.account(project)
        silent = False
        for batch in batches.opened(project.ledger):
            if batch.account != account:
                self.run.notice(
                    f"a batch job of {batch.sent[:10]} was sent with another key, or to another"
                    " address: it is looked at when that is set again"
                )
                continue
            if (batch.state == "sent" or batch.looked) and project.clock.time() < _next_look(batch):
                continue
            if silent:
                self._put_off(batch)
                continue
            writer = Writer(batch.backend, batch.model, "as the batch job was sent")
            try:
                settings = project.backend_settings(writer)
                with closing(make(writer.backend, settings, project.environ)) as backend:
                    self._collect(batch, batching_of(backend), writer)
            except NightpressError as error:
                again = ""
                if isinstance(error, BackendError) and ANSWER_KINDS[error.answer.kind][0]:
                    silent = error.answer.http_status is None
                    again = f"; the next look at it is from {self._put_off(batch)}"
                self.run.notice(
                    f"the batch job of {batch.sent[:10]} was not looked at: {error}{again}"
                )

    def _put_off(self, batch: batches.Batch) -> str:
        """Not to be looked at for as long as after a look; until when, for people."""
        batches.looked(self.run.project.ledger, batch.id, batch.said or "")
        now = self.run.project.clock.time()
        return _clock(now + _gap(now - _epoch(batch.sent)))

    def _collect(self, batch: batches.Batch, batching: jobs.Batching, writer: Writer) -> None:
        ledger, name = self.run.project.ledger, batch.name
        now = self.run.project.clock.time()
        if batch.state == "sending":
            name = batching.find(batch.ours)
            if name is None:
                self._not_found(batch)
                return
            batches.made(ledger, batch.id, name)
        job = batching.look(name or "", batch.model)
        if job is not None and not job.is_over:
            if now - _epoch(batch.sent) > STUCK:
                batching.cancel(name or "")
            batches.looked(ledger, batch.id, job.state)
            return
        parts = {part.request_sha256: part for part in batches.parts(ledger, batch.id)}
        told = job.told if job is not None else ()
        brought = sum(self._take(batch, parts.get(t.key), t, writer) for t in told)
        state = job.state if job is not None else "GONE"
        back = batches.ended(ledger, batch.id, "over", state)
        rest = f"; {_questions(back)} came back without an answer" if back else ""
        self.run.notice(f"the batch job of {batch.sent[:10]} is over ({state.lower()}):"
                        f" {brought} of {len(parts)} replies came{rest}")  # fmt: skip

    def _not_found(self, batch: batches.Batch) -> None:
        project = self.run.project
        if project.clock.time() - _epoch(batch.sent) < GRACE:
            batches.looked(project.ledger, batch.id, "not found yet")
            return
        batches.ended(project.ledger, batch.id, "lost", "never made")
        self.run.notice("a batch job that was cut off was never made: its questions go on")

    def _take(
        self, batch: batches.Batch, part: batches.Part | None, told: jobs.Told, writer: Writer
    ) -> bool:
        """Record what came of one part; is it a reply, and new?"""
        if part is None or part.state != "waiting":
            return False
        result, ledger = told.result, self.run.project.ledger
        call = self._call(batch, part, result, writer)
        if isinstance(result, Answer):
            state = "back" if ANSWER_KINDS[result.kind][0] else "failed"
        else:
            state = "cut" if self._is_cut(part, result) else "answered"
        if not batches.take(ledger, self.run.begin(), part, call, state, result):
            return False
        if isinstance(result, Reply) and state == "answered":
            self.run.sharing.keep(call, result, ledger.now_text())
        used = call.tokens_in + call.tokens_out
        self.run.sent(-1, -used, -(call.cost or 0.0))
        self.run.called(used, call.cost, result.message if isinstance(result, Answer) else "")
        what = result.message if isinstance(result, Answer) else f"{call.tokens_out:,} tokens"
        self.run.tell(
            "answered", f"{part.job}: {part.phase}, from a batch job: {what}", part.job,
            phase=part.phase, outcome=call.outcome, http_status=call.http_status,
            model=call.model_answered, seconds=call.seconds, tokens_in=call.tokens_in,
            tokens_out=call.tokens_out, tokens_cached=call.tokens_cached or 0, cost=call.cost,
        )  # fmt: skip
        return isinstance(result, Reply)

    def _is_cut(self, part: batches.Part, reply: Reply) -> bool:
        """Is it to be asked for again with a larger budget? Once, and where that can help."""
        if reply.finish != "length" or finish.circles(reply.text):
            return False
        earlier = batches.of_question(self.run.project.ledger, part.request_sha256)
        again = any(other.state == "cut" for other in earlier)
        return not again and retry.larger(self.policy, part.max_output_tokens) is not None

    def _call(
        self, batch: batches.Batch, part: batches.Part, result: Reply | Answer, writer: Writer
    ) -> Call:
        project, failed = self.run.project, isinstance(result, Answer)
        price = budget.reduced(
            pacing.price_of(project, batch.model), lanes.share(project, writer, "batch")
        )
        age = project.clock.time() - _epoch(batch.sent)
        cached, tokens = 0, (result.tokens_in, result.tokens_out)
        if isinstance(result, Reply):
            cached = result.tokens_cached
        return Call(
            job=part.job, phase=part.phase, attempt=1, backend=batch.backend,
            model_requested=batch.model, prompt_sha256=part.request_sha256, seconds=round(age, 4),
            outcome=result.kind if isinstance(result, Answer) else "reply",
            http_status=result.http_status, model_answered=result.model or None,
            tokens_in=result.tokens_in, tokens_out=result.tokens_out,
            error_message=result.message if isinstance(result, Answer) else None,
            cost=budget.cost(price, *tokens, cached) if not failed else 0.0,
            lane="batch", tokens_cached=cached or None,
        )  # fmt: skip


def standing(project: Project) -> list[str]:
    """A line for each job that is under way."""
    if not project.has_ledger:
        return []
    lines = []
    for job in batches.opened(project.ledger):
        waiting = sum(part.state == "waiting" for part in batches.parts(project.ledger, job.id))
        sent = datetime.fromtimestamp(_epoch(job.sent))
        said = (job.said or "sent").lower()
        lines.append(
            f"batch job of {sent:%Y-%m-%d %H:%M}: {_questions(waiting)} under way ({said})"
        )
    return lines


def batching_of(backend: Backend) -> jobs.Batching:
    """The batch jobs of a backend whose way has that lane."""
    batching: jobs.Batching | None = getattr(backend, "batches", None)
    assert batching is not None, f"{backend.name} declares a lane that it lacks"  # noqa: S101
    return batching


def _jobs(posts: Sequence[Post], batching: jobs.Batching) -> Iterator[list[Post]]:
    """Split by what one job holds."""
    job: list[Post] = []
    size = 0
    for post in posts:
        own = len((post.question.request.system + post.question.request.prompt).encode())
        if job and (size + own > batching.most_bytes or len(job) >= batching.most_parts):
            yield job
            job, size = [], 0
        job.append(post)
        size += own
    if job:
        yield job


def _gap(age: float) -> float:
    return next(gap for most, gap in LOOKS if age < most)


def _next_look(batch: batches.Batch) -> float:
    """Epoch seconds from which it is worth to look at the job again."""
    sent = _epoch(batch.sent)
    before = _epoch(batch.looked) if batch.looked else sent
    return before + _gap(before - sent)


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%H:%M}"


def _questions(count: int) -> str:
    return "1 question" if count == 1 else f"{count:,} questions"
