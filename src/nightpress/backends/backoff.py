"""How long to wait before the same request is tried again, and whether at all: pure arithmetic.

Floor 1. Randomness is an argument (`draw`, 0 <= draw < 1), so that a test can say it.
"""

from __future__ import annotations

from msgspec import Struct

from nightpress.errors import ANSWER_KINDS, Answer

MINUTE = 60.0


class Policy(Struct, frozen=True):
    """attempts: HTTP attempts per question, the first included; base, factor, most: the seconds
    of exponential backoff; malformed: attempts where a body was no answer at all; tokens: the
    factor by which the one retry of a cut-off reply enlarges its budget, up to max_tokens.

    A stated wait longer than `patience` seconds is not waited for: the question fails for now.
    """

    attempts: int = 5
    base: float = 2.0
    factor: float = 2.0
    most: float = 120.0
    malformed: int = 3
    patience: float = 600.0
    tokens: float = 2.0
    max_tokens: int = 65_536


def delay(
    policy: Policy, answer: Answer, attempt: int, draw: float, of_kind: int | None = None
) -> float | None:
    """Seconds to wait after failed attempt number `attempt` (from 1); None: do not retry.
    of_kind: how many answers of this kind there were so far (default: all of them).

    A stated wait is never undercut: at least 1 s, and jitter on top. Without one, half of the
    exponential step is certain and half is drawn, so that many clients do not return together.
    "truncated" waits for nothing: what it needs is a larger budget.
    """
    if not ANSWER_KINDS[answer.kind][0] or attempt >= policy.attempts:
        return None
    if (attempt if of_kind is None else of_kind) >= _allowed(policy, answer.kind):
        return None
    if answer.kind == "truncated":
        return 0.0
    if answer.wait is not None and answer.wait > policy.patience:
        return None
    if answer.kind == "minute_quota":
        stated = MINUTE if answer.wait is None else max(1.0, answer.wait)
        return stated + draw * max(1.0, stated * 0.1)
    step: float = min(policy.most, policy.base * policy.factor ** (attempt - 1))
    waited = step * (0.5 + draw / 2)
    return waited if answer.wait is None else max(1.0, answer.wait) + waited


def larger(policy: Policy, budget: int) -> int | None:
    """The output budget of the one retry after a cut-off reply; None: it is at its largest."""
    wanted = min(policy.max_tokens, int(budget * policy.tokens))
    return wanted if wanted > budget else None


def _allowed(policy: Policy, kind: str) -> int:
    """Answers of one kind after which it is not tried again."""
    return {"truncated": 2, "malformed": policy.malformed}.get(kind, policy.attempts)
