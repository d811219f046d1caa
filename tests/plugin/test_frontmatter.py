"""Frontmatter: split, read within bounds, written in the form that every parser accepts."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from nightpress.plugin import frontmatter, yaml
from nightpress.plugin.frontmatter import FrontmatterError


def test_split_gives_block_body_and_where_the_body_begins() -> None:
    parts = frontmatter.split("---\nname: a\nversion: 1\n---\n# Title\ntext\n")
    assert parts.raw == "name: a\nversion: 1\n"
    assert parts.body == "# Title\ntext\n"
    assert parts.body_line == 5


def test_split_of_a_block_that_has_no_end_is_no_frontmatter() -> None:
    text = "---\nname: a\n\n# Title\n"
    assert frontmatter.split(text) == frontmatter.Parts(None, text, 1)


@pytest.mark.parametrize("text", ["", "# Title\n", "----\nname: a\n----\n", " ---\na: b\n---\n"])
def test_split_without_frontmatter(text: str) -> None:
    assert frontmatter.split(text) == frontmatter.Parts(None, text, 1)


def test_split_takes_carriage_returns_and_a_byte_order_mark() -> None:
    parts = frontmatter.split("\ufeff---\r\nname: a\r\n---\r\nbody\r\n")
    assert parts.raw is not None
    assert frontmatter.parse(parts.raw) == {"name": "a"}
    assert parts.body == "body\r\n"
    assert parts.body_line == 4


def test_parse_keeps_dates_and_yes_as_the_text_that_they_are() -> None:
    raw = "a: 2024-99-99\nb: yes\nc: true\nd: 3\ne:\nf: [x, 'y']\n"
    expected = {"a": "2024-99-99", "b": "yes", "c": True, "d": 3, "e": None, "f": ["x", "y"]}
    assert frontmatter.parse(raw) == expected


def test_parse_of_an_empty_block_is_empty() -> None:
    assert frontmatter.parse("") == {}
    assert frontmatter.parse("# just a comment\n") == {}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("description: Use when: a thing breaks", "Use when: a thing breaks"),
        ("description: ends in a colon:", "ends in a colon:"),
        ("argument-hint: [issue] [priority]", "[issue] [priority]"),
        ("globs: **/*.md", "**/*.md"),
        ("package: @scope/name", "@scope/name"),
        ("title: `code` first", "`code` first"),
        ("version: >= 2.0", ">= 2.0"),
        ('title: "Quoted" and more', '"Quoted" and more'),
        ("title: 'Quoted' and more", "'Quoted' and more"),
        ("title: C:\\new: a path", "C:\\new: a path"),
    ],
)
def test_values_that_strict_yaml_rejects_are_read_as_text(line: str, value: str) -> None:
    key = line.partition(":")[0]
    assert frontmatter.parse(f"name: a\n{line}\nlast: b\n") == {
        "name": "a",
        key: value,
        "last": "b",
    }


def test_the_second_try_leaves_the_other_values_alone() -> None:
    raw = "a: broken: value\nb: {x: 1}\nc: |\n  Use when: this\n  - that\nd: 'it: is'\n"
    assert frontmatter.parse(raw) == {
        "a": "broken: value",
        "b": {"x": 1},
        "c": "Use when: this\n- that\n",
        "d": "it: is",
    }


def test_an_error_has_the_place_of_the_user_own_text() -> None:
    with pytest.raises(FrontmatterError) as caught:
        frontmatter.parse("name: a\ndescription: b: c\nlist: [1, 2\n")
    assert (caught.value.line, caught.value.column) == (2, 15)
    with pytest.raises(FrontmatterError) as caught:
        frontmatter.parse("a: 1\nb: 2\na: 3\n")
    assert (caught.value.line, caught.value.column) == (3, 1)
    assert "duplicate" in caught.value.message


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{n}: &{n} [{','.join(['*' + chr(ord(n) - 1)] * 9)}]\n" for n in "bcdefghi"
)


@pytest.mark.parametrize(
    "raw",
    [
        BOMB,
        "a: &x 1\nb: *x\n",
        "base: {<<: {a: 1}}\n",
        "[" * 60_000,
        "{" * 200,
        "\n".join("  " * n + f"k{n}:" for n in range(80)),
        "? " * 30_000,
        "- " * 30_000,
        "k: v\n" * 20_000,
        "\n".join(f"k{n}: v" for n in range(2_000)),
        "- not a mapping\n",
        "just text\n",
        "a: \x07\n",
        "a: \ud800\n",
        "a: b\n---\nc: d\n",
        "a: !!python/object/apply:os.system ['true']\nb: [\n",
        "a: 'never closed\n",
        "\ta: b\n",
        "%YAML 9.9\n---\na: b\n...",
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_hostile_and_broken_blocks_are_refused_with_a_place(raw: str) -> None:
    with pytest.raises(FrontmatterError) as caught:
        frontmatter.parse(raw)
    assert caught.value.line >= 1
    assert caught.value.column >= 1
    assert caught.value.message


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    raw = '"k\\udc00": ["\\ud800x", {a: "\\ud83d\\ude00"}]\nplain: y\n'
    found = frontmatter.parse(raw)
    assert found == {"k\ufffd": ["\ufffdx", {"a": "\U0001f600"}], "plain": "y"}


def test_a_tag_builds_nothing() -> None:
    assert frontmatter.parse("a: !!python/name:os.system x\n") == {"a": "x"}


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_parse_raises_nothing_but_its_own_error(raw: str) -> None:
    try:
        found = frontmatter.parse(raw)
    except FrontmatterError:
        return
    assert all(isinstance(key, str) for key in found)


def test_render_is_block_style_with_quoted_one_line_strings() -> None:
    fields = {
        "name": "my-skill",
        "description": 'Does "it".\n  Use when: asked --- or not',
        "metadata": {"author": "Ann", "version": "1.0"},
    }
    assert frontmatter.render(fields) == (
        "---\n"
        "name: my-skill\n"
        'description: "Does \\"it\\". Use when: asked - or not"\n'
        "metadata:\n"
        '  author: "Ann"\n'
        '  version: "1.0"\n'
        "---\n"
    )


def test_render_leaves_out_what_no_file_and_no_parser_can_take() -> None:
    block = frontmatter.render({"description": "a ----- b \ud800c\x1b\u202ed", "yes": "x"})
    assert block == '---\ndescription: "a - b cd"\n"yes": "x"\n---\n'


@pytest.mark.parametrize("name", ["yes", "null", "on", "1e3", "a---b", ""])
def test_a_name_that_yaml_takes_for_something_else_is_quoted(name: str) -> None:
    raw = frontmatter.split(frontmatter.render({"name": name})).raw
    assert raw is not None
    found = YAML(typ="safe", pure=True).load("%YAML 1.1\n---\n" + raw)
    assert isinstance(found["name"], str)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.text(max_size=20), st.text(max_size=80), max_size=5),
    st.text(max_size=80),
)
def test_what_is_rendered_is_read_by_ruamel_and_by_us(inner: dict[str, str], text: str) -> None:
    block = frontmatter.render({"name": text, "description": text, "metadata": inner})
    block.encode("utf-8")
    parts = frontmatter.split(block + "body\n")
    assert parts.raw is not None and parts.body == "body\n"
    assert "---" not in parts.raw and "\r" not in parts.raw
    keys = [line for line in parts.raw.split("\n") if line.startswith("  ")]
    assert len(keys) == len(inner)
    if len(set(keys_of(keys))) == len(keys):
        assert frontmatter.parse(parts.raw)["description"] == written(text)
        assert YAML(typ="safe", pure=True).load(parts.raw)["description"] == written(text)


def keys_of(lines: list[str]) -> list[str]:
    """Keys that differ only in characters that are left out become one."""
    return [line.strip().partition(": ")[0].strip('"') for line in lines]


def written(text: str) -> str:
    """The text as render writes it, by the form's rule: printable, one line, no long rule."""
    import re
    import unicodedata

    left_out = ("Cc", "Cf", "Cs", "Cn")
    kept = [c for c in " ".join(text.split()) if unicodedata.category(c) not in left_out]
    return re.sub("-{3,}", "-", "".join(kept))


