"""Fresh, or stale with its reasons: the one decision that everything else follows from.

Pure functions of values. Gathered by `gather`, acted on by `pipeline`; the same
Decision feeds the build, the plan, `doit info`, the report and the audit row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.model import (
    Action,
    Decision,
    Enhancement,
    Finding,
    Fingerprint,
    Reason,
    Status,
    Window,
)
from nightpress.plan import changes
from nightpress.plan.standing import LastRow, Publication, Standing

KEPT = "a person's file, kept"
REPLACES = "REPLACES a person's file"
"""Said in plan, run and ledger wherever a draft takes the place of what a person wrote."""
MERGED = "merged after review"
TOO_LITTLE = "too-little"
"""The reason where a writer said that the plugin holds too little."""
LONG = 20_000
"""Bytes of a skill, about 5,000 tokens: a harness keeps no more of it."""
OFFERED = f"over {LONG:,} bytes: a split into SKILL.md and references is proposed"
UNTOUCHED = "untouched"
"""The reason where the content changed, and nothing that a section of the document rests on."""
EDITED = "edited by hand since we published it"
SAVED = "saved by a person while its document was being made"

NOTED: Mapping[str, Status] = {
    "keep": Status.KEPT, "insufficient": Status.INSUFFICIENT, "hollow": Status.HOLLOW,
}  # fmt: skip
"""Actions that write down once how it stands, and do nothing else."""


class Inputs(Struct, frozen=True):
    """Everything that a decision is made from. `findings` are the errors of the current file,
    `shortage` says why the source is not enough, and `hollow` why the plugin has nothing real to
    say; all are asked for only when they matter.

    window: what its content asks for where that was looked at, else the manifest's; asks: the same
    in words; declared: bytes that the manifest asks for at least; policy: what may happen to a
    person's file (`standing` of the enhancement); reviewed: no draft is published unseen; named:
    this very document was named on the command line; undone: our latest publication, where what
    stood before it stands again; mentioned: changed files that an adopted document names; behind:
    the fields of its frontmatter that plugin.json has another value for, in words; cut: changes
    that make nothing stale, and why; in_part: headings of the sections that a change of the content
    makes stale; None: it makes all of it stale."""

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
    asks: str = ""
    declared: int = 0
    hollow: str = ""
    publications: frozenset[str] = frozenset()
    policy: str = "keep"
    reviewed: bool = False
    named: bool = False
    undone: Publication | None = None
    mentioned: frozenset[str] = frozenset()
    behind: str = ""
    cut: tuple[str, ...] = ()
    in_part: tuple[str, ...] | None = None


def is_ours(standing: Standing, publication: Publication | None) -> bool:
    """Does the very text stand there that we published?"""
    return (
        publication is not None
        and publication.status == Status.PUBLISHED
        and standing.sha256 == publication.sha256
    )


def spares(inputs: Inputs) -> bool:
    """May nothing of the standing text be lost? A person's, unless it is to be replaced."""
    known = inputs.publication
    ours = is_ours(inputs.standing, known) and not (known and known.persons)
    return inputs.standing.sha256 is not None and not ours and inputs.policy != "replace"


def extends(inputs: Inputs) -> bool:
    """Is a draft the standing text with something added, or nothing? (Where a person looks at it
    first, another name or description may be proposed.)"""
    known = inputs.publication
    ours = is_ours(inputs.standing, known)
    return spares(inputs) and (ours or inputs.policy == "extend") and not inputs.forced


def is_edited(standing: Standing, publication: Publication | None) -> bool:
    """Did somebody edit what we published?"""
    return (
        publication is not None
        and publication.status == Status.PUBLISHED
        and standing.sha256 is not None
        and standing.sha256 != publication.sha256
    )


def needs_judgement(inputs: Inputs) -> bool:
    """Would the decision look at the findings of the current file? (Judging costs time.)"""
    standing = inputs.standing
    return (
        standing.sha256 is not None
        and standing.size >= _wanted(inputs).min
        and not is_ours(standing, inputs.publication)
        and not _edited(inputs)
        and not is_adopted(standing, inputs.publication)
        and not is_undone(inputs)
    )


def _wanted(inputs: Inputs) -> Window:
    """The window of a person's file; of one that may be replaced the manifest's, for a template
    fills the window of its content, too."""
    least = inputs.declared if inputs.policy == "replace" else 0
    return replace(inputs.window, min=max(least, inputs.window.min))


