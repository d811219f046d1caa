"""What a chapter prints: lines that are safe for a terminal, or one JSON document, at once."""

from __future__ import annotations

import json
import os
import shutil
import sys

from nightpress.text import hanging, safe
from nightpress.voice import spoken

__all__ = ["say", "say_json", "show", "write"]


def say(text: str = "") -> None:
    """One line, made safe; a terminal gets it broken between words."""
    line = safe(spoken(text), newlines=True)
    if sys.stdout.isatty():
        columns = shutil.get_terminal_size().columns
        line = "\n".join(hanging(one, columns) for one in line.split("\n"))
    write(line + "\n")


def show(line: str) -> None:
    """One line that is safe already: it may hold colours of ours."""
    write(line + "\n")


def say_json(value: object) -> None:
    """The one JSON document."""
    write(json.dumps(value, indent=2, ensure_ascii=True, default=str) + "\n")


def write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader (`| head`) has seen enough; nobody is left to tell
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
