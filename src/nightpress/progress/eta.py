"""How the quota stands and when a run will be done, for the live screen: read, never written."""

from __future__ import annotations

from msgspec.structs import replace

from nightpress.model import ATTEMPTED
from nightpress.pipeline import outlook
from nightpress.progress.draw import Standing
from nightpress.progress.screen import Screen
from nightpress.project import Project
from nightpress.quota import forecast

CALLS_EACH = 2.25
"""Calls of one enhancement, until this run knows better: its plugin's analysis, a draft, and a
repair now and then."""
TOKENS_EACH = 5_000
"""Input tokens of one call, until this run knows better."""
ENOUGH = 5


def of(project: Project, screen: Screen) -> Standing:
    """The standing of a run that is under way."""
    left = max(0, min(screen.work - screen.done, _bound(project, screen)))
    now = project.clock.time()
    if screen.backend in ("", "offline"):
        return Standing(eta=_by_rate(screen, left, now))
    situation, stands = outlook.situation(project, screen.model)
    resets = stands.resets_at
    minute = (stands.left_in_minute, stands.limits.rpm)
    day = (stands.left_in_day, stands.limits.rpd)
    standing = Standing(
        minute=(minute[0], minute[1]) if minute[0] is not None and minute[1] else None,
        day=(day[0], day[1]) if day[0] is not None and day[1] else None,
        resets_at=resets,
    )
    if not left:
        return standing
    enough = screen.done >= ENOUGH
    each = max(1.0, screen.calls / screen.done) if enough else CALLS_EACH
    tokens = screen.tokens_in // max(1, screen.replies) if screen.replies else TOKENS_EACH
    calls = max(1, round(left * each))
    work = forecast.Work(calls=(calls, calls), tokens_in=(tokens, tokens))
    ahead = forecast.forecast(work, situation)
    return replace(standing, eta=ahead.done_at[0], later=ahead.carried_over[0] > 0)


def _bound(project: Project, screen: Screen) -> int:
    """How many more documents this run may try, by its `limit`."""
    limit = project.options.get("limit")
    tried = sum(screen.counts[ended] for ended in ATTEMPTED)
    return screen.work if limit is None else int(limit) - tried


def _by_rate(screen: Screen, left: int, now: float) -> float | None:
    if screen.done < ENOUGH or not left:
        return None
    return now + left * (now - screen.began) / screen.done
