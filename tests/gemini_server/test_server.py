"""The local Gemini is itself tested: strict where Google is, exact in its quota, true to form."""

from __future__ import annotations

import json
import random
import re
import signal
import statistics
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest
from google import genai
from google.genai import errors, types
from google.oauth2.credentials import Credentials

from tests.gemini_server import (
    FIELD,
    FREE,
    FastClock,
    GeminiServer,
    Limits,
    ManualClock,
    source,
)
from tests.gemini_server.faults import DEFECTS, Plan
from tests.gemini_server.quota import Quota, next_pacific_midnight, pacific_day
from tests.gemini_server.replies import compose

ROOT = Path(__file__).parents[2]
MODEL = "gemini-3.5-flash-lite"
PATH = f"/v1beta/models/{MODEL}:generateContent"
VERTEX = f"/v1beta1/projects/p/locations/global/publishers/google/models/{MODEL}:generateContent"
ASK: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "Say something."}]}]}
UNLIMITED = {"*": Limits()}
KEY = {"x-goog-api-key": "test-key"}
BEARER = {"Authorization": "Bearer test-token"}


def paragraphs(topic: str, count: int) -> str:
    verbs = ("checks", "records", "compares", "restores", "reports", "removes", "explains")
    things = ("revision", "replica", "manifest", "image", "log", "health check", "rollout")
    return "\n\n".join(
        f"The {topic} {verbs[n % 7]} {things[n // 7 % 7]} number {n} before the next "
        f"{things[(n + 3) % 7]} is taken, and {verbs[(n + 2) % 7]} what it found in line {n * 7}."
        for n in range(count)
    )


def prompt(count: int = 90) -> str:
    front = "---\nname: deploy\ndescription: Deploys one service.\n---\n"
    deploy = f"{front}# Deploy\n\n{paragraphs('deployment', count)}"
    readme = (
        f"# Shipwright\n\n{paragraphs('tool', count)}\n\n```bash\nkubectl apply -f app.yaml\n```"
    )
    files = {"README.md": readme, "commands/deploy.md": deploy}
    return "Write 8,000 to 14,000 bytes.\n" + "\n".join(
        f'<file path="{path}">\n{text}\n</file>' for path, text in files.items()
    )


def post(
    server: GeminiServer, path: str, body: object, headers: Mapping[str, str] = KEY
) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(server.url() + path, data, dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raw = error.read()
        return error.code, json.loads(raw) if raw.startswith(b"{") else raw


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with GeminiServer(limits=UNLIMITED) as running:
        yield running


def client(server: GeminiServer, api: str) -> genai.Client:
    if api == "developer":
        options = types.HttpOptions(base_url=server.url(), api_version="v1beta")
        return genai.Client(api_key="test-key", vertexai=False, http_options=options)
    return genai.Client(
        vertexai=True,
        project="p",
        location="us-central1",
        credentials=Credentials(BEARER["Authorization"].split()[1]),
        http_options=types.HttpOptions(base_url=server.url(), api_version="v1beta1"),
    )


@pytest.fixture(params=["developer", "vertex"])
def sdk(request: pytest.FixtureRequest, server: GeminiServer) -> genai.Client:
    return client(server, request.param)


# --- with the real SDK --------------------------------------------------------------------------


def test_the_sdk_gets_markdown_composed_from_the_prompt(sdk: genai.Client) -> None:
    asked = types.GenerateContentConfig(
        system_instruction="Be exact.",
        max_output_tokens=16_384,
        temperature=0.2,
        seed=7,
        thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW),
        safety_settings=[
            types.SafetySetting(
                category=types.HarmCategory.HARM_CATEGORY_HARASSMENT,
                threshold=types.HarmBlockThreshold.BLOCK_ONLY_HIGH,
            )
        ],
        automatic_continuation=False,
    )
    reply = sdk.models.generate_content(model=MODEL, contents=prompt(), config=asked)
    text = reply.text or ""
    assert 8_000 <= len(text.encode()) <= 14_000
    assert text.startswith("# ") and text.count("```") % 2 == 0
    assert "/deploy" in text and "kubectl apply -f app.yaml" in text
    assert reply.candidates and reply.candidates[0].finish_reason == types.FinishReason.STOP
    assert reply.model_version == MODEL and reply.response_id
    usage = reply.usage_metadata
    assert usage and usage.prompt_token_count and usage.candidates_token_count
    parts = (usage.prompt_token_count, usage.candidates_token_count, usage.thoughts_token_count)
    assert usage.total_token_count == sum(p or 0 for p in parts)


