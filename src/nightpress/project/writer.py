"""Who writes: which backend and model, and why; $0 is the default.

Floor 1: pure. `auto` takes Gemini's Developer API when its key is there and the model has a free
tier, else offline. A route that costs money is never chosen by `auto`; when it is named, it runs
only with `paid: true` or a positive `max_cost`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from nightpress.errors import UsageError
from nightpress.fingerprint import writer as words

KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""In the order of the SDK: the first one that is set wins."""

DEFAULT_MODEL = "gemini-3.5-flash-lite"


FREE_MODELS = frozenset({"gemini-3.5-flash-lite", "gemini-3.1-flash-lite", "gemini-3.8-flash"})
"""Models with a free tier on the Developer API (2026-11-23)."""


def is_free(model: str, limits: Mapping[str, Mapping[str, int | None]]) -> bool:
    """Is there a free tier? By our list, or because the project states a day's limit for it."""
    if model in limits:
        return bool(limits[model].get("rpd"))
    return model in FREE_MODELS


class Writer(Struct, frozen=True):
    """backend: `offline` or `gemini`; vertex: through Vertex AI; by_default: offline was taken
    for want of a key, so it never makes a model's document stale; why: one sentence."""

    backend: str
    model: str
    why: str
    vertex: bool = False
    by_default: bool = False

    @property
    def kind(self) -> str:
        return "offline" if self.backend == "offline" else "model"

    def __str__(self) -> str:
        return words(self.backend, self.model)


def choose(
    backend: str,
    model: str,
    *,
    vertex: bool,
    free: bool,
    allowed_to_pay: bool,
    environ: Mapping[str, str],
) -> Writer:
    """The writer for `backend` (auto, offline, gemini). free: the model has a free tier.

    Raises UsageError when a paid route was named and nothing allows it, or when Gemini was named
    and its key is missing: a configured Gemini never silently becomes offline.
    """
    key = next((name for name in KEYS if environ.get(name, "").strip()), None)
    if backend == "offline":
        return Writer("offline", "offline", "backend: offline is configured")
    if backend == "auto":
        if vertex:
            return _offline("backend: auto never chooses Vertex AI, which costs money")
        if key is None:
            return _offline(f"neither {KEYS[0]} nor {KEYS[1]} is set")
        if not free and not allowed_to_pay:
            return _offline(f"{model} has no free tier that is known")
        return Writer("gemini", model, f"{key} is set")
    if (vertex or not free) and not allowed_to_pay:
        what = "Vertex AI" if vertex else f"{model} (no free tier is known)"
        raise UsageError(
            f"{what} costs money, and nothing allows that",
            "say so: doit max_cost=5.00, doit paid=1, or `paid: true` in manifests/_defaults.yaml",
        )
    if not vertex and key is None:
        raise UsageError(
            f"backend: gemini needs {KEYS[0]} or {KEYS[1]} in the environment",
            "set one of them, or take `backend: offline` (or auto) in manifests/_defaults.yaml",
        )
    route = "Vertex AI" if vertex else f"the Developer API ({key} is set)"
    return Writer("gemini", model, f"backend: gemini is configured, through {route}", vertex=vertex)


def _offline(why: str) -> Writer:
    return Writer("offline", "offline", f"backend: auto, and {why}", by_default=True)
