"""What a call costs: nothing on a free tier, and its price wherever something allows paying."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nightpress.backends import FREE
from nightpress.pipeline import pacing
from nightpress.project.project import Project

MODEL = "gemini-3.5-flash-lite"


class Clock:
    def time(self) -> float:
        return datetime(2026, 11, 25, tzinfo=UTC).timestamp()


def project(tmp_path: Path, defaults: str, **options: Any) -> Project:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "_defaults.yaml").write_text(f"marketplace: .\n{defaults}\n")
    return Project(tmp_path, options, {"GEMINI_API_KEY": "k"}, Clock())  # type: ignore[arg-type]


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
