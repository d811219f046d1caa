"""What a decision may need to know of texts: is the standing file good, is the source enough?

Both cost milliseconds, so both are asked for only when the decision would turn on them,
and remembered in the index by everything that they were found out from.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import asdict, replace

from nightpress import backends, fingerprint
from nightpress import project as contract
from nightpress.errors import UnsafePath
from nightpress.ledger import attempts
from nightpress.model import Enhancement, Finding, Generator, Material, SourceFile
from nightpress.plan import changes, size, staleness
from nightpress.plan.staleness import Inputs
from nightpress.plan.state import Item, PluginState
from nightpress.plugin import anatomy, sources
from nightpress.project import Project, Writer
from nightpress.storage import RACY_NS, tree


class Appraiser:
    """Completes inputs for one project."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def complete(
        self, plugin: PluginState, enhancement: Enhancement, writer: Writer, inputs: Inputs
    ) -> Inputs:
        """The inputs with the findings of the current file, with what makes the plugin hollow and
        with the shortage, and with the window of its content, where they matter."""
        if changes.needs_telling(inputs):
            inputs = self._told(plugin, enhancement, writer, inputs)
        if writer.kind == "model" and changes.in_content(inputs):
            inputs = self._in_part(plugin, enhancement, writer, inputs)
        if not staleness.is_ours(inputs.standing, inputs.publication):
            inputs = self._sized(plugin, enhancement, inputs)
        if changed := staleness.changed_since_adopted(inputs):
            text = sources.standing_text(plugin.root, enhancement.target, inputs.standing.sha256)
            mentioned = frozenset(path for path in changed if path in text)
            inputs = replace(inputs, mentioned=mentioned)
        if staleness.needs_judgement(inputs):
            inputs = replace(inputs, findings=self._findings(plugin, enhancement, inputs))
        if staleness.decide(inputs).action == "make" and not inputs.forced:
            inputs = replace(inputs, hollow=self._hollow(plugin, inputs))
            if not inputs.hollow:
                inputs = self._sized(plugin, enhancement, inputs)
                shortage = self._shortage(plugin, enhancement, writer, inputs)
                inputs = replace(inputs, shortage=shortage)
        decision = staleness.decide(inputs)
        if decision.action == "make" and not inputs.fingerprint.telling:
            inputs = self._told(plugin, enhancement, writer, inputs)
        if decision.action == "fresh":
            inputs = replace(inputs, behind=self._behind(plugin, enhancement, inputs))
        return inputs

    def _told(
        self, plugin: PluginState, enhancement: Enhancement, writer: Writer, inputs: Inputs
    ) -> Inputs:
        from nightpress.plan import telling

        told = telling.of(self.project, plugin, enhancement, writer, inputs)
        return replace(inputs, fingerprint=replace(inputs.fingerprint, telling=told))

    def _in_part(
        self, plugin: PluginState, enhancement: Enhancement, writer: Writer, inputs: Inputs
    ) -> Inputs:
        from nightpress.plan import in_part

        inputs = in_part.remembering(self.project, plugin, enhancement, writer, inputs)
        stale = in_part.titles(self.project, plugin, enhancement, writer, inputs)
        return replace(inputs, in_part=stale)

    def _sized(self, plugin: PluginState, enhancement: Enhancement, inputs: Inputs) -> Inputs:
        found = size.of(self.project, plugin, enhancement, inputs.files)
        asks, declared = found.sentence(), enhancement.size.min
        return replace(inputs, window=found.window, asks=asks, declared=declared)

    def _hollow(self, plugin: PluginState, inputs: Inputs) -> str:
        entered = [fingerprint.canonical(plugin.entry)] if plugin.entry else []
        key = fingerprint.digest("hollow", inputs.fingerprint.content, *entered)
        value = self.project.index.appraisal(key)
        if value is None:
            from nightpress.plugin import hollow

            read = sources.read(plugin.root, inputs.files, plugin.secret_names)
            value = hollow.why(sources.anatomy_of(plugin.root, read, plugin.told))
            self.project.index.keep_appraisal(key, value)
        return value

    def _behind(self, plugin: PluginState, enhancement: Enhancement, inputs: Inputs) -> str:
        known, project = inputs.publication, self.project
        generator = project.generator(enhancement.generator)
        ours = staleness.is_ours(inputs.standing, known)
        if not ours or known is None or known.own is None or generator.frontmatter == "none":
            return ""
        said = (plugin.raw.get(path, "") for path in anatomy.PLUGIN_JSON)
        house = fingerprint.canonical(contract.house(project.defaults.values))
        told = fingerprint.canonical(plugin.entry)
        key = fingerprint.digest("behind", known.sha256, house, *said, told, *known.own)
        value = project.index.appraisal(key)
        if value is None:
            from nightpress.plan import followed

            text = sources.standing_text(plugin.root, enhancement.target, known.sha256)
            _, words = followed.behind(
                text, followed.fields(project, plugin.root, plugin.told), known.own
            )
            value = ", ".join(words)
            project.index.keep_appraisal(key, value)
        return value

    def _findings(
        self, plugin: PluginState, enhancement: Enhancement, inputs: Inputs
    ) -> tuple[Finding, ...]:
        key = self._key(
            "findings", enhancement, inputs, str(inputs.standing.sha256), str(inputs.window)
        )
        value = self.project.index.appraisal(key)
        if value is None:
            from nightpress.plan import judge

            text = tree.read(plugin.root, enhancement.target, _CAP).decode("utf-8", "replace")
            verdict = judge.judge(self.project, plugin, enhancement, inputs.files, text, ours=False)
            value = json.dumps([asdict(finding) for finding in verdict.findings])
            self.project.index.keep_appraisal(key, value)
        return tuple(Finding(**finding) for finding in json.loads(value))

    def _shortage(
        self, plugin: PluginState, enhancement: Enhancement, writer: Writer, inputs: Inputs
    ) -> str:
        key = self._key(
            "shortage", enhancement, inputs, str(writer), str(inputs.standing.sha256),
            str(inputs.window),
        )  # fmt: skip
        value = self.project.index.appraisal(key)
        if value is None:
            generator = self.project.generator(enhancement.generator)
            value = shortage(plugin, enhancement, generator, writer, inputs, self.project)
            self.project.index.keep_appraisal(key, value)
        return value

    def _key(self, what: str, enhancement: Enhancement, inputs: Inputs, *more: str) -> str:
        parts = asdict(replace(inputs.fingerprint, telling="")).values()
        return fingerprint.digest(what, enhancement.target, *parts, *more)


