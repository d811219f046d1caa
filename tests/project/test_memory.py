"""What was read once without a problem is neither parsed nor validated again."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightpress import project
from nightpress.project import bundled, yaml_read
from tests.project.conftest import GOOD, Write


class Memory:
    """A `reading_yaml.Memory` that counts what it could tell."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.told = 0

    def appraisal(self, key: str) -> str | None:
        self.told += key in self.held
        return self.held.get(key)

    def keep_appraisal(self, key: str, value: str) -> None:
        self.held[key] = value


def test_a_manifest_is_remembered_by_its_bytes(root: Path, write: Write) -> None:
    path, memory = write("manifests/acme.yaml", GOOD), Memory()
    defaults, _ = project.load_defaults(root)
    fresh, _ = project.load_manifest(path, defaults)
    assert project.load_manifest(path, defaults, memory)[0] == fresh
    told = memory.told
    assert project.load_manifest(path, defaults, memory)[0] == fresh
    assert memory.told == told + 1
    write("manifests/acme.yaml", GOOD.replace("skills/acme/", "skills/other/"))
    changed, _ = project.load_manifest(path, defaults, memory)
    assert changed is not None
    assert changed.enhancements[0].target == "skills/other/SKILL.md"


def test_a_remembered_manifest_tells_its_later_problems_in_their_place(
    root: Path, write: Write
) -> None:
    path, memory = write("manifests/acme.yaml", GOOD), Memory()
    defaults, _ = project.load_defaults(root)
    assert project.load_manifest(path, defaults, memory)[1] == []
    (root / "plugins" / "acme").rmdir()
    _, problems = project.load_manifest(path, defaults, memory)
    assert [(p.line, p.message) for p in problems] == [(2, "there is no folder 'plugins/acme'")]


def test_what_has_a_problem_is_not_remembered(write: Write) -> None:
    path, memory = write("manifests/acme.yaml", GOOD + "sizes: 3\n"), Memory()
    for _ in range(2):
        document, problems = yaml_read.load(path, "acme.yaml", "manifest", memory)
        assert document is not None
        assert [p.message for p in problems] == ["unknown key 'sizes'"]
    assert not memory.held


@pytest.mark.parametrize("kind", ["skill", "readme", "reference", "analysis"])
def test_a_remembered_generator_is_the_same(kind: str) -> None:
    memory = Memory()
    folder = bundled("generators") / kind
    fresh = project.load_generator(folder)
    assert project.load_generator(folder, memory) == fresh
    assert project.load_generator(folder, memory) == fresh
    assert memory.told == 1
