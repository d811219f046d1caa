"""What each answer means: row by row, on real bodies."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightpress.backends.gemini import answers
from nightpress.errors import ANSWER_KINDS, BackendError
from tests.backends.bodies import DAY, GONE, KEY_INVALID, MINUTE, ROWS, TOKENS, envelope, quota

DOCS = Path(__file__).parents[3] / "docs" / "answers.md"
FIELD = os.environ.get("NIGHTPRESS_FIELD", "")


@pytest.mark.parametrize("row", ROWS)
def test_each_row(row: str) -> None:
    status, body, kind = ROWS[row]
    for form in (body, json.dumps(body) if isinstance(body, dict) else body):
        answer = answers.of_error(status, form)
        assert answer.kind == kind
        assert answer.http_status == status
        assert str(status) in answer.message
    if BackendError(answer).fatal:
        assert answer.hint, "a run that ends says what to do"


def test_want_of_room_in_the_cheap_lane_is_no_trouble_of_the_model() -> None:
    for status in (503, 429):
        assert answers.shed(answers.of_error(status, "Busy.")).kind == "shed"
    daily = ROWS["day"]
    assert answers.shed(answers.of_error(daily[0], daily[1])).kind == daily[2]


def test_a_web_page_is_no_reply() -> None:
    page = "<!DOCTYPE html><html><head><title>Hotel WiFi\\n login</title></head></html>"
    answer = answers.of_body(page.replace("\\n", "\n")).answer
    assert answer is not None and answer.kind == "transient"
    assert answer.message == "a web page came in place of a reply: Hotel WiFi login"


def test_the_rows_and_the_docs_cover_every_kind() -> None:
    kinds = {kind for _, _, kind in ROWS.values()} | {"malformed", "truncated", "blocked"}
    kinds |= {"untrusted", "unrecorded"}  # of a certificate; of recorded replies
    kinds |= {"shed", "lost"}  # of the cheap lane alone; of a worker that died
    assert kinds == set(ANSWER_KINDS)
    documented = DOCS.read_text("utf-8")
    for kind, (again, fatal) in ANSWER_KINDS.items():
        assert (
            f"| `{kind}` | {'yes' if again else 'no'} | {'yes' if fatal else 'no'} |" in documented
        )


@pytest.mark.parametrize(
    ("status", "message", "reason", "hint"),
    [
        (400, "User location is not supported for the API use.", "", "where this machine is"),
        (403, "This API method requires billing to be enabled.", "BILLING_DISABLED", "billing for"),
        (403, "The API has not been used before: https://x", "SERVICE_DISABLED", "address above"),
        (403, "Your API key was reported as leaked.", "", "GEMINI_API_KEY"),
        (429, "Your prepayment credits are depleted.", "", "used up"),
    ],
)
def test_the_hint_is_what_this_answer_asks_for(
    status: int, message: str, reason: str, hint: str
) -> None:
    body = envelope(status, "X", message, [{"@type": "ErrorInfo", "reason": reason}])
    answer = answers.of_error(status, body)
    assert BackendError(answer).fatal
    assert hint in answer.hint


def test_an_error_in_a_200_is_that_error() -> None:
    outcome = answers.of_body(json.dumps(envelope(503, "UNAVAILABLE", "overloaded")))
    assert outcome.answer is not None
    assert (outcome.answer.kind, outcome.answer.message) == ("transient", "503 overloaded")


def test_a_minute_states_its_wait_and_its_limit() -> None:
    answer = answers.of_error(429, quota(MINUTE, 15, "32.5s"))
    assert (answer.wait, answer.limit, answer.quota) == (32.5, 15, "rpm")


def test_a_minutes_tokens_are_told_from_its_requests() -> None:
    assert answers.of_error(429, quota(TOKENS, 250_000, "7.5s")).quota == "tpm"


def test_a_day_ignores_the_delay_that_it_states() -> None:
    answer = answers.of_error(429, quota(DAY, 20, "2s"))
    assert (answer.wait, answer.limit, answer.quota) == (None, 20, "rpd")
    assert "midnight" in answer.hint


def test_the_day_counts_where_day_and_minute_are_both_spent() -> None:
    body = quota(MINUTE, 15, "9s")
    body["error"]["details"][0]["violations"] += quota(DAY, 20, None)["error"]["details"][0][
        "violations"
    ]
    answer = answers.of_error(429, body)
    assert (answer.kind, answer.limit) == ("day_quota", 20)


@pytest.mark.parametrize(
    ("message", "header", "wait"),
    [
        ("Please retry in 1.5s.", "", 1.5),
        ("Please retry in 250ms.", "", 0.25),
        ("Please retry in 2m", "", 120.0),
        ("Please retry in 1m2.5s.", "", 62.5),
        ("later", "17", 17.0),
        ("later", "Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_a_wait_is_found_wherever_it_is_stated(
    message: str, header: str, wait: float | None
) -> None:
    body = envelope(503, "UNAVAILABLE", message)
    assert answers.of_error(503, body, header).wait == wait


def test_a_lone_line_is_understood() -> None:
    assert answers.of_error(404, GONE).kind == "not_found"


@pytest.mark.skipif(not Path(FIELD or ".").is_file(), reason="NIGHTPRESS_FIELD is not set")
def test_the_errors_of_the_field() -> None:
    lines = Path(FIELD).read_text("utf-8").splitlines()
    said = [row["error_message"] for row in map(json.loads, lines) if row["status"] == "ERROR"]
    kinds = Counter(answers.of_error(int(text[:3]), text[3:].lstrip(" :.")).kind for text in said)
    assert kinds == {"not_found": 171, "minute_quota": 8, "capacity": 1}


@pytest.mark.parametrize(
    ("name", "kind", "left"),
    [
        ("ConnectError", "transient", False),
        ("ConnectTimeout", "transient", False),
        ("ReadTimeout", "transient", True),
        ("RemoteProtocolError", "transient", True),
        ("LocalProtocolError", "bad_request", False),
        ("RefreshError", "unauthorised", False),
    ],
)
def test_each_exception(name: str, kind: str, left: bool) -> None:
    answer = answers.of_exception(name, "said")
    assert (answer.kind, answer.left) == (kind, left)


def reply(**changes: Any) -> dict[str, Any]:
    candidate = {"content": {"parts": [{"text": "# A"}]}, "finishReason": "STOP"}
    usage = {
        "promptTokenCount": 7, "candidatesTokenCount": 2, "thoughtsTokenCount": 3,
        "cachedContentTokenCount": 5,
    }  # fmt: skip
    return {"candidates": [{**candidate, **changes}], "usageMetadata": usage, "modelVersion": "m"}


def test_a_reply() -> None:
    outcome = answers.of_body(json.dumps(reply()))
    assert outcome == answers.Outcome("# A", "m", 7, 5, None, 5)


def test_thoughts_are_no_text() -> None:
    parts = [{"text": "hm", "thought": True}, {"text": "# "}, {"text": "B"}]
    assert answers.of_body(json.dumps(reply(content={"parts": parts}))).text == "# B"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"finishReason": "MAX_TOKENS"}, "truncated"),
        ({"finishReason": "CONTINUATION"}, "truncated"),
        ({"finishReason": "SAFETY"}, "blocked"),
        ({"finishReason": "RECITATION"}, "blocked"),
        ({"finishReason": "PROHIBITED_CONTENT"}, "blocked"),
        ({"finishReason": "MALFORMED_RESPONSE"}, "malformed"),
        ({"finishReason": "OTHER"}, "malformed"),
        ({"finishReason": None}, "malformed"),
        ({"content": {"parts": []}}, "malformed"),
        ({"content": {"parts": [{"text": " \n"}]}}, "malformed"),
        ({"content": None}, "malformed"),
    ],
)
def test_each_finish(changes: dict[str, Any], kind: str) -> None:
    outcome = answers.of_body(json.dumps(reply(**changes)))
    assert outcome.answer is not None
    assert outcome.answer.kind == kind
    assert (outcome.answer.tokens_in, outcome.answer.tokens_out) == (7, 5)
    assert outcome.tokens_cached == 5


@pytest.mark.parametrize("body", ["", "  ", "{", "[]", "null", "{}", '{"candidates": []}'])
def test_a_body_that_is_no_reply(body: str) -> None:
    outcome = answers.of_body(body)
    assert outcome.answer is not None
    assert outcome.answer.kind == "malformed"


def test_a_blocked_prompt() -> None:
    body = {"promptFeedback": {"blockReason": "JAILBREAK"}, "candidates": []}
    outcome = answers.of_body(json.dumps(body))
    assert outcome.answer is not None
    assert outcome.answer.kind == "blocked"
    assert "JAILBREAK" in outcome.answer.message


@pytest.mark.parametrize(
    ("answered", "other"),
    [
        ("gemini-3.5-flash-lite", False),
        ("models/gemini-3.5-flash-lite", False),
        ("gemini-3.5-flash-lite-001", False),
        ("gemini-3.5-flash-lite-preview-09-2026", False),
        ("", False),
        ("gemini-3.5-flash", True),
        ("gemini-3.8-flash", True),
        ("gemini-3.5-flash-lite-vision", True),
    ],
)
def test_another_model(answered: str, other: bool) -> None:
    assert answers.rerouted("gemini-3.5-flash-lite", answered) is other


@pytest.mark.parametrize(
    "secret",
    [
        "AIzaSyD-1234567890abcdefghijklmnopqrstu",
        "https://x.test/v1?key=s3cretvalue&alt=json",
        "Authorization: Bearer s3cretvalue",
        "ya29.s3cretvalue",
    ],
)
def test_a_key_is_never_in_a_message(secret: str) -> None:
    body = envelope(400, "INVALID_ARGUMENT", f"bad {secret} here")
    said = answers.of_error(400, body).message + answers.of_exception("ReadError", secret).message
    assert "s3cret" not in said and "AIzaSyD" not in said


def test_a_message_is_one_bounded_line() -> None:
    message = "a\x1b[31m\nb\u202e" + "c" * 5_000
    said = answers.of_error(500, envelope(500, "INTERNAL", message)).message
    assert len(said) < 400
    assert said.isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "details", "violations", "candidates", "content", "parts",
                             "text", "message", "quotaValue", "usageMetadata", "promptFeedback"]),
            inner, max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.sampled_from([302, 400, 403, 404, 429, 500, 503]))
def test_whatever_comes_has_a_meaning(value: Any, status: int) -> None:
    assert answers.of_error(status, value).kind in ANSWER_KINDS
    outcome = answers.of_body(json.dumps(value))
    assert outcome.text or outcome.answer is not None


def test_the_key_answer_is_not_fatal_by_accident() -> None:
    assert BackendError(answers.of_error(400, KEY_INVALID)).fatal
    assert not BackendError(answers.of_error(503, "")).fatal
