"""doit, and the server that it asks, in one process on a clock that jumps: a night in which no
machine is too slow. `python -m tests.pipeline.simulated_night SHOP GOOD BAD SEEN`: the project, the
certificate that is trusted, one that is not, and the file for what the server has seen."""

from __future__ import annotations

import json
import os
import random
import ssl
import sys
import threading
from pathlib import Path

from tests.gemini_server import GeminiServer, Limits
from tests.gemini_server.faults import Plan

ORIGIN = 1_795_000_000.0
AHEAD = 30.0
"""Seconds by which the machine's clock is wrong."""
LATENCY = 4.0
STRANGE = ("fenced", "chatty", "doubled", "wrong_json", "empty", "thought_only", "cut_off")
AWAY = ("503", "503", "disconnect", "html_502", "504")
DAY = 500


class Jumping:
    """Stands still until somebody sleeps, and moves on by that at once."""

    speed = 1.0
    origin = monotonic_origin = 0.0

    def __init__(self) -> None:
        self._now = ORIGIN
        self._guard = threading.Lock()

    def time(self) -> float:
        with self._guard:
            return self._now

    def monotonic(self) -> float:
        return self.time()

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        if stop is None or not stop.is_set():
            with self._guard:
                self._now += max(0.0, seconds)


class Wrong(Jumping):
    """The same clock, as a machine has it whose time is not right."""

    def __init__(self, right: Jumping) -> None:
        self._right = right

    def time(self) -> float:
        return self._right.time() + AHEAD

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        self._right.sleep(seconds, stop)


class Night(Plan):
    """Two of a hundred replies are strange, and from its third minute the service is away for an
    hour, in several ways."""

    def __init__(self, clock: Jumping) -> None:
        super().__init__(rates=dict.fromkeys(STRANGE, 0.02 / len(STRANGE)), seed=6)
        self.clock, self.away = clock, (0.0, 0.0)

    def draw(self, digest: str) -> tuple[str | None, random.Random]:
        if not self.away[0]:
            self.away = (self.clock.time() + 120, self.clock.time() + 3_720)
        if self.away[0] <= self.clock.time() < self.away[1]:
            rng = random.Random(digest)
            ends_soon = self.clock.time() > self.away[1] - 900  # what follows is a new connection
            return "disconnect" if ends_soon else rng.choice(AWAY), rng
        return super().draw(digest)


def interrupted_once(server: GeminiServer, night: Night, good: str, bad: str) -> list[float]:
    """Serve TLS with the good certificate, but for the first connection after the outage; when
    that was."""
    context, other = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    context.load_cert_chain(good)
    other.load_cert_chain(bad)
    shown: list[float] = []

    def choose(connection: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        if not shown and 0 < night.away[1] <= night.clock.time():
            shown.append(night.clock.time())
            connection.context = other

    context.sni_callback = choose
    server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
    return shown


def main(shop: str, good: str, bad: str, seen: str) -> int:
    from doit.__main__ import main as doit

    from nightpress import clock as clocks

    right = Jumping()
    clocks.of = lambda _environ: Wrong(right)
    limits = {"*": Limits(15, 250_000, DAY)}
    with GeminiServer(latency=LATENCY, limits=limits, clock=right) as server:
        night = Night(right)
        server.service._plan = night
        shown = interrupted_once(server, night, good, bad)
        os.environ["GOOGLE_GEMINI_BASE_URL"] = server.url().replace("http:", "https:")
        os.chdir(shop)
        sys.argv = ["doit", "backend=gemini", "-n", "1"]
        try:
            code = doit()
        except SystemExit as end:
            code = int(end.code or 0)
        told = {"code": code, "shown": shown, "calls": server.seen()["list"]}
    Path(seen).write_text(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
