"""`doit prune`: what years of nights leave behind is thinned out; what anything needs stays.

Younger than DAYS: all stays. Older: see `ledger_prune` for the ledger; of snapshots, those
that a kept attempt refers to and the newest KEEP of each plugin stay; logs go.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from nightpress.errors import UsageError
from nightpress.ledger import Pruned, attempts
from nightpress.ledger import prune as ledger_prune
from nightpress.project import Project
from nightpress.storage import Snapshots, atomic, run_lock

DAYS = 90
TURN = 0.1
"""Seconds that a run beside it has for its own rows, after each of our transactions."""
KEEP = 3
"""Snapshots of each plugin that stay, however old."""
_LOG = re.compile(r"(\d{8}T\d{6})-[0-9a-f]+\.(?:log|jsonl)")


class Result(Struct, frozen=True):
    """What went (or would go). bytes: of the ledger and of snapshots, freed; left: a run has begun
    meanwhile, which needs the snapshots and logs as they are."""

    before: str
    rows: Pruned
    snapshots: int
    objects: int
    logs: int
    bytes: int
    dry: bool
    left: bool = False

    def lines(self) -> list[str]:
        rows = self.rows
        parts = [
            f"{n:,} {word}"
            for n, word in (
                (rows.enhancements, "attempts"), (rows.calls, "calls"), (rows.replies, "replies"),
                (rows.analyses, "analyses"), (rows.contents, "file lists"), (rows.runs, "runs"),
                (self.snapshots, "snapshots"), (self.objects, "snapshot files"),
                (self.logs, "logs"),
            )
            if n
        ]  # fmt: skip
        what = ", ".join(parts) or "nothing"
        if self.dry:
            return [f"older than {self.before[:10]} and not needed: {what} (dry run: all stays)"]
        told = (
            f"pruned what was older than {self.before[:10]} and not needed: {what};"
            f" {self.bytes:,} bytes freed"
        )
        rest = "a run has begun meanwhile: the next prune goes on with snapshots and logs"
        return [told, rest] if self.left else [told]


def prune(
    project: Project,
    days: int | None = None,
    *,
    dry: bool = False,
    stop: threading.Event | None = None,
    alone: Callable[[], bool] = lambda: True,
) -> Result:
    """Thin out ledger, snapshots and logs.

    days: what is younger stays; None: as `retention` in the defaults says, else DAYS; stop: what
    is left goes with the next; alone: takes the project's lock, which is not needed until then;
    False: a run has it.
    """
    if days is None:
        days = int((project.defaults.values.get("retention") or {}).get("days", DAYS))
    if days < 1:
        raise UsageError(f"--days {days}: at least one day is kept", "doit prune --days 90")
    now = datetime.fromtimestamp(project.clock.time(), UTC)
    before = (now - timedelta(days=days)).isoformat(timespec="milliseconds")
    was = _size(project)
    rows = Pruned()

    def goes_on() -> bool:
        """A run that waits for the ledger gets it between two transactions."""
        if run_lock.taken(project.state) is not None:
            time.sleep(TURN)
        return stop is None or not stop.is_set()

    if project.has_ledger:
        rows = _rows(project, before, now.isoformat(timespec="seconds"), dry, goes_on)
        if rows.anything and not dry:
            project.ledger.store.compact(goes_on)
    trees = objects = freed = logs = 0
    left = not (goes_on() and alone())
    if not left:
        trees, objects, freed = _snapshots(project, before, dry)
        logs = _logs(project, f"{now - timedelta(days=days):%Y%m%dT%H%M%S}", dry)
    freed += was - _size(project)
    return Result(before, rows, trees, objects, logs, 0 if dry else freed, dry, left)


def _size(project: Project) -> int:
    return project.ledger_path.stat().st_size if project.has_ledger else 0


def _rows(
    project: Project, before: str, now: str, dry: bool, goes_on: Callable[[], bool]
) -> Pruned:
    used = [e.fingerprint.content for e in project.lock().values()]
    store = project.ledger.store
    return ledger_prune.prune(store, before, now, used, dry=dry, goes_on=goes_on)


# --- snapshots ---


def _snapshots(project: Project, before: str, dry: bool) -> tuple[int, int, int]:
    """(snapshots, objects, bytes of objects) that went. A tree is gone for good before an object
    of it goes, so that a listed snapshot is complete at every instant."""
    snapshots = Snapshots(project.state / "snapshots")
    cited = attempts.cited_snapshots(project.ledger) if project.has_ledger else set()
    used = {entry.sha256 for entry in project.lock().values()}  # bases of merges
    doomed, per_plugin = [], dict[str, int]()
    for snapshot in snapshots.listed():
        per_plugin[snapshot.slug] = per_plugin.get(snapshot.slug, 0) + 1
        young = snapshot.taken >= before[:19]
        if young or snapshot.id in cited or per_plugin[snapshot.slug] <= KEEP:
            used |= {entry.text for entry in snapshot.entries if entry.kind == "file"}
            used.add(snapshot.manifest)
        else:
            doomed.append(snapshots.trees / snapshot.slug / f"{snapshot.id}.json")
    if not dry:
        for path in doomed:
            path.unlink()
        for folder in {path.parent for path in doomed}:
            atomic.sync_folder(folder)
    objects = [p for p in snapshots.objects.glob("*/*") if p.parent.name + p.name not in used]
    freed = sum(path.stat().st_size for path in objects)
    if not dry:
        for path in objects:
            path.unlink()
    return len(doomed), len(objects), freed


def _logs(project: Project, before: str, dry: bool) -> int:
    paths = [
        path
        for path in (project.state / "logs").glob("*.*")
        if (match := _LOG.fullmatch(path.name)) and match.group(1) < before
    ]
    if not dry:
        for path in paths:
            path.unlink()
    return len(paths)