def test_a_short_source_still_fills_the_window_and_a_repair_leaves_out_what_was_named() -> None:
    """The second reply is to the form in which a prompt commonly asks to mend a draft."""
    asked = prompt(count=6)
    first = compose({"contents": [{"parts": [{"text": asked}]}]}, random.Random(3))
    assert 8_000 <= len(first.encode()) <= 14_000
    lines = first.strip().split("\n")
    number = next(n for n, line in enumerate(lines, 1) if "Shipwright in practice" in line) + 2
    more = f"\n- invented (line {number}): no\n\n<DRAFT>\n{first.strip()}\n</DRAFT>\n"
    second = compose({"contents": [{"parts": [{"text": asked + more}]}]}, random.Random(3))
    assert lines[number - 1] in first
    assert lines[number - 1] not in second
    assert 8_000 <= len(second.encode()) <= 14_000


@pytest.mark.parametrize(
    "form",
    [
        '<untrusted-7f path="{path}" bytes="9">\n{text}\n</untrusted-7f>',
        "=== BEGIN FILE {path} ===\n{text}\n=== END FILE ===",
        "~~~~ {path}\n{text}\n~~~~",
        "### `{path}`\n\n~~~~\n{text}\n~~~~",
    ],
)
def test_files_are_found_however_a_prompt_carries_them(form: str) -> None:
    deploy = "---\ndescription: Deploys one service.\n---\n# Deploy\n\n```bash\nmake x\n```"
    both = [("README.md", "# A tool\n\nIt deploys."), ("commands/deploy.md", deploy)]
    read = source.read("Do it.\n" + "\n".join(form.format(path=p, text=t) for p, t in both))
    assert [f.path for f in read.files] == ["README.md", "commands/deploy.md"]
    assert read.files[1].meta == {"description": "Deploys one service."}
    assert read.files[1].sections[0].code[0].text == "make x"


def test_the_sdk_gets_json_that_satisfies_its_schema(sdk: genai.Client) -> None:
    schema = {
        "type": "object",
        "required": ["purpose", "commands", "level", "flows"],
        "additionalProperties": False,
        "$defs": {"flow": {"type": "object", "required": ["name"],
                           "properties": {"name": {"type": "string", "maxLength": 30},
                                          "steps": {"type": "array", "minItems": 2,
                                                    "items": {"type": "string"}}}}},
        "properties": {
            "purpose": {"type": "string"},
            "level": {"type": "string", "enum": ["basic", "expert"]},
            "count": {"type": "integer", "minimum": 3, "maximum": 5},
            "homepage": {"type": ["string", "null"]},
            "commands": {"type": "array", "items": {"type": "object", "required": ["name"],
                         "properties": {"name": {"type": "string"},
                                        "path": {"type": "string"}}}},
            "flows": {"type": "array", "minItems": 2, "maxItems": 3,
                      "items": {"$ref": "#/$defs/flow"}},
        },
    }  # fmt: skip
    config = types.GenerateContentConfig(
        response_mime_type="application/json",
        response_json_schema=schema,
        automatic_continuation=False,
    )
    reply = sdk.models.generate_content(model=MODEL, contents=prompt(3), config=config)
    value = json.loads(reply.text or "")
    jsonschema.validate(value, schema)
    assert value["commands"] == [{"name": "deploy", "path": "commands/deploy.md"}]


