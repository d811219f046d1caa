"""When it will be done, and what it costs: the plan's last sentence.

Floor 3: gathers the work from the catalog and the ledger's history; `forecast` computes. Prompts
are measured by the very code that sends them.
"""

from __future__ import annotations

from collections.abc import Iterable

from nightpress import calls, drafting, forecast, pacing
from nightpress.catalog import Catalog, Item
from nightpress.errors import NightpressError
from nightpress.project import Project
from nightpress.quota import Quota

REPAIRS = 0.25
"""Share of drafts that may need their one repair call, until the ledger knows better."""
ANALYSIS_BYTES = 3_000
"""What an analysis adds to the prompt of a document."""


def sentence(project: Project, catalog: Catalog) -> str:
    """`122 calls, ~0.9 M input tokens, MODEL at 15/250k/500: done at 03:10; ...`."""
    writer = project.writer()
    if writer.backend == "offline":
        return "no calls; $0 (offline)"
    making = [item for item in catalog.items.values() if item.decision.action == "make"]
    sizes = list(_tokens(project, catalog, making))
    if not sizes:
        return "no calls"
    situation = _situation(project, writer.model)
    most = len(sizes) + round(len(making) * REPAIRS)
    typical = sum(sizes) // len(sizes)
    work = forecast.Work(calls=(len(sizes), most), tokens_in=(typical, int(typical * 1.3)))
    free = not writer.vertex and not project.may_pay
    return forecast.sentence(forecast.forecast(work, situation), writer.model, situation, free=free)


def _tokens(project: Project, catalog: Catalog, making: Iterable[Item]) -> Iterable[int]:
    """Input tokens of each call that is to be made, estimated."""
    analysed: set[str] = set()
    for item in making:
        found = catalog.gathered.get(item.slug)
        if found is None:
            continue
        try:
            question = drafting.analysis_request(project, found)
        except (NightpressError, OSError):
            continue  # the run will say what is wrong with this plugin
        estimate = calls.tokens_of(question)
        if item.slug not in analysed and drafting.cached_analysis(project, found) is None:
            yield estimate
        analysed.add(item.slug)
        yield estimate + int(ANALYSIS_BYTES / 3.5)


def _situation(project: Project, model: str) -> forecast.Situation:
    quota: Quota = pacing.quota_of(project)
    limits, pace = pacing.limits_of(project, model), pacing.pace_of(project)
    try:
        stands = quota.snapshot(model, limits, pace)
    finally:
        quota.close()
    bounds = pacing.spending(project).budget
    return forecast.Situation(
        now=project.clock.time(),
        limits=stands.limits,
        pace=pace,
        evidence=stands.evidence,
        used_today=stands.calls_today,
        workers=int(project.defaults.values.get("concurrency", 4)),
        latency=forecast.measured(_seconds(project)),
        until=bounds.until,
        max_calls=bounds.max_calls,
        closed_until=stands.closed_until,
        price=pacing.price_of(project, model),
    )


def _seconds(project: Project) -> list[float]:
    if not project.has_ledger:
        return []
    query = "SELECT seconds FROM calls WHERE outcome = 'reply' ORDER BY id DESC LIMIT 500"
    return [float(row["seconds"]) for row in project.ledger.rows(query)]
