"""Gemini through google-genai: the Developer API and Vertex AI.

google.genai is imported by `connect` or the first call: it costs 0.4 s and 50 MB.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from nightpress.backends.answers import Outcome, clean
from nightpress.backends.declaration import Settings, level
from nightpress.backends.gemini import answers
from nightpress.backends.gemini.route import Route
from nightpress.backends.remote import Remote, Sent
from nightpress.errors import Answer, BackendError
from nightpress.model import Request

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client
    from google.genai.types import GenerateContentConfig, ThinkingConfig

    from nightpress.backends.gemini.batch import Batches

Result = TypeVar("Result")


FLEX_DEADLINE = 900.0
"""Seconds: a flex call may stand in line for up to a quarter of an hour."""
TIER = "x-gemini-service-tier"


class Gemini(Remote["Client"]):
    """The Developer API, or Vertex AI, by its route."""

    name = "gemini"

    def __init__(self, route: Route, settings: Settings | None = None) -> None:
        super().__init__(route)
        self.route = route
        self._settings = settings or {}

    def client(self, asynchronous: httpx2.AsyncClient, sync: httpx2.Client) -> Client:
        from nightpress.backends.gemini.client import client

        return client(self.route, asynchronous, sync)

    def free(self, model: str) -> tuple[str, dict[str, str]] | None:
        """What the model is. Vertex AI asks for other rights there: of that its address alone."""
        from nightpress.backends.gemini.client import API_VERSION

        if self.route.api == "vertex":
            return self.route.address, {}
        path = f"{API_VERSION['developer']}/models/{model.removeprefix('models/')}"
        return f"{self.route.address}/{path}", {"x-goog-api-key": self.route.key}

    def tried(self, model: str, status: int, body: str) -> Answer | None:  # noqa: ARG002
        """Only what Google itself says counts: a gateway may know no address but that of calls."""
        if self.route.api == "vertex" or (status < 400 and self.route.base_url):
            return None
        return answers.of_model(status, body)

    def deadline(self, request: Request) -> float:
        return max(super().deadline(request), FLEX_DEADLINE if request.lane == "flex" else 0.0)

    async def send(self, client: Client, request: Request) -> Sent:
        answer = await client.aio.models.generate_content(
            model=request.model,
            contents=request.prompt,
            config=self.config(request),
        )
        http = answer.sdk_http_response
        tier = ((http.headers if http else None) or {}).get(TIER, "")
        return Sent((http.body if http else None) or "", clean(tier, 20))

    def config(self, request: Request) -> GenerateContentConfig:
        """All that is said of a request beside its prompt."""
        config = _config(request, level(self._settings, request))
        if request.lane == "flex":
            from google.genai import types

            config.service_tier = types.ServiceTier.FLEX
            config.http_options = types.HttpOptions(timeout=int(self.deadline(request) * 1_000))
        return config

    def judged(self, body: str, request: Request) -> Outcome:  # noqa: ARG002
        return answers.of_body(body)

    @property
    def batches(self) -> Batches | None:
        """Its batch jobs; None: Vertex AI takes them from other stores alone."""
        from nightpress.backends.gemini.batch import Batches

        return Batches(self) if self.route.api == "developer" else None

    def through(self, call: Coroutine[Any, Any, Result], seconds: float) -> Result:
        """What comes of one request that asks for no reply."""
        try:
            return self.connected().run(call, seconds / self.route.clock_speed)
        except ValueError as error:  # the SDK reads an answer that is no JSON
            message = f"the answer cannot be read: {clean(str(error))}"
            raise BackendError(Answer("transient", message)) from None
        except Exception as error:  # noqa: BLE001 - as in `ask`
            answer = self._of_api(error) or self._transport(error, seconds)
            raise BackendError(self.unsigned(answer)) from None

    def refused(self, error: Exception, request: Request) -> Answer | None:
        answer = self._of_api(error)
        return answers.shed(answer) if answer and request.lane == "flex" else answer

    def _of_api(self, error: Exception) -> Answer | None:
        from google.auth.exceptions import GoogleAuthError
        from google.genai.errors import APIError

        if isinstance(error, APIError):
            headers = getattr(error.response, "headers", None) or {}
            answer = answers.of_error(error.code, error.details, headers.get("retry-after", ""))
            worded = not self.route.base_url or answers.is_worded(error.details)
            if answer.kind == "not_found" and not worded:
                return answer._replace(hint=answers.HINTS["nowhere"])
            return answer
        if isinstance(error, GoogleAuthError):
            return answers.of_exception(type(error).__name__, str(error))
        return None


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