def shortage(
    plugin: PluginState,
    enhancement: Enhancement,
    generator: Generator,
    writer: Writer,
    inputs: Inputs,
    project: Project,
) -> str:
    """Why the source is not enough, with what to do; "" if it is. One judgement before any call:
    bytes there are against the generator's `min_source_bytes` for the kind of backend."""
    from nightpress.plan import history, scope

    read = sources.read(plugin.root, inputs.files, plugin.secret_names)
    standing = history.input_text(project, plugin, enhancement, inputs)
    if writer.kind == "model":
        least = _least(project, generator, "model", 1_500)
        return _too_little(read.files, standing, least)
    whole = sources.anatomy_of(plugin.root, read, plugin.told)
    material = Material(
        anatomy=scope.of(project, plugin, enhancement, inputs, whole),
        analysis=None,
        standing=standing,
        generator=generator,
        target=enhancement.target,
        window=inputs.window,
        siblings=plugin.siblings(enhancement),
        house=contract.house(project.defaults.values),
        spares=staleness.spares(inputs),
        afresh=enhancement.starts_afresh,
        extends=staleness.extends(inputs),
        references=enhancement.references,
        profile=enhancement.profile,
    )
    extractable = backends.find(writer.backend).extractable
    if extractable is None:
        return ""
    return _too_little_offline(plugin.slug, material, generator, extractable)


