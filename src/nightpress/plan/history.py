"""What is known of a document from before: its publication, the last attempt at it, what stood at
its target before us, and which files of its plugin a restore did not bring.

The lock file is believed before the ledger, as it is committed with the documents; but where it
alone contradicts the file that stands, the two others are right.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec import Struct

from nightpress import fingerprint
from nightpress.errors import NightpressError
from nightpress.ledger import lockfile
from nightpress.ledger import rows as ledger_rows
from nightpress.model import RESTORED, Enhancement, Fingerprint
from nightpress.plan.staleness import Inputs, LastRow, Publication
from nightpress.plan.state import PluginState
from nightpress.plugin import sources
from nightpress.project.project import Project
from nightpress.storage.snapshots import Snapshots
from nightpress.text import safe


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
        rows = self._project.ledger.last([job]).get(job, []) if self._project.has_ledger else []
        last = None
        if rows:
            row = rows[0]
            held = Fingerprint(**json.loads(row["fingerprint"]))
            last = LastRow(row["status"], held, row["before_sha256"], row["error_message"] or "",
                           row["error_class"] == "AwaitsReview")  # fmt: skip
        target = f"{found.manifest.path}/{enhancement.target}"  # type: ignore[union-attr]
        entry = self._lock.get(job)
        done = next((r for r in rows if r["status"] in ("published", "adopted")), None)
        told = (done["target_path"], done["content_sha256"]) if done is not None else None
        if told == (target, stands) and (entry is None or entry.sha256 != stands):
            entry = None  # file and ledger agree: the next run mends the lock file
            self._project.index.disagree()
        if entry is not None and entry.target == target:
            return self._publication(entry), last
        if done is None or done["target_path"] != target or self._taken_back(found, job, target):
            return None, last
        held = Fingerprint(**json.loads(done["fingerprint"]))
        by = fingerprint.writer(done["backend"], done["model_requested"])
        files = self._project.ledger.content(held.content)
        accepted = ledger_rows.accepted(done)
        return Publication(done["status"], done["content_sha256"], held, by, files, accepted), last

    def _taken_back(self, found: PluginState, job: str, target: str) -> bool:
        """Does the very file stand there again that we replaced first? (The lock file does not
        speak of it: `doit clean`, or another branch.)"""
        first = original(self._project, job, target)
        if first is None or first.sha256 is None:
            return False
        inside = target.removeprefix(f"{found.manifest.path}/")  # type: ignore[union-attr]
        return found.files.get(inside, (0, ""))[1] == first.sha256

    def _publication(self, entry: lockfile.Entry) -> Publication:
        held = entry.fingerprint
        files = self._project.ledger.content(held.content) if self._project.has_ledger else None
        return Publication(entry.status, entry.sha256, held, entry.writer, files, entry.accepted)


# --- what stood there before us ---


class Original(Struct, frozen=True):
    """What stood at a target before our first publication of it, kept by that publication's
    snapshot; sha256 None: no file. `doit clean enhance:X` puts it back; a document that is made
    again is made from it, as the first one was (our own text is never fed back)."""

    target_path: str
    sha256: str | None


def original(project: Project, job: str, target_path: str) -> Original | None:
    """What we replaced first at `target_path` (relative to the project); None: this ledger knows
    of no publication there (another machine's, perhaps)."""
    if not project.has_ledger:
        return None
    query = (
        "SELECT before_sha256 FROM enhancements WHERE job = ? AND target_path = ?"
        " AND status = 'published' ORDER BY id LIMIT 1"
    )
    row = next(iter(project.ledger.rows(query, (job, target_path))), None)
    return Original(target_path, row["before_sha256"]) if row is not None else None


def original_content(project: Project, first: Original) -> bytes | None:
    """Its bytes, verified; None: no file stood there. NightpressError: its copy is lost."""
    if first.sha256 is None:
        return None
    data = Snapshots(project.state / "snapshots").kept(first.sha256)
    if data is None:
        raise NightpressError(
            f"{safe(first.target_path)}: the copy of what stood there first is gone or damaged",
            "the document stays; see: doit restore --list",
        )
    return data


def input_text(
    project: Project, found: PluginState, enhancement: Enhancement, inputs: Inputs
) -> str:
    """The file that a document replaces, as input for it: where ours stands by now, the one that
    stood there first. "" where there is none, or its copy is not here (a clone has no snapshots).
    """
    if inputs.publication is None or inputs.publication.status != "published":
        return sources.standing_text(found.root, enhancement.target, inputs.standing.sha256)
    target_path = (found.root / enhancement.target).relative_to(project.root).as_posix()
    first = original(project, f"{found.slug}/{enhancement.name}", target_path)
    try:
        data = original_content(project, first) if first is not None else None
    except NightpressError:
        return ""
    return (data or b"").decode("utf-8", "replace")


# --- what a restore did not bring back: secrets, what git ignores, what was too large ---


class Absent:
    """The files that a project's restore did not bring; none where no restore made the project.
    They were content of the plugin where its documents were made. That a backup holds none of them
    is no change of the plugin: as long as they are absent, they count as they were."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._held: frozenset[str] | None = None
        try:
            said = json.loads((project.state / RESTORED).read_bytes())
            self._held = frozenset(said["files"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            pass  # not restored, or nothing that we wrote

    def of(
        self,
        plugin: str,
        now: Mapping[str, object],
        publication: Publication | None,
        last: LastRow | None,
    ) -> dict[str, str]:
        """path -> sha256 of those that were content of the plugin when we last looked.

        plugin: its folder; now: the files that stand there, relative to it."""
        if self._held is None:
            return {}
        seen = self._project.ledger.content(last.fingerprint.content) if last else None
        before = seen or (publication.files if publication else None) or {}
        return {
            path: sha256
            for path, sha256 in before.items()
            if path not in now and f"{plugin}/{path}" not in self._held
        }