def decide(inputs: Inputs) -> Decision:
    """Fresh, or what to do and why."""
    ours = is_ours(inputs.standing, inputs.publication)
    if inputs.forced:
        asked = [Reason("asked", "forced")]
        if inputs.standing.sha256 is not None and not ours:
            asked.append(_persons(inputs, "auto"))
        return _make(inputs, [*asked, *_changes(inputs)])
    if inputs.standing.sha256 is not None and not ours:
        return _decide_persons(inputs)
    if inputs.asked:
        return _make_ours(inputs, [Reason("asked", "you asked for it"), *_changes(inputs)])
    if ours:
        reasons = _changes(inputs)
        if reasons and is_undone(inputs) and not inputs.named:
            return _EARLIER
        if inputs.in_part is not None and {one.code for one in reasons} == {"content"}:
            return _in_part(inputs, reasons, inputs.in_part)
        return _make_ours(inputs, reasons) if reasons else _followed(inputs)
    gone = inputs.publication is not None
    return _make(inputs, [Reason("missing", "target missing") if gone else _NEVER])


def _followed(inputs: Inputs) -> Decision:
    """Up to date, but for fields of the frontmatter that follow plugin.json."""
    if not inputs.behind or is_undone(inputs) or _parked(inputs):
        said = "; ".join((*inputs.cut, *changes.untold(inputs))[: changes.NAMED])
        return Decision("fresh", (Reason("cutoff", f"{said}: up to date"),) if said else ())
    return Decision("render", (Reason("frontmatter", f"frontmatter: {inputs.behind}"),))


def _in_part(inputs: Inputs, reasons: Sequence[Reason], stale: Sequence[str]) -> Decision:
    """The sections that rest on what changed are asked for; where there are none, the text stays,
    and is recorded as that of the plugin as it is now."""
    if not stale:
        said = tuple(reason.text.removeprefix("content changed: ") for reason in reasons)
        return Decision("render", (Reason(UNTOUCHED, f"{'; '.join(said)}: {_RESTS}"),))
    named = changes.some([title or "the beginning" for title in stale])
    which = Reason("sections", f"partly stale: {named}")
    decision = _make_ours(inputs, [*reasons, which])
    return replace(decision, sections=tuple(stale)) if decision.action == "make" else decision


def _make_ours(inputs: Inputs, reasons: Sequence[Reason]) -> Decision:
    """What goes back to a person's file may lose no more of it than it did."""
    decision = _make(inputs, reasons)
    known = inputs.publication
    if known is None or not known.extends or inputs.standing.sha256 is None:
        return decision
    return replace(decision, publish="extend")


def _decide_persons(inputs: Inputs) -> Decision:
    """A person's file stands there: one that we never published, or that was edited or adopted
    since. Only one that is too small is a case for a draft, and what becomes of the draft is the
    project's word (`standing`); whatever its findings, it is never replaced for them."""
    standing, window = inputs.standing, _wanted(inputs)
    size = _size_reasons(standing, window)
    undersized = standing.size < window.min
    if inputs.asked:
        return _propose(inputs, [Reason("asked", "you asked for it")])
    if is_adopted(standing, inputs.publication):
        since = changes.since_adopted(inputs)
        if inputs.named and (since or undersized):
            return _propose(inputs, [*since, *size])
        return _beside(inputs, Decision("fresh", since))
    if is_undone(inputs) and not inputs.named:
        return _UNDONE
    if inputs.last is not None and inputs.last.saved and not inputs.named:
        return Decision("keep", (Reason("saved", SAVED),))
    drafted = inputs.named or inputs.policy in ("review", "extend") or _parked(inputs)
    if undersized and drafted:
        return _propose(inputs, size)
    if _edited(inputs):
        reasons = (Reason("edited", EDITED), *changes.since_published(inputs))
        return _beside(inputs, Decision("keep", reasons))
    if undersized and inputs.policy == "replace":
        return _propose(inputs, size)
    if undersized:
        return Decision("keep", (Reason("undersized", f"{KEPT}: {size[0].text}"),))
    return _beside(inputs, Decision("adopt", _adopted_with(inputs)))


def _beside(inputs: Inputs, decision: Decision) -> Decision:
    """The decision on a person's file that is good as it is; parked as long as a draft that
    somebody asked for waits beside it."""
    last = inputs.last
    if last is None or last.before_sha256 != inputs.standing.sha256:
        return decision
    if last.waits:
        reasons = (_why_parked(inputs), Reason("person", "a person's file"), *decision.reasons)
        return Decision("parked", reasons, publish="review")
    if last.rejected:
        said = f"its draft was rejected ({last.rejected}): the file stays"
        return replace(decision, reasons=(*decision.reasons, Reason("rejected", said)))
    return decision


