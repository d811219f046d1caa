"""Patterns that are compiled at their first use: like compiled ones, and all of them can be."""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import nightpress
from nightpress import lazy
from nightpress.checks.prefilter import Guarded


def declared() -> Iterator[tuple[str, re.Pattern[str]]]:
    for package in ("checks", "backends.offline", ""):
        where = importlib.import_module(f"nightpress.{package}".rstrip("."))
        for module in pkgutil.iter_modules(where.__path__, f"{where.__name__}."):
            held = vars(importlib.import_module(module.name))
            for name, value in held.items():
                for at, one in enumerate(value if isinstance(value, tuple) else [value]):
                    held_by = one.pattern if isinstance(one, Guarded) else one
                    if isinstance(held_by, lazy._Pattern):
                        yield f"{module.name}.{name}[{at}]", held_by


def test_every_declared_pattern_compiles() -> None:
    found = dict(declared())
    assert len(found) > 150
    for name, one in found.items():
        assert isinstance(one.groups, int), name


def test_a_pattern_answers_like_a_compiled_one() -> None:
    late, compiled = lazy.pattern(r"(\w)at", re.I), re.compile(r"(\w)at", re.I)
    for _ in range(2):  # the second answer comes without a detour
        assert late.findall("Cat hat") == compiled.findall("Cat hat") == ["C", "h"]
        assert late.sub(r"\1", "cat") == "c"
        assert late.pattern == compiled.pattern
        assert late.flags == compiled.flags


def test_an_error_is_told_at_the_first_use() -> None:
    broken = lazy.pattern("(")
    with pytest.raises(re.error):
        broken.search("(")


def test_the_version_is_that_of_the_installed_package() -> None:
    from importlib import metadata

    assert nightpress.__version__ == metadata.version("nightpress")


def test_a_package_imports_a_module_when_its_name_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "a_wing"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from nightpress import lazy\n"
        "__getattr__ = lazy.attach(__name__, {'doors': ['Door'], 'deep.walls': ['wall']})\n"
    )
    (package / "doors.py").write_text("class Door: ...\n")
    (package / "roof.py").write_text("")
    (package / "deep").mkdir()
    (package / "deep" / "walls.py").write_text("wall = 1\n")
    monkeypatch.syspath_prepend(tmp_path)

    import a_wing

    assert "a_wing.doors" not in sys.modules
    from a_wing import Door, roof

    assert Door is sys.modules["a_wing.doors"].Door
    assert "Door" in vars(a_wing)  # the second time without a detour
    assert a_wing.wall == 1
    assert roof is sys.modules["a_wing.roof"]  # modules are found as ever
    with pytest.raises(AttributeError, match="module 'a_wing' has no attribute 'window'"):
        _ = a_wing.window
