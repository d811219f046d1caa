"""One pass over everything there is to tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from nightpress.ledger import attempts as ledger_attempts
from nightpress.ledger import reviews, totals
from nightpress.plan import catalog, triggers
from nightpress.project import Project, version
from nightpress.report import documents, ledger_figures
from nightpress.report.figures import Backups, ConfusedRow, Figures, ListedRow, Listing, Sizes

DAYS = 30
"""Days that are counted by day, phase, call and model."""


def gather(project: Project, days: int = DAYS) -> Figures:
    """The figures of a project as it stands now; days: how far back the sums go."""
    project = project.as_recorded()
    found = catalog.load(project, everything=True)
    now = datetime.fromtimestamp(project.clock.time(), UTC)
    since = (now - timedelta(days=days)).date().isoformat()
    windows, needs = documents.looked_into(project, found)
    plugins = documents.plugins(project, found, windows)
    window = project.defaults.size
    writer = project.writer()
    documents_declared = sum(len(plugin.documents) for plugin in plugins)
    blank = Figures(
        project=project.root.resolve().name,
        generated=now.isoformat(timespec="seconds"),
        version=version(),
        writer=f"{writer} ({writer.why})",
        since=since,
        standing=dict(found.states()),
        attempts={}, rate=None, not_attempted=documents_declared, runs=(), days=(),
        sizes=Sizes((window.min, window.max)),
        phases=(), call_days=(), quota=(), models=(), gates=(), causes=(), backups=Backups(),
        plugins=tuple(plugins),
        problems=tuple(str(problem) for problem in found.problems),
        needs=needs,
        listing=_listing(project),
    )  # fmt: skip
    return _with_history(project, blank) if project.has_ledger else blank


def _listing(project: Project) -> Listing | None:
    """Are the skills that stand now found when they are needed, and what does their listing cost?
    None where there is no skill."""
    found = triggers.of_project(project)
    if not found.skills:
        return None
    told = found.as_dict()
    return Listing(
        skills=len(found.skills),
        requests=told["requests"],
        first=told["first"],
        top3=told["top3"],
        characters=told["characters"],
        shown=told["characters_listed"],
        tokens_always=found.always,
        tokens_on_load=sum(one["tokens_on_load"] for one in told["skills"]),
        twins=found.measured.twins,
        confused=tuple(
            ConfusedRow(one.id, one.asked, one.first, *one.rivals[0]) for one in found.confused()
        ),
        plugins=tuple(
            ListedRow(
                one.slug, one.skills, one.characters, one.tokens_always, one.tokens_on_load,
                one.asked, one.first,
            )
            for one in found.by_plugin()
        ),
    )  # fmt: skip


def _with_history(project: Project, blank: Figures) -> Figures:
    ledger, since = project.ledger, blank.since
    declared = {document.job for plugin in blank.plugins for document in plugin.documents}
    latest = [row for row in ledger_attempts.latest(ledger) if row.job in declared]
    attempts = totals.attempts(ledger)
    models = ledger_figures.models(ledger, since)
    asked = list(dict.fromkeys(model.asked for model in models))
    return replace(
        blank,
        attempts=attempts,
        rate=ledger_figures.rate(attempts),
        not_attempted=len(declared - totals.jobs_attempted(ledger)),
        runs=ledger_figures.runs(ledger),
        days=ledger_figures.days(ledger, since),
        sizes=documents.sizes(blank.plugins, blank.sizes.window),
        phases=ledger_figures.phases(ledger, since),
        call_days=totals.calls_by_day(ledger, since),
        quota=ledger_figures.quota(project, ledger, asked, since),
        models=models,
        gates=ledger_figures.gates(latest),
        causes=ledger_figures.causes(latest, reviews.waiting_jobs(ledger)),
        backups=ledger_figures.backups(ledger),
    )
