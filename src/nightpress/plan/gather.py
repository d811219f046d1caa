"""Gather, then decide: one plugin's manifest, files, lock lines and ledger rows -> decisions.

Floor 3. Everything here reads; nothing is called, written or published.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nightpress import fingerprint
from nightpress import project as contract
from nightpress.errors import UnsafePath
from nightpress.model import Enhancement, Fingerprint, Manifest
from nightpress.plan import content, staleness
from nightpress.plan.appraise import Appraiser
from nightpress.plan.history import Absent, Remembered
from nightpress.plan.staleness import Inputs, LastRow, Publication, Standing
from nightpress.plan.state import PluginState, TargetState
from nightpress.plugin import sources
from nightpress.project.project import Project
from nightpress.storage import git
from nightpress.storage import index as digests
from nightpress.storage import tree as reading

MOST = 5
"""Notices of one plugin that are told, at most."""


class Gatherer:
    """Gathers plugins of one project; the lock file and the asks are read once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.lock = project.lock()
        self.asked = project.ledger.asked() if project.has_ledger else frozenset()
        self._appraiser = Appraiser(project)
        self._remembered = Remembered(project, self.lock)
        self._git = git.Ignored(project.root)
        self._absent = Absent(project)

    def gather(self, slug: str) -> PluginState:
        """Everything about one plugin; a bad manifest is a list of problems and no states."""
        project = self.project
        found = PluginState(slug)
        path = project.manifests / f"{slug}.yaml"
        found.manifest, found.problems = contract.load_manifest(
            path, project.defaults, project.index
        )
        if found.manifest is None or any(p.severity == "error" for p in found.problems):
            return found
        found.name = found.manifest.name
        found.root = project.root / found.manifest.path
        found.foreign = content.foreign(project, found.manifest.path)
        try:
            self._look(found)
            self._decide(found)
        except (OSError, UnsafePath) as error:  # its trouble is its own: the others go on
            found.states.clear()
            found.problems.append(_trouble(found.manifest, error))
        found.problems += [_passed_over(found.manifest, notice) for notice in found.notices[:MOST]]
        if (more := len(found.notices) - MOST) > 0:
            said = reading.Notice(".", f"{more:,} more entries were passed over")
            found.problems.append(_passed_over(found.manifest, said))
        return found

    # --- gather ---

    def _look(self, found: PluginState) -> None:
        """Walk the plugin's folder; hash what the index does not know."""
        manifest = found.manifest
        assert manifest is not None  # noqa: S101 (for the type checker: gather() returned before)
        found.looked_ns = int(self.project.clock.time() * 1e9)
        tree = reading.walk(found.root, self._ignore(manifest))
        found.notices = list(tree.notices)
        prefix = os.fsencode(manifest.path)
        targets = [enhancement.target for enhancement in manifest.enhancements]
        ignored = self._git.inside(manifest.path, [entry.path for entry in tree.files])
        entries = content.own(tree.files, found.foreign, ignored, targets)
        found.notices += sources.unused(entries, targets)
        paths = [prefix, *(prefix + b"/" + os.fsencode(entry.path) for entry in entries)]
        found.names = (os.fsencode(manifest.file), *paths)
        found.signature = digests.sign(self.project.index.root, found.names)
        self._hash(found, entries)

    def _ignore(self, manifest: Manifest) -> reading.Ignore:
        patterns = [*self.project.defaults.values.get("ignore", ())]
        return reading.Ignore(
            [*patterns, *manifest.settings.get("ignore", ())],
            keep=[enhancement.target for enhancement in manifest.enhancements],
        )

    def _hash(self, found: PluginState, entries: Any) -> None:
        index = self.project.index
        prefix = os.fsencode(found.manifest.path) + b"/"  # type: ignore[union-attr]
        regular = [e for e in entries if e.kind == "file"]
        known = index.hashes([prefix + os.fsencode(e.path) for e in regular])
        fresh: dict[bytes, tuple[bytes, str]] = {}
        for entry in entries:
            if entry.kind == "link":
                found.files[entry.path] = (0, fingerprint.digest("link", entry.link_target or ""))
            if entry.kind != "file":
                continue
            key = prefix + os.fsencode(entry.path)
            stamp = digests.stamp(
                entry.mode, entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode
            )
            before = known.get(key)
            if before is not None and before[0] == stamp:
                found.files[entry.path] = (entry.size, before[1])
                continue
            sha256 = self._sha256(found, entry)
            found.files[entry.path] = (entry.size, sha256)
            if found.looked_ns - max(entry.mtime_ns, entry.ctime_ns) >= digests.RACY_NS:
                fresh[key] = (stamp, sha256)
        if fresh:
            index.remember(fresh)

    def _sha256(self, found: PluginState, entry: Any) -> str:
        if entry.size > digests.HASH_CAP:
            return fingerprint.digest("large", str(entry.size))
        try:
            data = reading.read(found.root, entry.path, digests.HASH_CAP)
        except (UnsafePath, OSError) as error:
            found.notices.append(reading.Notice(entry.path, f"not read: {error}"))
            return fingerprint.digest("unread", str(entry.size))
        return fingerprint.sha256(data)

    # --- decide ---

    def _decide(self, found: PluginState) -> None:
        """Again until nothing changes: whether a sibling's file counts as content depends on its
        own decision."""
        manifest = found.manifest
        assert manifest is not None  # noqa: S101 (as above)
        every = manifest.enhancements
        stands = {e.name: self._standing(found, e).sha256 for e in every}
        histories = {e.name: self._remembered.of(found, e, stands[e.name]) for e in every}
        ours = {
            e.target
            for e in manifest.enhancements
            if staleness.is_ours(self._standing(found, e), histories[e.name][0])
        }
        making = {
            e.target
            for e in manifest.enhancements
            if e.target in found.files
            and e.target not in ours
            and not staleness.is_edited(self._standing(found, e), histories[e.name][0])
        }
        found.states = self._states(found, histories, ours | making)
        excluded = ours | (making & _replaced(found))
        # a file that counts again may be what another one needed to be made: that one goes then
        while any(excluded != state.inputs.publications for state in found.states.values()):
            found.states = self._states(found, histories, excluded)
            excluded |= making & _replaced(found)

    def _states(self, found: PluginState, histories: Mapping[str, Any], excluded: set[str]) -> Any:
        every = found.manifest.enhancements if found.manifest is not None else ()
        return {e.name: self._state(found, e, histories[e.name], excluded) for e in every}

    def _standing(self, found: PluginState, enhancement: Enhancement) -> Standing:
        size, sha256 = found.files.get(enhancement.target, (0, None))
        return Standing(sha256, size)

    def _state(
        self,
        found: PluginState,
        enhancement: Enhancement,
        known: tuple[Publication | None, LastRow | None],
        excluded: set[str],
    ) -> TargetState:
        path = found.manifest.path  # type: ignore[union-attr]
        lost = self._absent.of(path, found.files, *known)
        state = self._judged(found, enhancement, known, excluded, lost)
        return (
            self._judged(found, enhancement, known, excluded, {}) if lost and state.work else state
        )

    def _judged(
        self,
        found: PluginState,
        enhancement: Enhancement,
        known: tuple[Publication | None, LastRow | None],
        excluded: set[str],
        lost: Mapping[str, str],
    ) -> TargetState:
        project = self.project
        job = f"{found.slug}/{enhancement.name}"
        counted = {
            path: sha256
            for path, (_, sha256) in found.files.items()
            if path != enhancement.target and path not in excluded
        }
        counted |= lost
        writer = project.writer(enhancement.settings)
        inputs = Inputs(
            standing=self._standing(found, enhancement),
            window=enhancement.size,
            fingerprint=self._fingerprint(found, counted, enhancement, str(writer)),
            files=counted,
            writer=str(writer),
            writer_by_default=writer.by_default,
            publication=known[0],
            last=known[1],
            asked=job in self.asked,
            forced=project.forces(found.slug, enhancement.name),
            publications=frozenset(excluded),
        )
        inputs = self._appraiser.complete(found, enhancement, writer, inputs)
        decision = staleness.decide(inputs)
        work = staleness.work(decision.action, staleness.recorded(inputs, decision))
        target_path = f"{found.manifest.path}/{enhancement.target}"  # type: ignore[union-attr]
        needs = self._needs(found, enhancement)
        return TargetState(enhancement, target_path, writer, inputs, decision, work, counted, needs)

    def _fingerprint(
        self, found: PluginState, counted: Mapping[str, str], enhancement: Enhancement, writer: str
    ) -> Fingerprint:
        project = self.project
        kinds = (project.generator(enhancement.generator), project.generator("analysis"))
        schema = project.schema("analysis")
        return fingerprint.of(counted, enhancement, *kinds, schema, writer, found.told)

    def _needs(self, found: PluginState, enhancement: Enhancement) -> tuple[str, ...]:
        """Names of the plugin's enhancements whose generator this one's generator needs."""
        wanted = self.project.generator(enhancement.generator).needs
        manifest = found.manifest
        others = manifest.enhancements if manifest is not None else ()
        return tuple(e.name for e in others if e.generator in wanted and e.name != enhancement.name)


def _replaced(found: PluginState) -> set[str]:
    """Targets of which the standing file is, or would be, replaced."""
    return {
        state.enhancement.target
        for state in found.states.values()
        if state.decision.action in ("make", "parked")
    }


def _trouble(manifest: Manifest, error: OSError | UnsafePath) -> contract.Problem:
    said = error.message if isinstance(error, UnsafePath) else f"{error.strerror or error}"
    where = getattr(error, "filename", None)
    path = f" ({Path(os.fsdecode(where)).name})" if isinstance(where, str | bytes) else ""
    return contract.Problem(manifest.path, 0, 0, "", f"cannot be looked at: {said}{path}")


def _passed_over(manifest: Manifest, notice: reading.Notice) -> contract.Problem:
    where = f"{manifest.path}/{notice.path}" if notice.path not in ("", ".") else manifest.path
    return contract.Problem(where, 0, 0, "", notice.what, severity="warning")
