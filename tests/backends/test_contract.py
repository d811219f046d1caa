"""What every backend promises, whoever writes, and what every declaration holds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from nightpress import fingerprint
from nightpress.backends import BACKENDS, Declaration, make, recording
from nightpress.backends.contract import *  # noqa: F403 - the tests that every backend passes
from nightpress.model import Backend
from tests.chat_server import ChatServer
from tests.gemini_server import GeminiServer, Limits

from . import samples
from .conftest import ENVIRON
from .echo import ECHO


def _gemini(vertex: bool) -> Callable[[], Iterator[Backend]]:
    def opened() -> Iterator[Backend]:
        with GeminiServer(limits={"*": Limits()}) as server:
            yield make("gemini", {"base_url": server.url(), "vertex": vertex}, ENVIRON)

    return opened


def _chat(name: str) -> Callable[[], Iterator[Backend]]:
    def opened() -> Iterator[Backend]:
        with ChatServer() as server:
            yield make(name, {"base_url": server.url() + ("/v1" if name == "openai" else "")}, {})

    return opened


def _replay() -> Iterator[Backend]:
    """A recording of every question of these tests."""
    questions = [samples.request(), samples.request("analysis")]
    questions += [samples.request(extra=f"Note {n}.") for n in range(8)]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        opened = _chat("openai")()
        writer = next(opened)
        stack.callback(writer.close)
        told = [
            recording.Recorded(
                fingerprint.question("openai:x", one), one.job, one.phase, "openai:x",
                writer.ask(one),
            )
            for one in questions
        ]  # fmt: skip
        recording.write(Path(folder), told)
        yield make("replay", {"at": folder, "writer": "openai:x"}, {})


def _command() -> Iterator[Backend]:
    script = str(Path(__file__).with_name("scribe.py"))
    settings = {"run": [sys.executable, script], "unsafe_tools": "accepted", "reply": "said.text"}
    yield make("command", settings, os.environ)


WAYS: dict[str, Callable[[], Iterator[Backend]]] = {
    "offline": lambda: iter([make("offline", {}, {})]),
    "gemini": _gemini(vertex=False),
    "gemini-vertex": _gemini(vertex=True),
    "openai": _chat("openai"),
    "anthropic": _chat("anthropic"),
    "command": _command,
    "replay": _replay,
}
"""How each backend is opened for these tests: whoever adds a backend adds its ways."""


@pytest.fixture(params=WAYS)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    way = WAYS[request.param]()
    opened = next(way)
    yield opened
    opened.close()
    next(way, None)


@pytest.fixture(params=sorted({*BACKENDS, "echo"}))
def declared(request: pytest.FixtureRequest) -> Declaration:
    return ECHO if request.param == "echo" else BACKENDS[request.param]


@pytest.fixture
def model() -> str:
    return samples.MODEL


def test_every_backend_is_held_to_the_contract() -> None:
    assert {way.partition("-")[0] for way in WAYS} == set(BACKENDS)


def test_declarations_import_no_sdk() -> None:
    code = (
        "import sys; before = set(sys.modules); import nightpress.backends;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    others = set(done.stdout.split()) - sys.stdlib_module_names
    assert {name for name in others if not name.startswith("_")} <= {
        "msgspec", "nightpress", "typing_extensions",
    }  # fmt: skip


def test_a_model_is_connected_before_a_reservation_is_taken(backend: Backend) -> None:
    assert getattr(backend, "_line", backend) is not None
