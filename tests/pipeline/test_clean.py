"""`doit clean`: what it takes back, and what a document is made from afterwards."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.market import Market, environment, plugin, prose
from tests.terminal import Terminal

SHORT = "---\nname: gamma\ndescription: Short. Use when testing.\n---\n\nToo short.\n"


@pytest.fixture
def small(tmp_path: Path) -> Market:
    """A project of one plugin, with an undersized skill of its own."""
    root = tmp_path / "market"
    plugin(root, "gamma", skill=SHORT)
    market = Market(root)
    market.run("nightpress", "init")
    return market.replaces()


def test_clean_by_name_takes_back_what_stood_before(market: Market) -> None:
    market.documented()
    assert market.doit("clean").code == 0
    assert market.target("alpha").exists()
    market.done("clean", "enhance:alpha/skill")
    assert not market.target("alpha").exists()
    assert not market.target("alpha").parent.exists()
    assert market.target("beta").exists()


def test_kept_drafts_are_removed_when_that_is_agreed(market: Market) -> None:
    market.documented()
    kept = market.root / ".nightpress" / "drafts" / "alpha" / "skill.md"
    kept.parent.mkdir(parents=True)
    kept.write_text("A draft.\n")
    for program in ("doit", "nightpress"):
        refused = market.run(program, "clean")
        assert refused.code == 3 and "this would remove 1 file of kept drafts" in refused.err
        assert f"{program} clean --yes removes them" in refused.err and kept.exists()
    told = market.run("nightpress", "clean", "-n")
    would, ends = told.out.splitlines()
    assert would == "would remove .nightpress/drafts/alpha/skill.md" and kept.exists()
    assert ends == "dry run: nothing was changed"
    for typed, status in (("n\n", 3), ("y\n", 0)):
        asked = Terminal()
        assert asked.run("nightpress clean", market.root, environment(), typed) == status
        assert "remove 1 file of kept drafts? [y/N]" in asked.text().plain
        assert kept.exists() == bool(status)
    kept.write_text("A draft.\n")
    done = market.run("nightpress", "clean", "--yes")
    assert (done.code, done.out) == (0, "removed .nightpress/drafts/alpha/skill.md\n")
    assert not kept.exists()


def test_an_undersized_file_is_replaced_and_can_be_taken_back(small: Market) -> None:
    plan = small.doit("plan").out
    assert "undersized (70 of 8,000 bytes)" in plan, plan
    assert small.doit().code == 0
    assert small.target("gamma").read_text() != SHORT
    small.done("clean", "enhance:gamma/skill")
    assert small.target("gamma").read_text() == SHORT


def test_what_was_taken_back_is_made_again_when_it_is_named(small: Market) -> None:
    small.done()
    ours = small.target("gamma").read_bytes()
    assert small.doit("clean", "-n", "enhance:gamma").code == 0
    assert small.target("gamma").read_bytes() == ours
    cleaned = small.doit("clean", "enhance:gamma")  # the plugin: all its documents
    assert "took back plugins/gamma/skills/gamma/SKILL.md" in cleaned.out
    assert small.target("gamma").read_text() == SHORT
    plan = small.doit("plan").out
    assert "the text from before us is back: not made again until you name it" in plan, plan
    assert "nothing to do" in small.done().out
    assert small.target("gamma").read_text() == SHORT
    small.done("enhance:gamma/skill")
    assert small.target("gamma").read_bytes() == ours
    small.target("gamma").write_text("Mine.\n")
    assert "it was edited by hand" in small.doit("clean", "enhance:gamma").out
    assert small.target("gamma").read_text() == "Mine.\n"


def test_what_was_taken_back_is_made_again_when_its_plugin_changes(small: Market) -> None:
    small.done()
    small.done("clean", "enhance:gamma/skill")
    readme = small.root / "plugins" / "gamma" / "README.md"
    readme.write_text(readme.read_text() + "\nOne more remark on how settling works.\n")
    assert "1 published" in small.done().out


def committed(market: Market) -> None:
    market.git("add", "-A")
    market.git("commit", "-qm", "all")


@pytest.mark.parametrize("whole", [True, False], ids=["with the lock file", "the file alone"])
def test_what_git_puts_back_is_no_edit_but_a_rejection(
    small: Market, tmp_path: Path, whole: bool
) -> None:
    small.git("init", "-q")
    committed(small)
    small.done()
    ours = small.target("gamma").read_bytes()
    committed(small)
    small.git("checkout", "-q", "HEAD~1", "--", "plugins")
    if whole:
        small.git("rm", "-q", "nightpress.lock")
    committed(small)
    parked = small.done()
    assert "nothing to do" in parked.out and "waiting" in parked.out, parked.out
    clone = Market(tmp_path / "clone")  # it has no ledger: there, it is a file of a person
    subprocess.run(["git", "clone", "-q", str(small.root), str(clone.root)], check=True)
    if not whole:  # the lock file knows that it is not what was published
        assert "1 kept" in clone.done().out
    assert clone.doit("plan").code == 0
    assert small.target("gamma").read_text() == SHORT
    small.done("enhance:gamma/skill")
    assert small.target("gamma").read_bytes() == ours


def test_an_update_that_git_undoes_with_its_line_is_a_rejection_too(small: Market) -> None:
    small.git("init", "-q")
    small.done()
    first = small.target("gamma").read_bytes()
    committed(small)
    readme = small.root / "plugins" / "gamma" / "README.md"
    readme.write_text(readme.read_text() + "\n## Settling\n\nTeams settle at noon.\n")
    assert "1 published" in small.done().out
    small.git("checkout", "-q", "HEAD", "--", "plugins/gamma/skills", "nightpress.lock")
    assert "nothing to do: 1 waiting" in small.done().out
    assert small.target("gamma").read_bytes() == first
    assert "1 published" in small.done("enhance:gamma/skill").out


def test_a_clone_keeps_what_it_knows_no_original_of(small: Market, tmp_path: Path) -> None:
    small.done()
    small.git("init", "-q")
    small.git("add", "-A")
    small.git("commit", "-qm", "all")
    clone = Market(tmp_path / "clone")
    subprocess.run(["git", "clone", "-q", str(small.root), str(clone.root)], check=True)
    cleaned = clone.doit("clean", "enhance:gamma/skill")
    assert "what was there before is unknown here" in cleaned.out, cleaned.out + cleaned.err
    assert clone.target("gamma").read_bytes() == small.target("gamma").read_bytes()


def test_a_lost_copy_is_one_sentence_and_the_document_stays(small: Market) -> None:
    small.done()
    ours = small.target("gamma").read_bytes()
    shutil.rmtree(small.root / ".nightpress" / "snapshots" / "objects")
    cleaned = small.doit("clean", "enhance:gamma/skill")
    assert cleaned.code == 1
    assert "gone or damaged" in cleaned.err
    assert "Traceback" not in cleaned.err
    assert small.target("gamma").read_bytes() == ours


def test_clean_waits_for_no_other_run(small: Market) -> None:
    small.done()
    ours = small.target("gamma").read_bytes()
    with (small.root / ".nightpress" / "run.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write(json.dumps({"pid": 4242, "since": "2026-01-01T00:00:00", "command": "doit"}))
        held.flush()
        busy = small.doit("clean", "enhance:gamma/skill")
    assert busy.code == 75
    assert "pid 4242" in busy.err
    assert small.target("gamma").read_bytes() == ours


def test_a_document_is_made_again_from_the_original_not_from_itself(tmp_path: Path) -> None:
    """The plugin's own short skill is half of what there is to say: without it, the second
    document would have too little source."""
    root = tmp_path / "market"
    original = SHORT.replace("Too short.", f"# Gamma\n\n## Settling\n\n{prose('own', 5_000)}")
    folder = plugin(root, "gamma", size=5_600, skill=original)
    market = Market(root)
    market.run("nightpress", "init")
    assert market.replaces(floor="fixed").doit().code == 0
    first = market.target("gamma").read_text()
    sentence = prose("own", 5_000).split(". ")[1]
    assert sentence in first, first
    readme = folder / "README.md"
    readme.write_text(readme.read_text() + "\nOne more remark on how settling works.\n")
    again = market.doit()
    assert "content changed: README.md changed" in again.out, again.out
    assert sentence in market.target("gamma").read_text()
    (market.root / ".nightpress" / "snapshots" / "objects").rename(tmp_path / "lost")
    readme.write_text(readme.read_text() + "\nAnd yet another remark.\n")
    without = market.doit()
    assert without.code == 0
    assert "insufficient source" in without.out, without.out
    assert sentence in market.target("gamma").read_text()


def test_the_own_document_that_ours_was_made_from_speaks_for_it(tmp_path: Path) -> None:
    """Nearly all that can be said stands in the plugin's own short skill. What is made from it is
    grounded, in the project and in a clone that knows nothing of that skill."""
    root = tmp_path / "market"
    chapters = (f"## Part {n}\n\n{prose(f'own-{n}', 1_300)}" for n in range(5))
    original = SHORT.replace("Too short.", "# Gamma\n\n" + "\n\n".join(chapters))
    folder = plugin(root, "gamma", size=200, skill=original)
    (folder / "README.md").write_text("# gamma\n\nLedgers for teams.\n")
    market = Market(root)
    market.run("nightpress", "init")
    done = market.replaces().doit()
    assert "published    gamma/skill" in done.out, (len(original), done.out)
    line = (root / "nightpress.lock").read_text().splitlines()[-1]
    assert [mark.partition("#")[0] for mark in json.loads(line)["accepted"]] == [
        "document-grounded", "vocabulary",
    ]  # fmt: skip
    assert market.run("nightpress", "check").code == 0
    market.git("init", "-q")
    market.git("add", "-A")
    market.git("commit", "-qm", "all")
    clone = Market(tmp_path / "clone")
    subprocess.run(["git", "clone", "-q", str(market.root), str(clone.root)], check=True)
    checked = clone.run("nightpress", "check")
    assert checked.code == 0, checked.out


def test_what_cannot_be_taken_back_is_told_and_leaves_nothing(small: Market) -> None:
    small.done()
    target = small.target("gamma")
    ours = target.read_bytes()
    if subprocess.run(["chattr", "+i", str(target)], check=False, capture_output=True).returncode:
        pytest.skip("no immutable files here")
    try:
        done = small.doit("clean", "enhance:gamma")
    finally:
        subprocess.run(["chattr", "-i", str(target)], check=True)
    assert done.code == 1
    said = (
        "ERROR: plugins/gamma/skills/gamma/SKILL.md cannot be taken back: Operation not permitted\n"
    )
    assert done.err == said
    assert [path.name for path in target.parent.iterdir()] == ["SKILL.md"]
    assert target.read_bytes() == ours
    assert "nothing to do" in small.doit().out


def test_a_temporary_file_that_a_kill_left_is_no_content_and_goes(small: Market) -> None:
    small.done()
    left = small.target("gamma").parent / ".SKILL.md.nightpress-0123456789abcdef"
    left.write_text(SHORT)
    assert "nothing to do" in small.doit().out
    told = f"removed {left.relative_to(small.root)}"
    assert f"would remove {left.relative_to(small.root)}" in small.doit("clean", "-n").out
    assert left.exists()
    assert told in small.doit("clean").out
    assert not left.exists()


def test_a_folder_or_link_named_like_a_leftover_is_nobodys(market: Market) -> None:
    market.documented()
    beside = market.target("alpha").parent
    (beside / ".SKILL.md.nightpress-0").mkdir()
    (beside / ".SKILL.md.nightpress-1").symlink_to("SKILL.md")
    (beside / ".SKILL.md.nightpress-2").write_text("half a document")
    market.done("clean")
    left = sorted(path.name for path in beside.iterdir())
    assert left == [".SKILL.md.nightpress-0", ".SKILL.md.nightpress-1", "SKILL.md"]


@pytest.mark.parametrize("lost", [".nightpress", ".nightpress/snapshots"])
def test_what_only_git_has_is_named(small: Market, lost: str) -> None:
    small.git("init", "-q")
    small.git("add", "-A")
    small.git("commit", "-qm", "a person's")
    small.done()
    small.git("add", "-A")
    small.git("commit", "-qm", "ours")
    shutil.rmtree(small.root / lost)
    done = small.doit("clean", "enhance:gamma")
    told = re.search(r"git has it: (git show \w+:\S+)", done.out + done.err)
    assert told is not None, done.out + done.err
    shown = small.git(*told[1].split()[1:])
    assert shown == SHORT
