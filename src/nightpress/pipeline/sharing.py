"""Paid replies, shared with other machines through the vault while the run goes on.

Each is put there right after the ledger has it, and what this ledger has never been told is looked
for there before quota is asked for a call. A vault that does not answer takes seconds, not calls:
one sentence, and the run goes on without it; what it missed is brought when it answers again.
"""

from __future__ import annotations

import secrets
import threading

from msgspec import Struct, field

from nightpress import vault, voice
from nightpress.errors import MachineTrouble, NightpressError
from nightpress.ledger import Call
from nightpress.model import Reply, Request
from nightpress.pipeline.run import Run
from nightpress.storage import HranaError, Patience
from nightpress.vault import Paid, Place, replies

QUICK = Patience(attempts=1, connect=4.0, silence=8.0, deadline=10.0)
"""What one look, or one put, may take."""
PROBE = 30.0
"""Seconds after which a vault that did not answer is asked again."""
AT_ONCE = 16
"""Replies in one request."""


class Sharing(Struct):
    """What this run takes from the vault and puts there; safe in any thread. place: None once
    nothing more is asked of it; owed: what it has not been told; missing: questions that it has no
    reply to; came: of replies, how many came from it."""

    run: Run
    place: Place | None
    owed: list[Paid] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    came: int = 0
    may_put: bool = True
    _away_until: float = float("-inf")
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: Request, key: str) -> Reply | None:
        """The reply that another machine has paid for, put on record here as such. Not of a
        question that this ledger has had a reply to: it knows what became of that."""
        project = self.run.project
        if key in self.missing or (place := self._there()) is None:
            return None
        if project.has_ledger and project.ledger.has_reply(key):
            return None
        try:
            found = replies.find(place, key)
        except NightpressError as error:
            self._lost(error, "what other machines have paid for is asked again")
            return None
        if found is None:
            self.missing.add(key)
            return None
        self.run.begin()
        origin = f"by run {found.run}, {found.paid[:16].replace('T', ' ')} UTC: {place.name}"
        project.ledger.take_reply(key, request.phase, request.job, found.reply, origin)
        with self._guard:
            self.came += 1
        return found.reply

    def keep(self, call: Call, reply: Reply, at: str) -> None:
        """Put a reply there that the ledger has; at: when it came (ISO time)."""
        if self.place is None or not self.may_put:
            return
        id_, key = secrets.token_hex(16), call.prompt_sha256
        one = Paid(id_, key, call.phase, call.job, self.run.begin(), at, reply)
        with self._guard:
            self.owed.append(one)
        self._bring()

    def close(self) -> None:
        """The run is over: what is owed is brought now, or never."""
        self._away_until = float("-inf")
        self._bring()
        if self.owed and self.may_put and self.place is not None:
            few = "1 reply" if len(self.owed) == 1 else f"{len(self.owed):,} replies"
            self.run.notice(f"{few} of this run did not get into {self.place.name}")
        if self.place is not None:
            if self.came:
                few = "1 reply" if self.came == 1 else f"{self.came:,} replies"
                self.run.notice(f"{few} that another run had paid for came from {self.place.name}")
            self.place.close()
            self.place = None

    def _bring(self) -> None:
        while self.may_put and (place := self._there()) is not None:
            with self._guard:
                some, self.owed = self.owed[:AT_ONCE], self.owed[AT_ONCE:]
            if not some:
                return
            try:
                replies.put(place, some)
            except NightpressError as error:
                with self._guard:
                    self.owed = some + self.owed
                self._lost(error, "this run's replies are not shared", putting=True)

    def _there(self) -> Place | None:
        """The vault, unless it did not answer a moment ago."""
        now = self.run.project.clock.monotonic()
        return self.place if now >= self._away_until else None

    def _lost(self, error: NightpressError, so: str, *, putting: bool = False) -> None:
        """What may pass is tried again after a while; all else is no more tried by this run."""
        if isinstance(error, MachineTrouble):
            raise error
        passes = isinstance(error, HranaError) and error.passing
        if passes:
            self._away_until = self.run.project.clock.monotonic() + PROBE
        elif putting:
            self.may_put = False
        else:
            self.place = None
        hint = f" ({error.hint})" if error.hint and not passes else ""
        so = "no replies are shared until it answers" if passes else so
        self.run.notice_once(f"{error.message}{hint}: {so}")


def of(run: Run) -> Sharing:
    """As the settings say: `vault.share_replies`, else where a run makes one of several parts
    (`--shard`). With a vault on this machine, which no other sees, nothing is shared."""
    project = run.project
    section = project.defaults.values.get("vault") or {}
    asked = section.get("share_replies")
    wanted = "shard" in project.options if asked is None else asked
    if not wanted or voice.is_dry():
        return Sharing(run, None)
    try:
        place = vault.shared_vault(project.environ, QUICK)
    except NightpressError as error:
        run.notice_once(f"no replies are shared: {error}")
        return Sharing(run, None)
    if place is None and asked:
        run.notice_once("no replies are shared: TURSO_DATABASE_URL names no vault")
    return Sharing(run, place)
