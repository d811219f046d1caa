"""One small plugin, and requests about it: what every test of a backend asks."""

from __future__ import annotations

from typing import Any

from nightpress.backends.contract import anatomy, question
from nightpress.model import Request

__all__ = ["MEANING", "MODEL", "anatomy", "request"]

MODEL = "gemini-3.5-flash-lite"


def request(phase: Any = "generation", *, model: str = MODEL, **more: Any) -> Request:
    return question(phase, model=model, **more)


MEANING = {
    "capacity_429": "capacity",
    "plain_429": "capacity",
    "400": "bad_request",
    "too_large": "too_large",
    "401": "unauthorised",
    "403": "unauthorised",
    "404": "not_found",
    "408": "transient",
    "500": "transient",
    "502": "transient",
    "503": "transient",
    "504": "transient",
    "html_502": "transient",
    "disconnect": "transient",
    "cut_body": "transient",
    "malformed_json": "malformed",
    "empty_body": "malformed",
    "empty": "malformed",
    "thought_only": "malformed",
    "safety": "blocked",
    "minute_429": "minute_quota",
    "day_429": "day_quota",
    "limit_0": "no_quota",
    "hang": "transient",
    "drip": "transient",
}
"""A fault of the server's -> what every backend over HTTP takes it for."""
