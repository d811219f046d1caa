"""Quota ledger and local Gemini server, over real HTTP on one fast clock: they agree on every call.

The tolerated skew is that of the fast clock: three quarters of a real second are half a
minute of it.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks._night_ledger import SharedClock

from nightpress.backends import make
from nightpress.backends.retry import Retrying
from nightpress.errors import BackendError
from nightpress.model import Reply, Request
from nightpress.quota import Pacer, Quota, Reservation
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Pace
from tests.backends.samples import MODEL, request
from tests.gemini_server import FastClock, GeminiServer
from tests.gemini_server import Limits as Served
from tests.quota.clocks import pacific

SPEED = 40.0
PACE = Pace(proof=4, skew=30.0)
LIMITS = (12, 200_000, 400)
FAULTS = {"503": 0.06, "500": 0.06, "empty_body": 0.06, "disconnect": 0.06}


def ask(backend: Any, pacer: Pacer, question: Request, clock: SharedClock) -> Reply:
    """As the pipeline asks: each HTTP attempt is reserved, and ended by what came of it."""
    held: list[Reservation] = []

    def reserve(asked: Request, _attempt: int) -> None:
        tokens = int(len(asked.system + asked.prompt) / 3.5)
        held.append(pacer.reserve(asked.model, tokens, asked.job, asked.max_output_tokens))

    def ended(_: Request, _attempt: int, _seconds: float, outcome: Reply | BackendError) -> None:
        if isinstance(outcome, Reply):
            pacer.settle(held.pop(), outcome.tokens_in, outcome.tokens_out)
        else:
            pacer.refused(held.pop(), outcome.answer)

    reserve(question, 1)
    retrying = Retrying(
        backend, sleep=clock.sleep, on_attempt=ended, reserve=reserve, rng=random.Random(3)
    )
    return retrying.ask(question)


def warm(backend: Any) -> Any:
    """The first call imports the SDK, long on a fast clock: let it be another model's call."""
    with suppress(BackendError):
        backend.ask(request(model="gemini-3.1-flash-lite"))
    return backend


def test_ledger_and_server_agree_and_nothing_is_refused(tmp_path: Path) -> None:
    fast = FastClock(SPEED, 1_795_032_000.0)
    clock = SharedClock(SPEED, fast.origin, fast.monotonic_origin)
    served = {"*": Served(*LIMITS)}
    with GeminiServer(clock=fast, limits=served, latency=1.0, rates=FAULTS, seed=5) as server:
        settings = {"base_url": server.url(), "clock_speed": SPEED, "deadline_seconds": 600.0}
        backend = warm(make("gemini", settings, {"GOOGLE_API_KEY": "test-key"}))
        quota = Quota(tmp_path / "quota.db", clock, day_of=pacific)
        pacer = Pacer(quota, clock, random.Random(1).random, lambda _: Limits(*LIMITS), PACE)
        questions = [request(extra=f"number {n}") for n in range(14)]
        with ThreadPoolExecutor(6) as pool:
            replies = list(pool.map(lambda q: ask(backend, pacer, q, clock), questions))
        seen, now = server.seen(), pacer.snapshot(MODEL)
        backend.close()
        quota.close()
    assert len(replies) == 14
    assert seen["refusals"] == 0
    assert seen["by_model"][MODEL] == now.calls_today > 14
    assert now.evidence.clean >= 14 and now.evidence.refusals == 0


def test_the_servers_own_words_lower_the_limit(tmp_path: Path) -> None:
    fast = FastClock(SPEED, 1_795_032_000.0)
    clock = SharedClock(SPEED, fast.origin, fast.monotonic_origin)
    said: list[str] = []
    with GeminiServer(clock=fast, limits={"*": Served(2, 250_000, 400)}) as server:
        settings = {"base_url": server.url(), "clock_speed": SPEED, "deadline_seconds": 600.0}
        backend = warm(make("gemini", settings, {"GOOGLE_API_KEY": "test-key"}))
        quota = Quota(tmp_path / "quota.db", clock, day_of=pacific)
        pacer = Pacer(quota, clock, lambda: 0.5, lambda _: Limits(15, 250_000, 400),
                      Pace(profile="unpaced", skew=30.0), tell=said.append)  # fmt: skip
        for number in range(3):
            ask(backend, pacer, request(extra=f"number {number}"), clock)
        seen, now = server.seen(), pacer.snapshot(MODEL)
        backend.close()
        quota.close()
    assert (seen["refusals"], seen["by_model"][MODEL], now.calls_today, now.limits.rpm) == (
        1,
        4,
        4,
        2,
    )
    assert "allows 2 requests a minute, not 15" in said[0]
