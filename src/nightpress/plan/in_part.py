"""A document of a model's that is made again in part, or needs no call at all: what changed in its
plugin since it was published (`sections`), as far as this machine knows what the plugin was.

Its files as they were come from the snapshot of that publication, or from git (`committed`), its
analysis from the ledger. Where that has none, as in a clone, or does not tell which of two it was,
the writer is shown what the offline writer makes of the plugin: it serves as a summary of the files
that stand beside it, and nothing of the document but single sections follows from it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from nightpress import backends, fingerprint
from nightpress.checks import baseline
from nightpress.errors import NightpressError
from nightpress.ledger import RecordedAttempt, attempts, calls
from nightpress.model import DATA, Anatomy, Enhancement, Finding, Material, Request
from nightpress.plan import committed, judge, scope, sections, staleness
from nightpress.plan.staleness import Inputs
from nightpress.plan.state import PluginState, TargetState
from nightpress.plugin import collect, frontmatter, kind_of, sources
from nightpress.project import Project, Writer
from nightpress.storage import Snapshots

OFFLINE = "offline"
MOST_SHOWN = 20_000
"""Characters of the changes that are shown to a writer."""
VERSION = "4"
"""Of how it is found out: another one is another key in the index."""


def titles(
    project: Project, plugin: PluginState, enhancement: Enhancement, writer: Writer, inputs: Inputs
) -> tuple[str, ...] | None:
    """Headings of the sections that are stale, remembered by the index; None: the document is."""
    if not _may_be(project, enhancement, writer, inputs):
        return None
    known = inputs.publication
    assert known is not None  # noqa: S101 (it may be)
    key = fingerprint.digest(
        "in part", VERSION, enhancement.target, known.sha256, known.fingerprint.content,
        inputs.fingerprint.content, fingerprint.canonical(plugin.told),
        *sorted(enhancement.references), *scope.key(project, plugin, enhancement, inputs),
    )  # fmt: skip
    value = project.index.appraisal(key)
    if value is None:
        before = _before(project, plugin, enhancement, inputs)
        if before is None:
            return None  # git may know tomorrow
        found = _change(project, plugin, enhancement, inputs, before)
        stays = found is not None and not found.stale
        if stays and _contradicted(project, plugin, enhancement, inputs):
            found = None
        stale = None if found is None else [title for title, _ in found.stale]
        value = json.dumps(stale)
        project.index.keep_appraisal(key, value)
    stale = json.loads(value)
    return None if stale is None else tuple(stale)


def remembering(
    project: Project, plugin: PluginState, enhancement: Enhancement, writer: Writer, inputs: Inputs
) -> Inputs:
    """The inputs, with the files that the document was made from where git alone knows them."""
    known = inputs.publication
    if (
        known is None
        or known.files is not None
        or not _may_be(project, enhancement, writer, inputs)
    ):
        return inputs
    found = committed.before(project, plugin, enhancement.name, inputs)
    if found is None:
        return inputs
    return replace(inputs, publication=replace(known, files=found.digests()))


def _may_be(project: Project, enhancement: Enhancement, writer: Writer, inputs: Inputs) -> bool:
    """Is it a model's document, and ours? (What an offline one costs is no call.)"""
    known, generator = inputs.publication, project.generator(enhancement.generator)
    if known is None or known.extends or inputs.forced or inputs.asked:
        return False
    return (
        writer.kind == "model"
        and known.writer == str(writer)
        and generator.settings.get("format") not in DATA
        and staleness.is_ours(inputs.standing, known)
        and scope.stays_so(inputs)
    )


def change(
    project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs
) -> sections.Change | None:
    """What changed since it was published; None: nobody knows, or it concerns all of it."""
    before = _before(project, plugin, enhancement, inputs)
    return _change(project, plugin, enhancement, inputs, before) if before is not None else None


def _change(
    project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs, before: Anatomy
) -> sections.Change | None:
    now = judge.anatomy_of(plugin, tuple(sorted(inputs.files)))
    was, becomes = (scope.of(project, plugin, enhancement, inputs, one) for one in (before, now))
    text = sources.standing_text(plugin.root, enhancement.target, inputs.standing.sha256)
    target = enhancement.target
    return sections.change(was, becomes, text, target, frozenset(enhancement.references))


def told(project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs) -> str:
    """The lines that changed, for whoever writes the sections."""
    found = change(project, plugin, enhancement, inputs)
    return sections.words(found, MOST_SHOWN) if found is not None else ""


