"""What every backend promises, whoever writes."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator

import jsonschema
import pytest

from nightpress.backends import BACKENDS, make
from nightpress.errors import UsageError
from nightpress.model import Backend, Reply
from tests.gemini_server import GeminiServer, Limits

from . import samples
from .conftest import ENVIRON

HAS_OFFLINE = importlib.util.find_spec("nightpress.backends.offline") is not None
KINDS = ["gemini-developer", "gemini-vertex"] + (["offline"] if HAS_OFFLINE else [])


@pytest.fixture(params=KINDS)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    name, _, api = request.param.partition("-")
    with GeminiServer(limits={"*": Limits()}) as server:
        made = make(name, {"base_url": server.url(), "vertex": api == "vertex"}, ENVIRON)
        yield made
        made.close()


def test_a_model_is_connected_before_a_reservation_is_taken(backend: Backend) -> None:
    assert getattr(backend, "_line", backend) is not None


def test_says_who_it_is(backend: Backend) -> None:
    assert backend.name in BACKENDS
    assert backend.kind == ("offline" if backend.name == "offline" else "model")


def test_writes_markdown_of_the_plugin(backend: Backend) -> None:
    reply = backend.ask(samples.request())
    assert isinstance(reply, Reply)
    assert reply.finish == "stop"
    assert reply.model
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
        assert reply.http_status == 200
        assert json.loads(reply.raw)["usageMetadata"]["promptTokenCount"] == reply.tokens_in


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


def test_an_unknown_name_is_an_error_that_names_the_known() -> None:
    with pytest.raises(UsageError, match="gemini"):
        make("gemni", {}, {})
