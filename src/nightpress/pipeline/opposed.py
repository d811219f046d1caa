"""What is against publishing a draft unasked in place of a person's file."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.checks import document
from nightpress.checks.extension import Extension, extension
from nightpress.errors import UnsafePath
from nightpress.ledger import attempts
from nightpress.model import Anatomy, Finding, Status
from nightpress.pipeline import review
from nightpress.pipeline.attempts import Attempt, Draft
from nightpress.pipeline.run import Run
from nightpress.plan import away, history, judge, staleness
from nightpress.plugin import sources
from nightpress.project import Project
from nightpress.storage import tree


def turned_down(project: Project, attempt: Attempt) -> str | None:
    """Why a person turned down the very draft of the attempt, and does not force it now."""
    forced = attempt.state.inputs.forced
    return None if forced else _turned_down(project, attempt)


def _turned_down(project: Project, attempt: Attempt) -> str | None:
    assert attempt.draft is not None  # noqa: S101 (only such an attempt is published)
    return review.turned_down(project, attempt.item.id, attempt.draft.text)


def waits_because(run: Run, attempt: Attempt) -> str | None:
    """What a person should know of the attempt's draft, which waits for one; None: it need not.
    What is against publishing it is told with the draft."""
    state, draft = attempt.state, attempt.draft
    assert draft is not None  # noqa: S101 (only such an attempt is published)
    rejected = _turned_down(run.project, attempt) if state.inputs.forced else None
    publish = state.decision.publish
    persons = any(reason.code == "person" for reason in state.decision.reasons)
    found = against(run, attempt, draft) if persons or publish == "extend" else None
    if found is not None and publish == "auto":
        sizes = f"{state.inputs.standing.size:,} -> {len(draft.text.encode()):,} bytes"
        lost = f"{sizes}; loses {found.lost or 'nothing'}"
        attempt.why = attempt.why.replace(staleness.REPLACES, f"{staleness.REPLACES} ({lost})")
    elif found is not None and not found.clean:  # the review shows them
        quoted = "\n".join(f.message for f in draft.findings if f.check == "losses")
        said = (
            Finding("extension", "warning", message)
            for message in found.messages
            if message not in quoted
        )
        attempt.draft = replace(draft, findings=(*draft.findings, *said))
    if not persons and fingerprint.sha256(draft.text.encode()) == state.inputs.standing.sha256:
        return None  # these very bytes stand there: there is nothing to look at
    if rejected is not None:  # a person has seen this very draft: what is forced is a new look
        return f"rejected before ({rejected})"
    if "review" in (publish, state.enhancement.settings.get("publish")):
        return found.summary if found is not None else ""
    if publish == "extend" and found is not None and not found.clean:
        return found.summary
    return None


def against(run: Run, attempt: Attempt, draft: Draft) -> Extension:
    """What is against taking the draft for an extension of the file that stands there; of what
    is ours, for one of the person's file that it goes back to, beside what is already lost."""
    root, inputs = attempt.plugin.root, attempt.state.inputs
    target = attempt.state.enhancement.target
    standing = sources.standing_text(root, target, inputs.standing.sha256)
    known = inputs.publication
    persons = None
    if known is not None and known.extends and staleness.is_ours(inputs.standing, known):
        persons = history.persons_text(run.project, known.extends)
    plugin = attempt.request.material.anatomy if attempt.request is not None else None
    about = _about(plugin, target, standing) if plugin is not None else ""
    siblings = [*_texts(root, attempt.plugin.siblings(attempt.state.enhancement)).values()]

    references = judge.bundled(attempt.plugin, attempt.state.enhancement)

    def between(old: str, new: str) -> Extension:
        given = target, references, about, siblings, old, new
        return run.worked(away.pure, _between, *given) or _between(*given)

    if persons is None:
        return between(standing, draft.text)
    return between(persons, draft.text).beyond(between(persons, standing))


def _between(
    target: str, references: Mapping[str, str], about: str, siblings: Sequence[str], old: str,
    new: str,
) -> Extension:  # fmt: skip
    """What is against taking the one text for an extension of the other. references: path -> text
    of the files of its bundle; what the plugin has beside them was there before, and keeps
    nothing."""
    linked = (link.target.partition("#")[0] for link in document.parse(new).links)
    paths = (posixpath.normpath(posixpath.join(posixpath.dirname(target), p)) for p in linked)
    texts = {path: references[path] for path in paths if path in references}
    return extension(old, new, texts, about=about, siblings=siblings)


def _about(plugin: Anatomy, target: str, text: str) -> str:
    """What tells, beside a document's own text, what it is about: its plugin's name, the files of
    its folder, those that it names, and the commands and agents that it names or that name it."""
    folder, name = posixpath.dirname(target), posixpath.basename(posixpath.dirname(target))
    own = [
        file.text
        for file in plugin.files
        if file.path.startswith(f"{folder}/")
        or (posixpath.basename(file.path) in text and not file.path.endswith(_SAY_NOTHING))
    ]
    named = [
        f"{c.name} {c.description} {c.body}"
        for c in plugin.components
        if c.path != target and c.name and (c.name in text or name in c.description)
    ]
    return "\n".join((plugin.name, plugin.description, *own, *named))


_SAY_NOTHING = ("README.md", "SKILL.md", "index.md")
"""Names that are no file's own."""


def _texts(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Path -> text of the plugin's files, as far as they can be read."""
    texts = {}
    for path in map(posixpath.normpath, paths):
        with suppress(OSError, UnsafePath):  # what is not there holds nothing
            data = tree.read(root, path, sources.STANDING_CAP)
            texts[path] = data.decode("utf-8", "replace")
    return texts


def extends(project: Project, attempt: Attempt, text: str) -> str:
    """sha256 of the person's file that the draft, as it is published (`text`), goes back to, which
    is the one that it was made from (`history.input_text`); its own where it was merged; "" if
    there is none, or it is replaced."""
    state, standing = attempt.state, attempt.state.inputs.standing.sha256
    inputs, known = state.inputs, state.inputs.publication
    if standing is None or inputs.forced:
        return ""
    if attempt.why.endswith(staleness.MERGED):
        return fingerprint.sha256(text.encode())
    if known is not None and known.status == Status.PUBLISHED:
        first = history.first(project, attempt.plugin, state.enhancement)
        put_back = first is not None and first.sha256 == standing
        if known.is_merged:
            replaces = staleness.REPLACES
            return attempts.extends(project.ledger, attempt.item.id, state.target_path, replaces)
        return standing if put_back else known.extends
    return "" if state.decision.publish == "auto" else standing
