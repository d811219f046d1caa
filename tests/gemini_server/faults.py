"""What goes wrong, and when: faults of the service, and defects of what a model writes.

A plan answers for each call: which fault (or none) and which defect (or none). Draws are seeded by
the request's own digest and how often it came, so that they do not depend on arrival order.
"""

from __future__ import annotations

import hashlib
import random
import threading
from collections import Counter
from collections.abc import Mapping, Sequence

# What the service answers instead of a reply.
FAULTS = (
    "minute_429", "day_429", "limit_0", "capacity_429", "plain_429",
    "400", "key_400", "too_large", "401", "403", "404", "408", "500", "502", "503", "504",
    "html_502", "hang", "drip", "disconnect", "cut_body", "malformed_json", "empty_body",
    "blocked", "endless",
)  # fmt: skip
# What is wrong with a reply that the service calls a success (HTTP 200).
DEFECTS = (
    "fenced", "cut_off", "short", "wrong_json", "max_tokens", "max_tokens_empty", "empty",
    "empty_candidates", "thought_only", "safety", "recitation", "other_model",
    "continuation", "chatty", "doubled", "foreign", "looping", "declined",
)  # fmt: skip
KINDS = FAULTS + DEFECTS

# Rates of real replies. Fences: 5 of 162 answers of gemini-2.0-flash came wrapped or cut off in a
# fence. JSON: 2 % of blocks do not parse. Under 8,000 bytes: all 157 of those that were not asked
# for a size; 10 % is taken for replies that are. The last five are rarer than could be measured.
FIELD: Mapping[str, float] = {
    "fenced": 0.019,
    "cut_off": 0.012,
    "short": 0.10,
    "wrong_json": 0.02,
    "max_tokens": 0.01,
    "max_tokens_empty": 0.004,
    "empty": 0.005,
    "safety": 0.003,
    "blocked": 0.002,
}
# One in ten calls, every passing fault equally often: the "bad night" of the benchmarks.
PASSING = (
    "minute_429", "capacity_429", "408", "500", "502", "503", "504", "disconnect",
    "cut_body", "malformed_json", "empty_body", "empty",
)  # fmt: skip


def bad_night(rate: float = 0.10) -> dict[str, float]:
    return {kind: rate / len(PASSING) for kind in PASSING}


class Plan:
    """A script (the n-th call gets its n-th entry; "ok" is none), then rates with a seed."""

    def __init__(
        self, script: Sequence[str] = (), rates: Mapping[str, float] | None = None, seed: int = 0
    ) -> None:
        for kind in [*script, *(rates or {})]:
            if kind != "ok" and kind not in KINDS:
                raise ValueError(f"unknown fault {kind!r}; known: {', '.join(KINDS)}")
        self._script = list(script)
        self._rates = dict(rates or {})
        self._seed = seed
        self._times: Counter[str] = Counter()
        self._lock = threading.Lock()

    def draw(self, digest: str) -> tuple[str | None, random.Random]:
        """What goes wrong with this call, and the call's own randomness."""
        with self._lock:
            self._times[digest] += 1
            times = self._times[digest]
            scripted = self._script.pop(0) if self._script else None
        whole = hashlib.sha256(f"{self._seed}:{digest}:{times}".encode()).digest()
        rng = random.Random(whole)
        drawn = rng.random()
        if scripted is not None:
            return (None if scripted == "ok" else scripted), rng
        for kind, rate in self._rates.items():
            drawn -= rate
            if drawn < 0:
                return kind, rng
        return None, rng
