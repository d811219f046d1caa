"""generators/TYPE/: a generator as data, and the digest of everything in its folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from nightpress.lazy import pattern
from nightpress.model import Generator, Window
from nightpress.plugin import YamlDocument
from nightpress.project import paths, yaml_read
from nightpress.project.defaults import checks, window
from nightpress.project.problems import Problem
from nightpress.project.resources import bundled
from nightpress.project.schema import at
from nightpress.project.yaml_read import Memory

ANALYSIS = "analysis"
"""Phase 1: a generator's folder that is no type of enhancement."""

_TYPE = pattern(r"[a-z0-9][a-z0-9_-]{0,63}")
_TEMPLATES = ("prompt.md.j2", "system.md")
_MAX_TEMPLATE = 256 * 1024


def load_generator(
    folder: Path, memory: Memory | None = None
) -> tuple[Generator | None, list[Problem]]:
    """The generator in `folder`, and every problem; None if it cannot be used."""
    shown = f"generators/{folder.name}/generator.yaml"
    document, problems = yaml_read.load(folder / "generator.yaml", shown, "generator", memory)
    texts: dict[str, str] = {}
    for name in _TEMPLATES:
        try:
            texts[name] = _text(folder / name)
        except (OSError, ValueError) as error:
            where = f"generators/{folder.name}/{name}"
            problems.append(Problem(where, 0, 0, "", f"cannot be read: {error}"))
    if document is None or not isinstance(document.value, dict):
        return None, problems
    values: dict[str, Any] = document.value
    size, more = window(document, shown, (), values, Window())
    problems += more
    problems += checks(document, shown, (), values)
    problems += _own_checks(document, shown, folder)
    problems += _target(document, shown, folder.name)
    if problems and memory is not None:
        return load_generator(folder)  # what was remembered knows no places
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    return _made(folder, values, texts, size if values.get("size") else None), problems


def _text(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise ValueError("not a regular file")
    if path.stat().st_size > _MAX_TEMPLATE:
        raise ValueError(f"larger than {_MAX_TEMPLATE:,} bytes")
    return path.read_text(encoding="utf-8")


def _made(
    folder: Path, values: dict[str, Any], texts: dict[str, str], size: Window | None
) -> Generator:
    return Generator(
        type=folder.name,
        folder=str(folder),
        title=values["title"],
        target=values.get("target", ""),
        digest=_digest(folder),
        prompt=texts["prompt.md.j2"],
        system=texts["system.md"],
        needs=tuple(values.get("needs", ())),
        frontmatter=values.get("frontmatter", "none"),
        size=size,
        min_source_bytes=values.get("min_source_bytes", {}),
        input_bytes=values.get("input_bytes", 60_000),
        max_output_tokens=values.get("max_output_tokens", 16_384),
        checks=values.get("checks", {}),
        settings=values,
    )


def _target(document: YamlDocument, shown: str, kind: str) -> Iterator[Problem]:
    given = document.value.get("target")
    if given is None:
        if kind != ANALYSIS:
            yield at(document, shown, (), "'target' is missing", "where the document is put")
        return
    if not isinstance(given, str):
        return
    filled = filled_in(given, "x", "x")
    if document.value.get("for_each"):
        filled = filled.replace("{name}", "x")
    if wrong := paths.unsafe(filled, "the plugin's folder") or paths.unfit(filled):
        yield at(document, shown, ("target",), f"{given!r} {wrong}")
    elif document.value.get("format", "markdown") == "markdown" and (
        wrong := paths.no_document(filled)
    ):
        hint = "what is no document in Markdown has `format: other`"
        yield at(document, shown, ("target",), f"{given!r} {wrong}", hint)
    elif "{" in filled or "}" in filled:
        hint = "only {plugin} and {skill} are filled in, and {name} where `for_each` is"
        yield at(document, shown, ("target",), f"{given!r} has an unknown place", hint)


def _own_checks(document: YamlDocument, shown: str, folder: Path) -> Iterator[Problem]:
    """The files of the project's own checks: within the generator's folder, and there."""
    given = document.value.get("checks")
    for name, setting in given.items() if isinstance(given, dict) else ():
        file = setting.get("file") if isinstance(setting, dict) else None
        if not isinstance(file, str):
            continue
        place = ("checks", name, "file")
        if wrong := paths.unsafe(file, "the generator's folder"):
            yield at(document, shown, place, f"{file!r} {wrong}")
        elif paths.link_on_the_way(folder, file) or not (folder / paths.clean(file)).is_file():
            yield at(document, shown, place, f"there is no file {file!r}")


def _digest(folder: Path) -> str:
    """Over names and contents of all files: a prompt is hashed data, no version to forget."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if "__pycache__" in path.parts or path.name.startswith("."):
            continue
        total.update(os.fsencode(path.relative_to(folder).as_posix()) + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


# --- where they are: the project's own first, the bundled ones second ---


def folders(root: Path) -> dict[str, Path]:
    """type -> folder of every generator, analysis included; the project's own hide bundled ones."""
    by_type: dict[str, Path] = {}
    for base in (bundled("generators"), root / "generators"):
        for path in sorted(base.glob("*/generator.yaml")):
            by_type[path.parent.name] = path.parent
    return dict(sorted(by_type.items()))


def types(root: Path) -> list[str]:
    """The types of enhancement that there are."""
    return [kind for kind in folders(root) if kind != ANALYSIS]


def of_type(kind: str, root: Path) -> Path | None:
    """The folder of one type; None if it is unknown."""
    if not _TYPE.fullmatch(kind):
        return None
    for base in (root / "generators", bundled("generators")):
        if kind != ANALYSIS and (base / kind / "generator.yaml").is_file():
            return base / kind
    return None


def loaded(folder: Path, memory: Memory | None = None) -> Generator | None:
    """The generator in a folder, read again only if one of its own files changed."""
    stats = []
    for path in sorted(folder.iterdir()):
        status = path.lstat()
        stats.append((path.name, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    return _loaded(folder, tuple(stats), memory)


@lru_cache(maxsize=64)
def _loaded(
    folder: Path,
    stats: tuple[Any, ...],  # noqa: ARG001 (the key)
    memory: Memory | None,
) -> Generator | None:
    return load_generator(folder, memory)[0]


def filled_in(target: str, skill: str, plugin: str) -> str:
    """A generator's target; skill: the folder of the plugin's (first) skill."""
    return target.replace("{plugin}", plugin).replace("{skill}", skill)
