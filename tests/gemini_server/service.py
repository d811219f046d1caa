"""What the server decides about one request, apart from sockets: the answer, and its record."""

from __future__ import annotations

import hashlib
import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import takewhile
from typing import Any

from . import envelope, replies, wire
from .batches import Batches, Job
from .clock import Clock, FastClock
from .envelope import Refusal
from .faults import DEFECTS, Plan
from .quota import FREE, Limits, Quota, next_pacific_midnight
from .stores import Caches, Files

CURRENT = (
    "gemini-3.5-flash-lite", "gemini-3.1-flash-lite", "gemini-3.8-flash",
    "gemini-2.5-flash", "gemini-2.5-pro",
)  # fmt: skip
# (share of calls, seconds within which they were answered): 157 real calls of gemini-2.0-flash.
LATENCY = (
    (0.0, 3.858), (0.05, 4.108), (0.1, 4.297), (0.25, 4.707), (0.5, 5.158), (0.75, 5.963),
    (0.85, 6.492), (0.9, 7.131), (0.93, 7.637), (0.95, 8.4), (0.96, 8.713), (0.97, 9.008),
    (0.98, 9.834), (0.99, 10.025), (1.0, 14.364),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """How the far end is set up. keys: API key -> project; latency: 1 is the field's, 0 none;
    flex_room: how many flex calls are served, after which they are shed; None: all;
    batch_seconds: from a batch job's creation to its end; batch_ends: how the first ones end
    (batches.ENDS); batch_lost: of so many, the answer to their creation is lost; caches: tokens
    that a prompt must begin with as an earlier one did, to be served from the cache; 0: none is."""

    keys: Mapping[str, str] = field(default_factory=lambda: {"test-key": "test-project"})
    tokens: Sequence[str] = ("test-token",)
    models: Sequence[str] = CURRENT
    limits: Mapping[str, Limits] = field(default_factory=lambda: {"*": FREE})
    script: Sequence[str] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    latency: float = 0.0
    flex_room: int | None = None
    batch_seconds: float = 0.0
    batch_ends: Sequence[str] = ()
    batch_lost: int = 0
    caches: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the server saw. phase: "analysis" where a schema was asked for, else
    "generation"; prompt_sha256: of the contents' text; status 0: no status line was sent; tier: at
    what price it was asked for."""

    number: int
    time: float
    api: str
    project: str
    model: str
    method: str
    phase: str = ""
    status: int = 0
    error: str = ""
    fault: str = ""
    finish: str = ""
    tokens_in: int = 0
    cached: int = 0
    tokens_out: int = 0
    thoughts: int = 0
    seconds: float = 0.0
    prompt_sha256: str = ""
    prompt_bytes: int = 0
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a path and its headers name."""

    api: str
    project: str
    location: str
    model: str
    method: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send. trick: a fault of the socket ("hang", "drip", "disconnect", ...), or ""."""

    status: int
    body: Mapping[str, Any]
    call: Call
    trick: str = ""


TRICKS = (
    "hang",
    "drip",
    "endless",
    "disconnect",
    "cut_body",
    "malformed_json",
    "empty_body",
    "html_502",
)


class Service:
    """Thread-safe; `answer` is the whole of it."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or FastClock()
        self.quota = Quota(settings.limits)
        self._plan = Plan(settings.script, settings.rates, settings.seed)
        self._numbers = itertools.count(1)
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._served_flex = 0
        self._served: dict[tuple[str, str], list[str]] = {}
        self.files = Files(self)
        self.kept = Caches(self, _tokens)
        self.batches = Batches(self, self._part)
        self._losing = settings.batch_lost

    def answer(self, target: Target, raw: bytes, timeout: str | None) -> Answer:
        call = self._call(target)
        began = call.time
        try:
            if target.model not in self.settings.models:
                raise envelope.no_model(
                    target.api, target.model, target.project, target.location, target.method
                )
            if target.method == "countTokens":
                return Answer(200, self._count(target, raw), replace(call, status=200))
            request = wire.parse(target.api, "GenerateContentRequest", raw)
            wire.check(request, target.api, timeout)
            answer = self._generate(target, request, call)
        except Refusal as refused:
            answer = _refused(call, refused)
        seconds = self.clock.time() - began
        return replace(answer, call=replace(answer.call, seconds=seconds))

    def refuse(self, target: Target, refused: Refusal) -> Answer:
        """A refusal at the door: credentials."""
        return _refused(self._call(target), refused)

    def _call(self, target: Target) -> Call:
        now = self.clock.time()
        return Call(
            next(self._numbers), now, target.api, target.project, target.model, target.method
        )

    def _count(self, target: Target, raw: bytes) -> dict[str, Any]:
        request = wire.parse(target.api, "CountTokensRequest", raw)
        inner = request.get("generateContentRequest") or request
        if not inner.get("contents"):
            raise envelope.refusal(
                400, "* CountTokensRequest.contents: contents is not specified\n"
            )
        return {"totalTokens": _tokens(inner)}

    def _asked(self, call: Call, target: Target, request: Mapping[str, Any]) -> Call:
        """The call with what it asks."""
        prompt = replies.texts(request["contents"]).encode("utf-8", "replace")
        return replace(
            call,
            phase="generation" if replies.schema_of(request) is None else "analysis",
            prompt_sha256=hashlib.sha256(prompt).hexdigest(),
            prompt_bytes=len(prompt),
            tier=_tier(request, target.api),
        )

    def _generate(self, target: Target, request: Mapping[str, Any], call: Call) -> Answer:
        request, kept = self.kept.filled(target.project, target.model, request)
        tokens = _tokens(request)
        call = self._asked(call, target, request)
        room = self.settings.flex_room
        if call.tier == "flex" and room is not None and self._served_flex >= room:
            return _refused(call, envelope.plain(503))
        now = self.clock.time()
        broken, wait = self.quota.take(target.project, target.model, tokens, now)
        fault, rng = self._plan.draw(call.prompt_sha256)
        if broken:
            return _refused(call, self._over(target, broken, wait, rng))
        call = replace(call, fault=fault or "")
        if fault and fault not in DEFECTS and fault not in TRICKS and fault != "blocked":
            return _refused(call, self._fault(fault, target, rng))
        self._work(rng)
        if fault in TRICKS:
            status = {"html_502": 502, "hang": 0, "disconnect": 0}.get(fault, 200)
            return Answer(status, {}, replace(call, status=status), fault)
        self._served_flex += call.tier == "flex"
        written = replies.reply(request, target.model, tokens, fault, rng)
        cached = kept or self._cached(target, request)
        if cached:
            usage = {**written.body["usageMetadata"], "cachedContentTokenCount": cached}
            written = replace(written, body={**written.body, "usageMetadata": usage})
        call = replace(call, status=200, finish=written.finish, tokens_in=tokens, cached=cached,
                       tokens_out=written.tokens_out, thoughts=written.thoughts)  # fmt: skip
        return Answer(200, written.body, call)

    def _cached(self, target: Target, request: Mapping[str, Any]) -> int:
        """Tokens of the prompt that one of the project's earlier ones began with, too."""
        if not self.settings.caches:
            return 0
        text = replies.texts(request.get("systemInstruction")) + replies.texts(request["contents"])
        with self._lock:
            known = self._served.setdefault((target.project, target.model), [])
            alike = max((_alike(text, one) for one in known), default=0)
            known.append(text)
        tokens = replies.count_tokens(text[:alike])
        return tokens if tokens >= self.settings.caches else 0

    def _part(self, job: Job, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request of a batch job, recorded as a call."""
        target = Target("developer", job.project, "global", job.model, "batchGenerateContent")
        call = self._asked(self._call(target), target, request)
        fault, rng = self._plan.draw(call.prompt_sha256)
        fault = fault if fault in DEFECTS else None
        written = replies.reply(request, job.model, _tokens(request), fault, rng)
        self.record(
            replace(call, status=200, fault=fault or "", finish=written.finish, tier="batch",
                    tokens_in=_tokens(request), tokens_out=written.tokens_out,
                    thoughts=written.thoughts)
        )  # fmt: skip
        return {"response": written.body}

    def _work(self, rng: random.Random) -> None:
        """Takes as long as the real one did."""
        if self.settings.latency:
            self.clock.sleep(_seconds(rng.random()) * self.settings.latency)

    def _over(
        self, target: Target, broken: Mapping[str, int], wait: float, rng: random.Random
    ) -> Refusal:
        if target.api == "vertex":
            return envelope.shared_capacity()
        if "rpd" in broken:  # the delay that a daily refusal states is known to mislead
            midnight = next_pacific_midnight(self.clock.time()) - self.clock.time()
            wait = rng.choice([2.4, 32.6, min(midnight, 64_800.0)])
        return envelope.over_quota(broken, target.model, wait)

    def _fault(self, fault: str, target: Target, rng: random.Random) -> Refusal:
        limits = self.quota.limits(target.model)
        over = {
            "minute_429": ({"rpm": limits.rpm or 15}, rng.uniform(24.0, 30.0)),
            "day_429": ({"rpd": limits.rpd or 500}, rng.choice([2.4, 32.6, 64_800.0])),
            "limit_0": ({"rpd": 0, "rpm": 0, "tpm": 0}, rng.uniform(1.2, 50.0)),
        }
        if fault in over:
            return envelope.over_quota(over[fault][0], target.model, over[fault][1])
        named: dict[str, Callable[[], Refusal]] = {
            "capacity_429": envelope.shared_capacity,
            "plain_429": lambda: envelope.refusal(
                429, "Resource has been exhausted (e.g. check quota)."
            ),
            "400": lambda: envelope.refusal(400, "Request contains an invalid argument."),
            "key_400": envelope.bad_key,
            "too_large": lambda: envelope.refusal(
                400,
                "The input token count (1200000) exceeds the maximum number of tokens allowed "
                "(1048576).",
            ),
            "401": lambda: envelope.no_token(sent=True),
            "403": lambda: envelope.forbidden(target.api, target.project),
            "404": lambda: envelope.no_model(
                target.api, target.model, target.project, target.location, target.method
            ),
        }
        return named[fault]() if fault in named else envelope.plain(int(fault))

    def loses(self) -> bool:
        """Is the answer to this creation of a batch job lost on its way?"""
        with self._lock:
            self._losing -= 1
            return self._losing >= 0

    def record(self, call: Call) -> None:
        """Said by the handler before the answer's last byte leaves, so that whoever has the
        answer finds it counted."""
        with self._lock:
            self._calls.append(call)

    def calls(self) -> list[Call]:
        with self._lock:
            return sorted(self._calls, key=lambda c: c.number)

    def seen(self) -> dict[str, Any]:
        """The body of /_seen: counts, and every call in order of arrival."""
        jobs = self.batches.jobs()
        calls = self.calls()
        made = [c for c in calls if c.method == "generateContent"]
        return {
            "calls": len(made),
            "refusals": sum(c.status == 429 for c in made),
            "input_tokens": sum(c.tokens_in for c in made),
            "output_tokens": sum(c.tokens_out + c.thoughts for c in made),
            "by_status": dict(Counter(str(c.status) for c in made)),
            "by_model": dict(Counter(c.model for c in made)),
            "by_phase": dict(Counter(c.phase for c in made)),
            "by_tier": dict(Counter(c.tier for c in made if c.tier)),
            "by_fault": dict(Counter(c.fault for c in made if c.fault)),
            "days": self.quota.used(),
            "jobs": jobs,
            "list": [asdict(c) for c in calls],
        }


def _refused(call: Call, refused: Refusal) -> Answer:
    call = replace(call, status=refused.code, error=refused.body["error"]["message"][:200])
    return Answer(refused.code, refused.body, call)


def _alike(one: str, other: str) -> int:
    """Characters that both begin with."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in pairs)


def _tokens(request: Mapping[str, Any]) -> int:
    texts = replies.texts
    return replies.count_tokens(texts(request.get("systemInstruction"))) + replies.count_tokens(
        texts(request["contents"])
    )


TIERS = ("unspecified", "flex", "standard", "priority")
"""Source: ServiceTier of the SDK."""


def _tier(request: Mapping[str, Any], api: str) -> str:
    told = str(request.get("serviceTier", "standard")).lower()
    if told not in TIERS or (api == "vertex" and "serviceTier" in request):
        raise envelope.refusal(400, f"Invalid value at 'service_tier' (TYPE_ENUM), {told}")
    return "standard" if told == "unspecified" else told


def _seconds(share: float) -> float:
    for (low, fast), (high, slow) in itertools.pairwise(LATENCY):
        if share <= high:
            return fast + (slow - fast) * (share - low) / (high - low)
    return LATENCY[-1][1]
