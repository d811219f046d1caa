"""A change of the disk's fails, whichever: one sentence, nothing lost, and the next run goes on.

A sample; `python -m benchmarks disk_faults` tries every change.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from tests import failing_disk
from tests.failing_disk import Disk

pytestmark = pytest.mark.skipif(
    failing_disk.library() is None, reason="needs a C compiler, and Linux"
)


@pytest.fixture(scope="module")
def disk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Disk]:
    scenario = failing_disk.SCENARIOS[request.param]
    with failing_disk.server() as server:
        yield Disk(scenario, tmp_path_factory.mktemp(request.param), server)


@cache
def changes(disk: Disk) -> tuple[str, ...]:
    """What the command changes on a disk that refuses nothing."""
    disk.fresh()
    assert disk.faulty(0, "EIO", on=False).code == 0
    return tuple(disk.changes())


SAMPLES = [
    ("EIO", False), ("ENOSPC", True), ("EROFS", True), ("EACCES", False), ("EDQUOT", False),
    ("EMFILE", False), ("EINTR", False), ("EIO", True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("disk", "number"),
    [(("model", "offline")[n % 2], n) for n in range(len(SAMPLES))], indirect=["disk"],
)  # fmt: skip
def test_any_change_may_fail(disk: Disk, number: int) -> None:
    code, on = SAMPLES[number]
    at = 1 + len(changes(disk)) * (2 * number + 1) // (2 * len(SAMPLES))
    wrong = failing_disk.trial(disk, at, code, on=on)
    assert wrong == [], (changes(disk)[at - 1], code, on)


PLACES = [
    "run.lock", "/logs/", "SKILL.md", "nightpress.lock", "account", "/room/", "snapshots/trees",
    "doit.db",
]  # fmt: skip


@pytest.mark.parametrize("disk", ["model"], indirect=True)
@pytest.mark.parametrize("place", PLACES)
def test_from_the_first_change_of_a_place_on_all_fail(disk: Disk, place: str) -> None:
    """What cleans up after a failure fails, too."""
    at = next(n for n, change in enumerate(changes(disk), 1) if place in change)
    wrong = failing_disk.trial(disk, at, "ENOSPC", on=True)
    assert wrong == [], changes(disk)[at - 1]
