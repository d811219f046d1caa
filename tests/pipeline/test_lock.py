"""nightpress.lock is lost in part or whole: the ledger has every line of it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from nightpress.clock import RealClock
from nightpress.ledger import lockfile
from nightpress.model import Status
from nightpress.plan import agreement
from nightpress.project.project import Project
from tests.market import Market, published


@pytest.fixture
def market(tmp_path: Path) -> Market:
    return published(tmp_path, "alpha", "beta")


def lock(market: Market) -> Path:
    return market.root / "nightpress.lock"


def test_lost_lines_are_put_back_and_told_once(market: Market) -> None:
    whole = lock(market).read_bytes()
    assert "rebuilt" not in market.done().out
    lock(market).unlink()
    told = market.done().out
    assert "nothing to do: 2 up to date" in told
    [line] = [row for row in told.splitlines() if "nightpress.lock" in row]
    assert line == "nightpress.lock: 2 lines were rebuilt from the ledger: alpha/skill, beta/skill"
    assert lock(market).read_bytes() == whole
    assert "rebuilt" not in market.done().out
    lock(market).write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    assert "1 line was rebuilt from the ledger: beta/skill" in market.done("enhance:alpha").out
    assert lock(market).read_bytes() == whole


def test_a_lock_file_that_goes_at_once_is_missed(market: Market) -> None:
    """It was absent before it was written, and so young since then that no stamp of it is held."""
    whole, ahead = lock(market).read_bytes(), time.time() + 3600
    os.utime(lock(market), (ahead, ahead))
    time.sleep(0.2)  # and the plugins no longer young
    market.done()
    lock(market).unlink()
    assert "2 lines were rebuilt from the ledger" in market.done().out
    assert lock(market).read_bytes() == whole


def test_a_line_that_contradicts_file_and_ledger_is_told_of(market: Market) -> None:
    """As a merge may leave it that took the other side's lock file, and our document."""
    whole = lock(market).read_bytes()
    hash_of_alpha = whole.split(b'"sha256":"')[1][:64]
    lock(market).write_bytes(whole.replace(hash_of_alpha, b"0" * 64))
    assert "0 stale, 2 up to date" in market.done("plan").out  # and it writes nothing
    assert b"0" * 64 in lock(market).read_bytes()
    told = market.done().out
    assert "1 line was rebuilt from the ledger: alpha/skill" in told
    assert "nothing to do: 2 up to date" in told
    assert lock(market).read_bytes() == whole


def test_a_file_that_stands_otherwise_keeps_its_line(market: Market) -> None:
    text = market.target("alpha").read_text()
    market.target("alpha").write_text(text + "\nA line by hand.\n")
    lock(market).unlink()
    told = market.done().out
    assert "rebuilt from the ledger: beta/skill" in told
    assert "alpha/skill" in told  # kept
    assert lock(market).read_text().count('"job"') == 1


def test_what_was_accepted_is_known_without_the_lock_file(market: Market) -> None:
    text = market.target("alpha").read_text()
    market.target("alpha").write_text(text + "\nSee [the guide](missing.md).\n")
    assert "accepted: link-resolves" in market.done("adopt:alpha").out
    whole = lock(market).read_bytes()
    assert b'"accepted":["link-resolves#' in whole
    lock(market).unlink()
    assert "0 stale, 2 up to date" in market.done("plan").out
    assert market.run("nightpress", "check").code == 0
    assert "nothing to do: 2 up to date" in market.done().out
    assert lock(market).read_bytes() == whole
    assert "missing.md" in market.target("alpha").read_text()
    assert market.run("nightpress", "check").code == 0


def test_what_was_compared_once_is_not_compared_again(market: Market) -> None:
    market.done()
    (market.root / "plugins" / "beta" / "NOTES.md").write_text("# Notes\n\nNew.\n")
    assert "1 published" in market.done().out
    project = Project(market.root, {}, {}, RealClock())
    ledger = project.ledger
    assert (
        agreement.agreed(project.index, project.lock().sha256, ledger.identity())
        == ledger.newest() - 1
    )
    assert agreement.agreed(project.index, project.lock().sha256, "another") == 0
    assert agreement.agreed(project.index, "0" * 64, ledger.identity()) == 0


