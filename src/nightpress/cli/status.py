"""`nightpress status`: how the project stands, at a glance; from the records alone."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nightpress import errors
from nightpress.clock import ago
from nightpress.text import fitted, safe
from nightpress.voice import spoken

if TYPE_CHECKING:
    from nightpress.ledger import lockfile
    from nightpress.project import Project

NAMED = 3
"""Drafts that wait which are named."""
READ = 2_000
"""Documents that are read, to see whether somebody edited them."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    status = commands.add_parser(
        "status",
        help="documents, drafts, quota, last and next run, backup",
        description="Tells from the records what is published, what waits for review, what is left "
        "of today's quota, how the last run ended, when the next one can go on, and how old the "
        "newest backup is. It looks at no plugin: `nightpress plan` does.",
    )
    status.add_argument("--project", default=".", metavar="FOLDER", help="the project (here)")
    status.add_argument("--json", action="store_true", help="one JSON object")
    status.set_defaults(run=_status)


def _status(given: argparse.Namespace) -> int:
    from nightpress.clock import RealClock
    from nightpress.project import Project, located

    project = Project(located(given.project).resolve(), {}, os.environ, RealClock())
    found = gathered(project)
    if given.json:
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=True) + "\n")
        return errors.EXIT_OK
    for name, text in lines(found, project.clock.time()):
        sys.stdout.write(fitted(safe(spoken(f"{name:<10} {text}")), sys.stdout) + "\n")
    return errors.EXIT_OK


def gathered(project: Project) -> dict[str, Any]:
    """What is on record; times in epoch seconds (`*_at`), null for what is not known."""
    from nightpress.ledger import reviews, totals

    now = project.clock.time()
    lock, slugs = project.lock(), project.slugs()
    found: dict[str, Any] = {
        "plugins": len(slugs), "broken": project.broken(), "standing": len(lock), "latest": {},
        "waiting": [],
        **_astray(project, lock),
        "running": _running(project), "workers": [], "calls_in_flight": 0,
        "quota": _quota(project), "last_run": None,
        "last_backup": None, "next_run_at": None,
    }  # fmt: skip
    if project.has_ledger:
        ledger = project.ledger
        jobs = reviews.waiting_jobs(ledger)
        known = frozenset(slugs)
        found["waiting"] = waiting = [job for job in jobs if job.partition("/")[0] in known]
        found["latest"] = _states(project, slugs, totals.latest(ledger), lock, waiting)
        for run in totals.runs(ledger, 1):
            found["last_run"] = {
                "started_at": _epoch(run.started), "finished_at": _epoch(run.finished),
                "exit_code": run.exit_code, "counts": _counts(run.summary),
            }  # fmt: skip
            found["workers"] = run.summary.get("workers") or []
            found["next_run_at"] = run.summary.get("goes_on_at")
    if found["running"] is not None:
        found |= _at_work(project)
    found["last_backup"] = last_backup(project)
    quota = found["quota"]
    if quota and quota["left_today"] == 0:
        found["next_run_at"] = quota["resets_at"]
    if (found["next_run_at"] or 0) <= now:
        found["next_run_at"] = None
    return found


def _astray(project: Project, lock: lockfile.Lock) -> dict[str, list[str]]:
    """The documents on record that are gone, and the published ones that somebody edited (of more
    than READ it is told which are there, and no more)."""
    from nightpress import fingerprint
    from nightpress.model import Status
    from nightpress.storage import git

    gone, edited = list[str](), list[str]()
    for number, (job, entry) in enumerate(lock.items()):
        path = project.root / entry.target
        try:
            if number >= READ:
                path.lstat()
                continue
            data = path.read_bytes()
        except FileNotFoundError:
            gone.append(job)
            continue
        except OSError:  # no plain file: the plan tells of it
            continue
        if entry.status != Status.PUBLISHED or fingerprint.sha256(data) == entry.sha256:
            continue
        if fingerprint.held(entry.target, data) != (entry.normal or entry.sha256):
            edited.append(job)
    if gone and git.is_sparse(project.root):  # not checked out, perhaps
        gone = []
    return {"gone": gone, "edited": edited}


