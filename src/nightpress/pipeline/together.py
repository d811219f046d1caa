"""A skill and its references in one run: none is published without the others."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from nightpress.errors import Deferred, GoesWith, PublishConflict, UnsafePath
from nightpress.ledger import reviews
from nightpress.model import Status
from nightpress.pipeline import publish
from nightpress.pipeline.attempts import Attempt, Attempts
from nightpress.pipeline.publish import LockBook
from nightpress.pipeline.run import Run
from nightpress.plan import Item, bundle, changes
from nightpress.plugin import sources
from nightpress.project import Project, load_manifest
from nightpress.storage import tree


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
            raise _gone_with(attempts.run, f"{item.slug}/{name}", "not made in this run")
        own.append(other)
    return own


def bundled(states: bundle.States, name: str) -> list[str]:
    """The documents that are published with one, or not at all, and that one."""
    skill = bundle.skill_of(states, name) or name
    return [skill, *bundle.members(states, skill)]


def waiting(project: Project, attempt: Attempt) -> str:
    """A document of the attempt's bundle whose draft waits for a person already; "" if none."""
    jobs = {f"{attempt.item.slug}/{n}" for n in bundled(attempt.plugin.states, attempt.item.name)}
    if len(jobs) == 1:
        return ""
    held = jobs.intersection(reviews.waiting_jobs(project.ledger)) - {attempt.item.id}
    return min(held, default="")


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
            again = f"not published: doit enhance:{item.slug}"
            attempts.fail(attempt, _gone_with(attempts.run, f"{item.slug}/{name}", again))


def _gone_with(run: Run, job: str, otherwise: str) -> Deferred:
    """Why a document is not published: what was refused keeps its bundle back until it is made
    again, and from whatever else came to nothing the next run goes on."""
    ended, name = run.outcomes.get(job), job.partition("/")[2]
    if ended is not None and ended.status == Status.REFUSED:
        return GoesWith(f"goes with {name}, which is refused")
    return Deferred(f"goes with {name}, which was {otherwise}")


# --- a command that is gone takes its reference with it ---


def clear_away(run: Run, slug: str, root: Path, lock: LockBook) -> None:
    """Remove the references of components that are gone, where the file is as we published it and
    no document of the plugin leads to it any more. The snapshot of this publication holds them."""
    path = run.project.manifests / f"{slug}.yaml"
    manifest, _ = load_manifest(path, run.project.defaults, run.project.index)
    left = bundle.left_over(manifest, run.project.lock().of(slug)) if manifest is not None else ()
    removed = []
    for job, target, sha256 in left:
        if publish.standing_hash(root, target) not in (sha256, None):
            run.notice(f"{job}: {target} was edited by hand: kept, though nothing asks for it")
            lock.drop(job)
        elif where := _led_to(root, target):
            run.notice(f"{job}: {target} is kept, since {where} leads to it")
        else:
            with suppress(FileNotFoundError, PublishConflict):
                publish.put_back(root, target, None, sha256)
                removed.append(target)
            lock.drop(job)
    if removed:
        run.notice(f"{slug}: removed, since nothing asks for it: {changes.some(removed)}")


def _led_to(root: Path, target: str) -> str:
    """A Markdown file of the plugin that names the file's path; "" if none."""
    name = "/".join(target.split("/")[-2:]).encode()
    for entry in tree.walk(root).files:
        if entry.kind == "file" and entry.path.endswith(".md") and entry.path != target:
            with suppress(OSError, UnsafePath):  # what cannot be read leads nowhere
                if name in tree.read(root, entry.path, sources.STANDING_CAP):
                    return entry.path
    return ""
