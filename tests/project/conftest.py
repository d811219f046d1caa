"""A small project on disk, and a way to write its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nightpress import project
from nightpress.project import Problem

GOOD = """\
name: "Acme"
plugin: plugins/acme
enhancements:
  skill:
    generator: skill
    target: skills/acme/SKILL.md
"""

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "plugins" / "acme").mkdir(parents=True)
    (tmp_path / "manifests").mkdir()
    return tmp_path


@pytest.fixture
def write(root: Path) -> Write:
    def written(path: str, content: str | bytes) -> Path:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    return written


@pytest.fixture
def problems(root: Path, write: Write) -> Callable[..., list[Problem]]:
    """The problems of a manifest of this content, called acme.yaml."""

    def found(content: str | bytes) -> list[Problem]:
        path = write("manifests/acme.yaml", content)
        defaults, _ = project.load_defaults(root)
        manifest, problems = project.load_manifest(path, defaults)
        errors = [problem for problem in problems if problem.severity == "error"]
        assert (manifest is None) == bool(errors)
        return problems

    return found