ROWS = st.lists(
    st.tuples(
        st.from_regex(r"[a-z][a-z-]{0,6}|yes|name|description", fullmatch=True),
        st.one_of(
            st.from_regex(r"[a-z][a-z0-9-]{0,8}|true|null|off", fullmatch=True),
            st.text(max_size=30).map(lambda text: json.dumps(text, ensure_ascii=False)),
            st.text(alphabet="ab \"\\'#:-\u00a0\u2028\t{[é", max_size=12).map('"{}"'.format),
        ),
    ).map(": ".join),
    max_size=4,
)


@settings(max_examples=500, deadline=None)
@given(ROWS)
def test_the_short_way_reads_what_the_yaml_parser_reads(rows: list[str]) -> None:
    raw = "".join(row + "\n" for row in rows)
    found = frontmatter._as_rendered(raw)
    if found is not None and rows:
        assert yaml.load(raw).value == found


def test_the_short_way_is_taken_by_what_is_rendered_and_by_nothing_odd() -> None:
    block = frontmatter.render({"name": "my-skill", "description": 'Does "it": a\\b, c\u00e9.'})
    raw = frontmatter.split(block).raw or ""
    assert frontmatter._as_rendered(raw) == frontmatter.parse(raw) == yaml.load(raw).value
    for odd in (
        'a: "b\\n"\n',
        "a: b\na: c\n",
        "a: yes\n",
        "a: 'b'\n",
        "a: b",
        "a: b # c\n",
        "a:\n",
    ):
        assert frontmatter._as_rendered(odd) is None, odd


