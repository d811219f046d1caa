"""generators/TYPE/: a generator as data, and the digest of everything in its folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from nightpress.contract import reading_yaml
from nightpress.contract.defaults import minmax_words, window
from nightpress.contract.problems import Problem
from nightpress.model import Generator, Window


def load_generator(folder: Path) -> tuple[Generator | None, list[Problem]]:
    """The generator in `folder`, and every problem."""
    shown = f"generators/{folder.name}/generator.yaml"
    document, problems = reading_yaml.load(folder / "generator.yaml", shown, "generator")
    texts = {}
    for name in ("prompt.md.j2", "system.md"):
        try:
            texts[name] = (folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(shown, 0, 0, "", f"{name} cannot be read: {error}"))
    if document is None or problems:
        return None, problems
    values: dict[str, Any] = document.value
    size = window(values["size"], Window()) if values.get("size") else None
    if size is not None and size.min > size.max:
        line, column = document.places[("size",)]
        return None, [Problem(shown, line, column, "size", minmax_words(size))]
    found = Generator(
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
    return found, problems


def _digest(folder: Path) -> str:
    """Over names and contents of all files: a prompt is hashed data, no version to forget."""
    total = hashlib.sha256()
    for path in sorted(
        p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    ):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
