from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nightpress.storage.hrana import Hrana, Patience
from nightpress.vault import LocalPlace, Place, RemotePlace
from tests.vault.server import Server

SOON = Patience(attempts=3, base=0.01, most=0.05, connect=2.0, silence=10.0, deadline=30.0)
"""For tests that expect a refusal: tried again, but without long waits."""

Opener = Callable[[], Place]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "server")
    made.start()
    yield made
    made.stop()


def remote(server: Server, **token: object) -> RemotePlace:
    return RemotePlace(Hrana(server.url, server.token(**token), SOON))  # type: ignore[arg-type]


@pytest.fixture(params=["file", "sqld"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A vault of each kind: every test that takes it runs on both drivers."""
    opened: Place
    if request.param == "file":
        opened = LocalPlace(tmp_path / "vault.db")
    else:
        opened = remote(request.getfixturevalue("server"))
    yield opened
    opened.close()
