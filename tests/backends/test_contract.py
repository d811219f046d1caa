"""What every backend promises, whoever writes, and what every declaration holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import jsonschema
import pytest

from nightpress import fingerprint
from nightpress.backends import BACKENDS, Declaration, make, recording
from nightpress.errors import ANSWER_KINDS
from nightpress.model import Backend, Reply
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


def test_every_backend_is_held_to_the_contract() -> None:
    assert {way.partition("-")[0] for way in WAYS} == set(BACKENDS)


def test_a_declaration_says_all_that_is_asked_of_it(declared: Declaration) -> None:
    assert declared.day.ends(1_795_032_000.0) > 1_795_032_000.0 >= declared.day.began(1_795_032_000)
    assert set(declared.advice) <= {*ANSWER_KINDS, "DaySpent"}
    if declared.kind == "model":
        access = declared.access({})
        assert declared.free or declared.default_model in declared.models
        if declared.auto:
            assert declared.model(declared.default_model).free, "auto must cost nothing"
            assert not access.paid, "what costs money is chosen, never met"
        assert declared.key in {*access.keys, ""}
        assert access.keys or declared.free, "who asks for no key costs nothing"
        for model in declared.models.values():
            days = [last for last, _ in model.prices]
            assert days == sorted(days)
    else:
        assert declared.extractable is not None
    if declared.settings:
        jsonschema.Draft202012Validator.check_schema(declared.settings)
        assert declared.settings["additionalProperties"] is False
        fields = [declared.settings, *declared.settings["properties"].values()]
        assert all(field["description"] for field in fields)


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


def test_says_who_it_is(backend: Backend) -> None:
    assert backend.name in BACKENDS
    assert backend.kind == ("offline" if backend.name == "offline" else "model")


def test_writes_markdown_of_the_plugin(backend: Backend) -> None:
    reply = backend.ask(samples.request())
    assert isinstance(reply, Reply)
    assert reply.finish == "stop"
    assert reply.model and not reply.rerouted
    assert "deploy" in reply.text and "health check" in reply.text
    assert not reply.text.startswith("---"), "the frontmatter is ours to render"
    assert reply.text.count("```") % 2 == 0


def test_answers_with_json_of_the_schema(backend: Backend) -> None:
    reply = backend.ask(samples.request("analysis"))
    value = json.loads(reply.text)
    if backend.kind == "model":
        jsonschema.validate(value, samples.SCHEMA)
        assert [c["name"] for c in value["commands"]] == ["deploy"]
    assert isinstance(value, dict)


def test_counts_what_a_call_cost(backend: Backend) -> None:
    reply = backend.ask(samples.request())
    if backend.kind == "offline":
        assert (reply.tokens_in, reply.tokens_out, reply.http_status) == (0, 0, None)
    else:
        assert reply.tokens_in > 100 and reply.tokens_out > 100
        assert reply.http_status == (200 if hasattr(backend, "way") else None)
        assert reply.raw, "what was paid for is kept as it came"


def test_serves_threads_at_once(backend: Backend) -> None:
    replies: list[Reply] = []

    def ask(n: int) -> None:
        replies.append(backend.ask(samples.request(extra=f"Note {n}.")))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 8
    assert all("deploy" in r.text for r in replies)


def test_closes_twice_and_opens_again(backend: Backend) -> None:
    backend.ask(samples.request())
    backend.close()
    backend.close()
    assert backend.ask(samples.request()).text
