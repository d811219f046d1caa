"""The chapters of dodo.py around the ledger's own life: exploring and pruning it.

Floor 4.
"""

from __future__ import annotations

from nightpress.tasks import Task, switch, text, verb
from nightpress.tasks.session import Session


def explore() -> Task:
    """Serve the ledger until Ctrl-C."""

    def run(now: Session, port: int) -> bool:
        from nightpress.report import explore as exploring
        from nightpress.tasks import verbs

        exploring.explore(now.project, port, verbs.say)
        return True

    port = {**text("port", "where to listen (0: a free port)"), "type": int, "default": 8001}
    return verb(run, [port])


UNSET = -1
"""Stands for an option that was not given."""


def prune() -> Task:
    """Thin out what is old and not needed."""

    def run(now: Session, days: int, dry_run: bool) -> bool:
        from nightpress.pipeline import prune as pruning
        from nightpress.tasks import verbs

        done = pruning.prune(now.project, None if days == UNSET else days, dry=dry_run)
        if done.rows.anything and not dry_run:
            now.run.begin()  # the ledger says who thinned it out, and when
        for line in done.lines():
            verbs.say(line)
        return True

    days = {
        **text("days", "younger than that stays (else retention.days, else 90)"),
        "type": int,
        "default": UNSET,
    }
    return verb(run, [days, switch("dry-run", "only say what would go")])
