"""The checks of a document as its generator and manifest name them, and those of the project's own:
Python files of its generators' folders, loaded.

Loading runs code, so only a generator of the project itself is looked into, and the file
must lie within its folder without a link on the way; nothing of a plugin is ever loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from nightpress import checks
from nightpress.errors import UnsafePath, UsageError
from nightpress.model import Enhancement, Generator
from nightpress.storage import tree

CAP = 256 * 1024
"""Bytes of one check's file."""


def merged(generator: Generator, enhancement: Enhancement) -> dict[str, Any]:
    """The checks' settings: the generator's, with the manifest's over them. A check of the
    project's own keeps its file, and what the manifest does not say."""
    settings: dict[str, Any] = dict(generator.checks)
    for name, override in enhancement.settings.get("checks", {}).items():
        before = settings.get(name)
        if isinstance(before, Mapping) and "file" in before and isinstance(override, Mapping):
            settings[name] = {**before, **override, "file": before["file"]}
        elif not (override is True and isinstance(before, Mapping)):
            settings[name] = override
    return settings


def gates(generator: Generator, settings: Mapping[str, Any], root: Path) -> tuple[checks.Gate, ...]:
    """The gates of the files that the generator names, with `settings` (the manifest's over the
    generator's). root: the project. Raises UsageError for a file that cannot be loaded."""
    named = checks.files(generator.checks)
    if not named:
        return ()
    folder = Path(generator.folder)
    if folder.parent != root / "generators":
        raise UsageError(
            f"generator {generator.type!r} names checks of its own, but is not the project's",
            f"copy it to generators/{generator.type}/",
        )
    chosen = []
    for name, file in named.items():
        options = settings.get(name)
        if isinstance(options, Mapping):
            check = _loaded(folder, file, generator.digest)
            chosen.append(checks.custom(name, check, options))
    return tuple(chosen)


@lru_cache(maxsize=64)
def _loaded(folder: Path, file: str, digest: str) -> checks.Check:
    """The function `check` of one file; digest: of the generator's folder (the cache's key)."""
    del digest
    shown = f"generators/{folder.name}/{file}"
    try:
        source = tree.read(folder, file, CAP)
    except (UnsafePath, OSError) as error:
        raise UsageError(f"{shown}: cannot be read: {error}") from None
    module = ModuleType(f"nightpress_check_{folder.name}")
    module.__file__ = str(folder / file)
    try:
        # no import: that would write __pycache__ into the folder, whose bytes are hashed
        exec(compile(source, module.__file__, "exec"), module.__dict__)  # noqa: S102 - the user's
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's own code
        raise UsageError(f"{shown}: cannot be loaded: {type(error).__name__}: {error}") from None
    check = getattr(module, "check", None)
    if not callable(check):
        raise UsageError(
            f"{shown}: has no function `check`", "def check(document, context, options): ..."
        )
    return check  # type: ignore[no-any-return]
