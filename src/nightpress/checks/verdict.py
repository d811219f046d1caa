"""A text judged: normalised, looked at by every chosen gate, and scored."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from msgspec.structs import replace

from nightpress.checks import author, normalise, score, settings
from nightpress.checks.document import Document, parse
from nightpress.checks.evals import ASKED
from nightpress.checks.gate import Context, Gate, Spot, Verdict
from nightpress.checks.memo import answer
from nightpress.model import DATA, Finding


def judge(text: str, context: Context) -> Verdict:
    """The verdict on a text. Never raises for anything that the text holds.

    Normalisation comes first (line ends, byte order mark, spaces, final newline), so every other
    gate judges, and every location counts in, the normalised text.
    """
    normal = normalise.normalise(text)
    document = parse(normal, raw=text)
    gates = settings.chosen(context.settings, context.custom, context.ours)
    if context.format in DATA:
        gates = tuple(g for g in gates if g.name in ASKED or g.family == "custom")
    order = {gate.name: at for at, gate in enumerate(gates)}
    findings = [
        Finding(
            gate.name, gate.severity, _said(spot.message), spot.line, spot.column, _said(spot.hint)
        )
        for gate in gates
        for spot in _spots(gate, document, context)
    ]
    findings.sort(key=lambda f: (f.line, f.column, order[f.check]))
    numbers = score.measures(document, context)
    total = score.score(findings, {gate.name: gate for gate in gates}, numbers, context)
    deductions = {one.gate: one.points for one in total.deductions}
    return Verdict(normal, tuple(findings), total.points, deductions, numbers, total.counted_from)


def _spots(gate: Gate, document: Document, context: Context) -> Iterable[Spot]:
    if gate.family != "custom":
        spots = answer(gate, document, context)
        if gate.spares:
            spots = [s for s in spots if not author.wrote(document, context, s.line)]
            if context.persons and any(not spot.line for spot in spots) and _before(gate, context):
                return [spot for spot in spots if spot.line]
        return spots
    try:
        own = list(islice(gate.check(document, context, gate.options), gate.most))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the project's own: its fault is told
        return [Spot(f"the check itself failed: {type(error).__name__}: {error}"[:300])]
    wrong = next((spot for spot in own if not _is_spot(spot)), None)
    if wrong is not None:
        fault = f"the check itself failed: it gave {wrong!r}, not Spot(message, line, column, hint)"
        return [Spot(fault[:300])]
    return own


def _before(gate: Gate, context: Context) -> bool:
    """Does the gate find something of the whole of what the person wrote?"""
    text = normalise.normalise(context.persons)
    spots = answer(gate, parse(text, raw=context.persons), replace(context, persons=""))
    return any(not spot.line for spot in spots)


def _is_spot(given: object) -> bool:
    return (
        isinstance(given, Spot)
        and isinstance(given.message, str)
        and isinstance(given.hint, str)
        and all(isinstance(at, int) and at >= 0 for at in (given.line, given.column))
    )


def alone(
    target: str | None = None,
    plugin_paths: frozenset[str] | None = None,
    skill: bool | None = None,
) -> Context:
    """The context of a document outside any project: house rules are warnings there, and no size
    window holds. skill: None: judged by the name SKILL.md."""
    if skill is None:
        skill = target is None or target.rpartition("/")[2].lower() == "skill.md"
    return Context(
        target=target,
        ours=False,
        frontmatter="skill" if skill else "none",
        plugin_paths=plugin_paths,
    )


def _said(text: str) -> str:
    """The names of files may hold halves of characters; what is written and recorded may not."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
