"""What git tracks or would add travels; secrets stay out and are listed; nothing leads out."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace

from nightpress.checks import secrets
from nightpress.storage import tree
from nightpress.vault import LocalPlace, Plugin, Source, backup, parts, restore_all
from nightpress.vault.collect import collect
from tests.vault.tree import nasty, state

KEY = "AKIA" + "QZ7XW3LKJH2MNB4V"


@pytest.fixture
def place(tmp_path: Path) -> LocalPlace:
    return LocalPlace(tmp_path / "vault.db")


def _git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def _left(result: object) -> dict[str, str]:
    return dict(result.left_out)  # type: ignore[attr-defined]


def test_git_says_what_travels(place: LocalPlace, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    root = source.root
    _git(root, "init", "-q")
    (root / ".gitignore").write_text("*.log\nbuild/\n/plugins/one/local.md\n")
    one = root / "plugins/one"
    (one / "build/deep").mkdir(parents=True)
    (one / "build/deep/out.bin").write_text("generated\n")
    (one / "build/forced.txt").write_text("tracked in spite of the rule\n")
    (one / "noise.log").write_text("noise\n")
    (one / "local.md").write_text("ignored by a path\n")
    (one / "backup").mkdir()
    (one / "backup/kept.md").write_text("git would add it, whatever our own patterns say\n")
    (one / "deleted.md").write_text("tracked, then deleted\n")
    _git(root, "add", "plugins/one/deleted.md")
    _git(root, "add", "-f", "plugins/one/build/forced.txt")
    (one / "deleted.md").unlink()
    backup(replace(source, files=(*source.files, ".gitignore")), place)
    restore_all(place, tmp_path / "back")
    expected = {
        path: held
        for path, held in state(root).items()
        if not path.startswith(b".git/")
        and path != b".git"
        and not path.startswith(b"plugins/one/build/deep")
        and path not in (b"plugins/one/noise.log", b"plugins/one/local.md")
    }
    assert state(tmp_path / "back") == expected
    assert (tmp_path / "back/plugins/one/build/forced.txt").exists()


def test_what_a_sparse_checkout_leaves_out_is_told(place: LocalPlace, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    _git(source.root, "init", "-q")
    _git(source.root, "add", "manifests", "plugins/one/README.md", "plugins/one/commands")
    _git(source.root, "commit", "-qm", "all")
    _git(source.root, "sparse-checkout", "set", "manifests")
    assert not (source.root / "plugins/one/README.md").exists()
    done = backup(source, place)
    assert done.partial
    assert set(_left(done)) == {"plugins/one/README.md", "plugins/one/commands/run.sh"}


def test_what_any_tool_makes_again_stays_out_unless_it_is_tracked(
    place: LocalPlace, tmp_path: Path
) -> None:
    source = nasty(tmp_path / "project")
    _git(source.root, "init", "-q")
    for name in (".venv", "node_modules"):
        (source.root / "plugins/one" / name).mkdir()
        (source.root / "plugins/one" / name / "x").write_text("x\n")
    _git(source.root, "add", "plugins/one/node_modules/x")
    backup(source, place)
    restore_all(place, tmp_path / "back")
    assert (tmp_path / "back/plugins/one/node_modules/x").exists()
    assert not (tmp_path / "back/plugins/one/.venv").exists()


def test_within_a_hook_git_is_asked_of_this_project(
    place: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = nasty(tmp_path / "project")
    _git(source.root, "init", "-q")
    (source.root / "plugins/one/.gitignore").write_text("noise\n")
    (source.root / "plugins/one/noise").write_text("noise\n")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    done = backup(source, place)
    assert done.notices == ()
    restore_all(place, tmp_path / "back")
    assert not (tmp_path / "back/plugins/one/noise").exists()


def test_without_git_the_patterns_say_it(place: LocalPlace, tmp_path: Path) -> None:
    source = replace(nasty(tmp_path / "project"), ignore=("*.log",))
    one = source.root / "plugins/one"
    for name in ("node_modules", "backup", ".git"):
        (one / name).mkdir()
        (one / name / "x").write_text("x\n")
    (one / "noise.log").write_text("noise\n")
    backup(source, place)
    restore_all(place, tmp_path / "back")
    there = {p.name for p in (tmp_path / "back/plugins/one").iterdir()}
    assert not there & {"node_modules", "backup", ".git", "noise.log"}
    assert "README.md" in there


def test_secrets_stay_out_unless_they_are_wanted(place: LocalPlace, tmp_path: Path) -> None:
    source = replace(nasty(tmp_path / "project"), state=tmp_path / "state")
    one = source.root / "plugins/one"
    (one / ".env").write_text("TOKEN=abc\n")
    (one / "notes.md").write_text(f"the key is {KEY}\n")
    (one / "late.md").write_text("words and words\n" * 200_000 + KEY + "\n")  # in a later chunk
    (source.root / "manifests/id_ed25519").write_text("private\n")
    (one / "id_mapping.md").write_text("of no secret\n")
    (source.root / "manifests/secret-scanner.yaml").write_text("name: secret-scanner\n")
    for _ in range(2):  # the second one knows it from the index
        done = backup(source, place)
        left = _left(done)
        assert set(left) == {
            "plugins/one/.env", "plugins/one/notes.md", "plugins/one/late.md",
            "manifests/id_ed25519",
        }  # fmt: skip
        assert "AWS" in left["plugins/one/notes.md"]
        assert not done.partial  # that was meant
    assert "not backed up: plugins/one/.env: its name says that it holds secrets" in done.lines()
    assert KEY.encode() not in (tmp_path / "vault.db").read_bytes()
    back = restore_all(place, tmp_path / "back")
    assert set(_left(back)) == set(left)
    rows = {(p.kind, p.slug): p.left_out for p in parts(place, back.snapshot)}
    assert (rows["plugin", "one"], rows["project", "project"]) == (3, 1)

    everything = backup(replace(source, include_secrets=True), place)
    assert everything.left_out == ()
    restore_all(place, tmp_path / "all")
    assert state(tmp_path / "all") == state(source.root)


def test_our_own_lock_file_travels_whatever_its_names_and_digests_look_like(
    place: LocalPlace, tmp_path: Path
) -> None:
    source = nasty(tmp_path / "project")
    digest = "4b1d9b1935a6" + "0f2e8c7d6b5a4930" * 3 + "ab12"
    lock = f'{{"nightpress.lock":1}}\n"auth-token": "{digest}"\n"telling":"{digest}"\n'
    (source.root / "nightpress.lock").write_text(lock)
    assert "nightpress.lock" not in _left(backup(source, place))
    restore_all(place, tmp_path / "back")
    assert (tmp_path / "back" / "nightpress.lock").read_text() == lock


def test_a_baseline_travels_with_its_marks_and_without_a_secret(
    place: LocalPlace, tmp_path: Path
) -> None:
    """A mark may look like a key; what a finding quotes may be one."""
    source = nasty(tmp_path / "project")
    mark = hashlib.sha256(b"x").hexdigest()[:24]
    text = '{{"nightpress-baseline": 1, "findings": [\n  ["a.md", "link", "{}", "{}"]\n]}}\n'
    said = "link to a missing file: LICENSE"
    assert list(secrets.find(text.format(said, mark))), "as a licence key would stand there"
    file = source.root / "plugins/one/base.json"
    file.write_text(text.format(said, mark))
    assert not _left(backup(source, place))
    file.write_text(text.format(KEY, mark))
    assert list(_left(backup(source, place))) == ["plugins/one/base.json"]


def test_a_secret_across_two_pieces_of_a_file_is_found(place: LocalPlace, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    text = "word " * 209_713  # 11 bytes short of 1 MiB: the key begins in the first piece
    (source.root / "plugins/one/long.md").write_text(f"{text}{KEY}\n")
    assert list(_left(backup(source, place))) == ["plugins/one/long.md"]


def test_too_large_makes_it_partial_and_the_restore_says_so(
    place: LocalPlace, tmp_path: Path
) -> None:
    source = replace(nasty(tmp_path / "project"), max_file_bytes=2_600_000)
    done = backup(source, place)
    assert done.partial
    assert list(_left(done)) == ["plugins/group/Zwei ü/data/big.bin"]
    back = restore_all(place, tmp_path / "back")
    assert back.partial
    assert "this snapshot is partial: see what is not in it, above" in back.lines()
    assert any("big.bin: 3,000,000 bytes is more than 2,600,000" in row for row in back.lines())


def test_what_leads_out_is_not_read(place: LocalPlace, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    one = source.root / "plugins/one"
    (tmp_path / "outside").write_text("someone's private words\n")
    os.link(tmp_path / "outside", one / "hard")
    os.link(one / "README.md", one / "twin.md")  # within the plugin: two names of one file
    os.mkfifo(one / "pipe")
    os.link(tmp_path / "outside", source.root / "hard.md")
    done = backup(replace(source, files=(*source.files, "hard.md")), place)
    assert sorted(path for path, _ in done.left_out) == [
        "hard.md", "plugins/one/hard", "plugins/one/pipe",
    ]  # fmt: skip
    restore_all(place, tmp_path / "back")
    assert (tmp_path / "back/plugins/one/twin.md").read_text() == "# one\n"
    assert b"someone's private words" not in (tmp_path / "vault.db").read_bytes()


def test_a_plugin_behind_a_link_is_passed_over(place: LocalPlace, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/x.md").write_text("x\n")
    (source.root / "plugins/three").symlink_to(tmp_path / "elsewhere")
    more = (Plugin("three", "three", "plugins/three"), Plugin("up", "up", "../elsewhere"))
    files = (*source.files, "plugins")
    done = backup(replace(source, plugins=(*source.plugins, *more), files=files), place)
    restore_all(place, tmp_path / "back")
    assert (tmp_path / "back/plugins/three").readlink() == tmp_path / "elsewhere"  # but the link is
    assert done.plugins == 2
    assert [n for n in done.notices if "three" in n] and [n for n in done.notices if "up" in n]


def test_nested_plugins_and_a_plugin_that_is_the_project(place: LocalPlace, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    inner = source.root / "plugins/one/inner"
    inner.mkdir()
    (inner / "own.md").write_text("inner\n")
    plugins = (
        *source.plugins, Plugin("inner", "inner", "plugins/one/inner"), Plugin("root", "root", "."),
    )  # fmt: skip
    done = backup(Source(source.root, plugins, source.files), place)
    restore_all(place, tmp_path / "back")
    assert state(tmp_path / "back") == state(source.root)
    rows = {p.slug: p for p in parts(place, done.snapshot)}
    assert rows["inner"].files == 1
    assert rows["root"].files == 2  # dodo.py and the manifest; the plugins' are their own
    assert "project" not in rows or rows["project"].files == 0


def test_an_unreadable_file_makes_it_partial(place: LocalPlace, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    source = nasty(tmp_path / "project")
    (source.root / "plugins/one/private").chmod(0)
    done = backup(source, place)
    assert done.partial and "plugins/one/private" in _left(done)


def test_what_is_known_of_the_whole_project_is_worked_out_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for each plugin: 10,000 of them took 100 s."""
    sizes: list[int] = []
    whole = tree.with_parents

    def counted(paths: Iterable[str]) -> frozenset[str]:
        sizes.append(len(paths := list(paths)))
        return whole(paths)

    monkeypatch.setattr(tree, "with_parents", counted)
    asked = []
    for many in (3, 30):
        root = tmp_path / f"project-{many}"
        plugins = tuple(Plugin(f"p{n}", f"p{n}", f"plugins/p{n}") for n in range(many))
        for one in plugins:
            (root / one.path).mkdir(parents=True)
            (root / one.path / "README.md").write_text("# It\n")
        sizes.clear()
        keep = frozenset(f"{one.path}/README.md" for one in plugins)
        found, _ = collect(Source(root, plugins, keep=keep))
        assert len(found) >= many
        asked.append(sum(size > 0 for size in sizes))
    assert asked[0] == asked[1] > 0
