"""Fresh, or stale with its reasons: the one decision that everything else follows from.

Pure functions of values. Gathered by `gather`, acted on by `pipeline`; the same
Decision feeds the build, the plan, `doit info`, the report and the audit row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from nightpress.model import Action, Decision, Finding, Fingerprint, Reason, Status, Window


class Standing(Struct, frozen=True):
    """The file that stands at the target; sha256 None: there is none."""

    sha256: str | None = None
    size: int = 0


class Publication(Struct, frozen=True):
    """What the ledger or the lock file says was published or adopted last."""

    status: str
    sha256: str
    fingerprint: Fingerprint
    writer: str
    files: Mapping[str, str] | None = None
    accepted: tuple[str, ...] = ()


class LastRow(Struct, frozen=True):
    """The latest row of the ledger, whatever its status. waits: its draft waits for a person."""

    status: str
    fingerprint: Fingerprint
    before_sha256: str | None
    message: str = ""
    waits: bool = False


class Inputs(Struct, frozen=True):
    """Everything that a decision is made from. `findings` are the errors of the standing file,
    and `shortage` says why the source is not enough; both are asked for only when they matter."""

    standing: Standing
    window: Window
    fingerprint: Fingerprint
    files: Mapping[str, str]
    writer: str
    writer_by_default: bool = False
    publication: Publication | None = None
    last: LastRow | None = None
    asked: bool = False
    forced: bool = False
    findings: Sequence[Finding] = ()
    shortage: str = ""
    publications: frozenset[str] = frozenset()


def is_ours(standing: Standing, publication: Publication | None) -> bool:
    """Does the very text stand there that we published?"""
    return (
        publication is not None
        and publication.status == Status.PUBLISHED
        and standing.sha256 == publication.sha256
    )


def is_edited(standing: Standing, publication: Publication | None) -> bool:
    """Did somebody edit what we published?"""
    return (
        publication is not None
        and publication.status == Status.PUBLISHED
        and standing.sha256 is not None
        and standing.sha256 != publication.sha256
    )


def needs_judgement(inputs: Inputs) -> bool:
    """Would the decision look at the findings of the standing file? (Judging costs time.)"""
    if inputs.standing.sha256 is None or is_ours(inputs.standing, inputs.publication):
        return False
    if is_edited(inputs.standing, inputs.publication) or not inputs.window.holds(
        inputs.standing.size
    ):
        return False
    return not _as_adopted(inputs)


def decide(inputs: Inputs) -> Decision:
    """Fresh, or what to do and why."""
    if inputs.forced:
        return _make(inputs, [Reason("asked", "asked for (force)"), *_changes(inputs)])
    if is_edited(inputs.standing, inputs.publication):
        return Decision("keep", (Reason("edited", "edited by hand since we published it"),))
    if inputs.asked:
        return _make(inputs, [Reason("asked", "asked for"), *_changes(inputs)])
    if is_ours(inputs.standing, inputs.publication):
        reasons = _changes(inputs)
        return _make(inputs, reasons) if reasons else Decision("fresh")
    return _decide_foreign(inputs)


def _decide_foreign(inputs: Inputs) -> Decision:
    """There is no file, or one that is not our publication."""
    if inputs.standing.sha256 is None:
        gone = inputs.publication is not None
        return _make(inputs, [Reason("missing", "target missing") if gone else _NEVER])
    if _as_adopted(inputs):
        return Decision("fresh")
    reasons = _size_reasons(inputs.standing, inputs.window)
    errors = [finding for finding in inputs.findings if finding.severity == "error"]
    accepted = inputs.publication.accepted if inputs.publication is not None else ()
    # of a check that somebody overruled once, a further finding is told, but replaces no file
    overruled = {mark.partition("#")[0] for mark in accepted}
    new = [finding for finding in errors if finding.check not in overruled]
    if not reasons and not new:
        return Decision(
            "adopt", (Reason("good", "already good: within the window, passes its checks"),)
        )
    if new:
        checks = ", ".join(dict.fromkeys(finding.check for finding in new))
        reasons.append(Reason("findings", f"the file that stands there has findings: {checks}"))
    return _make(inputs, [_NEVER, *reasons])


def _as_adopted(inputs: Inputs) -> bool:
    """The very file that was adopted, from the very ingredients that it was judged with."""
    adopted = inputs.publication
    return (
        adopted is not None
        and adopted.status == Status.ADOPTED
        and adopted.sha256 == inputs.standing.sha256
        and adopted.fingerprint.content == inputs.fingerprint.content
        and adopted.fingerprint.settings == inputs.fingerprint.settings
    )


def _make(inputs: Inputs, reasons: Sequence[Reason]) -> Decision:
    """It wants making; but is it parked, or is there too little to make it from?"""
    every = tuple(reasons)
    wanted = inputs.forced or inputs.asked
    if not wanted and _parked(inputs):
        return Decision("parked", (_why_parked(inputs), *every))
    if inputs.shortage and not inputs.forced:
        return Decision("insufficient", (Reason("insufficient", inputs.shortage), *every))
    return Decision("make", every)


def _why_parked(inputs: Inputs) -> Reason:
    if inputs.last is not None and inputs.last.waits:
        return Reason("review", "its draft waits for you: doit review")
    message = inputs.last.message if inputs.last is not None else ""
    return Reason("parked", f"refused before ({message})")


def _parked(inputs: Inputs) -> bool:
    last = inputs.last
    return (
        last is not None
        and (last.status == Status.REFUSED or last.waits)
        and _same(last.fingerprint, inputs)
        and last.before_sha256 == inputs.standing.sha256
    )


def recorded(inputs: Inputs, decision: Decision) -> bool:
    """Does the ledger's latest row already say this? (Rows are written when it first happens.)"""
    if inputs.last is None:
        return False
    status = {"keep": Status.KEPT, "insufficient": Status.INSUFFICIENT}.get(decision.action)
    return (
        inputs.last.status == status
        and inputs.last.before_sha256 == inputs.standing.sha256
        and (status == Status.KEPT or _same(inputs.last.fingerprint, inputs))
    )


