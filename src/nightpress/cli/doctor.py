"""`nightpress doctor`: is everything there that a night needs, and if not, how to fix it?"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Literal, NamedTuple

from nightpress import errors
from nightpress.cli import status
from nightpress.clock import ago
from nightpress.text import fitted, safe, some
from nightpress.voice import spoken

if TYPE_CHECKING:
    from nightpress.project import Problem, Project

ROOM = 500_000_000
"""Bytes that a night's snapshots, ledger and vault should find free."""
AHEAD = 120.0
"""Seconds that the newest row of the ledger may lie ahead of the clock."""
OLD = 7 * 86_400.0
"""Seconds after which a backup is old."""

LOADING = 20
"""Seconds after which dodo.py will hardly be loaded any more."""

State = Literal["ok", "warning", "error"]


class Result(NamedTuple):
    """What was found. mend: what to do about it; "" where nothing is to be done."""

    name: str
    state: State
    what: str
    mend: str = ""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="find what this machine or project lacks, and how to fix it",
        description="Looks at Python, SQLite, git, disk, keys (never shown), model, quota, vault, "
        "clock, locks and the project's files. Makes no call to a model and changes nothing. Exit "
        "status 0, or 1 where something is wrong that stops a run.",
    )
    doctor.add_argument("--project", default=".", metavar="FOLDER", help="the project (here)")
    doctor.add_argument("--json", action="store_true", help="one JSON list")
    doctor.set_defaults(run=_doctor)


def _doctor(given: argparse.Namespace) -> int:
    results = list(examine(given.project))
    if given.json:
        rows = [result._replace(mend=spoken(result.mend))._asdict() for result in results]
        sys.stdout.write(json.dumps(rows, indent=2, ensure_ascii=True) + "\n")
    else:
        for result in results:
            what = result.what.replace("\n", f"\n{'':<20}")
            told = safe(f"{result.state:<8} {result.name:<10} {what}", newlines=True)
            sys.stdout.write(fitted(told, sys.stdout) + "\n")
            if result.mend:
                mend = result.mend.replace("\n", f"\n{'':<20}")
                told = safe(spoken(f"{'':<20}hint: {mend}"), newlines=True)
                sys.stdout.write(fitted(told, sys.stdout) + "\n")
    bad = any(result.state == "error" for result in results)
    return errors.EXIT_FAILED if bad else errors.EXIT_OK


def examine(folder: str) -> Iterator[Result]:
    """Every check, one after the other; what one of them meets is its own result."""
    from nightpress.clock import RealClock
    from nightpress.project import Project, located
    from nightpress.storage import sqlite

    yield from (_python(), _sqlite())
    yield from _guarded("terminal", _terminal)
    try:
        root = located(folder).resolve()
    except errors.NightpressError as error:
        yield Result("project", "error", error.message, "nightpress init in the marketplace")
        return
    project = Project(root, {}, os.environ, RealClock())
    checks: list[tuple[str, Callable[[Project], Iterator[Result]]]] = [
        ("disk", _disk), ("project", _project), ("dodo.py", _dodo), ("git", _git),
        ("lock file", _lock_file), ("state", _state),
        ("run lock", _run_lock), ("clock", _clock), ("writer", _writer), ("backends", _backends),
        ("quota", _quota), ("prices", _prices), ("vault", _vault),
    ]  # fmt: skip
    told = False
    for name, check in checks:
        results = list(_guarded(name, lambda check=check: check(project)))  # type: ignore[misc]
        yield from (one for one in results if not (told and one.mend == sqlite.DAMAGED))
        told = told or any(one.mend == sqlite.DAMAGED for one in results)
        if check is _project and results[-1].state == "error":
            return  # all the others would say the same


def _guarded(name: str, check: Callable[[], Iterator[Result]]) -> Iterator[Result]:
    try:
        yield from check()
    except (errors.NightpressError, OSError) as error:
        if (known := errors.known(error)) is None:
            raise
        yield Result(name, "error", known.message, known.hint or "doit validate")


# --- the machine ---


def _python() -> Result:
    version = ".".join(map(str, sys.version_info[:3]))
    return Result("python", "ok", f"{version}, nightpress {metadata.version('nightpress')},"
                  f" doit {metadata.version('doit')}")  # fmt: skip


def _sqlite() -> Result:
    from nightpress.storage import sqlite

    return Result("sqlite", "ok", sqlite.VERSION)


def _terminal() -> Iterator[Result]:
    from nightpress.progress import plain

    how = plain.chosen(None, sys.stdout, os.environ)
    encoding = (sys.stdout.encoding or "").lower()
    if "utf" not in encoding:
        yield Result("terminal", "warning", f"{how}, encoding {encoding}", "export LC_ALL=C.UTF-8")
        return
    yield Result("terminal", "ok", f"a run shows itself as {how}")


