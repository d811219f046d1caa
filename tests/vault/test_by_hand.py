"""Recovery without nightpress: with what RECOVERY.md and the vault's own table say."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from nightpress.vault import LocalPlace, archive, backup
from nightpress.vault.place import Sql
from tests.vault.tree import nasty, state


def test_with_sqlites_shell_as_the_table_says(tmp_path: Path) -> None:
    shell = shutil.which("sqlite3")
    if shell is None:
        pytest.skip("SQLite's shell is not installed")
    source = nasty(tmp_path / "project")
    place = LocalPlace(tmp_path / "vault.db")
    backup(source, place)
    (steps,) = place.read(Sql("SELECT what FROM recovery_steps ORDER BY step DESC"))
    (parts,) = place.read(Sql("SELECT tree FROM snapshot_parts WHERE kind = 'plugin'"))
    place.close()
    found = re.search(r"SELECT writefile\('OUT'.*?'HASH'", str(steps[0][0]))
    assert found is not None

    def content(hash_: str) -> bytes:
        out = tmp_path / "out"
        query = found[0].replace("OUT", str(out)).replace("HASH", hash_)
        subprocess.run([shell, tmp_path / "vault.db", query], check=True, capture_output=True)
        return out.read_bytes()

    read = {}
    for (tree,) in parts:
        head, *rows = [json.loads(line) for line in content(tree).splitlines()]
        assert head["next"] is None
        for kind, path, *rest in rows:
            if kind == "f" and rest[1]:
                mode, _, sha256, *chunks = rest
                data = b"".join(content(name) for name in (chunks[0] if chunks else [sha256]))
                whole = f"{head['path']}/{path}".encode("utf-8", "surrogateescape")
                read[whole] = ("file", mode, hashlib.sha256(data).hexdigest())
    empty = hashlib.sha256().hexdigest()
    assert read == {
        path: held
        for path, held in state(source.root).items()
        if path.startswith(b"plugins/") and held[0] == "file" and held[2] != empty
    }


@pytest.mark.parametrize("with_ledger", [False, True])
def test_an_archive_as_its_recovery_says(with_ledger: bool, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    if with_ledger:
        import sqlite3

        ledger = source.root / ".nightpress" / "ledger.db"
        ledger.parent.mkdir()
        with sqlite3.connect(ledger) as made:
            made.execute("CREATE TABLE t (x)")
        made.close()
        source = replace(source, ledger=ledger)
    place = LocalPlace(tmp_path / "vault.db")
    backup(source, place)
    folder = Path(archive(place, tmp_path / "files").folder)
    place.close()
    chapter = (folder / "RECOVERY.md").read_text().partition("## From the vault")[0]
    commands = re.findall(r"^\d\. `([^`]+)`$", chapter, re.MULTILINE)
    assert len(commands) == 2 + with_ledger
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=folder, check=True, capture_output=True)
    back = state(folder / "project")
    assert (b".nightpress/ledger.db" in back) == with_ledger
    assert {k: v for k, v in back.items() if not k.startswith(b".nightpress")} == {
        k: v for k, v in state(source.root).items() if not k.startswith(b".nightpress")
    }
