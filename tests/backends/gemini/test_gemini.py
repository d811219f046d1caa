"""The traps between us and Google, each on real HTTP against the local server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nightpress.backends import make
from nightpress.backends.gemini.backend import narrow
from nightpress.backends.gemini.route import route
from nightpress.errors import ANSWER_KINDS, BackendError, UsageError
from tests.backends import samples
from tests.backends.conftest import ENVIRON, Opened
from tests.gemini_server import GeminiServer

ROOT = Path(__file__).parents[3]
# A deadline of 1 real second: 10 s on a clock that runs ten times as fast.
FAST = {"deadline_seconds": 10, "clock_speed": 10}
MEANING = {
    **samples.MEANING,
    "empty_candidates": "malformed",
    "blocked": "blocked",
    "recitation": "blocked",
    "key_400": "unauthorised",
}


@pytest.mark.parametrize("fault", MEANING)
def test_each_fault_has_its_meaning_and_costs_one_call(opened: Opened, fault: str) -> None:
    late = fault in ("hang", "drip")
    gemini, server = opened(script=[fault], gemini=FAST if late else None)
    with pytest.raises(BackendError) as caught:
        gemini.ask(samples.request())
    assert caught.value.answer.kind == MEANING[fault]
    assert MEANING[fault] in ANSWER_KINDS
    assert server.seen()["calls"] == 1, "neither the SDK nor the transport may try again"
    assert "test-key" not in str(caught.value)
    assert caught.value.answer.left


def test_the_reply_is_kept_as_it_came(opened: Opened) -> None:
    reply = opened()[0].ask(samples.request())
    assert json.loads(reply.raw)["usageMetadata"]["promptTokenCount"] == reply.tokens_in


def test_a_deadline_ends_a_call_that_drips_and_the_server_sees_us_leave(opened: Opened) -> None:
    gemini, server = opened(script=["drip"], gemini=FAST)
    with pytest.raises(BackendError, match="no answer within 10 s"):
        gemini.ask(samples.request())
    assert gemini.ask(samples.request()).text, "the line is good for the next call"
    assert server.seen()["calls"] == 2


@pytest.mark.parametrize("cut", ["max_tokens", "continuation", "max_tokens_empty"])
def test_a_cut_off_reply_is_a_reply_of_finish_length(opened: Opened, cut: str) -> None:
    gemini, server = opened(script=[cut])
    reply = gemini.ask(samples.request())
    assert server.seen()["calls"] == 1, "nothing is continued behind our back"
    assert reply.finish == "length"
    assert bool(reply.text) == (cut != "max_tokens_empty")
    assert reply.tokens_out > 0


def test_thinking_counts_against_the_budget(opened: Opened) -> None:
    gemini, _ = opened()
    assert gemini.ask(samples.request(budget=50)).finish == "length"


def test_another_model_that_answers_is_named(opened: Opened) -> None:
    gemini, _ = opened(script=["other_model"])
    assert gemini.ask(samples.request()).model == "gemini-3.9-flash-lite"


def test_a_blocked_prompt_says_what_it_cost(opened: Opened) -> None:
    gemini, server = opened(script=["blocked"])
    with pytest.raises(BackendError) as caught:
        gemini.ask(samples.request())
    assert caught.value.answer.tokens_in == server.seen()["input_tokens"] > 0


def test_the_schema_and_the_instructions_arrive(opened: Opened) -> None:
    gemini, server = opened(gemini={"thinking": {"analysis": "low"}})
    first = gemini.ask(samples.request("analysis"))
    longer = gemini.ask(samples.request("analysis", system="Write documentation. " * 20))
    assert longer.tokens_in > first.tokens_in
    assert [c["phase"] for c in server.seen()["list"]] == ["analysis", "analysis"]


def test_a_retired_model_and_a_bad_key_are_found_by_the_first_call(
    opened: Opened, api: str
) -> None:
    gemini, server = opened()
    gemini.ask(samples.request())
    with pytest.raises(BackendError) as caught:
        gemini.ask(samples.request(model="gemini-2.0-flash"))
    assert caught.value.answer.kind == "not_found"
    assert caught.value.fatal
    wrong = {"GOOGLE_API_KEY": "no-such-key", "GOOGLE_CLOUD_PROJECT": "p",
             "NIGHTPRESS_VERTEX_TOKEN": "no-such-token"}  # fmt: skip
    settings = {"base_url": server.url(), "vertex": api == "vertex"}
    stranger = make("gemini", settings, wrong)
    with pytest.raises(BackendError) as refused:
        stranger.ask(samples.request())
    stranger.close()
    assert refused.value.answer.kind == "unauthorised"
    assert "no-such" not in str(refused.value)
    assert [c["status"] for c in server.seen()["list"]] == [
        200,
        404,
        400 if api != "vertex" else 401,
    ]


def test_a_refused_connection_never_left(api: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        gemini = make("gemini", {"base_url": url, "vertex": api == "vertex"}, ENVIRON)
        with pytest.raises(BackendError) as caught:
            gemini.ask(samples.request())
        gemini.close()
    assert caught.value.answer.kind == "transient"
    assert not caught.value.answer.left


def test_a_proxy_of_the_environment_does_not_see_loopback(opened: Opened) -> None:
    code = (
        "import sys; from nightpress.backends import make\n"
        "from tests.backends import samples\n"
        "import os; g = make('gemini', {'base_url': sys.argv[1]}, os.environ)\n"
        "print(g.ask(samples.request()).finish); g.close()"
    )
    _, server = opened()
    proxy = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    ran = subprocess.run(
        [sys.executable, "-c", code, server.url()],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **proxy, "GOOGLE_API_KEY": "test-key", "GEMINI_API_KEY": "other"},
    )
    assert ran.stdout == "stop\n", ran.stderr


INTERRUPTED = """
import os, signal, sys, threading
from nightpress.backends import make
from tests.backends import samples
g = make('gemini', {'base_url': sys.argv[1]}, os.environ)
threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    g.ask(samples.request())
except KeyboardInterrupt:
    print('out')
