"""What a restore did not bring back: secrets, what git ignores, what was too large.

Floor 3. Those files were content of the plugin where its documents were made. That a backup holds
none of them is no change of the plugin: as long as they are absent, they count as they were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from nightpress.model import RESTORED
from nightpress.plan.staleness import LastRow, Publication
from nightpress.project.project import Project


class Absent:
    """The files that a project's restore did not bring; none where no restore made the project."""

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
