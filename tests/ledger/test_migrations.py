"""Migrations: one SQL file each, never edited once released."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from nightpress.ledger import migrations
from nightpress.ledger.ledger import Ledger
from nightpress.ledger.migrations import MIGRATIONS, NAMES
from nightpress.storage.sqlite import Store

RELEASED = {
    "1_tables": "2d004748bf9ed1aa",
    "2_views": "3763d65714f066ca",
    "3_unspent": "50819074caf77fe4",
    "4_backups": "d3676db6411a4077",
    "5_reviews": "7700f787479c2a66",
    "6_guards": "bba7165005e7e594",
    "7_accepted": "5b79f9c36c47672a",
    "8_hollow": "a5ca115c9edba3e2",
    "9_evidence": "c2cdc5926c25a11a",
    "10_counted": "82e6ad784b565440",
    "11_lanes": "6298967d5c79d44b",
    "12_attached": "a5f3f69cf9c7a067",
    "13_batches": "69eedcbc965fcfd3",
    "14_cached": "8aa8443067023b3a",
    "15_origin": "5280d9be5d990bec",
}
"""Name -> the first 16 digits of the file's sha256. A new migration adds its line; none changes."""


def test_no_migration_was_edited() -> None:
    shas = [hashlib.sha256(script.encode()).hexdigest()[:16] for script in MIGRATIONS]
    assert dict(zip(NAMES, shas, strict=True)) == RELEASED


def test_every_file_of_the_folder_is_a_migration_and_they_are_numbered() -> None:
    folder = Path(migrations.__file__).parent
    assert {path.stem for path in folder.glob("*.sql")} == set(NAMES)
    assert [name.partition("_")[0] for name in NAMES] == [str(n + 1) for n in range(len(NAMES))]


@pytest.mark.parametrize("version", range(1, len(NAMES)))
def test_a_ledger_of_any_version_becomes_the_same_one(tmp_path: Path, version: int) -> None:
    old = Store(tmp_path / "old.db", MIGRATIONS[:version])
    old.connection()
    old.close()
    assert _schema(tmp_path / "old.db") == _schema(tmp_path / "new.db")


def _schema(path: Path) -> list[tuple[object, ...]]:
    ledger = Ledger(path, lambda: 0.0)
    try:
        names = [tuple(row) for row in ledger.rows("SELECT type, name, sql FROM sqlite_master")]
        return names + [tuple(row) for row in ledger.rows("PRAGMA user_version")]
    finally:
        ledger.close()
