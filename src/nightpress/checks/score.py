"""The score of a document: 100, less what its findings and measures cost.

Each deduction stands for itself, in whole points, under the name of its gate:
- an error costs 8, each further one of the same gate 2, up to 16;
- a warning costs 2, each second further one of the same gate 1, up to 4; an info nothing;
- what is measured costs in proportion (and 8 at least where it is an error): empty sentences above
  5 %, up to 25 at 60 %; a vocabulary below 0.6 of the plugin's, and commands left unmentioned, up
  to 12 each; a zlib ratio below 0.35, and a size below the window, up to 10 each; fewer than three
  pieces of code (a block counts as three) up to 5;
- each thing that the file before said and this one no longer says (the check `losses`) costs 1.

It never goes below 0. What cannot be judged (a vocabulary, where there is no plugin to compare
with) costs nothing. A score says what it was counted from, as in
`81: 100 - 9 emptiness (12 of 49 sentences) - 8 path-exists (1 error) - 2 losses`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from nightpress.checks import emptiness
from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Gate
from nightpress.checks.grounding import mentions, vocabulary_share
from nightpress.checks.regression import losses_of
from nightpress.checks.substance import zlib_ratio
from nightpress.model import Finding, Severity

COSTS: Mapping[Severity, tuple[int, int, int]] = {"error": (8, 2, 16), "warning": (2, 1, 4)}
"""Points for the first finding of a gate, for a further error or second warning, and at most."""
VOCABULARY, COMMANDS, REPETITION, CODE, SIZE, EMPTINESS = 12, 12, 10, 5, 10, 25
"""Points that a measure costs at most."""
ENOUGH_WORDS, ENOUGH_RATIO, ENOUGH_CODE = 0.6, 0.35, 3
EMPTY_FREE, EMPTY_FULL = 0.05, 0.60
"""Shares of empty sentences that cost nothing, and everything."""


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
    said = emptiness.sentences(document, context)
    if emptiness.share(said) is not None:
        numbers["sentences"] = len(said)
        numbers["empty_sentences"] = sum(one.empty for one in said)
    commands = {c.name for c in context.anatomy.of("command")} if context.anatomy else set()
    if commands:
        mentioned = sum(mentions(document.text, name) for name in commands)
        numbers["commands"] = len(commands)
        numbers["commands_mentioned"] = round(mentioned / len(commands), 3)
    if (gone := len(losses_of(document, context))) > 0:
        numbers["losses"] = gone
    return numbers


class Deduction(Struct, frozen=True):
    """points: taken for what one gate finds, or measures; why: in words."""

    gate: str
    points: int
    why: str

    def __str__(self) -> str:
        return f"{self.points} {self.gate} ({self.why})"


class Score(Struct, frozen=True):
    """points: 0-100; deductions: the largest first; counted_from: the points, and what they were
    counted from, in one line."""

    points: int
    deductions: tuple[Deduction, ...]
    counted_from: str


def score(
    findings: Iterable[Finding],
    gates: Mapping[str, Gate],
    numbers: Mapping[str, float],
    context: Context,
) -> Score:
    """The score of a document with these findings and measures; gates: those that were asked."""
    errors, warnings = Counter[str](), Counter[str]()
    for finding in findings:
        if finding.check != "losses":
            errors[finding.check] += finding.severity == "error"
            warnings[finding.check] += finding.severity == "warning"
    taken = []
    for one in _measured(numbers, context):
        if one.gate in gates:
            least = COSTS["error"][0] if errors.pop(one.gate, 0) else 0
            warnings.pop(one.gate, 0)  # it is the measure that costs
            taken.append(replace(one, points=max(one.points, least)))
    for name in dict.fromkeys((*errors, *warnings)):
        taken.append(_of_findings(name, errors[name], warnings[name]))
    taken = sorted((d for d in taken if d.points), key=lambda one: (-one.points, one.gate))
    losses = int(numbers.get("losses", 0)) if "losses" in gates else 0
    total = 100 - sum(one.points for one in taken) - losses
    text = "".join(f" - {one}" for one in taken)
    text += f" - {losses:,} {'loss' if losses == 1 else 'losses'}" if losses else ""
    text = f"100{text}" if text else "nothing deducted"
    points = max(0, total)
    return Score(points, tuple(taken), f"{points}: {text}{', at least 0' if total < 0 else ''}")


def _of_findings(gate: str, errors: int, warnings: int) -> Deduction:
    first, more, most = COSTS["error"]
    points = min(most, first + more * (errors - 1)) if errors else 0
    first, more, most = COSTS["warning"]
    points += min(most, first + more * ((warnings - 1) // 2)) if warnings else 0
    return Deduction(
        gate, points, ", ".join([*_some(errors, "error"), *_some(warnings, "warning")])
    )


def _some(count: int, what: str) -> list[str]:
    return [f"{count} {what}{'s' if count > 1 else ''}"] if count else []


def _measured(numbers: Mapping[str, float], context: Context) -> Iterator[Deduction]:
    """What each measure costs; 0 points where nothing is short."""
    if said := int(numbers.get("sentences", 0)):
        empty = int(numbers["empty_sentences"])
        part = (empty / said - EMPTY_FREE) / (EMPTY_FULL - EMPTY_FREE)
        yield _costs("emptiness", EMPTINESS, part, f"{empty} of {said} sentences")
    if (words := numbers.get("vocabulary")) is not None:
        why = f"{words:.0%} of its words are the plugin's, of {ENOUGH_WORDS:.0%}"
        yield _costs("vocabulary", VOCABULARY, _short(words, ENOUGH_WORDS), why)
    if count := int(numbers.get("commands", 0)):
        share = numbers["commands_mentioned"]
        why = f"{count - round(share * count)} of {count} unmentioned"
        yield _costs("commands-covered", COMMANDS, 1 - share, why)
    if (ratio := numbers.get("zlib_ratio")) is not None:
        why = f"compressed {ratio:.2f} of its size, of {ENOUGH_RATIO}"
        yield _costs("compressibility", REPETITION, _short(ratio, ENOUGH_RATIO), why)
    code = int(numbers["code_blocks"] * 3 + numbers["code_spans"])
    yield _costs("code-span", CODE, _short(code, ENOUGH_CODE), f"{code} of {ENOUGH_CODE}")
    if (window := context.window) is not None:
        why = f"{int(numbers['bytes']):,} of {window.min:,} bytes"
        yield _costs("size-window", SIZE, _short(numbers["bytes"], window.min), why)


def _costs(gate: str, most: int, part: float, why: str) -> Deduction:
    """part: 0 (or less) to 1 (or more) of the most that the measure costs."""
    return Deduction(gate, round(most * min(1.0, max(0.0, part))), why)


def _short(value: float, wanted: float) -> float:
    """How far a value falls short of what is wanted: 0 (not at all) to 1."""
    return max(0.0, 1.0 - value / wanted) if wanted else 0.0
