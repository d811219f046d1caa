"""Bit for bit: what a snapshot holds comes back, and what it could not hold is never removed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nightpress.errors import NightpressError
from nightpress.storage import mirror
from nightpress.storage.snapshots import Snapshots
from tests.market import Market, plugin, published


def state(root: Path) -> dict[bytes, tuple[object, ...]]:
    """Every entry below root: its type and permissions, and its bytes or its link."""
    found: dict[bytes, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(os.fsencode(root)):
        for name in [*folders, *files]:
            path = folder + b"/" + name
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                held: object = os.readlink(path)
            else:
                held = Path(os.fsdecode(path)).read_bytes() if stat.S_ISREG(mode) else None
            found[path[len(os.fsencode(root)) :]] = (mode, held)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Modes, links, empty folders, and names and contents that are no text."""
    root = tmp_path / "plugin"
    (root / "empty" / "inner").mkdir(parents=True)
    (root / "scripts").mkdir(mode=0o750)
    (root / "scripts" / "run.sh").write_text("#!/bin/sh\n")
    (root / "scripts" / "run.sh").chmod(0o755)
    (root / "private.txt").write_text("mine")
    (root / "private.txt").chmod(0o600)
    (root / "link").symlink_to("scripts/run.sh")
    (root / "away").symlink_to("/nonexistent/elsewhere")
    (root / "loop").symlink_to("loop")
    with open(os.fsencode(root) + b"/\xff\xfename", "wb") as file:
        file.write(bytes(range(256)))
    (root / "empty.txt").touch()
    return root


