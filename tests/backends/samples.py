"""One small plugin, and requests about it: what every test of a backend asks."""

from __future__ import annotations

from typing import Any

from nightpress.backends.contract import anatomy, question
from nightpress.model import Request

__all__ = ["MODEL", "anatomy", "request"]

MODEL = "gemini-3.5-flash-lite"


def request(phase: Any = "generation", *, model: str = MODEL, **more: Any) -> Request:
    return question(phase, model=model, **more)
