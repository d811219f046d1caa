from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nightpress.quota import Pacer, Quota
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Pace
from tests.quota.clocks import FakeClock, pacific

UNPACED = Pace(profile="unpaced", skew=0.0)
"""Only the limits: 60 seconds, as many calls as there may be."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def quota(tmp_path: Path, clock: FakeClock) -> Iterator[Quota]:
    made = Quota(tmp_path / "quota.db", clock, day_of=pacific, durable=False)
    yield made
    made.close()


@pytest.fixture
def pacer(quota: Quota, clock: FakeClock) -> Callable[..., Pacer]:
    def make(limits: Limits, pace: Pace = UNPACED, **more: Any) -> Pacer:
        return Pacer(quota, clock, lambda: 0.5, lambda _: limits, pace, **more)

    return make
