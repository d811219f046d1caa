"""Each ingredient changes its own digest and no other; the rest of the world changes none."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import asdict, replace

from nightpress import fingerprint
from nightpress.model import Enhancement, Generator, Window

FILES = {"README.md": "aa", "commands/a.md": "bb"}
GENERATOR = Generator("skill", "/generators/skill", "Skill", "SKILL.md", "d1", "prompt", "system")
ANALYSIS = replace(GENERATOR, type="_analysis", digest="d2")
ENHANCEMENT = Enhancement(
    "skill", "skill", "skills/a/SKILL.md", Window(8_000, 14_000),
    settings={"checks": {"size": {"severity": "warning"}}, "audience": "teams"},
)  # fmt: skip
GIVEN: dict[str, Any] = {
    "files": FILES, "enhancement": ENHANCEMENT, "generator": GENERATOR, "analysis": ANALYSIS,
    "schema": "{}", "written_by": "offline", "told": {},
}  # fmt: skip


def _declared(**settings: Any) -> Enhancement:
    return replace(ENHANCEMENT, settings={**ENHANCEMENT.settings, **settings})


@pytest.mark.parametrize(
    ("change", "ingredient"),
    [
        ({"files": {**FILES, "README.md": "ab"}}, "content"),
        ({"files": {**FILES, "new.md": "cc"}}, "content"),
        ({"files": {"README.md": "aa"}}, "content"),
        ({"files": {"README.mdcommands/a.md": "aabb"}}, "content"),
        ({"generator": replace(GENERATOR, digest="other")}, "generator"),
        ({"analysis": replace(ANALYSIS, digest="other")}, "generator"),
        ({"schema": "{ }"}, "schemas"),
        ({"enhancement": _declared(audience="one")}, "settings"),
        ({"enhancement": _declared(more=1)}, "settings"),
        ({"enhancement": replace(ENHANCEMENT, target="skills/b/SKILL.md")}, "settings"),
        ({"enhancement": replace(ENHANCEMENT, size=Window(8_000, 14_001))}, "settings"),
        ({"told": {"description": "what it is"}}, "settings"),
        ({"written_by": "gemini:a-model"}, "model"),
        # what the document is not made from
        ({"files": dict(reversed(FILES.items()))}, None),
        ({"enhancement": replace(ENHANCEMENT, name="other")}, None),
        ({"enhancement": _declared(publish="review", backend="x", model="y")}, None),
        ({"generator": replace(GENERATOR, folder="/elsewhere", title="Other")}, None),
    ],
)
def test_an_ingredient_changes_its_own_digest(
    change: dict[str, Any], ingredient: str | None
) -> None:
    before = asdict(fingerprint.of(**GIVEN))
    after = asdict(fingerprint.of(**GIVEN | change))
    assert {name for name in before if before[name] != after[name]} == {ingredient} - {None}


def test_parts_do_not_run_together() -> None:
    parts = (["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], [])
    assert len({fingerprint.digest(*given) for given in parts}) == len(parts)
    assert fingerprint.digest("caf\udce9")  # a name in no encoding
    assert fingerprint.writer("offline", "x") == "offline"
    assert fingerprint.writer("gemini", "x") == "gemini:x"
