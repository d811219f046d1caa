"""A plugin's content as git holds it: the same in every checkout, whole, or no content at all."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest

from nightpress import fingerprint
from nightpress.clock import RealClock
from nightpress.plan import gather
from nightpress.plugin import sources
from nightpress.project.project import Project
from nightpress.storage import tree
from tests.market import Market, plugin, published


@pytest.fixture
def market(tmp_path: Path) -> Market:
    made = published(tmp_path / "shop", "alpha", "beta")
    made.git("init", "-q")
    made.git("add", "-A")
    made.git("commit", "-qm", "x")
    return made


def clone(market: Market, *words: str) -> Market:
    there = market.root.parent / "clone"
    subprocess.run(
        ["git", "clone", "-q", *words, str(market.root), str(there)], check=True, timeout=60
    )
    return Market(there)


def untouched(market: Market, clean: Path) -> None:
    """Up to date, and not only in words."""
    assert "0 stale" in market.done("plan").out
    assert market.done().out.startswith("nothing to do: 2 up to date")
    for name in ("alpha", "beta"):
        stands = market.target(name).read_bytes().replace(b"\r\n", b"\n")
        assert stands == (clean / "plugins" / name / "skills" / name / "SKILL.md").read_bytes()


def test_a_checkout_with_crlf_is_up_to_date(market: Market) -> None:
    there = clone(market, "-c", "core.autocrlf=true")
    assert b"\r\n" in there.target("alpha").read_bytes()
    untouched(there, market.root)


def test_a_hard_break_that_somebody_adds_is_an_edit(market: Market) -> None:
    text = market.target("beta").read_text()
    at = text.index(". ", text.index("\n# ")) + 1
    market.target("beta").write_text(f"{text[:at]}  \n{text[at + 1 :]}")
    assert "edited by hand" in market.done("plan").out
    broken = f"{text[:at]}\n{text[at + 1 :]}"
    assert fingerprint.broken(broken.encode()) == fingerprint.normal(broken.encode())


def test_what_a_hook_strips_is_no_edit_and_the_document_goes_on(market: Market) -> None:
    text = market.target("alpha").read_text()
    market.target("alpha").write_text(text.replace(".\n", ".  \n").rstrip("\n"))
    readme = market.root / "plugins" / "beta" / "README.md"
    readme.write_text(readme.read_text().replace(".\n", ". \n") + "\n\n")
    assert "0 stale, 2 up to date" in market.done("plan").out
    readme = market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text() + "\nThe broker may refuse a torn seal at any gate.\n")
    assert "make         alpha/skill: content changed: README.md changed" in market.done("plan").out
    assert "1 published" in market.done().out


def test_an_adopted_file_is_known_in_a_checkout_with_crlf(market: Market) -> None:
    market.target("alpha").write_text(market.target("alpha").read_text() + "\nMine.\n")
    market.done("adopt:alpha")
    market.git("commit", "-qam", "y")
    there = clone(market, "-c", "core.autocrlf=true")
    untouched(there, market.root)


def turned_down(market: Market) -> None:
    """A draft of alpha is made for another README, and rejected."""
    defaults = market.root / "manifests" / "_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("publish: auto", "publish: review"))
    readme = market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text() + "\nThe broker may refuse a torn seal at any gate.\n")
    assert "1 waiting" in market.done().out
    ran = market.run("nightpress", "reject", "alpha", "--because", "no")
    assert "nightpress.lock says so to clones and CI" in ran.out, ran.out
    market.git("commit", "-qam", "no")


def stays(market: Market) -> None:
    before = market.target("alpha").read_bytes()
    assert "nothing to do: 1 up to date, 1 rejected" in market.done().out
    assert "rejected" in market.done("plan").out
    assert market.target("alpha").read_bytes() == before


@pytest.mark.parametrize("crlf", ["here", "there", "later"])
def test_a_rejection_holds_in_a_checkout_with_crlf(market: Market, crlf: str) -> None:
    eol = ("-c", "core.autocrlf=true")
    if crlf == "here":
        market = clone(market, *eol)
        market.git("config", "core.safecrlf", "false")
    turned_down(market)
    if crlf == "later":
        target = market.target("alpha")
        target.write_bytes(target.read_bytes().replace(b"\n", b"\r\n"))
    elif crlf == "there":
        market = clone(market, *eol)
    else:
        there = market.root.parent / "third"
        subprocess.run(["git", "clone", "-q", str(market.root), str(there)], check=True)
        stays(Market(there))
    stays(market)


def test_a_rejected_draft_beside_a_persons_file_stays_rejected_with_crlf(tmp_path: Path) -> None:
    plugin(tmp_path, "alpha", skill="# Alpha\n\nold words\n")
    market = Market(tmp_path)
    market.run("nightpress", "init")
    defaults = tmp_path / "manifests" / "_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("standing: keep", "standing: review"))
    market.done()
    market.done("reject:alpha/skill", "--because", "no")
    plan = market.done("plan").out
    assert "its draft was rejected (no)" in plan
    target = market.target("alpha")
    target.write_bytes(target.read_bytes().replace(b"\n", b"\r\n"))
    assert "its draft was rejected (no)" in market.done("plan").out


def pointer(data: bytes) -> bytes:
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{fingerprint.sha256(data)}\n"
        f"size {len(data)}\n"
    ).encode()


def test_what_lfs_has_not_fetched_is_no_change_and_no_source(market: Market) -> None:
    page = market.root / "plugins" / "alpha" / "GUIDE.md"
    data = b"# Guide\n\nThe guide of alpha.\n"
    page.write_bytes(data)
    market.done()
    page.write_bytes(pointer(data))
    said = market.done("plan").out
    assert "0 stale, 2 up to date" in said
    assert "plugins/alpha/GUIDE.md: warning: is not fetched: no document" in said
    assert "git lfs pull" in said
    readme = market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text() + "\nThe broker may refuse a torn seal.\n")
    before = market.target("alpha").read_bytes()
    ran = market.doit()
    assert ran.code == 1
    assert "plugins/alpha/GUIDE.md: is not fetched" in ran.err and "git lfs pull" in ran.err
    assert market.target("alpha").read_bytes() == before
    assert "GUIDE.md" not in {f.path for f in sources.read(page.parent, ["GUIDE.md"]).files}


def test_a_submodule_that_was_not_fetched_is_no_removal(market: Market) -> None:
    folder = market.root / "plugins" / "alpha"
    shutil.rmtree(folder)
    folder.mkdir()
    (market.root / ".gitmodules").write_text(
        '[submodule "a"]\n\tpath = plugins/alpha\n\turl = ../alpha\n'
    )
    ran = market.doit("plan")
    assert "plugins/alpha: is not fetched: nothing is judged or made" in ran.out
    assert "git submodule update --init" in ran.out
    assert "alpha/skill" not in market.doit().out
    assert market.rows("SELECT COUNT(*) FROM enhancements WHERE job = 'alpha/skill'") == [(1,)]


@pytest.fixture
def vendored(tmp_path: Path) -> Market:
    """alpha holds a submodule, and has a file with an accent in its name."""
    guide = Market(tmp_path / "guide")
    (guide.root / "docs").mkdir(parents=True)
    (guide.root / "docs" / "guide.md").write_text("# Guide\n\nHow teams agree on figures.\n")
    root = tmp_path / "shop"
    for name in ("alpha", "beta"):
        plugin(root, name)
    accented = root / "plugins" / "beta" / unicodedata.normalize("NFC", "r\u00e9sum\u00e9.md")
    accented.write_text("# In short\n\nWhat the ledgers hold, by quarter and by team.\n")
    made = Market(root)
    for each in (guide, made):
        each.git("init", "-q")
        each.git("add", "-A")
        each.git("commit", "-qm", "x")
    add = ("submodule", "--quiet", "add", str(guide.root), "plugins/alpha/vendor/guide")
    made.git("-c", "protocol.file.allow=always", *add)
    assert made.run("nightpress", "init").code == 0
    made.done()
    made.git("add", "-A")
    made.git("commit", "-qm", "y")
    return made


def test_a_submodule_inside_a_plugin_that_was_not_fetched(vendored: Market) -> None:
    there = clone(vendored)
    said = there.done("plan").out
    assert (
        "alpha/skill: whether content changed cannot be told: vendor/guide is not fetched" in said
    )
    assert "is not fetched: no document can be made again (hint: git submodule update" in said
    untouched(there, vendored.root)
    checked = there.run("nightpress", "check")
    assert checked.code == 0 and "not judged: vendor/guide is not here" in checked.out
    readme = there.root / "plugins" / "beta" / "README.md"
    readme.write_text(readme.read_text() + "\nOne word more.\n")
    assert "1 published" in there.done().out  # beta is whole
    shutil.rmtree(vendored.root / "plugins" / "alpha" / "vendor" / "guide")
    (vendored.root / "plugins" / "alpha" / "vendor" / "guide").mkdir()
    assert "cannot be told" not in vendored.done("plan").out  # the ledger knows what it held
    readme = vendored.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text() + "\nOne word more.\n")
    ran = vendored.doit()
    assert ran.code == 1 and "plugins/alpha/vendor/guide: is not fetched" in ran.err


def test_a_sparse_checkout_makes_nothing_of_what_it_has_not(market: Market) -> None:
    there = clone(market, "--no-checkout")
    there.git("sparse-checkout", "set", "--no-cone", "/*", "!plugins/beta/commands/")
    there.git("checkout", "-q")
    said = there.done("plan").out
    assert (
        "0 stale, 2 up to date" in said and "git sparse-checkout add plugins/beta/commands" in said
    )
    untouched(there, market.root)
    there.git("sparse-checkout", "set", "--cone", "manifests", "plugins/alpha")
    assert not (there.root / "plugins" / "beta").exists()
    assert "'plugins/beta' is not in this sparse checkout" in there.done("plan").out
    assert there.done().out.startswith("nothing to do: 1 up to date")
    assert there.git("status", "--porcelain") == ""


def test_a_path_is_the_same_however_its_accents_are_spelled(vendored: Market) -> None:
    there, name = clone(vendored), "r\u00e9sum\u00e9.md"
    for market in (there, vendored):
        folder = market.root / "plugins" / "beta"
        (folder / name).rename(folder / unicodedata.normalize("NFD", name))
        assert not (folder / name).exists()
        assert "0 stale, 2 up to date" in market.done("plan").out


def test_what_git_ignores_is_ignored_before_anything_is_counted(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    (market.root / ".gitignore").write_text(".nightpress/\ntarget/\n")
    folder = market.root / "plugins" / "alpha" / "a-target-first" / "target"
    folder.mkdir(parents=True)
    for number in range(60):
        (folder / f"{number}.o").touch()
    monkeypatch.setattr(gather, "CAPS", tree.Caps(files=40))
    project = Project(market.root, {}, {}, RealClock())
    found = gather.Gatherer(project).gather("alpha")
    assert found.problems == [] and "README.md" in found.files
    assert found.states["skill"].decision.action == "fresh"
    (market.root / ".gitignore").write_text(".nightpress/\n")
    cut = gather.Gatherer(project).gather("alpha")
    project.index.close()
    assert not cut.states, "of a part of the plugin nothing is said"
    assert "more than 40 entries: only a part of the plugin would be seen" in str(cut.problems[0])


def test_what_a_plugin_says_of_itself_goes_before_its_data(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "alpha", skill="# Skill\n")
    (folder / "data").mkdir()
    for number in range(26):
        (folder / "data" / f"{number:02}.json").write_text("1234567 " * 25_000)
    paths = [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()]
    found = [file.path for file in sources.read(folder, paths).files]
    assert {"README.md", ".claude-plugin/plugin.json", "skills/alpha/SKILL.md"} <= set(found)
    assert found == sorted(found) and len(found) < len(paths)
