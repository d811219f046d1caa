"""What is known of a document from before: its publication, the last attempt at it, what stood at
its target before us, and which files of its plugin a restore did not bring.

The lock file is believed before the ledger, as it is committed with the documents; but where it
alone contradicts the file that stands, the two others are right.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.errors import (
    BLOCKED,
    AwaitsReview,
    CallLost,
    NightpressError,
    PublishConflict,
    TooLittle,
    Withheld,
)
from nightpress.ledger import Ledger, RecordedAttempt, attempts, lockfile, reviews
from nightpress.model import RESTORED, STANDING, Enhancement, Fingerprint, Status
from nightpress.plan import agreement
from nightpress.plan.staleness import MERGED, OFFERED, REPLACES, Inputs
from nightpress.plan.standing import LastRow, Publication
from nightpress.plan.state import PluginState
from nightpress.plugin import frontmatter, sources
from nightpress.project import Project
from nightpress.storage import Index, Snapshots, git, private
from nightpress.text import safe


class History:
    """Lock file and ledger of one project; ledger None: there is none yet; slugs: of the manifests
    that there are; root: the project's folder; holds: what a call was lost of waits for a
    person."""

    def __init__(
        self,
        lock: lockfile.Lock,
        ledger: Ledger | None,
        index: Index,
        slugs: Sequence[str],
        *,
        root: Path,
        holds: bool = False,
    ) -> None:
        self._holds = holds
        self._root = root
        self._lock = lock
        self._ledger = ledger
        self._index = index
        self._slugs = slugs

    def of(
        self, job: str, target: str, stands: str | None, held: str | None
    ) -> tuple[Publication | None, LastRow | None, Publication | None]:
        """What the lock file (else the ledger) and the ledger's latest row say of a document; and
        our latest publication, where what stood there before it stands there again.

        target: relative to the project; stands: sha256 of the file there; held: the same of it as
        git holds it, by which it is known whatever checkout or formatter it went through."""
        rows = self._ledger.last(job) if self._ledger is not None else []
        last = self._last(rows[0], saved=_is_saved(rows, target, stands)) if rows else None
        if last is not None and stands is not None and last.before_sha256 == held:
            last = replace(last, before_sha256=stands)  # checked out with other line ends since
        entry = self._lock.get(job) or self._strangers.get(target)
        latest = next((row for row in rows if row.status in STANDING), None)
        if latest is not None and latest.target_path != target:
            latest = None
        agreed = latest is not None and latest.content_sha256 in (stands, held)
        if agreed and (entry is None or entry.sha256 not in (stands, held)):
            entry = None  # file and ledger agree: the next run mends the lock file
            agreement.contradicted(self._index)
        undone = self._undone(latest, stands)
        known: Publication | None = None
        normal: str | None = None
        moved = None if agreed else self._moved(entry, target, stands, held)
        if moved is not None:
            known = replace(self._of_entry(moved), moved=moved.job)
            normal = moved.normal or moved.sha256
        elif entry is not None and entry.target == target:
            known = self._of_entry(entry)
            normal = entry.normal or entry.sha256
        elif latest is not None:
            known, normal = self._of_row(latest), latest.content_sha256
        if known is not None and stands is not None and held in (normal, known.sha256):
            goes_back = stands if known.is_merged else known.extends
            known = replace(known, sha256=stands, extends=goes_back)
        if undone is not None and (known is None or known.sha256 != stands):
            known = self._earlier(job, target, stands) or known
        return known, last, undone

    def _moved(
        self, entry: lockfile.Entry | None, target: str, stands: str | None, held: str | None
    ) -> lockfile.Entry | None:
        """The line of a document that was moved here as it was: its own target is gone, and no
        other manifest has it."""
        if stands is None or held is None or (entry is not None and entry.target == target):
            return None
        if git.is_sparse(self._root):  # what is not here need not be gone
            return None
        lines = [entry] if entry is not None else list(self._elsewhere.get(held, ()))
        if entry is None and stands != held:
            lines += self._elsewhere.get(stands, ())
        same = [one for one in lines if {one.sha256, one.normal} & {stands, held}]
        gone = [one for one in same if not os.path.lexists(self._root / one.target)]
        return gone[0] if len(gone) == 1 else None

    @cached_property
    def _elsewhere(self) -> dict[str, list[lockfile.Entry]]:
        """sha256 -> entries that no manifest has any more."""
        found = dict[str, list[lockfile.Entry]]()
        for entry in self._strangers.values():
            for sha256 in {entry.sha256, entry.normal} - {""}:
                found.setdefault(sha256, []).append(entry)
        return found

    def _earlier(self, job: str, target: str, stands: str | None) -> Publication | None:
        """The publication that put there what stands there again; None where that is a person's."""
        if self._ledger is None or stands is None:
            return None
        row = attempts.published(self._ledger, job, target, stands)
        return self._of_row(row) if row is not None else None

    @cached_property
    def _strangers(self) -> dict[str, lockfile.Entry]:
        """target -> entry that no manifest has any more: of a plugin whose manifest was renamed."""
        return {entry.target: entry for entry in self._lock.strangers(frozenset(self._slugs))}

    def _undone(self, latest: RecordedAttempt | None, stands: str | None) -> Publication | None:
        """Our latest publication, if the file that stands there now is one that is known to have
        stood there before."""
        if self._ledger is None or latest is None or latest.status != Status.PUBLISHED:
            return None
        if stands is None or stands == latest.content_sha256:
            return None
        before = attempts.bytes_before(self._ledger, latest.job, latest.target_path)
        return self._of_row(latest) if stands in before else None

    def _of_entry(self, entry: lockfile.Entry) -> Publication:
        files = self._content(entry.fingerprint)
        return Publication(
            entry.status, entry.sha256, entry.fingerprint, entry.writer, files, entry.accepted,
            entry.extends, entry.named, entry.linked, entry.own, entry.declined,
            entry.witness,
        )  # fmt: skip

    def _of_row(self, row: RecordedAttempt) -> Publication:
        ingredients = Fingerprint(**row.fingerprint)
        return Publication(
            row.status, row.content_sha256 or "", ingredients,
            fingerprint.writer(row.backend, row.model_requested),
            self._content(ingredients), row.accepted, self._extends(row),
        )  # fmt: skip

    def _extends(self, row: RecordedAttempt) -> str:
        return goes_back(self._ledger, row) if self._ledger is not None else ""

    def _last(self, row: RecordedAttempt, *, saved: bool) -> LastRow:
        rejected = ""
        if (waits := row.error_class == AwaitsReview.__name__) and self._ledger is not None:
            rejected = reviews.rejected_because(self._ledger, row.job)
        offered = any(reason.startswith(OFFERED) for reason in row.reasons)
        if offered and self._ledger is not None:
            verdict = reviews.decision(self._ledger, row.job)
            waits = verdict is not None and verdict.state == "waiting"
        return LastRow(
            row.status, Fingerprint(**row.fingerprint), row.before_sha256,
            row.error_message or "", waits and not rejected, rejected,
            row.error_class == BLOCKED, row.error_class == Withheld.__name__,
            saved, row.error_class == TooLittle.__name__,
            offered, self._holds and row.error_class == CallLost.__name__,
        )  # fmt: skip

    def _content(self, ingredients: Fingerprint) -> Mapping[str, str] | None:
        return self._ledger.content(ingredients.content) if self._ledger is not None else None


