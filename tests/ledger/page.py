"""The generated parts of docs/ledger.md: questions and their answers, the tables as they are."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from nightpress.ledger.migrations import MIGRATIONS
from nightpress.ledger.questions import QUESTIONS
from tests.ledger import sample

_META = "What the ledger is: `ledger_id`, drawn when it was made."
_MADE = re.compile(r"((?:^--.*\n)*)^CREATE (TABLE|VIEW) (\w+)", re.MULTILINE)


def questions(cog: Any) -> None:
    """Each question, its query, and what the sample ledger answers."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = sample.make(Path(folder) / "ledger.db")
        for question in QUESTIONS:
            cog.outl(f"\n### {question.asks}\n\n```sql\n{question.sql};\n```\n")
            filled = {"plugin": "commit-guard"} if ":plugin" in question.sql else {}
            found = list(ledger.store.connection().execute(question.sql, filled))
            _table(cog, found)
        ledger.close()
    cog.outl()


def _table(cog: Any, rows: list[Any]) -> None:
    if not rows:
        cog.outl("No row.")
        return
    cog.outl("| " + " | ".join(rows[0].keys()) + " |")
    cog.outl("|" + "---|" * len(rows[0].keys()))
    for row in rows:
        cells = ("" if cell is None else str(cell) for cell in row)
        cog.outl("| " + " | ".join(cells) + " |")


def tables(cog: Any) -> None:
    """Every table and view: what the schema's own comment says of it, and its columns."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = sample.make(Path(folder) / "ledger.db")
        db = ledger.store.connection()
        for comment, kind, name in described():
            columns = [row["name"] for row in db.execute(f"PRAGMA table_info({name})")]
            cog.outl(f"\n### {kind.lower()} `{name}`\n\n{comment}\n")
            cog.outl(", ".join(f"`{column}`" for column in columns))
        ledger.close()
    cog.outl()


def described() -> list[tuple[str, str, str]]:
    """(comment, TABLE or VIEW, name) of everything that the migrations make."""
    found = []
    for script in MIGRATIONS:
        for comment, kind, name in _MADE.findall(script):
            words = " ".join(line.lstrip("- ") for line in comment.splitlines())
            found.append((words or (_META if name == "meta" else ""), kind, name))
    return found
