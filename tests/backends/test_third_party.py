"""The protocols as somebody else has written them down: a mock server that is none of ours
(mock-ai-api) answers what our backends ask, and refuses in the words of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import metadata

import pytest

from nightpress.backends import make
from nightpress.errors import BackendError
from nightpress.model import Backend

from . import samples

APPS = {"openai": ("app.openai_app:app", "/v1"), "anthropic": ("app.anthropic_app:app", "")}


def _installed() -> bool:
    try:
        return bool(metadata.version("mock-ai-api"))
    except metadata.PackageNotFoundError:
        return False


pytestmark = pytest.mark.skipif(not _installed(), reason="mock-ai-api is not installed")


def _port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module", params=APPS)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    (app, path), port = APPS[request.param], _port()
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--log-level", "error"]
    with ExitStack() as stack:
        server = stack.enter_context(subprocess.Popen(command))
        stack.callback(server.kill)
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health").close()
                break
            except urllib.error.URLError:
                assert server.poll() is None, "it has ended"
                time.sleep(0.1)
        made = make(request.param, {"base_url": f"http://127.0.0.1:{port}{path}"}, {})
        stack.callback(made.close)
        yield made


def test_its_reply_is_a_reply(backend: Backend) -> None:
    reply = backend.ask(samples.request(model="some-model"))
    assert reply.text and reply.finish == "stop" and reply.model == "some-model"
    assert reply.tokens_in > 100 and reply.tokens_out > 0 and reply.http_status == 200
    assert reply.raw.startswith("{")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "bad_request"), (401, "unauthorised"), (429, "capacity"), (500, "transient"),
        (503, "transient"),
    ],
)  # fmt: skip
def test_its_refusals_are_told_apart(backend: Backend, status: int, kind: str) -> None:
    with pytest.raises(BackendError) as caught:
        backend.ask(samples.request(model=f"some-model:mock-{status}"))
    assert (caught.value.answer.kind, caught.value.answer.http_status) == (kind, status)
    assert f"mock-{status}" in caught.value.answer.message


def test_what_is_asked_for_nothing_finds_a_model_that_it_has_not(backend: Backend) -> None:
    probe = backend.probe  # type: ignore[attr-defined]
    probe({"openai": "gpt-4.1", "anthropic": "claude-sonnet-4-20250514"}[backend.name])
    with pytest.raises(BackendError) as caught:
        probe("no-such-model-anywhere")
    assert caught.value.answer.kind == "not_found"