def _is_saved(rows: Sequence[RecordedAttempt], target: str, stands: str | None) -> bool:
    """Does a file stand there that a person saved while its document was being made, and that
    nobody adopted or had replaced since? rows: as `Ledger.last` gives them."""
    for row in rows:
        if row.status in STANDING:
            return False
        if row.error_class == PublishConflict.__name__ and row.target_path == target:
            return stands not in (None, row.before_sha256)
    return False


# --- what stood there before us ---


class Original(Struct, frozen=True):
    """What stood at a target before our first publication of it, kept by that publication's
    snapshot; sha256 None: no file. `doit clean enhance:X` puts it back; a document that is made
    again is made from it, as the first one was (our own text is never fed back)."""

    target_path: str
    sha256: str | None


def goes_back(ledger: Ledger, row: RecordedAttempt) -> str:
    """sha256 of the person's file that the publication of a row goes back to, as the ledger knows
    it; its own where it was merged with what a person had edited; "" if there is none."""
    if row.status != Status.PUBLISHED or row.before_sha256 is None:
        return ""
    if MERGED in row.reasons:
        return row.content_sha256 or ""
    return attempts.extends(ledger, row.job, row.target_path, REPLACES)


def original(ledger: Ledger | None, job: str, target_path: str) -> Original | None:
    """What we replaced first at `target_path` (relative to the project); None: this ledger knows
    of no publication there (another machine's, perhaps)."""
    if ledger is None:
        return None
    row = attempts.first_publication(ledger, job, target_path)
    return Original(target_path, row.before_sha256) if row is not None else None


def is_damaged(now: bytes, published: bytes | None) -> bool:
    """Is what stands there nothing that a person would leave: our text broken off within a line,
    nothing at all, or NUL bytes? published: our text, where its copy is here."""
    if not now or b"\0" in now:
        return True
    whole = published or b""
    return len(now) < len(whole) and whole.startswith(now) and not now.endswith(b"\n")


def answers(project: Project, job: str, request_sha256: str, text: str) -> bool:
    """Does the document that stands answer this very question of phase 2, but for fields of its
    frontmatter that have followed plugin.json since?"""
    made = attempts.answers(project.ledger, job, request_sha256) if project.has_ledger else []
    kept = filter(None, map(Snapshots(project.state / "snapshots").kept, made))
    return _body(text) in (_body(one.decode("utf-8", "replace")) for one in kept)


def _body(text: str) -> str:
    return frontmatter.split(text.replace("\r\n", "\n")).body


