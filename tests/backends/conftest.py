"""Backends on real HTTP: the local Gemini server, once for each API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from nightpress.backends import make
from nightpress.backends.gemini.backend import Gemini
from tests.gemini_server import GeminiServer, Limits

UNLIMITED = {"*": Limits()}
ENVIRON = {"GOOGLE_API_KEY": "test-key", "GOOGLE_CLOUD_PROJECT": "test-project"}
Opened = Callable[..., tuple[Gemini, GeminiServer]]


@pytest.fixture(params=["developer", "vertex"])
def api(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(api: str) -> Iterator[Opened]:
    """opened(script=[...], deadline=...): a Gemini, and the server that it speaks to."""
    with ExitStack() as stack:

        def open_one(
            *, gemini: dict[str, Any] | None = None, environ: dict[str, str] | None = None,
            **settings: Any,
        ) -> tuple[Gemini, GeminiServer]:  # fmt: skip
            server = stack.enter_context(GeminiServer(**{"limits": UNLIMITED, **settings}))
            chosen = {"base_url": server.url(), "vertex": api == "vertex", **(gemini or {})}
            backend = make("gemini", chosen, ENVIRON if environ is None else environ)
            assert isinstance(backend, Gemini)
            stack.callback(backend.close)
            return backend, server

        yield open_one
