"""The live screen in a real terminal (tmux), its widths, and runs watched from elsewhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, plugin

BIN = Path(sys.executable).parent
needs_tmux = pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """Three plugins; the name of one would rewrite the terminal, and its draft is refused."""
    made = Market(tmp_path / "market")
    for name in ("alpha", "beta", "gamma"):
        plugin(made.root, name, size=16_000)
    given = made.root / "plugins" / "gamma" / ".claude-plugin" / "plugin.json"
    manifest = json.loads(given.read_text())
    given.write_text(json.dumps(manifest | {"name": "\x1b[2J\x1b]0;owned\x07gamma"}))
    made.run("nightpress", "init")
    (manifest_file,) = (made.root / "manifests").glob("*gamma.yaml")
    with manifest_file.open("a") as file:
        file.write("    size: {min: 13990, max: 14000, floor: fixed}\n")
    return made


@pytest.fixture
def slow() -> Iterator[dict[str, str]]:
    """A server whose calls take half a second or more."""
    with GeminiServer(latency=0.15, limits={"*": Limits()}) as server:
        yield {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}


class Terminal:
    """A tmux session of a server of its own."""

    def __init__(self, folder: Path, width: int) -> None:
        self.socket = str(folder / "tmux")
        kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TMUX")}
        size = ("-x", str(width), "-y", "30")
        subprocess.run(
            ["tmux", "-S", self.socket, "-f", "/dev/null", "new-session", "-d", *size, "sh"],
            env={**kept, "PS1": "$ "}, check=True,
        )  # fmt: skip

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-S", self.socket, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def type(self, text: str) -> None:
        self._tmux("send-keys", text, "Enter")

    def seen(self, *words: str) -> str:
        return self._tmux("capture-pane", "-p", *words)

    def close(self) -> None:
        self._tmux("kill-server")


def until(look: Callable[[], str], pattern: str, seconds: float = 60) -> str:
    """What is seen, once the pattern is in it."""
    patience = time.monotonic() + seconds
    while not re.search(pattern, found := look()):
        assert time.monotonic() < patience, found
        time.sleep(0.1)
    return found


def command(market: Market, environ: dict[str, str], words: str) -> str:
    held = " ".join(f"{name}={value}" for name, value in environ.items())
    return f"cd {market.root} && {held} {BIN}/{words}; echo over-$?"


@needs_tmux
@pytest.mark.parametrize("width", [50, 80, 140])
def test_the_screen_is_shown_and_gives_place_to_the_summary(
    market: Market, slow: dict[str, str], tmp_path: Path, width: int
) -> None:
    terminal = Terminal(tmp_path, width)
    try:
        inherited = {"COLUMNS": "300", "LINES": "5"}  # of another terminal: not believed
        terminal.type(command(market, slow | inherited, "doit pace=unpaced"))
        flying = r"\d of 3 +\d+ %[\s\S]*tokens, [\s\S]*(analysis|generation|checking) +\d+ s"
        seen = until(terminal.seen, flying)
        rows = seen.splitlines()
        assert max(len(row) for row in rows) <= width
        seen = until(terminal.seen, r"over-\d")
        assert "in flight" not in seen
        assert "━" not in seen
        assert re.search(r"2 published, 1 refused in", seen)
        assert len(re.findall(r"^published ", seen, re.MULTILINE)) == 2
        assert "owned" not in terminal._tmux("display-message", "-p", "#{pane_title}")
        terminal.type("printf '%s' still-here")
        until(terminal.seen, r"\nstill-here|\$ *still-here|still-here\$")
    finally:
        terminal.close()


@needs_tmux
@pytest.mark.parametrize(("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_those_who_want_them(
    market: Market, tmp_path: Path, environ: dict[str, str], coloured: bool
) -> None:
    terminal = Terminal(tmp_path, 100)
    try:
        terminal.type(command(market, environ, "doit"))
        until(terminal.seen, r"over-\d")
        assert ("\x1b[32mpublished" in terminal.seen("-e")) is coloured
    finally:
        terminal.close()


@needs_tmux
def test_ctrl_c_leaves_a_sane_terminal(
    market: Market, slow: dict[str, str], tmp_path: Path
) -> None:
    terminal = Terminal(tmp_path, 80)
    try:
        terminal.type(command(market, slow, "doit"))
        until(terminal.seen, r"\d of 3")
        terminal._tmux("send-keys", "C-c")
        seen = until(terminal.seen, r"over-\d+")
        assert "over-130" in seen
        assert "interrupted: run doit again to go on" in seen
        assert terminal._tmux("display-message", "-p", "#{cursor_flag}").strip() == "1"
    finally:
        terminal.close()


# --- from elsewhere ---


def start(market: Market, environ: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GOOGLE_", "GEMINI_"))}
    return subprocess.Popen(
        [BIN / "doit", *words], cwd=market.root, env={**kept, **environ},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def once(market: Market) -> dict[str, object]:
    held: dict[str, object] = json.loads(
        market.run("nightpress", "watch", "--once", "--format", "json").out
    )
    return held


def test_a_run_is_watched_until_it_ends(market: Market, slow: dict[str, str]) -> None:
    assert market.run("nightpress", "watch", "--once").out == "no run yet\n"
    with start(market, slow, "pace=unpaced") as running:
        until(lambda: json.dumps(once(market)["in_flight"]), "phase")
        assert once(market)["verdict"] == ""
        done = market.run("nightpress", "watch")
        assert done.code == 0
        assert done.out.splitlines()[-1].endswith("is over: exit status 1")
        assert running.wait() == 1
    held = once(market)
    assert held["done"] == held["work"] == 3
    assert str(held["verdict"]).endswith("with exit status 1")
    screen = market.run("nightpress", "watch", "--once").out
    assert "3 of 3" in screen
    assert not {c for c in screen if ord(c) < 32} - {"\n"}


def test_a_run_that_died_is_said_to_have_died(market: Market, slow: dict[str, str]) -> None:
    with start(market, slow, "pace=unpaced") as running:
        until(lambda: json.dumps(once(market)["in_flight"]), "phase")
        running.send_signal(signal.SIGKILL)
        running.wait()
    done = market.run("nightpress", "watch")
    assert done.code == 1
    assert "died; nightpress build goes on where it stopped" in done.out
    assert market.doit("pace=unpaced", **slow).code == 1  # gamma is refused
    assert market.run("nightpress", "watch", "--once").code == 0


def test_watch_from_a_folder_of_the_project_and_over_a_torn_line(market: Market) -> None:
    assert market.doit().code == 0
    log = market.root / ".nightpress" / "logs" / "latest.jsonl"
    first, rest = log.read_text().split("\n", 1)
    log.write_text(f'{first}\n{{"event": "finished", "at"\n{{"event": "finished"}}\n{rest}')
    inside = Market(market.root / "plugins" / "alpha")
    held = once(inside)
    assert held["done"] == held["work"] == 3
    assert len(market.run("nightpress", "watch").out.splitlines()) > 4


def test_watch_outside_a_project_says_so(tmp_path: Path) -> None:
    done = Market(tmp_path).run("nightpress", "watch")
    assert done.code == 3
    assert "there is no manifests/ folder" in done.err
