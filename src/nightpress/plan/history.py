"""What is known of a document from before: its publication, and the last attempt at it.

Floor 3. The lock file is believed before the ledger, as it is committed with the documents; but
where it alone contradicts the file that stands, the two others are right.
"""

from __future__ import annotations

from nightpress import fingerprint
from nightpress.errors import AwaitsReview
from nightpress.ledger import lockfile
from nightpress.model import STANDING, Enhancement, Fingerprint
from nightpress.plan import originals
from nightpress.plan.staleness import LastRow, Publication
from nightpress.plan.state import PluginState
from nightpress.project.project import Project


class Remembered:
    """Lock file and ledger of one project."""

    def __init__(self, project: Project, lock: lockfile.Lock) -> None:
        self._project = project
        self._lock = lock

    def of(
        self, found: PluginState, enhancement: Enhancement, stands: str | None
    ) -> tuple[Publication | None, LastRow | None]:
        """What the lock file (else the ledger) and the ledger's latest row say of it; stands:
        sha256 of the file at its target."""
        job = f"{found.slug}/{enhancement.name}"
        rows = self._project.ledger.last(job) if self._project.has_ledger else []
        last = None
        if rows:
            row = rows[0]
            held = Fingerprint(**row.fingerprint)
            last = LastRow(row.status, held, row.before_sha256, row.error_message or "",
                           row.error_class == AwaitsReview.__name__)  # fmt: skip
        target = f"{found.manifest.path}/{enhancement.target}"  # type: ignore[union-attr]
        entry = self._lock.get(job)
        done = next((r for r in rows if r.status in STANDING), None)
        told = (done.target_path, done.content_sha256) if done is not None else None
        if told == (target, stands) and (entry is None or entry.sha256 != stands):
            entry = None  # file and ledger agree: the next run mends the lock file
            self._project.index.disagree()
        if entry is not None and entry.target == target:
            return self._publication(entry), last
        if done is None or done.target_path != target or self._taken_back(found, job, target):
            return None, last
        held = Fingerprint(**done.fingerprint)
        by = fingerprint.writer(done.backend, done.model_requested)
        files = self._project.ledger.content(held.content)
        return Publication(
            done.status, done.content_sha256 or "", held, by, files, done.accepted
        ), last

    def _taken_back(self, found: PluginState, job: str, target: str) -> bool:
        """Does the very file stand there again that we replaced first? (The lock file does not
        speak of it: `doit clean`, or another branch.)"""
        original = originals.find(self._project, job, target)
        if original is None or original.sha256 is None:
            return False
        inside = target.removeprefix(f"{found.manifest.path}/")  # type: ignore[union-attr]
        return found.files.get(inside, (0, ""))[1] == original.sha256

    def _publication(self, entry: lockfile.Entry) -> Publication:
        held = entry.fingerprint
        files = self._project.ledger.content(held.content) if self._project.has_ledger else None
        return Publication(entry.status, entry.sha256, held, entry.writer, files, entry.accepted)
