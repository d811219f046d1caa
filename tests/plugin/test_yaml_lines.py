"""The quick reader of plain YAML says what the parser of all YAML says, or nothing."""

from __future__ import annotations

import os
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightpress.plugin import yaml

PIECES = (
    "a",
    "b",
    "name",
    "name:",
    "x: y",
    "x:y",
    "x :y",
    "x : y",
    ": ",
    ":",
    "- ",
    "-",
    "--",
    "-1",
    "- 1",
    "#",
    " # c",
    "a#b",
    "a #b",
    '"',
    "'",
    '"q"',
    "'q'",
    '"q" ',
    '"a: b"',
    "'it''s'",
    '"\\n"',
    "{",
    "}",
    "[",
    "]",
    "[a, b]",
    "{a: 1}",
    "&a",
    "*a",
    "!x",
    "!!str 1",
    "|",
    ">",
    ">-",
    "%",
    "@",
    "`",
    "~",
    "null",
    "true",
    "True",
    "yes",
    "1",
    "1.5",
    "1e3",
    "0x1F",
    "0o7",
    ".5",
    "+1",
    "2024-01-01",
    "é",
    "\u00a0",
    "…",
    "---",
    "...",
    "<<",
    "?",
    "? a",
    ",",
    "=",
    ".",
    "1_000",
    "a, b",
    "a  b",
    "Bash(git:*)",
    "a/b.md",
    "https://x.org/y#z",
    "\t",
    "\r",
    "\u2028",
    "\ufeff",
    "\x85",
    " ",
    "",
    "10:30",
    "a:",
    "- a: b",
    "- - a",
    "x # c",
    "'q' # c",
    '"q"  #',
    "[a]",
    "[]",
    "{}",
    "[ a, 'b, c', 1 ] # c",
    "[a, b,]",
    "[a b, c:d]",
    "{a: 1, b: 'x y'}",
    "{ a: true , b: x }",
    "{a: 1, a: 2}",
    "{a: , b}",
    "[a: 1]",
    "[a}",
    "[[a], b]",
    "|\n    a\n    b",
    "|-\n    a\n\n      b\n    # c\n\n",
    ">\n    a\n    b\n\n    c\n",
    ">-\n    a\n     b\n",
    "|  # c\n      a\n   b",
    "|+\n    a\n\n",
    "|\n\n    a",
    ">-\n    a \n    b\n        \n    c",
)
KEYS = (
    "a",
    "b",
    "name",
    "allowed-tools",
    "x_1",
    "A",
    "1",
    '"k"',
    "'k'",
    "a b",
    "é",
    "<<",
    "?",
    "-a",
)


def line(rng: random.Random, number: int) -> str:
    """One line; seven of ten are of the plain kind."""
    indent = " " * rng.choice((0, 0, 0, 0, 2, 2, 2, 4, 1, 3))
    if rng.random() < 0.7:
        value = rng.choice(
            ("word", "two words", "'q'", '"q"', "1", "true", "-1", "é, x", "a:b#c", "")
        )
        key = rng.choice((f"k{number}: ", f"k{number}: ", "- "))
        return f"{indent}{key}{value}".rstrip()
    text = indent + rng.choice(("", "", "- "))
    if rng.random() < 0.7:
        text += rng.choice(KEYS) + rng.choice((":", ": ", ": ", ": ", ":  ", " : "))
    return text + rng.choice(("", " ", "")).join(rng.choices(PIECES, k=rng.choice((0, 1, 1, 2, 3))))


def document(seed: int) -> str:
    rng = random.Random(seed)
    lines = [line(rng, number) for number in range(rng.randint(1, 6))]
    return "\n".join(lines) + rng.choice(("\n", "\n", "", "\n\n", " \n"))


def agrees(text: str) -> bool:
    """Did the quick reader read it?"""
    quick = yaml._plain(text, 1_000)
    if quick is None:
        return False
    whole = yaml._Builder(1_000).build(yaml._events(text))
    assert (quick.value, quick.places, quick.keys) == (whole.value, whole.places, whole.keys), text
    assert repr(quick.value) == repr(whole.value), text  # 1 is not 1.0, nor True
    return True


def test_they_agree_on_generated_files() -> None:
    """NIGHTPRESS_YAML_FILES=100000 for a long run."""
    count = int(os.environ.get("NIGHTPRESS_YAML_FILES", "1500"))
    began = int(time.time())
    read = sum(agrees(document(began + seed)) for seed in range(count))
    assert read > count // 50


@given(st.text(alphabet="ab1 :-#\"'\n[]{},&*!|>%@`?.~=_/\t", max_size=60))
def test_they_agree_on_any_text(text: str) -> None:
    agrees(text)


@pytest.mark.parametrize(
    "text",
    [
        'name: "x"\nplugin: "plugins/x"\nenhancements:\n  skill:\n    generator: skill\n',
        "name: x\ndescription: Does a, b; and (c) d\nallowed-tools: Read, Bash(git:*)\n",
        "# a comment\n\na:\n- 1\n- 2\n\nb:\n  # inside\n  - x y\n",
        "a: replace  # why\nb: 'q' # c\nc:  # below\n  - x # y\n",
        "a: [Read, 'x, y', 1]\nb: {min: 1, max: two words}  # both\nc: []\nd: {}\n",
        "a: |\n  x\n   y\n\n  # z\n# end\nb: >-\n  one\n  two\n\n  three\nc: 1\n",
        "a: -1\nb: 1.5\nc: true\nd: ~\ne: 'it is'\nf: https://example.org/x#y\n",
    ],
)
def test_what_is_plain_is_read_quickly(text: str) -> None:
    assert agrees(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "a: b: c\n",
        "a: 1\na: 2\n",
        " a: 1\n",
        "a: 1\n  b: 2\n",
        "a:\n   b: 1\n  c: 2\n",
        "a: x\n  y\n",
        "- a: 1\n",
        "a: |\n  x",
        "a: |+\n  x\n",
        "a: |2\n  x\n",
        "a: >\n  x\n   y\n",
        "a: [1, 2,]\n",
        "a: [1, [2]]\n",
        "a: {b: 1, b: 2}\n",
        "a: [b: 1]\n",
        "a: &x 1\n",
        "<<: 1\n",
        "--- \na: 1\n",
        'a: "\\n"\n',
        "a: 'it''s'\n",
        "a:\tb\n",
        "a: 1\n- b\n",
        "a:\n",
        "a: \ufeffb\n",
        "a: x:\n",
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(text: str) -> None:
    assert yaml._plain(text, 1_000) is None


def test_bounds_are_the_parsers() -> None:
    many = "\n".join(f"k{n}: {n}" for n in range(1_200))
    with pytest.raises(yaml.YamlError, match="more than 1,000 nodes"):
        yaml.load(many)
    deep = "\n".join("  " * n + "a:" for n in range(60))
    with pytest.raises(yaml.YamlError, match="nested deeper"):
        yaml.load(deep)
