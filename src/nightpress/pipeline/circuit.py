"""A circuit breaker for each model: while it does not answer, one call at a time tries it.

The first calls that fail open the circuit. Then nobody asks, but for a probe now and then, in
growing gaps; the first answer closes it again. Told once, and again when it is well. A run whose
model stays away for too long ends, its documents deferred, with exit status 75.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct, field

from nightpress.clock import Clock
from nightpress.errors import EXIT_BUSY, EXIT_USAGE, Answer, Deferred
from nightpress.pipeline.run import Run

IN_A_ROW = 3
"""Failures without an answer between them that open the circuit; before any answer, one."""
GAP, FACTOR, MOST = 20.0, 2.0, 600.0
"""Seconds until the first probe, by what the gap grows, and its end."""
PATIENCE = 2.5 * 3_600
"""Seconds without an answer after which a run ends."""
UNREACHED, NEAR = 60.0, 5.0
"""The same, and the first gap, where the run has reached no server yet and was given no `until`:
that is more likely the network here, or a wrong address, than a crowd."""
DISTRUSTED = 600.0
"""The same, where a server that had answered shows a certificate that is not trusted: a proxy that
reads along may be gone again in a minute, and if it is not, waiting does not help."""
SLICE = 5.0
"""Longest sleep in seconds before the circuit is looked at again."""

OVERLOADED = frozenset({502, 503, 504})


def is_outage(answer: Answer) -> bool:
    """Is it the whole service that did not answer, and not this question?"""
    if answer.kind == "shed":
        return True
    away = answer.http_status is None or answer.http_status in OVERLOADED
    return answer.broken or (answer.kind == "transient" and away)


class _Lane(Struct):
    """One model. failures: without an answer since; began: of the first of them (epoch seconds);
    probe_at: when the next call may be made, while the circuit is open; reached: did a server get a
    call at all? distrusted, distrusted_at: the last one showed a certificate that is not trusted,
    and since when that is so; broken: jobs that got a body that is no answer, since the last."""

    failures: int = 0
    began: float = 0.0
    probe_at: float | None = None
    gap: float = GAP
    answered: bool = False
    reached: bool = False
    distrusted: bool = False
    distrusted_at: float = 0.0
    broken: set[str] = field(default_factory=set)
    told: bool = False
    because: str = ""
    hint: str = ""


class Circuit(Struct):
    """The circuits of a run. until: when the run ends (epoch seconds), if that is known."""

    run: Run
    clock: Clock
    until: float | None = None
    _lanes: dict[str, _Lane] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def is_open(self, model: str) -> bool:
        with self._guard:
            lane = self._lanes.get(model)
            return lane is not None and lane.probe_at is not None

    def may_pass(self, model: str, answer: Answer) -> bool:
        """Is it a certificate that is not trusted, where the model had answered in this run?"""
        with self._guard:
            lane = self._lanes.get(model)
            return answer.kind == "untrusted" and lane is not None and lane.answered

    def is_told(self, model: str) -> bool:
        """Does the user know already that the model does not answer?"""
        with self._guard:
            lane = self._lanes.get(model)
            return lane is not None and lane.told

    def wait(self, model: str, still: Callable[[], bool] = lambda: True) -> bool:
        """Return when a call may be made: at once while all is well, else (True) as the next probe.
        still: does anybody wait? Raises Deferred where the run ends before, or was stopped."""
        while still() and (seconds := self._pass(model)) > 0:
            if self.run.stop.is_set():
                raise Deferred("the run was stopped before this call was made")
            self.clock.sleep(min(seconds, SLICE), self.run.stop)
        return self.is_open(model)

    def _pass(self, model: str) -> float:
        """Seconds until it is worth to ask again; 0: go. Whoever goes sets the next one's time."""
        with self._guard:
            lane = self._lanes.get(model)
            if lane is None or lane.probe_at is None:
                return 0.0
            now = self.clock.time()
            if (ends := self._ends(lane)) is not None and max(now, lane.probe_at) > ends:
                raise self._end(model, lane)
            if now < lane.probe_at:
                return lane.probe_at - now
            lane.gap = min(MOST, lane.gap * FACTOR)
            lane.probe_at = now + lane.gap
            return 0.0

    def heard(self, model: str, answer: Answer | None, job: str = "") -> None:
        """What a call came to; None: a reply. Whatever is no outage closes the circuit. job: whose
        question it was: one that always gets a broken body is no outage, two are."""
        if answer is not None and (is_outage(answer) or answer.kind == "untrusted"):
            self._failed(model, answer, job)
            return
        with self._guard:
            lane = self._lanes.setdefault(model, _Lane())
            was, lane.failures, lane.probe_at, lane.gap = lane.told, 0, None, GAP
            lane.answered = lane.reached = True
            lane.told = False
            lane.broken.clear()
            minutes = (self.clock.time() - lane.began) / 60
        if was:
            self.run.notice(f"{model} answers again, after {minutes:.0f} min; the run goes on")

    def tried(self, model: str, answer: Answer | None) -> None:
        """What the request before the first call came to; None: it was well."""
        if answer is not None:
            self._failed(model, answer, "", least=1)
            return
        with self._guard:
            lane = self._lanes.setdefault(model, _Lane())
            was, began = lane.told, lane.began
            self._lanes[model] = _Lane(reached=True)
        if was:
            minutes = (self.clock.time() - began) / 60
            self.run.notice(f"{model} can be reached after {minutes:.0f} min; the run goes on")

    def _failed(self, model: str, answer: Answer, job: str, least: int = 2) -> None:
        with self._guard:
            lane = self._lanes.setdefault(model, _Lane())
            now = self.clock.time()
            lane.failures += 1
            lane.because, lane.hint = answer.message, answer.hint
            lane.reached = lane.reached or answer.left
            distrusts = answer.kind == "untrusted"
            if distrusts and not lane.answered:
                return  # it ends the run
            if distrusts and not lane.distrusted:  # whatever went before, this is another trouble
                lane.distrusted_at, lane.probe_at = now, None
            lane.distrusted = distrusts
            if lane.failures == 1:
                lane.began = now
            if answer.broken:
                lane.broken.add(job)
                if len(lane.broken) == 1:
                    return
            few = lane.distrusted or not lane.answered
            if lane.probe_at is None and lane.failures >= (1 if few else IN_A_ROW):
                lane.gap = GAP if lane.answered or lane.reached or self.until else NEAR
                lane.probe_at = now + lane.gap
            if lane.probe_at is None or lane.told or lane.failures < least:
                return
            lane.told = True
            ends = self._ends(lane)
        at = f" until {_clock(ends)}" if ends is not None else ""
        what = answer.message.rstrip(".") + (f" ({answer.hint})" if answer.hint else "")
        self.run.notice(
            f"{model} does not answer: {what}; one call at a time tries it, in"
            f" growing gaps{at}, and the run goes on when it is well"
        )

    def _ends(self, lane: _Lane) -> float | None:
        if lane.distrusted:
            return lane.distrusted_at + DISTRUSTED
        if lane.answered or lane.reached:
            ends = lane.began + PATIENCE
            return ends if self.until is None else min(ends, self.until)
        return self.until or lane.began + UNREACHED

    def _end(self, model: str, lane: _Lane) -> Deferred:
        since = f"{model} has not answered since {_clock(lane.began)}: {lane.because}"
        hint = "run doit again later; `nightpress tonight` does that by itself"
        if not (lane.answered or lane.reached):
            why = lane.hint or "is the network up, and is `base_url` right?"
            hint = f"{why}{'' if why.endswith('?') else '.'} Then run doit again"
        if lane.distrusted:
            hint = lane.hint
        self.run.halt(f"{since}\n  hint: {hint}", EXIT_USAGE if lane.distrusted else EXIT_BUSY)
        return Deferred(since, None, hint)


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%H:%M}"
