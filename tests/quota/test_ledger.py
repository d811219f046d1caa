"""The quota ledger: what is counted, given back, learned and closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from nightpress.errors import ANSWER_KINDS, Answer, BackendError, Deferred
from nightpress.quota import Closed, Pacer, Quota, Reservation, Wait
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Evidence, Pace
from tests.quota.clocks import NOON, PACIFIC, FakeClock, pacific
from tests.quota.conftest import UNPACED

LITE = "gemini-3.5-flash-lite"
FREE = Limits(15, 250_000, 500)
Make = Callable[..., Pacer]


def when(*moment: int) -> float:
    return datetime(*moment, tzinfo=PACIFIC.tzinfo).timestamp()  # type: ignore[misc, arg-type]


def taken(pacer: Pacer, tokens: int = 100) -> Reservation:
    found = pacer.attempt(LITE, tokens)
    assert isinstance(found, Reservation), found
    return found


def waits(pacer: Pacer, tokens: int = 100) -> float:
    found = pacer.attempt(LITE, tokens)
    assert isinstance(found, Wait), found
    return found.seconds


def test_a_minute_holds_exactly_its_requests(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(FREE)
    for second in range(15):
        clock.now = NOON + second
        taken(paced)
    assert waits(paced) == pytest.approx(46, abs=0.01)
    clock.now = NOON + 60
    taken(paced)
    assert waits(paced) == pytest.approx(1, abs=0.01)


def test_a_minute_holds_exactly_its_tokens(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(Limits(tpm=1000))
    first = taken(paced, 500)
    paced.settle(first, 500, 10)  # the ratio is 1.1 yet, and sinks slowly
    clock.now += 20
    assert waits(paced, 500) == pytest.approx(40, abs=0.01)
    paced.settle(taken(paced, 400), 400, 10)
    clock.now += 40
    second = taken(paced, 500)
    assert second.tokens > 500


def test_settling_counts_what_was_really_used(pacer: Make) -> None:
    paced = pacer(Limits(tpm=1000))
    paced.settle(taken(paced, 800), 100, 5)
    taken(paced, 700)
    assert waits(paced, 200) > 0


def test_an_estimate_that_was_too_small_teaches(pacer: Make) -> None:
    paced = pacer(Limits(tpm=10_000))
    paced.settle(taken(paced, 1000), 1500, 5)
    assert taken(paced, 1000).tokens == 1500


def test_a_refund_gives_all_back_once(pacer: Make) -> None:
    paced = pacer(Limits(rpm=1, rpd=1))
    held = taken(paced)
    paced.refund(held)
    paced.refund(held)
    again = taken(paced)
    assert paced.snapshot(LITE).left_in_day == 0
    paced.settle(again, 10, 10)
    paced.refund(again)
    assert paced.snapshot(LITE).calls_today == 1


def test_what_never_left_is_refunded_and_what_left_counts(pacer: Make) -> None:
    paced = pacer(Limits(rpd=2))
    paced.refused(taken(paced), Answer("transient", "refused connection", left=False))
    assert paced.snapshot(LITE).left_in_day == 2
    paced.refused(taken(paced), Answer("transient", "timed out"))
    assert paced.snapshot(LITE).left_in_day == 1


def test_a_spent_day_defers_until_midnight_pacific(pacer: Make, clock: FakeClock) -> None:
    clock.now = when(2026, 11, 18, 22, 0)
    paced = pacer(Limits(rpd=1))
    taken(paced)
    with pytest.raises(Deferred) as deferred:
        paced.reserve(LITE, 100)
    assert deferred.value.until == when(2026, 11, 19)
    clock.now = deferred.value.until
    paced.reserve(LITE, 100)  # waits a moment, since clocks differ
    assert clock.now == pytest.approx(when(2026, 11, 19) + 5, abs=0.01)


def test_nothing_is_reserved_around_midnight(pacer: Make, clock: FakeClock) -> None:
    clock.now = when(2026, 11, 19) - 4
    assert waits(pacer(Limits(rpd=5))) == pytest.approx(9, abs=0.01)


@pytest.mark.parametrize(
    ("day", "hours"),
    [((2026, 3, 8), 23), ((2026, 11, 1), 25), ((2026, 7, 4), 24)],
    ids=["clocks go forward", "clocks go back", "plain"],
)
def test_days_of_23_and_25_hours(
    pacer: Make, clock: FakeClock, day: tuple[int, int, int], hours: int
) -> None:
    begins = when(*day)
    paced = pacer(Limits(rpd=1))
    clock.now = begins + 10
    taken(paced)
    ends = begins + hours * 3600
    for moment in (begins + 3 * 3600, ends - 3600, ends - 10):
        clock.now = moment
        with pytest.raises(Deferred) as deferred:
            paced.attempt(LITE, 1)
        assert deferred.value.until == ends
    clock.now = ends + 6
    taken(paced)


def test_a_daily_refusal_closes_only_its_own_day(pacer: Make, clock: FakeClock) -> None:
    said: list[str] = []
    paced = pacer(FREE, tell=said.append)
    refusal = Answer("day_quota", "429", 429, 2.0, 500, "rpd")
    clock.now = when(2026, 11, 18, 12)
    paced.refused(taken(paced), refusal)
    with pytest.raises(Deferred) as deferred:
        paced.attempt(LITE, 1)
    assert deferred.value.until == when(2026, 11, 19)
    assert said == [f"{LITE}: the day's quota is spent; closed until midnight Pacific"]
    other = paced.quota.take("other", FREE, 1, "", UNPACED, 0)
    assert isinstance(other, Reservation)
    clock.now = when(2026, 11, 19) + 10
    late = taken(paced)
    clock.now = when(2026, 11, 20) + 10
    paced.refused(late, refusal)  # its answer came after its day
    taken(paced)


def test_a_smaller_limit_is_learned_kept_and_said(
    pacer: Make, clock: FakeClock, tmp_path: Path
) -> None:
    said: list[str] = []
    paced = pacer(FREE, tell=said.append)
    paced.refused(taken(paced), Answer("minute_quota", "429", 429, 30.0, 2, "rpm"))
    assert "allows 2 requests a minute, not 15" in said[0]
    assert 30 <= waits(paced) <= 33.1
    reopened = Quota(tmp_path / "quota.db", clock, day_of=pacific)
    clock.now += 61
    assert reopened.snapshot(LITE, FREE, UNPACED).limits == Limits(2, 250_000, 500)
    assert isinstance(reopened.take(LITE, FREE, 1, "", UNPACED, 0), Reservation)
    assert isinstance(reopened.take(LITE, FREE, 1, "", UNPACED, 0), Reservation)
    assert isinstance(reopened.take(LITE, FREE, 1, "", UNPACED, 0), Wait)
    reopened.close()


def test_a_learned_limit_is_tried_again_after_a_month(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(FREE)
    paced.refused(taken(paced), Answer("minute_quota", "429", 429, 1.0, 2, "rpm"))
    clock.now += 29 * 86_400
    assert paced.snapshot(LITE).limits.rpm == 2
    clock.now += 2 * 86_400
    assert paced.snapshot(LITE).limits.rpm == 15


def test_a_call_that_failed_counts_from_its_end(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(Limits(rpm=1))
    held = taken(paced)
    clock.now += 40
    paced.refused(held, Answer("transient", "hung before it was sent, then 503", 503))
    clock.now += 30
    assert waits(paced) == pytest.approx(30, abs=0.01)


def test_a_daily_refusal_right_after_midnight_is_a_clock_that_is_off(
    pacer: Make, clock: FakeClock
) -> None:
    """Ours runs ahead: it is the day before that is spent, and this one is not lost."""
    said: list[str] = []
    paced = pacer(FREE, tell=said.append)
    clock.now = when(2026, 11, 19) + 30
    paced.refused(taken(paced), Answer("day_quota", "429", 429, 2.0, None, "rpd"))
    assert waits(paced) == pytest.approx(270, abs=0.01)
    assert said == [
        f"{LITE}: refused right after midnight, so a clock may be off; tried again in 270 s"
    ]
    clock.now += 271
    held = taken(paced)
    clock.now += 30
    paced.refused(
        held, Answer("day_quota", "429", 429, 2.0, None, "rpd")
    )  # it is this day after all
    with pytest.raises(Deferred):
        paced.attempt(LITE, 1)


def test_a_daily_limit_is_learned(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(FREE)
    paced.refused(taken(paced), Answer("day_quota", "429", 429, 2.0, 20, "rpd"))
    clock.now = when(2026, 11, 19, 10)
    assert paced.snapshot(LITE).left_in_day == 20


def test_a_larger_stated_limit_changes_nothing(pacer: Make) -> None:
    paced = pacer(FREE)
    paced.refused(taken(paced), Answer("minute_quota", "429", 429, 1.0, 60, "rpm"))
    assert paced.snapshot(LITE).limits == FREE


def test_new_configured_limits_forget_what_the_old_ones_taught(quota: Quota) -> None:
    pace = Pace()
    held = quota.take(LITE, FREE, 1, "", pace, 0)
    assert isinstance(held, Reservation)
    quota.settle(held, pace, 1, 1)
    assert quota.snapshot(LITE, FREE, pace).evidence == Evidence(1, 0)
    paid = Limits(1000, None, None)
    quota.take(LITE, paid, 1, "", pace, 0)
    assert quota.snapshot(LITE, paid, pace).evidence == Evidence(0, 0)
    held = quota.take(LITE, paid, 1, "", UNPACED, 0)
    assert isinstance(held, Reservation)  # and it is counted under the new ones from now on
    quota.settle(held, pace, 1, 1)
    assert quota.snapshot(LITE, paid, pace).evidence == Evidence(1, 0)


def test_a_later_refusal_corrects_what_an_earlier_one_stated(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(FREE)
    for stated, learned in ((2, 2), (6, 6), (60, 15)):  # never above what the project allows itself
        paced.refused(taken(paced), Answer("minute_quota", "429", 429, 1.0, stated, "rpm"))
        assert paced.snapshot(LITE).limits.rpm == learned
        clock.now += 120


def test_unlimited_is_unlimited(pacer: Make) -> None:
    paced = pacer(Limits(), Pace())
    for _ in range(200):
        taken(paced, 10_000_000)


@pytest.mark.parametrize("limits", [Limits(0, 10, 10), Limits(5, 0, 5), Limits(5, 5, 0)])
def test_a_limit_of_zero_is_fatal(pacer: Make, limits: Limits) -> None:
    with pytest.raises(BackendError, match="limit is 0") as fatal:
        pacer(limits).reserve(LITE, 1)
    assert fatal.value.fatal


def test_what_no_minute_can_hold_fails_alone(pacer: Make) -> None:
    paced = pacer(Limits(tpm=1000))
    with pytest.raises(BackendError) as too_large:
        paced.reserve(LITE, 1001)
    assert not too_large.value.fatal
    assert not ANSWER_KINDS[too_large.value.answer.kind][0]
    assert taken(paced, 950).tokens == 1000  # 1.1 times as much would never fit


def test_a_clock_set_back_neither_blocks_nor_forgets(pacer: Make, clock: FakeClock) -> None:
    paced = pacer(Limits(rpm=2))
    taken(paced)
    taken(paced)
    clock.now -= 7200
    assert waits(paced) == pytest.approx(60, abs=0.01)


def test_old_reservations_are_swept_away(quota: Quota, clock: FakeClock) -> None:
    for _ in range(500):
        quota.take(LITE, Limits(), 1, "", UNPACED, 0)
    for _ in range(20):
        clock.now += 4000
        quota.take(LITE, Limits(), 1, "", UNPACED, 0)
    (left,) = quota.store.connection().execute("SELECT count(*) FROM reservations").fetchone()
    assert left == 1
    (used,) = quota.store.connection().execute("SELECT sum(used) FROM days").fetchone()
    assert used == 520


def test_a_snapshot_creates_nothing(tmp_path: Path, clock: FakeClock) -> None:
    quota = Quota(tmp_path / "no" / "quota.db", clock, day_of=pacific)
    assert quota.snapshot(LITE, FREE, Pace()).left_in_day == 500
    assert not (tmp_path / "no").exists()


def test_projects_do_not_share(tmp_path: Path, clock: FakeClock) -> None:
    one = Quota(tmp_path / "quota.db", clock, "one", day_of=pacific)
    two = Quota(tmp_path / "quota.db", clock, "two", day_of=pacific)
    single = Limits(rpd=1)
    assert isinstance(one.take(LITE, single, 1, "", UNPACED, 0), Reservation)
    assert isinstance(one.take(LITE, single, 1, "", UNPACED, 0), Closed)
    assert isinstance(two.take(LITE, single, 1, "", UNPACED, 0), Reservation)
