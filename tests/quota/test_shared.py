"""One quota for many machines, on a real libSQL server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks import shared_quota

from nightpress.errors import Answer, Deferred, UsageError
from nightpress.quota import Reservation, Share, SharedQuota, Wait
from nightpress.quota.limits import Limits
from nightpress.quota.shared import APART, GIVE_UP
from nightpress.storage.refusals import Unreachable
from tests.quota.clocks import FakeClock, pacific
from tests.quota.conftest import UNPACED
from tests.vault.server import Server

TEN = Limits(rpm=10, tpm=100_000, rpd=100)

Join = Callable[..., SharedQuota]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "server")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def join(server: Server, tmp_path: Path, clock: FakeClock) -> Iterator[Join]:
    """Another member: on a machine of its own, on the test's clock."""
    members: list[SharedQuota] = []

    def make(machine: str, *, alone: float = 0.2, account: str = "") -> SharedQuota:
        share = Share(server.url, server.token(), account, alone)
        told: list[str] = []
        member = SharedQuota(
            share, tmp_path / f"{machine}.db", clock, "gemini", pacific, told.append
        )
        member.told = told  # type: ignore[attr-defined]
        member.open()
        members.append(member)
        return member

    yield make
    for member in members:
        member.close()


def grab(member: SharedQuota, most: int = 50, limits: Limits = TEN) -> list[Reservation]:
    """All that the member gets at this moment."""
    got: list[Reservation] = []
    while len(got) < most:
        found = member.take("m", limits, 5, "p/d", UNPACED, 0.5)
        if not isinstance(found, Reservation):
            break
        got.append(found)
    return got


def test_two_machines_share_a_minute_and_a_day(join: Join, clock: FakeClock) -> None:
    one, other = join("one"), join("other")
    assert (len(grab(one, 4)), len(grab(other))) == (4, 6)
    clock.now += 61
    assert len(grab(one)) == 10
    seen = other.snapshot("m", TEN, UNPACED)
    assert (seen.calls_today, seen.left_in_day, seen.left_in_minute) == (20, 80, 0)


def test_accounts_in_one_database_are_apart(join: Join) -> None:
    assert len(grab(join("one"))) == 10
    assert len(grab(join("other", account="team B"))) == 10


def test_what_was_settled_refunded_and_refused_counts_for_all(join: Join, clock: FakeClock) -> None:
    one, other = join("one"), join("other")
    a, b, c = grab(one, 3)
    assert one.settle(a, UNPACED, 40, 7) and not one.settle(a, UNPACED, 40, 7)
    assert one.refund(b)
    answer = Answer("minute_quota", "no", quota="rpm", limit=2, wait=3.0)
    assert one.refused(c, TEN, UNPACED, answer, 0.0) is not None
    seen = other.snapshot("m", TEN, UNPACED)
    assert (seen.calls_today, seen.refused_today, seen.limits.rpm) == (2, 1, 2)
    clock.now += 70
    assert len(grab(other)) == 2


def test_a_short_silence_is_waited_for(join: Join, server: Server, clock: FakeClock) -> None:
    one = join("one")
    (held,) = grab(one, 1)
    server.kill()
    found = one.take("m", TEN, 5, "p/d", UNPACED, 0.5)
    assert isinstance(found, Wait) and found.seconds <= 2
    assert one.settle(held, UNPACED, 40, 7)  # it is paid for, and must not fail
    server.start()
    clock.now += 2
    assert all(each.common for each in grab(one, 3))
    seen = one.snapshot("m", TEN, UNPACED)
    assert (seen.calls_today, seen.ratio) == (4, 4.0)


def test_a_part_is_used_alone_and_reported(join: Join, server: Server, clock: FakeClock) -> None:
    one, other = join("one"), join("other")
    grab(other)
    server.kill()
    assert grab(one) == []
    clock.now += APART - 1
    assert grab(one) == []
    clock.now += 2
    alone = grab(one)
    assert [each.common for each in alone] == [False, False]
    assert "20% of the limits is used alone" in one.told[-1]  # type: ignore[attr-defined]
    one.settle(alone[0], UNPACED, 11, 5)
    server.start()
    clock.now += 20
    assert grab(one) == []  # others may not have reported theirs
    assert "2 calls that were made alone are reported" in one.told[-1]  # type: ignore[attr-defined]
    assert one.settle(alone[1], UNPACED, 11, 5)
    clock.now += 2
    assert other.snapshot("m", TEN, UNPACED).calls_today == 12
    clock.now += 200
    assert len(grab(one)) == 10
    assert not one.store.connection().execute("SELECT * FROM lanes").fetchall()


def test_a_crash_between_report_and_removal_counts_nothing_twice(
    join: Join, server: Server, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = join("one")
    server.kill()
    grab(one)
    clock.now += APART + 1
    assert len(grab(one)) == 2
    server.start()
    clock.now += 20
    with monkeypatch.context() as patch:
        patch.setattr("nightpress.quota.shared._TABLES", ("no_such_table",))
        with pytest.raises(Exception, match="no_such_table"):
            grab(one)
    one.close()
    again = join("one")
    assert again.snapshot("m", TEN, UNPACED).calls_today == 2


def test_a_day_is_used_alone_by_what_was_left_of_it(
    join: Join, server: Server, clock: FakeClock
) -> None:
    day = Limits(rpd=40)
    one, other = join("one"), join("other")
    grab(one, 1, day), grab(other, 19, day), grab(one, 1, day)
    server.kill()
    grab(one, 1, day)
    clock.now += APART + 1
    assert len(grab(one, 50, day)) == 3  # a fifth of 19
    clock.now += GIVE_UP
    with pytest.raises(Deferred, match="does not answer"):
        grab(one, 1, day)


@pytest.mark.parametrize("alone", [0.0, 0.05])
def test_nothing_is_used_alone_where_that_is_less_than_a_call(
    join: Join, server: Server, clock: FakeClock, alone: float
) -> None:
    one = join("one", alone=alone)
    server.kill()
    grab(one)
    clock.now += APART + 1
    assert grab(one) == []


@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_answer_is_not_guessed_at(
    join: Join, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    one, other = join("one"), join("other")
    grab(one, 1)
    client, sent = one._client, [0]
    once = client.once

    def unlucky(requests: Any, baton: str | None = None) -> Any:
        sent[0] += 1
        if sent[0] == 3:  # the one that commits
            if arrives:
                once(requests, baton)
            raise Unreachable("no answer", passing=True)
        return once(requests, baton)

    monkeypatch.setattr(client, "once", unlucky)
    found = one.take("m", TEN, 5, "p/d", UNPACED, 0.5)
    assert isinstance(found, Reservation if arrives else Wait)
    assert other.snapshot("m", TEN, UNPACED).calls_today == (2 if arrives else 1)


def test_a_token_that_is_refused_ends_the_run(
    server: Server, tmp_path: Path, clock: FakeClock
) -> None:
    for token in ("", server.token(expires=-600)):
        member = SharedQuota(Share(server.url, token), tmp_path / "x.db", clock, "gemini", pacific)
        with pytest.raises(UsageError) as caught:
            member.open()
        assert "NIGHTPRESS_QUOTA_TOKEN" in caught.value.hint
        member.close()


def test_nobody_exceeds_it_with_clocks_apart_and_a_server_that_is_killed(tmp_path: Path) -> None:
    found = shared_quota.measure(tmp_path, 240, 3)
    assert (found["reservations"], found["kills"]) == (240, 3)
    assert all(not each["over"] for each in found["models"].values())
    assert found["rows"] >= 240
