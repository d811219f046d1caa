"""The chapters of dodo.py around the ledger's own life: exploring and pruning it.

Floor 4.
"""

from __future__ import annotations

from nightpress.session import Session
from nightpress.tasks import Task, text, verb


def explore() -> Task:
    """Serve the ledger until Ctrl-C."""

    def run(now: Session, port: int) -> bool:
        from nightpress import desk
        from nightpress import explore as exploring

        exploring.explore(now.project, port, desk.say)
        return True

    port = {**text("port", "where to listen (0: a free port)"), "type": int, "default": 8001}
    return verb(run, [port])
