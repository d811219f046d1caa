"""The end of a run in words: what was done, what was left, what needs the user.

Success rate is published over attempted; waiting, deferred, insufficient and hollow stand beside
it, never inside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_NOW = {
    "fresh": "up to date",
    "refused": "refused",
    "rejected": "rejected",
    "parked": "waiting",
    "insufficient": "insufficient",
    "hollow": "hollow",
    "keep": "kept",
}
"""Words of `model.STATES` that need no work; a run with nothing to do spares that import."""


def rate(counts: Mapping[str, int]) -> str:
    """`12 of 13 attempted (92 %); 129 not attempted`, or "" if nothing was attempted. Not
    attempted are those that ended without a draft: insufficient, hollow, deferred, kept,
    interrupted."""
    from nightpress.model import ATTEMPTED, Status  # a run with nothing to do spares it

    attempted = sum(counts.get(s, 0) for s in ATTEMPTED)
    if not attempted:
        return ""
    published = counts.get(Status.PUBLISHED, 0)
    others = sum(counts.values()) - attempted - counts.get(Status.ADOPTED, 0)
    rest = f"; {others:,} not attempted" if others else ""
    return f"{published} of {attempted} attempted ({100 * published // attempted} %){rest}"


def lines(
    outcomes: Mapping[str, int],
    decisions: Mapping[str, int],
    *,
    seconds: float,
    calls: int,
    tokens: int,
) -> list[str]:
    """The totals. outcomes: how this run's attempts ended; decisions: what needed no work, by
    state."""
    stands = [f"{decisions[a]} {word}" for a, word in _NOW.items() if decisions.get(a)]
    if not any(outcomes.values()):
        return ["nothing to do" if not stands else f"nothing to do: {', '.join(stands)}"]
    from nightpress.model import ENDINGS, said

    rows = []
    if stands:
        rows.append(f"no work needed: {', '.join(stands)}")
    if published := rate(outcomes):
        rows.append(f"success rate: {published}")
    counts = [f"{outcomes[s]} {said(s)}" for s in ENDINGS if outcomes.get(s)]
    return [*rows, ", ".join(counts) + f" in {took(seconds)}" + spent(calls, tokens)]


def spent(calls: int, tokens: int) -> str:
    """What it took of the provider: ` (3 calls, 9,120 tokens)`."""
    if not calls:
        return " (no calls)"
    return f" ({calls} call{'s' if calls > 1 else ''}, {tokens:,} tokens)"


def took(seconds: float) -> str:
    """`9.4 s`, `16 min 24 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(round(seconds) // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {round(seconds) % 60:02} s"


def needs_reading(named: Iterable[tuple[str, str, str]]) -> list[str]:
    """A line for each cause, with its first document and the number of the others: MOST in all,
    and one for each ending at least. named: (ending, job, reason)."""
    groups: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for status, job, reason in named:
        groups.setdefault(status, {}).setdefault(cause(reason), []).append((job, reason))
    from nightpress.model import ENDINGS, said

    rows: list[str] = []
    statuses = [s for s in ENDINGS if s in groups]
    for after, status in enumerate(statuses, 1 - len(statuses)):
        own = sorted(groups[status].values(), key=len, reverse=True)
        shown = max(1, MOST - len(rows) + after)
        for members in own[:shown]:
            job, reason = members[0]
            others = f" and {len(members) - 1:,} more" if len(members) > 1 else ""
            rows.append(f"  {said(status):<12} {job}{others}: {in_short(reason)}")
        if more := sum(map(len, own[shown:])):
            rows.append(f"  {said(status):<12} ... and {more:,} more: see `doit report`")
    return rows


def in_short(reason: str) -> str:
    """The reason, REASON characters of it."""
    import textwrap

    return textwrap.shorten(reason, REASON, placeholder=" ...")


def cause(reason: str) -> str:
    """What reasons that differ only in their figures, names and files have in common: the gates
    that refused (not what each quotes), or the words without figures and quotations."""
    text = reason.partition(DRAFT_KEPT)[0]
    if gates := re.findall(r"(?:^|; )([a-z]+(?:-[a-z]+)*)(?: \(\d+\))?: ", text):
        return " ".join(sorted(set(gates)))
    return re.sub(r"`[^`]*`|'[^']*'|\S*[\d/]\S*", "_", text)


DRAFT_KEPT = " (draft kept: "
"""Before the path in the reason of a refused document."""
MOST = 8
"""Causes in the summary; all documents are in the report and the ledger."""
REASON = 110
"""Characters of a reason in the summary; the whole one stands with its document."""
