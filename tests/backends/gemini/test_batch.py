"""Batch jobs through the backend: sent, found again, looked at."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from nightpress.backends import make
from nightpress.backends.batch import Part
from nightpress.backends.gemini import batch
from nightpress.backends.gemini.backend import Gemini
from nightpress.errors import BackendError
from nightpress.model import Reply
from tests.backends.samples import request
from tests.gemini_server import GeminiServer

MODEL = "gemini-3.5-flash-lite"


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with GeminiServer(latency=0, batch_ends=["succeeded", "partial", "expired"]) as running:
        yield running


@pytest.fixture
def gemini(server: GeminiServer) -> Iterator[Gemini]:
    settings = {"base_url": server.url(), "thinking": {"analysis": "low"}}
    made = make("gemini", settings, {"GEMINI_API_KEY": "test-key"})
    assert isinstance(made, Gemini)
    yield made
    made.close()


def parts(count: int) -> list[Part]:
    phases: list[Any] = ["analysis", "generation"]
    return [Part(f"key-{n}", request(phases[n % 2])) for n in range(count)]


@pytest.mark.parametrize("inline", [batch.INLINE, 0])
def test_a_job_is_found_by_our_name_and_answers_each_part(
    gemini: Gemini, server: GeminiServer, inline: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "INLINE", inline)
    jobs = gemini.batches
    assert jobs is not None
    assert jobs.find("ours") is None
    name = jobs.send("ours", MODEL, parts(2))
    assert jobs.find("ours") == name
    assert server.seen()["jobs"][0]["by_file"] == (not inline)
    job = jobs.look(name, MODEL)
    assert job is not None and job.is_over and job.state == "SUCCEEDED"
    assert [one.key for one in job.told] == ["key-0", "key-1"]
    for one in job.told:
        assert isinstance(one.result, Reply) and one.result.text and one.result.tokens_in
    assert json.loads(job.told[0].result.text)  # type: ignore[union-attr]
    assert jobs.look("batches/nothing", MODEL) is None


def test_partly_done_is_an_end_and_a_job_that_expired_has_no_answers(gemini: Gemini) -> None:
    jobs = gemini.batches
    assert jobs is not None
    jobs.send("first", MODEL, parts(1))
    partial = jobs.look(jobs.send("second", MODEL, parts(2)), MODEL)
    assert partial is not None and partial.is_over and partial.state == "PARTIALLY_SUCCEEDED"
    reply, error = (one.result for one in partial.told)
    assert isinstance(reply, Reply)
    assert not isinstance(error, Reply) and error.kind == "transient"
    expired = jobs.look(jobs.send("third", MODEL, parts(1)), MODEL)
    assert expired is not None and expired.is_over and expired.told == ()


def test_a_part_is_said_in_a_file_as_the_sdk_says_it(gemini: Gemini) -> None:
    from google.genai import _common, batches, types

    for part in parts(2):
        inlined = types.InlinedRequest(
            contents=part.request.prompt, config=batch._bare(gemini, part.request)
        )
        theirs: Any = batches._InlinedRequest_to_mldev(
            gemini.connected().client._api_client, inlined
        )
        theirs = _common.encode_unserializable_types(_common.convert_to_dict(theirs))
        ours = json.loads(batch._line(gemini, part))["request"]
        level = ours["generationConfig"].get("thinkingConfig", {}).get("thinkingLevel")
        if level:  # the SDK sends its own spelling there
            ours["generationConfig"]["thinkingConfig"] = {"thinking_level": level}
        assert ours == theirs["request"]


@pytest.mark.parametrize("drips", [False, True])
def test_a_look_ends_when_the_server_is_silent_and_not_while_it_speaks(
    drips: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "SILENCE", 0.4)
    monkeypatch.setattr(batch, "LEAST", 0.0)
    body = b'{"metadata": {"state": "RUNNING"}}'

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body))
            for at in range(0, len(body), 4):
                time.sleep(0.1)
                connection.sendall(body[at : at + 4])

    with socket.create_server(("127.0.0.1", 0)) as server:  # it accepts by its backlog
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        made = make("gemini", {"base_url": address}, {"GEMINI_API_KEY": "test-key"})
        assert isinstance(made, Gemini) and made.batches is not None
        if drips:
            threading.Thread(target=drip, daemon=True).start()
            job = made.batches.look("batches/1", MODEL)
            assert job is not None and (job.state, job.is_over) == ("RUNNING", False)
        else:
            for step in (lambda: made.batches.look("batches/1", MODEL),  # type: ignore[union-attr]
                         lambda: made.batches.find("ours")):  # type: ignore[union-attr]  # fmt: skip
                with pytest.raises(BackendError, match=r"the server was silent for 0\.4 s"):
                    step()
        made.close()


def test_an_error_is_told_as_of_any_call(server: GeminiServer) -> None:
    made = make("gemini", {"base_url": server.url()}, {"GEMINI_API_KEY": "wrong"})
    assert isinstance(made, Gemini) and made.batches is not None
    for step in (
        lambda: made.batches.send("x", MODEL, parts(1)),  # type: ignore[union-attr]
        lambda: made.batches.find("x"),  # type: ignore[union-attr]
        lambda: made.batches.look("batches/1", MODEL),  # type: ignore[union-attr]
    ):
        with pytest.raises(BackendError) as told:
            step()
        assert told.value.answer.kind == "unauthorised"
        assert "wrong" not in str(told.value)
    made.close()


def test_what_grows_past_the_limit_as_it_is_sent_goes_by_a_file(
    gemini: Gemini, server: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Line ends take two bytes each in JSON, and a schema is sent with each part."""
    monkeypatch.setattr(batch, "INLINE", 60_000)
    jobs = gemini.batches
    assert jobs is not None
    grown = [
        Part(part.key, replace(part.request, prompt="\n" * 15_000 + part.request.prompt))
        for part in parts(2)
    ]
    assert jobs.send("ours", MODEL, grown)
    assert server.seen()["jobs"][0]["by_file"]


@pytest.mark.parametrize("over", [False, True])
def test_at_the_limit_a_job_goes_as_google_takes_it(
    gemini: Gemini, server: GeminiServer, over: bool
) -> None:
    """The largest that goes inline is under Google's 20 MB as it is really sent, in quotes and
    accents too; one more goes by a file, of several chunks."""
    jobs = gemini.batches
    assert jobs is not None
    grown = [
        Part(part.key, replace(part.request, prompt='é "x"\n' * 54_000 + part.request.prompt))
        for part in parts(41)
    ]
    while sum(len(batch._line(gemini, one)) for one in grown) > batch.INLINE:
        last = grown.pop()
    name = jobs.send("ours", MODEL, [*grown, last] if over else grown)
    assert server.seen()["jobs"][0]["by_file"] == over
    assert server.service.files.chunks == (3 if over else 0)
    job = jobs.look(name, MODEL)
    assert job is not None and len(job.told) == len(grown) + over
