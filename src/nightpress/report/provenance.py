"""Where a published file comes from, read from the ledger: for `nightpress why` and the report."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Sequence

from msgspec import Struct

from nightpress.errors import NightpressError
from nightpress.fingerprint import writer
from nightpress.ledger import Ledger, RecordedAttempt, calls, dollars
from nightpress.model import Status
from nightpress.plan import history
from nightpress.plugin import STANDING_CAP
from nightpress.project import Project
from nightpress.report import figures
from nightpress.storage import Snapshots, tree

LINE = 300
"""Characters of one line of a difference."""


def of(project: Project, row: RecordedAttempt) -> figures.Provenance:
    """The provenance of a final attempt."""
    ledger = project.ledger
    own = calls.of_attempt(ledger, row.id)
    prompts = [call.prompt_sha256 for call in own if call.outcome == "reply"]
    return figures.Provenance(
        at=row.timestamp,
        status=row.status,
        backend=row.backend,
        asked=row.model_requested,
        answered=row.model_answered or "",
        sha256=row.content_sha256 or "",
        prompt=prompts[-1] if prompts else "",
        template=row.fingerprint.get("generator", ""),
        calls=len(own),
        tokens_in=sum(call.tokens_in for call in own),
        tokens_out=sum(call.tokens_out for call in own),
        cost=dollars(own),
        snapshot=row.snapshot_id or "",
        restore=restore_command(project, row),
    )


class Step(Struct, frozen=True):
    """One thing that became of a file. what: found (a person's, before us), generated, edited,
    put back, adopted or removed; at: ISO time, "" where only the order is known; sha256: of what
    stood then, "" for nothing; by: who wrote, where we did; run: its id."""

    what: str
    at: str
    sha256: str
    by: str = ""
    run: str = ""

    def __str__(self) -> str:
        when = f"{self.at[:16].replace('T', ' ')} UTC" if self.at else "since then"
        who = f" by {self.by}" if self.by else " by people" if self.what == "edited" else ""
        return f"{self.what}{who}, {when}" + (f", sha256 {self.sha256[:12]}" if self.sha256 else "")


def chain(rows: Sequence[RecordedAttempt], stands: str | None) -> list[Step]:
    """What became of a file, oldest first, up to what stands now; rows: every attempt at it."""
    steps: list[Step] = []

    def seen(sha256: str | None, at: str) -> None:
        """These bytes stood there at that time: by whom, if they are not what we last knew?"""
        before = steps[-1].sha256 if steps else ""
        if (sha256 or "") == before:
            return
        if not sha256:
            steps.append(Step("removed", at, ""))
        elif sha256 in {step.sha256 for step in steps}:
            steps.append(Step("put back", at, sha256))
        else:
            steps.append(Step("edited" if steps else "found", at, sha256))

    for row in sorted(rows, key=lambda row: row.id):
        if row.status == Status.PUBLISHED:
            seen(row.before_sha256, row.timestamp)
            by = writer(row.backend, row.model_answered or row.model_requested)
            steps.append(Step("generated", row.timestamp, row.content_sha256 or "", by, row.run_id))
        elif row.status == Status.ADOPTED:
            seen(row.content_sha256, row.timestamp)
            sha256 = row.content_sha256 or ""
            steps.append(Step("adopted", row.timestamp, sha256, run=row.run_id))
        elif row.status == Status.KEPT and row.before_sha256:
            seen(row.before_sha256, row.timestamp)
    seen(stands, "")
    return steps


def restore_command(project: Project, row: RecordedAttempt) -> str:
    """The command that brings back what stood before this row; "" if nothing was replaced, or the
    snapshot is not here any more."""
    if row.status != Status.PUBLISHED or not row.snapshot_id:
        return ""
    try:
        Snapshots(project.state / "snapshots").get(row.snapshot_id, row.slug)
    except NightpressError:
        return ""
    return f"doit restore --plugin {shlex.quote(row.slug)} --snapshot {row.snapshot_id}"


def before_us(project: Project, job: str, path: str) -> str:
    """The command that brings back, or shows, what stood at a document's path before us; "": none
    can."""
    first = history.original(project.ledger if project.has_ledger else None, job, path)
    if first is not None:
        try:
            history.original_content(Snapshots(project.state / "snapshots"), first)
        except NightpressError:
            return history.in_git(project, job, path, first.sha256)
        return f"doit clean enhance:{job}"
    return history.in_git(project, job, path)


def sources(ledger: Ledger, row: RecordedAttempt) -> dict[str, str]:
    """path -> sha256 of the files that the document was made from; empty if not on record."""
    return ledger.content(row.fingerprint.get("content", "")) or {}


def difference(project: Project, snapshots: Snapshots, row: RecordedAttempt) -> list[str]:
    """From what stood before a `published` row to what stands now, as a unified diff; empty if
    no file stood there, or its copy or the file itself is gone (the row and its commands stay)."""
    try:
        before = snapshots.read(row.snapshot_id or "", row.target, row.slug)
        now = tree.read(project.root / row.plugin_path, row.target, STANDING_CAP)
    except (NightpressError, OSError):
        return []
    if before is None:
        return []
    old, new = (data.decode("utf-8", "replace").splitlines() for data in (before, now))
    lines = difflib.unified_diff(old, new, "before", "now", lineterm="", n=2)
    return [line[:LINE] for line in lines]
