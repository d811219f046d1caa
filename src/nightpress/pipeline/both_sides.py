"""A draft of a file that a person edited, too: git merges the three texts, a person takes it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from nightpress.errors import NightpressError, UnsafePath
from nightpress.ledger import Review, attempts, reviews
from nightpress.pipeline.attempts import Draft
from nightpress.plan import PluginState, TargetState, judge, staleness
from nightpress.plugin import sources
from nightpress.project import Project
from nightpress.storage import Snapshots, atomic, private, tree

GIT_SECONDS = 20


def has_edits(inputs: staleness.Inputs) -> bool:
    """Does what stands there hold what a person edited of ours, by now or before it was merged?"""
    known = inputs.publication
    merged = known is not None and known.is_merged and staleness.is_ours(inputs.standing, known)
    return merged or staleness.is_edited_by_hand(inputs)


def merged(
    project: Project, one: Review, plugin: PluginState, state: TargetState, draft: Draft, *,
    take: bool,
) -> Draft:  # fmt: skip
    """The draft with the person's edits, if it passes the checks; the merge is written beside the
    kept drafts, too. take: it is what was asked for. Raises NightpressError where it is not, where
    the edits contradict the draft, or where one of the three texts is missing."""
    edited = state.inputs.standing.sha256 != one.before_sha256
    since = "changed since the draft was made" if edited else f"was {staleness.EDITED}"
    told = f"{one.job}: not applied: {state.target_path} {since}"
    text, conflicts = _merge(project, one, plugin, state, told)
    what = f"{told}; a three-way merge"
    path = _kept(project, one, text)
    if conflicts:
        raise NightpressError(
            f"{what} with {conflicts} conflict{'s' * (conflicts > 1)} is in {path}",
            f"fix it, copy it to {state.target_path}, then: doit adopt:{plugin.slug}",
        )
    if not take:
        raise NightpressError(
            f"{what} without conflicts is in {path}",
            f"doit apply:{one.job} --merge takes it;"
            f' doit reject:{one.job} --because "..." drops the draft',
        )
    verdict = judge.judge(
        project, plugin, state.enhancement, state.counted, text.decode("utf-8", "replace"),
        planned=[other.enhancement.target for other in plugin.states.values()],
    )  # fmt: skip
    if verdict.errors:
        named = "; ".join(f"{f.check}: {f.message}" for f in verdict.errors[:3])
        raise NightpressError(f"{one.job}: the merge does not pass its checks: {named}")
    return replace(
        draft, text=verdict.text, findings=verdict.findings, score=verdict.score,
        counted_from=verdict.counted_from,
    )  # fmt: skip


def _merge(
    project: Project, one: Review, plugin: PluginState, state: TargetState, told: str
) -> tuple[bytes, int]:
    """(the three-way merge, how many conflicts) of what we last published (before it was merged
    itself), what stands there and the draft. told: how it is said that there is none."""
    standing, base, missing = b"", None, "what we last published is not kept"
    row = attempts.last_publication(project.ledger, one.job)
    if row is None and not has_edits(state.inputs):
        missing = "a person's file, which nightpress never published, has no version to merge from"
    elif row is not None:
        merged = staleness.MERGED in row.reasons
        kept, sha256 = Snapshots(project.state / "snapshots").kept, row.content_sha256
        base = reviews.applied(project.ledger, one.job) if merged else kept(sha256 or "")
    try:
        standing = tree.read(plugin.root, state.enhancement.target, sources.STANDING_CAP)
    except (FileNotFoundError, UnsafePath):
        base, missing = None, "the file is gone"
    if base is None:
        raise NightpressError(
            f"{told}, and there is no merge: {missing}",
            f'doit reject:{one.job} --because "..." drops the draft; doit enhance:{one.job} makes'
            " a new one from the current file",
        )
    return _git(one.job, {"current file": standing, "last published": base, "draft": one.draft})


def _git(job: str, texts: Mapping[str, bytes]) -> tuple[bytes, int]:
    """The merge of three texts, under the names that a conflict has for them."""
    command = ["git", "merge-file", "-p", "--diff3"]
    command += [word for name in texts for word in ("-L", name)]
    with tempfile.TemporaryDirectory(prefix="nightpress-merge-") as folder:
        for number, data in enumerate(texts.values()):
            Path(folder, str(number)).write_bytes(data)
        try:
            process = subprocess.run(  # noqa: S603 - no shell, fixed words
                [*command, "0", "1", "2"], cwd=folder, env=private.environment(os.environ),
                capture_output=True, timeout=GIT_SECONDS, check=False,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            raise NightpressError(f"{job}: no merge: git cannot be run ({error})") from error
    if process.returncode < 0 or process.returncode > 127:
        said = process.stderr.decode("utf-8", "replace").strip()[:200]
        raise NightpressError(f"{job}: no merge: {said}")
    return process.stdout, process.returncode


def _kept(project: Project, one: Review, text: bytes) -> str:
    """Where the merge was written, beside the kept drafts: its path, relative to the project."""
    slug, _, name = one.job.partition("/")
    folder = project.state / "drafts" / slug
    private.folder(folder)
    atomic.write(folder / f"{name}.merged.md", text, private.FILE)
    return (folder / f"{name}.merged.md").relative_to(project.root).as_posix()
