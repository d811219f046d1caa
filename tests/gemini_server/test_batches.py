"""Batches and files of the local server, through the SDK and its own types."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from tests.gemini_server import GeminiServer, ManualClock

MODEL = "gemini-3.5-flash-lite"


@contextmanager
def client(**settings: Any) -> Iterator[tuple[GeminiServer, genai.Client]]:
    clock = ManualClock()
    with GeminiServer(clock=clock, latency=0, **settings) as server:
        options = types.HttpOptions(api_version="v1beta", base_url=server.url())
        yield server, genai.Client(vertexai=False, api_key="test-key", http_options=options)


def request(number: int) -> types.InlinedRequest:
    config = types.GenerateContentConfig(system_instruction="Be short.", max_output_tokens=9_000)
    return types.InlinedRequest(
        model=MODEL, contents=f"Question {number}", metadata={"key": f"k{number}"}, config=config
    )


def test_a_job_of_inlined_requests_ends_with_an_answer_to_each() -> None:
    with client(batch_seconds=60) as (server, api):
        made = api.batches.create(
            model=MODEL, src=[request(1), request(2)], config={"display_name": "ours"}
        )
        assert made.name and made.state == types.JobState.JOB_STATE_PENDING
        assert server.seen()["list"] == []
        server.clock.advance(61)  # type: ignore[attr-defined]
        found = [job for job in api.batches.list(config={"page_size": 1}) if job.name == made.name]
        assert found[0].display_name == "ours"
        job = api.batches.get(name=made.name)
        assert job.state == types.JobState.JOB_STATE_SUCCEEDED and job.done
        assert job.dest and job.dest.inlined_responses
        told = {(one.metadata or {})["key"]: one.response for one in job.dest.inlined_responses}
        assert set(told) == {"k1", "k2"}
        assert all(reply and reply.text and reply.usage_metadata for reply in told.values())
        calls = server.seen()["list"]
        api.batches.get(name=made.name)
        assert len(server.seen()["list"]) == len(calls) == 2, "looking costs nothing"


def test_a_job_by_file() -> None:
    with client() as (_server, api):
        wire = {"contents": [{"role": "user", "parts": [{"text": "Question"}]}]}
        lines = json.dumps({"key": "k", "request": wire}).encode()
        file = api.files.upload(file=io.BytesIO(lines), config={"mime_type": "application/jsonl"})
        assert file.name
        made = api.batches.create(model=MODEL, src=file.name)
        job = api.batches.get(name=made.name or "")
        assert job.dest and job.dest.file_name
        line = json.loads(api.files.download(file=job.dest.file_name) or b"")
        assert line["key"] == "k"
        assert line["response"]["candidates"]


@pytest.mark.parametrize("end", ["failed", "expired", "cancelled"])
def test_a_job_that_comes_to_nothing_costs_nothing(end: str) -> None:
    with client(batch_ends=[end]) as (server, api):
        job = api.batches.get(name=api.batches.create(model=MODEL, src=[request(1)]).name or "")
        assert job.state == f"JOB_STATE_{end.upper()}"
        assert job.dest is None
        assert server.seen()["list"] == []


@pytest.mark.filterwarnings("ignore:BATCH_STATE_PARTIALLY_SUCCEEDED")
def test_a_job_that_partly_succeeds_has_errors_of_its_parts() -> None:
    with client(batch_ends=["partial"]) as (_server, api):
        made = api.batches.create(model=MODEL, src=[request(1), request(2)])
        job = api.batches.get(name=made.name or "")
        assert str(job.state).endswith("PARTIALLY_SUCCEEDED") and not job.done
        assert job.dest and job.dest.inlined_responses
        first, second = job.dest.inlined_responses
        assert first.response and second.error and second.error.code == 13


def test_cancelled_jobs_and_strangers_jobs() -> None:
    with client(batch_seconds=60, keys={"test-key": "one", "other": "two"}) as (server, api):
        made = api.batches.create(model=MODEL, src=[request(1)])
        api.batches.cancel(name=made.name or "")
        assert api.batches.get(name=made.name or "").state == "JOB_STATE_CANCELLED"
        options = types.HttpOptions(api_version="v1beta", base_url=server.url())
        stranger = genai.Client(vertexai=False, api_key="other", http_options=options)
        assert list(stranger.batches.list()) == []
        with pytest.raises(errors.ClientError):
            stranger.batches.get(name=made.name or "")
