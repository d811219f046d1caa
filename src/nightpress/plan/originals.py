"""What stood at a target before our first publication of it, kept by that publication's snapshot.

Floor 3. `doit clean enhance:X` puts it back; a document that is made again is made from it, as the
first one was (our own text is never fed back).
"""

from __future__ import annotations

from msgspec import Struct

from nightpress.errors import NightpressError
from nightpress.ledger import attempts
from nightpress.model import Enhancement, Status
from nightpress.plan.staleness import Inputs
from nightpress.plan.state import PluginState
from nightpress.plugin import sources
from nightpress.project.project import Project
from nightpress.storage.snapshots import Snapshots
from nightpress.text import safe


class Original(Struct, frozen=True):
    """sha256 None: no file stood there."""

    target_path: str
    sha256: str | None


def find(project: Project, job: str, target_path: str) -> Original | None:
    """What we replaced first at `target_path` (relative to the project); None: this ledger knows
    of no publication there (another machine's, perhaps)."""
    if not project.has_ledger:
        return None
    row = attempts.first_publication(project.ledger, job, target_path)
    return Original(target_path, row.before_sha256) if row is not None else None


def content(project: Project, original: Original) -> bytes | None:
    """Its bytes, verified; None: no file stood there. NightpressError: its copy is lost."""
    if original.sha256 is None:
        return None
    data = Snapshots(project.state / "snapshots").kept(original.sha256)
    if data is None:
        raise NightpressError(
            f"{safe(original.target_path)}: the copy of what stood there first is gone or damaged",
            "the document stays; see: doit restore --list",
        )
    return data


def input_text(
    project: Project, found: PluginState, enhancement: Enhancement, inputs: Inputs
) -> str:
    """The file that a document replaces, as input for it: where ours stands by now, the one that
    stood there first. "" where there is none, or its copy is not here (a clone has no snapshots).
    """
    if inputs.publication is None or inputs.publication.status != Status.PUBLISHED:
        return sources.standing_text(found.root, enhancement.target, inputs.standing.sha256)
    target_path = (found.root / enhancement.target).relative_to(project.root).as_posix()
    original = find(project, f"{found.slug}/{enhancement.name}", target_path)
    try:
        data = content(project, original) if original is not None else None
    except NightpressError:
        return ""
    return (data or b"").decode("utf-8", "replace")
