"""The press: snapshot, analyse, pace, draft, publish; the actions of doit's tasks.

Floor 3. Each method is one action for one plugin or enhancement. None raises for what may happen
at night: an attempt that cannot go on ends with its row and its reason, and the others go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

from nightpress import fingerprint
from nightpress.errors import Deferred, NightpressError, PublishConflict, UnsafePath, Unsettled
from nightpress.ledger import lockfile, rows
from nightpress.pipeline import draft as drafting
from nightpress.pipeline import publish as publication
from nightpress.pipeline.ask import Caller
from nightpress.pipeline.attempts import Attempts, Doing
from nightpress.pipeline.run import Run
from nightpress.plan import judge
from nightpress.plan.catalog import Item
from nightpress.plan.state import PluginState
from nightpress.quota.budget import Spending
from nightpress.storage.snapshots import Snapshots


class Press(Struct):
    """The actions of one run."""

    run: Run
    caller: Caller
    plugin: Callable[[str], PluginState]
    snapshots: Snapshots
    lock: publication.LockBook
    spending: Spending
    attempts: Attempts
    taken: dict[str, str] = field(default_factory=dict)
    analyses: dict[str, dict[str, Any] | NightpressError] = field(default_factory=dict)
    _guard: threading.RLock = field(default_factory=threading.RLock)

    # --- setup: once per plugin, only if something of it is stale ---

    def snapshot(self, slug: str) -> None:
        """Copy the plugin as it stands; every publication finds its old bytes in it."""
        if self.run.stop.is_set() or not self._admit(slug):
            return
        self._take(self.plugin(slug))

    def analyse(self, slug: str) -> bool:
        """Phase 1: the plugin's analysis, from the cache or from the backend; is there one? Why
        not is kept for the attempts that needed it."""
        if self.run.stop.is_set() or slug in self.analyses or not self._admit(slug):
            return False
        try:
            analysis = drafting.analyse(self.run, self.caller, self.plugin(slug))
        except NightpressError as error:
            with self._guard:
                self.analyses[slug] = error
            self.run.stops_at(error)
            return False
        with self._guard:
            self.analyses[slug] = analysis
        return True

    def _check_budget(self, job: str) -> None:
        """Deferred when this run has had its enhancements, or its time."""
        self.spending.check_time(self.run.project.clock.time())
        self.spending.admit(job)

    def _admit(self, slug: str) -> bool:
        """May work on the plugin begin? If not, its attempts learn why."""
        making = [n for n, s in self.plugin(slug).states.items() if s.decision.action == "make"]
        if not making:
            return True
        try:
            self._check_budget(f"{slug}/{making[0]}")
        except Deferred as error:
            with self._guard:
                self.analyses[slug] = error
            return False
        return True

    # --- the three actions of an enhancement ---

    def pace(self, item: Item) -> None:
        """Open the attempt, and wait for the quota of its first call."""
        if self.run.stop.is_set() or self._done_meanwhile(item):
            return
        doing = self._open(item)
        try:
            self._check_budget(item.id)
        except Deferred as error:
            self.attempts.fail(doing, error)
            return
        analysis = self.analyses.get(item.slug)
        if analysis is None:  # its task was up to date, and did not run
            analysis = drafting.cached_analysis(self.run.project, doing.found)
        if analysis is None or isinstance(analysis, NightpressError):
            why = analysis or NightpressError("there is no analysis of the plugin")
            self.attempts.fail(doing, why)
            return
        try:
            doing.request = drafting.request(self.run.project, doing.found, doing.state, analysis)
            if self.caller.known(doing.request, doing.state.writer) is None:
                doing.reservation = self.caller.reserve(doing.request, doing.state.writer)
        except NightpressError as error:
            self.attempts.fail(doing, error)

    def draft(self, item: Item) -> None:
        """Phase 2: the document, through its checks; refused if they still have errors."""
        doing = self.attempts.doing.get(item.id)
        if doing is None:
            return
        if self.run.stop.is_set():
            self.attempts.abandon(doing)
            return
        try:
            assert doing.request is not None  # noqa: S101 (pace has made it)
            doing.reservation = self.caller.confirm(
                doing.reservation, doing.request, doing.state.writer
            )
            doing.draft = drafting.draft(
                self.run, self.caller, doing.found, doing.state, doing.request,
                reservation=doing.reservation, row=doing.row,
            )  # fmt: skip
        except NightpressError as error:
            self.run.stops_at(error)
            self.attempts.fail(doing, error)
            return
        errors = [f for f in doing.draft.findings if f.severity == "error"]
        if errors:
            self.attempts.refuse(doing, errors)

    def publish(self, item: Item) -> None:
        """Put the draft in place, and only then say so; or keep it for a person to look at."""
        doing = self.attempts.doing.get(item.id)
        if doing is None or doing.draft is None:
            return
        if doing.state.enhancement.settings.get("publish") == "review":
            self.attempts.hold(doing, doing.draft)
        else:
            self.put_in_place(doing, doing.draft)

    def put_in_place(self, doing: Doing, draft: drafting.Draft) -> bool:
        """Publish these very bytes; is the file there?"""
        try:
            project, found = self.run.project, doing.found
            accepted = judge.unwitnessed(project, found, doing.state, draft.text)
            self._put(doing, draft, accepted)
        except PublishConflict as error:
            self.attempts.end(doing, "kept", error)
            return False
        except Unsettled as error:
            self.run.stops_at(error)
            return True
        except (NightpressError, OSError) as error:
            self.run.stops_at(error)
            self.attempts.fail(doing, error)
            return False
        # from here on the file is published; if its record fails, the next run makes it
        self._settle(doing, draft, accepted)
        return True

    # --- what is recorded without a call ---

    def adopt(self, item: Item, accepted: tuple[str, ...] = ()) -> None:
        """Take the file that stands there as the truth."""
        if self.run.stop.is_set() or self._done_meanwhile(item):
            return
        doing = self._open(item)
        root, target = doing.found.root, doing.state.enhancement.target
        sha256 = publication.standing_hash(root, target)
        if sha256 is None or sha256 != doing.state.inputs.standing.sha256:
            self.attempts.end(doing, "kept", PublishConflict(f"{target} changed meanwhile"))
            return
        self.run.project.ledger.end(
            doing.row,
            "adopted",
            content_sha256=sha256,
            bytes_after=doing.state.inputs.standing.size,
            verified=True,
            accepted=rows.accepting(accepted),
            **self.attempts.timing(doing),
        )
        self._record(doing, "adopted", sha256, doing.state.inputs.files, accepted)
        said = "accepted with findings" if accepted else "already good"
        self.attempts.tell(doing, "adopted", said)

    def note(self, item: Item) -> None:
        """Record once that a file was kept, or that the source is not enough."""
        if self.run.stop.is_set() or self._done_meanwhile(item):
            return
        doing = self._open(item)
        status = {"keep": "kept", "insufficient": "insufficient"}[item.decision.action]
        reason = item.decision.reasons[0].text if item.decision.reasons else item.decision.action
        self.attempts.end(doing, status, NightpressError(reason))

    # --- inside ---

    def _done_meanwhile(self, item: Item) -> bool:
        """Has mending what a crash left (after doit got its tasks) done the work, or changed it?"""
        state = self.plugin(item.slug).states.get(item.name)
        if state is None or not item.work:
            return False
        if changed := state.work and state.decision.action != item.decision.action:
            self.run.notice(f"{item.id}: now it is {state.decision!r}; run doit again")
        return changed or not state.work

    def _open(self, item: Item) -> Doing:
        return self.attempts.open(item, self.plugin(item.slug), self.taken.get(item.slug))

    def _put(self, doing: Doing, draft: drafting.Draft, accepted: tuple[str, ...]) -> None:
        found, state = doing.found, doing.state
        target, expected = state.enhancement.target, state.inputs.standing.sha256
        self.snapshots.keep(draft.text.encode("utf-8"))
        snapshot = self._snapshot_with(doing, target, expected)
        publication.publish(
            self.run.project,
            found.root,
            target,
            draft.text.encode("utf-8"),
            expected=expected,
            row=doing.row,
            token=doing.token,
            columns={
                "snapshot_id": snapshot,
                "model_answered": draft.model,
                "tokens_in": draft.tokens_in,
                "tokens_out": draft.tokens_out,
                "findings": drafting.findings_json(draft.findings),
                "score_before": draft.score_before,
                "score_after": draft.score,
                "fingerprint": drafting.fingerprint_json(draft.fingerprint),
                "accepted": rows.accepting(accepted),
                **self.attempts.timing(doing),
            },
        )

    def _settle(self, doing: Doing, draft: drafting.Draft, accepted: tuple[str, ...]) -> None:
        # of what was put there, not of what stands there by now: that may be the user's
        sha256 = fingerprint.sha256(draft.text.encode("utf-8"))
        self._record(doing, "published", sha256, draft.counted, accepted, draft)
        timing = self.attempts.timing(doing)
        self.run.project.ledger.end(doing.row, "published", verified=True, **timing)
        self.attempts.tell(doing, "published", doing.why, len(draft.text.encode("utf-8")))

    def _snapshot_with(self, doing: Doing, target: str, expected: str | None) -> str:
        """A snapshot that holds the very bytes that will be replaced."""
        slug, root = doing.item.slug, doing.found.root
        taken = self.taken.get(slug)
        if taken is None or not self.snapshots.contains(taken, target, expected, slug):
            taken = self._take(doing.found)
        if not self.snapshots.contains(taken, target, expected, slug):
            if publication.standing_hash(root, target) != expected:
                raise PublishConflict(f"{target} was changed while its document was being made")
            said = f"{target}: no snapshot of the plugin can hold the file that stands there"
            raise UnsafePath(said, "move it out of folders like node_modules")
        return taken

    def _take(self, found: PluginState) -> str:
        now, run = self.run.project.clock.time(), self.run.begin()
        taken = self.snapshots.take(
            found.root, found.slug, "before a run", now, run, without=found.is_foreign
        )
        with self._guard:
            self.taken[found.slug] = taken.id
        return taken.id

    def _record(
        self,
        doing: Doing,
        status: str,
        sha256: str,
        counted: Any,
        accepted: tuple[str, ...],
        draft: drafting.Draft | None = None,
    ) -> None:
        held = draft.fingerprint if draft is not None else doing.state.inputs.fingerprint
        self.run.project.ledger.keep_content(held.content, counted)
        entry = lockfile.Entry(
            doing.item.id, doing.state.target_path, sha256, status, str(doing.state.writer), held,
            accepted,
        )  # fmt: skip
        self.lock.record(entry)

    def stumbled(self, over: Item | str, error: NightpressError | OSError) -> None:
        """An action could not go on: the run stops, or this plugin or enhancement fails."""
        if self.run.stops_at(error):
            return
        if isinstance(over, str):
            said = f"{error.strerror or error}" if isinstance(error, OSError) else error.message
            with self._guard:
                self.analyses[over] = NightpressError(f"no copy could be taken: {said}")
        elif doing := self.attempts.doing.get(over.id):
            self.attempts.fail(doing, error)
        else:
            raise error
