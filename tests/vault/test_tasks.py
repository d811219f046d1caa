"""The vault as a user has it: `doit backup`, `nightpress restore-all`, on a bare machine."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from nightpress.errors import NightpressError
from nightpress.progress.meter import Meter
from nightpress.vault import Progress
from tests.market import Market, published
from tests.vault.server import Server
from tests.vault.tree import state


@pytest.fixture
def built(tmp_path: Path) -> Market:
    """Two plugins, published offline."""
    return published(tmp_path / "market", "alpha", "beta")


def rows(market: Market) -> int:
    return int(str(market.rows("SELECT COUNT(*) FROM enhancements")[0][0]))


def test_everything_comes_back_and_nothing_is_to_be_done(built: Market, tmp_path: Path) -> None:
    done = built.doit("backup")
    assert done.code == 0, done.err
    assert "not off-site" in done.out
    last = done.out.splitlines()[-1]
    assert re.fullmatch(
        r"sent [\d,]+ bytes, [\d,]+ objects new, [\d,]+ already there -> \.nightpress/vault\.db .*",
        last,
    )
    vault = built.root / ".nightpress" / "vault.db"
    assert not vault.with_name("vault.db-wal").exists()
    assert ", 0 objects new," in built.doit("backup").out  # that it was backed up is not news
    bare = Market(tmp_path / "bare")
    bare.root.mkdir()
    brought = bare.run("nightpress", "restore-all", str(vault), "here")
    assert brought.code == 0, brought.err
    here = Market(bare.root / "here")
    again = here.doit()
    assert "nothing to do: 2 up to date" in again.out, again.out + again.err
    assert rows(here) == rows(built)
    for name in ("alpha", "beta"):
        assert here.target(name).read_bytes() == built.target(name).read_bytes()
    assert here.doit("audit").code == 0
    refused = bare.run("nightpress", "restore-all", str(vault), "here")
    assert refused.code == 3
    assert "not empty" in refused.err


def test_all_of_the_project_comes_back(built: Market, tmp_path: Path) -> None:
    """Not only what makes a build: also what lies beside and between the plugins."""
    (built.root / "plugins" / "README.md").write_text("what the plugins have in common\n")
    (built.root / "docs" / "deep").mkdir(parents=True)
    (built.root / "docs" / "deep" / "notes.md").write_text("words\n")
    (built.root / "chapters.py").write_text("CHAPTERS = 3  # dodo.py may import it\n")
    (built.root / "LICENSE").symlink_to("docs/deep/notes.md")
    built.done("backup")
    vault = str(built.root / ".nightpress" / "vault.db")
    brought = built.run("nightpress", "restore-all", vault, str(tmp_path / "back"))
    assert brought.code == 0, brought.err
    mine, theirs = state(built.root), state(tmp_path / "back")
    ours = (b".nightpress/", b"__pycache__")  # bytecode, where the environment writes any
    assert {k: v for k, v in mine.items() if not k.startswith(ours)} == {
        k: v for k, v in theirs.items() if not k.startswith(ours)
    }


def test_what_did_not_travel_is_no_change(built: Market, tmp_path: Path) -> None:
    """Secrets and what git ignores were content where the documents were made."""
    built.git("init", "-q")
    alpha = built.root / "plugins" / "alpha"
    (alpha / ".env").write_text("TOKEN=abc\n")
    (alpha / "config.md").write_text("for example AKIA" + "QZ7XW3LKJH2MNB4V\n")
    (alpha / "dist").mkdir()
    (alpha / "dist" / "bundle.md").write_text("made by a build\n")
    (alpha / ".gitignore").write_text("dist/\n")
    assert "1 published" in built.done().out
    built.done("backup")
    built.done("archive", "--into", str(tmp_path / "files"))
    vault = str(built.root / ".nightpress" / "vault.db")
    brought = built.run("nightpress", "restore-all", vault, str(tmp_path / "back"))
    assert "not in the snapshot: plugins/alpha/.env" in brought.out
    [packed] = (tmp_path / "files").rglob("plugins-*.tar.gz")
    [ledger] = (tmp_path / "files").rglob("enhancements-*.db")
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-xzpf", packed, "-C", tmp_path / "unpacked"], check=True)
    shutil.copy(ledger, tmp_path / "unpacked" / ".nightpress" / "ledger.db")
    for name in ("back", "unpacked"):
        here = Market(tmp_path / name)
        assert not (here.root / "plugins/alpha/dist").exists()
        assert "nothing to do: 2 up to date" in here.done().out
    readme = here.root / "plugins" / "alpha" / "commands" / "alpha-settle.md"
    readme.unlink()  # but what was brought and went away is
    assert "alpha-settle.md removed" in here.done("plan").out
    (here.root / "plugins" / "alpha" / ".env").write_text("TOKEN=other\n")
    assert ".env changed" in here.done("plan").out or ".env added" in here.done("plan").out


def test_drill_verify_archive_and_retention_are_recorded(built: Market) -> None:
    built.doit("backup")
    for task in ("drill", "verify-vault", "archive", "forget-backups"):
        done = built.doit(task)
        assert done.code == 0, done.out + done.err
    kinds = built.rows("SELECT kind, ok FROM backups ORDER BY id")
    assert kinds == [
        ("backup", 1), ("drill", 1), ("verify", 1), ("archive", 1), ("forget", 1)
    ]  # fmt: skip
    [(seconds,)] = built.rows("SELECT recovery_seconds FROM backups WHERE kind = 'drill'")
    assert isinstance(seconds, float)
    listed = json.loads(built.doit("backups", "--format", "json").out)
    assert listed["off_site"] is False
    assert len(listed["snapshots"]) == 1
    archives = built.root / ".nightpress" / "archives"
    assert {p.suffix for p in next(archives.iterdir()).iterdir()} == {
        ".gz",
        ".db",
        ".json",
        ".md",
        "",
    }


def test_a_damaged_vault_fails_the_drill(built: Market) -> None:
    built.doit("backup")
    connection = sqlite3.connect(built.root / ".nightpress" / "vault.db")
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE objects SET data = zeroblob(size)")
    connection.commit()
    connection.close()
    assert built.doit("drill").code == 1
    assert built.doit("verify-vault").code == 1
    assert built.rows("SELECT kind, ok FROM backups WHERE kind <> 'backup' ORDER BY id") == [
        ("drill", 0), ("verify", 0)
    ]  # fmt: skip


def test_after_a_build_a_failed_backup_is_loud_and_no_more(built: Market, server: Server) -> None:
    path = built.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text() + "\nvault: {after_build: true}\n")
    guide = built.root / "plugins" / "alpha" / "GUIDE.md"
    guide.write_text("One more remark on ledgers, for people who settle them.\n")
    secret = server.token(read_only=True)
    away = {"TURSO_DATABASE_URL": server.url, "TURSO_AUTH_TOKEN": secret}
    done = built.doit(**away)
    assert done.code == 0
    assert "1 published" in done.out
    assert "BACKUP FAILED" in done.out
    assert built.rows("SELECT ok FROM backups") == [(0,)]
    guide.write_text("Another remark on ledgers, for people who settle them.\n")
    away["TURSO_AUTH_TOKEN"] = server.token()
    done = built.doit(**away)
    assert done.code == 0
    assert "objects new" in done.out
    assert "not off-site" not in done.out
    assert built.rows("SELECT ok, off_site FROM backups ORDER BY id") == [(0, 1), (1, 1)]
    everything = b"".join(
        p.read_bytes() for p in (built.root / ".nightpress").rglob("*") if p.is_file()
    )
    assert secret.encode() not in everything


def test_after_a_build_no_failure_of_a_backup_is_lost(built: Market) -> None:
    path = built.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text() + "\nvault: {after_build: true}\n")
    alpha = built.root / "plugins" / "alpha"
    (alpha / ".env").write_text("TOKEN=abc\n")
    (alpha / "GUIDE.md").write_text("One more remark on ledgers, for people who settle them.\n")
    done = built.doit(TURSO_AUTH_TOKEN="a.b.c")  # noqa: S106  no URL: where to is not known
    assert done.code == 0
    assert "BACKUP FAILED: TURSO_AUTH_TOKEN is set, but TURSO_DATABASE_URL is not" in done.out
    assert built.rows("SELECT kind, ok, place FROM backups") == [("backup", 0, "none")]
    (alpha / "GUIDE.md").write_text("Another remark on ledgers, for people who settle them.\n")
    (built.root / ".nightpress" / "vault-index.db").mkdir()  # no error of ours at all
    done = built.doit()
    assert done.code == 0, done.out + done.err
    assert "BACKUP FAILED" in done.out
    assert built.rows("SELECT ok FROM backups") == [(0,), (0,)]
    (alpha / "GUIDE.md").write_text("The last remark on ledgers, for people who settle them.\n")
    (built.root / ".nightpress" / "vault-index.db").rmdir()
    done = built.doit()
    assert "not backed up: plugins/alpha/.env" in done.out
    assert "not off-site: set TURSO_DATABASE_URL" in done.out


def test_a_backup_can_be_interrupted() -> None:
    stop = threading.Event()
    meter = Meter(quiet=True, stop=stop)
    meter.transfer(Progress("backup", 1, 2, 0.1))
    stop.set()
    with pytest.raises(NightpressError, match="interrupted"):
        meter.transfer(Progress("backup", 2, 2, 0.2))


def test_back_from_a_server_with_a_read_only_token(
    built: Market, server: Server, tmp_path: Path
) -> None:
    writer = {"TURSO_DATABASE_URL": server.url, "TURSO_AUTH_TOKEN": server.token()}
    assert built.doit("backup", **writer).code == 0
    assert built.doit("drill", **writer).code == 0
    bare = Market(tmp_path)
    reader = {"TURSO_AUTH_TOKEN": server.token(read_only=True)}
    done = bare.run("nightpress", "restore-all", server.url, "back", **reader)
    assert done.code == 0, done.err
    assert "nothing to do: 2 up to date" in Market(tmp_path / "back").doit().out
    only = bare.run("nightpress", "restore-all", server.url, "one", "--plugin", "beta", **reader)
    assert only.code == 0, only.err
    assert [p.name for p in (tmp_path / "one" / "plugins").iterdir()] == ["beta"]
