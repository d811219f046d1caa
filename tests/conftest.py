from __future__ import annotations

import os
import signal
from pathlib import Path

import hypothesis
import pytest

from tests.market import Market, plugin

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell: the tests of
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C need children that mind it

hypothesis.settings.register_profile("house", deadline=None)  # machines are busy
hypothesis.settings.load_profile("house")


def pytest_xdist_auto_num_workers() -> int | None:
    """One more than there are processors: some tests wait, for a clock or a server."""
    said = "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ
    return None if said else (os.cpu_count() or 1) + 1


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """Three plugins, of which one has too little source; set up with `nightpress init`."""
    root = tmp_path / "market"
    plugin(root, "alpha")
    plugin(root, "beta")
    plugin(root, "tiny", size=0)
    made = Market(root)
    done = made.run("nightpress", "init")
    assert done.code == 0, done.err
    return made