def _same(before: Fingerprint, inputs: Inputs) -> bool:
    return not _ingredients(before, inputs, writer="")


def _ingredients(before: Fingerprint, inputs: Inputs, writer: str) -> list[str]:
    """Names of the ingredients that differ. A backend that was chosen for want of a key
    (`writer_by_default`) never makes a model's document stale."""
    now = inputs.fingerprint
    names = ["content", "generator", "schemas", "settings", "model"]
    changed = [name for name in names if getattr(before, name) != getattr(now, name)]
    if "model" in changed and inputs.writer_by_default and writer not in ("", "offline"):
        changed.remove("model")
    return changed


def _changes(inputs: Inputs) -> list[Reason]:
    """Why our publication is no longer up to date."""
    publication = inputs.publication
    if publication is None or inputs.standing.sha256 is None:
        return []
    reasons = moved(publication.fingerprint, publication.files, inputs, publication.writer)
    return reasons + _size_reasons(inputs.standing, inputs.window)


def moved(
    before: Fingerprint, files: Mapping[str, str] | None, inputs: Inputs, writer: str = ""
) -> list[Reason]:
    """The ingredients that differ from those that something was made from, in words; files: path ->
    sha256 of its content, None if unknown; writer: who made it, in words."""
    reasons = []
    for name in _ingredients(before, inputs, writer):
        if name == "content":
            if files is not None and not _differences(files, inputs):
                continue
            reasons.append(Reason("content", _content_words(files, inputs)))
        elif name == "model":
            reasons.append(Reason("model", f"model changed: {writer} -> {inputs.writer}"))
        else:
            reasons.append(Reason(name, _WORDS[name]))
    return reasons


def _differences(before: Mapping[str, str], inputs: Inputs) -> list[tuple[str, str]]:
    """(what, path) for each file that differs; what is our publication by now counts on
    neither side."""
    now = inputs.files
    differences = [("added", p) for p in now if p not in before]
    differences += [("changed", p) for p in now if p in before and before[p] != now[p]]
    differences += [("removed", p) for p in before if p not in now and p not in inputs.publications]
    return sorted(differences)


def _content_words(before: Mapping[str, str] | None, inputs: Inputs) -> str:
    if before is None:
        return "content changed"
    differences = _differences(before, inputs)
    named = [f"{path} {what}" for what, path in differences[:_NAMED]]
    more = f" and {len(differences) - _NAMED} more" if len(differences) > _NAMED else ""
    return f"content changed: {', '.join(named)}{more}"


def _size_reasons(standing: Standing, window: Window) -> list[Reason]:
    if standing.size < window.min:
        return [Reason("undersized", f"undersized ({standing.size:,} of {window.min:,} bytes)")]
    if standing.size > window.max:
        text = f"over the maximum ({standing.size:,} of {window.max:,} bytes)"
        return [Reason("oversized", text)]
    return []


def work(action: Action, already_recorded: bool) -> bool:
    """Is there something to do or to write down?"""
    if action in ("make", "adopt"):
        return True
    return action in ("keep", "insufficient") and not already_recorded


_NEVER = Reason("never", "never made")
_NAMED = 3
_WORDS = {
    "generator": "generator changed",
    "schemas": "analysis contract changed",
    "settings": "settings changed",
}
