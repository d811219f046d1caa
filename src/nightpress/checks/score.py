"""The score of a document: 0-100, from findings and measures alone.

Four parts, each worth so many points: form 25, grounding 30, substance 25, safety 20. A part that
cannot be judged (grounding without a plugin to compare with) is left out, and the rest stands for
the whole. Within a part
- the first error of a gate costs a third of the part, the first warning a tenth; each further
  finding of the same gate a quarter of that, up to twice the first;
- measures cost in proportion: vocabulary below 0.6 up to 40 % of grounding, commands left
  unmentioned up to 40 %; a zlib ratio below 0.35 up to 40 % of substance; no code of the body's up
  to 20 %; a size outside the window up to 40 % of form.
Truncation counts as form, a project's own checks as substance. What was normalised, and losses
against the file before (which say nothing of the document itself), cost nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Gate
from nightpress.checks.grounding import mentions, vocabulary_share
from nightpress.checks.substance import zlib_ratio
from nightpress.model import Finding

POINTS = {"form": 25, "grounding": 30, "substance": 25, "safety": 20}
COUNTED_AS = {"truncation": "form", "custom": "substance"}
COSTS = {"error": 1 / 3, "warning": 1 / 10, "info": 0.0}


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
    return numbers


def score(
    findings: Iterable[Finding],
    gates: Mapping[str, Gate],
    numbers: Mapping[str, float],
    context: Context,
) -> tuple[int, dict[str, int]]:
    """(0-100, points per part that could be judged)."""
    left = dict.fromkeys(POINTS, 1.0)
    if context.anatomy is None:
        del left["grounding"]
    counts = Counter((f.check, f.severity) for f in findings)
    for (check, severity), count in counts.items():
        family = gates[check].family
        part = COUNTED_AS.get(family, family)
        if part in left:
            left[part] -= COSTS[severity] * min(2.0, 1 + (count - 1) / 4)
    for part, cost in _measured(numbers, context):
        if part in left:
            left[part] -= cost
    parts = {part: round(POINTS[part] * max(0.0, share)) for part, share in left.items()}
    whole = sum(POINTS[part] for part in left)
    return round(100 * sum(parts.values()) / whole), parts


def _measured(numbers: Mapping[str, float], context: Context) -> Iterable[tuple[str, float]]:
    """(part, cost as a share of the part) of each measure."""
    yield "grounding", 0.4 * _short(numbers.get("vocabulary", 1.0), 0.6)
    yield "grounding", 0.4 * _short(numbers.get("commands_mentioned", 1.0), 1.0)
    yield "substance", 0.4 * _short(numbers.get("zlib_ratio", 1.0), 0.35)
    yield "substance", 0.2 * _short(numbers["code_blocks"] * 3 + numbers["code_spans"], 3)
    if context.window is not None:
        yield "form", 0.4 * _short(numbers["bytes"], context.window.min)


def _short(value: float, wanted: float) -> float:
    """How far a value falls short of what is wanted: 0 (not at all) to 1."""
    return max(0.0, 1.0 - value / wanted) if wanted else 0.0