def untold(
    project: Project, plugin: PluginState, state: TargetState, text: str
) -> tuple[Finding, ...]:
    """An error for each option that a command has newly and the document, of which sections were
    made again for that, does not name. (Of a bundle another file may.)"""
    enhancement, inputs = state.enhancement, state.inputs
    if not state.decision.sections or enhancement.references:
        return ()
    before = _before(project, plugin, enhancement, inputs)
    found = before and _change(project, plugin, enhancement, inputs, before)
    if before is None or not found:
        return ()
    had = collect(before).names("option")
    return tuple(
        Finding(
            "change-told", "error", f"says nothing of {fact.name}, which {fact.file} has now",
            hint="tell it in the sections that were asked for",
        )
        for fact in found.facts
        if fact.kind == "option" and fact.name.lower() not in had and fact.name not in text
        if kind_of(fact.file) == "command"
    )  # fmt: skip


def analysis(
    project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs
) -> dict[str, Any]:
    """The analysis that it was made with, or one that stands in for it: of a plugin that has two
    (one of all of it, and one of what its skills share) the ledger does not say which it was."""
    known = (one.publication for one in plugin.targets.values() if not one.enhancement.about)
    found = None
    if len({scope.was_own(one) for one in known if one is not None}) < 2:
        row = _row(project, plugin, enhancement, inputs)
        call = calls.analysis_of(project.ledger, row) if row is not None else None
        found = project.ledger.analysis(call.prompt_sha256) if call is not None else None
    return found or _standing_in(project, plugin, enhancement, inputs)


def _standing_in(
    project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs
) -> dict[str, Any]:
    """What the offline writer makes of the plugin; the document keeps its description."""
    now = judge.anatomy_of(plugin, tuple(sorted(inputs.files)))
    seen = scope.of(project, plugin, enhancement, inputs, now)
    generator = project.generator("analysis")
    material = Material(seen, None, "", generator, enhancement.target, inputs.window)
    writer = backends.make(OFFLINE, {}, {})
    asked = Request("analysis", plugin.slug, OFFLINE, "", "", generator.max_output_tokens, material)
    found: dict[str, Any] = json.loads(writer.ask(asked).text)
    text = sources.standing_text(plugin.root, enhancement.target, inputs.standing.sha256)
    with suppress(frontmatter.FrontmatterError):
        said = frontmatter.parse(frontmatter.split(text).raw or "").get("description")
        found |= {"description": said} if isinstance(said, str) and said else {}
    return found


def _row(
    project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs
) -> RecordedAttempt | None:
    """The publication's row, if this machine made it."""
    known = inputs.publication
    if known is None or not project.has_ledger:
        return None
    row = attempts.last_publication(project.ledger, f"{plugin.slug}/{enhancement.name}")
    same = row is not None and dict(row.fingerprint)["content"] == known.fingerprint.content
    return row if same else None


def _before(
    project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs
) -> Anatomy | None:
    """The plugin as it was; None where neither the snapshot nor git has all of it, or a skill that
    is made from what it has stood among others."""
    known = inputs.publication
    found = _in_snapshot(project, plugin, enhancement, inputs)
    found = found or committed.before(project, plugin, enhancement.name, inputs)
    if found is None:
        return None
    others = (scope.beside(plugin, enhancement, one) for one in (found.paths, plugin.files))
    if scope.was_own(known) and len({*others}) > 1:
        return None
    read = sources.of(found.files, plugin.secret_names)
    return sources.anatomy_of(plugin.root, read, plugin.told)


def _in_snapshot(
    project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs
) -> committed.Before | None:
    """What the publication's snapshot has of what the document was made from, if it has all."""
    known, row = inputs.publication, _row(project, plugin, enhancement, inputs)
    if row is None or known is None:
        return None
    snapshots, found = Snapshots(project.state / "snapshots"), {}
    try:
        held = snapshots.get(row.snapshot_id or "", plugin.slug).entries
        kept = {entry.path: entry.text for entry in held if entry.kind == "file"}
        for path, digest in (known.files or {}).items():
            data = snapshots.kept(kept.get(path, ""))
            if data is None or fingerprint.held(path, data) != digest:
                return None
            found[path] = data
    except NightpressError:
        return None
    return committed.Before(frozenset(kept), found)


def _contradicted(
    project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs
) -> bool:
    """Do the gates find fault with the document as it stands, beside the plugin as it is now?"""
    known, target = inputs.publication, enhancement.target
    text = sources.standing_text(plugin.root, target, inputs.standing.sha256)
    planned = [other.enhancement.target for other in plugin.targets.values()]
    verdict = judge.judge(project, plugin, enhancement, inputs.files, text, planned=planned)
    accepted = known.accepted if known is not None else ()
    return bool(baseline.new(verdict.errors, accepted))
