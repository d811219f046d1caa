"""A local server that speaks the OpenAI protocol (`/v1/chat/completions`) and Anthropic's
(`/v1/messages`), strict, with quota, latency, faults and defects: what it writes is what the local
Gemini writes, in the other two wire formats.

In a test: `with ChatServer(keys=["test-key"]) as server: ... server.url()`; by hand:
`python -m tests.chat_server --port 0`, which prints the base URL first.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import itertools
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.gemini_server import FIELD, Limits, replies
from tests.gemini_server.clock import FastClock
from tests.gemini_server.faults import DEFECTS, Plan
from tests.gemini_server.quota import Quota
from tests.gemini_server.server import Handler, Http, Served
from tests.gemini_server.service import TRICKS, Answer, Call, _seconds

IN_WORDS = re.compile(r"keeps this JSON Schema, and nothing else:\n\n(\{.*\})\s*\Z", re.DOTALL)
FINISH = {
    "openai": {"STOP": "stop", "MAX_TOKENS": "length", "CONTINUATION": "length",
               "SAFETY": "content_filter", "RECITATION": "content_filter"},
    "anthropic": {"STOP": "end_turn", "MAX_TOKENS": "max_tokens", "CONTINUATION": "max_tokens",
                  "SAFETY": "refusal", "RECITATION": "refusal"},
}  # fmt: skip
TYPE = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
        404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error",
        500: "api_error", 502: "api_error", 503: "api_error", 504: "timeout_error"}  # fmt: skip
UNIT = {"rpm": ("requests per min (RPM)", "requests per minute"),
        "tpm": ("tokens per min (TPM)", "input tokens per minute"),
        "rpd": ("requests per day (RPD)", "requests per day")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """keys: API keys that are let in, none asks for none; models: () serves any; tells: does it say
    what models it has; schema: kept, refused (400) or ignored; latency: 1 is the field's, 0
    none."""

    keys: Sequence[str] = ()
    models: Sequence[str] = ()
    tells: bool = True
    limits: Mapping[str, Limits] = field(default_factory=dict)
    script: Sequence[str] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    schema: str = "kept"
    latency: float = 0.0


@dataclass(frozen=True)
class Refused(Exception):
    """An error answer; headers: beside the usual ones."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Service:
    """Thread-safe; `answer` is the whole of it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = FastClock()
        self.quota = Quota(settings.limits)
        self._plan = Plan(settings.script, settings.rates, settings.seed)
        self._numbers = itertools.count(1)
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._in_flight = self._most = 0

    def answer(self, api: str, key: str, raw: bytes) -> Answer:
        with self._lock:
            self._in_flight += 1
            self._most = max(self._most, self._in_flight)
        try:
            return self._answered(api, key, raw)
        finally:
            with self._lock:
                self._in_flight -= 1

    def _answered(self, api: str, key: str, raw: bytes) -> Answer:
        call = Call(next(self._numbers), self.clock.time(), api, key, "", "generateContent")
        try:
            if self.settings.keys and key not in self.settings.keys:
                raise Refused(401, "invalid_api_key", f"Incorrect API key provided: {key}.")
            body = json.loads(raw)
            call = replace(call, model=str(body.get("model")))
            return self._answer(api, _strict(api, body), call)
        except Refused as refused:
            call = replace(call, status=refused.status, error=refused.message)
            return Answer(refused.status, {"refused": refused}, call)

    def _answer(self, api: str, body: Mapping[str, Any], call: Call) -> Answer:
        if self.settings.models and body["model"] not in self.settings.models:
            raise Refused(404, "model_not_found", f"The model `{body['model']}` does not exist.")
        request = self._google(api, body)
        prompt = replies.texts(request["contents"])
        tokens = replies.count_tokens(prompt) + replies.count_tokens(_system(api, body))
        effort = body.get("reasoning_effort") or (body.get("output_config") or {}).get("effort")
        call = replace(
            call,
            api=f"{api}:{effort}" if effort else api,
            phase="generation" if replies.schema_of(request) is None else "analysis",
            prompt_sha256=hashlib.sha256(prompt.encode()).hexdigest(),
            prompt_bytes=len(prompt.encode()),
        )
        broken, wait = self.quota.take("", call.model, tokens, self.clock.time())
        fault, rng = self._plan.draw(call.prompt_sha256)
        if broken:
            raise _over(api, *next(iter(broken.items())), wait)
        if fault and fault not in DEFECTS and fault not in TRICKS:
            raise _fault(api, fault)
        if self.settings.latency:
            self.clock.sleep(_seconds(rng.random()) * self.settings.latency)
        call = replace(call, fault=fault or "")
        if fault in TRICKS:
            status = {"html_502": 502, "hang": 0, "disconnect": 0}.get(fault, 200)
            return Answer(status, {}, replace(call, status=status), fault)
        written = replies.reply(request, call.model, tokens, fault, rng)
        spent = written.tokens_out + written.thoughts
        call = replace(call, status=200, finish=written.finish, tokens_in=tokens, tokens_out=spent)
        return Answer(200, _reply(api, written.body, tokens, spent), call)

    def _google(self, api: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The request as the local Gemini would have it, for what writes is the same."""
        prompt = str(next(m["content"] for m in body["messages"] if m["role"] == "user"))
        if api == "openai":
            shape = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
            budget = body.get("max_completion_tokens", body.get("max_tokens", 65_536))
        else:
            shape = ((body.get("output_config") or {}).get("format") or {}).get("schema")
            budget = body["max_tokens"]
        if shape is not None and self.settings.schema == "refused":
            name = "response_format" if api == "openai" else "output_config.format"
            raise Refused(400, "", f"'{name}' of type json_schema is not supported with this model")
        told = IN_WORDS.search(prompt)
        if told and (shape is None or self.settings.schema == "ignored"):
            shape = json.loads(told[1])
        elif self.settings.schema == "ignored":
            shape = None
        config: dict[str, Any] = {"maxOutputTokens": budget}
        if shape is not None:
            config["responseJsonSchema"] = shape
        return {"contents": [{"parts": [{"text": prompt}]}], "generationConfig": config}

    def record(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def seen(self) -> dict[str, Any]:
        """The body of /_seen: counts, and every call in order of arrival."""
        with self._lock:
            calls = sorted(self._calls, key=lambda c: c.number)
        return {
            "calls": len(calls),
            "most_at_once": self._most,
            "refusals": sum(c.status == 429 for c in calls),
            "input_tokens": sum(c.tokens_in for c in calls),
            "output_tokens": sum(c.tokens_out for c in calls),
            "by_status": dict(Counter(str(c.status) for c in calls)),
            "by_phase": dict(Counter(c.phase for c in calls)),
            "list": [asdict(c) for c in calls],
        }


def _strict(api: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body, held to the SDK's own types."""
    if api == "openai":
        from openai.types.chat import completion_create_params as params

        known: Any = params.CompletionCreateParamsNonStreaming
        needed = {"model", "messages"}
    else:
        from anthropic.types import message_create_params

        known = message_create_params.MessageCreateParamsNonStreaming
        needed = {"model", "messages", "max_tokens"}
    if unknown := set(body) - set(known.__annotations__) - _inherited(known):
        raise Refused(400, "", f"Unrecognized request argument supplied: {sorted(unknown)[0]}")
    if missing := needed - set(body):
        raise Refused(400, "", f"{sorted(missing)[0]}: field required")
    if api == "anthropic" and any(m["role"] == "system" for m in body["messages"]):
        raise Refused(400, "", "messages: Unexpected role 'system'")
    return body


def _inherited(known: Any) -> set[str]:
    return {name for base in known.__orig_bases__ for name in getattr(base, "__annotations__", {})}


def _system(api: str, body: Mapping[str, Any]) -> str:
    if api == "anthropic":
        return str(body.get("system") or "")
    return "".join(str(m["content"]) for m in body["messages"] if m["role"] == "system")


def _reply(api: str, google: Mapping[str, Any], tokens: int, spent: int) -> dict[str, Any]:
    candidates = google.get("candidates")
    model = google["modelVersion"]
    first = candidates[0] if candidates else {"finishReason": "SAFETY", "content": {}}
    finish = FINISH[api][first["finishReason"]]
    parts = first["content"].get("parts") or []
    text = "".join(p["text"] for p in parts if not p.get("thought"))
    if api == "openai":
        message = {"role": "assistant", "content": text or None}
        choices = [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}]
        usage = {
            "prompt_tokens": tokens,
            "completion_tokens": spent,
            "total_tokens": tokens + spent,
        }
        return {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_795_000_000,
            "model": model, "choices": choices if candidates != [] else [], "usage": usage,
        }  # fmt: skip
    blocks = [{"type": "thinking", "thinking": "So.", "signature": "x"}]
    blocks += [{"type": "text", "text": text}] if text else []
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": blocks,
        "stop_reason": finish, "stop_sequence": None,
        "usage": {"input_tokens": tokens - 1, "cache_read_input_tokens": 1, "output_tokens": spent},
    }  # fmt: skip


