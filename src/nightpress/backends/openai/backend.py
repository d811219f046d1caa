"""Chat completions through the openai SDK, of whoever speaks that protocol.

The SDK is imported by `connect` or the first call: it costs 0.5 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nightpress.backends.answers import HINTS, Outcome, mapping, object_of
from nightpress.backends.declaration import Settings, level, provider
from nightpress.backends.openai import DATA, answers, chosen
from nightpress.backends.remote import Chat, Sent
from nightpress.backends.route import Route
from nightpress.errors import Answer
from nightpress.model import Request

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

ANY_SERVER = {"tokens": "max_tokens", "schema": False}


class OpenAI(Chat["AsyncOpenAI"]):
    """One provider, or one server."""

    name = "openai"

    def __init__(self, route: Route, settings: Settings) -> None:
        known = chosen(settings)
        facts = provider(DATA, known) if known else ANY_SERVER
        super().__init__(route, settings, minds_schema=bool(facts["schema"]))
        self._own, self._lists = known == "openai", known == "openrouter"
        self._tokens = str(facts["tokens"])

    def client(self, asynchronous: httpx2.AsyncClient, sync: httpx2.Client) -> AsyncOpenAI:  # noqa: ARG002
        from openai import AsyncOpenAI, Omit

        # The SDK would send these two, from the environment, to whatever server it is.
        theirs: Any = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
        return AsyncOpenAI(
            api_key=self.route.secret or "none",
            base_url=self.route.address,
            max_retries=0,
            timeout=self.route.deadline / self.route.clock_speed,
            default_headers=None if self._own else theirs,
            http_client=asynchronous,
        )

    async def send(self, client: AsyncOpenAI, request: Request) -> Sent:
        answer = await client.chat.completions.with_raw_response.create(**self._body(request))
        sent = answer.http_response
        return Sent(str(sent.text), limits=answers.of_headers(sent.headers))

    def free(self, model: str) -> tuple[str, dict[str, str]] | None:
        """OpenRouter has a list alone, with all of its models."""
        free = super().free(model)
        if free is None or not self._lists:
            return free
        return f"{self.route.address}/models", free[1]

    def tried(self, model: str, status: int, body: str) -> Answer | None:
        if status == 200 and self._lists and (known := _listed(body)):
            base = model.partition(":")[0]  # `MODEL:online` and the like are ways to one
            if not {model, base} & known:
                said = f"there is no model {model!r} in its list"
                return Answer("not_found", said, 404, hint=HINTS["not_found"])
        return super().tried(model, status, body)

    def _body(self, request: Request) -> dict[str, Any]:
        prompt, schema = self.asked(request)
        body: dict[str, Any] = {"model": request.model, self._tokens: request.max_output_tokens}
        system = [{"role": "system", "content": request.system}] if request.system else []
        body["messages"] = [*system, {"role": "user", "content": prompt}]
        if schema is not None:
            shape = {"name": request.phase, "schema": schema, "strict": False}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        if effort := level(self._settings, request):
            body["reasoning_effort"] = effort
        return body

    def judged(self, body: str, request: Request) -> Outcome:  # noqa: ARG002
        return answers.of_body(body)

    def of_status(self, error: Exception) -> Answer | None:
        from openai import APIStatusError

        if not isinstance(error, APIStatusError):
            return None
        sent = error.response
        return answers.of_error(error.status_code, sent.text, sent.headers, self.route.address)


def _listed(body: str) -> frozenset[str]:
    """The models of a list; none where it is no list."""
    value = object_of(body)
    rows = value.get("data") if not isinstance(value, Answer) else None
    rows = rows if isinstance(rows, list) else []
    return frozenset(str(mapping(row).get("id")) for row in rows)
