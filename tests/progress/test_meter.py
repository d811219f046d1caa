"""What is said while the plugins are read."""

from __future__ import annotations

import io

from nightpress.progress.meter import Meter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def looked(stream: io.StringIO, seconds: float, plugins: int = 10, *, quiet: bool = False) -> str:
    """What reading plugins says, `seconds` each; a minute went by before."""
    at = [0.0]
    meter = Meter(stream, lambda: at[0], quiet=quiet)
    at[0] = 60.0
    for done in range(plugins + 1):
        meter.plugins(done, plugins)
        at[0] += seconds
    return stream.getvalue()


def test_a_short_look_is_silent() -> None:
    assert looked(io.StringIO(), 0.01) == ""
    assert looked(Terminal(), 0.01) == ""
    assert looked(Terminal(), 9, quiet=True) == ""


def test_a_log_gets_a_plain_line_now_and_then() -> None:
    assert looked(io.StringIO(), 1) == "reading 10 plugins: 2 done, about 8 s left\n"
    # of so few it cannot be told yet how long the others will take
    first, *others = looked(io.StringIO(), 0.125, 1_000).splitlines()
    assert first == "reading 1,000 plugins: 12 done"
    assert others[0] == "reading 1,000 plugins: 172 done, about 104 s left"
    assert len(others) == 6


def test_a_terminal_gets_one_line_that_is_cleared() -> None:
    said = looked(Terminal(), 1)
    assert said.count("\r") == 9
    assert "\n" not in said
    assert said.endswith("\r\033[K")