def _states(
    project: Project,
    slugs: Collection[str],
    latest: Mapping[str, str],
    lock: lockfile.Lock,
    waiting: Collection[str],
) -> dict[str, int]:
    """How the latest attempts at what the manifests declare left it, in the plan's words, the most
    frequent first. What failed or was put off is what it was before. (Manifests are read where
    something is not done: that a document is on record does not turn on them.) waiting: of which a
    draft does."""
    from nightpress.ledger import reviews
    from nightpress.model import OPEN, PARKED, REJECTED, STANDING, STATES, Status

    known = frozenset(slugs)
    declared: dict[str, frozenset[str]] = {}
    states: Counter[str] = Counter()
    for job, ended in latest.items():
        slug = job.partition("/")[0]
        if slug not in known:
            continue
        if ended not in STANDING:
            if slug not in declared:
                declared[slug] = _declared(project, slug)
            if job not in declared[slug]:
                continue
        if ended == Status.ADOPTED and job in waiting:  # its split does
            ended = PARKED
        adopted = job in lock and lock[job].status == Status.ADOPTED
        if ended == PARKED and adopted and job not in waiting:
            continue  # its draft was rejected: the person's file is up to date
        if ended == PARKED and reviews.rejected_because(project.ledger, job):
            ended = Status.DEFERRED if job in project.ledger.asked() else REJECTED
        if ended in (Status.FAILED, Status.DEFERRED, Status.INTERRUPTED, *OPEN):
            ended = STATES["make" if job in lock else "unmade"].word
        states[ended] += 1
    return dict(states.most_common())


def _declared(project: Project, slug: str) -> frozenset[str]:
    from nightpress.project import load_manifest

    path = project.manifests / f"{slug}.yaml"
    manifest, _ = load_manifest(path, project.defaults, project.index)
    every = manifest.enhancements if manifest is not None else ()
    return frozenset(f"{slug}/{one.name}" for one in every)


def last_backup(project: Project) -> dict[str, Any] | None:
    """The last on record, or the one that this project was restored from: its ledger travelled
    before it was recorded there."""
    from nightpress.ledger import totals
    from nightpress.model import RESTORED

    known: list[dict[str, Any]] = []
    if project.has_ledger:
        backup = totals.last_backup(project.ledger, "backup", good=True)
        if backup is not None:
            known.append({"at": _epoch(backup.timestamp), "off_site": backup.off_site})
    with suppress(OSError, ValueError, TypeError, KeyError):  # not restored, or not by us
        note = json.loads((project.state / RESTORED).read_bytes())
        known.append({"at": _epoch(note["taken"]), "off_site": bool(note.get("off_site"))})
    return max(known, key=lambda one: one["at"], default=None)


def _running(project: Project) -> int | None:
    """The process id of the run that is going on."""
    from nightpress.storage import run_lock

    return run_lock.alive(project.state)


def _at_work(project: Project) -> dict[str, Any]:
    """What the workers of the run that is going on have done so far."""
    from nightpress.progress import Watched

    watched = Watched(project.state)
    list(watched.news())
    return {"workers": watched.screen.workers, "calls_in_flight": watched.screen.calling}


def _quota(project: Project) -> dict[str, Any] | None:
    """Of the model that would be asked; None where none would."""
    project = _telling(project)
    writer = project.writer()
    if writer.kind == "offline":
        return None
    from nightpress.pipeline import pacing

    quota = pacing.quota_of(project)
    try:
        stands = quota.snapshot(
            writer.model, pacing.limits_of(project, writer.model), pacing.pace_of(project)
        )
    finally:
        quota.close()
    return {
        "model": writer.model, "calls_today": stands.calls_today,
        "left_today": stands.left_in_day, "resets_at": stands.resets_at,
    }  # fmt: skip


def _telling(project: Project) -> Project:
    """The project by the keys of this shell, else as its records have it: without the key of the
    backend that it names, too."""
    with suppress(errors.UsageError):
        if not project.writer().by_default:
            return project
    return project.as_recorded()


