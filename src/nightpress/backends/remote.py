"""A backend that asks a service over HTTP through its SDK; each one adds what is its own.

One `ask` is one HTTP request: no SDK retries or continues anything, and what came back is judged
from the raw body alone. The SDK is imported by `connect` or the first call.
"""

from __future__ import annotations

import json
import os
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, Self, TypeVar
from urllib.parse import quote, urlsplit

from msgspec.structs import replace

from nightpress.backends import answers
from nightpress.backends.answers import Outcome
from nightpress.backends.declaration import Access, Environ, Settings
from nightpress.backends.route import Route, of, sdk
from nightpress.errors import Answer, BackendError
from nightpress.model import BackendKind, Reply, Request

if TYPE_CHECKING:
    import httpx2

    from nightpress.backends.line import Line

__all__ = ["Chat", "Remote", "Sent"]

Client = TypeVar("Client")
PROBE = 30.0
"""Seconds for the request before the first call."""


class Sent(NamedTuple):
    """The raw body of an answer; tier: what the service says of the price, limits: of how much may
    be asked, where it does."""

    body: str
    tier: str = ""
    limits: Mapping[str, int] = {}


class Way(Protocol):
    """What a route tells: see route.Route."""

    @property
    def address(self) -> str: ...
    @property
    def secret(self) -> str: ...
    @property
    def local(self) -> bool: ...
    @property
    def deadline(self) -> float: ...
    @property
    def clock_speed(self) -> float: ...
    @property
    def proxy(self) -> str: ...


class Remote(ABC, Generic[Client]):
    """One client for the whole run, shared by threads; each process makes its own."""

    name: str
    kind: BackendKind = "model"

    def __init__(self, way: Way) -> None:
        self.way = way
        self._line: Line[Client] | None = None
        self._lock = threading.Lock()

    @abstractmethod
    def client(self, asynchronous: httpx2.AsyncClient, sync: httpx2.Client) -> Client:
        """The SDK's client, on these httpx clients and without retries of its own."""

    @abstractmethod
    def send(self, client: Client, request: Request) -> Coroutine[Any, Any, Sent]:
        """One HTTP request, and what it brought."""

    @abstractmethod
    def judged(self, body: str, request: Request) -> Outcome:
        """What a 200's body is."""

    @abstractmethod
    def refused(self, error: Exception, request: Request) -> Answer | None:
        """What an exception of the SDK's own means; None for one that is not."""

    def thrown(self, name: str, text: str) -> Answer:
        """What an exception of the transport means; name: that of its class."""
        return answers.of_exception(name, text)

    def connect(self) -> None:
        """Import the SDK and make the client: that takes longer than a reservation may age, so it
        goes before the first one. What is wrong with the credentials is said by the first call."""
        with suppress(Exception):
            self.connected()

    def free(self, model: str) -> tuple[str, dict[str, str]] | None:  # noqa: ARG002
        """URL and headers of a request that costs nothing and needs what every call needs; None:
        the service has none."""
        return None

    def tried(self, model: str, status: int, body: str) -> Answer | None:  # noqa: ARG002
        """What the answer to that says of every call of the model; None: nothing against them."""
        return None

    def probe(self, model: str) -> None:
        """Try proxy, certificate, address, key and model once, for nothing, before the first call.
        Raises BackendError for what every call would meet."""
        if (free := self.free(model)) is None:
            return
        try:
            line = self.connected()
            status, body = line.run(line.get(*free), PROBE)
        except Exception as error:  # noqa: BLE001 - as in `_send`
            raise BackendError(self.unsigned(self._transport(error))) from None
        if answer := self.tried(model, status, body):
            raise BackendError(answer)

    def ask(self, request: Request) -> Reply:
        """One call. A reply that was cut off has finish "length"; whatever else is no reply is
        raised as BackendError."""
        body, tier, limits = self._send(request)
        result = self.reply(self.judged(body, request), request.model, body, tier)
        if isinstance(result, Answer):
            raise BackendError(result)
        return replace(result, limits=limits) if limits else result

    def reply(self, outcome: Outcome, model: str, body: str, tier: str = "") -> Reply | Answer:
        """A 200's body, judged, as a reply, or what it means. model: the one that was asked."""
        if outcome.answer is not None and outcome.answer.kind != "truncated":
            return outcome.answer
        return Reply(
            text=outcome.text,
            model=outcome.model or model,
            finish="stop" if outcome.answer is None else "length",
            tokens_in=outcome.tokens_in,
            tokens_out=outcome.tokens_out,
            http_status=200,
            raw=body,
            rerouted=self.rerouted(model, outcome.model),
            tier=tier,
            tokens_cached=outcome.tokens_cached,
        )

    def rerouted(self, asked: str, answered: str) -> bool:
        return answers.rerouted(asked, answered)

    def close(self) -> None:
        with self._lock:
            line, self._line = self._line, None
        if line is not None and line.pid == os.getpid():
            line.close()

    def deadline(self, request: Request) -> float:  # noqa: ARG002
        """Seconds for the whole call."""
        return self.way.deadline

    def _send(self, request: Request) -> Sent:
        try:
            line = self.connected()
            call = self.send(line.client, request)
            return line.run(call, self.deadline(request) / self.way.clock_speed)
        except Exception as error:  # noqa: BLE001 - an SDK's many kinds: `_meaning` knows them
            raise BackendError(self._meaning(error, request)) from None

    def connected(self) -> Line[Client]:
        """The line to the service, made when it is first needed."""
        from nightpress.backends.line import Line

        with self._lock:
            if self._line is None or self._line.pid != os.getpid():
                self._line = Line(self.client, self.way.proxy)
            return self._line

    def _meaning(self, error: Exception, request: Request) -> Answer:
        """The answer that an exception stands for; a bug of ours is raised again."""
        answer = self.refused(error, request)
        return self.unsigned(answer or self._transport(error, self.deadline(request)))

    def unsigned(self, answer: Answer) -> Answer:
        """The answer without the key that it may quote."""
        secret = self.way.secret
        message = answer.message.replace(secret, "[redacted]") if secret else answer.message
        return answer._replace(message=message)

    def _transport(self, error: Exception, seconds: float = 0.0) -> Answer:
        from httpx2 import HTTPError, InvalidURL

        from nightpress.backends.line import GivenUp, Silent, TooMuch, issuer

        below = error.__cause__  # SDKs wrap the transport's errors in words that say less
        if isinstance(below, HTTPError | OSError | TooMuch) and not isinstance(error, HTTPError):
            error = below
        if isinstance(error, GivenUp | Silent):
            return Answer("transient", str(error))
        if isinstance(error, TooMuch):
            message = f"the reply never ended: {error}"
            hint = "it was discarded; the next run tries again"
            return Answer("too_large", message, 200, hint=hint)
        if isinstance(error, TimeoutError):
            return Answer("transient", f"no answer within {seconds or self.way.deadline:g} s")
        if not isinstance(error, HTTPError | InvalidURL | OSError):
            raise error
        answer = self.thrown(type(error).__name__, str(error))
        if self.way.proxy and answer.hint == answers.HINTS["unreached"]:
            answer = answer._replace(hint=answers.HINTS["no_proxy"])
        if answer.kind == "untrusted":
            whose = "" if self.way.proxy else issuer(self.way.address)
            by = f"; it was issued by {answers.clean(whose)}" if whose else ""
            host = urlsplit(self.way.address).hostname
            answer = answer._replace(message=f"{host}: {answer.message}{by}")
        return answer


