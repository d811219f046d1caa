"""Drafts that wait for a person: held, shown, rejected with a reason, or published.

The draft's bytes live in the ledger until somebody decides, so what was paid for survives
`doit clean`, travels with every backup, and is published exactly as it was shown.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from nightpress.checks import Context, document, regression
from nightpress.checks import losses as losses_of
from nightpress.checks.extension import counted
from nightpress.checks.losses import Loss
from nightpress.errors import NightpressError, UnsafePath, UsageError
from nightpress.fingerprint import held, marks, sha256
from nightpress.ledger import Review, lockfile, reviews
from nightpress.model import Finding, Status
from nightpress.pipeline import both_sides, splits
from nightpress.pipeline.attempts import Draft
from nightpress.pipeline.publish import LockBook
from nightpress.plan import Item, PluginState, TargetState, bundle, changes, judge, split, staleness
from nightpress.plugin import sources
from nightpress.project import Project
from nightpress.storage import private, tree

if TYPE_CHECKING:
    from nightpress.pipeline.pipeline import Press

LONGEST_REASON = 2_000
"""Characters of a reason that go into the next prompt."""


class Waiting(Struct, frozen=True):
    """A draft that waits, beside what stands. lost: what the file says and neither the draft nor
    the new files that go with it do, word for word; gained: the other way round; edited: the file
    changed since the draft was made, so it cannot simply be applied; more: path -> bytes of the new
    files that go with it; accepts: errors of the file that its draft is spared, and `check` will be
    silent of; since: how its plugin differs from the one that it was made of; by_hand: the file
    held what a person edited of ours before the draft was made."""

    review: Review
    target: str
    size: int
    size_before: int
    old: str
    new: str
    lost: tuple[Loss, ...]
    gained: tuple[Loss, ...]
    edited: bool
    more: Mapping[str, int] = {}
    accepts: tuple[Finding, ...] = ()
    since: str = ""
    by_hand: bool = False


# --- on record ---


def waiting(project: Project, name: str = "") -> list[Review]:
    """The drafts that wait: of one document (PLUGIN/NAME), of one plugin, or all. One of a plugin
    that has no manifest any more waits for nobody; it is there again with the manifest."""
    if not project.has_ledger:
        return []
    slugs = frozenset(project.slugs())
    drafts = [one for one in reviews.waiting(project.ledger) if one.slug in slugs]
    return [one for one in drafts if name in ("", one.job, one.slug)]


def hint(project: Project, job: str) -> str:
    """Why a person turned the job's latest draft down; "" if nobody did."""
    if not project.has_ledger:
        return ""
    return reviews.rejected_because(project.ledger, job)[:LONGEST_REASON]


def turned_down(project: Project, job: str, text: str) -> str | None:
    """Why a person turned exactly this text down for the job; None if nobody did."""
    if not project.has_ledger:
        return None
    return reviews.turned_down(project.ledger, job, sha256(text.encode()))


def reject(project: Project, name: str, because: str) -> list[str]:
    """Turn drafts down, of a plugin or one (PLUGIN/NAME). The reason goes into the prompt of the
    next one; what is extracted hears no reason, and is not made again until something changes."""
    drafts = waiting(project, name)
    if drafts and not because.strip():
        hint = f'doit reject:{name} --because "what the next draft should do better"'
        raise UsageError("a rejection needs its reason, which goes into the next prompt", hint)
    lines = []
    for one in drafts:
        reviews.decide(project.ledger, one, "rejected", because.strip())
        project.index.invalidate([one.slug])
        if one.model == split.MODEL:
            lines.append(f"rejected {one.job}: its file stays in one piece")
        elif one.model == "offline":
            commit = _decline(project, one)
            lines.append(
                f"rejected {one.job}: not made again until its plugin or settings change"
                f" (doit force=1 enhance:{one.job} brings it back for review){commit}"
            )
        else:
            project.ledger.ask(one.job)
            lines.append(f"rejected {one.job}: the next doit makes it again, with your reason")
    return lines


def _decline(project: Project, one: Review) -> str:
    """Write into the lock file that what we published stays, so that a clone knows it, too; what
    the user is told of that."""
    entry = project.lock().get(one.job)
    if entry is None or entry.status != Status.PUBLISHED or not _stands(project, entry, one):
        return ""
    book = LockBook(project)
    book.record(replace(entry, declined=tuple(sorted(marks(one.fingerprint)))))
    book.flush()
    return f"; {lockfile.NAME} says so to clones and CI: commit it"


def _stands(project: Project, entry: lockfile.Entry, one: Review) -> bool:
    """Was the draft made beside what we published, whatever line ends the checkout has?"""
    if entry.sha256 == one.before_sha256:
        return True
    data = private.contents(project.root / entry.target)
    normal = entry.normal or entry.sha256
    return sha256(data) == one.before_sha256 and held(entry.target, data) == normal


