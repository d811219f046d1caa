"""Any program that answers on its standard output what it is asked on its standard input: what is
known of it before it runs. A subscription's program has no price.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from nightpress.backends.declaration import (
    FREE_MODEL,
    KEY_NAME,
    Access,
    Declaration,
    Environ,
    Settings,
    schema,
    seconds,
)
from nightpress.errors import UsageError
from nightpress.model import Backend

__all__ = ["COMMAND", "PRESETS", "plan"]

PRESETS = ("claude", "codex", "gemini")
NOTHING = (
    "backend: command does not say what to run",
    "command: {preset: claude}, or command: {run: [PROGRAM, ...], unsafe_tools: accepted}",
)


@cache
def _presets() -> dict[str, Any]:
    text = Path(__file__).with_name("presets.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["presets"]
    return found


def plan(settings: Settings) -> dict[str, Any]:
    """How the program is run: as its preset says, or as the project does. UsageError for one that
    nobody vouches for: plugin text is untrusted, and an agent has hands."""
    preset = str(settings.get("at") or settings.get("preset") or "")
    own = {key: value for key, value in settings.items() if key in ("run", "reply")}
    if preset and preset not in PRESETS:
        raise UsageError(
            f"backend: command:{preset}: no such preset", f"known: {', '.join(PRESETS)}"
        )
    if own and preset:
        raise UsageError("command: both `preset` and `run` say what to run", "set only one of them")
    if own and settings.get("unsafe_tools") != "accepted":
        raise UsageError(
            "command: what plugins say is sent to a program that may act on it (files, network)",
            "take a preset, whose tools are off; or say `unsafe_tools: accepted`, where the program"
            " has no tools, or is shut in",
        )
    if not preset and not own.get("run"):
        raise UsageError(*NOTHING)
    found: dict[str, Any] = {**(_presets()[preset] if preset else {}), **own}
    model = str(settings.get("model") or "")
    if model and "model" in found:
        more = [word.replace("{model}", model) for word in found["model"]]
        at = len(found["run"]) - (found["run"][-1] == "-")
        found["run"] = [*found["run"][:at], *more, *found["run"][at:]]
    found["env"] = [*found.get("env", ()), *settings.get("env", ())]
    found["seconds"] = float(settings.get("deadline_seconds") or 900.0)
    found["named"] = model or preset or Path(str(found["run"][0])).name
    return found


def _access(settings: Settings) -> Access:
    if not any(settings.get(key) for key in ("at", "preset", "run")):
        return Access("a program", models={}, others=FREE_MODEL, free=True, missing=NOTHING)
    found = plan(settings)
    return Access(
        f"the program {found['run'][0]}", models={}, others=FREE_MODEL, free=True,
        stands_for=(f"command:{found['named']}",),
    )  # fmt: skip


def _make(settings: Settings, environ: Environ) -> Backend:
    from nightpress.backends.command.backend import Command

    return Command(plan(settings), environ, float(settings.get("clock_speed") or 1.0))


SETTINGS = schema(
    "A program that writes: asked on its standard input.",
    preset={
        "enum": list(PRESETS),
        "description": "An agent whose tools are all switched off.",
    },
    run={
        "type": "array",
        "description": "Program and arguments; no shell reads them.",
        "items": {
            "type": "string",
            "maxLength": 4000,
            "description": "A word of the command line.",
        },
        "minItems": 1,
        "maxItems": 100,
    },
    model={
        "type": "string",
        "description": "The model that a preset's program is told to take; of another"
        " program, the name that the records have.",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9._/:-]*$",
        "maxLength": 100,
    },
    reply={
        "type": "string",
        "description": "Where the reply is in the JSON that is put out (`result`,"
        " `message.content`); without it the output is the reply.",
        "pattern": r"^[\w-]+(\.[\w-]+)*$",
        "maxLength": 200,
    },
    env={
        "type": "array",
        "description": "Environment variables that the program gets, beside those without"
        " secrets (PATH, HOME, LANG and such).",
        "items": {"type": "string", "description": "A variable's name.", "pattern": KEY_NAME},
        "maxItems": 50,
    },
    deadline_seconds=seconds("Longest time of one call; then the program is killed.", usual=900),
    unsafe_tools={
        "enum": ["accepted"],
        "description": "A program without a preset may have tools, and what plugins say may"
        " ask for them: you know that.",
    },
)

COMMAND = Declaration(
    name="command",
    title="a program",
    kind="model",
    make=_make,
    access=_access,
    free=True,
    others=FREE_MODEL,
    advice={"unauthorised": "log in to the program by hand, then run doit again"},
    settings=SETTINGS,
)
