"""Names that many disks take for one are told before anything is made."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from nightpress.project import paths
from tests.market import Market, plugin


@pytest.mark.parametrize(
    ("stands", "target", "twin"),
    [
        ("skills/x/skill.md", "skills/x/SKILL.md", "skills/x/skill.md"),
        ("Skills/x/SKILL.md", "skills/x/SKILL.md", "Skills"),
        ("skills/X/notes.md", "skills/x/SKILL.md", "skills/X"),
        (unicodedata.normalize("NFD", "skills/é/SKILL.md"), "skills/é/SKILL.md",
         unicodedata.normalize("NFD", "skills/é")),
        ("skills/x/SKILL.md", "skills/x/SKILL.md", ""),
        ("skills/y/skill.md", "skills/x/SKILL.md", ""),
    ],
)  # fmt: skip
def test_a_twin_of_the_target_is_found(tmp_path: Path, stands: str, target: str, twin: str) -> None:
    (tmp_path / stands).parent.mkdir(parents=True)
    (tmp_path / stands).touch()
    assert paths.twin(tmp_path, target) == twin


def test_init_and_validate_say_what_publication_would_refuse(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "alpha")
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    (folder / "skills" / "alpha").mkdir(parents=True)
    (folder / "skills" / "alpha" / "skill.md").write_text("# Mine\n")
    refused = market.doit("validate")
    assert refused.code == 1
    assert "'skills/alpha/skill.md' differs from 'skills/alpha/SKILL.md'" in refused.out
    moved = "git mv plugins/alpha/skills/alpha/skill.md plugins/alpha/skills/alpha/SKILL.md"
    assert moved in refused.out
    (tmp_path / "manifests" / "alpha.yaml").unlink()
    told = market.run("nightpress", "init").out
    assert "plugins/alpha/skills/alpha/skill.md differs from 'skills/alpha/SKILL.md'" in told
    assert moved in told
    assert market.doit().code == 0
    assert (folder / "skills" / "alpha" / "skill.md").read_text() == "# Mine\n"
