"""A null build from stats alone: what it imports, and that it never hides work."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from nightpress.clock import RealClock
from nightpress.plan import catalog, unmoved
from nightpress.project.project import Project
from nightpress.storage.index import Index
from tests.market import Market, published


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A project whose last run found nothing to do, and left its note."""
    market = published(tmp_path_factory.mktemp("quiet") / "shop", "alpha", "beta")
    for _ in range(3):
        time.sleep(0.2)  # younger files are not trusted
        assert "nothing to do: 2 up to date" in market.done().out
    return market


def look(root: Path, **options: object) -> Counter[str] | None:
    index = Index(root / ".nightpress" / "index.db", root)
    try:
        return unmoved.look(index, root, options)
    finally:
        index.close()


def test_what_a_null_build_imports(quiet: Market) -> None:
    leave_note(quiet.root)
    ran = quiet.start("doit", PYTHONPROFILEIMPORTTIME="1")
    assert ran.out == "nothing to do: 2 up to date\n"
    names = {row.rpartition("|")[2].strip() for row in ran.err.splitlines()}
    ours = {name for name in names if name.startswith("nightpress")}
    assert "nightpress.plan.unmoved" in ours
    wings = {name.split(".")[1] for name in ours if "." in name}
    assert not wings & {"backends", "checks", "ledger", "pipeline", "plugin", "project", "quota"}
    assert not names & {"msgspec", "difflib", "ruamel.yaml", "rich"}
    assert len(ours) < 45


def test_the_note_says_what_the_long_way_says(quiet: Market) -> None:
    leave_note(quiet.root)
    assert look(quiet.root) == {"fresh": 2}
    assert look(quiet.root, progress="plain") == {"fresh": 2}
    assert quiet.done("progress=none").out == ""
    assert '"summary"' in quiet.done("progress=json").out
    assert "2 up to date" in quiet.done("backend=auto").out


def write(path: str, text: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        with (root / path).open("a") as file:
            file.write(text)

    return change


def no_lock_file(root: Path) -> None:
    (root / "nightpress.lock").unlink()


def no_ledger(root: Path) -> None:
    (root / ".nightpress" / "ledger.db").unlink()


def other_ledger(root: Path) -> None:
    write(".nightpress/ledger.db-wal", "x")(root)


@pytest.mark.parametrize(
    "change",
    [
        write("manifests/_defaults.yaml", "# a word\n"),
        write("manifests/gamma.yaml", "name: gamma\n"),
        write("manifests/alpha.yaml", "# a word\n"),
        write(".gitignore", "*.tmp\n"),
        write("nightpress.lock", "\n"),
        write("generators/skill/generator.yaml", "x: y\n"),
        write("schemas/manifest.json", "{}\n"),
        write("plugins/alpha/README.md", "A word.\n"),
        write("plugins/alpha/NEW.md", "A word.\n"),
        write("plugins/beta/skills/beta/SKILL.md", "A word.\n"),
        no_lock_file, no_ledger, other_ledger,
    ],
)  # fmt: skip
def test_whatever_moves_is_looked_at_again(
    quiet: Market, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    root = tmp_path / "copy"
    copy(quiet.root, root)
    assert look(root) is None  # other inodes
    leave_note(root)
    assert look(root) == {"fresh": 2}
    change(root)
    assert look(root) is None


def copy(source: Path, root: Path) -> None:
    """Without what SQLite takes away when the last process that had a database open has ended:
    it may go at this very moment, and nothing was written since."""
    left_out = shutil.ignore_patterns("*.db-wal", "*.db-shm")
    shutil.copytree(source, root, symlinks=True, ignore=left_out)


def leave_note(root: Path) -> None:
    """As the reporter does at the end of a run with nothing to do."""
    for _ in range(2):  # the first one looks into the plugins, the second finds them unmoved
        time.sleep(0.15)
        environ = unmoved.Environ(os.environ)
        since = time.time_ns()
        project = Project(root, {}, environ, RealClock())
        found = catalog.load(project)
        unmoved.keep(project, len(found.slugs), environ, since)
        project.index.close()
    assert not found.items


def test_what_is_younger_than_the_look_leaves_no_note(quiet: Market, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    copy(quiet.root, root)
    leave_note(root)
    (root / "manifests" / "_defaults.yaml").touch()
    project = Project(root, {}, os.environ, RealClock())
    before = project.index.meta("nothing_to_do")
    unmoved.keep(project, 2, unmoved.Environ({}), time.time_ns())
    assert project.index.meta("nothing_to_do") == before
    project.index.close()


def test_a_variable_that_was_asked_for_counts(
    quiet: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_note(quiet.root)  # another test's options may have left the last one
    assert look(quiet.root) == {"fresh": 2}
    monkeypatch.setenv("NOBODY_ASKED_FOR_THIS", "1")
    assert look(quiet.root) == {"fresh": 2}
    monkeypatch.setenv("GEMINI_API_KEY", "a-key")
    assert look(quiet.root) is None
    monkeypatch.delenv("GEMINI_API_KEY")
    assert look(quiet.root, backend="offline") is None
    monkeypatch.setattr(unmoved, "__version__", "0.0.1")
    assert look(quiet.root) is None
