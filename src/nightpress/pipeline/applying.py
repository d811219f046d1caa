"""`doit apply:PLUGIN`: the drafts that wait are published, byte for byte as they were shown.

Floor 3. No call is made. Where the file changed since, a three-way merge is proposed, and taken
only when the user says so and nothing is in conflict.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from nightpress.errors import NightpressError
from nightpress.fingerprint import sha256
from nightpress.ledger import reviews
from nightpress.ledger.reviews import Review
from nightpress.pipeline import draft as drafting
from nightpress.pipeline import review
from nightpress.pipeline.pipeline import Press
from nightpress.plan import judge, staleness
from nightpress.plan.catalog import Item
from nightpress.plan.state import PluginState, TargetState


def apply(press: Press, slug: str, items: Mapping[str, Item], merge: bool) -> tuple[list[str], int]:
    """(lines for the user, how many drafts could not be applied)."""
    project = press.run.project
    said: list[str] = []
    left = 0
    for one in review.waiting(project, slug):
        found = press.plugin(slug)
        state = found.states.get(one.job.partition("/")[2])
        if state is None or one.job not in items:
            said.append(f"{one.job}: no manifest declares it any more: not applied")
            left += 1
            continue
        try:
            draft = _draft(press, one, found, state, merge)
        except NightpressError as error:
            said.append(str(error))
            left += 1
            continue
        why = "applied after review" if draft.text.encode() == one.draft else "merged after review"
        attempt = press.attempts.open(items[one.job], found, press.taken.get(slug), why)
        attempt.draft = draft
        if press.put_in_place(attempt, draft):
            reviews.decide(project.ledger, one, "applied")
            since = staleness.moved(
                draft.fingerprint, draft.counted, state.inputs, state.inputs.writer
            )
            if since:
                words = "; ".join(reason.text for reason in since)
                said.append(f"{one.job}: applied; since its draft {words}: the next run remakes it")
        else:
            left += 1
    return said, left


def _draft(
    press: Press, one: Review, found: PluginState, state: TargetState, merge: bool
) -> drafting.Draft:
    """What is to be published; raises NightpressError with what the user can do instead."""
    if sha256(one.draft) != one.draft_sha256:
        raise NightpressError(f"{one.job}: the draft in the ledger is damaged", "see: doit audit")
    draft = drafting.Draft(
        one.draft.decode("utf-8"), one.model, tuple(one.findings),
        one.score_after, one.score_before, one.tokens_in, one.tokens_out, one.files,
        one.fingerprint,
    )  # fmt: skip
    if not review.beside(one, state, found.root).edited:
        return draft
    path, conflicts = review.propose(press.run.project, one, state, found.root)
    if conflicts:
        raise NightpressError(
            f"{one.job}: not applied: {state.target_path} changed since the draft was made; a"
            f" three-way merge with {conflicts} conflict{'s' * (conflicts > 1)} is in {path}",
            f"mend it, copy it to {state.target_path}, then: doit adopt:{found.slug}",
        )
    if not merge:
        raise NightpressError(
            f"{one.job}: not applied: {state.target_path} changed since the draft was made; a"
            f" three-way merge without conflicts is in {path}",
            f"doit apply:{found.slug} --merge takes it;"
            f' doit reject:{found.slug} --because "..." drops the draft',
        )
    return _checked(press, one, found, state, draft)


def _checked(
    press: Press, one: Review, found: PluginState, state: TargetState, draft: drafting.Draft
) -> drafting.Draft:
    """The merge as a draft, if it passes the checks."""
    project = press.run.project
    text = review.merged(project, one, state, found.root)[0].decode("utf-8", "replace")
    verdict = judge.judge(
        project, found, state.enhancement, state.counted, text,
        planned=[other.enhancement.target for other in found.states.values()],
    )  # fmt: skip
    if verdict.errors:
        named = "; ".join(f"{f.check}: {f.message}" for f in verdict.errors[:3])
        raise NightpressError(f"{one.job}: the merge does not pass its checks: {named}")
    return replace(draft, text=verdict.text, findings=verdict.findings, score=verdict.score)
