"""What is said while the plugins are read."""

from __future__ import annotations

import io

from nightpress.looking import Looking


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def looked(stream: io.StringIO, seconds: float, *, quiet: bool = False) -> str:
    """What reading 10 plugins says, `seconds` each."""
    at = [0.0]
    looking = Looking(stream, lambda: at[0], quiet=quiet)
    for done in range(11):
        looking(done, 10)
        at[0] += seconds
    return stream.getvalue()


def test_a_short_look_is_silent() -> None:
    assert looked(io.StringIO(), 0.01) == ""
    assert looked(Terminal(), 0.01) == ""
    assert looked(Terminal(), 9, quiet=True) == ""


def test_a_log_gets_one_plain_line() -> None:
    assert looked(io.StringIO(), 1) == "reading 10 plugins: 2 done, about 8 s left\n"


def test_a_terminal_gets_one_line_that_is_cleared() -> None:
    said = looked(Terminal(), 1)
    assert said.count("\r") == 9
    assert "\n" not in said
    assert said.endswith("\r\033[K")