def original_content(snapshots: Snapshots, first: Original) -> bytes | None:
    """Its bytes, verified; None: no file stood there. NightpressError: its copy is lost."""
    if first.sha256 is None:
        return None
    data = snapshots.kept(first.sha256)
    if data is None:
        raise NightpressError(
            f"{safe(first.target_path)}: the copy of the original file is gone or damaged",
            "the document stays; see: doit restore --list",
        )
    return data


def in_git(project: Project, job: str, path: str, sha256: str | None = None) -> str:
    """The command that shows what a person wrote at `path` (relative to the project), where git has
    it; else "". sha256: of that very text; None: the newest of which nightpress.lock, as it was
    committed with it, does not say that it is ours."""
    root = project.root
    try:
        words = ("--literal-pathspecs", "log", "-n", f"{COMMITS}", "--format=%h", "--", path)
        commits = git.run(root, *words).decode().split() if git.is_repository(root) else []
    except (OSError, subprocess.SubprocessError):  # no commit yet, say
        return ""
    for commit in commits:
        with suppress(OSError, subprocess.SubprocessError):  # of one that removed it
            found = fingerprint.sha256(git.run(root, "show", f"{commit}:./{path}"))
            if found == sha256 or (sha256 is None and not _was_ours(root, commit, job, found)):
                return f"git show {shlex.quote(f'{commit}:./{path}')}"
    return ""


COMMITS = 50
"""Commits of one file that are looked at."""


def _was_ours(root: Path, commit: str, job: str, sha256: str) -> bool:
    with suppress(OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError):
        lock = git.run(root, "show", f"{commit}:./{lockfile.NAME}").decode()
        rows = (lockfile.parse(line) for line in lock.splitlines()[1:])
        entry = next((row for row in rows if row.job == job), None)
        return entry is not None and (entry.status, entry.sha256) == (Status.PUBLISHED, sha256)
    return False


def is_ours_alone(
    project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs
) -> bool:
    """Is it known that nothing stood at the target before ours, which stands there now? Of a clone
    without a ledger the lock file tells (older lines do not: there the frontmatter that stands may
    be somebody's)."""
    known = inputs.publication
    if known is None or known.status != Status.PUBLISHED or known.extends:
        return False
    before = first(project, plugin, enhancement)
    if before is None:
        return bool(known.fingerprint.telling) and not known.witness
    return before.sha256 is None


def first(project: Project, plugin: PluginState, enhancement: Enhancement) -> Original | None:
    """What stood at the target before our first publication."""
    folder = plugin.manifest.path if plugin.manifest is not None else plugin.slug
    ledger = project.ledger if project.has_ledger else None
    job = f"{plugin.slug}/{enhancement.name}"
    return original(ledger, job, f"{folder}/{enhancement.target}")


def persons_text(project: Project, sha256: str) -> str | None:
    """A person's file that ours goes back to, as a snapshot has it; None: its copy is not here."""
    data = Snapshots(project.state / "snapshots").kept(sha256)
    return data.decode("utf-8", "replace") if data is not None else None


def input_text(
    project: Project, plugin: PluginState, enhancement: Enhancement, inputs: Inputs
) -> str:
    """The file that a document replaces, as input for it: where ours stands by now, the one that
    stood there first. "" where there is none, where the manifest says that it is none, or where its
    copy is not here (a clone has no snapshots).
    """
    if enhancement.starts_afresh:
        return ""
    known = inputs.publication
    if known is None or known.status != Status.PUBLISHED:
        return sources.standing_text(plugin.root, enhancement.target, inputs.standing.sha256)
    if known.persons:
        persons = persons_text(project, known.persons)
        if persons is None:  # a clone: of what the person wrote it has what stands there
            return sources.standing_text(plugin.root, enhancement.target, inputs.standing.sha256)
        return persons
    before = first(project, plugin, enhancement)
    snapshots = Snapshots(project.state / "snapshots")
    try:
        data = original_content(snapshots, before) if before is not None else None
    except NightpressError:
        return ""
    return (data or b"").decode("utf-8", "replace")


# --- what a restore did not bring back: secrets, what git ignores, what was too large ---


class Absent:
    """The files that a project's restore did not bring; none where no restore made the project.
    They were content of the plugin where its documents were made. That a backup holds none of them
    is no change of the plugin: as long as they are absent, they count as they were."""

    def __init__(self, state: Path, ledger: Ledger | None) -> None:
        self._ledger = ledger
        self._restored: frozenset[str] | None = None
        # not restored, or nothing that we wrote
        with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
            self._restored = frozenset(json.loads(private.contents(state / RESTORED))["files"])

    def of(
        self,
        plugin: str,
        now: Mapping[str, object],
        publication: Publication | None,
        last: LastRow | None,
    ) -> dict[str, str]:
        """path -> sha256 of those that were content of the plugin when we last looked.

        plugin: its folder; now: the files that stand there, relative to it."""
        if self._restored is None:
            return {}
        seen = self._ledger.content(last.fingerprint.content) if last and self._ledger else None
        before = seen or (publication.files if publication else None) or {}
        return {
            path: sha256
            for path, sha256 in before.items()
            if path not in now and f"{plugin}/{path}" not in self._restored
        }
