"""One ledger for all projects of a user: where it is, whose it is, and what it takes over."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest

from nightpress.backends import BACKENDS
from nightpress.quota import Earlier, Quota, Reservation, place
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Pace
from nightpress.quota.tables import MIGRATIONS
from tests.quota.clocks import FakeClock, pacific

UNPACED = Pace(profile="unpaced")
TEN = Limits(rpm=10, rpd=10)


def old_ledger(path: Path, calls: int, *, name: str = "default", version: int = 2) -> Path:
    """A ledger with so many calls of now; version 1 is that of the first release."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if version == 1:
        with closing(sqlite3.connect(path)) as db:
            db.executescript(MIGRATIONS[0] + "PRAGMA user_version=1;")
            db.execute(
                "INSERT INTO lanes (project, model, limits) VALUES (?, 'm', '10/-/10')", [name]
            )
            now = FakeClock().now
            for _ in range(calls):
                db.execute("INSERT INTO reservations (lane, at, day, tokens, purpose)"
                           " VALUES (1, ?, ?, 1, 'p')", (now, pacific("").of(now)))  # fmt: skip
            db.execute("INSERT INTO days (lane, day, used) VALUES (1, ?, ?)",
                       (pacific("").of(now), calls))  # fmt: skip
            db.execute("INSERT INTO learned VALUES (1, 'rpm', 8, ?)", (now,))
            db.commit()
        return path
    quota = Quota(path, FakeClock(), name, pacific)
    for _ in range(calls):
        assert isinstance(quota.take("m", TEN, 1, "p", UNPACED, 0), Reservation)
    quota.close()
    return path


def shared(path: Path, *earlier: Path) -> Quota:
    return Quota(path, FakeClock(), "hash", pacific, earlier=Earlier(earlier, ("default",)))


def left(quota: Quota) -> tuple[int | None, int | None]:
    found = quota.snapshot("m", TEN, UNPACED)
    return found.left_in_minute, found.left_in_day


@pytest.mark.parametrize("version", [1, 2])
def test_an_old_ledger_is_taken_over_once(tmp_path: Path, version: int) -> None:
    old = old_ledger(tmp_path / "a" / "quota.db", 3, version=version)
    copy = shutil.copytree(tmp_path / "a", tmp_path / "copy") / "quota.db"
    kept = old.read_bytes()
    quota = shared(tmp_path / "own.db", old)
    before = left(quota)
    assert before[1] == 7
    assert not (tmp_path / "own.db").exists()  # to look changes nothing
    assert quota.open() == ()
    assert left(quota) == before
    assert not old.exists()
    old.write_bytes(kept)  # a crash before it was removed
    for one in (old, copy):
        again = shared(tmp_path / "own.db", one)
        assert left(again) == before
        again.open()
        assert left(again) == before
        assert not one.exists()
        again.close()
    quota.close()


def test_what_was_learned_comes_along(tmp_path: Path) -> None:
    old = old_ledger(tmp_path / "a" / "quota.db", 1, version=1)
    quota = shared(tmp_path / "own.db", old)
    quota.open()
    assert quota.snapshot("m", TEN, UNPACED).limits.rpm == 8


def test_several_projects_add_up_and_other_accounts_stay_where_they_are(tmp_path: Path) -> None:
    first = old_ledger(tmp_path / "a" / "quota.db", 3)
    second = old_ledger(tmp_path / "b" / "quota.db", 2)
    other = old_ledger(tmp_path / "c" / "quota.db", 4, name="another")
    for old in (first, second, other):
        quota = shared(tmp_path / "own.db", old)
        quota.open()
        assert old.exists() == (old is other)
    assert left(quota) == (5, 5)


def _open(path: Path, old: Path) -> None:
    shared(path, old).open()


