"""Recovery is total and idempotent: whatever is lost, the documented command brings it back, and
the same command again changes nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.market import Market, plugin, published
from tests.vault.tree import state

RESTORE = ("restore", "--plugin", "alpha")


@pytest.fixture
def built(tmp_path: Path) -> Market:
    """Two plugins of people, with a README of their own, and their published documents."""
    return published(tmp_path / "market", "alpha", "beta")


def stands(market: Market) -> dict[bytes, tuple[object, ...]]:
    """The plugin and its manifest."""
    whole = state(market.root)
    held_here = {
        path: held
        for path, held in whole.items()
        if path.startswith(b"plugins/alpha/") or path == b"manifests/alpha.yaml"
    }
    assert len(held_here) > 5
    return held_here


def lose(market: Market, *paths: str) -> None:
    for path in paths:
        whole = market.root / path
        shutil.rmtree(whole) if whole.is_dir() else whole.unlink()


@pytest.mark.parametrize(
    "lost",
    [
        ("plugins/alpha/README.md",),
        ("plugins/alpha/skills/alpha/SKILL.md",),
        ("plugins/alpha/commands",),
        ("plugins/alpha",),
        ("manifests/alpha.yaml",),
        ("plugins/alpha", "manifests/alpha.yaml"),
        ("plugins/alpha", "nightpress.lock"),
        ("plugins/alpha", ".nightpress/index.db"),
        ("plugins/alpha", ".nightpress/ledger.db"),
        ("plugins/alpha", "manifests/alpha.yaml", ".nightpress/ledger.db"),
    ],
    ids=" ".join,
)
def test_what_is_lost_comes_back_as_it_last_stood(built: Market, lost: tuple[str, ...]) -> None:
    before = stands(built)
    lose(built, *lost)
    for _ in range(2):
        done = built.doit(*RESTORE)
        assert done.code == 0, done.out + done.err
        assert stands(built) == before, done.out
    assert "nothing to do: 2 up to date" in built.doit().out


@pytest.mark.parametrize(
    "damaged",
    ["plugins/alpha/skills/alpha/SKILL.md", "manifests/alpha.yaml", "plugins/alpha/README.md",
     "plugins/alpha/.claude-plugin/plugin.json"],
)  # fmt: skip
@pytest.mark.parametrize("left", [b"", b"\xff\xfe[{", b"# Some\n"])
def test_what_is_damaged_comes_back_as_it_last_stood(
    built: Market, damaged: str, left: bytes
) -> None:
    before = stands(built)
    (built.root / damaged).write_bytes(left)
    for _ in range(2):
        done = built.doit(*RESTORE)
        assert done.code == 0, done.out + done.err
        assert stands(built) == before, done.out


def test_a_restore_never_picks_what_a_restore_displaced(built: Market) -> None:
    before = stands(built)
    damaged = built.root / "plugins" / "alpha" / "commands" / "alpha-settle.md"
    damaged.write_bytes(b"\0" * 100)
    for _ in range(3):
        built.done(*RESTORE)
        assert stands(built) == before


def test_taking_a_publication_back_is_idempotent_too(built: Market) -> None:
    for _ in range(2):
        built.done(*RESTORE)
        assert not built.target("alpha").exists()
    lose(built, "plugins/alpha")
    built.done(*RESTORE)  # what a restore took away was not lost
    assert (built.root / "plugins/alpha/README.md").exists()
    assert not built.target("alpha").exists()


def test_a_plugin_that_no_run_changed_comes_from_the_vault(built: Market) -> None:
    plugin(built.root, "tiny", size=0)
    built.run("nightpress", "init")
    built.done()
    before = state(built.root / "plugins" / "tiny")
    built.done("backup")
    shutil.rmtree(built.root / "plugins" / "tiny")
    (built.root / "manifests" / "tiny.yaml").unlink()
    for _ in range(2):
        done = built.doit("restore", "--plugin", "tiny")
        assert done.code == 0, done.out + done.err
        assert state(built.root / "plugins" / "tiny") == before
        assert (built.root / "manifests" / "tiny.yaml").is_file()


def test_where_there_is_no_copy_the_message_says_so(built: Market) -> None:
    lose(built, "plugins/alpha", ".nightpress")
    done = built.doit(*RESTORE)
    assert done.code == 3
    assert "there is no snapshot of 'alpha', and it is not in the vault" in done.err
    assert "from another vault: nightpress restore-all VAULT . --overwrite" in done.err
    assert "Traceback" not in done.out + done.err


DOCUMENT = "plugins/alpha/skills/alpha/SKILL.md"


@pytest.mark.parametrize("lost", [DOCUMENT, "plugins/alpha/skills"])
@pytest.mark.parametrize("copies", ["snapshots", "vault", "vault, without a ledger"])
def test_what_was_lost_before_the_newest_snapshot_comes_back(
    built: Market, lost: str, copies: str
) -> None:
    before = stands(built)
    built.done("backup")
    if copies != "snapshots":
        lose(built, ".nightpress/snapshots")
    if copies == "vault, without a ledger":
        lose(built, ".nightpress/ledger.db")
    lose(built, lost)
    built.done("snapshot:alpha")
    built.done("backup")  # the newest one lacks it, too
    for _ in range(3):
        done = built.doit(*RESTORE)
        assert done.code == 0, done.out + done.err
        assert stands(built) == before, done.out
    lose(built, lost)
    built.done("snapshot:alpha")
    built.done(*RESTORE)
    assert stands(built) == before


def test_a_backup_after_the_loss_is_not_all_that_comes_back(built: Market) -> None:
    before = stands(built)
    built.done("backup")
    lose(built, DOCUMENT, ".nightpress/snapshots")
    told = built.done("backup").out
    assert "gone, and so not in this backup: 1 document (alpha/skill); older copies: doit" in told
    for _ in range(2):
        done = built.doit(*RESTORE)
        assert done.code == 0, done.out + done.err
        assert stands(built) == before, done.out
    assert "gone" not in built.done("backup").out


def test_an_adopted_file_comes_back_too(tmp_path: Path) -> None:
    plugin(tmp_path, "alpha", skill="# Alpha\n\nA person's.\n")
    market = Market(tmp_path)
    market.run("nightpress", "init")
    market.done("adopt:alpha")
    market.done("snapshot:alpha")
    before = stands(market)
    lose(market, DOCUMENT)
    market.done("snapshot:alpha")
    market.done(*RESTORE)
    assert stands(market) == before


def test_what_its_manifest_no_longer_declares_stays_away(built: Market) -> None:
    manifest = built.root / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text().replace("skills/alpha/", "skills/other/"))
    lose(built, DOCUMENT)
    built.done("snapshot:alpha")
    before = stands(built)
    built.done(*RESTORE)
    assert stands(built) == before


def test_a_document_that_no_copy_has_fails_the_restore(built: Market) -> None:
    lose(built, DOCUMENT, ".nightpress/snapshots")
    built.done("snapshot:alpha")
    built.done("backup")
    readme = built.root / "plugins" / "alpha" / "README.md"
    text = readme.read_bytes()
    readme.unlink()
    done = built.doit(*RESTORE)
    assert done.code == 1
    assert readme.read_bytes() == text  # the rest is back
    assert "alpha: restored, but for 1 document, from" in done.out
    assert "NOT RESTORED: skills/alpha/SKILL.md: no snapshot has it as it is on record" in done.out
    assert "nor has the vault .nightpress/vault.db" in done.out
    away = {"TURSO_DATABASE_URL": "http://127.0.0.1:9", "TURSO_AUTH_TOKEN": "none"}
    done = built.doit(*RESTORE, **away)
    assert done.code == 1
    assert "NOT RESTORED" in done.out and "the vault cannot be asked" in done.out


@pytest.mark.parametrize("lost", [".nightpress", "manifests", "plugins", "nightpress.lock", "*"])
def test_what_a_vault_holds_comes_back_whole(built: Market, tmp_path: Path, lost: str) -> None:
    """By the command for a lost machine, into the same folder or a bare one."""
    built.done("backup")
    vault = tmp_path / "vault.db"
    shutil.copy(built.root / ".nightpress" / "vault.db", vault)
    before = {k: v for k, v in state(built.root).items() if not k.startswith(b".nightpress/")}
    lose(built, *([path.name for path in built.root.iterdir()] if lost == "*" else [lost]))
    for _ in range(2):
        done = built.run("nightpress", "restore-all", str(vault), ".", "--overwrite")
        assert done.code == 0, done.err
        here = {k: v for k, v in state(built.root).items() if not k.startswith(b".nightpress/")}
        assert here == before
    told = built.run("nightpress", "status").out
    assert re.search(
        r"^backup +\S+ \S+ \(.*\), on this machine alone: not off-site$", told, re.M
    ), told
    assert "nothing to do: 2 up to date" in built.doit().out


BROKEN = {
    "nightpress.lock": "<<<<<<< HEAD\nnothing of a lock\n",
    "manifests/_defaults.yaml": "size: [\n",
    "manifests/alpha.yaml": "plugin: {{\n",
    "plugins/alpha/.claude-plugin/plugin.json": "{",
    ".claude-plugin/marketplace.json": "{",
    ".nightpress/index.db": "no database\n" * 500,
    ".nightpress/quota.db": "no database\n" * 500,
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_backup_depends_on_no_file_that_cannot_be_parsed(built: Market, broken: str) -> None:
    path = built.root / broken
    path.parent.mkdir(exist_ok=True)
    path.write_text(BROKEN[broken])
    done = built.doit("backup")
    assert "Traceback" not in done.out + done.err
    assert done.code == 0, done.out + done.err
    assert "sent " in done.out
    back = built.run("nightpress", "restore-all", ".nightpress/vault.db", "back")
    assert back.code == 0, back.err
    assert (built.root / "back/plugins/alpha/README.md").is_file()


def test_a_backup_without_the_ledger_fails_and_keeps_the_rest(built: Market) -> None:
    ledger = built.root / ".nightpress" / "ledger.db"
    ledger.write_bytes(b"\0" * 100 + ledger.read_bytes()[100:])
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (ledger.parent / name).unlink(missing_ok=True)
    done = built.doit("backup")
    assert done.code == 1, done.out + done.err
    assert "THE LEDGER IS NOT IN THIS SNAPSHOT" in done.out + done.err
    assert "Traceback" not in done.out + done.err
    back = built.run("nightpress", "restore-all", ".nightpress/vault.db", "back")
    assert back.code == 0, back.err
    assert (built.root / "back/plugins/alpha/README.md").is_file()


def test_the_drill_lists_what_a_restore_would_lack_and_a_project_may_say_it_is_none(
    built: Market,
) -> None:
    folder = built.root / "plugins" / "alpha" / "references"
    folder.mkdir()
    (folder / "example.md").write_text("for example AKIA" + "QZ7XW3LKJH2MNB4V\n")
    (folder / "secrets.yaml").write_text("none: here\n")
    built.done("backup")
    told = built.done("drill").out
    assert "a restore would lack 2 files:" in told
    assert "plugins/alpha/references/example.md: it seems to contain a secret" in told
    path = built.root / "manifests" / "_defaults.yaml"
    path.write_text(
        f"{path.read_text()}\nvault: {{no_secrets: ['plugins/alpha/references/*.md',"
        " plugins/alpha/references/secrets.yaml]}\n"
    )
    built.done("backup")
    assert "would lack" not in built.done("drill").out
