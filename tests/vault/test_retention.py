"""What is kept is what restic's forget keeps; what is used is never collected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from nightpress.errors import UsageError
from nightpress.vault import (
    Place,
    Policy,
    VaultSnapshot,
    backup,
    collect_garbage,
    forget,
    pick,
    restore_all,
    snapshots,
    verify,
)
from nightpress.vault import backup as backup_module
from nightpress.vault.place import Rows, Sql
from nightpress.vault.transfer import Uploader
from tests.vault.tree import nasty, state

del backup_module


def _taken(*moments: str) -> list[VaultSnapshot]:
    found = [
        VaultSnapshot(str(n), f"{moment}+00:00", "", "", 1, 1, 1, 1, 0, False)
        for n, moment in enumerate(sorted(moments, reverse=True))
    ]
    return found


def _kept(found: list[VaultSnapshot], policy: Policy) -> list[str]:
    return [one.snapshot.taken[:16] for one in pick(found, policy) if one.why]


def test_periods_go_by_the_clock_and_the_last_by_their_order() -> None:
    """Of two machines one is late: newest first by the order in which they were made."""
    moments = ["2026-11-23T00:05", "2026-11-22T23:50", "2026-11-23T00:01", "2026-11-20T10:00"]
    found = [
        VaultSnapshot(str(n), f"{moment}+00:00", "", "", 1, 1, 1, 1, 0, False)
        for n, moment in enumerate(moments)
    ]
    assert _kept(found, Policy(daily=2)) == ["2026-11-23T00:05", "2026-11-22T23:50"]
    found[0] = replace(found[0], taken="2019-01-01T00:00+00:00")  # a machine that lost its clock
    assert _kept(found, Policy(last=1)) == ["2019-01-01T00:00"]


def test_last_and_periods() -> None:
    found = _taken(
        "2026-11-23T20:00", "2026-11-23T08:00", "2026-11-22T23:00", "2026-11-21T10:00",
        "2026-11-14T10:00", "2026-10-31T10:00", "2026-10-01T10:00", "2025-12-24T10:00",
    )  # fmt: skip
    assert _kept(found, Policy(last=2)) == ["2026-11-23T20:00", "2026-11-23T08:00"]
    assert _kept(found, Policy(daily=3)) == [
        "2026-11-23T20:00", "2026-11-22T23:00", "2026-11-21T10:00",
    ]  # fmt: skip
    # the 23rd is a Monday: the 22nd and the 21st are in the week before
    assert _kept(found, Policy(weekly=2)) == ["2026-11-23T20:00", "2026-11-22T23:00"]
    assert _kept(found, Policy(monthly=2)) == ["2026-11-23T20:00", "2026-10-31T10:00"]
    assert _kept(found, Policy(yearly=5)) == ["2026-11-23T20:00", "2025-12-24T10:00"]
    assert _kept(found, Policy(last=1, monthly=2)) == ["2026-11-23T20:00", "2026-10-31T10:00"]
    # fewer periods than asked for: the oldest one stays, too
    assert _kept(found[:4], Policy(weekly=5))[-1] == "2026-11-21T10:00"


def test_a_policy_that_keeps_nothing_is_refused(place: Place) -> None:
    with pytest.raises(UsageError, match="no rule"):
        forget(place, Policy())


def test_forgetting_keeps_what_is_used(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    backup(source, place)
    big = source.root / "plugins/group/Zwei ü/data/big.bin"
    gone = big.stat().st_size
    big.unlink()
    (source.root / "plugins/one/README.md").write_text("# one, changed\n")
    backup(source, place)
    dry = forget(place, Policy(last=1), dry=True, grace=0)
    assert len(dry.forgotten) == 1 and len(snapshots(place)) == 2
    held = forget(place, Policy(last=1))  # within the grace period: listed no more, still there
    assert (len(held.forgotten), held.objects) == (1, 0)
    done = forget(place, Policy(last=1), grace=0)
    assert done.objects >= 4  # three chunks of big.bin, the old tree
    assert done.bytes > gone  # noise: nothing of it is compressed
    assert verify(place).ok
    restore_all(place, tmp_path / "back")
    assert state(tmp_path / "back") == state(source.root)
    assert collect_garbage(place, 0) == (0, 0)


class _Interfered:
    """A place on which someone else acts just before the snapshot is written."""

    off_site = False

    def __init__(self, inner: Place, act: object) -> None:
        self._inner = inner
        self._act = act
        self.name = inner.name

    @property
    def sent(self) -> int:
        return self._inner.sent

    @property
    def received(self) -> int:
        return self._inner.received

    def read(self, *statements: Sql) -> list[Rows]:
        return self._inner.read(*statements)

    def write(self, statements: Sequence[Sql]) -> None:
        if self._act is not None and any("INTO snapshots" in s.text for s in statements):
            act, self._act = self._act, None
            act()  # type: ignore[operator]
        self._inner.write(statements)

    def close(self) -> None:
        self._inner.close()


def test_garbage_is_collected_in_the_middle_of_a_backup(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    first = backup(source, place)
    (source.root / "plugins/one/README.md").write_text("# one, changed\n")
    backup(source, place)

    def interfere() -> None:
        """Forgets the parent and collects everything that the backup was told is there."""
        place.write([Sql("DELETE FROM snapshots")])
        collect_garbage(place, 0)

    done = backup(replace(source, state=tmp_path / "state"), _Interfered(place, interfere))
    assert [s.id for s in snapshots(place)] == [done.snapshot] != [first.snapshot]
    restore_all(place, tmp_path / "back")
    assert state(tmp_path / "back") == state(source.root)
    assert verify(place).ok


def test_objects_of_a_backup_that_died_are_used_again(place: Place, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    backup(replace(source, plugins=source.plugins[:1]), place)
    uploader = Uploader(place)
    data = (source.root / "plugins/group/Zwei ü/data/zeros.bin").read_bytes()[: 1 << 20]
    from nightpress.vault import objects

    uploader.offer(objects.name(data), data)
    uploader.flush()
    done = backup(source, place)
    restore_all(place, tmp_path / "back")
    assert state(tmp_path / "back") == state(source.root)
    assert done.there >= 1


def test_the_order_is_that_of_writing_not_of_a_clock(place: Place, tmp_path: Path) -> None:
    class Clock:
        def __init__(self, at: datetime) -> None:
            self.at = at

        def time(self) -> float:
            return self.at.timestamp()

        def monotonic(self) -> float:
            return 0.0

        def sleep(self, _seconds: float, _stop: object = None) -> None:
            raise AssertionError("nothing waits here")

    source = nasty(tmp_path / "project")
    today = datetime(2026, 11, 23, tzinfo=UTC)
    one = backup(source, place, clock=Clock(today))
    two = backup(source, place, clock=Clock(today - timedelta(days=3)))
    assert [s.id for s in snapshots(place)] == [two.snapshot, one.snapshot]
