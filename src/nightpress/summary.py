"""The end of a run in words: what was done, what was left, what needs the user.

Floor 1: pure. Success rate is published over attempted; deferred and insufficient stand beside
it, never inside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

_ORDER = (
    "published", "adopted", "refused", "failed", "deferred", "insufficient", "kept", "interrupted",
)  # fmt: skip

_NOW = {
    "fresh": "up to date",
    "parked": "parked",
    "insufficient": "insufficient",
    "keep": "kept (edited by hand)",
}


def rate(counts: Mapping[str, int]) -> str:
    """`12 of 13 attempted (92 %)`, or "" if nothing was attempted."""
    attempted = sum(counts.get(s, 0) for s in ("published", "refused", "failed"))
    if not attempted:
        return ""
    published = counts.get("published", 0)
    return f"{published} of {attempted} attempted ({100 * published // attempted} %)"


def lines(
    outcomes: Mapping[str, int],
    decisions: Mapping[str, int],
    named: Sequence[tuple[str, str, str]],
    *,
    seconds: float,
    calls: int,
    tokens: int,
) -> list[str]:
    """The summary. outcomes: final statuses of this run; decisions: what needed no work, by
    action; named: (status, job, reason) of what the user should read."""
    said = [f"{outcomes[s]} {s}" for s in _ORDER if outcomes.get(s)]
    stands = [f"{decisions[a]} {word}" for a, word in _NOW.items() if decisions.get(a)]
    if not said:
        nothing = "nothing to do" if not stands else f"nothing to do: {', '.join(stands)}"
        return [nothing]
    found = [", ".join(said) + f" in {seconds:.1f} s" + _cost(calls, tokens)]
    if published := rate(outcomes):
        found.append(f"success rate: {published}")
    if stands:
        found.append(f"without work: {', '.join(stands)}")
    return found + list(_needs_reading(named))


def _cost(calls: int, tokens: int) -> str:
    return f" ({calls} calls, {tokens:,} tokens)" if calls else " (no calls)"


def _needs_reading(named: Iterable[tuple[str, str, str]]) -> Iterable[str]:
    rows = list(named)
    by_status = Counter(status for status, _, _ in rows)
    for status in _ORDER:
        own = [(job, reason) for s, job, reason in rows if s == status]
        if status == "deferred":
            yield from _by_reason(own)
            continue
        for job, reason in own[:MOST]:
            yield f"  {status:<12} {job}: {reason}"
        if by_status[status] > MOST:
            yield f"  {status:<12} ... and {by_status[status] - MOST} more: see `doit report`"


def _by_reason(deferred: Sequence[tuple[str, str]]) -> Iterable[str]:
    """A spent day or budget defers whatever is left: one line for each reason."""
    jobs: dict[str, list[str]] = {}
    for job, reason in deferred:
        jobs.setdefault(reason, []).append(job)
    for reason, named in jobs.items():
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        yield f"  {'deferred':<12} {named[0]}{more}: {reason}"


MOST = 20
"""Lines of one status in the summary; all of them are in the report and the ledger."""
