"""A skill and its references in one run: none is published without the others."""

from __future__ import annotations

from collections.abc import Iterable

from nightpress.errors import Deferred
from nightpress.pipeline import publish
from nightpress.pipeline.attempts import Attempt, Attempts
from nightpress.plan import Item, bundle


def references(attempts: Attempts, attempt: Attempt) -> list[Attempt]:
    """The references that are made with a skill, each with its draft. Raises Deferred where one of
    them came to nothing."""
    item, states = attempt.item, attempt.plugin.states
    own: list[Attempt] = []
    for name in bundle.members(states, item.name):
        if states[name].decision.action != "make":
            continue
        other = attempts.in_flight.get(f"{item.slug}/{name}")
        if other is None or other.draft is None:
            raise Deferred(f"goes with {name}, which was not made in this run")
        own.append(other)
    return own


def moved(made: Iterable[Attempt]) -> str:
    """The first target at which another file stands than when its draft was made; "" if none."""
    for attempt in made:
        target, before = attempt.state.enhancement.target, attempt.state.inputs.standing.sha256
        if publish.standing_hash(attempt.plugin.root, target) != before:
            return attempt.state.target_path
    return ""


def let_go(attempts: Attempts, skill: Item | None = None) -> None:
    """End the attempts that still wait for a skill, which was not published; None: for any."""
    for attempt in list(attempts.in_flight.values()):
        item = attempt.item
        name = bundle.skill_of(attempt.plugin.states, item.name)
        if skill is not None and (item.slug, name) != (skill.slug, skill.name):
            continue
        if name and attempt.draft is not None:
            said = f"goes with {name}, which was not published: doit enhance:{item.slug}"
            attempts.fail(attempt, Deferred(said))
