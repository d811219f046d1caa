"""A skill and its references are one decision: made and published together, or not at all.

Pure. Each has a row, a fingerprint and a line of the lock file of its own, and is made again only
where its own ingredients changed; what this module sees to is that none of them goes alone.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from nightpress.ledger import lockfile
from nightpress.model import Action, Decision, Enhancement, Manifest, Reason, Status
from nightpress.plan import staleness
from nightpress.plan.standing import Publication
from nightpress.plan.state import TargetState

__all__ = [
    "is_named", "leading", "leads", "left_over", "linked", "members", "skill_of", "together",
]  # fmt: skip

States = Mapping[str, TargetState]


def members(states: States, name: str) -> tuple[str, ...]:
    """Names of a skill's references; none of what is no skill with a bundle."""
    state = states.get(name)
    targets = set(state.enhancement.references.values()) if state is not None else set()
    return tuple(n for n, s in states.items() if s.enhancement.target in targets)


def skill_of(states: States, name: str) -> str:
    """The name of the skill whose reference a document is; "" if it is none."""
    target = states[name].enhancement.target
    return next((n for n, s in states.items() if target in s.enhancement.references.values()), "")


def together(slug: str, states: dict[str, TargetState]) -> dict[str, TargetState]:
    """The states of a plugin, with what a bundle must not do taken out of them."""
    decided = {name: _alone(slug, states, name) for name in states}
    for name, state in states.items():
        if not state.enhancement.references:
            continue
        own = members(states, name)
        waits = next(_refused(states, own), "")
        action: Action = state.decision.action
        if action == "make" and waits and not state.inputs.forced:
            decided[name] = state = _as(
                state, "parked", f"goes with {waits}, which is {states[waits].decision.word}"
            )
            action = "parked"
        if action in ("make", "fresh", "render") or _waits(state):
            continue
        for other in own:
            if (why := _stays_behind(slug, state, name, states[other])) is not None:
                decided[other] = _as(states[other], action, why)
    return decided


def _stays_behind(slug: str, skill: TargetState, name: str, state: TargetState) -> str | None:
    """Why a reference is not made beside a skill that is not made: None where it is, for a file of
    ours or a link of the skill's is there that asks for it, or the user insists."""
    if state.decision.action != "make" or (skill.leads is not None and state.inputs.forced):
        return None
    if skill.leads is None or skill.decision.action == "parked":
        return f"goes with {name}, which is {skill.decision.word}"
    target, standing = state.enhancement.target, state.inputs.standing.sha256
    if target in skill.leads or standing is not None:
        return None
    return _no_link(slug, skill)


def _no_link(slug: str, skill: TargetState) -> str:
    """Why a reference to which no document would lead is not made, and what to do."""
    before = skill.inputs.publication
    edited = before is not None and before.is_published
    whose = "was edited by hand" if edited else "is a person's"
    return (
        f"{skill.enhancement.target} {whose}, and has no link to it:"
        f" add one, or doit force=1 enhance:{slug} replaces that file"
    )


def is_named(
    named: Container[str], job: str, manifest: Manifest, undone: Publication | None
) -> bool:
    """Is a document asked for by its name? One that was put back, by its plugin's, too, and by that
    of another one of its bundle."""
    if job in named or (undone is not None and manifest.slug in named):
        return True
    name, slug = job.partition("/")[2], manifest.slug
    every = {one.target: one.name for one in manifest.enhancements}
    skill = next((one for one in manifest.enhancements if one.references), None)
    if undone is None or skill is None:
        return False
    own = {skill.name, *(every[target] for target in skill.references.values())}
    return name in own and any(f"{slug}/{one}" in named for one in own)


def leads(enhancement: Enhancement, text: str) -> frozenset[str]:
    """The targets of a skill's references that the text that stands leads to."""
    folder = f"{enhancement.target.rpartition('/')[0]}/"
    targets = enhancement.references.values()
    return frozenset(one for one in targets if one.removeprefix(folder) in text)


def leading(enhancement: Enhancement, leads: Container[str]) -> Enhancement:
    """A skill as a person wrote it, with the references that it leads to."""
    led = {path: target for path, target in enhancement.references.items() if target in leads}
    return replace(enhancement, settings={**enhancement.settings, "references": led})


def _alone(slug: str, states: States, name: str) -> TargetState:
    """The state; of a reference that no skill of ours leads to, and that does not stand yet, as one
    that is not made."""
    state = states[name]
    target = state.enhancement.target
    if not state.enhancement.about or skill_of(states, name) or state.inputs.forced:
        return state
    if state.decision.action != "make" or state.inputs.standing.sha256 is not None:
        return state
    skills = (s for s in states.values() if s.leads is not None)
    homes = ((s, s.enhancement.target.rpartition("/")[0]) for s in skills)
    skill = next((s for s, home in homes if target.startswith(f"{home}/")), None)
    why = _no_link(slug, skill) if skill is not None else "no skill leads to it"
    return _as(state, "parked", why)


def _refused(states: States, names: tuple[str, ...]) -> Iterator[str]:
    """Those that were refused, and are not tried again until something changes. One whose draft
    waits for a person is none: what is made beside it waits with it. Nor is one that was put back:
    it stands as it is wanted."""
    parked = (name for name in names if states[name].decision.action == "parked")
    held = (name for name in parked if not staleness.is_undone(states[name].inputs))
    return (name for name in held if not _waits(states[name]))


def _waits(state: TargetState) -> bool:
    last = state.inputs.last
    return state.decision.action == "parked" and last is not None and last.waits


def _as(state: TargetState, action: Action, said: str) -> TargetState:
    """The state with another decision: nothing is made, and what is recorded says why."""
    stays: Action = action if action in staleness.NOTED and action != "keep" else "parked"
    decision = Decision(stays, (Reason("bundle", said),))
    work = staleness.work(stays, staleness.recorded(state.inputs, decision))
    return replace(state, decision=decision, work=work)


def linked(states: States, name: str) -> dict[str, str]:
    """path -> target of the references that a skill's document may lead to: those that stand, and
    those that are made with it."""
    wanted = states[name].enhancement.references
    there = {
        s.enhancement.target
        for s in states.values()
        if s.inputs.standing.sha256 is not None or s.decision.action == "make"
    }
    return {path: target for path, target in wanted.items() if target in there}


class LeftOver(NamedTuple):
    """A reference of ours whose component is gone. target: in the plugin's folder."""

    job: str
    target: str
    sha256: str


def left_over(manifest: Manifest, entries: Iterable[lockfile.Entry]) -> Iterator[LeftOver]:
    """Of a plugin's lines of the lock file those of references that are declared no more: files
    that we put beside a SKILL.md that still is."""
    declared = {one.target for one in manifest.enhancements}
    folders = tuple(f"{one.rpartition('/')[0]}/" for one in declared if one.endswith("/SKILL.md"))
    before = f"{manifest.path}/"
    for entry in entries:
        target = entry.target.removeprefix(before)
        ours = entry.status == Status.PUBLISHED and "." in entry.job.partition("/")[2]
        if ours and target not in declared and target.startswith(folders):
            yield LeftOver(entry.job, target, entry.sha256)