"""


def test_an_interrupt_abandons_a_call_that_hangs(opened: Opened) -> None:
    _, server = opened(script=["hang"])
    ran = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, server.url()],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "GOOGLE_API_KEY": "test-key"},
        timeout=30,
    )
    assert (ran.stdout, ran.returncode) == ("out\n", 0), ran.stderr


def test_a_forked_process_makes_a_line_of_its_own(opened: Opened) -> None:
    gemini, server = opened()
    gemini.ask(samples.request())
    child = os.fork()
    if child == 0:
        os._exit(0 if gemini.ask(samples.request()).finish == "stop" else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert gemini.ask(samples.request()).finish == "stop"
    assert server.seen()["calls"] == 3


def test_the_module_is_imported_without_the_sdk() -> None:
    code = "import sys, nightpress.backends.gemini.backend; print('google.genai' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert ran.stdout == "False\n", ran.stderr


def test_threads_share_one_client(opened: Opened) -> None:
    gemini, _ = opened()
    lines: set[int] = set()

    def ask() -> None:
        gemini.ask(samples.request())
        lines.add(id(gemini._line))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("settings", "environ", "said"),
    [
        ({}, {}, "GOOGLE_API_KEY"),
        ({"deadline_seconds": 5}, {"GEMINI_API_KEY": "k"}, "less than 10 s"),
        ({"vertex": True}, {}, "project"),
        ({"base_url": "http://example.com"}, {"GEMINI_API_KEY": "k"}, "unencrypted"),
        ({"base_url": "ftp://127.0.0.1"}, {"GEMINI_API_KEY": "k"}, "URL"),
        ({"clock_speed": 9}, {"GEMINI_API_KEY": "k"}, "server on this machine"),
        ({}, {"GEMINI_API_KEY": "se cret"}, "that a key cannot have"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_names_no_key(
    settings: dict[str, object], environ: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        route(settings, environ)
    assert "se cret" not in str(caught.value)
    assert caught.value.hint


def test_the_environment_never_chooses_the_paid_route() -> None:
    environ = {"GOOGLE_GENAI_USE_VERTEXAI": "true", "GOOGLE_CLOUD_PROJECT": "p"}
    assert route({}, {**environ, "GEMINI_API_KEY": "k"}).api == "developer"
    assert route({"vertex": True}, environ).api == "vertex"


def test_the_first_key_wins_and_is_never_shown() -> None:
    made = route({}, {"GOOGLE_API_KEY": "first-key\n", "GEMINI_API_KEY": "second-key"})
    assert made.key == "first-key"
    assert "first-key" not in repr(made)


def test_a_local_server_never_gets_real_credentials() -> None:
    made = route({"vertex": True, "project": "p", "base_url": "http://127.0.0.1:1"}, {})
    assert made.local
    assert made.token.startswith("test-")


def test_the_narrowed_schema_says_in_words_what_gemini_does_not_know() -> None:
    narrowed = narrow(
        {
            "$schema": "x",
            "type": "object",
            "patternProperties": {},
            "properties": {
                "a": {"type": "string", "maxLength": 9, "description": "A thing."},
                "b": {"const": 1},
                "c": {"$ref": "#/$defs/d", "description": "lost"},
                "pattern": {"type": "array", "items": {"oneOf": [{"type": "null"}]}},
            },
            "$defs": {"d": {"type": "string", "pattern": "^x"}},
        }
    )
    assert narrowed == {
        "type": "object",
        "properties": {
            "a": {"type": "string", "description": "A thing; at most 9 characters."},
            "b": {"enum": [1]},
            "c": {"$ref": "#/$defs/d"},
            "pattern": {"type": "array", "items": {"anyOf": [{"type": "null"}]}},
        },
        "$defs": {"d": {"type": "string", "description": "matching the regular expression ^x."}},
    }


def test_the_raw_reply_is_whole(opened: Opened) -> None:
    gemini, _ = opened()
    reply = gemini.ask(samples.request())
    raw = json.loads(reply.raw)
    assert raw["candidates"][0]["content"]["parts"][0]["text"] == reply.text
    assert raw["candidates"][0]["finishReason"] == "STOP"


def test_server_and_backend_agree_on_tokens(opened: Opened) -> None:
    gemini, server = opened()
    replies = [gemini.ask(samples.request(extra=str(n))) for n in range(3)]
    seen = server.seen()
    assert seen["input_tokens"] == sum(r.tokens_in for r in replies)
    assert seen["output_tokens"] == sum(r.tokens_out for r in replies)


def test_the_server_stands_apart() -> None:
    code = "import sys, tests.gemini_server; print(any('nightpress' in m for m in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert ran.stdout == "False\n", ran.stderr
    assert GeminiServer.__module__.startswith("tests.")
