"""A text judged: normalised, looked at by every chosen gate, and scored. The answers of our gates
are remembered with what they turned on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from nightpress.checks import author, normalise, score, settings
from nightpress.checks.document import Document, parse
from nightpress.checks.evals import ASKED
from nightpress.checks.gate import Context, Gate, Options, Spot, Verdict
from nightpress.model import DATA, Finding


class Begun(Struct, frozen=True):
    """A text judged as far as it and its own plugin tell. text, raw: normalised, and as received;
    left: gates that turn on the rest of the marketplace, or are the project's own."""

    text: str
    raw: str
    findings: tuple[Finding, ...]
    left: frozenset[str]
    measures: Mapping[str, float]


def judge(text: str, context: Context) -> Verdict:
    """The verdict on a text. Never raises for anything that the text holds.

    Normalisation comes first (line ends, byte order mark, spaces, final newline), so every other
    gate judges, and every location counts in, the normalised text.
    """
    return complete(begin(text, context), context)


def begin(text: str, context: Context) -> Begun:
    """The first part of `judge`, which may be done on another machine."""
    normal = normalise.normalise(text)
    document = parse(normal, raw=text)
    alone = replace(context, **dict.fromkeys(_LIVE))
    findings: list[Finding] = []
    left = set()
    for gate in _gates(context):
        live: set[str] = set()
        spots = () if gate.family == "custom" else _spots(gate, document, alone, live)
        if live or gate.family == "custom":
            left.add(gate.name)
        else:
            findings += _findings(gate, spots)
    measures = score.measures(document, context)
    return Begun(normal, text, tuple(findings), frozenset(left), measures)


def complete(begun: Begun, context: Context) -> Verdict:
    """The second part: what was left, and the score of it all."""
    gates = _gates(context)
    findings = list(begun.findings)
    for gate in gates:
        if gate.name in begun.left:
            document = parse(begun.text, raw=begun.raw)
            findings += _findings(gate, _spots(gate, document, context, set()))
    order = {gate.name: at for at, gate in enumerate(gates)}
    findings.sort(key=lambda f: (f.line, f.column, order[f.check]))
    total = score.score(findings, {gate.name: gate for gate in gates}, begun.measures, context)
    deductions = {one.gate: one.points for one in total.deductions}
    return Verdict(
        begun.text, tuple(findings), total.points, deductions, begun.measures, total.counted_from
    )


def errors(text: str, context: Context, asked: Callable[[Gate], bool]) -> tuple[str, list[Finding]]:
    """The normalised text, and the errors that those gates alone find in it."""
    normal = normalise.normalise(text)
    document = parse(normal, raw=text)
    gates = [gate for gate in _gates(context) if gate.severity == "error" and asked(gate)]
    found = [
        one for gate in gates for one in _findings(gate, _spots(gate, document, context, set()))
    ]
    return normal, sorted(found, key=lambda one: (one.line, one.column))


def _gates(context: Context) -> tuple[Gate, ...]:
    gates = settings.chosen(context.settings, context.custom, context.ours)
    if context.format in DATA:
        gates = tuple(g for g in gates if g.name in ASKED or g.family == "custom")
    return gates


def _findings(gate: Gate, spots: Iterable[Spot]) -> Iterator[Finding]:
    for spot in spots:
        yield Finding(
            gate.name, gate.severity, _said(spot.message), spot.line, spot.column, _said(spot.hint)
        )


def _spots(gate: Gate, document: Document, context: Context, live: set[str]) -> Iterable[Spot]:
    """live: takes what the gate asked of the rest of the marketplace."""
    if gate.family != "custom":
        spots = answer(gate, document, context, live)
        if gate.spares:
            spots = [s for s in spots if not author.wrote(document, context, s.line)]
            whole = context.persons and any(not spot.line for spot in spots)
            if whole and _before(gate, context, live):
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


def _before(gate: Gate, context: Context, live: set[str]) -> bool:
    """Does the gate find something of the whole of what the person wrote?"""
    text = normalise.normalise(context.persons)
    spots = answer(gate, parse(text, raw=context.persons), replace(context, persons=""), live)
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


# --- what gates answered before ---

_LIVE = frozenset({"neighbours", "elsewhere", "rivals"})
"""What changes behind the context's back: what turned on it is not remembered."""


class _Watched:
    """A context that notes what it is asked."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.read: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        value = self.read[name] = getattr(self._context, name)
        return value


class _Answer(Struct, frozen=True):
    """read: field of the context -> the value that the gate saw."""

    options: Options
    read: Mapping[str, Any]
    spots: tuple[Spot, ...]

    def holds(self, gate: Gate, context: Context) -> bool:
        return self.options == gate.options and all(
            getattr(context, name) == value for name, value in self.read.items()
        )


def answer(
    gate: Gate, document: Document, context: Context, live: set[str] | None = None
) -> Sequence[Spot]:
    """What one of our gates says of the document; asked only if no known answer holds. live: takes
    what it asked that changes behind the context's back.

    A gate is a pure function of the document and of what it reads of the context, so its answer
    holds in every context that agrees in that. One draft is judged several times in contexts that
    differ in little: as it is composed, among its neighbours, and without the document that it was
    made from.
    """
    answers = _answers(document.text, document.raw).setdefault(gate.name, [])
    for one in answers:
        if one.holds(gate, context):
            return one.spots
    watched = _Watched(context)
    findings = gate.check(document, cast("Context", watched), gate.options)
    spots = tuple(islice(findings, gate.most))
    if asked := _LIVE & watched.read.keys():
        if live is not None:
            live |= asked
    else:
        answers.append(_Answer(gate.options, watched.read, spots))
    return spots


@lru_cache(maxsize=8)
def _answers(text: str, raw: str) -> dict[str, list[_Answer]]:  # noqa: ARG001 - the key
    return {}
