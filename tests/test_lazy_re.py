"""Patterns that are compiled at their first use: like compiled ones, and all of them can be."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import nightpress
from nightpress import lazy_re
from nightpress.checks.prefilter import Guarded


def declared() -> Iterator[tuple[str, re.Pattern[str]]]:
    for package in ("checks", "backends.offline", ""):
        where = importlib.import_module(f"nightpress.{package}".rstrip("."))
        for module in pkgutil.iter_modules(where.__path__, f"{where.__name__}."):
            held = vars(importlib.import_module(module.name))
            for name, value in held.items():
                for at, one in enumerate(value if isinstance(value, tuple) else [value]):
                    held_by = one.pattern if isinstance(one, Guarded) else one
                    if isinstance(held_by, lazy_re._Pattern):
                        yield f"{module.name}.{name}[{at}]", held_by


def test_every_declared_pattern_compiles() -> None:
    found = dict(declared())
    assert len(found) > 150
    for name, one in found.items():
        assert isinstance(one.groups, int), name


def test_a_pattern_answers_like_a_compiled_one() -> None:
    lazy, compiled = lazy_re.pattern(r"(\w)at", re.I), re.compile(r"(\w)at", re.I)
    for _ in range(2):  # the second answer comes without a detour
        assert lazy.findall("Cat hat") == compiled.findall("Cat hat") == ["C", "h"]
        assert lazy.sub(r"\1", "cat") == "c"
        assert lazy.pattern == compiled.pattern
        assert lazy.flags == compiled.flags


def test_an_error_is_told_at_the_first_use() -> None:
    broken = lazy_re.pattern("(")
    with pytest.raises(re.error):
        broken.search("(")


def test_the_version_is_that_of_the_installed_package() -> None:
    from importlib import metadata

    assert nightpress.__version__ == metadata.version("nightpress")
