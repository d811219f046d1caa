"""Each ingredient changes its own digest and no other; the rest of the world changes none."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize(
    "text", [b"# A\r\n\r\nb\r\n", b"# A \t\n\nb  \n", b"# A\n\nb", b"# A\n\nb\n\n\n", b"# A\n\nb\n"]
)
def test_what_a_checkout_or_a_formatter_changes_is_no_other_content(text: bytes) -> None:
    assert fingerprint.held("README.md", text) == fingerprint.sha256(b"# A\n\nb\n")
    assert fingerprint.held("README.md", b"# A\n\n b\n") != fingerprint.sha256(b"# A\n\nb\n")


def test_bytes_that_are_no_text_count_as_they_are() -> None:
    data = b"\0PNG \r\n \n"
    assert fingerprint.held("a.png", data) == fingerprint.sha256(data)
    assert fingerprint.held("empty", b"") == fingerprint.sha256(b"")
    assert fingerprint.held("blank", b" \n") == fingerprint.sha256(b" \n".replace(b" ", b""))


def test_a_pointer_counts_as_the_file_that_it_stands_for() -> None:
    data = b"\0 a picture"
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{fingerprint.sha256(data)}\n"
        f"size {len(data)}\n"
    ).encode()
    assert fingerprint.held("a.png", pointer) == fingerprint.held("a.png", data)
    assert fingerprint.lfs_oid(pointer + b" " * 1024) is None
    assert fingerprint.lfs_oid(b"version https://git-lfs.github.com/spec/v1\nno oid\n") is None


def test_the_form_of_json_is_no_content_and_its_values_are() -> None:
    before = fingerprint.held("hooks/hooks.json", b'{"a": [1, "b"]}')
    assert fingerprint.held("hooks/hooks.json", b'{\r\n\t"a": [1,"b"]\n}\n\n') == before
    for other in (b'{"a": [2, "b"]}', b'{"a": [1, "B"]}', b'{"a": [1, "b"], "c": 0}', b"{a}", b""):
        assert fingerprint.held("hooks/hooks.json", other) != before
    assert fingerprint.held("a.json", b"{a} \n") == fingerprint.sha256(b"{a}\n")


def test_a_release_is_no_content_of_a_plugin_json() -> None:
    def told(**values: object) -> str:
        return fingerprint.held(".claude-plugin/plugin.json", json.dumps(values, indent=2).encode())

    before = told(name="a", version="1.2.0", author={"name": "b"}, description="c")
    assert told(description="c", name="a", version="1.3.0", license="MIT") == before
    assert told(name="a", version="1.2.0", description="d") != before
    assert told(name="a", version="1.2.0", description="c", commands="./x") != before
    assert fingerprint.held("package.json", b'{"version": "1"}') != fingerprint.held(
        "package.json", b'{"version": "2"}'
    )