def _propose(inputs: Inputs, reasons: Sequence[Reason]) -> Decision:
    """A draft beside a person's file: published, published where nothing is lost, or held. What
    somebody edited or adopted is no template's any more: there, no draft replaces anything."""
    publish = {"replace": "auto", "extend": "extend"}.get(inputs.policy, "review")
    if publish == "auto" and (_edited(inputs) or is_adopted(inputs.standing, inputs.publication)):
        publish = "review"
    decision = _make(inputs, [Reason("person", "a person's file"), *reasons])
    if decision.action == "make":
        return replace(decision, reasons=(_persons(inputs, publish), *reasons), publish=publish)
    return replace(decision, publish=publish)


def _adopted_with(inputs: Inputs) -> tuple[Reason, ...]:
    """Why a person's file is taken as it is; what there is to say of it goes along."""
    errors = [finding for finding in inputs.findings if finding.severity == "error"]
    reasons = _size_reasons(inputs.standing, _wanted(inputs))
    if errors:
        said = ", ".join(dict.fromkeys(finding.check for finding in errors))
        reasons.append(
            Reason("findings", f"a person's file, taken as it is with its findings: {said}")
        )
    if reasons:
        return tuple(reasons)
    return (Reason("good", f"already good: {inputs.standing.size:,} bytes, passes its checks"),)


def split_due(enhancement: Enhancement, inputs: Inputs, decision: Decision) -> Decision:
    """The decision; of a long skill that is a person's, where drafts are wanted beside such files,
    that it is taken as it is, and a split proposed, once."""
    known = is_adopted(inputs.standing, inputs.publication)
    taken = decision.action == "adopt" or (decision.action == "fresh" and known)
    wanted = inputs.policy in ("review", "extend") and enhancement.target.endswith("/SKILL.md")
    last = inputs.last
    offered = last is not None and last.offered and last.before_sha256 == inputs.standing.sha256
    if not (taken and wanted) or offered or inputs.standing.size <= LONG:
        return decision
    return Decision("adopt", (Reason("long", OFFERED), *decision.reasons))


def is_adopted(standing: Standing, publication: Publication | None) -> bool:
    """Does the very text stand there that was adopted?"""
    return (
        publication is not None
        and publication.status == Status.ADOPTED
        and standing.sha256 == publication.sha256
    )


def changed_since_adopted(inputs: Inputs) -> tuple[str, ...]:
    """Paths of the plugin's files that changed since a document of a person's was adopted."""
    known = inputs.publication
    if known is None or known.files is None or not is_adopted(inputs.standing, known):
        return ()
    if known.fingerprint.content == inputs.fingerprint.content:
        return ()
    return tuple(path for _, path in changes.differences(known.files, inputs))


def is_edited_by_hand(inputs: Inputs) -> bool:
    """Did somebody edit what we published, and not just put back what stood there before?"""
    return is_edited(inputs.standing, inputs.publication) and inputs.undone is None


def _edited(inputs: Inputs) -> bool:
    """The same; what was saved while we made a document counts, too."""
    return (inputs.last is not None and inputs.last.saved) or is_edited_by_hand(inputs)


def is_undone(inputs: Inputs) -> bool:
    """Did somebody put back what stood there before our publication, with nothing changed since?
    (`git revert`, `doit clean enhance:X`, `doit restore`: the publication was not wanted.)"""
    undone = inputs.undone
    return undone is not None and not changes.ingredients(undone.fingerprint, inputs, undone.writer)


def _make(inputs: Inputs, reasons: Sequence[Reason]) -> Decision:
    """It wants making; but is it parked, or is there too little to make it from?"""
    every = tuple(reasons)
    last = inputs.last
    stopped = last is not None and (last.stopped or last.too_little)
    wanted = inputs.forced or inputs.asked or (stopped and inputs.named)
    if not wanted and _parked(inputs):
        why = _why_parked(inputs)
        made = why.code in ("review", "rejected")
        return Decision("parked", (why, *(one for one in every if not (made and one is _NEVER))))
    if inputs.hollow and not inputs.forced:
        return Decision("hollow", (Reason("hollow", inputs.hollow), *every))
    if (
        last is not None
        and last.too_little
        and changes.same(last.fingerprint, inputs)
        and not wanted
    ):
        return Decision("insufficient", (Reason(TOO_LITTLE, last.message), *every))
    if inputs.shortage and not inputs.forced:
        return Decision("insufficient", (Reason("insufficient", inputs.shortage), *every))
    return Decision("make", every)


