"""What nightpress knows of recorded replies before it looks for one: whose they are."""

from __future__ import annotations

from pathlib import Path

from nightpress.backends.declaration import (
    FREE_MODEL,
    Access,
    Declaration,
    Environ,
    Settings,
    schema,
)
from nightpress.errors import UsageError
from nightpress.model import Backend

__all__ = ["REPLAY"]


NOTHING = (
    "backend: replay does not say from where",
    "doit backend=replay:FOLDER, or replay: {folder: FOLDER}",
)


def _folder(settings: Settings) -> str:
    return str(settings.get("at") or settings.get("folder") or "")


def _access(settings: Settings) -> Access:
    """The recording, in the names of those who wrote it."""
    from nightpress.backends.recording import writers

    folder = _folder(settings)
    if not folder:
        return Access("a recording", models={}, others=FREE_MODEL, free=True, missing=NOTHING)
    return Access(
        f"the recording in {folder}", models={}, others=FREE_MODEL, free=True,
        stands_for=writers(Path(folder)),
    )  # fmt: skip


def _make(settings: Settings, _environ: Environ) -> Backend:
    from nightpress.backends.recording import read
    from nightpress.backends.replay.backend import Replay

    folder = _folder(settings)
    if not folder:
        raise UsageError(*NOTHING)
    return Replay(read(Path(folder)), str(settings["writer"]), folder)


REPLAY = Declaration(
    name="replay",
    title="a recording",
    kind="model",
    make=_make,
    access=_access,
    free=True,
    stands_in=True,
    others=FREE_MODEL,
    advice={"unrecorded": "ask the writer itself, then record again: nightpress record FOLDER"},
    settings=schema(
        "Recorded replies in the place of a model.",
        folder={
            "type": "string",
            "description": "Where `nightpress record` put them, relative to the project.",
            "minLength": 1,
            "maxLength": 1000,
        },
    ),
)