def _stated(api: str, limits: Limits) -> dict[str, str]:
    """The headers of a reply that say what may be asked, after one call of a thousand tokens."""
    stated = {}
    for what, limit, used in (("requests", limits.rpm, 1), ("tokens", limits.tpm, 1_000)):
        if limit is None:
            continue
        if api == "openai":
            stated |= {
                f"x-ratelimit-limit-{what}": f"{limit}",
                f"x-ratelimit-remaining-{what}": f"{limit - used}",
                f"x-ratelimit-reset-{what}": f"{60_000 * used / limit:.0f}ms",
            }
        else:
            stated[f"anthropic-ratelimit-{'input-' * (what == 'tokens')}{what}-limit"] = f"{limit}"
    return stated


def _over(api: str, kind: str, limit: int, wait: float) -> Refused:
    ours, theirs = UNIT[kind]
    if api == "openai":
        said = (
            f"Rate limit reached for the model in organization org-1 on {ours}: Limit {limit}, "
            f"Used {limit}, Requested 1. Please try again in {wait:.3f}s."
        )
        return Refused(429, "rate_limit_exceeded", said)
    said = f"This request would exceed your organization's rate limit of {limit:,} {theirs}."
    return Refused(429, "rate_limit_error", said, {"retry-after": str(int(wait) + 1)})