# --- beside what stands ---


def shown(project: Project, one: Review, state: TargetState, plugin: PluginState) -> Waiting:
    """The draft beside the file that stands at its target, and what applying it would accept."""
    found = beside(project, one, state, plugin)
    return replace(found, accepts=judge.spared(project, plugin, state, found.new))


def beside(project: Project, one: Review, state: TargetState, plugin: PluginState) -> Waiting:
    """The draft and the file that stands at its target."""
    root = plugin.root
    standing = _standing(root, state.enhancement.target)
    old, new = _text(standing or b""), _text(one.draft)
    edited = (None if standing is None else sha256(standing)) != one.before_sha256
    more = {} if edited else splits.references(one, state, plugin)
    linked = more or _linked(project, one, state, plugin)
    lost = losses_of.losses(old, new, linked, literally=True) if old else ()
    gained = losses_of.losses(new, old, literally=True)
    return Waiting(
        one, state.target_path, len(one.draft), len(standing or b""), old, new, lost,
        tuple(gain for gain in gained if gain.kind != "order"),
        edited, {path: len(text.encode()) for path, text in more.items()},
        since=_since(one, state),
        by_hand=not edited and both_sides.has_edits(state.inputs),
    )  # fmt: skip


def _linked(
    project: Project, one: Review, state: TargetState, plugin: PluginState
) -> dict[str, str]:
    """path -> text of the references that a skill's draft links to, as they wait with it, or
    stand."""
    if not state.enhancement.references:
        return {}
    texts = dict(judge.bundled(plugin, state.enhancement))
    for other in waiting(project, one.slug):
        goes_with = plugin.states.get(other.job.partition("/")[2])
        if goes_with is not None and goes_with.enhancement.target in texts:
            texts[goes_with.enhancement.target] = _text(other.draft)
    context = Context(target=state.enhancement.target, bundle=texts)
    return dict(regression.linked(document.parse(_text(one.draft)), context))


def _since(one: Review, state: TargetState) -> str:
    """What has changed in the plugin since the draft was made. (A split fits, or is made anew.)"""
    found = changes.moved(one.fingerprint, one.files, state.inputs, one.model)
    told = (reason.text for reason in found if reason.code == "content")
    return "" if one.model == split.MODEL else "; ".join(told)


def _standing(root: Path, target: str) -> bytes | None:
    try:
        return tree.read(root, target, sources.STANDING_CAP)
    except (FileNotFoundError, UnsafePath):
        return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# --- as values ---


def as_dict(drafts: Sequence[Waiting]) -> list[dict[str, Any]]:
    """For `doit review --format json`."""
    return [
        {
            "job": one.review.job, "target": one.target, "made": one.review.made,
            "bytes": one.size, "bytes_before": one.size_before, "model": one.review.model,
            "score_before": one.review.score_before, "score_after": one.review.score_after,
            "counted_from": one.review.counted_from,
            "findings": [asdict(finding) for finding in one.review.findings], "edited": one.edited,
            "accepts": [asdict(finding) for finding in one.accepts],
            "sha256": one.review.draft_sha256,
            "losses": [{**asdict(loss), "message": loss.message} for loss in one.lost],
            "more": dict(one.more), "since": one.since,
            "gains": [asdict(gain) for gain in one.gained], "diff": _diff(one),
        }
        for one in drafts
    ]  # fmt: skip


def _diff(one: Waiting) -> list[str]:
    """The lines of a unified diff."""
    names = (f"{one.target} (current)", f"{one.target} (draft)")
    lines = difflib.unified_diff(one.old.splitlines(), one.new.splitlines(), *names, lineterm="")
    return list(lines)


# --- `doit apply`: published byte for byte as it was shown; no call is made ---


def apply(
    press: Press,
    name: str,
    items: Mapping[str, Item],
    *,
    merge: bool,
    lossless: bool,
    named: bool,
) -> tuple[list[str], int]:
    """Publish what waits of a plugin, or one document (PLUGIN/NAME) with its bundle: (lines for the
    user, how many could not be applied). lossless: only drafts that lose no word
    there; named: was it asked for by name? Only then drafts of another state of their plugin are
    taken."""
    lines: list[str] = []
    left = 0
    done = set[str]()
    for one in waiting(press.run.project, name):
        if one.job in done:
            continue
        states = press.plugin(one.slug).states
        if one.job.partition("/")[2] not in states or one.job not in items:
            lines.append(f"{one.job}: no manifest declares it any more: not applied")
            left += 1
            continue
        group = _bundle(press, one, states)
        done |= {other.job for other in group}
        try:
            if said := _held_back(press, group, lossless=lossless, named=named):
                lines += said
                continue
            told = _apply(press, group, items, merge)
            lines += told or ()
            left += len(group) if told is None else 0
        except NightpressError as error:
            lines.append(str(error))
            left += len(group)
    return lines, left