# --- the project ---


def _project(project: Project) -> Iterator[Result]:
    from nightpress.project import discover, lacks_dodo, load_manifest, paths, validate

    defaults, slugs = project.defaults, project.slugs()
    if not slugs:
        yield Result("project", "error", f"{project.root}: no manifests", "doit manifests")
        return
    if lacks := lacks_dodo(project.root):
        what = lacks.message.rpartition(": ")[2]
        yield Result("project", "error", f"dodo.py: {what}", lacks.hint)
        return
    read = [
        load_manifest(project.manifests / f"{slug}.yaml", defaults, project.index) for slug in slugs
    ]
    where = str(defaults.values.get("marketplace", "."))
    yield from _broken("defaults", validate.of_defaults(defaults))
    yield from _broken("manifests", (one for _, problems in read for one in problems))
    yield from _broken("plugins", (
        one for manifest, _ in read if manifest is not None
        for one in validate.of_plugin_json(project.root, manifest.path)
    ))  # fmt: skip
    yield from _broken("marketplace", discover.listing_problems(project.root, paths.clean(where)))
    what = f"{project.root}: {some(len(slugs), 'manifest')}, marketplace {where}"
    yield Result("project", "ok", what)


def _broken(name: str, problems: Iterable[Problem]) -> Iterator[Result]:
    """The first error, and how many there are."""
    if broken := [problem for problem in problems if problem.severity == "error"]:
        told = f"{some(len(broken), 'error')}: {broken[0]}"
        yield Result(name, "error", told, "doit validate")


