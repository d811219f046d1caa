"""When it will be done, and what it costs: the plan's last sentence.

Gathers the work from the catalog and the ledger's history; `forecast` computes. Prompts
are measured by the very code that sends them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from nightpress.backends import FREE, Price
from nightpress.errors import NightpressError
from nightpress.ledger import calls as ledger_calls
from nightpress.model import Lane
from nightpress.pipeline import analysis as phase1
from nightpress.pipeline import ask as calls
from nightpress.pipeline import draft, lanes, pacing
from nightpress.plan import Catalog, Item, scope
from nightpress.project import Project, Writer
from nightpress.quota import Quota, Snapshot, budget, forecast

REPAIRS = 0.25
"""Share of drafts that may need their one repair call, until the ledger knows better."""
UNREAD = {"summary": "x" * 3_000}
"""As long as an analysis usually is, where there is none yet."""
MEASURED = 60
MORE = 1.3
"""Times as many input tokens at worst, or as many as the quota ledger has met of late."""


ROUND = 86_400.0
"""Seconds within which a batch job ends, as the provider has it."""
QUEUED = forecast.Latency(60.0, 900.0)
"""Of a flex call, until our own are known: the provider says one to fifteen minutes."""


class Course(Struct, frozen=True):
    """How it would go by one lane."""

    lane: Lane
    expected: forecast.Forecast

    def words(self, now: float) -> str:
        """`flex $0.31-0.62, done at 03:10`."""
        cost = forecast.money(self.expected.cost, free=False)
        if self.lane == "batch":
            hours = (self.expected.done_at[1] - now) / 3_600
            return f"{self.lane} {cost}, done within {hours:.0f} h"
        return f"{self.lane} {cost}, done {forecast.when(self.expected.done_at, now)}"


class Outlook(Struct, frozen=True):
    """What a run would cost and when it would be done, and the evidence that this rests on; no
    `expected`: nothing to call for. lane: by which it goes; courses: by each that there is;
    free: on a free tier of what costs money beyond it;
    prices_of: when the price was looked up, where it is one that we know."""

    model: str
    expected: forecast.Forecast | None = None
    situation: forecast.Situation | None = None
    stands: Snapshot | None = None
    free: bool = True
    lane: Lane = "interactive"
    courses: tuple[Course, ...] = ()
    prices_of: date | None = None

    def by_lane(self) -> str:
        """`lanes: interactive $0.62, done at 03:10; flex ...; flex is taken`; "" where there is no
        choice."""
        if len(self.courses) < 2 or self.situation is None:
            return ""
        each = "; ".join(course.words(self.situation.now) for course in self.courses)
        return f"lanes: {each}; {self.lane} is taken"

    def sentence(self) -> str:
        """`122 calls, ~0.9 M input tokens, MODEL at 15/250k/500: done at 03:10; ...`."""
        if self.expected is None or self.situation is None:
            return f"no calls; $0 ({self.model})" if self.model == "offline" else "no calls; $0"
        return forecast.sentence(self.expected, self.model, self.situation, free=self.free)

    def nights(self) -> str:
        """`22-24 calls, done in 2-3 nights`; "" where no call is needed."""
        if self.expected is None:
            return ""
        low, high = self.expected.nights
        some = "1 night" if high == 1 else f"{forecast.span(low, high)} nights"
        return f"{forecast.span(*self.expected.calls)} calls, done in {some}"

    def evidence(self) -> str:
        """`pace: adaptive, at 50 % of the minute's quota (0 of 45 clean calls proven) ...`."""
        if self.situation is None or self.stands is None:
            return ""
        pace, stands = self.situation.pace, self.stands
        text = f"pace: {pace.profile}"
        if pace.profile == "adaptive":
            clean = min(stands.evidence.clean, pace.proof)
            text += f", at {stands.share:.0%} of the minute's quota"
            text += f" ({clean} of {pace.proof} clean calls of proof"
            text += f", {stands.evidence.refusals} refusals remembered)"
        left = "no limit" if stands.left_in_day is None else f"{stands.left_in_day} calls"
        of = f"; prices of {self.prices_of}" if self.prices_of and not self.free else ""
        return f"{text}; left today: {left}{of}"

    def as_dict(self) -> dict[str, Any]:
        """Figures for `--format json`; pairs are [likely, at worst]."""
        if self.expected is None or self.situation is None or self.stands is None:
            return {"model": self.model, "calls": [0, 0], "cost_usd": [0, 0]}
        figures = asdict(self.expected)
        by_lane = {
            one.lane: {"cost_usd": one.expected.cost, "done_at": one.expected.done_at}
            for one in self.courses
        }
        cost = figures.pop("cost")
        return figures | {
            "model": self.model,
            "lane": self.lane,
            "lanes": by_lane,
            "carried_over": self.expected.carried_over,
            "nights": self.expected.nights,
            "cost_usd": [0, 0] if self.free else cost,
            "limits": asdict(self.situation.limits),
            "pace": self.situation.pace.profile,
            "share": self.stands.share,
            "evidence": asdict(self.stands.evidence),
            "calls_today": self.stands.calls_today,
            "left_in_day": self.stands.left_in_day,
            "resets_at": self.stands.resets_at,
        }


def outlook(project: Project, catalog: Catalog, jobs: Collection[str] | None = None) -> Outlook:
    """The outlook for everything that is stale, or for these of it; makes no call and writes
    nothing."""
    making = [
        item
        for item in catalog.items.values()
        if item.decision.action == "make" and (jobs is None or item.id in jobs)
    ]
    asking = [(item, by) for item in making if (by := _writer(catalog, item)).kind == "model"]
    if not asking:
        writer = project.writer()
        return Outlook(writer.model if writer.kind == "model" and not making else "offline")
    making = [item for item, _ in asking]
    named = Counter(by.model for _, by in asking)
    [(main, _)] = named.most_common(1)
    sizes = list(_tokens(project, catalog, making))
    if not sizes:
        return Outlook(main)
    here, stands = situation(project, main)
    models = ", then ".join((main, *(others := pacing.fallbacks(project))))
    if len(named) > 1:  # their quotas differ, but by less than the estimate itself
        models += f" (and {', '.join(name for name in sorted(named) if name != main)})"
    here = _with_fallbacks(here, stands, [situation(project, model)[1] for model in others])
    typical = int(sum(sizes) / len(sizes))
    work = forecast.Work(
        calls=_with_repairs(project, len(sizes), len(making)),
        tokens_in=(typical, int(typical * max(MORE, stands.ratio))),
    )
    here = replace(here, max_calls=_allowed(project, work, here.price, len(making)))
    tier = not project.may_pay and not any(by.paid for _, by in asking)
    free = tier and pacing.known_price(project, main) != FREE
    by = next(by for _, by in asking if by.model == main)
    courses = _courses(project, by, work, here, rounds=1 + (len(sizes) > len(making)))
    lane = _taken(project, by, courses, here.until)
    expected = next(one.expected for one in courses if one.lane == lane)
    own = main in (project.defaults.values.get("prices") or {})
    of = None if own else pacing.declared(project, main).as_of
    return Outlook(models, expected, here, stands, free, lane, courses if not free else (), of)


def _courses(
    project: Project, writer: Writer, work: forecast.Work, here: forecast.Situation, rounds: int
) -> tuple[Course, ...]:
    """How it would go by each lane; rounds: batch jobs that a document takes, one after another."""
    offered = lanes.offered(project, writer)
    found = [Course("interactive", forecast.forecast(work, here))]
    for lane in lanes.LANES[1:]:
        if lane not in offered:
            continue
        price = budget.reduced(here.price, offered[lane])
        known = ledger_calls.recent_seconds(project.ledger, lane) if project.has_ledger else []
        latency = forecast.measured(known, QUEUED)
        course = forecast.forecast(work, replace(here, price=price, latency=latency))
        if lane == "batch":
            ends = here.now + rounds * ROUND, here.now + (rounds + 1) * ROUND
            course = replace(course, done_at=ends)
        found.append(Course(lane, course))
    return tuple(found)


def _taken(
    project: Project, writer: Writer, courses: Sequence[Course], until: float | None
) -> Lane:
    """The lane that is named; of `auto` the cheapest that is likely done by `until`, and of two
    that cost the same the sooner one."""
    named = lanes.named(project, writer)
    if named != "auto":
        return next(one.lane for one in courses if one.lane == named)
    in_time = [one for one in courses if until is None or one.expected.done_at[0] <= until]
    if not project.may_pay or not in_time:
        return "interactive"

    def order(one: Course) -> tuple[float, float]:
        cost = one.expected.cost
        return (0.0 if cost is None else cost[1]), one.expected.done_at[0]

    return min(in_time, key=order).lane


def _writer(catalog: Catalog, item: Item) -> Writer:
    """Who would make it: a manifest may name a backend and a model of its own."""
    return catalog.plugins[item.slug].states[item.name].writer


def _with_fallbacks(
    here: forecast.Situation, first: Snapshot, others: Sequence[Snapshot]
) -> forecast.Situation:
    """Where other models go on when the first one's day is spent: the sum of their days."""
    if not others:
        return here
    known = [
        (stands.limits.rpd, stands.left_in_day)
        for stands in (first, *others)
        if stands.limits.rpd is not None and stands.left_in_day is not None
    ]
    if len(known) <= len(others):  # one of them has no limit
        return replace(here, limits=replace(here.limits, rpd=None), closed_until=0.0)
    total, left = sum(rpd for rpd, _ in known), sum(left for _, left in known)
    return replace(
        here,
        limits=replace(here.limits, rpd=total),
        used_today=total - left,
        closed_until=0.0 if left else here.closed_until,
    )


