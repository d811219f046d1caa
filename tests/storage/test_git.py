"""What git ignores is asked of a real repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from nightpress.storage import git
from tests.market import Market


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository" / "plugins" / "alpha"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("# alpha\n")
    (folder / ".gitignore").write_text("*.tmp\n")
    repository = Market(tmp_path / "repository")
    repository.git("init", "-q")
    repository.git("add", "-A")
    repository.git("commit", "-qm", "first")
    return repository.root


@pytest.mark.parametrize("linked", [False, True])
def test_patterns_that_a_sparse_checkout_leaves_out_count(root: Path, linked: bool) -> None:
    """git reads them from its index then, where they are asked for without it in vain."""
    if linked:
        Market(root).git("worktree", "add", "-q", "../linked")
        root = root.parent / "linked"
    assert not git.is_sparse(root)
    left_out = ("/plugins/alpha/*", "!/plugins/alpha/.gitignore")
    Market(root).git("sparse-checkout", "set", "--no-cone", *left_out)
    assert git.is_sparse(root)
    assert not (root / "plugins" / "alpha" / ".gitignore").exists()
    (root / "plugins" / "alpha" / "left.tmp").write_text("x\n")
    found = git.Ignored(root).inside("plugins/alpha", ["README.md", "left.tmp"])
    assert found == {"left.tmp"}


def test_outside_of_a_repository_nothing_is_sparse(tmp_path: Path) -> None:
    assert not git.is_sparse(tmp_path)


@pytest.mark.parametrize("where", [".gitignore", "a/b/.gitignore", ".git/info/exclude"])
def test_a_fifo_where_patterns_are_read_holds_nothing_up(tmp_path: Path, where: str) -> None:
    """git itself would wait for somebody to write into it: for a minute, as we let it."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "y.log").write_text("")
    (tmp_path / "a" / ".gitignore").write_text("*.log\n")
    path = tmp_path / where
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    assert git.ignored(tmp_path) == {"a/y.log"}
    assert git.matches(tmp_path, ["a/y.log"]) and not git.matches(tmp_path, ["a/b"])


def test_a_git_that_never_answers_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "_GIT", ("sleep", "60"))
    monkeypatch.setattr(git, "QUICK", 0.05)
    with pytest.raises(subprocess.TimeoutExpired):
        git.run(tmp_path, seconds=0.2)
