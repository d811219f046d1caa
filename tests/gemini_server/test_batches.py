"""Batches, files and cached contents of the local server, through the SDK and its own types."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
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


@pytest.mark.parametrize("megabytes", [1, 8, 9, 17])
@pytest.mark.parametrize("how", ["sync", "async"])
def test_a_file_is_sent_in_chunks(how: str, megabytes: int) -> None:
    """Of 8 MB each by the SDK; what was sent is what is there."""
    data = bytes(range(256)) * (megabytes << 12)
    with client() as (server, api):
        if how == "sync":
            file = api.files.upload(file=io.BytesIO(data), config={"mime_type": "text/plain"})
        else:

            async def send() -> types.File:
                return await api.aio.files.upload(
                    file=io.BytesIO(data), config={"mime_type": "text/plain"}
                )

            file = asyncio.run(send())
        assert file.name and file.size_bytes == len(data)
        stored = server.service.files
        assert stored.read("test-project", file.name.removeprefix("files/")) == data
        assert stored.chunks == -(-megabytes // 8)


def test_a_chunk_that_comes_at_another_place_is_refused() -> None:
    with client() as (server, _api):
        begun = send(server, {"X-Goog-Upload-Command": "start"})
        where = begun.headers["X-Goog-Upload-URL"]
        for offset, data, code in (
            (7, b"x", 400),
            (0, b"x" * 100, 400),
            (0, b"x" * (1 << 18), 200),
        ):
            told = {"X-Goog-Upload-Command": "upload", "X-Goog-Upload-Offset": str(offset)}
            assert send(server, told, data, where).status_code == code
        told = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": str(1 << 18)}
        assert send(server, told, b"y", where).json()["file"]["sizeBytes"] == str((1 << 18) + 1)
        assert send(server, told, b"y", where).status_code == 400


def send(server: GeminiServer, headers: dict[str, str], data: bytes = b"", to: str = "") -> Any:
    to = to or f"{server.url()}/upload/v1beta/files"
    return httpx2.post(to, content=data, headers={"x-goog-api-key": "test-key", **headers})


def test_files_are_listed_looked_at_and_deleted() -> None:
    with client(keys={"test-key": "one", "other": "two"}) as (server, api):
        names = []
        for number in range(3):
            config = {"mime_type": "text/plain", "display_name": f"ours {number}"}
            names.append(api.files.upload(file=io.BytesIO(b"x"), config=config).name)  # type: ignore[arg-type]
        listed = list(api.files.list(config={"page_size": 2}))
        assert [one.name for one in listed] == names[::-1]
        assert listed[0].display_name == "ours 2" and listed[0].state == types.FileState.ACTIVE
        assert api.files.get(name=names[0] or "").expiration_time
        api.files.delete(name=names[0] or "")
        assert len(list(api.files.list())) == 2
        options = types.HttpOptions(api_version="v1beta", base_url=server.url())
        stranger = genai.Client(vertexai=False, api_key="other", http_options=options)
        assert list(stranger.files.list()) == []
        for gone, who in ((names[0], api), (names[1], stranger)):
            with pytest.raises(errors.ClientError):
                who.files.get(name=gone or "")


def test_what_is_cached_is_named_instead_of_said() -> None:
    with client() as (server, api):
        config = types.CreateCachedContentConfig(
            system_instruction="Be short.", contents=["Words of a long text. " * 2_000],
            ttl="600s", display_name="ours",
        )  # fmt: skip
        made = api.caches.create(model=MODEL, config=config)
        assert made.name and made.usage_metadata and made.usage_metadata.total_token_count
        assert made.expire_time and made.create_time
        assert (made.expire_time - made.create_time).total_seconds() == 600
        assert [one.name for one in api.caches.list()] == [made.name]
        assert api.caches.get(name=made.name).display_name == "ours"
        asked = types.GenerateContentConfig(cached_content=made.name)
        told = api.models.generate_content(model=MODEL, contents="And?", config=asked)
        used = told.usage_metadata
        assert used and used.cached_content_token_count == made.usage_metadata.total_token_count
        assert used.prompt_token_count and used.prompt_token_count > used.cached_content_token_count
        for twice in ({"system_instruction": "Be long."}, {}):
            if not twice:
                server.clock.advance(601)  # type: ignore[attr-defined]
            with pytest.raises(errors.ClientError):
                config_ = asked.model_copy(update=twice)
                api.models.generate_content(model=MODEL, contents="And?", config=config_)
        assert list(api.caches.list()) == []


def test_caches_are_deleted_and_none_is_small() -> None:
    with client() as (_server, api):
        long = types.CreateCachedContentConfig(contents=["Words of a long text. " * 2_000])
        made = api.caches.create(model=MODEL, config=long)
        api.caches.delete(name=made.name or "")
        with pytest.raises(errors.ClientError, match="not found"):
            api.caches.get(name=made.name or "")
        with pytest.raises(errors.ClientError, match="too small"):
            api.caches.create(model=MODEL, config={"contents": ["Short."]})


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