IN_WORDS = "\n\nAnswer with one JSON object that keeps this JSON Schema, and nothing else:\n\n{}\n"
"""Added to the prompt where nobody knows whether the server minds a schema."""


class Chat(Remote[Client]):
    """A service that others speak for, too: what a server of one's own understands is not known.
    A model that refuses the schema is asked in words from then on.

    minds_schema: does the service keep every reply to the schema that it is given?
    """

    def __init__(self, route: Route, settings: Settings, *, minds_schema: bool = False) -> None:
        super().__init__(route)
        self.route = route
        self._settings = settings
        self._minds_schema = minds_schema
        self._without: set[str] = set()

    @classmethod
    def made(cls, access: Access, settings: Settings, environ: Environ) -> Self:
        """One that is about to make calls, along `access`; UsageError where none can be made."""
        sdk(cls.name)
        backend = cls(of(cls.name, access, settings, environ), settings)
        backend.connect()
        return backend

    def free(self, model: str) -> tuple[str, dict[str, str]] | None:
        """What the model is; a server that does not say so is not asked for it."""
        secret = self.route.secret
        signed = {"authorization": f"Bearer {secret}"} if secret else {}
        return f"{self.route.address}/models/{quote(model, safe='')}", signed

    def tried(self, model: str, status: int, body: str) -> Answer | None:
        """A key that is refused, a model that there is not, a service that is away. A server may
        have no such address: only what is said of the model counts."""
        error = answers.mapping(answers.error_of(body))
        worded = error.get("message")
        if status == 404 and isinstance(worded, str):
            named = re.search(rf"\bmodel[\s:'\"`]+{re.escape(model)}(?![\w.-])", worded, re.I)
            if named or error.get("code") == "model_not_found":
                said = f"404 {answers.clean(worded)}"
                return Answer("not_found", said, 404, hint=answers.HINTS["not_found"])
        if status == 401 and isinstance(worded, str) and answers.plain(worded) == worded:
            said = answers.clean(worded)
            return Answer("unauthorised", f"401 {said}", 401, hint=answers.HINTS["unauthorised"])
        if status in (502, 503, 504):
            return Answer("transient", f"{status} {answers.clean(answers.plain(body))}", status)
        return None

    @abstractmethod
    def of_status(self, error: Exception) -> Answer | None:
        """What an error status means that the SDK raised; None where it is none."""

    def narrowed(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The schema as the service takes it."""
        return {key: value for key, value in schema.items() if key != "$schema"}

    def asked(self, request: Request) -> tuple[str, dict[str, Any] | None]:
        """The prompt, and the schema that is sent beside it; None where none is."""
        if request.schema is None:
            return request.prompt, None
        if self._minds_schema and request.model not in self._without:
            return request.prompt, self.narrowed(request.schema)
        prompt = request.prompt + IN_WORDS.format(json.dumps(request.schema, ensure_ascii=False))
        return prompt, None if request.model in self._without else self.narrowed(request.schema)

    def refused(self, error: Exception, request: Request) -> Answer | None:
        answer = self.of_status(error)
        if answer is None or not request.schema or not answers.minds_no_schema(answer):
            return answer
        if request.model in self._without:
            return answer
        self._without.add(request.model)
        message = f"{answer.message}; it is asked again, with the schema in words"
        return answer._replace(kind="malformed", message=message)

    def rerouted(self, asked: str, answered: str) -> bool:
        """A server of one's own calls what it has loaded as it likes."""
        return not self.route.local and super().rerouted(asked, answered)