def _allowed(project: Project, work: forecast.Work, price: Price | None, jobs: int) -> int | None:
    """Calls that the budget allows in one run, whatever it bounds; None: any number."""
    bounds = pacing.spending(project).budget
    calls, tokens_in, tokens_out = work.calls[0], work.tokens_in[0], work.tokens_out[0]
    dollars = budget.cost(price, tokens_in, tokens_out)
    allowed = [] if bounds.max_calls is None else [bounds.max_calls]
    if bounds.max_tokens is not None:
        allowed.append(bounds.max_tokens // (tokens_in + tokens_out))
    if bounds.max_cost is not None and dollars:
        allowed.append(int(bounds.max_cost / dollars))
    if bounds.limit is not None:
        allowed.append(math.ceil(bounds.limit * calls / jobs))
    return min(allowed, default=None)


def _with_repairs(project: Project, calls: int, drafts: int) -> tuple[int, int]:
    """Calls, likely and at most, with the repairs that drafts have needed of late, or twice as
    many; without a history none, or `REPAIRS`."""
    if project.has_ledger:
        written, repaired = ledger_calls.recent_phases(project.ledger)
        if written >= forecast.ENOUGH:
            share = repaired / written
            most = min(float(draft.REPAIRS), 2 * share)
            return calls + round(drafts * share), calls + math.ceil(drafts * most)
    return calls, calls + math.ceil(drafts * REPAIRS)


def _tokens(project: Project, catalog: Catalog, making: Iterable[Item]) -> Iterable[int]:
    """Input tokens of each call that is to be made, estimated. The first `MEASURED` documents'
    prompts are measured; the others' are as much larger than their analyses' as those were."""
    analysed: set[tuple[str, bool]] = set()
    asked = written = 0
    for number, item in enumerate(making):
        plugin = catalog.plugins.get(item.slug)
        if plugin is None:
            continue
        try:
            own = scope.is_own(plugin.states[item.name])
            question = phase1.question_of(project, plugin, own=own)
            first = calls.tokens_of(question)
            analysis = phase1.known(project, plugin, question)
            state = plugin.states[item.name]
            if state.decision.sections:
                analysed.add((item.slug, own))
            if number < MEASURED:
                asked += first
                document = draft.request(project, plugin, state, analysis or UNREAD)
                written += (size := calls.tokens_of(document))
            else:
                size = first * written // max(1, asked)
        except (NightpressError, OSError):
            continue  # the run will say what is wrong with this plugin
        if (item.slug, own) not in analysed and analysis is None:
            yield first
        analysed.add((item.slug, own))
        yield size


def taken(project: Project, catalog: Catalog) -> Lane:
    """The lane that `auto` takes for this run."""
    return outlook(project, catalog).lane


def situation(project: Project, model: str) -> tuple[forecast.Situation, Snapshot]:
    """What calls of this model would meet now, and how its quota stands."""
    quota: Quota = pacing.quota_of(project)
    limits, pace = pacing.limits_of(project, model), pacing.pace_of(project)
    try:
        stands = quota.snapshot(model, limits, pace)
    finally:
        quota.close()
    bounds = pacing.spending(project).budget
    workers = int(project.defaults.values.get("concurrency", 4))
    met = forecast.Situation(
        now=project.clock.time(),
        limits=stands.limits,
        pace=pace,
        evidence=stands.evidence,
        used_today=stands.calls_today,
        workers=min(workers, limits.concurrency or workers),
        latency=forecast.measured(
            ledger_calls.recent_seconds(project.ledger) if project.has_ledger else []
        ),
        until=bounds.until,
        closed_until=stands.closed_until,
        price=pacing.price_of(project, model),
        cached=ledger_calls.recent_cached(project.ledger) if project.has_ledger else 0.0,
        day=quota.day_of(model),
    )
    return met, stands