def test_a_document_that_nobody_declares_any_more_gets_no_line(market: Market) -> None:
    """Its manifest is renamed, or gone, and so is its line; the file may stand."""
    whole = lock(market).read_bytes()
    (market.root / "manifests" / "alpha.yaml").rename(market.root / "manifests" / "gamma.yaml")
    (market.root / "manifests" / "beta.yaml").unlink()
    line = whole.splitlines(keepends=True)[1].replace(b'"alpha/skill"', b'"gamma/skill"')
    lock(market).write_bytes(whole.splitlines(keepends=True)[0] + line)
    assert "rebuilt" not in market.done().out
    assert lock(market).read_bytes().splitlines(keepends=True)[1:] == [line]
    (market.root / "manifests" / "beta.yaml").write_text("name: [")
    assert market.doit().code == 1
    assert lock(market).read_bytes().count(b'"job"') == 1


def test_a_document_at_a_former_target_gets_no_line(market: Market) -> None:
    """An older commit is checked out, and the document of a later target was never committed."""
    before = lock(market).read_bytes()
    manifest = market.root / "manifests" / "alpha.yaml"
    text = manifest.read_text()
    (market.root / "plugins" / "alpha" / "docs").mkdir()
    manifest.write_text(text.replace("skills/alpha/SKILL.md", "docs/later/SKILL.md"))
    old = market.target("alpha").read_bytes()
    market.target("alpha").unlink()
    assert "1 published" in market.done("enhance:alpha").out
    manifest.write_text(text)
    market.target("alpha").write_bytes(old)
    lock(market).write_bytes(before)
    told = market.done("enhance:alpha").out
    assert "rebuilt" not in told
    assert b'"target":"plugins/alpha/skills/alpha/SKILL.md"' in lock(market).read_bytes()


def test_a_document_that_came_back_gets_its_line_back(market: Market) -> None:
    """`git checkout` of the document alone, after `doit clean` took both."""
    whole, text = lock(market).read_bytes(), market.target("alpha").read_bytes()
    market.done("clean", "enhance:alpha/skill")
    market.done("enhance:beta")  # the lock file as it is now is compared with the ledger
    assert b"alpha" not in lock(market).read_bytes()
    market.target("alpha").parent.mkdir(parents=True)
    market.target("alpha").write_bytes(text)
    assert "1 line was rebuilt from the ledger: alpha/skill" in market.done().out
    assert lock(market).read_bytes() == whole


def test_what_changed_since_is_made_by_the_run_that_mends_its_line(market: Market) -> None:
    """As after a kill between publication and lock file: the ledger and the file agree."""
    whole = lock(market).read_bytes()
    hash_of_alpha = whole.split(b'"sha256":"')[1][:64]
    lock(market).write_bytes(whole.replace(hash_of_alpha, b"0" * 64))
    (market.root / "plugins" / "alpha" / "NOTES.md").write_text("# Notes\n\nNew.\n")
    assert "1 stale (1 content changed)" in market.done("plan").out
    told = market.done().out
    assert "1 published" in told
    assert "kept" not in told
    assert market.rows("SELECT count(*) FROM enhancements WHERE status = 'kept'") == [(0,)]
    assert "nothing to do: 2 up to date" in market.done().out


def test_what_a_kill_left_is_not_taken_for_a_persons(market: Market) -> None:
    """Killed after the swap, before the ledger said so; then the plugin's content changed."""
    header, _, beta = lock(market).read_bytes().splitlines(keepends=True)
    lock(market).write_bytes(header + beta)
    db = sqlite3.connect(market.root / ".nightpress" / "ledger.db", isolation_level=None)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    [(row,)] = db.execute("SELECT id FROM enhancements WHERE job = 'alpha/skill'").fetchall()
    db.execute("DELETE FROM chain WHERE row_id = ?", (row,))
    db.execute("UPDATE enhancements SET status = 'prepared', verified = NULL WHERE id = ?", (row,))
    db.close()
    (market.root / "plugins" / "alpha" / "NOTES.md").write_text("# Notes\n\nNew.\n")
    told = market.done().out
    assert "alpha/skill: now it is stale: content changed: NOTES.md added; run doit again" in told
    assert market.rows("SELECT count(*) FROM enhancements WHERE status = 'adopted'") == [(0,)]
    assert "1 published" in market.done().out
    assert "nothing to do: 2 up to date" in market.done().out