def _epoch(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


def _counts(summary: Any) -> dict[str, int]:
    from nightpress.model import ENDINGS

    return {word: int(summary[word]) for word in ENDINGS if summary.get(word)}


# --- for people ---


def lines(found: dict[str, Any], now: float) -> list[tuple[str, str]]:
    """(what, how it stands)."""
    return [
        *([("manifests", _broken(found["broken"]))] if found["broken"] else []),
        ("documents", _documents(found)),
        ("review", _waiting(found["waiting"])),
        ("quota", _left(found["quota"], now)),
        ("last run", _last(found, now)),
        *([("workers", _workers(found))] if found["workers"] else []),
        ("next run", _next(found, now)),
        ("backup", _backup(found["last_backup"], now)),
    ]


def _broken(problems: list[str]) -> str:
    more = f" (of {len(problems):,})" if len(problems) > 1 else ""
    return f"an error{more}, nightpress validate: {problems[0]}"


def _documents(found: dict[str, Any]) -> str:
    from nightpress.model import said

    plugins = "1 plugin" if found["plugins"] == 1 else f"{found['plugins']:,} plugins"
    text = f"{found['standing']:,} published or adopted, in {plugins}"
    others = {k: n for k, n in found["latest"].items() if k not in ("published", "adopted")}
    rest = [f"{count:,} {said(status)}" for status, count in others.items()]
    astray = [f"{len(found[w]):,} {w}" for w in ("gone", "edited") if found[w]]
    if astray:
        rest.append(f"{', '.join(astray)}: nightpress check")
    return text + (f"; {', '.join(rest)}" if rest else "")


def _waiting(jobs: list[str]) -> str:
    if not jobs:
        return "nothing waits for you"
    named = ", ".join(jobs[:NAMED]) + (", ..." if len(jobs) > NAMED else "")
    number = "1 draft waits" if len(jobs) == 1 else f"{len(jobs):,} drafts wait"
    return f"{number} for you ({named}): nightpress review"


def _left(quota: dict[str, Any] | None, now: float) -> str:
    if quota is None:
        return "no model is asked (offline)"
    if quota["left_today"] is None:
        return f"{quota['model']}: no limit a day; {quota['calls_today']:,} calls today"
    return (
        f"{quota['model']}: {quota['left_today']:,} calls left today, {quota['calls_today']:,}"
        f" used; the day ends {_when(quota['resets_at'], now)}"
    )


def _last(found: dict[str, Any], now: float) -> str:
    from nightpress.model import said

    run = found["last_run"]
    if run is None:
        return "none yet: nightpress build"
    if run["finished_at"] is None and found["running"] is not None:
        return f"began {_when(run['started_at'], now)}, and has not ended"
    if run["exit_code"] is None:
        return f"began {_when(run['started_at'], now)}, and died"
    ends = {errors.EXIT_OK: "done", errors.EXIT_FAILED: "with failures",
            errors.EXIT_INTERRUPTED: "interrupted", errors.EXIT_BUG: "with a bug"}  # fmt: skip
    how = ends.get(run["exit_code"], f"with exit status {run['exit_code']}")
    counts = ", ".join(f"{count:,} {said(status)}" for status, count in run["counts"].items())
    return f"ended {_when(run['finished_at'], now)}, {how}" + (f": {counts}" if counts else "")


def _workers(found: dict[str, Any]) -> str:
    from nightpress.progress import draw

    workers = found["workers"]
    total = {what: sum(w[what] for w in workers) for what in workers[0] if what != "name"}
    said = f"{len(workers)}: {draw.worked(total)}"
    calling = f"{found['calls_in_flight']:,} calls in flight"
    return f"{said}, {calling}" if found["running"] is not None else f"{said}, in the last run"


def _next(found: dict[str, Any], now: float) -> str:
    if found["running"] is not None:
        return f"a run is under way (pid {found['running']}): nightpress watch"
    if found["next_run_at"] is None:
        return "any time: nightpress build"
    return f"{_when(found['next_run_at'], now)}; nightpress tonight waits for it"


def _backup(backup: dict[str, Any] | None, now: float) -> str:
    if backup is None:
        return "none on record: nightpress backup"
    place = "" if backup["off_site"] else ", on this machine alone: not off-site"
    return f"{_when(backup['at'], now)}{place}"


def _when(at: float, now: float) -> str:
    """`2026-11-29 03:10 (in 4 h)`, in local time."""
    shown = datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    if at <= now:
        return f"{shown} ({ago(now - at)})"
    seconds = at - now
    amount = (
        f"{seconds / 86_400:.0f} days" if seconds >= 172_800
        else f"{seconds / 3_600:.0f} h" if seconds >= 5_400
        else f"{seconds / 60:.0f} min"
    )  # fmt: skip
    return f"{shown} (in {amount})"