def _bundle(press: Press, one: Review, states: Mapping[str, TargetState]) -> list[Review]:
    """The draft, after those that are published with it."""
    name = one.job.partition("/")[2]
    skill = bundle.skill_of(states, name) or name
    own = {f"{one.slug}/{n}" for n in bundle.members(states, skill)}
    drafts = waiting(press.run.project, one.slug)
    head = [draft for draft in drafts if draft.job == f"{one.slug}/{skill}"]
    return [draft for draft in drafts if draft.job in own] + head


def _held_back(press: Press, group: Sequence[Review], *, lossless: bool, named: bool) -> list[str]:
    """Why these drafts go on waiting, as lines."""
    if named and not lossless:
        return []
    lines = []
    for one in group:
        plugin = press.plugin(one.slug)
        state = plugin.states[one.job.partition("/")[2]]
        found = beside(press.run.project, one, state, plugin)
        if lossless and found.lost:
            lines.append(f"{one.job}: still waits: it would lose {counted(found.lost)}")
        elif found.since:
            lines.append(
                f"{one.job}: still waits: it is of another state of its plugin ({found.since});"
                f" doit apply:{one.job} takes it all the same"
            )
    return lines


def _whole(states: Mapping[str, TargetState], group: Sequence[Review]) -> None:
    """Raises NightpressError where a bundle would be published in part."""
    names = {one.job.partition("/")[2]: one for one in group}
    for name, one in names.items():
        skill = bundle.skill_of(states, name) or name
        missing = [
            other
            for other in (skill, *bundle.members(states, skill))
            if other not in names and states[other].inputs.standing.sha256 is None
        ]
        if skill not in names and states[skill].decision.action == "make":
            missing.append(skill)
        if missing:
            other = states[missing[0]].decision
            again = f"doit enhance:{one.slug}"
            if other.action == "parked":
                again = f"doit force=1 enhance:{one.slug}/{missing[0]}"
            raise NightpressError(
                f"{one.job}: not applied: it goes with {missing[0]}, which is {other.word}",
                f"{again} makes it, then: doit apply:{one.slug}",
            )


def _apply(
    press: Press, group: Sequence[Review], items: Mapping[str, Item], merge: bool
) -> list[str] | None:
    """Publish these drafts together; lines for the user, None where the disk or somebody's save
    was against it (told by the attempts). Raises NightpressError where one of them cannot be
    published; none is then."""
    project, plugin = press.run.project, press.plugin(group[0].slug)
    if (one := group[0]).model == split.MODEL:
        state = plugin.states[one.job.partition("/")[2]]
        if beside(project, one, state, plugin).edited:
            raise NightpressError(
                f"{one.job}: not applied: the file changed since its split was proposed",
                "the next run proposes another one",
            )
        there = splits.apply(press, one, items[one.job], plugin)
        if there:
            reviews.decide(project.ledger, one, "applied")
        return [] if there else None
    _whole(plugin.states, group)
    drafts = [
        _draft(press, one, plugin, plugin.states[one.job.partition("/")[2]], merge) for one in group
    ]
    made, lines = [], []
    for one, draft in zip(group, drafts, strict=True):
        state = plugin.states[one.job.partition("/")[2]]
        for error in judge.spared(project, plugin, state, draft.text):
            lines.append(f"{one.job}: accepted: {error.check}: {error.message}")
        why = "applied after review" if draft.text.encode() == one.draft else staleness.MERGED
        attempt = press.attempts.open(items[one.job], plugin, press.taken.get(plugin.slug), why)
        attempt.draft = draft
        made.append(attempt)
    if not press.put_in_place(made):
        return None
    for one, attempt in zip(group, made, strict=True):
        reviews.decide(project.ledger, one, "applied")
        inputs = attempt.state.inputs
        if since := changes.moved(one.fingerprint, one.files, inputs, inputs.writer):
            words = "; ".join(reason.text for reason in since)
            lines.append(f"{one.job}: applied; since its draft {words}: the next run remakes it")
    return lines


def _draft(
    press: Press, one: Review, plugin: PluginState, state: TargetState, merge: bool
) -> Draft:
    """What is to be published; raises NightpressError with what the user can do instead."""
    if sha256(one.draft) != one.draft_sha256:
        raise NightpressError(f"{one.job}: the draft in the ledger is damaged", "see: doit audit")
    draft = Draft(
        one.draft.decode("utf-8"), one.model, tuple(one.findings),
        one.score_after, one.score_before, one.tokens_in, one.tokens_out, one.files,
        one.fingerprint, one.counted_from or "",
    )  # fmt: skip
    project = press.run.project
    if beside(project, one, state, plugin).edited or (merge and both_sides.has_edits(state.inputs)):
        return both_sides.merged(project, one, plugin, state, draft, take=merge)
    return draft
