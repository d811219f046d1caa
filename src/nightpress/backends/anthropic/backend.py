"""Messages through the anthropic SDK, which is imported by `connect` or the first call (1 s)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nightpress.backends.answers import Outcome
from nightpress.backends.anthropic import answers
from nightpress.backends.declaration import Settings, level
from nightpress.backends.remote import Chat, Sent
from nightpress.backends.route import Route
from nightpress.errors import Answer
from nightpress.model import Request

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic


class Anthropic(Chat["AsyncAnthropic"]):
    """Anthropic's own service, or a server that speaks as it does."""

    name = "anthropic"

    def __init__(self, route: Route, settings: Settings) -> None:
        super().__init__(route, settings, minds_schema=not route.local)
        self._seconds = route.deadline / route.clock_speed

    def client(self, asynchronous: httpx2.AsyncClient, sync: httpx2.Client) -> AsyncAnthropic:  # noqa: ARG002
        from anthropic import AsyncAnthropic

        return AsyncAnthropic(
            api_key=self.route.secret or "none",
            base_url=self.route.address,
            max_retries=0,
            timeout=self._seconds,
            http_client=asynchronous,
        )

    def free(self, model: str) -> tuple[str, dict[str, str]] | None:
        headers = {"anthropic-version": "2023-06-01"}
        if self.route.secret:
            headers["x-api-key"] = self.route.secret
        return f"{self.route.address}/v1/models/{quote(model, safe='')}", headers

    async def send(self, client: AsyncAnthropic, request: Request) -> Sent:
        answer = await client.messages.with_raw_response.create(**self._body(request))
        sent = answer.http_response
        return Sent(str(sent.text), limits=answers.of_headers(sent.headers))

    def _body(self, request: Request) -> dict[str, Any]:
        prompt, schema = self.asked(request)
        effort = level(self._settings, request)
        output: dict[str, Any] = {"effort": effort} if effort else {}
        if schema is not None:
            output["format"] = {"type": "json_schema", "schema": schema}
        return {
            "model": request.model,
            "max_tokens": request.max_output_tokens,
            "messages": [{"role": "user", "content": prompt}],
            # said again: the SDK refuses a long reply where it would have to choose the time itself
            "timeout": self._seconds,
            **({"system": request.system} if request.system else {}),
            **({"output_config": output} if output else {}),
        }

    def narrowed(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        from anthropic import transform_schema

        return dict(transform_schema({k: v for k, v in schema.items() if k != "$schema"}))

    def judged(self, body: str, request: Request) -> Outcome:  # noqa: ARG002
        return answers.of_body(body)

    def of_status(self, error: Exception) -> Answer | None:
        from anthropic import APIStatusError

        if not isinstance(error, APIStatusError):
            return None
        return answers.of_error(error.status_code, error.response.text, error.response.headers)
