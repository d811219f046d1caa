"""Gemini through google-genai: the Developer API and Vertex AI.

One `ask` is one HTTP request. The SDK retries nothing and continues nothing, and what came back
is judged by `answers` alone, from the raw body. google.genai is imported by `connect` or the first
call: it costs 0.4 s and 50 MB.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nightpress.backends.gemini import answers
from nightpress.backends.gemini.route import Route
from nightpress.errors import Answer, BackendError
from nightpress.model import BackendKind, Reply, Request

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import GenerateContentConfig, ThinkingConfig

    from nightpress.backends.gemini.client import Line


class Gemini:
    """One client for the whole run, shared by threads; each process makes its own."""

    name = "gemini"
    kind: BackendKind = "model"

    def __init__(self, route: Route) -> None:
        self.route = route
        self._line: Line | None = None
        self._lock = threading.Lock()

    def connect(self) -> None:
        """Import the SDK and make the client: that takes longer than a reservation may age, so it
        goes before the first one. What is wrong with the credentials is said by the first call."""
        with suppress(Exception):
            self._connected()

    def ask(self, request: Request) -> Reply:
        """One call. A reply that was cut off has finish "length"; whatever else is no reply is
        raised as BackendError."""
        body = self._send(lambda client: _generate(client, request, self.route.thinking))
        outcome = answers.of_body(body)
        if outcome.answer is not None and outcome.answer.kind != "truncated":
            raise BackendError(outcome.answer)
        return Reply(
            text=outcome.text,
            model=outcome.model or request.model,
            finish="stop" if outcome.answer is None else "length",
            tokens_in=outcome.tokens_in,
            tokens_out=outcome.tokens_out,
            http_status=200,
            raw=body,
            rerouted=answers.rerouted(request.model, outcome.model),
        )

    def close(self) -> None:
        with self._lock:
            line, self._line = self._line, None
        if line is not None and line.pid == os.getpid():
            line.close()

    def _send(self, call: Callable[[Client], Coroutine[Any, Any, str]]) -> str:
        try:
            line = self._connected()
            return line.run(call(line.client), self.route.deadline / self.route.clock_speed)
        except Exception as error:  # noqa: BLE001 - the SDK's many kinds: `_meaning` knows them
            raise BackendError(self._meaning(error)) from None

    def _connected(self) -> Line:
        from nightpress.backends.gemini.client import Line

        with self._lock:
            if self._line is None or self._line.pid != os.getpid():
                self._line = Line(self.route)
            return self._line

    def _meaning(self, error: Exception) -> Answer:
        """The answer that an exception of the SDK stands for; a bug of ours is raised again."""
        from google.auth.exceptions import GoogleAuthError
        from google.genai.errors import APIError
        from httpx2 import HTTPError, InvalidURL

        from nightpress.backends.gemini.client import GivenUp, TooMuch, issuer

        if isinstance(error, APIError):
            headers = getattr(error.response, "headers", None) or {}
            answer = answers.of_error(error.code, error.details, headers.get("retry-after", ""))
        elif isinstance(error, GivenUp):
            answer = Answer("transient", str(error))
        elif isinstance(error, TooMuch):
            answer = Answer(
                "too_large",
                f"the reply has no end: {error}",
                200,
                hint="nothing of it was kept; the document is tried again in another run",
            )
        elif isinstance(error, TimeoutError):
            answer = Answer("transient", f"no answer within {self.route.deadline:g} s")
        elif isinstance(error, HTTPError | InvalidURL | GoogleAuthError | OSError):
            answer = answers.of_exception(type(error).__name__, str(error))
            if answer.kind == "untrusted":
                whose = "" if self.route.proxy else issuer(self.route)
                by = f"; it was issued by {answers.clean(whose)}" if whose else ""
                host = urlsplit(self.route.address).hostname
                answer = answer._replace(message=f"{host}: {answer.message}{by}")
        else:
            raise error
        secret = self.route.key or self.route.token
        message = answer.message.replace(secret, "[redacted]") if secret else answer.message
        return answer._replace(message=message)


async def _generate(client: Client, request: Request, thinking: str) -> str:
    answer = await client.aio.models.generate_content(
        model=request.model, contents=request.prompt, config=_config(request, thinking)
    )
    http = answer.sdk_http_response
    return (http.body if http else None) or ""


def _config(request: Request, thinking: str) -> GenerateContentConfig:
    from google.genai import types

    return types.GenerateContentConfig(
        system_instruction=request.system or None,
        max_output_tokens=request.max_output_tokens,
        response_mime_type=None if request.schema is None else "application/json",
        response_json_schema=None if request.schema is None else narrow(request.schema),
        thinking_config=_thinking(thinking),
        automatic_continuation=False,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        # The raw body is what is kept and judged: the SDK's own reading hides an empty one.
        should_return_http_response=True,
    )


def _thinking(level: str) -> ThinkingConfig | None:
    from google.genai import types

    return (
        types.ThinkingConfig(thinking_level=types.ThinkingLevel(level.upper())) if level else None
    )


# --- schemas -------------------------------------------------------------------------------------

_KNOWN = frozenset(
    {
        "$defs", "$ref", "type", "format", "title", "description", "enum", "items", "prefixItems",
        "minItems", "maxItems", "minimum", "maximum", "anyOf", "properties",
        "additionalProperties", "required", "propertyOrdering",
    }
)  # fmt: skip
"""Source: GenerationConfig.responseJsonSchema of the v1beta API."""

_BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matching the regular expression {}",
}


def narrow(schema: Any) -> Any:
    """A JSON Schema as Gemini takes it: the keywords it knows, the others said in words. What is
    left out still binds: the reply is validated against the whole schema by whoever asked."""
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:  # a reference stands alone: nothing may be beside it
        return {k: _inner(k, v) for k, v in schema.items() if k in ("$ref", "$defs")}
    narrowed = {k: _inner(k, v) for k, v in schema.items() if k in _KNOWN}
    if "const" in schema:
        narrowed["enum"] = [schema["const"]]
    if "oneOf" in schema:
        narrowed["anyOf"] = [narrow(one) for one in schema["oneOf"]]
    bounds = [text.format(schema[key]) for key, text in _BOUNDS.items() if key in schema]
    if bounds:
        described = str(schema.get("description", "")).rstrip(". ")
        narrowed["description"] = "; ".join(filter(None, [described, *bounds])) + "."
    return narrowed


def _inner(key: str, value: Any) -> Any:
    if key in ("properties", "$defs") and isinstance(value, Mapping):
        return {name: narrow(one) for name, one in value.items()}
    if key in ("anyOf", "prefixItems") and isinstance(value, list):
        return [narrow(one) for one in value]
    return narrow(value) if key in ("items", "additionalProperties") else value
