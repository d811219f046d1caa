"""The house: style, types, floors and generated text, held by the tools that know them."""

from __future__ import annotations

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


def test_no_module_is_over_its_ceiling() -> None:
    """A module is one idea, usually 80-400 lines; far beyond that it is two."""
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in (ROOT / "src").rglob("*.py")
        if (count := path.read_text().count("\n")) > 450
    }
    assert long == {}
