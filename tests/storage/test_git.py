"""What git ignores is asked of a real repository."""

from __future__ import annotations

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
