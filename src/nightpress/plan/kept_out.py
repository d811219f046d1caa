"""Documents that are to be made and would surely be refused: nothing is asked for them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from nightpress.model import Decision, Generator, Reason
from nightpress.plan import judge, staleness
from nightpress.plan.state import PluginState, TargetState
from nightpress.plugin import anatomy, sources
from nightpress.project import Problem, Project, foregone
from nightpress.storage import Obstacle

__all__ = ["KeptOut"]


class KeptOut:
    """Looks at plugins of one project; at each of its generators once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._generators: dict[tuple[str, bool], tuple[Problem, ...]] = {}

    def of(self, plugin: PluginState, always: Obstacle | None) -> Iterator[Problem]:
        """Parks what would be refused, and says why. always: what keeps any document of the project
        from being recorded."""
        for name, state in plugin.states.items():
            decision = state.decision
            if decision.action not in ("make", "render"):
                continue
            if not (found := list(self._found(plugin, state, always))):
                continue
            parked = Decision("parked", (Reason("obstacle", found[0].message),), decision.publish)
            plugin.states[name] = replace(state, decision=parked, work=False)
            yield from found

    def _found(
        self, plugin: PluginState, state: TargetState, always: Obstacle | None
    ) -> Iterator[Problem]:
        place = self._place(plugin, state)
        if state.decision.publish != "review":
            if always is not None:
                message = f"no document can be recorded: it {always.what}"
                yield Problem(always.where(), 0, 0, "", message, always.hint())
                return
            if (wrong := foregone.at_target(place)) is not None:
                yield wrong
                return
        if state.decision.action == "make":
            target = plugin.targets[state.enhancement.name]
            yield from self._of_generators(
                target.generator, target.analysis, by_model=place.by_model
            )
            own = [path for path in anatomy.PLUGIN_JSON if path in plugin.files]
            named = sources.anatomy_of(plugin.root, sources.read(plugin.root, own), plugin.told)
            counted = tuple(sorted(state.counted))
            yield from foregone.of_document(place, named, lambda: judge.anatomy_of(plugin, counted))

    def _of_generators(self, *generators: Generator, by_model: bool) -> Iterator[Problem]:
        for generator in generators:
            key = generator.type, by_model
            if key not in self._generators:
                found = foregone.of_generator(self._project.root, generator, by_model=by_model)
                self._generators[key] = tuple(found)
            yield from self._generators[key]

    def _place(self, plugin: PluginState, state: TargetState) -> foregone.Place:
        inputs, target = state.inputs, plugin.targets[state.enhancement.name]
        assert plugin.manifest is not None  # noqa: S101 (it has states)
        known = inputs.publication
        ours = staleness.is_ours(inputs.standing, known) and not (known and known.persons)
        return foregone.Place(
            self._project.root,
            self._project.defaults.values,
            plugin.manifest,
            state.enhancement,
            target.generator,
            sources.standing_text(plugin.root, state.enhancement.target, inputs.standing.sha256),
            ours=ours,
            extends=staleness.extends(inputs),
            afresh=state.enhancement.starts_afresh,
            by_model=state.writer.kind == "model",
        )
