"""Which answers are tried again, how often and after how long."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from nightpress.backends.retry import Policy, Retrying, delay, larger
from nightpress.errors import ANSWER_KINDS, Answer, BackendError, Deferred
from nightpress.model import BackendKind, Reply, Request
from tests.gemini_server import bad_night

from . import samples
from .conftest import Opened

Outcome = Reply | str


class Far:
    """The far end of the network: what it answers is written down beforehand."""

    name = "far"
    kind: BackendKind = "model"

    def __init__(self, outcomes: Sequence[Reply | Answer | BaseException]) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[Request] = []

    def ask(self, request: Request) -> Reply:
        self.asked.append(request)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Answer):
            raise BackendError(outcome)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def close(self) -> None:
        self.outcomes = []


GOOD = Reply("# A", "m")
CUT = Reply("# A", "m", finish="length")


def answer(kind: str, wait: float | None = None) -> Answer:
    return Answer(kind, f"it was {kind}", wait=wait)


def retrying(far: Far, policy: Policy | None = None) -> tuple[Retrying, list[float], list[str]]:
    slept: list[float] = []
    rows: list[str] = []

    def record(request: Request, n: int, _seconds: float, got: Reply | BackendError) -> None:
        said = got.finish if isinstance(got, Reply) else got.answer.kind
        rows.append(f"{n} {said} {request.max_output_tokens}")

    return Retrying(far, policy, slept.append, random.Random(1), record), slept, rows


def test_what_passes_is_tried_again_and_each_attempt_is_reported() -> None:
    far = Far([answer("transient"), answer("minute_quota", 7.0), GOOD])
    wrapped, slept, rows = retrying(far)
    assert wrapped.ask(samples.request()) == GOOD
    assert rows == ["1 transient 16384", "2 minute_quota 16384", "3 stop 16384"]
    assert len(slept) == 2
    assert slept[1] >= 7.0
    assert (wrapped.name, wrapped.kind) == ("far", "model")


@pytest.mark.parametrize("kind", [k for k, (again, _) in ANSWER_KINDS.items() if not again])
def test_what_does_not_pass_is_asked_once(kind: str) -> None:
    wrapped, slept, rows = retrying(Far([answer(kind), GOOD]))
    with pytest.raises(BackendError, match=f"it was {kind}"):
        wrapped.ask(samples.request())
    assert (len(rows), slept) == (1, [])


def test_attempts_are_bounded() -> None:
    wrapped, slept, rows = retrying(Far([answer("transient")] * 9), Policy(attempts=4))
    with pytest.raises(BackendError):
        wrapped.ask(samples.request())
    assert (len(rows), len(slept)) == (4, 3)


def test_a_body_that_is_no_answer_is_tried_less_often() -> None:
    wrapped, _, rows = retrying(Far([answer("malformed")] * 9))
    with pytest.raises(BackendError):
        wrapped.ask(samples.request())
    assert len(rows) == Policy().malformed == 3


def test_a_cut_off_reply_is_asked_for_once_more_with_a_larger_budget() -> None:
    wrapped, slept, rows = retrying(Far([CUT, GOOD]))
    assert wrapped.ask(samples.request(budget=1_000)) == GOOD
    assert rows == ["1 length 1000", "2 stop 2000"]
    assert slept == [0.0]


def test_cut_off_again_it_is_returned_as_it_is() -> None:
    wrapped, _, rows = retrying(Far([CUT, CUT, GOOD]))
    assert wrapped.ask(samples.request(budget=1_000)) == CUT
    assert len(rows) == 2


def test_a_budget_at_its_largest_is_not_asked_for_again() -> None:
    wrapped, _, rows = retrying(Far([CUT, GOOD]))
    assert wrapped.ask(samples.request(budget=65_536)) == CUT
    assert len(rows) == 1


def test_a_transient_fault_keeps_the_larger_budget() -> None:
    wrapped, _, rows = retrying(Far([CUT, answer("transient"), GOOD]))
    wrapped.ask(samples.request(budget=1_000))
    assert rows[1:] == ["2 transient 2000", "3 stop 2000"]


def test_only_retries_reserve_and_no_quota_ends_it() -> None:
    asked: list[int] = []

    def reserve(_request: Request, attempt: int) -> None:
        asked.append(attempt)
        if attempt == 3:
            raise Deferred("the day is spent", 5.0)

    far = Far([answer("transient")] * 9)
    wrapped = Retrying(far, None, lambda _: None, random.Random(1), reserve=reserve)
    with pytest.raises(Deferred):
        wrapped.ask(samples.request())
    assert asked == [2, 3]
    assert len(far.asked) == 2


def test_an_interrupt_in_flight_has_a_row_too() -> None:
    wrapped, _, rows = retrying(Far([KeyboardInterrupt()]))
    with pytest.raises(KeyboardInterrupt):
        wrapped.ask(samples.request())
    assert rows == ["1 transient 16384"]


def test_a_bad_night_over_http(opened: Opened) -> None:
    script = ["503", "disconnect", "malformed_json", "max_tokens", "ok"]
    gemini, server = opened(script=script)
    rows: list[int] = []
    wrapped = Retrying(
        gemini, None, lambda _: None, random.Random(1), lambda _r, n, _s, _o: rows.append(n)
    )
    assert wrapped.ask(samples.request()).finish == "stop"
    assert rows == [1, 2, 3, 4, 5]
    assert server.seen()["calls"] == len(rows)


def test_with_faults_everything_succeeds_and_both_sides_agree_on_every_call(
    opened: Opened,
) -> None:
    gemini, server = opened(rates=bad_night(0.10), seed=5)
    rows: list[int | None] = []

    def record(_request: Request, _n: int, _seconds: float, got: Reply | BackendError) -> None:
        rows.append(got.http_status if isinstance(got, Reply) else got.answer.http_status)

    wrapped = Retrying(gemini, None, lambda _: None, random.Random(1), record)
    replies = [wrapped.ask(samples.request(extra=str(n))) for n in range(100)]
    assert all(r.finish == "stop" for r in replies)
    seen = server.seen()
    # A call that was cut off in its body had status 200 at the server, and none here.
    told = [None if c["fault"] in ("disconnect", "cut_body") else c["status"] for c in seen["list"]]
    assert rows == told
    assert 100 < len(rows) <= 115
    assert seen["input_tokens"] >= sum(r.tokens_in for r in replies)


# --- the policy ---------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999])
def test_a_stated_wait_is_never_undercut_and_lasts_a_second_at_least(draw: float) -> None:
    for kind in ("minute_quota", "transient", "capacity"):
        for wait in (0.0, 0.2, 32.0):
            waited = delay(Policy(), answer(kind, wait), 1, draw)
            assert waited is not None
            assert waited >= max(1.0, wait)


def test_without_a_stated_wait_a_minute_is_waited_for() -> None:
    assert delay(Policy(), answer("minute_quota"), 1, 0.0) == 60.0


def test_backoff_doubles_is_capped_and_half_of_it_is_certain() -> None:
    policy = Policy(attempts=20)
    waits = [delay(policy, answer("capacity"), n, 0.0) for n in range(1, 9)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    high = delay(policy, answer("capacity"), 8, 0.999)
    assert high is not None
    assert 119.0 < high < 120.0


def test_an_impossible_wait_is_not_waited_for() -> None:
    assert delay(Policy(), answer("transient", 64_800.0), 1, 0.0) is None


def test_the_budget_grows_to_the_models_largest() -> None:
    assert larger(Policy(), 40_000) == 65_536
    assert larger(Policy(), 65_536) is None