KEPT = """\
# kept by hand
name: old-name   # the folder's
description: >-
  A first line
  and a second one.

disable-model-invocation: true
hooks:
- one
- two
# the guard
allowed-tools: [Read, "Bash(git:*)"]
x-team: {a: 1}
"""


def test_amending_touches_nothing_but_the_value() -> None:
    amended = frontmatter.amend(KEPT, {"description": "New: words."})
    lines = KEPT.splitlines()
    assert amended.splitlines() == [*lines[:2], 'description: "New: words."', *lines[5:]]
    assert frontmatter.parse(amended) == {**frontmatter.parse(KEPT), "description": "New: words."}


def test_what_is_not_there_is_added_at_the_end() -> None:
    assert frontmatter.amend("a: 1", {"name": "b"}) == "a: 1\nname: b\n"
    assert frontmatter.amend("", {"name": "b"}) == "name: b\n"


def test_a_list_at_the_margin_belongs_to_its_key() -> None:
    assert frontmatter.amend(KEPT, {"hooks": "none"}).count("- one") == 0


@given(
    st.dictionaries(
        st.from_regex(r"\A[a-z][a-z-]{0,10}\Z"),
        st.one_of(
            st.booleans(),
            st.integers(-99, 99),
            st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=30),
            st.lists(st.from_regex(r"\A[a-z]{1,8}\Z"), max_size=3),
        ),
        max_size=8,
    ),
    st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), min_size=1),
)
def test_amending_is_as_if_only_that_value_had_been_written(
    fields: dict[str, Any], description: str
) -> None:
    raw = "".join(f"# {key}\n{json.dumps(key)}: {json.dumps(v)}\n" for key, v in fields.items())
    amended = frontmatter.amend(raw, {"description": description})
    before = {key: value for key, value in frontmatter.parse(raw).items() if key != "description"}
    after = frontmatter.parse(amended)
    assert list(after)[: len(before)] == list(before) or "description" in fields
    assert {key: value for key, value in after.items() if key != "description"} == before
    assert [line for line in raw.splitlines() if line[0] == "#"] == [
        line for line in amended.splitlines() if line[0] == "#"
    ]


@pytest.mark.parametrize("bomb", ["[" * 20_000, "a: " + "{[ \n" * 60, "{" * 52])
def test_a_bomb_of_brackets_is_refused_before_it_is_scanned(bomb: str) -> None:
    began = time.process_time()
    with pytest.raises(yaml.YamlError, match="nested deeper than 50"):
        yaml.load(f"x: 1\n{bomb}")
    assert time.process_time() - began < 2  # 0.02 s; a scanned one takes minutes
