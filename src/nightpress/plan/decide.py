"""Gathered -> decided: what there is to do for each document of one plugin, and why.

Pure but for `complete`, which is asked for what is dear to find out, where a decision turns on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.model import Enhancement
from nightpress.plan import bundle, content, staleness
from nightpress.plan.staleness import Inputs
from nightpress.plan.state import PluginState, Target, TargetState
from nightpress.project import Writer

__all__ = ["decide", "is_its_content"]

Complete = Callable[[PluginState, Enhancement, Writer, Inputs], Inputs]


def decide(plugin: PluginState, complete: Complete) -> dict[str, TargetState]:
    """name -> the state of each target. Again until nothing changes: whether a sibling's file
    counts as content depends on its own decision."""
    targets = plugin.targets.values()
    ours = {t.enhancement.target for t in targets if staleness.is_ours(t.standing, t.publication)}
    ours |= plugin.left_over
    replaceable = {
        t.enhancement.target
        for t in targets
        if t.enhancement.target in plugin.files
        and t.enhancement.target not in ours
        and not (staleness.is_edited(t.standing, t.publication) and t.undone is None)
    }
    states = _states(plugin, ours | replaceable, complete)
    excluded = ours | (replaceable & _replaced(states.values()))
    # a file that counts again may be what another one needed to be made: that one goes then
    while any(excluded != state.inputs.publications for state in states.values()):
        states = _states(plugin, excluded, complete)
        excluded |= replaceable & _replaced(states.values())
    return bundle.together(plugin.slug, states)


def _replaced(states: Iterable[TargetState]) -> set[str]:
    """Targets of which the standing file is, or would be, replaced."""
    return {s.enhancement.target for s in states if staleness.replaces(s.decision)}


def _states(plugin: PluginState, excluded: set[str], complete: Complete) -> dict[str, TargetState]:
    return {
        name: _state(plugin, target, excluded, complete) for name, target in plugin.targets.items()
    }


def _away(
    absent: Collection[str], before: Mapping[str, str] | None, now: Collection[str]
) -> dict[str, str]:
    """path -> digest, as it was, of the content that this checkout has not."""
    if not absent or before is None:
        return {}
    return {
        path: sha256
        for path, sha256 in before.items()
        if path not in now and content.is_foreign(path, absent)
    }


def _state(
    plugin: PluginState, target: Target, excluded: set[str], complete: Complete
) -> TargetState:
    """As if what a restore did not bring were there; if the document wants work, then without."""
    state = _judged(plugin, target, excluded, complete, target.lost)
    if target.lost and state.work:
        return _judged(plugin, target, excluded, complete, {})
    return state


def _judged(
    plugin: PluginState,
    target: Target,
    excluded: set[str],
    complete: Complete,
    lost: Mapping[str, str],
) -> TargetState:
    enhancement, writer, known = target.enhancement, target.writer, target.publication
    counted = {**_counted(plugin, target, excluded), **lost}
    counted |= _away(plugin.absent, known.files if known is not None else None, counted)
    inputs = _as_recorded(plugin, target, excluded, _inputs(plugin, target, excluded, counted))
    inputs = complete(plugin, enhancement, writer, inputs)
    decision = staleness.split_due(enhancement, inputs, staleness.decide(inputs))
    if plugin.absent and known is not None and known.files is None:
        decision = staleness.unseen(decision, plugin.absent)
    if decision.action == "render" and known is not None:  # it stays whose it was
        backend, _, model = known.writer.partition(":")
        writer = Writer(backend, model or backend, "it wrote the document")
        if decision.reasons[0].code != staleness.UNTOUCHED:  # and what it was made from
            inputs = replace(inputs, fingerprint=known.fingerprint)
    work = staleness.work(decision.action, staleness.recorded(inputs, decision))
    return TargetState(
        enhancement, target.path, writer, inputs, decision, work, counted, target.needs,
        target.leads,
    )  # fmt: skip


def is_its_content(path: str, target: Target, excluded: Collection[str]) -> bool:
    """Is a file of the plugin what this document is made from, as far as its place tells?"""
    about = target.enhancement.about
    return (
        path != target.enhancement.target
        and path not in excluded
        and path not in target.enhancement.references.values()  # it leads to them
        and not content.is_foreign(path, target.apart)
        and (not about or content.is_about(path, about))
    )


def _counted(plugin: PluginState, target: Target, excluded: Collection[str]) -> dict[str, str]:
    """path -> digest of the content of the document."""
    declared = target.generator.settings.get("inputs", ())
    return {
        path: sha256
        for path, (_, sha256) in plugin.files.items()
        if content.seen(path, declared) and is_its_content(path, target, excluded)
    }


def _as_recorded(
    plugin: PluginState, target: Target, excluded: Collection[str], inputs: Inputs
) -> Inputs:
    """The inputs; with the content's digest that is on record where it is that of the same files by
    the rules of the version that made the document."""
    known = target.publication
    if known is None or known.fingerprint.content == inputs.fingerprint.content:
        return inputs
    more = {
        path: sha256
        for path, (_, sha256) in plugin.files.items()
        if content.once_seen(path) and is_its_content(path, target, excluded)
    }
    if fingerprint.content({**inputs.files, **more}) != known.fingerprint.content:
        return inputs
    now = replace(inputs.fingerprint, content=known.fingerprint.content)
    return replace(inputs, fingerprint=now)


def _inputs(
    plugin: PluginState, target: Target, excluded: Collection[str], counted: dict[str, str]
) -> Inputs:
    """What is known of the document without anything that is dear to find out."""
    enhancement, writer = target.enhancement, target.writer
    return Inputs(
        standing=target.standing,
        window=enhancement.size,
        fingerprint=fingerprint.of(
            counted, enhancement, target.generator, target.analysis, target.schema, str(writer),
            {key: said for key, said in plugin.told.items() if key not in fingerprint.RELEASE},
        ),
        files=counted,
        writer=str(writer),
        writer_by_default=writer.by_default,
        publication=target.publication,
        last=target.last,
        asked=target.asked,
        forced=target.forced,
        named=target.named,
        policy=enhancement.standing,
        reviewed=enhancement.settings.get("publish") == "review",
        undone=target.undone,
        publications=frozenset(excluded),
        cut=tuple(
            why
            for path, why in sorted(plugin.cut.items())
            if is_its_content(path, target, excluded)
        ),
    )  # fmt: skip
