"""A command in a terminal of 80 columns and 24 lines."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pyte
from rich.style import Style
from rich.text import Text

COLUMNS, LINES = 80, 24


def run(
    command: list[str], folder: Path, environ: Mapping[str, str], feed: Callable[[bytes], object],
    typed: str = "",
) -> int:  # fmt: skip
    """The exit status. command: a program of this environment, and its words; feed: is given each
    piece of what the terminal is sent; typed: on its keyboard."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    kept = {k: v for k, v in environ.items() if k not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=folder, env=kept, stdin=theirs, stdout=theirs, stderr=theirs,
    ) as running:  # fmt: skip
        os.close(theirs)
        os.write(ours, typed.encode())
        with suppress(OSError):  # a terminal whose last writer is gone
            while piece := os.read(ours, 65536):
                feed(piece)
    os.close(ours)
    return running.returncode


class Terminal:
    """A terminal that can be looked at. frames: what stood on it after each change."""

    def __init__(self) -> None:
        self.screen = pyte.HistoryScreen(COLUMNS, LINES, history=2_000)
        self.frames: list[Text] = []

    def run(self, command: str, folder: Path, environ: Mapping[str, str], typed: str = "") -> int:
        """The exit status; the screen shows the command behind a prompt, and what it printed."""
        stream = pyte.ByteStream(self.screen)

        def feed(piece: bytes) -> None:
            stream.feed(piece)
            self.frames.append(self.text())

        feed(f"$ {command}\r\n".encode())
        kept = {k: v for k, v in environ.items() if k != "NO_COLOR"}
        return run(command.split(), folder, {**kept, "TERM": "xterm-256color"}, feed, typed)

    def text(self) -> Text:
        """What stands on the screen, without blank lines at its end."""
        rows = [self._row(number) for number in range(LINES)]
        while rows and not rows[-1].plain.strip():
            rows.pop()
        return Text("\n").join(rows)

    def _row(self, number: int) -> Text:
        row, cells = Text(), self.screen.buffer[number]
        for column in range(COLUMNS):
            cell = cells[column]
            colour = None if cell.fg == "default" else _colour(cell.fg)
            row.append(cell.data, Style(color=colour, bold=cell.bold))
        row.rstrip()
        return row


def _colour(name: str) -> str:
    return f"#{name}" if re.fullmatch("[0-9a-f]{6}", name) else name.replace("brown", "yellow")