def jobs(market: Market) -> list[str]:
    return [row.split('"')[3] for row in lock(market).read_text().splitlines()[1:]]


def test_the_lines_of_a_plugin_that_is_gone_leave_with_its_manifest(market: Market) -> None:
    shutil.rmtree(market.root / "plugins" / "beta")
    ran = market.doit()
    assert "nightpress.lock" not in ran.out
    assert "there is no folder 'plugins/beta'" in ran.err
    assert jobs(market) == ["alpha/skill", "beta/skill"]
    (market.root / "manifests" / "beta.yaml").unlink()
    said = "nightpress.lock: 1 line of plugins that are gone left it: beta/skill"
    assert said in market.done().out
    assert jobs(market) == ["alpha/skill"]
    assert "nightpress.lock" not in market.done().out


@pytest.mark.parametrize("gone", ["plugins/alpha", "manifests/alpha.yaml"])
def test_what_comes_back_in_a_clone_is_ours_as_before(market: Market, gone: str) -> None:
    shutil.rmtree(market.root / ".nightpress")
    before, away = lock(market).read_bytes(), market.root.parent / "away"
    (market.root / gone).rename(away)
    for _ in range(2):
        assert "nightpress.lock" not in market.doit().out
        assert lock(market).read_bytes() == before
    away.rename(market.root / gone)
    assert market.done().out == "nothing to do: 2 up to date\n"
    assert lock(market).read_bytes() == before


def test_a_line_that_nothing_calls_for_leaves_also_in_a_clone(market: Market) -> None:
    """Its manifest went, and later its file; what is known of the first is no reason to keep it."""
    shutil.rmtree(market.root / ".nightpress")
    (market.root / "manifests" / "alpha.yaml").unlink()
    market.done()
    market.target("alpha").unlink()
    before = lock(market).read_bytes()
    market.done("enhance:beta")
    assert lock(market).read_bytes() == before, "only where all plugins were looked at"
    assert "1 line of plugins that are gone left it: alpha/skill" in market.done().out
    assert jobs(market) == ["beta/skill"]


def test_an_index_of_an_older_version_tells_nothing_of_lines_that_stay(market: Market) -> None:
    project = Project(market.root, {}, {}, RealClock())
    project.index.set_meta("lock_swept", "0" * 64)
    assert not agreement.retired(project)


def test_no_line_leaves_while_a_manifest_cannot_be_read(market: Market) -> None:
    before = lock(market).read_bytes()
    (market.root / "manifests" / "alpha.yaml").rename(market.root / "manifests" / "gamma.yaml")
    beta = market.root / "manifests" / "beta.yaml"
    text = beta.read_text()
    beta.write_text("name: [\n")
    market.doit()
    assert lock(market).read_bytes() == before
    beta.write_text(text)
    assert "1 line renamed: alpha/skill is gamma/skill now" in market.done().out


def test_a_renamed_manifest_keeps_its_document(market: Market) -> None:
    (market.root / "manifests" / "alpha.yaml").rename(market.root / "manifests" / "gamma.yaml")
    assert "0 stale, 2 up to date" in market.done("plan").out
    told = market.done().out
    assert "nightpress.lock: 1 line renamed: alpha/skill is gamma/skill now" in told
    assert jobs(market) == ["beta/skill", "gamma/skill"]
    assert market.done().out == "nothing to do: 2 up to date\n"


def test_a_sparse_checkout_keeps_every_line(market: Market) -> None:
    market.git("init", "-q")
    market.git("add", "-A")
    market.git("commit", "-qm", "x")
    market.git("sparse-checkout", "set", "--no-cone", "/*", "!/plugins/beta", "!/manifests/beta*")
    assert not (market.root / "plugins" / "beta").exists()
    assert "nightpress.lock" not in market.done().out
    assert jobs(market) == ["alpha/skill", "beta/skill"]