def test_the_sdk_lists_models_and_counts_tokens(server: GeminiServer) -> None:
    sdk = client(server, "developer")
    assert f"models/{MODEL}" in [m.name for m in sdk.models.list()]
    assert sdk.models.get(model=MODEL).output_token_limit == 65_536
    assert sdk.models.count_tokens(model=MODEL, contents="a b c").total_tokens == 3
    with pytest.raises(errors.ClientError):
        sdk.models.get(model="gemini-2.0-flash")
    assert server.seen()["calls"] == 0, "none of these is a generation"


def test_the_sdk_sees_googles_own_errors(sdk: genai.Client) -> None:
    with pytest.raises(errors.ClientError) as caught:
        sdk.models.generate_content(model="gemini-2.0-flash", contents="x")
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
    assert "not found" in (caught.value.message or "")


def test_left_alone_the_sdk_continues_with_calls_of_its_own() -> None:
    with GeminiServer(script=["continuation", "ok"]) as server:
        sdk = client(server, "developer")
        sdk.models.generate_content(model=MODEL, contents=prompt(9))
        assert server.seen()["calls"] == 2


def test_a_disconnect_reaches_the_sdk_as_one() -> None:
    with GeminiServer(script=["disconnect", "cut_body"]) as server:
        sdk = client(server, "developer")
        for _ in range(2):
            with pytest.raises(httpx2.TransportError):
                sdk.models.generate_content(model=MODEL, contents="x")


# --- strict -------------------------------------------------------------------------------------