def _dodo(project: Project) -> Iterator[Result]:
    """doit's own: loaded in a process of its own, as a run does it."""
    line = [sys.executable, "-m", "nightpress.tasks.dodo"]
    try:
        ran = subprocess.run(  # noqa: S603 - no shell, fixed words
            line, cwd=project.root, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=LOADING,
        )  # fmt: skip
        what, mend, builds = json.loads(ran.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        told = f"dodo.py is still being loaded after {LOADING} s"
        what, mend, builds = told, "look for what it waits for, or repeats for ever", False
    except (ValueError, IndexError):
        what, mend, builds = "dodo.py ends the process that loads it", "look at dodo.py", False
    if what:
        yield Result("dodo.py", "warning" if builds else "error", what, mend)


def _git(project: Project) -> Iterator[Result]:
    from nightpress.storage import git

    if shutil.which("git") is None:
        yield Result("git", "warning", "git is not installed: ignored files are read, too",
                     "install git")  # fmt: skip
    elif not git.is_repository(project.root):
        yield Result("git", "warning", "the project is not in a git repository",
                     "git init, and a commit: git diff shows what a run changes")  # fmt: skip
    elif git.is_sparse(project.root):
        yield Result("git", "warning", "a sparse checkout: what is not checked out is not judged",
                     "git sparse-checkout disable")  # fmt: skip
    else:
        yield Result("git", "ok", "a repository")


def _lock_file(project: Project) -> Iterator[Result]:
    from nightpress.ledger import lockfile

    yield Result("lock file", "ok", some(len(lockfile.read(project.lock_path)), "document"))


def _state(project: Project) -> Iterator[Result]:
    from nightpress.storage import obstacle, sqlite

    if (stops := obstacle.of_project(project.root)) is not None:
        yield Result("state", "error", f"{stops.where()} {stops.what}", stops.hint())
        return
    if not project.has_ledger:
        yield Result("state", "ok", "no run yet")
        return
    if not sqlite.is_sound(project.ledger_path):
        raise errors.LedgerError(f"{project.ledger_path} is damaged", sqlite.DAMAGED)
    unfinished = project.ledger.unfinished()
    died = "; the last run died, and the next one goes on where it stopped" if unfinished else ""
    yield Result("state", "ok", f"the ledger is sound{died}")


def _disk(project: Project) -> Iterator[Result]:
    free = shutil.disk_usage(project.root).free
    what = f"{free / 1e9:,.1f} GB free"
    if free < ROOM:
        mend = "make room; doit prune thins out old snapshots, logs and rows"
        yield Result("disk", "error" if free < ROOM / 10 else "warning", what, mend)
        return
    yield Result("disk", "ok", what)


def _run_lock(project: Project) -> Iterator[Result]:
    from nightpress.storage import run_lock

    if (says := run_lock.taken(project.state)) is not None:
        what = spoken(f"another run is busy: {run_lock.holder(says)}")
        yield Result("run lock", "warning", what, "nightpress watch shows it")
        return
    yield Result("run lock", "ok", "free")


def _clock(project: Project) -> Iterator[Result]:
    from nightpress.ledger import totals

    now = project.clock.time()
    runs = totals.runs(project.ledger, 1) if project.has_ledger else []
    if runs and datetime.fromisoformat(runs[0].started).timestamp() - now > AHEAD:
        yield Result("clock", "error", f"the last run began at {runs[0].started}, in the future",
                     "set the clock: quotas are counted by it")  # fmt: skip
        return
    yield Result("clock", "ok", datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"))


# --- who writes, and how much ---


def _writer(project: Project) -> Iterator[Result]:
    from nightpress import backends

    writer = project.writer()
    yield Result("writer", "ok", f"{writer}: {writer.why}")
    if writer.kind == "offline" and writer.by_default:
        keys = [key for b in backends.models() for key in b.access({}).keys]
        yield Result("key", "warning", f"none of {', '.join(keys)} is set: no model is asked",
                     f"export {keys[-1]}=...")  # fmt: skip


def _backends(_project: Project) -> Iterator[Result]:
    """Those that other packages bring."""
    from nightpress.backends import BACKENDS

    for name, declared in sorted(BACKENDS.scanned().items()):
        if not BACKENDS.is_ours(name):
            models = ", ".join(declared.models) or "any"
            yield Result("backend", "ok", f"{name}: {declared.title}, its models: {models}")
    for name, why in sorted(BACKENDS.broken.items()):
        what = f"{name} of another package cannot be loaded: {why}"
        yield Result("backend", "warning", what, "look at its package, or uninstall it")


def _quota(project: Project) -> Iterator[Result]:
    from nightpress.pipeline import outlook, pacing
    from nightpress.quota import place
    from nightpress.storage import sqlite

    writer = project.writer()
    if writer.kind == "offline":
        return
    counted = place.of(project.state)
    if counted.trouble:
        yield Result("quota", "warning", counted.trouble, "look at the folder's permissions, or set"
                     " XDG_STATE_HOME")  # fmt: skip
    if counted.path.exists() and not sqlite.is_sound(counted.path):
        yield Result("quota", "warning", f"{counted.path} is damaged", "nothing: the next run sets "
                     "it aside, and starts counting again")  # fmt: skip
    _, stands = outlook.situation(project, writer.model)
    left = "unlimited" if stands.left_in_day is None else f"{stands.left_in_day:,} calls left today"
    resets = datetime.fromtimestamp(stands.resets_at).strftime("%Y-%m-%d %H:%M")
    what = f"{left}, the day ends at {resets}; {stands.calls_today:,} used, by"
    what += f" {pacing.kept_in(project)}"
    if stands.left_in_day == 0:
        yield Result("quota", "warning", what, "nightpress tonight waits for the next day")
        return
    yield Result("quota", "ok", what)


def _prices(project: Project) -> Iterator[Result]:
    """Of when what we know of the model's price and limits is."""
    from nightpress.pipeline import pacing

    writer = project.writer()
    day = pacing.declared(project, writer.model).as_of
    if writer.kind == "offline" or day is None:
        return
    days = (datetime.fromtimestamp(project.clock.time()).date() - day).days
    what = f"prices and limits that are known here are of {day}"
    if days > STALE:
        yield Result("prices", "warning", f"{what}, {days} days ago", "upgrade nightpress, or say"
                     " what holds: `prices` and `limits` in manifests/_defaults.yaml")  # fmt: skip
        return
    yield Result("prices", "ok", what)


STALE = 180
"""Days after which a price may well be another."""


def _vault(project: Project) -> Iterator[Result]:
    from nightpress import vault

    place = vault.project_vault(project.root, os.environ)
    try:
        found = vault.snapshots(place)
    except vault.Absent:
        found = []
    finally:
        place.close()
    now = project.clock.time()
    if not found:
        what = f"{place.name}: no backup yet"
        if (last := status.last_backup(project)) is not None:
            where = "off-site" if last["off_site"] else "on this machine"
            what = f"{place.name}: no backup in it; the last on record: {ago(now - last['at'])},"
            what += f" {where}"
        yield Result("vault", "warning", what, "doit backup")
        return
    age = min(snapshot.age(now) for snapshot in found)
    backups = "1 backup" if len(found) == 1 else f"{len(found):,} backups"
    what = f"{place.name}: {backups}, the newest made {ago(age)}"
    if age > OLD:
        yield Result("vault", "warning", what, "doit backup, or vault.after_build: true")
    elif not place.off_site:
        yield Result("vault", "warning", what, vault.NOT_OFF_SITE)
    else:
        yield Result("vault", "ok", what)