def moved_plugin(market: Market, to: str, name: str) -> None:
    """The plugin alpha in another folder, under another name in plugin.json."""
    folder = market.root / "plugins" / to
    (market.root / "plugins" / "alpha").rename(folder)
    told = folder / ".claude-plugin" / "plugin.json"
    told.write_text(told.read_text().replace('"alpha"', f'"{name}"'))


@pytest.mark.parametrize("clone", [False, True])
def test_a_plugin_that_was_moved_keeps_its_document(market: Market, clone: bool) -> None:
    """Whether the ledger knows it or the lock file alone, it stays ours, and is not made again."""
    if clone:
        shutil.rmtree(market.root / ".nightpress")
    folder = market.root / "plugins" / "sub"
    folder.mkdir()
    moved_plugin(market, "sub/alpha", "alpha")
    manifest = market.root / "manifests" / "alpha.yaml"
    before = manifest.read_text()
    told = market.done("manifests").out
    assert "changed manifests/alpha.yaml: its plugin is plugins/sub/alpha now" in told
    assert "2 existing skills published by nightpress" in told
    assert manifest.read_text() == before.replace("plugins/alpha", "plugins/sub/alpha")
    time.sleep(0.3)  # the plan trusts what it read, and must not take the line for written
    assert "0 stale, 2 up to date" in market.done("plan").out
    target = (
        f"plugins/sub/alpha/{market.target('alpha').relative_to(market.root / 'plugins/alpha')}"
    )
    told = market.done().out
    assert "nightpress.lock: 1 line moved with the files: alpha/skill" in told
    assert lockfile.read(lock(market))["alpha/skill"].target == target
    assert market.done().out == "nothing to do: 2 up to date\n"
    assert jobs(market) == ["alpha/skill", "beta/skill"]


def test_a_plugin_that_was_renamed_is_known_by_its_document(market: Market) -> None:
    moved_plugin(market, "gamma", "gamma")
    assert "its plugin is plugins/gamma now" in market.done("manifests").out
    assert "1 stale (1 content changed), 1 up to date" in market.done("plan").out
    assert "1 published" in market.done().out, "made again, as ours: its plugin.json has changed"
    assert jobs(market) == ["alpha/skill", "beta/skill"]


def test_a_manifest_that_was_renamed_with_its_plugin_has_the_document(market: Market) -> None:
    moved_plugin(market, "gamma", "alpha")
    old = market.root / "manifests" / "alpha.yaml"
    (market.root / "manifests" / "gamma.yaml").write_text(
        old.read_text().replace("plugins/alpha", "plugins/gamma")
    )
    old.unlink()
    assert "0 stale, 2 up to date" in market.done("plan").out
    assert "1 line moved with the files: gamma/skill" in market.done().out
    assert jobs(market) == ["beta/skill", "gamma/skill"]
    assert market.done().out == "nothing to do: 2 up to date\n"


def test_a_copy_of_a_document_is_not_taken_for_the_document(market: Market) -> None:
    """The first still stands: what has the same bytes elsewhere is somebody's own."""
    shutil.copytree(market.root / "plugins" / "alpha", market.root / "plugins" / "gamma")
    told = market.done("manifests").out
    assert "changed manifests" not in told
    market.done()
    entries = lockfile.read(lock(market))
    assert entries["alpha/skill"].target.startswith("plugins/alpha/")
    assert [e.status for j, e in entries.items() if j.startswith("gamma")] != [Status.PUBLISHED]


def test_a_document_whose_target_was_moved_stays_ours(market: Market) -> None:
    old = market.target("alpha")
    new = old.parent.parent / "other" / old.name
    new.parent.mkdir()
    old.rename(new)
    old.parent.rmdir()
    manifest = market.root / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text().replace(f"skills/{old.parent.name}/", "skills/other/"))
    told = market.done().out
    assert "1 line moved with the files: alpha/skill" in told
    assert lockfile.read(lock(market))["alpha/skill"].status == Status.PUBLISHED
    assert jobs(market) == ["alpha/skill", "beta/skill"]
