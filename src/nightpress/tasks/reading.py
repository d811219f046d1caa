"""The chapters of dodo.py around the ledger's own life: exploring and pruning it.

Floor 4.
"""

from __future__ import annotations

from nightpress.session import Session
from nightpress.tasks import Task, switch, text, verb


def explore() -> Task:
    """Serve the ledger until Ctrl-C."""

    def run(now: Session, port: int) -> bool:
        from nightpress import desk
        from nightpress import explore as exploring

        exploring.explore(now.project, port, desk.say)
        return True

    port = {**text("port", "where to listen (0: a free port)"), "type": int, "default": 8001}
    return verb(run, [port])


UNSET = -1
"""Stands for an option that was not given."""


def prune() -> Task:
    """Thin out what is old and not needed."""

    def run(now: Session, days: int, dry_run: bool) -> bool:
        from nightpress import desk
        from nightpress import prune as pruning

        done = pruning.prune(now.project, None if days == UNSET else days, dry=dry_run)
        if done.rows.anything and not dry_run:
            now.run.begin()  # the ledger says who thinned it out, and when
        for line in done.lines():
            desk.say(line)
        return True

    days = {
        **text("days", "younger than that stays (else retention.days, else 90)"),
        "type": int,
        "default": UNSET,
    }
    return verb(run, [days, switch("dry-run", "only say what would go")])
