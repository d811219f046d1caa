"""A long skill of a person's: its split waits for a person, and is applied whole.

The draft that is held is the new SKILL.md. Its references are not kept: the split of the text that
stands is the same whenever it is asked for, and a draft whose file changed is not applied.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nightpress.errors import NightpressError
from nightpress.fingerprint import sha256
from nightpress.ledger import Review, reviews
from nightpress.pipeline.attempts import Attempt, Draft
from nightpress.pipeline.run import Run
from nightpress.plan import Gatherer, Item, PluginState, TargetState, judge, split
from nightpress.plan.standing import Standing
from nightpress.plugin import sources

if TYPE_CHECKING:
    from nightpress.pipeline.pipeline import Press


def references(one: Review, state: TargetState, plugin: PluginState) -> Mapping[str, str]:
    """path (in the plugin) -> text of what goes with a held split; none of other drafts. Raises
    NightpressError where what stands, or the way of splitting, is no longer the same."""
    if one.model != split.MODEL:
        return {}
    found = _of(plugin, state)
    if found is None or found.skill.encode() != one.draft:
        raise NightpressError(
            f"{one.job}: not applied: {state.target_path} would be split differently by now",
            f'doit reject:{one.job} --because "..." drops the draft',
        )
    folder = posixpath.dirname(state.enhancement.target)
    return {f"{folder}/{path}": text for path, text in found.references.items()}


def _of(plugin: PluginState, state: TargetState) -> split.Split | None:
    target, standing = state.enhancement.target, state.inputs.standing.sha256
    text = sources.standing_text(plugin.root, target, standing)
    folder = f"{posixpath.dirname(target)}/"
    beside = {path.removeprefix(folder) for path in plugin.files if path.startswith(folder)}
    return split.split(text, beside)


def propose(run: Run, attempt: Attempt) -> None:
    """Hold the split of the skill that was just taken as it is, if it can be split, and nobody
    turned this very split down."""
    project, plugin, state = run.project, attempt.plugin, attempt.state
    found = _of(plugin, state)
    job, standing = attempt.item.id, state.inputs.standing
    if found is None:
        run.notice(f"{job}: no split is proposed: too little of it could go into a file of its own")
        return
    data = found.skill.encode()
    if reviews.turned_down(project.ledger, job, sha256(data)) is not None:
        return
    verdict = judge.judge(
        project, plugin, state.enhancement, state.counted, found.skill, ours=False,
        planned=[f"{posixpath.dirname(state.enhancement.target)}/{p}" for p in found.references],
    )  # fmt: skip
    draft = Draft(
        found.skill, split.MODEL, verdict.findings, verdict.score, None, 0, 0, state.counted,
        state.inputs.fingerprint, verdict.counted_from,
    )  # fmt: skip
    reviews.hold(
        project.ledger, attempt.row, job, data, draft.recorded(), standing.sha256, state.counted
    )
    count = len(found.references)
    run.notice(
        f"{job}: its split into SKILL.md ({standing.size:,} -> {len(data):,} bytes) and"
        f" {count} reference{'s' * (count != 1)} waits for you: doit review"
    )


def apply(press: Press, one: Review, item: Item, plugin: PluginState) -> bool:
    """Put SKILL.md and its references in place together; are they there? They stay the person's:
    the skill is adopted again, and the references are files of the plugin like any other."""
    state = plugin.states[item.name]
    beside = references(one, state, plugin)
    made = []
    for target, text in beside.items():
        name = f"{item.name}.{posixpath.basename(target).removesuffix('.md')}"
        enhancement = replace(state.enhancement, name=name, target=target)
        path = f"{posixpath.dirname(state.target_path)}/references/{posixpath.basename(target)}"
        plugin.states[name] = replace(
            state, enhancement=enhancement, target_path=path,
            inputs=replace(state.inputs, standing=Standing()),
        )  # fmt: skip
        own = replace(item, id=f"{item.slug}/{name}", name=name, target=path)
        made.append(_opened(press, one, own, plugin, text))
    made.append(_opened(press, one, item, plugin, one.draft.decode("utf-8")))
    try:
        there = press.put_in_place(made)
    finally:
        for attempt in made[:-1]:
            plugin.states.pop(attempt.item.name)
            press.lock.drop(attempt.item.id)
    if there:
        now = Gatherer(press.run.project).gather(item.slug)
        taken = press.attempts.open(item, now, None, "a person's text, split after review")
        press.adopted(taken)
    return there


def _opened(press: Press, one: Review, item: Item, plugin: PluginState, text: str) -> Attempt:
    taken = press.taken.get(plugin.slug)
    attempt = press.attempts.open(item, plugin, taken, "split after review")
    attempt.draft = Draft(
        text, one.model, tuple(one.findings), one.score_after, one.score_before, 0, 0, one.files,
        one.fingerprint, one.counted_from or "",
    )  # fmt: skip
    return attempt
