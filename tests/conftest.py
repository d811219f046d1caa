from __future__ import annotations

import itertools
import os
import signal
import sys
import tempfile
from pathlib import Path

import hypothesis
import pytest

from tests.market import Market, three

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell: the tests of
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C need children that mind it

sys.dont_write_bytecode = False  # the asserts of these modules are rewritten once

hypothesis.settings.register_profile(  # machines are busy; new examples are found at a desk
    "house", deadline=None, derandomize="CI" in os.environ, print_blob=True
)
hypothesis.settings.load_profile("house")


def pytest_xdist_auto_num_workers() -> int | None:
    """One more than there are processors: some tests wait, for a clock or a server."""
    said = "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ
    return None if said else (os.cpu_count() or 1) + 1


_STATES = tempfile.TemporaryDirectory(prefix="nightpress-states-")
_NUMBERS = itertools.count()
os.environ["XDG_STATE_HOME"] = str(Path(_STATES.name) / "session")  # nothing lands in a real home


@pytest.fixture(autouse=True)
def state_home(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's state directory of this test, and of the commands that it starts."""
    path = Path(_STATES.name) / str(next(_NUMBERS))
    monkeypatch.setenv("XDG_STATE_HOME", str(path))
    return path


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """Three plugins, of which one has too little source; set up with `nightpress init`."""
    return three(tmp_path / "market")
