"""The score of a document: 0-100, from findings and measures alone.

Four parts, each worth so many points: form 25, grounding 30, substance 25, safety 20. A part that
cannot be judged (grounding without a plugin to compare with) is left out, and the rest stands for
the whole. Within a part
- the first error of a gate costs a third of the part, the first warning a tenth; each further
  finding of the same gate a quarter of that, up to twice the first;
- measures cost in proportion: vocabulary below 0.6 up to 40 % of grounding, commands left
  unmentioned up to 40 %; a zlib ratio below 0.35 up to 40 % of substance; no code of the body's up
  to 20 %; a size outside the window up to 40 % of form.
Truncation counts as form, a project's own checks as substance. What was normalised costs nothing.

From what the parts come to, one point is taken for each thing that the file before said and this
one no longer says (the check `losses`), down to 0. A score says what it was counted from, as in
`83: 100 - 8 form (1 error) - 8 substance (1 error) - 1 loss`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Gate
from nightpress.checks.grounding import mentions, vocabulary_share
from nightpress.checks.regression import losses_of
from nightpress.checks.substance import zlib_ratio
from nightpress.model import Finding, Severity

POINTS = {"form": 25, "grounding": 30, "substance": 25, "safety": 20}
COUNTED_AS = {"truncation": "form", "custom": "substance"}
COSTS: Mapping[Severity, float] = {"error": 1 / 3, "warning": 1 / 10, "info": 0.0}


def measures(document: Document, context: Context) -> dict[str, float]:
    """The numbers behind the score: sizes in bytes and lines, tokens of four bytes, shares 0-1.
    What cannot be measured is absent."""
    size = len(document.text.encode("utf-8", "replace"))
    numbers: dict[str, float] = {
        "bytes": size,
        "lines": document.text.count("\n"),
        "tokens": len(document.body.encode("utf-8", "replace")) // 4,
        "headings": len(document.headings),
        "code_blocks": len(document.blocks),
        "code_spans": len(document.spans),
        "links": len(document.links),
    }
    if (ratio := zlib_ratio(document.body)) is not None:
        numbers["zlib_ratio"] = round(ratio, 3)
    if (share := vocabulary_share(document, context)) is not None:
        numbers["vocabulary"] = round(share, 3)
    commands = {c.name for c in context.anatomy.of("command")} if context.anatomy else set()
    if commands:
        mentioned = sum(mentions(document.text, name) for name in commands)
        numbers["commands_mentioned"] = round(mentioned / len(commands), 3)
    if (gone := len(losses_of(document, context))) > 0:
        numbers["losses"] = gone
    return numbers


class Score(Struct, frozen=True):
    """points: 0-100; parts: points per part that could be judged; counted_from: the points, and
    what they were counted from, in one line."""

    points: int
    parts: dict[str, int]
    counted_from: str


def score(
    findings: Iterable[Finding],
    gates: Mapping[str, Gate],
    numbers: Mapping[str, float],
    context: Context,
) -> Score:
    """The score of a document with these findings and measures."""
    left = dict.fromkeys(POINTS, 1.0)
    if context.anatomy is None:
        del left["grounding"]
    because: dict[str, list[str]] = {part: [] for part in left}
    counts = Counter((f.check, f.severity) for f in findings)
    totals: Counter[tuple[str, Severity]] = Counter()
    for (check, severity), count in counts.items():
        family = gates[check].family
        part = COUNTED_AS.get(family, family)
        if part in left:
            left[part] -= COSTS[severity] * min(2.0, 1 + (count - 1) / 4)
            totals[part, severity] += count
    for part, reasons in because.items():
        for severity in COSTS:
            reasons += _some(totals[part, severity], severity) if COSTS[severity] else []
    for part, cost, what in _measured(numbers, context):
        if part in left:
            left[part] -= cost
            because[part] += [what] if cost > 0 else []
    parts = {part: round(POINTS[part] * max(0.0, share)) for part, share in left.items()}
    losses = int(numbers.get("losses", 0)) if "losses" in gates else 0
    return _counted(parts, because, losses)


def _counted(parts: dict[str, int], because: Mapping[str, list[str]], losses: int) -> Score:
    whole = sum(POINTS[part] for part in parts)
    total = sum(parts.values())
    best = round(100 * total / whole)
    taken = "".join(
        f" - {POINTS[part] - points} {part} ({', '.join(because[part])})"
        for part, points in parts.items()
        if points < POINTS[part]
    )
    text = f"100{taken}"
    if taken and whole < 100:
        text = f"{best} ({total} of {whole} points: {whole}{taken})"
    text += f" - {losses:,} {'loss' if losses == 1 else 'losses'}" if losses else ""
    points = max(0, best - losses)
    bound = ", at least 0" if losses > best else ""
    if not taken and not losses:
        text = "nothing deducted"
    return Score(points, parts, f"{points}: {text}{bound}")


def _some(count: int, what: str) -> list[str]:
    return [f"{count} {what}{'s' if count > 1 else ''}"] if count else []


def _measured(numbers: Mapping[str, float], context: Context) -> Iterable[tuple[str, float, str]]:
    """(part, cost as a share of the part, what it is) of each measure."""
    yield "grounding", 0.4 * _short(numbers.get("vocabulary", 1.0), 0.6), "vocabulary"
    yield "grounding", 0.4 * _short(numbers.get("commands_mentioned", 1.0), 1.0), "commands"
    yield "substance", 0.4 * _short(numbers.get("zlib_ratio", 1.0), 0.35), "repetition"
    code = numbers["code_blocks"] * 3 + numbers["code_spans"]
    yield "substance", 0.2 * _short(code, 3), "little code"
    if context.window is not None:
        yield "form", 0.4 * _short(numbers["bytes"], context.window.min), "size"


def _short(value: float, wanted: float) -> float:
    """How far a value falls short of what is wanted: 0 (not at all) to 1."""
    return max(0.0, 1.0 - value / wanted) if wanted else 0.0
