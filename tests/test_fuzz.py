"""Whatever strangers write: a parser gives a value or a known error."""

from __future__ import annotations

import os
import random

import pytest
from benchmarks import fuzz
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FOUND = (
    ("Markdown", "# A\n\na\rb\rc\n\n```\ncode\n```\n"),
    ("secrets", "API_KEY=a8Kd92mXq71LzPw" + "04R8Kd92mX\x1971LzPw" * 30),
    ("manifest", fuzz._MANIFEST.replace("checks: {ending: false}", "checks: ending")),
    ("manifest", fuzz._MANIFEST.replace("plugins/a", "plugins/" + "ns/" * 2_000 + "a")),
    ("generator", fuzz._GENERATOR.replace("ending: 1", f"own: {{file: {'ab/' * 3_000}x.py}}")),
    ("Hrana", fuzz._HRANA.replace('"9"', "1e999")),
    ("replies", "0\x1d"),
    ("replies", fuzz._REPLY.replace("Text.", r"Text \ud800").replace('"m"', r'"m\ud800"')),
    ("replies", '{"error": {"code": 429, "details": [{"retryDelay": "1.2.3s"}]}}'),
    (
        "replies",
        '{"error": {"code": 429, "message": "limit: \u00b2", "details": [{"@type":'
        ' "x.QuotaFailure", "violations": [{"quotaId": "PerDay", "quotaValue": "\u00b2"}]}]}}',
    ),
)
"""What `benchmarks fuzz` has found so far."""
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
"""Texts that Hypothesis makes for each parser: few, and the same, but for `.ci/nightly`."""
MUTATED = 40
"""Inputs that are samples with faults, for each parser."""


@pytest.mark.parametrize("name", fuzz.PARSERS)
def test_a_broken_sample_raises_nothing_unknown(name: str) -> None:
    parser, rng = fuzz.PARSERS[name], random.Random(f"tests {name}")
    broken = (fuzz.mutated(rng.choice(parser.samples), rng) for _ in range(MUTATED))
    for text in (*parser.samples, *broken):
        error = fuzz.tried(parser, text)
        assert error is None, (error, text)


@pytest.mark.parametrize("name", fuzz.PARSERS)
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 25, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
@given(parts=st.lists(st.one_of(st.text(max_size=40), st.sampled_from(fuzz.ODD)), max_size=12))
def test_any_text_raises_nothing_unknown(name: str, parts: list[str]) -> None:
    error = fuzz.tried(fuzz.PARSERS[name], "".join(parts))
    assert error is None, error


@pytest.mark.parametrize(("name", "text"), FOUND)
def test_what_was_found_before_is_mended(name: str, text: str) -> None:
    error = fuzz.tried(fuzz.PARSERS[name], text)
    assert error is None, error
