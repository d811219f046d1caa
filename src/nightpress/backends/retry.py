"""A backend that tries again: what may pass, a bounded number of times, and nothing else.

The backend says what an answer means, `backoff` how long to wait; this wrapper only asks. It
reports every HTTP attempt, so that the ledger has one row for each.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

from msgspec.structs import replace

from nightpress.backends.backoff import Policy, delay, larger
from nightpress.errors import Answer, BackendError
from nightpress.model import Backend, BackendKind, Reply, Request

OnAttempt = Callable[[Request, int, float, Reply | BackendError], None]
"""(request as sent, attempt from 1, seconds that it took, what came of it)."""
Reserve = Callable[[Request, int], None]
"""Takes quota for attempt 2 and later; raises errors.Deferred where there is none."""


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

        A reply that was cut off is asked for once more with a larger budget; cut off again, it
        is returned with finish "length", for it was paid for and the checks judge it.
        """
        attempt, widened = 1, False
        met: Counter[str] = Counter()
        while True:
            outcome = self._attempt(request, attempt)
            wait: float | None = 0.0
            if isinstance(outcome, Reply) or outcome.answer.kind == "truncated":
                budget = larger(self._policy, request.max_output_tokens)
                cut = isinstance(outcome, BackendError) or outcome.finish == "length"
                if not cut or widened or budget is None or attempt >= self._policy.attempts:
                    return _settled(outcome)
                request, widened = replace(request, max_output_tokens=budget), True
            else:
                kind = outcome.answer.kind
                met[kind] += 1
                draw = self._rng.random()
                wait = delay(self._policy, outcome.answer, attempt, draw, met[kind])
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
            said = Answer("transient", "interrupted while the call was in flight")
            self._on_attempt(request, attempt, self._clock() - started, BackendError(said))
            raise
        self._on_attempt(request, attempt, self._clock() - started, outcome)
        return outcome


def _settled(outcome: Reply | BackendError) -> Reply:
    if isinstance(outcome, BackendError):
        raise outcome
    return outcome