def _fault(api: str, fault: str) -> Refused:
    if fault in ("minute_429", "day_429"):
        kind = "rpm" if fault == "minute_429" else "rpd"
        return _over(api, kind, 15, 25.0 if kind == "rpm" else 40_000.0)
    named = {
        "limit_0": (429, "insufficient_quota", "You exceeded your current quota, check billing."),
        "capacity_429": (429, "", "The engine is currently overloaded."),
        "plain_429": (429, "", "Too Many Requests"),
        "400": (400, "", "Invalid value: 'messages'."),
        "key_400": (401, "invalid_api_key", "Incorrect API key provided."),
        "too_large": (400, "context_length_exceeded", "prompt is too long: 1200000 tokens"),
        "401": (401, "invalid_api_key", "Incorrect API key provided."),
        "403": (403, "unsupported_country_region_territory", "Country not supported"),
        "404": (404, "model_not_found", "The model does not exist."),
        "blocked": (400, "content_policy_violation", "flagged by our content policy"),
    }
    if api == "anthropic" and fault == "limit_0":
        return Refused(400, "invalid_request_error", "Your credit balance is too low.")
    return Refused(*named.get(fault) or (int(fault), "", "The server had an error"))


class ChatHandler(Handler):
    def _route(self, raw: bytes) -> None:
        path = urlsplit(self.path).path
        if self.command == "GET" and path.startswith("/v1/models"):
            return self._models(unquote(path.removeprefix("/v1/models").strip("/")))
        api = {"/v1/chat/completions": "openai", "/v1/messages": "anthropic"}.get(path)
        if api is None or self.command != "POST":
            return self._send(404, {"detail": "Not Found"})
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        key = key or self.headers.get("x-api-key", "")  # Anthropic's, too
        answer = self.server.service.answer(api, key, raw)
        self.server.service.record(answer.call)
        refused = answer.body.get("refused")
        if answer.trick:
            return self._trick(answer)
        if refused is None:
            limits = self.server.service.quota.limits(answer.call.model)
            return self._send(answer.status, answer.body, _stated(api, limits))
        self._refuse(api, refused)

    def _models(self, wanted: str) -> None:
        """What one model is, or all of them."""
        settings = self.server.service.settings
        api = "anthropic" if "anthropic-version" in self.headers else "openai"
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        key = key or self.headers.get("x-api-key", "")
        if not settings.tells:
            return self._send(404, {"detail": "Not Found"})
        if settings.keys and key not in settings.keys:
            return self._refuse(api, Refused(401, "invalid_api_key", "Incorrect API key."))
        if not wanted:
            rows = [{"id": name, "object": "model"} for name in settings.models]
            return self._send(200, {"object": "list", "data": rows})
        if settings.models and wanted not in settings.models:
            said = f"The model `{wanted}` does not exist or you do not have access to it."
            said = f"model: {wanted}" if api == "anthropic" else said
            return self._refuse(api, Refused(404, "model_not_found", said))
        self._send(200, {"id": wanted, "object": "model"})

    def _refuse(self, api: str, refused: Refused) -> None:
        kind = TYPE.get(refused.status, "api_error")
        error: dict[str, Any] = {"message": refused.message, "type": kind}
        if api == "openai":
            error |= {"param": None, "code": refused.code or None}
        body = {"error": error} if api == "openai" else {"type": "error", "error": error}
        sent = json.dumps(body).encode()
        self.send_response(refused.status)
        for name, value in {**refused.headers, "Content-Length": str(len(sent))}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(sent)


class ChatServer(Served):
    """Keyword arguments are those of `Settings`; `port` 0 takes a free one."""

    def __init__(self, *, port: int = 0, **settings: Any) -> None:
        self.service = Service(Settings(**settings))
        super().__init__(Http(("127.0.0.1", port), self.service, ChatHandler))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chat_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--defects", choices=["field"])
    parser.add_argument("--schema", default="kept", choices=["kept", "refused", "ignored"])
    args = parser.parse_args()
    rates = FIELD if args.defects else {}
    with (
        ChatServer(port=args.port, rates=rates, schema=args.schema) as server,
        contextlib.suppress(KeyboardInterrupt),
    ):
        print(server.url(), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