def test_several_processes_take_over_at_once(tmp_path: Path) -> None:
    old = old_ledger(tmp_path / "a" / "quota.db", 3)
    copies = [shutil.copytree(tmp_path / "a", tmp_path / str(n)) / "quota.db" for n in range(4)]
    context = get_context("fork")
    started = [
        context.Process(target=_open, args=(tmp_path / "own.db", one)) for one in (old, *copies)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
    assert [process.exitcode for process in started] == [0] * 5
    assert left(shared(tmp_path / "own.db")) == (7, 7)


@pytest.mark.parametrize("which", ["old", "own"])
def test_a_damaged_ledger_is_set_aside_and_said(tmp_path: Path, which: str) -> None:
    old = old_ledger(tmp_path / "a" / "quota.db", 3)
    own = tmp_path / "own.db"
    damaged = {"old": old, "own": own}[which]
    damaged.write_bytes(b"no database\n" * 500)
    quota = shared(own, old)
    assert left(quota) == (10, 10)
    [told] = quota.open()
    assert str(damaged) in told and "set aside" in told
    assert Path(f"{damaged}.damaged").exists()
    assert left(quota) == ((10, 10) if which == "old" else (7, 7))
    assert isinstance(quota.take("m", TEN, 1, "p", UNPACED, 0), Reservation)


def test_marketplaces_with_other_limits_do_not_unlearn_one_another(tmp_path: Path) -> None:
    """They share what is counted; what was proved and learned belongs to the limits."""
    quota = shared(tmp_path / "own.db")
    few, many = Limits(rpm=3), Limits(rpm=100)
    for limits in (few, many, few):
        held = quota.take("m", limits, 1, "p", UNPACED, 0)
        assert isinstance(held, Reservation)
        quota.settle(held, Pace(), 1, 1)
    assert quota.snapshot("m", few, Pace()).evidence.clean == 2
    assert quota.snapshot("m", many, Pace()).evidence.clean == 1
    assert not isinstance(quota.take("m", few, 1, "p", UNPACED, 0), Reservation)
    assert isinstance(quota.take("m", many, 1, "p", UNPACED, 0), Reservation)


def test_it_is_in_the_users_state_directory(state_home: Path, tmp_path: Path) -> None:
    found = place.of(tmp_path)
    assert found.path == state_home / "nightpress" / "quota.db"
    assert found.trouble == ""
    assert not state_home.exists()
    Quota(found.path, FakeClock(), "hash", pacific).open()
    assert found.path.stat().st_mode & 0o777 == 0o600
    assert found.path.parent.stat().st_mode & 0o777 == 0o700


def test_without_xdg_it_is_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in place.of(tmp_path / "state").path.parents


@pytest.mark.parametrize("fault", ["file in the way", "read-only"])
def test_where_it_cannot_be_the_project_counts_alone_and_says_so(
    state_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    if fault == "file in the way":
        state_home.write_text("")
    else:
        monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    found = place.of(tmp_path)
    assert found.path == tmp_path / "quota-here.db"
    assert "calls are counted for this project alone" in found.trouble
    monkeypatch.undo()
    assert found.path in place.of(tmp_path).earlier  # taken over once it can be


KEY = {"GEMINI_API_KEY": "AIza-one"}


@pytest.mark.parametrize(
    ("same", "settings", "base_url", "environ"),
    [
        (True, {}, "https://GenerativeLanguage.googleapis.com:443/", KEY),
        (True, {}, "", {"GOOGLE_API_KEY": " AIza-one\n", "GEMINI_API_KEY": "AIza-two"}),
        (False, {}, "", {"GEMINI_API_KEY": "AIza-two"}),
        (False, {}, "http://127.0.0.1:8080", KEY),
        (False, {}, "", {**KEY, "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:8080"}),
        (False, {"vertex": True, "project": "AIza-one"}, "", KEY),
    ],
)
def test_an_account_is_an_address_and_a_key(
    same: bool, settings: Mapping[str, object], base_url: str, environ: Mapping[str, str]
) -> None:
    access = BACKENDS["gemini"].access
    owner = access(settings).owner(base_url, environ)
    assert owner
    assert (owner == access({}).owner("", KEY)) == same


def test_of_vertex_it_is_the_google_project() -> None:
    access = BACKENDS["gemini"].access
    named = access({"vertex": True, "project": "p"}).owner("", {})
    assert named == access({"vertex": True}).owner("", {"GOOGLE_CLOUD_PROJECT": "p", **KEY})
    assert access({"vertex": True}).owner("", KEY) == ()
