"""The press: snapshot, analyse, pace, draft, publish; the actions of doit's tasks.

Each method is one action for one plugin or enhancement. None raises for what may happen
at night: an attempt that cannot go on ends with its row and its reason, and the others go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.errors import (
    Crashed,
    Deferred,
    NightpressError,
    PublishConflict,
    TooLittle,
    Unrecorded,
    UnsafePath,
)
from nightpress.model import Finding, Status
from nightpress.pipeline import analysis as phase1
from nightpress.pipeline import copies, entries, opposed, splits, together
from nightpress.pipeline import draft as drafts
from nightpress.pipeline import publish as publication
from nightpress.pipeline.ask import Caller
from nightpress.pipeline.attempts import Attempt, Attempts, Draft
from nightpress.pipeline.run import Run
from nightpress.plan import (
    Item,
    PluginState,
    bundle,
    judge,
    scope,
    staleness,
)
from nightpress.quota import Spending
from nightpress.storage import Snapshots


class Press(Struct):
    """The actions of one run. analyses: by plugin, and whether of its facts alone (`scope`): the
    analysis, or why there is none; unfit: by job, why nothing can be sent for it."""

    run: Run
    caller: Caller
    plugin: Callable[[str], PluginState]
    snapshots: Snapshots
    lock: publication.LockBook
    spending: Spending
    attempts: Attempts
    taken: dict[str, str] = field(default_factory=dict)
    analyses: dict[tuple[str, bool], dict[str, Any] | NightpressError] = field(default_factory=dict)
    unfit: dict[str, NightpressError] = field(default_factory=dict)
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
        done = {(slug, False), (slug, True)} & self.analyses.keys()
        if self.run.stop.is_set() or done or not self._admit(slug):
            return False
        plugin = self.plugin(slug)
        return not [own for own in phase1.kinds(plugin) if not self._analysed(plugin, own)]

    def _analysed(self, plugin: PluginState, own: bool) -> bool:
        found: dict[str, Any] | NightpressError
        self.unfit |= drafts.unfit(self.run.project, plugin, own)
        if (wanted := phase1.wanting(plugin, own)) and self.unfit.keys() >= wanted:
            return False  # an analysis would serve nobody
        try:
            found = phase1.analyse(self.run, self.caller, plugin, own=own)
        except NightpressError as error:
            self.run.stops_at(found := error)
        with self._guard:
            self.analyses[plugin.slug, own] = found
        return not isinstance(found, NightpressError)

    def _has_none(self, slug: str, why: NightpressError) -> None:
        """There is no analysis of the plugin, of whatever kind."""
        with self._guard:
            self.analyses |= dict.fromkeys(((slug, False), (slug, True)), why)

    def _check_budget(self, slug: str, name: str) -> None:
        """Deferred when this run has had its enhancements, or its time. A bundle is one: a part of
        it would come to nothing, in this run and in the next."""
        self.spending.check_time(self.run.project.clock.time())
        states = self.plugin(slug).states
        whole = together.bundled(states, name)
        made = (n for n in whole if states[n].decision.action == "make")
        self.spending.admit(f"{slug}/{name}", [f"{slug}/{n}" for n in made])

    def _admit(self, slug: str) -> bool:
        """May work on the plugin begin? If not, its attempts learn why."""
        making = [n for n, s in self.plugin(slug).states.items() if s.decision.action == "make"]
        if not making:
            return True
        try:
            self._check_budget(slug, making[0])
        except Deferred as error:
            self._has_none(slug, error)
            return False
        return True

    # --- the three actions of an enhancement ---

    def pace(self, item: Item) -> None:
        """Open the attempt, and wait for the quota of its first call."""
        if self.run.stop.is_set() or self._done_meanwhile(item) or self._is_under_way(item):
            return
        attempt = self._open(item)
        inputs = attempt.state.inputs
        if inputs.forced or inputs.asked or inputs.named:
            self.caller.afresh.add(item.id)
        try:
            self._check_budget(item.slug, item.name)
            together.references(self.attempts, attempt)
        except Deferred as error:
            self.attempts.fail(attempt, error)
            return
        if (unfit := self.unfit.get(item.id)) is not None:
            self.attempts.fail(attempt, unfit)
            return
        found = self.analyses.get((item.slug, scope.is_own(attempt.state)))
        analysis = phase1.of_document(self.run.project, attempt.plugin, attempt.state, found)
        if analysis is None or isinstance(analysis, NightpressError):
            why = analysis or NightpressError("there is no analysis of the plugin")
            self.attempts.fail(attempt, why)
            return
        try:
            project, plugin, state = self.run.project, attempt.plugin, attempt.state
            attempt.request = drafts.request(project, plugin, state, analysis)
            if attempt.state.writer.kind == "model":
                phase1.tell_secrets(self.run, attempt.plugin, attempt.state.counted)
            if drafts.stays(project, attempt):
                return
            if attempt.state.writer.kind == "model" and (errors := self._foregone(attempt)):
                self.attempts.refuse_unasked(attempt, errors)
                return
            if attempt.draft is None and self.caller.known(attempt.request, state.writer) is None:
                attempt.reservation = self.caller.reserve(attempt.request, state.writer)
        except NightpressError as error:
            self.attempts.fail(attempt, error)

    def _is_under_way(self, item: Item) -> bool:
        """Does it wait for an earlier run's batch job? No attempt begins then, and it is told."""
        plugin = self.plugin(item.slug)
        state = plugin.states[item.name]
        analysis = self.analyses.get((item.slug, scope.is_own(state)))
        if waits := drafts.under_way(self.run, self.caller, state, plugin, analysis):
            self.attempts.put_off(item, waits)
        return waits is not None

    def _foregone(self, attempt: Attempt) -> list[Finding]:
        """Errors that no draft can mend; a bad description is asked for again."""
        errors, analysis = drafts.mended_foregone(self.run, self.caller, attempt)
        if analysis is not None:
            with self._guard:
                self.analyses[attempt.item.slug, scope.is_own(attempt.state)] = analysis
        return errors

    def draft(self, item: Item) -> None:
        """Phase 2: the document, through its checks; refused if they still have errors."""
        attempt = self.attempts.in_flight.get(item.id)
        if attempt is None:
            return
        if self.run.stop.is_set():
            self.attempts.abandon(attempt)
            return
        try:
            assert attempt.request is not None  # noqa: S101 (pace has made it)
            attempt.reservation = self.caller.confirm(
                attempt.reservation, attempt.request, attempt.state.writer
            )
            attempt.draft = drafts.draft(self.run, self.caller, attempt, attempt.request)
        except TooLittle as error:
            self.attempts.end(attempt, Status.INSUFFICIENT, error)
            return
        except NightpressError as error:
            self.run.stops_at(error)
            self.attempts.fail(attempt, error)
            return
        errors = [f for f in attempt.draft.findings if f.severity == "error"]
        if errors:
            self.attempts.refuse(attempt, errors)
        elif attempt.state.enhancement.about:
            attempt.plugin.drafts[attempt.state.enhancement.target] = attempt.draft.text

    def publish(self, item: Item) -> None:
        """Put the draft in place, and only then say so; or keep it for a person to look at. A
        skill's references wait for it, and go first."""
        states = self.plugin(item.slug).states
        skill = bundle.skill_of(states, item.name) if item.name in states else ""
        if skill and states[skill].decision.action == "make":
            return
        attempt = self.attempts.in_flight.get(item.id)
        if attempt is not None and attempt.draft is not None:
            self._finish_together(attempt)
        if item.name in states and states[item.name].enhancement.references:
            together.let_go(self.attempts, item)

    def finish_left(self) -> None:
        """End what still waits for a skill that was not made in this run: a reference that the user
        insists on goes alone, where its file stands already."""
        for attempt in list(self.attempts.in_flight.values()):
            inputs = attempt.state.inputs
            about = attempt.state.enhancement.about
            if about and attempt.draft and inputs.forced and inputs.standing.sha256 is not None:
                self._finish_together(attempt)
        together.let_go(self.attempts)

    def _finish_together(self, attempt: Attempt) -> None:
        """Publish the attempt's draft with those of its bundle, or keep them all for a person to
        look at; none of them where a file of one was changed meanwhile."""
        made = [*together.references(self.attempts, attempt), attempt]
        if len(made) > 1 and (where := together.moved(made)):
            conflict = PublishConflict(f"{where} was changed while its document was being made")
            for one in made:
                self.attempts.end(one, Status.KEPT, conflict)
            return
        for one in made:
            assert one.draft is not None  # noqa: S101 (they were chosen by it)
            if because := opposed.turned_down(self.run.project, one):
                self.attempts.turn_down(one, one.draft, because)
                return  # the others are let go
        waits = {one.item.id: opposed.waits_because(self.run, one) for one in made}
        held = next((job for job, why in waits.items() if why is not None), "")
        held = held or together.waiting(self.run.project, attempt)
        if not held:
            self.put_in_place(made)
            return
        for one in made:
            assert one.draft is not None  # noqa: S101
            why = waits[one.item.id]
            self.attempts.hold(one, one.draft, f"goes with {held}" if why is None else why)

    def put_in_place(self, made: Sequence[Attempt]) -> bool:
        """Publish the drafts of these attempts, all of them or none; are the files there?"""
        project = self.run.project
        try:
            accepted = {
                one.row: judge.unwitnessed(project, one.plugin, one.state, one.draft.text)
                for one in made
                if one.draft is not None
            }
            for one in made:  # before it is overwritten
                if one.draft is not None:
                    rests = judge.witness(project, one.plugin, one.state, one.draft.text)
                    one.draft = replace(one.draft, witness=rests)
            changed = self._put(made, accepted)
        except PublishConflict as error:
            for one in made:
                self.attempts.end(one, Status.KEPT, error)
            return False
        except Unrecorded as error:
            self.run.stops_at(error)
            return True
        except (NightpressError, OSError) as error:
            self.run.stops_at(error)
            for one in made:
                self.attempts.fail(one, error)
            return False
        # from here on the files are published; if a record fails, the next run makes it
        for one in made:
            if one.state.enhancement.target.endswith("/SKILL.md"):
                together.clear_away(self.run, one.item.slug, one.plugin.root, self.lock)
        for one in made:
            if one.row in changed:
                why = f"{one.state.target_path} was changed right after its document was put there"
                self.attempts.end(one, Status.KEPT, PublishConflict(why))
            elif one.draft is not None:
                self._settle(one, one.draft, accepted[one.row])
        return not changed

    # --- what is recorded without a call ---

    def render(self, item: Item) -> None:
        """Write the fields of a document's frontmatter anew that follow plugin.json, or nothing:
        the text stays, and who wrote it; what it was made from may be another state of it."""
        if self.run.stop.is_set() or self._done_meanwhile(item):
            return
        attempt = self._open(item)
        try:
            attempt.draft = drafts.rendered(self.run.project, attempt.plugin, attempt.state)
        except (NightpressError, OSError) as error:
            self.attempts.fail(attempt, error)
            return
        errors = [f for f in attempt.draft.findings if f.severity == "error"]
        if errors:
            self.attempts.refuse(attempt, errors)
        elif (why := opposed.waits_because(self.run, attempt)) is not None:
            self.attempts.hold(attempt, attempt.draft, why)
        else:
            self.put_in_place([attempt])

    def adopt(self, item: Item, accepted: tuple[str, ...] = ()) -> None:
        """Take the file that stands there as the truth."""
        if self.run.stop.is_set() or self._done_meanwhile(item):
            return
        self.adopted(self._open(item), accepted)

    def adopted(self, attempt: Attempt, accepted: tuple[str, ...] = ()) -> None:
        """End an attempt with what stands there; of a long skill a split is proposed. accepted:
        marks of what the user lives with; what nobody has accepted, `check` goes on telling."""
        root, target = attempt.plugin.root, attempt.state.enhancement.target
        sha256 = publication.standing_hash(root, target)
        if sha256 is None or sha256 != attempt.state.inputs.standing.sha256:
            self.attempts.end(attempt, Status.KEPT, PublishConflict(f"{target} changed meanwhile"))
            return
        self.run.project.ledger.end(
            attempt.row,
            Status.ADOPTED,
            content_sha256=sha256,
            bytes_after=attempt.state.inputs.standing.size,
            accepted=accepted,
            **self.attempts.timing(attempt),
        )
        self._record(attempt, Status.ADOPTED, sha256, attempt.state.inputs.files, accepted)
        errors = [f.check for f in attempt.state.inputs.findings if f.severity == "error"]
        found = [mark.partition("#")[0] for mark in accepted] or errors
        if found:
            checks = ", ".join(dict.fromkeys(found))
            self.attempts.tell(attempt, Status.ADOPTED, f"taken with its findings: {checks}")
        else:
            self.attempts.tell(attempt, Status.ADOPTED, "already good")
        if any(reason.code == "long" for reason in attempt.state.decision.reasons):
            splits.propose(self.run, attempt)

    def note(self, item: Item) -> None:
        """Record once that a file was kept, that the source is not enough, or that the plugin is
        hollow."""
        if self.run.stop.is_set() or self._done_meanwhile(item):
            return
        attempt = self._open(item)
        status = staleness.NOTED[item.decision.action]
        reason = item.decision.reasons[0].text if item.decision.reasons else item.decision.action
        self.attempts.end(attempt, status, NightpressError(reason))

    # --- inside ---

    def _done_meanwhile(self, item: Item) -> bool:
        """Has mending what a crash left (after doit got its tasks) done the work, or changed it?"""
        state = self.plugin(item.slug).states.get(item.name)
        if state is None or not item.work:
            return False
        if changed := state.work and state.decision.action != item.decision.action:
            self.run.notice(f"{item.id}: now it is {state.decision!r}; run doit again")
        return changed or not state.work

    def _open(self, item: Item) -> Attempt:
        return self.attempts.open(item, self.plugin(item.slug), self.taken.get(item.slug))

    def _put(
        self, made: Sequence[Attempt], accepted: Mapping[int, tuple[str, ...]]
    ) -> frozenset[int]:
        """Publish the drafts; the rows of those that somebody saved right after."""
        project = self.run.project
        files = []
        for one in made:
            assert one.draft is not None  # noqa: S101 (they were chosen by it)
            plugin, state, draft = one.plugin, one.state, one.draft
            target, expected = state.enhancement.target, state.inputs.standing.sha256
            data = draft.text.encode("utf-8")
            self.snapshots.keep(data)
            columns = {
                "snapshot_id": self._snapshot_with(one, target, expected),
                "accepted": accepted[one.row],
                "evidence": drafts.evidence(self.run, plugin, state, draft.text),
                **draft.recorded().columns(),
                **self.attempts.timing(one),
            }
            files.append(
                publication.Publishing(
                    plugin.root, target, data, expected, one.row, one.token, columns
                )
            )
        return publication.publish(project, files)

    def _settle(self, attempt: Attempt, draft: Draft, accepted: tuple[str, ...]) -> None:
        # of what was put there, not of what stands there by now: that may be the user's
        sha256 = fingerprint.sha256(draft.text.encode("utf-8"))
        self._record(attempt, Status.PUBLISHED, sha256, draft.counted, accepted, draft)
        timing = self.attempts.timing(attempt)
        self.run.project.ledger.end(attempt.row, Status.PUBLISHED, **timing)
        self.attempts.tell(attempt, Status.PUBLISHED, attempt.why, len(draft.text.encode("utf-8")))

    def _snapshot_with(self, attempt: Attempt, target: str, expected: str | None) -> str:
        """A snapshot that holds the very bytes that will be replaced."""
        slug, root = attempt.item.slug, attempt.plugin.root
        taken = self.taken.get(slug)
        if taken is None or not self.snapshots.contains(taken, target, expected, slug):
            taken = self._take(attempt.plugin)
        if not self.snapshots.contains(taken, target, expected, slug):
            if publication.standing_hash(root, target) != expected:
                raise PublishConflict(f"{target} was changed while its document was being made")
            message = f"{target}: no snapshot of the plugin can hold the file at that place"
            raise UnsafePath(message, "move it out of folders like node_modules")
        return taken

    def _take(self, plugin: PluginState) -> str:
        taken = copies.take(
            self.run.project, self.snapshots, plugin, copies.BEFORE_A_RUN, self.run.begin()
        )
        with self._guard:
            self.taken[plugin.slug] = taken.id
        return taken.id

    def _record(
        self,
        attempt: Attempt,
        status: str,
        sha256: str,
        counted: Any,
        accepted: tuple[str, ...],
        draft: Draft | None = None,
    ) -> None:
        ingredients = draft.fingerprint if draft is not None else attempt.state.inputs.fingerprint
        self.run.project.ledger.keep_content(ingredients.content, counted)
        entry = entries.of_attempt(
            self.run.project, attempt, status, sha256, ingredients, counted, accepted, draft
        )
        self.lock.record(entry)

    def stumbled(self, over: Item | str, error: NightpressError | OSError) -> None:
        """An action could not go on: the run stops, or this plugin or enhancement fails."""
        if self.run.stops_at(error):
            return
        if isinstance(over, str) and isinstance(error, Crashed):
            self._has_none(over, error)
        elif isinstance(over, str):
            message = f"{error.strerror or error}" if isinstance(error, OSError) else error.message
            self._has_none(over, NightpressError(f"no copy could be taken: {message}"))
        elif attempt := self.attempts.in_flight.get(over.id):
            self.attempts.fail(attempt, error)
        else:
            raise error