BAD: dict[str, tuple[dict[str, Any] | bytes, str]] = {
    "unknown name at the top": ({**ASK, "foo": 1}, 'Unknown name "foo": Cannot find field'),
    "unknown name within": (
        {**ASK, "generationConfig": {"maxTokens": 1}},
        "Unknown name \"maxTokens\" at 'generation_config': Cannot find field",
    ),
    "unknown name in a part": (
        {"contents": [{"parts": [{"txt": "x"}]}]},
        "at 'contents[0].parts[0]'",
    ),
    "vertex field": ({**ASK, "generationConfig": {"audioTimestamp": True}}, "Unknown name"),
    "no contents": ({}, "contents is not specified"),
    "empty contents": ({"contents": []}, "contents is not specified"),
    "no parts": ({"contents": [{"role": "user"}]}, "must not be empty"),
    "empty part": ({"contents": [{"parts": [{}]}]}, "required oneof field 'data'"),
    "role": ({"contents": [{"role": "system", "parts": [{"text": "x"}]}]}, "valid role"),
    "no JSON": (b"{contents", "Invalid JSON payload"),
    "a list": (b"[]", "Object expected"),
    "type": ({**ASK, "generationConfig": {"maxOutputTokens": "many"}}, "TYPE_INT32"),
    "enum": ({**ASK, "generationConfig": {"thinkingConfig": {"thinkingLevel": "DEEP"}}}, "ENUM"),
    "hot": ({**ASK, "generationConfig": {"temperature": 2.5}}, "temperature must be in the range"),
    "budget": ({**ASK, "generationConfig": {"maxOutputTokens": 0}}, "max_output_tokens"),
    "schema without mime type": (
        {**ASK, "generationConfig": {"responseJsonSchema": {"type": "object"}}},
        "response_mime_type",
    ),
    "two schemas": (
        {**ASK, "generationConfig": {"responseJsonSchema": {}, "responseSchema": {},
                                     "responseMimeType": "application/json"}},
        "Only one of",
    ),
    "schema of an unknown type": (
        {**ASK, "generationConfig": {"responseJsonSchema": {"type": "text"},
                                     "responseMimeType": "application/json"}},
        "response_json_schema.type",
    ),
    "required but undefined": (
        {**ASK, "generationConfig": {
            "responseJsonSchema": {"properties": {"a": {}}, "required": ["b"]},
            "responseMimeType": "application/json"}},
        "property is not defined: b",
    ),
    "reference with company": (
        {**ASK, "generationConfig": {
            "responseJsonSchema": {"properties": {"a": {"$ref": "#/$defs/x", "title": "t"}}},
            "responseMimeType": "application/json"}},
        "$ref",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_google_would_refuse_is_refused(server: GeminiServer, case: str) -> None:
    body, said = BAD[case]
    status, answer = post(server, PATH, body)
    assert status == 400
    assert answer["error"]["code"] == 400
    assert answer["error"]["status"] == "INVALID_ARGUMENT"
    assert said in answer["error"]["message"]
    assert [c["status"] for c in server.seen()["list"]] == [400]


def test_both_spellings_of_a_field_are_taken(server: GeminiServer) -> None:
    nested = {
        **ASK,
        "system_instruction": {"parts": [{"text": "x"}]},
        "generation_config": {
            "max_output_tokens": 9_000,
            "thinkingConfig": {"thinking_level": "LOW"},
        },
    }
    assert post(server, PATH, nested)[0] == 200


def test_the_deadline_header(server: GeminiServer) -> None:
    status, answer = post(server, PATH, ASK, {**KEY, "X-Server-Timeout": "5"})
    assert status == 400 and "too short" in answer["error"]["message"]
    assert post(server, PATH, ASK, {**KEY, "X-Server-Timeout": "10"})[0] == 200


def test_credentials(server: GeminiServer) -> None:
    assert post(server, PATH, ASK, {})[0] == 403
    status, answer = post(server, PATH, ASK, {"x-goog-api-key": "wrong"})
    assert status == 400
    assert answer["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert post(server, PATH + "?key=test-key", ASK, {})[0] == 200
    assert post(server, VERTEX, ASK, {})[0] == 401
    assert post(server, VERTEX, ASK, {"Authorization": "Bearer wrong"})[0] == 401
    assert post(server, VERTEX, ASK, BEARER)[0] == 200
    assert len(server.seen()["list"]) == 6, "refused at the door is seen as well"


def test_an_unknown_path_is_googles_html(server: GeminiServer) -> None:
    status, answer = post(server, "/v1beta/nonsense", ASK)
    assert status == 404 and b"<!DOCTYPE html>" in answer


def test_vertex_takes_its_own_fields_and_wants_a_role(server: GeminiServer) -> None:
    body = {**ASK, "labels": {"a": "b"}, "generationConfig": {"audioTimestamp": False}}
    assert post(server, VERTEX, body, BEARER)[0] == 200
    assert post(server, VERTEX, {"contents": [{"parts": [{"text": "x"}]}]}, BEARER)[0] == 400


# --- quota --------------------------------------------------------------------------------------


def test_the_minute_slides_to_the_instant() -> None:
    quota = Quota({"*": Limits(rpm=3)})
    for at in (0.0, 10.0, 20.0):
        assert quota.take("p", "m", 1, at) == ({}, 0.0)
    broken, wait = quota.take("p", "m", 1, 55.0)
    assert (broken, wait) == ({"rpm": 3}, 5.0)
    assert quota.take("p", "m", 1, 70.0) == ({}, 0.0)


def test_what_was_refused_counts_too() -> None:
    quota = Quota({"*": Limits(rpm=2)})
    taken = [not quota.take("p", "m", 1, at)[0] for at in (0.0, 1.0, 59.0, 61.5, 62.0)]
    assert taken == [True, True, False, True, False]


def test_tokens_of_a_minute() -> None:
    quota = Quota({"*": Limits(tpm=100)})
    assert quota.take("p", "m", 60, 0.0)[0] == {}
    assert quota.take("p", "m", 41, 1.0) == ({"tpm": 100}, 59.0)
    assert quota.take("p", "m", 40, 2.0)[0] == {}
    assert quota.take("p", "m", 41, 60.0)[0] == {}


def test_projects_and_models_have_their_own() -> None:
    quota = Quota({"*": Limits(rpm=1), "big": Limits()})
    assert quota.take("p", "m", 1, 0.0)[0] == {}
    assert quota.take("q", "m", 1, 0.0)[0] == {}
    assert quota.take("p", "n", 1, 0.0)[0] == {}
    assert quota.take("p", "m", 1, 0.0)[0] == {"rpm": 1}
    assert all(quota.take("p", "big", 10**9, 0.0)[0] == {} for _ in range(50))


# 2026-11-01: the Pacific day of 25 hours; 2027-03-14: the one of 23.
@pytest.mark.parametrize(
    ("noon", "hours"), [(1_782_932_400.0, 12), (1_793_516_400.0, 25), (1_805_011_200.0, 23)]
)
def test_the_pacific_day_through_daylight_saving(noon: float, hours: int) -> None:
    end = next_pacific_midnight(noon)
    assert (end - noon) / 3_600 == hours
    quota = Quota({"*": Limits(rpd=1)})
    assert quota.take("p", "m", 1, noon)[0] == {}
    assert quota.take("p", "m", 1, end - 1)[0] == {"rpd": 1}
    assert quota.take("p", "m", 1, end)[0] == {}
    assert pacific_day(end - 1) != pacific_day(end)


def test_a_refusal_has_googles_form() -> None:
    clock = ManualClock()
    with GeminiServer(limits={"*": Limits(rpm=1, rpd=2)}, clock=clock) as server:
        assert post(server, PATH, ASK)[0] == 200
        status, minute = post(server, PATH, ASK)
        clock.advance(61)
        day = post(server, PATH, ASK)[1]
    error = minute["error"]
    assert (status, error["status"]) == (429, "RESOURCE_EXHAUSTED")
    details = {d["@type"].rsplit(".", 1)[-1]: d for d in error["details"]}
    assert set(details) == {"Help", "QuotaFailure", "RetryInfo"}
    violation = details["QuotaFailure"]["violations"][0]
    assert violation["quotaId"] == "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
    assert violation["quotaValue"] == "1"
    assert violation["quotaDimensions"]["model"] == MODEL
    assert re.fullmatch(r"\d+s", details["RetryInfo"]["retryDelay"])
    assert "Please retry in 60" in error["message"]
    daily = day["error"]["details"][1]["violations"][0]
    assert daily["quotaId"] == "GenerateRequestsPerDayPerProjectPerModel-FreeTier"


def test_vertex_says_less() -> None:
    with GeminiServer(limits={"*": Limits(rpm=0)}) as server:
        status, answer = post(server, VERTEX, ASK, BEARER)
    assert status == 429
    assert "details" not in answer["error"]


def test_limit_zero_leaves_its_value_out() -> None:
    with GeminiServer(script=["limit_0"]) as server:
        error = post(server, PATH, ASK)[1]["error"]
    assert "limit: 0" in error["message"]
    assert "quotaValue" not in error["details"][1]["violations"][0]


# --- time ---------------------------------------------------------------------------------------


def test_latency_is_that_of_the_field() -> None:
    clock = ManualClock()
    with GeminiServer(limits=UNLIMITED, clock=clock, latency=1.0) as server:
        for n in range(400):
            text = {"contents": [{"parts": [{"text": f"{n}"}]}]}
            assert post(server, PATH, text)[0] == 200
        seconds = sorted(c["seconds"] for c in server.seen()["list"])
    assert statistics.median(seconds) == pytest.approx(5.2, abs=0.3)
    assert seconds[379] == pytest.approx(8.4, abs=1.5)
    assert seconds[0] > 3.8 and seconds[-1] <= 14.4


def test_a_fast_clock_is_shared_across_processes(server: GeminiServer) -> None:
    with urllib.request.urlopen(server.url() + "/clock") as answer:
        told = json.loads(answer.read())
    twin = FastClock(told["speed"], told["origin"], told["monotonic_origin"])
    assert isinstance(server.clock, FastClock)
    first, second, third = server.clock.time(), twin.time(), server.clock.time()
    assert first <= second <= third


def test_a_manual_clock_is_advanced_over_http() -> None:
    with GeminiServer(clock=ManualClock(1_000.0)) as server:
        assert post(server, "/clock", {"advance": 90})[1]["now"] == 1_090.0


# --- what goes wrong ----------------------------------------------------------------------------


def test_a_script_is_followed_and_counted() -> None:
    with GeminiServer(script=["503", "ok", "day_429", "safety"]) as server:
        assert [post(server, PATH, ASK)[0] for _ in range(5)] == [503, 200, 429, 200, 200]
        seen = server.seen()
    assert seen["by_status"] == {"503": 1, "200": 3, "429": 1}
    assert seen["by_fault"] == {"503": 1, "day_429": 1, "safety": 1}
    assert [c["number"] for c in seen["list"]] == [1, 2, 3, 4, 5]
    assert seen["by_phase"] == {"generation": 5}


def test_draws_depend_on_seed_and_request_not_on_order() -> None:
    names = [f"request {n}" for n in range(500)]
    forward, backward = Plan(rates=FIELD, seed=3), Plan(rates=FIELD, seed=3)
    first = {name: forward.draw(name)[0] for name in names}
    second = {name: backward.draw(name)[0] for name in reversed(names)}
    assert first == second
    assert first != {name: Plan(rates=FIELD, seed=4).draw(name)[0] for name in names}


def test_defects_come_at_their_rates() -> None:
    plan = Plan(rates=FIELD, seed=1)
    drawn = [plan.draw(str(n))[0] for n in range(20_000)]
    for kind, rate in FIELD.items():
        assert drawn.count(kind) / 20_000 == pytest.approx(rate, rel=0.35)


def test_an_unknown_fault_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown fault 'typo'"):
        Plan(["typo"])


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_what_it_says(defect: str) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": prompt()}]}]}
    with GeminiServer(script=[defect], limits=UNLIMITED) as server:
        status, reply = post(server, PATH, body)
    assert status == 200
    candidates = reply["candidates"]
    first = candidates[0] if candidates else {}
    text = "".join(
        p["text"] for p in first.get("content", {}).get("parts", []) if not p.get("thought")
    )
    size, finish = len(text.encode()), first.get("finishReason")
    assert {
        "fenced": text.startswith("```markdown\n") and text.endswith("```\n"),
        "cut_off": text.startswith("```markdown\n") and text.count("```") % 2 == 1,
        "short": 0 < size < 8_000 and finish == "STOP",
        "wrong_json": "{'a': 1,}" in text,
        "max_tokens": text and finish == "MAX_TOKENS",
        "max_tokens_empty": not text and finish == "MAX_TOKENS",
        "empty": not text and finish == "STOP",
        "empty_candidates": candidates == [],
        "thought_only": not text and first.get("content", {}).get("parts"),
        "safety": not text and finish == "SAFETY",
        "recitation": not text and finish == "RECITATION",
        "continuation": text and finish == "CONTINUATION" and first.get("continuationToken"),
        "other_model": reply["modelVersion"] != MODEL and text,
        "chatty": text.startswith("THOUGHT:") and "\n# " in text,
        "doubled": text.startswith("# "),
        "foreign": "\u6838" in text,
        "declined": text.startswith("TOO LITTLE\n") and finish == "STOP",
        "looping": text.count("broker signs") == 600 and finish == "MAX_TOKENS",
    }[defect]


def test_a_small_budget_cuts_the_reply_off(server: GeminiServer) -> None:
    body = {
        **ASK,
        "generationConfig": {"maxOutputTokens": 2, "thinkingConfig": {"thinkingBudget": 0}},
    }
    reply = post(server, PATH, body)[1]
    assert reply["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert reply["usageMetadata"]["candidatesTokenCount"] == 2


# --- by hand ------------------------------------------------------------------------------------


def test_it_runs_by_hand_and_prints_its_address_first() -> None:
    command = [sys.executable, "-m", "tests.gemini_server", "--defects", "field", "--key", "k"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(url + "/_seen") as answer:
            assert json.loads(answer.read())["calls"] == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_the_free_tier_is_the_default() -> None:
    with GeminiServer() as server:
        statuses = [post(server, PATH, ASK)[0] for _ in range(FREE.rpm or 0)]
        assert statuses == [200] * 15
        assert post(server, PATH, ASK)[0] == 429
        assert server.seen()["refusals"] == 1
