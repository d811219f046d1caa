"""What the plugins themselves need: their source findings, remembered by what they come from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import asdict

from nightpress import fingerprint
from nightpress.checks import Market, SourceFinding, source_findings
from nightpress.model import Finding
from nightpress.plan import judge, staleness
from nightpress.plan.gather import Gatherer
from nightpress.plan.state import PluginState
from nightpress.plugin import sources
from nightpress.project import Project, version

__all__ = ["every", "findings", "gathered", "of", "said"]


def of(project: Project, plugin: PluginState) -> tuple[SourceFinding, ...]:
    """The source findings of one plugin, by file and line: of its own files, not of documents that
    we published or are to replace."""
    if plugin.manifest is None or not plugin.files:
        return ()
    documents = {p for state in plugin.states.values() for p in state.inputs.publications}
    own = sorted(plugin.files.keys() - documents)
    key = fingerprint.digest(
        "source findings", version(), str(plugin.told), judge.market_digest(project),
        *(f"{path} {plugin.files[path][1]}" for path in sorted(plugin.files)),
    )  # fmt: skip
    value = project.index.appraisal(key)
    if value is None:
        plugins, known = judge.known_plugins(project), judge.components(project)
        market = Market(
            lambda name: name != plugin.slug and name in plugins,
            lambda kind, name: name in known.get(kind, ()),
            str(plugin.manifest.settings.get("description", "")),
        )
        anatomy = judge.anatomy_of(plugin, tuple(own))
        found = source_findings.find(anatomy, frozenset(plugin.files), market)
        value = json.dumps([asdict(one) for one in found])
        project.index.keep_appraisal(key, value)
    return (
        *(SourceFinding(**one) for one in json.loads(value)),
        *_profile(plugin),
        *_hollow(plugin),
    )


def every(
    project: Project, plugins: Mapping[str, PluginState]
) -> dict[str, tuple[SourceFinding, ...]]:
    """slug -> source findings, of the plugins that have some. plugins: those that were gathered
    already; the others are."""
    found = {}
    for slug, plugin in gathered(project, plugins):
        if own := said(project, plugin):
            found[slug] = own
    return found


def said(project: Project, plugin: PluginState) -> tuple[SourceFinding, ...]:
    """The source findings of one plugin, and what a writer said that it lacks."""
    return (*of(project, plugin), *_too_little(plugin))


def gathered(
    project: Project, plugins: Mapping[str, PluginState]
) -> Iterator[tuple[str, PluginState]]:
    """Every plugin, by its slug; plugins: those that were gathered already."""
    gatherer = Gatherer(project)
    for slug in project.slugs():
        yield slug, plugins.get(slug) or gatherer.gather(slug)


def _profile(plugin: PluginState) -> Iterator[SourceFinding]:
    """What a plugin lacks that is installed as Agent Plugins 1.0.0 has it."""
    if all(state.enhancement.profile != "agent-plugins" for state in plugin.states.values()):
        return
    digest = plugin.files.get(AGENT_PLUGIN, (0, None))[1]
    text = sources.standing_text(plugin.root, AGENT_PLUGIN, digest)
    try:
        held = json.loads(text or "{}")
    except ValueError:
        return  # that it is no JSON is a finding of its own
    known = held if isinstance(held, dict) else {}
    if missing := [key for key in ("$schema", "name") if not known.get(key)]:
        lacks = f"has no {' and no '.join(missing)}"
        what = lacks if text else "is missing at the plugin's root"
        hint = "profile agent-plugins: clients read $schema and name there, skills/ and mcp.json"
        yield SourceFinding("profile", f"{AGENT_PLUGIN} {what}", AGENT_PLUGIN, 1, hint)


AGENT_PLUGIN = "plugin.json"


def _hollow(plugin: PluginState) -> Iterator[SourceFinding]:
    """The commands and agents that say nothing of which a reference could be made."""
    for state in plugin.states.values():
        if state.decision.action == "hollow" and (about := state.enhancement.about):
            hint = "say what it does in this plugin; until then it has no reference"
            yield SourceFinding("hollow", state.decision.reasons[0].text, about, 1, hint)


def _too_little(plugin: PluginState) -> Iterator[SourceFinding]:
    """What a writer said that the plugin lacks, at the document that it could not write."""
    for state in plugin.states.values():
        for reason in state.decision.reasons:
            if reason.code == staleness.TOO_LITTLE:
                yield SourceFinding(reason.code, reason.text, state.enhancement.target, 1)


def findings(found: Iterable[SourceFinding]) -> dict[str, tuple[Finding, ...]]:
    """The same, as findings by file. None is an error: the plugin is its author's."""
    files: dict[str, list[Finding]] = {}
    for one in found:
        finding = Finding(one.check, "warning", one.message, one.line, 1, one.hint)
        files.setdefault(one.file, []).append(finding)
    return {path: tuple(own) for path, own in files.items()}
