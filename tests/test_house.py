"""The house: style, types, floors and generated text, held by the tools that know them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "words",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports"],
        ["cog", "--check", "README.md", "docs/ledger.md", "docs/events.md"],
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_the_house_is_in_order(words: list[str]) -> None:
    program = Path(sys.executable).parent / words[0]
    done = subprocess.run(
        [str(program), *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


SOURCE = ROOT / "src" / "nightpress"
WINGS = sorted(path.parent for path in SOURCE.glob("*/__init__.py"))


def test_a_module_is_one_idea() -> None:
    """Usually 80-400 lines; far beyond that it is two, and a name that fits everything holds
    many."""
    modules = list(SOURCE.rglob("*.py"))
    assert [path for path in modules if path.read_text().count("\n") > 450] == []
    anything = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}
    assert [path for path in modules if path.stem in anything] == []


def test_the_top_is_short_and_each_wing_says_what_it_is_for() -> None:
    names = {path.stem for path in SOURCE.iterdir()} - {"__init__", "__main__", "__pycache__"}
    assert len(names) <= 24
    assert len(WINGS) == 14
    for wing in WINGS:
        docstring = ast.get_docstring(ast.parse((wing / "__init__.py").read_text()))
        assert docstring, wing.name
