"""The house: style, types, floors and generated text, held by the tools that know them."""

from __future__ import annotations

import ast
import configparser
import importlib
import pkgutil
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
        [
            "cog",
            "--check",
            "README.md",
            "docs/ledger.md",
            "docs/events.md",
            "docs/commands.md",
            "docs/first-night.md",
            "docs/ci.md",
            "docs/kinds.md",
            "ARCHITECTURE.md",
        ],
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


def test_a_module_gives_each_name_once() -> None:
    """A second pattern of one name would take the place of the first, and no checker says so."""
    twice = []
    for path in SOURCE.rglob("*.py"):
        found: list[str] = []
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign):
                found += [one.id for one in node.targets if isinstance(one, ast.Name)]
        twice += [(path.name, name) for name in set(found) if found.count(name) > 1]
    assert twice == []


def test_the_top_is_short_and_each_wing_says_what_it_is_for() -> None:
    names = {path.stem for path in SOURCE.iterdir()} - {"__init__", "__main__", "__pycache__"}
    assert len(names) <= 24
    assert len(WINGS) == 14
    for wing in WINGS:
        docstring = ast.get_docstring(ast.parse((wing / "__init__.py").read_text()))
        assert docstring, wing.name


def _below(wing: str) -> list[str]:
    """What a wing may import, by the contract: its only statement of the order."""
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter")
    layers = contract["importlinter:contract:wings"]["layers"].split("\n")[1:]
    floors = [[name.strip() for name in layer.split("|")] for layer in layers]
    [own] = [number for number, floor in enumerate(floors) if wing in floor]
    return [name for floor in floors[own + 1 :] for name in floor]


@pytest.mark.parametrize("wing", WINGS, ids=lambda wing: wing.name)
def test_a_wing_says_what_it_may_import_and_gives_what_it_names(wing: Path) -> None:
    docstring = ast.get_docstring(ast.parse((wing / "__init__.py").read_text())) or ""
    says = " ".join(docstring.split("\n\n")[-1].split())
    assert says == f"May import: {', '.join(_below(wing.name))}."
    face = importlib.import_module(f"nightpress.{wing.name}")
    modules = {module.name for module in pkgutil.iter_modules(face.__path__)}
    for name in getattr(face, "__all__", ()):
        if name in modules and name not in vars(face):
            importlib.import_module(f"{face.__name__}.{name}")
        assert getattr(face, name) is not None, name


def test_imports_across_wings_go_through_their_faces() -> None:
    """Deep imports are the exception: those of a name that is also a module's, and few more."""
    deep = []
    for path in SOURCE.rglob("*.py"):
        own = path.relative_to(SOURCE).parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").count(".") > 1:
                wing = str(node.module).split(".")[1]
                if str(node.module).startswith("nightpress.") and wing != own:
                    deep.append(f"{path.relative_to(SOURCE)}: {node.module}")
    assert len(deep) <= 12, "\n".join(deep)