def test_every_kind_of_change_is_taken_back(tree: Path, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots")
    before = state(tree)
    taken = snapshots.take(tree, "plugin", "test", 0.0, "run")
    (tree / "scripts" / "run.sh").write_text("#!/bin/sh\nrm everything\n")
    (tree / "scripts" / "run.sh").chmod(0o644)
    (tree / "scripts").chmod(0o700)
    (tree / "private.txt").unlink()
    (tree / "private.txt").mkdir()
    (tree / "private.txt" / "new").touch()
    (tree / "link").unlink()
    (tree / "link").write_text("no link any more")
    (tree / "loop").unlink()
    (tree / "loop").symlink_to("elsewhere")
    (tree / "empty" / "inner").rmdir()
    (tree / "empty" / "inner").write_text("a file now")
    (tree / "added" / "deep").mkdir(parents=True)
    (tree / "added" / "deep" / "file").touch()
    assert state(tree) != before
    now = snapshots.take(tree, "plugin", "test", 1.0, "run")
    snapshots.restore(taken, tree, now)
    assert state(tree) == before
    snapshots.restore(now, tree, snapshots.take(tree, "plugin", "test", 2.0, "run"))
    assert (tree / "loop").readlink() == Path("elsewhere")
    assert (tree / "private.txt" / "new").is_file()


def test_a_plugin_that_is_gone_comes_back(tree: Path, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots")
    before = state(tree)
    taken = snapshots.take(tree, "plugin", "test", 0.0, "run")
    tree.rename(tmp_path / "moved")
    snapshots.restore(taken, tree, None)
    assert state(tree) == before


def test_what_no_snapshot_could_hold_stays(tree: Path, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots")
    taken = snapshots.take(tree, "plugin", "test", 0.0, "run")
    with (tree / "huge.bin").open("wb") as file:
        file.truncate(mirror.CAP + 1)
    (tmp_path / "outside").write_text("shared")
    os.link(tmp_path / "outside", tree / "shared.txt")
    os.mkfifo(tree / "fifo")
    (tree / "small.txt").write_text("saved, so it may go")
    saved = snapshots.take(tree, "plugin", "test", 1.0, "run")
    assert {line.split(":")[0] for line in saved.left_out} == {"huge.bin", "shared.txt", "fifo"}
    snapshots.restore(taken, tree, saved)
    assert (tree / "huge.bin").stat().st_size == mirror.CAP + 1
    assert (tree / "shared.txt").read_text() == "shared"
    assert stat.S_ISFIFO((tree / "fifo").stat().st_mode)
    assert not (tree / "small.txt").exists()


def test_a_damaged_copy_is_refused_before_anything_is_touched(tree: Path, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots")
    taken = snapshots.take(tree, "plugin", "test", 0.0, "run")
    victim = next(p for p in snapshots.objects.rglob("*") if p.is_file() and p.stat().st_size)
    victim.write_bytes(b"rot")
    (tree / "private.txt").write_text("changed")
    now = state(tree)
    saved = snapshots.take(tree, "plugin", "test", 1.0, "run")
    with pytest.raises(NightpressError, match="damaged"):
        snapshots.restore(taken, tree, saved)
    assert state(tree) == now


def test_an_unchanged_plugin_costs_no_space_twice(tree: Path, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots")
    snapshots.take(tree, "plugin", "test", 0.0, "run")
    objects = sorted(snapshots.objects.rglob("*"))
    snapshots.take(tree, "plugin", "test", 1.0, "run")
    assert sorted(snapshots.objects.rglob("*")) == objects


def test_a_copy_that_the_disk_damaged_is_made_again(tree: Path, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots")
    snapshots.take(tree, "plugin", "test", 0.0, "run")
    for copy in snapshots.objects.glob("*/*"):
        copy.write_bytes(b"x" * copy.stat().st_size)
    taken = snapshots.take(tree, "plugin", "test", 1.0, "run")
    assert snapshots.read(taken.id, "private.txt") == b"mine"


def test_the_command_names_what_it_did_and_how_to_undo_it(tmp_path: Path) -> None:
    market = Market(tmp_path)
    plugin(tmp_path, "alpha", skill="# Alpha\n\nToo short.\n")
    market.run("nightpress", "init")
    market.replaces()
    folder = tmp_path / "plugins" / "alpha"
    before = state(folder)
    assert market.doit().code == 0
    new = state(folder)
    assert new != before
    done = market.doit("restore", "--plugin", "alpha")
    assert done.code == 0, done.err
    assert state(folder) == before
    [undo] = [
        line.partition(": ")[2] for line in done.out.splitlines() if "before this restore" in line
    ]
    assert market.run(*undo.split()).code == 0
    assert state(folder) == new
    wrong = market.doit("restore", "--plugin", "alpah")
    assert wrong.code == 3
    assert "did you mean 'alpha'" in wrong.err
    missing = market.doit("restore", "--plugin", "alpha", "--snapshot", "nope")
    assert missing.code == 3
    assert "there is no snapshot 'nope'" in missing.err


def test_a_restore_is_held_to_five_minutes(tmp_path: Path) -> None:
    plugin(tmp_path / "market", "alpha")
    market = Market(tmp_path / "market")
    assert market.run("nightpress", "init").code == 0
    market.done()
    told = market.done("restore", "--plugin", "alpha").out
    assert len(re.findall("restored from", told)) == 1
    assert re.search(r"alpha: restored from \S+ of \S+ \(\d+ changes\) in \d\.\d s", told)
    for number in range(600):  # far more than the 30 ms that are 5 minutes of this clock
        (market.root / "plugins" / "alpha" / f"{number}.md").write_text(f"{number}\n")
    fast = f"10000,{time.time()},{time.monotonic()}"
    slow = market.doit("restore", "--plugin", "alpha", NIGHTPRESS_CLOCK=fast)
    assert slow.code == 1
    assert "more than the 300 s that a restore may take" in slow.out


def test_a_killed_restore_is_cleaned_up_and_told(tmp_path: Path) -> None:
    plugin(tmp_path, "alpha")
    market = Market(tmp_path)
    market.run("nightpress", "init")
    market.done("snapshot:alpha")
    commands = tmp_path / "plugins" / "alpha" / "commands"
    before = {path: path.read_bytes() for path in commands.iterdir()}
    for path in before:
        path.write_text("# Changed\n")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RESTORE], cwd=tmp_path, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(list(commands.glob(".nightpress-*"))) == 1
    said = market.doit().out
    assert "alpha: its restore from" in said and "did not finish" in said
    assert not list(commands.glob(".nightpress-*"))
    assert "did not finish" not in market.doit().out
    again = said.partition("to finish it: doit ")[2].splitlines()[0].split()
    market.done(*again)
    assert {path: path.read_bytes() for path in before} == before


KILLED_RESTORE = """
import os, signal, sys
real = os.replace
def replace(old, new, **words):
    if str(old).startswith(".nightpress-"):
        os.kill(os.getpid(), signal.SIGKILL)
    real(old, new, **words)
os.replace = replace
sys.argv = ["doit", "restore", "--plugin", "alpha"]
from doit.doit_cmd import DoitMain
DoitMain().run(sys.argv[1:])
"""


def test_the_newest_of_one_second_comes_first(tree: Path, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots")
    taken = []
    for number in range(8):
        (tree / "private.txt").write_text(f"version {number}")
        taken.append(snapshots.take(tree, "plugin", "before a run", 1_700_000_000.0, "run").id)
    assert [snapshot.id for snapshot in snapshots.listed("plugin")] == taken[::-1]


def test_one_document_is_put_back_as_it_was_published_before(tmp_path: Path) -> None:
    market = published(tmp_path / "shop", "alpha")
    target, readme = market.target("alpha"), tmp_path / "shop/plugins/alpha/README.md"
    texts = [target.read_bytes()]
    for word in ("big", "small"):
        readme.write_text(readme.read_text().replace("Ledgers for", f"Ledgers for {word}"))
        market.done()
        texts.append(target.read_bytes())
    others = readme.read_bytes()
    dry = market.run("nightpress", "restore", "alpha/skill", "-n").out
    assert "would be restored as" in dry and "snapshot" not in dry
    for text in texts[-2::-1]:
        told = market.run("nightpress", "restore", "alpha/skill").out
        assert target.read_bytes() == text, told
        assert "nothing to do: 1 waiting" in market.done().out
    back = re.findall(r"restore alpha/skill --snapshot (\S+)", told.replace("--plugin ", ""))
    none = market.run("nightpress", "restore", "alpha/skill")
    assert (none.code, "there is no such version of plugins/alpha" in none.err) == (3, True)
    assert market.run("nightpress", "restore", "alpha/skill", "--snapshot", back[-1]).code == 0
    assert target.read_bytes() == texts[1] and readme.read_bytes() == others
    target.write_text("an edit\n")
    market.run("nightpress", "restore", "alpha/skill")
    assert target.read_bytes() == texts[-1], "what was published last, where none of ours is there"
    market.run("nightpress", "restore", "alpha")  # the plugin, as the restore of one left it
    assert target.read_bytes() == texts[-1] and readme.read_bytes() == others


def _pack(root: Path) -> tuple[Market, list[Path]]:
    """A bundle that was published twice, one command having changed; its files: SKILL.md first."""
    plugin(root, "alpha", size=40_000)
    market = Market(root)
    assert market.run("nightpress", "init").code == 0
    manifest = root / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text() + "  references:\n    generator: references\n")
    market.documented()
    skill = market.target("alpha")
    files = [skill, *sorted((skill.parent / "references").glob("*"))]
    assert len(files) == 3
    _change(root, "settle", "The settled tavo is moke for the whole ledger.")
    return market, files


def _change(root: Path, command: str, text: str) -> None:
    path = root / f"plugins/alpha/commands/alpha-{command}.md"
    described = path.read_text().replace(" step of", f" {text.split()[1]} step of")
    path.write_text(f"{described}\n{text}\n")


@pytest.mark.parametrize("name", ["skill", "references.alpha-settle"])
def test_a_bundle_is_put_back_as_a_whole(tmp_path: Path, name: str) -> None:
    market, files = _pack(tmp_path)
    first = [file.read_bytes() for file in files]
    assert "2 published" in market.done().out
    second = [file.read_bytes() for file in files]
    told = market.run("nightpress", "restore", f"alpha/{name}").out
    assert [file.read_bytes() for file in files] == first
    assert "with its bundle: skills/alpha/SKILL.md, skills/alpha/references/alpha-settle" in told
    assert "nightpress build alpha --force makes it again" in told
    assert market.done().out == "nothing to do: 1 up to date, 2 waiting\n"
    assert "2 published" in market.done("enhance:alpha/skill").out
    assert [file.read_bytes() for file in files] == second


def test_what_was_put_back_is_ours_and_holds_nothing(tmp_path: Path) -> None:
    market, files = _pack(tmp_path)
    market.done()
    market.run("nightpress", "restore", "alpha/skill")
    put_back = files[2].read_bytes()
    _change(tmp_path, "collect", "The collected vasa is never settled twice.")
    out = market.done().out
    assert "2 published" in out and "adopted" not in out and "REPLACES" not in out, out
    assert files[2].read_bytes() == put_back
    assert b"vasa is never settled" in files[1].read_bytes()


def test_a_reference_that_somebody_edited_is_kept_when_its_bundle_is_put_back(
    tmp_path: Path,
) -> None:
    market, files = _pack(tmp_path)
    market.done()
    files[2].write_text(files[2].read_text() + "\nBy hand.\n")
    told = market.run("nightpress", "restore", "alpha/skill").out
    assert "kept, since they were edited by hand: skills/alpha/references/alpha-settle.md" in told
    assert files[2].read_text().endswith("By hand.\n")


def test_of_a_plugin_that_is_gone_the_newest_copy_comes_back(tmp_path: Path) -> None:
    """A backup that is newer than its newest snapshot, with what was published since."""
    market = published(tmp_path, "alpha", "beta")
    guide = market.root / "plugins" / "alpha" / "README.md"
    time.sleep(1.1)  # a snapshot's stamp has no fractions
    guide.write_text(guide.read_text() + "\nThe newest line.\n")
    market.done("backup")
    shutil.rmtree(guide.parent)
    told = market.done("restore", "--plugin", "alpha").out
    assert "alpha: its newest copy is a backup: it comes from the vault" in told
    assert guide.read_text().endswith("\nThe newest line.\n")
    assert market.target("alpha").is_file()
    assert "1 published" in market.done().out, "made from the newest state"
    shutil.rmtree(guide.parent)
    assert "from the vault" not in market.done("restore", "--plugin", "alpha").out
    assert guide.read_text().endswith("\nThe newest line.\n")


def test_an_earlier_version_is_made_again_where_its_plugin_is_named(tmp_path: Path) -> None:
    market = published(tmp_path, "alpha", "beta")
    guide = market.root / "plugins" / "alpha" / "README.md"
    guide.write_text(guide.read_text() + "\nNever settle the ledger of a team that is on leave.\n")
    assert "1 published" in market.done().out
    assert market.run("nightpress", "restore", "alpha/skill").code == 0
    assert "1 waiting" in market.done().out, "by itself it stays"
    assert "1 published" in market.done("enhance:alpha").out
    assert "nothing to do: 2 up to date" in market.done().out
