"""The OpenAI protocol and Anthropic's on real HTTP: what each answer means, and what is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from nightpress.backends import make, way
from nightpress.backends.anthropic import answers as anthropic_answers
from nightpress.backends.openai import answers as openai_answers
from nightpress.errors import ANSWER_KINDS, BackendError, UsageError
from nightpress.model import Backend
from tests.chat_server import ChatServer
from tests.gemini_server import Limits

from . import samples

Opened = Callable[..., tuple[Backend, ChatServer]]
FAST = {"deadline_seconds": 1}
MEANING = {**samples.MEANING, "endless": "too_large"}


@pytest.fixture(params=["openai", "anthropic"])
def api(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(api: str) -> Iterator[Opened]:
    """opened(script=[...]): a backend with a key, and the server that it speaks to."""
    with ExitStack() as stack:

        def open_one(
            settings: dict[str, Any] | None = None, **server_settings: Any
        ) -> tuple[Backend, ChatServer]:
            server = stack.enter_context(ChatServer(**{"keys": ["test-key"], **server_settings}))
            chosen = {"base_url": base(server, api), "key": "MY_KEY", **(settings or {})}
            backend = make(api, chosen, {"MY_KEY": "test-key"})
            stack.callback(backend.close)
            return backend, server

        yield open_one


def base(server: ChatServer, api: str) -> str:
    return server.url() + ("/v1" if api == "openai" else "")


@pytest.mark.parametrize("fault", MEANING)
def test_each_fault_has_its_meaning_and_costs_one_call(opened: Opened, fault: str) -> None:
    backend, server = opened(FAST if fault in ("hang", "drip") else None, script=[fault])
    with pytest.raises(BackendError) as caught:
        backend.ask(samples.request())
    assert caught.value.answer.kind == MEANING[fault]
    assert MEANING[fault] in ANSWER_KINDS
    assert server.seen()["calls"] == 1, "neither the SDK nor the transport may try again"
    assert "test-key" not in str(caught.value)
    assert caught.value.answer.left


def test_a_stated_wait_and_limit_are_heard(opened: Opened) -> None:
    backend, _ = opened(script=["minute_429"])
    with pytest.raises(BackendError) as caught:
        backend.ask(samples.request())
    answer = caught.value.answer
    assert answer.wait is not None and answer.wait >= 25
    assert (answer.limit, answer.quota) == (15, "rpm")


def test_a_cut_off_reply_is_a_reply_of_finish_length(opened: Opened) -> None:
    backend, server = opened(script=["max_tokens"])
    reply = backend.ask(samples.request())
    assert (reply.finish, server.seen()["calls"]) == ("length", 1)
    assert reply.text and reply.tokens_out > 0


def test_server_and_backend_agree_on_tokens(opened: Opened) -> None:
    backend, server = opened()
    replies = [backend.ask(samples.request(extra=str(n))) for n in range(3)]
    seen = server.seen()
    assert seen["input_tokens"] == sum(r.tokens_in for r in replies)
    assert seen["output_tokens"] == sum(r.tokens_out for r in replies)


def test_the_raw_reply_is_what_the_sdk_would_read(opened: Opened, api: str) -> None:
    raw = json.loads(opened()[0].ask(samples.request()).raw)
    if api == "openai":
        from openai.types.chat import ChatCompletion

        assert ChatCompletion.model_validate(raw).choices[0].finish_reason == "stop"
    else:
        from anthropic.types import Message

        assert Message.model_validate(raw).stop_reason == "end_turn"


@pytest.mark.parametrize("how", ["refused", "ignored"])
def test_where_a_schema_is_not_kept_it_is_said_in_words(opened: Opened, how: str) -> None:
    backend, server = opened(schema=how)
    question = samples.request("analysis")
    if how == "refused":
        with pytest.raises(BackendError, match="asked again") as caught:
            backend.ask(question)
        assert caught.value.answer.kind == "malformed", "so that it is tried again"
    assert json.loads(backend.ask(question).text)["commands"]
    assert server.seen()["calls"] == (2 if how == "refused" else 1)


def test_a_thinking_level_by_phase_and_by_model(opened: Opened, api: str) -> None:
    both = {"generation": "high"}
    levels = {"analysis": "low", "generation": "medium", "deep": "high", "both": both}
    backend, server = opened({"thinking": levels})
    backend.ask(samples.request("analysis"))
    backend.ask(samples.request())
    backend.ask(samples.request("analysis", model="deep"))
    backend.ask(samples.request(model="both"))
    backend.ask(samples.request("analysis", model="both"))
    backend.ask(samples.request("repair"))
    assert [call["api"] for call in server.seen()["list"]] == [
        f"{api}:low", f"{api}:medium", f"{api}:high", f"{api}:high", f"{api}:low", api,
    ]  # fmt: skip


def test_a_reply_states_the_limits_of_its_model(opened: Opened) -> None:
    backend, _ = opened(limits={"*": Limits(rpm=500, tpm=200_000)})
    assert backend.ask(samples.request()).limits == {"rpm": 500, "tpm": 200_000}
    assert backend.ask(samples.request("analysis")).limits == {"rpm": 500, "tpm": 200_000}


@pytest.mark.parametrize(
    ("limit", "left", "reset", "kind"),
    [
        ("60", "59", "1s", "rpm"),  # OpenAI
        ("14400", "14370", "2m59.56s", "rpd"),  # Groq
        ("200", "199", "7m12s", "rpd"),
        ("60", "60", "0s", ""),
        ("60", "59", "1h", ""),
        ("60", "x", "1s", ""),
        ("0", "0", "1s", ""),
    ],
)
def test_what_a_header_limits_is_told_by_when_it_is_back(
    limit: str, left: str, reset: str, kind: str
) -> None:
    headers = {
        "x-ratelimit-limit-requests": limit, "x-ratelimit-remaining-requests": left,
        "x-ratelimit-reset-requests": reset, "x-ratelimit-limit-tokens": "18000",
        "x-ratelimit-remaining-tokens": "17997", "x-ratelimit-reset-tokens": "7.66ms",
    }  # fmt: skip
    found = openai_answers.of_headers(headers)
    assert found == {"tpm": 18_000} | ({kind: int(limit)} if kind else {})


def test_a_local_server_needs_no_key_and_costs_nothing(api: str) -> None:
    with ChatServer() as server:
        settings = {"base_url": base(server, api)}
        declared, access = way(api, settings)
        assert access.free and declared.free and not access.keys
        environ = {"OPENAI_API_KEY": "dear", "ANTHROPIC_API_KEY": "dear", "OPENAI_ORG_ID": "us"}
        backend = make(api, settings, environ)
        reply = backend.ask(samples.request(model="qwen3:8b"))
        backend.close()
        assert reply.text and not reply.rerouted
        (call,) = server.seen()["list"]
    assert call["project"] == "none", "a key of the environment goes to no other server"


@pytest.mark.parametrize(
    ("settings", "environ", "said"),
    [
        ({}, {}, "_API_KEY is not set"),
        ({"base_url": "http://example.com/v1"}, {}, "unencrypted"),
        ({"base_url": "https://example.com", "key": "MINE"}, {}, "MINE is not set"),
        ({"key": "MINE"}, {"MINE": "se cret"}, "that a key cannot have"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_names_no_key(
    api: str, settings: dict[str, Any], environ: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        make(api, settings, environ)
    assert "se cret" not in str(caught.value)
    assert caught.value.hint


def test_an_address_in_the_environment_is_not_passed_over(api: str) -> None:
    names = {"openai": "OPENAI", "anthropic": "ANTHROPIC"}
    environ = {f"{names[api]}_API_KEY": "k", f"{names[api]}_BASE_URL": "http://127.0.0.1:9"}
    with pytest.raises(UsageError, match="calls would go elsewhere"):
        make(api, {}, environ)


@pytest.mark.parametrize("body", ["<html><title>502</title></html>", "oops", "", "[]", "null"])
def test_a_body_that_is_no_error_of_the_protocol(body: str) -> None:
    assert openai_answers.of_error(502, body, {}).kind == "transient"
    assert anthropic_answers.of_error(502, body, {}).kind == "transient"


def test_what_a_provider_had_in_its_cache_is_counted() -> None:
    said = {"prompt_tokens": 90, "prompt_tokens_details": {"cached_tokens": 64}}
    openai = openai_answers.of_body(json.dumps({"choices": [], "usage": said}))
    assert (openai.tokens_in, openai.tokens_cached) == (90, 64)
    said = {"input_tokens": 20, "cache_creation_input_tokens": 6, "cache_read_input_tokens": 64}
    anthropic = anthropic_answers.of_body(json.dumps({"content": [], "usage": said}))
    assert (anthropic.tokens_in, anthropic.tokens_cached) == (90, 64)


def test_a_local_model_that_thinks_aloud_is_not_published_thinking() -> None:
    body = {"choices": [{"message": {"content": "<think>\nhm\n</think>\n\n# Doc"},
                         "finish_reason": "stop"}]}  # fmt: skip
    assert openai_answers.of_body(json.dumps(body)).text == "# Doc"


@pytest.mark.parametrize("provider", ["openai", "openrouter", "groq"])
def test_each_provider_is_told_with_its_prices(provider: str) -> None:
    declared, access = way("openai", {"openai": {"provider": provider}})
    assert access.keys and access.service.startswith("https://")
    assert declared.default_model in declared.models
    again, _ = way("openai", {"base_url": access.service})
    assert again.default_model == declared.default_model, "its address says who it is"
    for model in declared.models.values():
        assert model.prices and (model.limits.rpd or not model.free)


def test_every_free_variant_is_free() -> None:
    declared, _ = way("openai", {"openai": {"provider": "openrouter"}})
    assert declared.model("some/model:free").free
    assert not declared.model("some/model").free
    assert declared.model("some/model").prices == ()


def test_without_its_package_a_sentence_says_what_to_install(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightpress.backends.route.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=f"needs the package {api}") as caught:
        make(api, {"base_url": "http://127.0.0.1:9"}, {})
    assert caught.value.hint == f"pip install 'nightpress[{api}]'"