def _too_little(files: Iterable[SourceFile], standing: str, least: int) -> str:
    """For a model: bytes of the files, licences not counted, and of the standing document."""
    from nightpress.plugin import anatomy

    have = sum(f.size for f in files if anatomy.kind_of(f.path) != "license")
    have += len(standing.encode())
    if have >= least:
        return ""
    return (
        f"insufficient source: {have:,} of {least:,} bytes; write more in the plugin, or lower"
        " min_source_bytes"
    )


def _too_little_offline(
    slug: str, material: Material, generator: Generator, extractable: Callable[[Material], int]
) -> str:
    """For a backend that composes: bytes of what it can extract."""
    have = extractable(material)
    required = generator.min_source_bytes.get("offline", "window")
    least = material.window.min if required == "window" else int(required)
    if have >= least:
        return ""
    less = have // 100 * 100
    smaller = (
        f", or ask for less (`size: {{min: {less}}}` in manifests/{slug}.yaml)" if less else ""
    )
    return (
        f"insufficient source: the offline backend can extract {have:,} of {least:,}"
        f" bytes; write more in the plugin, use a model ({backends.key_names()}){smaller}"
    )


def _least(project: Project, generator: Generator, kind: str, otherwise: int) -> int:
    configured: Any = project.defaults.values.get("min_source_bytes") or {}
    value = configured.get(kind, generator.min_source_bytes.get(kind, otherwise))
    return int(value)


def scores(
    project: Project, items: Iterable[Item], plugins: Mapping[str, PluginState]
) -> dict[str, int]:
    """job -> score, 0 to 100, of the file that stands at its target, where one does: by the gates,
    or as the ledger has it (no score is a model's opinion of itself)."""
    recorded = attempts.latest_scores(project.ledger) if project.has_ledger else {}
    found: dict[str, int | None] = {}
    judged = []
    for item in items:
        if item.decision.action == "fresh":
            found[item.id] = recorded.get(item.id)
        else:
            judged.append(item)
    found |= _judged(project, judged, plugins)
    return {job: score for job, score in found.items() if score is not None}


def _judged(
    project: Project, items: Sequence[Item], plugins: Mapping[str, PluginState]
) -> dict[str, int | None]:
    """The scores of these, remembered until something moves that their verdicts turn on."""
    from nightpress.plan import remembered

    began = time.time_ns()
    world = remembered.world(project) if items else None
    found: dict[str, int | None] = {}
    new: dict[str, str] = {}
    for item in items:
        plugin = plugins.get(item.slug)
        if plugin is None or plugin.manifest is None or world is None:
            found[item.id] = _score(project, plugin, item)
            continue
        turns_on, newest = world.of(item.slug, plugin.manifest.path, ours=True)
        key = f"score {remembered.digest([turns_on, item.id])}"
        if (known := project.index.appraisal(key)) is not None:
            found[item.id] = json.loads(known)
            continue
        found[item.id] = _score(project, plugin, item)
        if newest <= began - RACY_NS:
            new[key] = json.dumps(found[item.id])
    project.index.keep_appraisals(new)
    return found


def _score(project: Project, plugin: PluginState | None, item: Item) -> int | None:
    from nightpress.plan import judge

    state = plugin.states.get(item.name) if plugin is not None else None
    if plugin is None or state is None or state.inputs.standing.sha256 is None:
        return None
    try:
        data = tree.read(plugin.root, state.enhancement.target, _CAP)
    except (OSError, UnsafePath):
        return None
    return judge.judge(
        project, plugin, state.enhancement, state.counted, data.decode("utf-8", "replace"),
        planned=[other.enhancement.target for other in plugin.states.values()],
        ours=staleness.is_ours(state.inputs.standing, state.inputs.publication),
    ).score  # fmt: skip


_CAP = 1024 * 1024
