"""What is read afterwards: the report, and the ledger in a browser."""

from __future__ import annotations

import sys

from nightpress import voice
from nightpress.errors import UsageError
from nightpress.tasks.session import Session
from nightpress.tasks.task import FORMAT, Task, command, option, say, write

__all__ = ["explore", "report"]


def report() -> Task:
    """Write the page, the Markdown and the figures; a plain summary, and where they are."""

    def act(now: Session, format: str, days: int) -> bool:
        from nightpress import report
        from nightpress.report import review_page
        from nightpress.tasks.chapters.review import waiting

        if days < 1:
            raise UsageError(f"--days {days}: expected a whole number from 1 up", "--days 30, say")
        figures = report.gather(now.project, days)
        paths = report.write(now.project, figures)
        if format == "json":
            write(paths[-1].read_text(encoding="ascii"))
            return True
        drafts, margins, _ = waiting(now)
        if drafts:  # the report leads to them
            paths.append(review_page.write(paths[0].with_name("review.html"), drafts, margins))
        brief = sys.stdout.isatty()
        for line in report.summary(figures, brief=brief):
            say(line)
        shown = [path.relative_to(now.root).as_posix() for path in paths]
        if brief:  # one line for all
            shown = [", ".join([shown[0], *(path.name for path in paths[1:])])]
        for line in shown:
            say(f"would write {line}" if voice.is_dry() else line)
        return True

    return command(act, FORMAT, option("days", "how far back the sums go (default: 30)", 30))


def explore() -> Task:
    """Serve the ledger until Ctrl-C."""

    def act(now: Session, port: int) -> bool:
        from nightpress.report import explore

        explore.explore(now.project, port, say)
        return True

    return command(act, option("port", "where to listen (0: a free port)", 8001))
