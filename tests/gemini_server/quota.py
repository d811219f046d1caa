"""The quota that the server enforces, exactly: requests and input tokens in a sliding minute,
requests in a Pacific day; per project and model. Refused requests count as requests too.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Per project and model; None: unlimited."""

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None


FREE = Limits(15, 250_000, 500)


@dataclass(slots=True)
class _Use:
    requests: deque[float] = field(default_factory=deque)
    tokens: deque[tuple[float, int]] = field(default_factory=deque)
    days: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def pacific_day(now: float) -> str:
    return datetime.fromtimestamp(now, PACIFIC).date().isoformat()


def next_pacific_midnight(now: float) -> float:
    tomorrow = datetime.fromtimestamp(now, PACIFIC).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=PACIFIC).timestamp()


class Quota:
    """Counts; `take` answers what a request broke (empty: it is let in)."""

    def __init__(self, limits: Mapping[str, Limits]) -> None:
        self._limits = limits
        self._uses: dict[tuple[str, str], _Use] = defaultdict(_Use)
        self._lock = threading.Lock()

    def limits(self, model: str) -> Limits:
        return self._limits.get(model, self._limits.get("*", Limits()))

    def take(
        self, project: str, model: str, tokens: int, now: float
    ) -> tuple[dict[str, int], float]:
        """(limit by broken kind, seconds until the minute would let it in)."""
        limits = self.limits(model)
        with self._lock:
            use = self._uses[project, model]
            _forget(use, now)
            day = pacific_day(now)
            spent = sum(n for _, n in use.tokens)
            broken: dict[str, int] = {}
            if limits.rpm is not None and len(use.requests) >= limits.rpm:
                broken["rpm"] = limits.rpm
            if limits.tpm is not None and spent + tokens > limits.tpm:
                broken["tpm"] = limits.tpm
            if limits.rpd is not None and use.days[day] >= limits.rpd:
                broken["rpd"] = limits.rpd
            wait = _wait(use, broken, tokens, now)
            use.requests.append(now)
            use.days[day] += 1
            if not broken:
                use.tokens.append((now, tokens))
            return broken, wait

    def used(self) -> dict[str, dict[str, int]]:
        """Requests per Pacific day, by "project/model"."""
        with self._lock:
            return {f"{p}/{m}": dict(u.days) for (p, m), u in self._uses.items()}


def _forget(use: _Use, now: float) -> None:
    while use.requests and use.requests[0] <= now - MINUTE:
        use.requests.popleft()
    while use.tokens and use.tokens[0][0] <= now - MINUTE:
        use.tokens.popleft()


def _wait(use: _Use, broken: Mapping[str, int], tokens: int, now: float) -> float:
    wait = 0.0
    if broken.get("rpm"):
        wait = use.requests[-broken["rpm"]] + MINUTE - now
    if broken.get("tpm"):
        left = sum(n for _, n in use.tokens)
        for at, spent in use.tokens:
            left -= spent
            wait = max(wait, at + MINUTE - now)
            if left + tokens <= broken["tpm"]:
                break
    return max(wait, 0.0)
