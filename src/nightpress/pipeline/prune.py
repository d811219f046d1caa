"""`doit prune`: what years of nights leave behind is thinned out; what anything needs stays.

Younger than DAYS: all stays. Older: see `ledger_prune` for the ledger; of snapshots, those
that a kept attempt refers to and the newest KEEP of each plugin stay; logs go.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from nightpress.errors import UsageError
from nightpress.ledger import Pruned, attempts
from nightpress.ledger import prune as ledger_prune
from nightpress.project import Project
from nightpress.storage import Snapshots, atomic

DAYS = 90
KEEP = 3
"""Snapshots of each plugin that stay, however old."""
_LOG = re.compile(r"(\d{8}T\d{6})-[0-9a-f]+\.(?:log|jsonl)")


class Result(Struct, frozen=True):
    """What went (or would go). bytes: of the ledger and of snapshots, freed."""

    before: str
    rows: Pruned
    snapshots: int
    objects: int
    logs: int
    bytes: int
    dry: bool

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
        return [
            f"pruned what was older than {self.before[:10]} and not needed: {what};"
            f" {self.bytes:,} bytes freed"
        ]


def prune(project: Project, days: int | None = None, *, dry: bool = False) -> Result:
    """Thin out ledger, snapshots and logs. The caller holds the project's lock.

    days: what is younger stays; None: as `retention` in the defaults says, else DAYS.
    """
    if days is None:
        days = int((project.defaults.values.get("retention") or {}).get("days", DAYS))
    if days < 1:
        raise UsageError(f"--days {days}: at least one day is kept", "doit prune --days 90")
    now = datetime.fromtimestamp(project.clock.time(), UTC)
    before = (now - timedelta(days=days)).isoformat(timespec="milliseconds")
    was = _size(project)
    rows = Pruned()
    if project.has_ledger:
        rows = _rows(project, before, now.isoformat(timespec="seconds"), dry)
    trees, objects, freed = _snapshots(project, before, dry)
    logs = _logs(project, f"{now - timedelta(days=days):%Y%m%dT%H%M%S}", dry)
    if rows.anything and not dry:
        project.ledger.store.compact()
    return Result(
        before, rows, trees, objects, logs, 0 if dry else was - _size(project) + freed, dry
    )


def _size(project: Project) -> int:
    return project.ledger_path.stat().st_size if project.has_ledger else 0


def _rows(project: Project, before: str, now: str, dry: bool) -> Pruned:
    used = [e.fingerprint.content for e in project.lock().values()]
    with project.ledger.store.write() as db:
        return ledger_prune.prune(db, before, now, used, dry=dry)


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
