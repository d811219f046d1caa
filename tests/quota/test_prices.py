"""What a call costs: nothing on a free tier, and its price wherever something allows paying."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nightpress.backends import FREE
from nightpress.errors import UsageError
from nightpress.pipeline import pacing
from nightpress.project.project import Project

MODEL = "gemini-3.5-flash-lite"
KEYS = {"GEMINI_API_KEY": "k", "OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "MINE": "k"}
OWN = "base_url: https://llm.example.com/v1\nopenai: {key: MINE}"


class Clock:
    def time(self) -> float:
        return datetime(2026, 11, 25, tzinfo=UTC).timestamp()


def project(tmp_path: Path, defaults: str, **options: Any) -> Project:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "_defaults.yaml").write_text(f"marketplace: .\n{defaults}\n")
    return Project(tmp_path, options, KEYS, Clock())  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", ["offline", "auto", "gemini"])
def test_nothing_is_counted_on_the_free_tier(tmp_path: Path, backend: str) -> None:
    assert pacing.price_of(project(tmp_path, f"backend: {backend}"), MODEL) == FREE


@pytest.mark.parametrize("backend", ["offline", "auto", "gemini"])
def test_what_may_be_paid_is_counted_whoever_writes_by_default(
    tmp_path: Path, backend: str
) -> None:
    """One manifest of an offline project may name a model; its calls count against max_cost."""
    found = pacing.price_of(project(tmp_path, f"backend: {backend}", max_cost=5.0), MODEL)
    assert found is not None
    assert found != FREE


DAY = "limits: {%s: {rpm: 50, rpd: 1000, tpd: 900000}}"


@pytest.mark.parametrize(
    ("defaults", "backend", "model", "hinted"),
    [
        ("", "openai", "gpt-6-sol", "max_cost"),
        ("", "anthropic", "claude-haiku-5-5", "max_cost"),
        ("prices: {my-model: {in: 1, out: 2}}", "openai", "my-model", "max_cost"),
        (OWN, "openai", "my-model", "prices: {my-model: "),
        ("prices: {zork: {in: 0, out: 1}}", "openai", "zork", "max_cost"),
        ("", "openai", "zork", "prices: {zork: "),
        ("", "anthropic", "claude-nobody", "prices: {claude-nobody: "),
        ("", "gemini", "gemini-zork", "prices: {gemini-zork: "),
    ],
)
@pytest.mark.parametrize("limits", ["", DAY], ids=["none", "a day's"])
def test_no_limit_makes_a_model_free_and_the_hint_is_enough(
    tmp_path: Path, defaults: str, backend: str, model: str, hinted: str, limits: str
) -> None:
    text = f"{defaults}\n{limits % model if limits else ''}"
    asked: dict[str, Any] = {"backend": backend, "model": model}
    with pytest.raises(UsageError, match="may cost money, which is not allowed") as refused:
        project(tmp_path, text, **asked).writer()
    assert hinted in refused.value.hint and "paid=1" in refused.value.hint
    allowed: list[dict[str, Any]] = [{"paid": True}, {"max_cost": 5.0}]
    if hinted == "max_cost":
        assert "state its price" not in refused.value.hint
    else:
        assert "0 if it costs nothing, else with doit max_cost=5.00" in refused.value.hint
        text += f"\nprices: {{{model}: {{in: 1, out: 2}}}}"
    for number, way in enumerate(allowed):
        (tmp_path / str(number)).mkdir()
        assert project(tmp_path / str(number), text, **asked, **way).writer().model == model


@pytest.mark.parametrize(("backend", "model"), [("openai", "my-model"), ("gemini", "gemini-zork")])
def test_what_is_free_is_declared_by_a_price_of_nothing(
    tmp_path: Path, backend: str, model: str
) -> None:
    own = OWN if backend == "openai" else ""
    text = f"{own}\nprices: {{{model}: {{in: 0, out: 0}}}}\nfallback_models: [{model}]"
    found = project(tmp_path, text, backend=backend, model=model)
    assert found.writer().model == model
    assert pacing.price_of(found, model) == FREE
    assert pacing.fallbacks(found) == (model,)


@pytest.mark.parametrize("more", [{}, {"max_cost": 1.0}], ids=["", "max_cost"])
def test_a_server_on_this_machine_never_costs_anything(tmp_path: Path, more: Any) -> None:
    """Which is another thing than a free tier."""
    text = "backend: openai\nbase_url: http://127.0.0.1:9/v1"
    found = project(tmp_path, text, model="qwen3:8b", **more)
    assert pacing.price_of(found, "qwen3:8b") == pacing.known_price(found, "qwen3:8b") == FREE
    assert pacing.known_price(found, MODEL) == FREE, "whatever its model is called"
