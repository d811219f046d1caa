"""SQL over the ledger's tables is in ledger/ alone, and sqlite3 in storage/sqlite.py alone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nightpress
from nightpress.ledger.migrations import MIGRATIONS

SOURCE = Path(nightpress.__file__).parent
SHARED = {"meta", "plugins"}
"""Names that tables of other databases have, too."""
TABLES = {
    name
    for script in MIGRATIONS
    for name in re.findall(r"^CREATE (?:TABLE|VIEW) (\w+)", script, re.M)
} - SHARED
QUERY = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+({'|'.join(sorted(TABLES))})\b")


def _texts(path: Path) -> list[tuple[int, str]]:
    """(line, text) of every string of a module that is no docstring."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [
        (node.lineno, node.value)
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_the_ledgers_tables_are_asked_in_the_ledger_alone() -> None:
    assert {"enhancements", "calls", "runs", "reviews", "latest"} <= TABLES
    places = {
        path.relative_to(SOURCE).as_posix(): line
        for path in SOURCE.rglob("*.py")
        for line, text in _texts(path)
        if QUERY.search(text)
    }
    assert any(place.startswith("ledger/") for place in places)
    assert {place: line for place, line in places.items() if not place.startswith("ledger/")} == {}


def test_the_driver_is_imported_in_one_module_alone() -> None:
    importers = [
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if re.search(r"^\s*(?:import|from) sqlite3\b", path.read_text(encoding="utf-8"), re.M)
    ]
    assert importers == ["storage/sqlite.py"]
