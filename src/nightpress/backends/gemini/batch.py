"""Batch jobs of the Developer API: made through the SDK, looked at as they come.

What a job brings is read from the raw answer: the SDK does not know every state that there is, and
a reply of a job is judged as any other.
"""

from __future__ import annotations

import io
import json
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from nightpress.backends import answers as common
from nightpress.backends.answers import mapping
from nightpress.backends.batch import Job, Part, Told
from nightpress.backends.gemini import answers
from nightpress.backends.gemini.client import API_VERSION
from nightpress.errors import Answer, BackendError
from nightpress.model import Request

if TYPE_CHECKING:
    from google.genai import Client

    from nightpress.backends.gemini.backend import Gemini

Result = TypeVar("Result")
INLINE = 19_000_000
"""Bytes of questions, as they are sent (with their schema, escaped), up to which they go with the
job itself (Google takes 20 MB); else by a file."""
READ = 2_000_000_000
"""Bytes that a job's answers may have."""
PAGE = 100
PAGES = 1_000
SECONDS = 600.0
"""For one request: a job's questions, or its answers, are many megabytes."""
SILENCE = 15.0
"""Without a byte, and a look at a job is given up: all other work of a run waits for it."""
PATIENCE = 60.0
"""The same for the answers of a job that is over, and for the end of one that is to be cancelled.
"""
LEAST = 1.0
"""Real seconds that either has, however fast the clock runs: no network is faster for it."""
ENDS = ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED")
"""A state that ends so is an end, PARTIALLY_SUCCEEDED too."""
STATUS = {
    1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400,
    12: 501, 13: 500, 14: 503, 15: 500, 16: 401,
}  # fmt: skip
"""google.rpc.Code -> HTTP status; a part's error has the former."""


class Batches:
    """The batch jobs of one key's project."""

    most_bytes = 1_500_000_000
    most_parts = 10_000

    def __init__(self, backend: Gemini) -> None:
        self._backend = backend

    def send(self, ours: str, model: str, parts: Sequence[Part]) -> str:
        size = sum(len(_line(self._backend, part)) for part in parts)
        make = self._by_file if size > INLINE else self._inline
        return self._run(make(self._backend.connected().client, ours, model, parts))

    async def _inline(self, client: Client, ours: str, model: str, parts: Sequence[Part]) -> str:
        from google.genai import types

        source = [
            types.InlinedRequest(
                model=model, contents=part.request.prompt, metadata={"key": part.key},
                config=_bare(self._backend, part.request),
            )
            for part in parts
        ]  # fmt: skip
        job = await client.aio.batches.create(
            model=model, src=source, config={"display_name": ours}
        )
        return job.name or ""

    async def _by_file(self, client: Client, ours: str, model: str, parts: Sequence[Part]) -> str:
        lines = io.BytesIO(b"".join(_line(self._backend, part) for part in parts))
        file = await client.aio.files.upload(
            file=lines, config={"mime_type": "application/jsonl", "display_name": ours}
        )
        job = await client.aio.batches.create(
            model=model, src=file.name or "", config={"display_name": ours}
        )
        return job.name or ""

    def find(self, ours: str) -> str | None:
        page = ""
        for _ in range(PAGES):
            status, body = self._get(f"batches?pageSize={PAGE}&pageToken={quote(page, safe='')}")
            listed = self._read(status, body)
            for one in listed.get("operations") or []:
                if mapping(mapping(one).get("metadata")).get("displayName") == ours:
                    return str(mapping(one).get("name") or "") or None
            page = str(listed.get("nextPageToken") or "")
            if not page:
                return None
        return None

    def look(self, name: str, model: str) -> Job | None:
        status, body = self._get(quote(name))
        if status == 404 and answers.is_worded(common.object_of(body)):
            return None
        told = mapping(self._read(status, body).get("metadata"))
        state = str(told.get("state") or "").removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_")
        if not state.endswith(ENDS):
            return Job(state, is_over=False)
        output = mapping(told.get("output"))
        inlined = mapping(output.get("inlinedResponses")).get("inlinedResponses")
        lines: Iterable[object] = inlined if isinstance(inlined, list) else []
        if file := output.get("responsesFile"):
            lines = self._lines(str(file))
        told_of = (self._told(line, model) for line in lines)
        return Job(state, is_over=True, told=tuple(one for one in told_of if one is not None))

    def cancel(self, name: str) -> None:
        async def ask(client: Client) -> str:
            await client.aio.batches.cancel(name=name)
            return ""

        self._run(ask(self._backend.connected().client), PATIENCE)

    # --- inside ---

    def _lines(self, file: str) -> Iterator[object]:
        status, body = self._get(f"{quote(file)}:download?alt=media", PATIENCE)
        if status != 200:
            self._read(status, body)
        for line in body.splitlines():
            value = common.object_of(line)
            if not isinstance(value, Answer):
                yield value

    def _told(self, line: object, model: str) -> Told | None:
        """One part's answer; None for a line without a key of ours."""
        value = mapping(line)
        key = value.get("key") or mapping(value.get("metadata")).get("key")
        if not isinstance(key, str):
            return None
        if error := mapping(value.get("error")):
            code = error.get("code")
            status = STATUS.get(code, code) if isinstance(code, int) else 500
            return Told(key, answers.of_error(status, {"error": dict(error)}))
        body = json.dumps(value.get("response"))
        return Told(key, self._backend.reply(answers.of_body(body), model, body))

    def _get(self, path: str, silence: float = 0.0) -> tuple[int, str]:
        way = self._backend.route
        url = f"{way.address}/{API_VERSION['developer']}/{path}"
        line = self._backend.connected()
        silence = max((silence or SILENCE) / way.clock_speed, LEAST)
        return self._run(line.get(url, {"x-goog-api-key": way.key}, READ, silence))

    def _read(self, status: int, body: str) -> Mapping[str, Any]:
        value = common.object_of(body)
        if status != 200:
            answer = answers.of_error(status, {} if isinstance(value, Answer) else value)
            raise BackendError(self._backend.unsigned(answer))
        if isinstance(value, Answer):
            raise BackendError(value)
        return value

    def _run(self, call: Coroutine[Any, Any, Result], seconds: float = 0.0) -> Result:
        return self._backend.through(call, seconds or max(SECONDS, self._backend.route.deadline))


def _bare(backend: Gemini, request: Request) -> Any:
    """The request's settings, less what only a call of its own takes."""
    return backend.config(request).model_copy(
        update={
            "automatic_continuation": None, "automatic_function_calling": None,
            "should_return_http_response": None, "http_options": None,
        }
    )  # fmt: skip


def _line(backend: Gemini, part: Part) -> bytes:
    """A part as one line of a job's file, in the words of the API."""
    request, config = part.request, backend.config(part.request)
    generation: dict[str, Any] = {"maxOutputTokens": request.max_output_tokens}
    if config.response_mime_type:
        generation["responseMimeType"] = config.response_mime_type
        generation["responseJsonSchema"] = config.response_json_schema
    thinking = config.thinking_config
    if thinking is not None and thinking.thinking_level is not None:
        generation["thinkingConfig"] = {"thinkingLevel": thinking.thinking_level.value}
    asked: dict[str, Any] = {
        "contents": [{"role": "user", "parts": [{"text": request.prompt}]}],
        "generationConfig": generation,
    }
    if request.system:
        asked["systemInstruction"] = {"role": "user", "parts": [{"text": request.system}]}
    return json.dumps({"key": part.key, "request": asked}).encode() + b"\n"
