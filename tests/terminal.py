"""A command in a terminal of 80 columns and 24 lines."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

COLUMNS, LINES = 80, 24


def run(
    command: list[str], folder: Path, environ: Mapping[str, str], feed: Callable[[bytes], object]
) -> int:
    """The exit status. command: a program of this environment, and its words; feed: is given each
    piece of what the terminal is sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    kept = {k: v for k, v in environ.items() if k not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=folder, env=kept, stdin=theirs, stdout=theirs, stderr=theirs,
    ) as running:  # fmt: skip
        os.close(theirs)
        with suppress(OSError):  # a terminal whose last writer is gone
            while piece := os.read(ours, 65536):
                feed(piece)
    os.close(ours)
    return running.returncode
