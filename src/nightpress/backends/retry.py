"""A backend that tries again: what may pass, a bounded number of times, and nothing else.

The backend says what an answer means, `delay` how long to wait: pure arithmetic, whose randomness
is an argument (`draw`, 0 <= draw < 1), so that a test can say it. `Retrying` only asks, and reports
every HTTP attempt, so that the ledger has one row for each.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from nightpress.backends import finish
from nightpress.errors import ANSWER_KINDS, Answer, BackendError
from nightpress.model import Backend, BackendKind, Reply, Request

__all__ = ["Policy", "Retrying", "delay", "larger"]

MINUTE = 60.0

OnAttempt = Callable[[Request, int, float, Reply | BackendError], None]
"""(request as sent, attempt from 1, seconds that it took, what came of it)."""
Reserve = Callable[[Request, int], None]
"""Takes quota for attempt 2 and later; raises errors.Deferred where there is none."""


class Policy(Struct, frozen=True):
    """attempts: HTTP attempts per question, the first included; base, factor, most: the seconds
    of exponential backoff; malformed: attempts where a body was no answer at all; tokens: the
    factor by which the one retry of a cut-off reply enlarges its budget, up to max_tokens.

    A stated wait longer than `patience` seconds is not waited for: the question fails for now.
    """

    attempts: int = 5
    base: float = 2.0
    factor: float = 2.0
    most: float = 120.0
    malformed: int = 3
    patience: float = 600.0
    tokens: float = 2.0
    max_tokens: int = 65_536


def delay(
    policy: Policy, answer: Answer, attempt: int, draw: float, of_kind: int | None = None
) -> float | None:
    """Seconds to wait after failed attempt number `attempt` (from 1); None: do not retry.
    of_kind: how many answers of this kind there were so far (default: all of them).

    A stated wait is never undercut: at least 1 s, and jitter on top. Without one, half of the
    exponential step is certain and half is drawn, so that many clients do not return together.
    "truncated" waits for nothing: what it needs is a larger budget.
    """
    if not ANSWER_KINDS[answer.kind][0] or attempt >= policy.attempts:
        return None
    if (attempt if of_kind is None else of_kind) >= _allowed(policy, answer.kind):
        return None
    if answer.kind == "truncated":
        return 0.0
    if answer.wait is not None and answer.wait > policy.patience:
        return None
    if answer.kind == "minute_quota":
        pause = MINUTE if answer.wait is None else max(1.0, answer.wait)
        return pause + draw * max(1.0, pause * 0.1)
    step: float = min(policy.most, policy.base * policy.factor ** (attempt - 1))
    waited = step * (0.5 + draw / 2)
    return waited if answer.wait is None else max(1.0, answer.wait) + waited


def larger(policy: Policy, budget: int) -> int | None:
    """The output budget of the one retry after a cut-off reply; None: it is at its largest."""
    enlarged = min(policy.max_tokens, int(budget * policy.tokens))
    return enlarged if enlarged > budget else None


def _allowed(policy: Policy, kind: str) -> int:
    """Answers of one kind after which it is not tried again."""
    return {"truncated": 2, "malformed": policy.malformed}.get(kind, policy.attempts)


def _unreported(
    request: Request, attempt: int, seconds: float, outcome: Reply | BackendError
) -> None:
    """For callers that keep no ledger."""


class Retrying:
    """`Retrying(Gemini(...), Policy())` is a Backend itself, of the same name and kind."""

    kind: BackendKind

    def __init__(
        self,
        backend: Backend,
        policy: Policy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
        on_attempt: OnAttempt = _unreported,
        *,
        reserve: Reserve | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backend = backend
        self._policy = policy or Policy()
        self._sleep = sleep
        self._rng = rng or random.Random()  # noqa: S311 - jitter, no secret
        self._on_attempt = on_attempt
        self._reserve = reserve
        self._clock = clock
        self.name = backend.name
        self.kind = backend.kind

    def ask(self, request: Request) -> Reply:
        """The reply; raises the last BackendError, or whatever `reserve` raises.

        A reply that was cut off is asked for once more with a larger budget, if that can help (it
        does not run in a circle); cut off again, it is returned with finish "length", for it was
        paid for and the checks judge it.
        """
        attempt, widened, most = 1, False, self._policy.attempts
        counts: Counter[str] = Counter()
        while True:
            outcome = self._attempt(request, attempt)
            wait: float | None = 0.0
            if isinstance(outcome, Reply) or outcome.answer.kind == "truncated":
                budget = larger(self._policy, request.max_output_tokens)
                cut = isinstance(outcome, BackendError) or outcome.finish == "length"
                circles = isinstance(outcome, Reply) and finish.circles(outcome.text)
                if circles or not cut or widened or budget is None or attempt >= most:
                    return _settled(outcome)
                request, widened = replace(request, max_output_tokens=budget), True
            else:
                kind = outcome.answer.kind
                counts[kind] += 1
                draw = self._rng.random()
                wait = delay(self._policy, outcome.answer, attempt, draw, counts[kind])
            if wait is None:
                return _settled(outcome)
            self._sleep(wait)
            attempt += 1
            if self._reserve is not None:
                self._reserve(request, attempt)

    def close(self) -> None:
        self._backend.close()

    def _attempt(self, request: Request, attempt: int) -> Reply | BackendError:
        started = self._clock()
        outcome: Reply | BackendError
        try:
            outcome = self._backend.ask(request)
        except BackendError as error:
            outcome = error
        except BaseException:
            # Interrupted in flight: it may have reached the server, and it has a row too.
            answer = Answer("transient", "interrupted while the call was in flight")
            self._on_attempt(request, attempt, self._clock() - started, BackendError(answer))
            raise
        self._on_attempt(request, attempt, self._clock() - started, outcome)
        return outcome


def _settled(outcome: Reply | BackendError) -> Reply:
    if isinstance(outcome, BackendError):
        raise outcome
    return outcome
