"""nightpress from Python: what the commands do, as values (docs/api.md).

A build is a doit run in a process of its own, as from the command line: doit keeps its state in
module globals, and a run takes signals for itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from nightpress import clock
from nightpress.ledger import last_run
from nightpress.plan import catalog, check
from nightpress.project import STATE, Project, located, options
from nightpress.storage import reading

if TYPE_CHECKING:
    from nightpress.plan import Item, Judged

__all__ = ["Build", "OpenProject", "open_project"]


class Build(Struct, frozen=True):
    """How a build ended. status: doit's exit status (0: all is well); output: what it printed;
    counts: documents by how they ended (`published`, `refused`, ...); calls, tokens, cost: what
    was asked of a model, cost in US dollars."""

    status: int
    output: str
    counts: Mapping[str, int]
    calls: int = 0
    tokens: int = 0
    cost: float = 0.0


class OpenProject(Struct, frozen=True):
    """A project; nothing of it is kept open between two calls. root: its folder; options:
    run-wide ones, as on the command line."""

    root: Path
    options: Mapping[str, str]

    def plan(self) -> list[Item]:
        """Every document with its decision: `item.id`, `item.work`, `item.decision.action` and
        `.reasons`, each with `code` and `text`. Makes no call."""
        with self._project() as project:
            items = catalog.load(project, everything=True).items
        return sorted(items.values(), key=lambda item: item.id)

    def build(self, *tasks: str) -> Build:
        """Bring all documents up to date, or run the named tasks: `enhance:PLUGIN/NAME`."""
        ledger = self.root / STATE / "ledger.db"
        before = last_run(ledger)[0]
        words = [f"{name}={value}" for name, value in self.options.items()]
        process = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "doit", *words, *tasks],
            cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        number, summary = last_run(ledger)
        if number == before:
            summary = {}
        counts = {
            name: value for name, value in summary.items()
            if name not in ("calls", "tokens", "cost", "goes_on_at")
        }  # fmt: skip
        return Build(
            process.returncode, process.stdout, counts, summary.get("calls", 0),
            summary.get("tokens", 0), summary.get("cost", 0.0),
        )  # fmt: skip

    def check(self, *paths: str) -> list[Judged]:
        """The documents below the paths, or all of the project's, held to the gates:
        `judged.path`, `.score`, and `.findings`, each with `check`, `severity` and `message`."""
        return check.check(paths, self.root, os.environ, lambda _read, _total: None)

    def ledger(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Rows of a SELECT over the ledger (docs/ledger.md); none before the first run."""
        with reading(self.root / STATE / "ledger.db") as connection:
            rows = connection.execute(query, values).fetchall() if connection else []
        return [dict(row) for row in rows]

    @contextmanager
    def _project(self) -> Iterator[Project]:
        project = Project(self.root, options.read(self.options), os.environ, clock.of(os.environ))
        try:
            yield project
        finally:
            project.index.close()
            if project.has_ledger:
                project.ledger.close()


def open_project(folder: str | Path = ".", **settings: object) -> OpenProject:
    """The project in the folder (".": or in the nearest one above). settings: run-wide options,
    such as `backend="offline"`. UsageError where there is no project, or an option is wrong."""
    given = {name: str(value) for name, value in settings.items()}
    options.read(given)
    return OpenProject(located(str(folder)).resolve(), given)