def _why_parked(inputs: Inputs) -> Reason:
    last = inputs.last
    if last is not None and last.rejected:
        again = "made again when something changes, or by force"
        return Reason("rejected", f"its draft was rejected ({last.rejected}): {again}")
    if last is not None and last.waits:
        what = "split" if last.offered else "draft"
        return Reason("review", f"its {what} waits for you: doit review")
    if is_declined(inputs):
        return Reason("rejected", "a draft of it was rejected: made again when something changes")
    message = last.message if last is not None else ""
    if last is not None and last.blocked:
        return Reason("blocked", f"the provider's filter stopped it before ({message})")
    if last is not None and last.stopped:
        return Reason("withheld" if last.withheld else "lost", message)
    return Reason("parked", f"refused before ({message})")


def is_declined(inputs: Inputs) -> bool:
    """Does the lock file say that somebody rejected a draft made from the same ingredients?"""
    known = inputs.publication
    marks = known.declined if known is not None else ()
    return bool(marks) and not fingerprint.marks(inputs.fingerprint).isdisjoint(marks)


def _parked(inputs: Inputs) -> bool:
    if is_declined(inputs):
        return True
    last = inputs.last
    return (
        last is not None
        and (last.status == Status.REFUSED or last.waits or bool(last.rejected) or last.stopped)
        and changes.same(last.fingerprint, inputs)
        and last.before_sha256 == inputs.standing.sha256
    )


def replaces(decision: Decision) -> bool:
    """Would a draft take the place of what stands there? (It is no content of its siblings.)"""
    return decision.action in ("make", "parked", "hollow") and decision.publish == "auto"


def recorded(inputs: Inputs, decision: Decision) -> bool:
    """Does the ledger's latest row already say this? (Rows are written when it first happens.)"""
    if inputs.last is None:
        return False
    status = NOTED.get(decision.action)
    return (
        inputs.last.status == status
        and inputs.last.before_sha256 == inputs.standing.sha256
        and (status == Status.KEPT or changes.same(inputs.last.fingerprint, inputs))
    )


def _changes(inputs: Inputs) -> list[Reason]:
    """Why our publication is no longer up to date."""
    publication = inputs.publication
    if publication is None or inputs.standing.sha256 is None:
        return []
    reasons = changes.moved(publication.fingerprint, publication.files, inputs, publication.writer)
    return reasons + _size_reasons(inputs.standing, inputs.window)


def _size_reasons(standing: Standing, window: Window) -> list[Reason]:
    if standing.size < window.min:
        return [Reason("undersized", f"undersized ({standing.size:,} of {window.min:,} bytes)")]
    if standing.size > window.max:
        text = f"over the maximum ({standing.size:,} of {window.max:,} bytes)"
        return [Reason("oversized", text)]
    return []


def unseen(decision: Decision, absent: Iterable[str]) -> Decision:
    """The same, but where content alone differs, of which a part is not in this checkout and
    nobody knows what it was: then the document stays."""
    codes = {reason.code for reason in decision.reasons}
    if decision.action not in ("make", "insufficient", "hollow") or "content" not in codes:
        return decision
    if codes - {"content", "insufficient", "hollow"}:
        return decision
    said = f"whether content changed cannot be told: {changes.some(sorted(absent))} is not fetched"
    return Decision("fresh", (Reason("unfetched", said),))


def work(action: Action, already_recorded: bool) -> bool:
    """Is there something to do or to write down?"""
    if action in ("make", "render", "adopt"):
        return True
    return action in NOTED and not already_recorded


_NEVER = Reason("never", "never made")
_RESTS = "no section rests on that, the text stays"
_PERSONS = {
    "auto": Reason("person", REPLACES),
    "review": Reason("person", "a person's file: its draft will wait for you"),
    "extend": Reason("person", "a person's file: extended if nothing of it is lost"),
}


def _persons(inputs: Inputs, publish: str) -> Reason:
    """What becomes of the draft for a person's file."""
    return _PERSONS["review" if inputs.reviewed else publish]


_UNDONE = Decision(
    "parked",
    (Reason("undone", "the text from before us is back: not made again until you name it"),),
    publish="review",
)
_BACK = "an earlier version is back: made again when something changes, or its plugin is named"
_EARLIER = Decision("parked", (Reason("undone", _BACK),))
